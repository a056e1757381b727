//! What changed since a client last asked (Graph: message-delta, mailfolder-delta).

use super::messages::{FETCHED_TOGETHER, listed};
use crate::error::ApiError;
use crate::ids;
use crate::page::{PREFERENCE_APPLIED, json_answer};
use crate::request::Asked;
use crate::round::{From, Round, Tracked};
use crate::schema::mail_folder;
use crate::schema::message::Selection;
use axum::http::{HeaderValue, StatusCode};
use axum::response::Response;
use futures::future;
use futures::stream::{self, StreamExt, TryStreamExt};
use mailbox::{Change, Cursor, FolderName, PageSize};
use odata::{Comparison, Expr, Options};
use serde_json::{Value, json};
use store::Timestamp;

/// Items of a page where nobody says how many: a round costs its client a request a page.
const PAGE: i64 = 100;
/// Most items of a page (Graph: `odata.maxpagesize` on message-delta).
const MAX_PAGE: i64 = 1000;
/// Octets of messages on a page that is rendered from them: more would be held in memory at once.
const PAGE_OCTETS: i64 = 32 * 1024 * 1024;

/// `GET …/mailFolders/{id}/messages/delta`; of our own, `GET …/messages/delta`
pub(crate) async fn message_delta(asked: &Asked<'_>, folder: Option<FolderName>) -> Result<Response, ApiError> {
    let mailbox = asked.mailbox().await?;
    let round =
        Round::of(asked, Tracked::Messages, &["select", "filter", "expand", "top", "orderby", "skiptoken", "deltatoken"])?;
    only_newest_first(&round.options)?;
    let received_from = received_from(&round.options)?;
    let (selection, wanted) = (Selection::seen(&round.options, mailbox.sight())?, Wanted::of(&round.options)?);
    let top = page_size(asked, &round.options)?;
    let size = PageSize { top, octets: if selection.needs_octets() { PAGE_OCTETS } else { i64::MAX } };
    let cursor = match round.from {
        From::Beginning => None,
        From::Cursor(cursor) => Some(cursor),
        From::Latest => Some(mailbox.follow_from_now(folder).await?),
    };
    let found = mailbox.message_changes(folder, cursor, received_from, size).await;
    let mut page = found.map_err(|error| round.error(asked, error))?;
    let changes = wanted.of_round(cursor.as_ref(), std::mem::take(&mut page.changes));
    let value: Vec<Value> = stream::iter(changes)
        .map(|change| async {
            match change {
                Change::Deleted(id) => Ok(Some(removed(Tracked::Messages, ids::message(id)))),
                Change::Created(record) | Change::Updated(record) => {
                    let item = listed(asked, &mailbox, &selection, record).await?;
                    Ok::<_, ApiError>(item.map(|item| typed(Tracked::Messages, item)))
                }
            }
        })
        .buffered(FETCHED_TOGETHER)
        .try_filter_map(|item| future::ready(Ok(item)))
        .try_collect()
        .await?;
    Ok(answer(asked, &round.page(asked, &page, value)?, top))
}

/// `GET …/mailFolders/delta`, `GET …/mailFolders/{id}/childFolders/delta`
pub(crate) async fn mail_folder_delta(asked: &Asked<'_>, parent: Option<FolderName>) -> Result<Response, ApiError> {
    let mailbox = asked.mailbox().await?;
    let round = Round::of(asked, Tracked::MailFolders, &["select", "top", "skiptoken", "deltatoken"])?;
    let selection = mail_folder::Selection::of(&round.options, asked.version)?;
    let wanted = Wanted::of(&round.options)?;
    let with_hidden = round.options.boolean("includeHiddenFolders")?.unwrap_or(false);
    let top = page_size(asked, &round.options)?;
    let cursor = match round.from {
        From::Beginning => None,
        From::Cursor(cursor) => Some(cursor),
        From::Latest => Some(mailbox.follow_from_now(parent).await?),
    };
    let found = mailbox.folder_changes((parent, with_hidden), cursor, PageSize { top, octets: i64::MAX }).await;
    let mut page = found.map_err(|error| round.error(asked, error))?;
    let mut value = Vec::new();
    for change in wanted.of_round(cursor.as_ref(), std::mem::take(&mut page.changes)) {
        match change {
            Change::Deleted(id) => value.push(removed(Tracked::MailFolders, ids::folder(id))),
            Change::Created(folder) | Change::Updated(folder) => {
                value.push(typed(Tracked::MailFolders, selection.render_alone(&folder)));
            }
        }
    }
    Ok(answer(asked, &round.page(asked, &page, value)?, top))
}

