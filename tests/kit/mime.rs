//! Messages to send.

use serde_json::{Value, json};

/// Base64 on one line, as a MIME body of Graph is written.
pub fn base64(octets: &[u8]) -> String {
    encodify::base64::STANDARD.encode(octets)
}

/// The octets of a base64 text; line ends in it don't count.
pub fn decode_base64(text: &str) -> Vec<u8> {
    let packed: String = text.split_ascii_whitespace().collect();
    encodify::base64::STANDARD.decode(packed).expect("this is base64")
}

/// A message of these header fields and this body, its lines ended by CRLF.
pub fn letter(fields: &[(&str, &str)], body: &str) -> Vec<u8> {
    let header: String = fields.iter().map(|(name, body)| format!("{name}: {body}\r\n")).collect();
    format!("{header}\r\n{body}").into_bytes()
}

/// A plain message from one person to others, by their names before the `@`.
pub fn plain(from: &str, to: &[&str], subject: &str) -> Vec<u8> {
    let to: Vec<String> = to.iter().map(|name| crate::address(name)).collect();
    letter(
        &[
            ("From", &crate::address(from)),
            ("To", &to.join(", ")),
            ("Subject", subject),
            ("Date", "Tue, 24 Nov 2026 10:00:00 +0000"),
            ("Message-ID", &format!("<{}@tests.contoso.com>", subject.replace(' ', "."))),
            ("MIME-Version", "1.0"),
            ("Content-Type", "text/plain; charset=us-ascii"),
        ],
        "Hello,\r\n\r\nnothing but a test.\r\n",
    )
}

/// Graph's form of a list of recipients, from names before the `@`.
pub fn recipients(names: &[&str]) -> Value {
    names.iter().map(|name| json!({"emailAddress": {"address": crate::address(name)}})).collect()
}
