//! Where a store is: a directory of this machine, its rows, and its octets. Addresses may hold secrets, so whatever shows one
//! hides what could be one.

use crate::blobs::check_url;
use std::fmt;
use std::path::{Path, PathBuf};

/// What of an address is shown: names of parameters that hold no secret.
const SHOWN: [&str; 17] = [
    "account",
    "allow_http",
    "application_name",
    "channel_binding",
    "connect_timeout",
    "dbname",
    "endpoint",
    "host",
    "hostaddr",
    "port",
    "region",
    "schema",
    "sslmode",
    "sslrootcert",
    "target_session_attrs",
    "user",
    "virtual_hosted_style",
];

/// Where a store is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Location {
    /// The data directory of this machine.
    pub dir: PathBuf,
    /// Where its rows stand.
    pub rows: Rows,
    /// Where octets stand that are too many for a row.
    pub octets: Octets,
}

/// Where rows stand.
#[derive(Clone, PartialEq, Eq)]
pub enum Rows {
    /// In a file of SQLite in the data directory.
    Sqlite,
    /// In a database of PostgreSQL, which other nodes may use too.
    Postgres {
        /// As libpq has it: `postgres://USER:PASSWORD@HOST:PORT/DATABASE?sslmode=…`.
        url: String,
    },
}

/// Where octets stand that are too many for a row.
#[derive(Clone, PartialEq, Eq)]
pub enum Octets {
    /// In files in the data directory.
    Files,
    /// In object storage (`s3://`, `gs://` or `az://` with `BUCKET/PREFIX`) or a directory that is mounted everywhere
    /// (`file:///DIRECTORY`), which other nodes may use too.
    Objects {
        /// Such as `s3://BUCKET/PREFIX?endpoint=…&region=…`.
        url: String,
    },
}

impl Location {
    /// Whether something of the store is in its directory.
    pub fn has_directory(&self) -> bool {
        self.rows == Rows::Sqlite || self.octets == Octets::Files
    }
}

impl From<&Path> for Location {
    /// All of it in one directory.
    fn from(dir: &Path) -> Location {
        Location { dir: dir.to_owned(), rows: Rows::Sqlite, octets: Octets::Files }
    }
}

impl From<&PathBuf> for Location {
    fn from(dir: &PathBuf) -> Location {
        dir.as_path().into()
    }
}

impl Rows {
    /// Reads `sqlite:` or `postgres://…`.
    ///
    /// # Errors
    /// A sentence for whoever wrote it.
    pub fn parse(text: &str) -> Result<Rows, String> {
        match text.split_once(':') {
            Some(("sqlite", "")) => Ok(Rows::Sqlite),
            Some(("sqlite", _)) => Err("it must be \"sqlite:\" alone; the file stands in the data directory".to_owned()),
            Some(("postgres" | "postgresql", rest)) if rest.starts_with("//") => Ok(Rows::Postgres { url: text.to_owned() }),
            _ => Err("it must be \"sqlite:\", or such as postgres://user@host/database".to_owned()),
        }
    }

    /// Whether other nodes may use them too.
    pub fn are_shared(&self) -> bool {
        matches!(self, Rows::Postgres { .. })
    }
}

impl Octets {
    /// Reads `files:` or the address of object storage.
    ///
    /// # Errors
    /// A sentence for whoever wrote it.
    pub fn parse(text: &str) -> Result<Octets, String> {
        match text {
            "files:" => Ok(Octets::Files),
            url => match check_url(url) {
                Ok(()) => Ok(Octets::Objects { url: url.to_owned() }),
                Err(error) => Err(error.to_string()),
            },
        }
    }
}

impl fmt::Display for Location {
    /// As in "the store LOCATION can't be opened".
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.rows {
            Rows::Sqlite => write!(f, "in {}", self.dir.display()),
            Rows::Postgres { url } => write!(f, "at {}", redacted(url)),
        }
    }
}

impl fmt::Debug for Rows {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Rows::Sqlite => f.write_str("sqlite:"),
            Rows::Postgres { url } => f.write_str(&redacted(url)),
        }
    }
}

