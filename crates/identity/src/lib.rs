//! Who is asking, and what they may do.
//!
//! Promises: a [`Caller`] exists only where a token was proven, and a mailbox can only be opened with one. Refuses: to
//! read mail, and to say why a secret was wrong.

mod admin;
mod caller;
mod client_app;
mod consents;
mod devices;
mod endpoints;
mod error;
mod file;
mod granted;
mod grants;
mod guesses;
mod issuers;
mod keys;
mod notification;
pub mod password;
mod registry;
mod scope;
mod seal;
mod secret;
mod secrets;
mod token;

pub use admin::{Admin, admin_routes};
pub use caller::{Caller, Identity, Who};
pub use client_app::{ClientApp, RedirectUri};
pub use endpoints::{DevelopmentPerson, MICROSOFT_AUTHORITIES, OriginOf, SignIn, SignInRoutes, sign_in_routes};
pub use error::{AuthError, KeyError};
pub use file::replace_file;
pub use grants::Grants;
pub use guesses::{Guesses, Source};
pub use issuers::{Fetch, FetchAddress, FetchError, Fetching, Issuers, RETRY, TrustedIssuer};
pub use keys::{KEYS, Keys};
pub use notification::{EncryptedContent, EncryptionCertificate};
pub use password::Passwords;
pub use registry::{
    Access, AddedApp, AppChanges, Change, LimitChanges, MadeSecret, MailboxGrant, NewCertificate, NewPerson, NewSecret,
    PersonChanges, RegisteredApp, RegisteredKey, RegisteredLimits, RegisteredPerson, RegisteredSecret, RegisteredUse, Registry,
    RegistryError, is_domain,
};
pub use scope::{Scope, Scopes};
pub use seal::Seal;
pub use secrets::Secrets;
