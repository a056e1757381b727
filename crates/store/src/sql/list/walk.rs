//! One way to the messages, walked a stretch at a time: the runs of a segment between where the last stretch ended and
//! their end, merged by what they are sorted by, and for each row whether SQL can tell that it isn't wanted.

use super::expression::{self, Reach, sign};
use super::extended;
use super::plan::{Folders, Plan, Run, Segment, Source};
use super::statement::Statement;
use super::{Look, Sorting};
use crate::db::Row;
use crate::error::StoreError;
use crate::ids::MessageId;
use crate::model::condition::{Candidate, Condition, Field, FieldValue};
use crate::model::message::MessageRecord;
use crate::model::query::Position;
use crate::sql::derived::column;
use std::collections::{HashMap, VecDeque};

/// What a row costs: found by its index, looked at by SQL, read, and read with its text. Text costs more for each so many
/// octets.
pub(super) const FOUND: u64 = 1;
const LOOKED_AT: u64 = 4;
pub(super) const READ: u64 = 20;
const READ_WITH_BODY: u64 = 200;
const OCTETS: u64 = 1024;

/// A message that is wanted.
pub(super) struct Found {
    pub(super) keys: Vec<FieldValue>,
    pub(super) id: MessageId,
    pub(super) record: Option<MessageRecord>,
}

/// How far a way was walked.
pub(super) struct Walk<'p> {
    plan: &'p Plan,
    covered: bool,
    after: Option<Position>,
    /// Messages that are still to be left out.
    skip: usize,
    /// The segment, where in it the walk begins, and its runs once it has begun.
    segment: usize,
    last: Option<Vec<FieldValue>>,
    pending: Vec<Pending>,
    only_counts: bool,
    found: Vec<Found>,
    count: usize,
    done: bool,
}

/// A run under way.
struct Pending {
    /// Rows that were read and not passed yet.
    rows: VecDeque<Passed>,
    /// The last that was read.
    last: Option<Vec<FieldValue>>,
    is_at_end: bool,
}

/// Rows of one run among several that are read at a time, at least.
const AT_LEAST: usize = 8;

/// A row of a stretch.
struct Passed {
    /// The values that the way is sorted by, the id the last.
    place: Vec<FieldValue>,
    may_be_wanted: bool,
}

