//! How far a message has come that was sent from here: what Graph lacks (docs/extensions.md).

use crate::error::ApiError;
use crate::ids;
use crate::page::{entity, json_answer};
use crate::request::Asked;
use crate::schema::message::date;
use axum::http::StatusCode;
use axum::response::Response;
use serde_json::{Value, json};
use store::{ForwardPath, ForwardState, MessageId};

/// `GET …/messages/{id}/delivery`
pub(crate) async fn get_delivery(asked: &Asked<'_>, id: MessageId) -> Result<Response, ApiError> {
    asked.only_options(&[])?;
    let mailbox = asked.mailbox().await?;
    let paths = mailbox.delivery(id).await?;
    let recipients: Vec<Value> = paths.iter().map(recipient).collect();
    let context = asked.context(mailbox.owner().id, "messages", None) + "/delivery";
    Ok(json_answer(StatusCode::OK, &entity(context, json!({"id": ids::message(id), "recipients": recipients}))))
}

fn recipient(path: &ForwardPath) -> Value {
    let text = |text: &String| if text.is_empty() { Value::Null } else { text.clone().into() };
    let state = match path.state {
        ForwardState::Due | ForwardState::Relay => "queued",
        other => other.as_str(),
    };
    let (next, ended) = match path.state {
        ForwardState::Due | ForwardState::Relay => (date(path.due_date_time), Value::Null),
        ForwardState::Held => (Value::Null, Value::Null),
        _ => (Value::Null, date(path.due_date_time)),
    };
    json!({
        "address": path.address,
        "state": state,
        "attempts": path.attempts,
        "nextHop": text(&path.next_hop),
        "lastReply": text(&path.reply),
        "nextAttemptDateTime": next,
        "endedDateTime": ended,
    })
}
