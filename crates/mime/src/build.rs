//! New octets from parts: what a message given as JSON becomes, once.
//!
//! Promises: CR LF line ends, lines of at most 998 octets, no octet above 127, each value where it belongs and nowhere
//! else. Two things stay as they were given since nothing may encode them: an attached message (RFC 2046 §5.2.1), and
//! an address or identifier above ASCII (RFC 6532). Date and Message-ID are not written here: they are generated
//! fields, which stand before these octets.

mod field;
mod param;
mod part;
mod text;

pub use field::{address_line, is_field_name, text_line};
pub use part::FileFields;
pub(crate) use text::quoted_printable;

use crate::address::NameAddr;
use crate::field::LineEnd;
use crate::html_to_text::html_to_text;
use crate::piece::Piece;
use bytes::Bytes;
use part::Part;

/// A message to be built.
#[derive(Debug, Clone, Default)]
pub struct Composition {
    /// From
    pub from: Vec<NameAddr>,
    /// Sender
    pub sender: Option<NameAddr>,
    /// To
    pub to: Vec<NameAddr>,
    /// Cc
    pub cc: Vec<NameAddr>,
    /// Bcc; kept in the sender's copy, cut from everybody else's
    pub bcc: Vec<NameAddr>,
    /// Reply-To
    pub reply_to: Vec<NameAddr>,
    /// Subject
    pub subject: String,
    /// Further fields, name and text, in order. One whose name is none ([`is_field_name`]) is not written.
    pub fields: Vec<(String, String)>,
    /// The text's form
    pub body_kind: BodyKind,
    /// The text
    pub body: String,
    /// The files
    pub attachments: Vec<Attachment>,
    /// Makes the boundaries unlike any line of the message: random letters and figures.
    pub boundary_seed: String,
}

/// The form of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum BodyKind {
    /// text/html
    Html,
    /// text/plain
    #[default]
    Text,
}

/// A file of a message to be built.
#[derive(Debug, Clone, Default)]
pub struct Attachment {
    /// File name
    pub name: String,
    /// Media type, with parameters or without; anything that is none becomes application/octet-stream.
    pub media_type: String,
    /// Content-ID without angle brackets
    pub content_id: Option<String>,
    /// Shown within the text
    pub is_inline: bool,
    /// Its octets
    pub octets: Bytes,
}

/// Builds the octets; its files' are encoded when the pieces are written.
pub fn compose(message: &Composition) -> Vec<Piece> {
    let mut header = String::new();
    for (name, list) in [
        ("From", message.from.as_slice()),
        ("Sender", message.sender.as_slice()),
        ("Reply-To", &message.reply_to),
        ("To", &message.to),
        ("Cc", &message.cc),
        ("Bcc", &message.bcc),
    ] {
        header += &address_line(name, list);
    }
    if !message.subject.is_empty() {
        header += &text_line("Subject", &message.subject);
    }
    for (name, text) in message.fields.iter().filter(|(name, _)| is_field_name(name)) {
        header += &text_line(name, text);
    }
    header += "MIME-Version: 1.0\r\n";
    let mut out = vec![header.into()];
    body(message).write(LineEnd::CrLf, &mut out);
    out
}

/// A file as a part of a message whose lines end in `line_end`: what [`insert_part`] takes.
///
/// [`insert_part`]: crate::insert_part
pub fn attachment_part(attachment: &Attachment, line_end: LineEnd) -> Vec<Piece> {
    let mut out = Vec::new();
    Part::file(attachment).write(line_end, &mut out);
    out
}

/// The body's nesting: mixed(related(alternative(text, html), inline files), files), each multipart only where it has
/// something to hold. This is what Exchange writes. RFC 2387 §3.1: `type` is the media type of a related's first part.
fn body(message: &Composition) -> Part {
    let seed = &message.boundary_seed;
    let (mut inner, has_inline) = match message.body_kind {
        BodyKind::Text => (Part::text("text/plain", &message.body), false),
        BodyKind::Html => {
            let texts = [("text/plain", &*html_to_text(&message.body)), ("text/html", &*message.body)];
            let parts = texts.map(|(essence, text)| Part::text(essence, text)).into();
            (Part::multipart("alternative", None, seed, parts), true)
        }
    };
    let (inline, files): (Vec<_>, Vec<_>) = message.attachments.iter().partition(|a| has_inline && a.is_inline);
    let root = ("type", "multipart/alternative");
    for (subtype, parameter, attachments) in [("related", Some(root), inline), ("mixed", None, files)] {
        if !attachments.is_empty() {
            let parts = std::iter::once(inner).chain(attachments.into_iter().map(Part::file)).collect();
            inner = Part::multipart(subtype, parameter, seed, parts);
        }
    }
    inner
}

#[cfg(test)]
mod tests;
