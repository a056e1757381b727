//! Everything that is kept, counted: what is refused must leave it as it was.

use crate::{PEOPLE, Server};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// Items of each folder, and the files beside the database.
#[derive(Debug, PartialEq, Eq)]
pub struct Census {
    folders: BTreeMap<String, u64>,
    messages: BTreeMap<String, usize>,
    files: BTreeSet<String>,
}

/// Counts what everybody has.
pub async fn census(server: &Server) -> Census {
    let (mut folders, mut messages) = (BTreeMap::new(), BTreeMap::new());
    for name in PEOPLE {
        let person = server.person(name);
        for folder in person.all("mailFolders?$top=100").await {
            let total = folder["totalItemCount"].as_u64().expect("a folder counts its items");
            folders.insert(format!("{name}: {}", folder["displayName"]), total);
        }
        messages.insert(name.to_owned(), person.all("messages?$top=1000&$select=subject").await.len());
    }
    let mut files = BTreeSet::new();
    walk(&server.data_dir(), &mut files);
    Census { folders, messages, files }
}

fn walk(folder: &Path, files: &mut BTreeSet<String>) {
    for entry in std::fs::read_dir(folder).expect("the data directory can be read") {
        let path = entry.expect("the data directory can be read").path();
        if path.is_dir() {
            walk(&path, files);
        } else {
            files.insert(path.to_string_lossy().into_owned());
        }
    }
}
