//! Lists of messages: what is asked is looked for on several ways in turns, a little more each time, until one of them is
//! at its end or has enough. So the work is a small multiple of that of the shortest way, whatever the mailbox holds, and
//! no statistics are needed. It is counted, and past the budget refused.

mod expression;
mod extended;
mod plan;
mod search;
mod statement;
mod walk;

use crate::db::{ReadTx, values};
use crate::error::StoreError;
use crate::ids::{FolderId, MailboxId, MessageId};
use crate::model::condition::{BodyText, Condition, Field, FieldValue};
use crate::model::message::MessageRecord;
use crate::model::query::{ListQuery, Page, Position};
use crate::sql::derived::{TRAITS, sort_key, trait_value};
use expression::traits_of;
use plan::{Folders, PAIRS, Plan, Sorting, Wanted};
use std::cell::Cell;
use std::cmp::Ordering;
use walk::{Found, Walk};

/// Reads the text of a message, for a condition that speaks of it.
pub type ReadBody<'b> = &'b dyn Fn(&MessageRecord) -> Result<BodyText, StoreError>;

/// Rows of a way that are looked at in a first turn, and in the longest.
const FIRST_TURN: usize = 64;
const LONGEST_TURN: usize = 4096;

/// A look at one mailbox: what it may still cost.
struct Look<'l> {
    tx: &'l ReadTx<'l>,
    mailbox: MailboxId,
    wanted: Wanted,
    body: Option<ReadBody<'l>>,
    budget: Cell<u64>,
}

impl Look<'_> {
    /// Counts work.
    fn spend(&self, work: u64) -> Result<(), StoreError> {
        let left = self.budget.get().checked_sub(work).ok_or(StoreError::TooMuchWork)?;
        self.budget.set(left);
        Ok(())
    }

    /// Whether all that a plan gives is wanted.
    fn is_covered_by(&self, plan: &Plan) -> bool {
        let is_held = |index: &usize| plan.held.contains(index);
        (0..self.wanted.conjuncts.len()).all(|index| is_held(&index))
            && (plan.in_folder || matches!(&self.wanted.folders, Folders::Except(none) if none.is_empty()))
    }

    /// Which numbers of traits there are in the folders that are asked for: one step of an index each.
    fn existing_traits(&self) -> Result<Vec<(FolderId, i64)>, StoreError> {
        let sql = "SELECT traits FROM message WHERE mailbox = $1 AND folder = $2 AND traits > $3 ORDER BY traits LIMIT 1";
        let mut found = Vec::new();
        for folder in self.folders()? {
            let mut last = -1;
            while found.len() < PAIRS {
                let next = self.tx.row(sql, values![&self.mailbox.0, &folder.0, last], |row| row.integer(0))?;
                let Some(traits) = next else { break };
                found.push((folder, traits));
                last = traits;
            }
        }
        Ok(found)
    }

    /// The folders that are asked for in which there is anything.
    fn folders(&self) -> Result<Vec<FolderId>, StoreError> {
        match &self.wanted.folders {
            Folders::One(folder) => Ok(vec![*folder]),
            Folders::Except(left_out) => {
                let sql = "SELECT id FROM folder WHERE mailbox = $1 AND total_item_count > 0";
                let mut folders = self.tx.rows(sql, values![&self.mailbox.0], |row| row.fixed(0).map(FolderId))?;
                folders.retain(|folder| !left_out.contains(folder));
                Ok(folders)
            }
        }
    }

    fn walks<'p>(&self, plans: &'p [Plan]) -> Vec<Walk<'p>> {
        plans.iter().map(|plan| Walk::new(plan, self.is_covered_by(plan))).collect()
    }
}

impl<'t> ReadTx<'t> {
    /// Messages for which a condition holds, in an order. What it reads follows what is asked, not what is stored.
    ///
    /// # Errors
    /// [`StoreError::TooMuchWork`] past the budget; [`StoreError::Database`], and what `body` answers.
    pub fn list(&self, mailbox: MailboxId, query: &ListQuery, body: ReadBody<'_>) -> Result<Page, StoreError> {
        let look = self.look(mailbox, query, body)?;
        if let Some(searched) = &query.search {
            return search::page(&look, query, searched);
        }
        let plans = look.wanted.plans(|| look.existing_traits())?;
        let enough = query.top.saturating_add(1);
        let mut walks = look.walks(&plans);
        for walk in &mut walks {
            walk.start_after(query.after.as_ref(), query.skip);
        }
        let mut found = race(&look, &mut walks, enough)?;
        let more = found.len() == enough;
        found.truncate(enough - 1);
        let unread: Vec<MessageId> = found.iter().filter(|one| one.record.is_none()).map(|one| one.id).collect();
        let mut read = self.messages_by_id(mailbox, &unread)?;
        let items = found.into_iter().map(|one| {
            let record = one.record.or_else(|| read.remove(&one.id)).ok_or(StoreError::NotFound)?;
            Ok((record, Position { keys: one.keys, id: one.id }))
        });
        Ok(Page { items: items.collect::<Result<_, StoreError>>()?, more })
    }

