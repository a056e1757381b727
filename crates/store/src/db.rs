//! The narrow waist: text with values goes in, rows come out. The drivers beneath only run text.
//!
//! Every statement numbers its parameters `$1, $2, …` in the order in which they first appear: SQLite counts them so,
//! whatever the figures say, and PostgreSQL goes by the figures; a statement that breaks the rule is refused in tests.

mod changed;
mod indexer;
pub(crate) mod postgres;
mod readers;
pub(crate) mod sqlite;
mod writer;

pub(crate) use changed::Changed;
pub use changed::Follower;
pub(crate) use indexer::Indexer;
pub(crate) use readers::Readers;
#[cfg(test)]
pub(crate) use sqlite::STEPS;
pub use sqlite::sqlite_version;
pub(crate) use sqlite::{attach_index, exists, open_for_writing, open_index};
pub(crate) use writer::Writer;

use crate::blobs::{Digest, Places, Standing, Unnamed};
use crate::error::StoreError;
use crate::ids::{MailboxId, NodeId};
use crate::model::condition::FieldValue;
use bytes::Bytes;
use std::ops::Deref;
use std::sync::Arc;

/// A connection to either engine.
#[derive(Clone, Copy)]
pub(crate) enum Connection<'c> {
    Postgres(&'c postgres::Connection),
    Sqlite(&'c sqlite::Connection),
}

/// One row of an answer.
pub(crate) enum Row<'r> {
    Postgres(postgres::Row<'r>),
    Sqlite(sqlite::Row<'r>),
}

/// The database that is spoken to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Engine {
    Postgres,
    Sqlite,
}

/// A consistent state that can be read.
pub struct ReadTx<'c> {
    connection: Connection<'c>,
}

/// A deed under way.
pub struct WriteTx<'c> {
    read: ReadTx<'c>,
    pub(crate) touched: Touched,
    /// Who does it.
    pub(crate) node: NodeId,
}

/// What a deed leaves to do once it is durable.
#[derive(Default)]
pub(crate) struct Touched {
    /// Octets that it has named in their places.
    pub(crate) named: Vec<Arc<Unnamed>>,
    /// Places of octets that lost their row.
    pub(crate) released: Vec<String>,
    /// Mailboxes that it has changed; whoever follows them is told.
    pub(crate) changed: Vec<MailboxId>,
}

impl Touched {
    /// The deed is durable: what it has named is named.
    pub(crate) fn settle(&self) {
        self.named.iter().for_each(|octets| octets.settle());
    }

    /// The deed came to nothing, for sure.
    pub(crate) fn unname(&self) {
        self.named.iter().for_each(|octets| octets.unname());
    }
}

/// Work on the index of texts: it reads the mail and writes the index.
pub struct IndexTx<'c> {
    read: ReadTx<'c>,
    places: &'c Places,
}

