//! A statement as it is written: its parameters are numbered as they come.

use crate::db::Value;
use crate::ids::FolderId;
use crate::model::condition::FieldValue;

#[derive(Debug, Default)]
pub(super) struct Statement {
    sql: String,
    values: Vec<FieldValue>,
}

impl Statement {
    pub(super) fn push(&mut self, sql: &str) {
        self.sql += sql;
    }

    /// Writes a parameter that has this value.
    pub(super) fn value(&mut self, value: FieldValue) {
        self.values.push(value);
        self.sql += &format!("${}", self.values.len());
    }

    /// Writes that something is, or is not, one of these folders; nothing where there are none.
    pub(super) fn folders(&mut self, is_one_of: &str, folders: &[FolderId]) {
        for (index, folder) in folders.iter().enumerate() {
            self.push(if index == 0 { is_one_of } else { ", " });
            if index == 0 {
                self.push("(");
            }
            self.value(FieldValue::Octets(folder.0.to_vec()));
        }
        if !folders.is_empty() {
            self.push(")");
        }
    }

    pub(super) fn sql(&self) -> &str {
        &self.sql
    }

    pub(super) fn values(&self) -> Vec<Value<'_>> {
        self.values.iter().map(Value::from).collect()
    }
}
