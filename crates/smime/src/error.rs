//! Why one of the four verbs could not be done.

use openssl::error::ErrorStack;
use std::io;

/// Why nothing came of it.
#[derive(Debug, thiserror::Error)]
pub enum SmimeError {
    /// What came out could not be written.
    #[error("the output: {0}")]
    Io(#[from] io::Error),
    /// The octets aren't the structure that they should be.
    #[error("{0}")]
    Malformed(&'static str),
    /// The structure is of a kind, or names an algorithm, that is not done here.
    #[error("{0} is not supported")]
    Unsupported(String),
    /// A key, a certificate or a passphrase can't be used.
    #[error("{0}")]
    Key(String),
    /// The library refused. What it says is for the log: to the outside all of its refusals look alike.
    #[error("the structure can't be processed")]
    Library(#[source] ErrorStack),
}

impl From<ErrorStack> for SmimeError {
    fn from(stack: ErrorStack) -> SmimeError {
        SmimeError::Library(stack)
    }
}
