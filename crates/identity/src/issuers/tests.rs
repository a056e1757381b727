//! A world with one issuer, whose documents stand in a table, and with a store of people and apps.

mod forged;
mod known;
mod rotation;

use super::*;
use crate::{Caller, Identity, Keys};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde_json::json;
use std::collections::HashMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicUsize, Ordering};
use store::{Account, Application, ApplicationLimits};
use tokio::sync::Notify;

const ISSUER: &str = "https://login.example/t/v2.0";
const METADATA: &str = "https://login.example/t/v2.0/.well-known/openid-configuration";
const KEYS: &str = "https://login.example/t/keys";
const APP: &str = "mail-app";
const NOON: i64 = 1_800_014_400;

struct FakeClock(AtomicI64);

impl Clock for FakeClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_seconds(self.0.load(Ordering::Relaxed))
    }
}

/// What stands at which address; all else is not to be had.
#[derive(Default)]
struct Table {
    documents: Mutex<HashMap<String, String>>,
    gets: AtomicUsize,
    /// Whether answers wait for `open`.
    is_shut: AtomicBool,
    open: Notify,
}

impl Table {
    fn put(&self, address: &str, document: &Value) {
        self.documents.lock().expect("the table").insert(address.to_owned(), document.to_string());
    }

    fn publish(&self, keys: &[&TestKey]) {
        self.put(METADATA, &json!({"issuer": ISSUER, "jwks_uri": KEYS}));
        self.put(KEYS, &json!({"keys": keys.iter().map(|key| &key.jwk).collect::<Vec<_>>()}));
    }

    fn go_down(&self) {
        self.documents.lock().expect("the table").clear();
    }

    fn gets(&self) -> usize {
        self.gets.load(Ordering::Relaxed)
    }
}

impl Fetch for Table {
    fn get<'a>(&'a self, address: &'a FetchAddress, _most: usize) -> Fetching<'a> {
        Box::pin(async move {
            self.gets.fetch_add(1, Ordering::Relaxed);
            if self.is_shut.load(Ordering::Relaxed) {
                self.open.notified().await;
            }
            let found = self.documents.lock().expect("the table").get(address.as_str()).cloned();
            found.map(String::into_bytes).ok_or_else(|| FetchError("nothing is there".to_owned()))
        })
    }
}

/// A key of the issuer.
struct TestKey {
    kid: String,
    jwk: Value,
    signing: EncodingKey,
    algorithm: Algorithm,
    keys: Keys,
}

impl TestKey {
    fn rsa(kid: &str) -> TestKey {
        let dir = tempfile::tempdir().expect("temporary directory");
        let keys = Keys::open(dir.path()).expect("keys");
        let (n, e) = (URL_SAFE_NO_PAD.encode(&keys.modulus), URL_SAFE_NO_PAD.encode(&keys.exponent));
        let signing = EncodingKey::from_rsa_pem(&keys.signing_pem).expect("a key");
        let jwk = json!({"kty": "RSA", "use": "sig", "kid": kid, "n": n, "e": e});
        TestKey { kid: kid.to_owned(), jwk, signing, algorithm: Algorithm::RS256, keys }
    }

    fn sign(&self, claims: &Value) -> String {
        let header = Header { kid: Some(self.kid.clone()), ..Header::new(self.algorithm) };
        jsonwebtoken::encode(&header, claims, &self.signing).expect("a token")
    }
}

struct World {
    clock: Arc<FakeClock>,
    table: Arc<Table>,
    store: Store,
    identity: Identity,
    ada: MailboxId,
    dir: tempfile::TempDir,
}

impl World {
    async fn new() -> World {
        let dir = tempfile::tempdir().expect("temporary directory");
        let store = Store::serve(dir.path()).expect("store");
        let clock = Arc::new(FakeClock(AtomicI64::new(NOON)));
        let table = Arc::new(Table::default());
        let trusted = TrustedIssuer {
            issuer: ISSUER.to_owned(),
            metadata: FetchAddress::of_metadata(ISSUER).expect("an address"),
            metadata_name_issuer: true,
            audiences: vec!["api://restante".to_owned(), "other".to_owned()],
            tenant: Some("t".to_owned()),
            person: None,
        };
        let fetch: Arc<dyn Fetch> = table.clone();
        let issuers = Issuers::new(vec![(trusted, fetch)], store.clone(), clock.clone());
        let keys = Keys::open(dir.path()).expect("keys");
        let identity = Identity::new(&keys, "tenant", clock.clone()).expect("identity").trusting(issuers);
        let world = World { clock, table, store, identity, ada: MailboxId([7; 16]), dir };
        let ada = world.person();
        world.store.write::<_, StoreError>(move |tx| tx.add_person(&ada, Timestamp(0))).await.expect("a person");
        world.register(true).await;
        world
    }

    fn person(&self) -> Person {
        Person {
            id: self.ada,
            user_principal_name: "ada@contoso.com".into(),
            display_name: "Ada".into(),
            given_name: "Ada".into(),
            surname: "L".into(),
        }
    }

    fn app(&self, account_enabled: bool) -> Application {
        Application {
            client_id: APP.to_owned(),
            display_name: "Mail".to_owned(),
            account_enabled,
            is_public_client: true,
            delegated_permissions: "Mail.Read".to_owned(),
            application_permissions: String::new(),
            limits: ApplicationLimits::default(),
            created_date_time: Timestamp(0),
        }
    }

    async fn register(&self, account_enabled: bool) {
        let app = self.app(account_enabled);
        self.store.write::<_, StoreError>(move |tx| tx.put_application(&app)).await.expect("an app");
    }

    async fn set_account(&self, account_enabled: bool, is_shared: bool) {
        let (ada, account) = (self.ada, Account { account_enabled, is_shared, password_hash: None });
        self.store.write::<_, StoreError>(move |tx| tx.set_account(ada, &account)).await.expect("an account");
    }

    async fn prove(&self, token: &str) -> Result<Caller, AuthError> {
        self.identity.prove(Some(&format!("Bearer {token}"))).await
    }

    fn pass(&self, seconds: i64) {
        self.clock.0.fetch_add(seconds, Ordering::Relaxed);
    }
}

/// The claims of Ada's token, with others in their place or beside them; those that are null are left out.
fn claims(changes: Value) -> Value {
    static TOKENS: AtomicUsize = AtomicUsize::new(0);
    let mut claims = json!({
        "iss": ISSUER, "aud": "api://restante", "exp": NOON + 3600, "nbf": NOON, "tid": "t", "azp": APP,
        "preferred_username": "Ada@Contoso.com", "scp": "Mail.Read", "uti": TOKENS.fetch_add(1, Ordering::Relaxed),
    });
    let members = claims.as_object_mut().expect("an object");
    members.extend(changes.as_object().expect("an object").clone());
    members.retain(|_, value| !value.is_null());
    claims
}
