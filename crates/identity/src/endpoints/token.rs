//! The token endpoint (RFC 6749 §3.2): one grant after the other.

use super::SignIn;
use super::asked::{Asked, Parameters};
use super::client::Client;
use crate::ClientApp;
use crate::devices::Undecided;
use crate::error::{KeyError, OAuthError};
use crate::granted::{Granted, asks_for_default};
use crate::grants::{CodeProof, Redeemed, grant};
use crate::guesses::Target;
use crate::token::IdClaims;
use aws_lc_rs::constant_time::verify_slices_are_equal;
use axum::Json;
use axum::extract::{Request, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use encodify::base64::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use std::sync::Arc;
use store::{MailboxId, Person};

/// Life of a token in seconds, as Microsoft's have it.
const LIFE: i64 = 3599;
const DEVICE_CODE: &str = "urn:ietf:params:oauth:grant-type:device_code";

/// Which of Microsoft's two endpoints was asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Version {
    /// It asks for a resource, and its numbers are texts.
    V1,
    /// It asks for scopes.
    V2,
}

/// `POST /{tenant}/oauth2/v2.0/token`
pub(super) async fn token(State(sign_in): State<Arc<SignIn>>, request: Request) -> Response {
    answer(&sign_in, request, Version::V2).await
}

/// `POST /{tenant}/oauth2/token`
pub(super) async fn token_v1(State(sign_in): State<Arc<SignIn>>, request: Request) -> Response {
    answer(&sign_in, request, Version::V1).await
}

async fn answer(sign_in: &SignIn, request: Request, version: Version) -> Response {
    let granted = match Asked::read(sign_in, request).await {
        Ok(asked) => grant_tokens(sign_in, &asked, version).await,
        Err(error) => Err(error),
    };
    match granted {
        Ok(body) => ([(header::CACHE_CONTROL, "no-store")], Json(body)).into_response(),
        Err(error) => sign_in.refusal(error).into_response(),
    }
}

async fn grant_tokens(sign_in: &SignIn, asked: &Asked, version: Version) -> Result<Value, OAuthError> {
    let form = &asked.form;
    let grant_type = form.required("grant_type")?;
    let client = sign_in.client(asked).await?;
    let grants = &sign_in.grants;
    let redeemed = match grant_type {
        "client_credentials" => return app_tokens(sign_in, &client, form, version),
        "authorization_code" => grants.redeem_code(code_proof(form)?, client.claimant()).await?,
        "refresh_token" => {
            let scope = form.get("scope").map(str::to_owned);
            grants.refresh(form.required("refresh_token")?, scope, client.claimant()).await?
        }
        "password" => {
            let person = with_password(sign_in, asked).await?;
            let granted = Granted::of(&scope(form, version)?, &client.app.registered)?;
            grants.begin(grant(person.id, client.app.client_id(), &granted), client.claimant()).await?
        }
        // `device_code` is how Microsoft's first libraries wrote it.
        DEVICE_CODE | "device_code" => {
            let code = form.get("device_code").or(form.get("code")).ok_or(OAuthError::Missing("device_code"))?;
            grants.redeem_device_code(code, client.claimant(), sign_in.undecided()).await?
        }
        _ => return Err(OAuthError::UnsupportedGrantType),
    };
    person_tokens(sign_in, asked, &client.app, redeemed, version).map_err(|error| unsigned(&error))
}

/// What an app gets for itself (RFC 6749 §4.4): what it was given before, whatever resource's name stands in front.
fn app_tokens(sign_in: &SignIn, client: &Client, form: &Parameters, version: Version) -> Result<Value, OAuthError> {
    client.demand_proof()?;
    if !asks_for_default(&scope(form, version)?) {
        return Err(OAuthError::ScopeNotDefault);
    }
    let roles: Vec<&str> = client.app.registered.application_permissions.split_whitespace().collect();
    let token = sign_in.identity.app_token(&client.app, &roles, LIFE).map_err(|error| unsigned(&error))?;
    // Exactly these members: a client is known that dies of a fifth one.
    let body = json!({"token_type": "Bearer", "expires_in": LIFE, "ext_expires_in": LIFE, "access_token": token});
    Ok(in_version(sign_in, body, form, version))
}

