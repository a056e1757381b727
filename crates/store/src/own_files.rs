//! Rows in a database that others may reach, octets in files that they may not: one data directory alone has them. It and the
//! database know each other by an id, which goes with the files wherever they are copied. A directory that has rows of its own has
//! the octets of these. Whoever opens another's would remove what his own rows don't name.

use crate::db::{self, postgres, values};
use crate::error::StoreError;
use crate::ids;
use std::fs::{self, File};
use std::io::{ErrorKind, Write};
use std::path::Path;

/// The id's file, beside the octets.
const FILE: &str = "blobs/id";
/// The name of its row among the secrets.
const ROW: &str = "blobs/id";

/// Demands that the octets of which the database speaks are those of this directory.
///
/// # Errors
/// [`StoreError::Setting`] where they are another's; [`StoreError::Io`] and what the database answers.
pub(crate) fn demand(dir: &Path, connection: &postgres::Connection) -> Result<(), StoreError> {
    let known = row(connection)?;
    let own = match read(dir)? {
        Some(own) => own,
        // Whoever was here before there were ids; else it is another's, or the files are lost.
        None if known.is_none() => write(dir)?,
        None => String::new(),
    };
    if known.is_none() {
        connection.execute(
            "INSERT INTO secret (name, octets, created_date_time) VALUES ($1, $2, 0) ON CONFLICT (name) DO NOTHING",
            values![ROW, own.as_bytes()],
        )?;
    }
    // Of two that start together one has written it.
    let known = row(connection)?.unwrap_or_default();
    if known == own {
        return Ok(());
    }
    Err(another(&known))
}

/// Demands that a directory whose rows stand in it has no octets of a store in a database.
///
/// # Errors
/// [`StoreError::Setting`], [`StoreError::Io`].
pub(crate) fn demand_no_database(dir: &Path) -> Result<(), StoreError> {
    match read(dir)? {
        None => Ok(()),
        Some(id) => Err(StoreError::Setting(format!(
            "the octets in {} belong to a store in PostgreSQL, whose {FILE} is {id}: say its [store] url, or another data directory",
            dir.display()
        ))),
    }
}

/// Demands that a directory which serves a database has no rows of its own.
///
/// # Errors
/// [`StoreError::Setting`].
pub(crate) fn demand_no_rows(dir: &Path) -> Result<(), StoreError> {
    if !db::exists(dir) {
        return Ok(());
    }
    let dir = dir.display();
    Err(StoreError::Setting(format!("a store in SQLite is in {dir}: give a store in PostgreSQL another data directory")))
}

/// Whether the files of a directory are known to be those of the database.
///
/// # Errors
/// [`StoreError::Io`], and what the database answers.
pub(crate) fn are_known(dir: &Path, connection: &postgres::Connection) -> Result<bool, StoreError> {
    let known = row(connection)?;
    Ok(known.is_some() && read(dir)? == known)
}

/// Whether they are known to be those of another one.
///
/// # Errors
/// As [`are_known`].
pub(crate) fn are_anothers(dir: &Path, connection: &postgres::Connection) -> Result<bool, StoreError> {
    Ok(read(dir)?.is_some() && !are_known(dir, connection)?)
}

/// The same for who has nothing to claim: a directory that is known to be another's is refused.
///
/// # Errors
/// As [`demand`].
pub(crate) fn look(dir: &Path, connection: &postgres::Connection) -> Result<(), StoreError> {
    match row(connection)? {
        Some(known) if read(dir)?.as_ref() != Some(&known) => Err(another(&known)),
        _ => Ok(()),
    }
}

fn another(known: &str) -> StoreError {
    StoreError::Setting(format!(
        "the octets of this database stand in the files of another data directory, whose {FILE} is {known}: start the server there, \
         or bring its folder \"blobs\" here; several nodes share octets by [blobs] url"
    ))
}

fn row(connection: &postgres::Connection) -> Result<Option<String>, StoreError> {
    let found = connection.rows("SELECT octets FROM secret WHERE name = $1", values![ROW], |row| row.octets(0))?.pop();
    found.map(|octets| String::from_utf8(octets).map_err(|_| StoreError::Corrupt(format!("the secret {ROW}")))).transpose()
}

fn read(dir: &Path) -> Result<Option<String>, StoreError> {
    match fs::read_to_string(dir.join(FILE)) {
        Ok(text) => Ok(Some(text.trim_end().to_owned()).filter(|id| !id.is_empty())),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// Makes an id; it is durable before the database knows it.
fn write(dir: &Path) -> Result<String, StoreError> {
    let (id, path) = (ids::random().to_string(), dir.join(FILE));
    let mut file = File::create(&path)?;
    writeln!(file, "{id}")?;
    file.sync_all()?;
    if let Some(folder) = path.parent() {
        File::open(folder)?.sync_all()?;
    }
    Ok(id)
}
