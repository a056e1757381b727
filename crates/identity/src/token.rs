//! Access tokens: JWTs (RFC 7519) signed with RS256, with the claims that Graph apps look for.

use crate::error::{AuthError, KeyError};
use crate::{ClientApp, Keys};
use encodify::base64::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use store::{Digest, Person};

/// The resource that tokens are for: whatever address this server has, apps ask for Graph.
const AUDIENCE: &str = "https://graph.microsoft.com";
/// The same resource by its app id; some libraries ask for that.
const AUDIENCE_ID: &str = "00000003-0000-0000-c000-000000000000";

/// What a token says. Names are those of Microsoft's v1.0 access tokens.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Claims {
    aud: String,
    iss: String,
    iat: i64,
    pub(crate) nbf: i64,
    pub(crate) exp: i64,
    #[serde(default)]
    app_displayname: String,
    pub(crate) appid: String,
    #[serde(default)]
    azp: String,
    #[serde(default)]
    idtyp: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    pub(crate) oid: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    preferred_username: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) roles: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) scp: Option<String>,
    sub: String,
    tid: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    unique_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    upn: Option<String>,
    #[serde(default)]
    ver: String,
}

impl Claims {
    pub(crate) fn of_person(person: &Person, app: &ClientApp, tenant: &str, scopes: &str, from: i64, seconds: i64) -> Claims {
        let mut claims = Claims::of_app(app, tenant, &[], from, seconds);
        claims.roles = None;
        claims.idtyp = "user".to_owned();
        claims.oid = person.id.to_string();
        claims.sub.clone_from(&claims.oid);
        claims.scp = Some(scopes.to_owned());
        claims.name = Some(person.display_name.clone());
        claims.upn = Some(person.user_principal_name.clone());
        claims.unique_name.clone_from(&claims.upn);
        claims.preferred_username.clone_from(&claims.upn);
        claims
    }

    pub(crate) fn of_app(app: &ClientApp, tenant: &str, roles: &[&str], from: i64, seconds: i64) -> Claims {
        Claims {
            aud: AUDIENCE.to_owned(),
            iss: issuer(tenant),
            iat: from,
            nbf: from,
            exp: from + seconds,
            app_displayname: app.registered.display_name.clone(),
            appid: app.client_id().to_owned(),
            azp: app.client_id().to_owned(),
            idtyp: "app".to_owned(),
            name: None,
            oid: app.client_id().to_owned(),
            preferred_username: None,
            roles: Some(roles.iter().map(|&role| role.to_owned()).collect()),
            scp: None,
            sub: app.client_id().to_owned(),
            tid: tenant.to_owned(),
            unique_name: None,
            upn: None,
            ver: "1.0".to_owned(),
        }
    }
}

/// What an ID token says (OpenID Connect Core §2), with the claims of Microsoft's v2.0 ID tokens.
#[derive(Debug, Serialize)]
pub(crate) struct IdClaims {
    pub(crate) aud: String,
    pub(crate) iss: String,
    pub(crate) iat: i64,
    pub(crate) nbf: i64,
    pub(crate) exp: i64,
    pub(crate) name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) nonce: Option<String>,
    pub(crate) oid: String,
    pub(crate) preferred_username: String,
    pub(crate) sub: String,
    pub(crate) tid: String,
    pub(crate) ver: &'static str,
}

/// Signs and reads tokens.
pub(crate) struct Issuer {
    signing: EncodingKey,
    public: DecodingKey,
    tenant: String,
    /// The public key (RFC 7517).
    jwk: Value,
    kid: String,
}

impl Issuer {
    pub(crate) fn new(keys: &Keys, tenant: &str) -> Result<Issuer, KeyError> {
        let signing = EncodingKey::from_rsa_pem(&keys.signing_pem).map_err(|error| KeyError::Crypto(error.to_string()))?;
        let public = DecodingKey::from_rsa_raw_components(&keys.modulus, &keys.exponent);
        let (e, n) = (URL_SAFE_NO_PAD.encode(&keys.exponent), URL_SAFE_NO_PAD.encode(&keys.modulus));
        // The key's own name, the same wherever it is computed (RFC 7638 §3).
        let kid = URL_SAFE_NO_PAD.encode(Digest::of(format!(r#"{{"e":"{e}","kty":"RSA","n":"{n}"}}"#).as_bytes()).0);
        let jwk = json!({"kty": "RSA", "use": "sig", "alg": "RS256", "kid": kid, "n": n, "e": e});
        Ok(Issuer { signing, public, tenant: tenant.to_owned(), jwk, kid })
    }

    pub(crate) fn issue(&self, claims: &impl Serialize) -> Result<String, KeyError> {
        let header = Header { kid: Some(self.kid.clone()), ..Header::new(Algorithm::RS256) };
        jsonwebtoken::encode(&header, claims, &self.signing).map_err(|error| KeyError::Crypto(error.to_string()))
    }

    /// The keys by which others can check what is issued here.
    pub(crate) fn key_set(&self) -> Value {
        json!({"keys": [self.jwk]})
    }

    /// The claims of a token that was signed here, for this tenant and for mail. Its times are the caller's to check.
    pub(crate) fn read(&self, token: &str) -> Result<Claims, AuthError> {
        let mut validation = Validation::new(Algorithm::RS256);
        validation.validate_exp = false; // by the clock that was passed in, in Identity::prove
        validation.set_audience(&[AUDIENCE, &format!("{AUDIENCE}/"), AUDIENCE_ID]);
        validation.set_issuer(&[issuer(&self.tenant)]);
        let read = jsonwebtoken::decode::<Claims>(token, &self.public, &validation).map_err(|error| match error.kind() {
            jsonwebtoken::errors::ErrorKind::InvalidAudience => AuthError::WrongAudience,
            _ => AuthError::Invalid,
        })?;
        if read.claims.tid == self.tenant { Ok(read.claims) } else { Err(AuthError::Invalid) }
    }
}

/// The `iss` of access tokens, by tenant: an address would change with the port that a development server gets.
pub(crate) fn issuer(tenant: &str) -> String {
    format!("https://sts.windows.net/{tenant}/")
}
