//! Folders (Graph: user-list-mailfolders, mailfolder-get, mailfolder-list-childfolders, mailfolder-update,
//! mailfolder-delete, mailfolder-permanentdelete, mailfolder-copy, mailfolder-move).

use super::messages::destination;
use crate::basics;
use crate::error::ApiError;
use crate::ids;
use crate::page::{count_answer, empty_answer, entity, json_answer, minimal_answer};
use crate::request::Asked;
use crate::schema::extended;
use crate::schema::json::Members;
use crate::schema::mail_folder::{Searched, Selection, Tree};
use crate::small_page::small_page;
use axum::body::Body;
use axum::http::StatusCode;
use axum::response::Response;
use mailbox::{FolderName, Hanging, MailError, Mailbox, SearchFolderChange, Sight};
use odata::Options;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;
use store::{Condition, Folder, FolderId, ItemId, SearchFolder, Timestamp, WellKnownName};

/// Graph: user-list-mailfolders: the default page.
const PAGE: i64 = 10;
/// Longest name of a folder, in octets.
const MAX_NAME: usize = 255;
/// Longest filter of a search folder, in octets: it is read whenever the folder is.
const MOST_FILTER: usize = 4000;

/// `GET …/mailFolders`, `GET …/mailFolders/{id}/childFolders`
pub(crate) async fn list_mail_folders(asked: &Asked<'_>, parent: Option<FolderName>) -> Result<Response, ApiError> {
    asked.only_options(&["select", "filter", "orderby", "expand", "top", "skip", "count"])?;
    let mailbox = asked.mailbox().await?;
    let selection = Selection::seen(&asked.options, asked.version, mailbox.sight())?;
    let listed = listed(asked, &mailbox, parent, &selection).await?;
    small_page(asked, asked.context(mailbox.owner().id, "mailFolders", selection.names()), listed, Some(PAGE))
}

/// `GET …/mailFolders/$count`, `GET …/mailFolders/{id}/childFolders/$count`
pub(crate) async fn count_mail_folders(asked: &Asked<'_>, parent: Option<FolderName>) -> Result<Response, ApiError> {
    asked.only_options(&["filter"])?;
    let mailbox = asked.mailbox().await?;
    let selection = Selection::seen(&asked.options, asked.version, mailbox.sight())?;
    Ok(count_answer(listed(asked, &mailbox, parent, &selection).await?.len()))
}

/// The whole list, as the filter leaves it.
async fn listed(
    asked: &Asked<'_>,
    mailbox: &Mailbox,
    parent: Option<FolderName>,
    selection: &Selection,
) -> Result<Vec<Value>, ApiError> {
    let parent = mailbox.folder(parent.unwrap_or(ROOT)).await?;
    let hidden_too = asked.extension_flag("includeHiddenFolders")?.unwrap_or(false);
    let folders = mailbox.folders_within(FolderName::Id(parent.id), hidden_too, 1 + selection.levels()).await?;
    Ok(selection.list(parent.id, &tree(mailbox, selection, folders, None).await?))
}

/// Folders with what hangs on them, and on the one that they stand in, as far as it is asked for.
async fn tree(mailbox: &Mailbox, selection: &Selection, folders: Vec<Folder>, above: Option<FolderId>) -> Result<Tree, ApiError> {
    let (properties, items) = (selection.hung(), folders.iter().map(|folder| folder.id).chain(above).map(ItemId::from).collect());
    let searched = searched(mailbox, selection, &folders, above).await?;
    let tree = Tree::of(folders).with_searched(searched);
    Ok(if properties.is_empty() { tree } else { tree.with(mailbox.hung_on_each(items, properties).await?) })
}

/// Those of some folders, and of the one above them, that search; counted where counts are asked for.
async fn searched(
    mailbox: &Mailbox,
    selection: &Selection,
    folders: &[Folder],
    above: Option<FolderId>,
) -> Result<Vec<Searched>, ApiError> {
    let mut searched = Vec::new();
    let mut shown = mailbox.search_folders().await?;
    shown.retain(|search| folders.iter().map(|folder| folder.id).chain(above).any(|id| id == search.folder));
    let share = u64::try_from(shown.len()).unwrap_or(u64::MAX).max(1);
    for search in shown {
        // Whoever may not ask what its filter asks is not told how many there are.
        let counts = match read_filter(&search.filter_query, mailbox.sight()) {
            Ok(filter) if selection.counts() => mailbox.search_folder_counts(search.clone(), filter, share).await?,
            _ => None,
        };
        searched.push(Searched { search, counts });
    }
    Ok(searched)
}

