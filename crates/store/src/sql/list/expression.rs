//! A condition as text of SQL. What SQL can't say is said too widely or too narrowly, as is asked: then a row that
//! passes is looked at again as a whole ([`Condition::holds`]).

use super::extended;
use super::statement::Statement;
use crate::model::condition::{Collection, Condition, Field, FieldValue, Operator, TextPlace};
use crate::sql::derived::{self, KEY, TRAITS, trait_value};

/// What can't be said stands for all rows, or for none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reach {
    /// True at least wherever the condition holds.
    Wide,
    /// True at most there.
    Narrow,
}

impl Reach {
    fn opposite(self) -> Reach {
        if self == Reach::Wide { Reach::Narrow } else { Reach::Wide }
    }

    fn unsaid(self) -> &'static str {
        if self == Reach::Wide { "1 = 1" } else { "1 = 0" }
    }
}

/// Writes a condition on the row `m`.
pub(super) fn write(statement: &mut Statement, condition: &Condition, reach: Reach) {
    if let Some(wanted) = traits_of(condition) {
        let list: Vec<String> = wanted.iter().map(i64::to_string).collect();
        return statement.push(&if list.is_empty() { "1 = 0".to_owned() } else { format!("m.traits IN ({})", list.join(", ")) });
    }
    match condition {
        Condition::All(list) => joined(statement, list, " AND ", reach),
        Condition::Any(list) if list.is_empty() => statement.push("1 = 0"),
        Condition::Any(list) => joined(statement, list, " OR ", reach),
        Condition::Not(inner) => {
            statement.push("NOT ");
            parenthesized(statement, |statement| write(statement, inner, reach.opposite()));
        }
        Condition::Compare { field, operator, value } => compare(statement, *field, *operator, value, reach),
        Condition::Length { field: Field::Subject, operator, length } => {
            statement.push(&format!("length(m.subject) {} CAST(", sign(*operator)));
            statement.value(FieldValue::Integer(*length));
            statement.push(" AS BIGINT)"); // it may be more than any length is
        }
        Condition::Missing(field) => statement.push(match field {
            Field::FromAddress | Field::FromName => "m.from_recipients = '[]'",
            Field::SenderAddress | Field::SenderName => "m.sender = '[]'",
            _ => reach.unsaid(),
        }),
        Condition::Text { field, place, text } => contains(statement, *field, *place, text, reach),
        Condition::Extended(extended) => extended::write(statement, extended),
        Condition::Member { collection, all: false, condition } => member(statement, *collection, condition, reach),
        Condition::Length { .. } | Condition::Member { .. } => statement.push(reach.unsaid()),
    }
}

/// The numbers of traits for which a condition holds that speaks of nothing else.
pub(super) fn traits_of(condition: &Condition) -> Option<Vec<i64>> {
    let speaks_of_else = condition.has(&|one| match one {
        Condition::All(_) | Condition::Any(_) | Condition::Not(_) => false,
        Condition::Compare { field, .. } => trait_value(0, *field).is_none(),
        Condition::Extended(_)
        | Condition::Length { .. }
        | Condition::Member { .. }
        | Condition::Missing(_)
        | Condition::Text { .. } => true,
    });
    let speaks = condition.has(&|one| matches!(one, Condition::Compare { .. }));
    (speaks && !speaks_of_else).then(|| (0..TRAITS).filter(|traits| holds_of_traits(condition, *traits)).collect())
}

fn holds_of_traits(condition: &Condition, traits: i64) -> bool {
    match condition {
        Condition::All(list) => list.iter().all(|one| holds_of_traits(one, traits)),
        Condition::Any(list) => list.iter().any(|one| holds_of_traits(one, traits)),
        Condition::Not(inner) => !holds_of_traits(inner, traits),
        Condition::Compare { field, operator, value: FieldValue::Integer(value) } => {
            trait_value(traits, *field).is_some_and(|own| operator.admits(own.cmp(value)))
        }
        _ => false,
    }
}

fn joined(statement: &mut Statement, list: &[Condition], between: &str, reach: Reach) {
    if list.is_empty() {
        return statement.push("1 = 1");
    }
    parenthesized(statement, |statement| {
        for (index, one) in list.iter().enumerate() {
            if index > 0 {
                statement.push(between);
            }
            write(statement, one, reach);
        }
    });
}

fn parenthesized(statement: &mut Statement, write: impl FnOnce(&mut Statement)) {
    statement.push("(");
    write(statement);
    statement.push(")");
}

