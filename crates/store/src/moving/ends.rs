//! The two ends of a move: the store that is left and the one that is filled, each by one connection of its own.

use super::state::{self, Side, State};
use crate::blobs::{Client, Places};
use crate::clock::{Clock, SystemClock};
use crate::db::postgres::{self, Server};
use crate::db::{self, Connection, ReadTx, WriteTx, sqlite};
use crate::error::StoreError;
use crate::location::{Location, Octets, Rows};
use crate::migrate;
use crate::{own_files, own_objects};
use std::fs::{DirBuilder, File, TryLockError};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// One store.
pub(super) struct End {
    pub(super) location: Location,
    pub(super) places: Arc<Places>,
    connection: Held,
    /// Held while nobody else may serve the directory, where there is something of the store in it.
    lock: Option<File>,
    /// Held while no other command moves it, or gives a move of it up.
    _alone: Option<File>,
}

enum Held {
    Postgres(Box<postgres::Connection>),
    Sqlite(sqlite::Connection),
}

/// Who moves anything from or into a database of PostgreSQL, alone (a number of ours among advisory locks).
const ALONE: &str = "SELECT CASE WHEN pg_try_advisory_lock(7237398474850) THEN 1 ELSE 0 END";
/// A move looks, and waits, as long as it takes.
const PATIENT: &str = "SET statement_timeout = 0; SET lock_timeout = 0; SET idle_in_transaction_session_timeout = 0";
/// What later versions of PostgreSQL have beside these.
const AS_PATIENT: &str =
    "SELECT set_config(name, '0', false) FROM pg_settings WHERE name IN ('idle_session_timeout', 'transaction_timeout')";

impl End {
    /// The store that is left. It may be served; then it must be of today's schema, since what serves it isn't to be passed over.
    pub(super) fn left(location: &Location) -> Result<End, StoreError> {
        if location.rows == Rows::Sqlite && !db::exists(&location.dir) {
            return Err(StoreError::Missing);
        }
        if location.octets == Octets::Files && !location.dir.is_dir() {
            return Err(StoreError::Missing);
        }
        make_private(&location.dir)?; // it is scratch where nothing of the store is in it
        let end = End::open(location, migrate::must_be_there)?;
        if let (Held::Postgres(connection), Octets::Files) = (&end.connection, &location.octets) {
            own_files::look(&location.dir, connection)?;
        }
        end.bring_up_to_date()?;
        Ok(end)
    }

    /// The store that is filled, made where there is none. Nobody may serve it, nor fill it too.
    pub(super) fn filled(location: &Location) -> Result<End, StoreError> {
        make_private(&location.dir)?;
        match (&location.rows, &location.octets) {
            (Rows::Sqlite, _) => own_files::demand_no_database(&location.dir)?,
            (Rows::Postgres { .. }, Octets::Files) => own_files::demand_no_rows(&location.dir)?,
            (Rows::Postgres { .. }, Octets::Objects { .. }) => {} // the directory is scratch
        }
        let make = |connection: &postgres::Connection| match migrate::must_be_there(connection) {
            Err(StoreError::Missing) => migrate::migrate_postgres(connection),
            there => there,
        };
        let end = End::open(location, make)?;
        if end.is_served()? {
            return Err(StoreError::InUse); // before anything is done to it
        }
        if !end.is_new_or_known()? {
            return Err(StoreError::Conflict); // likewise: a store of another version would be one of this
        }
        end.bring_up_to_date()?;
        Ok(end)
    }

    fn open(
        location: &Location,
        prepare: impl FnOnce(&postgres::Connection) -> Result<(), StoreError>,
    ) -> Result<End, StoreError> {
        let lock = if location.has_directory() { locked(location, "lock")? } else { None };
        let (connection, alone) = match &location.rows {
            Rows::Sqlite => {
                let alone = locked(location, "moving.lock")?.ok_or(StoreError::InUse)?;
                (Held::Sqlite(db::open_for_writing(&location.dir)?), Some(alone))
            }
            Rows::Postgres { url } => {
                let connection = Server::parse(url)?.connect()?;
                prepare(&connection)?;
                connection.batch(PATIENT)?;
                connection.rows(AS_PATIENT, &[], |_| Ok(()))?;
                if connection.rows(ALONE, &[], |row| row.flag(0))? != [true] {
                    return Err(StoreError::InUse);
                }
                (Held::Postgres(Box::new(connection)), None)
            }
        };
        let places = Arc::new(Places::open_to_move(&location.dir, &location.octets)?);
        Ok(End { location: location.clone(), places, connection, lock, _alone: alone })
    }

    /// Whatever was written to files and folders of it is there after a power cut too.
    pub(super) fn sync_folders(&self) -> Result<(), StoreError> {
        let dir = &self.location.dir;
        let within = ["blobs/uploads", "blobs", "keys", "tls", "."].map(|name| dir.join(name));
        for folder in within.iter().map(PathBuf::as_path).chain(dir.parent()).filter(|folder| folder.is_dir()) {
            File::open(folder)?.sync_all()?;
        }
        Ok(())
    }

