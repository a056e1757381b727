//! PostgreSQL: statements prepared once on each connection, and what a failure says of the transaction it fell into.

pub(crate) mod bell;
mod deeds;
mod dialect;
mod pool;
mod server;

pub(crate) use deeds::{After, Deeds, Queue};
pub(crate) use pool::Pool;
pub use server::Server;

use super::{Value, values};
use crate::error::StoreError;
use crate::model::condition::FieldValue;
use postgres::error::SqlState;
use postgres::fallible_iterator::FallibleIterator;
use postgres::types::private::BytesMut;
use postgres::types::{FromSql, IsNull, ToSql, Type, to_sql_checked};
use postgres::{Client, Statement};
use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::error::Error;
use std::time::Duration;

/// Statements kept prepared on each connection. Lists make theirs as they are asked; past this many all are prepared anew.
const PREPARED: usize = 1024;
/// What is before a figure here is not what it seems: PostgreSQL's texts can't hold U+0000, for which this and 0 stand, so that
/// this and 1 stand for itself. It is a code point that is never interchanged (Unicode, 23.7), but who sends mail need not care.
const ESCAPE: char = '\u{FDD0}';

/// One connection.
pub(crate) struct Connection {
    client: RefCell<Client>,
    prepared: RefCell<HashMap<String, Statement>>,
    failure: Cell<Option<Failure>>,
}

/// What a failed statement says of its transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Failure {
    /// Others stood in its way: it may be tried again at once.
    Clash,
    /// The server went away, or doesn't take writes.
    Lost,
    /// The server has no room for it, which may take a while to change.
    Full,
    /// Anything else: nothing is kept of the transaction.
    Refused,
}

/// One row of an answer.
pub(crate) struct Row<'r>(&'r postgres::Row);

impl Connection {
    fn new(client: Client) -> Connection {
        Connection { client: RefCell::new(client), prepared: RefCell::default(), failure: Cell::new(None) }
    }

