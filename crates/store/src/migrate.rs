//! Brings the schema of any earlier version up to today's, one migration a transaction.

use crate::db::Connection;
use crate::error::StoreError;

/// Each one's place is its number: what is here is never changed.
const MIGRATIONS: [&str; 10] = [
    include_str!("../migrations/0001_first.sql"),
    include_str!("../migrations/0002_unnamed_octets.sql"),
    include_str!("../migrations/0003_delta.sql"),
    include_str!("../migrations/0004_extended.sql"),
    include_str!("../migrations/0005_sign_in.sql"),
    include_str!("../migrations/0006_attachment_uploads.sql"),
    include_str!("../migrations/0007_folder_modseq.sql"),
    include_str!("../migrations/0008_departures.sql"),
    include_str!("../migrations/0009_folders.sql"),
    include_str!("../migrations/0010_folder_dates.sql"),
];

/// Of the index of texts.
const SEARCH_MIGRATIONS: [&str; 1] = [include_str!("../migrations/search/0001_first.sql")];

/// Runs what has not run yet.
///
/// # Errors
/// [`StoreError::Database`]; [`StoreError::Corrupt`] for a schema newer than this program.
pub(crate) fn migrate(connection: &mut Connection) -> Result<(), StoreError> {
    run(connection, &MIGRATIONS)
}

/// The same for the index of texts.
///
/// # Errors
/// As [`migrate`].
pub(crate) fn migrate_index(connection: &mut Connection) -> Result<(), StoreError> {
    run(connection, &SEARCH_MIGRATIONS)
}

fn run(connection: &mut Connection, migrations: &[&str]) -> Result<(), StoreError> {
    let done = connection.schema_version()?;
    if done > migrations.len() {
        return Err(StoreError::Corrupt(format!("schema {done} is newer than this program, which knows {}", migrations.len())));
    }
    for (index, text) in migrations.iter().enumerate().skip(done) {
        connection.migrate(text, index + 1)?;
    }
    Ok(())
}