/// What an app gets for a person (RFC 6749 §5.1, OpenID Connect Core §3.1.3.3).
fn person_tokens(
    sign_in: &SignIn,
    asked: &Asked,
    app: &ClientApp,
    redeemed: Redeemed,
    version: Version,
) -> Result<Value, KeyError> {
    let Redeemed { person, granted, nonce, refresh_token } = redeemed;
    let token = sign_in.identity.access_token(&person, app, &granted.scp(), LIFE)?;
    let mut body = json!({
        "token_type": "Bearer",
        "scope": granted.as_str(),
        "expires_in": LIFE,
        "ext_expires_in": LIFE,
        "access_token": token,
    });
    let tenant = sign_in.identity.tenant();
    let is_open_id = granted.has("openid");
    if let Some(refresh_token) = refresh_token {
        body["refresh_token"] = refresh_token.into();
    }
    if is_open_id {
        body["id_token"] = sign_in.identity.id_token(&id_claims(sign_in, asked, app, &person, nonce))?.into();
    }
    if is_open_id || asked.form.get("client_info") == Some("1") {
        let client_info = json!({"uid": person.id.to_string(), "utid": tenant});
        body["client_info"] = URL_SAFE_NO_PAD.encode(client_info.to_string()).into();
    }
    Ok(in_version(sign_in, body, &asked.form, version))
}

fn id_claims(sign_in: &SignIn, asked: &Asked, app: &ClientApp, person: &Person, nonce: Option<String>) -> IdClaims {
    let now = sign_in.clock.now().seconds();
    let id = person.id.to_string();
    IdClaims {
        aud: app.client_id().to_owned(),
        iss: asked.issuer(sign_in),
        iat: now,
        nbf: now,
        exp: now + LIFE,
        name: person.display_name.clone(),
        nonce,
        oid: id.clone(),
        preferred_username: person.user_principal_name.clone(),
        sub: id,
        tid: sign_in.identity.tenant().to_owned(),
        ver: "2.0",
    }
}

/// Turns an answer into the older endpoint's: numbers as texts, and the resource that was asked for.
fn in_version(sign_in: &SignIn, mut body: Value, form: &Parameters, version: Version) -> Value {
    if version == Version::V1 {
        let now = sign_in.clock.now().seconds();
        body["expires_in"] = LIFE.to_string().into();
        body["ext_expires_in"] = LIFE.to_string().into();
        body["expires_on"] = (now + LIFE).to_string().into();
        body["not_before"] = now.to_string().into();
        body["resource"] = form.get("resource").unwrap_or_default().into();
    }
    body
}

/// The scopes that are asked for. The older endpoint's resource stands for all that its app was given, and for a refresh
/// token, which it always gives.
fn scope(form: &Parameters, version: Version) -> Result<String, OAuthError> {
    match (version, form.get("resource"), form.get("scope")) {
        (Version::V1, Some(resource), _) => {
            Ok(format!("openid profile offline_access {}/.default", resource.trim_end_matches('/')))
        }
        (_, _, Some(scope)) => Ok(scope.to_owned()),
        (Version::V1, None, None) => Err(OAuthError::Missing("resource")),
        (Version::V2, _, None) => Err(OAuthError::Missing("scope")),
    }
}

fn code_proof(form: &Parameters) -> Result<CodeProof, OAuthError> {
    Ok(CodeProof {
        code: form.required("code")?.to_owned(),
        code_verifier: form.get("code_verifier").map(str::to_owned),
        redirect_uri: form.required("redirect_uri")?.to_owned(),
    })
}

/// The person of development mode who has this name and password (RFC 6749 §4.3). Outside it a password is shown
/// to this server's own page alone: an app that sees it could keep it (RFC 9700 §2.4).
async fn with_password(sign_in: &SignIn, asked: &Asked) -> Result<Person, OAuthError> {
    let (name, password) = (asked.form.required("username")?, asked.form.required("password")?);
    let people = sign_in.development.as_ref().ok_or(OAuthError::UnsupportedGrantType)?;
    let target = Target::Person(name);
    let attempt = sign_in.guesses.begin(target, asked.source, sign_in.clock.now()).map_err(OAuthError::Guessing)?;
    let named = sign_in.grants.person(name).await?.ok_or(OAuthError::PasswordInvalid)?;
    let known = people.iter().find(|one| one.person.id == named.id).ok_or(OAuthError::PasswordInvalid)?;
    verify_slices_are_equal(known.password.as_bytes(), password.as_bytes()).map_err(|_| OAuthError::PasswordInvalid)?;
    attempt.right();
    Ok(named)
}

impl SignIn {
    /// What a device is told where nobody has decided: in development mode its first question is answered as if the first
    /// person had agreed.
    fn undecided(&self) -> Undecided {
        let first: Option<MailboxId> = self.development.as_ref().and_then(|people| people.first()).map(|one| one.person.id);
        first.map_or(Undecided::Pending, Undecided::Granted)
    }
}

fn unsigned(error: &KeyError) -> OAuthError {
    tracing::error!(%error, "no token could be signed");
    OAuthError::ServerError
}
