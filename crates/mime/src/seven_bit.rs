//! A message that no road changes: what is to be signed must stay as it is, and some servers encode anew what they think
//! others can't take (RFC 8551 §3.1.2, §3.1.3).

use crate::build::quoted_printable;
use crate::field::{HeaderField, LineEnd};
use crate::message::{Message, Part, PartKind, Span, TransferEncoding};
use crate::piece::Piece;
use crate::splice::HeaderEnd;
use bytes::Bytes;

/// Longest line without its end (RFC 5322 §2.1.1).
const MAX_LINE: usize = 998;

/// The message with every part in quoted-printable or base64 that a server on the way might change, its line ends CR LF:
/// its header, with the line that ends it, and its body. Parts that are signed already stay as they are: what they hold is
/// not ours to encode.
pub fn seven_bit(message: &Message) -> (Vec<Piece>, Vec<Piece>) {
    let (mut head, mut out) = (Vec::new(), Vec::new());
    let mut at = 0;
    let mut signed: Span = 0..0;
    for (index, part) in message.parts().iter().enumerate() {
        let covered = signed.contains(&part.body.start.max(part.header.start));
        if part.media_type.essence == "multipart/signed" && !covered {
            signed = part.header.start..part.body.end;
        }
        if covered || at > part.header.start {
            continue;
        }
        let header_goes = if index == 0 { &mut head } else { &mut out };
        if let Some(body) = changed_body(message, index, part) {
            verbatim(message, at..part.header.start, header_goes);
            header(message, part, body.encoding, header_goes);
            at = if body.pieces.is_some() { part.body.end } else { part.body.start };
            out.extend(body.pieces.into_iter().flatten());
        } else if index == 0 {
            verbatim(message, at..part.body.start, header_goes);
            at = part.body.start;
        }
    }
    verbatim(message, at..message.octets().len(), &mut out);
    (head, out)
}

/// What becomes of a part.
struct Changed {
    /// Nothing where none is needed.
    encoding: Option<&'static str>,
    /// Nothing where the body stays.
    pieces: Option<Vec<Piece>>,
}

fn changed_body(message: &Message, index: usize, part: &Part) -> Option<Changed> {
    let octets = message.octets().slice(part.body.clone());
    match part.kind {
        PartKind::Multipart => {
            // RFC 2045 §6.4 lets a multipart be 7bit, 8bit or binary alone; now it is the first.
            let other =
                |field: &HeaderField<'_>| field.is("Content-Transfer-Encoding") && !field.text().eq_ignore_ascii_case("7bit");
            let declares = message.part_fields(part).any(|field| other(&field));
            declares.then_some(Changed { encoding: None, pieces: None })
        }
        _ if part.transfer_encoding == TransferEncoding::Base64 && octets.is_ascii() => None,
        _ if survives(&octets) => None,
        PartKind::Message if part.transfer_encoding == TransferEncoding::Identity => {
            let attached = message.attached(&message.parts()[index])?;
            let (header, body) = seven_bit(&attached);
            Some(Changed { encoding: None, pieces: Some([header, body].concat()) })
        }
        PartKind::Text | PartKind::Html => {
            let text = quoted_printable(&message.decoded(part));
            Some(Changed { encoding: Some("quoted-printable"), pieces: Some(vec![text.into()]) })
        }
        _ => {
            let octets = message.decoded(part);
            Some(Changed { encoding: Some("base64"), pieces: Some(vec![Piece::Base64 { octets, line_end: LineEnd::CrLf }]) })
        }
    }
}

/// A part's header with another Content-Transfer-Encoding.
fn header(message: &Message, part: &Part, encoding: Option<&str>, out: &mut Vec<Piece>) {
    let start = part.header.start;
    let end = match HeaderEnd::within(message, &part.header) {
        HeaderEnd::Missing => start,
        end => end.offset(),
    };
    let mut at = start;
    for field in message.part_fields(part).filter(|field| field.is("Content-Transfer-Encoding")) {
        verbatim(message, at..start + field.span.start, out);
        at = start + field.span.end;
    }
    verbatim(message, at..end.max(at), out);
    if let Some(encoding) = encoding {
        out.push(format!("Content-Transfer-Encoding: {encoding}\r\n").into());
    }
    out.push("\r\n".to_owned().into());
}

