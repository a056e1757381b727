//! Where a test's server keeps its mail: `RESTANTE_TEST_STORE` says so for all of them, and no test knows.

use crate::settings::{aloud, on_postgres};
use crate::{Azure, Database, S3, postgres_version, s3_version};
use std::net::SocketAddr;
use std::path::Path;
use std::sync::{Arc, Once};
use store::{Location, Octets, Rows};

/// Where the mail of one server is. Its end is its test's.
pub(crate) enum Place {
    /// All in the data directory.
    DataDirectory,
    /// In a database and a bucket of its own.
    Shared {
        rows: Database,
        octets: Arc<S3>,
        /// Where servers reach the database, if a gate stands before it.
        gate: Option<SocketAddr>,
    },
    /// In a database that is the test's own, and a bucket.
    Own { rows: String, octets: S3 },
    /// Rows in a database of its own, octets in files of the data directory.
    Apart { rows: Database },
    /// Rows in the data directory, octets at Azure.
    Azure { octets: Arc<Azure> },
}

impl Place {
    /// A new one, and empty. The first says aloud what all of them are.
    pub(crate) fn new() -> Place {
        static SAID: Once = Once::new();
        SAID.call_once(|| aloud(&format!("store: {}", kind())));
        if on_postgres() {
            return Place::shared(None);
        }
        Place::DataDirectory
    }

    /// A new one in a database and a bucket, whatever the others are.
    pub(crate) fn shared(gate: Option<SocketAddr>) -> Place {
        Place::Shared { rows: Database::new(), octets: Arc::new(S3::start()), gate }
    }

    pub(crate) fn location(&self, dir: &Path) -> Location {
        match self {
            Place::DataDirectory => Location::from(dir),
            Place::Apart { rows } => {
                Location { dir: dir.to_owned(), rows: Rows::Postgres { url: rows.url() }, octets: Octets::Files }
            }
            Place::Azure { octets } => {
                Location { dir: dir.to_owned(), rows: Rows::Sqlite, octets: Octets::Objects { url: octets.url() } }
            }
            Place::Own { rows, octets } => Location {
                dir: dir.to_owned(),
                rows: Rows::Postgres { url: rows.clone() },
                octets: Octets::Objects { url: octets.url() },
            },
            Place::Shared { rows, octets, .. } => Location {
                dir: dir.to_owned(),
                rows: Rows::Postgres { url: rows.url() },
                octets: Octets::Objects { url: octets.url() },
            },
        }
    }

    /// In this database, and a new bucket.
    pub(crate) fn own(rows: String) -> Place {
        Place::Own { rows, octets: S3::start() }
    }

    /// In another database, and this bucket.
    pub(crate) fn with_another_database(&self) -> Place {
        match self {
            Place::Shared { octets, .. } => Place::Shared { rows: Database::new(), octets: octets.clone(), gate: None },
            _ => panic!("it has a bucket"),
        }
    }

    /// The database, where they are not in the data directory.
    pub(crate) fn rows(&self) -> Option<&Database> {
        match self {
            Place::Azure { .. } | Place::DataDirectory | Place::Own { .. } => None,
            Place::Apart { rows } | Place::Shared { rows, .. } => Some(rows),
        }
    }

    /// The bucket, likewise.
    pub(crate) fn octets(&self) -> Option<&S3> {
        match self {
            Place::Apart { .. } | Place::Azure { .. } | Place::DataDirectory => None,
            Place::Own { octets, .. } => Some(octets),
            Place::Shared { octets, .. } => Some(octets),
        }
    }

    /// The variables by which the binary is told.
    pub(crate) fn variables(&self) -> Vec<(&'static str, String)> {
        match self {
            Place::DataDirectory => Vec::new(),
            Place::Apart { rows } => vec![("RESTANTE_STORE_URL", rows.url())],
            Place::Azure { octets } => vec![("RESTANTE_BLOBS_URL", octets.url()), Azure::credentials()],
            Place::Own { rows, octets } => variables(rows.clone(), octets),
            Place::Shared { rows, octets, gate } => variables(gate.map_or_else(|| rows.url(), |gate| rows.url_at(gate)), octets),
        }
    }
}

fn variables(rows: String, octets: &S3) -> Vec<(&'static str, String)> {
    let [id, key] = S3::credentials();
    vec![("RESTANTE_STORE_URL", rows), ("RESTANTE_BLOBS_URL", octets.url()), id, key]
}

/// Variables of whoever runs the tests that no server of a test may see.
pub(crate) const NOT_FOR_SERVERS: [&str; 2] = ["RESTANTE_STORE_URL", "RESTANTE_BLOBS_URL"];

/// What the tests run on, with the versions that the engines tell of themselves.
fn kind() -> String {
    if on_postgres() {
        format!("{}, S3 ({})", postgres_version(), s3_version())
    } else {
        format!("SQLite {}, files", store::sqlite_version())
    }
}
