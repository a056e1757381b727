//! The class of a message (PidTagMessageClass, MS-OXCMSG §2.2.1.3), as its octets decide it (MS-OXOSMIME §2.2.1).

use crate::meeting::Meeting;
use mime::Message;
use store::{ExtendedProperty, ExtendedValue};

/// Any message.
pub const NOTE: &str = "IPM.Note";
const OPAQUE: &str = "IPM.Note.SMIME";
const CLEAR_SIGNED: &str = "IPM.Note.SMIME.MultipartSigned";

/// The class of a message by what it is as a whole, and by the meeting that it carries.
pub(crate) fn message_class(message: &Message) -> &'static str {
    class_of(message, Meeting::of(message).as_ref())
}

/// The same where the meeting is known. What is protected is that first.
pub(crate) fn class_of(message: &Message, meeting: Option<&Meeting>) -> &'static str {
    let Some(root) = message.parts().first() else { return NOTE };
    let is_named = root.file_name.as_deref().is_some_and(|name| name.to_ascii_lowercase().ends_with(".p7m"));
    match root.media_type.essence.as_str() {
        "multipart/signed" => CLEAR_SIGNED,
        "application/pkcs7-mime" | "application/x-pkcs7-mime" => OPAQUE,
        "application/octet-stream" if is_named => OPAQUE, // RFC 8551 §3.2.1: older agents go by the name alone
        _ => meeting.map_or(NOTE, |meeting| meeting.message_type.message_class()),
    }
}

/// The key of the property under which a class other than [`NOTE`] is kept, so that messages are found by it.
pub const KEY: &str = "string 0x001a";

/// The row that tells a class; a message of the class that any message has needs none.
pub(crate) fn kept(class: &str) -> ExtendedProperty {
    let value = ExtendedValue { text: class.to_owned(), folded: class.to_lowercase(), number: None };
    ExtendedProperty { property: KEY.to_owned(), values: if class == NOTE { Vec::new() } else { vec![value] } }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn octets_decide_the_class() {
        for (content_type, class) in [
            ("text/plain", NOTE),
            ("multipart/signed; protocol=\"application/pkcs7-signature\"; boundary=b", CLEAR_SIGNED),
            ("application/pkcs7-mime; smime-type=enveloped-data", OPAQUE),
            ("application/octet-stream; name=\"SMIME.P7M\"", OPAQUE),
            ("application/octet-stream; name=a.bin", NOTE),
        ] {
            let octets = format!("Content-Type: {content_type}\r\n\r\n");
            assert_eq!(message_class(&Message::parse(octets.into())), class, "{content_type}");
        }
        assert!(kept(NOTE).values.is_empty() && kept(OPAQUE).values.len() == 1);
    }
}
