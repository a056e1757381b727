//! SQLite: write-ahead log, every commit synced (`synchronous=FULL`).

use super::Value;
use crate::error::StoreError;
use crate::model::condition::FieldValue;
use rusqlite::types::{ToSqlOutput, ValueRef};
use std::path::{Path, PathBuf};
use std::time::Duration;

const FILE: &str = "restante.db";
/// The index of texts, derived from the other.
const INDEX_FILE: &str = "search.db";
/// How long to wait for another process that writes (`restante grant` beside a server).
const BUSY: Duration = Duration::from_secs(10);
/// Statements kept prepared on each connection: all that there are.
const PREPARED: usize = 128;

#[cfg(test)]
thread_local! {
    /// Steps that SQLite's machine made for this thread's queries: each row that is read is some of them.
    pub(crate) static STEPS: std::cell::Cell<i64> = const { std::cell::Cell::new(0) };
}

/// One connection.
pub(crate) struct Connection(rusqlite::Connection);

/// One row of an answer.
pub(crate) struct Row<'r>(&'r rusqlite::Row<'r>);

/// The version of SQLite that is built in.
pub fn sqlite_version() -> &'static str {
    rusqlite::version()
}

fn file(dir: &Path) -> PathBuf {
    dir.join(FILE)
}

/// Whether there is a database in `dir`.
pub(crate) fn exists(dir: &Path) -> bool {
    file(dir).is_file()
}

/// The connection that writes. Its checkpoints come every 16 MB of log rather than SQLite's 4: half the syncs of a busy
/// server would else be theirs.
pub(crate) fn open_for_writing(dir: &Path) -> Result<Connection, StoreError> {
    let connection = rusqlite::Connection::open(file(dir))?;
    connection.busy_timeout(BUSY)?;
    connection.execute_batch(
        "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; PRAGMA wal_autocheckpoint = 4000;
         PRAGMA journal_size_limit = 67108864; PRAGMA cache_size = -16384;",
    )?;
    connection.set_prepared_statement_cache_capacity(PREPARED);
    Ok(Connection(connection))
}

/// A database that is gone with its connection.
pub(crate) fn in_memory() -> Result<Connection, StoreError> {
    Ok(Connection(rusqlite::Connection::open_in_memory()?))
}

/// A connection that reads.
pub(crate) fn open_for_reading(dir: &Path) -> Result<Connection, StoreError> {
    let flags = rusqlite::OpenFlags::SQLITE_OPEN_READ_WRITE | rusqlite::OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = rusqlite::Connection::open_with_flags(file(dir), flags)?;
    connection.busy_timeout(BUSY)?;
    connection.execute_batch("PRAGMA query_only = ON; PRAGMA cache_size = -4096; PRAGMA mmap_size = 268435456;")?;
    connection.set_prepared_statement_cache_capacity(PREPARED);
    let connection = Connection(connection);
    attach_index(&connection, dir)?;
    Ok(connection)
}

/// The connection that writes the index of texts, before it is attached to the mail it reads. What a power cut takes of the
/// index is made again: it isn't synced but at checkpoints. One that is damaged is thrown away.
pub(crate) fn open_index(
    dir: &Path,
    migrate: impl Fn(&mut Connection) -> Result<(), StoreError>,
) -> Result<Connection, StoreError> {
    let open = || {
        let connection = rusqlite::Connection::open(dir.join(INDEX_FILE))?;
        connection.busy_timeout(BUSY)?;
        connection.execute_batch(
            "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA wal_autocheckpoint = 4000;
             PRAGMA journal_size_limit = 67108864; PRAGMA cache_size = -16384;",
        )?;
        connection.set_prepared_statement_cache_capacity(PREPARED);
        let mut connection = Connection(connection);
        migrate(&mut connection)?;
        Ok(connection)
    };
    let connection = match open() {
        Err(StoreError::Database(error)) if is_damage(&error) => {
            tracing::warn!(%error, "the index of texts is damaged; it is made anew");
            for suffix in ["", "-wal", "-shm"] {
                let file = dir.join(format!("{INDEX_FILE}{suffix}"));
                if file.exists() {
                    std::fs::remove_file(file)?;
                }
            }
            open()?
        }
        opened => opened?,
    };
    connection.attach(&file(dir), "mail")?;
    Ok(connection)
}

fn is_damage(error: &rusqlite::Error) -> bool {
    let code = error.sqlite_error_code();
    matches!(code, Some(rusqlite::ErrorCode::DatabaseCorrupt | rusqlite::ErrorCode::NotADatabase))
}

