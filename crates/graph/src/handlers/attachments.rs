//! Attachments: views of a message's parts (Graph: message-list-attachments, attachment-get, message-post-attachments,
//! attachment-delete).

use super::messages::{RENDERED_APART, shown};
use crate::body::Given;
use crate::error::{ApiError, ErrorCode};
use crate::ids;
use crate::page::{collection, empty_answer, entity, json_answer, number_answer};
use crate::request::Asked;
use crate::schema::attachment::{self, Derived, Selection, View};
use crate::schema::message::Shown;
use crate::schema::new_attachment;
use axum::body::Body;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;
use futures::stream;
use mailbox::{AttachedPart, AttachmentKey, Content, Kind, MailError, Mailbox};
use mime::EncodedBody;
use serde_json::Value;
use std::convert::Infallible;
use store::MessageId;

/// `GET …/messages/{id}/attachments`. Graph takes no `$top` and no `$skip` here; clients send them to every list.
pub(crate) async fn list_attachments(asked: &Asked<'_>, message: MessageId) -> Result<Response, ApiError> {
    asked.only_options(&["select", "expand", "filter", "orderby", "count", "top", "skip"])?;
    let selection = Selection::of(&asked.options)?;
    let (mailbox, content) = opened(asked, message).await?;
    let mut places = listed(asked, &content)?;
    let count = asked.options.boolean("count")?.unwrap_or(false).then(|| i64::try_from(places.len()).unwrap_or(i64::MAX));
    let number = |name| asked.options.number(name).map(|number| number.and_then(|n| usize::try_from(n).ok()));
    places.drain(..number("skip")?.unwrap_or(0).min(places.len()));
    places.truncate(number("top")?.unwrap_or(usize::MAX));
    let what = format!("messages('{}')/attachments", ids::message(message));
    let context = asked.context(mailbox.owner().id, &what, selection.names());
    let value = rendered(content, shown(asked), move |content, shown| {
        let all: Vec<AttachedPart<'_>> = content.attachments().collect();
        let chosen = places.iter().filter_map(|&place| all.get(place));
        chosen.map(|attached| attachment::render(content, *attached, &selection, shown)).collect::<Vec<_>>()
    })
    .await?;
    Ok(json_answer(StatusCode::OK, &collection(context, count, None, value)))
}

/// `GET …/messages/{id}/attachments/$count`
pub(crate) async fn count_attachments(asked: &Asked<'_>, message: MessageId) -> Result<Response, ApiError> {
    asked.only_options(&["filter"])?;
    let (_, content) = opened(asked, message).await?;
    Ok(number_answer(listed(asked, &content)?.len()))
}

/// The places of the attachments that are asked for, in order. Without a condition or an order none is looked at.
fn listed(asked: &Asked<'_>, content: &Content) -> Result<Vec<usize>, ApiError> {
    match (asked.options.get("filter"), asked.options.get("orderby")) {
        (None, None) => Ok((0..content.attachments().count()).collect()),
        _ => attachment::list(content, &asked.options),
    }
}

/// `GET …/messages/{id}/attachments/{id}`
pub(crate) async fn get_attachment(asked: &Asked<'_>, message: MessageId, key: AttachmentKey) -> Result<Response, ApiError> {
    asked.only_options(&["select", "expand"])?;
    let selection = Selection::of(&asked.options)?;
    let (mailbox, content) = opened(asked, message).await?;
    answered(asked, StatusCode::OK, &mailbox, content, key, selection).await
}

/// `GET …/messages/{id}/attachments/{id}/$value`: a file's octets, or an attached message as it is. A link has none.
pub(crate) async fn get_attachment_value(
    asked: &Asked<'_>,
    message: MessageId,
    key: AttachmentKey,
) -> Result<Response, ApiError> {
    let (_, content) = opened(asked, message).await?;
    let attached = attached(&content, key)?;
    let view = View::of(&content, attached);
    let media_type = match view.derived {
        Derived::File => attached.part.media_type.essence.as_str(),
        Derived::Item => "text/plain", // as a message's own octets are given
        Derived::Reference => return Err(ApiError::method_not_allowed()),
    };
    let media_type = HeaderValue::from_str(media_type).unwrap_or(HeaderValue::from_static("application/octet-stream"));
    let mut response = of_body(view.body).await?;
    response.headers_mut().insert(header::CONTENT_TYPE, media_type);
    Ok(response)
}

