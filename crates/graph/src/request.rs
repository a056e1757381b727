//! One request as the handlers see it: who asks, of whose mail, with which options, and how to link back.

use crate::body::{self, Given, Share};
use crate::error::{ApiError, ErrorCode};
use crate::prefer::Preferences;
use crate::schema::message::{etag, version};
use crate::schema::smime;
use crate::throttle::Gate;
use crate::{Graph, OwnHosts, Scheme, ids};
use axum::body::Body;
use axum::http::request::Parts;
use axum::http::uri::Authority;
use axum::http::{HeaderMap, header};
use identity::{Caller, Scope};
use mailbox::{Idempotency, Kind, MailError, Mailbox, NewMessage, UserName};
use odata::Options;
use serde_json::Value;
use std::sync::OnceLock;
use store::{Digest, MessageRecord, Protection, Timestamp};

/// System query options of OData; those that a handler doesn't name are refused, not passed over.
pub(crate) const SYSTEM_OPTIONS: [&str; 11] =
    ["select", "filter", "orderby", "search", "expand", "top", "skip", "count", "skiptoken", "format", "deltatoken"];

/// The version of the service that was asked: the second one answers all that the first does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Version {
    Beta,
    V1,
}

impl Version {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Version::Beta => "beta",
            Version::V1 => "v1.0",
        }
    }
}

/// A request of somebody who proved who he is.
pub(crate) struct Asked<'g> {
    pub(crate) graph: &'g Graph,
    pub(crate) caller: Caller,
    pub(crate) user: UserName,
    /// The permissions one of which the caller must have.
    pub(crate) wanted: &'static [Scope],
    pub(crate) version: Version,
    /// Scheme, host and port that the client used.
    pub(crate) origin: String,
    /// The path as the client sent it.
    pub(crate) path: String,
    pub(crate) options: Options,
    pub(crate) preferences: Preferences,
    pub(crate) headers: HeaderMap,
    /// Its share of the memory for large bodies; a member of a batch lives on the batch's own.
    pub(crate) share: OnceLock<Option<Share>>,
    /// Where it is let in to a mailbox.
    pub(crate) gate: Gate,
}

