//! What apps want to be told of a mailbox's changes.

use crate::clock::Timestamp;
use crate::ids::{FolderId, MailboxId, MessageId, SubscriptionId};
use crate::sql::LogReach;

/// What happened to a message in a folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operation {
    /// It came there.
    Created,
    /// It left.
    Deleted,
    /// It was there, and is another now.
    Updated,
}

const OPERATIONS: [(Operation, &str); 3] =
    [(Operation::Created, "created"), (Operation::Deleted, "deleted"), (Operation::Updated, "updated")];

impl Operation {
    /// Its word.
    pub fn as_str(self) -> &'static str {
        OPERATIONS.iter().find(|(operation, _)| *operation == self).map_or("updated", |(_, word)| word)
    }

    /// Reads its word, in any case.
    pub fn parse(word: &str) -> Option<Operation> {
        OPERATIONS.iter().find(|(_, known)| known.eq_ignore_ascii_case(word)).map(|(operation, _)| *operation)
    }
}

/// A row of the change log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LoggedChange {
    /// The change's number. One by which a message moved has two rows.
    pub modseq: i64,
    /// In which folder.
    pub folder: FolderId,
    /// To which message.
    pub message: MessageId,
    /// What.
    pub operation: Operation,
}

/// Some of the kinds of changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChangeTypes(Vec<Operation>);

impl ChangeTypes {
    /// Reads words that are separated by commas; nothing where one is none, or there is none at all.
    pub fn parse(text: &str) -> Option<ChangeTypes> {
        let mut read = Vec::new();
        for word in text.split(',') {
            let operation = Operation::parse(word.trim())?;
            if !read.contains(&operation) {
                read.push(operation);
            }
        }
        Some(ChangeTypes(read))
    }

    /// In the order in which they were given, each once.
    pub fn text(&self) -> String {
        self.0.iter().map(|one| one.as_str()).collect::<Vec<_>>().join(",")
    }

    /// All of them.
    pub fn all() -> ChangeTypes {
        ChangeTypes(OPERATIONS.iter().map(|(operation, _)| *operation).collect())
    }

    /// Whether this is one of them.
    pub fn have(&self, operation: Operation) -> bool {
        self.0.contains(&operation)
    }
}

/// What is told of a subscription itself (Graph: lifecycleEventType).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LifecycleEvent {
    /// Changes could not be told.
    Missed,
    /// The app must show again that it may read.
    ReauthorizationRequired,
    /// There is no such subscription any more.
    SubscriptionRemoved,
}

impl LifecycleEvent {
    /// As Graph writes it.
    pub fn as_str(self) -> &'static str {
        match self {
            LifecycleEvent::Missed => "missed",
            LifecycleEvent::ReauthorizationRequired => "reauthorizationRequired",
            LifecycleEvent::SubscriptionRemoved => "subscriptionRemoved",
        }
    }

    /// The column that says since when it waits to be told.
    pub(crate) fn column(self) -> &'static str {
        match self {
            LifecycleEvent::Missed => "missed",
            LifecycleEvent::ReauthorizationRequired => "reauthorization_required",
            LifecycleEvent::SubscriptionRemoved => "removed",
        }
    }
}

/// For whom resource data is encrypted that is sent along.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DataRecipient {
    /// The certificate, in DER and base64.
    pub certificate: String,
    /// What its app calls it.
    pub certificate_id: String,
}

/// A subscription.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subscription {
    /// To which mailbox.
    pub mailbox: MailboxId,
    /// Its id.
    pub id: SubscriptionId,
    /// The app that made it.
    pub client_id: String,
    /// The person for whom it did; nobody where it did for itself.
    pub person: Option<MailboxId>,
    /// What is followed, as it was given.
    pub resource: String,
    /// The messages of which folder, or what becomes of those that are sent ([`FolderId::DELIVERY`]); nothing where all messages
    /// are followed.
    pub folder: Option<FolderId>,
    /// Which changes are told.
    pub change_types: ChangeTypes,
    /// Where they are told.
    pub notification_url: String,
    /// Where it is told what becomes of the subscription itself.
    pub lifecycle_notification_url: Option<String>,
    /// What is sent along, so that its receiver knows us.
    pub client_state: Option<String>,
    /// The newest version of TLS that the receiver speaks, in Graph's word.
    pub latest_supported_tls_version: String,
    /// For whom messages are encrypted that are sent along; nothing where none are.
    pub data: Option<DataRecipient>,
    /// When it ends.
    pub expiration_date_time: Timestamp,
    /// The last change that its receiver has taken.
    pub modseq: i64,
    /// Since when the app lacks the right.
    pub paused: Option<Timestamp>,
    /// What is to be told of itself, and since when.
    pub lifecycle_events: Vec<(LifecycleEvent, Timestamp)>,
    /// Whether a filter says of which messages.
    pub is_filtered: bool,
    /// Whether that filter asks of what isn't shown with `Mail.ReadBasic`.
    pub reads_text: bool,
    /// Whether it was told that it ends soon.
    pub is_ending_told: bool,
}

impl Subscription {
    /// Whether it follows what becomes of messages that are sent.
    pub fn is_to_deliveries(&self) -> bool {
        self.folder == Some(FolderId::DELIVERY)
    }
}

/// What is looked for among a mailbox's changes, for a subscription.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Interest {
    /// In which mailbox.
    pub mailbox: MailboxId,
    /// For which.
    pub id: SubscriptionId,
    /// As [`Subscription::folder`].
    pub folder: Option<FolderId>,
    /// Which changes are told.
    pub change_types: ChangeTypes,
    /// Where they are told.
    pub notification_url: String,
    /// The last change that its receiver has taken.
    pub modseq: i64,
    /// Whether a filter says of which messages.
    pub is_filtered: bool,
}

/// What is changed of a subscription; the rest stays as it is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SubscriptionChange {
    /// When it ends.
    pub expiration_date_time: Option<Timestamp>,
    /// Where it is told.
    pub notification_url: Option<String>,
    /// The certificate for which what is sent along is encrypted.
    pub certificate: Option<String>,
    /// What its app calls that.
    pub certificate_id: Option<String>,
}

/// A subscription to a mailbox that has changed since, and which of its changes are known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Behind {
    /// Which.
    pub subscription: Subscription,
    /// What its mailbox's log has.
    pub reach: LogReach,
}
