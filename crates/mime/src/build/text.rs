//! The transfer encoding of a text (RFC 2045 §6): 7bit where it survives any road so, else quoted-printable or base64,
//! whichever is shorter.

use encodify::{base64, qp};

/// A text as it stands in a part.
pub(super) struct EncodedText {
    /// The Content-Transfer-Encoding
    pub(super) encoding: &'static str,
    pub(super) octets: Vec<u8>,
}

/// Encodes a text; its line ends, CR LF or LF alone, become CR LF (RFC 2046 §4.1.1).
pub(super) fn encode(text: &str) -> EncodedText {
    let limit = base64::MIME.encoded_len(text.len() + text.bytes().filter(|&b| b == b'\n').count());
    if survives(text) {
        EncodedText { encoding: "7bit", octets: with_crlf(text).into_bytes() }
    } else if qp::BODY.encoded_len_within(text, limit).is_some() {
        EncodedText { encoding: "quoted-printable", octets: quoted_printable(text.as_bytes()).into_bytes() }
    } else {
        EncodedText { encoding: "base64", octets: base64::MIME.encode(with_crlf(text)).into_bytes() }
    }
}

/// A text in quoted-printable, its line ends CR LF.
pub(crate) fn quoted_printable(text: &[u8]) -> String {
    guarded(&qp::BODY.encode(text))
}

/// Whether no road changes the text: ASCII without controls, lines of at most 78 characters (RFC 5322 §2.1.1), none
/// that ends in white space or that a mailbox file would take for the start of a message (RFC 4155).
fn survives(text: &str) -> bool {
    let line_survives = |line: &str| {
        let printable = line.bytes().all(|b| b == b'\t' || (b' '..0x7F).contains(&b));
        printable && line.len() <= 78 && !line.ends_with([' ', '\t']) && !line.starts_with(FROM)
    };
    text.split('\n').all(|line| line_survives(line.strip_suffix('\r').unwrap_or(line))) && !text.ends_with('\r')
}

fn with_crlf(text: &str) -> String {
    text.replace("\r\n", "\n").replace('\n', "\r\n")
}

/// Quoted-printable text in which no line begins with `From `, and still none has more than 76 characters.
fn guarded(encoded: &str) -> String {
    let mut out = String::with_capacity(encoded.len());
    for line in encoded.split_inclusive("\r\n") {
        let mut rest = line;
        while let Some(after) = rest.strip_prefix(FROM) {
            out.push_str("=46rom ");
            rest = after;
            if "=46rom ".len() + rest.trim_end().len() <= 76 {
                break;
            }
            out.push_str("=\r\n");
        }
        out.push_str(rest);
    }
    out
}

const FROM: &str = "From ";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Message;

    fn read(text: &str) -> (&'static str, String) {
        let EncodedText { encoding, octets } = encode(text);
        let lines: Vec<_> = octets.split(|&b| b == b'\n').map(|line| line.strip_suffix(b"\r").unwrap_or(line)).collect();
        assert!(octets.is_ascii() && lines.iter().all(|line| line.len() <= 78 && !line.starts_with(b"From ")), "{text:?}");
        let header = format!("Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: {encoding}\r\n\r\n");
        let message = Message::parse([header.as_bytes(), &octets].concat().into());
        (encoding, message.decoded_text(&message.parts()[0], usize::MAX))
    }

    #[test]
    fn a_text_reads_back_however_it_is_encoded() {
        let paragraph = "From here to there and back. ".repeat(40);
        let soft_break = format!("{} From x From y", "x".repeat(74));
        for (text, encoding) in [
            ("", "7bit"),
            ("a\nb\r\n", "7bit"),
            ("a ", "quoted-printable"),
            ("a\t\nb", "quoted-printable"),
            ("From me", "quoted-printable"),
            ("a\rb", "quoted-printable"),
            ("a\r", "quoted-printable"),
            ("\0\u{7F}\u{1B}[1m", "base64"),
            ("Viele herzliche Grüße aus Köln am Rhein", "quoted-printable"),
            ("=\n.\n..\n", "7bit"),
            (paragraph.as_str(), "quoted-printable"),
            (soft_break.as_str(), "quoted-printable"),
            ("你好，世界", "base64"),
            ("你好\n世界\n", "base64"),
        ] {
            assert_eq!(read(text), (encoding, with_crlf(text)), "{text:?}");
        }
        let froms = FROM.repeat(100);
        assert_eq!(read(&froms).1, froms);
    }
}
