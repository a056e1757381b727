//! The walls of the house: which room imports which, and which room owns an outside crate. ARCHITECTURE.md draws them.

use kit::workspace;
use serde_json::Value;
use std::collections::BTreeMap;
use std::process::Command;

/// Each room and the rooms that it may import; an arrow only points down.
const FLOORS: [(&str, &[&str]); 10] = [
    ("mime", &[]),
    ("odata", &[]),
    ("store", &[]),
    ("smime", &["mime"]),
    ("identity", &["store"]),
    ("mailbox", &["mime", "smime", "store", "identity"]),
    ("graph", &["odata", "mime", "store", "identity", "mailbox"]),
    ("smtp", &["mime", "store", "identity", "mailbox"]),
    ("client", &["mime", "smime"]),
    ("server", &["store", "identity", "mailbox", "graph", "smtp", "client"]),
];

/// Outside crates that only these rooms may name.
const OWNERS: [(&str, &[&str]); 37] = [
    ("anyhow", &["server", "client"]),
    ("argon2", &["identity"]),
    ("aws-lc-rs", &["identity", "smime", "smtp"]),
    ("axum", &["graph", "identity", "server"]),
    ("calcard", &["mailbox"]),
    ("clap", &["server", "client"]),
    ("flate2", &["smime"]),
    ("foreign-types", &["smime"]),
    ("hickory-resolver", &["smtp"]),
    ("httparse", &["server"]),
    ("hyper", &["server"]),
    ("hyper-rustls", &["server"]),
    ("hyper-util", &["server"]),
    ("icu_normalizer", &["identity"]),
    ("jsonwebtoken", &["identity"]),
    ("ldap3", &["server"]),
    ("libc", &["server"]),
    ("mail-auth", &["smtp"]),
    ("mail-parser", &["mime"]),
    ("memmap2", &["store"]),
    ("metrics-exporter-prometheus", &["server"]),
    ("object_store", &["store"]),
    ("openssl", &["smime"]),
    ("openssl-sys", &["smime"]),
    ("postgres", &["store"]),
    ("rcgen", &["server"]),
    ("rusqlite", &["store"]),
    ("smtp-proto", &["smtp"]),
    ("rustls", &["server", "smtp", "client", "store"]),
    ("rustls-native-certs", &["server", "store"]),
    ("tokio-postgres-rustls", &["store"]),
    ("tokio-rustls", &["server", "smtp", "client"]),
    ("toml", &["server"]),
    ("tower-http", &["server"]),
    ("tracing-subscriber", &["server"]),
    ("url", &["identity", "store"]),
    ("x509-parser", &["identity"]),
];

/// Rooms that are told and never ask: no clock, file or socket, so only these crates from outside.
const PURE: [(&str, &[&str]); 2] = [("mime", &["bytes", "encodify", "mail-parser"]), ("odata", &["percent-encoding", "winnow"])];

struct Edge {
    to: String,
    /// Whether the product needs it, and not only its tests.
    product: bool,
}

/// The rooms that exist and what they name in their manifests.
fn rooms() -> BTreeMap<String, Vec<Edge>> {
    let listing = Command::new(env!("CARGO"))
        .args(["metadata", "--no-deps", "--offline", "--format-version", "1"])
        .current_dir(workspace())
        .output()
        .expect("cargo can be started");
    assert!(listing.status.success(), "{}", String::from_utf8_lossy(&listing.stderr));
    let metadata: Value = serde_json::from_slice(&listing.stdout).expect("cargo answers JSON");
    let text = |value: &Value| value.as_str().expect("names are texts").to_owned();
    let packages = metadata["packages"].as_array().expect("cargo lists packages");
    let inside = |package: &&Value| text(&package["manifest_path"]).contains("/crates/");
    let edges = |package: &Value| {
        let listed = package["dependencies"].as_array().expect("a package lists what it needs").iter();
        listed.map(|one| Edge { to: room(&text(&one["name"])), product: one["kind"].as_str() != Some("dev") }).collect()
    };
    packages.iter().filter(inside).map(|package| (room(&text(&package["name"])), edges(package))).collect()
}

/// A room's import name is its package's without the house's.
fn room(package: &str) -> String {
    package.strip_prefix("restante-").unwrap_or(package).to_owned()
}

fn allowed<'a>(table: &[(&str, &'a [&'a str])], name: &str) -> Option<&'a [&'a str]> {
    table.iter().find(|(one, _)| *one == name).map(|(_, list)| *list)
}

#[test]
fn arrows_only_point_down() {
    let rooms = rooms();
    assert!(rooms.len() >= 7, "the rooms were found: {:?}", rooms.keys());
    for (name, edges) in &rooms {
        let below = allowed(&FLOORS, name).unwrap_or_else(|| panic!("{name} has a floor"));
        for edge in edges.iter().filter(|edge| rooms.contains_key(&edge.to)) {
            assert!(below.contains(&edge.to.as_str()), "{name} may not import {}", edge.to);
        }
    }
}

#[test]
fn outside_crates_stay_in_their_rooms() {
    for (name, edges) in rooms() {
        for edge in edges.iter().filter(|edge| edge.product) {
            let owners = allowed(&OWNERS, &edge.to).unwrap_or(&[]);
            assert!(owners.is_empty() || owners.contains(&name.as_str()), "{} belongs to {owners:?}, not to {name}", edge.to);
        }
    }
}

#[test]
fn pure_rooms_know_no_clock_file_or_socket() {
    for (name, edges) in rooms() {
        let Some(known) = allowed(&PURE, &name) else { continue };
        for edge in edges.iter().filter(|edge| edge.product) {
            assert!(known.contains(&edge.to.as_str()), "{name} may not use {}", edge.to);
        }
    }
}
