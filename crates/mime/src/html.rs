//! The pieces of an HTML text: tags, comments and what stands between, as a browser's tokenizer finds them (HTML §13.2.5),
//! without a tree. The time is linear, whatever is not closed.

/// A tag, a comment or the text up to the next one.
pub(crate) enum Piece<'h> {
    End { text: &'h str, name: &'h str },
    Other(&'h str),
    Start { text: &'h str, name: &'h str, attributes: &'h str },
    Text(&'h str),
}

impl<'h> Piece<'h> {
    /// The first piece of a text that is not empty.
    pub(crate) fn at(html: &'h str) -> Piece<'h> {
        let Some(inner) = html.strip_prefix('<') else {
            return Piece::Text(&html[..html.find('<').unwrap_or(html.len())]);
        };
        let (is_end, inner) = inner.strip_prefix('/').map_or((false, inner), |inner| (true, inner));
        if !inner.starts_with(|c: char| c.is_ascii_alphabetic()) {
            return Piece::other(html);
        }
        let end = tag_end(html);
        let text = &html[..end];
        let inner = text[1 + usize::from(is_end)..].trim_end_matches('>');
        let (name, attributes) = inner.split_at(inner.find(|c: char| c.is_whitespace() || c == '/').unwrap_or(inner.len()));
        if is_end { Piece::End { text, name } } else { Piece::Start { text, name, attributes } }
    }

    /// A comment, a declaration, or a `<` that begins nothing.
    fn other(html: &'h str) -> Piece<'h> {
        let end = match html.strip_prefix("<!--") {
            Some(inner) => inner.find("-->").map_or(html.len(), |at| at + 7),
            None if html.starts_with("<!") || html.starts_with("<?") => html.find('>').map_or(html.len(), |at| at + 1),
            None => html[1..].find('<').map_or(html.len(), |at| at + 1),
        };
        Piece::Other(&html[..end])
    }

    /// It as it stands.
    pub(crate) fn text(&self) -> &'h str {
        match self {
            Piece::End { text, .. } | Piece::Other(text) | Piece::Start { text, .. } | Piece::Text(text) => text,
        }
    }
}

/// Behind the `>` that ends a tag. One within a quoted value doesn't; a quote elsewhere quotes nothing (HTML §13.2.5).
fn tag_end(html: &str) -> usize {
    let (mut quote, mut before) = (None, b'<');
    for (at, byte) in html.bytes().enumerate() {
        match (quote, byte) {
            (None, b'>') => return at + 1,
            (None, b'"' | b'\'') if before == b'=' => quote = Some(byte),
            (Some(open), byte) if open == byte => quote = None,
            _ => {}
        }
        if !byte.is_ascii_whitespace() {
            before = byte;
        }
    }
    html.len()
}

/// The value of an attribute.
pub(crate) fn value<'h>(attributes: &'h str, name: &str) -> Option<&'h str> {
    let mut rest = attributes.trim_start_matches(['/', ' ', '\t', '\r', '\n']);
    while !rest.is_empty() {
        let end = rest.find(|c: char| c == '=' || c.is_whitespace()).unwrap_or(rest.len());
        let (key, after) = rest.split_at(end);
        let after = after.trim_start();
        let Some(raw) = after.strip_prefix('=').map(str::trim_start) else {
            rest = after;
            continue;
        };
        let (found, below) = match raw.chars().next() {
            Some(quote @ ('"' | '\'')) => raw[1..].split_once(quote).unwrap_or((&raw[1..], "")),
            _ => raw.split_at(raw.find(char::is_whitespace).unwrap_or(raw.len())),
        };
        if key.eq_ignore_ascii_case(name) {
            return Some(found);
        }
        rest = below.trim_start();
    }
    None
}

/// Whether an element has no content and no end tag (HTML §13.1.2).
pub(crate) fn is_void(name: &str) -> bool {
    const VOID: [&str; 14] =
        ["area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "param", "source", "track", "wbr"];
    VOID.iter().any(|void| void.eq_ignore_ascii_case(name))
}
