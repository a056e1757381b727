//! Lists of messages (Graph: user-list-messages, query-parameters, search-query-parameter): `$filter`, `$search`, `$orderby`,
//! `$top`, `$skip`, `$count`, pages.

use super::mail_folders::read_filter;
use super::messages::{FETCHED_TOGETHER, listed};
use crate::basics;
use crate::error::ApiError;
use crate::ids;
use crate::page::{collection, json_answer, number_answer, refused_by_exchange};
use crate::query::MessageList;
use crate::request::Asked;
use crate::schema::message::Selection;
use axum::http::{HeaderValue, StatusCode};
use axum::response::Response;
use futures::stream::{self, StreamExt};
use mailbox::{FolderName, Listed, Mailbox, MessageQuery};
use serde_json::Value;
use store::{Condition, MessageRecord, Page, Position, SearchFolder};

/// Graph: user-list-messages: the default page.
const PAGE: i64 = 10;

/// Our own header field (docs/extensions.md): a large mailbox is being indexed, and not all was looked through.
const INCOMPLETE: &str = "restante-search-incomplete";

/// Octets of text that one page has, about: behind the message that reaches it, the next page begins.
const PAGE_OCTETS: usize = 32 * 1024 * 1024;

/// `GET …/messages`, `GET …/mailFolders/{id}/messages`
pub(crate) async fn list_messages(asked: &Asked<'_>, folder: Option<FolderName>) -> Result<Response, ApiError> {
    asked.only_options(&["select", "expand", "top", "skip", "skiptoken", "count", "filter", "orderby", "search"])?;
    let mailbox = asked.mailbox().await?;
    let selection = Selection::seen(&asked.options, mailbox.sight())?;
    let list = basics::message_list(&asked.options, mailbox.sight(), asked.graph.clock.now())?;
    let within = within(&mailbox, folder).await?;
    // Another filter of a search folder is another list.
    let searched = within.as_ref().map_or("", |search| search.filter_query.as_str());
    let of = format!("{} {} {searched}", mailbox.owner().id, collection_name(folder));
    let seal = asked.graph.identity.links();
    let after = asked.options.get("skiptoken").map(|cursor| list.position(seal, &of, cursor)).transpose()?;
    let Listed { page, count, is_complete } = mailbox.list(query(asked, &mailbox, (folder, within), &list, after)?).await?;
    let (value, next) = rendered(asked, &mailbox, &selection, page).await?;
    let context = asked.context(mailbox.owner().id, &collection_name(folder), selection.names());
    let next = next.map(|after| asked.token_link(&list.cursor(seal, &of, &after)));
    let mut answer = json_answer(StatusCode::OK, &collection(context, count, next, value));
    if !is_complete {
        answer.headers_mut().insert(INCOMPLETE, HeaderValue::from_static("true"));
    }
    Ok(refused_by_exchange(answer, list.refused_by_exchange))
}

/// `GET …/messages/$count`, `GET …/mailFolders/{id}/messages/$count`: a number and nothing else.
pub(crate) async fn count_messages(asked: &Asked<'_>, folder: Option<FolderName>) -> Result<Response, ApiError> {
    asked.only_options(&["filter", "count", "search"])?;
    let mailbox = asked.mailbox().await?;
    let list = basics::message_list(&asked.options, mailbox.sight(), asked.graph.clock.now())?;
    let count = mailbox.count(query(asked, &mailbox, (folder, within(&mailbox, folder).await?), &list, None)?).await?;
    Ok(number_answer(count))
}

/// What a folder shows; nothing where it shows its own messages.
pub(super) async fn within(mailbox: &Mailbox, folder: Option<FolderName>) -> Result<Option<SearchFolder>, ApiError> {
    match folder {
        Some(name) => Ok(mailbox.search_folder(name).await?),
        None => Ok(None),
    }
}

pub(super) fn query(
    asked: &Asked<'_>,
    mailbox: &Mailbox,
    (folder, within): (Option<FolderName>, Option<SearchFolder>),
    list: &MessageList,
    after: Option<Position>,
) -> Result<MessageQuery, ApiError> {
    let condition = match &within {
        Some(search) => Condition::All(vec![read_filter(&search.filter_query, mailbox.sight())?, list.condition.clone()]),
        None => list.condition.clone(),
    };
    Ok(MessageQuery {
        folder,
        within,
        condition,
        search: list.search.clone(),
        order: list.order.clone(),
        after,
        skip: usize::try_from(asked.options.number("skip")?.unwrap_or(0)).unwrap_or(usize::MAX),
        top: usize::try_from(asked.top(PAGE)?).unwrap_or(1),
        counted: asked.options.boolean("count")?.unwrap_or(false),
    })
}

/// The messages of a page as JSON, and the place where the next one begins: where the page ends, or where it has grown
/// so large that it isn't held whole in memory.
async fn rendered(
    asked: &Asked<'_>,
    mailbox: &Mailbox,
    selection: &Selection,
    page: Page,
) -> Result<(Vec<Value>, Option<Position>), ApiError> {
    let (mut value, mut octets) = (Vec::with_capacity(page.items.len()), 0);
    let last = page.items.len();
    let render = async |(record, position): (MessageRecord, Position)| {
        let item = listed(asked, mailbox, selection, record).await?;
        Ok::<_, ApiError>((item, position))
    };
    let mut items = stream::iter(page.items).map(render).buffered(FETCHED_TOGETHER).enumerate();
    while let Some((index, item)) = items.next().await {
        let (item, position) = item?;
        octets += item.as_ref().map_or(0, weight);
        value.extend(item);
        let is_last = index + 1 == last;
        if octets >= PAGE_OCTETS && !is_last || is_last && page.more {
            return Ok((value, Some(position)));
        }
    }
    Ok((value, None))
}

/// Octets of the texts in a value.
fn weight(value: &Value) -> usize {
    match value {
        Value::Array(list) => list.iter().map(weight).sum(),
        Value::Object(members) => members.iter().map(|(name, value)| name.len() + weight(value)).sum(),
        Value::String(text) => text.len(),
        Value::Bool(_) | Value::Null | Value::Number(_) => 0,
    }
}

fn collection_name(folder: Option<FolderName>) -> String {
    match folder {
        None => "messages".to_owned(),
        Some(FolderName::Id(id)) => format!("mailFolders('{}')/messages", ids::folder(id)),
        Some(FolderName::WellKnown(name)) => format!("mailFolders('{}')/messages", name.as_str()),
    }
}
