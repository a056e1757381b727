//! A statement that grows.

use super::query::number_column;
use crate::db::Value;
use crate::model::search::{Bounds, NumberField};

/// A statement that grows, with the values of its parameters in order.
pub(super) struct Statement {
    pub(super) sql: String,
    values: Vec<Given>,
}

pub(super) enum Given {
    Integer(i64),
    Text(String),
}

impl Statement {
    pub(super) fn new(sql: String) -> Statement {
        Statement { sql, values: Vec::new() }
    }

    pub(super) fn push(&mut self, sql: &str) {
        self.sql.push_str(sql);
    }

    pub(super) fn push_value(&mut self, value: Given) {
        self.values.push(value);
        self.sql += &format!("${}", self.values.len());
    }

    /// From a number on, up to but without another one.
    pub(super) fn push_range(&mut self, column: &str, (from, to): (i64, i64)) {
        self.push(&format!("({column} >= "));
        self.push_value(Given::Integer(from));
        self.push(&format!(" AND {column} < "));
        self.push_value(Given::Integer(to));
        self.push(")");
    }

    /// A number within bounds.
    pub(super) fn push_number(&mut self, field: NumberField, &Bounds { from, to }: &Bounds) {
        self.push_range(number_column(field), (from, to));
    }

    pub(super) fn values(&self) -> Vec<Value<'_>> {
        let value = |given| match given {
            &Given::Integer(integer) => Value::Integer(integer),
            Given::Text(text) => Value::Text(text),
        };
        self.values.iter().map(value).collect()
    }
}
