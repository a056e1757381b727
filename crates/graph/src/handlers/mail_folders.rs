//! Folders (Graph: user-list-mailfolders, mailfolder-get, mailfolder-list-childfolders).

use crate::body::Given;
use crate::error::ApiError;
use crate::page::{collection, entity, json_answer};
use crate::request::Asked;
use crate::schema::json::Members;
use crate::schema::mail_folder;
use axum::body::Body;
use axum::http::StatusCode;
use axum::response::Response;
use identity::Scope;
use mailbox::FolderName;
use store::WellKnownName;

const READ: &[Scope] = &[Scope::MailRead, Scope::MailReadBasic, Scope::MailReadWrite];
/// Graph: user-list-mailfolders: the default page.
const PAGE: i64 = 10;
/// Longest name of a folder, in octets.
const MAX_NAME: usize = 255;

/// `GET …/mailFolders`, `GET …/mailFolders/{id}/childFolders`
pub(crate) async fn list_mail_folders(asked: &Asked<'_>, parent: Option<FolderName>) -> Result<Response, ApiError> {
    asked.only_options(&["select", "top", "skip"])?;
    let mailbox = asked.mailbox(READ).await?;
    let (top, skip) = (asked.top(PAGE)?, asked.options.number("skip")?.unwrap_or(0));
    let within = parent.unwrap_or(FolderName::WellKnown(WellKnownName::MsgFolderRoot));
    let mut folders = mailbox.child_folders(within, skip, top.saturating_add(1)).await?;
    let more = folders.len() > usize::try_from(top).unwrap_or(usize::MAX);
    folders.truncate(usize::try_from(top).unwrap_or(usize::MAX));
    let select = asked.options.names("select");
    let value = folders.iter().map(|f| mail_folder::render(f, asked.version, select.as_deref())).collect::<Result<_, _>>()?;
    let next = more.then(|| asked.skip_link(skip.saturating_add(top)));
    let context = asked.context(mailbox.owner().id, "mailFolders", select.as_deref());
    Ok(json_answer(StatusCode::OK, &collection(context, None, next, value)))
}

/// `POST …/mailFolders`, `POST …/mailFolders/{id}/childFolders`
pub(crate) async fn create_mail_folder(
    asked: &Asked<'_>,
    parent: Option<FolderName>,
    body: &mut Body,
) -> Result<Response, ApiError> {
    let mailbox = asked.mailbox(&[Scope::MailReadWrite]).await?;
    let (Given::Json(value), _) = asked.body(&mailbox, body).await? else {
        return Err(ApiError::unreadable_member("", "an object"));
    };
    let members = Members::of(&value, "")?;
    let name = members.text("displayName")?.map(str::trim).filter(|name| !name.is_empty() && name.len() <= MAX_NAME);
    let name = name.ok_or_else(|| members.wrong("displayName", "a name"))?;
    let within = parent.unwrap_or(FolderName::WellKnown(WellKnownName::MsgFolderRoot));
    let folder = mailbox.create_folder(within, name, members.boolean("isHidden")?.unwrap_or(false)).await?;
    let context = asked.context(mailbox.owner().id, "mailFolders/$entity", None);
    let value = mail_folder::render(&folder, asked.version, None)?;
    Ok(json_answer(StatusCode::CREATED, &entity(context, value)))
}

/// `GET …/mailFolders/{id}`
pub(crate) async fn get_mail_folder(asked: &Asked<'_>, name: FolderName) -> Result<Response, ApiError> {
    asked.only_options(&["select"])?;
    let mailbox = asked.mailbox(READ).await?;
    let folder = mailbox.folder(name).await?;
    let select = asked.options.names("select");
    let context = asked.context(mailbox.owner().id, "mailFolders/$entity", select.as_deref());
    let value = mail_folder::render(&folder, asked.version, select.as_deref())?;
    Ok(json_answer(StatusCode::OK, &entity(context, value)))
}
