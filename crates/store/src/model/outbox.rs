//! What is on its way: submissions and the recipients they have not reached.

use crate::blobs::Digest;
use crate::clock::Timestamp;
use crate::ids::{MailboxId, SubmissionId};

/// A message on its way: `prefix`, then the blob without its cuts, from `reverse_path` to every forward-path.
#[derive(Debug, Clone)]
pub struct Submission {
    /// The sender's mailbox.
    pub mailbox: MailboxId,
    /// Its id.
    pub id: SubmissionId,
    /// The octets that the client gave.
    pub blob: Digest,
    /// Generated header fields, with their line ends.
    pub prefix: String,
    /// What recipients don't get, as text of spans.
    pub cuts: String,
    /// Whom to tell when it can't be delivered (RFC 5321 §4.1.1.2).
    pub reverse_path: String,
    /// When it was submitted.
    pub created_date_time: Timestamp,
    /// Whom it has not reached yet.
    pub forward_paths: Vec<ForwardPath>,
}

/// One recipient of a submission (RFC 5321 §4.1.1.3).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ForwardPath {
    /// The address as the sender gave it.
    pub address: String,
    /// What is to happen.
    pub state: ForwardState,
}

/// What is to happen to one recipient of a submission.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ForwardState {
    /// To be delivered.
    Due,
    /// Kept and not tried: nobody delivers there yet.
    Held,
}

impl ForwardState {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            ForwardState::Due => "due",
            ForwardState::Held => "held",
        }
    }
}
