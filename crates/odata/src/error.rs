//! What is wrong with a text, and where.

/// A text that is not what it should be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SyntaxError {
    /// Octets of the text before what is wrong.
    pub offset: usize,
    /// What should stand there.
    pub expected: &'static str,
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
