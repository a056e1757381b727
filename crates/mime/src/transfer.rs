//! Transfer encodings (RFC 2045 §6), and the base64 text in which Graph takes a whole message.

use encodify::base64::{self, Decoder};

/// Decodes the base64 text of a whole message as it arrives.
///
/// Strict where a mistake would change the message, lenient where it can't: CR, LF, space and tab are ignored and
/// padding may be missing (three of the eight MIME samples in Microsoft's pages need that). Anything else is refused:
/// a foreign character, data after padding, too much padding, one symbol alone.
#[derive(Debug)]
pub struct Base64Body {
    decoder: Decoder,
    symbols: u64,
    padding: u64,
}

/// The text is not base64, or holds no octet: Graph's `ErrorMimeContentInvalidBase64String`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Base64Error {
    /// No octet came out of it.
    Empty,
    /// A character that is neither base64 nor white space, at this offset of the text; or data after padding.
    Foreign {
        /// Octets of text before it.
        offset: u64,
    },
    /// The text ends within an octet, or has more padding than its last group takes.
    Truncated,
}

impl std::fmt::Display for Base64Error {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Base64Error::Empty => f.write_str("the base64 text holds no octet"),
            Base64Error::Foreign { offset } => write!(f, "octet {offset} of the text is not base64"),
            Base64Error::Truncated => f.write_str("the base64 text ends within a group"),
        }
    }
}

impl Default for Base64Body {
    fn default() -> Self {
        Base64Body { decoder: base64::STANDARD.decoder(), symbols: 0, padding: 0 }
    }
}

impl Base64Body {
    /// Decodes the next piece of text, appending octets to `out`. `offset` is how much text came before it.
    pub fn push(&mut self, text: &[u8], offset: u64, out: &mut Vec<u8>) -> Result<(), Base64Error> {
        let mut at = 0;
        while at < text.len() {
            if self.padding == 0 {
                let taken = self.decoder.decode_symbols(&text[at..], out);
                self.symbols += taken as u64;
                at += taken;
            }
            match text.get(at) {
                None => break,
                Some(b'\r' | b'\n' | b' ' | b'\t') => at += 1,
                Some(b'=') => {
                    self.padding += 1;
                    at += 1;
                }
                Some(_) => return Err(Base64Error::Foreign { offset: offset + at as u64 }),
            }
        }
        Ok(())
    }

    /// The text has ended: completes the last group.
    pub fn finish(self, out: &mut Vec<u8>) -> Result<(), Base64Error> {
        let allowed = match self.symbols % 4 {
            0 => 0,
            1 => return Err(Base64Error::Truncated),
            rest => 4 - rest,
        };
        if self.padding > allowed {
            return Err(Base64Error::Truncated);
        }
        if self.symbols == 0 {
            return Err(Base64Error::Empty);
        }
        self.decoder.finish(out);
        Ok(())
    }
}

/// Decodes a whole base64 text by the rules of [`Base64Body`]; an empty one is no error here.
pub fn decode_base64(text: &[u8]) -> Result<Vec<u8>, Base64Error> {
    let mut body = Base64Body::default();
    let mut out = Vec::with_capacity(text.len() / 4 * 3 + 3);
    body.push(text, 0, &mut out)?;
    match body.finish(&mut out) {
        Ok(()) | Err(Base64Error::Empty) => Ok(out),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn whole(text: &[u8]) -> Result<Vec<u8>, Base64Error> {
        pieces_of(text, text.len().max(1))
    }

    fn pieces_of(text: &[u8], size: usize) -> Result<Vec<u8>, Base64Error> {
        let (mut body, mut out) = (Base64Body::default(), Vec::new());
        for (index, piece) in text.chunks(size).enumerate() {
            body.push(piece, (index * size) as u64, &mut out)?;
        }
        body.finish(&mut out).map(|()| out)
    }

    #[test]
    fn takes_white_space_and_missing_padding() {
        for text in ["aGVsbG8=", "aGVsbG8", " aGVs\r\nbG8=\t\r\n", "a G V s b G 8 = "] {
            assert_eq!(whole(text.as_bytes()).as_deref(), Ok(&b"hello"[..]), "{text:?}");
        }
        assert_eq!(whole(b"aGVsbA="), Ok(b"hell".to_vec()), "part of the padding");
    }

    #[test]
    fn refuses_everything_else() {
        assert_eq!(whole(b""), Err(Base64Error::Empty));
        assert_eq!(whole(b" \r\n"), Err(Base64Error::Empty));
        assert_eq!(whole(b"aGVs..."), Err(Base64Error::Foreign { offset: 4 }));
        assert_eq!(whole(b"aGVsbG8=aGVs"), Err(Base64Error::Foreign { offset: 8 }));
        assert_eq!(whole(b"_-__"), Err(Base64Error::Foreign { offset: 0 }));
        for text in ["a", "aGVsb", "aGVs=", "aGVsbG8==", "====", "="] {
            assert_eq!(whole(text.as_bytes()), Err(Base64Error::Truncated), "{text:?}");
        }
    }

    #[test]
    fn pieces_of_any_size_give_the_same_octets() {
        let text = b"VGhl IHF1\r\naWNrIGJyb3duIGZv eA==\r\n";
        let expected = whole(text).expect("base64");
        for size in 1..text.len() {
            assert_eq!(pieces_of(text, size).as_ref(), Ok(&expected), "pieces of {size}");
        }
    }
}
