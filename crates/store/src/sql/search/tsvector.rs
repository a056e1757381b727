//! The index of texts as PostgreSQL has it: a `tsvector` of a document's words, and its texts, word by word, for what a set
//! of words can't tell. Words are cut here, by the rules of SQLite's index, and no dictionary or locale changes them.
//!
//! A lexeme is the number of the mailbox, a capital for the column, and the word: the words of one mailbox stand together in
//! the index, and those of others cost nothing. The texts are such words without the number, each with a space behind it;
//! words have no capitals, no spaces and nothing that means anything in a `tsquery`, so nothing is to be escaped.

mod condition;
mod document;

pub(super) use document::{forget, forget_all, put};

use super::query::Wanted;
use super::statement::{Given, Statement};
use super::{END, Place, Places, index};
use crate::db::ReadTx;
use crate::error::StoreError;
use crate::ids::MessageId;
use crate::model::search::SearchQuery;
use condition::{Compiled, push_match};

/// Documents in the first stretch that is walked, and in the longest.
const STRETCH: usize = 32;
const LONGEST_STRETCH: usize = 512;
/// Where less than one document of so many is found, the index finds them faster than a walk.
const SPARSE: usize = 32;
/// Where so many are asked for, too.
const MANY: usize = 1000;

/// What must hold in this index alone, as [`super::index::search_rules`] has it.
pub(super) const RULE: (&str, &str) = (
    "a document of the index of texts has texts, and texts a document",
    "SELECT 'document ' || d.number FROM search_document d
     WHERE NOT EXISTS (SELECT 1 FROM search_text t WHERE t.number = d.number)
     UNION ALL SELECT 'texts ' || t.number FROM search_text t
     WHERE NOT EXISTS (SELECT 1 FROM search_document d WHERE d.number = t.number)",
);

/// See [`ReadTx::hits`]. Documents are walked while many of them are found; the rest is looked up in the index and sorted.
pub(super) fn hits(
    tx: &ReadTx<'_>,
    wanted: &Wanted,
    places: Places,
    (skip, top): (usize, usize),
) -> Result<Vec<(Place, MessageId)>, StoreError> {
    let compiled = wanted.compiled();
    let (from, mut before) = compiled.numbers(places);
    let (all, mut found, mut walked, mut stretch) = (skip.saturating_add(top), Vec::new(), 0, STRETCH);
    while all <= MANY && found.len() < all {
        let documents = compiled.walked(tx, (from, before), stretch)?;
        walked += documents.len();
        before = documents.last().filter(|_| documents.len() == stretch).map_or(from, |last| last.number);
        found.extend(documents.into_iter().filter(|document| document.is_hit).map(|document| document.hit));
        if before == from || found.len() * SPARSE < walked {
            break;
        }
        stretch = (stretch * 2).min(LONGEST_STRETCH);
    }
    if found.len() < all && before > from {
        found.extend(compiled.looked_up(tx, (from, before), all - found.len())?);
    }
    Ok(found.into_iter().skip(skip).take(top).collect())
}

/// See [`ReadTx::count_hits`].
pub(super) fn count(tx: &ReadTx<'_>, wanted: &Wanted) -> Result<i64, StoreError> {
    by_index(tx)?;
    let found = wanted.compiled().statement("SELECT count(*)", (0, END));
    Ok(tx.row(&found.sql, &found.values(), |row| row.integer(0))?.unwrap_or(0))
}

/// Whether something is found in the document of a place.
pub(super) fn is_hit(tx: &ReadTx<'_>, wanted: &Wanted, place: Place) -> Result<bool, StoreError> {
    let compiled = wanted.compiled();
    let (number, _) = wanted.numbers((place, END));
    Ok(compiled.walked(tx, (number, number + 1), 1)?.iter().any(|document| document.is_hit))
}

/// Has the planner take the index for what is looked up in it: it knows nothing of words that are rare in one mailbox, and
/// takes a look at each row for cheap. Nor would it be worth while to compile a statement.
fn by_index(tx: &ReadTx<'_>) -> Result<(), StoreError> {
    tx.row("SELECT set_config('enable_seqscan', 'off', true), set_config('jit', 'off', true)", &[], |_| Ok(())).map(drop)
}

