//! Import and export of mailboxes (Graph: mailbox-import-export-api-overview): the folders and items of a mailbox, and items whole, out of one and
//! into another.

use super::delta::{answer, page_size, removed, typed};
use super::message_list::{query, within};
use crate::Graph;
use crate::basics;
use crate::body::{item, json_of_anybody};
use crate::error::ApiError;
use crate::ids;
use crate::page::{collection, entity, json_answer};
use crate::query::SmallList;
use crate::request::Asked;
use crate::round::{From, Round, Tracked};
use crate::schema::json::Members;
use crate::schema::mailbox_item::{DECLARED, FOLDER_PROPERTIES, ITEM_PROPERTIES, Item};
use crate::schema::message::{change_key, date, version};
use crate::schema::property::{Property, narrowed, object, selected};
use crate::small_page::small_page;
use crate::throttle::Gate;
use axum::body::Body;
use axum::http::{HeaderMap, Method, StatusCode};
use axum::response::Response;
use bytes::Bytes;
use encodify::base64::{STANDARD, URL_SAFE_NO_PAD};
use futures::stream::{self, StreamExt};
use mailbox::{Change, ExportedItem, FolderName, ImportMode, ImportSession, Listed, MESSAGE_CLASS, MailError, Mailbox, PageSize};
use serde_json::{Value, json};
use std::collections::VecDeque;
use std::convert::Infallible;
use std::time::Duration;
use store::{Field, MailboxId, MessageId, MessageRecord, Timestamp, WellKnownName};

/// Graph: mailbox-exportitems: the most items of a request.
const MOST: usize = 20;
/// How long a session of import lasts.
const LASTS: Duration = Duration::from_secs(12 * 60 * 60);
/// What a sealed session begins with, so that no other sealed text is taken for one.
const SESSION: &[u8] = b"import session\0";
/// Items of a page of a delta query are rows alone, however large their messages are.
const ANY_SIZE: i64 = i64::MAX;
/// Octets that are written in base64 at a time; three make four characters.
const PIECE: usize = 192 * 1024;

/// `GET /admin/exchange/mailboxes/{id}`
pub(crate) async fn get_exchange_mailbox(asked: &Asked<'_>) -> Result<Response, ApiError> {
    asked.only_options(&["select"])?;
    let mailbox = asked.mailbox().await?;
    let context = asked.context_of("admin/exchange/mailboxes/$entity");
    Ok(json_answer(StatusCode::OK, &entity(context, json!({"id": mailbox_id(asked, mailbox.owner().id)}))))
}

/// `GET …/settings/exchange`: by what a person's mailbox is found here (Graph: exchangeSettings).
pub(crate) async fn get_exchange_settings(asked: &Asked<'_>) -> Result<Response, ApiError> {
    asked.only_options(&[])?;
    let person = asked.graph.mail.person(&asked.caller, &asked.user, asked.wanted).await?;
    let context = asked.context_of(&format!("users('{}')/settings/exchange/$entity", person.id));
    let value = json!({"primaryMailboxId": mailbox_id(asked, person.id), "inPlaceArchiveMailboxId": null});
    Ok(json_answer(StatusCode::OK, &entity(context, value)))
}

/// `GET …/folders`, `GET …/folders/{id}/childFolders`
pub(crate) async fn list_mailbox_folders(asked: &Asked<'_>, parent: Option<FolderName>) -> Result<Response, ApiError> {
    asked.only_options(&["select", "filter", "orderby", "top", "skip", "count"])?;
    let names = asked.options.names("select");
    let properties = selected(FOLDER_PROPERTIES, names.as_deref(), "mailboxFolder")?;
    let list = SmallList::of(&asked.options, "mailboxFolder", DECLARED)?;
    let mailbox = asked.mailbox().await?;
    let parent = mailbox.folder(parent.unwrap_or(FolderName::WellKnown(WellKnownName::MsgFolderRoot))).await?;
    let folders = mailbox.folders_within(FolderName::Id(parent.id), true, 1).await?;
    let all: Vec<&Property<_>> = FOLDER_PROPERTIES.iter().collect();
    let listed = list.apply(folders.iter().map(|folder| object(&all, folder).into()).collect());
    let listed = narrowed(&properties, listed);
    small_page(asked, context(asked, &mailbox, "folders"), listed, None)
}

