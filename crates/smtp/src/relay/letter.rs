//! A consignment made ready for the wire: once, for however many connections it goes over.

use super::dkim::Signers;
use crate::wire::form::{Needs, in_lines};
use bytes::Bytes;
use mailbox::Consignment;

/// Signing and looking through more than this is not done where others wait, in octets.
const AT_ONCE: usize = 256 * 1024;

/// What goes over the wire, and what is said before it.
#[derive(Debug, Clone)]
pub(super) struct Letter {
    pub(super) reverse_path: String,
    pub(super) envelope_id: String,
    pub(super) returns: String,
    pub(super) requires_tls: bool,
    pub(super) is_utf8_envelope: bool,
    pub(super) needs: Needs,
    pieces: Vec<Bytes>,
}

impl Letter {
    /// Reads what it needs, and signs it.
    pub(super) async fn of(consignment: &Consignment, signers: &Signers) -> Letter {
        let pieces = consignment.pieces();
        let size: usize = pieces.iter().map(Bytes::len).sum();
        let (to_sign, signers, author) = (pieces.clone(), signers.clone(), consignment.author_domain());
        let work = move || {
            let needs = Needs::of(&to_sign);
            let signatures = signers.sign(author.as_deref(), &to_sign, needs);
            (needs, signatures)
        };
        let (needs, signatures) = match size > AT_ONCE {
            true => tokio::task::spawn_blocking(work).await.unwrap_or_default(),
            false => work(),
        };
        let wishes = consignment.wishes();
        let mut addresses = consignment.forward_paths().iter().map(|path| &path.address);
        Letter {
            reverse_path: consignment.reverse_path().to_owned(),
            envelope_id: consignment.envelope_id(),
            returns: wishes.returns.clone(),
            requires_tls: wishes.requires_tls,
            is_utf8_envelope: !consignment.reverse_path().is_ascii() || !addresses.all(|address| address.is_ascii()),
            needs: needs.behind(&signatures),
            pieces: std::iter::once(Bytes::from(signatures)).chain(pieces).filter(|piece| !piece.is_empty()).collect(),
        }
    }

    /// Its octets: as they are, or in lines.
    pub(super) fn octets(&self, is_binary: bool) -> Box<dyn Iterator<Item = Bytes> + Send> {
        match is_binary {
            true => Box::new(self.pieces.clone().into_iter()),
            false => Box::new(in_lines(self.pieces.clone(), self.needs)),
        }
    }
}
