//! What is looked for in the texts of messages, and what the index of texts is told of one.

use crate::ids::MessageId;

/// What is looked for. Texts are compared without regard to case and diacritics, word by word.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SearchQuery {
    /// All of them.
    All(Vec<SearchQuery>),
    /// One of them.
    Any(Vec<SearchQuery>),
    /// Every message.
    Everything,
    /// Messages with attachments that are not inline.
    HasAttachments,
    /// low, normal, high
    Importance(String),
    /// What is not found by it.
    Not(Box<SearchQuery>),
    /// A number within bounds.
    Number(NumberField, Bounds),
    /// Words in this order, one right after the other. A text without any word says nothing.
    Words {
        /// Where; in all fields where none is named.
        within: Vec<TextField>,
        /// As written.
        text: String,
        /// Whether the last word is only the beginning of one.
        prefix: bool,
    },
}

/// A text that is indexed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TextField {
    /// Names of attachments
    Attachment,
    /// Bcc, names and addresses
    Bcc,
    /// The text of the message
    Body,
    /// Cc, names and addresses
    Cc,
    /// From and Sender, names and addresses
    From,
    /// Subject
    Subject,
    /// To, names and addresses
    To,
}

/// A number that is indexed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NumberField {
    /// In microseconds since 1970.
    ReceivedDateTime,
    /// In microseconds since 1970.
    SentDateTime,
    /// In octets.
    Size,
}

/// From a number on, up to but without another one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bounds {
    /// The least.
    pub from: i64,
    /// The first that is too much.
    pub to: i64,
}

/// The texts of a message that its row doesn't hold.
#[derive(Debug, Clone, Default)]
pub struct MessageTexts {
    /// The text that is shown.
    pub body: String,
    /// Names of attachments.
    pub attachments: Vec<String>,
}

/// How much of a mailbox the index of texts knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Indexed {
    pub(crate) number: i64,
    /// Its changes up to this one.
    pub(crate) modseq: i64,
    /// Of what was there before them, the messages up to this id; `None` once all are known.
    pub(crate) walked: Option<Vec<u8>>,
}

/// Messages that the index of texts has to look at next.
#[derive(Debug, Clone)]
pub struct Unindexed {
    /// Those that changed or came; some may be gone.
    pub messages: Vec<MessageId>,
    /// What is known of the mailbox once they are indexed.
    pub then: Indexed,
    /// Whether there are more.
    pub more: bool,
}
