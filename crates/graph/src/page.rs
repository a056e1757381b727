//! What surrounds a JSON answer: contexts and links, all on the host that the client used.

use crate::error::ErrorCode;
use crate::ids;
use crate::request::Asked;
use axum::body::Body;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::Response;
use mailbox::AttachmentKey;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Value, json};
use store::{MailboxId, MessageId};

/// As Graph writes it.
const JSON: HeaderValue = HeaderValue::from_static(
    "application/json;odata.metadata=minimal;odata.streaming=true;IEEE754Compatible=false;charset=utf-8",
);

/// What is kept as it is in a link's query: unreserved characters (RFC 3986 §2.3).
const QUERY: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// A JSON answer.
pub(crate) fn json_answer(status: StatusCode, value: &Value) -> Response {
    let mut response = Response::new(Body::from(value.to_string()));
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, JSON);
    response
}

/// A bare number (Graph: `/$count`).
pub(crate) fn count_answer(count: usize) -> Response {
    let mut response = Response::new(Body::from(count.to_string()));
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("text/plain"));
    response
}

/// An answer without a body, and so without a content type: some clients parse whatever calls itself JSON.
pub(crate) fn empty_answer(status: StatusCode) -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = status;
    response
}

/// What a change answers to a client that does not want what became of it (RFC 7240 §4.2).
pub(crate) fn minimal_answer() -> Response {
    let mut response = empty_answer(StatusCode::NO_CONTENT);
    response.headers_mut().insert(PREFERENCE_APPLIED, HeaderValue::from_static("return=minimal"));
    response
}

/// Which preferences an answer honours (RFC 7240 §3).
pub(crate) const PREFERENCE_APPLIED: HeaderName = HeaderName::from_static("preference-applied");

/// A number as plain text (Graph: query-parameters, `/$count`).
pub(crate) fn number_answer(number: impl std::fmt::Display) -> Response {
    let mut response = Response::new(Body::from(number.to_string()));
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("text/plain"));
    response
}

/// An answer where Exchange gives none: it says with which code Exchange would refuse.
pub(crate) fn refused_by_exchange(mut response: Response, code: Option<ErrorCode>) -> Response {
    if let Some(code) = code {
        response.headers_mut().insert(REFUSED_BY_EXCHANGE, HeaderValue::from_static(code.name()));
    }
    response
}

/// Our own header field (docs/extensions.md).
const REFUSED_BY_EXCHANGE: &str = "restante-exchange-refuses";

/// One entity with its context in front.
pub(crate) fn entity(context: String, mut value: Value) -> Value {
    if let Some(members) = value.as_object_mut() {
        members.shift_insert(0, "@odata.context".to_owned(), Value::String(context));
    }
    value
}

/// A page of a collection.
pub(crate) fn collection(context: String, count: Option<i64>, next: Option<String>, value: Vec<Value>) -> Value {
    let mut page = json!({"@odata.context": context});
    if let Some(count) = count {
        page["@odata.count"] = count.into();
    }
    page["value"] = Value::Array(value);
    if let Some(next) = next {
        page["@odata.nextLink"] = next.into();
    }
    page
}

impl Asked<'_> {
    /// The context of what is in no mailbox, or of a type: `users`, `Collection(microsoft.graph.timeZoneInformation)`.
    pub(crate) fn context_of(&self, what: &str) -> String {
        format!("{}/{}/$metadata#{what}", self.origin, self.version.as_str())
    }

    /// The context of something in a mailbox (Graph: `$metadata#users('id')/messages/$entity`).
    pub(crate) fn context(&self, owner: MailboxId, what: &str, select: Option<&[String]>) -> String {
        let selected = select.map(|names| format!("({})", names.join(","))).unwrap_or_default();
        let (what, tail) = what.strip_suffix("/$entity").map_or((what, ""), |what| (what, "/$entity"));
        self.context_of(&format!("users('{owner}')/{what}{selected}{tail}"))
    }

    /// The address of a message of a mailbox, as `Location` names it.
    pub(crate) fn message_location(&self, owner: MailboxId, id: &str) -> String {
        format!("{}/{}/users/{owner}/messages/{id}", self.origin, self.version.as_str())
    }

    /// The address of an attachment, in the form in which Graph names it when an upload ends.
    pub(crate) fn attachment_location(&self, owner: MailboxId, message: MessageId, key: AttachmentKey) -> String {
        attachment_location(&format!("{}/{}", self.origin, self.version.as_str()), owner, message, key)
    }

    /// This request's own address, going on after a place in its list (Graph: the path as sent, `$` encoded).
    pub(crate) fn token_link(&self, token: &str) -> String {
        let mut link = format!("{}{}?", self.origin, self.path);
        for (name, value) in self.options.without(&["skip", "skiptoken"]) {
            link += &format!("{}={}&", utf8_percent_encode(name, QUERY), utf8_percent_encode(value, QUERY));
        }
        link + "%24skiptoken=" + &utf8_percent_encode(token, QUERY).to_string()
    }

    /// This request's own address, leaving out `skip` items of its list.
    pub(crate) fn skip_link(&self, skip: i64) -> String {
        let mut link = format!("{}{}?", self.origin, self.path);
        for (name, value) in self.options.without(&["skip"]) {
            link += &format!("{}={}&", utf8_percent_encode(name, QUERY), utf8_percent_encode(value, QUERY));
        }
        link + "%24skip=" + &skip.to_string()
    }
}

/// The address of an attachment below the service's own (Graph: outlook-large-attachments has it in parentheses).
pub(crate) fn attachment_location(service: &str, owner: MailboxId, message: MessageId, key: AttachmentKey) -> String {
    let attachment = ids::attachment(message, key);
    format!("{service}/users('{owner}')/messages('{}')/attachments('{attachment}')", ids::message(message))
}
