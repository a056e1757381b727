//! Header fields as spans of the octets (RFC 5322 §2.2).
//!
//! Promises that every octet of a header block belongs to exactly one field or to the junk before the first one. More
//! lenient than §2.2.3 in one point: a line that begins with neither white space nor a field name continues the field
//! above it, since Microsoft's own MIME sample is folded so.

use crate::text;
use std::borrow::Cow;
use std::ops::Range;

/// One header field: its name and where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeaderField<'x> {
    /// The field name as written, without the colon.
    pub name: &'x str,
    /// The field's lines, name and final line end included, as offsets into the header block.
    pub span: Range<usize>,
    /// What stands after the colon, folding and final line end included.
    pub raw_body: &'x [u8],
    /// The charset of the body below, in which raw 8-bit text may be.
    pub(crate) charset: Option<&'x str>,
}

impl<'x> HeaderField<'x> {
    /// Whether this field has the given name; names compare without regard to case (RFC 5322 §1.2.2).
    pub fn is(&self, name: &str) -> bool {
        self.name.eq_ignore_ascii_case(name)
    }

    /// The field body as text: unfolded, encoded words decoded (RFC 2047), ends trimmed.
    pub fn text(&self) -> String {
        text::decode(&self.body(), self.charset).trim().to_owned()
    }

    /// The field body with folding removed and without a line end.
    pub fn body(&self) -> Cow<'x, [u8]> {
        unfold(self.raw_body)
    }
}

/// The fields of a header block, in order. `charset` is that of the body below it.
pub(crate) fn fields<'x>(header: &'x [u8], charset: Option<&'x str>) -> Fields<'x> {
    Fields { header, charset, at: 0 }
}

pub(crate) struct Fields<'x> {
    header: &'x [u8],
    charset: Option<&'x str>,
    at: usize,
}

impl<'x> Iterator for Fields<'x> {
    type Item = HeaderField<'x>;

    fn next(&mut self) -> Option<HeaderField<'x>> {
        while self.at < self.header.len() {
            let start = self.at;
            let line_end = next_line(self.header, start);
            self.at = line_end;
            let Some((name, colon)) = field_name(&self.header[start..line_end]) else {
                continue; // junk before the first field
            };
            let mut end = line_end;
            while end < self.header.len() {
                let next = next_line(self.header, end);
                let line = &self.header[end..next];
                if is_line_end(line) || field_name(line).is_some() {
                    break;
                }
                end = next;
            }
            self.at = end;
            let raw_body = &self.header[start + colon + 1..end];
            return Some(HeaderField { name, span: start..end, raw_body, charset: self.charset });
        }
        None
    }
}

/// The name that begins a line and the offset of its colon. A name here begins with a letter or a figure, which
/// RFC 5322 §3.6.8 does not ask for but every registered field does.
pub(crate) fn field_name(line: &[u8]) -> Option<(&str, usize)> {
    if !line.first()?.is_ascii_alphanumeric() {
        return None;
    }
    let name_end = line.iter().position(|&b| b == b':' || !b.is_ascii_graphic())?;
    let blank = line[name_end..].iter().take_while(|&&b| b == b' ' || b == b'\t').count();
    let colon = name_end + blank; // obs-optional, RFC 5322 §4.5.8: white space before the colon
    (line.get(colon) == Some(&b':')).then_some(())?;
    Some((std::str::from_utf8(&line[..name_end]).ok()?, colon))
}

pub(crate) fn next_line(octets: &[u8], at: usize) -> usize {
    octets[at..].iter().position(|&b| b == b'\n').map_or(octets.len(), |i| at + i + 1)
}

fn is_line_end(line: &[u8]) -> bool {
    matches!(line, b"\n" | b"\r\n")
}

/// A field body without its line ends (RFC 5322 §2.2.3). Where a line goes on without white space, one space stands
/// in for the fold.
pub fn unfold(raw_body: &[u8]) -> Cow<'_, [u8]> {
    let trimmed = trim_line_end(raw_body);
    if !trimmed.contains(&b'\n') {
        return Cow::Borrowed(trimmed);
    }
    let mut out = Vec::with_capacity(trimmed.len());
    for line in trimmed.split(|&b| b == b'\n') {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        if !out.is_empty() && !line.first().is_some_and(u8::is_ascii_whitespace) {
            out.push(b' ');
        }
        out.extend_from_slice(line);
    }
    Cow::Owned(out)
}

fn trim_line_end(raw: &[u8]) -> &[u8] {
    let raw = raw.strip_suffix(b"\n").unwrap_or(raw);
    raw.strip_suffix(b"\r").unwrap_or(raw)
}

/// How a message ends its lines: what we put before its first octet ends its lines the same way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LineEnd {
    /// CR LF, as RFC 5322 §2.1 has it.
    CrLf,
    /// LF alone, as Microsoft's sample has it.
    Lf,
}

impl LineEnd {
    /// The line end of the first line; CR LF where there is none.
    pub fn of(octets: &[u8]) -> LineEnd {
        match octets.iter().position(|&b| b == b'\n') {
            Some(0) => LineEnd::Lf,
            Some(at) if octets[at - 1] != b'\r' => LineEnd::Lf,
            _ => LineEnd::CrLf,
        }
    }

    /// Its octets.
    pub fn as_str(self) -> &'static str {
        match self {
            LineEnd::CrLf => "\r\n",
            LineEnd::Lf => "\n",
        }
    }

    /// The lines with this line end after each, the last one too, whichever they had.
    pub fn end_lines(self, lines: &[u8]) -> Vec<u8> {
        let mut out = Vec::with_capacity(lines.len() + 2);
        for line in lines.split_inclusive(|&b| b == b'\n') {
            let line = line.strip_suffix(b"\n").unwrap_or(line);
            out.extend_from_slice(line.strip_suffix(b"\r").unwrap_or(line));
            out.extend_from_slice(self.as_str().as_bytes());
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(header: &str) -> Vec<&str> {
        fields(header.as_bytes(), None).map(|f| f.name).collect()
    }

    #[test]
    fn a_line_without_a_name_continues_the_field_above() {
        let header = "Received: from a (10.0.0.1) by \ncontoso.com (10.0.0.1) with HTTPS; Thu, 6 May 2021\n 22:47:18 +0000\n\
                      (fe80::5bf:5059) by x\nBcc: a@x.example,\nb@y.example\nSubject : s\n";
        assert_eq!(names(header), ["Received", "Bcc", "Subject"]);
        let bcc = fields(header.as_bytes(), None).nth(1).expect("Bcc");
        assert_eq!(&*bcc.body(), b" a@x.example, b@y.example");
        assert_eq!(&header[bcc.span], "Bcc: a@x.example,\nb@y.example\n");
    }

    #[test]
    fn spans_cover_the_block_once() {
        let header = b"junk\r\nA: 1\r\n b\r\nB: 2\r\n\r\n";
        let spans: Vec<_> = fields(header, None).map(|f| f.span).collect();
        assert_eq!(spans, [6..16, 16..22]);
    }

    #[test]
    fn line_ends_are_those_of_the_first_line() {
        assert_eq!(LineEnd::of(b"a\nb\r\n"), LineEnd::Lf);
        assert_eq!(LineEnd::of(b"a\r\nb\n"), LineEnd::CrLf);
        assert_eq!(LineEnd::of(b"\n"), LineEnd::Lf);
        assert_eq!(LineEnd::of(b"no line end"), LineEnd::CrLf);
    }
}
