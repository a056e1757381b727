//! DKIM (RFC 6376, 8463): what leaves is signed in the name of its author's domain. The signature stands before the message,
//! and is of the octets that the wire has.

use crate::wire::form::{Needs, in_lines};
use bytes::Bytes;
use mail_auth::crypto::{Ed25519Key, RsaKey, Sha256};
use mail_auth::dkim::{Canonicalization, DkimSigner};
use mail_auth::headers::HeaderWriter;
use mail_auth::signer::Ready;
use rustls::pki_types::PrivateKeyDer;
use rustls::pki_types::pem::PemObject;
use std::fmt;
use std::sync::Arc;

/// What is signed (RFC 6376 §5.4.1), whether it is there or not: nobody can put a second author, subject or date before it.
const SIGNED: [&str; 16] = [
    "From",
    "From",
    "Sender",
    "Reply-To",
    "Subject",
    "Subject",
    "Date",
    "Date",
    "Message-ID",
    "To",
    "To",
    "Cc",
    "Cc",
    "In-Reply-To",
    "References",
    "MIME-Version",
];
/// And what says how the body is to be read.
const SIGNED_OF_BODY: [&str; 3] = ["Content-Type", "Content-Type", "Content-Transfer-Encoding"];

/// Signs in the name of domains.
#[derive(Clone, Default)]
pub struct Signers {
    keys: Arc<Vec<DkimKey>>,
}

/// A key and what it is published as.
pub struct DkimKey {
    domain: String,
    selector: String,
    signer: Signer,
}

enum Signer {
    Rsa(DkimSigner<RsaKey<Sha256>, Ready>),
    Ed25519(DkimSigner<Ed25519Key, Ready>),
}

/// Why a key can't be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct DkimKeyError(String);

impl DkimKey {
    /// A key in PEM, published at `selector._domainkey.domain`.
    ///
    /// # Errors
    /// [`DkimKeyError`] where it is neither RSA nor Ed25519.
    pub fn from_pem(domain: &str, selector: &str, pem: &[u8]) -> Result<DkimKey, DkimKeyError> {
        let none = |cause: &dyn fmt::Display| DkimKeyError(format!("it holds no private key in PEM: {cause}"));
        let key = PrivateKeyDer::from_pem_slice(pem).map_err(|error| none(&error))?;
        let ed25519 = match &key {
            PrivateKeyDer::Pkcs8(der) => Ed25519Key::from_pkcs8_maybe_unchecked_der(der.secret_pkcs8_der()).ok(),
            _ => None,
        };
        let signer = match ed25519 {
            Some(key) => Signer::Ed25519(signer(key, domain, selector)),
            None => {
                let key = RsaKey::<Sha256>::from_key_der(key);
                let key = key.map_err(|error| DkimKeyError(format!("it is neither RSA nor Ed25519: {error}")))?;
                Signer::Rsa(signer(key, domain, selector))
            }
        };
        Ok(DkimKey { domain: domain.to_lowercase(), selector: selector.to_owned(), signer })
    }
}

fn signer<K: mail_auth::crypto::SigningKey>(key: K, domain: &str, selector: &str) -> DkimSigner<K, Ready> {
    DkimSigner::from_key(key)
        .domain(domain)
        .selector(selector)
        .headers(SIGNED.iter().chain(&SIGNED_OF_BODY).map(|name| (*name).to_owned()))
        .header_canonicalization(Canonicalization::Relaxed)
        // Servers on the way may change white space at the ends of lines and of the message.
        .body_canonicalization(Canonicalization::Relaxed)
}

impl Signers {
    /// With these keys.
    pub fn new(keys: Vec<DkimKey>) -> Signers {
        Signers { keys: Arc::new(keys) }
    }

    /// The fields that stand before a message of an author's, each with its CR LF; none where no key is his domain's.
    pub(super) fn sign(&self, author: Option<&str>, pieces: &[Bytes], needs: Needs) -> String {
        let own = self.keys.iter().filter(|key| author.is_some_and(|domain| domain == key.domain));
        own.map(|key| match key.signature(pieces, needs) {
            Ok(field) => field,
            Err(error) => {
                tracing::error!(%error, key.domain, key.selector, "a message could not be signed; it goes without a signature");
                String::new()
            }
        })
        .collect()
    }
}

impl DkimKey {
    fn signature(&self, pieces: &[Bytes], needs: Needs) -> Result<String, mail_auth::Error> {
        let lines = in_lines(pieces.to_vec(), needs);
        let signature = match &self.signer {
            Signer::Rsa(signer) => {
                let mut stream = signer.sign_streaming();
                lines.for_each(|chunk| stream.write(&chunk));
                stream.finish()?
            }
            Signer::Ed25519(signer) => {
                let mut stream = signer.sign_streaming();
                lines.for_each(|chunk| stream.write(&chunk));
                stream.finish()?
            }
        };
        Ok(signature.to_header())
    }
}

impl fmt::Debug for Signers {
    /// No key is ever written.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.keys.iter().map(|key| format!("{}._domainkey.{}", key.selector, key.domain))).finish()
    }
}
