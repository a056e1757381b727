//! Attachments of a draft: parts that are spliced into its octets, out of them, or described anew. Everything else stays.

use crate::Mailbox;
use crate::compose::{Beside, NewAttachment, NewItem};
use crate::error::{Kind, MailError};
use crate::patch::{Change, NewOctets, again_on_conflict};
use crate::read::{AttachedPart, AttachmentKey, Content, mark};
use mime::{Attachment, FieldEdit, FileFields, Message, PartKind, Piece};
use store::{MessageId, MessageRecord, Overlay, UploadId, UploadOutcome};

/// What is said anew of an attachment; what is not given stays.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AttachmentChange {
    /// File name
    pub name: Option<String>,
    /// Media type, with parameters or without
    pub media_type: Option<String>,
    /// Content-ID without angle brackets; empty where it is to have none
    pub content_id: Option<String>,
    /// Shown within the text
    pub is_inline: Option<bool>,
}

/// New octets of a draft's parts.
struct Respliced {
    /// Nothing where they can't be changed so.
    pieces: Option<Vec<Piece>>,
    /// The number of the part that has another name or type now, and the mark that its id has.
    renamed: Option<(usize, u32)>,
    /// The session that brought the last one.
    upload: Option<UploadId>,
}

impl Mailbox {
    /// Splices an attachment into a draft, behind those that it has; answers the draft, and by what the attachment is found.
    ///
    /// # Errors
    /// As [`Mailbox::replace_octets`], [`Mailbox::compose`], and [`MailError::TooLarge`].
    pub async fn add_attachment(&self, id: MessageId, new: NewAttachment) -> Result<(Content, AttachmentKey), MailError> {
        let file = self.attachment(new).await?;
        let (record, key) = self.attach(id, &file, None).await?;
        Ok((self.content(record).await?, key))
    }

    /// The same for a file that came by an upload session, which ends with it.
    pub(crate) async fn attach(
        &self,
        id: MessageId,
        file: &Attachment,
        upload: Option<UploadId>,
    ) -> Result<(MessageRecord, AttachmentKey), MailError> {
        let add = async || {
            let original = self.unsent(id).await?;
            let part = mime::attachment_part(file, original.message.line_end());
            let pieces = mime::insert_part(&original.message, part, &self.boundary_seed());
            self.resplice(original, Respliced { pieces, renamed: None, upload }).await
        };
        let (record, key) = again_on_conflict(add).await?;
        Ok((record, key.ok_or(MailError::NotFound(Kind::Attachment))?))
    }

    /// Splices an attachment out of a draft.
    ///
    /// # Errors
    /// As [`Mailbox::replace_octets`]; [`MailError::NotFound`] where there is no such attachment.
    pub async fn remove_attachment(&self, id: MessageId, key: AttachmentKey) -> Result<(), MailError> {
        let remove = async || {
            let original = self.unsent(id).await?;
            let attached = original.attached(key).ok_or(MailError::NotFound(Kind::Attachment))?;
            let pieces = mime::remove_part(&original.message, attached.number);
            let pieces = pieces.map(|pieces| pieces.into_iter().map(Piece::from).collect());
            self.resplice(original, Respliced { pieces, renamed: None, upload: None }).await
        };
        again_on_conflict(remove).await.map(|_| ())
    }

    /// Says anew what an attachment of a draft is called, what it is and how it is shown. Its id stays.
    ///
    /// # Errors
    /// As [`Mailbox::remove_attachment`]; [`MailError::InvalidPropertySet`] where a message would become a file or a file a
    /// message.
    pub async fn update_attachment(
        &self,
        id: MessageId,
        key: AttachmentKey,
        change: AttachmentChange,
    ) -> Result<Content, MailError> {
        let update = async || {
            let original = self.unsent(id).await?;
            let attached = original.attached(key).ok_or(MailError::NotFound(Kind::Attachment))?;
            let lines = changed_fields(attached, &change)?;
            if lines.is_empty() {
                return Ok(original.record);
            }
            let edits: Vec<FieldEdit<'_>> =
                lines.iter().map(|(name, lines)| FieldEdit { name, lines: lines.as_ref().map(String::as_bytes) }).collect();
            let pieces = mime::set_part_fields(&original.message, attached.number, &edits);
            let pieces = pieces.map(|pieces| pieces.into_iter().map(Piece::from).collect());
            let renamed = Some((attached.number, attached.key.mark));
            let (record, _) = self.resplice(original, Respliced { pieces, renamed, upload: None }).await?;
            Ok(record)
        };
        let record = again_on_conflict(update).await?;
        self.content(record).await
    }