impl<'p> Walk<'p> {
    pub(super) fn new(plan: &'p Plan, covered: bool) -> Walk<'p> {
        Walk {
            plan,
            covered,
            after: None,
            skip: 0,
            segment: 0,
            last: None,
            pending: Vec::new(),
            only_counts: false,
            found: Vec::new(),
            count: 0,
            done: false,
        }
    }

    /// Starts behind a place, or passes over what stands before it, and leaves out so many.
    pub(super) fn start_after(&mut self, after: Option<&Position>, skip: usize) {
        self.skip = skip;
        let Some(after) = after else { return };
        if !self.plan.is_ordered {
            self.after = Some(after.clone());
            return;
        }
        let mut place = after.keys.clone();
        let is_keyed = self.plan.segments.first().is_some_and(|segment| segment.key.is_some());
        if is_keyed && !place.is_empty() {
            let key = place.remove(0);
            let found = self.plan.segments.iter().position(|segment| segment.key.map(FieldValue::Integer) == Some(key.clone()));
            // A segment that is gone was followed by those behind it.
            let behind = |segment: &Segment| match (segment.key, &key) {
                (Some(own), FieldValue::Integer(key)) => (own < *key) == self.plan.descending,
                _ => true,
            };
            let Some(found) = found else {
                self.segment = self.plan.segments.iter().position(behind).unwrap_or(self.plan.segments.len());
                return;
            };
            self.segment = found;
        }
        place.push(FieldValue::Octets(after.id.0.to_vec()));
        self.last = Some(place);
    }

    /// Keeps no messages.
    pub(super) fn only_count(&mut self) {
        self.only_counts = true;
    }

    pub(super) fn is_done(&self) -> bool {
        self.done
    }

    pub(super) fn count(&self) -> usize {
        self.count
    }

    /// What was found, sorted as it is wanted.
    pub(super) fn take_found(&mut self, look: &Look<'_>, enough: usize) -> Vec<Found> {
        let mut found = std::mem::take(&mut self.found);
        if !self.plan.is_ordered {
            let sorting = &look.wanted.sorting;
            found.sort_by(|one, other| sorting.compare((&one.keys, &one.id.0), (&other.keys, &other.id.0)));
            found.drain(..self.skip.min(found.len()));
            found.truncate(enough);
        }
        found
    }

    /// Looks at so many rows more, or at fewer where there are `enough`.
    pub(super) fn advance(&mut self, look: &Look<'_>, rows: usize, enough: usize) -> Result<(), StoreError> {
        let Some(segment) = self.plan.segments.get(self.segment).filter(|_| !self.done) else {
            self.done = true;
            return Ok(());
        };
        let rows = if self.covered && self.plan.is_ordered {
            rows.min((enough - self.found.len()).saturating_add(self.skip))
        } else {
            rows
        };
        let passed = self.stretch(look, segment, rows)?;
        let is_end = passed.len() < rows;
        let (mut ahead, mut read) = (passed.as_slice(), HashMap::new());
        while let [row, behind @ ..] = ahead {
            if row.may_be_wanted {
                self.take(look, segment, (&row.place, behind), &mut read)?;
            }
            ahead = behind;
            if self.plan.is_ordered && self.found.len() >= enough {
                self.done = true;
                return Ok(());
            }
        }
        if is_end {
            (self.segment, self.last) = (self.segment + 1, None);
            self.pending.clear();
            self.done = self.segment >= self.plan.segments.len();
        }
        Ok(())
    }

    /// Keeps a message, if it is wanted. What is behind it may be read with it.
    fn take(
        &mut self,
        look: &Look<'_>,
        segment: &Segment,
        (place, behind): (&[FieldValue], &[Passed]),
        read: &mut HashMap<MessageId, MessageRecord>,
    ) -> Result<(), StoreError> {
        let Some(id) = id_at(place) else { return Err(StoreError::Corrupt("a message's id".to_owned())) };
        let sorting = &look.wanted.sorting;
        let known = known_keys(sorting, segment, place);
        let mut record = None;
        if !self.covered || (known.is_none() && !self.only_counts) {
            if !read.contains_key(&id) {
                let ids = behind.iter().filter(|row| row.may_be_wanted).filter_map(|row| id_at(&row.place));
                let ids: Vec<MessageId> = [id].into_iter().chain(ids).take(look.tx.read_at_once()).collect();
                *read = look.tx.messages_by_id(look.mailbox, &ids)?;
            }
            let found = read.remove(&id).ok_or(StoreError::NotFound)?;
            let Some(found) = wanted(look, found, self.covered)? else { return Ok(()) };
            record = Some(found);
        }
        self.count += 1;
        if self.only_counts {
            return Ok(());
        }
        if self.plan.is_ordered && self.skip > 0 {
            self.skip -= 1;
            return Ok(());
        }
        let keys = known.or_else(|| record.as_ref().map(|record| sorting.keys_of(record))).unwrap_or_default();
        let is_before = |after: &Position| sorting.compare((&keys, &id.0), (&after.keys, &after.id.0)).is_le();
        if !self.after.as_ref().is_some_and(is_before) {
            self.found.push(Found { keys, id, record });
        }
        Ok(())
    }

    /// The next rows of all runs, merged. No engine can be trusted to merge without sorting, so it is done here.
    fn stretch(&mut self, look: &Look<'_>, segment: &Segment, rows: usize) -> Result<Vec<Passed>, StoreError> {
        if self.pending.is_empty() {
            let pending = |_| Pending { rows: VecDeque::new(), last: self.last.clone(), is_at_end: false };
            self.pending = segment.runs.iter().map(pending).collect();
        }
        let each = if segment.runs.len() == 1 { rows } else { (rows / segment.runs.len()).max(AT_LEAST) };
        let mut merged = Vec::new();
        while merged.len() < rows {
            let mut next: Option<usize> = None;
            for (index, run) in segment.runs.iter().enumerate() {
                self.fetch(look, (segment, run), index, each)?;
                let is_next = match (self.first(index), next.and_then(|next| self.first(next))) {
                    (Some(one), Some(other)) => (one < other) != self.plan.descending,
                    (one, _) => one.is_some(),
                };
                next = if is_next { Some(index) } else { next };
            }
            let Some(row) = next.and_then(|next| self.pending.get_mut(next)?.rows.pop_front()) else { break };
            merged.push(row);
        }
        Ok(merged)
    }

    /// Where the next row of a run stands.
    fn first(&self, run: usize) -> Option<&[FieldValue]> {
        self.pending.get(run)?.rows.front().map(|row| row.place.as_slice())
    }

    /// Reads rows of a run, where there are none at hand.
    fn fetch(&mut self, look: &Look<'_>, (segment, run): (&Segment, &Run), index: usize, rows: usize) -> Result<(), StoreError> {
        let Some(pending) = self.pending.get(index).filter(|pending| pending.rows.is_empty() && !pending.is_at_end) else {
            return Ok(());
        };
        let mut statement = Statement::default();
        statement.push("SELECT ");
        for field in &segment.walk {
            statement.push(run.column(*field));
            statement.push(", ");
        }
        self.verdict(look, &mut statement);
        run.write_from(&mut statement, look);
        if let Some(last) = &pending.last {
            run.write_behind(&mut statement, &segment.walk, last, self.plan.descending);
        }
        let direction = if self.plan.descending { "DESC" } else { "ASC" };
        let order: Vec<String> = (1..=segment.walk.len()).map(|place| format!("{place} {direction}")).collect();
        statement.push(&format!(" ORDER BY {} LIMIT ", order.join(", ")));
        statement.value(FieldValue::Integer(i64::try_from(rows).unwrap_or(i64::MAX)));
        let passed = look.tx.rows(statement.sql(), &statement.values(), |row| passed(row, &segment.walk))?;
        let each = if self.covered { FOUND } else { LOOKED_AT };
        look.spend(each * (passed.len() as u64 + 1))?;
        if let Some(pending) = self.pending.get_mut(index) {
            pending.is_at_end = passed.len() < rows;
            pending.last = passed.last().map(|row| row.place.clone());
            pending.rows = passed.into();
        }
        Ok(())
    }

    /// Whether a row may be wanted, as far as SQL can tell.
    fn verdict(&self, look: &Look<'_>, statement: &mut Statement) {
        if self.covered {
            return statement.push("1");
        }
        statement.push("CASE WHEN 1 = 1");
        match &look.wanted.folders {
            _ if self.plan.in_folder => {}
            Folders::One(folder) => statement.folders(" AND m.folder IN ", std::slice::from_ref(folder)),
            Folders::Except(folders) => statement.folders(" AND m.folder NOT IN ", folders),
        }
        for (index, conjunct) in look.wanted.conjuncts.iter().enumerate() {
            if !self.plan.held.contains(&index) {
                statement.push(" AND ");
                expression::write(statement, conjunct, Reach::Wide);
            }
        }
        statement.push(" THEN 1 ELSE 0 END");
    }
}

/// The number of all that a way gives which gives nothing else.
pub(super) fn count(look: &Look<'_>, plan: &Plan) -> Result<i64, StoreError> {
    let mut count = 0;
    for run in plan.segments.iter().flat_map(|segment| &segment.runs) {
        let left = i64::try_from(look.budget.get()).unwrap_or(i64::MAX).saturating_add(1);
        let mut statement = Statement::default();
        statement.push("SELECT count(*) FROM (SELECT 1");
        run.write_from(&mut statement, look);
        statement.push(" LIMIT ");
        statement.value(FieldValue::Integer(left));
        statement.push(") AS found");
        let found = look.tx.row(statement.sql(), &statement.values(), |row| row.integer(0))?.unwrap_or(0);
        look.spend(found.unsigned_abs() * FOUND)?;
        count += found;
    }
    Ok(count)
}

impl Run {
    fn column(&self, field: Field) -> &'static str {
        match field {
            _ if self.instead.is_some_and(|(of, _)| of == field) => self.instead.map_or("", |(_, column)| column),
            Field::ReceivedDateTime if self.of == Source::Category => "c.received_date_time",
            Field::Id if self.of == Source::Category => "c.message",
            Field::Id if self.of == Source::Extended => "e.item",
            _ => column(field).unwrap_or_default(),
        }
    }

