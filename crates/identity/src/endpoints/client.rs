//! Which app asks, and whether it is that app (RFC 6749 §2.3).

use super::SignIn;
use super::asked::Asked;
use crate::ClientApp;
use crate::error::OAuthError;
use crate::grants::Claimant;
use crate::guesses::Target;
use axum::http::{HeaderMap, header};
use encodify::base64::STANDARD;
use percent_encoding::percent_decode_str;

/// RFC 7523 §2.2.
const JWT_BEARER: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
/// Where tokens are asked for, which is whom an assertion speaks to.
const TOKEN_PATHS: [&str; 3] = ["oauth2/v2.0/token", "oauth2/token", "v2.0"];

/// An app that asks.
pub(super) struct Client {
    pub(super) app: ClientApp,
    /// Whether it proved itself.
    pub(super) is_confidential: bool,
}

/// What an app shows to prove itself.
#[derive(Debug, Clone, Copy)]
enum Proof<'p> {
    Assertion(&'p str),
    Secret(&'p str),
}

impl Client {
    /// Demands that the app proved itself.
    ///
    /// # Errors
    /// [`OAuthError::CredentialMissing`].
    pub(super) fn demand_proof(&self) -> Result<(), OAuthError> {
        if self.is_confidential { Ok(()) } else { Err(OAuthError::CredentialMissing) }
    }

    /// Who it is to the store.
    pub(super) fn claimant(&self) -> Claimant {
        Claimant { client_id: self.app.client_id().to_owned(), is_confidential: self.is_confidential }
    }
}

impl SignIn {
    /// The app with this id.
    ///
    /// # Errors
    /// [`OAuthError::AppNotFound`], [`OAuthError::AppDisabled`], [`OAuthError::ServerError`].
    pub(super) async fn app(&self, client_id: &str) -> Result<ClientApp, OAuthError> {
        self.grants.app(client_id).await
    }

    /// The app that asks for tokens. Whoever shows a secret or an assertion must show the right one.
    ///
    /// # Errors
    /// [`OAuthError`]: what it shows is wrong, or it shows nothing and must.
    pub(super) async fn client(&self, asked: &Asked) -> Result<Client, OAuthError> {
        let basic = basic(&asked.headers);
        let id = basic.as_ref().map(|(id, _)| id.as_str()).or(asked.form.get("client_id"));
        let app = self.app(id.ok_or(OAuthError::Missing("client_id"))?).await?;
        let secret = basic.as_ref().map(|(_, secret)| secret.as_str()).or(asked.form.get("client_secret"));
        let is_confidential = match (secret, asked.form.get("client_assertion")) {
            (Some(_), Some(_)) => return Err(OAuthError::Invalid("The app must prove itself in one way.")), // RFC 6749 §2.3
            (Some(secret), None) => self.check_proof(asked, &app, Proof::Secret(secret))?,
            (None, Some(assertion)) => self.check_proof(asked, &app, Proof::Assertion(assertion))?,
            (None, None) if app.registered.is_public_client => false,
            (None, None) => return Err(OAuthError::NotPublic),
        };
        Ok(Client { app, is_confidential })
    }

    /// Says that it is true, or why not. Only so many may be wrong.
    fn check_proof(&self, asked: &Asked, app: &ClientApp, proof: Proof<'_>) -> Result<bool, OAuthError> {
        let target = Target::App(app.client_id());
        let attempt = self.guesses.begin(target, asked.source, self.clock.now()).map_err(OAuthError::Guessing)?;
        match proof {
            Proof::Assertion(assertion) => self.check_assertion(asked, app, assertion)?,
            Proof::Secret(secret) if app.has_secret(secret, self.clock.now()) => {}
            Proof::Secret(_) => return Err(OAuthError::SecretInvalid),
        }
        attempt.right();
        Ok(true)
    }

    fn check_assertion(&self, asked: &Asked, app: &ClientApp, assertion: &str) -> Result<(), OAuthError> {
        if asked.form.required("client_assertion_type")? != JWT_BEARER {
            return Err(OAuthError::Invalid("The client_assertion_type is none that is taken here."));
        }
        let audiences: Vec<String> =
            self.tenant_names().flat_map(|tenant| TOKEN_PATHS.map(|path| format!("{}/{tenant}/{path}", asked.origin))).collect();
        if app.has_signed(assertion, &audiences, self.clock.now()) { Ok(()) } else { Err(OAuthError::AssertionInvalid) }
    }
}

/// Client id and secret from Basic authentication, each encoded as in a form (RFC 6749 §2.3.1).
fn basic(headers: &HeaderMap) -> Option<(String, String)> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, credentials) = value.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("Basic") {
        return None;
    }
    let text = String::from_utf8(STANDARD.decode(credentials.trim()).ok()?).ok()?;
    let (id, secret) = text.split_once(':')?;
    let decoded = |text: &str| Some(percent_decode_str(&text.replace('+', " ")).decode_utf8().ok()?.into_owned());
    Some((decoded(id)?, decoded(secret)?))
}