    pub(crate) fn rows<T>(
        &self,
        sql: &str,
        values: &[Value<'_>],
        mut read: impl FnMut(&super::Row<'_>) -> Result<T, StoreError>,
    ) -> Result<Vec<T>, StoreError> {
        let statement = self.prepare(sql)?;
        let mut client = self.client.borrow_mut();
        let mut rows = client.query_raw(&statement, values).map_err(|error| self.note(error))?;
        let mut found = Vec::new();
        while let Some(row) = rows.next().map_err(|error| self.note(error))? {
            found.push(read(&super::Row::Postgres(Row(&row)))?);
        }
        Ok(found)
    }

    pub(crate) fn execute(&self, sql: &str, values: &[Value<'_>]) -> Result<usize, StoreError> {
        let statement = self.prepare(sql)?;
        let values: Vec<&(dyn ToSql + Sync)> = values.iter().map(|value| value as _).collect();
        let touched = self.client.borrow_mut().execute(&statement, &values).map_err(|error| self.note(error))?;
        Ok(usize::try_from(touched).unwrap_or(usize::MAX))
    }

    /// Runs statements without values.
    pub(crate) fn batch(&self, sql: &str) -> Result<(), StoreError> {
        let sql = dialect::uncovered(sql);
        self.client.borrow_mut().batch_execute(&sql).map_err(|error| self.note(error))
    }

    /// Runs statements without values; answers how many rows the last one touched.
    fn touch(&self, sql: &str) -> Result<u64, StoreError> {
        let messages = self.client.borrow_mut().simple_query(sql).map_err(|error| self.note(error))?;
        let last = messages.iter().rev().find_map(|message| match message {
            postgres::SimpleQueryMessage::CommandComplete(touched) => Some(*touched),
            _ => None,
        });
        Ok(last.unwrap_or_default())
    }

    /// Begins to bring the schema up to today's, when nobody else does.
    pub(crate) fn begin_migrations(&self) -> Result<(), StoreError> {
        self.batch(
            "SET LOCAL lock_timeout = 0; SET LOCAL statement_timeout = 0; SELECT pg_advisory_xact_lock(7237398474849);
             CREATE TABLE IF NOT EXISTS schema_version (name TEXT NOT NULL PRIMARY KEY, version BIGINT NOT NULL)",
        )
    }

    /// How many migrations of a list this database has seen.
    pub(crate) fn schema_version(&self, name: &str) -> Result<usize, StoreError> {
        let sql = "SELECT version FROM schema_version WHERE name = $1";
        let version = self.rows(sql, values![name], |row| row.integer(0))?.pop().unwrap_or_default();
        usize::try_from(version).map_err(|_| StoreError::Corrupt(format!("schema version {version}")))
    }

    pub(crate) fn migrate(&self, text: &str) -> Result<(), StoreError> {
        self.batch(&dialect::schema(text))
    }

    pub(crate) fn set_schema_version(&self, name: &str, version: usize) -> Result<(), StoreError> {
        let version = i64::try_from(version).unwrap_or(i64::MAX);
        self.execute(
            "INSERT INTO schema_version (name, version) VALUES ($1, $2)
             ON CONFLICT (name) DO UPDATE SET version = excluded.version",
            values![name, version],
        )?;
        Ok(())
    }

    /// What the first failure since the transaction began says of it.
    fn failure(&self) -> Option<Failure> {
        self.failure.get()
    }

    fn prepare(&self, sql: &str) -> Result<Statement, StoreError> {
        if let Some(known) = self.prepared.borrow().get(sql) {
            return Ok(known.clone());
        }
        let statement = self.client.borrow_mut().prepare(&dialect::uncovered(sql)).map_err(|error| self.note(error))?;
        let mut prepared = self.prepared.borrow_mut();
        if prepared.len() >= PREPARED {
            prepared.clear();
        }
        prepared.insert(sql.to_owned(), statement.clone());
        Ok(statement)
    }

    fn note(&self, error: postgres::Error) -> StoreError {
        let failure = Failure::of(&error);
        if self.failure.get().is_none() {
            self.failure.set(Some(failure));
        }
        match failure {
            Failure::Clash | Failure::Full | Failure::Lost => StoreError::Unavailable(told(&error)),
            Failure::Refused => StoreError::Postgres(told(&error)),
        }
    }
}

impl Failure {
    fn of(error: &postgres::Error) -> Failure {
        let Some(code) = error.code() else { return if is_ours(error) { Failure::Refused } else { Failure::Lost } };
        // The last: a statement took too long, which most often is that it waited for many, one after the other.
        let clashes = [
            SqlState::T_R_SERIALIZATION_FAILURE,
            SqlState::T_R_DEADLOCK_DETECTED,
            SqlState::LOCK_NOT_AVAILABLE,
            SqlState::QUERY_CANCELED,
        ];
        if clashes.contains(code) {
            return Failure::Clash;
        }
        if ["53100", "53200"].contains(&code.code()) {
            return Failure::Full; // the disk, the memory
        }
        // 08 connection exception, 533 too many connections, 57P operator intervention, 58 system error; and a server that
        // was made a standby takes no writes.
        let lost = ["08", "25P03", "533", "57P", "58"].iter().any(|class| code.code().starts_with(class));
        if lost || *code == SqlState::READ_ONLY_SQL_TRANSACTION { Failure::Lost } else { Failure::Refused }
    }
}

/// Whether it is about a value or its type, rather than about the connection.
fn is_ours(error: &postgres::Error) -> bool {
    let mut cause = error.source();
    while let Some(error) = cause {
        if error.is::<std::io::Error>() {
            return false;
        }
        cause = error.source();
    }
    !error.is_closed()
}

/// What the server says, whole: the driver's own text leaves it to the source.
fn told(error: &postgres::Error) -> String {
    match error.as_db_error() {
        Some(db) => {
            let more = [db.detail(), db.hint()].into_iter().flatten().fold(String::new(), |more, one| format!("{more}; {one}"));
            format!("{} ({}){more}", db.message(), db.code().code())
        }
        None => error.source().map_or_else(|| error.to_string(), |cause| format!("{error}: {cause}")),
    }
}

/// Leaves the server alone for a while; it is nothing that could be waited for.
#[allow(clippy::disallowed_methods, reason = "on threads that do nothing else")]
fn pause(time: Duration) {
    std::thread::sleep(time);
}

/// A text as PostgreSQL can hold it.
fn escaped(text: &str) -> String {
    text.replace(ESCAPE, "\u{FDD0}1").replace('\0', "\u{FDD0}0")
}

/// The text that was given.
fn unescaped(text: &str) -> String {
    text.replace("\u{FDD0}0", "\0").replace("\u{FDD0}1", "\u{FDD0}")
}

impl ToSql for Value<'_> {
    fn to_sql(&self, ty: &Type, out: &mut BytesMut) -> Result<IsNull, Box<dyn Error + Sync + Send>> {
        match self {
            Value::Null => Ok(IsNull::Yes),
            Value::Integer(integer) => match *ty {
                Type::INT2 => i16::try_from(*integer)?.to_sql(ty, out),
                Type::INT4 => i32::try_from(*integer)?.to_sql(ty, out),
                Type::INT8 => integer.to_sql(ty, out),
                _ => Err(format!("an integer was given for {ty}").into()),
            },
            Value::Octets(octets) if *ty == Type::BYTEA => octets.to_sql(ty, out),
            Value::Octets(_) => Err(format!("octets were given for {ty}").into()),
            Value::Text(text) if text.contains(['\0', ESCAPE]) => escaped(text).to_sql(ty, out),
            Value::Text(text) => text.to_sql(ty, out),
        }
    }

    fn accepts(_: &Type) -> bool {
        true // each value looks for itself
    }

    to_sql_checked!();
}

impl Row<'_> {
    pub(super) fn optional_integer(&self, column: usize) -> Result<Option<i64>, StoreError> {
        match self.ty(column) {
            Some(Type::INT2) => Ok(self.get::<Option<i16>>(column)?.map(i64::from)),
            Some(Type::INT4) => Ok(self.get::<Option<i32>>(column)?.map(i64::from)),
            _ => self.get(column),
        }
    }

    pub(super) fn optional_text(&self, column: usize) -> Result<Option<String>, StoreError> {
        let text: Option<String> = self.get(column)?;
        Ok(text.map(|text| if text.contains(ESCAPE) { unescaped(&text) } else { text }))
    }

    pub(super) fn optional_octets(&self, column: usize) -> Result<Option<Vec<u8>>, StoreError> {
        self.get(column)
    }

    pub(super) fn optional_value(&self, column: usize) -> Result<Option<FieldValue>, StoreError> {
        Ok(match self.ty(column) {
            Some(Type::BYTEA) => self.optional_octets(column)?.map(FieldValue::Octets),
            Some(Type::TEXT) => self.optional_text(column)?.map(FieldValue::Text),
            _ => self.optional_integer(column)?.map(FieldValue::Integer),
        })
    }

    fn ty(&self, column: usize) -> Option<Type> {
        self.0.columns().get(column).map(|column| column.type_().clone())
    }

    fn get<'r, T: FromSql<'r>>(&'r self, column: usize) -> Result<T, StoreError> {
        self.0.try_get(column).map_err(|error| StoreError::Postgres(told(&error)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_come_back_as_they_were_given() {
        for text in ["", "plain", "\0", "a\0b", "\u{FDD0}", "\u{FDD0}0", "\u{FDD0}\0", "\u{0}1", "\u{FDD0}1\0\u{FDD0}"] {
            let held = escaped(text);
            assert!(!held.contains('\0'), "{text:?}");
            assert_eq!(unescaped(&held), text);
        }
        assert_eq!(escaped("[\"\u{FDD0}\"]"), "[\"\u{FDD0}1\"]", "what is JSON stays JSON");
    }
}
