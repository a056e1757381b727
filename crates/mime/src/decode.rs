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

/// A part's body as it stands in its message: a slice of that, for its own sake.
#[derive(Debug, Clone)]
pub struct EncodedBody {
    pub(crate) transfer_encoding: TransferEncoding,
    pub(crate) octets: Bytes,
}

impl EncodedBody {
    /// The octets with the transfer encoding undone, some of them at a time: a large file is base64 or stands as it is, and
    /// is never whole in memory.
    pub fn decoded(&self) -> impl Iterator<Item = Bytes> + Send + use<> {
        let EncodedBody { transfer_encoding, octets } = self.clone();
        if transfer_encoding == TransferEncoding::Base64 {
            return Decoded { body: octets, at: 0, base64: Some(Base64Reader::default()) };
        }
        let owned = match decode(transfer_encoding, &octets) {
            Cow::Borrowed(_) => None,
            Cow::Owned(decoded) => Some(decoded.into()),
        };
        Decoded { body: owned.unwrap_or(octets), at: 0, base64: None }
    }

    /// How many octets these are.
    pub fn decoded_size(&self) -> u64 {
        self.decoded().map(|octets| octets.len() as u64).sum()
    }

    /// They as base64 text in one line.
    pub fn to_base64(&self) -> String {
        let mut text = String::with_capacity(self.octets.len());
        let mut rest: Vec<u8> = Vec::new(); // less than a group of three
        for octets in self.decoded() {
            let missing = octets.len().min((3 - rest.len()) % 3);
            rest.extend_from_slice(&octets[..missing]);
            let octets = &octets[missing..];
            if rest.len().is_multiple_of(3) {
                base64::STANDARD.encode_append(std::mem::take(&mut rest), &mut text);
            }
            let whole = octets.len() / 3 * 3;
            base64::STANDARD.encode_append(&octets[..whole], &mut text);
            rest.extend_from_slice(&octets[whole..]);
        }
        base64::STANDARD.encode_append(rest, &mut text);
        text
    }
}

/// The octets of a body, decoded.
struct Decoded {
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

    fn of(transfer_encoding: TransferEncoding, text: &str) -> EncodedBody {
        EncodedBody { transfer_encoding, octets: text.to_owned().into() }
    }

    #[test]
    fn a_large_body_is_decoded_as_if_at_once() {
        for tail in ["", "=", "==", "=\r\nmore", "Zg", "Zg=\r\n="] {
            let text = ("aGVsbG8h".repeat(9) + "*\r\n").repeat(3 * TOGETHER / 75) + tail;
            let body = of(TransferEncoding::Base64, &text);
            let (pieces, whole): (Vec<Bytes>, _) = (body.decoded().collect(), base64(text.as_bytes()));
            assert!(pieces.len() > 2 && pieces.concat() == whole, "{tail}");
            assert_eq!(body.decoded_size(), whole.len() as u64);
            assert!(body.to_base64() == base64::STANDARD.encode(&whole), "{tail}");
        }
        assert_eq!(of(TransferEncoding::Identity, "as it is").decoded().collect::<Vec<_>>(), ["as it is"]);
        assert_eq!(of(TransferEncoding::QuotedPrintable, "=41=\n").decoded().collect::<Vec<_>>(), ["A"]);
        assert_eq!(of(TransferEncoding::Base64, "\r\n").decoded().next(), None);
        for (text, expected) in [("", ""), ("a", "YQ=="), ("ab", "YWI="), ("abc", "YWJj")] {
            assert_eq!(of(TransferEncoding::Identity, text).to_base64(), expected);
        }
    }

    #[test]
    fn uuencode_is_read_between_its_lines() {
        let body = b"begin 644 a.txt\r\n#0V%T\r\n \r\nend\r\n";
        assert_eq!(*decode(TransferEncoding::Uuencode, body), *b"Cat");
        assert_eq!(*decode(TransferEncoding::Uuencode, b"no begin"), *b"no begin");
        assert_eq!(*decode(TransferEncoding::Uuencode, b"begin 1 x\n#0V%T\n"), *b"Cat", "no end");
    }
}
