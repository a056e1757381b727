//! Ways to the messages that a list asks for: each walks one index, or several side by side, between two ends. Which one
//! is short can't be known without looking; `list` tries them in turns.

use super::expression::{is_cut, traits_of};
use super::extended;
use crate::ids::FolderId;
use crate::model::condition::{Collection, Condition, Field, FieldValue, Operator, TextPlace};
use crate::model::query::OrderKey;
use crate::sql::derived::{column, trait_value};
use std::cmp::Ordering;

/// Numbers of traits that folders are looked through for at most.
pub(super) const PAIRS: usize = 1000;

/// Runs that are walked side by side at most.
const RUNS: usize = 200;

/// Which messages of a mailbox a list is of.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Folders {
    Except(Vec<FolderId>),
    One(FolderId),
}

/// What a list asks, taken apart.
#[derive(Debug)]
pub(super) struct Wanted {
    pub(super) folders: Folders,
    /// All of these hold.
    pub(super) conjuncts: Vec<Condition>,
    /// Those of the conjuncts that speak of traits alone, and what is left of all traits by them.
    pub(super) traits: Option<(Vec<usize>, Vec<i64>)>,
    pub(super) sorting: Sorting,
}

/// What a list is sorted by: keys that may differ, then the id.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Sorting {
    pub(super) keys: Vec<OrderKey>,
    pub(super) id_descending: bool,
}

/// A way to the messages.
#[derive(Debug)]
pub(super) struct Plan {
    /// One after the other.
    pub(super) segments: Vec<Segment>,
    /// Whether they come as the list wants them.
    pub(super) is_ordered: bool,
    pub(super) descending: bool,
    /// Conjuncts that hold for all that comes.
    pub(super) held: Vec<usize>,
    /// Whether all that comes stands in the folder that is asked for.
    pub(super) in_folder: bool,
}

/// Runs that are walked side by side, merged by what they are sorted by.
#[derive(Debug, Clone)]
pub(super) struct Segment {
    pub(super) runs: Vec<Run>,
    /// What they are sorted by; the id is the last.
    pub(super) walk: Vec<Field>,
    /// The value of the list's first key in all of them, where that is no part of the walk.
    pub(super) key: Option<i64>,
}

