//! Lists of what is found in texts. In their own order they are walked as the index of texts has them. For any other order
//! the messages that are found are sorted, where they are few; else the list is walked in its order, and each message is
//! looked up in the index.

use super::Look;
use super::walk::{self, FOUND, READ};
use crate::error::StoreError;
use crate::ids::MessageId;
use crate::model::condition::FieldValue;
use crate::model::message::MessageRecord;
use crate::model::query::{ListQuery, Page, Position};
use crate::model::search::SearchQuery;
use crate::sql::messages::AT_ONCE;
use crate::sql::search::{END, Place, Sought};
use std::cmp::Ordering;
use std::collections::{HashMap, VecDeque};

/// Messages that are sorted at most.
const SORTED: usize = 5_000;
/// Messages that are asked for in a first turn, and in the longest.
const FIRST_TURN: usize = 64;
const LONGEST_TURN: usize = 1024;

/// A page of what is found.
pub(super) fn page(look: &Look<'_>, query: &ListQuery, search: &SearchQuery) -> Result<Page, StoreError> {
    let sought = sought(look, query, search);
    if query.order.is_empty() {
        return by_sending(look, sought, query);
    }
    let hits = look.tx.hits(sought, END, (0, SORTED + 1))?;
    if hits.len() > SORTED { in_order(look, sought, query) } else { sorted(look, query, &hits) }
}

/// How many are found.
pub(super) fn count(look: &Look<'_>, query: &ListQuery, search: &SearchQuery) -> Result<i64, StoreError> {
    let sought = sought(look, query, search);
    if look.wanted.conjuncts.is_empty() {
        return look.tx.count_hits(sought);
    }
    let (mut count, mut walk) = (0, Hits::after(END));
    while let Some((_, record)) = walk.next(look, sought)? {
        count += i64::from(wanted(look, query, record)?.is_some());
    }
    Ok(count)
}

fn sought<'s>(look: &Look<'_>, query: &ListQuery, search: &'s SearchQuery) -> Sought<'s> {
    Sought { mailbox: look.mailbox, folder: query.folder, query: search }
}

/// The latest sent first.
fn by_sending(look: &Look<'_>, sought: Sought<'_>, query: &ListQuery) -> Result<Page, StoreError> {
    let before = match query.after.as_ref().map(|after| after.keys.as_slice()) {
        Some([FieldValue::Integer(place)]) => *place,
        _ => END,
    };
    let (mut walk, mut skip) = (Hits::after(before), query.skip);
    if look.wanted.conjuncts.is_empty() {
        (walk.skip, skip) = (skip, 0);
    }
    walk.turn = query.top.saturating_add(1).clamp(1, LONGEST_TURN);
    let mut items = Vec::new();
    while let Some((place, record)) = walk.next(look, sought)? {
        let Some(record) = wanted(look, query, record)? else { continue };
        let id = record.id;
        if skip > 0 {
            skip -= 1;
        } else if items.len() == query.top {
            return Ok(Page { items, more: true });
        } else {
            items.push((record, Position { keys: vec![FieldValue::Integer(place)], id }));
        }
    }
    Ok(Page { items, more: false })
}

/// All that are found, sorted.
fn sorted(look: &Look<'_>, query: &ListQuery, hits: &[(Place, MessageId)]) -> Result<Page, StoreError> {
    let sorting = &look.wanted.sorting;
    let mut items = Vec::new();
    for some in hits.chunks(AT_ONCE) {
        for (_, record) in records(look, some)? {
            let Some(record) = wanted(look, query, record)? else { continue };
            let position = Position { keys: sorting.keys_of(&record), id: record.id };
            let is_behind = |after: &Position| compared(look, &position, after).is_gt();
            if query.after.as_ref().is_none_or(is_behind) {
                items.push((record, position));
            }
        }
    }
    items.sort_by(|(_, one), (_, other)| compared(look, one, other));
    let mut items: Vec<_> = items.into_iter().skip(query.skip).take(query.top.saturating_add(1)).collect();
    let more = items.len() > query.top;
    items.truncate(query.top);
    Ok(Page { items, more })
}

