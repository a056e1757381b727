//! Sending (Graph: user-sendmail, message-send).

use crate::body::Given;
use crate::error::ApiError;
use crate::ids;
use crate::page::empty_answer;
use crate::request::Asked;
use crate::schema::draft;
use axum::body::Body;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::Response;
use mailbox::{Mailbox, NewMessage, SendOptions, Submitted};
use store::{Digest, MessageId};

/// Where it can be followed, whether a copy is kept or not.
const DELIVERY: HeaderName = HeaderName::from_static("restante-delivery");
const INTERNET_MESSAGE_ID: HeaderName = HeaderName::from_static("internet-message-id");

/// `POST …/sendMail`
pub(crate) async fn send_mail(asked: &Asked<'_>, body: &mut Body) -> Result<Response, ApiError> {
    let mailbox = asked.mailbox().await?;
    let mut save_to_sent_items = asked.extension_flag("saveToSentItems")?.unwrap_or(true);
    let (given, idempotency) = asked.body(&mailbox, body).await?;
    let new = match given {
        Given::Mime(blob) => NewMessage::from_mime(blob),
        Given::Json(value) => {
            let request = draft::send_mail(&value)?;
            save_to_sent_items &= request.save_to_sent_items;
            mailbox.compose(request.message).await?
        }
    };
    let new = asked.with_protection(new)?;
    let submitted = mailbox.submit(new, SendOptions { save_to_sent_items, idempotency, ..SendOptions::default() }).await?;
    Ok(accepted(asked, &mailbox, &submitted))
}

/// `POST …/messages/{id}/send`
pub(crate) async fn send_message(asked: &Asked<'_>, id: MessageId) -> Result<Response, ApiError> {
    let mailbox = asked.mailbox().await?;
    let idempotency = asked.idempotency(&Digest::of(&[]))?;
    let protection = asked.protection()?;
    let submitted = mailbox.send_draft(id, SendOptions { idempotency, protection, ..SendOptions::default() }).await?;
    Ok(accepted(asked, &mailbox, &submitted))
}

/// 202 without a body; its header fields tell where the sender's copy is, by which Message-ID others know it, and where it can
/// be followed.
pub(super) fn accepted(asked: &Asked<'_>, mailbox: &Mailbox, submitted: &Submitted) -> Response {
    let mut response = empty_answer(StatusCode::ACCEPTED);
    let location = submitted.id.map(|id| asked.message_location(mailbox.owner().id, &ids::message(id)));
    let delivery = submitted.sent_id.map(|id| asked.message_location(mailbox.owner().id, &ids::message(id)) + "/delivery");
    let fields =
        [(header::LOCATION, location), (DELIVERY, delivery), (INTERNET_MESSAGE_ID, Some(submitted.internet_message_id.clone()))];
    for (name, value) in fields {
        // A Message-ID of other octets than HTTP's stays unsaid; the copy shows it.
        if let Some(value) = value.and_then(|value| HeaderValue::from_str(&value).ok()) {
            response.headers_mut().insert(name, value);
        }
    }
    response
}
