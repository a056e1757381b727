//! Brings the schema of any earlier version up to today's, one migration a transaction.

use crate::db::Connection;
use crate::error::StoreError;

/// Each one's place is its number: what is here is never changed.
const MIGRATIONS: [&str; 3] = [
    include_str!("../migrations/0001_first.sql"),
    include_str!("../migrations/0002_unnamed_octets.sql"),
    include_str!("../migrations/0003_delta.sql"),
];

/// Runs what has not run yet.
///
/// # Errors
/// [`StoreError::Database`]; [`StoreError::Corrupt`] for a schema newer than this program.
pub(crate) fn migrate(connection: &mut Connection) -> Result<(), StoreError> {
    let done = connection.schema_version()?;
    if done > MIGRATIONS.len() {
        return Err(StoreError::Corrupt(format!("schema {done} is newer than this program, which knows {}", MIGRATIONS.len())));
    }
    for (index, text) in MIGRATIONS.iter().enumerate().skip(done) {
        connection.migrate(text, index + 1)?;
    }
    Ok(())
}