/// A value that goes into a statement.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Value<'v> {
    Integer(i64),
    Null,
    Octets(&'v [u8]),
    Text(&'v str),
}

impl<'c> ReadTx<'c> {
    pub(crate) fn new(connection: impl Into<Connection<'c>>) -> ReadTx<'c> {
        ReadTx { connection: connection.into() }
    }

    /// Which database this is.
    pub(crate) fn engine(&self) -> Engine {
        match self.connection {
            Connection::Postgres(_) => Engine::Postgres,
            Connection::Sqlite(_) => Engine::Sqlite,
        }
    }

    /// Every row of a query.
    pub(crate) fn rows<T>(
        &self,
        sql: &str,
        values: &[Value<'_>],
        read: impl FnMut(&Row<'_>) -> Result<T, StoreError>,
    ) -> Result<Vec<T>, StoreError> {
        self.connection.rows(sql, values, read)
    }

    /// The only row of a query, if there is one.
    pub(crate) fn row<T>(
        &self,
        sql: &str,
        values: &[Value<'_>],
        read: impl FnMut(&Row<'_>) -> Result<T, StoreError>,
    ) -> Result<Option<T>, StoreError> {
        Ok(self.connection.rows(sql, values, read)?.pop())
    }
}

impl<'c> WriteTx<'c> {
    pub(crate) fn new(connection: impl Into<Connection<'c>>) -> WriteTx<'c> {
        WriteTx { read: ReadTx::new(connection), touched: Touched::default(), node: NodeId::ALONE }
    }

    pub(crate) fn by(self, node: NodeId) -> WriteTx<'c> {
        WriteTx { node, ..self }
    }

    /// Runs a statement; answers how many rows it touched.
    pub(crate) fn execute(&mut self, sql: &str, values: &[Value<'_>]) -> Result<usize, StoreError> {
        self.read.connection.execute(sql, values)
    }

    /// Locks the rows of a query until the deed is done, waiting for others who have them. In SQLite all rows are ours.
    pub(crate) fn lock(&mut self, sql: &str, values: &[Value<'_>]) -> Result<(), StoreError> {
        match self.read.connection {
            Connection::Postgres(connection) => connection.rows(sql, values, |_| Ok(())).map(drop),
            Connection::Sqlite(_) => Ok(()),
        }
    }
}

impl<'c> Deref for WriteTx<'c> {
    type Target = ReadTx<'c>;

    fn deref(&self) -> &ReadTx<'c> {
        &self.read
    }
}

impl<'c> IndexTx<'c> {
    pub(crate) fn new(connection: impl Into<Connection<'c>>, places: &'c Places) -> IndexTx<'c> {
        IndexTx { read: ReadTx::new(connection), places }
    }

    /// Runs a statement on the index; answers how many rows it touched.
    pub(crate) fn execute(&mut self, sql: &str, values: &[Value<'_>]) -> Result<usize, StoreError> {
        self.read.connection.execute(sql, values)
    }

    /// The octets of a blob.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] where no row names it, [`StoreError::Corrupt`] where its file is gone,
    /// [`StoreError::Unavailable`].
    pub fn octets(&self, digest: Digest) -> Result<Bytes, StoreError> {
        match self.read.blob(&digest)? {
            Standing::At(place) => self.places.map(&place),
            Standing::InRow(octets) => Ok(octets.into()),
        }
    }
}

impl<'c> Deref for IndexTx<'c> {
    type Target = ReadTx<'c>;

    fn deref(&self) -> &ReadTx<'c> {
        &self.read
    }
}

impl Connection<'_> {
    fn rows<T>(
        self,
        sql: &str,
        values: &[Value<'_>],
        read: impl FnMut(&Row<'_>) -> Result<T, StoreError>,
    ) -> Result<Vec<T>, StoreError> {
        match self {
            Connection::Postgres(connection) => connection.rows(sql, values, read),
            Connection::Sqlite(connection) => connection.rows(sql, values, read),
        }
    }

    fn execute(self, sql: &str, values: &[Value<'_>]) -> Result<usize, StoreError> {
        match self {
            Connection::Postgres(connection) => connection.execute(sql, values),
            Connection::Sqlite(connection) => connection.execute(sql, values),
        }
    }
}

impl<'c> From<&'c postgres::Connection> for Connection<'c> {
    fn from(connection: &'c postgres::Connection) -> Self {
        Connection::Postgres(connection)
    }
}

impl<'c> From<&'c sqlite::Connection> for Connection<'c> {
    fn from(connection: &'c sqlite::Connection) -> Self {
        Connection::Sqlite(connection)
    }
}

impl Row<'_> {
    pub(crate) fn integer(&self, column: usize) -> Result<i64, StoreError> {
        self.optional_integer(column)?.ok_or_else(|| missing(column))
    }

    pub(crate) fn optional_integer(&self, column: usize) -> Result<Option<i64>, StoreError> {
        match self {
            Row::Postgres(row) => row.optional_integer(column),
            Row::Sqlite(row) => row.optional_integer(column),
        }
    }

    pub(crate) fn flag(&self, column: usize) -> Result<bool, StoreError> {
        Ok(self.integer(column)? != 0)
    }

    pub(crate) fn text(&self, column: usize) -> Result<String, StoreError> {
        self.optional_text(column)?.ok_or_else(|| missing(column))
    }

    pub(crate) fn optional_text(&self, column: usize) -> Result<Option<String>, StoreError> {
        match self {
            Row::Postgres(row) => row.optional_text(column),
            Row::Sqlite(row) => row.optional_text(column),
        }
    }

    pub(crate) fn octets(&self, column: usize) -> Result<Vec<u8>, StoreError> {
        self.optional_octets(column)?.ok_or_else(|| missing(column))
    }

    pub(crate) fn optional_octets(&self, column: usize) -> Result<Option<Vec<u8>>, StoreError> {
        match self {
            Row::Postgres(row) => row.optional_octets(column),
            Row::Sqlite(row) => row.optional_octets(column),
        }
    }

    /// Whatever stands there.
    pub(crate) fn value(&self, column: usize) -> Result<FieldValue, StoreError> {
        self.optional_value(column)?.ok_or_else(|| missing(column))
    }

    pub(crate) fn optional_value(&self, column: usize) -> Result<Option<FieldValue>, StoreError> {
        match self {
            Row::Postgres(row) => row.optional_value(column),
            Row::Sqlite(row) => row.optional_value(column),
        }
    }

    /// Octets of a fixed length: an id or a digest.
    pub(crate) fn fixed<const N: usize>(&self, column: usize) -> Result<[u8; N], StoreError> {
        self.octets(column)?.try_into().map_err(|_| StoreError::Corrupt(format!("column {column} has not {N} octets")))
    }
}

fn missing(column: usize) -> StoreError {
    StoreError::Corrupt(format!("column {column} has no value"))
}

impl From<i64> for Value<'_> {
    fn from(value: i64) -> Self {
        Value::Integer(value)
    }
}

impl From<bool> for Value<'_> {
    fn from(value: bool) -> Self {
        Value::Integer(i64::from(value))
    }
}

impl<'v> From<&'v str> for Value<'v> {
    fn from(value: &'v str) -> Self {
        Value::Text(value)
    }
}

impl<'v> From<&'v String> for Value<'v> {
    fn from(value: &'v String) -> Self {
        Value::Text(value)
    }
}

impl<'v, const N: usize> From<&'v [u8; N]> for Value<'v> {
    fn from(value: &'v [u8; N]) -> Self {
        Value::Octets(value)
    }
}

impl<'v> From<&'v [u8]> for Value<'v> {
    fn from(value: &'v [u8]) -> Self {
        Value::Octets(value)
    }
}

impl<'v> From<&'v FieldValue> for Value<'v> {
    fn from(value: &'v FieldValue) -> Self {
        match value {
            FieldValue::Integer(integer) => Value::Integer(*integer),
            FieldValue::Octets(octets) => Value::Octets(octets),
            FieldValue::Text(text) => Value::Text(text),
            FieldValue::WellKnown(name) => Value::Text(name.as_str()),
        }
    }
}

impl<'v, T> From<Option<T>> for Value<'v>
where
    T: Into<Value<'v>>,
{
    fn from(value: Option<T>) -> Self {
        value.map_or(Value::Null, Into::into)
    }
}

/// The values of a statement, in order.
macro_rules! values {
    ($($value:expr),* $(,)?) => { &[$($crate::db::Value::from($value)),*] };
}
pub(crate) use values;
