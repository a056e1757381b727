//! Header fields in and out of existing octets: the lines of the fields named, and nothing else.

use super::{Replacement, apply};
use crate::field::fields;
use crate::message::{Message, Span};
use bytes::Bytes;

/// What becomes of the fields of one name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldEdit<'x> {
    /// The field name, in any case.
    pub name: &'x str,
    /// The lines that take the place of every field of that name, names and folding included; `None` takes them out.
    /// Whatever their line ends are, they become the message's own.
    pub lines: Option<&'x [u8]>,
}

/// How a message's header ends: where a field can be added behind the last one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum HeaderEnd {
    /// By a line of white space, which would continue a field put before it.
    BlankLine(Span),
    /// By an empty line, which begins here.
    EmptyLine(usize),
    /// There is no header, and no line that would end one.
    Missing,
    /// By the end of the octets.
    Open(usize),
}

impl HeaderEnd {
    pub(crate) fn of(message: &Message) -> HeaderEnd {
        HeaderEnd::within(message, &message.header)
    }

    /// How the header in this span ends: the message's, or a part's.
    pub(crate) fn within(message: &Message, span: &Span) -> HeaderEnd {
        let header = &message.octets[span.clone()];
        if header.is_empty() {
            return HeaderEnd::Missing;
        }
        let without_line_end = header.strip_suffix(b"\n").unwrap_or(header);
        let last = span.start + without_line_end.iter().rposition(|&b| b == b'\n').map_or(0, |i| i + 1);
        match &message.octets[last..span.end] {
            b"\n" | b"\r\n" => HeaderEnd::EmptyLine(last),
            line if line.iter().all(u8::is_ascii_whitespace) => HeaderEnd::BlankLine(last..span.end),
            _ => HeaderEnd::Open(span.end),
        }
    }

    /// Where the fields end.
    pub(crate) fn offset(&self) -> usize {
        match self {
            HeaderEnd::BlankLine(line) => line.start,
            HeaderEnd::EmptyLine(at) | HeaderEnd::Open(at) => *at,
            HeaderEnd::Missing => 0,
        }
    }
}

/// The message with each edit made: all fields of the name go, and the new lines stand where the first of them stood,
/// else behind the last field. Of two edits of one name the later counts. All other octets are the message's own.
pub fn set_fields(message: &Message, edits: &[FieldEdit<'_>]) -> Vec<Bytes> {
    set_in_header(message, message.header.clone(), edits)
}

/// The same in the header that stands in this span: the message's, or a part's.
pub(super) fn set_in_header(message: &Message, header: Span, edits: &[FieldEdit<'_>]) -> Vec<Bytes> {
    let mut placed = vec![false; edits.len()];
    let mut replacements = Vec::new();
    let (base, end) = (header.start, HeaderEnd::within(message, &header));
    let fields_end = if end == HeaderEnd::Missing { base } else { end.offset() };
    for field in fields(&message.octets[base..fields_end], None) {
        let Some(index) = edits.iter().rposition(|edit| field.is(edit.name)) else { continue };
        let lines = edits[index].lines.filter(|_| !placed[index]).unwrap_or_default();
        placed[index] = true;
        replacements.push(Replacement { span: base + field.span.start..base + field.span.end, octets: ended(lines, message) });
    }
    let counts = |index: usize| !edits[index + 1..].iter().any(|later| later.name.eq_ignore_ascii_case(edits[index].name));
    let added: Vec<u8> = (0..edits.len())
        .filter(|&index| !placed[index] && counts(index))
        .flat_map(|index| ended(edits[index].lines.unwrap_or_default(), message))
        .collect();
    if !added.is_empty() {
        let is_ended = message.octets.ends_with(b"\n") || replacements.last().is_some_and(|r| r.span.end == message.octets.len());
        replacements.push(behind_the_fields(message, end, added, is_ended));
    }
    apply(message, replacements)
}

/// Puts lines behind the last field, so that they are in the header and the body stays what it is. `is_ended` says
/// whether what then stands at the end of the octets ends its line.
fn behind_the_fields(message: &Message, header_end: HeaderEnd, mut lines: Vec<u8>, is_ended: bool) -> Replacement {
    let line_end = message.line_end().as_str();
    match header_end {
        HeaderEnd::EmptyLine(at) => Replacement { span: at..at, octets: lines },
        HeaderEnd::BlankLine(line) => {
            lines.extend_from_slice(line_end.as_bytes());
            Replacement { span: line, octets: lines }
        }
        HeaderEnd::Missing => {
            lines.extend_from_slice(line_end.as_bytes());
            Replacement { span: 0..0, octets: lines }
        }
        HeaderEnd::Open(at) => {
            if !is_ended {
                lines.splice(0..0, line_end.bytes());
            }
            Replacement { span: at..at, octets: lines }
        }
    }
}

/// Lines that end as the message's do, the last one too.
fn ended(lines: &[u8], message: &Message) -> Vec<u8> {
    message.line_end().end_lines(lines)
}
