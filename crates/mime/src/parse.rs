//! Octets → [`Message`]. The structure is mail-parser's work; here its parts become spans of our own, and what it
//! can't know is added: header fields by our own rule ([`crate::field`]) and parts behind undeclared boundaries.

use crate::field::{self, field_name, next_line};
use crate::message::{Defect, Disposition, MediaType, Message, Part, PartKind, Span, TransferEncoding};
use crate::{charset, param, undeclared};
use bytes::Bytes;
use mail_parser::{Encoding, HeaderName, MessageParser, MessagePart, PartFlags};

impl Message {
    /// Parses any octets. Nesting is followed for 64 levels and 10,000 parts; what lies beyond is one part.
    pub fn parse(octets: Bytes) -> Message {
        let mut reader = Reader { octets: &octets, parts: Vec::new(), defects: Vec::new() };
        let start = lines_before_header(&octets);
        let header = reader.entity(start..octets.len(), None);
        let Reader { parts, mut defects, .. } = reader;
        defects.sort_by_key(|d| *d as u8);
        defects.dedup();
        Message { header, parts, defects, octets, was_encrypted: false }
    }
}

/// A message of more octets is not copied to hide its repeated fields: of those the last one counts then.
const MAX_COPIED: usize = 16 * 1024 * 1024;
/// How many parts of one message are looked at.
pub(crate) const MAX_PARTS: usize = 10_000;

struct Reader<'x> {
    octets: &'x [u8],
    parts: Vec<Part>,
    defects: Vec<Defect>,
}

impl Reader<'_> {
    /// Reads the entity in `span` and appends its parts; answers where its header stands. With no `holder` it is the
    /// message itself, and parts behind boundaries that a multipart doesn't name are read too (one level deep, so that
    /// the time stays linear).
    fn entity(&mut self, span: Span, holder: Option<usize>) -> Span {
        let slice = &self.octets[span.clone()];
        let Some(message) = parser().parse(slice) else {
            self.defects.push(Defect::NoHeader);
            if self.parts.len() < MAX_PARTS {
                self.parts.push(text_part(span.clone(), holder));
            }
            return span.start..span.start;
        };
        let repeated = repeated_fields(&message);
        if repeated.is_empty() {
            return self.tree(&message, span.start, holder);
        }
        self.defects.push(Defect::RepeatedField);
        if slice.len() > MAX_COPIED {
            return self.tree(&message, span.start, holder);
        }
        let hidden = hide(slice.to_vec(), repeated);
        parser().parse(&hidden).map_or(span.start..span.start, |message| self.tree(&message, span.start, holder))
    }

    /// Appends the parts of a message that stands at `base`; answers where its header stands.
    fn tree(&mut self, message: &mail_parser::Message<'_>, base: usize, holder: Option<usize>) -> Span {
        let root = message.root();
        let mut placed = Vec::new(); // the parts read so far: mail-parser's number and ours, ascending
        for part in message.parts().filter(|p| p.message().id() == root.id() && !is_gap(p)) {
            let above = part.parent().map(|p| p.id());
            let parent = above.and_then(|id| placed.binary_search_by_key(&id, |&(theirs, _)| theirs).ok());
            let parent = parent.map_or(holder, |at| Some(placed[at].1));
            placed.push((part.id(), self.parts.len()));
            if !self.part(&part, base, parent, holder.is_none()) {
                break;
            }
        }
        base..base + root.root_part().offset_body() as usize
    }

    /// Reads one part; answers whether there is room for more.
    fn part(&mut self, part: &MessagePart<'_>, base: usize, parent: Option<usize>, recover: bool) -> bool {
        if self.parts.len() >= MAX_PARTS {
            self.defects.push(Defect::LimitReached);
            return false;
        }
        self.note(part.flags());
        let start = base + part.offset_body() as usize;
        let body = start..start.max(base + part.offset_end() as usize);
        let media_type = media_type(part);
        let index = self.parts.len();
        self.parts.push(Part {
            kind: kind(&media_type),
            transfer_encoding: transfer_encoding(part),
            disposition: part.content_disposition().map(|d| match d.ctype() {
                inline if inline.eq_ignore_ascii_case("inline") => Disposition::Inline,
                _ => Disposition::Attachment,
            }),
            file_name: file_name(part, media_type.charset.as_deref()),
            content_id: part.content_id().map(|id| id.trim_matches(['<', '>']).to_owned()).filter(|id| !id.is_empty()),
            related: part.parent().is_some_and(|p| p.is_content_type("multipart", "related")),
            media_type,
            undeclared: !recover && part.parent().is_none(),
            parent,
            header: base + part.offset_header() as usize..start,
            body: body.clone(),
        });
        let opened = !part.flags().intersects(PartFlags::LIMIT_REACHED | PartFlags::NESTING_LIMIT);
        if recover && opened && self.parts[index].media_type.essence.starts_with("multipart/") {
            self.undeclared(index, part.children().next().map(|c| base + c.offset_header() as usize), body);
        }
        true
    }

    /// Reads what stands before a multipart's first delimiter, if it is parts behind another boundary.
    fn undeclared(&mut self, index: usize, first_child: Option<usize>, body: Span) {
        let end = first_child.unwrap_or(body.end).clamp(body.start, body.end);
        let found = undeclared::parts(&self.octets[body.start..end]);
        if found.is_empty() {
            return;
        }
        self.defects.push(Defect::UndeclaredBoundary);
        self.parts[index].kind = PartKind::Multipart;
        for span in found {
            self.entity(body.start + span.start..body.start + span.end, Some(index));
        }
    }

    fn note(&mut self, flags: PartFlags) {
        if flags.intersects(PartFlags::LIMIT_REACHED | PartFlags::NESTING_LIMIT) {
            self.defects.push(Defect::LimitReached);
        }
        if flags.contains(PartFlags::UNTERMINATED) {
            self.defects.push(Defect::Unterminated);
        }
    }
}

