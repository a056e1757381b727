//! Altering octets that somebody gave: spans are left out or replaced, and all other octets stay as they are.
//!
//! Results are pieces, slices of the given octets and small new ones between them, so that no large message is copied.

mod fields;
mod parts;

pub use fields::{FieldEdit, set_fields};
pub use parts::{insert_part, remove_part, set_part_fields};

pub(crate) use fields::HeaderEnd;

use crate::message::{Message, Span};
use bytes::Bytes;

/// Octets that take the place of a span of a message; an empty span is a place between two octets.
struct Replacement {
    span: Span,
    octets: Vec<u8>,
}

/// The message with its spans replaced. The spans must not overlap.
fn apply(message: &Message, mut replacements: Vec<Replacement>) -> Vec<Bytes> {
    let octets = message.octets();
    replacements.sort_by_key(|r| (r.span.start, r.span.end));
    let mut out = Vec::with_capacity(replacements.len() * 2 + 1);
    let mut at = 0;
    for replacement in replacements {
        out.push(octets.slice(at..replacement.span.start));
        out.push(replacement.octets.into());
        at = replacement.span.end;
    }
    out.push(octets.slice(at..));
    out.retain(|piece| !piece.is_empty());
    out
}

/// Spans of a message that a reader of it does not get, in order and apart from each other.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Cuts(Vec<Span>);

impl Cuts {
    /// Spans in ascending order that do not overlap; others are dropped, since a cut is always made by [`Message::cuts`].
    ///
    /// [`Message::cuts`]: crate::Message::cuts
    pub fn new(spans: impl IntoIterator<Item = Span>) -> Cuts {
        let mut kept: Vec<Span> = Vec::new();
        for span in spans {
            if span.start < span.end && kept.last().is_none_or(|last| last.end <= span.start) {
                kept.push(span);
            }
        }
        Cuts(kept)
    }

    /// Nothing is left out.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How many octets are left out.
    pub fn octets(&self) -> usize {
        self.0.iter().map(|s| s.end - s.start).sum()
    }

    /// The spans as text, `start-end` joined by commas: how a row keeps them.
    pub fn to_text(&self) -> String {
        let spans: Vec<String> = self.0.iter().map(|s| format!("{}-{}", s.start, s.end)).collect();
        spans.join(",")
    }

    /// Reads what [`Cuts::to_text`] wrote; nothing where the text is no such thing.
    pub fn parse(text: &str) -> Option<Cuts> {
        if text.is_empty() {
            return Some(Cuts::default());
        }
        let spans: Option<Vec<Span>> = text
            .split(',')
            .map(|s| {
                let (start, end) = s.split_once('-')?;
                Some(start.parse().ok()?..end.parse().ok()?)
            })
            .collect();
        Some(Cuts::new(spans?))
    }
}

/// The octets without the cuts, as slices of the same memory.
pub fn pieces(octets: &Bytes, cuts: &Cuts) -> Vec<Bytes> {
    let mut out = Vec::with_capacity(cuts.0.len() + 1);
    let mut at = 0;
    for cut in &cuts.0 {
        let (start, end) = (cut.start.min(octets.len()), cut.end.min(octets.len()));
        if at < start {
            out.push(octets.slice(at..start));
        }
        at = end.max(at);
    }
    if at < octets.len() {
        out.push(octets.slice(at..));
    }
    out
}

#[cfg(test)]
mod tests;
