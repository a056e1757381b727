//! The body of a request: JSON, or a whole message as base64 text, decoded as it comes.

use crate::error::ApiError;
use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, header};
use http_body_util::BodyExt;
use mailbox::Mail;
use mime::Base64Body;
use serde_json::Value;
use std::time::Duration;
use store::Blob;

/// Decoded octets that are gathered before they are handed on.
const GATHERED: usize = 256 * 1024;
/// How much of a refused body is still read, so that its sender gets to read the refusal.
const LINGER_OCTETS: u64 = 64 * 1024 * 1024;
const LINGER: Duration = Duration::from_secs(10);

/// The form in which a message comes (Graph: Content-Type chooses it).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    Json,
    Mime,
}

/// The form that the Content-Type names, in any case and with any parameters.
pub(crate) fn form(headers: &HeaderMap) -> Result<Form, ApiError> {
    let Some(value) = headers.get(header::CONTENT_TYPE) else {
        return Err(ApiError::bad_request("Write requests must contain the Content-Type header declaration."));
    };
    let essence = value.to_str().unwrap_or_default().split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    match essence.as_str() {
        "application/json" => Ok(Form::Json),
        "text/plain" => Ok(Form::Mime),
        _ => Err(ApiError::new(
            crate::error::ErrorCode::UnsupportedMediaType,
            "The Content-Type must be application/json, or text/plain with a MIME message in base64.",
        )),
    }
}

/// Decodes a message and puts it where it is kept. What is held in memory does not grow with it.
pub(crate) async fn mime(mail: &Mail, headers: &HeaderMap, body: &mut Body, limit: u64) -> Result<Blob, ApiError> {
    refuse_by_length(headers, limit)?;
    let mut decoder = Base64Body::default();
    let mut spool = mail.spool();
    let mut gathered = Vec::new();
    let mut offset = 0;
    while let Some(text) = next(body).await? {
        decoder.push(&text, offset, &mut gathered).map_err(ApiError::invalid_mime)?;
        offset += text.len() as u64;
        if spool.size() + gathered.len() as u64 > limit {
            return Err(ApiError::too_large(limit));
        }
        if gathered.len() >= GATHERED {
            spool = spool.write(&gathered).await?;
            gathered.clear();
        }
    }
    decoder.finish(&mut gathered).map_err(ApiError::invalid_mime)?;
    if spool.size() + gathered.len() as u64 > limit {
        return Err(ApiError::too_large(limit));
    }
    Ok(spool.write(&gathered).await?.finish().await?)
}

/// Reads a JSON body; an empty one is `null`.
pub(crate) async fn json(headers: &HeaderMap, body: &mut Body, limit: u64) -> Result<Value, ApiError> {
    refuse_by_length(headers, limit)?;
    let mut text = Vec::new();
    while let Some(piece) = next(body).await? {
        text.extend_from_slice(&piece);
        if text.len() as u64 > most_text(limit) {
            return Err(ApiError::too_large(limit));
        }
    }
    if text.trim_ascii().is_empty() {
        return Ok(Value::Null);
    }
    serde_json::from_slice(&text).map_err(ApiError::unreadable_body)
}

/// The text that a message of `limit` octets makes in base64, with line ends as often as anybody writes them.
fn most_text(limit: u64) -> u64 {
    limit.saturating_mul(3) / 2
}

/// Refuses what is too large by its own word, before any of it is read.
fn refuse_by_length(headers: &HeaderMap, limit: u64) -> Result<(), ApiError> {
    let length = headers.get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse::<u64>().ok());
    if length.is_some_and(|length| length > most_text(limit)) { Err(ApiError::too_large(limit)) } else { Ok(()) }
}

async fn next(body: &mut Body) -> Result<Option<Bytes>, ApiError> {
    loop {
        match body.frame().await {
            None => return Ok(None),
            Some(Err(error)) => return Err(ApiError::bad_request("The body broke off.").because(error)),
            Some(Ok(frame)) => {
                if let Ok(data) = frame.into_data() {
                    return Ok(Some(data));
                }
            }
        }
    }
}

/// Reads on, for a while, what the sender of a refused body still sends: a connection that is closed upon unread octets
/// is reset, and the refusal may be lost with it.
pub(crate) fn linger(mut body: Body) {
    tokio::spawn(async move {
        let reading = async {
            let mut read = 0;
            while let Ok(Some(piece)) = next(&mut body).await {
                read += piece.len() as u64;
                if read > LINGER_OCTETS {
                    break;
                }
            }
        };
        let _ = tokio::time::timeout(LINGER, reading).await; // either way the connection is closed now
    });
}
