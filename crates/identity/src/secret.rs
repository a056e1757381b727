//! What a client holds and nobody can guess: codes and refresh tokens. The store has their digests only.

use crate::error::OAuthError;
use aws_lc_rs::rand;
use encodify::base64::URL_SAFE_NO_PAD;
use store::{Digest, MailboxId};

/// Random octets of each: 256 bits.
const RANDOM: usize = 32;

/// A new secret, in the text that the client gets.
#[derive(Clone)]
pub(crate) struct Secret {
    pub(crate) text: String,
    pub(crate) digest: Digest,
}

/// Random octets for a secret whose mailbox is known only within a deed.
#[derive(Clone)]
pub(crate) struct Unowned([u8; RANDOM]);

impl Unowned {
    pub(crate) fn new() -> Result<Unowned, OAuthError> {
        random().map(Unowned)
    }

    /// The secret that stands for something of this mailbox, whose id goes in front, so that it is found by its mailbox.
    pub(crate) fn of_mailbox(self, mailbox: MailboxId) -> Secret {
        Secret::of(&[&mailbox.0[..], &self.0].concat())
    }
}

impl Secret {
    /// One that stands for something of a mailbox.
    pub(crate) fn of_mailbox(mailbox: MailboxId) -> Result<Secret, OAuthError> {
        Ok(Unowned::new()?.of_mailbox(mailbox))
    }

    /// One that belongs to nobody yet.
    pub(crate) fn of_nobody() -> Result<Secret, OAuthError> {
        Ok(Secret::of(&random::<RANDOM>()?))
    }

    fn of(octets: &[u8]) -> Secret {
        Secret { text: URL_SAFE_NO_PAD.encode(octets), digest: Digest::of(octets) }
    }
}

/// Whose a secret says to be, and its digest; nothing where it is none that was made here.
pub(crate) fn read(text: &str) -> Option<(MailboxId, Digest)> {
    let octets = URL_SAFE_NO_PAD.decode(text).ok()?;
    let (mailbox, random) = octets.split_first_chunk::<16>()?;
    (random.len() == RANDOM).then(|| (MailboxId(*mailbox), Digest::of(&octets)))
}

/// The digest of a secret that belongs to nobody.
pub(crate) fn digest(text: &str) -> Option<Digest> {
    URL_SAFE_NO_PAD.decode(text).ok().map(|octets| Digest::of(&octets))
}

/// Random octets.
pub(crate) fn random<const N: usize>() -> Result<[u8; N], OAuthError> {
    let mut octets = [0; N];
    rand::fill(&mut octets).map_err(|_| {
        tracing::error!("the machine has no random octets");
        OAuthError::ServerError
    })?;
    Ok(octets)
}