/// A document that was looked at.
struct Walked {
    number: i64,
    hit: (Place, MessageId),
    is_hit: bool,
}

impl Compiled<'_> {
    /// Numbers of the documents that the places and the date of sending leave.
    fn numbers(&self, places: Places) -> (i64, i64) {
        self.wanted.numbers(self.wanted.parts.iter().fold(places, index::narrowed))
    }

    /// The last documents of some, and whether something is found in them.
    fn walked(&self, tx: &ReadTx<'_>, numbers: (i64, i64), top: usize) -> Result<Vec<Walked>, StoreError> {
        let mut statement = Statement::new("SELECT t.number, d.message, CASE WHEN ".to_owned());
        self.push_to(&mut statement);
        statement.push(&format!(" THEN 1 ELSE 0 END::bigint FROM search_text t {} WHERE ", document_of("t")));
        statement.push_range("t.number", numbers);
        statement.push(" ORDER BY t.number DESC LIMIT ");
        statement.push_value(Given::Integer(i64::try_from(top).unwrap_or(i64::MAX)));
        tx.rows(&statement.sql, &statement.values(), |row| {
            let number = row.integer(0)?;
            Ok(Walked { number, hit: (number & (END - 1), MessageId(row.fixed(1)?)), is_hit: row.flag(2)? })
        })
    }

    /// The last of what the index finds.
    fn looked_up(&self, tx: &ReadTx<'_>, numbers: (i64, i64), top: usize) -> Result<Vec<(Place, MessageId)>, StoreError> {
        by_index(tx)?;
        let mut statement = Statement::new("SELECT f.number, d.message FROM (".to_owned());
        self.push_found(&mut statement, "SELECT t.number", numbers);
        statement.push(" ORDER BY t.number + 0 DESC LIMIT ");
        statement.push_value(Given::Integer(i64::try_from(top).unwrap_or(i64::MAX)));
        statement.push(&format!(") f {} ORDER BY f.number DESC", document_of("f")));
        tx.rows(&statement.sql, &statement.values(), |row| Ok((row.integer(0)? & (END - 1), MessageId(row.fixed(1)?))))
    }

    /// What the index finds from a place up to another.
    fn statement(&self, what: &str, places: Places) -> Statement {
        let mut statement = Statement::new(String::new());
        self.push_found(&mut statement, what, self.numbers(places));
        statement
    }

    /// Numbers are added to, so that the index of words is taken and not that of numbers.
    fn push_found(&self, statement: &mut Statement, what: &str, numbers: (i64, i64)) {
        let needs_document = self.wanted.parts.iter().any(has_number);
        let document = if needs_document { document_of("t") } else { String::new() };
        statement.push(&format!("{what} FROM search_text t {document} WHERE "));
        self.push_to(statement);
        statement.push(" AND ");
        statement.push_range("t.number + 0", numbers);
    }

    /// What must hold for `t`, and for `d` where a number is asked for.
    fn push_to(&self, statement: &mut Statement) {
        push_match(statement, self.tsquery.clone());
        statement.push(" AND CASE WHEN t.is_cut = 0 THEN ");
        for part in &self.condition {
            self.wanted.push_condition(statement, part, false);
            statement.push(" AND ");
        }
        statement.push("TRUE ELSE ");
        for part in &self.wanted.parts {
            self.wanted.push_condition(statement, part, true);
            statement.push(" AND ");
        }
        push_match(statement, self.wanted.folders().tsquery);
        statement.push(" END");
    }
}

/// A row's document, looked up once the row is there. A limit keeps the planner from joining the tables in another way, which
/// would pass over documents of others.
fn document_of(table: &str) -> String {
    format!("CROSS JOIN LATERAL (SELECT * FROM search_document d WHERE d.number = {table}.number LIMIT 1) d")
}

/// Whether a number of a document is asked for.
fn has_number(query: &SearchQuery) -> bool {
    match query {
        SearchQuery::All(list) | SearchQuery::Any(list) => list.iter().any(has_number),
        SearchQuery::Not(inner) => has_number(inner),
        SearchQuery::Number(..) => true,
        _ => false,
    }
}
