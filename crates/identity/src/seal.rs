//! What clients keep for this server and bring back: links to go on from. A seal tells what is ours from what is made up
//! or changed; it hides nothing.

use crate::Keys;
use aws_lc_rs::{constant_time, hmac};

/// Octets of a seal: half a SHA-256, which nobody guesses (RFC 2104 §5).
const LENGTH: usize = 16;

/// The seal of one data directory, for one purpose.
pub struct Seal(hmac::Key);

impl Seal {
    /// The seal that these keys make for a purpose.
    pub fn new(keys: &Keys, purpose: &str) -> Seal {
        Seal(hmac::Key::new(hmac::HMAC_SHA256, keys.derive(purpose).as_bytes()))
    }

    /// The octets with their seal in front.
    pub fn seal(&self, octets: &[u8]) -> Vec<u8> {
        [&self.tag(octets), octets].concat()
    }

    /// The octets behind a seal; nothing where it is not ours, or not theirs.
    pub fn open<'o>(&self, sealed: &'o [u8]) -> Option<&'o [u8]> {
        let (tag, octets) = sealed.split_at_checked(LENGTH)?;
        constant_time::verify_slices_are_equal(tag, &self.tag(octets)).ok().map(|()| octets)
    }

    /// The seal of octets that stand elsewhere.
    pub(crate) fn tag(&self, octets: &[u8]) -> [u8; LENGTH] {
        let mut tag = [0; LENGTH];
        tag.copy_from_slice(&hmac::sign(&self.0, octets).as_ref()[..LENGTH]);
        tag
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_was_sealed_for_the_same_purpose_opens() {
        let dir = tempfile::tempdir().expect("a directory");
        let keys = Keys::open(dir.path()).expect("keys");
        let seal = Seal::new(&keys, "links");
        let sealed = seal.seal(b"page 2");
        assert_eq!(seal.open(&sealed), Some(&b"page 2"[..]));
        assert_eq!(Seal::new(&keys, "links").open(&sealed), Some(&b"page 2"[..]), "the seal outlives a restart");
        assert_eq!(Seal::new(&keys, "other").open(&sealed), None);
        assert_eq!(seal.open(b"short"), None);
        for at in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[at] ^= 1;
            assert_eq!(seal.open(&changed), None, "octet {at}");
        }
    }
}
