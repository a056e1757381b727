//! What the service says of itself: its types as CSDL, its entry points, and its operations as OpenAPI. Types come from the
//! properties that answers are rendered by, operations from what requests are dispatched by.

mod csdl;
mod openapi;
mod operations;
mod places;
mod types;

pub(crate) use operations::{Dispatched, permitted};
#[cfg(test)]
pub(crate) use places::described_paths;

use crate::page::json_answer;
use crate::request::Version;
use axum::body::Body;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;
use serde_json::json;
use std::sync::OnceLock;

/// One of the service's documents about itself. Anybody may read them (Graph: use-the-api).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Document {
    Metadata,
    OpenApi,
    Service,
}

impl Document {
    /// The document, of one version of the service.
    pub(crate) fn answer(self, version: Version, origin: &str) -> Response {
        match self {
            Document::Metadata => get_metadata(version),
            Document::OpenApi => get_openapi(version),
            Document::Service => get_service_document(version, origin),
        }
    }
}

/// `GET /$metadata`
fn get_metadata(version: Version) -> Response {
    static TEXTS: [OnceLock<String>; 2] = [const { OnceLock::new() }; 2];
    let text = of_version(&TEXTS, version).get_or_init(|| csdl::document(version));
    whole(text, HeaderValue::from_static("application/xml"))
}

/// `GET /openapi.json`
fn get_openapi(version: Version) -> Response {
    static TEXTS: [OnceLock<String>; 2] = [const { OnceLock::new() }; 2];
    let text = of_version(&TEXTS, version).get_or_init(|| openapi::document(version).to_string());
    whole(text, HeaderValue::from_static("application/json"))
}

/// `GET /` (OData JSON format 4.01 §5)
fn get_service_document(version: Version, origin: &str) -> Response {
    let entry = |(name, kind): &(&str, &str)| json!({"name": name, "kind": kind, "url": name});
    let value: Vec<_> = types::CONTAINER.iter().map(|(name, kind, _)| entry(&(name, kind))).collect();
    let context = format!("{origin}/{}/$metadata", version.as_str());
    json_answer(StatusCode::OK, &json!({"@odata.context": context, "value": value}))
}

fn of_version<T>(of: &[T; 2], version: Version) -> &T {
    match version {
        Version::Beta => &of[0],
        Version::V1 => &of[1],
    }
}

fn whole(text: &'static str, media_type: HeaderValue) -> Response {
    let mut response = Response::new(Body::from(text));
    response.headers_mut().insert(header::CONTENT_TYPE, media_type);
    response
}
