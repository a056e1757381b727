//! What a request with MIME may say beside it: how it is kept, whether it was sent before, from where its octets come.

mod given_fields;
mod idempotency;
mod imports;
mod limits;
mod ranges;
mod saving;
mod uploads;

use kit::{Answer, Person, base64};
use serde_json::Value;

fn id(message: &Value) -> &str {
    message["id"].as_str().unwrap()
}

/// Posts a message's octets in Graph's MIME form with further header fields.
async fn post_mime_with(person: &Person, path: &str, octets: &[u8], headers: &[(&str, &str)]) -> Answer {
    let headers: Vec<(&str, &str)> = [("content-type", "text/plain")].iter().chain(headers).copied().collect();
    person.call(hyper::Method::POST, path, &headers, base64(octets).into()).await
}