/// The changes that `changeType` asks for (Graph: message-delta): one kind of them, or several with commas; else all.
struct Wanted(Vec<String>);

impl Wanted {
    fn of(options: &Options) -> Result<Wanted, ApiError> {
        let kinds = options.names("changeType").unwrap_or_default();
        let kinds: Vec<String> = kinds.into_iter().map(|kind| kind.to_ascii_lowercase()).collect();
        match kinds.iter().find(|kind| !["created", "deleted", "updated"].contains(&kind.as_str())) {
            Some(other) => {
                Err(ApiError::bad_request(format!("The value '{other}' of 'changeType' is none of created, updated, deleted.")))
            }
            None => Ok(Wanted(kinds)),
        }
    }

    /// A first round is whole whatever is wanted.
    fn of_round<T, I>(&self, cursor: Option<&Cursor>, mut changes: Vec<Change<T, I>>) -> Vec<Change<T, I>> {
        if !self.0.is_empty() && cursor.is_some_and(|cursor| cursor.stage == mailbox::Stage::Changes) {
            changes.retain(|change| self.0.iter().any(|kind| kind == kind_of(change)));
        }
        changes
    }
}

fn kind_of<T, I>(change: &Change<T, I>) -> &'static str {
    match change {
        Change::Created(_) => "created",
        Change::Deleted(_) => "deleted",
        Change::Updated(_) => "updated",
    }
}

/// The only order that Graph offers here is the one in which a first round comes anyway.
fn only_newest_first(options: &Options) -> Result<(), ApiError> {
    match options.orderby()?.as_slice() {
        [] => Ok(()),
        [one] if one.descending && one.path.is("receivedDateTime") => Ok(()),
        _ => Err(ApiError::bad_request("A delta query can only be ordered by 'receivedDateTime desc'.")),
    }
}

/// From when on messages are followed: `receivedDateTime ge` or `gt` a date is the only filter that Graph offers here. Dates
/// compare as they are shown, to the second.
fn received_from(options: &Options) -> Result<Timestamp, ApiError> {
    let Some(filter) = options.filter()? else { return Ok(Timestamp(i64::MIN)) };
    if let Expr::Compare { left, operator: operator @ (Comparison::Greater | Comparison::GreaterOrEqual), right, .. } = &filter
        && let (Expr::Property(path), Expr::Literal(literal)) = (left.as_ref(), right.as_ref())
        && let (true, Some(from)) = (path.is("receivedDateTime"), literal.instant())
    {
        let next = *operator == Comparison::Greater || from.subsec_nanoseconds() > 0;
        return Ok(Timestamp::from_seconds(from.unix_seconds() + i64::from(next)));
    }
    Err(ApiError::bad_request("A delta query can only be filtered by 'receivedDateTime ge' or 'receivedDateTime gt' a date."))
}

/// Items of a page: what is asked for in this request (`Prefer`), or was when the round began (`$top`); the less of both.
pub(super) fn page_size(asked: &Asked<'_>, options: &Options) -> Result<i64, ApiError> {
    let top = match options.number("top")? {
        Some(0) => return Err(ApiError::bad_request("The value of '$top' must be 1 or more.")),
        top => top.unwrap_or(MAX_PAGE),
    };
    let preferred = asked.preferences.max_page_size();
    let page = if options.get("top").is_none() { PAGE } else { MAX_PAGE };
    Ok(preferred.unwrap_or(page).min(top).min(MAX_PAGE))
}

pub(super) fn typed(tracked: Tracked, mut item: Value) -> Value {
    // One that is of a derived type says so already.
    if let Some(members) = item.as_object_mut().filter(|members| !members.contains_key("@odata.type")) {
        members.shift_insert(0, "@odata.type".to_owned(), format!("#microsoft.graph.{}", tracked.resource()).into());
    }
    item
}

pub(super) fn removed(tracked: Tracked, id: String) -> Value {
    typed(tracked, json!({"id": id, "@removed": {"reason": "deleted"}}))
}

pub(super) fn answer(asked: &Asked<'_>, page: &Value, top: i64) -> Response {
    let mut response = json_answer(StatusCode::OK, page);
    if asked.preferences.max_page_size().is_some()
        && let Ok(applied) = HeaderValue::from_str(&format!("odata.maxpagesize={top}"))
    {
        response.headers_mut().insert(PREFERENCE_APPLIED, applied);
    }
    response
}
