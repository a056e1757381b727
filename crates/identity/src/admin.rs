//! The admin API: the deeds of [`Registry`] over HTTP, for apps with the permission `Restante.Admin`. It judges nothing of its own.

use crate::endpoints::OriginOf;
use crate::error::AuthError;
use crate::registry::{AppChanges, MailboxGrant, NewCertificate, NewPerson, NewSecret, PersonChanges, Registry, RegistryError};
use crate::{Identity, RETRY, Scope, Who};
use axum::extract::{Path, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderName, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::any;
use axum::{Json, Router};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::sync::Arc;
use store::StoreError;
use url::form_urlencoded;

/// Octets that a body may have: a long list of addresses, and certificates.
const BODY: usize = 1024 * 1024;
/// By which a client knows its request again, as Graph gives it back.
const CLIENT_REQUEST_ID: &str = "client-request-id";
/// Octets that it may have.
const CLIENTS_ID: usize = 128;
const CHALLENGE: &str = "Bearer realm=\"Restante admin\"";

/// What the admin API needs.
pub struct Admin {
    /// Proves tokens.
    pub identity: Arc<Identity>,
    /// Does the deeds.
    pub registry: Registry,
    /// By which address a client knows this server.
    pub origin: OriginOf,
    /// Makes the ids by which a refusal is found in the log.
    pub new_id: fn() -> String,
}

/// Why a request is refused.
enum Refused {
    /// Who asks isn't known.
    Unknown(AuthError),
    /// Who asks may not.
    Denied,
    /// The body is no JSON of the known shape.
    Unreadable(String),
    /// There is no such thing to be asked.
    NoSuchCall,
    Deed(RegistryError),
}

impl From<RegistryError> for Refused {
    fn from(error: RegistryError) -> Refused {
        Refused::Deed(error)
    }
}

/// The addresses below `/admin`.
pub fn admin_routes(admin: Admin) -> Router {
    Router::new().route("/admin/{*path}", any(answer)).with_state(Arc::new(admin))
}

/// By what a request and its refusal are found, and when it came.
struct Ids {
    request: String,
    client: String,
    date: String,
}

impl Admin {
    fn ids(&self, request: &Request) -> Ids {
        let theirs = request.headers().get(CLIENT_REQUEST_ID).and_then(|id| id.to_str().ok()).filter(|id| id.len() <= CLIENTS_ID);
        let id = (self.new_id)();
        let date = jiff::Timestamp::from_second(self.registry.now().seconds()).unwrap_or_default();
        Ids { client: theirs.unwrap_or(&id).to_owned(), request: id, date: date.strftime("%Y-%m-%dT%H:%M:%S").to_string() }
    }
}

async fn answer(State(admin): State<Arc<Admin>>, Path(path): Path<String>, request: Request) -> Response {
    let ids = admin.ids(&request);
    let mut response = match admin.answered(&path, request).await {
        Ok(response) => response,
        Err(refused) => refused.told(&ids),
    };
    for (name, id) in [("request-id", &ids.request), (CLIENT_REQUEST_ID, &ids.client)] {
        if let Ok(id) = HeaderValue::from_str(id) {
            response.headers_mut().insert(HeaderName::from_static(name), id);
        }
    }
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store")); // secrets are among the answers
    response
}

impl Admin {
    async fn answered(&self, path: &str, request: Request) -> Result<Response, Refused> {
        let (parts, body) = request.into_parts();
        self.admit(&parts).await?;
        let octets = axum::body::to_bytes(body, BODY).await.map_err(|error| Refused::Unreadable(error.to_string()))?;
        let segments: Vec<&str> = path.split('/').collect();
        match segments.split_first() {
            Some((&"apps", of)) => self.apps(&parts, of, &octets).await,
            Some((&"users", of)) => self.users(&parts, of, &octets).await,
            Some((&"grants", [])) => self.grants(&parts, &octets).await,
            _ => Err(Refused::NoSuchCall),
        }
    }

    /// Lets in an app that asks for itself, has the permission in its token, and has it still.
    async fn admit(&self, parts: &Parts) -> Result<(), Refused> {
        let authorization = parts.headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
        let caller = self.identity.prove(authorization).await.map_err(Refused::Unknown)?;
        let registered = self.registry.registered(caller.client_id().to_owned()).await?;
        match registered.filter(|app| app.account_enabled) {
            None => Err(Refused::Unknown(AuthError::Stranger)),
            Some(app) if matches!(caller.who(), Who::App { .. }) && caller.may_by_now(Scope::RestanteAdmin, &app) => Ok(()),
            Some(_) => Err(Refused::Denied),
        }
    }

    async fn apps(&self, parts: &Parts, of: &[&str], octets: &[u8]) -> Result<Response, Refused> {
        let registry = &self.registry;
        Ok(match (&parts.method, of) {
            (&Method::GET, []) => {
                let (page, next) = registry.apps(given(parts, "after").unwrap_or_default()).await?;
                self.page(parts, &page, next)
            }
            (&Method::POST, []) => {
                let new: NewApp = read(octets)?;
                let secret = new.password_credential;
                created(match new.app_id {
                    Some(client_id) => registry.add_app_as(client_id, new.changes, secret).await?,
                    None => registry.add_app(new.changes, secret).await?,
                })
            }
            (&Method::GET, [app]) => Json(registry.app((*app).to_owned()).await?).into_response(),
            (&Method::PATCH, [app]) => Json(registry.update_app((*app).to_owned(), read(octets)?).await?).into_response(),
            (&Method::DELETE, [app]) => {
                registry.remove_app((*app).to_owned()).await?;
                StatusCode::NO_CONTENT.into_response()
            }
            (&Method::POST, [app, "secrets"]) => {
                created(registry.add_secret((*app).to_owned(), read::<NewSecret>(octets)?).await?)
            }
            (&Method::POST, [app, "certificates"]) => {
                created(registry.add_certificate((*app).to_owned(), read::<NewCertificate>(octets)?).await?)
            }
            (&Method::DELETE, [app, "secrets" | "certificates", key_id]) => {
                Json(registry.remove_credential((*app).to_owned(), (*key_id).to_owned()).await?).into_response()
            }
            _ => return Err(Refused::NoSuchCall),
        })
    }

    async fn users(&self, parts: &Parts, of: &[&str], octets: &[u8]) -> Result<Response, Refused> {
        let registry = &self.registry;
        let own = |text: &&str| (*text).to_owned();
        Ok(match (&parts.method, of) {
            (&Method::GET, []) => {
                let (page, next) = registry.people(given(parts, "after")).await?;
                self.page(parts, &page, next)
            }
            (&Method::POST, []) => created(registry.add_person(read::<NewPerson>(octets)?).await?),
            (&Method::GET, [user]) => Json(registry.person(own(user)).await?).into_response(),
            (&Method::PATCH, [user]) => {
                Json(registry.update_person(own(user), read::<PersonChanges>(octets)?).await?).into_response()
            }
            (&Method::PUT, [user, "aliases", alias]) => Json(registry.add_alias(own(user), own(alias)).await?).into_response(),
            (&Method::DELETE, [user, "aliases", alias]) => {
                Json(registry.remove_alias(own(user), own(alias)).await?).into_response()
            }
            (&Method::PUT, [user, "password"]) => {
                let new: NewPassword = read(octets)?;
                Json(registry.set_password(own(user), new.password).await?).into_response()
            }
            (&Method::DELETE, [user, "password"]) => Json(registry.remove_password(own(user)).await?).into_response(),
            (&Method::GET, [user, "grants"]) => self.page(parts, &registry.grants(own(user)).await?, None),
            _ => return Err(Refused::NoSuchCall),
        })
    }

    async fn grants(&self, parts: &Parts, octets: &[u8]) -> Result<Response, Refused> {
        match parts.method {
            Method::POST => Ok(created(self.registry.add_grant(read::<MailboxGrant>(octets)?).await?)),
            Method::DELETE => {
                let pairs: serde_json::Map<String, Value> = options(parts).map(|(name, value)| (name, json!(value))).collect();
                let grant: MailboxGrant = shaped(Value::Object(pairs))?;
                Ok(Json(self.registry.remove_grant(grant).await?).into_response())
            }
            _ => Err(Refused::NoSuchCall),
        }
    }

    /// A page of a list, as OData has it.
    fn page(&self, parts: &Parts, page: &impl Serialize, next: Option<String>) -> Response {
        let mut list = json!({"value": page});
        if let Some((next, origin)) = next.zip((self.origin)(parts)) {
            list["@odata.nextLink"] = json!(format!("{origin}{}?after={next}", parts.uri.path()));
        }
        Json(list).into_response()
    }
}

/// An app that is to be registered.
struct NewApp {
    app_id: Option<String>,
    password_credential: Option<NewSecret>,
    changes: AppChanges,
}

impl<'de> Deserialize<'de> for NewApp {
    /// Two members are of the new app alone; the others are what may be changed of any.
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<NewApp, D::Error> {
        use serde::de::Error;
        let mut members = serde_json::Map::deserialize(deserializer)?;
        let mut taken = |name: &str| members.remove(name).unwrap_or_default();
        let (app_id, secret) = (taken("appId"), taken("passwordCredential"));
        Ok(NewApp {
            app_id: serde_json::from_value(app_id).map_err(D::Error::custom)?,
            password_credential: serde_json::from_value(secret).map_err(D::Error::custom)?,
            changes: serde_json::from_value(Value::Object(members)).map_err(D::Error::custom)?,
        })
    }
}

/// `PUT users/{user}/password`
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewPassword {
    password: String,
}

fn created(made: impl Serialize) -> Response {
    (StatusCode::CREATED, Json(made)).into_response()
}

/// A body; none is an object without members.
fn read<T: DeserializeOwned>(octets: &[u8]) -> Result<T, Refused> {
    let octets = if octets.is_empty() { b"{}" } else { octets };
    serde_json::from_slice(octets).map_err(|error| Refused::Unreadable(error.to_string()))
}

fn shaped<T: DeserializeOwned>(value: Value) -> Result<T, Refused> {
    serde_json::from_value(value).map_err(|error| Refused::Unreadable(error.to_string()))
}

fn options(parts: &Parts) -> impl Iterator<Item = (String, String)> {
    form_urlencoded::parse(parts.uri.query().unwrap_or_default().as_bytes()).into_owned()
}

fn given(parts: &Parts, name: &str) -> Option<String> {
    options(parts).find(|(given, _)| given == name).map(|(_, value)| value)
}

impl Refused {
    /// In the shape of Graph's errors.
    fn told(self, ids: &Ids) -> Response {
        let id = ids.request.as_str();
        let mut retry_after = None;
        let (status, code, message) = match self {
            Refused::Unknown(AuthError::Unavailable) => {
                retry_after = Some(RETRY);
                (StatusCode::SERVICE_UNAVAILABLE, "ServiceNotAvailable", AuthError::Unavailable.to_string())
            }
            Refused::Unknown(error) => (StatusCode::UNAUTHORIZED, "InvalidAuthenticationToken", error.to_string()),
            Refused::Denied => (
                StatusCode::FORBIDDEN,
                "Authorization_RequestDenied",
                "Only an app with the application permission Restante.Admin may do this.".to_owned(),
            ),
            Refused::Unreadable(why) => (StatusCode::BAD_REQUEST, "BadRequest", format!("The body can't be read: {why}.")),
            Refused::NoSuchCall => {
                (StatusCode::NOT_FOUND, "ResourceNotFound", "There is no such call. docs/admin.md lists them.".to_owned())
            }
            Refused::Deed(RegistryError::Conflict(text)) => (StatusCode::CONFLICT, "Conflict", text),
            Refused::Deed(RegistryError::Invalid(text)) => (StatusCode::BAD_REQUEST, "BadRequest", text),
            Refused::Deed(RegistryError::NotFound(text)) => (StatusCode::NOT_FOUND, "ResourceNotFound", text),
            Refused::Deed(RegistryError::Store(error @ StoreError::Unavailable(_))) => {
                tracing::error!(%error, request.id = id, "a deed of the admin API failed");
                retry_after = Some(store::RETRY);
                (
                    StatusCode::SERVICE_UNAVAILABLE,
                    "ServiceNotAvailable",
                    "What is kept can't be reached now; try again.".to_owned(),
                )
            }
            Refused::Deed(error @ (RegistryError::NoRandom | RegistryError::Store(_))) => {
                tracing::error!(%error, request.id = id, "a deed of the admin API failed");
                (StatusCode::INTERNAL_SERVER_ERROR, "InternalServerError", "The server failed. Its log says why.".to_owned())
            }
        };
        tracing::info!(code, status = status.as_u16(), request.id = id, "a request to the admin API was refused");
        let body = json!({"error": {"code": code, "message": message, "innerError": {
            "date": ids.date, "request-id": id, "client-request-id": ids.client,
        }}});
        let mut response = (status, Json(body)).into_response();
        if let Some(seconds) = retry_after {
            response.headers_mut().insert(header::RETRY_AFTER, seconds.into());
        }
        if status == StatusCode::UNAUTHORIZED {
            response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static(CHALLENGE));
        }
        response
    }
}
