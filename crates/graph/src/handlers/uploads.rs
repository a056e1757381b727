//! Messages and attachments that come in ranges (Graph: attachment-createuploadsession, outlook-large-attachments), since
//! they are too large for one request. A whole message is then named by `uploadSession=` where a body would stand; an
//! attachment is put into its draft.

use crate::body;
use crate::error::{ApiError, ErrorCode};
use crate::ids;
use crate::page::{attachment_location, empty_answer, json_answer};
use crate::request::Asked;
use crate::schema::json::Members;
use crate::schema::message::date;
use crate::schema::new_attachment;
use crate::throttle::Gate;
use axum::body::Body;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::response::Response;
use mailbox::{Mail, UploadId, Uploaded};
use serde_json::json;
use store::{MailboxId, MessageId, UploadSession};

/// Octets that are gathered before they are written.
const GATHERED: usize = 256 * 1024;

/// `POST …/messages/{id}/attachments/createUploadSession` with `{"AttachmentItem": {"attachmentType": "file", "name": …,
/// "size": n}}`, and `POST …/messages/createUploadSession` with `{"messageItem": {"size": n}}`
pub(crate) async fn create_upload_session(
    asked: &Asked<'_>,
    attachment_of: Option<MessageId>,
    body: &mut Body,
) -> Result<Response, ApiError> {
    let mailbox = asked.mailbox().await?;
    let value = asked.json(&mailbox, body).await?;
    let session = if let Some(message) = attachment_of {
        let (item, size) = new_attachment::item_to_come(&value)?;
        mailbox.begin_attachment_upload(message, item, size).await?
    } else {
        let members = Members::of(&value, "")?;
        let item = members.object("messageItem")?.ok_or_else(|| members.wrong("messageItem", "an object"))?;
        mailbox.begin_upload(item.size("size")?).await?
    };
    let token = ids::upload(mailbox.owner().id, session.id);
    let value = json!({
        "@odata.context": format!("{}/{}/$metadata#microsoft.graph.uploadSession", asked.origin, asked.version.as_str()),
        "uploadUrl": format!("{}/{}/uploads/{token}", asked.origin, asked.version.as_str()),
        "expirationDateTime": date(session.expiration_date_time),
        "nextExpectedRanges": ["0-"],
    });
    Ok(json_answer(StatusCode::CREATED, &value))
}

/// An upload as its own address names it.
pub(crate) struct Addressed {
    pub(crate) owner: MailboxId,
    pub(crate) id: UploadId,
    /// The service's address as the client knows it, with its version.
    pub(crate) service: String,
}

/// What is done at an upload's own address: whoever knows it may.
pub(crate) async fn at_upload_url(
    mail: &Mail,
    gate: &Gate,
    method: &Method,
    at: &Addressed,
    headers: &HeaderMap,
    body: &mut Body,
) -> Result<Response, ApiError> {
    let session = mail.upload(at.owner, at.id).await?;
    gate.enter("", at.owner)?; // which app does it, the address doesn't tell
    match *method {
        Method::DELETE => {
            mail.cancel_upload(at.owner, &session).await?;
            Ok(empty_answer(StatusCode::NO_CONTENT))
        }
        Method::GET => Ok(status(&session, mail.upload_size(at.owner, &session).await?)),
        Method::PUT => put(mail, at, session, headers, body).await,
        _ => Err(ApiError::method_not_allowed()),
    }
}

async fn put(
    mail: &Mail,
    at: &Addressed,
    session: UploadSession,
    headers: &HeaderMap,
    body: &mut Body,
) -> Result<Response, ApiError> {
    if let Some(uploaded) = mail.outcome(&session) {
        // A client is known that sends its last range once more, with octets or without, and waits for success.
        passed_over(body, session.size).await?;
        return Ok(finished(at, uploaded));
    }
    let range = content_range(headers, session.size)?;
    let mut part = mail.upload_part(at.owner, &session, range.first).await?;
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
        return Ok(finished(at, mail.finish_upload(at.owner, &session, part).await?));
    }
    mail.keep_upload_part(at.owner, &session, part).await?;
    Ok(status(&session, come))
}

/// Reads a body that says nothing new.
async fn passed_over(body: &mut Body, most: u64) -> Result<(), ApiError> {
    let mut read = 0;
    while let Some(piece) = body::next(body).await? {
        read += piece.len() as u64;
        if read > most {
            return Err(ApiError::new(ErrorCode::InvalidRange, "The body is longer than what was to come."));
        }
    }
    Ok(())
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

/// What is still to come, as one range with both ends: clients are known that can't go on after `n-`, and none that can't
/// after this.
fn status(session: &UploadSession, come: u64) -> Response {
    let next: Vec<String> = if come < session.size { vec![format!("{come}-{}", session.size - 1)] } else { Vec::new() };
    let value = json!({"expirationDateTime": date(session.expiration_date_time), "nextExpectedRanges": next});
    json_answer(StatusCode::OK, &value)
}

/// 201 with the address of what has come of it: an attachment's own, else the upload's.
fn finished(at: &Addressed, uploaded: Uploaded) -> Response {
    let location = match uploaded {
        Uploaded::Attachment(message, key) => attachment_location(&at.service, at.owner, message, key),
        Uploaded::Message => format!("{}/uploads/{}", at.service, ids::upload(at.owner, at.id)),
    };
    let mut response = empty_answer(StatusCode::CREATED);
    if let Ok(location) = HeaderValue::from_str(&location) {
        response.headers_mut().insert(header::LOCATION, location);
    }
    response
}
