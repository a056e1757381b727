//! The path to a property: `from/emailAddress/address`, `microsoft.graph.fileAttachment/contentId`.

use crate::error::{Place, SyntaxError};
use crate::lex::{Token, Tokens};
use std::fmt;

/// Names that lead to a property, as written. A name with a dot is a type that the one before it is cast to.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct PropertyPath {
    /// At least one.
    segments: Vec<String>,
    place: Place,
}

impl PropertyPath {
    /// Reads names with slashes between them.
    ///
    /// # Errors
    /// [`SyntaxError`] for anything else.
    pub fn parse(text: &str) -> Result<PropertyPath, SyntaxError> {
        let mut tokens = Tokens::of(text)?;
        let path = PropertyPath::read(&mut tokens)?;
        tokens.demand(&Token::End, "a slash or the end")?;
        Ok(path)
    }

    /// The names, at least one.
    pub fn segments(&self) -> &[String] {
        &self.segments
    }

    /// Octets of the text before it.
    pub fn offset(&self) -> usize {
        self.place.0
    }

    /// Whether it is this path, written with slashes. Case doesn't count: Microsoft's own samples write
    /// `ReceivedDateTime`.
    pub fn is(&self, path: &str) -> bool {
        let mut wanted = path.split('/');
        self.segments.iter().all(|segment| wanted.next().is_some_and(|w| w.eq_ignore_ascii_case(segment)))
            && wanted.next().is_none()
    }

    pub(crate) fn read(tokens: &mut Tokens<'_>) -> Result<PropertyPath, SyntaxError> {
        let place = tokens.place();
        let mut segments = vec![tokens.demand_name("a property")?.to_owned()];
        while tokens.eat(&Token::Slash)? {
            segments.push(tokens.demand_name("a property")?.to_owned());
        }
        Ok(PropertyPath { segments, place })
    }

    /// Nothing of no names.
    pub(crate) fn of(segments: &[&str], place: Place) -> Option<PropertyPath> {
        (!segments.is_empty()).then(|| PropertyPath { segments: segments.iter().map(|&s| s.to_owned()).collect(), place })
    }
}

impl fmt::Display for PropertyPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.segments.join("/"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_compare_without_case() {
        let path = PropertyPath::parse("From/EmailAddress/address").expect("path");
        assert!(path.is("from/emailAddress/address"));
        assert!(!path.is("from/emailAddress") && !path.is("from/emailAddress/address/x") && !path.is(""));
        assert_eq!(path.to_string(), "From/EmailAddress/address");
        let cast = PropertyPath::parse("microsoft.graph.fileAttachment/contentId").expect("path");
        assert_eq!(cast.segments(), ["microsoft.graph.fileAttachment", "contentId"]);
    }

    #[test]
    fn other_texts_are_refused() {
        for (text, offset) in [("", 0), ("a/", 2), ("/a", 0), ("a b", 2), ("a/'b'", 2)] {
            assert_eq!(PropertyPath::parse(text).expect_err(text).offset, offset, "{text}");
        }
    }
}
