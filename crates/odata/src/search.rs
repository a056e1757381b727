//! `$search`: KQL (MS-KQL; Graph: search-query-parameter) as clients send it. What a property is, and what a date or a
//! size means, is its caller's to say; a property that the caller doesn't know is part of somebody's text.

mod parse;

use crate::error::SyntaxError;
use crate::filter::Comparison;
use std::fmt;

/// What is looked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Search {
    /// All of them, at least two.
    And(Vec<Search>),
    /// What must not be there.
    Not(Box<Search>),
    /// One of them, at least two.
    Or(Vec<Search>),
    /// Something in one property.
    Property(Restriction),
    /// Something anywhere.
    Term(Term),
}

impl Search {
    /// Reads KQL of at most 65,536 octets and 64 levels, with or without the double quotes that Graph wants around it.
    ///
    /// # Errors
    /// [`SyntaxError`] for a text without words, with an operator that has no operand, or with a quote or parenthesis
    /// that isn't closed.
    pub fn parse(text: &str) -> Result<Search, SyntaxError> {
        parse::parse(text)
    }
}

/// A property and what is looked for in it: `subject:word`, `size>1000`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Restriction {
    /// Its name as written.
    pub property: String,
    /// How it relates to the value.
    pub relation: Relation,
    /// What it is compared with.
    pub value: SearchValue,
}

/// As it is written in KQL, for a caller that has no such property: `http://example.com` looks like one.
impl fmt::Display for Restriction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.property, self.relation.sign())?;
        match &self.value {
            SearchValue::Range { from, to } => write!(f, "{from}..{to}"),
            SearchValue::Term(term) => f.write_str(&term.text),
        }
    }
}

/// How a property relates to a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Relation {
    /// By its order; what is equal is equal as a whole.
    Compare(Comparison),
    /// `:`
    Contains,
}

impl Relation {
    /// In KQL, those first that begin with another.
    const ALL: [Relation; 7] = [
        Relation::Compare(Comparison::NotEqual),
        Relation::Compare(Comparison::LessOrEqual),
        Relation::Compare(Comparison::GreaterOrEqual),
        Relation::Compare(Comparison::Less),
        Relation::Compare(Comparison::Greater),
        Relation::Compare(Comparison::Equal),
        Relation::Contains,
    ];

    fn sign(self) -> &'static str {
        match self {
            Relation::Compare(Comparison::Equal) => "=",
            Relation::Compare(Comparison::Greater) => ">",
            Relation::Compare(Comparison::GreaterOrEqual) => ">=",
            Relation::Compare(Comparison::Less) => "<",
            Relation::Compare(Comparison::LessOrEqual) => "<=",
            Relation::Compare(Comparison::NotEqual) => "<>",
            Relation::Contains => ":",
        }
    }

    /// Whether a range may stand behind it, and one of several values meets it.
    fn admits(self) -> bool {
        matches!(self, Relation::Contains | Relation::Compare(Comparison::Equal))
    }
}

/// What a property is compared with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SearchValue {
    /// `2024-01-01..2024-02-01`: both ends belong to it.
    Range {
        /// Where it begins.
        from: String,
        /// Where it ends.
        to: String,
    },
    /// Text, a number or a date.
    Term(Term),
}

/// A word or a phrase.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Term {
    /// Without quotes and without the star of a prefix; never empty.
    pub text: String,
    /// Whether it stood in quotes: its words are looked for in their order.
    pub phrase: bool,
    /// Whether its last word is only a beginning (`word*`).
    pub prefix: bool,
}

#[cfg(test)]
mod tests;
