//! Replies and forwards, sent at once or kept as drafts (Graph: message-reply, -replyall, -forward, -createreply,
//! -createreplyall, -createforward).

use super::messages::created;
use super::send_mail::accepted;
use crate::body::Given;
use crate::error::ApiError;
use crate::request::Asked;
use crate::schema::draft;
use axum::body::Body;
use axum::response::Response;
use mailbox::{Answer, Idempotency, Mailbox, NewMessage, SendOptions};
use store::MessageId;

/// `POST …/messages/{id}/reply`, `replyAll`, `forward`
pub(crate) async fn reply(asked: &Asked<'_>, id: MessageId, answer: Answer, body: &mut Body) -> Result<Response, ApiError> {
    let mailbox = asked.mailbox().await?;
    let (new, idempotency) = written(asked, &mailbox, id, answer, body).await?;
    let submitted = mailbox.submit(new, SendOptions { idempotency, ..SendOptions::default() }).await?;
    Ok(accepted(asked, &mailbox, &submitted))
}

/// `POST …/messages/{id}/createReply`, `createReplyAll`, `createForward`
pub(crate) async fn create_reply(
    asked: &Asked<'_>,
    id: MessageId,
    answer: Answer,
    body: &mut Body,
) -> Result<Response, ApiError> {
    let mailbox = asked.mailbox().await?;
    let (new, _) = written(asked, &mailbox, id, answer, body).await?;
    created(asked, &mailbox, mailbox.create_draft(new, None).await?).await
}

async fn written(
    asked: &Asked<'_>,
    mailbox: &Mailbox,
    id: MessageId,
    answer: Answer,
    body: &mut Body,
) -> Result<(NewMessage, Option<Idempotency>), ApiError> {
    let (given, idempotency) = asked.body(mailbox, body).await?;
    let new = match given {
        Given::Mime(blob) => mailbox.answer_with_mime(id, answer, blob).await?,
        Given::Json(value) => {
            let text = draft::answer(&value, asked.preferences.time_zone()?)?;
            mailbox.answer_with_text(id, answer, text).await?
        }
    };
    Ok((asked.with_protection(new)?, idempotency))
}
