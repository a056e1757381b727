//! The settings of the tests: the only room here that reads the environment.

use std::io::Write;
use std::path::{Path, PathBuf};

#[allow(clippy::disallowed_methods, reason = "this is the room that reads the tests' settings")]
fn setting(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// The folder of the workspace.
pub fn workspace() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the tests stand in the workspace")
}

/// The binary under test: `RESTANTE_BIN`, else the workspace's release build.
pub(crate) fn binary() -> PathBuf {
    let path = setting("RESTANTE_BIN").map_or_else(|| workspace().join("target/release/restante"), PathBuf::from);
    assert!(path.is_file(), "{} is not there: cargo build --release --ignore-rust-version makes it", path.display());
    path
}

/// The binary of an older version: `RESTANTE_OLDER_BIN`; nothing where it is to be built.
pub fn older_binary() -> Option<PathBuf> {
    setting("RESTANTE_OLDER_BIN").map(PathBuf::from)
}

/// A file of the shared data: below `RESTANTE_SHARED`, by default `../shared` beside the workspace.
///
/// Without the data this is `None` and says so aloud; in CI (`CI` set) it fails.
pub fn shared(path: &str) -> Option<Vec<u8>> {
    let file = shared_path(path)?;
    Some(std::fs::read(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display())))
}

/// Where a file or folder of the shared data is; `None` as [`shared`].
pub fn shared_path(path: &str) -> Option<PathBuf> {
    let root = workspace().join(setting("RESTANTE_SHARED").unwrap_or_else(|| "../shared".to_owned()));
    if !root.is_dir() {
        skipped(&format!("{} is not there: RESTANTE_SHARED says where the shared data is", root.display()));
        return None;
    }
    Some(root.join(path))
}

/// Whether servers keep their mail in PostgreSQL and object storage: `RESTANTE_TEST_STORE=postgres`. Unless said, they keep it
/// in their data directories.
pub(crate) fn on_postgres() -> bool {
    match setting("RESTANTE_TEST_STORE").as_deref() {
        None | Some("sqlite") => false,
        Some("postgres") => true,
        Some(other) => panic!("RESTANTE_TEST_STORE is {other:?}; it must be sqlite or postgres"),
    }
}

/// A cluster of PostgreSQL where tests may make databases: `RESTANTE_TEST_POSTGRES`, an address as libpq has it.
pub(crate) fn postgres_url() -> Option<String> {
    setting("RESTANTE_TEST_POSTGRES")
}

/// Whether the long jobs are asked for too: `RESTANTE_LONG`.
pub fn is_long() -> bool {
    setting("RESTANTE_LONG").is_some()
}

/// Whether documents are written instead of compared: `RESTANTE_WRITE_DOCS`.
pub(crate) fn writes_documents() -> bool {
    setting("RESTANTE_WRITE_DOCS").is_some()
}

/// How often the crash scenario kills the server: `RESTANTE_KILLS`, by default 10.
pub fn kills() -> usize {
    setting("RESTANTE_KILLS").map_or(10, |text| text.parse().expect("RESTANTE_KILLS is a number"))
}

/// The seed of what is random in a test: `RESTANTE_SEED`, else a new one.
pub fn seed() -> u64 {
    use std::hash::{BuildHasher, Hasher, RandomState};
    setting("RESTANTE_SEED")
        .map_or_else(|| RandomState::new().build_hasher().finish(), |text| text.parse().expect("RESTANTE_SEED is a number"))
}

/// Says something past the test runner, which keeps what a passing test prints to itself.
pub fn aloud(text: &str) {
    let _ = writeln!(std::io::stderr(), "{text}"); // nobody may be listening, and that is no failure
}

/// Says aloud that a test is skipped and why. In CI nothing is skipped: there it fails.
pub fn skipped(reason: &str) {
    assert!(setting("CI").is_none(), "can't be skipped in CI: {reason}");
    aloud(&format!("skipped: {reason}"));
}
