//! What is asked of a list of messages, and what comes of it.

use super::condition::{Condition, Field, FieldValue};
use super::message::MessageRecord;
use super::search::SearchQuery;
use crate::ids::{FolderId, MessageId};
use serde::{Deserialize, Serialize};

/// Which messages of a mailbox, and in which order.
#[derive(Debug, Clone, PartialEq)]
pub struct ListQuery {
    /// Of this folder; else of every folder but the recoverable items.
    pub folder: Option<FolderId>,
    /// Only those for which this holds.
    pub condition: Condition,
    /// Only those in which this is found.
    pub search: Option<SearchQuery>,
    /// By what they are sorted. Where this leaves two alike, the date decides and then the id, in the last one's
    /// direction; of no keys, the newest come first, and of what is found the
    /// latest sent.
    pub order: Vec<OrderKey>,
    /// Only those after this place.
    pub after: Option<Position>,
    /// Then leave out so many.
    pub skip: usize,
    /// At most so many.
    pub top: usize,
    /// How much may be looked at: a message found by an index counts 1, one that is looked at 4, one whose row is read 20,
    /// one whose text is read 200.
    pub budget: u64,
}

/// A value to sort by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OrderKey {
    /// The value.
    pub field: Field,
    /// Whether the largest stands first.
    pub descending: bool,
}

/// A place in a list: after the message with these values and this id. It is good for the query that gave it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Position {
    /// What the list is sorted by.
    pub(crate) keys: Vec<FieldValue>,
    /// The id.
    pub(crate) id: MessageId,
}

/// A page of a list.
#[derive(Debug, Clone)]
pub struct Page {
    /// The messages, each with its place.
    pub items: Vec<(MessageRecord, Position)>,
    /// Whether there are others after them.
    pub more: bool,
}