/// An answer of decoded octets, which are decoded as they go.
async fn of_body(body: EncodedBody) -> Result<Response, ApiError> {
    let counted = body.clone();
    let size = tokio::task::spawn_blocking(move || counted.decoded_size()).await;
    let size = size.map_err(|_| ApiError::internal("an attachment could not be read"))?;
    let mut response = Response::new(Body::from_stream(stream::iter(body.decoded().map(Ok::<_, Infallible>))));
    response.headers_mut().insert(header::CONTENT_LENGTH, HeaderValue::from(size));
    Ok(response)
}

/// `POST …/messages/{id}/attachments`: a part is spliced into a draft.
pub(crate) async fn create_attachment(asked: &Asked<'_>, message: MessageId, body: &mut Body) -> Result<Response, ApiError> {
    let mailbox = asked.mailbox().await?;
    let new = new_attachment::attachment(&given(asked, &mailbox, body).await?, "")?;
    let (content, key) = mailbox.add_attachment(message, new).await?;
    let location = asked.attachment_location(mailbox.owner().id, message, key);
    let mut response = answered(asked, StatusCode::CREATED, &mailbox, content, key, Selection::default()).await?;
    if let Ok(location) = HeaderValue::from_str(&location) {
        response.headers_mut().insert(header::LOCATION, location);
    }
    Ok(response)
}

/// `PATCH …/messages/{id}/attachments/{id}`: what a draft's attachment is called, what it is and how it is shown.
pub(crate) async fn update_attachment(
    asked: &Asked<'_>,
    message: MessageId,
    key: AttachmentKey,
    body: &mut Body,
) -> Result<Response, ApiError> {
    let mailbox = asked.mailbox().await?;
    let change = new_attachment::change(&given(asked, &mailbox, body).await?)?;
    let content = mailbox.update_attachment(message, key, change).await?;
    answered(asked, StatusCode::OK, &mailbox, content, key, Selection::default()).await
}

/// `DELETE …/messages/{id}/attachments/{id}`
pub(crate) async fn delete_attachment(asked: &Asked<'_>, message: MessageId, key: AttachmentKey) -> Result<Response, ApiError> {
    let mailbox = asked.mailbox().await?;
    mailbox.remove_attachment(message, key).await?;
    Ok(empty_answer(StatusCode::NO_CONTENT))
}

/// The JSON of a request.
async fn given(asked: &Asked<'_>, mailbox: &Mailbox, body: &mut Body) -> Result<Value, ApiError> {
    match asked.body(mailbox, body).await? {
        (Given::Json(value), _) => Ok(value),
        (Given::Mime(_), _) => Err(ApiError::new(ErrorCode::UnsupportedMediaType, "An attachment is given as JSON.")),
    }
}

async fn opened(asked: &Asked<'_>, message: MessageId) -> Result<(Mailbox, Content), ApiError> {
    let mailbox = asked.mailbox().await?;
    let content = mailbox.content(mailbox.message(message).await?).await?;
    Ok((mailbox, content))
}

fn attached(content: &Content, key: AttachmentKey) -> Result<AttachedPart<'_>, ApiError> {
    Ok(content.attached(key).ok_or(MailError::NotFound(Kind::Attachment))?)
}

/// An answer with one attachment.
async fn answered(
    asked: &Asked<'_>,
    status: StatusCode,
    mailbox: &Mailbox,
    content: Content,
    key: AttachmentKey,
    selection: Selection,
) -> Result<Response, ApiError> {
    let what = format!("messages('{}')/attachments/$entity", ids::message(content.record.id));
    let context = asked.context(mailbox.owner().id, &what, selection.names());
    let value = rendered(content, shown(asked), move |content, shown| {
        Ok::<_, ApiError>(attachment::render(content, attached(content, key)?, &selection, shown))
    });
    Ok(json_answer(status, &entity(context, value.await??)))
}

/// What is rendered of a message: beside the threads that answer requests where it is large.
async fn rendered<T: Send + 'static>(
    content: Content,
    shown: Shown,
    render: impl FnOnce(&Content, &Shown) -> T + Send + 'static,
) -> Result<T, ApiError> {
    if content.record.size < RENDERED_APART {
        return Ok(render(&content, &shown));
    }
    let rendered = tokio::task::spawn_blocking(move || render(&content, &shown)).await;
    rendered.map_err(|_| ApiError::internal("an attachment could not be rendered"))
}