    /// Lets it be served while it is followed.
    pub(super) fn let_be_served(&mut self) {
        self.lock = None;
    }

    /// Waits until what was begun before it was closed has ended. Each deed notes itself first, and has that table until its end; in
    /// SQLite whoever closes a store has it for himself.
    pub(super) fn wait_for_deeds(&self) -> Result<(), StoreError> {
        match &self.connection {
            Held::Postgres(connection) => connection.batch("BEGIN; LOCK TABLE deed IN SHARE MODE; COMMIT"),
            Held::Sqlite(_) => Ok(()),
        }
    }

    /// Has rows and octets know that they belong together, where that isn't told by the directory that has both; those of another
    /// store are refused.
    pub(super) fn claim(&self) -> Result<(), StoreError> {
        match &self.connection {
            _ if self.shares_octets() => self.claim_objects(),
            Held::Postgres(connection) => own_files::demand(&self.location.dir, connection),
            Held::Sqlite(_) => Ok(()),
        }
    }

    fn claim_objects(&self) -> Result<(), StoreError> {
        let id = own_objects::new();
        let known = self.doing(|tx| own_objects::know(tx, &id))?;
        let found = self.id_of_objects()?;
        if found.as_ref().is_some_and(|found| *found != known) {
            return Err(StoreError::Conflict);
        }
        let mark = |client: Client| async move { own_objects::mark(&client, &known).await };
        if found.is_none() { self.places.wait_for(mark).map(drop) } else { Ok(()) }
    }

    fn id_of_objects(&self) -> Result<Option<String>, StoreError> {
        let found = |client: Client| async move { own_objects::found(&client).await };
        Ok(self.places.wait_for(found)?.flatten())
    }

    /// Whether its octets are known to be another store's.
    fn are_anothers(&self) -> Result<bool, StoreError> {
        match &self.connection {
            _ if self.shares_octets() => {
                let found = self.id_of_objects()?;
                Ok(found.is_some() && found != own_objects::known(&self.reading())?)
            }
            Held::Postgres(connection) => own_files::are_anothers(&self.location.dir, connection),
            Held::Sqlite(_) => Ok(false),
        }
    }

    /// Removes what an earlier run has left of octets that it did not come to name. Only of a place that is known to be filled.
    pub(super) fn sweep(&self) -> Result<(), StoreError> {
        if self.shares_octets() { Ok(()) } else { crate::sweep_files(&self.places, &self.reading()) }
    }

    /// Whether there is anything of a store at all, in rows or beside them.
    pub(super) fn is_empty(&self) -> Result<bool, StoreError> {
        let has_octets = !self.places.files.is_empty()? || self.places.has_objects()?;
        Ok(state::is_empty(&self.reading())? && !has_octets && !self.are_anothers()?)
    }

    /// Whether there was nothing before, or a move to here says that it was begun, or this very version can look.
    fn is_new_or_known(&self) -> Result<bool, StoreError> {
        let is_of_today = match &self.connection {
            Held::Postgres(connection) => migrate::has_seen_all(connection)?,
            Held::Sqlite(connection) => migrate::is_of_today(connection)? || migrate::is_new(connection)?,
        };
        // A version without that table knew no moves.
        Ok(is_of_today || self.states().is_ok_and(|states| states.iter().any(|state| state.side == Side::To)))
    }

    fn bring_up_to_date(&self) -> Result<(), StoreError> {
        let is_of_today = match &self.connection {
            Held::Postgres(connection) => migrate::has_seen_all(connection)?,
            Held::Sqlite(connection) => migrate::is_of_today(connection)?,
        };
        let location = &self.location;
        match &self.connection {
            _ if is_of_today => Ok(()),
            _ if self.is_served()? => Err(StoreError::Setting(format!(
                "the store {location} is served by another version; start this version there, or stop that one"
            ))),
            Held::Postgres(connection) => migrate::migrate_postgres(connection),
            Held::Sqlite(connection) => migrate::migrate(connection),
        }
    }

    /// Whether somebody serves it now.
    pub(super) fn is_served(&self) -> Result<bool, StoreError> {
        match &self.connection {
            _ if self.location.has_directory() && self.lock.is_none() => Ok(true),
            Held::Sqlite(_) => Ok(false),
            Held::Postgres(_) => self.reading().has_nodes(SystemClock.now()),
        }
    }

    /// Whether several may serve it.
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

/// A lock in a data directory, unless another process has it.
fn locked(location: &Location, name: &str) -> Result<Option<File>, StoreError> {
    let file = File::options().create(true).truncate(false).write(true).open(location.dir.join(name))?;
    match file.try_lock() {
        Ok(()) => Ok(Some(file)),
        Err(TryLockError::WouldBlock) => Ok(None),
        Err(TryLockError::Error(error)) => Err(error.into()),
    }
}

/// A directory that is to hold mail is its owner's alone.
fn make_private(dir: &Path) -> Result<(), StoreError> {
    Ok(DirBuilder::new().recursive(true).mode(0o700).create(dir)?)
}
