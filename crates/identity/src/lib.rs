//! Who is asking, and what they may do.
//!
//! Promises: a [`Caller`] exists only where a token was proven, and a mailbox can only be opened with one. Refuses: to
//! read mail, and to say why a secret was wrong.

mod caller;
mod client_app;
mod error;
mod file;
mod keys;
mod routes;
mod scope;
mod seal;
mod token;

pub use caller::{Caller, Identity, Who};
pub use client_app::ClientApp;
pub use error::{AuthError, KeyError, OAuthError};
pub use file::replace_file;
pub use keys::Keys;
pub use routes::{TokenState, token_routes};
pub use scope::{Scope, Scopes};
pub use seal::Seal;
