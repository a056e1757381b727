//! PostgreSQL, from Debian's package: one private cluster for all tests of a process, in which each server has a database of
//! its own. It is there as long as the process: a shell watches, and takes it away even where the tests are killed.

use crate::settings::{aloud, postgres_url};
use std::io::{BufRead, BufReader, Read};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::LazyLock;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// Starts the cluster and says so, waits until nobody holds its input any more, and takes the cluster away. Texts are compared
/// as people of a language do (ICU), which no statement may lean on; nothing is synced, for no test cuts the power.
const WATCH: &str = r#"
bin=$1 folder=$2 port=$3
trap '' HUP INT TERM PIPE
as=
if [ "$(id -u)" = 0 ]; then
    chown postgres "$folder"
    as="setpriv --reuid postgres --regid postgres --clear-groups"
fi
gone() { cat "$folder/log"; rm -rf "$folder"; exit 1; }
$as "$bin/initdb" --pgdata "$folder/data" --username restante --auth trust --no-sync --encoding UTF8 \
    --locale C --locale-provider icu --icu-locale en-US >"$folder/log" 2>&1 || gone
$as "$bin/postgres" -D "$folder/data" -p "$port" -k "$folder" -c listen_addresses=127.0.0.1 -c max_connections=500 \
    -c fsync=off -c full_page_writes=off -c max_wal_size=512MB -c log_min_messages=fatal -c logging_collector=off \
    </dev/null >>"$folder/log" 2>&1 &
server=$!
until "$bin/pg_isready" --quiet --host "$folder" --port "$port"; do
    kill -0 $server 2>/dev/null || gone
    sleep 0.05
done
echo ready
cat >/dev/null
kill -QUIT $server
wait $server
rm -rf "$folder"
"#;

static CLUSTER: LazyLock<Cluster> = LazyLock::new(Cluster::open);
static NEXT: AtomicU64 = AtomicU64::new(0);

struct Cluster {
    bin: PathBuf,
    /// An address of it, as it is before and after a database's name.
    before: String,
    after: String,
    /// Whoever watches ends with its input, and that with this process.
    _watch: Option<Child>,
}

/// A database of one server. Its end is its test's.
pub struct Database {
    name: String,
    /// Whether it has a tablespace of its own.
    has_moved: AtomicBool,
}

impl Database {
    /// An empty one.
    pub fn new() -> Database {
        let name = format!("restante_{}_{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        CLUSTER.demand(&format!("CREATE DATABASE {name}"));
        Database { name, has_moved: AtomicBool::new(false) }
    }

    /// Where it is.
    pub fn url(&self) -> String {
        CLUSTER.url(&self.name)
    }

    /// Where it is for who comes by another address.
    pub fn url_at(&self, address: SocketAddr) -> String {
        let (who, _) = CLUSTER.before.rsplit_once('@').expect("the cluster's address has a user");
        format!("{who}@{address}/{}{}", self.name, CLUSTER.after)
    }

    /// The address of the cluster.
    pub fn address() -> SocketAddr {
        let (_, address) = CLUSTER.before.rsplit_once('@').expect("the cluster's address has a user");
        address.parse().expect("the cluster is reached by an address and a port")
    }

    /// The names of all tables and what is in them, as the server writes it down: octets and texts as they are.
    pub fn octets(&self) -> Vec<u8> {
        let tables = self.ask("SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1");
        let copy = |table: &str| {
            let copied = CLUSTER.psql(&self.name, &format!("COPY {table} TO STDOUT (FORMAT binary)"));
            assert!(copied.status.success(), "{table}: {}", String::from_utf8_lossy(&copied.stderr));
            [table.as_bytes(), &copied.stdout].concat()
        };
        tables.lines().flat_map(copy).collect()
    }

    /// Moves it, while nobody is connected, into a folder that is made.
    pub(crate) fn move_to(&self, folder: &Path) {
        let (name, place) = (&self.name, folder.display());
        let made = Command::new("install").args(["-d", "-m", "700", "-o", "postgres"]).arg(folder).status();
        assert!(made.expect("install can be started").success());
        CLUSTER.demand(&format!("CREATE TABLESPACE {name} LOCATION '{place}'"));
        self.has_moved.store(true, Ordering::Relaxed);
        CLUSTER.demand(&format!("ALTER DATABASE {name} SET TABLESPACE {name}"));
    }

    /// What a statement answers: a line for each row, with `|` between its values.
    pub fn ask(&self, sql: &str) -> String {
        told(sql, &CLUSTER.psql(&self.name, sql))
    }
}

impl Default for Database {
    fn default() -> Database {
        Database::new()
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        let name = &self.name;
        let tablespace = self.has_moved.load(Ordering::Relaxed).then(|| format!("DROP TABLESPACE {name}"));
        for sql in [format!("DROP DATABASE {name} WITH (FORCE)")].into_iter().chain(tablespace) {
            let dropped = CLUSTER.psql("postgres", &sql);
            if !dropped.status.success() {
                aloud(&format!("{sql}: {}", String::from_utf8_lossy(&dropped.stderr)));
            }
        }
    }
}

/// The name and version of the server, as it says them itself.
pub fn postgres_version() -> String {
    CLUSTER.demand("SELECT 'PostgreSQL ' || split_part(current_setting('server_version'), ' ', 1)").trim().to_owned()
}

impl Cluster {
    /// The one that `RESTANTE_TEST_POSTGRES` names, where databases may be made; else a new one.
    fn open() -> Cluster {
        let bin = programs();
        let Some(url) = postgres_url() else { return Cluster::start(bin) };
        let (place, after) =
            url.split_once('?').map_or((url.as_str(), String::new()), |(place, rest)| (place, format!("?{rest}")));
        let (scheme, rest) = place.split_once("://").expect("RESTANTE_TEST_POSTGRES is an address");
        let host = rest.split('/').next().unwrap_or_default();
        Cluster { bin, before: format!("{scheme}://{host}"), after, _watch: None }
    }

