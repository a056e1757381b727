//! Policy: which parts of a message are its text, and which are attachments.

use crate::html_to_text::html_to_text;
use crate::message::{Message, Part, PartKind};
use crate::{flowed, legacy_display, preview, unique_body};

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

/// Which of several alternatives is read.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Wanted {
    Html,
    Text,
}

/// What the children of a multipart show, the last one first.
#[derive(Clone, Default)]
struct Below {
    children: Vec<Vec<usize>>,
    /// Whether one of them stands behind an undeclared boundary.
    damaged: bool,
}

impl Message {
    /// The text of the message: its HTML where it has any, else its plain text, else an empty text.
    ///
    /// Texts beside each other are shown one after the other; of alternatives (RFC 2046 §5.1.4) one is shown. Text in
    /// format=flowed has its lines joined (RFC 3676).
    pub fn body(&self) -> ItemBody {
        let leaves = self.leaves(Wanted::Html);
        if leaves.iter().any(|p| p.kind == PartKind::Html) {
            ItemBody::Html(one_after_the_other(leaves.into_iter().map(|part| self.as_html(part))))
        } else {
            ItemBody::Text(one_after_the_other(leaves.into_iter().map(|part| self.shown(part, usize::MAX))))
        }
    }

    /// The text of the message as plain text.
    pub fn text_body(&self) -> String {
        one_after_the_other(self.leaves(Wanted::Text).into_iter().map(|part| self.as_text(part)))
    }

    /// What of [`Message::body`] is new in this message: without the messages that it quotes.
    pub fn unique_body(&self) -> ItemBody {
        match self.body() {
            ItemBody::Html(html) => ItemBody::Html(unique_body::of_html(&html)),
            ItemBody::Text(text) => ItemBody::Text(unique_body::of_text(&text)),
        }
    }

    /// The text as plain text, of about so many octets: of larger parts the beginning, and no part once there is enough.
    pub fn text_body_within(&self, octets: usize) -> String {
        self.text_of_beginnings(octets, octets)
    }

    /// The first 255 characters of the text.
    pub fn body_preview(&self) -> String {
        let text = self.text_of_beginnings(PREVIEW_OCTETS, preview::LOOKED_AT);
        preview::preview(preview::head(&text, preview::LOOKED_AT))
    }

    /// Plain text, part after part until there are `enough` octets; of a part are read so many octets as encoded, and of
    /// its HTML `enough`.
    fn text_of_beginnings(&self, encoded: usize, enough: usize) -> String {
        let mut text = String::new();
        for part in self.leaves(Wanted::Text) {
            if text.len() >= enough {
                break;
            }
            let shown = self.shown(part, encoded);
            let plain = if part.kind == PartKind::Html { html_to_text(preview::head(&shown, enough)) } else { shown };
            text = one_after_the_other([text, plain].into_iter());
        }
        text
    }

    /// The parts that are attachments, each with its index in [`Message::parts`].
    pub fn attachments(&self) -> impl Iterator<Item = (usize, &Part)> {
        self.parts.iter().enumerate().filter(|(_, p)| p.is_attachment())
    }

    /// Whether a reader finds files beside the text: attachments that are neither shown within it nor another form of it
    /// (as a meeting's text/calendar is).
    pub fn has_attachments(&self) -> bool {
        self.attachments().any(|(_, part)| !part.is_inline() && !self.is_alternative(part))
    }

    /// Whether it is another form of what stands beside it (RFC 2046 §5.1.4).
    pub fn is_alternative(&self, part: &Part) -> bool {
        let holder = part.parent.and_then(|index| self.parts.get(index));
        part.disposition.is_none() && holder.is_some_and(|p| p.media_type.essence == "multipart/alternative")
    }

