//! The token endpoint (RFC 6749 §3.2). So far it gives one grant: client credentials (§4.4).

use crate::error::OAuthError;
use crate::{ClientApp, Identity, Scopes};
use axum::Form;
use axum::Router;
use axum::extract::rejection::{FormRejection, PathRejection};
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use serde_json::json;
use std::collections::HashMap;
use std::sync::Arc;
use store::{Clock, Timestamp};

/// Life of an app's token in seconds, as Microsoft's have it.
const LIFE: i64 = 3599;

/// What the endpoint needs.
pub struct TokenState {
    /// Issues the tokens.
    pub identity: Arc<Identity>,
    /// The apps that are known.
    pub apps: Vec<ClientApp>,
    /// The domain of the tenant, which may stand for its id.
    pub domain: String,
    /// Tells the time of an error.
    pub clock: Arc<dyn Clock>,
    /// Makes the ids by which an error is found in the log.
    pub new_id: fn() -> String,
}

/// `POST /{tenant}/oauth2/v2.0/token`
pub fn token_routes(state: Arc<TokenState>) -> Router {
    Router::new().route("/{tenant}/oauth2/v2.0/token", post(token)).with_state(state)
}

type Fields = HashMap<String, String>;

async fn token(
    State(state): State<Arc<TokenState>>,
    tenant: Result<Path<String>, PathRejection>,
    headers: HeaderMap,
    form: Result<Form<Fields>, FormRejection>,
) -> Response {
    let granted = match (tenant, form) {
        (Ok(Path(tenant)), Ok(Form(fields))) => grant(&state, &tenant, &headers, &fields),
        (Err(_), _) => Err(OAuthError::TenantNotFound), // its octets are no text
        (_, Err(_)) => Err(OAuthError::InvalidRequest("the body must be application/x-www-form-urlencoded")),
    };
    match granted {
        // Exactly these members: a client is known that dies of a fifth one.
        Ok(token) => {
            let body = json!({"token_type": "Bearer", "expires_in": LIFE, "ext_expires_in": LIFE, "access_token": token});
            ([(header::CACHE_CONTROL, "no-store")], axum::Json(body)).into_response()
        }
        Err(error) => refusal(&state, error),
    }
}

fn grant(state: &TokenState, tenant: &str, headers: &HeaderMap, fields: &Fields) -> Result<String, OAuthError> {
    if !(tenant.eq_ignore_ascii_case(state.identity.tenant()) || tenant.eq_ignore_ascii_case(&state.domain)) {
        return Err(OAuthError::TenantNotFound);
    }
    match fields.get("grant_type").map(String::as_str) {
        Some("client_credentials") => {}
        Some(_) => return Err(OAuthError::UnsupportedGrantType),
        None => return Err(OAuthError::InvalidRequest("grant_type is missing")),
    }
    let (id, secret) = credentials(headers, fields).ok_or(OAuthError::InvalidClient)?;
    let app = state.apps.iter().find(|app| app.is(&id, &secret)).ok_or(OAuthError::InvalidClient)?;
    // An app gets what it was given before, whatever resource's name stands in front (RFC 6749 §3.3).
    if !fields.get("scope").is_some_and(|scope| scope.split_whitespace().any(|one| one.ends_with(".default"))) {
        return Err(OAuthError::InvalidScope);
    }
    let roles: Vec<&str> = Scopes::ALL_MAIL.split(' ').collect();
    state.identity.app_token(app, &roles, LIFE).map_err(|error| {
        tracing::error!(%error, "no token could be signed");
        OAuthError::ServerError
    })
}

/// Client id and secret from the body or from Basic authentication (RFC 6749 §2.3.1).
fn credentials(headers: &HeaderMap, fields: &Fields) -> Option<(String, String)> {
    if let (Some(id), Some(secret)) = (fields.get("client_id"), fields.get("client_secret")) {
        return Some((id.clone(), secret.clone()));
    }
    let basic = headers.get(header::AUTHORIZATION)?.to_str().ok()?.strip_prefix("Basic ")?;
    let text = String::from_utf8(encodify::base64::STANDARD.decode(basic.trim()).ok()?).ok()?;
    let (id, secret) = text.split_once(':')?;
    Some((id.to_owned(), secret.to_owned()))
}

/// The answer that auth libraries know how to read: an `AADSTS` number in text and list.
fn refusal(state: &TokenState, error: OAuthError) -> Response {
    let (status, word, number, text) = match error {
        OAuthError::InvalidClient => {
            (StatusCode::UNAUTHORIZED, "invalid_client", 7_000_215, "Invalid client secret provided, or no such app.")
        }
        OAuthError::InvalidRequest(text) => (StatusCode::BAD_REQUEST, "invalid_request", 900_144, text),
        OAuthError::InvalidScope => (
            StatusCode::BAD_REQUEST,
            "invalid_scope",
            1_002_012,
            "The scope of client credentials must be a resource with /.default.",
        ),
        OAuthError::ServerError => (StatusCode::INTERNAL_SERVER_ERROR, "server_error", 90_033, "The token could not be issued."),
        OAuthError::TenantNotFound => (StatusCode::BAD_REQUEST, "invalid_request", 90_002, "There is no such tenant here."),
        OAuthError::UnsupportedGrantType => {
            (StatusCode::BAD_REQUEST, "unsupported_grant_type", 70_003, "This server gives client_credentials so far.")
        }
    };
    let id = (state.new_id)();
    let timestamp = date(state.clock.now());
    let body = json!({
        "error": word,
        "error_description": format!("AADSTS{number}: {text} Trace ID: {id} Correlation ID: {id} Timestamp: {timestamp}"),
        "error_codes": [number],
        "timestamp": timestamp,
        "trace_id": id,
        "correlation_id": id,
    });
    (status, [(header::CACHE_CONTROL, "no-store")], axum::Json(body)).into_response()
}

/// `2026-11-24 14:00:00Z`, as these errors write it.
fn date(now: Timestamp) -> String {
    jiff::Timestamp::from_second(now.seconds()).unwrap_or_default().strftime("%Y-%m-%d %H:%M:%SZ").to_string()
}
