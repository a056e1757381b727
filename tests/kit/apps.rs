//! Apps with rights of their own, registered beside the running server, and tokens in their names.

use crate::{Person, Server, address};
use identity::{ClientApp, Identity, Keys};
use std::sync::Arc;
use store::{
    Account, Application, ApplicationLimits, Credentials, MailboxAccess, MailboxId, ReadTx, StoreError, SystemClock, Timestamp,
    WriteTx,
};
use uuid::Uuid;

/// Seconds that tokens are good for.
const LIFE: i64 = 3600;

/// An app that may do these things, for people who agree and for itself, within no other bounds.
pub fn app(name: &str, permissions: &str) -> Application {
    Application {
        client_id: Uuid::new_v5(&Uuid::NAMESPACE_URL, name.as_bytes()).to_string(),
        display_name: name.to_owned(),
        account_enabled: true,
        is_public_client: false,
        delegated_permissions: permissions.to_owned(),
        application_permissions: permissions.to_owned(),
        limits: ApplicationLimits::default(),
        created_date_time: Timestamp(0),
    }
}

impl Server {
    /// Does a deed in the store, as a command beside the server does.
    pub async fn write<T: Send + 'static>(
        &self,
        deed: impl FnOnce(&mut WriteTx<'_>) -> Result<T, StoreError> + Clone + Send + 'static,
    ) -> T {
        self.store().write(deed).await.expect("the store can be written")
    }

    /// Registers an app, or changes its registration.
    pub async fn register(&self, app: &Application) {
        let app = app.clone();
        self.write(move |tx| tx.put_application(&app)).await;
    }

    /// The id of one of the people, which is the mailbox's.
    pub fn id(&self, name: &str) -> MailboxId {
        let id = self.entry(name)["id"].as_str().expect("dev.json holds ids");
        MailboxId(*Uuid::parse_str(id).expect("a person's id is a GUID").as_bytes())
    }

    /// Opens somebody's mailbox to another.
    pub async fn grant(&self, owner: &str, grantee: &str, access: MailboxAccess) {
        let (owner, grantee) = (self.id(owner), self.id(grantee));
        self.write(move |tx| tx.grant_access(owner, grantee, access)).await;
    }

    /// Says how somebody comes in.
    pub async fn set_account(&self, name: &str, account: Account) {
        let id = self.id(name);
        self.write(move |tx| tx.set_account(id, &account)).await;
    }

    /// An app for itself, with a token of these permissions.
    pub fn as_app(&self, app: &Application, permissions: &str) -> Person {
        let roles: Vec<&str> = permissions.split_whitespace().collect();
        let client = ClientApp::new(app.clone(), Credentials::default());
        self.bearer(Some(self.identity().app_token(&client, &roles, LIFE).expect("the server's keys sign")))
    }

    /// Somebody through an app, with a token of these permissions.
    pub async fn through(&self, app: &Application, name: &str, permissions: &str) -> Person {
        let named = address(name);
        let look = move |tx: &ReadTx<'_>| tx.person_by_address(&named);
        let person = self.store().read::<_, StoreError>(look).await.expect("the store can be read").expect("the person is here");
        let client = ClientApp::new(app.clone(), Credentials::default());
        let token = self.identity().person_token(&person, &client, permissions, 1).expect("the server's keys sign");
        self.bearer(Some(token))
    }

    fn identity(&self) -> Identity {
        let keys = Keys::open(&self.data_dir()).expect("the server made its keys");
        let tenant = self.dev()["tenant"].as_str().expect("dev.json names the tenant");
        Identity::new(&keys, tenant, Arc::new(SystemClock)).expect("its keys sign")
    }
}
