use super::*;
use std::sync::atomic::{AtomicI64, Ordering};

/// A clock that tests turn.
struct FakeClock(AtomicI64);

impl Clock for FakeClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_seconds(self.0.load(Ordering::Relaxed))
    }
}

/// A store with one person.
pub(crate) struct Fixture {
    pub(crate) grants: Grants,
    clock: Arc<FakeClock>,
    dir: tempfile::TempDir,
}

pub(crate) const ADA: MailboxId = MailboxId([7; 16]);

impl Fixture {
    pub(crate) async fn new() -> Fixture {
        let dir = tempfile::tempdir().expect("temporary directory");
        let store = Store::serve(dir.path()).expect("store");
        let clock = Arc::new(FakeClock(AtomicI64::new(1_800_014_400)));
        let ada = Person {
            id: ADA,
            user_principal_name: "ada@contoso.com".into(),
            display_name: "Ada".into(),
            given_name: "Ada".into(),
            surname: "L".into(),
        };
        let now = clock.now();
        store.write::<_, StoreError>(move |tx| tx.add_person(&ada, now)).await.expect("person");
        Fixture { grants: Grants::new(store, clock.clone()), clock, dir }
    }

    pub(crate) fn advance(&self, seconds: i64) {
        self.clock.0.fetch_add(seconds, Ordering::Relaxed);
    }

    pub(crate) fn demand_order(&self) {
        assert_eq!(store::check(self.dir.path()).expect("check"), Vec::<String>::new());
    }
}

pub(crate) fn claimant() -> Claimant {
    Claimant { client_id: "app".into(), is_confidential: true }
}

fn offline() -> Grant {
    grant(ADA, "app", &Granted::of("Mail.Read offline_access", &crate::client_app::tests::registered()).expect("granted"))
}

const URI: &str = "http://localhost/";

async fn code(f: &Fixture) -> CodeProof {
    let code = f.grants.add_code(offline(), URI.into(), None, None).await.expect("code");
    CodeProof { code, code_verifier: None, redirect_uri: URI.into() }
}

#[tokio::test]
async fn a_code_is_good_for_ten_minutes() {
    let f = Fixture::new().await;
    let (first, second) = (code(&f).await, code(&f).await);
    f.advance(599);
    f.grants.redeem_code(first, claimant()).await.expect("in time");
    f.advance(1);
    assert_eq!(f.grants.redeem_code(second.clone(), claimant()).await.expect_err("late"), OAuthError::CodeExpired);
    code(&f).await; // another sweeps what has ended
    assert_eq!(f.grants.redeem_code(second, claimant()).await.expect_err("swept"), OAuthError::GrantInvalid);
    f.demand_order();
}

#[tokio::test]
async fn a_code_is_its_apps_alone() {
    let f = Fixture::new().await;
    let proof = code(&f).await;
    let other = Claimant { client_id: "other".into(), is_confidential: true };
    assert_eq!(f.grants.redeem_code(proof.clone(), other).await.expect_err("not its own"), OAuthError::GrantInvalid);
    f.grants.redeem_code(proof, claimant()).await.expect("still good");
}

#[tokio::test]
async fn a_refresh_token_is_good_for_ninety_days_from_its_making() {
    const DAY: i64 = 24 * 60 * 60;
    let f = Fixture::new().await;
    let token = async |redeemed: Result<Redeemed, OAuthError>| redeemed.expect("tokens").refresh_token.expect("a refresh token");
    let first = token(f.grants.begin(offline(), claimant()).await).await;
    f.advance(90 * DAY - 1);
    let second = token(f.grants.refresh(&first, None, claimant()).await).await;
    f.advance(90 * DAY - 1);
    let third = token(f.grants.refresh(&second, None, claimant()).await).await;
    f.advance(90 * DAY);
    assert_eq!(f.grants.refresh(&third, None, claimant()).await.expect_err("late"), OAuthError::GrantExpired);
    let other = Claimant { client_id: "other".into(), is_confidential: true };
    assert_eq!(f.grants.refresh(&third, None, other).await.expect_err("not its own"), OAuthError::GrantInvalid);
    f.demand_order();
}

#[tokio::test]
async fn a_secret_stands_for_the_mailbox_that_it_was_made_for() {
    let f = Fixture::new().await;
    let proof = code(&f).await;
    let mut octets = URL_SAFE_NO_PAD.decode(&proof.code).expect("base64url");
    octets[0] ^= 1; // another mailbox, the same random octets
    let forged = CodeProof { code: URL_SAFE_NO_PAD.encode(&octets), ..proof };
    assert_eq!(f.grants.redeem_code(forged, claimant()).await.expect_err("no such code"), OAuthError::GrantInvalid);
    for text in ["", "=", "AAAA", &"A".repeat(2000)] {
        assert_eq!(secret::read(text), None, "{text:?}");
    }
}