    /// Writes the new octets; answers the row, and by what its last attachment is found.
    async fn resplice(&self, original: Content, new: Respliced) -> Result<(MessageRecord, Option<AttachmentKey>), MailError> {
        let Respliced { pieces, renamed, upload } = new;
        let cannot = MailError::InvalidPropertySet("The attachments of this message can't be changed.");
        let blob = self.kept(pieces.ok_or(cannot)?).await?;
        let octets = NewOctets::of(blob, original.record.is_composed);
        let mut overlay = original.record.overlay.clone();
        if let Some((number, id)) = renamed {
            keep_id(&mut overlay, &octets.message, number, id);
        }
        let last = AttachedPart::all(&[&octets.message], &overlay.renamed_attachments).last().map(|last| last.key);
        let outcome = last.map(|key| UploadOutcome::Attachment(key.to_octets()));
        let upload = upload.zip(outcome);
        let change = Change { octets: Some(octets), message_id: None, beside: Beside::default(), overlay, upload };
        Ok((self.write_change(original, change).await?, last))
    }

    /// An attachment as a part of a message: a message that is attached is composed, and has what it lacks in front.
    pub(crate) async fn attachment(&self, new: NewAttachment) -> Result<Attachment, MailError> {
        let item = match new {
            NewAttachment::File(file) => return Ok(file),
            NewAttachment::Item(item) => item,
        };
        let NewItem { name, is_inline, message: draft, sent } = *item;
        let new = Box::pin(self.compose(draft)).await?; // it may have a message attached in its turn
        let message = Message::parse(new.blob.octets.clone());
        let copy = self.copy_of_new(&message, &new, None, sent.unwrap_or_else(|| self.now()));
        let octets = [copy.prefix.as_bytes(), &new.blob.octets].concat();
        let name = if name.is_empty() { message.text("Subject").unwrap_or_default() } else { name };
        Ok(Attachment { name, media_type: "message/rfc822".to_owned(), content_id: None, is_inline, octets: octets.into() })
    }
}

/// The header fields of a part that a change makes others, each with its new line; nothing for one that goes.
fn changed_fields(
    attached: AttachedPart<'_>,
    change: &AttachmentChange,
) -> Result<Vec<(&'static str, Option<String>)>, MailError> {
    let AttachedPart { message, part, .. } = attached;
    let own = message.part_fields(part).find(|field| field.is("Content-Type"));
    let now = Attachment {
        name: part.file_name.clone().unwrap_or_default(),
        media_type: own.map_or_else(|| part.media_type.essence.clone(), |field| field.text()),
        content_id: part.content_id.clone(),
        is_inline: part.is_inline(),
        octets: bytes::Bytes::new(),
    };
    let AttachmentChange { name, media_type, content_id, is_inline } = change.clone();
    let wanted = Attachment {
        name: name.unwrap_or_else(|| now.name.clone()),
        media_type: media_type.unwrap_or_else(|| now.media_type.clone()),
        content_id: content_id.or_else(|| now.content_id.clone()),
        is_inline: is_inline.unwrap_or(now.is_inline),
        octets: bytes::Bytes::new(),
    };
    let is_message = |media_type: &str| media_type.trim_start().to_ascii_lowercase().starts_with("message/");
    if (part.kind == PartKind::Message || is_message(&now.media_type)) != is_message(&wanted.media_type) {
        return Err(MailError::InvalidPropertySet("A message stays a message, and a file a file."));
    }
    let (before, after) = (FileFields::of(&now), FileFields::of(&wanted));
    let fields = [
        ("Content-Type", Some(before.content_type), Some(after.content_type)),
        ("Content-Disposition", Some(before.content_disposition), Some(after.content_disposition)),
        ("Content-ID", before.content_id, after.content_id),
    ];
    Ok(fields.into_iter().filter(|(_, before, after)| before != after).map(|(name, _, after)| (name, after)).collect())
}

/// Keeps the id of the attachment with this number, which has got another mark.
fn keep_id(overlay: &mut Overlay, message: &Message, number: usize, id: u32) {
    let Some(now) = message.parts().get(number).map(|part| mark(message, part)) else { return };
    overlay.renamed_attachments.retain(|&(_, known)| known != id);
    if now != id {
        overlay.renamed_attachments.push((now, id));
    }
}
