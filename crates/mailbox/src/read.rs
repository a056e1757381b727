//! Reading: lists of rows, and the octets behind them.

use crate::Mailbox;
use crate::compose::Beside;
use crate::drafts::whole_copy;
use crate::error::{Kind, MailError};
use crate::folders::FolderName;
use crate::index::{Place, index};
use crate::meeting::{self, Event};
use crate::message_class::message_class;
use crate::opened::{enclosed, may_be_encrypted};
use bytes::Bytes;
use mime::{Cuts, Date, ItemBody, Message, Part, pieces};
use smime::Key;
use std::collections::HashMap;
use store::{
    BodyText, Condition, Digest, ListQuery, MailboxId, MessageId, MessageRecord, OrderKey, Overlay, Page, Position, ReadTx,
    SearchFolder, SearchQuery, StoreError, Timestamp,
};

/// Which messages, in which order, and how many of them.
#[derive(Debug, Clone)]
pub struct MessageQuery {
    /// Of this folder, else of all.
    pub folder: Option<FolderName>,
    /// Of those into which this one looks, instead.
    pub within: Option<SearchFolder>,
    /// For which this holds.
    pub condition: Condition,
    /// In which this is found.
    pub search: Option<SearchQuery>,
    /// By what they are sorted; by nothing, the newest come first.
    pub order: Vec<OrderKey>,
    /// Behind this place.
    pub after: Option<Position>,
    /// Then leaving out so many.
    pub skip: usize,
    /// At most so many.
    pub top: usize,
    /// Whether all that there are should be counted.
    pub counted: bool,
}

/// What a list has.
#[derive(Debug, Clone)]
pub struct Listed {
    /// The messages of one page.
    pub page: Page,
    /// How many there are in all, where that is asked.
    pub count: Option<i64>,
    /// Whether all was looked through: false of a search while a large mailbox is indexed anew.
    pub is_complete: bool,
}

/// A message with its octets at hand.
#[derive(Debug, Clone)]
pub struct Content {
    /// Its row.
    pub record: MessageRecord,
    /// The octets that were given, parsed.
    pub message: Message,
    /// The message that these enclose, if they are an opaque signature, or are shown opened.
    enclosed: Option<Message>,
    cuts: Cuts,
    owner: MailboxId,
}

/// What an attachment is found by, whichever others come and go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AttachmentKey {
    /// How many with the same mark stand before it.
    pub number: usize,
    /// Of its name, type, size and first octets.
    pub mark: u32,
}

impl AttachmentKey {
    /// As a row keeps it.
    pub(crate) fn to_octets(self) -> [u8; 8] {
        let number = u32::try_from(self.number).unwrap_or(u32::MAX); // a message has at most 10,000 parts
        (u64::from(number) << 32 | u64::from(self.mark)).to_be_bytes()
    }

    /// Reads what [`AttachmentKey::to_octets`] wrote.
    pub(crate) fn from_octets(octets: [u8; 8]) -> AttachmentKey {
        let [a, b, c, d, mark @ ..] = octets;
        let number = u32::from_be_bytes([a, b, c, d]);
        AttachmentKey { number: usize::try_from(number).unwrap_or(usize::MAX), mark: u32::from_be_bytes(mark) }
    }
}

/// Octets of an attachment that its mark is made of.
const MARKED: usize = 4096;

/// A part that is shown as an attachment.
#[derive(Debug, Clone, Copy)]
pub struct AttachedPart<'c> {
    /// Its number: its place among the message's parts, then those of the message that this one encloses.
    pub number: usize,
    /// The message it stands in.
    pub message: &'c Message,
    /// The part.
    pub part: &'c Part,
    /// By what it is found again.
    pub key: AttachmentKey,
}