/// The messages that a search folder's filter lets in (Graph: mailSearchFolder), whose text is that of a list's `$filter`.
///
/// # Errors
/// As those of a list.
pub(super) fn read_filter(filter_query: &str, sight: Sight) -> Result<Condition, ApiError> {
    let query = format!("$filter={}", utf8_percent_encode(filter_query, NON_ALPHANUMERIC));
    Ok(basics::message_list(&Options::parse(&query)?, sight, Timestamp(0))?.condition)
}

/// What a body says of a search folder; nothing where it is about another one.
fn search_given(members: &Members<'_>) -> Result<SearchFolderChange, ApiError> {
    let id = |value: &Value, path: &str| {
        let id = value.as_str().ok_or_else(|| ApiError::unreadable_member(path, "the id of a folder"))?;
        ids::parse_folder(id)
    };
    let filter_query = members.text("filterQuery")?.map(str::to_owned);
    match &filter_query {
        Some(filter) if filter.trim().is_empty() || filter.len() > MOST_FILTER => {
            return Err(members.wrong("filterQuery", &format!("a filter of messages, of {MOST_FILTER} octets at most,")));
        }
        Some(filter) => drop(read_filter(filter, Sight::Whole)?),
        None => {}
    }
    let source_folders = members.get("sourceFolderIds").map(|_| members.list("sourceFolderIds", id)).transpose()?;
    if source_folders.as_ref().is_some_and(Vec::is_empty) {
        return Err(members.wrong("sourceFolderIds", "the ids of folders"));
    }
    Ok(SearchFolderChange {
        display_name: display_name(members)?.map(str::to_owned),
        source_folders,
        include_nested_folders: members.boolean("includeNestedFolders")?,
        filter_query,
    })
}

fn is_search_folder(members: &Members<'_>) -> Result<bool, ApiError> {
    let kind = members.text("@odata.type")?.unwrap_or_default();
    Ok(kind.trim_start_matches('#').eq_ignore_ascii_case("microsoft.graph.mailSearchFolder"))
}

async fn answer_searched(
    asked: &Asked<'_>,
    mailbox: &Mailbox,
    status: StatusCode,
    (folder, search): (Folder, SearchFolder),
) -> Result<Response, ApiError> {
    let filter = read_filter(&search.filter_query, mailbox.sight())?;
    let counts = mailbox.search_folder_counts(search.clone(), filter, 1).await?;
    let context = asked.context(mailbox.owner().id, "mailFolders/$entity", None);
    let tree = Tree::of(Vec::new()).with_searched(vec![Searched { search, counts }]);
    let value = Selection::of(&Options::default(), asked.version)?.render(&folder, &tree);
    Ok(json_answer(status, &entity(context, value)))
}

/// `POST …/mailFolders`, `POST …/mailFolders/{id}/childFolders`
pub(crate) async fn create_mail_folder(
    asked: &Asked<'_>,
    parent: Option<FolderName>,
    body: &mut Body,
) -> Result<Response, ApiError> {
    let mailbox = asked.mailbox().await?;
    let value = asked.json(&mailbox, body).await?;
    let members = Members::of(&value, "")?;
    let name = display_name(&members)?.ok_or_else(|| members.wrong("displayName", "a name"))?;
    if is_search_folder(&members)? {
        let given = search_given(&members)?;
        if given.filter_query.is_none() {
            return Err(members.wrong("filterQuery", "a filter of messages"));
        }
        if given.source_folders.is_none() {
            return Err(members.wrong("sourceFolderIds", "the ids of folders"));
        }
        let is_hidden = members.boolean("isHidden")?.unwrap_or(false);
        let made = mailbox.create_search_folder(parent.unwrap_or(ROOT), (name, is_hidden), hanging(&members)?, given).await?;
        return answer_searched(asked, &mailbox, StatusCode::CREATED, made).await;
    }
    let is_hidden = members.boolean("isHidden")?.unwrap_or(false);
    let folder = mailbox.create_folder(parent.unwrap_or(ROOT), name, is_hidden, hanging(&members)?).await?;
    answer(asked, &mailbox, StatusCode::CREATED, &folder)
}

/// `GET …/mailFolders/{id}`
pub(crate) async fn get_mail_folder(asked: &Asked<'_>, name: FolderName) -> Result<Response, ApiError> {
    asked.only_options(&["select", "expand"])?;
    let mailbox = asked.mailbox().await?;
    let selection = Selection::seen(&asked.options, asked.version, mailbox.sight())?;
    let folder = mailbox.folder(name).await?;
    let hidden_too = asked.extension_flag("includeHiddenFolders")?.unwrap_or(false);
    let within = mailbox.folders_within(FolderName::Id(folder.id), hidden_too, selection.levels()).await?;
    let context = asked.context(mailbox.owner().id, "mailFolders/$entity", selection.names());
    Ok(json_answer(
        StatusCode::OK,
        &entity(context, selection.render(&folder, &tree(&mailbox, &selection, within, Some(folder.id)).await?)),
    ))
}

