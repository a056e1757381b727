use super::*;
use std::sync::atomic::{AtomicI64, Ordering};

struct FakeClock(AtomicI64);

impl Clock for FakeClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_seconds(self.0.load(Ordering::Relaxed))
    }
}

struct Fixture {
    clock: Arc<FakeClock>,
    identity: Identity,
    app: ClientApp,
    person: Person,
    _dir: tempfile::TempDir,
}

const NOON: i64 = 1_800_014_400;
const TENANT: &str = "0d6a1b0e-0000-4000-8000-000000000001";

fn fixture() -> Fixture {
    let dir = tempfile::tempdir().expect("temporary directory");
    let clock = Arc::new(FakeClock(AtomicI64::new(NOON)));
    let identity = Identity::new(&Keys::open(dir.path()).expect("keys"), TENANT, clock.clone()).expect("identity");
    let app = ClientApp::new(crate::client_app::tests::registered(), store::Credentials::default());
    let person = Person {
        id: MailboxId([7; 16]),
        user_principal_name: "ada@contoso.com".into(),
        display_name: "Ada".into(),
        given_name: "Ada".into(),
        surname: "L".into(),
    };
    Fixture { clock, identity, app, person, _dir: dir }
}

fn bearer(token: &str) -> String {
    format!("Bearer {token}")
}

#[tokio::test]
async fn a_token_is_proven_until_it_expires() {
    let f = fixture();
    let token = f.identity.person_token(&f.person, &f.app, "Mail.Read", 30).expect("token");
    let caller = f.identity.prove(Some(&bearer(&token))).await.expect("caller");
    assert_eq!(caller.who(), &Who::Person { id: f.person.id });
    assert!(caller.may(&[Scope::MailRead]) && !caller.may(&[Scope::MailSend]));
    assert_eq!(
        token,
        f.identity.person_token(&f.person, &f.app, "Mail.Read", 30).expect("token"),
        "the same day, the same token"
    );

    f.clock.0.fetch_add(30 * 24 * 60 * 60, Ordering::Relaxed);
    assert!(f.identity.prove(Some(&bearer(&token))).await.is_ok(), "30 days are promised");
    f.clock.0.fetch_add(24 * 60 * 60, Ordering::Relaxed);
    assert_eq!(f.identity.prove(Some(&bearer(&token))).await.expect_err("expired"), AuthError::Expired);
}

#[tokio::test]
async fn strangers_are_refused() {
    let (ours, theirs) = (fixture(), fixture());
    let foreign = theirs.identity.person_token(&ours.person, &ours.app, "Mail.Read", 1).expect("token");
    let own = ours.identity.app_token(&ours.app, &["Mail.Read"], 60).expect("token");
    let mut cut = own.clone();
    cut.truncate(own.len() - 4);
    let unsigned = format!("eyJhbGciOiJub25lIn0.{}.", own.split('.').nth(1).unwrap_or_default());
    for (header, error) in [
        (None, AuthError::Missing),
        (Some(String::new()), AuthError::Missing),
        (Some("Bearer".into()), AuthError::Invalid),
        (Some(format!("Basic {own}")), AuthError::Invalid),
        (Some(bearer("x")), AuthError::Invalid),
        (Some(bearer(&foreign)), AuthError::Invalid),
        (Some(bearer(&cut)), AuthError::Invalid),
        (Some(bearer(&unsigned)), AuthError::Invalid),
    ] {
        assert_eq!(ours.identity.prove(header.as_deref()).await.expect_err("refused"), error, "{header:?}");
    }
    assert!(ours.identity.prove(Some(&bearer(&own))).await.is_ok());
}

#[test]
fn keys_and_secrets_stay_the_same() {
    let dir = tempfile::tempdir().expect("temporary directory");
    let first = Keys::open(dir.path()).expect("keys");
    let second = Keys::open(dir.path()).expect("keys");
    assert_eq!(first.derive("a"), second.derive("a"));
    assert_ne!(first.derive("a"), first.derive("b"));
    assert_eq!(first.signing_pem, second.signing_pem);
}
