//! The one table of refusals: for each a word of RFC 6749 §5.2 (or RFC 8628 §3.5, OpenID Connect Core §3.1.2.6), and the
//! number of Microsoft's platform that libraries look for.

use super::SignIn;
use crate::error::OAuthError;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::json;
use store::Timestamp;

/// What a refusal is on the wire.
pub(super) struct Refusal {
    pub(super) status: StatusCode,
    pub(super) word: &'static str,
    number: u32,
    text: String,
    /// By which it is found in the log.
    id: String,
    timestamp: String,
    /// Seconds to wait before the next attempt.
    pub(super) retry_after: Option<i64>,
}

impl SignIn {
    /// What a refusal is on the wire, with an id that is in the log too.
    pub(super) fn refusal(&self, error: OAuthError) -> Refusal {
        let (status, word, number, text) = row(error);
        let (id, timestamp) = ((self.new_id)(), date(self.clock.now()));
        let refusal = Refusal { status, word, number, text: text.to_owned(), id, timestamp, retry_after: retry_after(error) };
        tracing::info!(id = refusal.id, number, ?error, "a sign-in is refused");
        match error {
            OAuthError::Missing(name) => {
                Refusal { text: format!("The request must contain the following parameter: '{name}'."), ..refusal }
            }
            OAuthError::Invalid(text) => Refusal { text: text.to_owned(), ..refusal },
            _ => refusal,
        }
    }
}

impl Refusal {
    /// The sentence, with all that libraries look for in it.
    pub(super) fn description(&self) -> String {
        let Refusal { number, text, id, timestamp, .. } = self;
        format!("AADSTS{number}: {text} Trace ID: {id} Correlation ID: {id} Timestamp: {timestamp}")
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let body = json!({
            "error": self.word,
            "error_description": self.description(),
            "error_codes": [self.number],
            "timestamp": self.timestamp,
            "trace_id": self.id,
            "correlation_id": self.id,
        });
        let mut answer = (self.status, [(header::CACHE_CONTROL, "no-store")], axum::Json(body)).into_response();
        if let Some(seconds) = self.retry_after {
            answer.headers_mut().insert(header::RETRY_AFTER, seconds.into());
        }
        if self.status == StatusCode::UNAUTHORIZED {
            answer.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Basic realm=\"tokens\"")); // RFC 6749 §5.2
        }
        answer
    }
}

type Row = (StatusCode, &'static str, u32, &'static str);

