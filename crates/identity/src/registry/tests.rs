//! Every deed, what it refuses, and that what is refused changes nothing.

use super::*;
use crate::ClientApp;
use std::sync::atomic::{AtomicI64, Ordering};
use store::{MailboxAccess, MailboxId};

/// 2027-01-15T08:00:00Z
const NOON: i64 = 1_800_000_000;
const OWN: &str = "00000000-0000-4000-8000-000000000001";

struct FakeClock(AtomicI64);

impl Clock for FakeClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_seconds(self.0.load(Ordering::Relaxed))
    }
}

struct Fixture {
    registry: Registry,
    store: Store,
    clock: Arc<FakeClock>,
    dir: tempfile::TempDir,
}

impl Fixture {
    async fn new() -> Fixture {
        let dir = tempfile::tempdir().expect("temporary directory");
        let store = Store::serve(dir.path()).expect("store");
        let clock = Arc::new(FakeClock(AtomicI64::new(NOON)));
        store.write::<_, StoreError>(|tx| tx.set_domain("contoso.com")).await.expect("domain");
        Fixture { registry: Registry::new(store.clone(), clock.clone(), OWN.to_owned()), store, clock, dir }
    }

    async fn person(&self, name: &str) -> RegisteredPerson {
        let user_principal_name = format!("{name}@contoso.com");
        self.registry.add_person(NewPerson { user_principal_name, ..NewPerson::default() }).await.expect("a person")
    }

    async fn app(&self, name: &str) -> AddedApp {
        self.registry.add_app(named(name), Some(NewSecret::default())).await.expect("an app")
    }

    /// Whether an app proves itself with a secret now.
    async fn lets_in(&self, app: &RegisteredApp, secret: &str) -> bool {
        let id = app.app_id.clone();
        let app = self.store.read::<_, StoreError>(move |tx| ClientApp::load(tx, &id)).await.expect("read").expect("an app");
        app.registered.account_enabled && app.has_secret(secret, self.clock.now())
    }

    fn demand_order(&self) {
        assert_eq!(store::check(self.dir.path()).expect("check"), Vec::<String>::new());
    }
}

fn named(name: &str) -> AppChanges {
    AppChanges { display_name: Some(name.to_owned()), ..AppChanges::default() }
}

fn texts(list: &[&str]) -> Vec<String> {
    list.iter().map(|&text| text.to_owned()).collect()
}

/// A refusal of one kind that says why, in two sentences.
macro_rules! demand_refusal {
    ($outcome:expr, $kind:ident, $word:expr) => {
        match $outcome {
            Err(RegistryError::$kind(text)) => {
                assert!(text.contains($word) && text.ends_with('.') && text.contains(". "), "{text}")
            }
            other => panic!("{other:?} for {}", $word),
        }
    };
}

mod elsewhere;

#[tokio::test]
async fn an_app_is_registered_with_all_that_is_asked() {
    let f = Fixture::new().await;
    let support = f.person("support").await;
    let limits = LimitChanges {
        mailboxes: Change::To(vec!["Support@contoso.com".to_owned(), support.id.clone()]),
        from: Change::To(texts(&["Support@Contoso.com"])),
        recipient_domains: Change::To(texts(&["Example.COM", "example.com"])),
        sends_per_minute: Change::To(10),
    };
    let changes = AppChanges {
        application_permissions: Some(texts(&["mail.send"])),
        delegated_permissions: Some(texts(&["User.Read", "https://graph.microsoft.com/Mail.Read"])),
        redirect_uris: Some(texts(&["http://localhost"])),
        limits,
        ..named(" Help desk ")
    };
    let added = f.registry.add_app(changes, Some(NewSecret::default())).await.expect("added");
    let app = added.app;
    assert_eq!((app.display_name.as_str(), app.account_enabled, app.is_public_client), ("Help desk", true, false));
    assert_eq!(
        (&app.application_permissions, &app.delegated_permissions),
        (&texts(&["Mail.Send"]), &texts(&["User.Read", "Mail.Read"]))
    );
    let limits = RegisteredLimits {
        mailboxes: Some(texts(&["support@contoso.com"])),
        from: Some(texts(&["support@contoso.com"])),
        recipient_domains: Some(texts(&["example.com"])),
        sends_per_minute: Some(10),
    };
    assert_eq!((&app.limits, app.created_date_time.as_str()), (&limits, "2027-01-15T08:00:00Z"));
    let secret = added.secret.expect("a secret");
    assert_eq!(app.password_credentials, std::slice::from_ref(&secret.kept));
    assert!(secret.secret_text.len() >= 32 && secret.secret_text.starts_with(&secret.kept.hint) && secret.kept.hint.len() == 3);
    assert!(f.lets_in(&app, &secret.secret_text).await && !f.lets_in(&app, &secret.kept.hint).await);
    assert!(!format!("{secret:?}").contains(&secret.secret_text), "a secret isn't shown where it might be logged");
    for name in [app.app_id.to_uppercase(), "Help desk".to_owned()] {
        assert_eq!(f.registry.app(name).await.expect("found"), app);
    }
    f.demand_order();
}

