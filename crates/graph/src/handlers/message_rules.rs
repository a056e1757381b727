//! Rules for what arrives (Graph: mailfolder-list-messagerules, mailfolder-post-messagerules, messagerule-get, -update,
//! -delete). They are the Inbox's; no other folder has any.

use crate::error::{ApiError, ErrorCode};

use crate::page::{count_answer, empty_answer, entity, json_answer, minimal_answer};
use crate::query::SmallList;
use crate::request::Asked;
use crate::schema::message_rule::{DECLARED, read, render, selected};
use crate::small_page::small_page;
use axum::body::Body;
use axum::http::StatusCode;
use axum::response::Response;
use mailbox::{FolderName, InboxRule, Kind, MailError, Mailbox};
use serde_json::Value;
use store::{RuleId, WellKnownName};

/// `GET …/mailFolders/{id}/messageRules`
pub(crate) async fn list_message_rules(asked: &Asked<'_>, folder: FolderName) -> Result<Response, ApiError> {
    asked.only_options(&["select", "filter", "orderby", "top", "skip", "count"])?;
    let mailbox = asked.mailbox().await?;
    let names = asked.options.names("select");
    let properties = selected(names.as_deref())?;
    let listed = listed(asked, &mailbox, folder).await?;
    let shown = |rule: Value| match rule {
        Value::Object(mut members) => {
            members.retain(|name, _| properties.iter().any(|one| one.name == name));
            Value::Object(members)
        }
        other => other,
    };
    let context = asked.context(mailbox.owner().id, "mailFolders('inbox')/messageRules", names.as_deref());
    small_page(asked, context, listed.into_iter().map(shown).collect(), None)
}

/// `GET …/mailFolders/{id}/messageRules/$count`
pub(crate) async fn count_message_rules(asked: &Asked<'_>, folder: FolderName) -> Result<Response, ApiError> {
    asked.only_options(&["filter"])?;
    let mailbox = asked.mailbox().await?;
    Ok(count_answer(listed(asked, &mailbox, folder).await?.len()))
}

/// The rules of a folder, as the filter leaves them, whole.
async fn listed(asked: &Asked<'_>, mailbox: &Mailbox, folder: FolderName) -> Result<Vec<Value>, ApiError> {
    let list = SmallList::of(&asked.options, "messageRule", DECLARED)?;
    let rules = if is_inbox(mailbox, folder).await? { mailbox.rules().await? } else { Vec::new() };
    let all = selected(None)?;
    Ok(list.apply(rules.iter().map(|rule| render(&all, rule)).collect()))
}

/// `POST …/mailFolders/{id}/messageRules`
pub(crate) async fn create_message_rule(asked: &Asked<'_>, folder: FolderName, body: &mut Body) -> Result<Response, ApiError> {
    let mailbox = asked.mailbox().await?;
    let change = read(&asked.json(&mailbox, body).await?, true)?;
    if !is_inbox(&mailbox, folder).await? {
        return Err(ApiError::new(ErrorCode::ErrorInvalidOperation, "Rules are supported for the Inbox only."));
    }
    let created = mailbox.create_rule(change).await?;
    answer(asked, &mailbox, StatusCode::CREATED, &created)
}

/// `GET …/mailFolders/{id}/messageRules/{id}`
pub(crate) async fn get_message_rule(asked: &Asked<'_>, folder: FolderName, id: RuleId) -> Result<Response, ApiError> {
    asked.only_options(&["select"])?;
    let mailbox = asked.mailbox().await?;
    of_inbox(&mailbox, folder).await?;
    let found = mailbox.rule(id).await?;
    answer(asked, &mailbox, StatusCode::OK, &found)
}

/// `PATCH …/mailFolders/{id}/messageRules/{id}`
pub(crate) async fn update_message_rule(
    asked: &Asked<'_>,
    folder: FolderName,
    id: RuleId,
    body: &mut Body,
) -> Result<Response, ApiError> {
    let mailbox = asked.mailbox().await?;
    let change = read(&asked.json(&mailbox, body).await?, false)?;
    of_inbox(&mailbox, folder).await?;
    let updated = mailbox.update_rule(id, change).await?;
    if asked.preferences.wants_minimal() {
        return Ok(minimal_answer());
    }
    answer(asked, &mailbox, StatusCode::OK, &updated)
}

/// `DELETE …/mailFolders/{id}/messageRules/{id}`
pub(crate) async fn delete_message_rule(asked: &Asked<'_>, folder: FolderName, id: RuleId) -> Result<Response, ApiError> {
    let mailbox = asked.mailbox().await?;
    of_inbox(&mailbox, folder).await?;
    mailbox.delete_rule(id).await?;
    Ok(empty_answer(StatusCode::NO_CONTENT))
}

async fn is_inbox(mailbox: &Mailbox, folder: FolderName) -> Result<bool, ApiError> {
    let found = mailbox.folder(folder).await?;
    Ok(found.well_known_name.as_deref() == Some(WellKnownName::Inbox.as_str()))
}

async fn of_inbox(mailbox: &Mailbox, folder: FolderName) -> Result<(), ApiError> {
    if is_inbox(mailbox, folder).await? { Ok(()) } else { Err(MailError::NotFound(Kind::Rule).into()) }
}

fn answer(asked: &Asked<'_>, mailbox: &Mailbox, status: StatusCode, rule: &InboxRule) -> Result<Response, ApiError> {
    let names = asked.options.names("select");
    let context = asked.context(mailbox.owner().id, "mailFolders('inbox')/messageRules/$entity", names.as_deref());
    Ok(json_answer(status, &entity(context, render(&selected(names.as_deref())?, rule))))
}
