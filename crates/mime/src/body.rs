//! Policy: which part of a message is its text, and which parts are attachments.

use crate::message::{Message, Part, PartKind};
use crate::preview::{head, html_to_text, preview};

/// How much of an encoded body is looked at for a preview.
const PREVIEW_OCTETS: usize = 256 * 1024;

/// The text of a message, in one of the two forms that Graph knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ItemBody {
    /// text/html
    Html(String),
    /// text/plain
    Text(String),
}

impl Message {
    /// The text of the message: its HTML where it has any, else its plain text, else an empty text.
    pub fn body(&self) -> ItemBody {
        match (self.first(PartKind::Html), self.first(PartKind::Text)) {
            (Some(html), _) => ItemBody::Html(self.decoded_text(html, usize::MAX)),
            (None, Some(text)) => ItemBody::Text(self.decoded_text(text, usize::MAX)),
            (None, None) => ItemBody::Text(String::new()),
        }
    }

    /// The text of the message as plain text.
    pub fn text_body(&self) -> String {
        match (self.first(PartKind::Text), self.first(PartKind::Html)) {
            (Some(text), _) => self.decoded_text(text, usize::MAX),
            (None, Some(html)) => html_to_text(&self.decoded_text(html, usize::MAX)),
            (None, None) => String::new(),
        }
    }

    /// The first 255 characters of the text.
    pub fn body_preview(&self) -> String {
        match (self.first(PartKind::Text), self.first(PartKind::Html)) {
            (Some(text), _) => preview(head(&self.decoded_text(text, PREVIEW_OCTETS))),
            (None, Some(html)) => preview(&html_to_text(head(&self.decoded_text(html, PREVIEW_OCTETS)))),
            (None, None) => String::new(),
        }
    }

    /// The parts that are attachments, each with its index in [`Message::parts`].
    pub fn attachments(&self) -> impl Iterator<Item = (usize, &Part)> {
        self.parts.iter().enumerate().filter(|(_, p)| p.is_attachment())
    }

    fn first(&self, kind: PartKind) -> Option<&Part> {
        self.parts.iter().find(|p| p.kind == kind && !p.is_attachment())
    }
}
