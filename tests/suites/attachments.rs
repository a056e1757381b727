//! Attachments as a resource: what is listed of them, how they come to a draft, and how they are described.

mod items;
mod large;
mod lists;
mod metadata;

use kit::{Person, base64};
use serde_json::{Value, json};

/// The `id` of something.
fn id(resource: &Value) -> &str {
    resource["id"].as_str().expect("it has an id")
}

/// The address of a message's attachments.
fn attachments_of(message: &Value) -> String {
    format!("messages/{}/attachments", id(message))
}

fn file(name: &str, media_type: &str, octets: &[u8]) -> Value {
    json!({
        "@odata.type": "#microsoft.graph.fileAttachment", "name": name, "contentType": media_type, "contentBytes": base64(octets),
    })
}

/// A draft given as JSON, and one given as MIME.
async fn drafts(person: &Person) -> [Value; 2] {
    let composed = person.post_json("messages", &json!({"subject": "Given as JSON", "body": {"content": "Hello"}})).await;
    let given = person.draft(b"Subject: Given as MIME\nX-Odd:  kept \n\nHello\n").await;
    [composed.demand(201).json(), given]
}

/// The names in a list.
fn names(list: &Value) -> Vec<&str> {
    list["value"].as_array().expect("a list has a value").iter().map(|one| one["name"].as_str().unwrap_or_default()).collect()
}
