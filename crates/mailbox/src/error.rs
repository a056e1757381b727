//! Why a deed is refused: one variant for each thing that a caller can do something about.

use store::StoreError;

/// What was not found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A category from which a mailbox's owner chooses
    Category,
    /// A folder
    Folder,
    /// A message
    Message,
    /// A part of a message that is an attachment
    Attachment,
    /// An open extension of a message
    Extension,
    /// What is said of a sender
    Override,
    /// An upload session
    Upload,
    /// A person
    User,
    /// A key of S/MIME
    Key,
    /// A certificate of S/MIME
    Certificate,
    /// A rule for what arrives
    Rule,
    /// A subscription
    Subscription,
}

/// Why a subscription is not made or renewed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SubscriptionRefusal {
    /// It would have ended.
    #[error("the subscription would have ended already")]
    Ended,
    /// It would last longer than any may.
    #[error("a subscription lasts {minutes} minutes at most")]
    TooLong {
        /// So many
        minutes: u64,
    },
    /// There are as many as there may be.
    #[error("the mailbox has {most} subscriptions, which is the most it may have")]
    TooMany {
        /// So many
        most: i64,
    },
    /// As many listen as may.
    #[error("{most} listen to the mailbox, which is the most that may")]
    TooManyListen {
        /// So many
        most: usize,
    },
}

/// Why an item does not come in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ItemRefusal {
    /// Its octets are not those that left.
    #[error("the item is damaged")]
    Damaged,
    /// It is none of this form.
    #[error("it is no item, or one of another version")]
    NoItem,
    /// The session in which it comes is over.
    #[error("the session is over")]
    Over,
}

/// Why nothing was signed, encrypted or kept by S/MIME.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SmimeRefusal {
    /// A structure can't be made or read; the sentence says why.
    #[error("{0}")]
    Failed(String),
    /// The certificate is for other addresses than those that the mailbox may send from.
    #[error("the certificate is for {0:?}, and the mailbox may not send from there")]
    ForSomebodyElse(Vec<String>),
    /// Nobody knows a certificate by which mail for these is encrypted.
    #[error("no certificate is known by which mail for {} can be encrypted", .0.join(", "))]
    NoCertificate(Vec<String>),
    /// Nobody here knows a certificate, and the directory that may can't be asked now.
    #[error("the directory of certificates can't be asked now")]
    NoDirectory,
    /// The mailbox has no key by which this author signs.
    #[error("the mailbox has no key with a valid certificate by which {0} signs")]
    NoKey(String),
    /// The operator has set no key under which others are sealed.
    #[error("no master key is set, so that no private key can be kept here")]
    NoMasterKey,
    /// What was given can't be used; the sentence says why.
    #[error("{0}")]
    Unusable(String),
}

/// What can't be done to a folder that every mailbox has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FolderDeed {
    /// To delete it
    Delete,
    /// To move it
    Move,
    /// To give it another name
    Rename,
}

/// What an app is narrowed to beyond its permissions.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Limit {
    /// Addresses of From and Sender
    #[error("it may not send from {0:?}")]
    From(String),
    /// Mailboxes
    #[error("it may not open this mailbox")]
    Mailbox,
    /// How many messages it may send in a minute
    #[error("it may send {most} messages a minute, and has; in {retry_after} seconds it may send again")]
    Rate {
        /// So many
        most: i64,
        /// Seconds after which it may send again
        retry_after: i64,
    },
    /// Domains of recipients
    #[error("it may not send to the domain {0:?}")]
    RecipientDomain(String),
}

