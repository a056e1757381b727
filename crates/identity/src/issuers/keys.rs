//! The public keys of an issuer (RFC 7517), and which signature each may check.

use jsonwebtoken::jwk::{AlgorithmParameters, EllipticCurve, Jwk, KeyOperations, PublicKeyUse};
use jsonwebtoken::{Algorithm, DecodingKey};
use serde::Deserialize;
use serde_json::Value;

/// Keys of one issuer.
#[derive(Default)]
pub(super) struct KeySet(Vec<Key>);

/// One key, for one algorithm: a token that names another is not checked with it (RFC 8725 §3.1).
#[derive(Clone)]
pub(super) struct Key {
    kid: Option<String>,
    pub(super) algorithm: Algorithm,
    pub(super) decoding: DecodingKey,
}

#[derive(Deserialize)]
struct Document {
    keys: Vec<Value>,
}

impl KeySet {
    /// Reads a set. Keys of other kinds and uses are passed over (RFC 7517 §5).
    pub(super) fn parse(octets: &[u8]) -> Result<KeySet, serde_json::Error> {
        let document: Document = serde_json::from_slice(octets)?;
        Ok(KeySet(document.keys.into_iter().filter_map(|key| Key::of(&serde_json::from_value(key).ok()?)).collect()))
    }

    /// How many keys there are.
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    /// The key of this name; without a name, the only one there is (OpenID Connect Core §10.1).
    pub(super) fn find(&self, kid: Option<&str>) -> Option<&Key> {
        match (kid, self.0.as_slice()) {
            (None, [only]) => Some(only),
            (None, _) => None,
            (Some(kid), keys) => keys.iter().find(|key| key.kid.as_deref() == Some(kid)),
        }
    }
}

impl Key {
    fn of(jwk: &Jwk) -> Option<Key> {
        let common = &jwk.common;
        let signs = common.public_key_use.as_ref().is_none_or(|used| *used == PublicKeyUse::Signature);
        let verifies = common.key_operations.as_ref().is_none_or(|listed| listed.contains(&KeyOperations::Verify));
        if !signs || !verifies {
            return None;
        }
        let named = common.key_algorithm.map(Algorithm::try_from).transpose().ok()?;
        let algorithm = algorithm_of(&jwk.algorithm, named)?;
        Some(Key { kid: common.key_id.clone(), algorithm, decoding: DecodingKey::from_jwk(jwk).ok()? })
    }
}

/// The algorithm of a key: the one it names if that fits, else the one that its kind is used with. A shared secret has no
/// place among public keys, so it fits nothing.
fn algorithm_of(key: &AlgorithmParameters, named: Option<Algorithm>) -> Option<Algorithm> {
    use Algorithm::{ES256, ES384, EdDSA, PS256, PS384, PS512, RS256, RS384, RS512};
    let fitting: &[Algorithm] = match key {
        AlgorithmParameters::RSA(_) => &[RS256, RS384, RS512, PS256, PS384, PS512],
        AlgorithmParameters::EllipticCurve(curve) if curve.curve == EllipticCurve::P256 => &[ES256],
        AlgorithmParameters::EllipticCurve(curve) if curve.curve == EllipticCurve::P384 => &[ES384],
        AlgorithmParameters::OctetKeyPair(pair) if pair.curve == EllipticCurve::Ed25519 => &[EdDSA],
        _ => &[],
    };
    match named {
        None => fitting.first().copied(),
        Some(named) => fitting.contains(&named).then_some(named),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn read(keys: &Value) -> Vec<(Option<String>, Algorithm)> {
        let set = KeySet::parse(json!({"keys": keys}).to_string().as_bytes()).expect("a set");
        set.0.into_iter().map(|key| (key.kid, key.algorithm)).collect()
    }

    #[test]
    fn a_key_checks_what_it_says_or_what_its_kind_is_used_with() {
        let rsa = |alg: Value| json!({"kty": "RSA", "kid": "r", "n": "AQAB", "e": "AQAB", "alg": alg});
        let ec = |curve: &str| json!({"kty": "EC", "crv": curve, "x": "AA", "y": "AA"});
        let mut unnamed = rsa(Value::Null);
        unnamed.as_object_mut().expect("an object").remove("alg");
        for (key, algorithm) in [
            (unnamed, Algorithm::RS256),
            (rsa(json!("PS256")), Algorithm::PS256),
            (rsa(json!("RS512")), Algorithm::RS512),
            (ec("P-256"), Algorithm::ES256),
            (ec("P-384"), Algorithm::ES384),
            (json!({"kty": "OKP", "crv": "Ed25519", "x": "AA"}), Algorithm::EdDSA),
        ] {
            assert_eq!(read(&json!([key]))[0].1, algorithm, "{key}");
        }
    }

    #[test]
    fn other_keys_are_passed_over() {
        let others = json!([
            {"kty": "oct", "kid": "o", "k": "AAAA", "alg": "HS256"},
            {"kty": "oct", "kid": "o", "k": "AAAA"},
            {"kty": "RSA", "n": "AQAB", "e": "AQAB", "alg": "HS256"},
            {"kty": "RSA", "n": "AQAB", "e": "AQAB", "alg": "RSA-OAEP"},
            {"kty": "RSA", "n": "AQAB", "e": "AQAB", "alg": "ES256"},
            {"kty": "RSA", "n": "AQAB", "e": "AQAB", "use": "enc"},
            {"kty": "RSA", "n": "AQAB", "e": "AQAB", "key_ops": ["encrypt"]},
            {"kty": "RSA", "n": "A!AB", "e": "AQAB"},
            {"kty": "EC", "crv": "P-521", "x": "AA", "y": "AA"},
            {"kty": "OKP", "crv": "X25519", "x": "AA"},
            {"kty": "new"}, 7, {},
            {"kty": "RSA", "kid": "good", "n": "AQAB", "e": "AQAB", "use": "sig", "key_ops": ["verify"]},
        ]);
        assert_eq!(read(&others), [(Some("good".to_owned()), Algorithm::RS256)]);
        for broken in ["", "{}", "[]", "{\"keys\": {}}"] {
            assert!(KeySet::parse(broken.as_bytes()).is_err(), "{broken}");
        }
    }

    #[test]
    fn a_token_without_a_name_of_its_key_fits_the_only_one() {
        let key = |kid: &str| json!({"kty": "RSA", "kid": kid, "n": "AQAB", "e": "AQAB"});
        let set = |keys: Value| KeySet::parse(json!({"keys": keys}).to_string().as_bytes()).expect("a set");
        assert!(set(json!([key("a")])).find(None).is_some());
        let two = set(json!([key("a"), key("b")]));
        assert!(two.find(None).is_none() && two.find(Some("b")).is_some() && two.find(Some("c")).is_none());
    }
}
