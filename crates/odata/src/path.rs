//! The path of a request: segments, each a name or a key, or a name with its key in parentheses.
//!
//! More lenient than OData 4.01 part 2 §4 where clients are known to be: empty segments are passed over (one SDK doubles
//! a slash in every request), and names compare without regard to case.

use crate::error::SyntaxError;
use crate::percent;

/// One segment, percent-decoded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Segment {
    text: String,
    /// Where the name ends and its parentheses begin.
    open: Option<usize>,
}

impl Segment {
    fn new(text: String) -> Segment {
        let open = text.ends_with(')').then(|| text.find('(')).flatten();
        Segment { text, open }
    }

    /// All of it: what a key that is a segment of its own reads.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The name, without parentheses and without the namespace that qualifies an action or function
    /// (`microsoft.graph.send` is `send`).
    pub fn name(&self) -> &str {
        let name = &self.text[..self.open.unwrap_or(self.text.len())];
        match name.get(..NAMESPACE.len()) {
            Some(start) if start.eq_ignore_ascii_case(NAMESPACE) => &name[NAMESPACE.len()..],
            _ => name,
        }
    }

    /// Whether it has this name, in any case.
    pub fn is(&self, name: &str) -> bool {
        self.name().eq_ignore_ascii_case(name)
    }

    /// What stands in the parentheses, without the quotes of a string; nothing where there are none or they are empty.
    pub fn key(&self) -> Option<String> {
        let inside = &self.text[self.open? + 1..self.text.len() - 1];
        (!inside.is_empty()).then(|| unquote(inside))
    }
}

const NAMESPACE: &str = "microsoft.graph.";

/// A string literal without its quotes, doubled ones undone (OData ABNF `string`); other text as it is.
pub fn unquote(text: &str) -> String {
    match text.strip_prefix('\'').and_then(|t| t.strip_suffix('\'')) {
        Some(inside) => inside.replace("''", "'"),
        None => text.to_owned(),
    }
}

/// The segments of a path. A slash within a quoted key separates nothing.
///
/// # Errors
/// [`SyntaxError`] for percent-encoding that gives no UTF-8.
pub fn parse_path(path: &str) -> Result<Vec<Segment>, SyntaxError> {
    let mut segments = Vec::new();
    let mut start = 0;
    for end in separators(path).chain(std::iter::once(path.len())) {
        let raw = &path[start..end];
        if !raw.is_empty() {
            segments.push(Segment::new(percent::decode(raw, start)?));
        }
        start = (end + 1).min(path.len());
    }
    Ok(segments)
}

/// The offsets of the slashes that separate segments: those outside a key's quotes. Quotes count only after an opening
/// parenthesis, since a key that is a segment of its own may hold one (`/users/o'neil@contoso.com`).
fn separators(path: &str) -> impl Iterator<Item = usize> {
    let octets = path.as_bytes();
    let (mut in_key, mut quoted) = (false, false);
    let mut at = 0;
    std::iter::from_fn(move || {
        while at < octets.len() {
            let here = at;
            let quote = octets[here] == b'\'' || octets[here..].get(..3) == Some(b"%27");
            at += if octets[here] == b'%' && quote { 3 } else { 1 };
            match octets[here] {
                b'(' if !quoted => in_key = true,
                b')' if !quoted => in_key = false,
                b'/' if !quoted => {
                    in_key = false;
                    return Some(here);
                }
                _ if quote && in_key => quoted = !quoted,
                _ => {}
            }
        }
        None
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(path: &str) -> Vec<String> {
        parse_path(path).expect("path").iter().map(|s| s.text().to_owned()).collect()
    }

    #[test]
    fn segments_are_decoded_after_splitting() {
        assert_eq!(
            texts("/v1.0//users/AdeleV%40contoso.com/messages/AA%2FMk=/%24value"),
            ["v1.0", "users", "AdeleV@contoso.com", "messages", "AA/Mk=", "$value"]
        );
        assert_eq!(texts("/"), Vec::<String>::new());
        assert_eq!(parse_path("/a/%C3%A9%FF"), Err(SyntaxError { offset: 9, expected: "UTF-8 text" }));
    }

    #[test]
    fn keys_stand_in_parentheses_or_alone() {
        let path = parse_path("/users('o''neil/x@x.org')/mailFolders(%27inbox%27)/messages/delta()").expect("path");
        let read: Vec<_> = path.iter().map(|s| (s.name().to_owned(), s.key())).collect();
        assert_eq!(
            read,
            [
                ("users".into(), Some("o'neil/x@x.org".into())),
                ("mailFolders".into(), Some("inbox".into())),
                ("messages".into(), None),
                ("delta".into(), None)
            ]
        );
        assert_eq!(texts("/users/o'neil@x.org/messages"), ["users", "o'neil@x.org", "messages"]);
    }

    #[test]
    fn names_compare_without_case_and_namespace() {
        let path = parse_path("/ME/Microsoft.Graph.sendMail").expect("path");
        assert!(path[0].is("me") && path[1].is("SENDMAIL"));
        assert_eq!(parse_path("/microsoft.graph.é").expect("path")[0].name(), "é");
    }
}
