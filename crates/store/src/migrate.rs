//! Brings the schema of any earlier version up to today's: all that is missing in one transaction.

use crate::db::Connection;
use crate::error::StoreError;
use crate::sql::derived;

/// Each one's place is its number: what is here is never changed.
const MIGRATIONS: [&str; 17] = [
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
    include_str!("../migrations/0011_query.sql"),
    include_str!("../migrations/0012_directory.sql"),
    include_str!("../migrations/0013_registry.sql"),
    include_str!("../migrations/0014_upload_openers.sql"),
    include_str!("../migrations/0015_relay.sql"),
    include_str!("../migrations/0016_smime.sql"),
    include_str!("../migrations/0017_places.sql"),
];

/// Of the index of texts.
const SEARCH_MIGRATIONS: [&str; 1] = [include_str!("../migrations/search/0001_first.sql")];

/// The migration since which messages have keys that the store makes (sql/derived.rs).
const KEYS: usize = 11;

/// Runs what has not run yet.
///
/// # Errors
/// [`StoreError::Database`]; [`StoreError::Corrupt`] for a schema newer than this program.
pub(crate) fn migrate(connection: &mut Connection) -> Result<(), StoreError> {
    let done = connection.schema_version()?;
    // Keys are made of rows as they are today, so behind the last of them.
    run(connection, &MIGRATIONS, || if done < KEYS { derived::derive_all(connection) } else { Ok(()) })
}

/// The same for the index of texts.
///
/// # Errors
/// As [`migrate`].
pub(crate) fn migrate_index(connection: &mut Connection) -> Result<(), StoreError> {
    run(connection, &SEARCH_MIGRATIONS, || Ok(()))
}

fn run(connection: &Connection, migrations: &[&str], finish: impl FnOnce() -> Result<(), StoreError>) -> Result<(), StoreError> {
    let done = connection.schema_version()?;
    let Some(missing) = migrations.get(done..) else {
        return Err(StoreError::Corrupt(format!("schema {done} is newer than this program, which knows {}", migrations.len())));
    };
    connection.migrate(missing, migrations.len(), finish)
}
