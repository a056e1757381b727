//! Two servers of PostgreSQL: one that writes, and a standby that has all that is committed before its commit is answered.
//! They are killed, started again, and take each other's place.

use crate::postgres::programs;
use crate::until_within;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;
use tempfile::TempDir;
use tokio::time::{Instant, sleep};

/// What both are told. Checkpoints come often, so that a server which is killed has little to go through when it starts again.
const SETTINGS: &str = "listen_addresses = '127.0.0.1'\nmax_connections = 300\nfsync = off\nhot_standby = on\n\
     wal_retrieve_retry_interval = '100ms'\nwal_keep_size = '1GB'\nwal_receiver_timeout = '5s'\ncheckpoint_timeout = '30s'\n\
     max_wal_size = '256MB'\nlog_min_messages = fatal\n";

/// How long a server may take to be ready.
const READY: Duration = Duration::from_secs(90);

/// Both servers; they end with it.
pub struct Pair {
    bin: PathBuf,
    folder: TempDir,
    writer: Member,
    standby: Option<Member>,
}

pub(crate) struct Member {
    data: PathBuf,
    port: u16,
    child: Child,
}

impl Pair {
    /// An empty database on both.
    pub async fn start() -> Pair {
        let bin = programs();
        let folder = crate::peers::folder();
        let writer = Member::make(&bin, folder.path(), "first", &["--no-sync"], SETTINGS).await;
        let mut pair = Pair { bin, folder, writer, standby: None };
        pair.ask("postgres", "CREATE DATABASE mail");
        pair.add_standby("second").await;
        pair
    }

    /// Where the database is: on whichever of both takes writes.
    pub fn url(&self) -> String {
        let standby = self.standby.as_ref().map_or(self.writer.port, |standby| standby.port);
        format!("postgres://restante@127.0.0.1:{},127.0.0.1:{standby}/mail", self.writer.port)
    }

    /// The server that writes is killed, and started again.
    pub async fn restart(&mut self) {
        self.writer.child.kill().expect("it can be killed");
        self.writer.child.wait().expect("it can be waited for");
        self.writer.child = spawn(&self.bin, &self.writer.data, self.writer.port);
        self.writer.until_ready(&self.bin).await;
    }

    /// The server that writes is killed for good, and the standby takes its place.
    pub async fn fail_over(&mut self) {
        let standby = self.standby.take().expect("there is a standby");
        let mut gone = std::mem::replace(&mut self.writer, standby);
        gone.child.kill().expect("it can be killed");
        gone.child.wait().expect("it can be waited for");
        let promoted =
            as_postgres(&self.bin.join("pg_ctl")).args(["promote", "--wait", "--pgdata"]).arg(&self.writer.data).output();
        demand("pg_ctl promote", &promoted.expect("pg_ctl can be started"));
    }

    /// What a statement answers, on the server that writes.
    pub fn ask(&self, database: &str, sql: &str) -> String {
        let mut psql = Command::new(self.bin.join("psql"));
        psql.args(["--no-psqlrc", "--quiet", "--no-align", "--tuples-only", "--set", "ON_ERROR_STOP=1", "--command", sql]);
        let url = format!("postgres://restante@127.0.0.1:{}/{database}", self.writer.port);
        let answer = psql.arg("--dbname").arg(url).stdin(Stdio::null()).output().expect("psql can be started");
        demand(sql, &answer);
        String::from_utf8_lossy(&answer.stdout).trim().to_owned()
    }

    async fn add_standby(&mut self, name: &str) {
        let data = self.folder.path().join(name);
        let port = self.writer.port.to_string();
        let copied = as_postgres(&self.bin.join("pg_basebackup"))
            .args(["--host", "127.0.0.1", "--port", &port, "--username", "restante", "--checkpoint", "fast", "--no-sync"])
            .args(["--write-recovery-conf", "--pgdata"])
            .arg(&data)
            .output();
        demand("pg_basebackup", &copied.expect("pg_basebackup can be started"));
        self.standby = Some(Member::start(&self.bin, data).await);
        // From here on a commit waits for the standby. It is told this server alone: the standby has the others' settings.
        self.ask("postgres", "ALTER SYSTEM SET synchronous_standby_names = '*'");
        self.ask("postgres", "SELECT pg_reload_conf()");
        until_within(Duration::from_secs(20), "the standby is followed", async || {
            (self.ask("postgres", "SELECT count(*) FROM pg_stat_replication WHERE sync_state = 'sync'") == "1").then_some(())
        })
        .await;
    }
}

