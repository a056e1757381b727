//! What the tests of the whole are made with: the real binary as a child process, and people who call it over HTTP.
//!
//! Nothing here waits by sleeping for a time that should be enough: [`until`] looks again and again for what is waited for.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that can't go on should say where")]

mod answer;
mod apps;
mod at_rest;
mod browser;
mod census;
mod command;
pub mod cpu;
mod dns;
mod document;
mod durable;
mod each;
mod forge;
mod form;
mod gate;
mod http;
mod judges;
mod memory;
mod mime;
mod moving;
mod pair;
mod past;
mod peer;
mod peers;
mod person;
mod pki;
mod place;
mod port;
mod postgres;
mod provider;
mod raw;
mod rng;
mod s3;
mod server;
mod settings;
mod smtp;
mod tls;
mod wait;

pub use answer::Answer;
pub use apps::app;
pub use browser::{Browser, Form, form};
pub use census::{Census, census};
pub use command::{restante, restante_is_release, restante_measured, restante_with};
pub use dns::{NameServer, Rr};
pub use document::demand_section;
pub use durable::Durable;
pub use each::each;
pub use forge::Forge;
pub use form::{form_fields, form_text};
pub use gate::{Gate, Way};
pub use http::{Http, NoAnswer};
pub use judges::{Gpgsm, Judge, Nss, OpenSsl};
pub use memory::MemoryWatch;
pub use mime::{Field, base64, decode_base64, fields, hmac_sha256, letter, plain, recipients, sha256, without_bcc};
pub use moving::{Room, digests};
pub use pair::Pair;
pub use past::expired_token;
pub use peer::{Act, EXTENSIONS, Peer, Script, Taken};
pub use peers::{Dovecot, Postfix, READER, SLAPD_BASE, Slapd, may_start_peers};
pub use person::Person;
pub use pki::{ED25519, Holder, P256, P384, P521, PASSPHRASE, Pki, RSA, RSA_PSS, Wanted};
pub use port::free_address;
pub use postgres::{Database, postgres_version};
pub use provider::{Provider, SigningKey};
pub use raw::{exchange, exchange_to_the_end};
pub use rng::Rng;
pub use s3::{S3, S3Fault, s3_version};
pub use server::{PEOPLE, Server, address};
pub use settings::{aloud, is_long, kills, older_binary, seed, shared, shared_path, skipped, workspace};
pub use smtp::Smtp;
pub use tls::{Tls, self_signed};
pub use wait::{now, until, until_within};
