//! What is looked for, as SQLite's full text (FTS5) and SQL have it. What a person wrote only ever stands between double
//! quotes here, and holds none (`words::prepared`): it can't be anything but words.

use super::words::{PRIVATE, is_wordless, prepared};
use crate::ids::FolderId;
use crate::model::search::{NumberField, SearchQuery, TextField};
use std::fmt::Write;

/// Octets of one text that is looked for.
const LOOKED_FOR: usize = 8 * 1024;
/// Levels of one expression: FTS5's parser takes about thirty.
const LEVELS: usize = 12;

/// What the full text finds, and what SQL leaves of it.
pub(super) struct Compiled {
    /// In FTS5's language.
    pub(super) expression: String,
    /// Texts, each alone, of which every one must be found; what few messages have may be among them.
    pub(super) texts: Vec<String>,
    /// What must hold too: a condition on `d`, a row of `search_document`.
    pub(super) condition: Vec<SearchQuery>,
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

/// A query, of the messages of one folder or of all but some. Nothing where it says nothing.
pub(super) fn compile(query: &SearchQuery, only: Option<FolderId>, but: &[FolderId]) -> Option<Compiled> {
    let query = without_wordless(query)?;
    let parts = match query {
        SearchQuery::All(parts) => parts,
        other => vec![other],
    };
    let word = |folder: &FolderId| quoted(&folder_word(*folder));
    let mut texts = Vec::new();
    let mut left_out: Vec<String> = but.iter().map(word).collect();
    let mut condition = Vec::new();
    for part in parts {
        match (expression(&part), part) {
            (None, part) => condition.push(part),
            (Some(_), SearchQuery::Not(inner)) => left_out.extend(expression(&inner)),
            (Some(text), _) => texts.push(text),
        }
    }
    let found = only.iter().map(word).chain(texts.iter().cloned()).collect();
    Some(Compiled { expression: all(found, left_out), texts, condition })
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

/// The query in FTS5's language; nothing where a number is asked for, or where it is deeper than FTS5 takes it.
pub(super) fn expression(query: &SearchQuery) -> Option<String> {
    if levels(query) <= LEVELS { shallow(query) } else { None }
}

/// Whether a list of such queries has an expression.
pub(super) fn is_joinable(query: &SearchQuery) -> bool {
    levels(query) < LEVELS && shallow(query).is_some()
}

fn levels(query: &SearchQuery) -> usize {
    match query {
        SearchQuery::All(list) | SearchQuery::Any(list) => 1 + list.iter().map(levels).max().unwrap_or(0),
        SearchQuery::Not(inner) => 1 + levels(inner),
        _ => 1,
    }
}

fn shallow(query: &SearchQuery) -> Option<String> {
    Some(match query {
        SearchQuery::All(list) => {
            let (not, found): (Vec<_>, Vec<_>) = list.iter().partition(|query| matches!(query, SearchQuery::Not(_)));
            let found = found.into_iter().map(shallow).collect::<Option<_>>()?;
            all(found, not.into_iter().map(negated).collect::<Option<_>>()?)
        }
        SearchQuery::Any(list) => joined(list.iter().map(shallow).collect::<Option<_>>()?, " OR "),
        SearchQuery::Everything => quoted(&everything_word()),
        SearchQuery::HasAttachments => quoted(&attachments_word()),
        SearchQuery::Importance(importance) => quoted(&importance_word(importance)),
        SearchQuery::Not(_) => all(Vec::new(), vec![negated(query)?]),
        SearchQuery::Number(..) => return None,
        SearchQuery::Words { within, text, prefix } => {
            let columns: Vec<&str> = within.iter().map(|&field| column(field)).collect();
            let filter = if columns.is_empty() { String::new() } else { format!("{{{}}} : ", columns.join(" ")) };
            format!("{filter}{}{}", quoted(&prepared(text, LOOKED_FOR)), if *prefix { " *" } else { "" })
        }
    })
}

fn negated(query: &SearchQuery) -> Option<String> {
    match query {
        SearchQuery::Not(inner) => shallow(inner),
        other => shallow(other),
    }
}

/// All of one list and none of the other. Only a positive one can be found: with none, it is everything.
fn all(mut found: Vec<String>, left_out: Vec<String>) -> String {
    if found.is_empty() {
        found.push(quoted(&everything_word()));
    }
    let found = joined(found, " AND ");
    if left_out.is_empty() { found } else { format!("({found} NOT {})", joined(left_out, " OR ")) }
}

fn joined(mut list: Vec<String>, operator: &str) -> String {
    if list.len() == 1 { list.swap_remove(0) } else { format!("({})", list.join(operator)) }
}

fn quoted(text: &str) -> String {
    format!("\"{text}\"")
}

fn column(field: TextField) -> &'static str {
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
