//! Open extensions of messages (Graph: opentypeextension-post-opentypeextension, -get, -update, -delete).

use crate::error::ApiError;
use crate::ids;
use crate::page::{collection, empty_answer, entity, json_answer, number_answer};
use crate::request::Asked;
use crate::schema::extended;
use crate::schema::extension::{self, ExtensionId};
use axum::body::Body;
use axum::http::StatusCode;
use axum::response::Response;
use mailbox::Mailbox;
use serde_json::Value;
use store::{Extension, MessageId};

/// `GET …/messages/{id}/extensions`
pub(crate) async fn list_extensions(asked: &Asked<'_>, message: MessageId) -> Result<Response, ApiError> {
    asked.only_options(&["filter", "count"])?;
    let mailbox = asked.mailbox().await?;
    let value: Vec<Value> = named(asked, &mailbox, message).await?;
    let context = asked.context(mailbox.owner().id, &format!("messages('{}')/extensions", ids::message(message)), None);
    let count = asked.options.boolean("count")?.unwrap_or(false).then(|| i64::try_from(value.len()).unwrap_or(i64::MAX));
    Ok(json_answer(StatusCode::OK, &collection(context, count, None, value)))
}

/// `GET …/messages/{id}/extensions/$count`
pub(crate) async fn count_extensions(asked: &Asked<'_>, message: MessageId) -> Result<Response, ApiError> {
    asked.only_options(&["filter"])?;
    let mailbox = asked.mailbox().await?;
    Ok(number_answer(named(asked, &mailbox, message).await?.len()))
}

/// The extensions of a message, or those that the `$filter` names.
async fn named(asked: &Asked<'_>, mailbox: &Mailbox, message: MessageId) -> Result<Vec<Value>, ApiError> {
    let ids = extended::ids(&asked.options)?.map(|ids| ids.iter().map(|id| ExtensionId::parse(id)).collect::<Vec<_>>());
    let is_named = |one: &Extension| ids.as_ref().is_none_or(|ids| ids.iter().any(|id| id.names(&one.name)));
    let all = mailbox.extensions(message).await?;
    Ok(all.iter().filter(|one| is_named(one)).map(|one| extension::render(one, ExtensionId::of(&one.name))).collect())
}

/// `POST …/messages/{id}/extensions`
pub(crate) async fn create_extension(asked: &Asked<'_>, message: MessageId, body: &mut Body) -> Result<Response, ApiError> {
    let mailbox = asked.mailbox().await?;
    let given = extension::read(&asked.json(&mailbox, body).await?, "")?;
    let created = mailbox.create_extension(message, given).await?;
    let id = ExtensionId::of(&created.name);
    Ok(answer(asked, &mailbox, message, StatusCode::CREATED, &created, id))
}

/// `GET …/messages/{id}/extensions/{name}`
pub(crate) async fn get_extension(asked: &Asked<'_>, message: MessageId, id: ExtensionId) -> Result<Response, ApiError> {
    asked.only_options(&[])?;
    let mailbox = asked.mailbox().await?;
    let found = mailbox.extension(message, id.name().to_owned()).await?;
    Ok(answer(asked, &mailbox, message, StatusCode::OK, &found, id))
}

/// `PATCH …/messages/{id}/extensions/{name}`
pub(crate) async fn update_extension(
    asked: &Asked<'_>,
    message: MessageId,
    id: ExtensionId,
    body: &mut Body,
) -> Result<Response, ApiError> {
    let mailbox = asked.mailbox().await?;
    let change = extension::members(&asked.json(&mailbox, body).await?, "")?;
    let updated = mailbox.update_extension(message, id.name().to_owned(), change).await?;
    Ok(answer(asked, &mailbox, message, StatusCode::OK, &updated, id))
}

/// `DELETE …/messages/{id}/extensions/{name}`
pub(crate) async fn delete_extension(asked: &Asked<'_>, message: MessageId, id: ExtensionId) -> Result<Response, ApiError> {
    let mailbox = asked.mailbox().await?;
    mailbox.delete_extension(message, id.name().to_owned()).await?;
    Ok(empty_answer(StatusCode::NO_CONTENT))
}

fn answer(
    asked: &Asked<'_>,
    mailbox: &Mailbox,
    message: MessageId,
    status: StatusCode,
    extension: &Extension,
    id: ExtensionId,
) -> Response {
    let what = format!("messages('{}')/extensions/$entity", ids::message(message));
    let context = asked.context(mailbox.owner().id, &what, None);
    json_answer(status, &entity(context, extension::render(extension, id)))
}
