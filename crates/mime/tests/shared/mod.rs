//! The shared data that tests read: below `RESTANTE_SHARED`, by default `../shared` beside the workspace.

use std::io::Write;
use std::path::{Path, PathBuf};

/// Every message of the corpus with its name. Without the data this is `None` and says so; in CI it fails.
pub fn corpus() -> Option<Vec<(String, Vec<u8>)>> {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let root = workspace.join(setting("RESTANTE_SHARED").unwrap_or_else(|| "../shared".to_owned())).join("corpus");
    if !root.is_dir() {
        skipped(&format!("{} is not there: RESTANTE_SHARED says where the shared data is", root.display()));
        return None;
    }
    let mut files = Vec::new();
    for shelf in ["mime", "smime"] {
        messages(&root.join(shelf), &mut files);
    }
    assert!(files.len() > 800, "only {} messages below {}", files.len(), root.display());
    Some(files)
}

fn messages(folder: &Path, files: &mut Vec<(String, Vec<u8>)>) {
    let unreadable = |error: std::io::Error| -> ! { panic!("{}: {error}", folder.display()) };
    let listed = std::fs::read_dir(folder).unwrap_or_else(|error| unreadable(error));
    let mut paths: Vec<PathBuf> = listed.map(|entry| entry.unwrap_or_else(|error| unreadable(error)).path()).collect();
    paths.sort();
    for path in paths {
        if path.is_dir() {
            messages(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "eml") {
            let octets = std::fs::read(&path).unwrap_or_else(|error| unreadable(error));
            files.push((path.display().to_string(), octets));
        }
    }
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

#[allow(clippy::disallowed_methods, reason = "this is the room that reads the tests' settings")]
fn setting(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}
