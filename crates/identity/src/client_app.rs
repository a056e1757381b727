//! Apps that may ask for tokens: their registration, and how they prove who they are (RFC 6749 §2.3, RFC 7523 §2.2).

use aws_lc_rs::constant_time::verify_slices_are_equal;
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use serde::Deserialize;
use store::{Application, Credentials, Digest, KeyCredential, PasswordCredential, ReadTx, StoreError, Timestamp};
use url::Url;

/// Seconds by which an app's clock may be wrong.
const SKEW: i64 = 300;

/// How a registration writes [`RedirectUri::AnyLoopback`].
const ANY_LOOPBACK: &str = "http://localhost:*/*";

/// An app that is known here, and how it proves itself.
#[derive(Debug, Clone)]
pub struct ClientApp {
    /// What is registered of it.
    pub registered: Application,
    passwords: Vec<PasswordCredential>,
    keys: Vec<KeyCredential>,
    redirect_uris: Vec<RedirectUri>,
}

/// Where codes may be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RedirectUri {
    /// Any port and path of this machine, over http: for development alone.
    AnyLoopback,
    /// This one, as it stands. One of this machine over http may have any port (RFC 8252 §7.3).
    Exact(String),
}

impl ClientApp {
    /// The app that is registered so.
    pub fn new(registered: Application, credentials: Credentials) -> ClientApp {
        let Credentials { passwords, keys, redirect_uris } = credentials;
        let redirect_uris = redirect_uris.into_iter().map(RedirectUri::from).collect();
        ClientApp { registered, passwords, keys, redirect_uris }
    }

    /// The app with this client id.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn load(tx: &ReadTx<'_>, client_id: &str) -> Result<Option<ClientApp>, StoreError> {
        let Some(registered) = tx.application(client_id)? else { return Ok(None) };
        let credentials = tx.credentials(&registered.client_id)?;
        Ok(Some(ClientApp::new(registered, credentials)))
    }

    /// Its client id.
    pub fn client_id(&self) -> &str {
        &self.registered.client_id
    }

    /// Whether this is one of its secrets. A secret is 192 random bits and more, so one digest keeps it; comparing takes the
    /// same time for any.
    pub(crate) fn has_secret(&self, client_secret: &str, now: Timestamp) -> bool {
        let digest = Digest::of(client_secret.as_bytes());
        let is = |kept: &&PasswordCredential| verify_slices_are_equal(&kept.digest.0, &digest.0).is_ok();
        self.passwords.iter().filter(is).any(|kept| is_good(kept.end_date_time, now))
    }

    /// Whether an assertion says, in this app's name, to one of the addresses in `audiences`, that it is this app.
    ///
    /// An assertion may come again while it is good: libraries keep theirs, and RFC 7523 §3 leaves a check to the server.
    pub(crate) fn has_signed(&self, assertion: &str, audiences: &[String], now: Timestamp) -> bool {
        let Ok(header) = jsonwebtoken::decode_header(assertion) else { return false };
        if !matches!(header.alg, Algorithm::PS256 | Algorithm::RS256) {
            return false;
        }
        let mut validation = Validation::new(header.alg);
        validation.validate_exp = false; // by the clock that is passed in
        validation.set_required_spec_claims(&["aud", "exp", "iss", "sub"]);
        validation.set_audience(audiences);
        self.keys.iter().filter(|key| is_good(key.end_date_time, now)).any(|key| {
            let key = DecodingKey::from_rsa_der(&key.public_key);
            jsonwebtoken::decode::<Assertion>(assertion, &key, &validation).is_ok_and(|read| read.claims.names(self, now))
        })
    }

    /// Whether codes may be sent there.
    pub(crate) fn has_redirect_uri(&self, asked: &str) -> bool {
        self.redirect_uris.iter().any(|registered| registered.takes(asked))
    }
}

fn is_good(end_date_time: Option<Timestamp>, now: Timestamp) -> bool {
    end_date_time.is_none_or(|end| now < end)
}

impl From<String> for RedirectUri {
    fn from(text: String) -> RedirectUri {
        if text == ANY_LOOPBACK { RedirectUri::AnyLoopback } else { RedirectUri::Exact(text) }
    }
}

impl From<RedirectUri> for String {
    fn from(uri: RedirectUri) -> String {
        match uri {
            RedirectUri::AnyLoopback => ANY_LOOPBACK.to_owned(),
            RedirectUri::Exact(text) => text,
        }
    }
}

impl RedirectUri {
    /// Whether a code may go there where this is registered.
    pub(crate) fn takes(&self, asked: &str) -> bool {
        // The parser passes over white space and takes `\` for `/`; what was asked is what is sent, so neither may stand there.
        if asked.bytes().any(|octet| !octet.is_ascii_graphic() || octet == b'\\') || asked.contains('#') {
            return false;
        }
        match self {
            RedirectUri::AnyLoopback => Url::parse(asked).is_ok_and(|url| is_loopback(&url)),
            RedirectUri::Exact(registered) if registered == asked => true,
            RedirectUri::Exact(registered) => match (Url::parse(registered), Url::parse(asked)) {
                (Ok(ours), Ok(theirs)) if is_loopback(&ours) && is_loopback(&theirs) => {
                    without_port(ours) == without_port(theirs)
                }
                _ => false,
            },
        }
    }
}

/// Whether this is an address of this machine over http (RFC 8252 §7.3).
pub(crate) fn is_loopback(url: &Url) -> bool {
    url.scheme() == "http"
        && matches!(url.host_str(), Some("localhost" | "127.0.0.1" | "[::1]"))
        && url.username().is_empty()
        && url.password().is_none()
}

fn without_port(mut url: Url) -> Option<Url> {
    url.set_port(None).ok()?;
    Some(url)
}

/// What an app says of itself (RFC 7523 §3). Seconds may have fractions (RFC 7519 §2), and in a library that is in use they do.
#[derive(Deserialize)]
struct Assertion {
    exp: f64,
    iss: String,
    #[serde(default)]
    nbf: f64,
    sub: String,
}

impl Assertion {
    fn names(&self, app: &ClientApp, now: Timestamp) -> bool {
        let is_app = |name: &str| name.eq_ignore_ascii_case(app.client_id());
        let seconds = |from_now: i64| (now.seconds() + from_now) as f64; // exact for the next hundred million years
        is_app(&self.iss) && is_app(&self.sub) && self.exp > seconds(-SKEW) && self.nbf <= seconds(SKEW)
    }
}

#[cfg(test)]
pub(crate) mod tests;
