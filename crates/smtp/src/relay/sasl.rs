//! Proving to a smarthost who we are (RFC 4954): by a token, by a password that it never sees (RFC 5802, 7677), or by one that
//! it does, within TLS.

use super::connection::{Broken, Connection};
use aws_lc_rs::rand::{SecureRandom, SystemRandom};
use aws_lc_rs::{digest, hmac, pbkdf2};
use encodify::base64::STANDARD;
use smtp_proto::{AUTH_LOGIN, AUTH_PLAIN, AUTH_SCRAM_SHA_256, AUTH_XOAUTH2, Response};
use std::num::NonZeroU32;

/// Rounds that a server may ask for; more only keeps us busy.
const MOST_ROUNDS: u32 = 1_000_000;
const KEY: usize = digest::SHA256_OUTPUT_LEN;

/// By what we are known to a smarthost.
#[derive(Clone, PartialEq, Eq)]
pub enum Proof {
    /// A password.
    Password {
        /// Whose.
        user: String,
        /// It.
        password: String,
    },
    /// An OAuth token (XOAUTH2).
    Token {
        /// Whose.
        user: String,
        /// It.
        token: String,
    },
}

impl std::fmt::Debug for Proof {
    /// No secret is ever written.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (Proof::Password { user, .. } | Proof::Token { user, .. }) = self;
        write!(f, "Proof of {user:?}")
    }
}

/// How it went.
#[derive(Debug)]
pub(super) enum Proven {
    Yes,
    /// What the host said to it.
    No(Response<String>),
    /// Why it was not tried.
    Cannot(&'static str),
}

/// Proves who we are by the best way that the host offers.
pub(super) async fn prove(connection: &mut Connection, proof: &Proof) -> Result<Proven, Broken> {
    let offers = connection.offers.auth_mechanisms;
    let has = |mechanism: u64| offers & mechanism != 0;
    match proof {
        Proof::Token { user, token } if has(AUTH_XOAUTH2) && connection.is_tls => xoauth2(connection, user, token).await,
        Proof::Token { .. } => Ok(Proven::Cannot("The host takes no tokens here (XOAUTH2 within TLS)")),
        Proof::Password { user, password } if has(AUTH_SCRAM_SHA_256) => scram(connection, user, password).await,
        Proof::Password { .. } if !connection.is_tls => Ok(Proven::Cannot("The host would have the password in plain text")),
        Proof::Password { user, password } if has(AUTH_PLAIN) => plain(connection, user, password).await,
        Proof::Password { user, password } if has(AUTH_LOGIN) => login(connection, user, password).await,
        Proof::Password { .. } => Ok(Proven::Cannot("The host offers no way to prove oneself that is known here")),
    }
}

fn ended(reply: Response<String>) -> Proven {
    if reply.code == 235 { Proven::Yes } else { Proven::No(reply) }
}

async fn plain(connection: &mut Connection, user: &str, password: &str) -> Result<Proven, Broken> {
    let message = STANDARD.encode(format!("\0{user}\0{password}").as_bytes());
    connection.ask(&format!("AUTH PLAIN {message}")).await.map(ended)
}

async fn login(connection: &mut Connection, user: &str, password: &str) -> Result<Proven, Broken> {
    let mut reply = connection.ask("AUTH LOGIN").await?;
    for half in [user, password] {
        if reply.code != 334 {
            break;
        }
        reply = connection.ask(&STANDARD.encode(half.as_bytes())).await?;
    }
    Ok(ended(reply))
}

async fn xoauth2(connection: &mut Connection, user: &str, token: &str) -> Result<Proven, Broken> {
    let message = STANDARD.encode(format!("user={user}\x01auth=Bearer {token}\x01\x01").as_bytes());
    let reply = connection.ask(&format!("AUTH XOAUTH2 {message}")).await?;
    // A refusal comes as a challenge first, which wants an answer.
    if reply.code == 334 { connection.ask("").await.map(ended) } else { Ok(ended(reply)) }
}

async fn scram(connection: &mut Connection, user: &str, password: &str) -> Result<Proven, Broken> {
    let mut random = [0; 18];
    if SystemRandom::new().fill(&mut random).is_err() {
        return Ok(Proven::Cannot("The machine has no randomness"));
    }
    let client = Scram::new(user, &STANDARD.encode(random));
    let reply = connection.ask(&format!("AUTH SCRAM-SHA-256 {}", STANDARD.encode(client.first().as_bytes()))).await?;
    if reply.code != 334 {
        return Ok(ended(reply));
    }
    let Some((last, signature)) = decoded(&reply).and_then(|first| client.last(password, &first)) else {
        connection.ask("*").await?;
        return Ok(Proven::Cannot("The host's challenge is none of SCRAM"));
    };
    let reply = connection.ask(&STANDARD.encode(last.as_bytes())).await?;
    if reply.code != 334 {
        // With 235 at once it has not shown that it knows the password; RFC 5802 §3 wants that.
        return Ok(if reply.code == 235 {
            Proven::Cannot("The host has not proven that it knows the password")
        } else {
            Proven::No(reply)
        });
    }
    if decoded(&reply).as_deref() != Some(format!("v={signature}").as_str()) {
        connection.ask("*").await?;
        return Ok(Proven::Cannot("The host has not proven that it knows the password"));
    }
    connection.ask("").await.map(ended)
}

fn decoded(reply: &Response<String>) -> Option<String> {
    String::from_utf8(STANDARD.decode(reply.message.trim().as_bytes()).ok()?).ok()
}

/// The client's half of SCRAM (RFC 5802 §5) with SHA-256.
struct Scram {
    bare: String,
    nonce: String,
}

impl Scram {
    fn new(user: &str, nonce: &str) -> Scram {
        let user = user.replace('=', "=3D").replace(',', "=2C");
        Scram { bare: format!("n={user},r={nonce}"), nonce: nonce.to_owned() }
    }

