//! Conditions on extended properties as text of SQL: a look into their own table for each row of a message.

use super::Look;
use super::statement::Statement;
use crate::error::StoreError;
use crate::ids::MessageId;
use crate::model::condition::{ExtendedCondition, ExtendedTest, FieldValue, Operator, TextPlace, folded};

use super::expression::sign;

/// Characters of a text that its index has.
pub(super) const KEY: usize = 255;

/// Writes a condition on the row `m`.
pub(super) fn write(statement: &mut Statement, condition: &ExtendedCondition) {
    statement.push("EXISTS (SELECT 1 FROM extended_property e WHERE e.mailbox = m.mailbox AND e.item = m.id AND e.property = ");
    statement.value(FieldValue::Text(condition.property.clone()));
    test(statement, &condition.test);
    statement.push(")");
}

/// Whether a condition holds for a message.
pub(super) fn holds(look: &Look<'_>, message: MessageId, condition: &ExtendedCondition) -> Result<bool, StoreError> {
    let mut statement = Statement::default();
    statement.push("SELECT 1 FROM extended_property e WHERE e.mailbox = ");
    statement.value(FieldValue::Octets(look.mailbox.0.to_vec()));
    statement.push(" AND e.item = ");
    statement.value(FieldValue::Octets(message.0.to_vec()));
    statement.push(" AND e.property = ");
    statement.value(FieldValue::Text(condition.property.clone()));
    test(&mut statement, &condition.test);
    let found: Option<i64> = look.tx.row(statement.sql(), &statement.values(), |row| row.integer(0))?;
    Ok(found.is_some())
}

fn test(statement: &mut Statement, test: &ExtendedTest) {
    match test {
        ExtendedTest::There => {}
        ExtendedTest::Compare(operator, value) => {
            let (column, value) = match value.number {
                Some(number) => ("number", FieldValue::Integer(number)),
                None => ("folded", FieldValue::Text(value.folded.clone())),
            };
            statement.push(&format!(" AND e.{column} {} ", sign(*operator)));
            statement.value(value);
        }
        ExtendedTest::Text(place, text) => {
            let text = folded(text);
            let length = text.chars().count();
            match place {
                // No function that looks for a text in another has one name in all engines; this one has.
                TextPlace::Anywhere if text.is_empty() => {}
                TextPlace::Anywhere => {
                    statement.push(" AND replace(e.folded, ");
                    statement.value(FieldValue::Text(text));
                    statement.push(", '') <> e.folded");
                }
                TextPlace::Beginning => {
                    statement.push(&format!(" AND substr(e.folded, 1, {length}) = "));
                    statement.value(FieldValue::Text(text));
                }
                TextPlace::End => {
                    statement.push(&format!(
                        " AND length(e.folded) >= {length} AND substr(e.folded, length(e.folded) - {length} + 1) = "
                    ));
                    statement.value(FieldValue::Text(text));
                }
            }
        }
    }
}

/// The columns of the index by which messages with a property are found, or with a value of it; each with its value.
pub(super) fn led_by(condition: &ExtendedCondition) -> Vec<(&'static str, FieldValue)> {
    let mut led = vec![("e.property", FieldValue::Text(condition.property.clone())), ("e.position", FieldValue::Integer(0))];
    if let ExtendedTest::Compare(Operator::Equal, value) = &condition.test
        && !condition.has_many()
    {
        led.push(match value.number {
            Some(number) => ("e.number", FieldValue::Integer(number)),
            None => ("substr(e.folded, 1, 255)", FieldValue::Text(value.folded.chars().take(KEY).collect())),
        });
    }
    led
}