#[tokio::test]
async fn a_change_keeps_what_it_does_not_name_and_clears_what_is_null() {
    let f = Fixture::new().await;
    let json = r#"{"displayName": "A", "applicationPermissions": ["Mail.Send"], "limits": {"from": ["a@x.org"], "recipientDomains": []}}"#;
    let added = f.registry.add_app(serde_json::from_str(json).expect("changes"), None).await.expect("added").app;
    assert_eq!((&added.limits.from, &added.limits.recipient_domains), (&Some(texts(&["a@x.org"])), &Some(Vec::new())));
    let change = serde_json::from_str(r#"{"limits": {"from": null}, "isPublicClient": true}"#).expect("changes");
    let changed = f.registry.update_app("A".to_owned(), change).await.expect("changed");
    let limits = RegisteredLimits { from: None, ..added.limits.clone() };
    assert_eq!(changed, RegisteredApp { limits, is_public_client: true, ..added });
    assert!(serde_json::from_str::<AppChanges>(r#"{"limits": {"form": null}}"#).is_err(), "a name that is misspelled is no wish");
}

#[tokio::test]
async fn what_an_app_cannot_be_is_refused_and_nothing_is_kept() {
    let f = Fixture::new().await;
    let known = f.app("Known").await.app;
    let limits = |limits| AppChanges { limits, ..named("New") };
    for (changes, word) in [
        (AppChanges::default(), "no name"),
        (named("  "), "is no name"),
        (named("two\nlines"), "is no name"),
        (named("00000000-0000-4000-8000-00000000000f"), "must not be an id"),
        (AppChanges { application_permissions: Some(texts(&["Files.Read"])), ..named("New") }, "\"Files.Read\" is no permission"),
        (AppChanges { delegated_permissions: Some(texts(&["Restante.Admin"])), ..named("New") }, "can't be had for a person"),
        (AppChanges { application_permissions: Some(texts(&["Mail.Read.Shared"])), ..named("New") }, "by an app for itself"),
        (AppChanges { redirect_uris: Some(texts(&["http://app.example/"])), ..named("New") }, "http://app.example/"),
        (limits(LimitChanges { from: Change::To(texts(&["x"])), ..LimitChanges::default() }), "\"x\" is no address"),
        (limits(LimitChanges { recipient_domains: Change::To(texts(&["a b"])), ..LimitChanges::default() }), "is no domain"),
        (limits(LimitChanges { sends_per_minute: Change::To(0), ..LimitChanges::default() }), "0 is no rate"),
    ] {
        demand_refusal!(f.registry.add_app(changes, None).await, Invalid, word);
    }
    let nobody = LimitChanges { mailboxes: Change::To(texts(&["nobody@contoso.com"])), ..LimitChanges::default() };
    demand_refusal!(f.registry.add_app(limits(nobody.clone()), None).await, NotFound, "nobody@contoso.com");
    demand_refusal!(f.registry.add_app(named("Known"), None).await, Conflict, "is named \"Known\" already");
    let both = AppChanges { is_public_client: Some(true), limits: nobody, ..AppChanges::default() };
    demand_refusal!(f.registry.update_app("Known".to_owned(), both).await, NotFound, "nobody@contoso.com");
    demand_refusal!(f.registry.update_app("New".to_owned(), AppChanges::default()).await, NotFound, "no app \"New\"");
    let (apps, next) = f.registry.apps(String::new()).await.expect("a page");
    assert_eq!((apps, next), (vec![known], None));
}

#[tokio::test]
async fn a_secret_is_good_until_it_ends_or_is_removed() {
    let f = Fixture::new().await;
    let app = f.app("A").await.app;
    let ends = |text: &str| NewSecret { end_date_time: Some(text.to_owned()) };
    let made = f.registry.add_secret("A".to_owned(), ends("2027-01-16")).await.expect("a secret");
    assert_eq!(made.kept.end_date_time.as_deref(), Some("2027-01-16T00:00:00Z"));
    assert!(f.lets_in(&app, &made.secret_text).await);
    f.clock.0.fetch_add(24 * 60 * 60, Ordering::Relaxed);
    assert!(!f.lets_in(&app, &made.secret_text).await);
    let second = f.registry.add_secret("A".to_owned(), ends("2027-12-31T12:00:00+02:00")).await.expect("a secret");
    assert!(f.lets_in(&app, &second.secret_text).await);
    let left = f.registry.remove_credential("A".to_owned(), second.kept.key_id.clone()).await.expect("removed");
    assert_eq!(left.password_credentials.len(), 2);
    assert!(!f.lets_in(&app, &second.secret_text).await);
    demand_refusal!(f.registry.remove_credential("A".to_owned(), second.kept.key_id).await, NotFound, "has no secret");
    demand_refusal!(f.registry.remove_credential("A".to_owned(), "abc".to_owned()).await, NotFound, "has no secret");
    for (text, word) in [("2027-01-15", "is over"), ("soon", "is no end"), ("2027-12-31T12:00:00", "is no end")] {
        demand_refusal!(f.registry.add_secret("A".to_owned(), ends(text)).await, Invalid, word);
    }
    for _ in 0..18 {
        f.registry.add_secret("A".to_owned(), NewSecret::default()).await.expect("one of twenty");
    }
    demand_refusal!(f.registry.add_secret("A".to_owned(), NewSecret::default()).await, Conflict, "20 secrets");
}

#[tokio::test]
async fn a_certificate_is_taken_by_its_key_and_to_its_end() {
    let f = Fixture::new().await;
    f.app("A").await;
    let certificate =
        |text: &str, end: Option<&str>| NewCertificate { certificate: text.to_owned(), end_date_time: end.map(str::to_owned) };
    let rsa = include_str!("tests/rsa.pem");
    let add = |new| f.registry.add_certificate("A".to_owned(), new);
    let key = add(certificate(&format!("a remark\n{rsa}"), Some("2027-02-01"))).await.expect("taken");
    assert_eq!(key.end_date_time.as_deref(), Some("2027-02-01T00:00:00Z"));
    demand_refusal!(add(certificate(rsa, None)).await, Conflict, &key.key_id);
    f.registry.remove_credential("A".to_owned(), key.key_id).await.expect("removed");
    let key = add(certificate(rsa, Some("3000-01-01"))).await.expect("taken");
    assert!(key.end_date_time.expect("its own").starts_with("2126-"), "never longer than the certificate itself");
    for (text, word) in [
        (include_str!("tests/short.pem"), "2048 to 8192 bits"),
        (include_str!("tests/ec.pem"), "must be an RSA key"),
        ("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", "can't be read"),
        ("-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n", "no certificate"),
        ("", "no certificate"),
    ] {
        demand_refusal!(add(certificate(text, None)).await, Invalid, word);
    }
    f.clock.0.store(100 * 366 * 24 * 60 * 60 + NOON, Ordering::Relaxed);
    demand_refusal!(add(certificate(rsa, None)).await, Invalid, "has ended");
}

#[tokio::test]
async fn the_servers_own_app_stays_as_it_is_and_others_go_whole() {
    let f = Fixture::new().await;
    let app = f.app("A").await.app;
    let own = store::Application { client_id: OWN.to_owned(), ..crate::client_app::tests::registered() };
    f.store.write::<_, StoreError>(move |tx| tx.put_application(&own)).await.expect("registered");
    let own = || OWN.to_owned();
    f.registry.app(own()).await.expect("it is shown");
    let word = "the server's own";
    demand_refusal!(f.registry.update_app(own(), AppChanges::default()).await, Conflict, word);
    demand_refusal!(f.registry.remove_app(own()).await, Conflict, word);
    demand_refusal!(f.registry.add_secret(own(), NewSecret::default()).await, Conflict, word);
    let (page, _) = f.registry.apps(OWN.to_owned()).await.expect("a page");
    assert_eq!(page, [app]);
    f.registry.remove_app("A".to_owned()).await.expect("removed");
    demand_refusal!(f.registry.app("A".to_owned()).await, NotFound, "no app \"A\"");
    demand_refusal!(f.registry.remove_app("A".to_owned()).await, NotFound, "no app \"A\"");
}

#[tokio::test]
async fn people_have_addresses_of_their_own_in_our_domain() {
    let f = Fixture::new().await;
    let new = NewPerson {
        user_principal_name: "Ada@Contoso.com".to_owned(),
        given_name: Some("Ada".to_owned()),
        surname: Some("Lovelace".to_owned()),
        aliases: texts(&["a.lovelace@contoso.com"]),
        ..NewPerson::default()
    };
    let ada = f.registry.add_person(new).await.expect("added");
    assert_eq!((ada.display_name.as_str(), &ada.aliases), ("Ada Lovelace", &texts(&["a.lovelace@contoso.com"])));
    assert!(ada.account_enabled && !ada.is_shared && !ada.has_password);
    for name in ["ada@contoso.com", "A.Lovelace@contoso.com", &ada.id] {
        assert_eq!(f.registry.person(name.to_owned()).await.expect("found"), ada);
    }
    let bob = f.person("bob").await;
    assert_eq!(bob.display_name, "bob");
    let add = |name: &str| NewPerson { user_principal_name: name.to_owned(), ..NewPerson::default() };
    for (name, word) in [("bob@example.com", "@contoso.com"), ("bob", "is no address"), ("b ob@contoso.com", "is no address")] {
        demand_refusal!(f.registry.add_person(add(name)).await, Invalid, word);
        demand_refusal!(f.registry.add_alias("bob@contoso.com".to_owned(), name.to_owned()).await, Invalid, word);
    }
    for taken in ["ADA@contoso.com", "a.lovelace@contoso.com"] {
        demand_refusal!(f.registry.add_person(add(taken)).await, Conflict, "belongs to Ada@Contoso.com already");
        demand_refusal!(f.registry.add_alias(bob.id.clone(), taken.to_owned()).await, Conflict, "belongs to Ada@Contoso.com");
    }
    let half = NewPerson { aliases: texts(&["eve2@contoso.com", "ada@contoso.com"]), ..add("eve@contoso.com") };
    demand_refusal!(f.registry.add_person(half).await, Conflict, "ada@contoso.com");
    demand_refusal!(f.registry.person("eve@contoso.com".to_owned()).await, NotFound, "nobody named eve@contoso.com");
    let (people, next) = f.registry.people(None).await.expect("a page");
    assert_eq!((people.len(), next), (2, None));
    let (behind, _) = f.registry.people(Some(people[0].id.clone())).await.expect("a page");
    assert_eq!(behind, people[1..]);
    demand_refusal!(f.registry.people(Some("x".to_owned())).await, Invalid, "is no id");
    f.demand_order();
}

#[tokio::test]
async fn an_alias_can_be_moved_and_the_name_to_sign_in_with_cannot() {
    let f = Fixture::new().await;
    let (ada, bob) = (f.person("ada").await, f.person("bob").await);
    let sales = || "Sales@contoso.com".to_owned();
    assert_eq!(f.registry.add_alias(ada.id.clone(), sales()).await.expect("added").aliases, ["sales@contoso.com"]);
    demand_refusal!(f.registry.remove_alias(bob.id.clone(), sales()).await, NotFound, "has no address");
    assert_eq!(f.registry.remove_alias(ada.id.clone(), sales()).await.expect("removed").aliases, Vec::<String>::new());
    assert_eq!(f.registry.add_alias(bob.id, sales()).await.expect("added").aliases, ["sales@contoso.com"]);
    demand_refusal!(f.registry.remove_alias(ada.id, "ADA@contoso.com".to_owned()).await, Conflict, "the name to sign in with");
}

#[tokio::test]
async fn who_is_disabled_is_signed_out() {
    let f = Fixture::new().await;
    let ada = f.person("ada").await;
    let id = MailboxId(uuid::Uuid::parse_str(&ada.id).expect("a GUID").into_bytes());
    let token = store::RefreshToken {
        digest: store::Digest([1; 32]),
        family: store::Digest([1; 32]),
        grant: store::Grant { mailbox: id, client_id: "app".to_owned(), scope: "Mail.Read".to_owned() },
        is_confidential: false,
        is_used: false,
        expiration_date_time: Timestamp::from_seconds(NOON + 1000),
    };
    f.store.write::<_, StoreError>(move |tx| tx.add_refresh_token(&token, Timestamp(0))).await.expect("a token");
    let kept = async || {
        f.store.read::<_, StoreError>(move |tx| tx.refresh_token(id, store::Digest([1; 32]))).await.expect("read").is_some()
    };
    let change = |account_enabled| PersonChanges { account_enabled, surname: Some("L".to_owned()), ..PersonChanges::default() };
    let renamed = f.registry.update_person(ada.id.clone(), change(None)).await.expect("changed");
    assert_eq!(renamed, RegisteredPerson { surname: "L".to_owned(), ..ada.clone() });
    assert!(kept().await, "a name signs nobody out");
    assert!(!f.registry.update_person(ada.id.clone(), change(Some(false))).await.expect("changed").account_enabled);
    assert!(!kept().await);
    assert!(f.registry.update_person(ada.id, change(Some(true))).await.expect("changed").account_enabled);
}

#[tokio::test]
async fn rights_are_granted_listed_and_taken_back() {
    let f = Fixture::new().await;
    let (ada, support) = (f.person("ada").await, f.person("support").await);
    let grant = |access, address: &str| MailboxGrant { access, user: ada.id.clone(), address: address.to_owned() };
    let told = |access, address: &str| MailboxGrant { access, user: "ada@contoso.com".to_owned(), address: address.to_owned() };
    let all = [
        (Access::SendAs, "*"),
        (Access::SendAs, "support@contoso.com"),
        (Access::FullAccess, "support@contoso.com"),
        (Access::SendOnBehalf, "support@contoso.com"),
    ];
    for (access, address) in all {
        for _ in 0..2 {
            let granted = f.registry.add_grant(grant(access, address)).await.expect("granted");
            assert_eq!(granted, told(access, address));
        }
    }
    assert_eq!(f.registry.grants(ada.id.clone()).await.expect("listed"), all.map(|(access, address)| told(access, address)));
    let on_support = f.registry.grants("support@contoso.com".to_owned()).await.expect("listed");
    assert_eq!(on_support, all[1..].iter().map(|(access, address)| told(*access, address)).collect::<Vec<_>>());
    let [ada_id, support_id] =
        [&ada.id, &support.id].map(|id| MailboxId(uuid::Uuid::parse_str(id).expect("a GUID").into_bytes()));
    let has = move |tx: &ReadTx<'_>| tx.has_access(support_id, ada_id, MailboxAccess::FullAccess);
    assert!(f.store.read::<_, StoreError>(has).await.expect("read"));
    for (access, address) in all {
        f.registry.remove_grant(grant(access, address)).await.expect("removed");
        demand_refusal!(f.registry.remove_grant(grant(access, address)).await, NotFound, "was not granted");
    }
    assert!(!f.store.read::<_, StoreError>(has).await.expect("read"));
    demand_refusal!(f.registry.add_grant(grant(Access::FullAccess, "ada@contoso.com")).await, Invalid, "without a grant");
    demand_refusal!(f.registry.add_grant(grant(Access::FullAccess, "*")).await, NotFound, "nobody named *");
    demand_refusal!(f.registry.add_grant(grant(Access::SendAs, "sales")).await, Invalid, "is no address");
    let nobody = MailboxGrant { user: "eve@contoso.com".to_owned(), ..grant(Access::SendAs, "*") };
    demand_refusal!(f.registry.add_grant(nobody).await, NotFound, "nobody named eve@contoso.com");
    f.demand_order();
}

#[tokio::test]
async fn before_a_server_has_started_nobody_has_a_domain() {
    let dir = tempfile::tempdir().expect("temporary directory");
    let store = Store::serve(dir.path()).expect("store");
    let registry = Registry::new(store, Arc::new(FakeClock(AtomicI64::new(NOON))), OWN.to_owned());
    let ada = NewPerson { user_principal_name: "ada@contoso.com".to_owned(), ..NewPerson::default() };
    demand_refusal!(registry.add_person(ada).await, Conflict, "Start it once");
}
