//! `restante move`.

use clap::Args;
use std::fmt;
use std::path::{Path, PathBuf};

/// From where to where.
#[derive(Clone, Args)]
pub struct MoveCommand {
    /// The store that is left: sqlite:DIR or postgres://USER@HOST/DATABASE
    #[arg(long, value_name = "PLACE", required_unless_present = "from_config")]
    pub from: Option<String>,
    /// Its octets, where they don't stand in files: s3://BUCKET/PREFIX?endpoint=…
    #[arg(long, value_name = "URL")]
    pub from_blobs: Option<String>,
    /// Its server's settings, which may say both
    #[arg(long, value_name = "FILE")]
    pub from_config: Option<PathBuf>,
    /// Its data directory, where rows stand in PostgreSQL and octets in files
    #[arg(long, value_name = "DIR")]
    pub from_data: Option<PathBuf>,
    /// The place that is filled: sqlite:DIR or postgres://USER@HOST/DATABASE
    #[arg(long, value_name = "PLACE", required_unless_present_any = ["to_config", "abandon"])]
    pub to: Option<String>,
    /// Its octets, where they are not to stand in files
    #[arg(long, value_name = "URL")]
    pub to_blobs: Option<String>,
    /// Its server's settings, which may say both
    #[arg(long, value_name = "FILE")]
    pub to_config: Option<PathBuf>,
    /// Its data directory, where rows are to stand in PostgreSQL and octets in files
    #[arg(long, value_name = "DIR")]
    pub to_data: Option<PathBuf>,
    /// End the move: nobody may serve the store where it was, then or later
    #[arg(long)]
    pub end: bool,
    /// Give up a move that isn't over: the store stays where it is
    #[arg(long, conflicts_with_all = ["end", "to", "to_blobs", "to_config", "to_data"])]
    pub abandon: bool,
}

/// One end of a move.
pub struct End<'c> {
    /// "from" or "to".
    pub name: &'static str,
    /// `sqlite:DIRECTORY` or `postgres://…`.
    pub place: Option<&'c str>,
    /// Object storage.
    pub blobs: Option<&'c str>,
    /// A file of settings.
    pub config: Option<&'c Path>,
    /// A data directory.
    pub data: Option<&'c Path>,
}

impl MoveCommand {
    /// The store that is left.
    pub fn from(&self) -> End<'_> {
        End {
            name: "from",
            place: self.from.as_deref(),
            blobs: self.from_blobs.as_deref(),
            config: self.from_config.as_deref(),
            data: self.from_data.as_deref(),
        }
    }

    /// The place that is filled.
    pub fn to(&self) -> End<'_> {
        End {
            name: "to",
            place: self.to.as_deref(),
            blobs: self.to_blobs.as_deref(),
            config: self.to_config.as_deref(),
            data: self.to_data.as_deref(),
        }
    }
}

/// No password is shown.
impl fmt::Debug for MoveCommand {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let places = [&self.from, &self.from_blobs, &self.to, &self.to_blobs];
        write!(f, "{:?}", places.map(|place| place.as_deref().map(store::redacted)))
    }
}
