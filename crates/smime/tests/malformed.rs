//! Structures that are bent, or of kinds that are not done: each ends in a verdict that says so, and soon.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that can't go on should say where")]

use mime::Message;
use smime::{Key, Kind, Status, Trust, Verdict, With, open};
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// 2026-11-25
const NOW: i64 = 1_795_600_000;
/// For any of them, on any machine: they are small.
const SOON: Duration = Duration::from_secs(5);

/// OpenSSL's own structures; nothing where the tables aren't at hand, which CI doesn't allow.
fn structures() -> Option<PathBuf> {
    let folder = std::env::var_os("RESTANTE_SHARED").map(|shared| PathBuf::from(shared).join("corpus/smime/openssl/cms"));
    let found = folder.filter(|folder| folder.is_dir());
    assert!(found.is_some() || std::env::var_os("CI").is_none(), "RESTANTE_SHARED has no corpus/smime/openssl/cms");
    found
}

/// The octets of a file without their armour (RFC 7468), if they have one.
fn unarmoured(file: &Path) -> Vec<u8> {
    let octets = fs::read(file).unwrap();
    let Some(text) = std::str::from_utf8(&octets).ok().filter(|text| text.starts_with("-----BEGIN")) else { return octets };
    let lines: String = text.lines().skip(1).take_while(|line| !line.starts_with("-----END")).collect();
    mime::decode_base64(lines.as_bytes()).unwrap()
}

fn alone(der: &[u8]) -> String {
    let text = encodify::base64::STANDARD.encode(der);
    format!(
        "From: a@smime.example\r\nContent-Type: application/pkcs7-mime\r\nContent-Transfer-Encoding: base64\r\n\r\n{text}\r\n"
    )
}

fn beside_a_text(der: &[u8]) -> String {
    let text = encodify::base64::STANDARD.encode(der);
    format!(
        "From: a@smime.example\r\nContent-Type: multipart/signed; boundary=b\r\n\r\n--b\r\n\r\nHello\r\n--b\r\n\
         Content-Type: application/pkcs7-signature\r\nContent-Transfer-Encoding: base64\r\n\r\n{text}\r\n--b--\r\n"
    )
}

/// Those whose certificate stands beside it: whom the structures are for.
fn keys(folder: &Path) -> Vec<Key> {
    let key = |name: &str| {
        let (certificate, key) = (folder.join(format!("{name}-cert.pem")), folder.join(format!("{name}-key.pem")));
        Key::from_pem(&fs::read(certificate).unwrap(), &fs::read(key).unwrap(), "").unwrap()
    };
    ["dh", "ecdh"].map(key).into()
}

fn verdict(message: String, keys: &[Key]) -> Verdict {
    let trust = Trust::default();
    let with = With { keys, trust: &trust, now: NOW, max_octets: 1 << 20 };
    let began = Instant::now();
    let opened = open(Message::parse(message.into()), with, &mut || Ok(Box::new(Vec::new()))).unwrap();
    assert!(began.elapsed() < SOON, "it took {:?}", began.elapsed());
    opened.verdict
}

#[test]
fn what_is_malformed_is_told_of_and_harms_nobody() {
    let Some(folder) = structures() else { return };
    let keys = keys(&folder);
    let mut files: Vec<PathBuf> = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let mut told = 0;
    for file in &files {
        let name = file.file_name().unwrap().to_str().unwrap();
        let der = unarmoured(file);
        for (message, kind) in [(alone(&der), None), (beside_a_text(&der), Some(Kind::Clear))] {
            let verdict = verdict(message, &keys);
            println!("{name}: {:?}: {:?}", verdict.status, verdict.reason);
            assert!(matches!(verdict.status, Status::Invalid | Status::Undecryptable), "{name}: {verdict:?}");
            assert!(kind.is_none_or(|kind| verdict.layers[0].kind == kind), "{name}: {verdict:?}");
        }
        told += 1;
    }
    assert!(told >= 16, "{told} files");
    println!("{told} malformed files: each is invalid or undecryptable");
}

fn tlv(tag: u8, members: &[&[u8]]) -> Vec<u8> {
    let content = members.concat();
    let length = u16::try_from(content.len()).unwrap().to_be_bytes();
    [&[tag, 0x82], &length[..], &content].concat()
}

/// A SignedData over nothing that is here, with so many signatures of somebody unknown (RFC 5652 §5.1).
fn signed_by(signers: usize) -> Vec<u8> {
    let identifier = |octets: &[u8]| tlv(6, &[octets]);
    let pkcs = |last: &[u8]| identifier(&[&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01], last].concat());
    let sha256 = tlv(0x30, &[&identifier(&[0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 1])]);
    let (version, sid) = (tlv(2, &[&[1]]), tlv(0x30, &[&tlv(0x30, &[]), &tlv(2, &[&[1]])]));
    let signer = tlv(0x30, &[&version, &sid, &sha256, &tlv(0x30, &[&pkcs(&[1, 1])]), &tlv(4, &[b"?"])]);
    let holder = tlv(0x30, &[&pkcs(&[7, 1])]);
    let signed_data = tlv(0x30, &[&version, &tlv(0x31, &[&sha256]), &holder, &tlv(0x31, &vec![&signer[..]; signers])]);
    tlv(0x30, &[&pkcs(&[7, 2]), &tlv(0xa0, &[&signed_data])])
}

#[test]
fn signatures_are_looked_at_while_they_are_few() {
    for (signers, why) in
        [(16, "the signer's certificate is not in the message"), (17, "more signers or certificates than any message has")]
    {
        let verdict = verdict(beside_a_text(&signed_by(signers)), &[]);
        assert_eq!((verdict.status, verdict.reason.as_deref()), (Status::Invalid, Some(why)));
    }
}
