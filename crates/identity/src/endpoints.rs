//! What auth libraries speak with before they have a token: metadata, sign-in, tokens (RFC 6749, RFC 8628, OpenID Connect).
//!
//! Promises: the addresses, members and error numbers of Microsoft's identity platform, for its id, its domain, `common` and
//! `organizations`. Refuses: to keep anybody signed in, and to say which of name and password was wrong.

mod asked;
mod authorize;
mod back;
mod client;
mod device;
mod discovery;
mod login;
mod page;
mod refusal;
mod token;

pub use discovery::MICROSOFT_AUTHORITIES;

use crate::error::OAuthError;
use crate::{Grants, Guesses, Identity, Passwords, Seal};
use axum::Router;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use std::sync::Arc;
use store::{Clock, Person};

/// Octets that a form may have.
const FORM: usize = 64 * 1024;

/// Tells scheme, host and port by which a client knows this server; nothing where a request doesn't name them well.
pub type OriginOf = Arc<dyn Fn(&Parts) -> Option<String> + Send + Sync>;

/// A person of development mode.
#[derive(Clone)]
pub struct DevelopmentPerson {
    /// Who.
    pub person: Person,
    /// The password that `dev.json` tells.
    pub password: String,
}

/// What the endpoints need.
pub struct SignIn {
    /// Issues the tokens.
    pub identity: Arc<Identity>,
    /// Keeps what people let apps do.
    pub grants: Grants,
    /// The domain of the tenant, which may stand for its id.
    pub domain: String,
    /// Those who may sign in without proof: nobody, outside development mode.
    pub development: Option<Vec<DevelopmentPerson>>,
    /// What was tried wrongly.
    pub guesses: Guesses,
    /// Compares passwords.
    pub passwords: Passwords,
    /// By which address a client knows this server.
    pub origin: OriginOf,
    /// The seal on this server's own forms.
    pub forms: Seal,
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
    /// Makes the ids by which an error is found in the log.
    pub new_id: fn() -> String,
}

/// The addresses of sign-in. A tenant is the first segment of each, and `asked` says which are taken.
pub struct SignInRoutes {
    /// What libraries ask, also those that run in a page of another origin: metadata, keys, tokens.
    pub services: Router,
    /// What people see and send, and what only programs outside browsers ask. No page of another origin may read it.
    pub pages: Router,
}

/// The addresses of sign-in.
pub fn sign_in_routes(sign_in: SignIn) -> SignInRoutes {
    let services = Router::new()
        .route("/{tenant}/.well-known/openid-configuration", get(discovery::openid_configuration))
        .route("/{tenant}/v2.0/.well-known/openid-configuration", get(discovery::openid_configuration))
        // msal for Python joins its default authority, which ends in a slash, with a path that begins with one.
        .route("/{tenant}//v2.0/.well-known/openid-configuration", get(discovery::openid_configuration))
        .route("/{tenant}/discovery/instance", get(discovery::instance))
        .route("/{tenant}/discovery/keys", get(discovery::keys))
        .route("/{tenant}/discovery/v2.0/keys", get(discovery::keys))
        .route("/{tenant}/oauth2/v2.0/token", post(token::token))
        .route("/{tenant}/oauth2/token", post(token::token_v1));
    let pages = Router::new()
        .route("/{tenant}/userrealm/{user}", get(discovery::user_realm))
        .route("/{tenant}/oauth2/v2.0/authorize", get(authorize::authorize).post(authorize::authorize))
        .route("/{tenant}/oauth2/v2.0/logout", get(discovery::logout))
        .route("/{tenant}/login", post(authorize::login))
        .route("/{tenant}/oauth2/v2.0/devicecode", post(device::device_code))
        .route("/{tenant}/oauth2/deviceauth", get(device::device_page).post(device::device_decision));
    let sign_in = Arc::new(sign_in);
    let [services, pages] = [services, pages].map(|routes| {
        routes.method_not_allowed_fallback(method_not_allowed).layer(DefaultBodyLimit::max(FORM)).with_state(sign_in.clone())
    });
    SignInRoutes { services, pages }
}

async fn method_not_allowed(State(sign_in): State<Arc<SignIn>>) -> Response {
    sign_in.refusal(OAuthError::MethodNotAllowed).into_response()
}
