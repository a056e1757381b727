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

/// The SHA-256 of octets, in hexadecimal.
pub fn sha256(octets: &[u8]) -> String {
    store::Digest::of(octets).to_hex()
}

/// One field of a message's header: its name, and its lines as they are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Field {
    /// The name as written.
    pub name: String,
    /// Name, body, folding and line end.
    pub lines: Vec<u8>,
    /// Where its first octet stands.
    pub start: usize,
}

impl Field {
    /// Whether it has this name.
    pub fn is(&self, name: &str) -> bool {
        self.name.eq_ignore_ascii_case(name)
    }

    /// The body without folding, its tabs as spaces.
    pub fn body(&self) -> String {
        let text = String::from_utf8_lossy(&self.lines).replace(['\r', '\n'], "").replace('\t', " ");
        text.split_once(':').map_or_else(String::new, |(_, body)| body.trim().to_owned())
    }
}

/// The fields of a message's header, by a rule of the tests' own: a field begins with a line that has a name before a
/// colon, and has all lines up to the next such line or to the empty one.
pub fn fields(octets: &[u8]) -> Vec<Field> {
    let mut fields: Vec<Field> = Vec::new();
    let mut start = 0;
    for line in octets.split_inclusive(|octet| *octet == b'\n') {
        if matches!(line, b"\n" | b"\r\n") {
            break;
        }
        match (name_of(line), fields.last_mut()) {
            (Some(name), _) => fields.push(Field { name, lines: line.to_vec(), start }),
            (None, Some(field)) => field.lines.extend_from_slice(line),
            (None, None) => {} // before the first field, as the line of an mbox
        }
        start += line.len();
    }
    fields
}

/// The name that begins a line of a header.
fn name_of(line: &[u8]) -> Option<String> {
    let colon = line.iter().position(|octet| *octet == b':')?;
    let name = line[..colon].trim_ascii_end();
    let is_name = name.first().is_some_and(u8::is_ascii_alphanumeric) && name.iter().all(u8::is_ascii_graphic);
    is_name.then(|| String::from_utf8_lossy(name).into_owned())
}

/// The message without the lines of its Bcc fields: what others may get of it.
pub fn without_bcc(octets: &[u8]) -> Vec<u8> {
    let mut kept = octets.to_vec();
    for field in fields(octets).iter().rev().filter(|field| field.is("Bcc")) {
        kept.drain(field.start..field.start + field.lines.len());
    }
    kept
}

/// HMAC with SHA-256 (RFC 2104 §2).
pub fn hmac_sha256(key: &[u8], text: &[u8]) -> Vec<u8> {
    const BLOCK: usize = 64;
    let mut block = if key.len() > BLOCK { store::Digest::of(key).0.to_vec() } else { key.to_vec() };
    block.resize(BLOCK, 0);
    let padded = |pad: u8| -> Vec<u8> { block.iter().map(|octet| octet ^ pad).collect() };
    let inner = store::Digest::of(&[&padded(0x36), text].concat());
    store::Digest::of(&[&padded(0x5c)[..], &inner.0].concat()).0.to_vec()
}
