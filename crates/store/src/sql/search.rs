//! Looking for words: what is found is walked from the newest message backwards, so that a page costs what it shows.

mod expression;
mod index;
mod words;

pub(crate) use index::SEARCH_RULES;

use crate::db::{ReadTx, Value};
use crate::error::StoreError;
use crate::ids::{FolderId, MailboxId, MessageId};
use crate::model::folder::WellKnownName;
use crate::model::message::MessageRecord;
use crate::model::search::{Bounds, SearchPosition, SearchQuery, SearchRequest};
use expression::{Compiled, compile, expression, is_joinable, number_column};

/// Bits of a document's number below those of its mailbox.
const WITHIN_MAILBOX: u32 = 43;

/// A statement that grows, with the values of its parameters in order.
struct Statement {
    sql: String,
    values: Vec<Given>,
}

enum Given {
    Integer(i64),
    Text(String),
}

impl ReadTx<'_> {
    /// Messages in which something is found, the latest sent first, with their places.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub fn search(
        &self,
        mailbox: MailboxId,
        request: &SearchRequest,
    ) -> Result<Vec<(SearchPosition, MessageRecord)>, StoreError> {
        let before = request.after.map_or(1 << WITHIN_MAILBOX, |SearchPosition(place)| place.clamp(0, 1 << WITHIN_MAILBOX));
        let Some(mut found) = self.found("d.number, d.message", mailbox, request.folder, &request.query, before)? else {
            return Ok(Vec::new());
        };
        found.push(" ORDER BY search_text.rowid DESC LIMIT ");
        found.push_value(Given::Integer(request.top));
        found.push(" OFFSET ");
        found.push_value(Given::Integer(request.skip));
        let hits = self.rows(&found.sql, &found.values(), |row| Ok((row.integer(0)?, MessageId(row.fixed(1)?))))?;
        let mut messages = Vec::with_capacity(hits.len());
        for (number, id) in hits {
            // The index may be a moment behind: what was deleted or moved away since is not shown.
            let record = self.message(mailbox, id)?.filter(|record| request.folder.is_none_or(|folder| record.folder == folder));
            messages.extend(record.map(|record| (SearchPosition(number & ((1 << WITHIN_MAILBOX) - 1)), record)));
        }
        Ok(messages)
    }

    /// In how many messages something is found.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub fn count_found(&self, mailbox: MailboxId, folder: Option<FolderId>, query: &SearchQuery) -> Result<i64, StoreError> {
        let Some(found) = self.found("count(*)", mailbox, folder, query, 1 << WITHIN_MAILBOX)? else { return Ok(0) };
        Ok(self.row(&found.sql, &found.values(), |row| row.integer(0))?.unwrap_or(0))
    }

    /// Whether the index knows all changes of a mailbox up to this one, and all that was there before.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub fn is_indexed(&self, mailbox: MailboxId, modseq: i64) -> Result<bool, StoreError> {
        let indexed = self.indexed(mailbox)?;
        Ok(indexed.is_some_and(|indexed| indexed.walked.is_none() && indexed.modseq >= modseq))
    }

    /// The rows of what is found before a number; nothing where nothing can be.
    fn found(
        &self,
        what: &str,
        mailbox: MailboxId,
        folder: Option<FolderId>,
        query: &SearchQuery,
        before: i64,
    ) -> Result<Option<Statement>, StoreError> {
        let hidden = self.well_known_folder(mailbox, WellKnownName::RecoverableItemsDeletions)?;
        let (Some(indexed), Some(compiled)) = (self.indexed(mailbox)?, compile(query, folder, hidden)) else { return Ok(None) };
        let Compiled { expression, condition } = compiled;
        let first = indexed.number << WITHIN_MAILBOX;
        let needs_document = what != "count(*)" || !condition.is_empty();
        let join = if needs_document { " CROSS JOIN search_document d ON d.number = search_text.rowid" } else { "" };
        let mut statement = Statement { sql: format!("SELECT {what} FROM search_text{join} WHERE"), values: Vec::new() };
        statement.push_match(expression, (first, first + before));
        for part in &condition {
            statement.push(" AND ");
            statement.push_condition(part, (first, first + before));
        }
        Ok(Some(statement))
    }
}

impl Statement {
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
