//! The tenant of a data directory and its app: derived from the directory's key, so that they stay the same.

use identity::{ClientApp, Keys};
use uuid::Uuid;

/// Who the server is to those that sign in.
pub(crate) struct Tenant {
    /// Its GUID.
    pub(crate) id: Uuid,
    /// The app in whose name tokens are given, and which may ask for its own.
    pub(crate) app: ClientApp,
}

impl Tenant {
    /// The tenant of these keys.
    pub(crate) fn of(keys: &Keys) -> Tenant {
        let app = ClientApp {
            client_id: guid(keys, "client_id").to_string(),
            client_secret: keys.derive("client_secret"),
            display_name: "Restante".to_owned(),
        };
        Tenant { id: guid(keys, "tenant"), app }
    }
}

/// A GUID (RFC 9562, version 5) that tells nothing of the secret it comes from.
fn guid(keys: &Keys, purpose: &str) -> Uuid {
    Uuid::new_v5(&Uuid::NAMESPACE_OID, keys.derive(purpose).as_bytes())
}