impl fmt::Debug for Octets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Octets::Files => f.write_str("files:"),
            Octets::Objects { url } => f.write_str(&redacted(url)),
        }
    }
}

/// An address without the secrets that may stand in it: all between the user's name and the last `@`, and the values of
/// parameters that aren't known to be harmless. Where it is written against the rules, rather too much is hidden.
pub fn redacted(url: &str) -> String {
    let (scheme, rest) = url.split_once("://").unwrap_or(("", url));
    let (who, place) = rest.rsplit_once('@').map_or(("", rest), |(who, place)| (who, place));
    let user = who.split([':', '/', '?', '#']).next().unwrap_or_default();
    let hidden = if user.len() < who.len() { ":***" } else { "" };
    let mut shown = if who.is_empty() { format!("{scheme}://") } else { format!("{scheme}://{user}{hidden}@") };
    let (place, parameters) = place.split_once('?').unwrap_or((place, ""));
    shown += place;
    for (index, parameter) in parameters.split('&').filter(|parameter| !parameter.is_empty()).enumerate() {
        let (name, value) = parameter.split_once('=').unwrap_or((parameter, ""));
        // An endpoint may have a user and a password, however they are written.
        let names_user = value.contains('@') || value.to_ascii_lowercase().contains("%40");
        let value = if SHOWN.contains(&name) && !names_user { value } else { "***" };
        shown += &format!("{}{name}={value}", if index == 0 { '?' } else { '&' });
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_secret_of_an_address_is_shown() {
        for (url, shown) in [
            (
                "postgres://ada:s3cret@db.example:5432/mail?sslmode=require",
                "postgres://ada:***@db.example:5432/mail?sslmode=require",
            ),
            ("postgres://ada@db.example/mail", "postgres://ada@db.example/mail"),
            (
                "postgres:///mail?host=/run/postgresql&user=ada&password=s3cret",
                "postgres:///mail?host=/run/postgresql&user=ada&password=***",
            ),
            ("postgres://ada:s3/cr@et@db/mail", "postgres://ada:***@db/mail"),
            ("postgres://ada:s3cr?et@db/mail", "postgres://ada:***@db/mail"),
            ("postgres://:s3cret@db/mail", "postgres://:***@db/mail"),
            (
                "s3://bucket/a?secret_access_key=s3cret&region=x&SESSION=s3cret",
                "s3://bucket/a?secret_access_key=***&region=x&SESSION=***",
            ),
            ("s3://bucket?endpoint=http://key:s3cret@127.0.0.1:9000", "s3://bucket:***@127.0.0.1:9000"),
            ("s3://key:s3cret@bucket/a", "s3://key:***@bucket/a"),
        ] {
            assert_eq!(redacted(url), shown);
            assert!(!shown.contains("s3cr") && !shown.contains("s3/cr"), "{shown}");
        }
        let dir = PathBuf::from("d");
        let url = "postgres://ada:s3cret@db/mail".to_owned();
        let octets = Octets::Objects { url: "s3://b?secret_access_key=s3cret".to_owned() };
        let location = Location { dir, rows: Rows::Postgres { url }, octets };
        assert_eq!(location.to_string(), "at postgres://ada:***@db/mail");
        assert!(!format!("{location:?}").contains("s3cret"), "{location:?}");
    }

    #[test]
    fn an_address_is_of_a_known_kind() {
        assert_eq!(Rows::parse("sqlite:"), Ok(Rows::Sqlite));
        for good in ["postgres://u@h/d", "postgresql:///d?host=/run"] {
            assert_eq!(Rows::parse(good), Ok(Rows::Postgres { url: good.to_owned() }));
        }
        for bad in ["", "sqlite", "sqlite:x.db", "mysql://h/d", "postgres:h", "host=h password=p"] {
            assert!(Rows::parse(bad).is_err(), "{bad}");
        }
        assert_eq!(Octets::parse("files:"), Ok(Octets::Files));
        assert!(Octets::parse("s3://bucket/a").is_ok());
        for bad in ["", "s3:", "s3://", "bucket", "http://bucket"] {
            assert!(Octets::parse(bad).is_err(), "{bad}");
        }
    }
}
