//! Items: messages that leave a mailbox whole, with their octets and all that stands beside them, and come into another one so
//! (Graph: mailbox-import-export-api-overview; docs/export.md has the form).

use crate::admission::may_go_on;
use crate::compose::{Beside, Importance};
use crate::error::{ItemRefusal, MailError};
use crate::extended::Hanging;
use crate::folders::FolderName;
use crate::index::{Copy, MAX_CATEGORY, Place, Reading, index};
use crate::message_class::{KEY, NOTE};
use crate::reply::is_threading;
use crate::{Mail, Mailbox};
use bytes::Bytes;
use identity::{Caller, Scope, Who};
use mime::{Cuts, Message};
use serde::{Deserialize, Serialize};
use store::{
    Blob, Digest, ExtendedProperty, ExtendedValue, Extension, MailboxId, MessageId, MessageRecord, Overlay, ReadTx, Recipient,
    StoreError, Timestamp, WriteTx,
};

/// By one of these items are brought into a mailbox.
const IMPORTING: &[Scope] = &[Scope::MailboxItemImportExport];

/// The first line of an item, behind which the digest of the second one stands: what stands beside the octets.
const FORM: &str = "Restante-Item: 1 ";
/// Octets that both lines may have: an item may have many extensions.
const MOST_HEAD: usize = 16 * 1024 * 1024;

/// What of an item may stand in its row or hang on it: octets of a flag, properties and extensions, octets of each.
const MOST_FLAG: usize = 4096;
const MOST_CATEGORIES: usize = 1000;
/// People of one kind beside the header, and octets of a name of anything.
const MOST_PEOPLE: usize = 10_000;
const MOST_NAME: usize = 1024;
const MOST_HANGING: usize = 10_000;
const MOST_TEXT: usize = 256 * 1024;
/// Graph: followupFlagStatus.
const STATUSES: [&str; 3] = ["complete", "flagged", "notFlagged"];

/// The first and the last moment of the years that dates are written in (RFC 3339 §1), in microseconds.
const EARLIEST: i64 = -62_135_596_800_000_000;
const LATEST: i64 = 253_402_300_799_999_999;

/// A message as it leaves.
#[derive(Debug, Clone)]
pub struct ExportedItem {
    /// Its row.
    pub record: MessageRecord,
    /// Its two lines, then its octets.
    pub pieces: Vec<Bytes>,
}

/// What stands beside the octets of an item: its second line. Moments are microseconds since 1970.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ItemHead {
    /// The SHA-256 of the octets.
    sha256: String,
    is_draft: bool,
    is_read: bool,
    created_date_time: i64,
    received_date_time: i64,
    /// Header fields that the octets lack.
    generated: String,
    categories: Vec<String>,
    flag: String,
    inference_classification: String,
    overlay: Overlay,
    properties: Vec<Property>,
    extensions: Vec<Members>,
}

/// An extended property: its name, and of each value the text, its folded form and its number.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Property(String, Vec<(String, String, Option<i64>)>);

/// An open extension: its name and its members.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Members(String, String);

/// Who may bring items into which mailbox, until when: what the address of a session holds, sealed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImportSession {
    mailbox: [u8; 16],
    client_id: String,
    person: Option<[u8; 16]>,
    expiration: i64,
}

/// As what an item comes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ImportMode {
    /// As a message of its own.
    Create,
    /// Instead of a message, in this version of it.
    Update(MessageId, i64),
}

impl ItemHead {
    /// Reads the two lines that an item begins with, and says how many octets these have. Nothing where their end hasn't come yet.
    ///
    /// # Errors
    /// [`ItemRefusal`] for what is no item, or one of another form.
    pub fn parse(octets: &[u8]) -> Result<Option<(ItemHead, usize)>, ItemRefusal> {
        let start = &octets[..octets.len().min(FORM.len())];
        if !FORM.as_bytes().starts_with(start) {
            return Err(ItemRefusal::NoItem);
        }
        let mut ends = octets.iter().enumerate().filter(|(_, octet)| **octet == b'\n').map(|(at, _)| at);
        let (Some(first), Some(second)) = (ends.next(), ends.next()) else {
            return if octets.len() > MOST_HEAD { Err(ItemRefusal::NoItem) } else { Ok(None) };
        };
        let digest =
            std::str::from_utf8(&octets[FORM.len()..first]).ok().and_then(Digest::from_hex).ok_or(ItemRefusal::NoItem)?;
        let line = &octets[first + 1..second];
        if Digest::of(line) != digest {
            return Err(ItemRefusal::Damaged);
        }
        let head: ItemHead = serde_json::from_slice(line).map_err(|_| ItemRefusal::NoItem)?;
        if head.is_sound() { Ok(Some((head, second + 1))) } else { Err(ItemRefusal::NoItem) }
    }

