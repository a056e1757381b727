//! A message as a tree of spans over octets that nobody changes.

use crate::address::NameAddr;
use crate::decode::{self, EncodedBody};
use crate::field::{self, HeaderField, LineEnd};
use crate::splice::{Cuts, HeaderEnd};
use crate::{charset, msg_id, param};
use bytes::Bytes;
use std::borrow::Cow;
use std::ops::Range;

/// Octets `start..end` of a message.
pub type Span = Range<usize>;

/// A parsed message: made by [`Message::parse`], which takes any octets.
#[derive(Debug, Clone)]
pub struct Message {
    pub(crate) octets: Bytes,
    pub(crate) header: Span,
    pub(crate) parts: Vec<Part>,
    pub(crate) defects: Vec<Defect>,
    /// Whether it stood within another one, encrypted.
    pub(crate) was_encrypted: bool,
}

/// One MIME entity of a message (RFC 2045 §2.4), without looking into attached messages.
#[derive(Debug, Clone)]
pub struct Part {
    /// What its media type makes of it.
    pub kind: PartKind,
    /// Its media type.
    pub media_type: MediaType,
    /// How its body is encoded.
    pub transfer_encoding: TransferEncoding,
    /// What its Content-Disposition asks for (RFC 2183).
    pub disposition: Option<Disposition>,
    /// The disposition's `filename`, else the media type's `name`, decoded (RFC 2231).
    pub file_name: Option<String>,
    /// Content-ID without angle brackets.
    pub content_id: Option<String>,
    /// Whether it stands directly in a multipart/related (RFC 2387).
    pub related: bool,
    /// Whether it stands behind a boundary that its multipart doesn't name ([`Defect::UndeclaredBoundary`]).
    pub undeclared: bool,
    /// The multipart it stands in, as an index in [`Message::parts`]; nothing for the message itself.
    pub parent: Option<usize>,
    /// Its header, the empty line after it included; empty where it has none.
    pub header: Span,
    /// Its body, as encoded; a multipart's body holds its parts.
    pub body: Span,
}

/// What a part's media type makes of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PartKind {
    /// text/html
    Html,
    /// message/rfc822 or message/global
    Message,
    /// multipart/*, with its parts following
    Multipart,
    /// anything else
    Other,
    /// text/plain
    Text,
}

/// A media type (RFC 2045 §5.1).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MediaType {
    /// `type/subtype` in lower case.
    pub essence: String,
    /// The `charset` parameter as written.
    pub charset: Option<String>,
}

/// Content-Transfer-Encoding (RFC 2045 §6.1); 7bit, 8bit, binary and unknown ones leave the body as it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TransferEncoding {
    /// base64
    Base64,
    /// no encoding
    Identity,
    /// quoted-printable
    QuotedPrintable,
    /// x-uuencode, which older senders use (RFC 2045 §6.3 leaves `x-` to them)
    Uuencode,
}

/// Content-Disposition (RFC 2183).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Disposition {
    /// attachment, and any unknown one (RFC 2183 §2.8)
    Attachment,
    /// inline
    Inline,
}

/// What the first octets of a message are: it decides what can stand before them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Opening {
    /// A body: there is no header, and no empty line to end one.
    Body,
    /// A line that would continue a field above it.
    Continuation,
    /// A header field.
    Field,
    /// An empty line. To others it ends a header without fields; where fields follow it, we read them.
    LineEnd,
}

/// What is wrong with a message; none of it stops anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Defect {
    /// More parts or deeper nesting than is looked at; the rest is kept as octets of the part that holds it.
    LimitReached,
    /// There is no header.
    NoHeader,
    /// A header has two fields of a name that says what the body is; the first one counts.
    RepeatedField,
    /// A multipart has parts before its first delimiter, behind a boundary that it doesn't name.
    UndeclaredBoundary,
    /// A multipart has no closing delimiter.
    Unterminated,
}

impl Message {
    /// The octets it was parsed from.
    pub fn octets(&self) -> &Bytes {
        &self.octets
    }

    /// The same, which stood within another one, encrypted: its texts are shown without what they repeat of a header that was
    /// hidden with them (RFC 9788 §4.10).
    #[must_use]
    pub fn decrypted(self) -> Message {
        Message { was_encrypted: true, ..self }
    }

    /// Whether it stood within another one, encrypted, as [`Message::decrypted`] says.
    pub fn was_encrypted(&self) -> bool {
        self.was_encrypted
    }

    /// Its defects, each kind once.
    pub fn defects(&self) -> &[Defect] {
        &self.defects
    }

    /// Its parts in document order, the message itself first.
    pub fn parts(&self) -> &[Part] {
        &self.parts
    }

    /// How its first line ends.
    pub fn line_end(&self) -> LineEnd {
        LineEnd::of(&self.octets)
    }

    /// What its first octets are.
    pub fn opening(&self) -> Opening {
        let first_line = &self.octets[..field::next_line(&self.octets, 0)];
        let is_white = first_line.ends_with(b"\n") && first_line.trim_ascii().is_empty();
        let is_empty = matches!(first_line, b"\n" | b"\r\n");
        // White space continues a field that stands before it, so that only a header can begin with such a line.
        if is_empty || is_white && self.fields().next().is_some() {
            Opening::LineEnd
        } else if is_white || self.header.is_empty() {
            Opening::Body
        } else if self.fields().next().is_some_and(|f| f.span.start == 0) {
            Opening::Field
        } else {
            Opening::Continuation
        }
    }

