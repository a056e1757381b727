//! Private keys at rest: nobody reads them without the operator's master key.

use crate::error::SmimeError;
use crate::key::Key;
use openssl::rand::rand_bytes;
use openssl::symm::{Cipher, decrypt_aead, encrypt_aead};
use std::fmt;

/// The form of what is sealed here: AES-256-GCM (NIST SP 800-38D), the nonce in front, the tag behind it.
const FORM: u8 = 1;
const NONCE: usize = 12;
const TAG: usize = 16;

/// What keys are sealed under: 32 octets that the operator keeps elsewhere. Shows nothing of itself.
#[derive(Clone)]
pub struct MasterKey([u8; 32]);

impl fmt::Debug for MasterKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MasterKey")
    }
}

/// Equal where the octets are. Only settings are compared, never what somebody sent.
impl PartialEq for MasterKey {
    fn eq(&self, other: &MasterKey) -> bool {
        openssl::memcmp::eq(&self.0, &other.0)
    }
}

impl Eq for MasterKey {}

impl MasterKey {
    /// Reads 32 octets in base64, as `openssl rand -base64 32` writes them.
    ///
    /// # Errors
    /// [`SmimeError::Key`].
    pub fn parse(text: &str) -> Result<MasterKey, SmimeError> {
        let octets = mime::decode_base64(text.trim().as_bytes()).ok().and_then(|octets| octets.try_into().ok());
        octets.map(MasterKey).ok_or_else(|| SmimeError::Key("a master key is 32 octets in base64".to_owned()))
    }

    /// A new one, as text that [`MasterKey::parse`] reads.
    ///
    /// # Errors
    /// [`SmimeError::Library`].
    pub fn generate() -> Result<String, SmimeError> {
        let mut octets = [0; 32];
        rand_bytes(&mut octets)?;
        Ok(encodify::base64::STANDARD.encode(octets))
    }
}

impl Key {
    /// Seals the key, its certificate and chain. `about` says whose it is, and must be said again to open it: what is sealed
    /// for one mailbox is of no use to another.
    ///
    /// # Errors
    /// [`SmimeError::Library`].
    pub fn seal(&self, master: &MasterKey, about: &[u8]) -> Result<Vec<u8>, SmimeError> {
        let mut text = self.key.private_key_to_pem_pkcs8()?;
        text.extend(self.certificate.to_pem());
        for one in &self.chain {
            text.extend(one.to_pem()?);
        }
        let (mut nonce, mut tag) = ([0; NONCE], [0; TAG]);
        rand_bytes(&mut nonce)?;
        let sealed = encrypt_aead(Cipher::aes_256_gcm(), &master.0, Some(&nonce), about, &text, &mut tag)?;
        Ok([&[FORM][..], &nonce, &tag, &sealed].concat())
    }

    /// Opens what [`Key::seal`] made.
    ///
    /// # Errors
    /// [`SmimeError::Key`]: it was sealed under another master key, for somebody else, or was changed.
    pub fn unseal(sealed: &[u8], master: &MasterKey, about: &[u8]) -> Result<Key, SmimeError> {
        let refused = || SmimeError::Key("the key was sealed under another master key, or is damaged".to_owned());
        let sealed = sealed.strip_prefix(&[FORM]).ok_or_else(refused)?;
        let (nonce, sealed) = sealed.split_at_checked(NONCE).ok_or_else(refused)?;
        let (tag, sealed) = sealed.split_at_checked(TAG).ok_or_else(refused)?;
        let text = decrypt_aead(Cipher::aes_256_gcm(), &master.0, Some(nonce), about, sealed, tag).map_err(|_| refused())?;
        Key::from_pem(&text, &text, "")
    }
}