fn compare(statement: &mut Statement, field: Field, operator: Operator, value: &FieldValue, reach: Reach) {
    if let (Field::ChangeKey, Operator::Equal, FieldValue::Octets(octets)) = (field, operator, value) {
        return change_key(statement, octets);
    }
    let (Some(column), false) = (derived::column(field), is_cut(value)) else { return statement.push(reach.unsaid()) };
    parenthesized(statement, |statement| {
        if let Some(people) = people(field) {
            statement.push(&match operator {
                Operator::NotEqual => format!("{people} = '[]' OR "),
                _ => format!("{people} <> '[]' AND "),
            });
        }
        statement.push(&format!("{column} {} ", sign(operator)));
        statement.value(value.clone());
    });
}

/// The number of the change, then the end of the id.
fn change_key(statement: &mut Statement, octets: &[u8]) {
    let Some((modseq, id)) = octets.split_first_chunk::<8>() else { return statement.push("1 = 0") };
    statement.push("(m.modseq = ");
    statement.value(FieldValue::Integer(i64::from_be_bytes(*modseq)));
    statement.push(" AND substr(m.id, 9) = ");
    statement.value(FieldValue::Octets(id.to_vec()));
    statement.push(")");
}

/// A column has the beginning of a text only: what is decided behind it is left to the row.
fn contains(statement: &mut Statement, field: Field, place: TextPlace, text: &str, reach: Reach) {
    let (Some(column), false) = (derived::column(field), text.is_empty() || text.chars().count() >= KEY) else {
        return statement.push(reach.unsaid());
    };
    parenthesized(statement, |statement| {
        if let Some(people) = people(field) {
            statement.push(&format!("{people} <> '[]' AND "));
        }
        let length = text.chars().count();
        let value = FieldValue::Text(text.to_owned());
        if place == TextPlace::Beginning {
            statement.push(&format!("substr({column}, 1, {length}) = "));
            return statement.value(value);
        }
        statement.push(&match reach {
            Reach::Wide => format!("(length({column}) >= {KEY} OR "),
            Reach::Narrow => format!("(length({column}) < {KEY} AND "),
        });
        match place {
            // No function that looks for a text in another has one name in all engines; this one has.
            TextPlace::Anywhere => {
                statement.push(&format!("replace({column}, "));
                statement.value(value);
                statement.push(&format!(", '') <> {column}"));
            }
            TextPlace::Beginning | TextPlace::End => {
                statement.push(&format!("length({column}) >= {length} AND substr({column}, length({column}) - {length} + 1) = "));
                statement.value(value);
            }
        }
        statement.push(")");
    });
}

fn member(statement: &mut Statement, collection: Collection, condition: &Condition, reach: Reach) {
    match condition {
        Condition::All(list) if list.is_empty() => statement.push(&format!("{} <> '[]'", members(collection))),
        Condition::Compare { field: Field::MemberName, operator: Operator::Equal, value }
            if collection == Collection::Categories && !is_cut(value) =>
        {
            statement.push(
                "EXISTS (SELECT 1 FROM message_category f WHERE f.mailbox = m.mailbox
                 AND f.received_date_time = m.received_date_time AND f.message = m.id AND f.name_key = ",
            );
            statement.value(value.clone());
            statement.push(")");
        }
        _ => statement.push(reach.unsaid()),
    }
}

/// Whether a text is so long that columns have no more than its beginning.
pub(super) fn is_cut(value: &FieldValue) -> bool {
    matches!(value, FieldValue::Text(text) if text.chars().count() >= KEY)
}

/// The column that tells whether there is anybody whose address this is.
fn people(field: Field) -> Option<&'static str> {
    match field {
        Field::FromAddress => Some("m.from_recipients"),
        Field::SenderAddress => Some("m.sender"),
        _ => None,
    }
}

fn members(collection: Collection) -> &'static str {
    match collection {
        Collection::BccRecipients => "m.bcc_recipients",
        Collection::Categories => "m.categories",
        Collection::CcRecipients => "m.cc_recipients",
        Collection::ReplyTo => "m.reply_to",
        Collection::ToRecipients => "m.to_recipients",
    }
}

pub(super) fn sign(operator: Operator) -> &'static str {
    match operator {
        Operator::Equal => "=",
        Operator::Greater => ">",
        Operator::GreaterOrEqual => ">=",
        Operator::Less => "<",
        Operator::LessOrEqual => "<=",
        Operator::NotEqual => "<>",
    }
}
