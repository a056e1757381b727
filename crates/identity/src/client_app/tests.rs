use super::*;
use crate::Keys;
use jsonwebtoken::{EncodingKey, Header};
use serde_json::{Value, json};

const NOON: i64 = 1_800_014_400;
const AUDIENCE: &str = "https://localhost/t/oauth2/v2.0/token";

fn app(redirect_uris: Vec<RedirectUri>, keys: &[&Keys]) -> ClientApp {
    ClientApp {
        client_id: "the-app".into(),
        client_secret: "secret".into(),
        display_name: "App".into(),
        is_public_client: false,
        key_credentials: keys.iter().map(|keys| keys.public_key().expect("public key")).collect(),
        redirect_uris,
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
    let app = app(Vec::new(), &[&theirs, &ours]);
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
    let secret = EncodingKey::from_secret(&app.key_credentials[1]);
    let confused = jsonwebtoken::encode(&Header::new(Algorithm::HS256), &assertion(), &secret).expect("signed");
    assert!(!app.has_signed(&confused, &audiences, now), "a public key is no secret");
}

#[test]
fn an_assertion_of_another_key_proves_nothing() {
    let dirs = [tempfile::tempdir().expect("directory"), tempfile::tempdir().expect("directory")];
    let [ours, theirs] = dirs.each_ref().map(|dir| Keys::open(dir.path()).expect("keys"));
    let foreign = signed(&theirs, Algorithm::RS256, &assertion());
    let now = Timestamp::from_seconds(NOON);
    assert!(!app(Vec::new(), &[&ours]).has_signed(&foreign, &[AUDIENCE.to_owned()], now));
    assert!(!app(Vec::new(), &[]).has_signed(&foreign, &[AUDIENCE.to_owned()], now));
}

#[test]
fn a_registered_address_stands_for_itself_and_on_loopback_for_any_port() {
    let registered = ["https://app.example/back?x=1", "http://localhost/back", "msauth://app/hash"];
    let app = app(registered.map(|uri| RedirectUri::Exact(uri.to_owned())).to_vec(), &[]);
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
