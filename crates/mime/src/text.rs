//! Unstructured text (RFC 5322 §2.2.1) with encoded words (RFC 2047).

use crate::charset;
use encodify::rfc2047;

/// The text of an unfolded field body. Encoded words are decoded wherever they stand, also where RFC 2047 §5 allows none,
/// since every reader does; controls and line ends become spaces, so that a decoded text can never end a header line.
pub(crate) fn decode(body: &[u8], body_charset: Option<&str>) -> String {
    let body = charset::header_text(body, body_charset);
    let text = rfc2047::decode_text(body.as_bytes(), charset::decode_words);
    if text.contains(char::is_control) { text.replace(char::is_control, " ") } else { text.into_owned() }
}
