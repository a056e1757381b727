//! One server of PostgreSQL as Debian's package sets it up, but for memory and connections: what it has said is committed is on
//! the disk. It is for figures; tests whose servers may forget start sooner.

use crate::cpu;
use crate::pair::{Member, demand};
use crate::postgres::programs;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Duration;
use tempfile::TempDir;

/// What it is told. Each statement is counted where that is asked for, which costs some of what it measures.
const SETTINGS: &str = "listen_addresses = '127.0.0.1'\nmax_connections = 200\nshared_buffers = '512MB'\nmax_wal_size = '4GB'\n\
     log_min_messages = fatal\n";
const COUNTING: &str =
    "shared_preload_libraries = 'pg_stat_statements'\ntrack_wal_io_timing = on\npg_stat_statements.max = 10000\n";

/// A server with an empty database; it ends with it.
pub struct Durable {
    bin: PathBuf,
    server: Member,
    _folder: TempDir,
}

impl Durable {
    /// Starts one.
    pub async fn start() -> Durable {
        Durable::with(SETTINGS).await
    }

    /// Starts one that counts its statements.
    pub async fn counting() -> Durable {
        let durable = Durable::with(&format!("{SETTINGS}{COUNTING}")).await;
        durable.ask("CREATE EXTENSION pg_stat_statements");
        durable
    }

    async fn with(settings: &str) -> Durable {
        let bin = programs();
        let folder = crate::peers::folder();
        let server = Member::make(&bin, folder.path(), "data", &[], settings).await;
        let durable = Durable { bin, server, _folder: folder };
        durable.ask_in("postgres", "CREATE DATABASE mail");
        durable
    }

    /// Where the database is.
    pub fn url(&self) -> String {
        self.url_of("mail")
    }

    /// What a statement answers: a line for each row, with `|` between its values.
    pub fn ask(&self, sql: &str) -> String {
        self.ask_in("mail", sql)
    }

    /// The time of the processor that all its processes have had.
    pub fn cpu(&self) -> Duration {
        cpu::of_family(self.server.process())
    }

    fn url_of(&self, database: &str) -> String {
        format!("postgres://restante@127.0.0.1:{}/{database}", self.server.port())
    }

    fn ask_in(&self, database: &str, sql: &str) -> String {
        let mut psql = Command::new(self.bin.join("psql"));
        psql.args(["--no-psqlrc", "--quiet", "--no-align", "--tuples-only", "--set", "ON_ERROR_STOP=1", "--command", sql]);
        let answer = psql.arg("--dbname").arg(self.url_of(database)).stdin(Stdio::null()).output().expect("psql can be started");
        demand(sql, &answer);
        String::from_utf8_lossy(&answer.stdout).trim().to_owned()
    }
}

impl Drop for Durable {
    fn drop(&mut self) {
        self.server.end();
    }
}
