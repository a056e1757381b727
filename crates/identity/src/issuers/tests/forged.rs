//! Tokens that must not be taken, though the issuer is trusted.

use super::*;
use aws_lc_rs::encoding::AsDer;
use aws_lc_rs::hmac;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair};

/// A token of this header and claims, signed by `sign`.
fn token(header: &Value, claims: &Value, sign: impl FnOnce(&[u8]) -> Vec<u8>) -> String {
    let encoded = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let signed = format!("{}.{}", encoded(header), encoded(claims));
    let signature = sign(signed.as_bytes());
    format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
}

#[tokio::test]
async fn claims_must_fit() {
    let world = World::new().await;
    let key = TestKey::rsa("k");
    world.table.publish(&[&key]);
    for (change, error) in [
        (json!({"aud": "api://elsewhere"}), AuthError::WrongAudience),
        (json!({"aud": ["api://elsewhere", "API://RESTANTE"]}), AuthError::WrongAudience),
        (json!({"aud": []}), AuthError::WrongAudience),
        (json!({"aud": null}), AuthError::Invalid),
        (json!({"iss": "https://login.example/u/v2.0"}), AuthError::Invalid),
        (json!({"iss": "https://login.example/t/v2.0/"}), AuthError::Invalid),
        (json!({"iss": [ISSUER]}), AuthError::Invalid),
        (json!({"iss": null}), AuthError::Invalid),
        (json!({"tid": "u"}), AuthError::Invalid),
        (json!({"tid": null}), AuthError::Invalid),
        (json!({"exp": NOON - 60}), AuthError::Expired),
        (json!({"exp": null}), AuthError::Invalid),
        (json!({"nbf": NOON + 61}), AuthError::Expired),
    ] {
        let refused = world.prove(&key.sign(&claims(change.clone()))).await.expect_err("refused");
        assert_eq!(refused, error, "{change}");
    }
    world.prove(&key.sign(&claims(json!({"exp": NOON - 59, "nbf": NOON + 60, "aud": ["x", "other"]})))).await.expect("just so");
    let token = key.sign(&claims(json!({"exp": NOON + 100})));
    world.prove(&token).await.expect("good");
    world.pass(160);
    assert_eq!(world.prove(&token).await.expect_err("its time is over"), AuthError::Expired);
}

#[tokio::test]
async fn an_algorithm_is_the_keys_and_not_the_tokens() {
    let world = World::new().await;
    let key = TestKey::rsa("k");
    world.table.publish(&[&key]);
    world.prove(&key.sign(&claims(json!({})))).await.expect("good");
    let n = key.jwk["n"].as_str().expect("a modulus");
    let der = key.keys.public_key().expect("a public key");
    for secret in [n.as_bytes(), &key.keys.modulus, &der, key.jwk.to_string().as_bytes(), b""] {
        let hs256 = |signed: &[u8]| hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, secret), signed).as_ref().to_vec();
        let forged = token(&json!({"alg": "HS256", "kid": "k"}), &claims(json!({})), hs256);
        assert_eq!(world.prove(&forged).await.expect_err("HS256"), AuthError::Invalid);
    }
    for none in ["none", "None", "NONE", "", "HS256", "RS256", "ES256", "EdDSA"] {
        let forged = token(&json!({"alg": none, "kid": "k"}), &claims(json!({})), |_| Vec::new());
        assert_eq!(world.prove(&forged).await.expect_err("no signature"), AuthError::Invalid, "{none}");
    }
    for other in [Algorithm::RS384, Algorithm::RS512, Algorithm::PS256, Algorithm::PS512] {
        let header = Header { kid: Some("k".into()), ..Header::new(other) };
        let signed = jsonwebtoken::encode(&header, &claims(json!({})), &key.signing).expect("a token");
        assert_eq!(world.prove(&signed).await.expect_err("not what the key is for"), AuthError::Invalid, "{other:?}");
    }
}

#[tokio::test]
async fn keys_and_orders_in_a_token_are_not_followed() {
    let world = World::new().await;
    let (key, thief) = (TestKey::rsa("k"), TestKey::rsa("k"));
    world.table.publish(&[&key]);
    let jwk = serde_json::from_value(thief.jwk.clone()).expect("a key");
    let header = Header {
        kid: Some("k".into()),
        jwk: Some(jwk),
        jku: Some("https://evil.example".into()),
        ..Header::new(Algorithm::RS256)
    };
    let forged = jsonwebtoken::encode(&header, &claims(json!({})), &thief.signing).expect("a token");
    assert_eq!(world.prove(&forged).await.expect_err("a key of its own"), AuthError::Invalid);
    assert_eq!(world.prove(&thief.sign(&claims(json!({})))).await.expect_err("another's signature"), AuthError::Invalid);
    let header = Header { kid: Some("k".into()), crit: Some(vec!["b64".into()]), ..Header::new(Algorithm::RS256) };
    let critical = jsonwebtoken::encode(&header, &claims(json!({})), &key.signing).expect("a token");
    assert_eq!(world.prove(&critical).await.expect_err("nothing critical is understood"), AuthError::Invalid);
    let good = key.sign(&claims(json!({})));
    let mut parts: Vec<&str> = good.split('.').collect();
    let other = key.sign(&claims(json!({"preferred_username": "eve@contoso.com"})));
    parts[1] = other.split('.').nth(1).expect("a payload");
    assert_eq!(world.prove(&parts.join(".")).await.expect_err("another payload"), AuthError::Invalid);
    for broken in [&good[..good.len() - 4], &format!("{good}."), &format!("{good}.x"), ".", "..", "a.b.c"] {
        assert_eq!(world.prove(broken).await.expect_err("no token"), AuthError::Invalid, "{broken}");
    }
    world.prove(&good).await.expect("good");
}

#[tokio::test]
async fn other_kinds_of_keys_sign_too() {
    let world = World::new().await;
    let ec = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).expect("a key");
    let point = ec.public_key().as_ref()[1..].to_vec(); // 04, x, y
    let ed = Ed25519KeyPair::generate().expect("a key");
    let encode = |octets: &[u8]| URL_SAFE_NO_PAD.encode(octets);
    let keys = json!([
        {"kty": "EC", "kid": "ec", "crv": "P-256", "x": encode(&point[..32]), "y": encode(&point[32..])},
        {"kty": "OKP", "kid": "ed", "crv": "Ed25519", "x": encode(ed.public_key().as_ref())},
    ]);
    world.table.put(METADATA, &json!({"issuer": ISSUER, "jwks_uri": KEYS}));
    world.table.put(KEYS, &json!({"keys": keys}));
    let ec = EncodingKey::from_ec_der(ec.to_pkcs8v1().expect("a key").as_ref());
    let ed = EncodingKey::from_ed_der(AsDer::<aws_lc_rs::encoding::Pkcs8V1Der<'_>>::as_der(&ed).expect("a key").as_ref());
    for (kid, algorithm, signing, other) in [("ec", Algorithm::ES256, &ec, "ed"), ("ed", Algorithm::EdDSA, &ed, "ec")] {
        let named = |kid: &str| Header { kid: Some(kid.into()), ..Header::new(algorithm) };
        let sign = |header| jsonwebtoken::encode(&header, &claims(json!({})), signing).expect("a token");
        world.prove(&sign(named(kid))).await.expect("its own key");
        assert_eq!(world.prove(&sign(named(other))).await.expect_err("another key"), AuthError::Invalid);
        let unnamed = sign(Header::new(algorithm));
        assert_eq!(world.prove(&unnamed).await.expect_err("which of two?"), AuthError::Invalid);
    }
}