    /// The tables, the index's first columns and its bounds.
    fn write_from(&self, statement: &mut Statement, look: &Look<'_>) {
        // A cross join is walked in the order written.
        statement.push(match self.of {
            Source::Category => {
                " FROM message_category c CROSS JOIN message m WHERE m.mailbox = c.mailbox AND m.id = c.message AND c.mailbox = "
            }
            Source::Extended => {
                " FROM extended_property e CROSS JOIN message m WHERE m.mailbox = e.mailbox AND m.id = e.item AND e.mailbox = "
            }
            Source::Message => " FROM message m WHERE m.mailbox = ",
        });
        statement.value(FieldValue::Octets(look.mailbox.0.to_vec()));
        if !self.only.is_empty() {
            statement.push(&format!(" AND {}", self.only));
        }
        for (column, value) in &self.equal {
            statement.push(&format!(" AND {column} = "));
            statement.value(value.clone());
        }
        for (column, operator, value) in &self.bounds {
            statement.push(&format!(" AND {column} {} ", sign(*operator)));
            statement.value(value.clone());
        }
    }

    /// Only what stands behind a place.
    fn write_behind(&self, statement: &mut Statement, walk: &[Field], last: &[FieldValue], descending: bool) {
        let columns: Vec<&str> = walk.iter().map(|field| self.column(*field)).collect();
        statement.push(&format!(" AND ({}) {} (", columns.join(", "), if descending { "<" } else { ">" }));
        for (index, value) in last.iter().enumerate() {
            if index > 0 {
                statement.push(", ");
            }
            statement.value(value.clone());
        }
        statement.push(")");
    }
}

