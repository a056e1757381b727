//! Content-Transfer-Encoding undone (RFC 2045 §6), leniently: a part's octets are there to be read, whatever is wrong.

use crate::message::TransferEncoding;
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

/// RFC 2045 §6.8: octets outside the alphabet are ignored, and padding that completes a group ends the data.
fn base64(body: &[u8]) -> Vec<u8> {
    let mut decoder = encodify::base64::STANDARD.decoder();
    let mut out = Vec::with_capacity(body.len() / 4 * 3 + 3);
    let (mut at, mut symbols, mut padding) = (0, 0, 0);
    while at < body.len() {
        let taken = decoder.decode_symbols(&body[at..], &mut out);
        symbols += taken;
        at += taken;
        if taken > 0 {
            padding = 0; // padding within a group is one more foreign octet
        }
        if body.get(at) == Some(&b'=') {
            padding += 1;
            if symbols % 4 >= 2 && symbols % 4 + padding >= 4 {
                break;
            }
        }
        at += 1;
    }
    decoder.finish(&mut out);
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
    fn uuencode_is_read_between_its_lines() {
        let body = b"begin 644 a.txt\r\n#0V%T\r\n \r\nend\r\n";
        assert_eq!(*decode(TransferEncoding::Uuencode, body), *b"Cat");
        assert_eq!(*decode(TransferEncoding::Uuencode, b"no begin"), *b"no begin");
        assert_eq!(*decode(TransferEncoding::Uuencode, b"begin 1 x\n#0V%T\n"), *b"Cat", "no end");
    }
}
