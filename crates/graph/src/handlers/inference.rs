//! What is said of senders, by which mail is focused or other (Graph: inferenceclassification-list-overrides,
//! inferenceclassification-post-overrides, inferenceclassificationoverride-update, -delete).

use crate::error::ApiError;
use crate::page::{empty_answer, entity, json_answer, minimal_answer, number_answer};
use crate::query::SmallList;
use crate::request::Asked;
use crate::schema::expand::only;
use crate::schema::inference::{self, DECLARED, PROPERTIES};
use crate::schema::json::Members;
use crate::schema::property::{narrowed, object, selected};
use crate::small_page::small_page;
use axum::body::Body;
use axum::http::StatusCode;
use axum::response::Response;
use mailbox::Mailbox;
use serde_json::{Value, json};
use store::{InferenceOverride, OverrideId};

const OF: &str = "inferenceClassificationOverride";

/// `GET …/inferenceClassification`: it has nothing of its own beside its id.
pub(crate) async fn get_inference_classification(asked: &Asked<'_>) -> Result<Response, ApiError> {
    asked.only_options(&["select", "expand"])?;
    if let Some(name) = asked.options.names("select").into_iter().flatten().find(|name| !["id", "*"].contains(&name.as_str())) {
        return Err(ApiError::no_such_property(&name, "inferenceClassification"));
    }
    let expanded = asked.options.expand()?;
    for item in &expanded {
        if !item.path.is("overrides") {
            return Err(ApiError::no_such_property(&item.path.to_string(), "inferenceClassification"));
        }
        only(&item.options, &[])?;
    }
    let mailbox = asked.mailbox().await?;
    let mut value = itself(&mailbox);
    if !expanded.is_empty() {
        value["overrides"] = mailbox.overrides().await?.iter().map(inference::render).collect();
    }
    let context = asked.context(mailbox.owner().id, "inferenceClassification/$entity", None);
    Ok(json_answer(StatusCode::OK, &entity(context, value)))
}

/// `PATCH …/inferenceClassification`: there is nothing that could be changed, so nothing is, whatever comes.
pub(crate) async fn update_inference_classification(asked: &Asked<'_>, body: &mut Body) -> Result<Response, ApiError> {
    let mailbox = asked.mailbox().await?;
    Members::of(&asked.json(&mailbox, body).await?, "")?;
    if asked.preferences.wants_minimal() {
        return Ok(minimal_answer());
    }
    let context = asked.context(mailbox.owner().id, "inferenceClassification/$entity", None);
    Ok(json_answer(StatusCode::OK, &entity(context, itself(&mailbox))))
}

fn itself(mailbox: &Mailbox) -> Value {
    json!({"id": mailbox.owner().id.to_string()})
}

/// `GET …/inferenceClassification/overrides`
pub(crate) async fn list_overrides(asked: &Asked<'_>) -> Result<Response, ApiError> {
    asked.only_options(&["select", "filter", "orderby", "top", "skip", "count"])?;
    let names = asked.options.names("select");
    let properties = selected(PROPERTIES, names.as_deref(), OF)?;
    let mailbox = asked.mailbox().await?;
    let listed = narrowed(&properties, listed(asked, &mailbox).await?);
    let context = asked.context(mailbox.owner().id, "inferenceClassification/overrides", names.as_deref());
    small_page(asked, context, listed, None)
}

/// `GET …/inferenceClassification/overrides/$count`
pub(crate) async fn count_overrides(asked: &Asked<'_>) -> Result<Response, ApiError> {
    asked.only_options(&["filter"])?;
    let mailbox = asked.mailbox().await?;
    Ok(number_answer(listed(asked, &mailbox).await?.len()))
}

/// The whole list, as the filter leaves it.
async fn listed(asked: &Asked<'_>, mailbox: &Mailbox) -> Result<Vec<Value>, ApiError> {
    let list = SmallList::of(&asked.options, OF, DECLARED)?;
    Ok(list.apply(mailbox.overrides().await?.iter().map(inference::render).collect()))
}

/// `POST …/inferenceClassification/overrides`: of a sender of whom something was said already this is said instead.
pub(crate) async fn create_override(asked: &Asked<'_>, body: &mut Body) -> Result<Response, ApiError> {
    let mailbox = asked.mailbox().await?;
    let value = asked.json(&mailbox, body).await?;
    let members = Members::of(&value, "")?;
    let classify_as = inference::classify_as(&members)?.ok_or_else(|| members.wrong("classifyAs", "focused or other"))?;
    let sender = inference::sender(&members)?.ok_or_else(|| members.wrong("senderEmailAddress", "an object"))?;
    let put = mailbox.put_override(sender, classify_as).await?;
    Ok(answer(asked, &mailbox, StatusCode::CREATED, &put))
}

/// `GET …/inferenceClassification/overrides/{id}`
pub(crate) async fn get_override(asked: &Asked<'_>, id: OverrideId) -> Result<Response, ApiError> {
    asked.only_options(&["select"])?;
    let names = asked.options.names("select");
    let properties = selected(PROPERTIES, names.as_deref(), OF)?;
    let mailbox = asked.mailbox().await?;
    let value = object(&properties, &mailbox.inference_override(id).await?);
    let context = asked.context(mailbox.owner().id, "inferenceClassification/overrides/$entity", names.as_deref());
    Ok(json_answer(StatusCode::OK, &entity(context, value.into())))
}

/// `PATCH …/inferenceClassification/overrides/{id}`: `classifyAs` alone.
pub(crate) async fn update_override(asked: &Asked<'_>, id: OverrideId, body: &mut Body) -> Result<Response, ApiError> {
    let mailbox = asked.mailbox().await?;
    let value = asked.json(&mailbox, body).await?;
    let members = Members::of(&value, "")?;
    let (sender, classify_as) = (inference::sender(&members)?, inference::classify_as(&members)?);
    let updated = mailbox.update_override(id, sender, classify_as).await?;
    if asked.preferences.wants_minimal() {
        return Ok(minimal_answer());
    }
    Ok(answer(asked, &mailbox, StatusCode::OK, &updated))
}

/// `DELETE …/inferenceClassification/overrides/{id}`
pub(crate) async fn delete_override(asked: &Asked<'_>, id: OverrideId) -> Result<Response, ApiError> {
    asked.mailbox().await?.delete_override(id).await?;
    Ok(empty_answer(StatusCode::NO_CONTENT))
}

fn answer(asked: &Asked<'_>, mailbox: &Mailbox, status: StatusCode, one: &InferenceOverride) -> Response {
    let context = asked.context(mailbox.owner().id, "inferenceClassification/overrides/$entity", None);
    json_answer(status, &entity(context, inference::render(one)))
}