fn row(error: OAuthError) -> Row {
    const BAD: StatusCode = StatusCode::BAD_REQUEST;
    const UNAUTHORIZED: StatusCode = StatusCode::UNAUTHORIZED;
    match error {
        OAuthError::AccessDenied => (BAD, "access_denied", 65_004, "The person declined."),
        OAuthError::AccountDisabled => (BAD, "invalid_grant", 50_057, "The account is disabled."),
        OAuthError::AppDisabled => (BAD, "unauthorized_client", 7_000_112, "The app is disabled."),
        OAuthError::AppNotFound => (BAD, "unauthorized_client", 700_016, "There is no app with this client_id here."),
        OAuthError::AssertionInvalid => (
            UNAUTHORIZED,
            "invalid_client",
            700_027,
            "The client assertion is not signed by this app, not for this server, or old.",
        ),
        OAuthError::AuthorizationDeclined => (BAD, "authorization_declined", 65_004, "The sign-in was declined."),
        OAuthError::AuthorizationPending => (BAD, "authorization_pending", 70_016, "Nobody has signed in with the code yet."),
        OAuthError::Busy => {
            (StatusCode::SERVICE_UNAVAILABLE, "temporarily_unavailable", 90_033, "Too many sign in at this moment; try again.")
        }
        OAuthError::CodeExpired => (BAD, "invalid_grant", 70_008, "The authorization code has expired."),
        OAuthError::CodeRedeemed => (BAD, "invalid_grant", 54_005, "The authorization code was redeemed before."),
        OAuthError::ConsentRequired => (BAD, "invalid_grant", 65_001, "The person has not consented to these scopes."),
        OAuthError::CredentialMissing => {
            (UNAUTHORIZED, "invalid_client", 7_000_218, "The request must contain 'client_assertion' or 'client_secret'.")
        }
        OAuthError::DeviceCodeInvalid => (BAD, "bad_verification_code", 70_018, "There is no such code for this app."),
        OAuthError::DeviceCodeExpired => (BAD, "expired_token", 70_020, "The device code has expired."),
        OAuthError::Invalid(text) => (BAD, "invalid_request", 90_014, text),
        OAuthError::GrantInvalid => {
            (BAD, "invalid_grant", 70_000, "The code or refresh token is not valid, or was given to another app.")
        }
        OAuthError::GrantReplayed => {
            (BAD, "invalid_grant", 50_173, "The refresh token was used before; it and all that came from it are revoked.")
        }
        OAuthError::GrantExpired => (BAD, "invalid_grant", 700_082, "The refresh token has expired."),
        OAuthError::Guessing(_) => (
            StatusCode::TOO_MANY_REQUESTS,
            "invalid_grant",
            50_053,
            "This was tried too often with what is wrong; try again later.",
        ),
        OAuthError::LoginExpired => (BAD, "interaction_required", 50_089, "The sign-in took too long, or began elsewhere."),
        OAuthError::LoginRequired => (BAD, "login_required", 50_058, "Nobody is signed in, and no page may be shown."),
        OAuthError::MethodNotAllowed => {
            (StatusCode::METHOD_NOT_ALLOWED, "invalid_request", 900_561, "The endpoint does not take this method.")
        }
        OAuthError::Missing(name) => (BAD, "invalid_request", 900_144, name),
        OAuthError::NotPublic => (UNAUTHORIZED, "invalid_client", 7_000_218, "This app must prove itself to get tokens."),
        OAuthError::PasswordInvalid => (BAD, "invalid_grant", 50_126, "The user name or the password is wrong."),
        OAuthError::PkceMismatch => (BAD, "invalid_grant", 501_481, "The code_verifier does not match the code_challenge."),
        OAuthError::RedirectUnknown => (BAD, "invalid_request", 50_011, "The redirect_uri is not registered for this app."),
        OAuthError::RedirectMismatch => {
            (BAD, "invalid_grant", 500_112, "The redirect_uri is not the one that the code was asked for with.")
        }
        OAuthError::Repeated => (BAD, "invalid_request", 90_014, "A parameter stands twice."),
        OAuthError::ScopeInvalid => (BAD, "invalid_scope", 70_011, "None of the scopes is known here."),
        OAuthError::ScopeNotDefault => {
            (BAD, "invalid_scope", 1_002_012, "The scope of client credentials must be a resource with /.default.")
        }
        OAuthError::SecretInvalid => (UNAUTHORIZED, "invalid_client", 7_000_215, "Invalid client secret provided."),
        OAuthError::ServerError => (StatusCode::INTERNAL_SERVER_ERROR, "server_error", 90_033, "The server failed."),
        OAuthError::SlowDown => (BAD, "slow_down", 70_016, "The device asks too often."),
        OAuthError::TenantNotFound => (BAD, "invalid_request", 90_002, "There is no such tenant here."),
        OAuthError::TooMany => {
            (StatusCode::TOO_MANY_REQUESTS, "temporarily_unavailable", 90_033, "Too many devices wait for their sign-in.")
        }
        OAuthError::Unavailable => {
            (StatusCode::SERVICE_UNAVAILABLE, "temporarily_unavailable", 90_033, "What is kept can't be reached now; try again.")
        }
        OAuthError::UnsupportedGrantType => (BAD, "unsupported_grant_type", 70_003, "This server does not give this grant."),
        OAuthError::UnsupportedResponseType => {
            (BAD, "unsupported_response_type", 70_005, "This server answers response_type=code alone.")
        }
    }
}

/// Seconds after which it is worth to try again.
fn retry_after(error: OAuthError) -> Option<i64> {
    match error {
        OAuthError::Busy => Some(1),
        OAuthError::Guessing(seconds) => Some(seconds),
        OAuthError::TooMany => Some(60),
        OAuthError::Unavailable => Some(store::RETRY),
        _ => None,
    }
}

/// `2026-11-24 14:00:00Z`, as these errors write it.
fn date(now: Timestamp) -> String {
    jiff::Timestamp::from_second(now.seconds()).unwrap_or_default().strftime("%Y-%m-%d %H:%M:%SZ").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_passes_by_itself_says_when_to_come_again() {
        for error in [OAuthError::Unavailable, OAuthError::Busy] {
            let (status, word, ..) = row(error);
            assert_eq!((status.as_u16(), word), (503, "temporarily_unavailable"), "{error:?}");
            assert!(retry_after(error).is_some_and(|seconds| seconds > 0), "{error:?}");
        }
        assert_eq!(row(OAuthError::ServerError).0.as_u16(), 500);
    }
}
