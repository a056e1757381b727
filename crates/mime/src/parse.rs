//! Octets → [`Message`]. The structure is mail-parser's work; here its parts become spans of our own, and what it
//! can't know is added: header fields by our own rule ([`crate::field`]) and parts behind undeclared boundaries.

use crate::message::{Defect, Disposition, MediaType, Message, Part, PartKind, Span, TransferEncoding};
use crate::undeclared;
use bytes::Bytes;
use mail_parser::{Encoding, MessageParser, MessagePart, PartFlags};

impl Message {
    /// Parses any octets. Nesting is followed for 64 levels and 10,000 parts; what lies beyond is one part.
    pub fn parse(octets: Bytes) -> Message {
        let mut reader = Reader { octets: &octets, parts: Vec::new(), defects: Vec::new() };
        let header = reader.entity(0..octets.len(), true);
        let Reader { parts, mut defects, .. } = reader;
        defects.sort_by_key(|d| *d as u8);
        defects.dedup();
        Message { header, parts, defects, octets }
    }
}

/// How many parts of one message are looked at.
pub(crate) const MAX_PARTS: usize = 10_000;

struct Reader<'x> {
    octets: &'x [u8],
    parts: Vec<Part>,
    defects: Vec<Defect>,
}

impl Reader<'_> {
    /// Reads the entity in `span` and appends its parts; answers where its header stands. With `recover`, parts behind
    /// boundaries that a multipart doesn't name are read too (one level deep, so that the time stays linear).
    fn entity(&mut self, span: Span, recover: bool) -> Span {
        let slice = &self.octets[span.clone()];
        let Some(message) = MessageParser::new().parse(slice) else {
            self.defects.push(Defect::NoHeader);
            self.parts.push(text_part(span.clone()));
            return span.start..span.start;
        };
        let root = message.root();
        for part in message.parts().filter(|p| p.message().id() == root.id()) {
            self.part(&part, span.start, recover);
        }
        span.start..span.start + root.root_part().offset_body() as usize
    }

    fn part(&mut self, part: &MessagePart<'_>, base: usize, recover: bool) {
        if self.parts.len() >= MAX_PARTS {
            self.defects.push(Defect::LimitReached);
            return;
        }
        self.note(part.flags());
        let header = base + part.offset_header() as usize..base + part.offset_body() as usize;
        let body = header.end..base + part.offset_end() as usize;
        let media_type = media_type(part);
        let index = self.parts.len();
        self.parts.push(Part {
            kind: kind(part, &media_type),
            transfer_encoding: match part.encoding() {
                Encoding::Base64 => TransferEncoding::Base64,
                Encoding::QuotedPrintable => TransferEncoding::QuotedPrintable,
                Encoding::None => TransferEncoding::Identity,
            },
            disposition: part.content_disposition().map(|d| match d.ctype() {
                inline if inline.eq_ignore_ascii_case("inline") => Disposition::Inline,
                _ => Disposition::Attachment,
            }),
            file_name: part.attachment_name().map(str::to_owned).filter(|n| !n.is_empty()),
            content_id: part.content_id().map(|id| id.trim_matches(['<', '>']).to_owned()).filter(|id| !id.is_empty()),
            related: part.parent().is_some_and(|p| p.is_content_type("multipart", "related")),
            media_type,
            header,
            body: body.clone(),
        });
        let opened = !part.flags().intersects(PartFlags::LIMIT_REACHED | PartFlags::NESTING_LIMIT);
        if recover && opened && self.parts[index].media_type.essence.starts_with("multipart/") {
            self.undeclared(index, part.children().next().map(|c| base + c.offset_header() as usize), body);
        }
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
            self.entity(body.start + span.start..body.start + span.end, false);
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

fn text_part(body: Span) -> Part {
    Part {
        kind: PartKind::Text,
        media_type: MediaType { essence: "text/plain".to_owned(), charset: None },
        transfer_encoding: TransferEncoding::Identity,
        disposition: None,
        file_name: None,
        content_id: None,
        related: false,
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

fn kind(part: &MessagePart<'_>, media_type: &MediaType) -> PartKind {
    match media_type.essence.as_str() {
        _ if part.is_multipart() => PartKind::Multipart,
        "text/plain" => PartKind::Text,
        "text/html" => PartKind::Html,
        "message/rfc822" | "message/global" => PartKind::Message,
        // a multipart in which no delimiter was found: its body is shown as the text it is
        multipart if multipart.starts_with("multipart/") => PartKind::Text,
        _ => PartKind::Other,
    }
}

#[cfg(test)]
mod tests;