/// `GET …/folders/{id}`
pub(crate) async fn get_mailbox_folder(asked: &Asked<'_>, name: FolderName) -> Result<Response, ApiError> {
    asked.only_options(&["select"])?;
    let properties = selected(FOLDER_PROPERTIES, asked.options.names("select").as_deref(), "mailboxFolder")?;
    let mailbox = asked.mailbox().await?;
    let folder = mailbox.folder(name).await?;
    let value = object(&properties, &folder).into();
    Ok(json_answer(StatusCode::OK, &entity(context(asked, &mailbox, "folders/$entity"), value)))
}

/// `GET …/folders/delta`
pub(crate) async fn mailbox_folder_delta(asked: &Asked<'_>) -> Result<Response, ApiError> {
    let mailbox = asked.mailbox().await?;
    let round = Round::of(asked, Tracked::MailboxFolders, &["select", "top", "skiptoken", "deltatoken"])?;
    let properties = selected(FOLDER_PROPERTIES, round.options.names("select").as_deref(), "mailboxFolder")?;
    let top = page_size(asked, &round.options)?;
    let cursor = match round.from {
        From::Beginning => None,
        From::Cursor(cursor) => Some(cursor),
        From::Latest => Some(mailbox.follow_from_now(None).await?),
    };
    let found = mailbox.folder_changes((None, true), cursor, PageSize { top, octets: ANY_SIZE }).await;
    let mut page = found.map_err(|error| round.error(asked, error))?;
    let value = std::mem::take(&mut page.changes).into_iter().map(|change| match change {
        Change::Deleted(id) => removed(Tracked::MailboxFolders, ids::folder(id)),
        Change::Created(folder) | Change::Updated(folder) => typed(Tracked::MailboxFolders, object(&properties, &folder).into()),
    });
    Ok(answer(asked, &round.page(asked, &page, value.collect())?, top))
}

/// What of a message an item shows, in the store's words.
const OF_ITEMS: [Field; 5] =
    [Field::ChangeKey, Field::CreatedDateTime, Field::Id, Field::LastModifiedDateTime, Field::MemberName];

/// `GET …/folders/{id}/items`
pub(crate) async fn list_mailbox_items(asked: &Asked<'_>, folder: FolderName) -> Result<Response, ApiError> {
    asked.only_options(&["select", "top", "skip", "skiptoken", "count", "filter", "orderby"])?;
    let properties = selected(ITEM_PROPERTIES, asked.options.names("select").as_deref(), "mailboxItem")?;
    let mailbox = asked.mailbox().await?;
    let list = basics::message_list(&asked.options, mailbox.sight(), asked.graph.clock.now())?;
    // Whoever may see no more of messages than what an item shows may not ask of more either.
    let sorts_by_other = asked.options.get("orderby").is_some() && list.order.iter().any(|key| !OF_ITEMS.contains(&key.field));
    if sorts_by_other || !list.condition.asks_only_of(&OF_ITEMS) {
        let message =
            "Items are filtered and sorted by 'id', 'changeKey', 'categories', 'createdDateTime' and 'lastModifiedDateTime'.";
        return Err(ApiError::bad_request(message));
    }
    let of = format!("{} items of {folder:?}", mailbox.owner().id);
    let seal = asked.graph.identity.links();
    let after = asked.options.get("skiptoken").map(|cursor| list.position(seal, &of, cursor)).transpose()?;
    let within = within(&mailbox, Some(folder)).await?;
    let Listed { page, count, .. } = mailbox.list(query(asked, &mailbox, (Some(folder), within), &list, after)?).await?;
    let next = page.items.last().filter(|_| page.more).map(|(_, position)| position.clone());
    let next = next.map(|after| asked.token_link(&list.cursor(seal, &of, &after)));
    let items = with_classes(&mailbox, page.items.into_iter().map(|(record, _)| record).collect()).await?;
    let value = items.iter().map(|item| object(&properties, item).into()).collect();
    Ok(json_answer(StatusCode::OK, &collection(context(asked, &mailbox, "items"), count, next, value)))
}

