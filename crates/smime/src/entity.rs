//! What is signed, encrypted and written: octets that stand elsewhere, and structures in base64 around them. It can be read
//! any number of times, some octets at a time, and is never whole in memory.

use crate::error::SmimeError;
use encodify::base64::{self, Base64};
use mime::Piece;
use std::io::{self, Write};

/// Octets of a line of base64 (RFC 2045 §6.8).
const LINE: usize = 57;
/// Octets that are encoded together.
const TOGETHER: usize = LINE * 1024;

/// A MIME entity, header and body.
#[derive(Debug, Clone)]
pub(crate) enum Entity {
    /// Pieces, one behind the other.
    Pieces(Vec<Piece>),
    /// A structure around another entity, in base64.
    Structure { header: Vec<u8>, before: Vec<u8>, content: Box<Entity>, behind: Vec<u8> },
}

impl Entity {
    /// Gives its octets, some at a time.
    pub(crate) fn read(&self, sink: &mut dyn FnMut(&[u8]) -> Result<(), SmimeError>) -> Result<(), SmimeError> {
        match self {
            Entity::Pieces(pieces) => pieces.iter().flat_map(Piece::written).try_for_each(|octets| sink(&octets)),
            Entity::Structure { header, before, content, behind } => {
                sink(header)?;
                let mut lines = Lines::new(|text: &[u8]| sink(text));
                lines.push(before)?;
                content.read(&mut |octets| lines.push(octets))?;
                lines.push(behind)?;
                lines.finish()
            }
        }
    }

    /// How many octets it has.
    pub(crate) fn size(&self) -> u64 {
        match self {
            Entity::Pieces(pieces) => pieces.iter().map(Piece::size).sum(),
            Entity::Structure { header, before, content, behind } => {
                header.len() as u64 + in_lines(before.len() as u64 + content.size() + behind.len() as u64)
            }
        }
    }

    pub(crate) fn write(&self, out: &mut dyn Write) -> Result<(), SmimeError> {
        self.read(&mut |octets| Ok(out.write_all(octets)?))
    }
}

/// How many octets others are in lines of base64, each with its CR LF.
fn in_lines(octets: u64) -> u64 {
    octets.div_ceil(3) * 4 + octets.div_ceil(LINE as u64) * 2
}

/// Writes octets as lines of base64.
pub(crate) struct Lines<F> {
    sink: F,
    rest: Vec<u8>,
    base64: Base64,
}

impl<F: FnMut(&[u8]) -> Result<(), SmimeError>> Lines<F> {
    pub(crate) fn new(sink: F) -> Lines<F> {
        let base64 = base64::STANDARD.wrapped(76, base64::LineEnding::CrLf);
        Lines { sink, rest: Vec::with_capacity(TOGETHER), base64 }
    }

    pub(crate) fn push(&mut self, mut octets: &[u8]) -> Result<(), SmimeError> {
        while self.rest.len() + octets.len() >= TOGETHER {
            let (first, others) = octets.split_at(TOGETHER - self.rest.len());
            if self.rest.is_empty() {
                (self.sink)(self.base64.encode(first).as_bytes())?;
            } else {
                self.rest.extend_from_slice(first);
                (self.sink)(self.base64.encode(&self.rest).as_bytes())?;
                self.rest.clear();
            }
            octets = others;
        }
        self.rest.extend_from_slice(octets);
        Ok(())
    }

    pub(crate) fn finish(mut self) -> Result<(), SmimeError> {
        let last = self.base64.encode(&self.rest);
        (self.sink)(last.as_bytes())
    }
}

impl<F: FnMut(&[u8]) -> Result<(), SmimeError>> Write for Lines<F> {
    fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
        self.push(octets).map_err(io::Error::other)?;
        Ok(octets.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_those_of_what_is_written() {
        for length in [0, 1, 2, 3, LINE - 1, LINE, LINE + 1, TOGETHER - 1, TOGETHER, TOGETHER + 1, 3 * TOGETHER + 7] {
            let content = Entity::Pieces(vec![vec![b'x'; length].into()]);
            let entity = Entity::Structure {
                header: b"A: b\r\n\r\n".to_vec(),
                before: vec![1; 5],
                content: content.into(),
                behind: vec![2; 7],
            };
            let mut out = Vec::new();
            entity.write(&mut out).expect("a vector takes all");
            assert_eq!(out.len() as u64, entity.size(), "{length}");
            let body =
                mime::decode_base64(&out[8..].iter().copied().filter(|octet| !b"\r\n".contains(octet)).collect::<Vec<_>>());
            assert_eq!(body.expect("base64"), [&[1; 5][..], &vec![b'x'; length], &[2; 7]].concat());
        }
    }
}
