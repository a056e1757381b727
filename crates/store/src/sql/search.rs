//! Looking for words: what is found is walked from the newest message backwards, so that a page costs what it shows.

mod expression;
mod index;
mod words;

pub(crate) use index::SEARCH_RULES;

use crate::db::{ReadTx, Value, values};
use crate::error::StoreError;
use crate::ids::{FolderId, MailboxId, MessageId};
use crate::model::search::{Bounds, SearchQuery};
use expression::{Compiled, compile, expression, is_joinable, number_column};

/// Bits of a document's number below those of its mailbox.
const WITHIN_MAILBOX: u32 = 43;

/// A text is rare that fewer messages have than this.
const RARE: i64 = 128;

/// A statement that grows, with the values of its parameters in order.
struct Statement {
    sql: String,
    values: Vec<Given>,
}

enum Given {
    Integer(i64),
    Text(String),
}

/// A place among what is found: the second in which the message was sent, and its place in that second.
pub(super) type Place = i64;

/// From a place up to another.
type Places = (Place, Place);

/// Behind all places.
pub(super) const END: Place = 1 << WITHIN_MAILBOX;

/// What is looked for, and where.
#[derive(Clone, Copy)]
pub(super) struct Sought<'s> {
    pub(super) mailbox: MailboxId,
    /// In this folder; else in every folder whose messages all lists have.
    pub(super) folder: Option<FolderId>,
    pub(super) query: &'s SearchQuery,
}

impl ReadTx<'_> {
    /// Messages in which something is found before a place, the latest sent first, leaving out `skip`, at most `top`. The
    /// index may be a moment behind: some may be gone, or have moved.
    pub(super) fn hits(
        &self,
        sought: Sought<'_>,
        before: Place,
        (skip, top): (usize, usize),
    ) -> Result<Vec<(Place, MessageId)>, StoreError> {
        let Some(ready) = self.ready(sought)? else { return Ok(Vec::new()) };
        let places = (0, before.clamp(0, END));
        let mut found = ready.found("d.number, d.message", places);
        // FTS5 passes over what has but one of two words in far less time forwards than backwards. So what can't be much is
        // found forwards and then sorted, which the plus asks for.
        let sign = if self.has_rare_text(&ready, places)? { "+" } else { "" };
        found.push(&format!(" ORDER BY {sign}search_text.rowid DESC LIMIT "));
        found.push_value(Given::Integer(i64::try_from(top).unwrap_or(i64::MAX)));
        found.push(" OFFSET ");
        found.push_value(Given::Integer(i64::try_from(skip).unwrap_or(i64::MAX)));
        self.rows(&found.sql, &found.values(), |row| Ok((row.integer(0)? & (END - 1), MessageId(row.fixed(1)?))))
    }

    /// Whether few messages have one of several words that must all be there.
    fn has_rare_text(&self, ready: &Ready, places: Places) -> Result<bool, StoreError> {
        for text in ready.compiled.texts.iter().filter(|text| **text != ready.compiled.expression) {
            let mut statement = Statement::new("SELECT 1 FROM search_text WHERE".to_owned());
            statement.push_match(text.clone(), ready.numbers(places));
            statement.push(" ORDER BY search_text.rowid DESC LIMIT 1 OFFSET ");
            statement.push_value(Given::Integer(RARE - 1));
            if self.row(&statement.sql, &statement.values(), |_| Ok(()))?.is_none() {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// In how many messages something is found.
    pub(super) fn count_hits(&self, sought: Sought<'_>) -> Result<i64, StoreError> {
        let Some(ready) = self.ready(sought)? else { return Ok(0) };
        let found = ready.found("count(*)", (0, END));
        Ok(self.row(&found.sql, &found.values(), |row| row.integer(0))?.unwrap_or(0))
    }

    /// Whether something is found in a message.
    pub(super) fn is_hit(&self, sought: Sought<'_>, id: MessageId) -> Result<bool, StoreError> {
        let sql = "SELECT d.number FROM search_mailbox s JOIN search_document d ON d.mailbox = s.number AND d.message = $1
                   WHERE s.mailbox = $2";
        let number = self.row(sql, values![&id.0, &sought.mailbox.0], |row| row.integer(0))?;
        let Some(place) = number.map(|number| number & (END - 1)) else { return Ok(false) };
        let Some(ready) = self.ready(sought)? else { return Ok(false) };
        let found = ready.found("1", (place, place + 1));
        Ok(self.row(&found.sql, &found.values(), |_| Ok(()))?.is_some())
    }

    /// Whether the index knows all changes of a mailbox up to this one, and all that was there before.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub fn is_indexed(&self, mailbox: MailboxId, modseq: i64) -> Result<bool, StoreError> {
        let indexed = self.indexed(mailbox)?;
        Ok(indexed.is_some_and(|indexed| indexed.walked.is_none() && indexed.modseq >= modseq))
    }

    /// What is looked for, where there is an index and anything can be found.
    fn ready(&self, sought: Sought<'_>) -> Result<Option<Ready>, StoreError> {
        let Sought { mailbox, folder, query } = sought;
        let left_out = if folder.is_none() { self.folders_left_out(mailbox)? } else { Vec::new() };
        let compiled = compile(query, folder, &left_out);
        Ok(self.indexed(mailbox)?.zip(compiled).map(|(indexed, compiled)| Ready { mailbox: indexed.number, compiled }))
    }
}

/// What is looked for in the mailbox of a number.
struct Ready {
    mailbox: i64,
    compiled: Compiled,
}

impl Ready {
    /// The rows of what is found from a place up to another.
    fn found(&self, what: &str, places: Places) -> Statement {
        let Compiled { expression, condition, .. } = &self.compiled;
        let range = self.numbers(condition.iter().fold(places, index::narrowed));
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

    /// Numbers of the documents from a place up to another.
    fn numbers(&self, (from, to): Places) -> (i64, i64) {
        let first = self.mailbox << WITHIN_MAILBOX;
        (first + from, first + to)
    }
}

impl Statement {
    fn new(sql: String) -> Statement {
        Statement { sql, values: Vec::new() }
    }

    fn push(&mut self, sql: &str) {
        self.sql.push_str(sql);
    }

    fn push_value(&mut self, value: Given) {
        self.values.push(value);
        self.sql += &format!("${}", self.values.len());
    }

    /// Documents from a number up to another in which the expression is found.
    fn push_match(&mut self, expression: String, (first, end): (i64, i64)) {
        self.push(" search_text MATCH ");
        self.push_value(Given::Text(expression));
        self.push(" AND search_text.rowid >= ");
        self.push_value(Given::Integer(first));
        self.push(" AND search_text.rowid < ");
        self.push_value(Given::Integer(end));
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
            SearchQuery::Number(field, Bounds { from, to }) => {
                let column = number_column(*field);
                self.push(&format!("({column} >= "));
                self.push_value(Given::Integer(*from));
                self.push(&format!(" AND {column} < "));
                self.push_value(Given::Integer(*to));
                self.push(")");
            }
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

    fn values(&self) -> Vec<Value<'_>> {
        let value = |given| match given {
            &Given::Integer(integer) => Value::Integer(integer),
            Given::Text(text) => Value::Text(text),
        };
        self.values.iter().map(value).collect()
    }
}

#[cfg(test)]
mod tests;
