//! Sign-in of devices: codes for the device (RFC 8628 §3.1), and the page on which a person types one (§3.3).

use super::asked::Asked;
use super::authorize::chosen;
use super::page::{self, Choice};
use super::{DevelopmentPerson, SignIn};
use crate::devices::{INTERVAL, LIFE};
use crate::error::OAuthError;
use crate::granted::Granted;
use axum::Json;
use axum::extract::{Request, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};
use std::sync::Arc;
use store::DeviceState;

/// `POST /{tenant}/oauth2/v2.0/devicecode`
pub(super) async fn device_code(State(sign_in): State<Arc<SignIn>>, request: Request) -> Response {
    let begun = match Asked::read(&sign_in, request).await {
        Ok(asked) => begin(&sign_in, &asked).await,
        Err(error) => Err(error),
    };
    match begun {
        Ok(body) => ([(header::CACHE_CONTROL, "no-store")], Json(body)).into_response(),
        Err(error) => sign_in.refusal(error).into_response(),
    }
}

async fn begin(sign_in: &SignIn, asked: &Asked) -> Result<Value, OAuthError> {
    let app = sign_in.app(asked.form.required("client_id")?).await?;
    if !app.registered.is_public_client {
        return Err(OAuthError::NotPublic);
    }
    let granted = Granted::of(asked.form.required("scope")?, &app.registered)?;
    // Development mode: a person may be named beforehand, so that a script signs in as somebody in particular.
    let person = match (asked.form.get("login_hint"), &sign_in.development) {
        (Some(hint), Some(_)) => sign_in.grants.person(hint).await?.map(|person| person.id),
        _ => None,
    };
    let begun = sign_in.grants.add_device_code(app.client_id(), &granted, person).await?;
    let verification_uri = asked.address("oauth2/deviceauth");
    let user_code = &begun.user_code;
    Ok(json!({
        "user_code": user_code,
        "device_code": begun.device_code,
        "verification_uri": verification_uri,
        "expires_in": LIFE,
        "interval": INTERVAL,
        "message": format!("To sign in, open the page {verification_uri} and enter the code {user_code}."),
    }))
}

/// `GET /{tenant}/oauth2/deviceauth`: asks for the code, then who agrees to what it stands for.
pub(super) async fn device_page(State(sign_in): State<Arc<SignIn>>, request: Request) -> Response {
    let shown = match Asked::read(&sign_in, request).await {
        Ok(asked) => show(&sign_in, &asked).await,
        Err(error) => Err(error),
    };
    shown.unwrap_or_else(|error| page::refused(&sign_in.refusal(error)))
}

/// `POST /{tenant}/oauth2/deviceauth`: somebody was chosen, or nobody.
pub(super) async fn device_decision(State(sign_in): State<Arc<SignIn>>, request: Request) -> Response {
    let decided = match Asked::read(&sign_in, request).await {
        Ok(asked) => decide(&sign_in, &asked).await,
        Err(error) => Err(error),
    };
    decided.unwrap_or_else(|error| page::refused(&sign_in.refusal(error)))
}

async fn show(sign_in: &SignIn, asked: &Asked) -> Result<Response, OAuthError> {
    let people = people(sign_in)?;
    let action = format!("/{}/oauth2/deviceauth", asked.tenant);
    let Some(user_code) = asked.query.get("user_code") else { return Ok(page::ask_user_code(&action, false)) };
    let Some(code) = sign_in.grants.typed(user_code).await? else { return Ok(page::ask_user_code(&action, true)) };
    let choice = Choice {
        app: &sign_in.app(&code.client_id).await?.registered.display_name,
        permissions: Granted::stored(code.scope.clone()).permissions().collect(),
        action: format!("{action}?user_code={}", code.user_code),
        subject: &code.user_code,
        next: None,
    };
    sign_in.choose(&asked.headers, asked.is_secure(), people, &choice)
}

async fn decide(sign_in: &SignIn, asked: &Asked) -> Result<Response, OAuthError> {
    let people = people(sign_in)?;
    let code = sign_in.grants.typed(asked.query.required("user_code")?).await?.ok_or(OAuthError::DeviceCodeInvalid)?;
    sign_in.demand_own_form(&asked.headers, asked.form.get("mark"), &code.user_code)?;
    let person = asked.form.get("person").and_then(|name| chosen(people, name));
    sign_in.grants.decide(&code, person.map_or(DeviceState::Declined, |person| DeviceState::Granted(person.id))).await?;
    let text = if person.is_some() { "Your device is signed in." } else { "Your device is not signed in." };
    Ok(page::message(StatusCode::OK, "Done", &format!("{text} This window can be closed.")))
}

/// Those who may be chosen; nobody, outside development mode.
fn people(sign_in: &SignIn) -> Result<&[DevelopmentPerson], OAuthError> {
    sign_in.development.as_deref().ok_or(OAuthError::SignInUnavailable)
}
