//! Fields of a token and parameters: Content-Type and Content-Disposition (RFC 2045 §5.1, RFC 2183, RFC 2231).

use super::field::{FieldLine, quoted};
use std::fmt::Write;

/// A field with its CR LF: `name: token; key="value"; …`.
pub(super) fn content_line(name: &str, token: &str, parameters: &[(&str, &str)]) -> String {
    let mut line = FieldLine::new(name);
    let pieces: Vec<String> = parameters.iter().flat_map(|(key, value)| parameter(key, value)).collect();
    let semicolon = if pieces.is_empty() { "" } else { ";" };
    line.atom(1, &format!("{token}{semicolon}"));
    for (index, piece) in pieces.iter().enumerate() {
        let semicolon = if index + 1 == pieces.len() { "" } else { ";" };
        line.atom(1, &format!("{piece}{semicolon}"));
    }
    line.end()
}

/// A parameter in one piece, quoted; or in UTF-8, percent-encoded (RFC 2231 §4), in as many pieces as it takes (§3),
/// where it is not ASCII or too long, or where readers would decode it although no encoded word may stand there.
fn parameter(key: &str, value: &str) -> Vec<String> {
    let plain = format!("{key}={}", quoted(value));
    if plain.len() <= PIECE && !value.contains("=?") && value.bytes().all(|b| (b' '..0x7F).contains(&b)) {
        return vec![plain];
    }
    let mut sections = vec![String::new()];
    for c in value.chars() {
        let encoded = encoded(c);
        match sections.last_mut() {
            Some(section) if section.len() + encoded.len() <= SECTION => section.push_str(&encoded),
            _ => sections.push(encoded),
        }
    }
    let charset = |index: usize| if index == 0 { "utf-8''" } else { "" };
    match &sections[..] {
        [whole] => vec![format!("{key}*=utf-8''{whole}")],
        _ => sections.iter().enumerate().map(|(n, section)| format!("{key}*{n}*={}{section}", charset(n))).collect(),
    }
}

/// A character as attribute-char (RFC 2231 §7), or its octets percent-encoded.
fn encoded(c: char) -> String {
    if c.is_ascii_alphanumeric() || "!#$&+-.^_`{|}~".contains(c) {
        return c.to_string();
    }
    let mut out = String::new();
    for octet in c.encode_utf8(&mut [0; 4]).bytes() {
        let _ = write!(out, "%{octet:02X}"); // a String takes whatever is written
    }
    out
}

/// Longest piece that fits a line of 78 with the space before it and the semicolon behind it.
const PIECE: usize = 76;
/// Longest value of one of several pieces, so that keys and numbers of a usual length fit beside it.
const SECTION: usize = 50;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_take_the_form_they_need() {
        for (value, expected) in [
            ("a b.txt", "filename=\"a b.txt\""),
            ("", "filename=\"\""),
            ("\"q\";\\.txt", "filename=\"\\\"q\\\";\\\\.txt\""),
            ("Grüße.txt", "filename*=utf-8''Gr%C3%BC%C3%9Fe.txt"),
            ("=?utf-8?Q?x?=", "filename*=utf-8''%3D%3Futf-8%3FQ%3Fx%3F%3D"),
        ] {
            let line = content_line("Content-Disposition", "attachment", &[("filename", value)]);
            assert_eq!(line.replace("\r\n ", " "), format!("Content-Disposition: attachment; {expected}\r\n"));
        }
        assert_eq!(content_line("Content-Type", "text/plain", &[]), "Content-Type: text/plain\r\n");
    }

    #[test]
    fn long_parameters_go_in_pieces() {
        let name = "名".repeat(300);
        let line = content_line("Content-Disposition", "attachment", &[("filename", &name), ("size", "1")]);
        assert!(line.lines().all(|l| l.len() <= 78), "{line}");
        assert!(line.contains(" filename*0*=utf-8''%E5%90%8D") && line.ends_with("; size=\"1\"\r\n"), "{line}");
        let message = crate::Message::parse(format!("{line}\r\n").into());
        assert_eq!(message.parts()[0].file_name.as_deref(), Some(name.as_str()));
    }

    #[test]
    fn names_of_thousands_of_octets_read_back_and_of_longer_ones_the_beginning() {
        for unit in ["%", "é", "名", "😀"] {
            let read = |name: &str| {
                let line = content_line("Content-Disposition", "attachment", &[("filename", name)]);
                crate::Message::parse(format!("{line}\r\n").into()).parts()[0].file_name.clone().unwrap_or_default()
            };
            let long = unit.repeat(14_000 / unit.len());
            assert!(read(&long) == long, "{unit}");
            let longer = unit.repeat(40_000 / unit.len());
            assert!(longer.starts_with(&read(&longer)) && read(&longer).len() >= long.len(), "{unit}");
        }
    }
}
