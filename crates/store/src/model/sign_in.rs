//! What people let apps do, until it is exchanged for tokens (RFC 6749, RFC 8628).

use crate::blobs::Digest;
use crate::clock::Timestamp;
use crate::ids::MailboxId;

/// What a person lets an app do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grant {
    /// The person.
    pub mailbox: MailboxId,
    /// The app.
    pub client_id: String,
    /// Names of scopes, joined by spaces.
    pub scope: String,
}

/// An authorization code (RFC 6749 §4.1.2).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuthorizationCode {
    /// Digest of what the client holds.
    pub digest: Digest,
    /// What it is exchanged for.
    pub grant: Grant,
    /// Where it was sent.
    pub redirect_uri: String,
    /// The challenge of PKCE (RFC 7636 §4.2), always S256.
    pub code_challenge: Option<String>,
    /// What the app wants to find in the ID token.
    pub nonce: Option<String>,
    /// Whether it was exchanged.
    pub is_redeemed: bool,
    /// When it ends.
    pub expiration_date_time: Timestamp,
}

/// A refresh token (RFC 6749 §1.5).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefreshToken {
    /// Digest of what the client holds.
    pub digest: Digest,
    /// What all have in common that came one from the other.
    pub family: Digest,
    /// What it stands for.
    pub grant: Grant,
    /// Whether the app proved itself when it got the first, and so must for each that follows.
    pub is_confidential: bool,
    /// Whether another has taken its place.
    pub is_used: bool,
    /// When it ends.
    pub expiration_date_time: Timestamp,
}

/// A device's code (RFC 8628 §3.2).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeviceCode {
    /// Digest of what the device holds.
    pub digest: Digest,
    /// What the person types.
    pub user_code: String,
    /// The app.
    pub client_id: String,
    /// Names of scopes, joined by spaces.
    pub scope: String,
    /// What came of it.
    pub state: DeviceState,
    /// When the device last asked; 0 where it never did.
    pub polled_date_time: Timestamp,
    /// When it ends.
    pub expiration_date_time: Timestamp,
}

/// What came of a device's code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeviceState {
    /// The person refused.
    Declined,
    /// This person agreed.
    Granted(MailboxId),
    /// Nobody has decided.
    Pending,
}