/// `GET …/folders/{id}/items/{id}`
pub(crate) async fn get_mailbox_item(asked: &Asked<'_>, folder: FolderName, id: MessageId) -> Result<Response, ApiError> {
    asked.only_options(&["select"])?;
    let properties = selected(ITEM_PROPERTIES, asked.options.names("select").as_deref(), "mailboxItem")?;
    let mailbox = asked.mailbox().await?;
    let (folder, record) = (mailbox.folder(folder).await?, mailbox.message(id).await?);
    if record.folder != folder.id {
        return Err(MailError::NotFound(mailbox::Kind::Message).into());
    }
    let items = with_classes(&mailbox, vec![record]).await?;
    let value = items.first().map_or(Value::Null, |item| object(&properties, item).into());
    Ok(json_answer(StatusCode::OK, &entity(context(asked, &mailbox, "items/$entity"), value)))
}

/// `GET …/folders/{id}/items/delta`
pub(crate) async fn mailbox_item_delta(asked: &Asked<'_>, folder: FolderName) -> Result<Response, ApiError> {
    let mailbox = asked.mailbox().await?;
    let round = Round::of(asked, Tracked::MailboxItems, &["select", "top", "skiptoken", "deltatoken"])?;
    let properties = selected(ITEM_PROPERTIES, round.options.names("select").as_deref(), "mailboxItem")?;
    let top = page_size(asked, &round.options)?;
    let cursor = match round.from {
        From::Beginning => None,
        From::Cursor(cursor) => Some(cursor),
        From::Latest => Some(mailbox.follow_from_now(Some(folder)).await?),
    };
    let found = mailbox.message_changes(Some(folder), cursor, Timestamp(i64::MIN), PageSize { top, octets: ANY_SIZE }).await;
    let mut page = found.map_err(|error| round.error(asked, error))?;
    let changes = std::mem::take(&mut page.changes);
    let present = changes.iter().filter_map(|change| match change {
        Change::Created(record) | Change::Updated(record) => Some(record.clone()),
        Change::Deleted(_) => None,
    });
    let mut present = with_classes(&mailbox, present.collect()).await?.into_iter();
    let value = changes.iter().filter_map(|change| match change {
        Change::Deleted(id) => Some(removed(Tracked::MailboxItems, ids::message(*id))),
        _ => present.next().map(|item| typed(Tracked::MailboxItems, object(&properties, &item).into())),
    });
    Ok(answer(asked, &round.page(asked, &page, value.collect())?, top))
}

