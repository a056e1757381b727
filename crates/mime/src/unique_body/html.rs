//! What is new in an HTML text: one walk over its tags, which keeps the tags that stay balanced.

use super::{BLOCK_BEGINS, BLOCK_ENDS, is_separator, names};
use crate::html::{Piece, is_void, value};

/// How far behind a From the Subject of its block is looked for.
const BLOCK_OCTETS: usize = 4_000;
/// How far up an end tag looks for its start tag, so that the time stays linear.
const UNCLOSED: usize = 32;
/// The document without the elements and the tail that quote. What was open where it is cut is closed again.
pub(crate) fn of_html(html: &str) -> String {
    let mut walk = Walk { out: String::with_capacity(html.len()), open: Vec::new(), rule: None, skipping: None };
    let mut subjects = SubjectSearch { html, looked_at: 0 };
    let mut at = 0;
    while at < html.len() {
        let piece = Piece::at(&html[at..]);
        let length = piece.text().len();
        match piece {
            _ if walk.skipping.is_some() => walk.skip(&piece),
            Piece::Start { name, attributes, .. } if begins_tail(name, attributes) => return walk.cut(),
            Piece::Start { name, attributes, .. } if is_quotation(name, attributes) => walk.skipping = Some((name.to_owned(), 1)),
            Piece::Text(text) if is_separator(text) || subjects.begins_block(text, at + length) => return walk.cut(),
            piece => walk.keep(&piece),
        }
        at += length;
    }
    walk.out
}

struct Walk<'h> {
    out: String,
    /// The elements that are open.
    open: Vec<&'h str>,
    /// A rule with nothing but tags behind it: where it begins and what was open there.
    rule: Option<(usize, usize)>,
    /// The element that is left out, and how many of its name are open.
    skipping: Option<(String, usize)>,
}

impl<'h> Walk<'h> {
    fn keep(&mut self, piece: &Piece<'h>) {
        match *piece {
            Piece::Text(text) if !text.trim_matches(['\u{a0}', ' ', '\t', '\r', '\n']).is_empty() && text != "&nbsp;" => {
                self.rule = None
            }
            Piece::Start { name, attributes, .. } => {
                if is_rule(name, attributes) {
                    self.rule = Some((self.out.len(), self.open.len()));
                }
                if !is_void(name) && !attributes.ends_with('/') {
                    self.open.push(name);
                }
            }
            Piece::End { name, .. } => {
                let found = self.open.iter().rev().take(UNCLOSED).position(|open| open.eq_ignore_ascii_case(name));
                if let Some(above) = found {
                    self.open.truncate(self.open.len() - above - 1);
                }
            }
            _ => {}
        }
        self.out.push_str(piece.text());
    }

    fn skip(&mut self, piece: &Piece<'h>) {
        let Some((name, depth)) = &mut self.skipping else { return };
        match piece {
            Piece::Start { name: inner, .. } if inner.eq_ignore_ascii_case(name) => *depth += 1,
            Piece::End { name: inner, .. } if inner.eq_ignore_ascii_case(name) => *depth -= 1,
            _ => {}
        }
        if *depth == 0 {
            self.skipping = None;
        }
    }

    /// Ends the document here, or where the rule above begins.
    fn cut(mut self) -> String {
        if let Some((length, open)) = self.rule {
            self.out.truncate(length);
            self.open.truncate(open);
        }
        for name in self.open.iter().rev() {
            self.out.push_str("</");
            self.out.push_str(name);
            self.out.push('>');
        }
        self.out
    }
}

/// What Outlook puts above everything that it quotes.
fn begins_tail(name: &str, attributes: &str) -> bool {
    name.eq_ignore_ascii_case("div")
        && value(attributes, "id")
            .is_some_and(|id| ["divRplyFwdMsg", "appendonsend"].iter().any(|known| known.eq_ignore_ascii_case(id)))
}

/// An element that holds nothing but a quotation, or its attribution: of Apple Mail and Thunderbird, Gmail, Yahoo, Proton.
fn is_quotation(name: &str, attributes: &str) -> bool {
    const CLASSES: [&str; 6] =
        ["gmail_quote", "gmail_quote_container", "gmail_attr", "moz-cite-prefix", "yahoo_quoted", "protonmail_quote"];
    let cited =
        name.eq_ignore_ascii_case("blockquote") && value(attributes, "type").is_some_and(|v| v.eq_ignore_ascii_case("cite"));
    let class = value(attributes, "class").unwrap_or_default();
    cited || class.split_ascii_whitespace().any(|one| CLASSES.contains(&one))
}

/// A line across: `<hr>`, or the border above Outlook's block.
fn is_rule(name: &str, attributes: &str) -> bool {
    name.eq_ignore_ascii_case("hr") || value(attributes, "style").is_some_and(|style| style.contains("border-top:solid"))
}

/// Looks for the Subject of a block; what it has looked at once it doesn't look at again, so that the time stays linear.
struct SubjectSearch<'h> {
    html: &'h str,
    /// Where the first piece stands that was not looked at.
    looked_at: usize,
}

impl SubjectSearch<'_> {
    /// Whether a text begins the block of From, Sent, To and Subject; it ends at `below`.
    fn begins_block(&mut self, text: &str, below: usize) -> bool {
        if !names(text.trim(), &BLOCK_BEGINS) {
            return false;
        }
        let mut at = below.max(self.looked_at);
        while at < self.html.len().min(below + BLOCK_OCTETS) {
            let piece = Piece::at(&self.html[at..]);
            at += piece.text().len();
            if matches!(piece, Piece::Text(text) if text.split('\n').any(|line| names(line.trim(), &BLOCK_ENDS))) {
                return true;
            }
        }
        self.looked_at = at;
        false
    }
}
