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
    /// An issuer that is trusted made it, for an app or a person who isn't registered here or may not come in.
    #[error("The app or the person of the access token is not registered here, or is disabled.")]
    Stranger,
    /// Its issuer's keys can't be had now, so it can't be told whether it is good. It may be in a few seconds.
    #[error("The issuer of the access token can't be reached, so the token can't be checked now. Try again.")]
    Unavailable,
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

/// Why no token is issued. `endpoints::refusal` gives each the words of RFC 6749 §5.2 and the number that libraries look for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum OAuthError {
    /// The person refused.
    AccessDenied,
    /// The person may not come in.
    AccountDisabled,
    /// The app may not come in.
    AppDisabled,
    /// No such app.
    AppNotFound,
    /// The app's assertion isn't its own, not for this server, or old.
    AssertionInvalid,
    /// The person at the other screen refused.
    AuthorizationDeclined,
    /// The person at the other screen has not decided.
    AuthorizationPending,
    /// Too many sign in at this moment.
    Busy,
    /// The code's time is over.
    CodeExpired,
    /// The code was exchanged before.
    CodeRedeemed,
    /// Permissions are asked for that the person did not give.
    ConsentRequired,
    /// The app must prove itself and doesn't.
    CredentialMissing,
    /// No such device's code.
    DeviceCodeInvalid,
    /// The device's code's time is over.
    DeviceCodeExpired,
    /// A parameter has a value that can't be.
    Invalid(&'static str),
    /// No such code or refresh token, or it is another app's.
    GrantInvalid,
    /// The refresh token was used before, so whoever holds it now may have stolen it.
    GrantReplayed,
    /// The refresh token's time is over.
    GrantExpired,
    /// It was wrong so often that one must wait so many seconds.
    Guessing(i64),
    /// What the person showed is too old, or was shown elsewhere.
    LoginExpired,
    /// Nobody can be told without a page, and no page may be shown.
    LoginRequired,
    /// The endpoint doesn't take this method of HTTP.
    MethodNotAllowed,
    /// A parameter is missing.
    Missing(&'static str),
    /// The app asks for a grant that its registration has not.
    NotPublic,
    /// Name or password is wrong; which of them is not said.
    PasswordInvalid,
    /// The code's verifier isn't the one it was asked with (RFC 7636 §4.6).
    PkceMismatch,
    /// The address isn't registered.
    RedirectUnknown,
    /// The address isn't the one that the code was sent to.
    RedirectMismatch,
    /// A parameter stands twice.
    Repeated,
    /// None of the scopes is known.
    ScopeInvalid,
    /// Client credentials take `.default` alone.
    ScopeNotDefault,
    /// The app's secret is wrong.
    SecretInvalid,
    /// The server failed.
    ServerError,
    /// The device asks too often.
    SlowDown,
    /// There is no such tenant.
    TenantNotFound,
    /// Too many devices wait.
    TooMany,
    /// What is kept can't be reached now.
    Unavailable,
    /// The grant is none that this server gives.
    UnsupportedGrantType,
    /// The response type is none that this server gives.
    UnsupportedResponseType,
}
