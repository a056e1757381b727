//! Messages that are not sent yet.

use crate::Mailbox;
use crate::compose::Beside;
use crate::error::MailError;
use crate::folders::FolderName;
use crate::generated::missing_fields;
use crate::index::{Copy, Place, index};
use mime::{Cuts, Message};
use store::{Blob, MessageId, MessageRecord, Timestamp, WellKnownName, WriteTx};

/// A message that came from a client: its octets, ready to be named by a row.
#[derive(Debug, Clone)]
pub struct NewMessage {
    /// The octets.
    pub blob: Blob,
    /// They were built here, from JSON.
    pub is_composed: bool,
    /// The Message-ID to use where the octets have none.
    pub message_id: Option<String>,
    /// What is no part of the octets.
    pub beside: Beside,
}

impl NewMessage {
    /// A message given as MIME.
    pub fn from_mime(blob: Blob) -> NewMessage {
        NewMessage { blob, is_composed: false, message_id: None, beside: Beside::default() }
    }
}

impl Mailbox {
    /// Keeps a message as a draft, in Drafts or in the folder that is named.
    ///
    /// # Errors
    /// [`MailError::NotFound`] for the folder, [`MailError::Store`].
    pub async fn create_draft(&self, new: NewMessage, folder: Option<FolderName>) -> Result<MessageRecord, MailError> {
        let message = Message::parse(new.blob.octets.clone());
        let mailbox = self.clone();
        let deed = move |tx: &mut WriteTx<'_>| {
            let folder = mailbox.folder_id(tx, &folder.unwrap_or(FolderName::WellKnown(WellKnownName::Drafts)))?;
            let now = mailbox.now();
            let place = Place {
                mailbox: mailbox.owner.id,
                folder,
                id: MessageId::new(now),
                created: now,
                now,
                is_draft: true,
                is_read: true,
                is_composed: new.is_composed,
                beside: new.beside,
            };
            let message_id = new.message_id.unwrap_or_else(|| mailbox.new_message_id(now));
            let copy = mailbox.own_copy(&message, new.blob.digest, new.is_composed, &message_id, now);
            let mut record = index(copy, place);
            tx.put_blob(&new.blob)?;
            record.modseq = tx.add_message(mailbox.owner.id, &record)?;
            Ok(record)
        };
        self.store().write(deed).await
    }

    /// The owner's copy of a message: a client's octets, with what they lack beside them; or our own, with it in front.
    pub(crate) fn own_copy<'m>(
        &self,
        message: &'m Message,
        blob: store::Digest,
        is_composed: bool,
        message_id: &str,
        now: Timestamp,
    ) -> Copy<'m> {
        let fields = missing_fields(message, &self.owner, message_id, now);
        let (prefix, generated) = if is_composed { (fields, String::new()) } else { (String::new(), fields) };
        Copy { message, blob, prefix, generated, cuts: Cuts::default() }
    }

    /// A Message-ID that nobody else makes (RFC 5322 §3.6.4).
    pub(crate) fn new_message_id(&self, now: Timestamp) -> String {
        let id = uuid::Uuid::from_bytes(MessageId::new(now).0);
        format!("<{}@{}>", id.simple(), self.mail.inner.options.domain)
    }
}
