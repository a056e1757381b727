//! One member of a batch, from its JSON to the request that it stands for.

use super::text;
use crate::error::ApiError;
use crate::request::{Origin, Version};
use crate::schema::json::Members;
use axum::body::Body;
use axum::extract::Request;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, Uri, header};
use serde_json::Value;

/// Graph: json-batching: most members.
const MOST: usize = 20;

/// Header fields that speak of a connection or of a body's length there: the batch has them, a member has not.
const OF_CONNECTIONS: [HeaderName; 7] = [
    header::CONNECTION,
    header::CONTENT_LENGTH,
    header::EXPECT,
    header::HOST,
    header::TE,
    header::TRANSFER_ENCODING,
    header::UPGRADE,
];

/// A member as it was given.
pub(super) struct Member {
    pub(super) id: String,
    pub(super) depends_on: Vec<String>,
    method: Method,
    url: String,
    headers: Vec<(String, String)>,
    body: Option<Value>,
}

/// The members of a batch.
///
/// # Errors
/// Where the batch is malformed, so that no member can be told from another (Graph: json-batching: 400 for the whole).
pub(super) fn read_all(mut value: Value) -> Result<Vec<Member>, ApiError> {
    let malformed = || ApiError::bad_request("Invalid batch payload format: 'requests' must list 1 to 20 requests.");
    let requests = value.as_object_mut().and_then(|members| {
        let name = members.keys().find(|name| name.eq_ignore_ascii_case("requests"))?.clone();
        members.remove(&name)
    });
    match requests {
        Some(Value::Array(items)) if (1..=MOST).contains(&items.len()) => items.into_iter().map(Member::read).collect(),
        _ => Err(malformed()),
    }
}

impl Member {
    fn read(value: Value) -> Result<Member, ApiError> {
        let members = Members::of(&value, "requests")?;
        let text = |name: &str| members.text(name)?.filter(|text| !text.is_empty()).ok_or_else(|| members.wrong(name, "a text"));
        let id = match members.get("id") {
            Some(Value::Number(number)) => number.to_string(),
            _ => text("id")?.to_owned(),
        };
        let method = Method::from_bytes(text("method")?.to_ascii_uppercase().as_bytes());
        Ok(Member {
            id,
            depends_on: depends_on(&members)?,
            method: method.map_err(|_| members.wrong("method", "a method of HTTP"))?,
            url: text("url")?.to_owned(),
            headers: headers(&members)?,
            body: members.get("body").cloned(),
        })
    }

    /// Whether it only asks (RFC 9110 §9.2.1), as an export does by any method.
    pub(super) fn is_safe(&self) -> bool {
        let path = self.url.split(['?', '#']).next().unwrap_or_default().trim_end_matches(['/', '(', ')']);
        self.method.is_safe() || path.rsplit('/').next().is_some_and(|last| last.eq_ignore_ascii_case("exportItems"))
    }

    /// The request that it stands for, by whoever sent the batch, to the host and version that the batch was sent to.
    ///
    /// # Errors
    /// For an address, a header field or a body that can't be read: that is this member's answer.
    pub(super) fn into_request(self, version: Version, origin: &str, batch: &HeaderMap) -> Result<Request, ApiError> {
        let body = text::body(self.media_type(), self.body.as_ref())?;
        let mut request = Request::new(Body::from(body.octets));
        *request.method_mut() = self.method;
        *request.uri_mut() = uri(&self.url, version)?;
        request.extensions_mut().insert(Origin(origin.to_owned()));
        for name in [header::AUTHORIZATION, HeaderName::from_static("client-request-id")] {
            if let Some(value) = batch.get(&name) {
                request.headers_mut().insert(name, value.clone());
            }
        }
        let fields = request.headers_mut();
        if let Some(media_type) = body.media_type {
            fields.insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type));
        }
        for (name, value) in &self.headers {
            let (name, value) = (name.parse::<HeaderName>(), value.parse::<HeaderValue>());
            let (Ok(name), Ok(value)) = (name, value) else {
                return Err(ApiError::bad_request("A header field of the request can't be read."));
            };
            if !OF_CONNECTIONS.contains(&name) {
                fields.insert(name, value);
            }
        }
        Ok(request)
    }

    fn media_type(&self) -> Option<&str> {
        let named = self.headers.iter().find(|(name, _)| name.eq_ignore_ascii_case(header::CONTENT_TYPE.as_str()));
        named.map(|(_, value)| value.as_str())
    }
}

