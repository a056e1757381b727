//! The tenant of a data directory and its app: derived from the directory's key, so that they stay the same.

use identity::{ClientApp, Keys, Scopes};
use store::{Application, ApplicationLimits, Credentials, Timestamp};
use uuid::Uuid;

/// Who the server is to those that sign in.
pub(crate) struct Tenant {
    /// Its GUID.
    pub(crate) id: Uuid,
    /// Of the app in whose name `restante token` gives tokens, and in development mode of everybody's.
    pub(crate) client_id: Uuid,
    /// That app's secret in development mode.
    pub(crate) client_secret: String,
}

impl Tenant {
    /// The tenant of these keys.
    pub(crate) fn of(keys: &Keys) -> Tenant {
        let [id, client_id] = ["tenant", "client_id"].map(|purpose| guid(keys, purpose));
        Tenant { id, client_id, client_secret: keys.derive("client_secret") }
    }

    /// What is registered of its app: it may do everything, and outside development mode nobody can be it.
    pub(crate) fn application(&self, is_development: bool, now: Timestamp) -> Application {
        Application {
            client_id: self.client_id.to_string(),
            display_name: "Restante".to_owned(),
            account_enabled: true,
            is_public_client: is_development,
            delegated_permissions: Scopes::ALL_DELEGATED.to_owned(),
            application_permissions: Scopes::ALL_MAIL.to_owned(),
            limits: ApplicationLimits::default(),
            created_date_time: now,
        }
    }

    /// Its app, to make tokens in its name.
    pub(crate) fn app(&self) -> ClientApp {
        ClientApp::new(self.application(false, Timestamp(0)), Credentials::default())
    }
}

/// A GUID (RFC 9562, version 5) that tells nothing of the secret it comes from.
fn guid(keys: &Keys, purpose: &str) -> Uuid {
    Uuid::new_v5(&Uuid::NAMESPACE_OID, keys.derive(purpose).as_bytes())
}
