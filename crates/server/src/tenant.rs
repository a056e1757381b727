//! The tenant of a data directory and its app: derived from the directory's key, so that they stay the same.

use identity::{ClientApp, Keys, RedirectUri};
use uuid::Uuid;

/// Where apps without an address of their own get their codes: a browser window that they look into.
const NATIVE_CLIENT: &str = "https://login.microsoftonline.com/common/oauth2/nativeclient";

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
            is_public_client: true,
            key_credentials: Vec::new(),
            redirect_uris: vec![RedirectUri::AnyLoopback, RedirectUri::Exact(NATIVE_CLIENT.to_owned())],
        };
        Tenant { id: guid(keys, "tenant"), app }
    }
}

/// A GUID (RFC 9562, version 5) that tells nothing of the secret it comes from.
fn guid(keys: &Keys, purpose: &str) -> Uuid {
    Uuid::new_v5(&Uuid::NAMESPACE_OID, keys.derive(purpose).as_bytes())
}
