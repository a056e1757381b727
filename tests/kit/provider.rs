//! Somebody else's OpenID provider: publishes keys on loopback, signs tokens with them, and can go down.

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{self, KeySize};
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair, RSA_PKCS1_SHA256};
use encodify::base64::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// A key, and how it signs.
pub struct SigningKey {
    kid: String,
    pair: Pair,
}

enum Pair {
    Rsa(rsa::KeyPair),
    Ec(EcdsaKeyPair),
}

impl SigningKey {
    /// A new one for RS256.
    pub fn rs256(kid: &str) -> SigningKey {
        let pair = rsa::KeyPair::generate(KeySize::Rsa2048).expect("a key can be made");
        SigningKey { kid: kid.to_owned(), pair: Pair::Rsa(pair) }
    }

    /// A new one for ES256.
    pub fn es256(kid: &str) -> SigningKey {
        let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).expect("a key can be made");
        SigningKey { kid: kid.to_owned(), pair: Pair::Ec(pair) }
    }

    /// A token with these claims.
    pub fn sign(&self, claims: &Value) -> String {
        let algorithm = if matches!(self.pair, Pair::Rsa(_)) { "RS256" } else { "ES256" };
        let header = json!({"typ": "JWT", "alg": algorithm, "kid": self.kid});
        let encode = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let text = format!("{}.{}", encode(&header), encode(claims));
        format!("{text}.{}", URL_SAFE_NO_PAD.encode(self.signature(text.as_bytes())))
    }

    fn signature(&self, text: &[u8]) -> Vec<u8> {
        let random = SystemRandom::new();
        match &self.pair {
            Pair::Rsa(pair) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(&RSA_PKCS1_SHA256, &random, text, &mut signature).expect("it signs");
                signature
            }
            Pair::Ec(pair) => pair.sign(&random, text).expect("it signs").as_ref().to_vec(),
        }
    }

    fn jwk(&self) -> Value {
        let encode = |octets: &[u8]| URL_SAFE_NO_PAD.encode(octets);
        match &self.pair {
            Pair::Rsa(pair) => {
                let public = pair.public_key();
                let n = encode(public.modulus().big_endian_without_leading_zero());
                let e = encode(public.exponent().big_endian_without_leading_zero());
                // Entra ID doesn't say what its keys are for but "sig".
                json!({"kty": "RSA", "use": "sig", "kid": self.kid, "n": n, "e": e})
            }
            Pair::Ec(pair) => {
                let (x, y) = pair.public_key().as_ref()[1..].split_at(32); // SEC 1 §2.3.3: 04, x, y
                json!({"kty": "EC", "alg": "ES256", "crv": "P-256", "kid": self.kid, "x": encode(x), "y": encode(y)})
            }
        }
    }
}

/// The provider. It answers until it is dropped with its test.
pub struct Provider {
    address: SocketAddr,
    /// The keys it publishes; without any it hangs up on everybody.
    keys: Arc<Mutex<Option<Value>>>,
}

impl Provider {
    /// One that is down.
    pub async fn start() -> Provider {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a port is free");
        let address = listener.local_addr().expect("it has an address");
        let keys = Arc::new(Mutex::new(None));
        tokio::spawn(answer_all(listener, address, keys.clone()));
        Provider { address, keys }
    }

    /// Its name.
    pub fn issuer(&self) -> String {
        issuer(self.address)
    }

    /// Comes up, and publishes these keys in the place of others.
    pub fn publish(&self, keys: &[&SigningKey]) {
        let set = json!({"keys": keys.iter().map(|key| key.jwk()).collect::<Vec<_>>()});
        *self.keys.lock().unwrap_or_else(PoisonError::into_inner) = Some(set);
    }

    /// Goes down.
    pub fn go_down(&self) {
        *self.keys.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }
}

fn issuer(address: SocketAddr) -> String {
    format!("http://{address}/realms/contoso")
}

async fn answer_all(listener: TcpListener, address: SocketAddr, keys: Arc<Mutex<Option<Value>>>) {
    while let Ok((stream, _)) = listener.accept().await {
        let published = keys.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some(keys) = published {
            let _ = answer(stream, address, &keys).await; // whoever asked may be gone
        }
    }
}

async fn answer(mut stream: TcpStream, address: SocketAddr, keys: &Value) -> std::io::Result<()> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await?);
    }
    let head = String::from_utf8_lossy(&head).into_owned();
    let issuer = issuer(address);
    let (status, body) = match head.split(' ').nth(1) {
        Some("/realms/contoso/.well-known/openid-configuration") => {
            ("200 OK", json!({"issuer": issuer, "jwks_uri": format!("{issuer}/certs")}))
        }
        Some("/realms/contoso/certs") => ("200 OK", keys.clone()),
        _ => ("404 Not Found", json!({})),
    };
    let body = body.to_string();
    let fields = format!("Content-Type: application/json\r\nContent-Length: {}\r\nConnection: close", body.len());
    stream.write_all(format!("HTTP/1.1 {status}\r\n{fields}\r\n\r\n{body}").as_bytes()).await
}
