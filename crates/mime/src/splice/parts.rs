//! Parts in and out of existing octets (RFC 2046 §5.1): one part with its delimiter, and nothing else.
//!
//! What is signed or encrypted is never altered within: a part added to it stands beside it, in a multipart/mixed
//! around both, and a part of it can't be taken out.

use super::fields::{FieldEdit, HeaderEnd, set_in_header};
use super::{Replacement, apply};
use crate::boundary;
use crate::message::{Defect, Message, Part, PartKind, Span};
use crate::piece::Piece;
use bytes::Bytes;
use mail_parser::{HeaderName, MessageParser, MessagePart, PartFlags};

/// Nesting up to which a multipart/mixed can be put around a message, so that its innermost parts are still looked at.
const DEEPEST: usize = 60;

/// The message with a part more, `part` being its header, the empty line and its body, all lines ended as they are to
/// be. In a multipart/mixed the part becomes the last one. Any other message becomes the first part of a new
/// multipart/mixed: its Content- fields move there as they are. `seed`, random letters and figures, makes a new
/// boundary unlike any line of the message.
///
/// `None` where the part would not be found again: the message has more parts, or deeper ones, than are looked at, or a
/// Content-Type in a line that is no field to all readers.
pub fn insert_part(message: &Message, part: Vec<Piece>, seed: &str) -> Option<Vec<Piece>> {
    if message.defects.contains(&Defect::LimitReached) || nesting(message) > DEEPEST {
        return None;
    }
    match Gap::find(message) {
        Some(gap) => Some(gap.fill(message, part)),
        None => (!hides_content_type(message)).then(|| wrap(message, part, seed)),
    }
}

/// The message without one of its [`Message::parts`]: the part's octets and the delimiter line before it go. Where the
/// message itself is that part, its Content- fields and its body go.
///
/// `None` where there is no such part, where it is a multipart, where it stands in something signed or encrypted, and
/// where delimiters of the message are no lines of their own, or none that a multipart names.
pub fn remove_part(message: &Message, index: usize) -> Option<Vec<Bytes>> {
    let part = message.parts.get(index)?;
    let breaks = if index == 0 { is_sealed(part) } else { enclosing(message, part).any(|p| is_sealed(p) || p.undeclared) };
    if part.kind == PartKind::Multipart || breaks {
        return None;
    }
    if index > 0 {
        let span = with_delimiter(message, part)?;
        return Some(apply(message, vec![Replacement { span, octets: Vec::new() }]));
    }
    let mut replacements: Vec<_> =
        content_fields(message).into_iter().map(|span| Replacement { span, octets: Vec::new() }).collect();
    // What is left of a header that no line ends might be taken for a body.
    let is_open = matches!(HeaderEnd::of(message), HeaderEnd::Open(_));
    let end = if is_open { message.line_end().as_str().into() } else { Vec::new() };
    replacements.push(Replacement { span: part.body.clone(), octets: end });
    Some(apply(message, replacements))
}

