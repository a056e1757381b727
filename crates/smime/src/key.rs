//! A private key with the certificate that says whose it is.

use crate::certificate::Certificate;
use crate::error::SmimeError;
use openssl::pkcs12::Pkcs12;
use openssl::pkey::{Id, PKey, Private};
use openssl::provider::Provider;
use openssl::x509::X509;
use std::fmt;
use std::sync::OnceLock;

/// Somebody's private key, certificate, and the certificates of who vouches for it. Shows nothing of the key.
#[derive(Clone)]
pub struct Key {
    pub(crate) key: PKey<Private>,
    pub(crate) certificate: Certificate,
    pub(crate) chain: Vec<X509>,
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Key({})", self.certificate.subject())
    }
}

impl Key {
    /// Reads a PKCS#12 (RFC 7292). Those with ciphers of the last century, as Windows still writes them, are read too.
    ///
    /// # Errors
    /// [`SmimeError::Key`]: no PKCS#12, the wrong passphrase, no key with its certificate within.
    pub fn from_pkcs12(der: &[u8], passphrase: &str) -> Result<Key, SmimeError> {
        with_old_ciphers();
        let refused = |what: &str| SmimeError::Key(what.to_owned());
        let pem = std::str::from_utf8(der).ok().filter(|text| text.contains("-----BEGIN PKCS12-----"));
        let unarmoured = pem.map(unarmoured);
        let file =
            Pkcs12::from_der(unarmoured.as_deref().unwrap_or(der)).map_err(|_| refused("these octets are not a PKCS#12"))?;
        let parsed = file.parse2(passphrase).map_err(|_| refused("the passphrase doesn't open the PKCS#12"))?;
        let chain = parsed.ca.into_iter().flatten().collect();
        match (parsed.pkey, parsed.cert) {
            (Some(key), Some(certificate)) => Key::new(key, certificate, chain),
            _ => Err(refused("the PKCS#12 has no private key with a certificate")),
        }
    }

    /// Reads a certificate, with those of who vouches for it behind it, and its private key; both in PEM.
    ///
    /// # Errors
    /// [`SmimeError::Key`]: either can't be read, the passphrase is missing or wrong, they don't belong together.
    pub fn from_pem(certificates: &[u8], key: &[u8], passphrase: &str) -> Result<Key, SmimeError> {
        with_old_ciphers();
        let mut certificates = Certificate::read(certificates)?.into_iter().map(|one| one.0);
        let key = PKey::private_key_from_pem_passphrase(key, passphrase.as_bytes())
            .map_err(|_| SmimeError::Key("the private key can't be read: no PEM, or not with this passphrase".to_owned()))?;
        let certificate = certificates.next().ok_or_else(|| SmimeError::Key("there is no certificate".to_owned()))?;
        Key::new(key, certificate, certificates.collect())
    }

    fn new(key: PKey<Private>, certificate: X509, chain: Vec<X509>) -> Result<Key, SmimeError> {
        let public = certificate.public_key()?;
        if !public.public_eq(&key) {
            return Err(SmimeError::Key("the private key is not the certificate's".to_owned()));
        }
        Ok(Key { key, certificate: Certificate(certificate), chain })
    }

    /// Key, certificate and chain as a PKCS#12 under a passphrase.
    ///
    /// # Errors
    /// [`SmimeError::Library`].
    pub fn to_pkcs12(&self, passphrase: &str) -> Result<Vec<u8>, SmimeError> {
        let mut chain = openssl::stack::Stack::new()?;
        for one in &self.chain {
            chain.push(one.clone())?;
        }
        let file = Pkcs12::builder().pkey(&self.key).cert(&self.certificate.0).ca(chain).build2(passphrase)?;
        Ok(file.to_der()?)
    }

    /// Whose key it is.
    pub fn certificate(&self) -> &Certificate {
        &self.certificate
    }

    pub(crate) fn is_rsa(&self) -> bool {
        self.key.id() == Id::RSA
    }
}

/// RC2 and its kind are the library's legacy provider; loading that one by hand unloads the default one, so both are.
fn with_old_ciphers() {
    static PROVIDERS: OnceLock<(Option<Provider>, Option<Provider>)> = OnceLock::new();
    PROVIDERS.get_or_init(|| (Provider::load(None, "default").ok(), Provider::load(None, "legacy").ok()));
}

fn unarmoured(pem: &str) -> Vec<u8> {
    let lines = pem.lines().skip_while(|line| !line.starts_with("-----BEGIN")).skip(1);
    let text: String = lines.take_while(|line| !line.starts_with("-----END")).collect();
    mime::decode_base64(text.trim().as_bytes()).unwrap_or_default()
}
