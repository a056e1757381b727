//! Lists of what is found in texts. In their own order they are walked as the index of texts has them. For any other order
//! the messages that are found are sorted, where they are few; else the list is walked in its order, and each message is
//! looked up in the index.

use super::Look;
use super::walk::{FOUND, READ, wanted_record};
use crate::error::StoreError;
use crate::ids::MessageId;
use crate::model::condition::FieldValue;
use crate::model::message::MessageRecord;
use crate::model::query::{ListQuery, Page, Position};
use crate::model::search::SearchQuery;
use crate::sql::search::{END, Place, Sought};
use std::cmp::Ordering;

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
    if hits.len() > SORTED { in_order(look, sought, query) } else { sorted(look, query, hits) }
}

/// How many are found.
pub(super) fn count(look: &Look<'_>, query: &ListQuery, search: &SearchQuery) -> Result<i64, StoreError> {
    let sought = sought(look, query, search);
    if look.wanted.conjuncts.is_empty() {
        return look.tx.count_hits(sought);
    }
    let (mut count, mut walk) = (0, Hits::after(END));
    while let Some((_, id)) = walk.next(look, sought)? {
        count += i64::from(wanted(look, query, id)?.is_some());
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
    while let Some((place, id)) = walk.next(look, sought)? {
        let Some(record) = wanted(look, query, id)? else { continue };
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
fn sorted(look: &Look<'_>, query: &ListQuery, hits: Vec<(Place, MessageId)>) -> Result<Page, StoreError> {
    let sorting = &look.wanted.sorting;
    let mut items = Vec::new();
    for (_, id) in hits {
        let Some(record) = wanted(look, query, id)? else { continue };
        let position = Position { keys: sorting.keys_of(&record), id };
        let is_behind = |after: &Position| compared(look, &position, after).is_gt();
        if query.after.as_ref().is_none_or(is_behind) {
            items.push((record, position));
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

/// The row of a message that the index found, if it is wanted and still there.
fn wanted(look: &Look<'_>, query: &ListQuery, id: MessageId) -> Result<Option<MessageRecord>, StoreError> {
    let record = match wanted_record(look, id, look.wanted.conjuncts.is_empty()) {
        Err(StoreError::NotFound) => None,
        record => record?,
    };
    Ok(record.filter(|record| query.folder.is_none_or(|folder| record.folder == folder)))
}

/// A walk over what is found, the latest sent first.
struct Hits {
    before: Place,
    skip: usize,
    turn: usize,
    /// Those of the last turn that were not taken yet, the next one last.
    left: Vec<(Place, MessageId)>,
    is_over: bool,
}

impl Hits {
    fn after(before: Place) -> Hits {
        Hits { before, skip: 0, turn: FIRST_TURN, left: Vec::new(), is_over: false }
    }

    fn next(&mut self, look: &Look<'_>, sought: Sought<'_>) -> Result<Option<(Place, MessageId)>, StoreError> {
        if self.left.is_empty() && !self.is_over {
            self.left = look.tx.hits(sought, self.before, (std::mem::take(&mut self.skip), self.turn))?;
            look.spend(self.left.len() as u64 * FOUND)?;
            self.is_over = self.left.len() < self.turn;
            self.before = self.left.last().map_or(self.before, |(place, _)| *place);
            self.turn = (self.turn * 2).min(LONGEST_TURN);
            self.left.reverse();
        }
        Ok(self.left.pop())
    }
}
