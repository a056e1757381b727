//! Parts behind a boundary that the multipart doesn't name.
//!
//! Microsoft's MIME sample names one boundary and delimits its bodies with another, so that both lie in what RFC 2046
//! §5.1.1 calls the preamble. A preamble is read as parts when a line in it is `--` and a token, and the next line is
//! a `Content-` field.

use crate::message::Span;
use crate::parse::MAX_PARTS;

/// Longest boundary looked for; RFC 2046 §5.1.1 allows 70 characters, mail in the wild has more.
const MAX_BOUNDARY: usize = 200;

/// The parts found in a preamble, each with its header, without the line end that belongs to the delimiter after it.
pub(crate) fn parts(preamble: &[u8]) -> Vec<Span> {
    let Some((start, boundary)) = first_delimiter(preamble) else { return Vec::new() };
    let mut found = Vec::new();
    let mut open: Option<usize> = None;
    for line in lines(preamble, start) {
        let text = preamble[line.clone()].trim_ascii_end();
        let Some(rest) = text.strip_prefix(boundary) else { continue };
        if !(rest.is_empty() || rest == b"--") {
            continue;
        }
        if let Some(from) = open.take() {
            found.push(from..without_line_end(preamble, from, line.start));
        }
        if found.len() == MAX_PARTS {
            return found;
        }
        if rest.is_empty() {
            open = Some(line.end);
        }
    }
    if let Some(from) = open {
        found.push(from..without_declared_delimiter(preamble, from));
    }
    found
}

/// The first line that is a delimiter followed by a `Content-` field, with its `--`.
fn first_delimiter(preamble: &[u8]) -> Option<(usize, &[u8])> {
    lines(preamble, 0).find_map(|line| {
        let text = preamble[line.clone()].trim_ascii_end();
        let delimiter = text.len() > 2 && text.len() <= MAX_BOUNDARY + 2 && text.starts_with(b"--");
        let next = preamble[line.end..].get(..8);
        (delimiter && next.is_some_and(|n| n.eq_ignore_ascii_case(b"content-"))).then_some((line.start, text))
    })
}

fn lines(octets: &[u8], mut at: usize) -> impl Iterator<Item = Span> {
    std::iter::from_fn(move || {
        let start = at;
        at = octets[start..].iter().position(|&b| b == b'\n').map_or(octets.len(), |i| start + i + 1);
        (start < at).then_some(start..at)
    })
}

fn without_line_end(octets: &[u8], from: usize, end: usize) -> usize {
    let slice = &octets[from..end];
    let slice = slice.strip_suffix(b"\n").unwrap_or(slice);
    from + slice.strip_suffix(b"\r").unwrap_or(slice).len()
}

/// The preamble of a multipart with parts ends in the delimiter line of the first one.
fn without_declared_delimiter(preamble: &[u8], from: usize) -> usize {
    let slice = &preamble[from..];
    let body = slice.strip_suffix(b"\n").unwrap_or(slice);
    let last_line = body.iter().rposition(|&b| b == b'\n').map_or(0, |i| i + 1);
    if slice.ends_with(b"\n") && body[last_line..].starts_with(b"--") {
        return without_line_end(preamble, from, from + last_line);
    }
    preamble.len()
}
