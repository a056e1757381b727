//! A message as a tree of spans over octets that nobody changes.

use crate::address::NameAddr;
use crate::field::{self, HeaderField, LineEnd};
use crate::splice::{Cuts, HeaderEnd};
use bytes::Bytes;
use mail_parser::{Charset, HeaderForm, HeaderValue};
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
    /// Its header, with the empty line that ends it.
    pub header: Span,
    /// Its body, as encoded.
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
    /// The empty line that ends a header without fields.
    LineEnd,
}

/// What is wrong with a message; none of it stops anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Defect {
    /// More parts or deeper nesting than is looked at; the rest is kept as octets of the part that holds it.
    LimitReached,
    /// There is no header.
    NoHeader,
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
        if self.octets.starts_with(b"\n") || self.octets.starts_with(b"\r\n") {
            Opening::LineEnd
        } else if self.header.is_empty() {
            Opening::Body
        } else if self.fields().next().is_some_and(|f| f.span.start == 0) {
            Opening::Field
        } else {
            Opening::Continuation
        }
    }

    /// Its header fields, in order, duplicates included.
    pub fn fields(&self) -> impl Iterator<Item = HeaderField<'_>> {
        field::fields(&self.octets[self.header.start..HeaderEnd::of(self).offset()])
    }

    /// The first field of a name. Where a field occurs twice against RFC 5322 §3.6, the first one counts everywhere.
    pub fn field(&self, name: &str) -> Option<HeaderField<'_>> {
        self.fields().find(|f| f.is(name))
    }

    /// The text of the first field of a name, unfolded and decoded (RFC 2047), ends trimmed.
    pub fn text(&self, name: &str) -> Option<String> {
        self.field(name).map(|field| field.text()).filter(|text| !text.is_empty())
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
        match decode_transfer(part.transfer_encoding, &body) {
            Cow::Borrowed(_) => body,
            Cow::Owned(decoded) => decoded.into(),
        }
    }

    /// A part's text: transfer encoding and charset undone. At most about `limit` octets of the encoded body are looked at.
    pub fn decoded_text(&self, part: &Part, limit: usize) -> String {
        let body = &self.octets[part.body.clone()];
        let octets = decode_transfer(part.transfer_encoding, &body[..body.len().min(limit)]);
        decode_charset(part.media_type.charset.as_deref(), &octets)
    }
}

impl Part {
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

/// Unstructured text (RFC 5322 §2.2.1) with encoded words decoded; controls and line ends become spaces, so that a
/// decoded text can never end a header line.
pub(crate) fn decode_text(body: &[u8]) -> String {
    let text = match HeaderForm::Text.parse(body).value() {
        HeaderValue::Text(text) => text.to_owned(),
        _ => String::from_utf8_lossy(body).into_owned(),
    };
    if text.chars().any(char::is_control) { text.replace(char::is_control, " ") } else { text }
}

fn decode_transfer(encoding: TransferEncoding, body: &[u8]) -> Cow<'_, [u8]> {
    match encoding {
        TransferEncoding::Identity => Cow::Borrowed(body),
        TransferEncoding::Base64 => Cow::Owned(decode_base64_leniently(body)),
        TransferEncoding::QuotedPrintable => encodify::qp::BODY.decode(body).unwrap_or(Cow::Borrowed(body)),
    }
}

/// RFC 2045 §6.8: octets outside the alphabet are ignored. A group that padding ends is complete.
fn decode_base64_leniently(body: &[u8]) -> Vec<u8> {
    let mut decoder = encodify::base64::STANDARD.decoder();
    let mut out = Vec::with_capacity(body.len() / 4 * 3 + 3);
    let mut at = 0;
    while at < body.len() {
        at += decoder.decode_symbols(&body[at..], &mut out);
        if body.get(at) == Some(&b'=') {
            decoder.pad(&mut out);
        }
        at += 1;
    }
    decoder.finish(&mut out);
    out
}

/// Text of a charset. Where none is named: UTF-8 if it is that, else windows-1252, which reads every octet.
fn decode_charset(label: Option<&str>, octets: &[u8]) -> String {
    match label.and_then(|l| Charset::from_label(l.as_bytes())) {
        Some(charset) => charset.decode(octets).into_owned(),
        None => match std::str::from_utf8(octets) {
            Ok(text) => text.to_owned(),
            Err(error) if error.error_len().is_none() => String::from_utf8_lossy(octets).into_owned(),
            Err(_) => Charset::from_label(b"windows-1252").map_or_else(String::new, |c| c.decode(octets).into_owned()),
        },
    }
}
