//! The text of an HTML document.

use crate::html::Piece;
use mail_parser::decoders::html::add_html_token;

/// The text that a reader of an HTML document sees: without markup, style, script and comments, entities decoded, white
/// space folded save in `pre`, blocks on lines of their own (CR LF).
pub fn html_to_text(html: &str) -> String {
    let mut writer = Writer { out: String::with_capacity(html.len() / 2), gap: Gap::None, preformatted: 0 };
    let mut hidden: Option<&str> = None;
    let mut at = 0;
    while at < html.len() {
        let piece = Piece::at(&html[at..]);
        at += piece.text().len();
        match (hidden, piece) {
            (Some(open), Piece::End { name, .. }) if open.eq_ignore_ascii_case(name) => hidden = None,
            // A head is often not closed.
            (Some(open), Piece::Start { name, .. }) if open.eq_ignore_ascii_case("head") && name.eq_ignore_ascii_case("body") => {
                hidden = None;
            }
            (Some(_), _) => {}
            (None, Piece::Start { name, .. }) if is_one_of(name, &HIDDEN) => hidden = Some(name),
            (None, Piece::Start { name, .. }) => writer.tag(name, true),
            (None, Piece::End { name, .. }) => writer.tag(name, false),
            (None, Piece::Text(text)) => writer.text(text),
            (None, Piece::Other(text)) if text.starts_with("<!") || text.starts_with("<?") => {}
            (None, Piece::Other(text)) => writer.text(text), // a `<` that begins no tag
        }
    }
    writer.out
}

/// Elements whose content is not shown.
const HIDDEN: [&str; 6] = ["head", "noscript", "script", "style", "template", "title"];
/// Elements with an empty line before and after.
const PARAGRAPHS: [&str; 14] = ["blockquote", "dl", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "ol", "p", "pre", "table", "ul"];
/// Elements on lines of their own.
const LINES: [&str; 13] =
    ["address", "article", "aside", "center", "dd", "div", "dt", "footer", "form", "header", "li", "section", "tr"];

fn is_one_of(name: &str, names: &[&str]) -> bool {
    names.iter().any(|one| one.eq_ignore_ascii_case(name))
}

/// What separates the next word from the one before.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Gap {
    None,
    Space,
    Line,
    Paragraph,
}

struct Writer {
    out: String,
    gap: Gap,
    /// How many `pre` are open.
    preformatted: usize,
}

impl Writer {
    fn tag(&mut self, name: &str, is_start: bool) {
        if name.eq_ignore_ascii_case("br") {
            self.out.push_str("\r\n");
            self.gap = Gap::None;
        } else if is_one_of(name, &PARAGRAPHS) {
            self.widen(Gap::Paragraph);
        } else if is_one_of(name, &LINES) {
            self.widen(Gap::Line);
        } else if is_one_of(name, &["td", "th"]) {
            self.widen(Gap::Space);
        }
        if name.eq_ignore_ascii_case("pre") {
            self.preformatted = if is_start { self.preformatted + 1 } else { self.preformatted.saturating_sub(1) };
        }
    }

    fn widen(&mut self, gap: Gap) {
        self.gap = self.gap.max(gap);
    }

    fn text(&mut self, text: &str) {
        if self.preformatted > 0 {
            self.close_gap();
            decode(text, &mut self.out);
            return;
        }
        // HTML's white space (§12.1), so that a no-break space stays.
        for (index, word) in text.split([' ', '\t', '\n', '\r', '\u{c}']).enumerate() {
            if index > 0 {
                self.widen(Gap::Space);
            }
            if !word.is_empty() {
                self.close_gap();
                decode(word, &mut self.out);
            }
        }
    }

    fn close_gap(&mut self) {
        let at_line_start = self.out.is_empty() || self.out.ends_with('\n');
        match std::mem::replace(&mut self.gap, Gap::None) {
            Gap::Space if !at_line_start => self.out.push(' '),
            Gap::Line if !at_line_start => self.out.push_str("\r\n"),
            Gap::Paragraph if !at_line_start => self.out.push_str("\r\n\r\n"),
            Gap::Paragraph if !self.out.is_empty() && !self.out.ends_with("\r\n\r\n") => self.out.push_str("\r\n"),
            _ => {}
        }
    }
}

/// Entities decoded (HTML §13.5).
fn decode(text: &str, out: &mut String) {
    const LONGEST: usize = 33;
    let mut rest = text;
    while let Some(at) = rest.find('&') {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        match rest.bytes().take(LONGEST).position(|b| b == b';') {
            Some(end) => {
                add_html_token(out, &rest.as_bytes()[..=end], false);
                rest = &rest[end + 1..];
            }
            None => {
                out.push('&');
                rest = &rest[1..];
            }
        }
    }
    out.push_str(rest);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reader_sees_the_text() {
        for (html, text) in [
            ("<div>a</div><div>b <b>c</b>d</div>", "a\r\nb cd"),
            ("a<br>b<p>c</p>d", "a\r\nb\r\n\r\nc\r\n\r\nd"),
            ("<ul><li>x</li>\n<li>y</li></ul>", "x\r\ny"),
            ("<table><tr><td>1</td><td>2</td></tr><tr><td>3</td></tr></table>", "1 2\r\n3"),
            ("&nbsp;&#8364;&euro;&lt;x&gt; a&b;&", "\u{a0}€€<x> a&b;&"),
            ("<style>s</style><script>t('<p>')</script><!-- c --><title>t</title>ok", "ok"),
            ("<html><head><title>t</title><body>b", "b"),
            ("x<![endif]-->y<!--[if mso]>z<![endif]-->", "xy"),
            ("a\n  b\n\nc <pre>a\n b</pre>", "a b c\r\n\r\na\n b"),
            ("a < b <a title='>' x=\"\">c</a>", "a < b c"),
            ("<a href=\"x\"\">a</a> b", "a b"),
            ("<p", ""),
            ("", ""),
        ] {
            assert_eq!(html_to_text(html), text, "{html:?}");
        }
    }
}
