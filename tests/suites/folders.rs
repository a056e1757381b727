//! Folders: their names, places and lists (behaviour 9), and what becomes of that which is in them.

mod contents;
mod counts;
mod lists;
mod places;

use kit::{Person, plain};
use serde_json::{Value, json};

fn id(thing: &Value) -> &str {
    thing["id"].as_str().unwrap()
}

fn at(folder: &Value) -> String {
    format!("mailFolders/{}", id(folder))
}

/// Makes a folder within another one, which is named by its id or its well-known name.
async fn make(person: &Person, parent: &str, name: &str) -> Value {
    person.post_json(&format!("mailFolders/{parent}/childFolders"), &json!({"displayName": name})).await.demand(201).json()
}

async fn read(person: &Person, name: &str) -> Value {
    person.get(&format!("mailFolders/{name}")).await.demand(200).json()
}

/// Files a message in a folder.
async fn file(person: &Person, folder: &str, subject: &str) -> Value {
    let octets = plain("AdeleV", &["AlexW"], subject);
    person.post_mime(&format!("mailFolders/{folder}/messages"), &octets).await.demand(201).json()
}

/// The names in a list of folders.
fn names(list: &[Value]) -> Vec<&str> {
    list.iter().map(|folder| folder["displayName"].as_str().unwrap()).collect()
}
