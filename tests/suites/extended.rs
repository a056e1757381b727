//! What clients hang on messages: extended properties and open extensions; and `$expand`, which shows it.

mod expand;
mod extensions;
mod filters;
mod folders;
mod properties;
mod tags;

use kit::Person;
use serde_json::Value;

pub fn id(item: &Value) -> &str {
    item["id"].as_str().expect("an item has an id")
}

/// A query option's value as clients encode it: whatever is not unreserved (RFC 3986 §2.3).
pub fn encoded(text: &str) -> String {
    let octet = |b: u8| match b {
        b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => char::from(b).to_string(),
        _ => format!("%{b:02X}"),
    };
    text.bytes().map(octet).collect()
}

/// A message with the single-value properties of these ids.
pub async fn with_properties(person: &Person, message: &str, ids: &[&str]) -> Value {
    let named: Vec<String> = ids.iter().map(|id| format!("id eq '{id}'")).collect();
    let expand = encoded(&format!("singleValueExtendedProperties($filter={})", named.join(" or ")));
    person.get(&format!("messages/{message}?$select=id&$expand={expand}")).await.demand(200).json()
}

/// The value of a property of a message; nothing where it has no such one.
pub async fn property(person: &Person, message: &str, id: &str) -> Option<String> {
    let read = with_properties(person, message, &[id]).await;
    let found = read["singleValueExtendedProperties"].as_array()?;
    assert_eq!(found[0]["id"], id, "the id comes back as it was spelt");
    Some(found[0]["value"].as_str().expect("a value is text").to_owned())
}
