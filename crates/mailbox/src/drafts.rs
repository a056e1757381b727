//! Messages that are not sent yet, and messages that come in as they once were received.

use crate::Mailbox;
use crate::compose::Beside;
use crate::error::MailError;
use crate::folders::FolderName;
use crate::generated::{Missing, missing_fields};
use crate::index::{Copy, Place, Reading, index};
use mime::{Cuts, Date, Message};
use store::{Blob, Digest, MessageId, MessageRecord, Overlay, Person, Timestamp, WellKnownName, WriteTx};

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
    /// What stands beside the octets and is sent with them.
    pub overlay: Overlay,
}

/// How a message was received that is filed as such.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Received {
    /// When; by its Date field where nothing is said.
    pub date_time: Option<Timestamp>,
}

impl NewMessage {
    /// A message given as MIME.
    pub fn from_mime(blob: Blob) -> NewMessage {
        NewMessage { blob, is_composed: false, message_id: None, beside: Beside::default(), overlay: Overlay::default() }
    }
}

/// How a new message is filed.
#[derive(Clone)]
enum Filing {
    Draft,
    Received(Received),
}

impl Mailbox {
    /// Keeps a message as a draft, in Drafts or in the folder that is named.
    ///
    /// # Errors
    /// [`MailError::NotFound`] for the folder, [`MailError::Store`].
    pub async fn create_draft(&self, new: NewMessage, folder: Option<FolderName>) -> Result<MessageRecord, MailError> {
        let folder = folder.unwrap_or(FolderName::WellKnown(WellKnownName::Drafts));
        self.file(new, folder, Filing::Draft).await
    }

    /// Files a message as one that was received, in the Inbox or in the folder that is named. It goes nowhere.
    ///
    /// # Errors
    /// [`MailError::NotFound`] for the folder, [`MailError::Store`].
    pub async fn import(
        &self,
        new: NewMessage,
        folder: Option<FolderName>,
        received: Received,
    ) -> Result<MessageRecord, MailError> {
        let folder = folder.unwrap_or(FolderName::WellKnown(WellKnownName::Inbox));
        self.file(new, folder, Filing::Received(received)).await
    }

    async fn file(&self, new: NewMessage, folder: FolderName, filing: Filing) -> Result<MessageRecord, MailError> {
        let message = Message::parse(new.blob.octets.clone());
        let now = self.now();
        let (copy, received) = match filing {
            Filing::Draft => (self.copy_of_new(&message, &new, None, now), now),
            Filing::Received(received) => {
                let date = || Date::parse(&message.field("Date")?.body()).map(Timestamp::from_seconds);
                let received = received.date_time.or_else(date).unwrap_or(now);
                // What was built here from JSON has a date and a Message-ID, like any message.
                let copy = match new.is_composed {
                    true => self.copy_of_new(&message, &new, None, received),
                    false => whole_copy(&message, new.blob.digest),
                };
                (copy, received)
            }
        };
        let mailbox = self.clone();
        let deed = move |tx: &mut WriteTx<'_>| {
            let hanging = new.beside.hanging.clone().with_class(copy.reading.message_class);
            let place = Place {
                mailbox: mailbox.owner.id,
                folder: mailbox.place_for_messages(tx, &folder)?,
                id: MessageId::new(now),
                created: now,
                received,
                now,
                is_draft: matches!(filing, Filing::Draft),
                is_read: true,
                is_composed: new.is_composed,
                beside: new.beside,
                overlay: new.overlay,
            };
            let mut record = index(copy, place);
            tx.put_blob(&new.blob)?;
            record.modseq = tx.add_message(mailbox.owner.id, &record)?;
            hanging.write(tx, mailbox.owner.id, record.id.into())?;
            Ok(record)
        };
        self.deed(deed).await
    }

    /// The owner's copy of a message that is new, with a Message-ID of ours where it has none, and whoever sends it in the name
    /// of another as its sender.
    pub(crate) fn copy_of_new(&self, message: &Message, new: &NewMessage, sender: Option<&Person>, now: Timestamp) -> Copy {
        let message_id = new.message_id.clone().unwrap_or_else(|| self.new_message_id(now));
        let missing = Missing { sender, ..self.missing(&message_id, &new.overlay, now) };
        own_copy(message, new.blob.digest, new.is_composed, &missing)
    }

    /// What the fields are made of that a message of the owner's lacks.
    pub(crate) fn missing<'m>(&'m self, message_id: &'m str, overlay: &'m Overlay, now: Timestamp) -> Missing<'m> {
        Missing { author: &self.owner, sender: None, message_id, overlay, now }
    }

    /// A Message-ID that nobody else makes (RFC 5322 §3.6.4).
    pub(crate) fn new_message_id(&self, now: Timestamp) -> String {
        let id = uuid::Uuid::from_bytes(MessageId::new(now).0);
        format!("<{}@{}>", id.simple(), self.mail.inner.options.domain)
    }
}

/// The owner's copy of a message: a client's octets, with what they lack beside them; or our own, with it in front.
pub(crate) fn own_copy(message: &Message, blob: Digest, is_composed: bool, missing: &Missing<'_>) -> Copy {
    let fields = missing_fields(message, missing);
    let reading = Reading::of(&fields, message);
    let (prefix, generated) = if is_composed { (fields, String::new()) } else { (String::new(), fields) };
    Copy { reading, blob, prefix, generated, cuts: Cuts::default() }
}

/// A copy that is nothing but the octets.
pub(crate) fn whole_copy(message: &Message, blob: Digest) -> Copy {
    Copy { reading: Reading::of("", message), blob, prefix: String::new(), generated: String::new(), cuts: Cuts::default() }
}