/// A deed that was refused or failed; nothing of it happened.
#[derive(Debug, thiserror::Error)]
pub enum MailError {
    /// The token lacks the permission, or the mailbox is somebody else's.
    #[error("the caller may not do this: {0}")]
    AccessDenied(&'static str),
    /// The app is narrowed to less than this.
    #[error("the app is limited: {0}")]
    AppLimited(Limit),
    /// What is asked for can't be deleted.
    #[error("it can't be deleted from where it is")]
    CannotDelete,
    /// The mailbox has a category of that name already.
    #[error("there is a category {0:?} already")]
    CategoryExists(String),
    /// Somebody else changed it in between.
    #[error("it was changed in between")]
    Conflict,
    /// The message has an extension of that name already.
    #[error("there is an extension {0:?} already")]
    ExtensionExists(String),
    /// Every mailbox has this folder, and keeps it as it is.
    #[error("every mailbox has this folder: {0:?}")]
    DistinguishedFolder(FolderDeed),
    /// A folder can't stand within itself.
    #[error("the destination is the folder or stands within it")]
    FolderWithinItself,
    /// A folder of that name stands there already.
    #[error("there is a folder {0:?} already")]
    FolderExists(String),
    /// The key came with another request before.
    #[error("the idempotency key came with another request before")]
    KeyReused,
    /// What is given can't be set, or not any more; the sentence says why.
    #[error("{0}")]
    InvalidPropertySet(&'static str),
    /// A rule that could do nothing; the sentence says why.
    #[error("{0}")]
    InvalidRule(&'static str),
    /// It has come by too many servers (RFC 5321 §6.3).
    #[error("the message goes round in circles")]
    MailLoop,
    /// The name of a header field is none, or is not the client's to give.
    #[error("the header field {0:?} can't be given")]
    InvalidHeader(String),
    /// Something would end before it begins; the sentence says what.
    #[error("{0}")]
    InvalidTimeSettings(&'static str),
    /// Somebody to whom nothing can be sent, or too many.
    #[error("invalid recipients: {0}")]
    InvalidRecipients(String),
    /// An item does not come in.
    #[error("{0}")]
    Item(ItemRefusal),
    /// An app has no mailbox of its own.
    #[error("an app asked for its own mailbox")]
    NoPerson,
    /// Nobody to send to.
    #[error("the message names no recipients")]
    NoRecipients,
    /// The token is good, and who it was given to may not come in any more.
    #[error("{0}")]
    NotAdmitted(&'static str),
    /// It was sent already.
    #[error("the message is no draft")]
    NotDraft,
    /// There is no such thing in this mailbox.
    #[error("no such {0:?}")]
    NotFound(Kind),
    /// The message is in another version than the caller expects.
    #[error("the message was changed since the caller read it")]
    PreconditionFailed,
    /// From or Sender names somebody as whom the caller may not send.
    #[error("may not send as {0:?}")]
    SendAsDenied(String),
    /// S/MIME can't do what was asked for, or what the rules want.
    #[error("S/MIME: {0}")]
    Smime(SmimeRefusal),
    /// A search folder holds no messages and no folders, and is searched by no other.
    #[error("it is a search folder, or is not one where one is meant")]
    SearchFolder,
    /// A subscription can't be made or renewed so.
    #[error("{0}")]
    Subscription(SubscriptionRefusal),
    /// More of something than a mailbox may have.
    #[error("the mailbox has too many {0}")]
    QuotaExceeded(&'static str),
    /// More octets than an extended property or an extension may have.
    #[error("the property has more than {limit} octets")]
    PropertyTooLarge {
        /// The limit in octets.
        limit: usize,
    },
    /// An upload's range does not begin where its octets end.
    #[error("the range begins at {from}, where {expected} octets have come")]
    RangeMismatch {
        /// Where it begins.
        from: u64,
        /// How many octets have come.
        expected: u64,
    },
    /// What changed since is not known any more, or what was followed is gone: whoever follows must begin anew.
    #[error("the changes since then are not known")]
    SyncStateNotFound,
    /// More octets than a message may have.
    #[error("the message has more than {limit} octets")]
    TooLarge {
        /// The limit in octets.
        limit: u64,
    },
    /// The store refused or failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<SmimeRefusal> for MailError {
    /// It is no source of another sentence: its own is all that there is to say.
    fn from(refusal: SmimeRefusal) -> MailError {
        MailError::Smime(refusal)
    }
}

impl From<SubscriptionRefusal> for MailError {
    fn from(refusal: SubscriptionRefusal) -> MailError {
        MailError::Subscription(refusal)
    }
}

impl From<ItemRefusal> for MailError {
    fn from(refusal: ItemRefusal) -> MailError {
        MailError::Item(refusal)
    }
}

impl MailError {
    /// What the log is told of a refusal: why, and nobody's address.
    pub fn reason(&self) -> Option<&'static str> {
        match self {
            MailError::AccessDenied(why) | MailError::NotAdmitted(why) => Some(why),
            MailError::AppLimited(Limit::From(_)) => Some("the app is limited to other senders"),
            MailError::AppLimited(Limit::Mailbox) => Some("the app is limited to other mailboxes"),
            MailError::AppLimited(Limit::Rate { .. }) => Some("the app has sent as many messages as it may in a minute"),
            MailError::AppLimited(Limit::RecipientDomain(_)) => Some("the app is limited to other domains"),
            MailError::Smime(SmimeRefusal::NoCertificate(_)) => Some("no certificate is known of a recipient"),
            MailError::Smime(SmimeRefusal::NoDirectory) => Some("the directory of certificates can't be asked"),
            MailError::Smime(SmimeRefusal::NoKey(_)) => Some("the mailbox has no key by which the author signs"),
            MailError::SendAsDenied(_) => Some("the caller may not send as the author"),
            _ => None,
        }
    }
}
