//! The body of a request: JSON, or a whole message as base64 text, decoded as it comes.

mod budget;

pub use budget::BodyBudget;
pub(crate) use budget::Share;

use crate::Graph;
use crate::error::{ApiError, ErrorCode};
use crate::request::Asked;
use crate::throttle;
use axum::body::HttpBody;
use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, header};
use http_body_util::BodyExt;
use mailbox::{ItemHead, ItemRefusal, Mail, MailError};
use mime::Base64Body;
use serde_json::Value;
use std::time::Duration;
use store::{Blob, Digest, Spool};

/// Decoded octets that are gathered before they are handed on.
const GATHERED: usize = 256 * 1024;
/// How much of a refused body is still read, so that its sender gets to read the refusal.
const LINGER_OCTETS: u64 = 64 * 1024 * 1024;
/// How long a body may bring nothing.
const STALL: Duration = Duration::from_secs(60);
const LINGER: Duration = Duration::from_secs(10);

/// A message as it came: as JSON, or as the octets themselves.
pub(crate) enum Given {
    Json(Value),
    Mime(Blob),
}

/// The form in which a message comes (Graph: Content-Type chooses it).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    Json,
    /// The octets themselves
    Mime,
    /// The octets in base64
    MimeInBase64,
}

/// Reads a body in the form that its Content-Type names; answers its digest too, by which a request that comes again
/// is known.
pub(crate) async fn read(asked: &Asked<'_>, body: &mut Body, limit: u64) -> Result<(Given, Digest), ApiError> {
    let (mail, headers) = (&asked.graph.mail, &asked.headers);
    match form(headers)? {
        None if is_empty(headers, body) => Ok((Given::Json(Value::Null), Digest::of(&[]))),
        None => Err(ApiError::bad_request("Write requests must contain the Content-Type header declaration.")),
        Some(Form::Json) => json(asked, body, limit).await,
        Some(Form::Mime) => of_blob(octets(mail, headers, body, limit).await?),
        Some(Form::MimeInBase64) => of_blob(base64(mail, headers, body, limit).await?),
    }
}

fn of_blob(blob: Blob) -> Result<(Given, Digest), ApiError> {
    let digest = blob.digest;
    Ok((Given::Mime(blob), digest))
}

fn is_empty(headers: &HeaderMap, body: &Body) -> bool {
    body.is_end_stream() || headers.get(header::CONTENT_LENGTH).is_some_and(|length| length == "0")
}

/// The form that the Content-Type names, in any case and with any parameters; nothing where there is none.
fn form(headers: &HeaderMap) -> Result<Option<Form>, ApiError> {
    let Some(value) = headers.get(header::CONTENT_TYPE) else { return Ok(None) };
    let essence = value.to_str().unwrap_or_default().split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    match essence.as_str() {
        "application/json" => Ok(Some(Form::Json)),
        "message/rfc822" => Ok(Some(Form::Mime)),
        "text/plain" => Ok(Some(Form::MimeInBase64)),
        _ => Err(ApiError::new(
            ErrorCode::UnsupportedMediaType,
            "The Content-Type must be application/json, text/plain with a MIME message in base64, or message/rfc822.",
        )),
    }
}

/// Decodes a message and puts it where it is kept. What is held in memory does not grow with it.
async fn base64(mail: &Mail, headers: &HeaderMap, body: &mut Body, limit: u64) -> Result<Blob, ApiError> {
    refuse_by_length(headers, most_text(limit), limit)?;
    let mut decoder = Base64Body::default();
    let mut kept = Kept::new(mail, limit);
    let mut offset = 0;
    while let Some(text) = next(body).await? {
        decoder.push(&text, offset, &mut kept.gathered).map_err(ApiError::invalid_mime)?;
        offset += text.len() as u64;
        kept = kept.hand_on().await?;
    }
    decoder.finish(&mut kept.gathered).map_err(ApiError::invalid_mime)?;
    kept.finish().await
}

/// The same for octets that come as they are.
async fn octets(mail: &Mail, headers: &HeaderMap, body: &mut Body, limit: u64) -> Result<Blob, ApiError> {
    refuse_by_length(headers, limit, limit)?;
    let mut kept = Kept::new(mail, limit);
    while let Some(piece) = next(body).await? {
        kept.gathered.extend_from_slice(&piece);
        kept = kept.hand_on().await?;
    }
    if kept.size() == 0 {
        return Err(ApiError::invalid_mime("the body holds no octet"));
    }
    kept.finish().await
}

/// Octets on their way to where they are kept, within a limit.
struct Kept {
    spool: Spool,
    gathered: Vec<u8>,
    limit: u64,
}

impl Kept {
    fn new(mail: &Mail, limit: u64) -> Kept {
        Kept { spool: mail.spool(), gathered: Vec::new(), limit }
    }

    fn size(&self) -> u64 {
        self.spool.size() + self.gathered.len() as u64
    }

    async fn hand_on(mut self) -> Result<Kept, ApiError> {
        if self.size() > self.limit {
            return Err(ApiError::too_large(self.limit));
        }
        if self.gathered.len() >= GATHERED {
            self.spool = self.spool.write(std::mem::take(&mut self.gathered)).await?;
        }
        Ok(self)
    }

    async fn finish(self) -> Result<Blob, ApiError> {
        let Kept { spool, gathered, .. } = self.hand_on().await?;
        Ok(spool.write(gathered).await?.finish().await?)
    }

