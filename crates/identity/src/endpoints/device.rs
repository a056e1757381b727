//! Sign-in of devices: codes for the device (RFC 8628 §3.1), and the page on which a person types one (§3.3).

use super::SignIn;
use super::asked::Asked;
use super::authorize::chosen;
use super::login::{Purpose, Step};
use super::page::{self, Choice};
use crate::ClientApp;
use crate::devices::{INTERVAL, LIFE};
use crate::error::OAuthError;
use crate::granted::Granted;
use crate::guesses::Target;
use axum::Json;
use axum::extract::{Request, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};
use std::sync::Arc;
use store::{DeviceCode, DeviceState};

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
    let action = format!("/{}/oauth2/deviceauth", asked.tenant);
    let Some(user_code) = asked.query.get("user_code") else { return Ok(page::ask_user_code(&action, false)) };
    let Some(code) = typed(sign_in, asked, user_code).await? else { return Ok(page::ask_user_code(&action, true)) };
    let wish = Wish::of(sign_in, asked, code).await?;
    match &sign_in.development {
        Some(people) => sign_in.choose(asked, people, &wish.purpose().choice),
        None => sign_in.begin_login(asked, &wish.purpose()),
    }
}

async fn decide(sign_in: &SignIn, asked: &Asked) -> Result<Response, OAuthError> {
    let code = typed(sign_in, asked, asked.query.required("user_code")?).await?.ok_or(OAuthError::DeviceCodeInvalid)?;
    let wish = Wish::of(sign_in, asked, code).await?;
    let decided = match &sign_in.development {
        Some(people) => {
            sign_in.demand_own_form(asked, &wish.code.user_code)?;
            asked.form.get("person").and_then(|name| chosen(people, name)).map(|person| person.id)
        }
        None => match sign_in.continue_login(asked, &wish.purpose()).await? {
            Step::Agreed(person) => Some(person.id),
            Step::Declined => None,
            Step::Shown(page) => return Ok(page),
        },
    };
    sign_in.grants.decide(&wish.code, decided.map_or(DeviceState::Declined, DeviceState::Granted)).await?;
    let text = if decided.is_some() { "Your device is signed in." } else { "Your device is not signed in." };
    Ok(page::message(StatusCode::OK, "Done", &format!("{text} This window can be closed.")))
}

/// The device's code that somebody typed. Only so many may be wrong.
async fn typed(sign_in: &SignIn, asked: &Asked, user_code: &str) -> Result<Option<DeviceCode>, OAuthError> {
    let attempt = sign_in.guesses.begin(Target::Device, asked.source, sign_in.clock.now()).map_err(OAuthError::Guessing)?;
    let known = sign_in.grants.typed(user_code).await?;
    if known.is_some() {
        attempt.withdraw(); // it forgives none that were wrong: anybody can have a code of his own
    }
    Ok(known)
}

/// What a device asks for.
struct Wish {
    code: DeviceCode,
    app: ClientApp,
    granted: Granted,
    action: String,
}

impl Wish {
    async fn of(sign_in: &SignIn, asked: &Asked, code: DeviceCode) -> Result<Wish, OAuthError> {
        let app = sign_in.app(&code.client_id).await?;
        let action = format!("/{}/oauth2/deviceauth?user_code={}", asked.tenant, code.user_code);
        Ok(Wish { granted: Granted::stored(code.scope.clone()), code, app, action })
    }

    /// Somebody else could have sent the code, so whoever signs in is always asked (RFC 8628 §5.4).
    fn purpose(&self) -> Purpose<'_> {
        let choice = Choice {
            app: &self.app.registered.display_name,
            permissions: self.granted.permissions().collect(),
            stays: self.granted.has("offline_access"),
            action: self.action.clone(),
            subject: &self.code.user_code,
            next: None,
        };
        let user_code = Some(self.code.user_code.as_str());
        Purpose {
            choice,
            client_id: self.app.client_id(),
            granted: &self.granted,
            login_hint: None,
            always_asks: true,
            user_code,
        }
    }
}