/// `POST …/exportItems`: items are read and written one after the other, so that no more than one is at hand.
pub(crate) async fn export_items(asked: &Asked<'_>, body: &mut Body) -> Result<Response, ApiError> {
    asked.only_options(&[])?;
    let mailbox = asked.mailbox().await?;
    let value = asked.json(&mailbox, body).await?;
    let members = Members::of(&value, "")?;
    let wanted = members.list("itemIds", |id, path| {
        id.as_str().map(str::to_owned).ok_or_else(|| ApiError::unreadable_member(path, "a string"))
    })?;
    if !(1..=MOST).contains(&wanted.len()) {
        return Err(ApiError::bad_request(format!("'ItemIds' must name 1 to {MOST} items.")));
    }
    let context = json!(asked.context_of("Collection(microsoft.graph.exportItemResponse)"));
    let start = stream::once(async move { Bytes::from(format!(r#"{{"@odata.context":{context},"value":["#)) });
    let items = stream::iter(wanted.into_iter().enumerate()).then(move |(at, id)| {
        let mailbox = mailbox.clone();
        async move {
            let comma = if at > 0 { "," } else { "" };
            let found = match ids::parse_message(&id) {
                Ok(message) => mailbox.export(message).await.map_err(ApiError::from),
                Err(error) => Err(error),
            };
            exported(comma, &id, found)
        }
    });
    let rest = items.flat_map(stream::iter).chain(stream::once(async { Bytes::from_static(b"]}") }));
    let mut response = json_answer(StatusCode::OK, &Value::Null);
    *response.body_mut() = Body::from_stream(start.chain(rest).map(Ok::<_, Infallible>));
    Ok(response)
}

/// What an item is answered with, bit by bit.
fn exported(comma: &str, id: &str, found: Result<ExportedItem, ApiError>) -> Box<dyn Iterator<Item = Bytes> + Send> {
    match found {
        Ok(ExportedItem { record, pieces }) => {
            let head = json!({"itemId": ids::message(record.id), "changeKey": change_key(&record)}).to_string();
            let open = format!("{comma}{},\"data\":\"", head.trim_end_matches('}'));
            let base64 = InBase64 { pieces: pieces.into(), rest: Vec::new() };
            Box::new([Bytes::from(open)].into_iter().chain(base64).chain([Bytes::from_static(b"\"}")]))
        }
        Err(error) => {
            if error.code.status().is_server_error() {
                tracing::error!(cause = error.cause, "an item could not be exported");
            }
            let error = json!({"code": error.code.name(), "message": error.message});
            let item = json!({"itemId": id, "error": error});
            Box::new([Bytes::from(format!("{comma}{item}"))].into_iter())
        }
    }
}

/// Octets in base64, a piece at a time.
struct InBase64 {
    pieces: VecDeque<Bytes>,
    /// Octets that don't fill a group of three yet.
    rest: Vec<u8>,
}

impl Iterator for InBase64 {
    type Item = Bytes;

    fn next(&mut self) -> Option<Bytes> {
        let mut gathered = std::mem::take(&mut self.rest);
        while gathered.len() < PIECE
            && let Some(mut piece) = self.pieces.pop_front()
        {
            gathered.extend_from_slice(&piece.split_to(piece.len().min(PIECE)));
            if !piece.is_empty() {
                self.pieces.push_front(piece);
            }
        }
        if !self.pieces.is_empty() {
            self.rest = gathered.split_off(gathered.len() - gathered.len() % 3);
        }
        (!gathered.is_empty()).then(|| STANDARD.encode(gathered).into())
    }
}

/// `POST …/createImportSession`
pub(crate) async fn create_import_session(asked: &Asked<'_>) -> Result<Response, ApiError> {
    asked.only_options(&[])?;
    let mailbox = asked.mailbox().await?;
    let until = asked.graph.clock.now().after(LASTS);
    let session = mailbox.import_session(&asked.caller, until);
    tracing::info!(app = asked.caller.client_id(), mailbox = %mailbox.owner().id, "a session to import items begins");
    let sealed = serde_json::to_vec(&session).map_err(|error| ApiError::internal(error.to_string()))?;
    let token = URL_SAFE_NO_PAD.encode(asked.graph.identity.links().seal(&[SESSION, &sealed].concat()));
    let value = json!({
        "@odata.context": asked.context_of("microsoft.graph.mailboxItemImportSession"),
        "importUrl": format!("{}/{}/imports/{token}", asked.origin, asked.version.as_str()),
        "expirationDateTime": date(until),
    });
    Ok(json_answer(StatusCode::OK, &value))
}

/// The session whose own address holds this token; nothing where it is none of ours.
pub(crate) fn import_session(graph: &Graph, token: &str) -> Option<ImportSession> {
    let sealed = URL_SAFE_NO_PAD.decode(token).ok()?;
    let session = graph.identity.links().open(&sealed)?.strip_prefix(SESSION)?;
    serde_json::from_slice(session).ok()
}

/// What is done at a session's own address: whoever knows it may, as long as who began it may.
pub(crate) async fn at_import_url(
    graph: &Graph,
    gate: &Gate,
    method: &Method,
    session: &ImportSession,
    headers: &HeaderMap,
    body: &mut Body,
) -> Result<Response, ApiError> {
    if *method != Method::POST {
        return Err(ApiError::method_not_allowed());
    }
    graph.mail.may_import(session).await?; // before anything is read
    gate.enter(session.client_id(), session.mailbox())?;
    let (value, _share) = json_of_anybody(graph, headers, body, graph.max_message_octets).await?;
    let members = Members::of(&value, "")?;
    let needed = |name: &str| members.text(name)?.ok_or_else(|| members.wrong(name, "a text"));
    let folder = folder_name(needed("folderId")?)?;
    let mode = mode(&members)?;
    let item = item(&graph.mail, needed("data")?, graph.max_message_octets).await?;
    let record = graph.mail.import_item(session, item, folder, mode).await?;
    tracing::info!(app = session.client_id(), mailbox = %session.mailbox(), "an item was imported");
    let value = json!({"itemId": ids::message(record.id), "changeKey": change_key(&record)});
    Ok(json_answer(StatusCode::OK, &value))
}

/// As what an item comes.
fn mode(members: &Members<'_>) -> Result<ImportMode, ApiError> {
    match members.word("mode", &[("create", false), ("update", true)])? {
        Some(false) => Ok(ImportMode::Create),
        Some(true) => {
            let id = members.text("itemId")?.ok_or_else(|| members.wrong("itemId", "the id of the item to be replaced"))?;
            let key = members.text("changeKey")?.and_then(version);
            let key = key.ok_or_else(|| members.wrong("changeKey", "the change key of the item to be replaced"))?;
            Ok(ImportMode::Update(ids::parse_message(id)?, key))
        }
        None => Err(members.wrong("mode", "create or update")),
    }
}

fn folder_name(name: &str) -> Result<FolderName, ApiError> {
    match WellKnownName::parse(name) {
        Some(name) => Ok(FolderName::WellKnown(name)),
        None => Ok(FolderName::Id(ids::parse_folder(name)?)),
    }
}

/// Messages with their classes, of which a row has one only where it is no plain note.
async fn with_classes(mailbox: &Mailbox, records: Vec<MessageRecord>) -> Result<Vec<Item>, ApiError> {
    let of = records.iter().map(|record| record.id.into()).collect();
    let mut hung = mailbox.hung_on_each(of, vec![MESSAGE_CLASS.to_owned()]).await?;
    let class = |hung: mailbox::Hung| hung.properties.into_values().next()?.into_iter().next();
    Ok(records.into_iter().map(|record| Item { class: hung.remove(&record.id.into()).and_then(class), record }).collect())
}

/// The id of a mailbox (Graph: mailbox).
fn mailbox_id(asked: &Asked<'_>, of: MailboxId) -> String {
    format!("MBX:{of}@{}", asked.graph.identity.tenant())
}

fn context(asked: &Asked<'_>, mailbox: &Mailbox, of: &str) -> String {
    asked.context_of(&format!("admin/exchange/mailboxes('{}')/{of}", mailbox_id(asked, mailbox.owner().id)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_in_pieces_is_that_of_the_whole() {
        let octets: Vec<u8> = (0..3 * PIECE + 5).map(|at| (at * 7 % 251) as u8).collect();
        for cuts in [vec![], vec![1], vec![1, 2, PIECE, 2 * PIECE + 1], vec![PIECE], vec![octets.len()]] {
            let (mut pieces, mut from) = (VecDeque::new(), 0);
            for cut in cuts.into_iter().chain([octets.len()]) {
                pieces.push_back(Bytes::copy_from_slice(&octets[from..cut]));
                from = cut;
            }
            let text: Vec<u8> = InBase64 { pieces, rest: Vec::new() }.flatten().collect();
            assert_eq!(String::from_utf8(text).expect("text"), STANDARD.encode(&octets));
        }
        assert_eq!(InBase64 { pieces: VecDeque::new(), rest: Vec::new() }.count(), 0);
    }
}
