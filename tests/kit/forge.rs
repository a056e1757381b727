//! Tokens that this server would have made, but for one thing.

use crate::{Server, hmac_sha256};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa;
use aws_lc_rs::signature::RSA_PKCS1_SHA256;
use encodify::base64::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::{Value, json};
use std::fs;

/// A good token of a server, and the key that signed it.
pub struct Forge {
    pair: rsa::KeyPair,
    header: Value,
    claims: Value,
}

impl Forge {
    /// Forges after a token of this server, with the server's own key.
    pub fn new(server: &Server, good: &str) -> Forge {
        let pem = fs::read_to_string(server.keys_dir().join("keys/token.pem")).expect("the server made its key");
        let der: String = pem.lines().filter(|line| !line.starts_with("-----")).collect();
        let pair = rsa::KeyPair::from_pkcs8(&STANDARD.decode(der).expect("PEM holds base64")).expect("it is a key");
        let mut parts = good.split('.').map(|part| {
            let octets = URL_SAFE_NO_PAD.decode(part).unwrap_or_default();
            serde_json::from_slice(&octets).unwrap_or_default()
        });
        let (header, claims) = (parts.next().expect("a header"), parts.next().expect("claims"));
        Forge { pair, header, claims }
    }

    /// The token with these claims over its own, signed by the server's key.
    pub fn claiming(&self, over: &Value) -> String {
        let mut claims = self.claims.clone();
        claims.as_object_mut().expect("claims").extend(over.as_object().expect("claims").clone());
        signed(&self.header, &claims, |text| {
            let mut signature = vec![0; self.pair.public_modulus_len()];
            self.pair.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), text, &mut signature).expect("it signs");
            signature
        })
    }

    /// The token that says it needs no signature (RFC 7519 §6).
    pub fn unsigned(&self) -> String {
        signed(&self.headed("none"), &self.claims, |_| Vec::new())
    }

    /// The token signed by HMAC, with what everybody knows for a secret: the server's public key (RFC 8725 §2.1).
    pub fn confused(&self, public: &[u8]) -> String {
        signed(&self.headed("HS256"), &self.claims, |text| hmac_sha256(public, text))
    }

    fn headed(&self, algorithm: &str) -> Value {
        let mut header = self.header.clone();
        header["alg"] = json!(algorithm);
        header
    }
}

fn signed(header: &Value, claims: &Value, sign: impl FnOnce(&[u8]) -> Vec<u8>) -> String {
    let encode = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let text = format!("{}.{}", encode(header), encode(claims));
    format!("{text}.{}", URL_SAFE_NO_PAD.encode(sign(text.as_bytes())))
}
