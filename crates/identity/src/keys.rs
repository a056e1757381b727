//! The keys of a server: one seed from which secrets are derived, and the key that signs tokens. Both are made on first start,
//! and stand where [`Secrets`] do.

use crate::error::KeyError;
use crate::file::replace_file;
use crate::secrets::{OWNERS_ALONE, Secrets};
use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
use aws_lc_rs::rsa::{KeyPair, KeySize};
use aws_lc_rs::{hmac, rand};
use std::fs;
use std::path::Path;

/// RS256 is what every client of Graph can check.
const SIZE: KeySize = KeySize::Rsa2048;

/// By what names they are kept.
const SEED: &str = "keys/seed";
const TOKEN: &str = "keys/token.pem";
/// All of these names.
pub const KEYS: [&str; 2] = [SEED, TOKEN];

/// The keys.
pub struct Keys {
    seed: Vec<u8>,
    pub(crate) signing_pem: Vec<u8>,
    pub(crate) modulus: Vec<u8>,
    pub(crate) exponent: Vec<u8>,
}

impl Keys {
    /// The keys among these secrets, made where there are none.
    ///
    /// # Errors
    /// [`KeyError`].
    pub async fn of(secrets: &Secrets) -> Result<Keys, KeyError> {
        Keys::read(secrets.kept(SEED, new_seed).await?, secrets.kept(TOKEN, new_signing_key).await?)
    }

    /// The keys in the files of a data directory, made where there are none.
    ///
    /// # Errors
    /// [`KeyError`].
    pub fn open(dir: &Path) -> Result<Keys, KeyError> {
        fs::create_dir_all(dir.join("keys"))?;
        Keys::read(kept(&dir.join(SEED), new_seed)?, kept(&dir.join(TOKEN), new_signing_key)?)
    }

    fn read(seed: Vec<u8>, signing_pem: Vec<u8>) -> Result<Keys, KeyError> {
        let pair = KeyPair::from_pkcs8(&der_of(&signing_pem)?).map_err(crypto)?;
        let public = aws_lc_rs::signature::KeyPair::public_key(&pair);
        Ok(Keys {
            modulus: public.modulus().big_endian_without_leading_zero().to_vec(),
            exponent: public.exponent().big_endian_without_leading_zero().to_vec(),
            seed,
            signing_pem,
        })
    }

    /// The public key: an `RSAPublicKey` in DER (RFC 8017 §A.1.1).
    #[cfg(test)]
    pub(crate) fn public_key(&self) -> Result<Vec<u8>, KeyError> {
        let pair = KeyPair::from_pkcs8(&der_of(&self.signing_pem)?).map_err(crypto)?;
        Ok(aws_lc_rs::signature::KeyPair::public_key(&pair).as_ref().to_vec())
    }

    /// A secret for one purpose, always the same with these keys: 32 URL-safe characters, 192 bits.
    pub fn derive(&self, purpose: &str) -> String {
        let key = hmac::Key::new(hmac::HMAC_SHA256, &self.seed);
        let tag = hmac::sign(&key, purpose.as_bytes());
        encodify::base64::URL_SAFE_NO_PAD.encode(&tag.as_ref()[..24])
    }
}

/// The content of a file that only its owner reads; made by `make` where there is none.
fn kept(path: &Path, make: impl FnOnce() -> Result<Vec<u8>, KeyError>) -> Result<Vec<u8>, KeyError> {
    match fs::read(path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            let octets = make()?;
            replace_file(path, &octets, OWNERS_ALONE)?;
            Ok(octets)
        }
        read => Ok(read?),
    }
}

fn new_seed() -> Result<Vec<u8>, KeyError> {
    let mut seed = vec![0; 32];
    rand::fill(&mut seed).map_err(crypto)?;
    Ok(seed)
}

fn new_signing_key() -> Result<Vec<u8>, KeyError> {
    let der: Pkcs8V1Der<'_> = KeyPair::generate(SIZE).and_then(|pair| pair.as_der()).map_err(crypto)?;
    Ok(pem("PRIVATE KEY", der.as_ref()).into_bytes())
}

fn pem(label: &str, der: &[u8]) -> String {
    format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", encodify::base64::MIME.encode(der).trim_end())
}

fn der_of(pem: &[u8]) -> Result<Vec<u8>, KeyError> {
    let text = String::from_utf8_lossy(pem);
    let base64: String = text.lines().filter(|line| !line.starts_with("-----")).collect();
    encodify::base64::STANDARD.decode(base64).map_err(|error| KeyError::Crypto(format!("{error:?}")))
}

fn crypto(error: impl std::fmt::Debug) -> KeyError {
    KeyError::Crypto(format!("{error:?}"))
}
