//! What is shown of a message whose octets enclose another one: an opaque signature hides its text from whoever can't
//! read CMS, not from its recipient.

use bytes::Bytes;
use mime::{Message, Part, PartKind};

/// Signatures within signatures that are opened (RFC 2634 §1.1 has three layers).
const LAYERS: usize = 4;
/// Larger ones stay closed: opening decodes all of it in memory. In octets, as encoded.
const MAX_OCTETS: usize = 16 * 1024 * 1024;

/// The message that an opaque-signed one encloses (RFC 8551 §3.5.2).
pub(crate) fn enclosed(message: &Message) -> Option<Message> {
    let mut innermost = None;
    for _ in 0..LAYERS {
        match layer(innermost.as_ref().unwrap_or(message)) {
            Some(within) => innermost = Some(within),
            None => break,
        }
    }
    innermost
}

fn layer(message: &Message) -> Option<Message> {
    let root = message.parts().first()?;
    let signed = root.media_type.essence == "multipart/signed"; // whose first part is what it signs (RFC 1847 §2.1)
    let part = if signed { message.parts().get(1)? } else { root };
    if !may_enclose(part) {
        return None;
    }
    let content = smime::signed_content(&message.decoded(part))?;
    Some(Message::parse(Bytes::from(content)))
}

/// A look at type and name saves decoding; what it is, the CMS itself says (RFC 8551 §3.10).
fn may_enclose(part: &Part) -> bool {
    let named = part.file_name.as_deref().is_some_and(|name| name.to_ascii_lowercase().ends_with(".p7m"));
    let essence = part.media_type.essence.as_str();
    let typed = matches!(essence, "application/pkcs7-mime" | "application/x-pkcs7-mime");
    part.kind == PartKind::Other && (typed || named) && part.body.len() <= MAX_OCTETS
}
