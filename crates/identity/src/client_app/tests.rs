use super::*;
use crate::Keys;
use jsonwebtoken::{EncodingKey, Header};
use serde_json::{Value, json};

const NOON: i64 = 1_800_014_400;
const AUDIENCE: &str = "https://localhost/t/oauth2/v2.0/token";

fn app(redirect_uris: &[&str], keys: &[&Keys]) -> ClientApp {
    let key = |keys: &&Keys| {
        let public_key = keys.public_key().expect("public key");
        KeyCredential { key_id: [0; 16], public_key, end_date_time: Some(Timestamp::from_seconds(NOON + 3600)) }
    };
    let credentials = Credentials {
        passwords: Vec::new(),
        keys: keys.iter().map(key).collect(),
        redirect_uris: redirect_uris.iter().map(|&uri| uri.to_owned()).collect(),
    };
    ClientApp::new(registered(), credentials)
}

/// An app that may do all that there is to do with mail.
pub(crate) fn registered() -> Application {
    Application {
        client_id: "the-app".into(),
        display_name: "App".into(),
        account_enabled: true,
        is_public_client: false,
        delegated_permissions: crate::Scopes::ALL_MAIL.into(),
        application_permissions: crate::Scopes::ALL_MAIL.into(),
        limits: store::ApplicationLimits::default(),
        created_date_time: Timestamp(0),
    }
}

#[test]
fn a_secret_is_good_until_its_end_and_is_kept_as_its_digest() {
    let secret = |text: &str, end: Option<i64>| PasswordCredential {
        key_id: [0; 16],
        digest: Digest::of(text.as_bytes()),
        hint: text[..3].to_owned(),
        end_date_time: end.map(Timestamp::from_seconds),
    };
    let passwords = vec![secret("old secret", Some(NOON)), secret("new secret", Some(NOON + 60)), secret("for ever", None)];
    let app = ClientApp::new(registered(), Credentials { passwords, ..Credentials::default() });
    let now = Timestamp::from_seconds(NOON);
    for (text, is_good) in [("old secret", false), ("new secret", true), ("for ever", true), ("for eve", false), ("", false)] {
        assert_eq!(app.has_secret(text, now), is_good, "{text}");
    }
}

fn assertion() -> Value {
    json!({"iss": "the-app", "sub": "the-app", "aud": AUDIENCE, "exp": NOON + 600, "nbf": NOON, "jti": "1"})
}

fn signed(keys: &Keys, algorithm: Algorithm, claims: &Value) -> String {
    let key = EncodingKey::from_rsa_pem(&keys.signing_pem).expect("key");
    jsonwebtoken::encode(&Header::new(algorithm), claims, &key).expect("signed")
}

#[test]
fn an_assertion_proves_its_app_alone_here_and_now() {
    let dirs = [tempfile::tempdir().expect("directory"), tempfile::tempdir().expect("directory")];
    let [ours, theirs] = dirs.each_ref().map(|dir| Keys::open(dir.path()).expect("keys"));
    let app = app(&[], &[&theirs, &ours]);
    let now = Timestamp::from_seconds(NOON);
    let audiences = ["https://localhost/other/oauth2/v2.0/token".to_owned(), AUDIENCE.to_owned()];
    for algorithm in [Algorithm::RS256, Algorithm::PS256] {
        assert!(app.has_signed(&signed(&ours, algorithm, &assertion()), &audiences, now), "{algorithm:?}");
    }
    assert!(!app.has_signed(&signed(&ours, Algorithm::RS512, &assertion()), &audiences, now), "no other algorithm");
    let good = signed(&ours, Algorithm::RS256, &assertion());
    for later in [599, 899] {
        assert!(app.has_signed(&good, &audiences, Timestamp::from_seconds(NOON + later)), "a clock may be wrong by five minutes");
    }
    assert!(!app.has_signed(&good, &audiences, Timestamp::from_seconds(NOON + 901)), "old");
    assert!(!app.has_signed(&good, &audiences, Timestamp::from_seconds(NOON - 301)), "not yet good");
    assert!(!app.has_signed(&good, &audiences[..1], now), "for somebody else");
    for (claim, value) in [("iss", json!("another")), ("sub", json!("another")), ("aud", json!("https://evil.example/"))] {
        let mut claims = assertion();
        claims[claim] = value;
        assert!(!app.has_signed(&signed(&ours, Algorithm::RS256, &claims), &audiences, now), "{claim}");
    }
    let mut fractions = assertion();
    (fractions["exp"], fractions["nbf"]) = (json!(600.25 + NOON as f64), json!(NOON as f64 - 0.5));
    assert!(app.has_signed(&signed(&ours, Algorithm::RS256, &fractions), &audiences, now), "seconds may have fractions");
    for claim in ["iss", "sub", "aud", "exp"] {
        let mut claims = assertion();
        claims.as_object_mut().expect("object").remove(claim);
        assert!(!app.has_signed(&signed(&ours, Algorithm::RS256, &claims), &audiences, now), "without {claim}");
    }
    let secret = EncodingKey::from_secret(&app.keys[1].public_key);
    let confused = jsonwebtoken::encode(&Header::new(Algorithm::HS256), &assertion(), &secret).expect("signed");
    assert!(!app.has_signed(&confused, &audiences, now), "a public key is no secret");
}

#[test]
fn an_assertion_of_another_key_proves_nothing() {
    let dirs = [tempfile::tempdir().expect("directory"), tempfile::tempdir().expect("directory")];
    let [ours, theirs] = dirs.each_ref().map(|dir| Keys::open(dir.path()).expect("keys"));
    let foreign = signed(&theirs, Algorithm::RS256, &assertion());
    let now = Timestamp::from_seconds(NOON);
    assert!(!app(&[], &[&ours]).has_signed(&foreign, &[AUDIENCE.to_owned()], now));
    assert!(!app(&[], &[]).has_signed(&foreign, &[AUDIENCE.to_owned()], now));
}

#[test]
fn a_registered_address_stands_for_itself_and_on_loopback_for_any_port() {
    let registered = ["https://app.example/back?x=1", "http://localhost/back", "msauth://app/hash"];
    let app = app(&registered, &[]);
    for taken in registered.into_iter().chain(["http://localhost:4711/back", "http://localhost:80/back"]) {
        assert!(app.has_redirect_uri(taken), "{taken}");
    }
    for refused in [
        "https://app.example/back",
        "https://app.example/back?x=1&y=2",
        "https://app.example:443/back?x=1",
        "https://APP.example/back?x=1",
        "http://app.example/back?x=1",
        "http://localhost/",
        "http://localhost/back/",
        "http://127.0.0.1/back",
        "https://localhost/back",
        "http://localhost/back?x=1",
        "msauth://app/hash/",
        "http://localhost:4711/back#x",
        "http://localhost:4711/ba\nck",
    ] {
        assert!(!app.has_redirect_uri(refused), "{refused}");
    }
}
