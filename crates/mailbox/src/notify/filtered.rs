//! What a subscription with a filter is told (Graph: outlook-change-notifications-overview): of a message that the filter lets in it is told
//! as of a new one, and of one that it lets in no more as of one that was deleted, whatever happened to it.
//!
//! Which messages it lets in now is known; which it let in when its receiver was last told is kept, a row for each.

use super::changes::{Following, MessageChange};
use super::{ROWS, without_the_last};
use std::collections::HashMap;
use store::{
    Candidate, ChangeTypes, Condition, FolderId, LoggedChange, MessageId, MessageRecord, Operation, ReadTx, StoreError,
    Subscription, WellKnownName,
};

/// What is told, and what is kept once it is.
pub(super) struct Told {
    pub(super) changes: Vec<MessageChange>,
    /// Up to which change that is all.
    pub(super) up_to: i64,
    /// Messages that the filter lets in by now, or no more.
    pub(super) members: Vec<(MessageId, bool)>,
}

/// What a subscription is to be told, at most so much.
pub(super) fn told(
    tx: &ReadTx<'_>,
    of: &Subscription,
    condition: &Condition,
    last: i64,
    most: usize,
) -> Result<Told, StoreError> {
    let hidden = tx.well_known_folder(of.mailbox, WellKnownName::RecoverableItemsDeletions)?;
    let all_types = ChangeTypes::all();
    let following = Following { folder: of.folder, change_types: &all_types, hidden };
    let mut rows = tx.changes_after(of.mailbox, of.modseq, ROWS)?;
    let is_cut = i64::try_from(rows.len()).is_ok_and(|count| count == ROWS);
    if is_cut {
        without_the_last(&mut rows);
    }
    let mut states = States { tx, of, condition, hidden, seen: HashMap::new() };
    let mut told = Told { changes: Vec::new(), up_to: of.modseq, members: Vec::new() };
    let mut is_full = false;
    for change in seen(&following, &rows) {
        if told.changes.len() == most {
            is_full = true;
            break;
        }
        let state = states.of(change.message)?;
        let operation = match (state.was, state.is) {
            (false, true) => Some(Operation::Created),
            (true, true) => Some(Operation::Updated),
            (true, false) => Some(Operation::Deleted),
            (false, false) => None,
        };
        state.was = state.is;
        told.up_to = change.modseq;
        told.changes
            .extend(operation.filter(|one| of.change_types.have(*one)).map(|operation| MessageChange { operation, ..change }));
    }
    if !is_full {
        told.up_to = if is_cut { rows.last().map_or(of.modseq, |row| row.modseq) } else { last };
    }
    told.members =
        states.seen.into_iter().filter(|(_, state)| state.kept != state.is).map(|(id, state)| (id, state.is)).collect();
    Ok(told)
}

/// What happened where it is followed, whatever kind of change it was.
fn seen(following: &Following<'_>, rows: &[LoggedChange]) -> Vec<MessageChange> {
    following.told(rows, rows.len()).0
}

/// Whether the filter lets messages in, by what is kept and by what they are now.
struct States<'t> {
    tx: &'t ReadTx<'t>,
    of: &'t Subscription,
    condition: &'t Condition,
    hidden: FolderId,
    seen: HashMap<MessageId, State>,
}

struct State {
    /// As it is kept.
    kept: bool,
    /// As its receiver knows it, by what is told together.
    was: bool,
    is: bool,
}

impl States<'_> {
    fn of(&mut self, id: MessageId) -> Result<&mut State, StoreError> {
        if !self.seen.contains_key(&id) {
            let kept = self.tx.is_subscription_member(self.of.mailbox, self.of.id, id)?;
            let is = self.tx.message(self.of.mailbox, id)?.is_some_and(|record| self.lets_in(&record));
            self.seen.insert(id, State { kept, was: kept, is });
        }
        self.seen.get_mut(&id).ok_or(StoreError::NotFound)
    }

    fn lets_in(&self, record: &MessageRecord) -> bool {
        let is_there = self.of.folder.map_or(record.folder != self.hidden, |folder| record.folder == folder);
        is_there && self.condition.holds(Candidate::new(record, None))
    }
}
