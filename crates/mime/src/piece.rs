//! Octets on their way into a message, as slices of what is there already: a large file is encoded while it is written,
//! and is never whole in memory.

use crate::boundary;
use crate::field::LineEnd;
use bytes::Bytes;
use encodify::base64::{self, Base64};

/// Octets of a message that is being made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Piece {
    /// Octets that are written in base64, in lines of 76 characters.
    Base64 {
        /// The octets, not encoded yet.
        octets: Bytes,
        /// How each line ends, the last one too.
        line_end: LineEnd,
    },
    /// Octets that are written as they are.
    Verbatim(Bytes),
}

/// Octets of one line of base64 (RFC 2045 §6.8: at most 76 characters).
const LINE: usize = 57;
/// Octets that are encoded together: whole lines.
const TOGETHER: usize = LINE * 2048;

impl Piece {
    /// How many octets it has when it is written.
    pub fn size(&self) -> u64 {
        match self {
            Piece::Base64 { octets, line_end } => in_lines(*line_end).encoded_len(octets.len()) as u64,
            Piece::Verbatim(octets) => octets.len() as u64,
        }
    }

    /// What is written, some of it at a time.
    pub fn written(&self) -> impl Iterator<Item = Bytes> + use<> {
        let (verbatim, encoded) = match self.clone() {
            Piece::Base64 { octets, line_end } => (None, Some((octets, line_end))),
            Piece::Verbatim(octets) => (Some(octets), None),
        };
        let encoded = encoded.into_iter().flat_map(|(octets, line_end)| {
            let starts = (0..octets.len()).step_by(TOGETHER);
            starts.map(move |start| in_lines(line_end).encode(&octets[start..octets.len().min(start + TOGETHER)]).into())
        });
        verbatim.into_iter().chain(encoded)
    }

    /// Whether a text stands in what is written as it is. No base64 holds `=_`, as a new boundary does.
    pub(crate) fn holds(&self, text: &str) -> bool {
        matches!(self, Piece::Verbatim(octets) if boundary::occurs(octets, text.as_bytes()))
    }

    /// Whether what is written ends so.
    pub(crate) fn ends_with(&self, text: &[u8]) -> bool {
        match self {
            Piece::Base64 { line_end, .. } => line_end.as_str().as_bytes().ends_with(text),
            Piece::Verbatim(octets) => octets.ends_with(text),
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.size() == 0
    }
}

impl From<Bytes> for Piece {
    fn from(octets: Bytes) -> Piece {
        Piece::Verbatim(octets)
    }
}

impl From<String> for Piece {
    fn from(text: String) -> Piece {
        Piece::Verbatim(text.into())
    }
}

impl From<Vec<u8>> for Piece {
    fn from(octets: Vec<u8>) -> Piece {
        Piece::Verbatim(octets.into())
    }
}

/// All pieces, written one behind the other.
pub fn written(pieces: &[Piece]) -> Vec<u8> {
    let size: u64 = pieces.iter().map(Piece::size).sum();
    let mut out = Vec::with_capacity(usize::try_from(size).unwrap_or_default());
    pieces.iter().flat_map(Piece::written).for_each(|octets| out.extend_from_slice(&octets));
    out
}

fn in_lines(line_end: LineEnd) -> Base64 {
    let ending = match line_end {
        LineEnd::CrLf => base64::LineEnding::CrLf,
        LineEnd::Lf => base64::LineEnding::Lf,
    };
    base64::STANDARD.wrapped(76, ending)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_large_file_is_encoded_as_if_at_once() {
        for length in [0, 1, LINE, LINE + 1, TOGETHER - 1, TOGETHER, TOGETHER + 1, 3 * TOGETHER + 100] {
            let octets: Vec<u8> = (0..length).map(|n| u8::try_from(n % 251).unwrap_or_default()).collect();
            for line_end in [LineEnd::CrLf, LineEnd::Lf] {
                let piece = Piece::Base64 { octets: octets.clone().into(), line_end };
                let whole = in_lines(line_end).encode(&octets);
                assert!(written(std::slice::from_ref(&piece)) == whole.as_bytes(), "{length}");
                assert_eq!(piece.size(), whole.len() as u64);
                assert!(piece.written().all(|octets| octets.len() < 256 * 1024));
            }
        }
    }

    #[test]
    fn what_is_verbatim_is_not_copied() {
        let octets = Bytes::from_static(b"--=_x\r");
        let piece = Piece::from(octets.clone());
        assert!(piece.written().all(|written| written.as_ptr() == octets.as_ptr()));
        assert!(piece.holds("=_x") && piece.ends_with(b"\r") && !piece.is_empty());
    }
}
