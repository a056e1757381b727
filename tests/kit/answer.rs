//! What the server answered, and what a test demands of it.

use bytes::Bytes;
use hyper::{HeaderMap, StatusCode};
use serde_json::Value;

/// An answer, read to its end.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The status.
    pub status: StatusCode,
    /// The header fields.
    pub headers: HeaderMap,
    /// The body.
    pub body: Bytes,
}

impl Answer {
    /// This answer, if its status is the one demanded.
    #[track_caller]
    pub fn demand(self, status: u16) -> Answer {
        assert_eq!(self.status.as_u16(), status, "the answer: {}", self.shown());
        self
    }

    /// Demands an answer without body, which must not claim to be JSON either: official clients would parse it.
    #[track_caller]
    pub fn demand_empty(self, status: u16) {
        let answer = self.demand(status);
        assert!(answer.body.is_empty(), "no body was due: {}", answer.shown());
        let media_type = answer.header("content-type").unwrap_or_default();
        assert!(!media_type.contains("json"), "an empty body says that it is {media_type}");
    }

    /// Demands Graph's error envelope with this status and code; gives the message.
    #[track_caller]
    pub fn demand_error(self, status: u16, code: &str) -> String {
        let answer = self.demand(status);
        let error = answer.error();
        assert_eq!(error["code"], code, "the answer: {}", answer.shown());
        error["message"].as_str().expect("an error has a message").to_owned()
    }

    /// The `error` of the envelope, whose form is demanded (behaviour 15.1).
    #[track_caller]
    pub fn error(&self) -> Value {
        let error = self.json()["error"].clone();
        assert!(error["code"].as_str().is_some_and(|code| !code.is_empty()), "an error has a code: {}", self.shown());
        assert!(error["message"].as_str().is_some_and(|text| !text.is_empty()), "an error has a message: {}", self.shown());
        let inner = &error["innerError"];
        let date = inner["date"].as_str().unwrap_or_default();
        assert!(date.len() == 19 && date.as_bytes()[10] == b'T', "innerError.date has no zone: {}", self.shown());
        assert_eq!(inner["request-id"].as_str(), self.header("request-id"), "one request has one id");
        assert_eq!(inner["client-request-id"].as_str(), self.header("client-request-id"), "one request has one id");
        error
    }

    /// The body as JSON.
    #[track_caller]
    pub fn json(&self) -> Value {
        let media_type = self.header("content-type").unwrap_or_default();
        assert!(media_type.starts_with("application/json"), "this is {media_type:?}: {}", self.shown());
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.shown()))
    }

    /// The body of a header field.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().expect("header fields are text"))
    }

    /// Status and the beginning of the body, for a failing test's sentence.
    fn shown(&self) -> String {
        let start = &self.body[..self.body.len().min(1000)];
        format!("{} {}", self.status, String::from_utf8_lossy(start))
    }
}
