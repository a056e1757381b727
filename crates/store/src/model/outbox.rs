//! What is on its way: submissions and the recipients they have not reached.

use crate::blobs::Digest;
use crate::clock::Timestamp;
use crate::ids::{MailboxId, SubmissionId};

/// A message on its way: `prefix`, then the blob without its cuts, from `reverse_path` to every forward-path.
#[derive(Debug, Clone)]
pub struct Submission {
    /// The sender's mailbox.
    pub mailbox: MailboxId,
    /// Its id: that of the sender's copy, whether one is kept or not.
    pub id: SubmissionId,
    /// The submission under which it is followed, where some recipients of one message get octets of their own.
    pub part_of: Option<SubmissionId>,
    /// The octets that go out.
    pub blob: Digest,
    /// Generated header fields, with their line ends.
    pub prefix: String,
    /// What recipients don't get, as text of spans.
    pub cuts: String,
    /// Whom to tell when it can't be delivered (RFC 5321 §4.1.1.2).
    pub reverse_path: String,
    /// When it was submitted.
    pub created_date_time: Timestamp,
    /// What its sender wants of reports and of the road.
    pub wishes: Wishes,
    /// Whom it has not reached yet.
    pub forward_paths: Vec<ForwardPath>,
}

/// What a sender wants of a message's reports and of its road.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Wishes {
    /// By what he knows the message in a report (RFC 3461 §4.4), decoded; or empty.
    pub envelope_id: String,
    /// What a report of failure brings back: `FULL`, `HDRS`, or empty for what we think best (RFC 3461 §4.3).
    pub returns: String,
    /// Whether it may go by connections with TLS only, to hosts that prove who they are (RFC 8689).
    pub requires_tls: bool,
}

/// One recipient of a submission (RFC 5321 §4.1.1.3), and how far it has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ForwardPath {
    /// The address as the sender gave it.
    pub address: String,
    /// What is to happen, or what did.
    pub state: ForwardState,
    /// By what paths that go the same way are found together; empty where it is delivered here.
    pub destination: String,
    /// When it is tried next; where it ended, when that was.
    pub due_date_time: Timestamp,
    /// How often it was tried.
    pub attempts: i64,
    /// Of what the sender wants reports (RFC 3461 §4.1): words joined by commas; or empty, which is failure and delay.
    pub notify: String,
    /// The recipient as the sender first named him (RFC 3461 §4.2), `type;address`, decoded; or empty.
    pub original_recipient: String,
    /// The host that was spoken to last.
    pub next_hop: String,
    /// What it said last, or why it could not be spoken to.
    pub reply: String,
    /// Whether the sender was told that it takes long.
    pub is_delay_told: bool,
}

impl ForwardPath {
    /// One that was not tried yet.
    pub fn new(address: String, state: ForwardState, destination: String, now: Timestamp) -> ForwardPath {
        ForwardPath {
            address,
            state,
            destination,
            due_date_time: now,
            attempts: 0,
            notify: String::new(),
            original_recipient: String::new(),
            next_hop: String::new(),
            reply: String::new(),
            is_delay_told: false,
        }
    }
}

/// What is to happen to one recipient of a submission, or how it ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ForwardState {
    /// To be delivered here.
    Due,
    /// To be relayed to another server.
    Relay,
    /// Kept and not tried, until somebody releases it.
    Held,
    /// It was filed here.
    Delivered,
    /// Another server has taken it.
    Relayed,
    /// It can't be delivered.
    Failed,
    /// Somebody took it back.
    Cancelled,
}

/// Each state and its word.
const STATES: [(ForwardState, &str); 7] = [
    (ForwardState::Due, "due"),
    (ForwardState::Relay, "relay"),
    (ForwardState::Held, "held"),
    (ForwardState::Delivered, "delivered"),
    (ForwardState::Relayed, "relayed"),
    (ForwardState::Failed, "failed"),
    (ForwardState::Cancelled, "cancelled"),
];

impl ForwardState {
    /// Its word.
    pub fn as_str(self) -> &'static str {
        STATES.iter().find(|(state, _)| *state == self).map_or("due", |(_, word)| word)
    }

    /// Reads its word.
    pub fn parse(word: &str) -> Option<ForwardState> {
        STATES.iter().find(|(_, known)| *known == word).map(|(state, _)| *state)
    }

    /// Whether nothing more happens.
    pub fn is_end(self) -> bool {
        !matches!(self, ForwardState::Due | ForwardState::Relay | ForwardState::Held)
    }
}

/// What became of one forward-path that was tried.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settled {
    /// Which.
    pub address: String,
    /// Relayed, failed, or to be relayed again.
    pub state: ForwardState,
    /// When it is tried next, or now.
    pub due_date_time: Timestamp,
    /// The host.
    pub next_hop: String,
    /// What it said.
    pub reply: String,
    /// Whether the sender is told with it that it takes long.
    pub is_delay_told: bool,
}