    /// The parts that make up the text in one form, in order: of alternatives one, of other multiparts all. Where there are
    /// none, it is the body of a multipart in which no part was found.
    fn leaves(&self, wanted: Wanted) -> Vec<&Part> {
        // A part's children stand behind it, so from the last part to the first each one's are at hand.
        let mut below: Vec<Below> = vec![Below::default(); self.parts.len()];
        let mut childless = None;
        for (index, part) in self.parts.iter().enumerate().rev() {
            let under = std::mem::take(&mut below[index]);
            let leaves = match part.kind {
                PartKind::Multipart if under.children.is_empty() => {
                    childless = Some(part);
                    Vec::new()
                }
                PartKind::Multipart => self.of_multipart(part, under, wanted),
                PartKind::Html | PartKind::Text if !part.is_attachment() => vec![index],
                _ => Vec::new(),
            };
            match part.parent {
                Some(parent) => {
                    below[parent].children.push(leaves);
                    below[parent].damaged |= part.undeclared;
                }
                None if leaves.is_empty() => return childless.into_iter().collect(),
                None => return leaves.into_iter().map(|leaf| &self.parts[leaf]).collect(),
            }
        }
        Vec::new()
    }

    /// What a multipart shows of its children. Where some stand behind an undeclared boundary, nobody says which multipart
    /// they are of: plain text beside HTML is taken for the same text twice, as it is in Microsoft's MIME page.
    fn of_multipart(&self, part: &Part, below: Below, wanted: Wanted) -> Vec<usize> {
        let Below { mut children, damaged } = below;
        children.retain(|leaves| !leaves.is_empty());
        children.reverse();
        let html = children.iter().filter(|leaves| self.any_html(leaves)).count();
        let twice = damaged && html > 0 && html < children.len();
        if twice || part.media_type.essence == "multipart/alternative" { self.best(children, wanted) } else { children.concat() }
    }

    fn any_html(&self, leaves: &[usize]) -> bool {
        leaves.iter().any(|&leaf| self.parts[leaf].kind == PartKind::Html)
    }

    /// Of alternatives the last one with HTML, or the first one that is nothing but plain text; else any that has text.
    fn best(&self, mut children: Vec<Vec<usize>>, wanted: Wanted) -> Vec<usize> {
        let found = match wanted {
            Wanted::Html => children.iter().rposition(|leaves| self.any_html(leaves)).or(children.len().checked_sub(1)),
            Wanted::Text => children.iter().position(|leaves| !self.any_html(leaves)).or(Some(0)),
        };
        found.filter(|&at| at < children.len()).map(|at| children.swap_remove(at)).unwrap_or_default()
    }

    fn as_html(&self, part: &Part) -> String {
        let text = self.shown(part, usize::MAX);
        match part.kind {
            PartKind::Html => text,
            _ => format!("<div style=\"white-space: pre-wrap\">{}</div>\r\n", escaped(&text)),
        }
    }

    fn as_text(&self, part: &Part) -> String {
        let text = self.shown(part, usize::MAX);
        match part.kind {
            PartKind::Html => html_to_text(&text),
            _ => text,
        }
    }

    /// Whether a text begins with fields that its reader is shown elsewhere: where the whole was encrypted, and says so.
    fn has_legacy_display(&self, part: &Part) -> bool {
        let is = |part: &Part, name: &str, value: &str| {
            self.parameter(part, name).is_some_and(|given| given.eq_ignore_ascii_case(value))
        };
        let root = self.parts.first();
        self.was_encrypted && is(part, legacy_display::PARAMETER, "1") && root.is_some_and(|root| is(root, "hp", "cipher"))
    }

    /// A part's text as a reader sees it.
    fn shown(&self, part: &Part, limit: usize) -> String {
        let text = self.decoded_text(part, limit);
        let text = text.strip_prefix('\u{feff}').map(str::to_owned).unwrap_or(text);
        let is = |name: &str, value: &str| self.parameter(part, name).is_some_and(|v| v.eq_ignore_ascii_case(value));
        let text = match part.kind {
            _ if !self.has_legacy_display(part) => text,
            PartKind::Html => legacy_display::without_in_html(&text),
            _ => legacy_display::without_in_text(&text).to_owned(),
        };
        if part.kind == PartKind::Text && is("format", "flowed") { flowed::joined(&text, is("delsp", "yes")) } else { text }
    }
}

/// Texts with a line end between them.
fn one_after_the_other(texts: impl Iterator<Item = String>) -> String {
    texts
        .reduce(|above, below| if above.is_empty() || above.ends_with('\n') { above + &below } else { above + "\r\n" + &below })
        .unwrap_or_default()
}

fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + text.len() / 8);
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests;
