//! The rules of mail (RFC 5598's roles): every change of mail happens here, once, in one transaction.
//!
//! Promises: a [`Mailbox`] is only opened with a proven caller; all sending is [`Mailbox::submit`], all arriving is
//! `deliver`; the octets that a client gave are never changed. Refuses: to speak a wire, or to write SQL.

mod acting;
mod admission;
mod attachments;
mod authors;
mod automation;
mod categories;
mod compose;
mod counts;
mod deliver;
mod drafts;
mod envelope;
mod error;
mod extended;
mod folder_work;
mod folders;
mod follow;
mod generated;
mod index;
mod inference;
mod items;
mod mail_tips;
mod meeting;
mod message_class;
mod nodes;
mod notify;
mod opened;
mod organize;
mod patch;
mod people;
mod protection;
mod queue;
mod quote;
mod read;
mod receipt;
mod receive;
mod relay;
mod reply;
mod report;
mod reported;
mod retry;
mod rules;
mod search;
mod search_folders;
mod search_index;
mod settings;
mod submit;
mod subscriptions;
mod uploads;
mod uses;

pub use acting::Sight;
pub use attachments::AttachmentChange;
pub use compose::{Beside, Draft, Importance, NewAttachment, NewItem};
pub use counts::{OUTCOMES, SECONDS};
pub use drafts::{NewMessage, Received};
pub use envelope::{Addressee, Envelope, MAX_RECIPIENTS};
pub use error::{FolderDeed, ItemRefusal, Kind, Limit, MailError, SmimeRefusal, SubscriptionRefusal};
pub use extended::{Hanging, Hung};
pub use folders::FolderName;
pub use follow::{Change, Changes, Cursor, PageSize, Stage};
pub use index::MAX_CATEGORY;
pub use items::{ExportedItem, ImportMode, ImportSession, ItemHead};
pub use mail_tips::{Away, MailTips};
pub use meeting::{
    Attendee, Event, EventTime, EventType, Meeting, MeetingMessageType, PartStat, Party, PatternedRecurrence, RecurrencePattern,
    RecurrenceRange,
};
pub use message_class::{KEY as MESSAGE_CLASS, NOTE};
pub use notify::{
    Along, Batch, Heard, Listening, Listens, MessageChange, Notification, Notified, Notifying, ReadWanted, Target, Wanted,
};
pub use people::UserName;
pub use protection::{
    Directory, HeldKey, KnownCertificate, OpenedMessage, Pattern, Policy, Protecting, Rule, WithoutCertificate, on_sending,
};
pub use queue::{Depth, QueueDeed, Queued};
pub use read::{AttachedPart, AttachmentKey, Content, Listed, MessageQuery};
pub use receive::{Arrival, Incoming, Reach};
pub use relay::{Consignment, Outcome, Relaying, Route, Said};
pub use reply::{Answer, AnswerText};
pub use retry::Retry;
pub use rules::{Actions, InboxRule, MessageActionFlag, Predicates, RuleChange, Sensitivity, SizeRange};
pub use search_folders::SearchFolderChange;
pub use settings::Settings;
pub use submit::{Idempotency, SendOptions, Submitted};
pub use subscriptions::{Follows, NewSubscription};
pub use uploads::{UploadId, Uploaded};

pub use smime::{Certificate, Cipher, HeaderProtection, MasterKey, Trust};
pub use store::Protection;

use acting::Acting;
use std::sync::Arc;
use store::{Clock, MessageId, MessageRecord, Person, ReadTx, Spool, Store, WriteTx};
use tokio::sync::{Notify, Semaphore, watch};

/// What the rules need to be told.
#[derive(Debug, Clone)]
pub struct Options {
    /// The domain whose mailboxes are here.
    pub domain: String,
    /// Octets that a message may have at most.
    pub max_message_octets: u64,
    /// How much one list may look at (`store::ListQuery`).
    pub query_work: u64,
    /// How mail for other domains is sent on.
    pub relaying: Relaying,
    /// What is signed, encrypted and opened.
    pub protecting: Protecting,
    /// How apps are notified.
    pub notifying: Notifying,
}

/// The mail of everybody.
#[derive(Clone)]
pub struct Mail {
    inner: Arc<Inner>,
}

struct Inner {
    store: Store,
    clock: Arc<dyn Clock>,
    options: Options,
    /// Told when something was put into the outbox.
    submitted: Notify,
    /// Told when something was put there, or released, for another domain.
    to_relay: Notify,
    /// Told when an app is to be notified.
    to_notify: Notify,
    /// Which mailboxes are followed.
    watch: notify::Watch,
    /// Told when the index of texts has come further.
    indexed: watch::Sender<()>,
    /// Told when something was begun with a whole folder.
    folder_work: Notify,
    /// Tells that a batch of such work is done.
    batch_done: Notify,
    /// Held while a PKCS#12 is read.
    key_reading: Arc<Semaphore>,
    /// What apps used, until it is written down.
    uses: uses::Uses,
    /// Since when this node is there, and what it carries.
    presence: nodes::Presence,
}

/// The mail of one person, opened for somebody who may.
#[derive(Clone)]
pub struct Mailbox {
    mail: Mail,
    owner: Person,
    acting: Arc<Acting>,
    /// The versions in which a message is changed; nothing where any will do.
    expected: Option<Vec<i64>>,
}

impl Mail {
    /// The rules over a store.
    pub fn new(store: Store, clock: Arc<dyn Clock>, options: Options) -> Mail {
        let inner = Inner {
            store,
            clock,
            options,
            submitted: Notify::new(),
            to_relay: Notify::new(),
            to_notify: Notify::new(),
            watch: notify::Watch::default(),
            indexed: watch::Sender::new(()),
            folder_work: Notify::new(),
            batch_done: Notify::new(),
            key_reading: Arc::new(Semaphore::new(protection::READ_AT_ONCE)),
            uses: uses::Uses::default(),
            presence: nodes::Presence::default(),
        };
        Mail { inner: Arc::new(inner) }
    }

    /// A place to put the octets of one message as they come.
    pub fn spool(&self) -> Spool {
        self.inner.store.spool()
    }

    fn is_local(&self, domain: &str) -> bool {
        domain.eq_ignore_ascii_case(&self.inner.options.domain)
    }
}

impl Mailbox {
    /// Whose mail it is.
    pub fn owner(&self) -> &Person {
        &self.owner
    }

    /// The same, where deeds are only done to a message in one of these versions, told by its `modseq`.
    #[must_use]
    pub fn expecting(self, versions: Option<Vec<i64>>) -> Mailbox {
        Mailbox { expected: versions, ..self }
    }

    /// A message that a deed is to change, in a version that is expected.
    fn present(&self, tx: &ReadTx<'_>, id: MessageId) -> Result<MessageRecord, MailError> {
        let found = tx.message(self.owner.id, id)?.ok_or(MailError::NotFound(Kind::Message))?;
        match &self.expected {
            Some(versions) if !versions.contains(&found.modseq) => Err(MailError::PreconditionFailed),
            _ => Ok(found),
        }
    }

    fn store(&self) -> &Store {
        &self.mail.inner.store
    }

    /// Does a deed about this mailbox.
    async fn deed<T: Send + 'static>(
        &self,
        deed: impl FnOnce(&mut WriteTx<'_>) -> Result<T, MailError> + Clone + Send + 'static,
    ) -> Result<T, MailError> {
        self.store().write_in(self.owner.id, deed).await
    }

    fn now(&self) -> store::Timestamp {
        self.mail.inner.clock.now()
    }
}
