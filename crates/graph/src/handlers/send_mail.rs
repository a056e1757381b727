//! Sending (Graph: user-sendmail, message-send).

use crate::body::{self, Form};
use crate::error::ApiError;
use crate::ids;
use crate::page::empty_answer;
use crate::request::Asked;
use crate::schema::draft;
use axum::body::Body;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::Response;
use identity::Scope;
use mailbox::{Mailbox, NewMessage, SendOptions, Submitted};
use store::MessageId;

const SEND: &[Scope] = &[Scope::MailSend];
const INTERNET_MESSAGE_ID: HeaderName = HeaderName::from_static("internet-message-id");

/// `POST …/sendMail`
pub(crate) async fn send_mail(asked: &Asked<'_>, body: &mut Body) -> Result<Response, ApiError> {
    let mailbox = asked.mailbox(SEND).await?;
    let limit = asked.graph.max_message_octets;
    let mut options = SendOptions::default();
    let new = match body::form(&asked.headers)? {
        Form::Mime => NewMessage::from_mime(body::mime(&asked.graph.mail, &asked.headers, body, limit).await?),
        Form::Json => {
            let request = draft::send_mail(body::json(&asked.headers, body, limit).await?)?;
            options.save_to_sent_items = request.save_to_sent_items;
            mailbox.compose(request.message).await?
        }
    };
    let submitted = mailbox.submit(new, options).await?;
    Ok(accepted(asked, &mailbox, &submitted))
}

/// `POST …/messages/{id}/send`
pub(crate) async fn send_message(asked: &Asked<'_>, id: MessageId) -> Result<Response, ApiError> {
    let mailbox = asked.mailbox(SEND).await?;
    let submitted = mailbox.send_draft(id, SendOptions::default()).await?;
    Ok(accepted(asked, &mailbox, &submitted))
}

/// 202 without a body; its header fields tell where the sender's copy is, and by which Message-ID to follow it.
fn accepted(asked: &Asked<'_>, mailbox: &Mailbox, submitted: &Submitted) -> Response {
    let mut response = empty_answer(StatusCode::ACCEPTED);
    let location = submitted.id.map(|id| asked.message_location(mailbox.owner().id, &ids::message(id)));
    let fields = [(header::LOCATION, location), (INTERNET_MESSAGE_ID, Some(submitted.internet_message_id.clone()))];
    for (name, value) in fields {
        // A Message-ID of other octets than HTTP's stays unsaid; the copy shows it.
        if let Some(value) = value.and_then(|value| HeaderValue::from_str(&value).ok()) {
            response.headers_mut().insert(name, value);
        }
    }
    response
}
