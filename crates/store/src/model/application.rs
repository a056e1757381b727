//! Apps that may ask for tokens, and what keeps them within bounds.

use crate::blobs::Digest;
use crate::clock::Timestamp;
use crate::ids::MailboxId;

/// An app, as it is registered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Application {
    /// Its client id, in lower case.
    pub client_id: String,
    /// Name for show.
    pub display_name: String,
    /// Whether it may come in.
    pub account_enabled: bool,
    /// Whether people may sign in through it where it can't prove itself: on a phone, in a shell.
    pub is_public_client: bool,
    /// What it may do for people who agree, names joined by spaces.
    pub delegated_permissions: String,
    /// What it may do for itself, names joined by spaces.
    pub application_permissions: String,
    /// What narrows it further.
    pub limits: ApplicationLimits,
    /// When it was registered.
    pub created_date_time: Timestamp,
}

/// Bounds of an app beyond its permissions. Nothing is no bound; an empty list lets nothing through.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ApplicationLimits {
    /// The only mailboxes that it may open.
    pub mailboxes: Option<Vec<MailboxId>>,
    /// The only addresses that may stand in From and Sender of what it sends, in lower case.
    pub from: Option<Vec<String>>,
    /// The only domains to which it may send, in lower case.
    pub recipient_domains: Option<Vec<String>>,
    /// How many messages it may send in sixty seconds.
    pub sends_per_minute: Option<i64>,
}

/// How an app proves itself, and where codes for it may be sent.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Credentials {
    /// Its secrets.
    pub passwords: Vec<PasswordCredential>,
    /// The keys by which it may sign.
    pub keys: Vec<KeyCredential>,
    /// Where codes may be sent.
    pub redirect_uris: Vec<String>,
}

/// A secret of an app, of which only the digest is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PasswordCredential {
    /// By what it is named.
    pub key_id: [u8; 16],
    /// SHA-256 of it.
    pub digest: Digest,
    /// Its first characters, by which its owner tells it from others.
    pub hint: String,
    /// Until when it is good; nothing is for ever.
    pub end_date_time: Option<Timestamp>,
}

/// A key by which an app may sign.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyCredential {
    /// By what it is named.
    pub key_id: [u8; 16],
    /// An `RSAPublicKey` in DER (RFC 8017 §A.1.1).
    pub public_key: Vec<u8>,
    /// Until when it is good; nothing is for ever.
    pub end_date_time: Option<Timestamp>,
}

/// By which permission an app has opened a mailbox, and how often.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApplicationUse {
    /// Whose.
    pub mailbox: MailboxId,
    /// Its name.
    pub permission: String,
    /// How often.
    pub uses: i64,
    /// When last.
    pub last_used_date_time: Timestamp,
}
