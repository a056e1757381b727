//! What a list asks of extended properties. They stand in a table of their own: a condition on them is a look there.

use super::{Operator, TextPlace, folded};
use crate::model::extended::ExtendedValue;

/// What is asked of one extended property.
#[derive(Debug, Clone, PartialEq)]
pub struct ExtendedCondition {
    /// Its type, then its tag or name, in the one spelling.
    pub property: String,
    /// What holds for its value; for one of them at least, where it has many.
    pub test: ExtendedTest,
}

/// What holds for the value of an extended property. Nothing holds for one that is not there.
#[derive(Debug, Clone, PartialEq)]
pub enum ExtendedTest {
    /// It compares so with another: by number where both have one, else by the text that equality compares.
    Compare(Operator, ExtendedValue),
    /// It is there.
    There,
    /// Its text begins with another, ends with it or holds it, whatever the case of both.
    Text(TextPlace, String),
}

impl ExtendedCondition {
    /// Whether the property has many values: its key says so.
    pub(crate) fn has_many(&self) -> bool {
        self.property.split(' ').next().is_some_and(|kind| kind.ends_with("Array"))
    }
}

impl ExtendedTest {
    /// Whether it holds for a value.
    pub fn holds(&self, of: &ExtendedValue) -> bool {
        match self {
            ExtendedTest::There => true,
            ExtendedTest::Compare(operator, other) => operator.admits(match (of.number, other.number) {
                (Some(own), Some(other)) => own.cmp(&other),
                _ => of.folded.cmp(&other.folded),
            }),
            ExtendedTest::Text(TextPlace::Anywhere, text) => of.folded.contains(&folded(text)),
            ExtendedTest::Text(TextPlace::Beginning, text) => of.folded.starts_with(&folded(text)),
            ExtendedTest::Text(TextPlace::End, text) => of.folded.ends_with(&folded(text)),
        }
    }
}