/// Octets as they are but for line ends.
fn verbatim(message: &Message, span: Span, out: &mut Vec<Piece>) {
    let octets = message.octets().slice(span);
    if octets.is_empty() {
        return;
    }
    out.push(if has_bare_line_feed(&octets) { Bytes::from(LineEnd::CrLf.end_lines(&octets)).into() } else { octets.into() });
}

/// Whether a line feed has no carriage return before it. No octet's outcome decides whether the next is looked at, so that
/// many are at once.
fn has_bare_line_feed(octets: &[u8]) -> bool {
    let pairs = octets.iter().zip(octets.get(1..).unwrap_or_default());
    octets.first() == Some(&b'\n')
        || pairs.fold(0, |bare, (&one, &next)| bare | u8::from(next == b'\n') & u8::from(one != b'\r')) != 0
}

/// Whether no road changes these octets.
fn survives(octets: &[u8]) -> bool {
    let survives = |line: &[u8]| {
        let ended = line.strip_suffix(b"\r").unwrap_or(line);
        let clean = ended.iter().all(|&octet| octet.is_ascii() && octet != 0 && octet != b'\r');
        clean && ended.len() <= MAX_LINE && !ended.ends_with(b" ") && !ended.ends_with(b"\t") && !ended.starts_with(b"From ")
    };
    octets.split(|&octet| octet == b'\n').all(survives)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::piece::written;

    fn encoded(octets: &[u8]) -> String {
        let (header, body) = seven_bit(&Message::parse(Bytes::copy_from_slice(octets)));
        let out = written(&[header, body].concat());
        assert!(out.is_ascii(), "{}", String::from_utf8_lossy(&out));
        String::from_utf8(out).expect("it is ASCII")
    }

    #[test]
    fn what_survives_stays_as_it_is() {
        let given = "Subject: a\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\nx\r\n--b\r\n\r\nhello\r\n--b--\r\n";
        assert_eq!(encoded(given.as_bytes()), given);
        assert_eq!(encoded(given.replace("\r\n", "\n").as_bytes()), given);
    }

    #[test]
    fn what_a_road_might_change_is_encoded() {
        let text =
            "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\nX: y\r\n\r\nFrom here\r\nü \r\n";
        let expected = "Content-Type: text/plain; charset=utf-8\r\nX: y\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n=46rom here\r\n=C3=BC=20\r\n";
        assert_eq!(encoded(text.as_bytes()), expected);
        let file = "Content-Type: application/x\r\nContent-Transfer-Encoding: binary\r\n\r\n\0\r\u{fc}";
        assert!(encoded(file.as_bytes()).ends_with("Content-Transfer-Encoding: base64\r\n\r\nAA3DvA==\r\n"));
    }

    #[test]
    fn header_and_body_part_where_the_message_says() {
        for (head, body) in [
            ("Date: x\r\n\r\n", "a\r\n\r\nb\r\n"),
            ("Date: x\r\nno field\r\n\r\r\n", "a\r\n"),
            ("", "no header at all\r\n"),
            ("Date: x\r\n", ""),
        ] {
            let (header, rest) = seven_bit(&Message::parse(Bytes::from(format!("{head}{body}"))));
            assert_eq!((written(&header), written(&rest)), (head.as_bytes().to_vec(), body.as_bytes().to_vec()));
        }
    }

    #[test]
    fn parts_within_parts_are_reached_and_signed_ones_are_not() {
        let signed = "--a\r\nContent-Type: multipart/signed; boundary=s\r\n\r\n--s\r\n\r\nends in white space \r\n--s--\r\n";
        let attached = "--a\r\nContent-Type: message/rfc822\r\nContent-Transfer-Encoding: 8bit\r\n\r\nSubject: x\r\n\r\nü\r\n";
        let head = "Content-Type: multipart/mixed; boundary=a\r\nContent-Transfer-Encoding: 8bit\r\n\r\n";
        let given = format!("{head}{signed}{attached}--a--\r\n");
        let out = encoded(given.as_bytes());
        assert!(out.contains(signed) && out.contains("Content-Transfer-Encoding: quoted-printable\r\n\r\n=C3=BC"), "{out}");
        assert!(!out.contains("8bit"));
    }
}
