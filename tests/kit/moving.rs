//! Where a store is or is to be, and moves between two of these.

use crate::Server;
use crate::place::{NOT_FOR_SERVERS, Place};
use crate::server::command;
use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};
use std::sync::Arc;
use std::time::Duration;
use store::{Octets, Rows};
use tempfile::TempDir;
use tokio::process::{Child, Command};
use tokio::time::timeout;

/// A place for a store, with a data directory beside it.
pub struct Room {
    pub(crate) home: TempDir,
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
        Room { home: tempfile::tempdir().expect("a temporary directory can be made"), place: Arc::new(place) }
    }

    fn data(&self) -> PathBuf {
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

    /// `restante move` from here to another room.
    pub async fn move_to(&self, other: &Room) -> Output {
        self.moving(other).output().await.expect("the binary can be started")
    }

    /// The same, without waiting for its end.
    pub fn begin_move_to(&self, other: &Room) -> Child {
        self.moving(other).stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("the binary can be started")
    }

    /// Gives up whatever move from here is under way.
    pub async fn stay(&self) -> Output {
        let mut command = command(&self.place);
        command.arg("move").args(flags((&self.place, &self.data()), "from")).arg("--abandon");
        command.output().await.expect("the binary can be started")
    }

    fn moving(&self, other: &Room) -> Command {
        moving((&self.place, &self.data()), other)
    }
}

impl Server {
    /// `restante move` from where this server serves to a room.
    pub async fn move_to(&self, room: &Room) -> Output {
        moving((self.place(), &self.data_dir()), room).output().await.expect("the binary can be started")
    }
}

fn moving(from: (&Place, &Path), to: &Room) -> Command {
    let mut command = command(&Place::DataDirectory);
    // Who we are to both buckets: the other variables are for who serves.
    command.envs(from.0.variables().into_iter().chain(to.place.variables()));
    for name in NOT_FOR_SERVERS {
        command.env_remove(name);
    }
    command.arg("move").args(flags(from, "from")).args(flags((&to.place, &to.data()), "to")).kill_on_drop(true);
    command
}

fn flags((place, dir): (&Place, &Path), end: &str) -> Vec<String> {
    let location = place.location(dir);
    let rows = match location.rows {
        Rows::Sqlite => format!("sqlite:{}", dir.display()),
        Rows::Postgres { url } => url,
    };
    let mut flags = vec![format!("--{end}"), rows];
    if let Octets::Objects { url } = location.octets {
        flags.extend([format!("--{end}-blobs"), url]);
    }
    flags
}

/// The digests that a move printed, line by line.
pub fn digests(moved: &Output) -> Vec<String> {
    assert!(moved.status.success(), "restante move: {moved:?}");
    let said = String::from_utf8_lossy(&moved.stdout).into_owned();
    said.lines().filter(|line| !line.starts_with("The store")).map(str::to_owned).collect()
}
