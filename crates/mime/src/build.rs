//! New octets from parts: what a message given as JSON becomes, once.
//!
//! Date and Message-ID are not written here: they are generated fields, which stand before these octets.

use crate::address::NameAddr;
use crate::field::LineEnd;
use bytes::Bytes;
use mail_builder::headers::address::Address;
use mail_builder::headers::content_type::ContentType;
use mail_builder::headers::raw::Raw;
use mail_builder::headers::text::Text;
use mail_builder::headers::{Header, HeaderType};
use mail_builder::mime::MimePart;
use std::borrow::Cow;

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
    /// Further fields, name and text, in order; names must be field names (RFC 5322 §3.6.8).
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
    /// Media type; anything that is none becomes application/octet-stream.
    pub media_type: String,
    /// Content-ID without angle brackets
    pub content_id: Option<String>,
    /// Shown within the text
    pub is_inline: bool,
    /// Its octets
    pub octets: Bytes,
}

/// Builds the octets: CR LF line ends, 7-bit, every text on encoded or folded lines, so that no value can begin a line.
pub fn compose(message: &Composition) -> Vec<u8> {
    let mut out = Vec::with_capacity(message.attachments.iter().map(|a| a.octets.len() * 3 / 2).sum::<usize>() + 2048);
    address_field(&mut out, "From", &message.from);
    address_field(&mut out, "Sender", message.sender.as_slice());
    address_field(&mut out, "Reply-To", &message.reply_to);
    address_field(&mut out, "To", &message.to);
    address_field(&mut out, "Cc", &message.cc);
    address_field(&mut out, "Bcc", &message.bcc);
    if !message.subject.is_empty() {
        field(&mut out, "Subject", Text::new(one_line(&message.subject)));
    }
    for (name, text) in &message.fields {
        field(&mut out, name, Text::new(one_line(text)));
    }
    out.extend_from_slice(b"MIME-Version: 1.0\r\n");
    body(message).write_part(&mut out);
    out
}

/// One address field, encoded and folded, with its CR LF; nothing for an empty list.
pub fn address_line(name: &str, list: &[NameAddr]) -> String {
    let mut out = Vec::new();
    address_field(&mut out, name, list);
    String::from_utf8_lossy(&out).into_owned()
}

/// A file as a part: its header, the empty line and its body, lines ended as given.
pub fn attachment_part(file: &Attachment, line_end: LineEnd) -> Vec<u8> {
    let mut part = Vec::new();
    attachment(file).write_part(&mut part);
    match line_end {
        LineEnd::CrLf => part,
        // header fields and base64: no CR in it is anybody's own
        LineEnd::Lf => part.into_iter().filter(|&octet| octet != b'\r').collect(),
    }
}

/// One field, encoded and folded, with its CR LF.
pub fn field_line(name: &str, text: &str) -> String {
    let mut out = Vec::new();
    field(&mut out, name, Text::new(one_line(text)));
    String::from_utf8_lossy(&out).into_owned()
}

fn field(out: &mut Vec<u8>, name: &str, value: impl Header) {
    out.extend_from_slice(name.as_bytes());
    out.extend_from_slice(b": ");
    value.write_header(out, name.len() + 2);
}

fn address_field(out: &mut Vec<u8>, name: &str, list: &[NameAddr]) {
    if list.is_empty() {
        return;
    }
    let addresses = list
        .iter()
        .map(|a| {
            let display = (!a.name.is_empty()).then(|| one_line(&a.name));
            Address::new_address(display, one_line(&a.address))
        })
        .collect();
    field(out, name, Address::new_list(addresses));
}

/// The body's nesting: what is inline stands beside the text in a multipart/related (RFC 2387), files around it.
fn body(message: &Composition) -> MimePart<'_> {
    let essence = match message.body_kind {
        BodyKind::Html => "text/html",
        BodyKind::Text => "text/plain",
    };
    let mut inner = MimePart::new(essence, Cow::Borrowed(message.body.as_str()));
    let (inline, files): (Vec<_>, Vec<_>) =
        message.attachments.iter().partition(|a| a.is_inline && message.body_kind == BodyKind::Html);
    for (subtype, attachments) in [("related", inline), ("mixed", files)] {
        if !attachments.is_empty() {
            let boundary = format!("_{subtype}_{}_", message.boundary_seed);
            let container = ContentType::new(format!("multipart/{subtype}")).attribute("boundary", boundary);
            let parts = std::iter::once(inner).chain(attachments.into_iter().map(attachment)).collect::<Vec<_>>();
            inner = MimePart::new(container, parts);
        }
    }
    inner
}

