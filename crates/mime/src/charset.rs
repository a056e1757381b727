//! Octets → text. Charset labels are read as the WHATWG Encoding Standard reads them, since that is what senders mean:
//! `iso-8859-1` and `us-ascii` are windows-1252, `shift_jis` is cp932, `gb2312` is GB 18030.

use encodify::rfc2047::{EncodedWord, WordEncoding};
use mail_parser::Charset;
use std::borrow::Cow;

/// Text of a charset.
///
/// Where none is named, or one that nobody knows, or US-ASCII with octets that it doesn't have: UTF-8 if it is that, else
/// windows-1252, which reads every octet. A text cut within a character of UTF-8 is still UTF-8.
pub(crate) fn decode(label: Option<&str>, octets: &[u8]) -> String {
    match label.and_then(known) {
        Some(charset) => decode_known(charset, octets).into_owned(),
        None => match std::str::from_utf8(octets) {
            Ok(text) => text.to_owned(),
            Err(error) if error.error_len().is_none() => String::from_utf8_lossy(octets).into_owned(),
            Err(_) => Charset::Windows1252.decode(octets).into_owned(),
        },
    }
}

/// Appends the text of encoded words (RFC 2047 §2) in one charset; neighbours in the same charset come joined, so that a
/// character split over two of them is whole.
pub(crate) fn decode_words(label: &[u8], octets: &[u8], out: &mut String) {
    out.push_str(&decode(std::str::from_utf8(label).ok(), octets));
}

/// Header octets as UTF-8. Raw 8-bit text that isn't UTF-8 (RFC 6532) is in the charset of the message's body, if it can
/// be, else in windows-1252: the one rule that reads most of what is met. Within an encoded word raw octets are in the
/// word's charset; they are encoded here, as they ought to have been.
pub(crate) fn header_text<'o>(octets: &'o [u8], body_charset: Option<&str>) -> Cow<'o, str> {
    if let Ok(text) = std::str::from_utf8(octets) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(octets.len());
    let (mut plain, mut at) = (0, 0);
    while let Some(found) = octets[at..].windows(2).position(|pair| pair == b"=?") {
        at += found;
        match EncodedWord::parse(&octets[at..]) {
            Some((word, length)) if word.encoding == WordEncoding::Q => {
                out.push_str(&raw_text(&octets[plain..at], body_charset));
                for &octet in &octets[at..at + length] {
                    match octet {
                        0x80.. => out.push_str(&format!("={octet:02X}")),
                        _ => out.push(char::from(octet)),
                    }
                }
                at += length;
                plain = at;
            }
            _ => at += 2,
        }
    }
    out.push_str(&raw_text(&octets[plain..], body_charset));
    Cow::Owned(out)
}

fn raw_text<'o>(octets: &'o [u8], body_charset: Option<&str>) -> Cow<'o, str> {
    if let Ok(text) = std::str::from_utf8(octets) {
        return Cow::Borrowed(text);
    }
    // In these a header's ASCII would not be ASCII.
    let shifted =
        |c: &Charset| matches!(c, Charset::Utf16 | Charset::Utf16Be | Charset::Utf16Le | Charset::Utf7 | Charset::Iso2022Jp);
    let charset = body_charset.and_then(known).filter(|c| !shifted(c)).unwrap_or(Charset::Windows1252);
    match charset.decode_checked(octets) {
        (text, false) => text,
        (_, true) => Charset::Windows1252.decode(octets),
    }
}

/// The charset of a label; nothing for US-ASCII, whose 8-bit octets are a mistake of the sender's about the label.
fn known(label: &str) -> Option<Charset> {
    let label = label.trim();
    let is = |name: &str| label.eq_ignore_ascii_case(name);
    if is("us-ascii") || is("ascii") {
        None
    } else if is("cp932") {
        Some(Charset::ShiftJis) // Python's and Ruby's name for Windows-31J
    } else {
        Charset::from_label(label.as_bytes())
    }
}

fn decode_known(charset: Charset, octets: &[u8]) -> Cow<'_, str> {
    match charset {
        Charset::Iso2022Jp => Cow::Owned(charset.decode(&without_idle_escapes(octets)).into_owned()),
        _ => charset.decode(octets),
    }
}

/// Joined words in ISO-2022-JP have one word's return to ASCII before the next one's shift out of it. An escape sequence
/// that another follows at once selects nothing (RFC 1468), and the decoder takes it for an error.
fn without_idle_escapes(octets: &[u8]) -> Cow<'_, [u8]> {
    const ESCAPE: u8 = 0x1b;
    const LENGTH: usize = 3;
    let idle = |at: usize| octets[at] == ESCAPE && octets.get(at + LENGTH) == Some(&ESCAPE);
    if !(0..octets.len()).any(idle) {
        return Cow::Borrowed(octets);
    }
    let mut out = Vec::with_capacity(octets.len());
    let mut at = 0;
    while at < octets.len() {
        if idle(at) {
            at += LENGTH;
        } else {
            out.push(octets[at]);
            at += 1;
        }
    }
    Cow::Owned(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_read_as_senders_mean_them() {
        for (label, octets, text) in [
            ("iso-8859-1", &b"\x93a\x94"[..], "“a”"),
            ("us-ascii", b"Gr\xc3\xbc\xc3\x9fe", "Grüße"),
            ("us-ascii", b"Gr\xfc\xdfe", "Grüße"),
            ("x-nobody-knows", b"Gr\xfc\xdfe", "Grüße"),
            ("cp932", b"\x82\xb1", "こ"),
            ("gb2312", b"\xc4\xe3\xba\xc3", "你好"),
            ("koi8-u", b"\xa6", "і"),
            ("utf-7", b"+ZeVnLIqe-", "日本語"),
            ("utf-16", b"\xfe\xff\x00a", "a"),
        ] {
            assert_eq!(decode(Some(label), octets), text, "{label}");
        }
    }

    #[test]
    fn joined_words_of_iso_2022_jp_are_whole() {
        let joined = b"\x1b$B%F%9%H\x1b(B\x1b$B%F%9%H\x1b(B";
        assert_eq!(decode(Some("iso-2022-jp"), joined), "テストテスト");
    }

    #[test]
    fn raw_header_octets_are_utf_8_else_the_bodys_charset_else_windows_1252() {
        assert_eq!(header_text("Grüße".as_bytes(), Some("koi8-r")), "Grüße");
        assert_eq!(header_text(b"\xf0\xd2\xc9", Some("koi8-r")), "При");
        assert_eq!(header_text(b"Gr\xfc\xdfe", None), "Grüße");
        assert_eq!(header_text(b"Gr\xfc\xdfe", Some("utf-8")), "Grüße");
        assert_eq!(header_text(b"Gr\xfc\xdfe", Some("utf-16")), "Grüße");
        assert_eq!(header_text(b"\xfc =?iso-8859-2?Q?\xf6a?= \xdf =?x", None), "ü =?iso-8859-2?Q?=F6a?= ß =?x");
    }
}
