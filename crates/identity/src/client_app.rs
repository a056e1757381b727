//! Apps that may ask for tokens: their registration, and how they prove who they are (RFC 6749 §2.3, RFC 7523 §2.2).

use aws_lc_rs::constant_time::verify_slices_are_equal;
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use serde::Deserialize;
use store::Timestamp;
use url::Url;

/// Seconds by which an app's clock may be wrong.
const SKEW: i64 = 300;

/// An app that is known here. It may use every grant and has every mail permission for all mailboxes.
#[derive(Clone)]
pub struct ClientApp {
    /// Its client id: a GUID.
    pub client_id: String,
    /// Its secret.
    pub client_secret: String,
    /// Name for show.
    pub display_name: String,
    /// Whether people may sign in through it where it can't prove itself: on a phone, in a shell.
    pub is_public_client: bool,
    /// The RSA keys by which it may prove itself: each an `RSAPublicKey` in DER (RFC 8017 §A.1.1).
    pub key_credentials: Vec<Vec<u8>>,
    /// Where codes may be sent.
    pub redirect_uris: Vec<RedirectUri>,
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
    /// Whether this is its id.
    pub(crate) fn is(&self, client_id: &str) -> bool {
        self.client_id.eq_ignore_ascii_case(client_id)
    }

    /// Whether the secret is this app's; takes the same time for any secret of the right length.
    pub(crate) fn has_secret(&self, client_secret: &str) -> bool {
        verify_slices_are_equal(self.client_secret.as_bytes(), client_secret.as_bytes()).is_ok()
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
        self.key_credentials.iter().any(|key| {
            let key = DecodingKey::from_rsa_der(key);
            jsonwebtoken::decode::<Assertion>(assertion, &key, &validation).is_ok_and(|read| read.claims.names(self, now))
        })
    }

    /// Whether codes may be sent there.
    pub(crate) fn has_redirect_uri(&self, asked: &str) -> bool {
        // The parser passes over white space and takes `\` for `/`; what was asked is what is sent, so neither may stand there.
        if asked.bytes().any(|octet| !octet.is_ascii_graphic() || octet == b'\\') || asked.contains('#') {
            return false;
        }
        self.redirect_uris.iter().any(|registered| registered.takes(asked))
    }
}

impl RedirectUri {
    fn takes(&self, asked: &str) -> bool {
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

fn is_loopback(url: &Url) -> bool {
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
        let seconds = |from_now: i64| (now.seconds() + from_now) as f64; // exact for the next hundred million years
        app.is(&self.iss) && app.is(&self.sub) && self.exp > seconds(-SKEW) && self.nbf <= seconds(SKEW)
    }
}

#[cfg(test)]
mod tests;
