use super::*;
use crate::grants::tests::{ADA, Fixture, claimant};

async fn begin(f: &Fixture, person: Option<MailboxId>) -> Begun {
    let scope = Granted::of("Mail.Read offline_access", &crate::client_app::tests::registered()).expect("granted");
    f.grants.add_device_code("app", &scope, person).await.expect("codes")
}

async fn poll(f: &Fixture, begun: &Begun) -> Result<Redeemed, OAuthError> {
    f.grants.redeem_device_code(&begun.device_code, claimant(), Undecided::Pending).await
}

#[tokio::test]
async fn a_device_waits_until_somebody_decides() {
    let f = Fixture::new().await;
    let begun = begin(&f, None).await;
    assert_eq!(poll(&f, &begun).await.expect_err("nobody decided"), OAuthError::AuthorizationPending);
    f.advance(INTERVAL - 1);
    assert_eq!(poll(&f, &begun).await.expect_err("too early"), OAuthError::SlowDown);
    f.advance(INTERVAL);
    assert_eq!(poll(&f, &begun).await.expect_err("nobody decided"), OAuthError::AuthorizationPending);
    let typed = f.grants.typed(&begun.user_code.to_lowercase()).await.expect("read").expect("there");
    f.grants.decide(&typed, DeviceState::Granted(ADA)).await.expect("decided");
    let again = f.grants.decide(&typed, DeviceState::Declined).await;
    assert_eq!(again.expect_err("decided before"), OAuthError::DeviceCodeInvalid);
    let redeemed = poll(&f, &begun).await.expect("tokens");
    assert_eq!((redeemed.person.id, redeemed.granted.scp().as_str()), (ADA, "Mail.Read"));
    assert!(redeemed.refresh_token.is_some());
    assert_eq!(poll(&f, &begun).await.expect_err("exchanged"), OAuthError::DeviceCodeInvalid);
    f.demand_order();
}

#[tokio::test]
async fn a_devices_code_is_good_for_a_quarter_of_an_hour_and_its_apps_alone() {
    let f = Fixture::new().await;
    let begun = begin(&f, Some(ADA)).await;
    let other = Claimant { client_id: "other".into(), is_confidential: true };
    let taken = f.grants.redeem_device_code(&begun.device_code, other, Undecided::Pending).await;
    assert_eq!(taken.expect_err("not its own"), OAuthError::DeviceCodeInvalid);
    f.advance(LIFE);
    assert_eq!(f.grants.typed(&begun.user_code).await.expect("read"), None, "nobody can type it any more");
    assert_eq!(poll(&f, &begun).await.expect_err("late"), OAuthError::DeviceCodeExpired);
    begin(&f, None).await; // another sweeps what has ended
    assert_eq!(poll(&f, &begun).await.expect_err("swept"), OAuthError::DeviceCodeInvalid);
}

#[test]
fn what_people_type_has_eight_letters_without_vowels() {
    let mut seen = std::collections::HashSet::new();
    for _ in 0..200 {
        let code = user_code().expect("code");
        assert!(code.len() == TYPED && code.bytes().all(|letter| LETTERS.contains(&letter)), "{code}");
        assert!(seen.insert(code), "each is another");
    }
}
