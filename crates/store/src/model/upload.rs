//! Octets that come in several requests, and what becomes of them.

use crate::blobs::Digest;
use crate::clock::Timestamp;
use crate::ids::{MailboxId, MessageId, UploadId};
use serde::{Deserialize, Serialize};

/// An upload session of a mailbox.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UploadSession {
    /// Its id.
    pub id: UploadId,
    /// Octets that are to come in all.
    pub size: u64,
    /// When it ends.
    pub expiration_date_time: Timestamp,
    /// Who began it; nothing for one that is older than this is known.
    pub opener: Option<UploadOpener>,
    /// What its octets become.
    pub purpose: UploadPurpose,
    /// What they have become; nothing while some are to come.
    pub outcome: Option<UploadOutcome>,
}

/// Who began an upload.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UploadOpener {
    /// The app.
    pub client_id: String,
    /// The person for whom it asked; nobody where it asked for itself.
    pub person: Option<MailboxId>,
}

/// What the octets of an upload become.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum UploadPurpose {
    /// An attachment of this draft.
    Attachment(MessageId, AttachmentItem),
    /// A message.
    Message,
}

/// What the octets of an upload have become.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UploadOutcome {
    /// The attachment that is found by this key.
    Attachment([u8; 8]),
    /// The octets of a message.
    Message(Digest),
}

/// An attachment whose octets are to come (Graph: attachmentItem).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AttachmentItem {
    /// File name.
    pub name: String,
    /// Media type as the client gave it; may be empty.
    #[serde(default)]
    pub media_type: String,
    /// Content-ID without angle brackets.
    #[serde(default)]
    pub content_id: Option<String>,
    /// Shown within the text.
    #[serde(default)]
    pub is_inline: bool,
}
