//! The two ends of a move: the store that is left and the one that is filled, each by one connection of its own.

use super::state::{self, State};
use crate::blobs::Places;
use crate::clock::{Clock, SystemClock};
use crate::db::postgres::{self, Server};
use crate::db::{self, Connection, ReadTx, WriteTx, sqlite};
use crate::error::StoreError;
use crate::location::{Location, Octets, Rows};
use crate::migrate;
use std::fs::{self, File, TryLockError};
use std::sync::Arc;

/// One store.
pub(super) struct End {
    pub(super) location: Location,
    pub(super) places: Arc<Places>,
    connection: Held,
    /// Held while nobody else may serve the directory.
    lock: Option<File>,
}

enum Held {
    Postgres(Box<postgres::Connection>),
    Sqlite(sqlite::Connection),
}

/// Who moves anything into a database of PostgreSQL, alone (a number of ours among advisory locks).
const FILLS: &str = "SELECT CASE WHEN pg_try_advisory_lock(7237398474850) THEN 1 ELSE 0 END";
/// A move looks at a state, and waits, as long as it takes.
const PATIENT: &str = "SET statement_timeout = 0; SET idle_in_transaction_session_timeout = 0";

impl End {
    /// The store that is left. It may be served; then it must be of today's schema, since what serves it isn't to be passed over.
    pub(super) fn left(location: &Location) -> Result<End, StoreError> {
        let (connection, lock) = match &location.rows {
            Rows::Sqlite if !db::exists(&location.dir) => return Err(StoreError::Missing),
            Rows::Sqlite => {
                let lock = lock(location)?;
                (Held::Sqlite(db::open_for_writing(&location.dir)?), lock)
            }
            Rows::Postgres { url } => {
                let connection = Server::parse(url)?.connect()?;
                migrate::must_be_there(&connection)?;
                (Held::Postgres(Box::new(connection)), None)
            }
        };
        let end = End { location: location.clone(), places: places(location)?, connection, lock };
        end.bring_up_to_date()?;
        Ok(end)
    }

    /// The store that is filled, made where there is none. Nobody may serve it, nor fill it too.
    pub(super) fn filled(location: &Location) -> Result<End, StoreError> {
        fs::create_dir_all(&location.dir)?;
        let places = places(location)?;
        let (connection, lock) = match &location.rows {
            Rows::Sqlite => {
                let lock = lock(location)?.ok_or(StoreError::InUse)?;
                let connection = db::open_for_writing(&location.dir)?;
                migrate::migrate(&connection)?;
                (Held::Sqlite(connection), Some(lock))
            }
            Rows::Postgres { url } => {
                let connection = Server::parse(url)?.connect()?;
                migrate::migrate_postgres(&connection)?;
                connection.batch(PATIENT)?;
                let is_ours = connection.rows(FILLS, &[], |row| row.flag(0))?;
                if is_ours != [true] {
                    return Err(StoreError::InUse);
                }
                (Held::Postgres(Box::new(connection)), None)
            }
        };
        let end = End { location: location.clone(), places, connection, lock };
        if end.is_served()? {
            return Err(StoreError::InUse);
        }
        crate::sweep_files(&end.places, &end.reading())?;
        Ok(end)
    }

    fn bring_up_to_date(&self) -> Result<(), StoreError> {
        let is_served = self.is_served()?;
        let is_of_today = match &self.connection {
            Held::Postgres(connection) => {
                connection.batch(PATIENT)?;
                migrate::has_seen_all(connection)?
            }
            Held::Sqlite(connection) => migrate::is_of_today(connection)?,
        };
        match &self.connection {
            _ if is_of_today => Ok(()),
            _ if is_served => {
                let location = &self.location;
                let why =
                    format!("the store {location} is served by another version; start this version there, or stop that one");
                Err(StoreError::Setting(why))
            }
            Held::Postgres(connection) => migrate::migrate_postgres(connection),
            Held::Sqlite(connection) => migrate::migrate(connection),
        }
    }

    /// Whether somebody serves it now.
    pub(super) fn is_served(&self) -> Result<bool, StoreError> {
        match &self.connection {
            Held::Sqlite(_) => Ok(self.lock.is_none()),
            Held::Postgres(_) => self.reading().has_nodes(SystemClock.now()),
        }
    }

    /// Whether others may begin to serve it at any time.
    pub(super) fn is_shared(&self) -> bool {
        self.location.rows.are_shared()
    }

    /// Whether large octets and parts of uploads stand where all nodes see them.
    pub(super) fn shares_octets(&self) -> bool {
        matches!(self.location.octets, Octets::Objects { .. })
    }

    pub(super) fn connection(&self) -> Connection<'_> {
        match &self.connection {
            Held::Postgres(connection) => (&**connection).into(),
            Held::Sqlite(connection) => connection.into(),
        }
    }

    pub(super) fn reading(&self) -> ReadTx<'_> {
        ReadTx::new(self.connection())
    }

    /// Looks at one state of it.
    pub(super) fn looking<T>(&self, look: impl FnOnce(&ReadTx<'_>) -> Result<T, StoreError>) -> Result<T, StoreError> {
        self.batch(match self.connection {
            Held::Postgres(_) => "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
            Held::Sqlite(_) => "BEGIN",
        })?;
        let found = look(&self.reading());
        self.batch("ROLLBACK")?;
        found
    }

    /// Does a deed in a transaction of its own; places of octets that lost their row are empty then.
    pub(super) fn doing<T>(&self, deed: impl FnOnce(&mut WriteTx<'_>) -> Result<T, StoreError>) -> Result<T, StoreError> {
        self.batch(if matches!(self.connection, Held::Postgres(_)) { "BEGIN" } else { "BEGIN IMMEDIATE" })?;
        let mut tx = WriteTx::new(self.connection());
        match deed(&mut tx) {
            Ok(value) => {
                self.batch("COMMIT")?;
                tx.touched.settle();
                tx.touched.released.iter().for_each(|place| self.places.remove(place));
                Ok(value)
            }
            Err(error) => {
                tx.touched.unname();
                let _ = self.batch("ROLLBACK"); // the connection may be gone, and with it what was begun
                Err(error)
            }
        }
    }

    /// What is said of moves in it.
    pub(super) fn states(&self) -> Result<Vec<State>, StoreError> {
        state::all(&self.reading())
    }

    fn batch(&self, sql: &str) -> Result<(), StoreError> {
        match &self.connection {
            Held::Postgres(connection) => connection.batch(sql),
            Held::Sqlite(connection) => connection.batch(sql),
        }
    }
}

/// The lock of a data directory, unless a server has it.
fn lock(location: &Location) -> Result<Option<File>, StoreError> {
    let file = File::options().create(true).truncate(false).write(true).open(location.dir.join("lock"))?;
    match file.try_lock() {
        Ok(()) => Ok(Some(file)),
        Err(TryLockError::WouldBlock) => Ok(None),
        Err(TryLockError::Error(error)) => Err(error.into()),
    }
}

fn places(location: &Location) -> Result<Arc<Places>, StoreError> {
    Ok(Arc::new(Places::open_to_move(&location.dir, &location.octets)?))
}