/// `PATCH …/mailFolders/{id}`: its name and its extended properties can be changed; other members are passed over, as of a folder that
/// is sent back as it was read.
pub(crate) async fn update_mail_folder(asked: &Asked<'_>, name: FolderName, body: &mut Body) -> Result<Response, ApiError> {
    let mailbox = asked.mailbox().await?;
    let value = asked.json(&mailbox, body).await?;
    let members = Members::of(&value, "")?;
    let folder = mailbox.folder(name).await?;
    // Graph: mailfolder-post-childfolders: isHidden is said when the folder is made, and then stays.
    if members.boolean("isHidden")?.is_some_and(|is_hidden| is_hidden != folder.is_hidden) {
        return Err(MailError::InvalidPropertySet("Set action is invalid for property.").into());
    }
    if mailbox.search_folder(FolderName::Id(folder.id)).await?.is_some() {
        let updated = mailbox.update_search_folder(name, hanging(&members)?, search_given(&members)?).await?;
        return match asked.preferences.wants_minimal() {
            true => Ok(minimal_answer()),
            false => answer_searched(asked, &mailbox, StatusCode::OK, updated).await,
        };
    }
    let folder = mailbox.update_folder(name, display_name(&members)?.map(str::to_owned), hanging(&members)?).await?;
    if asked.preferences.wants_minimal() {
        return Ok(minimal_answer());
    }
    answer(asked, &mailbox, StatusCode::OK, &folder)
}

/// `DELETE …/mailFolders/{id}`
pub(crate) async fn delete_mail_folder(asked: &Asked<'_>, name: FolderName) -> Result<Response, ApiError> {
    asked.mailbox().await?.delete_folder(name).await?;
    Ok(empty_answer(StatusCode::NO_CONTENT))
}

/// `POST …/mailFolders/{id}/permanentDelete`
pub(crate) async fn permanent_delete_mail_folder(asked: &Asked<'_>, name: FolderName) -> Result<Response, ApiError> {
    asked.mailbox().await?.permanent_delete_folder(name).await?;
    Ok(empty_answer(StatusCode::NO_CONTENT))
}

/// `POST …/mailFolders/{id}/move`
pub(crate) async fn move_mail_folder(asked: &Asked<'_>, name: FolderName, body: &mut Body) -> Result<Response, ApiError> {
    let mailbox = asked.mailbox().await?;
    let destination = destination(asked, &mailbox, body).await?;
    let moved = mailbox.move_folder(name, destination).await?;
    answer_placed(asked, &mailbox, moved).await
}

/// `POST …/mailFolders/{id}/copy`
pub(crate) async fn copy_mail_folder(asked: &Asked<'_>, name: FolderName, body: &mut Body) -> Result<Response, ApiError> {
    let mailbox = asked.mailbox().await?;
    let destination = destination(asked, &mailbox, body).await?;
    let copy = mailbox.copy_folder(name, destination).await?;
    answer_placed(asked, &mailbox, copy).await
}

/// A folder that was moved or copied, whichever kind it is.
async fn answer_placed(asked: &Asked<'_>, mailbox: &Mailbox, folder: Folder) -> Result<Response, ApiError> {
    match mailbox.search_folder(FolderName::Id(folder.id)).await? {
        Some(search) => answer_searched(asked, mailbox, StatusCode::OK, (folder, search)).await,
        None => answer(asked, mailbox, StatusCode::OK, &folder),
    }
}

fn answer(asked: &Asked<'_>, mailbox: &Mailbox, status: StatusCode, folder: &Folder) -> Result<Response, ApiError> {
    let context = asked.context(mailbox.owner().id, "mailFolders/$entity", None);
    let value = Selection::of(&Options::default(), asked.version)?.render_alone(folder);
    Ok(json_answer(status, &entity(context, value)))
}

/// The extended properties that a body gives a folder.
fn hanging(members: &Members<'_>) -> Result<Hanging, ApiError> {
    let properties = extended::kept_of_folder(extended::given(members)?);
    Ok(Hanging { properties, ..Hanging::default() })
}

/// The name that a body gives a folder; nothing where it gives none.
fn display_name<'v>(members: &Members<'v>) -> Result<Option<&'v str>, ApiError> {
    match members.text("displayName")?.map(str::trim) {
        Some(name) if name.is_empty() || name.len() > MAX_NAME => Err(members.wrong("displayName", "a name")),
        name => Ok(name),
    }
}

const ROOT: FolderName = FolderName::WellKnown(WellKnownName::MsgFolderRoot);
