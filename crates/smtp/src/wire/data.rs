//! What comes behind DATA (RFC 5321 §4.5.2), piece by piece.
//!
//! Nothing but CRLF `.` CRLF ends it. Servers that take another spelling for the end are why one message can carry a second
//! one past a server that does not (SMTP smuggling, 2023), so a line with nothing but a dot that begins or ends in another way
//! is found, and the message refused: it is a trap for whoever gets it next.

use smtp_proto::request::receiver::DataReceiver;

/// Takes the octets between DATA and its end.
pub(crate) struct Data {
    receiver: DataReceiver,
    dots: LoneDots,
    /// The last octet is held back: it may be the CR of the end.
    taken: Vec<u8>,
}

impl Data {
    /// The line end of DATA counts as the one before the first line (RFC 5321 §4.1.1.4), so the receiver is shown one.
    pub(crate) fn new() -> Data {
        let mut receiver = DataReceiver::new();
        receiver.ingest(&mut b"\r\n".iter(), &mut Vec::new());
        Data { receiver, dots: LoneDots::default(), taken: Vec::new() }
    }

    /// Takes what came up to the end of data, and says whether that was in it. What is behind the end stays in `input`.
    pub(crate) fn take(&mut self, input: &mut &[u8]) -> bool {
        let before = *input;
        let mut rest = input.iter();
        let is_end = self.receiver.ingest(&mut rest, &mut self.taken);
        *input = rest.as_slice();
        let consumed = before.get(..before.len() - input.len()).unwrap_or(before);
        // The end itself is a lone dot too, and a good one.
        consumed.iter().for_each(|&octet| self.dots.see(octet));
        is_end
    }

    /// The octets that were taken and are surely the message's.
    pub(crate) fn drain(&mut self, is_end: bool) -> Vec<u8> {
        let held = usize::from(!is_end && !self.taken.is_empty());
        let last = self.taken.split_off(self.taken.len() - held);
        std::mem::replace(&mut self.taken, last)
    }

    /// Whether there was a line with nothing but a dot that another server could take for the end.
    pub(crate) fn has_odd_end(&self) -> bool {
        self.dots.found
    }
}

/// How a line ended, or the first began.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum LineEnd {
    #[default]
    CrLf,
    Cr,
    Lf,
}

/// Looks for lines of a single dot whose ends aren't CRLF on both sides.
#[derive(Debug, Default)]
struct LoneDots {
    /// How the line before ended; nothing within a line that is no lone dot.
    began: Begun,
    /// A CR came last: whether its LF follows is not known yet.
    after_cr: bool,
    found: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Begun {
    /// Nothing of the line came yet.
    Empty(LineEnd),
    /// A dot came, and nothing else.
    Dot(LineEnd),
    /// Something else came.
    Other,
}

impl Default for Begun {
    fn default() -> Begun {
        Begun::Empty(LineEnd::CrLf)
    }
}

impl LoneDots {
    fn see(&mut self, octet: u8) {
        match (octet, std::mem::take(&mut self.after_cr)) {
            (b'\n', true) => self.end_line(LineEnd::CrLf),
            (b'\n', false) => self.end_line(LineEnd::Lf),
            (_, true) => {
                self.end_line(LineEnd::Cr);
                self.begin(octet);
            }
            (_, false) => self.begin(octet),
        }
    }

    fn begin(&mut self, octet: u8) {
        match (octet, self.began) {
            (b'\r', _) => self.after_cr = true,
            (b'.', Begun::Empty(end)) => self.began = Begun::Dot(end),
            _ => self.began = Begun::Other,
        }
    }

    fn end_line(&mut self, end: LineEnd) {
        if let Begun::Dot(began) = self.began
            && (began, end) != (LineEnd::CrLf, LineEnd::CrLf)
        {
            self.found = true;
        }
        self.began = Begun::Empty(end);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is taken of an input that comes in pieces of so many octets, whether it ended, and what is left.
    fn taken(input: &[u8], size: usize) -> (Vec<u8>, bool, Vec<u8>, bool) {
        let (mut data, mut message) = (Data::new(), Vec::new());
        let mut pieces = input.chunks(size);
        while let Some(piece) = pieces.next() {
            let mut rest = piece;
            let is_end = data.take(&mut rest);
            message.extend(data.drain(is_end));
            if is_end {
                let left = [rest, &pieces.collect::<Vec<_>>().concat()].concat();
                return (message, true, left, data.has_odd_end());
            }
        }
        (message, false, Vec::new(), data.has_odd_end())
    }

    #[test]
    fn the_octets_are_those_that_were_sent_however_they_come() {
        let sent = b"Subject: x\r\n\r\n..dot\r\n...\r\nbare\nlf, bare\rcr, \x00\xff\r\n\r\n.\r\nQUIT\r\n";
        let message = b"Subject: x\r\n\r\n.dot\r\n..\r\nbare\nlf, bare\rcr, \x00\xff\r\n\r\n";
        for size in [1, 2, 3, 7, sent.len()] {
            assert_eq!(taken(sent, size), (message.to_vec(), true, b"QUIT\r\n".to_vec(), false), "pieces of {size}");
        }
    }

    #[test]
    fn no_other_spelling_ends_it_and_each_is_found() {
        for odd in ["\n.\n", "\n.\r\n", "\r.\r\n", "\r.\r", "\r\n.\n", "\r\n.\r", "\n.\r"] {
            let sent = format!("Subject: x\r\n\r\nfirst{odd}MAIL FROM:<x@evil.example>\r\n.\r\n");
            for size in [1, 2, sent.len()] {
                let (message, is_end, left, is_odd) = taken(sent.as_bytes(), size);
                assert!(is_end && left.is_empty() && is_odd, "{odd:?} in pieces of {size}");
                assert!(message.ends_with(b"MAIL FROM:<x@evil.example>\r\n"), "{odd:?}");
            }
        }
    }

    #[test]
    fn a_message_may_be_empty_and_lines_may_begin_with_dots() {
        assert_eq!(taken(b".\r\n", 1), (Vec::new(), true, Vec::new(), false));
        let (message, is_end, _, is_odd) = taken(b"..\r\n.. \n..x\n\r\n.\r\n", 1);
        assert_eq!((message.as_slice(), is_end, is_odd), (&b".\r\n. \n..x\n\r\n"[..], true, false));
    }
}
