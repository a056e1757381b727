//! The narrow waist: text with values goes in, rows come out. The drivers beneath only run text.
//!
//! Every statement numbers its parameters `$1, $2, …` in the order in which they first appear: SQLite counts them so,
//! whatever the figures say, and PostgreSQL goes by the figures; a statement that breaks the rule is refused in tests.

mod changed;
mod indexer;
mod readers;
mod sqlite;
mod writer;

pub(crate) use changed::Changed;
pub(crate) use indexer::Indexer;
pub(crate) use readers::Readers;
#[cfg(test)]
pub(crate) use sqlite::STEPS;
pub(crate) use sqlite::{Connection, Row, attach_index, exists, open_for_writing, open_index};
pub(crate) use writer::Writer;

use crate::blobs::{Digest, Places, Standing, Unnamed};
use crate::error::StoreError;
use crate::ids::MailboxId;
use bytes::Bytes;
use std::ops::Deref;
use std::sync::Arc;

/// A consistent state that can be read.
pub struct ReadTx<'c> {
    connection: &'c Connection,
}

/// A deed under way.
pub struct WriteTx<'c> {
    read: ReadTx<'c>,
    pub(crate) touched: Touched,
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
    pub(crate) fn new(connection: &'c Connection) -> ReadTx<'c> {
        ReadTx { connection }
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
    pub(crate) fn new(connection: &'c Connection) -> WriteTx<'c> {
        WriteTx { read: ReadTx::new(connection), touched: Touched::default() }
    }

    /// Runs a statement; answers how many rows it touched.
    pub(crate) fn execute(&mut self, sql: &str, values: &[Value<'_>]) -> Result<usize, StoreError> {
        self.read.connection.execute(sql, values)
    }
}

impl<'c> Deref for WriteTx<'c> {
    type Target = ReadTx<'c>;

    fn deref(&self) -> &ReadTx<'c> {
        &self.read
    }
}

impl<'c> IndexTx<'c> {
    pub(crate) fn new(connection: &'c Connection, places: &'c Places) -> IndexTx<'c> {
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