    /// How many messages [`ReadTx::list`] would give in all; its place, order and page don't matter.
    ///
    /// # Errors
    /// As [`ReadTx::list`].
    pub fn count_listed(&self, mailbox: MailboxId, query: &ListQuery, body: ReadBody<'_>) -> Result<i64, StoreError> {
        let look = self.look(mailbox, query, body)?;
        if let Some(searched) = &query.search {
            return search::count(&look, query, searched);
        }
        if let Some(counted) = self.counted(&look)? {
            return Ok(counted);
        }
        let mut plans = look.wanted.plans(|| look.existing_traits())?;
        if let Some(plan) = plans.iter().find(|plan| look.is_covered_by(plan)) {
            return walk::count(&look, plan);
        }
        plans.iter_mut().for_each(|plan| plan.is_ordered = false);
        let mut walks = look.walks(&plans);
        walks.iter_mut().for_each(Walk::only_count);
        race(&look, &mut walks, usize::MAX)?;
        let done = walks.iter().find(|walk| walk.is_done());
        Ok(done.map_or(0, |walk| i64::try_from(walk.count()).unwrap_or(i64::MAX)))
    }

    fn look<'l>(&'l self, mailbox: MailboxId, query: &ListQuery, body: ReadBody<'l>) -> Result<Look<'l>, StoreError>
    where
        't: 'l,
    {
        let folders = match query.folder {
            Some(folder) => Folders::One(folder),
            None => Folders::Except(self.folders_left_out(mailbox)?),
        };
        let condition = query.condition.clone().resolved(&|name| self.well_known_folder(mailbox, name))?;
        let body = condition.reads_body().then_some(body);
        let wanted = Wanted::of(folders, condition, &query.order);
        Ok(Look { tx: self, mailbox, wanted, body, budget: Cell::new(query.budget) })
    }

    /// The folders whose messages stand in no list but their own, as far as there are any in them.
    pub(super) fn folders_left_out(&self, mailbox: MailboxId) -> Result<Vec<FolderId>, StoreError> {
        self.rows(
            "SELECT id FROM folder WHERE mailbox = $1 AND total_item_count > 0
             AND (well_known_name = 'recoverableitemsdeletions' OR removal IS NOT NULL)",
            values![&mailbox.0],
            |row| row.fixed(0).map(FolderId),
        )
    }

    /// The number of all messages, of those read or of those unread, which folders count.
    fn counted(&self, look: &Look<'_>) -> Result<Option<i64>, StoreError> {
        let counts = match look.wanted.conjuncts.as_slice() {
            [] => "total_item_count",
            [one] if is_read(one) == Some(0) => "unread_item_count",
            [one] if is_read(one) == Some(1) => "total_item_count - unread_item_count",
            _ => return Ok(None),
        };
        let (list, sign) = match &look.wanted.folders {
            Folders::One(folder) => (std::slice::from_ref(folder), "IN"),
            Folders::Except(folders) => (folders.as_slice(), "NOT IN"),
        };
        let mut statement = statement::Statement::default();
        statement.push(&format!("SELECT CAST(coalesce(sum({counts}), 0) AS BIGINT) FROM folder WHERE mailbox = "));
        statement.value(FieldValue::Octets(look.mailbox.0.to_vec()));
        statement.folders(&format!(" AND id {sign} "), list);
        self.row(statement.sql(), &statement.values(), |row| row.integer(0))
    }
}

/// The value of isRead in all messages for which a condition holds, if it says just this.
fn is_read(condition: &Condition) -> Option<i64> {
    let wanted = traits_of(condition)?;
    let value = trait_value(*wanted.first()?, Field::IsRead)?;
    let all = (0..TRAITS).filter(|traits| trait_value(*traits, Field::IsRead) == Some(value));
    all.eq(wanted.iter().copied()).then_some(value)
}

/// Goes on in turns until one way is at its end or has enough; answers what it found, in the order that is wanted.
fn race(look: &Look<'_>, walks: &mut [Walk<'_>], enough: usize) -> Result<Vec<Found>, StoreError> {
    let mut turn = enough.clamp(FIRST_TURN, LONGEST_TURN);
    loop {
        for walk in walks.iter_mut() {
            walk.advance(look, turn, enough)?;
            if walk.is_done() {
                return Ok(walk.take_found(look, enough));
            }
        }
        turn = (turn * 2).min(LONGEST_TURN);
    }
}

impl Sorting {
    /// What a message is sorted by.
    fn keys_of(&self, record: &MessageRecord) -> Vec<FieldValue> {
        self.keys.iter().map(|key| sort_key(key.field, record)).collect()
    }

    /// How two messages stand to each other.
    fn compare(&self, one: (&[FieldValue], &[u8; 16]), other: (&[FieldValue], &[u8; 16])) -> Ordering {
        let directed = |order: Ordering, descending: bool| if descending { order.reverse() } else { order };
        let by_keys = self
            .keys
            .iter()
            .zip(one.0.iter().zip(other.0))
            .map(|(key, (one, other))| directed(one.partial_cmp(other).unwrap_or(Ordering::Equal), key.descending));
        let mut all = by_keys.chain([directed(one.1.cmp(other.1), self.id_descending)]);
        all.find(|order| order.is_ne()).unwrap_or(Ordering::Equal)
    }
}
