//! Who is registered: apps, people, and what people may do for each other.
//!
//! Promises: each deed is one transaction and is judged in it, whoever asks for it, a command or the admin API; what is
//! refused changes nothing. Rights are read anew with each request, so a running server follows at once. Refuses: to keep a
//! secret that it could tell again.

mod apps;
mod changes;
mod credentials;
mod names;
mod people;
mod shared;
mod told;
mod uses;

pub use changes::{AppChanges, Change, LimitChanges};
pub use credentials::{NewCertificate, NewSecret};
pub use names::is_domain;
pub use people::{NewPerson, PersonChanges};
pub use shared::{Access, MailboxGrant};
pub use told::{
    AddedApp, MadeSecret, RegisteredApp, RegisteredKey, RegisteredLimits, RegisteredPerson, RegisteredSecret, RegisteredUse,
};

use crate::secret;
use std::sync::Arc;
use store::{Clock, ReadTx, Store, StoreError, Timestamp, WriteTx};

/// Why a deed is refused: what is the matter, and what would do, for whoever asked.
#[derive(Debug, thiserror::Error)]
pub enum RegistryError {
    /// There is one already, or the server needs it as it is.
    #[error("{0}")]
    Conflict(String),
    /// What is asked for can't be.
    #[error("{0}")]
    Invalid(String),
    /// It is not here.
    #[error("{0}")]
    NotFound(String),
    /// The machine has no random octets.
    #[error("the machine has no random octets")]
    NoRandom,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The register of one data directory.
#[derive(Clone)]
pub struct Registry {
    store: Store,
    clock: Arc<dyn Clock>,
    /// The client id of the server's own app, which it registers itself at each start.
    own_app: String,
}

impl Registry {
    /// The register of a store, in which one app is the server's own.
    pub fn new(store: Store, clock: Arc<dyn Clock>, own_app: String) -> Registry {
        Registry { store, clock, own_app }
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    async fn look<T: Send + 'static>(
        &self,
        look: impl FnOnce(&ReadTx<'_>) -> Result<T, RegistryError> + Send + 'static,
    ) -> Result<T, RegistryError> {
        self.store.read(look).await
    }

    async fn deed<T: Send + 'static>(
        &self,
        deed: impl FnOnce(&mut WriteTx<'_>) -> Result<T, RegistryError> + Clone + Send + 'static,
    ) -> Result<T, RegistryError> {
        let alone = move |tx: &mut WriteTx<'_>| {
            tx.hold_directory()?;
            deed(tx)
        };
        self.store.write(alone).await
    }
}

/// A new GUID (RFC 9562, version 4).
fn guid() -> Result<uuid::Uuid, RegistryError> {
    let octets = secret::random::<16>().map_err(|_| RegistryError::NoRandom)?;
    Ok(uuid::Builder::from_random_bytes(octets).into_uuid())
}

#[cfg(test)]
mod tests;
