//! The corpus: below `RESTANTE_SHARED`, by default `../shared` beside the workspace.

use serde_json::Value;
use std::io::Write;
use std::path::{Path, PathBuf};

#[allow(clippy::disallowed_methods, reason = "a test reads its own setting")]
fn setting(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// The folder with the corpus. Without it this says "skipped" aloud; in CI it fails.
pub fn root() -> Option<PathBuf> {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let root = workspace.join(setting("RESTANTE_SHARED").unwrap_or_else(|| "../shared".to_owned()));
    if root.join("corpus").is_dir() {
        return Some(root);
    }
    skipped(&format!("{} holds no corpus", root.display()));
    None
}

/// Says aloud that a test is skipped and why. In CI nothing is skipped: there it fails.
pub fn skipped(reason: &str) {
    assert!(setting("CI").is_none(), "can't be skipped in CI: {reason}");
    aloud(&format!("skipped: {reason}"));
}

/// Says something past the test runner, which keeps what a passing test prints to itself.
pub fn aloud(text: &str) {
    let _ = writeln!(std::io::stderr(), "{text}"); // nobody may be listening, and that is no failure
}

/// The messages below a folder, relative to it, in order.
pub fn messages(folder: &Path) -> Vec<String> {
    let mut found = Vec::new();
    let mut open = vec![folder.to_owned()];
    while let Some(next) = open.pop() {
        for entry in std::fs::read_dir(&next).unwrap_or_else(|error| panic!("{}: {error}", next.display())) {
            let path = entry.expect("a folder's entry").path();
            if path.is_dir() {
                open.push(path);
            } else if path.extension().is_some_and(|e| e == "eml") {
                found.push(path.strip_prefix(folder).expect("below the folder").to_string_lossy().into_owned());
            }
        }
    }
    found.sort();
    found
}

/// A file's octets.
pub fn read(path: &Path) -> Vec<u8> {
    std::fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// A file's JSON.
pub fn json(path: &Path) -> Value {
    serde_json::from_slice(&read(path)).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}
