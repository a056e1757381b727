//! Everything that is kept, counted: what is refused must leave it as it was.

use crate::{PEOPLE, Server};
use std::collections::{BTreeMap, BTreeSet};

/// Items of each folder, and the files and objects beside the rows.
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
    let files = server.at_rest_names().into_iter().collect();
    Census { folders, messages, files }
}
