//! The place where a page begins, as links carry it: sealed, and good for the query that gave it alone.

use super::MessageList;
use encodify::base64::URL_SAFE_NO_PAD;
use identity::Seal;
use store::{Digest, Position};

/// What the seal of a place in a list of messages is for.
const PURPOSE: &[u8] = b"list";
/// Octets of the digest that tells one query from another.
const QUERY: usize = 16;

/// A place as text.
pub(super) fn encode(seal: &Seal, query: &MessageList, of: &str, position: &Position) -> String {
    let position = serde_json::to_vec(position).unwrap_or_default();
    URL_SAFE_NO_PAD.encode(seal.seal(&[PURPOSE, &mark(query, of), &position].concat()))
}

/// The place in a text; nothing where it is none that this query gave.
pub(super) fn decode(seal: &Seal, query: &MessageList, of: &str, text: &str) -> Option<Position> {
    let sealed = URL_SAFE_NO_PAD.decode(text.trim_end_matches('=')).ok()?;
    let rest = seal.open(&sealed)?.strip_prefix(PURPOSE)?.strip_prefix(&mark(query, of)[..])?;
    serde_json::from_slice(rest).ok()
}

/// Of the list, its filter, its search and its order.
fn mark(query: &MessageList, of: &str) -> [u8; QUERY] {
    let text = format!("{of} {:?} {:?} {:?}", query.condition, query.search, query.order);
    let mut mark = [0; QUERY];
    mark.copy_from_slice(&Digest::of(text.as_bytes()).0[..QUERY]);
    mark
}
