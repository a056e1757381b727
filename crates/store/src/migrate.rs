//! Brings the schema of any earlier version up to today's: all that is missing in one transaction.

use crate::db::postgres;
use crate::db::sqlite::Connection;
use crate::error::StoreError;
use crate::sql::derived;

/// Each one's place is its number: what is here is never changed.
const MIGRATIONS: [&str; 29] = [
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
    include_str!("../migrations/0018_secrets.sql"),
    include_str!("../migrations/0019_nodes.sql"),
    include_str!("../migrations/0020_moving.sql"),
    include_str!("../migrations/0021_mailbox_settings.sql"),
    include_str!("../migrations/0022_categories.sql"),
    include_str!("../migrations/0023_inference.sql"),
    include_str!("../migrations/0024_message_rules.sql"),
    include_str!("../migrations/0025_automatic_replies.sql"),
    include_str!("../migrations/0026_subscriptions.sql"),
    include_str!("../migrations/0027_search_folders.sql"),
    include_str!("../migrations/0028_subscription_rights.sql"),
    include_str!("../migrations/0029_meetings.sql"),
];

/// Of what PostgreSQL alone has.
const POSTGRES_MIGRATIONS: [&str; 2] =
    [include_str!("../migrations/postgres/0001_deed.sql"), include_str!("../migrations/postgres/0002_search.sql")];

/// Of the index of texts.
const SEARCH_MIGRATIONS: [&str; 1] = [include_str!("../migrations/search/0001_first.sql")];

/// The migration since which messages have keys that the store makes (sql/derived.rs).
const KEYS: usize = 11;

/// Runs what has not run yet.
///
/// # Errors
/// [`StoreError::Database`]; [`StoreError::Corrupt`] for a schema newer than this program.
pub(crate) fn migrate(connection: &Connection) -> Result<(), StoreError> {
    let done = connection.schema_version()?;
    // Keys are made of rows as they are today, so behind the last of them.
    run(connection, &MIGRATIONS, || if done < KEYS { derived::derive_all(connection.into()) } else { Ok(()) })
}

/// Whether this database is of today.
///
/// # Errors
/// [`StoreError::Database`].
pub(crate) fn is_of_today(connection: &Connection) -> Result<bool, StoreError> {
    Ok(connection.schema_version()? == MIGRATIONS.len())
}

/// Whether nothing has been made in it yet.
///
/// # Errors
/// [`StoreError::Database`].
pub(crate) fn is_new(connection: &Connection) -> Result<bool, StoreError> {
    Ok(connection.schema_version()? == 0)
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
    connection.migrate(missing(done, migrations)?, migrations.len(), finish)
}

fn missing<'m, 't>(done: usize, migrations: &'m [&'t str]) -> Result<&'m [&'t str], StoreError> {
    let newer = || StoreError::Corrupt(format!("schema {done} is newer than this program, which knows {}", migrations.len()));
    migrations.get(done..).ok_or_else(newer)
}

/// The same in PostgreSQL, where several nodes may start at once: one after the other looks at what is missing.
///
/// # Errors
/// As [`migrate`].
pub(crate) fn migrate_postgres(connection: &postgres::Connection) -> Result<(), StoreError> {
    if has_seen_all(connection)? {
        return Ok(()); // as nearly always: then a start waits for nobody and writes nothing
    }
    connection.batch("BEGIN")?;
    connection.begin_migrations()?;
    let done = bring(connection, "main", &MIGRATIONS)?;
    if done < KEYS {
        derived::derive_all(connection.into())?;
    }
    bring(connection, "postgres", &POSTGRES_MIGRATIONS)?;
    connection.batch("COMMIT")
}

/// As [`is_of_today`], of PostgreSQL.
///
/// # Errors
/// [`StoreError::Postgres`], [`StoreError::Unavailable`].
pub(crate) fn has_seen_all(connection: &postgres::Connection) -> Result<bool, StoreError> {
    Ok(is_there(connection)?
        && connection.schema_version("main")? == MIGRATIONS.len()
        && connection.schema_version("postgres")? == POSTGRES_MIGRATIONS.len())
}

fn is_there(connection: &postgres::Connection) -> Result<bool, StoreError> {
    let sql = "SELECT 1 FROM pg_class WHERE oid = to_regclass('schema_version')";
    Ok(!connection.rows(sql, &[], |row| row.integer(0))?.is_empty())
}

/// That there is a store, for who comes beside its servers.
///
/// # Errors
/// [`StoreError::Missing`]; and as [`migrate`].
pub(crate) fn must_be_there(connection: &postgres::Connection) -> Result<(), StoreError> {
    if !is_there(connection)? {
        return Err(StoreError::Missing);
    }
    missing(connection.schema_version("main")?, &MIGRATIONS)?;
    missing(connection.schema_version("postgres")?, &POSTGRES_MIGRATIONS).map(drop)
}

/// Answers how many had been run before.
fn bring(connection: &postgres::Connection, name: &str, migrations: &[&str]) -> Result<usize, StoreError> {
    let done = connection.schema_version(name)?;
    let missing = missing(done, migrations)?;
    for text in missing {
        connection.migrate(text)?;
    }
    connection.set_schema_version(name, migrations.len())?;
    Ok(done)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Migrations from this one on run while nodes of the version before serve.
    const BESIDE_OTHERS: usize = 20;

    /// What a migration says that a node of the version before could not go on with.
    fn harm(text: &str) -> Option<String> {
        let said = text.lines().map(|line| line.split("--").next().unwrap_or_default()).collect::<Vec<_>>().join(" ");
        let statements = said.split(';').map(|one| one.split_whitespace().collect::<Vec<_>>().join(" ").to_uppercase());
        let is_harm = |statement: &String| {
            let says = |words: &str| format!(" {statement} ").contains(&format!(" {words} "));
            let demands = says("NOT NULL") && !says("DEFAULT") && !statement.starts_with("CREATE TABLE");
            says("DROP") || says("RENAME") || says("ALTER COLUMN") || demands
        };
        statements.into_iter().find(is_harm)
    }

    #[test]
    fn migrations_leave_nodes_of_the_version_before_what_they_read_and_write() {
        for text in MIGRATIONS.iter().skip(BESIDE_OTHERS - 1).chain(POSTGRES_MIGRATIONS.iter().skip(2)) {
            assert_eq!(harm(text), None, "0036 says what a migration may do");
        }
    }

    #[test]
    fn what_harms_them_is_seen() {
        for harmful in [
            "ALTER TABLE a DROP COLUMN b;",
            "drop index\n a_b;",
            "ALTER TABLE a RENAME TO b;",
            "ALTER TABLE a ADD COLUMN b BIGINT NOT NULL;",
            "ALTER TABLE a ALTER COLUMN b SET NOT NULL;",
        ] {
            assert!(harm(harmful).is_some(), "{harmful}");
        }
        for harmless in [
            "-- DROP it later\nCREATE TABLE a (b BIGINT NOT NULL, dropped BIGINT);",
            "ALTER TABLE a ADD COLUMN b BIGINT NOT NULL DEFAULT 0; ALTER TABLE a ADD COLUMN c TEXT;",
            "CREATE INDEX a_b ON a (b);",
        ] {
            assert_eq!(harm(harmless), None, "{harmless}");
        }
    }
}
