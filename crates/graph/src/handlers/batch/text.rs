//! How bodies and header fields stand in JSON (Graph: json-batching): JSON as it is, everything else as base64 text.

use crate::error::ApiError;
use axum::http::HeaderMap;
use encodify::base64::STANDARD;
use mime::Base64Body;
use serde_json::{Map, Value};

/// The body of a member's request.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct MemberBody {
    pub(super) octets: Vec<u8>,
    /// What it is where the member doesn't say.
    pub(super) media_type: Option<&'static str>,
}

/// The octets that a member's body stands for.
///
/// # Errors
/// For a body that is neither JSON nor base64 text.
pub(super) fn body(media_type: Option<&str>, body: Option<&Value>) -> Result<MemberBody, ApiError> {
    let Some(body) = body else { return Ok(MemberBody::default()) };
    let octets = match (media_type, body) {
        (None, Value::String(text)) => text.clone().into_bytes(), // the handler will ask what that is
        (None, json) => {
            return Ok(MemberBody { octets: json.to_string().into_bytes(), media_type: Some("application/json") });
        }
        (Some(media_type), Value::String(text)) if is_json(media_type) => json_of(text),
        (Some(media_type), Value::String(text)) if essence(media_type).eq_ignore_ascii_case("text/plain") => mime_of(text),
        (Some(media_type), json) if is_json(media_type) => json.to_string().into_bytes(),
        (Some(_), Value::String(text)) => decoded(text).ok_or_else(not_base64)?,
        (Some(_), _) => return Err(not_base64()),
    };
    Ok(MemberBody { octets, media_type: None })
}

fn not_base64() -> ApiError {
    ApiError::bad_request("A body whose Content-Type is not JSON is given as a string of base64 text.")
}

/// JSON that a client put into a string, in base64 or as it is.
fn json_of(text: &str) -> Vec<u8> {
    let is_object = |octets: &[u8]| serde_json::from_slice::<Map<String, Value>>(octets).is_ok();
    match decoded(text) {
        Some(octets) if is_object(&octets) => octets,
        _ => text.as_bytes().to_vec(),
    }
}

/// A message in Graph's MIME form, which is base64 text already. A client that holds to "base64 where it isn't JSON" encodes
/// that text once more. The two can be told apart: no message consists of base64's characters alone, since each of its
/// header fields has a colon.
fn mime_of(text: &str) -> Vec<u8> {
    let is_base64 =
        |octets: &[u8]| !octets.is_empty() && octets.iter().all(|o| o.is_ascii_alphanumeric() || b"+/= \t\r\n".contains(o));
    match decoded(text) {
        Some(octets) if is_base64(&octets) => octets,
        _ => text.as_bytes().to_vec(),
    }
}

fn decoded(text: &str) -> Option<Vec<u8>> {
    let (mut decoder, mut octets) = (Base64Body::default(), Vec::new());
    decoder.push(text.as_bytes(), 0, &mut octets).ok()?;
    decoder.finish(&mut octets).ok()?;
    Some(octets)
}

/// Octets as a member's answer has them.
pub(super) fn encoded(octets: &[u8]) -> String {
    STANDARD.encode(octets)
}

fn essence(media_type: &str) -> &str {
    media_type.split(';').next().unwrap_or_default().trim()
}

/// Whether this is JSON (RFC 6839 §3.1 too).
pub(super) fn is_json(media_type: &str) -> bool {
    let essence = essence(media_type).to_ascii_lowercase();
    essence == "application/json" || essence.ends_with("+json")
}

/// Header fields as an object. Clients look for some of these names in this spelling.
pub(super) fn of_headers(headers: &HeaderMap) -> Map<String, Value> {
    let spelling =
        |name: &str| SPELLINGS.iter().find(|s| s.eq_ignore_ascii_case(name)).map_or(name.to_owned(), |&s| s.to_owned());
    let text = |name: &axum::http::HeaderName| {
        let values = headers.get_all(name).into_iter().map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned());
        values.collect::<Vec<_>>().join(", ")
    };
    headers.keys().map(|name| (spelling(name.as_str()), text(name).into())).collect()
}

const SPELLINGS: [&str; 9] = [
    "Cache-Control",
    "Content-Type",
    "ETag",
    "Location",
    "OData-Version",
    "Preference-Applied",
    "Retry-After",
    "Warning",
    "WWW-Authenticate",
];

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn octets(media_type: &str, value: &Value) -> Option<String> {
        body(Some(media_type), Some(value)).ok().map(|body| String::from_utf8(body.octets).expect("text"))
    }

    #[test]
    fn a_message_in_base64_is_encoded_once_or_twice() {
        let once = STANDARD.encode(b"Subject: x\r\n\r\nabcd");
        let twice = STANDARD.encode(once.as_bytes());
        for text in [&once, &twice] {
            assert_eq!(octets("text/plain; charset=utf-8", &json!(text)), Some(once.clone()));
        }
        assert_eq!(octets("text/plain", &json!("not base64!")), Some("not base64!".into()), "the handler says so");
        assert_eq!(octets("text/plain", &json!({"a": 1})), None);
    }

    #[test]
    fn json_stands_as_it_is_or_in_a_string() {
        for value in [json!({"a": 1}), json!("{\"a\":1}"), json!(STANDARD.encode(b"{\"a\":1}"))] {
            assert_eq!(octets("application/json", &value), Some("{\"a\":1}".into()), "{value}");
        }
        assert_eq!(octets("application/octet-stream", &json!(STANDARD.encode(b"abc"))), Some("abc".into()));
        assert_eq!(octets("application/octet-stream", &json!("?")), None);
        let untyped = body(None, Some(&json!({}))).expect("a body");
        assert_eq!((untyped.octets.as_slice(), untyped.media_type), (&b"{}"[..], Some("application/json")));
        assert_eq!(body(Some("text/plain"), None).expect("none"), MemberBody::default());
    }
}