fn passed(row: &Row<'_>, walk: &[Field]) -> Result<Passed, StoreError> {
    let place = walk.iter().enumerate().map(|(column, _)| row.value(column)).collect::<Result<_, _>>()?;
    Ok(Passed { place, may_be_wanted: row.flag(walk.len())? })
}

/// What a message is sorted by, where the way has it.
fn known_keys(sorting: &Sorting, segment: &Segment, place: &[FieldValue]) -> Option<Vec<FieldValue>> {
    let known = |(index, field): (usize, Field)| match (index, segment.key) {
        (0, Some(key)) => Some(FieldValue::Integer(key)),
        _ => segment.walk.iter().position(|one| *one == field).and_then(|at| place.get(at).cloned()),
    };
    sorting.keys.iter().map(|key| key.field).enumerate().map(known).collect()
}

/// The message at a place, the id of which is the last of its values.
fn id_at(place: &[FieldValue]) -> Option<MessageId> {
    match place.last() {
        Some(FieldValue::Octets(id)) => MessageId::from_slice(id),
        _ => None,
    }
}

/// A message, if it is wanted.
pub(super) fn wanted(look: &Look<'_>, record: MessageRecord, covered: bool) -> Result<Option<MessageRecord>, StoreError> {
    look.spend(READ)?;
    if covered {
        return Ok(Some(record));
    }
    let body = match look.body {
        Some(read) => {
            look.spend(READ_WITH_BODY + record.size.unsigned_abs() / OCTETS)?;
            Some(read(&record)?)
        }
        None => None,
    };
    let candidate = Candidate::new(&record, body.as_ref());
    for conjunct in &look.wanted.conjuncts {
        if !holds(look, conjunct, candidate)? {
            return Ok(None);
        }
    }
    Ok(Some(record))
}

/// Whether a condition holds for a message; what it asks of extended properties is looked up.
fn holds(look: &Look<'_>, condition: &Condition, of: Candidate<'_>) -> Result<bool, StoreError> {
    if !condition.reads_extended() {
        return Ok(condition.holds(of));
    }
    let settled = condition.settled(&|extended| extended::holds(look, of.record.id, extended))?;
    Ok(settled.holds(of))
}