/// mail-parser without what we have our own rules for: it leaves encoded messages to [`Message::attached`].
fn parser() -> MessageParser {
    MessageParser::new().max_encoded_nesting(0)
}

/// How many octets of blank lines stand before the first field; none where no field follows. RFC 5322 §2.1 has no such
/// lines, but programs that write their message as a literal text begin it with one, and some archives do.
fn lines_before_header(octets: &[u8]) -> usize {
    let blank = octets.iter().take_while(|b| b.is_ascii_whitespace()).count();
    let lines = octets[..blank].iter().rposition(|&b| b == b'\n').map_or(0, |at| at + 1);
    let follows = lines > 0 && field_name(&octets[lines..next_line(octets, lines)]).is_some();
    if follows { lines } else { 0 }
}

/// The fields that say what a part is and are not the first of their name in its header, by offset. mail-parser would
/// take the last one; here the first field of a name counts everywhere.
fn repeated_fields(message: &mail_parser::Message<'_>) -> Vec<usize> {
    let root = message.root().id();
    let mut repeated = Vec::new();
    for part in message.parts().filter(|p| p.message().id() == root) {
        let mut seen = [false; 3];
        for header in part.headers().iter() {
            let which = match header.name() {
                HeaderName::ContentType => 0,
                HeaderName::ContentTransferEncoding => 1,
                HeaderName::ContentDisposition => 2,
                _ => continue,
            };
            if std::mem::replace(&mut seen[which], true) {
                repeated.push(header.offset_field() as usize);
            }
        }
    }
    repeated
}

/// The octets with repeated fields under another name, of the same length, and again where that brings parts to light
/// that repeat some: a few times, so that the time stays linear.
fn hide(mut octets: Vec<u8>, mut repeated: Vec<usize>) -> Vec<u8> {
    const PASSES: usize = 4;
    for _ in 0..PASSES {
        for at in std::mem::take(&mut repeated) {
            octets[at] = b'X';
        }
        repeated = parser().parse(&octets).map(|message| repeated_fields(&message)).unwrap_or_default();
        if repeated.is_empty() {
            break;
        }
    }
    octets
}

/// Whether it is no part, but two delimiters without a line between (RFC 2046 §5.1.1: each needs a line end of its own).
fn is_gap(part: &MessagePart<'_>) -> bool {
    part.parent().is_some() && part.flags().contains(PartFlags::NO_BLANK_LINE) && part.offset_header() == part.offset_end()
}

fn transfer_encoding(part: &MessagePart<'_>) -> TransferEncoding {
    let uuencode = |name: &str| ["x-uuencode", "x-uue", "uuencode"].iter().any(|n| n.eq_ignore_ascii_case(name.trim()));
    match part.encoding() {
        Encoding::Base64 => TransferEncoding::Base64,
        Encoding::QuotedPrintable => TransferEncoding::QuotedPrintable,
        Encoding::None if part.content_transfer_encoding().is_some_and(uuencode) => TransferEncoding::Uuencode,
        Encoding::None => TransferEncoding::Identity,
    }
}

/// The disposition's `filename`, else the media type's `name` (RFC 2183 §2.3, RFC 2231). Raw 8-bit names are read as all
/// header text is, which mail-parser doesn't do; controls become spaces, as in all that is decoded from a header.
fn file_name(part: &MessagePart<'_>, charset: Option<&str>) -> Option<String> {
    let raw = part.raw_headers();
    let name = if raw.is_ascii() || std::str::from_utf8(raw).is_ok() {
        part.attachment_name().map(str::to_owned)
    } else {
        let parameter = |field: &str, name: &str| {
            let field = field::fields(raw, charset).find(|f| f.is(field))?;
            param::parameter(&charset::header_text(&field.body(), charset), name)
        };
        parameter("Content-Disposition", "filename").or_else(|| parameter("Content-Type", "name"))
    };
    name.map(|name| name.replace(char::is_control, " ")).filter(|name| !name.is_empty())
}

fn text_part(body: Span, parent: Option<usize>) -> Part {
    Part {
        kind: PartKind::Text,
        media_type: MediaType { essence: "text/plain".to_owned(), charset: None },
        transfer_encoding: TransferEncoding::Identity,
        disposition: None,
        file_name: None,
        content_id: None,
        related: false,
        undeclared: parent.is_some(),
        parent,
        header: body.start..body.start,
        body,
    }
}

/// The media type; text/plain where there is none or it can't be read (RFC 2045 §5.2).
fn media_type(part: &MessagePart<'_>) -> MediaType {
    let Some(content_type) = part.content_type() else {
        let essence = if part.is_message() { "message/rfc822" } else { "text/plain" };
        return MediaType { essence: essence.to_owned(), charset: None };
    };
    let essence = match (content_type.ctype(), content_type.subtype()) {
        ("text", None) | ("", _) => "text/plain".to_owned(),
        (kind, subtype) => format!("{kind}/{}", subtype.unwrap_or_default()).to_ascii_lowercase(),
    };
    MediaType { essence, charset: content_type.attribute("charset").map(str::to_owned) }
}

fn kind(media_type: &MediaType) -> PartKind {
    match media_type.essence.as_str() {
        "text/plain" => PartKind::Text,
        "text/html" => PartKind::Html,
        "message/rfc822" | "message/global" => PartKind::Message,
        multipart if multipart.starts_with("multipart/") => PartKind::Multipart,
        _ => PartKind::Other,
    }
}

#[cfg(test)]
mod tests;
