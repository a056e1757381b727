//! Attachments: views of a message's parts (Graph: message-list-attachments, attachment-get, message-post-attachments,
//! attachment-delete).

use super::messages::{READ, WRITE};
use crate::body::Given;
use crate::error::{ApiError, ErrorCode};
use crate::ids;
use crate::page::{collection, empty_answer, entity, json_answer};
use crate::request::Asked;
use crate::schema::{attachment, draft};
use axum::body::Body;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;
use mailbox::{AttachedPart, AttachmentKey, Content, Kind, MailError, Mailbox};
use serde_json::Value;
use store::MessageId;

/// `GET …/messages/{id}/attachments`
pub(crate) async fn list_attachments(asked: &Asked<'_>, message: MessageId) -> Result<Response, ApiError> {
    asked.only_options(&[])?;
    let (mailbox, content) = opened(asked, message).await?;
    let owner = mailbox.owner().id;
    let context = asked.context(owner, &format!("messages('{}')/attachments", ids::message(message)), None);
    let Value::Array(value) = attachment::render_all(&content) else { return Err(ApiError::internal("no list")) };
    Ok(json_answer(StatusCode::OK, &collection(context, None, None, value)))
}

/// `GET …/messages/{id}/attachments/{id}`
pub(crate) async fn get_attachment(asked: &Asked<'_>, message: MessageId, key: AttachmentKey) -> Result<Response, ApiError> {
    asked.only_options(&[])?;
    let (mailbox, content) = opened(asked, message).await?;
    let what = format!("messages('{}')/attachments/$entity", ids::message(message));
    let context = asked.context(mailbox.owner().id, &what, None);
    let value = attachment::render(&content, attached(&content, key)?);
    Ok(json_answer(StatusCode::OK, &entity(context, value)))
}

/// `GET …/messages/{id}/attachments/{id}/$value`: a file's octets, or an attached message as it is.
pub(crate) async fn get_attachment_value(
    asked: &Asked<'_>,
    message: MessageId,
    key: AttachmentKey,
) -> Result<Response, ApiError> {
    let (_, content) = opened(asked, message).await?;
    let AttachedPart { message, part, .. } = attached(&content, key)?;
    let mut response = Response::new(Body::from(message.decoded(part)));
    let media_type = HeaderValue::from_str(&part.media_type.essence);
    let media_type = media_type.unwrap_or(HeaderValue::from_static("application/octet-stream"));
    response.headers_mut().insert(header::CONTENT_TYPE, media_type);
    Ok(response)
}

/// `POST …/messages/{id}/attachments`: a part is spliced into a draft.
pub(crate) async fn create_attachment(asked: &Asked<'_>, message: MessageId, body: &mut Body) -> Result<Response, ApiError> {
    let mailbox = asked.mailbox(WRITE).await?;
    let (Given::Json(value), _) = asked.body(&mailbox, body).await? else {
        return Err(ApiError::new(ErrorCode::UnsupportedMediaType, "An attachment is given as JSON."));
    };
    let file = draft::file_attachment(&value, "")?;
    let content = mailbox.add_attachment(message, file).await?;
    let added = content.attachments().last();
    let added = added.ok_or_else(|| ApiError::internal("the attachment that was added is not there"))?;
    let what = format!("messages('{}')/attachments/$entity", ids::message(message));
    let context = asked.context(mailbox.owner().id, &what, None);
    let value = attachment::render(&content, added);
    Ok(json_answer(StatusCode::CREATED, &entity(context, value)))
}

/// `DELETE …/messages/{id}/attachments/{id}`
pub(crate) async fn delete_attachment(asked: &Asked<'_>, message: MessageId, key: AttachmentKey) -> Result<Response, ApiError> {
    let mailbox = asked.mailbox(WRITE).await?;
    mailbox.remove_attachment(message, key).await?;
    Ok(empty_answer(StatusCode::NO_CONTENT))
}

async fn opened(asked: &Asked<'_>, message: MessageId) -> Result<(Mailbox, Content), ApiError> {
    let mailbox = asked.mailbox(READ).await?;
    let content = mailbox.content(mailbox.message(message).await?).await?;
    Ok((mailbox, content))
}

fn attached(content: &Content, key: AttachmentKey) -> Result<AttachedPart<'_>, ApiError> {
    Ok(content.attached(key).ok_or(MailError::NotFound(Kind::Attachment))?)
}
