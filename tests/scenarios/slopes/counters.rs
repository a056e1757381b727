//! What PostgreSQL and the kernel counted.

use kit::Durable;
use std::path::Path;
use std::process::Command;

/// Names of what [`Counters::of`] reads from PostgreSQL, in the order of its columns.
const NAMES: [&str; 14] = [
    "statements",
    "round_trips",
    "rows_inserted",
    "rows_updated",
    "rows_deleted",
    "rows_read",
    "pages_hit",
    "pages_read",
    "wal_bytes",
    "wal_page_images",
    "bytes_tables",
    "bytes_indexes",
    "bytes_small_octets",
    "bytes_text_index",
];

/// Statements by what they are. Those that measure are left out, with the transactions around the looks at the queue. What begins a
/// deed goes in one message: BEGIN, the lock of the mailbox, whose values stand in the text, and the deed's own row.
const STATEMENTS: &str = r"
WITH s AS (SELECT * FROM pg_stat_statements WHERE dbid = (SELECT oid FROM pg_database WHERE datname = current_database())
    AND query !~ 'pg_stat|pg_current_wal|pg_extension|CHECKPOINT|^SELECT state, count'),
looks AS (SELECT coalesce(sum(calls), 0) AS n FROM pg_stat_statements WHERE query LIKE 'SELECT state, count%'),
statements AS (SELECT
    sum(calls) - 2 * (SELECT n FROM looks) AS statements,
    sum(calls) - 2 * (SELECT n FROM looks) - coalesce(sum(calls) FILTER (WHERE query LIKE 'INSERT INTO deed%'
        OR query LIKE 'SELECT $1 FROM mailbox WHERE id = $2 FOR UPDATE%'), 0) AS round_trips,
    coalesce(sum(rows) FILTER (WHERE query ~ '^\s*INSERT'), 0) AS inserted,
    coalesce(sum(rows) FILTER (WHERE query ~ '^\s*UPDATE'), 0) AS updated,
    coalesce(sum(rows) FILTER (WHERE query ~ '^\s*DELETE'), 0) AS deleted,
    coalesce(sum(rows) FILTER (WHERE query ~ '^\s*(SELECT|WITH|\()'), 0) AS read,
    sum(shared_blks_hit) AS hit, sum(shared_blks_read) AS blocks_read, sum(wal_fpi) AS images FROM s),
tables AS (SELECT
    sum(pg_table_size(c.oid)) FILTER (WHERE relname NOT LIKE 'search%' AND relname <> 'blob') AS tables,
    sum(pg_indexes_size(c.oid)) FILTER (WHERE relname NOT LIKE 'search%' AND relname <> 'blob') AS indexes,
    sum(pg_total_relation_size(c.oid)) FILTER (WHERE relname = 'blob') AS blobs,
    sum(pg_total_relation_size(c.oid)) FILTER (WHERE relname LIKE 'search%') AS texts
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE relkind = 'r' AND nspname = 'public')
SELECT statements, round_trips, inserted, updated, deleted, read, hit, blocks_read,
    pg_current_wal_insert_lsn() - '0/0'::pg_lsn, images, tables, indexes, blobs, texts FROM statements, tables";

/// All that was counted at a moment.
pub struct Counters(Vec<(&'static str, f64)>);

impl Counters {
    pub fn of(database: &Durable) -> Counters {
        let answer = database.ask(STATEMENTS);
        let values = answer.split('|').map(|value| value.parse().expect("a number"));
        let counters: Vec<_> = NAMES.into_iter().zip(values).collect();
        assert_eq!(counters.len(), NAMES.len(), "{answer}");
        Counters(counters)
    }

    /// Octets that a process has had written to the disk, and of its files.
    pub fn of_files(process: u32, dir: &Path) -> Counters {
        let said = std::fs::read_to_string(format!("/proc/{process}/io")).expect("the process runs");
        let written = said.lines().find_map(|line| line.strip_prefix("write_bytes: ")).expect("the kernel counts it");
        let size = |name: &str| size_of(&dir.join(name));
        Counters(vec![
            ("disk_bytes", written.parse().expect("a number")),
            ("bytes_rows", size("restante.db")),
            ("bytes_text_index", size("search.db")),
        ])
    }

    /// What was added since, for each of so many.
    pub fn since(&self, before: &Counters, count: u64) -> Vec<(&'static str, f64)> {
        self.0.iter().zip(&before.0).map(|((name, now), (_, then))| (*name, (now - then) / count as f64)).collect()
    }
}

/// How often the log was synced, transactions were committed, and the milliseconds of a sync. Servers of connections tell of it
/// after ten seconds of rest at the latest (PostgreSQL: pgstat.c, `PGSTAT_IDLE_INTERVAL`).
pub fn syncs(database: &Durable) -> [f64; 3] {
    let sql = "SELECT wal_sync, xact_commit, wal_sync_time FROM pg_stat_wal, pg_stat_database WHERE datname = current_database()";
    let answer = database.ask(sql);
    let mut values = answer.split('|').map(|value| value.parse().expect("a number"));
    std::array::from_fn(|_| values.next().expect("three columns"))
}

/// Octets of a database of SQLite, with what stands in its log alone.
fn size_of(file: &Path) -> f64 {
    let pages = "import sqlite3, sys
database = sqlite3.connect(f'file:{sys.argv[1]}?mode=ro', uri=True)
print(*(database.execute(f'PRAGMA page_{what}').fetchone()[0] for what in ('count', 'size')))";
    let said = Command::new("python3").args(["-c", pages]).arg(file).output().expect("Python can be started");
    let text = String::from_utf8_lossy(&said.stdout);
    let numbers: Vec<f64> = text.split_whitespace().filter_map(|number| number.parse().ok()).collect();
    assert_eq!(numbers.len(), 2, "{}", String::from_utf8_lossy(&said.stderr));
    numbers.iter().product()
}