    /// Whether each member is one that a message can have: the digest says that it is whole, not who wrote it.
    fn is_sound(&self) -> bool {
        let is_object = |text: &str| object(text).is_some();
        let is_moment = |moment| (EARLIEST..=LATEST).contains(&moment);
        let fields = &self.generated;
        let are_fields = fields.is_empty()
            || fields.ends_with("\r\n") && !fields.starts_with("\r\n") && !fields.contains("\r\n\r\n") && !fields.contains('\0');
        let overlay = &self.overlay;
        let people = [Some(&overlay.to), Some(&overlay.cc), overlay.bcc.as_ref()];
        are_fields
            && overlay.threading.iter().all(|(name, text)| is_threading(name, text) && fits(text))
            && people.into_iter().flatten().all(|list| list.len() <= MOST_PEOPLE && list.iter().all(is_recipient))
            && self.categories.len() <= MOST_CATEGORIES
            && self.categories.iter().all(|name| name.chars().count() <= MAX_CATEGORY)
            && self.properties.iter().all(|Property(name, _)| name.len() <= MOST_NAME)
            && self.properties.iter().map(|Property(_, values)| values.len()).sum::<usize>() <= MOST_HANGING
            && is_flag(&self.flag)
            && self.properties.len() <= MOST_HANGING
            && self.properties.iter().flat_map(|Property(_, values)| values).all(|(text, folded, _)| fits(text) && fits(folded))
            && self.extensions.len() <= MOST_HANGING
            && self.extensions.iter().all(|Members(name, members)| fits(name) && fits(members))
            && self.extensions.iter().all(|Members(_, members)| is_object(members))
            && ["focused", "other"].contains(&self.inference_classification.as_str())
            && self.overlay.importance.as_deref().is_none_or(|word| Importance::parse(word).is_some())
            && is_moment(self.created_date_time)
            && is_moment(self.received_date_time)
    }

    fn of(record: &MessageRecord, sha256: Digest, hanging: Hanging) -> ItemHead {
        let value = |value: ExtendedValue| (value.text, value.folded, value.number);
        let property = |one: ExtendedProperty| Property(one.property, one.values.into_iter().map(value).collect());
        ItemHead {
            sha256: sha256.to_hex(),
            is_draft: record.is_draft,
            is_read: record.is_read,
            created_date_time: record.created_date_time.0,
            received_date_time: record.received_date_time.0,
            generated: record.generated.clone(),
            categories: record.categories.clone(),
            flag: record.flag.clone(),
            inference_classification: record.inference_classification.clone(),
            overlay: record.overlay.clone(),
            properties: hanging.properties.into_iter().map(property).collect(),
            extensions: hanging.extensions.into_iter().map(|one| Members(one.name, one.members)).collect(),
        }
    }

    fn lines(&self) -> Result<Bytes, serde_json::Error> {
        let line = serde_json::to_string(self)?;
        Ok(format!("{FORM}{}\n{line}\n", Digest::of(line.as_bytes()).to_hex()).into())
    }

    fn hanging(&self) -> Hanging {
        let value = |(text, folded, number): (String, String, Option<i64>)| ExtendedValue { text, folded, number };
        let property = |Property(property, values): Property| {
            let values = values.into_iter().map(value).collect();
            ExtendedProperty { property, values }
        };
        Hanging {
            properties: self.properties.iter().cloned().map(property).collect(),
            extensions: self.extensions.iter().cloned().map(|Members(name, members)| Extension { name, members }).collect(),
        }
    }
}

/// Whether somebody can stand in a field of a header.
fn is_recipient(of: &Recipient) -> bool {
    let is_line = |text: &str| text.len() <= MOST_NAME && !text.chars().any(char::is_control);
    is_line(&of.name) && is_line(&of.address) && !of.address.contains(['<', '>'])
}

fn object(text: &str) -> Option<serde_json::Map<String, serde_json::Value>> {
    serde_json::from_str(text).ok()
}

/// Whether it is a flag that lists can show (Graph: followupFlag).
fn is_flag(text: &str) -> bool {
    let is_status = |status: &serde_json::Value| status.as_str().is_some_and(|word| STATUSES.contains(&word));
    text.len() <= MOST_FLAG && object(text).is_some_and(|flag| flag.get("flagStatus").is_none_or(is_status))
}

/// Whether a text is no longer than a client could have hung it on a message. What is folded may have grown.
fn fits(text: &str) -> bool {
    text.len() <= MOST_TEXT
}

impl Mailbox {
    /// A message as it leaves, whole.
    ///
    /// # Errors
    /// [`MailError::NotFound`], [`MailError::Store`].
    pub async fn export(&self, id: MessageId) -> Result<ExportedItem, MailError> {
        let mailbox = self.clone();
        let look = move |tx: &ReadTx<'_>| {
            let (record, owner) = (mailbox.present(tx, id)?, mailbox.owner.id);
            let properties = tx.extended_properties(owner, id.into())?;
            Ok::<_, MailError>((record, Hanging { properties, extensions: tx.extensions(owner, id)? }))
        };
        let (record, hanging) = self.store().read(look).await?;
        let content = self.content(record).await?;
        let octets = content.octets();
        let digest = if content.is_whole() { content.record.blob } else { Digest::of_pieces(&octets) };
        let lines = ItemHead::of(&content.record, digest, hanging).lines();
        let lines = lines.map_err(|error| StoreError::Corrupt(format!("a message can't be written: {error}")))?;
        Ok(ExportedItem { pieces: [lines].into_iter().chain(octets).collect(), record: content.record })
    }

    /// A session in which items may be brought into this mailbox by whoever knows its address.
    pub fn import_session(&self, caller: &Caller, until: Timestamp) -> ImportSession {
        let person = match caller.who() {
            Who::App { .. } => None,
            Who::Person { id } => Some(id.0),
        };
        ImportSession { mailbox: self.owner.id.0, client_id: caller.client_id().to_owned(), person, expiration: until.0 }
    }
}

