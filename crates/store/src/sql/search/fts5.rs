//! The index of texts as SQLite's full text (FTS5) has it. What a person wrote only ever stands between double quotes here,
//! and holds none (`words::prepared`): it can't be anything but words.

use super::query::{COLUMNS, LOOKED_FOR, Wanted, attachments_word, column, everything_word, folder_word, importance_word};
use super::statement::{Given, Statement};
use super::words::prepared;
use super::{END, Place, Places, index};
use crate::db::{IndexTx, ReadTx, Value, values};
use crate::error::StoreError;
use crate::ids::{FolderId, MessageId};
use crate::model::search::SearchQuery;

/// Levels of one expression: FTS5's parser takes about thirty.
const LEVELS: usize = 12;
/// A text is rare that fewer messages have than this.
const RARE: i64 = 128;

/// What must hold in this index alone, as [`super::index::search_rules`] has it.
pub(super) const RULE: (&str, &str) = (
    "a document of the index of texts has texts, and texts a document",
    "SELECT 'document ' || number FROM search_document WHERE number NOT IN (SELECT id FROM search_text_docsize)
     UNION ALL SELECT 'texts ' || id FROM search_text_docsize WHERE id NOT IN (SELECT number FROM search_document)",
);

/// What the full text finds, and what SQL leaves of it.
struct Compiled {
    /// In FTS5's language.
    expression: String,
    /// Texts, each alone, of which every one must be found; what few messages have may be among them.
    texts: Vec<String>,
    /// What must hold too: a condition on `d`, a row of `search_document`.
    condition: Vec<SearchQuery>,
}

/// See [`ReadTx::hits`].
pub(super) fn hits(
    tx: &ReadTx<'_>,
    wanted: &Wanted,
    places: Places,
    (skip, top): (usize, usize),
) -> Result<Vec<(Place, MessageId)>, StoreError> {
    let compiled = compile(wanted);
    let mut found = found(wanted, &compiled, "d.number, d.message", places);
    // FTS5 passes over what has but one of two words in far less time forwards than backwards. So what can't be much is
    // found forwards and then sorted, which the plus asks for.
    let sign = if has_rare_text(tx, wanted, &compiled, places)? { "+" } else { "" };
    found.push(&format!(" ORDER BY {sign}search_text.rowid DESC LIMIT "));
    found.push_value(Given::Integer(i64::try_from(top).unwrap_or(i64::MAX)));
    found.push(" OFFSET ");
    found.push_value(Given::Integer(i64::try_from(skip).unwrap_or(i64::MAX)));
    tx.rows(&found.sql, &found.values(), |row| Ok((row.integer(0)? & (END - 1), MessageId(row.fixed(1)?))))
}

/// Whether few messages have one of several words that must all be there.
fn has_rare_text(tx: &ReadTx<'_>, wanted: &Wanted, compiled: &Compiled, places: Places) -> Result<bool, StoreError> {
    for text in compiled.texts.iter().filter(|text| **text != compiled.expression) {
        let mut statement = Statement::new("SELECT 1 FROM search_text WHERE".to_owned());
        statement.push_match(text.clone(), wanted.numbers(places));
        statement.push(" ORDER BY search_text.rowid DESC LIMIT 1 OFFSET ");
        statement.push_value(Given::Integer(RARE - 1));
        if tx.row(&statement.sql, &statement.values(), |_| Ok(()))?.is_none() {
            return Ok(true);
        }
    }
    Ok(false)
}

/// See [`ReadTx::count_hits`].
pub(super) fn count(tx: &ReadTx<'_>, wanted: &Wanted) -> Result<i64, StoreError> {
    let found = found(wanted, &compile(wanted), "count(*)", (0, END));
    Ok(tx.row(&found.sql, &found.values(), |row| row.integer(0))?.unwrap_or(0))
}

/// Whether something is found in the document of a place.
pub(super) fn is_hit(tx: &ReadTx<'_>, wanted: &Wanted, place: Place) -> Result<bool, StoreError> {
    let found = found(wanted, &compile(wanted), "1", (place, place + 1));
    Ok(tx.row(&found.sql, &found.values(), |_| Ok(()))?.is_some())
}

/// Puts a document's texts into the index, in the order of [`COLUMNS`].
pub(super) fn put(tx: &mut IndexTx<'_>, number: i64, texts: &[String; 8]) -> Result<(), StoreError> {
    let columns = COLUMNS.join(", ");
    let sql = format!("INSERT INTO search_text (rowid, {columns}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)");
    let values: Vec<Value<'_>> = [Value::from(number)].into_iter().chain(texts.iter().map(Value::from)).collect();
    tx.execute(&sql, &values)?;
    Ok(())
}

