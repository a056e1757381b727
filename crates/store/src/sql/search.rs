//! Looking for words: what is found is walked from the newest message backwards, so that a page costs what it shows. What is
//! looked for, and what of a message can be found, is the same for every engine; each has a language of its own for it.

mod fts5;
mod index;
mod query;
mod statement;
mod tsvector;
mod unicode61;
mod words;

pub(crate) use index::search_rules;

use crate::db::{Engine, ReadTx, values};
use crate::error::StoreError;
use crate::ids::{FolderId, MailboxId, MessageId};
use crate::model::search::SearchQuery;
use query::{Wanted, parts};

/// Bits of a document's number below those of its mailbox.
const WITHIN_MAILBOX: u32 = 43;

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
        let Some(wanted) = self.wanted(sought)? else { return Ok(Vec::new()) };
        let places = (0, before.clamp(0, END));
        match self.engine() {
            Engine::Postgres => tsvector::hits(self, &wanted, places, (skip, top)),
            Engine::Sqlite => fts5::hits(self, &wanted, places, (skip, top)),
        }
    }

    /// In how many messages something is found.
    pub(super) fn count_hits(&self, sought: Sought<'_>) -> Result<i64, StoreError> {
        let Some(wanted) = self.wanted(sought)? else { return Ok(0) };
        match self.engine() {
            Engine::Postgres => tsvector::count(self, &wanted),
            Engine::Sqlite => fts5::count(self, &wanted),
        }
    }

    /// Whether something is found in a message.
    pub(super) fn is_hit(&self, sought: Sought<'_>, id: MessageId) -> Result<bool, StoreError> {
        let sql = "SELECT d.number FROM search_mailbox s JOIN search_document d ON d.mailbox = s.number AND d.message = $1
                   WHERE s.mailbox = $2";
        let number = self.row(sql, values![&id.0, &sought.mailbox.0], |row| row.integer(0))?;
        let Some(place) = number.map(|number| number & (END - 1)) else { return Ok(false) };
        let Some(wanted) = self.wanted(sought)? else { return Ok(false) };
        match self.engine() {
            Engine::Postgres => tsvector::is_hit(self, &wanted, place),
            Engine::Sqlite => fts5::is_hit(self, &wanted, place),
        }
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
    fn wanted(&self, sought: Sought<'_>) -> Result<Option<Wanted>, StoreError> {
        let Sought { mailbox, folder: only, query } = sought;
        let but = if only.is_none() { self.folders_left_out(mailbox)? } else { Vec::new() };
        let found = self.indexed(mailbox)?.zip(parts(query));
        Ok(found.map(|(indexed, parts)| Wanted { mailbox: indexed.number, only, but, parts }))
    }
}

impl Wanted {
    /// Numbers of the documents from a place up to another.
    fn numbers(&self, (from, to): Places) -> (i64, i64) {
        let first = self.mailbox << WITHIN_MAILBOX;
        (first + from, first + to)
    }
}

#[cfg(test)]
mod tests;