impl ImportSession {
    /// Into which mailbox.
    pub fn mailbox(&self) -> MailboxId {
        MailboxId(self.mailbox)
    }

    /// The app that began it.
    pub fn client_id(&self) -> &str {
        &self.client_id
    }
}

impl Mail {
    /// Whether a session is still good.
    ///
    /// # Errors
    /// [`MailError::Item`] where its time is over; [`MailError::NotAdmitted`], [`MailError::AccessDenied`], [`MailError::AppLimited`]
    /// where its app or person may not any more; [`MailError::Store`].
    pub async fn may_import(&self, session: &ImportSession) -> Result<(), MailError> {
        let (session, now) = (session.clone(), self.inner.clock.now());
        if session.expiration <= now.0 {
            return Err(ItemRefusal::Over.into());
        }
        self.inner.store.read(move |tx: &ReadTx<'_>| session.may_go_on(tx)).await
    }

    /// Brings an item into a folder of a session's mailbox, with the octets that followed its head.
    ///
    /// # Errors
    /// As [`Mail::may_import`]; [`MailError::Item`] where octets and head are not of one item; [`MailError::NotFound`] for the folder
    /// or the message; [`MailError::PreconditionFailed`].
    pub async fn import_item(
        &self,
        session: &ImportSession,
        (head, blob): (ItemHead, Blob),
        folder: FolderName,
        mode: ImportMode,
    ) -> Result<MessageRecord, MailError> {
        self.may_import(session).await?;
        if blob.digest.to_hex() != head.sha256 {
            return Err(ItemRefusal::Damaged.into());
        }
        let mailbox = self.mailbox_of(session.mailbox()).await?;
        let mailbox = match mode {
            ImportMode::Create => mailbox,
            ImportMode::Update(_, version) => mailbox.expecting(Some(vec![version])),
        };
        let reading = Reading::of(&head.generated, &Message::parse(blob.octets.clone()));
        // What its octets make it, whatever somebody wrote beside them; of one that they make nothing its owner says it.
        let hanging = match reading.message_class {
            NOTE => head.hanging(),
            class => head.hanging().without(KEY).with_class(class),
        };
        let (session, deed_of, now) = (session.clone(), mailbox.clone(), self.inner.clock.now());
        let deed = move |tx: &mut WriteTx<'_>| {
            session.may_go_on(tx)?;
            let owner = deed_of.owner.id;
            let id = match mode {
                ImportMode::Create => MessageId::new(now),
                ImportMode::Update(id, _) => deed_of.present(tx, id)?.id,
            };
            let folder = deed_of.place_for_messages(tx, &folder)?;
            let mut record = head.record(reading, (owner, folder, id), blob.digest, now);
            tx.put_blob(&blob)?;
            record.modseq = match mode {
                ImportMode::Create => tx.add_message(owner, &record)?,
                ImportMode::Update(..) => tx.replace_message(owner, &record)?,
            };
            tx.remove_extended(owner, id.into())?;
            hanging.write(tx, owner, id.into())?;
            Ok(record)
        };
        mailbox.deed(deed).await
    }
}

impl ItemHead {
    /// The row of an item that comes into a mailbox.
    fn record(
        &self,
        reading: Reading,
        (mailbox, folder, id): (MailboxId, store::FolderId, MessageId),
        blob: Digest,
        now: Timestamp,
    ) -> MessageRecord {
        let beside = Beside {
            categories: Some(self.categories.clone()),
            flag: Some(self.flag.clone()),
            inference_classification: Some(self.inference_classification.clone()),
            is_read: Some(self.is_read),
            hanging: Hanging::default(),
        };
        let place = Place {
            mailbox,
            folder,
            id,
            created: Timestamp(self.created_date_time),
            received: Timestamp(self.received_date_time),
            now,
            is_draft: self.is_draft,
            is_read: self.is_read,
            is_composed: false,
            beside,
            overlay: self.overlay.clone(),
        };
        let copy = Copy { reading, blob, prefix: String::new(), generated: self.generated.clone(), cuts: Cuts::default() };
        index(copy, place)
    }
}

impl ImportSession {
    fn may_go_on(&self, tx: &ReadTx<'_>) -> Result<(), MailError> {
        may_go_on(tx, (&self.client_id, self.person.map(MailboxId)), self.mailbox(), IMPORTING)
    }
}
