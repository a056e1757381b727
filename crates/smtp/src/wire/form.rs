//! A message as the wire has it (RFC 5321 §2.3.8, §4.5.2): the one place where octets are converted. Lines that end in LF
//! alone end in CR LF there, and the last line ends.

use bytes::Bytes;

/// Octets that are converted at once.
const AT_ONCE: usize = 64 * 1024;

/// What a message needs of a road.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Needs {
    /// An octet above 127.
    pub(crate) eight_bit: bool,
    /// A NUL, or a CR without its LF: lines can't hold them (RFC 5321 §2.3.8, §4.5.2).
    pub(crate) binary: bool,
    /// LFs without their CR.
    pub(crate) bare_lfs: u64,
    /// Whether the last line lacks its end.
    pub(crate) is_unended: bool,
    octets: u64,
}

impl Needs {
    /// Looks through a message, piece by piece.
    pub(crate) fn of(pieces: &[Bytes]) -> Needs {
        let mut needs = Needs::default();
        let mut last = 0;
        for &octet in pieces.iter().flat_map(|piece| piece.iter()) {
            needs.eight_bit |= octet > 127;
            needs.binary |= octet == 0 || (last == b'\r' && octet != b'\n');
            needs.bare_lfs += u64::from(octet == b'\n' && last != b'\r');
            last = octet;
        }
        needs.octets = pieces.iter().map(|piece| piece.len() as u64).sum();
        needs.binary |= last == b'\r';
        needs.is_unended = needs.octets > 0 && last != b'\n';
        needs
    }

    /// Whether lines would hold other octets than the message has.
    pub(crate) fn is_converted(&self) -> bool {
        self.bare_lfs > 0 || self.is_unended
    }

    /// The same of a message that stands behind whole lines of ASCII.
    pub(crate) fn behind(self, lines: &str) -> Needs {
        Needs { octets: self.octets + lines.len() as u64, ..self }
    }

    /// Octets in lines, dots aside: what SIZE counts (RFC 1870 §5).
    pub(crate) fn octets(&self) -> u64 {
        self.octets + self.bare_lfs + if self.is_unended { 2 } else { 0 }
    }
}

/// The message in lines, some of it at a time; what needs no conversion is not copied.
pub(crate) fn in_lines(pieces: Vec<Bytes>, needs: Needs) -> impl Iterator<Item = Bytes> + Send {
    let mut last = 0;
    let end = needs.is_unended.then(|| Bytes::from_static(b"\r\n"));
    let chunks = pieces.into_iter().flat_map(move |piece| {
        let step = if needs.bare_lfs > 0 { AT_ONCE } else { piece.len().max(1) };
        (0..piece.len()).step_by(step).map(move |at| piece.slice(at..piece.len().min(at + step)))
    });
    let converted = chunks.map(move |chunk| if needs.bare_lfs > 0 { with_crs(&chunk, &mut last) } else { chunk });
    converted.chain(end)
}

fn with_crs(chunk: &[u8], last: &mut u8) -> Bytes {
    let mut out = Vec::with_capacity(chunk.len() + chunk.len() / 16);
    for &octet in chunk {
        if octet == b'\n' && *last != b'\r' {
            out.push(b'\r');
        }
        out.push(octet);
        *last = octet;
    }
    out.into()
}

/// Doubles the dot of each line that begins with one (RFC 5321 §4.5.2).
#[derive(Debug, Default)]
pub(crate) struct Dots {
    is_within_line: bool,
}

impl Dots {
    /// Puts the next octets, in lines, into what is to be written.
    pub(crate) fn write(&mut self, octets: &[u8], out: &mut Vec<u8>) {
        for line in octets.split_inclusive(|&octet| octet == b'\n') {
            if !self.is_within_line && line.starts_with(b".") {
                out.push(b'.');
            }
            out.extend_from_slice(line);
            self.is_within_line = !line.ends_with(b"\n");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cut(octets: &[u8], size: usize) -> Vec<Bytes> {
        octets.chunks(size).map(Bytes::copy_from_slice).collect()
    }

    /// What is written behind DATA of a message in pieces of so many octets, its end left out.
    fn written(octets: &[u8], size: usize) -> Vec<u8> {
        let pieces = cut(octets, size);
        let needs = Needs::of(&pieces);
        let (mut dots, mut out) = (Dots::default(), Vec::new());
        let mut counted = 0;
        for chunk in in_lines(pieces, needs) {
            counted += chunk.len() as u64;
            dots.write(&chunk, &mut out);
        }
        assert_eq!(counted, needs.octets());
        out
    }

    #[test]
    fn lines_end_in_cr_lf_and_dots_are_doubled_however_it_is_cut() {
        for (octets, expected) in [
            (&b""[..], &b""[..]),
            (b".", b"..\r\n"),
            (b"a\n.\n..b\r\n.\r\nc", b"a\r\n..\r\n...b\r\n..\r\nc\r\n"),
            (b"a\r\n\xff\n", b"a\r\n\xff\r\n"),
            (b"\n\n\r\n", b"\r\n\r\n\r\n"),
        ] {
            for size in 1..=octets.len().max(1) {
                assert_eq!(written(octets, size), expected, "{octets:?} in pieces of {size}");
            }
        }
    }

    #[test]
    fn what_lines_can_not_hold_is_found_across_pieces() {
        let needs = |octets: &[u8], size| Needs::of(&cut(octets, size));
        for size in 1..6 {
            assert!(needs(b"a\rb\r\n", size).binary && needs(b"a\0\r\n", size).binary && needs(b"a\r\n\r", size).binary);
            let clean = needs(b"a\r\nb\r\n", size);
            assert!(!clean.binary && !clean.is_converted() && !clean.eight_bit, "{clean:?}");
            let odd = needs(b"a\n\xe4", size);
            assert!(odd.is_converted() && odd.eight_bit && !odd.binary && odd.bare_lfs == 1 && odd.is_unended);
        }
    }

    #[test]
    fn what_needs_no_conversion_is_not_copied() {
        let piece = Bytes::from_static(b"a\r\nb\r\n");
        let needs = Needs::of(std::slice::from_ref(&piece));
        assert!(in_lines(vec![piece.clone()], needs).all(|chunk| chunk.as_ptr() == piece.as_ptr()));
    }
}
