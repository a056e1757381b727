//! What Outlook offers a person to choose from (Graph: outlookUser, outlookuser-supportedlanguages,
//! outlookuser-supportedtimezones).

use crate::error::ApiError;
use crate::page::{entity, json_answer};
use crate::permissions::READ_SETTINGS;
use crate::query::{Declared, Kind, SmallList};
use crate::request::Asked;
use crate::schema::category;
use crate::schema::expand::only;
use crate::schema::language::LANGUAGES;
use crate::small_page::small_page;
use crate::zones::{self, Standard};
use axum::http::StatusCode;
use axum::response::Response;
use serde_json::{Value, json};

/// `GET …/outlook`
pub(crate) async fn get_outlook(asked: &Asked<'_>) -> Result<Response, ApiError> {
    asked.only_options(&["select", "expand"])?;
    let with_categories = expands_categories(asked)?;
    let owner = asked.graph.mail.person(&asked.caller, &asked.user, asked.wanted).await?.id;
    if let Some(name) = asked.options.names("select").into_iter().flatten().find(|name| !["id", "*"].contains(&name.as_str())) {
        return Err(ApiError::no_such_property(&name, "outlookUser"));
    }
    let mut value = json!({"id": owner.to_string()});
    if with_categories {
        let categories = asked.mailbox_by(READ_SETTINGS).await?.categories().await?;
        value["masterCategories"] = categories.iter().map(category::render).collect();
    }
    Ok(json_answer(StatusCode::OK, &entity(asked.context(owner, "outlook/$entity", None), value)))
}

/// Whether categories are to stand in the answer.
fn expands_categories(asked: &Asked<'_>) -> Result<bool, ApiError> {
    let items = asked.options.expand()?;
    for item in &items {
        if !item.path.is("masterCategories") {
            return Err(ApiError::no_such_property(&item.path.to_string(), "outlookUser"));
        }
        only(&item.options, &[])?;
    }
    Ok(!items.is_empty())
}

/// `GET …/outlook/supportedLanguages`
pub(crate) async fn list_supported_languages(asked: &Asked<'_>) -> Result<Response, ApiError> {
    let languages = LANGUAGES.iter().map(|(locale, name)| json!({"locale": locale, "displayName": name}));
    values(asked, "localeInfo", LOCALE_INFO, languages.collect()).await
}

/// `GET …/outlook/supportedTimeZones`, also with the standard whose names are wanted.
pub(crate) async fn list_supported_time_zones(asked: &Asked<'_>, standard: Standard) -> Result<Response, ApiError> {
    let zones = zones::names(standard).into_iter().map(|(alias, name)| json!({"alias": alias, "displayName": name}));
    values(asked, "timeZoneInformation", TIME_ZONE_INFORMATION, zones.collect()).await
}

/// A collection of values of a type, which is the same for everybody who may ask.
async fn values(
    asked: &Asked<'_>,
    of: &'static str,
    declared: &'static [Declared],
    listed: Vec<Value>,
) -> Result<Response, ApiError> {
    asked.only_options(&["filter", "orderby", "top", "skip", "count"])?;
    asked.graph.mail.person(&asked.caller, &asked.user, asked.wanted).await?;
    let listed = SmallList::of(&asked.options, of, declared)?.apply(listed);
    small_page(asked, asked.context_of(&format!("Collection(microsoft.graph.{of})")), listed, None)
}

const LOCALE_INFO: &[Declared] = &[Declared::new("displayName", Kind::Text), Declared::new("locale", Kind::Text)];
const TIME_ZONE_INFORMATION: &[Declared] = &[Declared::new("alias", Kind::Text), Declared::new("displayName", Kind::Text)];
