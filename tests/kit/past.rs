//! Tokens that were good once.

use crate::Server;
use identity::{ClientApp, Identity, Keys, Scopes};
use std::sync::Arc;
use store::{Application, ApplicationLimits, Clock, Credentials, MailboxId, Person, Timestamp};
use uuid::Uuid;

/// A clock that stands.
struct Stopped(Timestamp);

impl Clock for Stopped {
    fn now(&self) -> Timestamp {
        self.0
    }
}

/// A token that this server's own key signed for a person in 2020, for one day.
pub fn expired_token(server: &Server, name: &str) -> String {
    let (dev, person) = (server.dev(), server.entry(name));
    let text = |value: &serde_json::Value| value.as_str().expect("dev.json holds texts").to_owned();
    let keys = Keys::open(&server.keys_dir()).expect("the server made its keys");
    let clock = Arc::new(Stopped(Timestamp::from_seconds(1_577_836_800)));
    let identity = Identity::new(&keys, &text(&dev["tenant"]), clock).expect("its keys sign");
    let id = Uuid::parse_str(&text(&person["id"])).expect("a person's id is a GUID");
    let person = Person {
        id: MailboxId(*id.as_bytes()),
        user_principal_name: text(&person["userPrincipalName"]),
        display_name: text(&person["displayName"]),
        given_name: String::new(),
        surname: String::new(),
    };
    let app = Application {
        client_id: text(&dev["client_id"]),
        display_name: "A test".to_owned(),
        account_enabled: true,
        is_public_client: false,
        delegated_permissions: Scopes::ALL_MAIL.to_owned(),
        application_permissions: Scopes::ALL_MAIL.to_owned(),
        limits: ApplicationLimits::default(),
        created_date_time: Timestamp(0),
    };
    let app = ClientApp::new(app, Credentials::default());
    identity.person_token(&person, &app, Scopes::ALL_MAIL, 1).expect("its keys sign")
}
