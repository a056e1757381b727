//! How apps prove themselves: secrets, of which only a digest is kept, and the keys of certificates.

use super::names::invalid;
use super::told::{MadeSecret, RegisteredApp, RegisteredKey};
use super::{Registry, RegistryError, guid};
use crate::secret;
use encodify::base64::URL_SAFE_NO_PAD;
use serde::Deserialize;
use store::{Digest, KeyCredential, PasswordCredential, Timestamp, WriteTx};
use x509_parser::pem::Pem;
use x509_parser::prelude::{FromDer, X509Certificate};
use x509_parser::public_key::PublicKey;

/// Characters by which an owner tells a secret from others.
const HINT: usize = 3;
/// Secrets and keys that an app may have of each.
const MOST: usize = 20;
/// Bits of an RSA key whose signatures are checked.
const BITS: std::ops::RangeInclusive<usize> = 2048..=8192;

/// A secret that is to be made.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct NewSecret {
    /// Until when it is good: a date (its first moment in UTC), or a date and a time with a zone. Without it, for ever.
    pub end_date_time: Option<String>,
}

/// A certificate that an app signs with.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NewCertificate {
    /// It, in PEM: an X.509 certificate of an RSA key. Whatever else stands beside it in the text is passed over.
    pub certificate: String,
    /// Until when it is good, if that is before the certificate's own end.
    #[serde(default)]
    pub end_date_time: Option<String>,
}

/// What is drawn before a deed: the secret, and the id by which it is named.
#[derive(Clone)]
pub(super) struct Random {
    key_id: [u8; 16],
    text: String,
}

impl Random {
    pub(super) fn new() -> Result<Random, RegistryError> {
        let octets = secret::random::<32>().map_err(|_| RegistryError::NoRandom)?;
        Ok(Random { key_id: guid()?.into_bytes(), text: URL_SAFE_NO_PAD.encode(octets) })
    }
}

impl NewSecret {
    pub(super) fn put(
        self,
        tx: &mut WriteTx<'_>,
        client_id: &str,
        random: Random,
        now: Timestamp,
    ) -> Result<MadeSecret, RegistryError> {
        if tx.credentials(client_id)?.passwords.len() >= MOST {
            return Err(RegistryError::Conflict(format!("The app has {MOST} secrets. One must be removed first.")));
        }
        let secret = PasswordCredential {
            key_id: random.key_id,
            digest: Digest::of(random.text.as_bytes()),
            hint: random.text.chars().take(HINT).collect(),
            end_date_time: end(self.end_date_time.as_deref(), now)?,
        };
        tx.put_password_credential(client_id, &secret)?;
        Ok(MadeSecret { secret_text: random.text, kept: secret.into() })
    }
}

impl Registry {
    /// Gives an app one more secret, which is told here and never again.
    ///
    /// # Errors
    /// [`RegistryError`].
    pub async fn add_secret(&self, app: String, secret: NewSecret) -> Result<MadeSecret, RegistryError> {
        let (registry, random, now) = (self.clone(), Random::new()?, self.now());
        self.deed(move |tx| {
            let app = registry.changeable(tx, &app)?;
            secret.put(tx, &app.client_id, random, now)
        })
        .await
    }

    /// Lets an app sign with the key of a certificate.
    ///
    /// # Errors
    /// [`RegistryError`].
    pub async fn add_certificate(&self, app: String, new: NewCertificate) -> Result<RegisteredKey, RegistryError> {
        let (registry, now) = (self.clone(), self.now());
        let (public_key, own_end) = read(&new.certificate)?;
        if own_end <= now {
            return Err(invalid("The certificate has ended. It must be good now."));
        }
        let wanted = end(new.end_date_time.as_deref(), now)?;
        let end_date_time = Some(wanted.map_or(own_end, |wanted| wanted.min(own_end)));
        let key = KeyCredential { key_id: guid()?.into_bytes(), public_key, end_date_time };
        self.deed(move |tx| {
            let app = registry.changeable(tx, &app)?;
            let keys = tx.credentials(&app.client_id)?.keys;
            if keys.len() >= MOST {
                return Err(RegistryError::Conflict(format!("The app has {MOST} certificates. One must be removed first.")));
            }
            if let Some(same) = keys.into_iter().find(|known| known.public_key == key.public_key) {
                let id = RegisteredKey::from(same).key_id;
                return Err(RegistryError::Conflict(format!("The app has this key already, as {id}. It must be removed first.")));
            }
            tx.put_key_credential(&app.client_id, &key)?;
            Ok(key.into())
        })
        .await
    }

    /// Takes a secret or a certificate from an app, at once.
    ///
    /// # Errors
    /// [`RegistryError`].
    pub async fn remove_credential(&self, app: String, key_id: String) -> Result<RegisteredApp, RegistryError> {
        let registry = self.clone();
        self.deed(move |tx| {
            let app = registry.changeable(tx, &app)?;
            let removed = match uuid::Uuid::try_parse(&key_id) {
                Ok(id) => tx.remove_credential(&app.client_id, id.into_bytes())?,
                Err(_) => false,
            };
            if !removed {
                let name = &app.display_name;
                let text = format!("\"{name}\" has no secret or certificate {key_id}. It is named by its keyId.");
                return Err(RegistryError::NotFound(text));
            }
            RegisteredApp::of(tx, app)
        })
        .await
    }
}

/// The key of the first certificate in a text, as an `RSAPublicKey` in DER, and the certificate's end.
fn read(text: &str) -> Result<(Vec<u8>, Timestamp), RegistryError> {
    let pems = Pem::iter_from_buffer(text.as_bytes()).filter_map(Result::ok);
    let pem = pems.into_iter().find(|pem| pem.label == "CERTIFICATE");
    let pem =
        pem.ok_or_else(|| invalid("There is no certificate in it. It must be in PEM, between BEGIN and END CERTIFICATE."))?;
    let (_, certificate) = X509Certificate::from_der(&pem.contents)
        .map_err(|_| invalid("The certificate can't be read. It must be one of X.509."))?;
    let key = certificate.public_key();
    match key.parsed() {
        Ok(PublicKey::RSA(rsa)) if BITS.contains(&rsa.key_size()) => {}
        _ => return Err(invalid("The certificate's key is not taken. It must be an RSA key of 2048 to 8192 bits.")),
    }
    let key = key.subject_public_key.data.to_vec();
    Ok((key, Timestamp::from_seconds(certificate.validity().not_after.timestamp())))
}

/// The end of a credential, which must be to come.
fn end(text: Option<&str>, now: Timestamp) -> Result<Option<Timestamp>, RegistryError> {
    let Some(text) = text else { return Ok(None) };
    // A time without a zone could be anybody's: only a date may lack one.
    let is_date = text.len() == "2027-12-31".len();
    let first_moment = || Some(text.parse::<jiff::civil::Date>().ok()?.to_zoned(jiff::tz::TimeZone::UTC).ok()?.timestamp());
    let instant = text.parse::<jiff::Timestamp>().ok().or_else(|| first_moment().filter(|_| is_date));
    let instant = instant
        .ok_or_else(|| invalid(format!("\"{text}\" is no end. It must be such as 2027-12-31 or 2027-12-31T12:00:00Z.")))?;
    let end = Timestamp(instant.as_microsecond());
    if end <= now {
        return Err(invalid(format!("{text} is over. An end must be to come.")));
    }
    Ok(Some(end))
}