    /// Its header fields, in order, duplicates included.
    pub fn fields(&self) -> impl Iterator<Item = HeaderField<'_>> {
        field::fields(&self.octets[self.header.start..HeaderEnd::of(self).offset()], self.charset())
    }

    /// The header fields of a part, in order; their spans count from the start of its header.
    pub fn part_fields<'m>(&'m self, part: &'m Part) -> impl Iterator<Item = HeaderField<'m>> {
        field::fields(&self.octets[part.header.clone()], part.media_type.charset.as_deref())
    }

    /// The first field of a name. Where a field occurs twice against RFC 5322 §3.6, the first one counts everywhere.
    pub fn field(&self, name: &str) -> Option<HeaderField<'_>> {
        self.fields().find(|f| f.is(name))
    }

    /// The text of the first field of a name, unfolded and decoded (RFC 2047), ends trimmed.
    pub fn text(&self, name: &str) -> Option<String> {
        self.field(name).map(|field| field.text()).filter(|text| !text.is_empty())
    }

    /// The identifier of the message (RFC 5322 §3.6.4), in angle brackets also where its sender left them out.
    pub fn message_id(&self) -> Option<String> {
        msg_id::message_id(&self.field("Message-ID")?.body())
    }

    /// The charset of the message's text: the first one that its first parts name.
    fn charset(&self) -> Option<&str> {
        const LOOKED_AT: usize = 8;
        self.parts.iter().take(LOOKED_AT).find_map(|part| part.media_type.charset.as_deref())
    }

    /// The mailboxes of every field of a name, in order.
    pub fn addresses(&self, name: &str) -> Vec<NameAddr> {
        self.fields().filter(|f| f.is(name)).flat_map(|f| NameAddr::parse_field(&f)).collect()
    }

    /// The lines of every field of a name: what to leave out so that a reader gets none of them.
    pub fn cuts(&self, name: &str) -> Cuts {
        let start = self.header.start;
        Cuts::new(self.fields().filter(|f| f.is(name)).map(|f| start + f.span.start..start + f.span.end))
    }

    /// A part's octets with the transfer encoding undone.
    pub fn decoded(&self, part: &Part) -> Bytes {
        let body = self.octets.slice(part.body.clone());
        match decode::decode(part.transfer_encoding, &body) {
            Cow::Borrowed(_) => body,
            Cow::Owned(decoded) => decoded.into(),
        }
    }

    /// A part's octets as they stand here, to be decoded when they are asked for.
    pub fn encoded_body(&self, part: &Part) -> EncodedBody {
        EncodedBody { transfer_encoding: part.transfer_encoding, octets: self.octets.slice(part.body.clone()) }
    }

    /// A parameter of a part's Content-Type, decoded (RFC 2045 §5.1, RFC 2231): a calendar's `method`, a text's `format`.
    /// `name` is in lower case.
    pub fn parameter(&self, part: &Part, name: &str) -> Option<String> {
        let field = self.part_fields(part).find(|f| f.is("Content-Type"))?;
        param::parameter(&charset::header_text(&field.body(), field.charset), name)
    }

    /// Where a part says it is from (RFC 2557 §4.2), the white space of folding taken out (§4.4.2).
    pub fn content_location(&self, part: &Part) -> Option<String> {
        let field = self.part_fields(part).find(|f| f.is("Content-Location"))?;
        let location: String = field.text().split_whitespace().collect();
        (!location.is_empty()).then_some(location)
    }

    /// The message that a part is (RFC 2046 §5.2.1): its octets as they stand here, or decoded where it is encoded against
    /// that clause; nothing for a part of another type.
    pub fn attached(&self, part: &Part) -> Option<Message> {
        (part.kind == PartKind::Message).then(|| Message::parse(self.decoded(part)))
    }

    /// The media type of what a link leads to (RFC 2046 §5.2.3): that of the header which is the part's body.
    pub fn attached_elsewhere(&self, part: &Part) -> Option<String> {
        let phantom = Message::parse(self.decoded(part));
        phantom.field("Content-Type").and_then(|_| phantom.parts.first()).map(|part| part.media_type.essence.clone())
    }

    /// A part's text: transfer encoding and charset undone. At most about `limit` octets of the encoded body are looked at.
    pub fn decoded_text(&self, part: &Part, limit: usize) -> String {
        let body = &self.octets[part.body.clone()];
        let octets = decode::decode(part.transfer_encoding, &body[..body.len().min(limit)]);
        charset::decode(part.media_type.charset.as_deref(), &octets)
    }
}

impl Part {
    /// The part as it stands in the message: its header and its body.
    pub fn span(&self) -> Span {
        self.header.start..self.body.end
    }

    /// Whether it is a file beside the text rather than the text (behaviour of Graph's attachments).
    pub fn is_attachment(&self) -> bool {
        match self.kind {
            PartKind::Multipart => false,
            PartKind::Html | PartKind::Text => self.disposition == Some(Disposition::Attachment) || self.file_name.is_some(),
            PartKind::Message | PartKind::Other => true,
        }
    }

    /// Whether it is shown within the text: asked for by its disposition, or named by its Content-ID in a
    /// multipart/related.
    pub fn is_inline(&self) -> bool {
        match self.disposition {
            Some(Disposition::Inline) => true,
            Some(Disposition::Attachment) => false,
            None => self.related && self.content_id.is_some(),
        }
    }
}