/// Takes a document's texts out of the index.
pub(super) fn forget(tx: &mut IndexTx<'_>, number: i64) -> Result<(), StoreError> {
    tx.execute("DELETE FROM search_text WHERE rowid = $1", values![number])?;
    Ok(())
}

/// The same for all documents of a mailbox.
pub(super) fn forget_all(tx: &mut IndexTx<'_>, mailbox: i64) -> Result<(), StoreError> {
    let sql = "DELETE FROM search_text WHERE rowid IN (SELECT number FROM search_document WHERE mailbox = $1)";
    tx.execute(sql, values![mailbox])?;
    Ok(())
}

/// The rows of what is found from a place up to another.
fn found(wanted: &Wanted, compiled: &Compiled, what: &str, places: Places) -> Statement {
    let Compiled { expression, condition, .. } = compiled;
    let range = wanted.numbers(condition.iter().fold(places, index::narrowed));
    let needs_document = what.contains("d.") || !condition.is_empty();
    let join = if needs_document { " CROSS JOIN search_document d ON d.number = search_text.rowid" } else { "" };
    let mut statement = Statement::new(format!("SELECT {what} FROM search_text{join} WHERE"));
    statement.push_match(expression.clone(), range);
    for part in condition {
        statement.push(" AND ");
        statement.push_condition(part, range);
    }
    statement
}

impl Statement {
    /// Documents from a number up to another in which the expression is found.
    fn push_match(&mut self, expression: String, range: (i64, i64)) {
        self.push(" search_text MATCH ");
        self.push_value(Given::Text(expression));
        self.push(" AND ");
        self.push_range("search_text.rowid", range);
    }

    /// What must hold for `d`.
    fn push_condition(&mut self, query: &SearchQuery, range: (i64, i64)) {
        if let Some(expression) = expression(query) {
            self.push("d.number IN (SELECT search_text.rowid FROM search_text WHERE");
            self.push_match(expression, range);
            return self.push(")");
        }
        match query {
            SearchQuery::All(list) => self.push_joined(list, SearchQuery::All, range),
            SearchQuery::Any(list) => self.push_joined(list, SearchQuery::Any, range),
            SearchQuery::Not(inner) => {
                self.push("NOT (");
                self.push_condition(inner, range);
                self.push(")");
            }
            SearchQuery::Number(field, bounds) => self.push_number(*field, bounds),
            // Texts alone: found above.
            SearchQuery::Everything | SearchQuery::HasAttachments | SearchQuery::Importance(_) | SearchQuery::Words { .. } => {}
        }
    }

    /// The conditions of a list; what the full text can find of it, it finds at once.
    fn push_joined(&mut self, list: &[SearchQuery], join: fn(Vec<SearchQuery>) -> SearchQuery, range: (i64, i64)) {
        let operator = if matches!(join(Vec::new()), SearchQuery::All(_)) { " AND " } else { " OR " };
        let (texts, mut list): (Vec<_>, Vec<_>) = list.iter().cloned().partition(is_joinable);
        if !texts.is_empty() {
            list.push(join(texts));
        }
        for (index, query) in list.iter().enumerate() {
            self.push(if index == 0 { "(" } else { operator });
            self.push_condition(query, range);
        }
        self.push(")");
    }
}

/// What is wanted, of the messages of one folder or of all but some.
fn compile(wanted: &Wanted) -> Compiled {
    let word = |folder: &FolderId| quoted(&folder_word(*folder));
    let mut texts = Vec::new();
    let mut left_out: Vec<String> = wanted.but.iter().map(word).collect();
    let mut condition = Vec::new();
    for part in &wanted.parts {
        match (expression(part), part) {
            (None, part) => condition.push(part.clone()),
            (Some(_), SearchQuery::Not(inner)) => left_out.extend(expression(inner)),
            (Some(text), _) => texts.push(text),
        }
    }
    let found = wanted.only.iter().map(word).chain(texts.iter().cloned()).collect();
    Compiled { expression: all(found, left_out), texts, condition }
}

/// The query in FTS5's language; nothing where a number is asked for, or where it is deeper than FTS5 takes it.
fn expression(query: &SearchQuery) -> Option<String> {
    if levels(query) <= LEVELS { shallow(query) } else { None }
}

/// Whether a list of such queries has an expression.
fn is_joinable(query: &SearchQuery) -> bool {
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
