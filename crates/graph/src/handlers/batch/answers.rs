//! What became of the members of a batch, as its answer tells it.

use super::text;
use crate::error::{ApiError, ErrorCode};
use axum::body::Bytes;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::Response;
use http_body_util::{BodyExt, LengthLimitError, Limited};
use serde_json::{Map, Value, json};

/// Octets of bodies that one answer of a batch may have; what is larger is asked for by itself.
const MOST_OCTETS: usize = 64 * 1024 * 1024;
/// Octets that every answer may have, be the others as large as they are: an error has fewer.
const LEAST_OCTETS: usize = 16 * 1024;

/// The answers so far, in the order of the members.
pub(super) struct Answers {
    ids: Vec<String>,
    given: Vec<Option<Given>>,
    octets_left: usize,
}

struct Given {
    status: StatusCode,
    headers: Map<String, Value>,
    body: Option<Value>,
}

impl Answers {
    /// None yet, for members of these ids.
    pub(super) fn of(ids: Vec<String>) -> Answers {
        let given = ids.iter().map(|_| None).collect();
        Answers { ids, given, octets_left: MOST_OCTETS }
    }

    /// Whether all of these are answered.
    pub(super) fn have(&self, numbers: &[usize]) -> bool {
        numbers.iter().all(|&number| self.given[number].is_some())
    }

    /// Whether one of these failed (Graph: json-batching: 424 for what depends on it).
    pub(super) fn have_failed(&self, numbers: &[usize]) -> bool {
        numbers.iter().any(|&number| self.given[number].as_ref().is_some_and(|given| !given.status.is_success()))
    }

    /// Reads a member's answer to its end.
    ///
    /// # Errors
    /// Where it can't be read, or has more octets than one batch may answer.
    pub(super) async fn take(&mut self, number: usize, is_safe: bool, response: Response) -> Result<(), ApiError> {
        let (parts, body) = response.into_parts();
        let octets = match Limited::new(body, self.octets_left.max(LEAST_OCTETS)).collect().await {
            Ok(body) => body.to_bytes(),
            // What was done is done, and its status must say so; what it made can be asked for.
            Err(error) if error.is::<LengthLimitError>() && !is_safe => Bytes::new(),
            Err(error) if error.is::<LengthLimitError>() => {
                let message = "The answer is too large to stand in a batch; ask for it by itself.";
                return Err(ApiError::new(ErrorCode::ResponseSizeExceeded, message));
            }
            Err(error) => return Err(ApiError::internal(error)),
        };
        self.octets_left = self.octets_left.saturating_sub(octets.len());
        let body = of_body(&parts.headers, &octets);
        self.given[number] = Some(Given { status: parts.status, headers: text::of_headers(&parts.headers), body });
        Ok(())
    }

    /// As the answer lists them.
    pub(super) fn into_responses(self) -> Vec<Value> {
        let response = |(id, given): (String, Option<Given>)| {
            let Given { status, headers, body } = given?;
            let mut response = json!({"id": id, "status": status.as_u16(), "headers": headers});
            if let Some(body) = body {
                response["body"] = body;
            }
            Some(response)
        };
        self.ids.into_iter().zip(self.given).filter_map(response).collect()
    }
}

/// JSON as it is, all else in base64, nothing where there is nothing.
fn of_body(headers: &HeaderMap, octets: &Bytes) -> Option<Value> {
    if octets.is_empty() {
        return None;
    }
    let media_type = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let json = text::is_json(media_type).then(|| serde_json::from_slice(octets).ok()).flatten();
    Some(json.unwrap_or_else(|| text::encoded(octets).into()))
}