/// Lets a connection to the mail read the index of texts too; answers whether there is one.
pub(crate) fn attach_index(connection: &Connection, dir: &Path) -> Result<bool, StoreError> {
    let index = dir.join(INDEX_FILE);
    let found = index.is_file();
    if found {
        connection.attach(&index, "search")?;
    }
    Ok(found)
}

impl Connection {
    pub(crate) fn rows<T>(
        &self,
        sql: &str,
        values: &[Value<'_>],
        mut read: impl FnMut(&super::Row<'_>) -> Result<T, StoreError>,
    ) -> Result<Vec<T>, StoreError> {
        let mut statement = self.prepare(sql)?;
        let mut rows = statement.query(rusqlite::params_from_iter(values))?;
        let mut found = Vec::new();
        while let Some(row) = rows.next()? {
            found.push(read(&super::Row::Sqlite(Row(row)))?);
        }
        drop(rows);
        #[cfg(test)]
        STEPS.with(|steps| steps.set(steps.get() + i64::from(statement.reset_status(rusqlite::StatementStatus::VmStep))));
        Ok(found)
    }

    pub(crate) fn execute(&self, sql: &str, values: &[Value<'_>]) -> Result<usize, StoreError> {
        Ok(self.prepare(sql)?.execute(rusqlite::params_from_iter(values))?)
    }

    /// Lets statements name the tables of another database too.
    fn attach(&self, file: &Path, schema: &str) -> Result<(), StoreError> {
        self.0.execute(&format!("ATTACH $1 AS {schema}"), [file.to_string_lossy()])?;
        Ok(())
    }

    pub(crate) fn batch(&self, sql: &str) -> Result<(), StoreError> {
        self.prepare(sql)?.execute([])?;
        Ok(())
    }

    /// How many migrations this database has seen.
    pub(crate) fn schema_version(&self) -> Result<usize, StoreError> {
        let version: i64 = self.0.pragma_query_value(None, "user_version", |row| row.get(0))?;
        usize::try_from(version).map_err(|_| StoreError::Corrupt(format!("schema version {version}")))
    }

    /// Runs migrations, what finishes them, and writes the number of the last, in one transaction.
    pub(crate) fn migrate(
        &self,
        texts: &[&str],
        version: usize,
        finish: impl FnOnce() -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        let transaction = self.0.unchecked_transaction()?; // the wrapper lends no more than one at a time
        for text in texts {
            transaction.execute_batch(text)?;
        }
        finish()?;
        transaction.pragma_update(None, "user_version", i64::try_from(version).unwrap_or(i64::MAX))?;
        Ok(transaction.commit()?)
    }

    fn prepare(&self, sql: &str) -> Result<rusqlite::CachedStatement<'_>, StoreError> {
        let statement = self.0.prepare_cached(sql)?;
        if cfg!(debug_assertions) {
            for index in 1..=statement.parameter_count() {
                assert_eq!(statement.parameter_name(index), Some(format!("${index}").as_str()), "parameters out of order: {sql}");
            }
        }
        Ok(statement)
    }
}

impl rusqlite::ToSql for Value<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self {
            Value::Integer(integer) => ValueRef::Integer(*integer),
            Value::Null => ValueRef::Null,
            Value::Octets(octets) => ValueRef::Blob(octets),
            Value::Text(text) => ValueRef::Text(text.as_bytes()),
        }))
    }
}

impl Row<'_> {
    pub(super) fn optional_integer(&self, column: usize) -> Result<Option<i64>, StoreError> {
        Ok(self.0.get(column)?)
    }

    pub(super) fn optional_text(&self, column: usize) -> Result<Option<String>, StoreError> {
        Ok(self.0.get(column)?)
    }

    pub(super) fn optional_octets(&self, column: usize) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(self.0.get(column)?)
    }

    pub(super) fn optional_value(&self, column: usize) -> Result<Option<FieldValue>, StoreError> {
        Ok(match self.0.get_ref(column)? {
            ValueRef::Blob(octets) => Some(FieldValue::Octets(octets.to_vec())),
            ValueRef::Integer(integer) => Some(FieldValue::Integer(integer)),
            ValueRef::Text(text) => Some(FieldValue::Text(String::from_utf8_lossy(text).into_owned())),
            ValueRef::Null | ValueRef::Real(_) => None,
        })
    }
}