    fn start(bin: PathBuf) -> Cluster {
        let folder = crate::peers::folder().keep(); // whoever watches removes it
        let port = crate::free_address().port();
        let mut watch = Command::new("sh")
            .args(["-c", WATCH, "sh"])
            .args([&bin, &folder])
            .arg(port.to_string())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("a shell can be started");
        let mut said = BufReader::new(watch.stdout.take().expect("it was piped"));
        let mut line = String::new();
        said.read_line(&mut line).expect("it can be read");
        if line != "ready\n" {
            let _ = said.read_to_string(&mut line); // what it said before it ended
            panic!("PostgreSQL could not be started:\n{line}");
        }
        Cluster { bin, before: format!("postgres://restante@127.0.0.1:{port}"), after: String::new(), _watch: Some(watch) }
    }

    fn url(&self, database: &str) -> String {
        format!("{}/{database}{}", self.before, self.after)
    }

    fn demand(&self, sql: &str) -> String {
        told(sql, &self.psql("postgres", sql))
    }

    fn psql(&self, database: &str, sql: &str) -> Output {
        let mut psql = Command::new(self.bin.join("psql"));
        psql.args(["--no-psqlrc", "--quiet", "--no-align", "--tuples-only", "--set", "ON_ERROR_STOP=1", "--command", sql]);
        psql.arg("--dbname").arg(self.url(database)).stdin(Stdio::null()).output().expect("psql can be started")
    }
}

fn told(sql: &str, answer: &Output) -> String {
    assert!(answer.status.success(), "{sql}: {}", String::from_utf8_lossy(&answer.stderr));
    String::from_utf8_lossy(&answer.stdout).into_owned()
}

/// The folder of the newest version's programs.
pub(crate) fn programs() -> PathBuf {
    let versions = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().filter_map(Result::ok);
    let number = |path: &PathBuf| path.file_name().and_then(|name| name.to_str()?.parse::<u32>().ok());
    let newest = versions.map(|entry| entry.path()).filter(|path| path.join("bin/initdb").is_file()).max_by_key(number);
    newest.expect("PostgreSQL is installed (Debian: postgresql)").join("bin")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_database_is_its_own_and_goes_with_its_test() {
        let (one, other) = (Database::new(), Database::new());
        one.ask("CREATE TABLE t (x TEXT); INSERT INTO t VALUES ('a'), ('B')");
        assert_eq!(one.ask("SELECT x FROM t ORDER BY x"), "a\nB\n", "as people order, not as octets do");
        assert_eq!(other.ask("SELECT count(*) FROM pg_tables WHERE tablename = 't'"), "0\n");
        let name = one.name.clone();
        drop(one);
        assert_eq!(other.ask(&format!("SELECT count(*) FROM pg_database WHERE datname = '{name}'")), "0\n");
        assert!(postgres_version().starts_with("PostgreSQL 1"), "{}", postgres_version());
    }
}
