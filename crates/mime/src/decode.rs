//! Content-Transfer-Encoding undone (RFC 2045 §6), leniently: a part's octets are there to be read, whatever is wrong.

use crate::message::TransferEncoding;
use bytes::Bytes;
use encodify::base64::{self, Decoder};
use std::borrow::Cow;

/// A body with its transfer encoding undone.
pub(crate) fn decode(encoding: TransferEncoding, body: &[u8]) -> Cow<'_, [u8]> {
    match encoding {
        TransferEncoding::Identity => Cow::Borrowed(body),
        TransferEncoding::Base64 => Cow::Owned(base64(body)),
        TransferEncoding::QuotedPrintable => encodify::qp::BODY.decode(body).unwrap_or(Cow::Borrowed(body)),
        TransferEncoding::Uuencode => uuencode(body).map_or(Cow::Borrowed(body), Cow::Owned),
    }
}

/// A body with its transfer encoding undone, some of it at a time where that can be: what is large is base64 or as it is.
pub(crate) fn decoded(encoding: TransferEncoding, body: Bytes) -> Decoded {
    match encoding {
        TransferEncoding::Base64 => Decoded { body, at: 0, base64: Some(Base64Reader::default()) },
        _ => {
            let owned = match decode(encoding, &body) {
                Cow::Borrowed(_) => None,
                Cow::Owned(decoded) => Some(decoded.into()),
            };
            Decoded { body: owned.unwrap_or(body), at: 0, base64: None }
        }
    }
}

/// The octets of a body, decoded.
pub(crate) struct Decoded {
    body: Bytes,
    at: usize,
    /// Nothing where the octets are what they are.
    base64: Option<Base64Reader>,
}

/// Encoded octets that are looked at together.
const TOGETHER: usize = 256 * 1024;

impl Iterator for Decoded {
    type Item = Bytes;

    fn next(&mut self) -> Option<Bytes> {
        while self.at < self.body.len() {
            let Some(reader) = &mut self.base64 else {
                self.at = self.body.len();
                return Some(self.body.clone());
            };
            let end = self.body.len().min(self.at + TOGETHER);
            let mut out = Vec::with_capacity((end - self.at) / 4 * 3 + 3);
            reader.push(&self.body[self.at..end], &mut out);
            self.at = if reader.ended { self.body.len() } else { end };
            if self.at == self.body.len() {
                reader.finish(&mut out);
            }
            if !out.is_empty() {
                return Some(out.into());
            }
        }
        None
    }
}

/// RFC 2045 §6.8: octets outside the alphabet are ignored, and padding that completes a group ends the data.
struct Base64Reader {
    decoder: Decoder,
    symbols: usize,
    padding: usize,
    ended: bool,
}

impl Default for Base64Reader {
    fn default() -> Self {
        Base64Reader { decoder: base64::STANDARD.decoder(), symbols: 0, padding: 0, ended: false }
    }
}

impl Base64Reader {
    fn push(&mut self, text: &[u8], out: &mut Vec<u8>) {
        let mut at = 0;
        while at < text.len() && !self.ended {
            let taken = self.decoder.decode_symbols(&text[at..], out);
            self.symbols += taken;
            at += taken;
            if taken > 0 {
                self.padding = 0; // padding within a group is one more foreign octet
            }
            if text.get(at) == Some(&b'=') {
                self.padding += 1;
                self.ended = self.symbols % 4 >= 2 && self.symbols % 4 + self.padding >= 4;
            }
            at += 1;
        }
    }

    fn finish(&mut self, out: &mut Vec<u8>) {
        std::mem::replace(&mut self.decoder, base64::STANDARD.decoder()).finish(out);
    }
}

fn base64(body: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(body.len() / 4 * 3 + 3);
    let mut reader = Base64Reader::default();
    reader.push(body, &mut out);
    reader.finish(&mut out);
    out
}

/// The lines between `begin` and `end`, as POSIX uuencode has them; nothing where no `begin` is found.
fn uuencode(body: &[u8]) -> Option<Vec<u8>> {
    let mut lines = body.split(|&b| b == b'\n').map(|line| line.strip_suffix(b"\r").unwrap_or(line));
    lines.find(|line| line.starts_with(b"begin "))?;
    let mut out = Vec::with_capacity(body.len() / 4 * 3);
    for line in lines {
        let Some((&length, symbols)) = line.split_first() else { continue };
        let length = usize::from(six_bits(length));
        if line == b"end" || length == 0 {
            break;
        }
        let end = out.len() + length;
        for group in symbols.chunks(4) {
            // Spaces at a line's end get lost on the way; they are zeros.
            let [a, b, c, d] = [0, 1, 2, 3].map(|i| group.get(i).map_or(0, |&symbol| six_bits(symbol)));
            out.extend_from_slice(&[a << 2 | b >> 4, b << 4 | c >> 2, c << 6 | d]);
        }
        out.resize(end, 0);
    }
    Some(out)
}

fn six_bits(symbol: u8) -> u8 {
    symbol.wrapping_sub(b' ') & 0x3f
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_ignores_what_is_foreign_and_ends_at_its_padding() {
        for (text, octets) in [
            ("aGVs\r\nbG8=\r\n", "hello"),
            ("aG*Vs-bG8", "hello"),
            ("aGVsbG8=\r\ntrailing", "hello"),
            ("aGVsbA==Zm9v", "hell"),
            ("a=GVs", "hel"),
            ("=", ""),
            ("", ""),
        ] {
            assert_eq!(base64(text.as_bytes()), octets.as_bytes(), "{text:?}");
        }
    }

    #[test]
    fn a_large_body_is_decoded_as_if_at_once() {
        for tail in ["", "=", "==", "=\r\nmore", "Zg", "Zg=\r\n="] {
            let text = "aGVs\r\nbG8*".repeat(3 * TOGETHER / 11) + tail;
            let pieces: Vec<Bytes> = decoded(TransferEncoding::Base64, text.clone().into()).collect();
            assert!(pieces.len() > 2 && pieces.concat() == base64(text.as_bytes()), "{tail}");
        }
        let whole: Vec<Bytes> = decoded(TransferEncoding::Identity, "as it is".into()).collect();
        assert_eq!(whole, ["as it is"]);
        assert_eq!(decoded(TransferEncoding::QuotedPrintable, "=41=\n".into()).collect::<Vec<_>>(), ["A"]);
        assert_eq!(decoded(TransferEncoding::Base64, "\r\n".into()).next(), None);
    }

    #[test]
    fn uuencode_is_read_between_its_lines() {
        let body = b"begin 644 a.txt\r\n#0V%T\r\n \r\nend\r\n";
        assert_eq!(*decode(TransferEncoding::Uuencode, body), *b"Cat");
        assert_eq!(*decode(TransferEncoding::Uuencode, b"no begin"), *b"no begin");
        assert_eq!(*decode(TransferEncoding::Uuencode, b"begin 1 x\n#0V%T\n"), *b"Cat", "no end");
    }
}
