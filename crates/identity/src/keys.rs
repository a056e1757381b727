//! The keys of a data directory: one seed from which secrets are derived, and the key that signs tokens. Both are made
//! on first start and readable by their owner alone.

use crate::error::KeyError;
use crate::file::replace_file;
use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
use aws_lc_rs::rsa::{KeyPair, KeySize};
use aws_lc_rs::{hmac, rand};
use std::fs;
use std::path::Path;

/// RS256 is what every client of Graph can check.
const SIZE: KeySize = KeySize::Rsa2048;

/// The keys.
pub struct Keys {
    seed: Vec<u8>,
    pub(crate) signing_pem: Vec<u8>,
    pub(crate) modulus: Vec<u8>,
    pub(crate) exponent: Vec<u8>,
}

impl Keys {
    /// The keys in `dir/keys`, made where there are none.
    ///
    /// # Errors
    /// [`KeyError`].
    pub fn open(dir: &Path) -> Result<Keys, KeyError> {
        let folder = dir.join("keys");
        fs::create_dir_all(&folder)?;
        let seed = kept(&folder.join("seed"), || {
            let mut seed = vec![0; 32];
            rand::fill(&mut seed).map_err(crypto)?;
            Ok(seed)
        })?;
        let signing_pem = kept(&folder.join("token.pem"), || {
            let der: Pkcs8V1Der<'_> = KeyPair::generate(SIZE).and_then(|pair| pair.as_der()).map_err(crypto)?;
            Ok(pem("PRIVATE KEY", der.as_ref()).into_bytes())
        })?;
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

    /// A secret for one purpose, always the same in this directory: 32 URL-safe characters, 192 bits.
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
            replace_file(path, &octets, 0o600)?;
            Ok(octets)
        }
        read => Ok(read?),
    }
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