/// `dependsOn`, a list of ids; one client writes `depends_on`, and one id may stand without a list.
fn depends_on(members: &Members<'_>) -> Result<Vec<String>, ApiError> {
    let name = if members.get("dependsOn").is_some() { "dependsOn" } else { "depends_on" };
    let id = |value: &Value| match value {
        Value::String(text) => Ok(text.clone()),
        Value::Number(number) => Ok(number.to_string()),
        _ => Err(members.wrong(name, "a list of ids")),
    };
    match members.get(name) {
        Some(Value::Array(_)) | None => members.list(name, |value, _| id(value)),
        Some(one) => Ok(vec![id(one)?]),
    }
}

fn headers(members: &Members<'_>) -> Result<Vec<(String, String)>, ApiError> {
    let wrong = || members.wrong("headers", "an object of texts");
    let Some(value) = members.get("headers") else { return Ok(Vec::new()) };
    let fields = value.as_object().ok_or_else(wrong)?;
    let field = |(name, value): (&String, &Value)| match value {
        Value::String(text) => Ok((name.clone(), text.clone())),
        Value::Bool(_) | Value::Number(_) => Ok((name.clone(), value.to_string())),
        _ => Err(wrong()),
    };
    fields.iter().filter(|(_, value)| !value.is_null()).map(field).collect()
}

/// The address: relative to the version, with or without a slash in front, with the version, or absolute, whoever's host
/// that names; what a URL would have encoded may stand as it is (Graph: json-batching).
fn uri(url: &str, version: Version) -> Result<Uri, ApiError> {
    let url = url.trim();
    let path = match url.split_once("://") {
        Some((scheme, rest)) if !scheme.contains(['/', '?']) => rest.find(['/', '?']).map_or("", |at| &rest[at..]),
        _ => url,
    };
    let path = path.trim_start_matches('/');
    let first = path.split(['/', '?']).next().unwrap_or_default();
    let has_version = ["v1.0", "beta"].iter().any(|name| name.eq_ignore_ascii_case(first));
    let versioned = if has_version { format!("/{path}") } else { format!("/{}/{path}", version.as_str()) };
    let uri = odata::encode_target(&versioned).parse();
    uri.map_err(|error| ApiError::bad_request("The url of the request can't be read.").because(error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_all_clients_are_one() {
        for url in [
            "/me/messages?$filter=subject eq 'ä#\"'",
            "me/messages?$filter=subject eq 'ä#\"'",
            "/v1.0/me/messages?$filter=subject eq 'ä#\"'",
            "https://graph.microsoft.com/v1.0/me/messages?$filter=subject eq 'ä#\"'",
            "https://127.0.0.1:8443/v1.0/me/messages?%24filter=subject%20eq%20'%C3%A4%23%22'",
        ] {
            let uri = uri(url, Version::V1).expect(url);
            assert_eq!(uri.path(), "/v1.0/me/messages", "{url}");
            let options = odata::Options::parse(uri.query().unwrap_or_default()).expect(url);
            assert_eq!(options.get("filter"), Some("subject eq 'ä#\"'"), "{url}");
        }
        assert_eq!(uri("/BETA/me", Version::V1).expect("uri").path(), "/BETA/me");
        assert_eq!(uri("users?x=https://a/b", Version::Beta).expect("uri").path(), "/beta/users");
        assert_eq!(uri("https://host?x", Version::V1).expect("uri").path(), "/v1.0/");
    }
}
