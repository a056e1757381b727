//! Tokens that were good once.

use crate::Server;
use identity::{ClientApp, Identity, Keys, Scopes};
use std::sync::Arc;
use store::{Clock, MailboxId, Person, Timestamp};
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
    let keys = Keys::open(&server.data_dir()).expect("the server made its keys");
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
    let app = ClientApp {
        client_id: text(&dev["client_id"]),
        client_secret: text(&dev["client_secret"]),
        display_name: "A test".to_owned(),
        is_public_client: false,
        key_credentials: Vec::new(),
        redirect_uris: Vec::new(),
    };
    identity.person_token(&person, &app, Scopes::ALL_MAIL, 1).expect("its keys sign")
}
