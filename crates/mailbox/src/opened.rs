//! What is shown of a message whose octets enclose another one: an opaque signature hides its text from whoever can't
//! read CMS, not from its recipient; and what is encrypted is shown where its mailbox says so.

use mime::Message;
use smime::{Key, may_enclose};

/// Larger ones stay closed when they are shown: opening decodes all of it in memory. In octets, as encoded.
pub(crate) const MAX_SHOWN: usize = 16 * 1024 * 1024;

/// The message that one encloses that is signed (RFC 8551 §3.5.2) or that these keys open.
pub(crate) fn enclosed(message: &Message, keys: &[Key]) -> Option<Message> {
    let root = message.parts().first()?;
    let signed = root.media_type.essence == "multipart/signed"; // whose first part is what it signs (RFC 1847 §2.1)
    let part = if signed { message.parts().get(1)? } else { root };
    if !may_enclose(part) || part.body.len() > MAX_SHOWN {
        return None;
    }
    let opened = smime::content(message, keys, MAX_SHOWN as u64, &mut || Ok(Box::new(Vec::new())));
    opened.unwrap_or_default()
}

/// Whether keys could open something of a message.
pub(crate) fn may_be_encrypted(message: &Message) -> bool {
    message.parts().iter().take(2).any(may_enclose)
}