impl Asked<'_> {
    /// Takes the memory that a body of this weight needs, until the request is answered.
    pub(crate) async fn take_share(&self, weight: usize) -> Result<(), ApiError> {
        if self.share.get().is_none() {
            let share = self.graph.body_budget.share(weight).await?;
            let _ = self.share.set(share); // one request reads one body
        }
        Ok(())
    }

    /// Opens the mailbox that was asked for, by the permissions of the operation, and takes a place there.
    pub(crate) async fn mailbox(&self) -> Result<Mailbox, ApiError> {
        self.mailbox_by(self.wanted).await
    }

    /// Opens it by other permissions, for a part of what was asked.
    pub(crate) async fn mailbox_by(&self, wanted: &'static [Scope]) -> Result<Mailbox, ApiError> {
        let mailbox = self.graph.mail.open(&self.caller, &self.user, wanted).await?;
        self.gate.enter(self.caller.client_id(), mailbox.owner().id)?;
        Ok(mailbox.expecting(self.if_match()))
    }

    /// The versions that `If-Match` names (RFC 9110 §13.1.1), weak ones like strong ones, since Graph's all are weak; nothing
    /// where any will do. A tag that is none of ours matches nothing.
    fn if_match(&self) -> Option<Vec<i64>> {
        let tags = self.tags(header::IF_MATCH)?;
        let any = tags.contains(&"*");
        (!any).then(|| tags.into_iter().filter_map(version).collect())
    }

    /// Whether the client has this version already (`If-None-Match`, RFC 9110 §13.1.2).
    pub(crate) fn has_version(&self, record: &MessageRecord) -> bool {
        let tags = self.tags(header::IF_NONE_MATCH).unwrap_or_default();
        tags.into_iter().any(|tag| tag == "*" || tag.trim_start_matches("W/") == etag(record).trim_start_matches("W/"))
    }

    /// The tags of a header field; nothing where there is none. No tag of ours has a comma.
    fn tags(&self, name: header::HeaderName) -> Option<Vec<&str>> {
        let mut fields = self.headers.get_all(name).into_iter().peekable();
        fields.peek()?;
        Some(fields.filter_map(|field| field.to_str().ok()).flat_map(|field| field.split(',').map(str::trim)).collect())
    }

    /// Reads the body, and what tells this request from another one if it comes again.
    /// With `uploadSession`, the message that came by it stands for the body.
    pub(crate) async fn body(&self, mailbox: &Mailbox, body: &mut Body) -> Result<(Given, Option<Idempotency>), ApiError> {
        let (given, digest) = match self.extension("uploadSession") {
            None => body::read(self, body, self.graph.max_message_octets).await?,
            Some(token) => {
                let (owner, id) = ids::parse_upload(token)?;
                if owner != mailbox.owner().id {
                    return Err(MailError::NotFound(Kind::Upload).into());
                }
                let blob = mailbox.uploaded(id).await?.blob;
                let digest = blob.digest;
                (Given::Mime(blob), digest)
            }
        };
        Ok((given, self.idempotency(&digest)?))
    }

    /// Reads a body that must be JSON.
    pub(crate) async fn json(&self, mailbox: &Mailbox, body: &mut Body) -> Result<Value, ApiError> {
        match self.body(mailbox, body).await? {
            (Given::Json(value), _) => Ok(value),
            (Given::Mime(_), _) => Err(ApiError::unreadable_member("", "an object")),
        }
    }

    /// The key of this request, with a digest of everything it asks.
    pub(crate) fn idempotency(&self, body: &Digest) -> Result<Option<Idempotency>, ApiError> {
        let Some(key) = self.headers.get("idempotency-key") else { return Ok(None) };
        let key = key.to_str().unwrap_or_default().trim().trim_matches('"');
        if key.is_empty() || key.len() > MAX_KEY {
            return Err(ApiError::bad_request(format!("Idempotency-Key must have 1 to {MAX_KEY} characters of ASCII.")));
        }
        let asked = format!("{} {:?} {:?} {}", self.path, self.options, self.preferences, body.to_hex());
        Ok(Some(Idempotency { key: key.to_owned(), request: Digest::of(asked.as_bytes()) }))
    }

    /// The value of an option of our own, given as a query option or as a preference (with or without `restante.`).
    pub(crate) fn extension(&self, name: &str) -> Option<&str> {
        let preferred = || self.preferences.get(name).or_else(|| self.preferences.get(&format!("restante.{name}")));
        self.options.get(name).or_else(preferred)
    }

    /// One of these that is a Boolean; bare, it is true.
    pub(crate) fn extension_flag(&self, name: &str) -> Result<Option<bool>, ApiError> {
        match self.extension(name).map(|value| value.trim().to_ascii_lowercase()).as_deref() {
            None => Ok(None),
            Some("" | "true") => Ok(Some(true)),
            Some("false") => Ok(Some(false)),
            Some(_) => Err(ApiError::bad_request(format!("The value of '{name}' must be true or false."))),
        }
    }

    /// What S/MIME is to do with a message (`Prefer: restante.smime="sign, encrypt"`); nothing where it isn't said.
    pub(crate) fn protection(&self) -> Result<Option<Protection>, ApiError> {
        let Some(text) = self.extension("restante.smime").filter(|text| !text.trim().is_empty()) else { return Ok(None) };
        // Without quotation marks the second word is a preference of its own (RFC 7240 §2), which nobody would honour.
        if smime::WORDS.iter().any(|word| self.preferences.get(word).is_some()) {
            return Err(ApiError::bad_request(
                "The value of 'restante.smime' must stand in quotation marks where it has a comma.",
            ));
        }
        let read = smime::protection(text).map(Some);
        read.ok_or_else(|| ApiError::bad_request(format!("The value of 'restante.smime' must be {}.", smime::EXPECTED)))
    }

    /// A message with what the request says beside it.
    pub(crate) fn with_protection(&self, mut new: NewMessage) -> Result<NewMessage, ApiError> {
        new.overlay.protection = self.protection()?.or(new.overlay.protection);
        Ok(new)
    }

    /// Whether messages are shown with what they are worth (`Prefer: restante.smime`).
    pub(crate) fn wants_verdicts(&self) -> bool {
        self.extension("restante.smime").is_some()
    }

    /// Refuses system query options but these: one that were passed over would give a wrong answer.
    pub(crate) fn only_options(&self, known: &[&str]) -> Result<(), ApiError> {
        for name in self.options.system_names(&SYSTEM_OPTIONS) {
            if name == "format" || known.contains(&name.as_str()) {
                continue;
            }
            return Err(if SYSTEM_OPTIONS.contains(&name.as_str()) {
                ApiError::new(ErrorCode::NotImplemented, format!("The query option '${name}' is not answered here yet."))
            } else {
                ApiError::bad_request(format!("The query option '${name}' is unknown."))
            });
        }
        Ok(())
    }

    /// `$top`, within what Graph allows.
    pub(crate) fn top(&self, default: i64) -> Result<i64, ApiError> {
        match self.options.number("top")? {
            None => Ok(default),
            Some(top @ 1..=MAX_TOP) => Ok(top),
            Some(_) => Err(ApiError::bad_request(format!("The value of '$top' must be 1 to {MAX_TOP}."))),
        }
    }
}