/// The message with fields of a part's header set as [`set_fields`] sets the message's own.
///
/// `None` where there is no such part, where it has no header, and where it stands in something signed or encrypted.
///
/// [`set_fields`]: crate::set_fields
pub fn set_part_fields(message: &Message, index: usize, edits: &[FieldEdit<'_>]) -> Option<Vec<Bytes>> {
    let part = message.parts.get(index)?;
    if index == 0 {
        return Some(set_in_header(message, message.header.clone(), edits));
    }
    let is_apart = part.undeclared || part.header.is_empty();
    let breaks = is_apart || enclosing(message, part).any(|p| is_sealed(p) || p.undeclared);
    (!breaks).then(|| set_in_header(message, part.header.clone(), edits))
}

/// Where a part can be added to a multipart/mixed.
struct Gap {
    at: usize,
    boundary: String,
    kind: GapKind,
}

#[derive(PartialEq, Eq)]
enum GapKind {
    /// Before the line that closes the multipart.
    BeforeClose,
    /// At the end of the octets: nothing closes the multipart, or its parts are behind a boundary that it doesn't name.
    End,
    /// At the end of the octets, whose last line is a delimiter that no part follows.
    EndAfterDelimiter,
}

impl Gap {
    /// The gap in the message's own multipart/mixed; nothing where it is none, or where its delimiters are no lines.
    fn find(message: &Message) -> Option<Gap> {
        let (root, parts) = message.parts.split_first()?;
        if root.kind != PartKind::Multipart || root.media_type.essence != "multipart/mixed" {
            return None;
        }
        let octets = &message.octets[..];
        let boundary = declared_boundary(message)?;
        let delimiter = format!("--{boundary}");
        let last = parts.iter().filter(|part| part.parent == Some(0)).max_by_key(|part| part.body.end)?;
        let line = after_line_end(octets, last.body.end);
        let follows = octets[line..].strip_prefix(delimiter.as_bytes()).filter(|_| is_line_start(octets, line));
        let (at, kind) = match follows {
            Some(_) if last.undeclared => return None, // the line may be of another boundary that only begins like it
            Some(rest) if rest.starts_with(b"--") => (line, GapKind::BeforeClose),
            Some(b"" | b"\n" | b"\r\n") => (octets.len(), GapKind::EndAfterDelimiter),
            None if last.undeclared && !boundary::occurs(octets, delimiter.as_bytes()) && is_closed(message, last) => {
                (octets.len(), GapKind::End)
            }
            None if !last.undeclared && last.body.end == octets.len() => (octets.len(), GapKind::End),
            _ => return None,
        };
        Some(Gap { at, kind, boundary })
    }

    fn fill(self, message: &Message, part: Vec<Piece>) -> Vec<Piece> {
        let octets = &message.octets;
        let line_end = message.line_end().as_str();
        let boundary = &self.boundary;
        let before = match self.kind {
            GapKind::BeforeClose => format!("--{boundary}{line_end}"),
            GapKind::End => format!("{}--{boundary}{line_end}", line_end_after(octets, line_end)),
            GapKind::EndAfterDelimiter if octets.ends_with(b"\n") => String::new(),
            GapKind::EndAfterDelimiter => line_end.to_owned(),
        };
        let mut after = line_end_after_part(&part, line_end).to_owned();
        if self.kind != GapKind::BeforeClose {
            after += &format!("--{boundary}--{line_end}");
        }
        let pieces = [octets.slice(..self.at).into(), before.into()].into_iter().chain(part);
        let pieces = pieces.chain([after.into(), octets.slice(self.at..).into()]);
        pieces.filter(|piece| !piece.is_empty()).collect()
    }
}

/// Puts a multipart/mixed around the message: its Content- fields, the line that ends its header and its body become
/// the first part as they are.
fn wrap(message: &Message, part: Vec<Piece>, seed: &str) -> Vec<Piece> {
    let octets = &message.octets;
    let line_end = message.line_end().as_str();
    let boundary = boundary::unlike("mixed", seed, |text| {
        boundary::occurs(octets, text.as_bytes()) || part.iter().any(|piece| piece.holds(text))
    });
    let moved = content_fields(message);
    let mut out = kept_fields(message, &moved);

    let mut opening = String::new();
    if out.last().is_some_and(|field| !field.ends_with(b"\n")) {
        opening += line_end;
    }
    if message.field("MIME-Version").is_none() {
        opening += &format!("MIME-Version: 1.0{line_end}");
    }
    opening += &format!("Content-Type: multipart/mixed;{line_end} boundary=\"{boundary}\"{line_end}");
    opening += &format!("{line_end}--{boundary}{line_end}");
    out.push(opening.into());

    out.extend(moved.iter().map(|span| octets.slice(span.clone())));
    let unended = moved.last().is_some_and(|span| !octets[span.clone()].ends_with(b"\n"));
    let (header_line_end, rest) = match HeaderEnd::of(message) {
        HeaderEnd::EmptyLine(at) => ("", octets.slice(at..)),
        HeaderEnd::BlankLine(line) => (line_end, octets.slice(line.end..)),
        HeaderEnd::Missing => (line_end, octets.clone()),
        HeaderEnd::Open(_) => (line_end, Bytes::new()),
    };
    let header_end = if unended { line_end.repeat(2) } else { header_line_end.to_owned() };
    let between = format!("{}--{boundary}{line_end}", line_end_after(&rest, line_end));
    let closing = format!("{}--{boundary}--{line_end}", line_end_after_part(&part, line_end));
    out.extend([header_end.into(), rest, between.into()]);
    let pieces = out.into_iter().map(Piece::from).chain(part).chain([closing.into()]);
    pieces.filter(|piece| !piece.is_empty()).collect()
}

/// Whether mail-parser, which reads the structure, finds a Content-Type in what is no field of that name to us: it
/// would stay in the header when the others move, and say what the message is.
fn hides_content_type(message: &Message) -> bool {
    let start = message.header.start;
    let Some(parsed) = MessageParser::new().parse(&message.octets[start..]) else { return false };
    let moved = content_fields(message);
    let root = parsed.root_part();
    let types = root.headers().iter().filter(|header| header.name() == HeaderName::ContentType);
    let mut offsets = types.map(|header| start + header.offset_field() as usize);
    offsets.any(|at| !moved.iter().any(|span| span.contains(&at)))
}

/// What stands in the header beside the fields that move.
fn kept_fields(message: &Message, moved: &[Span]) -> Vec<Bytes> {
    let fields_end = HeaderEnd::of(message).offset();
    let starts = std::iter::once(0).chain(moved.iter().map(|span| span.end));
    let ends = moved.iter().map(|span| span.start).chain(std::iter::once(fields_end));
    let kept = starts.zip(ends).filter(|(start, end)| start < end);
    kept.map(|(start, end)| message.octets.slice(start..end)).collect()
}

/// The boundary that the message's one Content-Type names; nothing where it holds a line end, so that no line can be a
/// delimiter, and where delimiters of it could be taken for others: a multipart within names the same one, or a
/// delimiter is found within a line, which counts only as long as none stands at the start of one.
fn declared_boundary(message: &Message) -> Option<String> {
    let parsed = MessageParser::new().parse(&message.octets[message.header.start..])?;
    let names = |part: &MessagePart<'_>| part.content_type()?.attribute("boundary").map(str::to_owned);
    let boundary = names(&parsed.root_part()).filter(|boundary| !boundary.is_empty() && !boundary.contains(char::is_control))?;
    let is_named_twice = message.fields().filter(|f| f.is("Content-Type")).count() != 1;
    let is_within = parsed.parts().skip(1).any(|part| names(&part).as_ref() == Some(&boundary));
    (!is_named_twice && !is_within && !has_delimiter_in_a_line(&parsed)).then_some(boundary)
}

/// Whether a part behind an undeclared boundary ends with the octets, or by a line that closes its boundary.
fn is_closed(message: &Message, part: &Part) -> bool {
    let octets = &message.octets[..];
    let delimiter = octets[line_before(octets, part.header.start)].trim_ascii_end();
    let rest = octets[after_line_end(octets, part.body.end)..].strip_prefix(delimiter);
    part.body.end == octets.len() || rest.is_some_and(|rest| rest.starts_with(b"--"))
}

/// Whether a delimiter is found within a line, for want of one that is a line.
fn has_delimiter_in_a_line(parsed: &mail_parser::Message<'_>) -> bool {
    parsed.parts().any(|p| p.flags().contains(PartFlags::FALLBACK_DELIMITER))
}

/// The spans of the fields that say what the body is (RFC 2045 §9).
fn content_fields(message: &Message) -> Vec<Span> {
    let base = message.header.start;
    let of_content = |name: &str| name.get(..8).is_some_and(|start| start.eq_ignore_ascii_case("content-"));
    message.fields().filter(|f| of_content(f.name)).map(|f| base + f.span.start..base + f.span.end).collect()
}

/// A part's octets with the delimiter line before it; the line end before that is the delimiter's (RFC 2046 §5.1.1)
/// and becomes the next one's. A delimiter that alone makes the multipart one stays.
fn with_delimiter(message: &Message, part: &Part) -> Option<Span> {
    let octets = &message.octets[..];
    let parsed = MessageParser::new().parse(&octets[message.header.start..])?;
    let within = enclosing(message, part).next()?;
    let line = line_before(octets, part.header.start);
    let delimiter = octets[line.clone()].trim_ascii_end();
    let is_line = is_line_start(octets, line.start) && delimiter.starts_with(b"--");
    if !is_line || part.undeclared || has_delimiter_in_a_line(&parsed) {
        return None;
    }
    let siblings = || message.parts.iter().filter(|p| p.parent == part.parent);
    let is_only = siblings().filter(|p| !p.undeclared).count() == 1;
    let next = after_line_end(octets, part.body.end);
    let is_followed = is_line_start(octets, next) && octets[next..].starts_with(b"--");
    if is_followed && octets[next..].starts_with(delimiter) {
        let keeps = is_only && siblings().any(|p| p.undeclared);
        return Some(if keeps { part.header.start } else { line.start }..next);
    }
    // No delimiter of the multipart is left behind the part: one within a line before it would count from then on.
    if occurs_in_a_line(&octets[within.body.start..line.start], delimiter) {
        return None;
    }
    if is_followed {
        return Some(if is_only { part.header.start } else { line.start }..next);
    }
    // Nothing closes the multipart: the line end before the delimiter goes too, or what stands there would grow by it.
    let start = if is_only { part.header.start } else { before_line_end(octets, line.start) };
    (part.body.end == octets.len()).then_some(start..part.body.end)
}

fn occurs_in_a_line(octets: &[u8], text: &[u8]) -> bool {
    octets.split(|&b| b == b'\n').any(|line| line.get(1..).is_some_and(|line| boundary::occurs(line, text)))
}

/// The multiparts that a part stands in, innermost first.
fn enclosing<'m>(message: &'m Message, part: &'m Part) -> impl Iterator<Item = &'m Part> {
    let parent = |part: &Part| message.parts.get(part.parent?);
    std::iter::successors(parent(part), move |outer| parent(outer))
}

/// Whether nothing in it can change without breaking a signature or a cipher text (RFC 1847, RFC 8551 §3.2).
fn is_sealed(part: &Part) -> bool {
    let essence = part.media_type.essence.as_str();
    ["multipart/signed", "multipart/encrypted", "application/pkcs7-mime", "application/x-pkcs7-mime"].contains(&essence)
}

/// In how many others the deepest part stands.
fn nesting(message: &Message) -> usize {
    let mut depths: Vec<usize> = Vec::with_capacity(message.parts.len());
    for part in &message.parts {
        depths.push(part.parent.and_then(|parent| depths.get(parent)).map_or(0, |depth| depth + 1));
    }
    depths.into_iter().max().unwrap_or_default()
}

/// The line end that must stand between octets and a delimiter, so that only it is taken for the delimiter's: an LF
/// after a CR would take the CR along.
fn line_end_after<'l>(octets: &[u8], line_end: &'l str) -> &'l str {
    if octets.ends_with(b"\r") { "\r\n" } else { line_end }
}

fn line_end_after_part<'l>(part: &[Piece], line_end: &'l str) -> &'l str {
    let last = part.iter().rfind(|piece| !piece.is_empty());
    if last.is_some_and(|piece| piece.ends_with(b"\r")) { "\r\n" } else { line_end }
}

/// The line that ends where `at` stands.
fn line_before(octets: &[u8], at: usize) -> Span {
    let text = octets[..at].strip_suffix(b"\n").unwrap_or(&octets[..at]);
    text.iter().rposition(|&b| b == b'\n').map_or(0, |i| i + 1)..at
}

/// `at`, or behind the line end that stands there.
fn after_line_end(octets: &[u8], at: usize) -> usize {
    match &octets[at..] {
        [b'\n', ..] => at + 1,
        [b'\r', b'\n', ..] => at + 2,
        _ => at,
    }
}

/// `at`, or before the line end that stands before it.
fn before_line_end(octets: &[u8], at: usize) -> usize {
    match &octets[..at] {
        [.., b'\r', b'\n'] => at - 2,
        [.., b'\n'] => at - 1,
        _ => at,
    }
}

fn is_line_start(octets: &[u8], at: usize) -> bool {
    at == 0 || octets[at - 1] == b'\n'
}