/// A stretch of one index.
#[derive(Debug, Clone, Default)]
pub(super) struct Run {
    pub(super) of: Source,
    /// Its first columns, each with its value.
    pub(super) equal: Vec<(&'static str, FieldValue)>,
    /// Where the column behind them begins and ends.
    pub(super) bounds: Vec<(&'static str, Operator, FieldValue)>,
    /// What holds for the messages of the index, or is asked besides.
    pub(super) only: &'static str,
    /// A field that another column has here.
    pub(super) instead: Option<(Field, &'static str)>,
}

/// The table whose index it is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Source {
    Category,
    Extended,
    #[default]
    Message,
}

const NEWEST: [Field; 2] = [Field::ReceivedDateTime, Field::Id];

/// Fields that an index leads with.
const LEADS: [Field; 8] = [
    Field::ConversationId,
    Field::CreatedDateTime,
    Field::FromAddress,
    Field::InternetMessageId,
    Field::LastModifiedDateTime,
    Field::SenderAddress,
    Field::SentDateTime,
    Field::Subject,
];

impl Wanted {
    pub(super) fn of(folders: Folders, condition: Condition, order: &[OrderKey]) -> Wanted {
        let mut conjuncts = Vec::new();
        flatten(condition, &mut conjuncts);
        let traits = common_traits(&conjuncts);
        let mut wanted = Wanted { folders, conjuncts, traits, sorting: Sorting { keys: Vec::new(), id_descending: true } };
        wanted.sorting = wanted.sorting_by(order);
        wanted
    }

    /// The order that is asked for, without what is the same in all messages; then the date and the id.
    fn sorting_by(&self, order: &[OrderKey]) -> Sorting {
        let mut descending = order.last().is_none_or(|last| last.descending);
        let mut keys: Vec<OrderKey> = Vec::new();
        let date = OrderKey { field: Field::ReceivedDateTime, descending };
        for key in order.iter().chain([&date]) {
            if key.field == Field::Id {
                descending = key.descending;
                break;
            }
            if !keys.iter().any(|one| one.field == key.field) && !self.is_fixed(key.field) {
                keys.push(*key);
            }
        }
        Sorting { keys, id_descending: descending }
    }

    fn is_fixed(&self, field: Field) -> bool {
        let by_traits = self.traits.as_ref().is_some_and(|(_, left)| {
            let mut values = left.iter().map(|traits| trait_value(*traits, field));
            let first = values.next().flatten();
            first.is_some() && values.all(|value| value == first)
        });
        let by_folder = field == Field::ParentFolderId && matches!(self.folders, Folders::One(_));
        let by_condition = |one: &Condition| matches!(one, Condition::Compare { field: of, operator: Operator::Equal, value } if *of == field && !is_cut(value));
        by_traits || by_folder || self.conjuncts.iter().any(by_condition)
    }

    /// The ways there are; `existing` tells which numbers of traits the folders have, unless there are too many.
    pub(super) fn plans<E>(&self, existing: impl FnOnce() -> Result<Vec<(FolderId, i64)>, E>) -> Result<Vec<Plan>, E> {
        let mut plans: Vec<Plan> = Vec::new();
        plans.extend((0..self.conjuncts.len()).filter_map(|index| self.by_equality(index)));
        plans.extend(self.conjuncts.iter().filter_map(|one| self.by_extended(one)));
        let first = self.sorting.keys.first().map(|key| key.field);
        let by_trait = first.filter(|field| trait_value(0, *field).is_some() && self.walks(&[*field, NEWEST[0], NEWEST[1]]));
        if self.traits.is_some() || by_trait.is_some() {
            plans.extend(self.by_traits(by_trait, &existing()?));
        }
        let lead = first.filter(|field| LEADS.contains(field) && self.walks(&[*field, NEWEST[0], NEWEST[1]]));
        plans.extend(lead.map(|field| self.along(field)));
        plans.extend(
            LEADS.into_iter().filter(|field| Some(*field) != lead && !self.bounds(*field).is_empty()).map(|f| self.along(f)),
        );
        if self.walks(&[Field::Id]) {
            plans.push(self.plan(
                vec![Segment { runs: vec![Run::default()], walk: vec![Field::Id], key: None }],
                Vec::new(),
                false,
            ));
        }
        if self.walks(&[Field::ParentFolderId, NEWEST[0], NEWEST[1]]) {
            let walk = vec![Field::ParentFolderId, NEWEST[0], NEWEST[1]];
            plans.push(self.plan(vec![Segment { runs: vec![Run::default()], walk, key: None }], Vec::new(), false));
        }
        plans.push(self.base());
        Ok(plans)
    }

    /// Whether messages in this order, or in its reverse, come as the list wants them.
    fn walks(&self, walk: &[Field]) -> bool {
        let Sorting { keys, id_descending } = &self.sorting;
        keys.iter().map(|key| key.field).chain([Field::Id]).eq(walk.iter().copied())
            && keys.iter().all(|key| key.descending == *id_descending)
    }

    fn plan(&self, segments: Vec<Segment>, held: Vec<usize>, in_folder: bool) -> Plan {
        let is_ordered = segments.first().is_none_or(|segment| match segment.key {
            Some(_) => true,
            None => segments.len() == 1 && self.walks(&segment.walk),
        });
        Plan { segments, is_ordered, descending: self.sorting.id_descending, held, in_folder }
    }

    /// All messages of the folder, or of the mailbox, by date.
    fn base(&self) -> Plan {
        let (bounds, held) = self.date_bounds();
        let (equal, in_folder) = match &self.folders {
            Folders::One(folder) => (vec![("m.folder", octets(folder.0))], true),
            Folders::Except(_) => (Vec::new(), false),
        };
        let run = Run { equal, bounds, ..Run::default() };
        self.plan(vec![Segment { runs: vec![run], walk: NEWEST.to_vec(), key: None }], held, in_folder)
    }

    /// Those for which a conjunct holds that names values, by date.
    fn by_equality(&self, index: usize) -> Option<Plan> {
        let named = named(self.conjuncts.get(index)?)?;
        let (bounds, mut held) = self.date_bounds();
        held.push(index);
        let is_person = |one: &Named| one.column == "m.from_key" || one.column == "m.sender_key";
        if named.iter().any(|one| is_person(one) && one.value == FieldValue::Text(String::new())) {
            held.pop(); // a message without the person has that key too
        }
        let run = |one: Named| Run {
            of: if one.of_category { Source::Category } else { Source::Message },
            equal: vec![(one.column, one.value)],
            bounds: bounds.iter().map(|(column, sign, value)| (dated(column, one.of_category), *sign, value.clone())).collect(),
            ..Run::default()
        };
        let is_sender = |one: &Run| one.equal.iter().any(|(column, _)| *column == "m.sender_key");
        let runs = named.into_iter().map(run).flat_map(|one| if is_sender(&one) { by_sender(one) } else { vec![one] }).collect();
        Some(self.plan(vec![Segment { runs, walk: NEWEST.to_vec(), key: None }], held, false))
    }

    /// Those with an extended property that a conjunct asks for, in no order that a list wants.
    fn by_extended(&self, conjunct: &Condition) -> Option<Plan> {
        let Condition::Extended(condition) = conjunct else { return None };
        let run = Run { of: Source::Extended, equal: extended::led_by(condition), ..Run::default() };
        Some(self.plan(vec![Segment { runs: vec![run], walk: vec![Field::Id], key: None }], Vec::new(), false))
    }

    /// Those with the traits that are wanted, by date; or by the trait that is the list's first key, and then by date.
    fn by_traits(&self, key: Option<Field>, existing: &[(FolderId, i64)]) -> Option<Plan> {
        let (bounds, mut held) = self.date_bounds();
        let wanted = self.traits.as_ref();
        held.extend(wanted.iter().flat_map(|(held, _)| held));
        let is_wanted = |traits: &i64| wanted.is_none_or(|(_, left)| left.contains(traits));
        let left: Vec<&(FolderId, i64)> = existing.iter().filter(|(_, traits)| is_wanted(traits)).collect();
        if existing.len() >= PAIRS || left.len() > RUNS {
            return None;
        }
        let run = |(folder, traits): &(FolderId, i64)| Run {
            equal: vec![("m.folder", octets(folder.0)), ("m.traits", FieldValue::Integer(*traits))],
            bounds: bounds.clone(),
            ..Run::default()
        };
        let segment =
            |of: Vec<&(FolderId, i64)>, key| Segment { runs: of.into_iter().map(run).collect(), walk: NEWEST.to_vec(), key };
        let segments = match key {
            None if left.is_empty() => Vec::new(),
            None => vec![segment(left, None)],
            Some(field) => {
                let mut values: Vec<i64> = left.iter().filter_map(|(_, traits)| trait_value(*traits, field)).collect();
                values.sort_unstable();
                values.dedup();
                if self.sorting.id_descending {
                    values.reverse();
                }
                let of = |value| left.iter().copied().filter(|(_, traits)| trait_value(*traits, field) == Some(value)).collect();
                values.into_iter().map(|value| segment(of(value), Some(value))).collect()
            }
        };
        Some(self.plan(segments, held, true))
    }

    /// The index that leads with a field, between the bounds that conjuncts set it.
    fn along(&self, field: Field) -> Plan {
        let walk = vec![field, NEWEST[0], NEWEST[1]];
        let bounds = self.bounds(field).into_iter().map(|(sign, value)| (column(field).unwrap_or_default(), sign, value));
        let run = Run { bounds: bounds.collect(), ..Run::default() };
        let runs = if field == Field::SenderAddress { by_sender(run) } else { vec![run] };
        self.plan(vec![Segment { runs, walk, key: None }], Vec::new(), false)
    }

    fn bounds(&self, field: Field) -> Vec<(Operator, FieldValue)> {
        self.conjuncts.iter().flat_map(|one| bounds(one, field)).collect()
    }

    /// The bounds of the date, and which conjuncts they are.
    fn date_bounds(&self) -> (Vec<(&'static str, Operator, FieldValue)>, Vec<usize>) {
        let mut found = (Vec::new(), Vec::new());
        for (index, one) in self.conjuncts.iter().enumerate() {
            for (sign, value) in bounds(one, Field::ReceivedDateTime) {
                found.0.push((RECEIVED, sign, value));
                found.1.push(index);
            }
        }
        found
    }
}

/// The sender has an index of those alone whose message is from somebody else: the others are found by whom it is from.
fn by_sender(run: Run) -> Vec<Run> {
    const SENDER: &str = "m.sender_key";
    const FROM: &str = "m.from_key";
    let renamed = |column: &'static str| if column == SENDER { FROM } else { column };
    let as_from = Run {
        equal: run.equal.iter().map(|(column, value)| (renamed(column), value.clone())).collect(),
        bounds: run.bounds.iter().map(|(column, sign, value)| (renamed(column), *sign, value.clone())).collect(),
        only: "m.sender_key = m.from_key",
        instead: Some((Field::SenderAddress, FROM)),
        ..Run::default()
    };
    vec![as_from, Run { only: "m.sender_key <> m.from_key", ..run }]
}

const RECEIVED: &str = "m.received_date_time";

fn dated(column: &'static str, of_category: bool) -> &'static str {
    if of_category { "c.received_date_time" } else { column }
}

fn octets(id: [u8; 16]) -> FieldValue {
    FieldValue::Octets(id.to_vec())
}

fn flatten(condition: Condition, into: &mut Vec<Condition>) {
    match condition {
        Condition::All(list) => list.into_iter().for_each(|one| flatten(one, into)),
        other => into.push(other),
    }
}

fn common_traits(conjuncts: &[Condition]) -> Option<(Vec<usize>, Vec<i64>)> {
    let mut common: Option<(Vec<usize>, Vec<i64>)> = None;
    for (index, condition) in conjuncts.iter().enumerate() {
        let Some(wanted) = traits_of(condition) else { continue };
        let (held, left) = common.get_or_insert_with(|| (Vec::new(), wanted.clone()));
        held.push(index);
        left.retain(|traits| wanted.contains(traits));
    }
    common
}

/// A column of which a conjunct names a value.
struct Named {
    of_category: bool,
    column: &'static str,
    value: FieldValue,
}

/// What a conjunct names that an index finds: one value, or several of which one is enough.
fn named(condition: &Condition) -> Option<Vec<Named>> {
    let mut list = match condition {
        Condition::Any(list) if !list.is_empty() && list.len() <= RUNS => {
            let each: Option<Vec<_>> = list.iter().map(named).collect();
            each?.into_iter().flatten().collect()
        }
        Condition::Compare { field, operator: Operator::Equal, value } if !is_cut(value) => {
            let is_led = LEADS.contains(field) || matches!(field, Field::Id | Field::ParentFolderId);
            let column = column(*field).filter(|_| is_led)?;
            vec![Named { of_category: false, column, value: value.clone() }]
        }
        Condition::Member { collection: Collection::Categories, all: false, condition } => match &**condition {
            Condition::Compare { field: Field::MemberName, operator: Operator::Equal, value } if !is_cut(value) => {
                vec![Named { of_category: true, column: "c.name_key", value: value.clone() }]
            }
            _ => return None,
        },
        _ => return None,
    };
    // Two runs must have no message in common, or it would come twice: one column, one value each.
    list.sort_by(|one, other| one.value.partial_cmp(&other.value).unwrap_or(Ordering::Equal));
    list.dedup_by(|one, other| one.column == other.column && one.value == other.value);
    let first = list.first()?;
    let alike = list.iter().all(|one| one.column == first.column) && (list.len() == 1 || !first.of_category);
    (alike && list.len() <= RUNS).then_some(list)
}

/// The ends that a conjunct sets the values of a field.
fn bounds(condition: &Condition, of: Field) -> Vec<(Operator, FieldValue)> {
    match condition {
        Condition::Compare { field, operator, value } if *field == of && *operator != Operator::NotEqual && !is_cut(value) => {
            vec![(*operator, value.clone())]
        }
        Condition::Text { field, place: TextPlace::Beginning, text } if *field == of && !text.is_empty() => {
            let text = FieldValue::Text(text.clone());
            if is_cut(&text) {
                return Vec::new();
            }
            let FieldValue::Text(begin) = &text else { return Vec::new() };
            let end = FieldValue::Text(format!("{begin}{}", char::MAX));
            vec![(Operator::GreaterOrEqual, text), (Operator::Less, end)]
        }
        _ => Vec::new(),
    }
}
