//! A whole message that comes in ranges: the protocol of attachments' upload sessions (Graph: attachment-createuploadsession,
//! outlook-large-attachments), for what is too large for one request. It is then named by `uploadSession=` where a body
//! would stand.

use super::messages::WRITE;
use crate::body::{self, Given};
use crate::error::{ApiError, ErrorCode};
use crate::ids;
use crate::page::{empty_answer, json_answer};
use crate::request::Asked;
use crate::schema::json::Members;
use crate::schema::message::date;
use axum::body::Body;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::response::Response;
use mailbox::{Mail, UploadId};
use serde_json::{Value, json};
use store::{MailboxId, UploadSession};

/// Octets that are gathered before they are written.
const GATHERED: usize = 256 * 1024;

/// `POST …/messages/createUploadSession` with `{"messageItem": {"size": n}}`
pub(crate) async fn create_upload_session(asked: &Asked<'_>, body: &mut Body) -> Result<Response, ApiError> {
    let mailbox = asked.mailbox(WRITE).await?;
    let (Given::Json(value), _) = asked.body(&mailbox, body).await? else {
        return Err(ApiError::unreadable_member("", "an object"));
    };
    let members = Members::of(&value, "")?;
    let item = members.object("messageItem")?.ok_or_else(|| members.wrong("messageItem", "an object"))?;
    let size = item.get("size").and_then(Value::as_u64).filter(|size| *size > 0);
    let size = size.ok_or_else(|| item.wrong("size", "the number of octets"))?;
    let session = mailbox.begin_upload(size).await?;
    let token = ids::upload(mailbox.owner().id, session.id);
    let value = json!({
        "@odata.context": format!("{}/{}/$metadata#microsoft.graph.uploadSession", asked.origin, asked.version.as_str()),
        "uploadUrl": format!("{}/{}/uploads/{token}", asked.origin, asked.version.as_str()),
        "expirationDateTime": date(session.expiration_date_time),
        "nextExpectedRanges": ["0-"],
    });
    Ok(json_answer(StatusCode::CREATED, &value))
}

/// What is done at an upload's own address: whoever knows it may.
pub(crate) async fn at_upload_url(
    mail: &Mail,
    method: &Method,
    of: (MailboxId, UploadId),
    headers: &HeaderMap,
    body: &mut Body,
    address: &str,
) -> Result<Response, ApiError> {
    let session = mail.upload(of.0, of.1).await?;
    match *method {
        Method::DELETE => {
            mail.cancel_upload(of.0, &session).await?;
            Ok(empty_answer(StatusCode::NO_CONTENT))
        }
        Method::GET => Ok(status(&session, mail.upload_size(&session).await?)),
        Method::PUT => put(mail, of.0, session, headers, body, address).await,
        _ => Err(ApiError::method_not_allowed()),
    }
}

async fn put(
    mail: &Mail,
    owner: MailboxId,
    session: UploadSession,
    headers: &HeaderMap,
    body: &mut Body,
    address: &str,
) -> Result<Response, ApiError> {
    if session.blob.is_some() {
        return Ok(finished(address)); // a client is known that sends one range more, and waits for success
    }
    let range = content_range(headers, session.size)?;
    let mut part = mail.upload_part(&session, range.first).await?;
    let mut gathered = Vec::new();
    while let Some(piece) = body::next(body).await? {
        gathered.extend_from_slice(&piece);
        if part.size() + gathered.len() as u64 > range.last + 1 {
            return Err(ApiError::new(ErrorCode::InvalidRange, "The body is longer than its Content-Range."));
        }
        if gathered.len() >= GATHERED {
            part = part.write(std::mem::take(&mut gathered)).await?;
        }
    }
    let part = part.write(gathered).await?;
    let come = part.size();
    if come == session.size {
        mail.finish_upload(owner, &session, part).await?;
        return Ok(finished(address));
    }
    Ok(status(&session, come))
}

struct ContentRange {
    first: u64,
    last: u64,
}

/// `bytes a-b/total` (RFC 9110 §14.4), of the size that was told at the beginning.
fn content_range(headers: &HeaderMap, size: u64) -> Result<ContentRange, ApiError> {
    let text = headers.get(header::CONTENT_RANGE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let read = || {
        let (range, total) = text.trim().strip_prefix("bytes ")?.split_once('/')?;
        let (first, last) = range.split_once('-')?;
        let range = ContentRange { first: first.trim().parse().ok()?, last: last.trim().parse().ok()? };
        (total.trim().parse() == Ok(size) && range.first <= range.last && range.last < size).then_some(range)
    };
    let wrong = || ApiError::new(ErrorCode::InvalidRange, format!("Content-Range must be 'bytes first-last/{size}'."));
    read().ok_or_else(wrong)
}

fn status(session: &UploadSession, come: u64) -> Response {
    let next: Vec<String> = if come < session.size { vec![format!("{come}-")] } else { Vec::new() };
    let value = json!({"expirationDateTime": date(session.expiration_date_time), "nextExpectedRanges": next});
    json_answer(StatusCode::OK, &value)
}

fn finished(address: &str) -> Response {
    let mut response = empty_answer(StatusCode::CREATED);
    if let Ok(location) = HeaderValue::from_str(address) {
        response.headers_mut().insert(header::LOCATION, location);
    }
    response
}
