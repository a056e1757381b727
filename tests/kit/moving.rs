//! Where a store is or is to be, and moves between two of these.

use crate::place::{NOT_FOR_SERVERS, Place};
use crate::server::command;
use crate::{Azure, Database, Server};
use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};
use std::sync::Arc;
use std::time::Duration;
use store::{Octets, Rows};
use tempfile::TempDir;
use tokio::process::{Child, Command};
use tokio::time::timeout;

/// A place for a store, with a data directory beside it.
#[derive(Clone)]
pub struct Room {
    pub(crate) home: Arc<TempDir>,
    pub(crate) place: Arc<Place>,
}

impl Room {
    /// An empty data directory.
    pub fn directory() -> Room {
        Room::of(Place::DataDirectory)
    }

    /// An empty database of PostgreSQL, and an empty bucket.
    pub fn shared() -> Room {
        Room::of(Place::shared(None))
    }

    fn of(place: Place) -> Room {
        let home = tempfile::tempdir().expect("a temporary directory can be made");
        Room { home: Arc::new(home), place: Arc::new(place) }
    }

    /// An empty database of PostgreSQL, and an empty data directory for octets.
    pub fn apart() -> Room {
        Room::of(Place::Apart { rows: Database::new() })
    }

    /// An empty data directory for rows, and this container for octets.
    pub fn at_azure(octets: Arc<Azure>) -> Room {
        Room::of(Place::Azure { octets })
    }

    /// An empty database of PostgreSQL, and octets in the data directory of another.
    pub fn apart_in(&self) -> Room {
        Room { home: self.home.clone(), place: Room::apart().place }
    }

    /// The bucket of another, and an empty database.
    pub fn with_another_database(&self) -> Room {
        Room::of(self.place.with_another_database())
    }

    /// The data directory of another, whatever is elsewhere of that.
    pub fn directory_of(&self) -> Room {
        Room { home: self.home.clone(), place: Arc::new(Place::DataDirectory) }
    }

    /// This database, and the data directory of another.
    pub fn with_directory_of(&self, other: &Room) -> Room {
        Room { home: other.home.clone(), place: self.place.clone() }
    }

    /// What its database answers to a statement.
    pub fn ask(&self, sql: &str) -> String {
        self.place.rows().expect("it has a database").ask(sql)
    }

    /// The data directory.
    pub fn data(&self) -> PathBuf {
        self.home.path().join("data")
    }

    /// Demands that `restante check` has nothing to say.
    pub async fn demand_order(&self) {
        let mut check = command(&self.place);
        let found = check.arg("check").arg("--data").arg(self.data()).output().await.expect("the binary can be started");
        assert!(found.status.success() && found.stdout.is_empty(), "restante check: {found:?}");
    }

    /// Tries to serve it; answers what was said, since it must not be.
    pub async fn refused(&self) -> String {
        let mut serve = command(&self.place);
        serve.arg("serve").arg("--data").arg(self.data());
        serve.args(["--http", "127.0.0.1:0", "--https", "127.0.0.1:0", "--smtp", "127.0.0.1:0"]);
        let ended = timeout(Duration::from_secs(30), serve.kill_on_drop(true).output()).await;
        let ended = ended.expect("it ends by itself").expect("the binary can be started");
        assert!(!ended.status.success(), "it must not be served");
        String::from_utf8(ended.stderr).expect("text")
    }

    /// `restante move --end` from here to another room.
    pub async fn move_to(&self, other: &Room) -> Output {
        self.moving(other).arg("--end").output().await.expect("the binary can be started")
    }

    /// `restante move` without an end: the store may be served.
    pub async fn follow_to(&self, other: &Room) -> Output {
        self.moving(other).output().await.expect("the binary can be started")
    }

    /// `restante move --end`, without waiting for it.
    pub fn begin_move_to(&self, other: &Room) -> Child {
        self.moving(other).arg("--end").stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("the binary can be started")
    }

    /// Gives up whatever move from here is under way.
    pub async fn stay(&self) -> Output {
        let mut command = command(&self.place);
        command.arg("move").args(flags((&self.place, &self.data()), "from")).arg("--abandon");
        command.output().await.expect("the binary can be started")
    }

    fn moving(&self, other: &Room) -> Command {
        let mut command = command(&Place::DataDirectory);
        // Who we are to both buckets: the other variables are for who serves.
        command.envs(self.place.variables().into_iter().chain(other.place.variables()));
        for name in NOT_FOR_SERVERS {
            command.env_remove(name);
        }
        command.arg("move").args(flags((&self.place, &self.data()), "from"));
        command.args(flags((&other.place, &other.data()), "to")).kill_on_drop(true);
        command
    }
}

impl Server {
    /// `restante move` from where this server serves to a room.
    pub async fn follow_to(&self, room: &Room) -> Output {
        self.room().follow_to(room).await
    }
}

fn flags((place, dir): (&Place, &Path), end: &str) -> Vec<String> {
    let location = place.location(dir);
    let rows = match location.rows {
        Rows::Sqlite => format!("sqlite:{}", dir.display()),
        Rows::Postgres { url } => url,
    };
    let mut flags = vec![format!("--{end}"), rows];
    match location.octets {
        Octets::Objects { url } => flags.extend([format!("--{end}-blobs"), url]),
        Octets::Files if flags[1].starts_with("sqlite:") => {}
        Octets::Files => flags.extend([format!("--{end}-data"), dir.display().to_string()]),
    }
    flags
}

/// The digests that a move printed, line by line.
pub fn digests(moved: &Output) -> Vec<String> {
    assert!(moved.status.success(), "restante move: {moved:?}");
    let said = String::from_utf8_lossy(&moved.stdout).into_owned();
    said.lines().filter(|line| !line.starts_with("The store")).map(str::to_owned).collect()
}