impl Drop for Pair {
    fn drop(&mut self) {
        for member in std::iter::once(&mut self.writer).chain(&mut self.standby) {
            member.end();
        }
    }
}

impl Member {
    /// Makes a server in a folder of its own, with these settings beside those that it comes with, and starts it.
    pub(crate) async fn make(bin: &Path, folder: &Path, name: &str, more: &[&str], settings: &str) -> Member {
        own(folder);
        let data = folder.join(name);
        let made = as_postgres(&bin.join("initdb"))
            .args(["--username", "restante", "--auth", "trust", "--encoding", "UTF8", "--locale", "C"])
            .args(more)
            .arg("--pgdata")
            .arg(&data)
            .output();
        demand("initdb", &made.expect("initdb can be started"));
        let given = std::fs::read_to_string(data.join("postgresql.conf")).expect("initdb writes it");
        let all = format!("{given}\n{settings}unix_socket_directories = '{}'\n", folder.display());
        std::fs::write(data.join("postgresql.conf"), all).expect("it can be written");
        Member::start(bin, data).await
    }

    pub(crate) async fn start(bin: &Path, data: PathBuf) -> Member {
        let port = crate::free_address().port();
        let mut member = Member { child: spawn(bin, &data, port), data, port };
        member.until_ready(bin).await;
        member
    }

    pub(crate) fn process(&self) -> u32 {
        self.child.id()
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// Kills it, if it is there.
    pub(crate) fn end(&mut self) {
        let _ = self.child.kill(); // it may be gone
        let _ = self.child.wait();
    }

    /// Starts it again where it ended at once: it does while those who served the one that was killed are still there.
    async fn until_ready(&mut self, bin: &Path) {
        let port = self.port.to_string();
        let began = Instant::now();
        while !is_ready(bin, &port) {
            assert!(began.elapsed() < READY, "PostgreSQL is ready in time");
            if self.child.try_wait().expect("it can be asked").is_some() {
                self.child = spawn(bin, &self.data, self.port);
            }
            sleep(Duration::from_millis(50)).await;
        }
    }
}

fn is_ready(bin: &Path, port: &str) -> bool {
    let asked = Command::new(bin.join("pg_isready")).args(["--quiet", "--host", "127.0.0.1", "--port", port]).status();
    asked.is_ok_and(|status| status.success())
}

fn spawn(bin: &Path, data: &Path, port: u16) -> Child {
    let mut postgres = as_postgres(&bin.join("postgres"));
    postgres.arg("-D").arg(data).arg("-p").arg(port.to_string());
    postgres.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("postgres can be started")
}

/// A program as the user that PostgreSQL's may run as; it ends with this process.
pub(crate) fn as_postgres(program: &Path) -> Command {
    let mut command = Command::new("setpriv");
    command.args(["--pdeathsig", "KILL"]);
    if rustix::process::geteuid().is_root() {
        command.args(["--reuid", "postgres", "--regid", "postgres", "--clear-groups"]);
    }
    command.arg(program);
    command
}

/// Gives a folder to that user.
pub(crate) fn own(folder: &Path) {
    if rustix::process::geteuid().is_root() {
        let owned = Command::new("chown").arg("postgres").arg(folder).status();
        assert!(owned.is_ok_and(|status| status.success()), "the folder can be given to postgres");
    }
}

pub(crate) fn demand(what: &str, answer: &std::process::Output) {
    assert!(answer.status.success(), "{what}: {}", String::from_utf8_lossy(&answer.stderr));
}
