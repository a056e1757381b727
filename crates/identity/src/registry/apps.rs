//! Deeds on apps.

use super::changes::{find_app, free_client_id};
use super::credentials::{NewSecret, Random};
use super::names::{client_id_of, invalid};
use super::told::{AddedApp, RegisteredApp};
use super::{AppChanges, Registry, RegistryError, guid};
use store::{Application, ApplicationLimits};

/// Apps of one page of a list.
const PAGE: i64 = 100;

impl Registry {
    /// Registers an app, with a secret if one is asked for. Without changes it may do nothing.
    ///
    /// # Errors
    /// [`RegistryError`]: it has no name, or what is asked of it can't be.
    pub async fn add_app(&self, changes: AppChanges, secret: Option<NewSecret>) -> Result<AddedApp, RegistryError> {
        self.add_app_as(guid()?.to_string(), changes, secret).await
    }

    /// The same, with the client id that it has at another issuer whose tokens are taken here.
    ///
    /// # Errors
    /// [`RegistryError`], also where an app has this client id or name.
    pub async fn add_app_as(
        &self,
        client_id: String,
        changes: AppChanges,
        secret: Option<NewSecret>,
    ) -> Result<AddedApp, RegistryError> {
        let spelled = client_id;
        let client_id = client_id_of(&spelled)?;
        if changes.display_name.is_none() {
            return Err(invalid("The app has no name. One must be given."));
        }
        let now = self.now();
        let made = secret.map(|secret| Ok::<_, RegistryError>((secret, Random::new()?))).transpose()?;
        let mut app = Application {
            client_id,
            display_name: String::new(),
            account_enabled: true,
            is_public_client: false,
            delegated_permissions: String::new(),
            application_permissions: String::new(),
            limits: ApplicationLimits::default(),
            created_date_time: now,
        };
        self.deed(move |tx| {
            free_client_id(tx, &spelled, &app.client_id)?;
            let uris = changes.apply(tx, &mut app)?;
            tx.put_application(&app)?;
            tx.set_redirect_uris(&app.client_id, &uris.unwrap_or_default())?;
            let made = made.map(|(secret, random)| secret.put(tx, &app.client_id, random, now)).transpose()?;
            Ok(AddedApp { app: RegisteredApp::of(tx, app)?, secret: made })
        })
        .await
    }

    /// The app with this client id or name.
    ///
    /// # Errors
    /// [`RegistryError::NotFound`], [`RegistryError::Store`].
    pub async fn app(&self, name: String) -> Result<RegisteredApp, RegistryError> {
        self.look(move |tx| RegisteredApp::of(tx, find_app(tx, &name)?)).await
    }

    /// The registration of an app by its client id, as it is now.
    pub(crate) async fn registered(&self, client_id: String) -> Result<Option<Application>, RegistryError> {
        self.look(move |tx| Ok(tx.application(&client_id)?)).await
    }

    /// A page of apps by their client ids, behind one of them or from the first; and behind which the next page begins, if there
    /// is one.
    ///
    /// # Errors
    /// [`RegistryError::Store`].
    pub async fn apps(&self, after: String) -> Result<(Vec<RegisteredApp>, Option<String>), RegistryError> {
        self.look(move |tx| {
            let page = tx.applications(&after.to_lowercase(), PAGE)?;
            let next = page.get(super::told::full(PAGE)).map(|last| last.client_id.clone());
            Ok((page.into_iter().map(|app| RegisteredApp::of(tx, app)).collect::<Result<_, _>>()?, next))
        })
        .await
    }

    /// Changes an app.
    ///
    /// # Errors
    /// [`RegistryError`].
    pub async fn update_app(&self, name: String, changes: AppChanges) -> Result<RegisteredApp, RegistryError> {
        let registry = self.clone();
        self.deed(move |tx| {
            let mut app = registry.changeable(tx, &name)?;
            let uris = changes.apply(tx, &mut app)?;
            tx.put_application(&app)?;
            if let Some(uris) = uris {
                tx.set_redirect_uris(&app.client_id, &uris)?;
            }
            RegisteredApp::of(tx, app)
        })
        .await
    }

    /// Forgets an app with all that hangs on it: secrets, what people let it do, what it used.
    ///
    /// # Errors
    /// [`RegistryError`].
    pub async fn remove_app(&self, name: String) -> Result<(), RegistryError> {
        let registry = self.clone();
        self.deed(move |tx| {
            let app = registry.changeable(tx, &name)?;
            tx.remove_application(&app.client_id)?;
            Ok(())
        })
        .await
    }
}
