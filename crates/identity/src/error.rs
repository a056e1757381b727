//! Why somebody isn't let in.

/// Why a bearer token is refused (RFC 6750 §3.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AuthError {
    /// Its time is over, or has not come.
    #[error("Lifetime validation failed, the token is expired.")]
    Expired,
    /// It is no token, or not signed here.
    #[error("The access token is malformed or was not issued by this server.")]
    Invalid,
    /// There is none.
    #[error("Access token is empty.")]
    Missing,
    /// It was issued for another resource.
    #[error("Access token validation failure. Invalid audience.")]
    WrongAudience,
}

/// Why the keys can't be had.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// The crypto library can't make or read one.
    #[error("a key can't be made or read: {0}")]
    Crypto(String),
    /// The file system refused or failed.
    #[error("file system: {0}")]
    Io(#[from] std::io::Error),
}

/// Why no token is issued, in the words of RFC 6749 §5.2 and the numbers that auth libraries look for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OAuthError {
    /// The app is unknown or its secret is wrong; which of them is not said.
    InvalidClient,
    /// A parameter is missing.
    InvalidRequest(&'static str),
    /// The scope is none that this grant gives.
    InvalidScope,
    /// The server failed.
    ServerError,
    /// There is no such tenant.
    TenantNotFound,
    /// The grant is none that this server gives.
    UnsupportedGrantType,
}