impl<'c> AttachedPart<'c> {
    /// The attachments of messages, each message's parts numbered on from the one before. `renamed` are marks that have
    /// become others since, each with the one that its id has.
    pub(crate) fn all(messages: &[&'c Message], renamed: &[(u32, u32)]) -> Vec<AttachedPart<'c>> {
        let (mut all, mut first, mut seen) = (Vec::new(), 0, HashMap::new());
        for &message in messages {
            for (index, part) in message.attachments() {
                let now = mark(message, part);
                let mark = renamed.iter().find(|(new, _)| *new == now).map_or(now, |(_, id)| *id);
                let count: &mut usize = seen.entry(mark).or_default();
                let key = AttachmentKey { number: *count, mark };
                *count += 1;
                all.push(AttachedPart { number: first + index, message, part, key });
            }
            first += message.parts().len();
        }
        all
    }
}

/// The mark of a part.
pub(crate) fn mark(message: &Message, part: &Part) -> u32 {
    let Part { media_type, file_name, body, .. } = part;
    let start = body.start..body.end.min(body.start + MARKED);
    let about = format!("{} {:?} {}", media_type.essence, file_name, body.len());
    let digest = Digest::of_pieces(&[about.into(), message.octets().slice(start)]);
    let [a, b, c, d, ..] = digest.0;
    u32::from_be_bytes([a, b, c, d])
}

impl Content {
    /// A message by its row and the octets that it names; `keys` open what is shown of it.
    pub(crate) fn of(owner: MailboxId, record: MessageRecord, message: Message, keys: &[Key]) -> Result<Content, StoreError> {
        let cuts = Cuts::parse(&record.cuts).ok_or_else(|| StoreError::Corrupt(format!("cuts {:?}", record.cuts)))?;
        Ok(Content { enclosed: enclosed(&message, keys), message, cuts, record, owner })
    }

    /// The octets of this copy, in order: slices of memory or of a mapped file.
    pub fn octets(&self) -> Vec<Bytes> {
        let prefix = Bytes::copy_from_slice(self.record.prefix.as_bytes());
        let prefix = (!prefix.is_empty()).then_some(prefix);
        prefix.into_iter().chain(pieces(self.message.octets(), &self.cuts)).collect()
    }

    /// The message whose text is shown: what an opaque signature encloses, or what is encrypted where the mailbox shows that,
    /// else the message itself.
    pub fn shown(&self) -> &Message {
        self.enclosed.as_ref().unwrap_or(&self.message)
    }

    /// Whether what is shown was encrypted, so that whoever quotes it in the clear gives it away.
    pub(crate) fn was_encrypted(&self) -> bool {
        self.enclosed.as_ref().is_some_and(Message::was_encrypted)
    }

    /// The same also of a draft that quotes such a text.
    pub(crate) fn holds_encrypted(&self) -> bool {
        self.was_encrypted() || self.record.is_draft && self.record.overlay.quotes_encrypted
    }

    /// The subject that others may be told: that of its row came from within only while its text is shown so too. A row
    /// outlives the key, and the mailbox's wish to see it.
    pub(crate) fn subject(&self) -> String {
        match self.was_encrypted() {
            true => self.record.subject.clone(),
            false => self.message.text("Subject").unwrap_or_default(),
        }
    }

    /// The parts that are shown as attachments, in order.
    pub fn attachments(&self) -> impl Iterator<Item = AttachedPart<'_>> {
        let messages: Vec<&Message> = std::iter::once(&self.message).chain(&self.enclosed).collect();
        AttachedPart::all(&messages, &self.record.overlay.renamed_attachments).into_iter()
    }

    /// The attachment with this key.
    pub fn attached(&self, key: AttachmentKey) -> Option<AttachedPart<'_>> {
        let marked = self.attachments().filter(|attached| attached.key.mark == key.mark);
        marked.min_by_key(|attached| attached.key.number.abs_diff(key.number))
    }

    /// A message that is attached, with what a row would say of it; nothing where the attachment is a file.
    pub fn item(&self, attached: AttachedPart<'_>) -> Option<Content> {
        let message = attached.message.attached(attached.part)?;
        let record = &self.record;
        let date = message.field("Date").and_then(|field| Date::parse(&field.body())).map(Timestamp::from_seconds);
        let place = Place {
            mailbox: self.owner,
            folder: record.folder,
            id: record.id,
            created: record.created_date_time,
            received: date.unwrap_or(record.received_date_time),
            now: record.last_modified_date_time,
            is_draft: false,
            is_read: true,
            is_composed: false,
            beside: Beside::default(),
            overlay: Overlay::default(),
        };
        let record = index(whole_copy(&message, record.blob), place);
        Some(Content { record, enclosed: enclosed(&message, &[]), message, cuts: Cuts::default(), owner: self.owner })
    }

    /// Whether the copy is nothing but the octets that were given.
    pub fn is_whole(&self) -> bool {
        self.record.prefix.is_empty() && self.cuts.is_empty()
    }

    /// The text of the first field of a name, among all that are shown.
    pub fn field_text(&self, name: &str) -> Option<String> {
        let found = self.header_fields().into_iter().find(|(n, _)| n.eq_ignore_ascii_case(name));
        found.map(|(_, text)| text).filter(|text| !text.is_empty())
    }

    /// The event that it tells of, where it is about a meeting.
    pub fn event(&self) -> Option<Event> {
        meeting::event(self.shown())
    }

    /// The class that its octets make it (MS-OXCMSG §2.2.1.3).
    pub fn message_class(&self) -> &'static str {
        message_class(&self.message)
    }

    /// The header of this copy as it stands there: what stands before its octets, then its own without what is cut.
    pub fn header_text(&self) -> String {
        let end = self.message.parts().first().map_or(0, |root| root.header.end);
        let own = pieces(&self.message.octets().slice(..end), &self.cuts);
        let own: String = own.iter().map(|piece| String::from_utf8_lossy(piece)).collect();
        format!("{}{}{}", self.record.prefix, self.record.generated, own)
    }

    /// Every header field of this copy, in order: what stands before its octets, then its own without those cut.
    pub fn header_fields(&self) -> Vec<(String, String)> {
        let before = Message::parse(format!("{}{}\r\n", self.record.prefix, self.record.generated).into());
        let cut = if self.cuts.is_empty() { None } else { Some("Bcc") };
        let own = self.message.fields().filter(|field| !cut.is_some_and(|name| field.is(name)));
        before.fields().chain(own).map(|field| (field.name.to_owned(), field.text())).collect()
    }
}

