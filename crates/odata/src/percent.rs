//! Percent-encoding (RFC 3986 §2.1) of UTF-8. A `%` without two hexadecimal digits stands for itself.

use crate::error::SyntaxError;
use percent_encoding::{AsciiSet, CONTROLS, percent_decode_str, utf8_percent_encode};

/// What no path and no query may hold as it is (RFC 3986 §3.3, §3.4). `%` stays: what is encoded is not encoded again.
const NOT_IN_URI: &AsciiSet =
    &CONTROLS.add(b' ').add(b'"').add(b'#').add(b'<').add(b'>').add(b'\\').add(b'^').add(b'`').add(b'{').add(b'|').add(b'}');

/// A path with its query as a URI has it: characters that may not stand there are encoded, `#` too, since a request has
/// no fragment.
pub fn encode_target(text: &str) -> String {
    utf8_percent_encode(text, NOT_IN_URI).to_string()
}

/// The text without encoding; `offset` is where it stands in the whole.
pub(crate) fn decode(text: &str, offset: usize) -> Result<String, SyntaxError> {
    let decoded = percent_decode_str(text).decode_utf8();
    decoded
        .map(std::borrow::Cow::into_owned)
        .map_err(|error| SyntaxError { offset: offset + encoded_length(text, error.valid_up_to()), expected: "UTF-8 text" })
}

/// How many octets of a text stand for so many without encoding.
fn encoded_length(text: &str, decoded: usize) -> usize {
    let octets = text.as_bytes();
    let is_digit = |at: usize| octets.get(at).is_some_and(u8::is_ascii_hexdigit);
    (0..decoded).fold(0, |at, _| at + if octets[at] == b'%' && is_digit(at + 1) && is_digit(at + 2) { 3 } else { 1 })
}
