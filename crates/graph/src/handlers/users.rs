//! People (Graph: user-get).

use crate::error::ApiError;
use crate::page::{entity, json_answer};
use crate::request::Asked;
use crate::schema::user;
use axum::http::StatusCode;
use axum::response::Response;

/// `GET /me`, `GET /users/{id}`
pub(crate) async fn get_user(asked: &Asked<'_>) -> Result<Response, ApiError> {
    asked.only_options(&["select"])?;
    let select = asked.options.names("select");
    let person = asked.graph.mail.person(&asked.caller, &asked.user).await?;
    let selected = select.as_ref().map(|names| format!("({})", names.join(","))).unwrap_or_default();
    let context = format!("{}/{}/$metadata#users{selected}/$entity", asked.origin, asked.version.as_str());
    let value = user::render(&person, select.as_deref())?;
    Ok(json_answer(StatusCode::OK, &entity(context, value)))
}
