//! The list of categories from which a mailbox's owner chooses (Graph: outlookuser-list-mastercategories,
//! outlookuser-post-mastercategories, outlookcategory-get, -update, -delete).

use crate::error::ApiError;
use crate::page::{empty_answer, entity, json_answer, minimal_answer, number_answer};
use crate::query::SmallList;
use crate::request::Asked;
use crate::schema::category::{self, DECLARED, PROPERTIES};
use crate::schema::json::Members;
use crate::schema::property::{narrowed, object, selected};
use crate::small_page::small_page;
use axum::body::Body;
use axum::http::StatusCode;
use axum::response::Response;
use mailbox::Mailbox;
use serde_json::Value;
use store::{CategoryId, OutlookCategory};

/// `GET …/outlook/masterCategories`
pub(crate) async fn list_master_categories(asked: &Asked<'_>) -> Result<Response, ApiError> {
    asked.only_options(&["select", "filter", "orderby", "top", "skip", "count"])?;
    let names = asked.options.names("select");
    let properties = selected(PROPERTIES, names.as_deref(), "outlookCategory")?;
    let mailbox = asked.mailbox().await?;
    let listed = narrowed(&properties, listed(asked, &mailbox).await?);
    small_page(asked, asked.context(mailbox.owner().id, "outlook/masterCategories", names.as_deref()), listed, None)
}

/// `GET …/outlook/masterCategories/$count`
pub(crate) async fn count_master_categories(asked: &Asked<'_>) -> Result<Response, ApiError> {
    asked.only_options(&["filter"])?;
    let mailbox = asked.mailbox().await?;
    Ok(number_answer(listed(asked, &mailbox).await?.len()))
}

/// The whole list, as the filter leaves it.
async fn listed(asked: &Asked<'_>, mailbox: &Mailbox) -> Result<Vec<Value>, ApiError> {
    let list = SmallList::of(&asked.options, "outlookCategory", DECLARED)?;
    Ok(list.apply(mailbox.categories().await?.iter().map(category::render).collect()))
}

/// `POST …/outlook/masterCategories`
pub(crate) async fn create_master_category(asked: &Asked<'_>, body: &mut Body) -> Result<Response, ApiError> {
    let mailbox = asked.mailbox().await?;
    let value = asked.json(&mailbox, body).await?;
    let members = Members::of(&value, "")?;
    let name = category::display_name(&members)?.ok_or_else(|| members.wrong("displayName", "a name"))?;
    let color = category::color(&members)?.unwrap_or_else(|| "none".to_owned());
    let created = mailbox.create_category(name, color).await?;
    Ok(answer(asked, &mailbox, StatusCode::CREATED, &created))
}

/// `GET …/outlook/masterCategories/{id}`
pub(crate) async fn get_master_category(asked: &Asked<'_>, id: CategoryId) -> Result<Response, ApiError> {
    asked.only_options(&["select"])?;
    let names = asked.options.names("select");
    let properties = selected(PROPERTIES, names.as_deref(), "outlookCategory")?;
    let mailbox = asked.mailbox().await?;
    let value = object(&properties, &mailbox.category(id).await?);
    let context = asked.context(mailbox.owner().id, "outlook/masterCategories/$entity", names.as_deref());
    Ok(json_answer(StatusCode::OK, &entity(context, value.into())))
}

/// `PATCH …/outlook/masterCategories/{id}`: its color; its name is what messages have.
pub(crate) async fn update_master_category(asked: &Asked<'_>, id: CategoryId, body: &mut Body) -> Result<Response, ApiError> {
    let mailbox = asked.mailbox().await?;
    let value = asked.json(&mailbox, body).await?;
    let members = Members::of(&value, "")?;
    let name = members.text("displayName")?.map(str::to_owned);
    let updated = mailbox.update_category(id, name, category::color(&members)?).await?;
    if asked.preferences.wants_minimal() {
        return Ok(minimal_answer());
    }
    Ok(answer(asked, &mailbox, StatusCode::OK, &updated))
}

/// `DELETE …/outlook/masterCategories/{id}`
pub(crate) async fn delete_master_category(asked: &Asked<'_>, id: CategoryId) -> Result<Response, ApiError> {
    asked.mailbox().await?.delete_category(id).await?;
    Ok(empty_answer(StatusCode::NO_CONTENT))
}

fn answer(asked: &Asked<'_>, mailbox: &Mailbox, status: StatusCode, one: &OutlookCategory) -> Response {
    let context = asked.context(mailbox.owner().id, "outlook/masterCategories/$entity", None);
    json_answer(status, &entity(context, category::render(one)))
}
