//! The tables that go along, as today's schema has them, and what is said to any of them in one text for both engines.

use crate::db::{Row, Value, sqlite, values};
use crate::error::StoreError;
use crate::migrate;
use crate::model::condition::FieldValue;
use std::fmt::Write;

/// What stays behind: who serves now, and what is said of moves themselves. Secrets are brought by their names, wherever they stand.
const LEFT: [&str; 3] = ["moving", "node", "secret"];
/// Of octets the two places have no more in common than digests and sizes.
pub(super) const BLOB: &str = "blob";

/// Values of one statement at most: SQLite takes 32,766 of them, and PostgreSQL 65,535.
const VALUES: usize = 30_000;
/// Rows that are looked at together.
const TOGETHER: usize = 512;

/// A table, with the key by which its rows are known.
#[derive(Debug, Clone)]
pub(super) struct Table {
    pub(super) name: String,
    pub(super) columns: Vec<Column>,
    /// Places among the columns.
    key: Vec<usize>,
    /// Whether a row of it demands one of another table (a foreign key).
    pub(super) refers: bool,
}

#[derive(Debug, Clone)]
pub(super) struct Column {
    name: String,
    kind: String,
}

/// What stands in a row, column by column.
pub(super) type Cells = Vec<Option<FieldValue>>;

impl Table {
    /// All of them, each behind those that its rows demand. The schema is asked, so that no column can be forgotten.
    pub(super) fn all() -> Result<Vec<Table>, StoreError> {
        let schema = sqlite::in_memory()?;
        migrate::migrate(&schema)?;
        let names = "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite%' ORDER BY rowid";
        let names = schema.rows(names, &[], |row| row.text(0))?;
        names.into_iter().filter(|name| !LEFT.contains(&name.as_str())).map(|name| Table::read(&schema, name)).collect()
    }

    fn read(schema: &sqlite::Connection, name: String) -> Result<Table, StoreError> {
        let about = "SELECT name, type, pk FROM pragma_table_info($1) ORDER BY cid";
        let found = schema.rows(about, values![&name], |row| Ok((row.text(0)?, row.text(1)?, row.integer(2)?)))?;
        let mut key: Vec<(i64, usize)> =
            found.iter().enumerate().filter(|(_, (_, _, place))| *place > 0).map(|(at, (_, _, place))| (*place, at)).collect();
        key.sort_unstable();
        let demands = schema.rows("SELECT 1 FROM pragma_foreign_key_list($1)", values![&name], |row| row.integer(0))?;
        Ok(Table {
            columns: found.into_iter().map(|(name, kind, _)| Column { name, kind }).collect(),
            key: key.into_iter().map(|(_, at)| at).collect(),
            refers: !demands.is_empty(),
            name,
        })
    }

    /// The same table, as if it had no more columns than these.
    pub(super) fn with_only(&self, names: &[&str]) -> Table {
        let kept = |column: &&Column| names.contains(&column.name.as_str());
        let columns: Vec<Column> = self.columns.iter().filter(kept).cloned().collect();
        let place = |at: &usize| columns.iter().position(|column| column.name == self.columns[*at].name);
        Table { key: self.key.iter().filter_map(place).collect(), columns, ..self.clone() }
    }

    /// The same table, as if it had no column but those of its key.
    pub(super) fn only_key(&self) -> Table {
        let names: Vec<&str> = self.key.iter().map(|at| self.columns[*at].name.as_str()).collect();
        self.with_only(&names)
    }

    /// How many rows go into one statement.
    pub(super) fn together(&self) -> usize {
        (VALUES / self.columns.len().max(1)).clamp(1, TOGETHER)
    }

    pub(super) fn key_of(&self, row: &Cells) -> Cells {
        self.key.iter().filter_map(|at| row.get(*at).cloned()).collect()
    }

    pub(super) fn read_row(&self, row: &Row<'_>) -> Result<Cells, StoreError> {
        (0..self.columns.len()).map(|column| row.optional_value(column)).collect()
    }

    /// Rows in the order of their keys, from the first, or from behind a key on.
    pub(super) fn page(&self, is_first: bool) -> String {
        let (columns, key) = (self.names(), self.key_names());
        let behind = if is_first { String::new() } else { format!(" WHERE ({key}) > ({})", numbered(1, self.key.len())) };
        format!("SELECT {columns} FROM {}{behind} ORDER BY {key} LIMIT {}", self.name, self.together())
    }

    /// The rows that have one of so many keys.
    pub(super) fn among(&self, count: usize) -> String {
        format!("SELECT {} FROM {} WHERE {}", self.names(), self.name, self.is_among(count))
    }

    pub(super) fn delete(&self, count: usize) -> String {
        format!("DELETE FROM {} WHERE {}", self.name, self.is_among(count))
    }

    pub(super) fn insert(&self, count: usize) -> String {
        let width = self.columns.len();
        let rows: Vec<String> = (0..count).map(|row| format!("({})", numbered(row * width + 1, width))).collect();
        format!("INSERT INTO {} ({}) VALUES {}", self.name, self.names(), rows.join(", "))
    }

    /// PostgreSQL must be told the types of a list that stands for itself.
    pub(super) fn is_among(&self, count: usize) -> String {
        let mut keys = String::new();
        for row in 0..count {
            let typed = self.key.iter().enumerate().map(|(place, at)| {
                let number = row * self.key.len() + place + 1;
                format!("/*pg CAST( */${number}/*pg  AS {}) */", self.columns[*at].kind)
            });
            let _ = write!(keys, "{}({})", if row == 0 { "" } else { ", " }, typed.collect::<Vec<_>>().join(", "));
        }
        format!("({}) IN (VALUES {keys})", self.key_names())
    }

    fn names(&self) -> String {
        self.columns.iter().map(|column| column.name.as_str()).collect::<Vec<_>>().join(", ")
    }

    fn key_names(&self) -> String {
        self.key.iter().map(|at| self.columns[*at].name.as_str()).collect::<Vec<_>>().join(", ")
    }
}

fn numbered(from: usize, count: usize) -> String {
    (from..from + count).map(|number| format!("${number}")).collect::<Vec<_>>().join(", ")
}

/// The values of some rows or keys, one after the other.
pub(super) fn all_values(rows: &[Cells]) -> Vec<Value<'_>> {
    rows.iter().flatten().map(|cell| cell.as_ref().map_or(Value::Null, Value::from)).collect()
}
