//! What apps have used of what they may.

use super::changes::find_app;
use super::told::{RegisteredApp, RegisteredUse};
use super::{Registry, RegistryError};

impl Registry {
    /// The app with this client id or name, and which permissions have let it in, where and how often.
    ///
    /// # Errors
    /// [`RegistryError::NotFound`], [`RegistryError::Store`].
    pub async fn app_with_uses(&self, name: String) -> Result<(RegisteredApp, Vec<RegisteredUse>), RegistryError> {
        self.look(move |tx| {
            let app = find_app(tx, &name)?;
            let uses = tx.application_uses(&app.client_id)?;
            let uses = uses.into_iter().map(|used| RegisteredUse::of(tx, used)).collect::<Result<_, _>>()?;
            Ok((RegisteredApp::of(tx, app)?, uses))
        })
        .await
    }
}
