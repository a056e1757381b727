//! Why a deed is refused: one variant for each thing that a caller can do something about.

use store::StoreError;

/// What was not found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A folder
    Folder,
    /// A message
    Message,
    /// A part of a message that is an attachment
    Attachment,
    /// An open extension of a message
    Extension,
    /// An upload session
    Upload,
    /// A person
    User,
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

/// A deed that was refused or failed; nothing of it happened.
#[derive(Debug, thiserror::Error)]
pub enum MailError {
    /// The token lacks the permission, or the mailbox is somebody else's.
    #[error("the caller may not do this: {0}")]
    AccessDenied(&'static str),
    /// What is asked for can't be deleted.
    #[error("it can't be deleted from where it is")]
    CannotDelete,
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
    /// It has come by too many servers (RFC 5321 §6.3).
    #[error("the message goes round in circles")]
    MailLoop,
    /// The name of a header field is none, or is not the client's to give.
    #[error("the header field {0:?} can't be given")]
    InvalidHeader(String),
    /// Somebody to whom nothing can be sent, or too many.
    #[error("invalid recipients: {0}")]
    InvalidRecipients(String),
    /// An app has no mailbox of its own.
    #[error("an app asked for its own mailbox")]
    NoPerson,
    /// Nobody to send to.
    #[error("the message names no recipients")]
    NoRecipients,
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
