//! Notifications that carry resource data (Graph: change-notifications-with-resource-data): it is encrypted for the certificate that
//! its app gave, and a token says that it comes from here.

use crate::error::KeyError;
use crate::token::Issuer;
use aws_lc_rs::cipher::{AES_256, EncryptionContext, PaddedBlockEncryptingKey, UnboundCipherKey};
use aws_lc_rs::error::Unspecified;
use aws_lc_rs::iv::FixedLength;
use aws_lc_rs::rsa::{OAEP_SHA1_MGF1SHA1, OaepPublicEncryptingKey, PublicEncryptingKey};
use aws_lc_rs::{digest, hmac, rand};
use encodify::base64::STANDARD;
use serde::Serialize;
use std::ops::RangeInclusive;
use x509_parser::prelude::{FromDer, X509Certificate};
use x509_parser::public_key::PublicKey;

/// Bits of the keys that are taken (Graph: subscription).
const BITS: RangeInclusive<usize> = 2048..=4096;
/// The app by which Graph's notifications are sent, which receivers look for.
const SENDER: &str = "0bf30f3b-4a52-48df-9a82-234910c4a086";
/// Seconds for which a token is good.
const LIFE: i64 = 60 * 60;

/// A certificate that resource data is encrypted for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EncryptionCertificate {
    /// The SubjectPublicKeyInfo (RFC 5280 §4.1).
    public_key: Vec<u8>,
    thumbprint: String,
}

/// Resource data, encrypted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EncryptedContent {
    /// It, under a key of its own, in base64.
    pub data: String,
    /// That key under the certificate's, in base64.
    pub data_key: String,
    /// An HMAC of the encrypted octets by the same key, in base64.
    pub data_signature: String,
}

impl EncryptionCertificate {
    /// Reads a certificate in DER and base64; nothing where it is none, or not of an RSA key that is taken.
    pub fn parse(text: &str) -> Option<EncryptionCertificate> {
        let octets = STANDARD.decode(text.split_whitespace().collect::<String>()).ok()?;
        let (rest, certificate) = X509Certificate::from_der(&octets).ok()?;
        match certificate.public_key().parsed() {
            Ok(PublicKey::RSA(rsa)) if BITS.contains(&rsa.key_size()) && rest.is_empty() => {}
            _ => return None,
        }
        let thumbprint = digest::digest(&digest::SHA1_FOR_LEGACY_USE_ONLY, &octets);
        let thumbprint = thumbprint.as_ref().iter().map(|octet| format!("{octet:02X}")).collect();
        Some(EncryptionCertificate { public_key: certificate.public_key().raw.to_vec(), thumbprint })
    }

    /// SHA-1 of it, in hexadecimal digits.
    pub fn thumbprint(&self) -> &str {
        &self.thumbprint
    }

    /// Encrypts resource data: AES in CBC mode with PKCS #7 padding under a new key, whose first half is the initialization vector
    /// too, since receivers expect that; the key wrapped by RSA-OAEP with SHA-1.
    ///
    /// # Errors
    /// [`KeyError::Crypto`].
    pub fn encrypt(&self, data: &[u8]) -> Result<EncryptedContent, KeyError> {
        let failed = |_: Unspecified| KeyError::Crypto("resource data can't be encrypted".to_owned());
        let mut key = [0; 32];
        rand::fill(&mut key).map_err(failed)?;
        let mut vector = [0; 16];
        vector.copy_from_slice(&key[..16]);
        let cipher =
            PaddedBlockEncryptingKey::cbc_pkcs7(UnboundCipherKey::new(&AES_256, &key).map_err(failed)?).map_err(failed)?;
        let mut octets = data.to_vec();
        cipher.less_safe_encrypt(&mut octets, EncryptionContext::Iv128(FixedLength::from(vector))).map_err(failed)?;
        let signature = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, &key), &octets);
        let rejected = |error| KeyError::Crypto(format!("the certificate's key can't be used: {error}"));
        let wrapping = PublicEncryptingKey::from_der(&self.public_key).map_err(rejected)?;
        let wrapping = OaepPublicEncryptingKey::new(wrapping).map_err(failed)?;
        let mut wrapped = vec![0; wrapping.ciphertext_size()];
        let wrapped = wrapping.encrypt(&OAEP_SHA1_MGF1SHA1, &key, &mut wrapped, None).map_err(failed)?;
        Ok(EncryptedContent {
            data: STANDARD.encode(&octets),
            data_key: STANDARD.encode(&*wrapped),
            data_signature: STANDARD.encode(signature.as_ref()),
        })
    }
}

/// What a validation token says: that a notification for this app comes from this tenant's service.
#[derive(Debug, Serialize)]
struct ValidationClaims<'t> {
    aud: &'t str,
    iss: String,
    iat: i64,
    nbf: i64,
    exp: i64,
    appid: &'static str,
    appidacr: &'static str,
    azp: &'static str,
    idp: String,
    tid: &'t str,
    ver: &'static str,
}

/// A validation token for an app, good for an hour.
pub(crate) fn validation_token(issuer: &Issuer, tenant: &str, client_id: &str, now: i64) -> Result<String, KeyError> {
    let name = crate::token::issuer(tenant);
    issuer.issue(&ValidationClaims {
        aud: client_id,
        iss: name.clone(),
        iat: now,
        nbf: now,
        exp: now + LIFE,
        appid: SENDER,
        appidacr: "2",
        azp: SENDER,
        idp: name,
        tid: tenant,
        ver: "1.0",
    })
}