/// Graph: user-list-messages: `$top` is 1 to 1000.
const MAX_TOP: i64 = 1000;

/// Longest Idempotency-Key that is taken.
const MAX_KEY: usize = 256;

/// The two ids of every answer (Graph: best practices).
#[derive(Debug, Clone)]
pub(crate) struct RequestIds {
    pub(crate) request_id: String,
    pub(crate) client_request_id: String,
}

impl RequestIds {
    /// The client's own id is echoed where it is a short line of plain text.
    pub(crate) fn of(headers: &HeaderMap, now: Timestamp) -> RequestIds {
        let nanos = u32::try_from(now.0.rem_euclid(1_000_000) * 1000).unwrap_or(0);
        let time = uuid::Timestamp::from_unix(uuid::NoContext, now.seconds().unsigned_abs(), nanos);
        let request_id = uuid::Uuid::new_v7(time).to_string();
        let theirs = headers.get("client-request-id").and_then(|id| id.to_str().ok());
        let client_request_id = theirs.filter(|id| !id.is_empty() && id.len() <= 128).unwrap_or(&request_id).to_owned();
        RequestIds { request_id, client_request_id }
    }
}

/// Where a member of a batch came to, which has no connection of its own: a request extension.
#[derive(Debug, Clone)]
pub(crate) struct Origin(pub(crate) String);

/// Scheme, host and port by which the client knows this server. Links in answers begin so.
///
/// # Errors
/// Where the request names no host, two, or something else (RFC 9112 §3.2: 400), or another's (RFC 9110 §7.4: 421).
pub(crate) fn origin(parts: &Parts) -> Result<String, ApiError> {
    if let Some(Origin(origin)) = parts.extensions.get() {
        return Ok(origin.clone());
    }
    let scheme = match parts.extensions.get::<Scheme>() {
        Some(Scheme::Https) => "https",
        Some(Scheme::Http) | None => "http",
    };
    let mut fields = parts.headers.get_all(header::HOST).iter();
    let host = match (parts.uri.authority(), fields.next(), fields.next()) {
        (Some(authority), _, None) => Some(authority.as_str()), // it goes before the field (RFC 9112 §3.2.2)
        (None, Some(field), None) => field.to_str().ok(),
        (None, None, None) if parts.version < axum::http::Version::HTTP_11 => Some("localhost"),
        _ => None,
    };
    let host = host.filter(|host| !host.contains('@')).and_then(|host| host.parse::<Authority>().ok());
    let host = host.ok_or_else(|| ApiError::bad_request("The request must name one host, in one Host header field."))?;
    if parts.extensions.get::<OwnHosts>().is_some_and(|OwnHosts(have)| !have(host.host())) {
        return Err(ApiError::misdirected());
    }
    Ok(format!("{scheme}://{host}"))
}