fn compared(look: &Look<'_>, one: &Position, other: &Position) -> Ordering {
    look.wanted.sorting.compare((&one.keys, &one.id.0), (&other.keys, &other.id.0))
}

/// The list in its order, and of it what is found.
fn in_order(look: &Look<'_>, sought: Sought<'_>, query: &ListQuery) -> Result<Page, StoreError> {
    let (mut items, mut skip, mut after) = (Vec::new(), query.skip, query.after.clone());
    let mut turn = FIRST_TURN;
    loop {
        let stretch = ListQuery { search: None, after, skip: 0, top: turn, budget: look.budget.get(), ..query.clone() };
        let none = |_: &MessageRecord| Err(StoreError::TooMuchWork);
        let page = look.tx.list(look.mailbox, &stretch, look.body.unwrap_or(&none))?;
        after = page.items.last().map(|(_, position)| position.clone());
        for (record, position) in page.items {
            look.spend(READ)?;
            if !look.tx.is_hit(sought, record.id)? {
                continue;
            }
            if skip > 0 {
                skip -= 1;
            } else if items.len() == query.top {
                return Ok(Page { items, more: true });
            } else {
                items.push((record, position));
            }
        }
        if !page.more {
            return Ok(Page { items, more: false });
        }
        turn = (turn * 2).min(LONGEST_TURN);
    }
}

/// A message that the index found, if it is wanted.
fn wanted(look: &Look<'_>, query: &ListQuery, record: MessageRecord) -> Result<Option<MessageRecord>, StoreError> {
    let record = walk::wanted(look, record, look.wanted.conjuncts.is_empty())?;
    Ok(record.filter(|record| query.folder.is_none_or(|folder| record.folder == folder)))
}

/// The rows of messages that the index found, as far as they are still there.
fn records(look: &Look<'_>, hits: &[(Place, MessageId)]) -> Result<Vec<(Place, MessageRecord)>, StoreError> {
    let ids: Vec<MessageId> = hits.iter().map(|(_, id)| *id).collect();
    let records = look.tx.messages(look.mailbox, &ids)?;
    let mut records: HashMap<MessageId, MessageRecord> = records.into_iter().map(|record| (record.id, record)).collect();
    Ok(hits.iter().filter_map(|(place, id)| Some((*place, records.remove(id)?))).collect())
}

/// A walk over what is found, the latest sent first.
struct Hits {
    before: Place,
    skip: usize,
    turn: usize,
    /// Those of the last turn that were not read yet.
    left: VecDeque<(Place, MessageId)>,
    /// Those that were not taken yet.
    read: VecDeque<(Place, MessageRecord)>,
    is_over: bool,
}

impl Hits {
    fn after(before: Place) -> Hits {
        Hits { before, skip: 0, turn: FIRST_TURN, left: VecDeque::new(), read: VecDeque::new(), is_over: false }
    }

    fn next(&mut self, look: &Look<'_>, sought: Sought<'_>) -> Result<Option<(Place, MessageRecord)>, StoreError> {
        while self.read.is_empty() && !(self.left.is_empty() && self.is_over) {
            if self.left.is_empty() {
                self.turn(look, sought)?;
            }
            let some: Vec<_> = self.left.drain(..AT_ONCE.min(self.left.len())).collect();
            self.read = records(look, &some)?.into();
        }
        Ok(self.read.pop_front())
    }

    fn turn(&mut self, look: &Look<'_>, sought: Sought<'_>) -> Result<(), StoreError> {
        let hits = look.tx.hits(sought, self.before, (std::mem::take(&mut self.skip), self.turn))?;
        look.spend(hits.len() as u64 * FOUND)?;
        self.is_over = hits.len() < self.turn;
        self.before = hits.last().map_or(self.before, |(place, _)| *place);
        self.turn = (self.turn * 2).min(LONGEST_TURN);
        self.left = hits.into();
        Ok(())
    }
}