    /// The same for octets that nobody keeps.
    async fn finish_unnamed(self) -> Result<(Digest, Bytes), ApiError> {
        let Kept { spool, gathered, .. } = self;
        Ok(spool.write(gathered).await?.finish_unnamed().await?)
    }
}

/// Reads a JSON body; an empty one is `null`. Its text is read from where it was put as it came; the tree has its share of
/// the memory that there is for all, until the request is answered.
async fn json(asked: &Asked<'_>, body: &mut Body, limit: u64) -> Result<(Given, Digest), ApiError> {
    let (digest, text) = text(&asked.graph.mail, &asked.headers, body, limit).await?;
    let text = text.trim_ascii();
    if text.is_empty() {
        return Ok((Given::Json(Value::Null), digest));
    }
    asked.take_share(budget::weight(text)?).await?;
    Ok((Given::Json(serde_json::from_slice(text).map_err(ApiError::unreadable_body)?), digest))
}

/// The same where nobody is asked who asks; with its share of the memory, to be kept as long as the tree.
pub(crate) async fn json_of_anybody(
    graph: &Graph,
    headers: &HeaderMap,
    body: &mut Body,
    limit: u64,
) -> Result<(Value, Option<Share>), ApiError> {
    let (_, text) = text(&graph.mail, headers, body, limit).await?;
    let text = text.trim_ascii();
    let share = graph.body_budget.share(budget::weight(text)?).await?;
    Ok((serde_json::from_slice(text).map_err(ApiError::unreadable_body)?, share))
}

/// The text of a JSON body, from where it was put as it came.
async fn text(mail: &Mail, headers: &HeaderMap, body: &mut Body, limit: u64) -> Result<(Digest, Bytes), ApiError> {
    refuse_by_length(headers, most_text(limit), limit)?;
    let mut kept = Kept::new(mail, most_text(limit));
    while let Some(piece) = next(body).await? {
        kept.gathered.extend_from_slice(&piece);
        kept = kept.hand_on().await.map_err(|_| ApiError::too_large(limit))?;
    }
    kept.finish_unnamed().await
}

/// An item in base64, decoded bit by bit: what stands beside its octets, and these where they are kept.
pub(crate) async fn item(mail: &Mail, text: &str, limit: u64) -> Result<(ItemHead, Blob), ApiError> {
    let (mut decoder, mut kept, mut head, mut offset) = (Base64Body::default(), Kept::new(mail, limit), None, 0);
    for piece in text.as_bytes().chunks(GATHERED) {
        decoder.push(piece, offset, &mut kept.gathered).map_err(ApiError::invalid_mime)?;
        offset += piece.len() as u64;
        head = match head {
            None => begun(&mut kept.gathered)?,
            some => some,
        };
        if head.is_some() {
            kept = kept.hand_on().await?;
        }
    }
    decoder.finish(&mut kept.gathered).map_err(ApiError::invalid_mime)?;
    let head = match head {
        None => begun(&mut kept.gathered)?,
        some => some,
    };
    match head {
        Some(head) => Ok((head, kept.finish().await?)),
        None => Err(MailError::from(ItemRefusal::NoItem).into()),
    }
}

/// The head of an item, once it has come whole; it is taken off.
fn begun(gathered: &mut Vec<u8>) -> Result<Option<ItemHead>, ApiError> {
    let found = ItemHead::parse(gathered).map_err(MailError::from)?;
    Ok(found.map(|(head, length)| {
        gathered.drain(..length);
        head
    }))
}

/// The text that a message of `limit` octets makes in base64, with line ends as often as anybody writes them.
fn most_text(limit: u64) -> u64 {
    limit.saturating_mul(3) / 2
}

/// Refuses what is too large by its own word, before any of it is read.
fn refuse_by_length(headers: &HeaderMap, most: u64, limit: u64) -> Result<(), ApiError> {
    let length = headers.get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse::<u64>().ok());
    if length.is_some_and(|length| length > most) { Err(ApiError::too_large(limit)) } else { Ok(()) }
}

pub(crate) async fn next(body: &mut Body) -> Result<Option<Bytes>, ApiError> {
    loop {
        let frame = tokio::time::timeout(STALL, body.frame()).await;
        match frame.map_err(|_| ApiError::new(ErrorCode::RequestTimeout, "The body stopped coming."))? {
            None => return Ok(None),
            Some(Err(error)) => return Err(throttle::broken_off(error)),
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
            loop {
                match next(&mut body).await {
                    Ok(Some(piece)) => read += piece.len() as u64,
                    Err(error) if error.code == ErrorCode::RequestTooLong => {} // it is told once, and the rest still comes
                    Ok(None) | Err(_) => break,
                }
                if read > LINGER_OCTETS {
                    break;
                }
            }
        };
        let _ = tokio::time::timeout(LINGER, reading).await; // either way the connection is closed now
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures::stream::{self, StreamExt};

    #[tokio::test(start_paused = true)]
    async fn a_body_that_stops_coming_is_waited_for_so_long_and_no_longer() {
        let pieces = stream::iter([Ok::<_, std::io::Error>(Bytes::from_static(b"{"))]).chain(stream::pending());
        let began = tokio::time::Instant::now();
        let mut body = Body::from_stream(pieces);
        assert_eq!(next(&mut body).await.expect("the first piece").as_deref(), Some(&b"{"[..]));
        assert!(matches!(next(&mut body).await, Err(ApiError { code: ErrorCode::RequestTimeout, .. })));
        assert_eq!(began.elapsed().as_secs(), STALL.as_secs());
    }
}
