//! What an authority answers about a certificate: given, or come along with the signature.

use kit::{Holder, Pki, RSA, base64, decode_base64, restante};
use serde_json::Value;
use std::fs;
use std::path::Path;

const LETTER: &str = "From: ann@smime.example\r\nTo: bob@smime.example\r\nSubject: Hello\r\n\r\nSigned.\r\n";

fn text(path: &Path) -> &str {
    path.to_str().expect("paths of tests are text")
}

fn signed(pki: &Pki, ann: &Holder) -> Vec<u8> {
    let letter = pki.at("letter.eml");
    fs::write(&letter, LETTER).expect("a letter can be written");
    let output = restante(&["smime", "sign", text(&letter), "--opaque", "--cert", text(&ann.chain), "--key", text(&ann.key)]);
    assert!(output.status.success(), "{output:?}");
    output.stdout
}

fn verdict(pki: &Pki, message: &[u8], more: &[&str]) -> Value {
    let file = pki.at("signed.eml");
    fs::write(&file, message).expect("a message can be written");
    let root = pki.root();
    let output = restante(&[&["smime", "verify", text(&file), "--json", "--ca", text(&root)], more].concat());
    serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{output:?}"))
}

#[test]
fn an_answer_that_is_given_says_who_was_revoked() {
    let pki = Pki::new();
    let (ann, bob) = (pki.person("ann", RSA), pki.person("bob", RSA));
    let message = signed(&pki, &ann);
    let of = |verdict: &Value| {
        let chain = &verdict["layers"][0]["signers"][0]["chain"];
        (verdict["status"].clone(), chain["revocation"].clone())
    };
    assert_eq!(of(&verdict(&pki, &message, &[])), ("valid".into(), "unchecked".into()));
    // The one above is asked about too: nobody has answered that.
    let good = pki.answer(&ann, true);
    assert_eq!(of(&verdict(&pki, &message, &["--ocsp", text(&good)])), ("valid".into(), "unchecked".into()));
    let other = pki.answer(&bob, false);
    assert_eq!(of(&verdict(&pki, &message, &["--ocsp", text(&other)])), ("valid".into(), "unchecked".into()));
    let revoked = pki.answer(&ann, false);
    assert_eq!(of(&verdict(&pki, &message, &["--ocsp", text(&revoked)])), ("untrusted".into(), "revoked".into()));
    let intermediate = pki.intermediate();
    let anchored = ["--ca", text(&intermediate), "--ocsp", text(&pki.answer(&ann, true))].map(str::to_owned);
    let anchored: Vec<&str> = anchored.iter().map(String::as_str).collect();
    let found = of(&verdict(&pki, &message, &anchored));
    assert_eq!(found, ("valid".into(), "good".into()), "of a chain that ends with who answers");
    let refused = restante(&["smime", "verify", text(&ann.cert), "--ocsp", text(&ann.cert)]);
    assert!(String::from_utf8_lossy(&refused.stderr).contains("no answer of an OCSP responder"), "{refused:?}");
}

#[test]
fn an_answer_that_comes_along_says_so_too() {
    let pki = Pki::new();
    let ann = pki.person("ann", RSA);
    let message = signed(&pki, &ann);
    let response = fs::read(pki.answer(&ann, false)).expect("an answer can be read");
    let stapled = with_response(&message, &response);
    let found = verdict(&pki, &stapled, &[]);
    assert_eq!(found["status"], "untrusted", "{found}");
    assert_eq!(found["layers"][0]["signers"][0]["chain"]["revocation"], "revoked");
}

/// The same signature with an answer beside its certificates (RFC 5940 §2.1): SignedData's `[1]`, in it `[1]`.
fn with_response(message: &[u8], response: &[u8]) -> Vec<u8> {
    let text = String::from_utf8(message.to_vec()).expect("it is ASCII");
    let (head, body) = text.split_once("\r\n\r\n").expect("a header");
    let der = decode_base64(&body.replace("\r\n", ""));
    let content_info = elements(content(&der));
    let mut members: Vec<Vec<u8>> = elements(content(content(content_info[1]))).into_iter().map(<[u8]>::to_vec).collect();
    let oid = [0x06, 8, 0x2b, 6, 1, 5, 5, 7, 0x10, 2];
    let other = element(0xa1, &element(0xa1, &[&oid[..], response].concat()));
    members.insert(members.len() - 1, other);
    let structure = element(0xa0, &element(0x30, &members.concat()));
    let der = element(0x30, &[content_info[0], &structure].concat());
    let lines = base64(&der).as_bytes().chunks(76).map(|line| [line, b"\r\n"].concat()).collect::<Vec<_>>().concat();
    [head.as_bytes(), b"\r\n\r\n", &lines].concat()
}

/// An element of DER.
fn element(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = u32::try_from(content.len()).expect("it is short").to_be_bytes();
    [&[tag, 0x84][..], &length, content].concat()
}

fn header(der: &[u8]) -> (usize, usize) {
    match der[1] {
        short if short < 0x80 => (2, usize::from(short)),
        long => {
            let count = usize::from(long & 0x7f);
            (2 + count, der[2..2 + count].iter().fold(0, |length, &octet| length << 8 | usize::from(octet)))
        }
    }
}

fn content(der: &[u8]) -> &[u8] {
    let (head, length) = header(der);
    &der[head..head + length]
}

fn elements(mut der: &[u8]) -> Vec<&[u8]> {
    let mut found = Vec::new();
    while !der.is_empty() {
        let (head, length) = header(der);
        found.push(&der[..head + length]);
        der = &der[head + length..];
    }
    found
}