fn attachment(attachment: &Attachment) -> MimePart<'_> {
    let name = one_line(&attachment.name).into_owned();
    let media_type = if is_media_type(&attachment.media_type) { &attachment.media_type } else { "application/octet-stream" };
    let kind = if attachment.is_inline { "inline" } else { "attachment" };
    let mut disposition = ContentType::new(kind);
    let mut content_type = ContentType::new(media_type);
    if !name.is_empty() {
        disposition = disposition.attribute("filename", name.clone());
        content_type = content_type.attribute("name", name);
    }
    // A file's octets are its own: base64 also for text, so that no line end is touched.
    let encoded = encodify::base64::MIME.encode(&attachment.octets).into_bytes();
    let mut part = MimePart::new(content_type, encoded).transfer_encoding("base64");
    part = part.header("Content-Disposition", HeaderType::ContentType(disposition));
    if let Some(id) = attachment.content_id.as_deref().map(content_id).filter(|id| !id.is_empty()) {
        part = part.header("Content-ID", Raw::new(format!("<{id}>")));
    }
    part
}

fn content_id(id: &str) -> String {
    id.chars().filter(|c| c.is_ascii_graphic() && !matches!(c, '<' | '>')).collect()
}

/// `type/subtype` in the characters of RFC 2045 §5.1, without parameters.
fn is_media_type(text: &str) -> bool {
    let token = |t: &str| !t.is_empty() && t.bytes().all(|b| b.is_ascii_alphanumeric() || b"!#$&-^_.+".contains(&b));
    text.split_once('/').is_some_and(|(kind, subtype)| token(kind) && token(subtype) && kind != "multipart" && kind != "message")
}

/// The text with every control a space: no value can end its line.
fn one_line(text: &str) -> Cow<'_, str> {
    if text.contains(char::is_control) { Cow::Owned(text.replace(char::is_control, " ")) } else { Cow::Borrowed(text) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{ItemBody, Message};

    fn built(composition: &Composition) -> Message {
        Message::parse(compose(composition).into())
    }

    #[test]
    fn what_is_built_reads_back() {
        let file = Attachment {
            name: "Grüße.txt".into(),
            media_type: "text/plain".into(),
            octets: Bytes::from_static(b"a\nb\r\n"),
            ..Attachment::default()
        };
        let image = Attachment {
            name: "i.png".into(),
            media_type: "image/png".into(),
            content_id: Some("<i1>".into()),
            is_inline: true,
            octets: Bytes::from_static(&[0, 255]),
        };
        let message = built(&Composition {
            from: vec![NameAddr { name: "Adele Vance".into(), address: "AdeleV@contoso.com".into() }],
            to: vec![NameAddr { name: "Ünal, A.".into(), address: "u@x.example".into() }],
            bcc: vec![NameAddr { name: String::new(), address: "b@x.example".into() }],
            subject: "Grüße – 你好".into(),
            fields: vec![("X-Test".into(), "one".into())],
            body_kind: BodyKind::Html,
            body: "<img src=\"cid:i1\">".into(),
            attachments: vec![file, image],
            boundary_seed: "seed".into(),
            ..Composition::default()
        });
        assert_eq!(message.text("Subject").as_deref(), Some("Grüße – 你好"));
        assert_eq!(message.addresses("To")[0].name, "Ünal, A.");
        assert_eq!(message.text("X-Test").as_deref(), Some("one"));
        assert_eq!(message.body(), ItemBody::Html("<img src=\"cid:i1\">".into()));
        let files: Vec<_> = message
            .attachments()
            .map(|(_, p)| (p.file_name.clone().unwrap_or_default(), p.is_inline(), message.decoded(p).to_vec()))
            .collect();
        assert_eq!(files, [("i.png".into(), true, vec![0, 255]), ("Grüße.txt".into(), false, b"a\nb\r\n".to_vec())]);
        assert!(message.octets().is_ascii());
    }

    #[test]
    fn no_value_begins_a_line() {
        let evil = "x\r\nEvil: 1\nEvil: 2\u{85}Evil: 3";
        let name = NameAddr { name: evil.into(), address: "a@x.example\r\nEvil: 4".into() };
        let file = Attachment {
            name: evil.into(),
            media_type: "text/x\r\nEvil: 5".into(),
            content_id: Some(evil.into()),
            ..Attachment::default()
        };
        let octets = compose(&Composition {
            from: vec![name.clone()],
            to: vec![name],
            subject: evil.into(),
            fields: vec![("X-A".into(), evil.into())],
            attachments: vec![file],
            boundary_seed: "s".into(),
            ..Composition::default()
        });
        let text = String::from_utf8_lossy(&octets);
        assert!(!text.lines().any(|line| line.starts_with("Evil")), "{text}");
    }
}
