//! What a mailbox is set to, whole and member by member (Graph: user-get-mailboxsettings, user-update-mailboxsettings).

use crate::error::ApiError;
use crate::page::{entity, json_answer, minimal_answer};
use crate::request::Asked;
use crate::schema::json::Members;
use crate::schema::property::{object, selected};
use crate::schema::settings::{self, PROPERTIES};
use axum::body::Body;
use axum::http::StatusCode;
use axum::response::Response;
use serde_json::{Map, Value, json};

/// `GET …/mailboxSettings`
pub(crate) async fn get_mailbox_settings(asked: &Asked<'_>) -> Result<Response, ApiError> {
    asked.only_options(&["select"])?;
    let names = asked.options.names("select");
    let properties = selected(PROPERTIES, names.as_deref(), "mailboxSettings")?;
    let mailbox = asked.mailbox().await?;
    let value = object(&properties, &mailbox.settings().await?);
    let context = asked.context(mailbox.owner().id, "mailboxSettings", names.as_deref());
    Ok(json_answer(StatusCode::OK, &entity(context, value.into())))
}

/// `PATCH …/mailboxSettings`: answers the members that were named.
pub(crate) async fn update_mailbox_settings(asked: &Asked<'_>, body: &mut Body) -> Result<Response, ApiError> {
    let mailbox = asked.mailbox().await?;
    let value = asked.json(&mailbox, body).await?;
    let given = Members::of(&value, "")?;
    let settings = mailbox.update_settings(settings::change(&given)?).await?;
    if asked.preferences.wants_minimal() {
        return Ok(minimal_answer());
    }
    let named: Vec<_> = PROPERTIES.iter().filter(|one| given.get(one.name).is_some()).collect();
    let context = asked.context(mailbox.owner().id, "mailboxSettings", None);
    Ok(json_answer(StatusCode::OK, &entity(context, object(&named, &settings).into())))
}

/// `GET …/mailboxSettings/{name}`: the members of a complex one; any other is called `value`.
pub(crate) async fn get_mailbox_setting(asked: &Asked<'_>, name: &str) -> Result<Response, ApiError> {
    asked.only_options(&[])?;
    let property = settings::named(name).ok_or_else(|| ApiError::no_such_segment(name))?;
    let mailbox = asked.mailbox().await?;
    let value = match (property.read)(&mailbox.settings().await?) {
        Value::Object(members) => members.into(),
        value => json!({"value": value}),
    };
    let context = asked.context(mailbox.owner().id, &format!("mailboxSettings/{}", property.name), None);
    Ok(json_answer(StatusCode::OK, &entity(context, value)))
}

/// `PATCH …/mailboxSettings/{name}` of a complex one, which Graph's pages lack and mail programs send: it stands for a change of
/// this member alone.
pub(crate) async fn update_mailbox_setting(asked: &Asked<'_>, name: &str, body: &mut Body) -> Result<Response, ApiError> {
    let property = settings::named(name).ok_or_else(|| ApiError::no_such_segment(name))?;
    let mailbox = asked.mailbox().await?;
    let value = asked.json(&mailbox, body).await?;
    let whole = Value::Object(Map::from_iter([(property.name.to_owned(), value)]));
    let settings = mailbox.update_settings(settings::change(&Members::of(&whole, "")?)?).await?;
    if asked.preferences.wants_minimal() {
        return Ok(minimal_answer());
    }
    let context = asked.context(mailbox.owner().id, &format!("mailboxSettings/{}", property.name), None);
    Ok(json_answer(StatusCode::OK, &entity(context, (property.read)(&settings))))
}
