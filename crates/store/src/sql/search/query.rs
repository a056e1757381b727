//! What is looked for, before any index has it in its own language.

use super::words::{PRIVATE, is_wordless};
use crate::ids::FolderId;
use crate::model::search::{NumberField, SearchQuery, TextField};
use std::fmt::Write;

/// Octets of one text that is looked for.
pub(super) const LOOKED_FOR: usize = 8 * 1024;

/// What is to be found in one mailbox.
pub(super) struct Wanted {
    /// The mailbox's number in the index.
    pub(super) mailbox: i64,
    /// In this folder alone.
    pub(super) only: Option<FolderId>,
    /// In none of these folders.
    pub(super) but: Vec<FolderId>,
    /// All of these; each says something.
    pub(super) parts: Vec<SearchQuery>,
}

/// The parts that must all hold; nothing where the query says nothing.
pub(super) fn parts(query: &SearchQuery) -> Option<Vec<SearchQuery>> {
    Some(match without_wordless(query)? {
        SearchQuery::All(parts) => parts,
        other => vec![other],
    })
}

/// The words of `place`: what a message is by few values.
pub(super) fn folder_word(folder: FolderId) -> String {
    folder.0.iter().fold(format!("{PRIVATE}f"), |mut word, octet| {
        let _ = write!(word, "{octet:02x}");
        word
    })
}

pub(super) fn importance_word(importance: &str) -> String {
    format!("{PRIVATE}i{importance}")
}

pub(super) fn attachments_word() -> String {
    format!("{PRIVATE}a")
}

pub(super) fn everything_word() -> String {
    format!("{PRIVATE}e")
}

/// The query without texts that have no word; nothing where nothing is left.
fn without_wordless(query: &SearchQuery) -> Option<SearchQuery> {
    let each = |list: &[SearchQuery]| {
        let kept: Vec<SearchQuery> = list.iter().filter_map(without_wordless).collect();
        (!kept.is_empty()).then_some(kept)
    };
    match query {
        SearchQuery::All(list) => each(list).map(|kept| SearchQuery::All(flat(kept))),
        SearchQuery::Any(list) => each(list).map(SearchQuery::Any),
        SearchQuery::Not(inner) => match without_wordless(inner)? {
            SearchQuery::Not(twice) => Some(*twice),
            once => Some(SearchQuery::Not(Box::new(once))),
        },
        SearchQuery::Words { text, .. } if is_wordless(text) => None,
        other => Some(other.clone()),
    }
}

/// All of all of them is all of them.
fn flat(list: Vec<SearchQuery>) -> Vec<SearchQuery> {
    let within = |query| match query {
        SearchQuery::All(inner) => inner,
        other => vec![other],
    };
    list.into_iter().flat_map(within).collect()
}

/// The columns of an index of texts, in their order; the last is of words that nobody can write.
pub(super) const COLUMNS: [&str; 8] =
    ["subject", "body", "sender", "to_recipients", "cc_recipients", "bcc_recipients", "attachments", "place"];

/// The column of a text.
pub(super) fn column(field: TextField) -> &'static str {
    match field {
        TextField::Attachment => "attachments",
        TextField::Bcc => "bcc_recipients",
        TextField::Body => "body",
        TextField::Cc => "cc_recipients",
        TextField::From => "sender",
        TextField::Subject => "subject",
        TextField::To => "to_recipients",
    }
}

/// The column of a number.
pub(super) fn number_column(field: NumberField) -> &'static str {
    match field {
        NumberField::ReceivedDateTime => "d.received_date_time",
        NumberField::SentDateTime => "d.sent_date_time",
        NumberField::Size => "d.size",
    }
}
