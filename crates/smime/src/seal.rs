//! Signing and encrypting structures (RFC 5652 §5 and §6, RFC 5083), whatever their content's size: the content goes through
//! once to be digested or encrypted, and what is written is DER of definite lengths.

use crate::ber::{SEQUENCE, after, element};
use crate::certificate::Certificate;
use crate::cms::{Cms, curve};
use crate::entity::Entity;
use crate::error::SmimeError;
use crate::key::Key;
use openssl::hash::MessageDigest;
use openssl::pkey::Id;
use openssl::symm;
use std::io;

/// Octets of the tag that every AES-GCM of ours has.
const TAG: usize = 16;

/// The cipher of a content (RFC 8551 §2.7).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Cipher {
    /// AES-128 in CBC mode: what all can read, and nobody can tell from what was changed on the way
    Aes128Cbc,
    /// AES-128 in GCM mode
    Aes128Gcm,
    /// AES-256 in CBC mode
    #[default]
    Aes256Cbc,
    /// AES-256 in GCM mode
    Aes256Gcm,
}

impl Cipher {
    fn library(self) -> symm::Cipher {
        match self {
            Cipher::Aes128Cbc => symm::Cipher::aes_128_cbc(),
            Cipher::Aes128Gcm => symm::Cipher::aes_128_gcm(),
            Cipher::Aes256Cbc => symm::Cipher::aes_256_cbc(),
            Cipher::Aes256Gcm => symm::Cipher::aes_256_gcm(),
        }
    }

    pub(crate) fn authenticates(self) -> bool {
        matches!(self, Cipher::Aes128Gcm | Cipher::Aes256Gcm)
    }

    /// How many octets a content has when it is encrypted: CBC fills the last block, or adds one (RFC 5652 §6.3).
    fn encrypted_size(self, size: u64) -> u64 {
        if self.authenticates() { size } else { (size / 16 + 1) * 16 }
    }
}

/// Signs a content: a structure without it. `now` is in seconds since 1970.
pub(crate) fn signature(content: &Entity, key: &Key, pss: bool, now: i64) -> Result<Vec<u8>, SmimeError> {
    let mut structure = Cms::signed_data()?;
    let pss = pss && key.is_rsa() || key.key.id() == Id::RSA_PSS;
    structure.add_signer((&key.certificate.0, &key.key), digest(key).1, pss, now)?;
    for one in &key.chain {
        structure.add_certificate(one)?;
    }
    let mut filter = structure.filter(false)?;
    content.read(&mut |octets| filter.push(octets, &mut io::sink()))?;
    filter.finish(&mut io::sink())?;
    filter.seal(&structure)?;
    Ok(structure.to_der()?)
}

/// The digest that a key signs with, and its name as `micalg` has it (RFC 8551 §3.5.3.2, RFC 5754): as strong as the curve,
/// SHA-512 for Ed25519 (RFC 8419 §3.1), else SHA-256.
pub(crate) fn digest(key: &Key) -> (&'static str, MessageDigest) {
    match (key.key.id(), curve(&key.key).as_deref()) {
        (_, Some("secp384r1")) => ("sha-384", MessageDigest::sha384()),
        (_, Some("secp521r1")) | (Id::ED25519 | Id::ED448, _) => ("sha-512", MessageDigest::sha512()),
        _ => ("sha-256", MessageDigest::sha256()),
    }
}

/// What stands before and behind a content in the structure that encloses it.
pub(crate) struct Around {
    pub(crate) before: Vec<u8>,
    pub(crate) behind: Vec<u8>,
}

/// A signature that is to enclose what it signs. `der` is what [`signature`] made.
pub(crate) fn enclose(der: &[u8], size: u64) -> Result<Around, SmimeError> {
    let parts = Parts::of(der)?;
    let octets = header(0x04, size);
    let explicit = [header(0xa0, octets.len() as u64 + size), octets].concat();
    parts.around(&explicit, size, parts.behind)
}

/// Encrypts a content for the holders of certificates, and gives octets to `out`.
pub(crate) fn envelope(
    content: &Entity,
    to: &[Certificate],
    (cipher, oaep): (Cipher, bool),
    out: &mut dyn io::Write,
) -> Result<(), SmimeError> {
    let mut structure = Cms::enveloped_data(cipher.library(), cipher.authenticates())?;
    for one in to {
        structure.add_recipient(&one.0, oaep)?;
    }
    let size = cipher.encrypted_size(content.size());
    let mut filter = structure.filter(true)?; // from here on keys and nonce are in the structure
    let der = structure.to_der()?;
    let parts = Parts::of(&der)?;
    // All is known but the tag, whose length is: the lengths around it can be written before the content.
    let authenticates = cipher.authenticates();
    let behind = if authenticates { vec![0; 2 + TAG] } else { Vec::new() };
    out.write_all(&parts.around(&header(0x80, size), size, &behind)?.before)?;
    content.read(&mut |octets| filter.push(octets, out))?;
    filter.finish(out)?;
    if authenticates {
        out.write_all(&[&header(0x04, TAG as u64)[..], &filter.tag::<TAG>()?].concat())?;
    }
    Ok(())
}

/// A structure without its content, in the pieces between which that belongs.
struct Parts<'d> {
    /// The object identifier of the ContentInfo, whole
    content_type: &'d [u8],
    /// The members before the one that holds the content
    before: &'d [u8],
    /// The members of that one
    holder: &'d [u8],
    /// The members behind it
    behind: &'d [u8],
}

impl<'d> Parts<'d> {
    fn of(der: &'d [u8]) -> Result<Parts<'d>, SmimeError> {
        Parts::read(der).ok_or(SmimeError::Malformed("the library wrote no structure"))
    }

    fn read(der: &'d [u8]) -> Option<Parts<'d>> {
        let (content_info, _) = element(der)?;
        let (kind, explicit) = after(content_info.content)?;
        let structure = element(explicit)?.0.elements().next()?;
        let mut rest = structure.content;
        loop {
            let before = structure.content.len() - rest.len();
            let (found, behind) = element(rest)?;
            if found.tag == SEQUENCE {
                return Some(Parts { content_type: kind, before: &structure.content[..before], holder: found.content, behind });
            }
            rest = behind;
        }
    }

    /// Definite lengths around `opening`, a content of `size` octets, and `behind`.
    fn around(&self, opening: &[u8], size: u64, behind: &[u8]) -> Result<Around, SmimeError> {
        let length = |pieces: &[&[u8]]| pieces.iter().map(|piece| piece.len() as u64).sum::<u64>();
        let holder = header(SEQUENCE, length(&[self.holder, opening]) + size);
        let structure = header(SEQUENCE, length(&[self.before, &holder, self.holder, opening, behind]) + size);
        let inner = length(&[&structure, self.before, &holder, self.holder, opening, behind]) + size;
        let explicit = header(0xa0, inner);
        let content_info = header(SEQUENCE, length(&[self.content_type, &explicit]) + inner);
        let before =
            [&content_info[..], self.content_type, &explicit, &structure, self.before, &holder, self.holder, opening].concat();
        Ok(Around { before, behind: behind.to_vec() })
    }
}

/// Identifier and length octets (X.690 §10.1).
fn header(tag: u8, length: u64) -> Vec<u8> {
    if let Ok(short @ 0..0x80) = u8::try_from(length) {
        return vec![tag, short];
    }
    let octets = length.to_be_bytes();
    let significant = &octets[octets.iter().take_while(|&&octet| octet == 0).count()..];
    [&[tag, 0x80 | significant.len() as u8], significant].concat()
}
