//! Any octets are a message, and it is opened: with one verdict, in bounded time and room. Any message can be signed and
//! encrypted, and is found within.
#![no_main]

#[path = "smime/keys.rs"]
mod keys;
#[path = "smime/person.rs"]
mod person;

use bytes::Bytes;
use cpu_time::ThreadTime;
use keys::{NOW, opened, opened_with};
use libfuzzer_sys::fuzz_target;
use mime::{Message, seven_bit, written};
use openssl::sha::sha256;
use person::ann;
use smime::{Cipher, Encryption, HeaderProtection, Kind, Layer, Opened, Protection, Signing, Status, protect};
use std::time::Duration;

fuzz_target!(|data: &[u8]| {
    let began = ThreadTime::now();
    let octets = Bytes::copy_from_slice(data);
    agree(&opened(octets.clone()), &opened(octets.clone()));
    comes_back(octets);
    let limit = Duration::from_secs(3) + Duration::from_micros(100) * u32::try_from(data.len()).unwrap_or(u32::MAX);
    assert!(began.elapsed() < limit, "{} octets took {:?}", data.len(), began.elapsed());
});

/// One message has one verdict. Where RSA failed a random key went on (RFC 3218 §2.3), and what CBC makes of that now and
/// then looks like a text: from there on all is chance.
fn agree(one: &Opened, other: &Opened) {
    if one.verdict == other.verdict && one.content.octets() == other.content.octets() {
        return;
    }
    let pairs = one.verdict.layers.iter().zip(&other.verdict.layers);
    let differing = pairs.clone().find(|(one, other)| told(one) != told(other) || one.covers != other.covers);
    let by_chance = differing.is_some_and(|(one, other)| one.kind == Kind::Enveloped && other.kind == Kind::Enveloped);
    assert!(by_chance, "{:?}\n{:?}", one.verdict, other.verdict);
}

/// What the structure itself says, whatever came of its content.
fn told(layer: &Layer) -> (Kind, Status, &[String]) {
    (layer.kind, layer.status, &layer.algorithms)
}

/// Signs and encrypts the message, in a way that its octets choose, and opens that.
fn comes_back(octets: Bytes) {
    let ann = ann();
    let digest = sha256(&octets);
    let boundary: String = digest.iter().map(|octet| format!("{octet:02x}")).collect(); // of which nobody makes a line
    let message = Message::parse(octets);
    let opaque = digest[0] & 1 == 1;
    let sign = (digest[0] & 2 == 0).then_some(Signing { key: &ann.key, opaque, pss: false, now: NOW });
    let cipher = [Cipher::Aes128Cbc, Cipher::Aes256Gcm][usize::from(digest[0] & 4 == 0)];
    let to = [ann.key.certificate().clone()];
    let encrypts = sign.is_none() || digest[0] & 8 == 0;
    let encrypt = encrypts.then_some(Encryption { to: &to, cipher, oaep: false });
    let header = [HeaderProtection::Baseline, HeaderProtection::Copied, HeaderProtection::None][usize::from(digest[1] % 3)];
    let mut sealed = Vec::new();
    protect(&message, Protection { sign, encrypt, header, boundary: &boundary }, &mut sealed).expect("memory takes all");
    let opened = opened_with(sealed.into(), std::slice::from_ref(&ann.key), &ann.trust);
    let mut layers = opened.verdict.layers.iter();
    if encrypts {
        let kind = if cipher == Cipher::Aes256Gcm { Kind::AuthEnveloped } else { Kind::Enveloped };
        let layer = layers.next().expect("it is encrypted");
        assert_eq!((layer.kind, layer.status), (kind, Status::Unsigned), "{:?}", opened.verdict);
    }
    if sign.is_some() {
        let kind = if opaque { Kind::Opaque } else { Kind::Clear };
        let layer = layers.next().expect("it is signed");
        assert_eq!((layer.kind, layer.status), (kind, Status::Valid), "{:?}", opened.verdict);
    }
    if layers.next().is_none() {
        let body = written(&seven_bit(&message).1);
        assert!(opened.content.octets().ends_with(&body), "what is within is what was put there");
    }
}
