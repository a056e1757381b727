//! What is wrong with a text, and where.

/// A text that is not what it should be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SyntaxError {
    /// Octets of the text before what is wrong.
    pub offset: usize,
    /// What should stand there.
    pub expected: &'static str,
}

/// Where something stands in its text: octets before it. Two trees that differ in nothing else are the same.
#[derive(Debug, Clone, Copy, Default)]
pub struct Place(pub usize);

impl PartialEq for Place {
    fn eq(&self, _: &Place) -> bool {
        true
    }
}

impl Eq for Place {}

impl std::hash::Hash for Place {
    fn hash<H: std::hash::Hasher>(&self, _: &mut H) {}
}

impl SyntaxError {
    /// The same in a text that has so many octets before this one.
    pub(crate) fn behind(self, octets: usize) -> SyntaxError {
        SyntaxError { offset: octets + self.offset, ..self }
    }
}

impl std::fmt::Display for SyntaxError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} expected at position {}", self.expected, self.offset)
    }
}

impl std::error::Error for SyntaxError {}