    fn first(&self) -> String {
        format!("n,,{}", self.bare)
    }

    /// The last message, and what the server must sign it with in return.
    fn last(&self, password: &str, server: &str) -> Option<(String, String)> {
        let value = |key: &str| server.split(',').find_map(|pair| pair.strip_prefix(key));
        let (nonce, salt, rounds) =
            (value("r=")?, STANDARD.decode(value("s=")?.as_bytes()).ok()?, value("i=")?.parse::<u32>().ok()?);
        if !nonce.starts_with(&self.nonce) || nonce.len() == self.nonce.len() || rounds > MOST_ROUNDS {
            return None;
        }
        let mut salted = [0; KEY];
        pbkdf2::derive(pbkdf2::PBKDF2_HMAC_SHA256, NonZeroU32::new(rounds)?, &salt, password.as_bytes(), &mut salted);
        let keyed = |key: &[u8], text: &[u8]| hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), text);
        let client_key = keyed(&salted, b"Client Key");
        let stored = digest::digest(&digest::SHA256, client_key.as_ref());
        let without_proof = format!("c=biws,r={nonce}");
        let all = format!("{},{server},{without_proof}", self.bare);
        let signature = keyed(stored.as_ref(), all.as_bytes());
        let proof: Vec<u8> = client_key.as_ref().iter().zip(signature.as_ref()).map(|(key, sign)| key ^ sign).collect();
        let server_signature = keyed(keyed(&salted, b"Server Key").as_ref(), all.as_bytes());
        Some((format!("{without_proof},p={}", STANDARD.encode(&proof)), STANDARD.encode(server_signature.as_ref())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 7677 §3
    #[test]
    fn scram_says_what_the_standard_shows() {
        let client = Scram::new("user", "rOprNGfwEbeRWgbNEkqO");
        assert_eq!(client.first(), "n,,n=user,r=rOprNGfwEbeRWgbNEkqO");
        let server = "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096";
        let (last, signature) = client.last("pencil", server).expect("a challenge");
        assert_eq!(
            last,
            "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ="
        );
        assert_eq!(signature, "6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=");
    }

    #[test]
    fn a_server_that_is_none_is_told_nothing() {
        let client = Scram::new("user", "abc");
        for challenge in
            ["", "r=abc,s=QQ==,i=4096", "r=xyz1,s=QQ==,i=4096", "r=abc1,s=QQ==,i=0", "r=abc1,s=QQ==,i=9999999", "r=abc1,i=4096"]
        {
            assert!(client.last("pencil", challenge).is_none(), "{challenge}");
        }
        assert!(client.last("pencil", "r=abc1,s=QQ==,i=4096").is_some());
        assert_eq!(Scram::new("a,b=c", "x").first(), "n,,n=a=2Cb=3Dc,r=x");
    }
}