impl Mailbox {
    /// A page of messages.
    ///
    /// # Errors
    /// [`MailError::NotFound`] for the folder; [`MailError::Store`], with [`StoreError::TooMuchWork`] where the list can't
    /// be had by looking at as much as a request may.
    pub async fn list(&self, query: MessageQuery) -> Result<Listed, MailError> {
        let is_complete = query.search.is_none() || self.until_indexed().await?;
        let mailbox = self.clone();
        let look = move |tx: &ReadTx<'_>| {
            let counted = query.counted;
            let query = mailbox.in_words_of_the_store(tx, query)?;
            let body = |record: &MessageRecord| mailbox.body_text(tx, record);
            let count = counted.then(|| tx.count_listed(mailbox.owner.id, &query, &body)).transpose()?;
            Ok(Listed { page: tx.list(mailbox.owner.id, &query, &body)?, count, is_complete })
        };
        self.store().read(look).await
    }

    /// How many messages a list has.
    ///
    /// # Errors
    /// As [`Mailbox::list`].
    pub async fn count(&self, query: MessageQuery) -> Result<i64, MailError> {
        if query.search.is_some() {
            self.until_indexed().await?;
        }
        let mailbox = self.clone();
        let look = move |tx: &ReadTx<'_>| {
            let query = mailbox.in_words_of_the_store(tx, query)?;
            let body = |record: &MessageRecord| mailbox.body_text(tx, record);
            Ok(tx.count_listed(mailbox.owner.id, &query, &body)?)
        };
        self.store().read(look).await
    }

    fn in_words_of_the_store(&self, tx: &ReadTx<'_>, query: MessageQuery) -> Result<ListQuery, MailError> {
        let MessageQuery { folder, within, condition, search, order, after, skip, top, .. } = query;
        let folder = folder.map(|name| self.folder_id(tx, &name)).transpose()?;
        let (folder, condition) = match within {
            // Where nothing is left to look into it is what stands in the search folder itself, and nothing does.
            Some(of) => match self.within_sources(tx, &of, condition)? {
                Some(condition) => (None, condition),
                None => (folder, Condition::NEVER),
            },
            None => (folder, condition),
        };
        let budget = self.mail.inner.options.query_work;
        Ok(ListQuery { folder, condition, search, order, after, skip, top, budget })
    }

    pub(crate) fn body_text(&self, tx: &ReadTx<'_>, record: &MessageRecord) -> Result<BodyText, StoreError> {
        let message = Message::parse(self.store().blob_within(tx, record.blob)?.octets);
        let keys = self.mail.showing_keys(tx, self.owner.id, &message)?;
        let content = Content::of(self.owner.id, record.clone(), message, &keys)?;
        let shown = content.shown();
        Ok(BodyText {
            is_html: matches!(shown.body(), ItemBody::Html(_)),
            content: shown.text_body(),
            header: content.header_text(),
        })
    }

    /// A message's row.
    ///
    /// # Errors
    /// [`MailError::NotFound`], [`MailError::Store`].
    pub async fn message(&self, id: MessageId) -> Result<MessageRecord, MailError> {
        let owner = self.owner.id;
        let found = self.store().read(move |tx: &ReadTx<'_>| tx.message(owner, id)).await?;
        found.ok_or(MailError::NotFound(Kind::Message))
    }

    /// A message with its octets, as it was read or as somebody else wrote it since.
    ///
    /// # Errors
    /// [`MailError::NotFound`] where it was deleted since; [`MailError::Store`].
    pub async fn content(&self, mut record: MessageRecord) -> Result<Content, MailError> {
        let octets = loop {
            match self.store().blob(record.blob).await {
                Err(StoreError::NotFound) => {
                    let written = self.message(record.id).await?;
                    if written.blob == record.blob {
                        return Err(StoreError::Corrupt(format!("no octets {}", record.blob.to_hex())).into());
                    }
                    record = written;
                }
                blob => break blob?.octets,
            }
        };
        let message = Message::parse(octets);
        let owner = self.owner.id;
        if !may_be_encrypted(&message) {
            return Ok(Content::of(owner, record, message, &[])?);
        }
        let (mail, looked_at) = (self.mail.clone(), message.clone());
        let keys = move |tx: &ReadTx<'_>| mail.showing_keys(tx, owner, &looked_at);
        let keys = self.store().read::<_, StoreError>(keys).await?;
        let opened = tokio::task::spawn_blocking(move || Content::of(owner, record, message, &keys)).await;
        Ok(opened.map_err(|_| StoreError::Stopped)??)
    }
}
