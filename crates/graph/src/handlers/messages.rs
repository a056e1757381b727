//! Messages (Graph: user-list-messages, user-post-messages, message-get, message-delete, outlook-get-mime-message).

use crate::body::{self, Form};
use crate::error::ApiError;
use crate::ids;
use crate::page::{collection, empty_answer, entity, json_answer};
use crate::request::Asked;
use crate::schema::draft;
use crate::schema::message::{Selection, View};
use axum::body::Body;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;
use futures::stream::{self, StreamExt, TryStreamExt};
use identity::Scope;
use mailbox::{FolderName, Mailbox, NewMessage};
use serde_json::Value;
use std::convert::Infallible;
use store::{MessageId, MessageRecord};

const READ: &[Scope] = &[Scope::MailRead, Scope::MailReadWrite];
const WRITE: &[Scope] = &[Scope::MailReadWrite];
/// Graph: user-list-messages: the default page.
const PAGE: i64 = 10;
/// Messages of one page whose octets are fetched at a time.
const FETCHED_TOGETHER: usize = 8;

/// `GET …/messages`, `GET …/mailFolders/{id}/messages`
pub(crate) async fn list_messages(asked: &Asked<'_>, folder: Option<FolderName>) -> Result<Response, ApiError> {
    asked.only_options(&["select", "expand", "top", "skip", "skiptoken", "count"])?;
    let mailbox = asked.mailbox(READ).await?;
    let selection = Selection::of(&asked.options)?;
    let (top, skip) = (asked.top(PAGE)?, asked.options.number("skip")?.unwrap_or(0));
    let page = mailbox.list(folder, asked.position()?, skip, top).await?;
    let count = asked.options.boolean("count")?.unwrap_or(false).then_some(page.count);
    let value: Vec<Value> = stream::iter(page.records)
        .map(|record| render(asked, &mailbox, &selection, record))
        .buffered(FETCHED_TOGETHER)
        .try_collect()
        .await?;
    let context = asked.context(mailbox.owner().id, &collection_name(folder), selection.names());
    let next = page.next.map(|after| asked.next_link(after));
    Ok(json_answer(StatusCode::OK, &collection(context, count, next, value)))
}

/// `POST …/messages`, `POST …/mailFolders/{id}/messages`
pub(crate) async fn create_message(asked: &Asked<'_>, folder: Option<FolderName>, body: &mut Body) -> Result<Response, ApiError> {
    let mailbox = asked.mailbox(WRITE).await?;
    let limit = asked.graph.max_message_octets;
    let new = match body::form(&asked.headers)? {
        Form::Mime => NewMessage::from_mime(body::mime(&asked.graph.mail, &asked.headers, body, limit).await?),
        Form::Json => mailbox.compose(draft::message(&body::json(&asked.headers, body, limit).await?)?).await?,
    };
    let record = mailbox.create_draft(new, folder).await?;
    let location = asked.message_location(mailbox.owner().id, &ids::message(record.id));
    let value = render(asked, &mailbox, &Selection::default(), record).await?;
    let context = asked.context(mailbox.owner().id, "messages/$entity", None);
    let mut response = json_answer(StatusCode::CREATED, &entity(context, value));
    if let Ok(location) = HeaderValue::from_str(&location) {
        response.headers_mut().insert(header::LOCATION, location);
    }
    Ok(response)
}

/// `GET …/messages/{id}`
pub(crate) async fn get_message(asked: &Asked<'_>, id: MessageId) -> Result<Response, ApiError> {
    asked.only_options(&["select", "expand"])?;
    let mailbox = asked.mailbox(READ).await?;
    let selection = Selection::of(&asked.options)?;
    let record = mailbox.message(id).await?;
    let value = render(asked, &mailbox, &selection, record).await?;
    let context = asked.context(mailbox.owner().id, "messages/$entity", selection.names());
    Ok(json_answer(StatusCode::OK, &entity(context, value)))
}

/// `GET …/messages/{id}/$value`: the octets, in pieces of memory or of a mapped file.
pub(crate) async fn get_value(asked: &Asked<'_>, id: MessageId) -> Result<Response, ApiError> {
    let mailbox = asked.mailbox(READ).await?;
    let content = mailbox.content(mailbox.message(id).await?).await?;
    let size = content.record.size;
    let pieces = content.octets().into_iter().map(Ok::<_, Infallible>);
    let mut response = Response::new(Body::from_stream(stream::iter(pieces)));
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("text/plain"));
    response.headers_mut().insert(header::CONTENT_LENGTH, HeaderValue::from(size));
    Ok(response)
}

/// `DELETE …/messages/{id}`
pub(crate) async fn delete_message(asked: &Asked<'_>, id: MessageId) -> Result<Response, ApiError> {
    let mailbox = asked.mailbox(WRITE).await?;
    mailbox.delete(id).await?;
    Ok(empty_answer(StatusCode::NO_CONTENT))
}

async fn render(asked: &Asked<'_>, mailbox: &Mailbox, selection: &Selection, record: MessageRecord) -> Result<Value, ApiError> {
    let view = if selection.needs_octets() { View::of_content(mailbox.content(record).await?) } else { View::of_record(record) };
    Ok(view.render(selection, &asked.origin))
}

fn collection_name(folder: Option<FolderName>) -> String {
    match folder {
        None => "messages".to_owned(),
        Some(FolderName::Id(id)) => format!("mailFolders('{}')/messages", ids::folder(id)),
        Some(FolderName::WellKnown(name)) => format!("mailFolders('{}')/messages", name.as_str()),
    }
}
