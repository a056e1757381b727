//! What we write, read again: each way to sign and encrypt, what happens to it on the way, and octets that are no structure.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that can't go on should say where")]

use bytes::Bytes;
use mime::Message;
use openssl::asn1::Asn1Time;
use openssl::bn::BigNum;
use openssl::ec::{EcGroup, EcKey};
use openssl::hash::MessageDigest;
use openssl::nid::Nid;
use openssl::pkey::{PKey, Private};
use openssl::rsa::Rsa;
use openssl::x509::extension::{ExtendedKeyUsage, KeyUsage, SubjectAlternativeName};
use openssl::x509::{X509, X509NameBuilder};
use smime::{
    Certificate, Cipher, Encryption, HeaderProtection, Key, Kind, Opened, Protection, Signing, SmimeError, Spool, Status, Trust,
    With, open, protect,
};
use std::io;

mod attacks;
mod structure;

/// 2026-11-25
const NOW: i64 = 1_795_600_000;
const LETTER: &str = "From: Ann <ann@smime.example>\r\nTo: bob@smime.example\r\nSubject: Secret plans\r\n\
    Date: Wed, 25 Nov 2026 10:00:00 +0000\r\nMessage-ID: <1@smime.example>\r\nContent-Type: text/plain; charset=us-ascii\r\n\r\nHello\r\n";

fn curve(nid: Nid) -> PKey<Private> {
    PKey::from_ec_key(EcKey::generate(&EcGroup::from_curve_name(nid).unwrap()).unwrap()).unwrap()
}

fn rsa() -> PKey<Private> {
    PKey::from_rsa(Rsa::generate(2048).unwrap()).unwrap()
}

/// Somebody with a certificate of their own making.
fn person(address: &str, key: &PKey<Private>) -> Key {
    let mut names = SubjectAlternativeName::new();
    names.email(address);
    certified(key, Some(&names), |name| name.append_entry_by_nid(Nid::COMMONNAME, address).unwrap())
}

/// A certificate of its holder's own making, with alternative names or without.
fn certified(key: &PKey<Private>, names: Option<&SubjectAlternativeName>, named: impl FnOnce(&mut X509NameBuilder)) -> Key {
    let mut name = X509NameBuilder::new().unwrap();
    named(&mut name);
    let name = name.build();
    let mut builder = X509::builder().unwrap();
    builder.set_version(2).unwrap();
    builder.set_serial_number(&BigNum::from_u32(7).unwrap().to_asn1_integer().unwrap()).unwrap();
    builder.set_subject_name(&name).unwrap();
    builder.set_issuer_name(&name).unwrap();
    builder.set_not_before(&Asn1Time::from_unix(NOW - 1000).unwrap()).unwrap();
    builder.set_not_after(&Asn1Time::from_unix(NOW + 1000).unwrap()).unwrap();
    builder.set_pubkey(key).unwrap();
    if let Some(names) = names {
        let names = names.build(&builder.x509v3_context(None, None)).unwrap();
        builder.append_extension(names).unwrap();
    }
    let usage = KeyUsage::new().digital_signature().key_encipherment().key_agreement().key_cert_sign().build().unwrap();
    builder.append_extension(usage).unwrap();
    builder.append_extension(ExtendedKeyUsage::new().email_protection().build().unwrap()).unwrap();
    let edwards = matches!(key.id(), openssl::pkey::Id::ED25519);
    let digest = if edwards { MessageDigest::null() } else { MessageDigest::sha256() };
    builder.sign(key, digest).unwrap(); // Ed25519 takes none (RFC 8410 §6)
    let pem = builder.build().to_pem().unwrap();
    Key::from_pem(&pem, &key.private_key_to_pem_pkcs8().unwrap(), "").unwrap()
}

fn trusting(keys: &[&Key]) -> Trust {
    let mut trust = Trust::default();
    keys.iter().for_each(|key| trust.add_roots(&key.certificate().to_pem()).unwrap());
    trust
}

fn sealed(letter: &str, sign: Option<Signing<'_>>, encrypt: Option<Encryption<'_>>, header: HeaderProtection) -> Vec<u8> {
    let message = Message::parse(Bytes::copy_from_slice(letter.as_bytes()));
    let mut out = Vec::new();
    protect(&message, Protection { sign, encrypt, header, boundary: "=_b" }, &mut out).unwrap();
    out
}

fn signing(key: &Key) -> Signing<'_> {
    Signing { key, opaque: false, pss: false, now: NOW }
}

fn opened(message: &[u8], keys: &[Key], trust: &Trust) -> Opened {
    let with = With { keys, trust, now: NOW, max_octets: 1 << 20 };
    open(Message::parse(Bytes::copy_from_slice(message)), with, &mut || Ok(Box::new(Vec::new()))).unwrap()
}

#[test]
fn every_key_signs_both_ways_and_encrypts_by_every_cipher() {
    let keys =
        [rsa(), curve(Nid::X9_62_PRIME256V1), curve(Nid::SECP384R1), curve(Nid::SECP521R1), PKey::generate_ed25519().unwrap()];
    let mut tried = 0;
    for key in &keys {
        let ann = person("ann@smime.example", key);
        let trust = trusting(&[&ann]);
        let to = [ann.certificate().clone()];
        for (opaque, pss) in [(false, false), (true, false), (false, true), (true, true)] {
            let sign = Signing { opaque, pss, ..signing(&ann) };
            let signed = sealed(LETTER, Some(sign), None, HeaderProtection::Baseline);
            let verdict = opened(&signed, &[], &trust).verdict;
            assert_eq!(verdict.status, Status::Valid, "{:?}: {verdict:?}", ann.certificate().key_algorithm());
            assert_eq!(verdict.layers[0].kind, if opaque { Kind::Opaque } else { Kind::Clear });
            if !to[0].may_encrypt() {
                continue;
            }
            for cipher in [Cipher::Aes128Cbc, Cipher::Aes256Cbc, Cipher::Aes128Gcm, Cipher::Aes256Gcm] {
                let encrypt = Encryption { to: &to, cipher, oaep: pss };
                let both = sealed(LETTER, Some(sign), Some(encrypt), HeaderProtection::Baseline);
                let opened = opened(&both, std::slice::from_ref(&ann), &trust);
                assert_eq!(opened.verdict.status, Status::Valid, "{cipher:?}: {:?}", opened.verdict);
                assert_eq!((opened.verdict.layers.len(), opened.content.text_body().trim_end()), (2, "Hello"));
                assert_eq!(opened.verdict.header.confidential, ["Subject"]);
                assert_eq!(opened.verdict.header.subject.as_deref(), Some("Secret plans"));
                tried += 1;
            }
        }
    }
    assert_eq!(tried, 4 * 4 * 4);
}

#[test]
fn what_is_encrypted_alone_is_not_authentic() {
    let bob = person("bob@smime.example", &rsa());
    let to = [bob.certificate().clone()];
    let encrypt = Encryption { to: &to, cipher: Cipher::Aes256Gcm, oaep: false };
    let sealed = sealed(LETTER, None, Some(encrypt), HeaderProtection::None);
    let verdict = opened(&sealed, std::slice::from_ref(&bob), &trusting(&[&bob])).verdict;
    assert_eq!((verdict.status, verdict.layers[0].status), (Status::Unsigned, Status::Unsigned));
    assert_eq!(opened(&sealed, &[], &Trust::default()).verdict.status, Status::Undecryptable);
}

#[test]
fn not_one_octet_of_gcm_is_given_out_before_its_tag_is_right() {
    let bob = person("bob@smime.example", &rsa());
    let to = [bob.certificate().clone()];
    for cipher in [Cipher::Aes128Gcm, Cipher::Aes256Gcm] {
        let sealed = sealed(LETTER, None, Some(Encryption { to: &to, cipher, oaep: false }), HeaderProtection::None);
        let text = String::from_utf8(sealed).unwrap();
        let (head, body) = text.split_once("\r\n\r\n").unwrap();
        let der = mime::decode_base64(body.replace("\r\n", "").as_bytes()).unwrap();
        let whole = opened(text.as_bytes(), std::slice::from_ref(&bob), &Trust::default()).verdict;
        let content = usize::try_from(whole.layers[0].covers.as_ref().unwrap().octets).unwrap();
        let mut refused = 0;
        for at in der.len() - (content + 18)..der.len() {
            let mut bent = der.clone();
            bent[at] ^= 1;
            let message = format!("{head}\r\n\r\n{}\r\n", encodify::base64::STANDARD.encode(&bent));
            let opened = opened(message.as_bytes(), std::slice::from_ref(&bob), &Trust::default());
            if opened.verdict.layers[0].covers.is_none() {
                refused += 1;
                assert!(opened.content.octets().starts_with(b"From: "), "what came is all that there is");
            }
        }
        assert_eq!(refused, content + 18, "each octet of the content and of the tag");
    }
}

#[test]
fn failures_of_decryption_read_alike() {
    let bob = person("bob@smime.example", &rsa());
    let to = [bob.certificate().clone()];
    let sealed =
        sealed(LETTER, None, Some(Encryption { to: &to, cipher: Cipher::Aes256Gcm, oaep: false }), HeaderProtection::None);
    let text = String::from_utf8(sealed).unwrap();
    let (head, body) = text.split_once("\r\n\r\n").unwrap();
    let der = mime::decode_base64(body.replace("\r\n", "").as_bytes()).unwrap();
    // The encrypted key is the first string of 256 octets.
    let key = der.windows(4).position(|four| four == [0x04, 0x82, 0x01, 0x00]).unwrap() + 4;
    let told = [key + 3, key + 200, der.len() - 30, der.len() - 1].map(|at| {
        let mut bent = der.clone();
        bent[at] ^= 1;
        let message = format!("{head}\r\n\r\n{}\r\n", encodify::base64::STANDARD.encode(&bent));
        let verdict = opened(message.as_bytes(), std::slice::from_ref(&bob), &Trust::default()).verdict;
        (verdict.status, verdict.reason)
    });
    assert!(told.iter().all(|one| *one == (Status::Undecryptable, Some("it can't be decrypted".to_owned()))), "{told:?}");
}

#[test]
fn three_layers_are_told_each_for_itself() {
    let (ann, bob, eve) =
        (person("ann@smime.example", &rsa()), person("bob@smime.example", &rsa()), person("eve@smime.example", &rsa()));
    let to = [bob.certificate().clone()];
    let encrypt = Encryption { to: &to, cipher: Cipher::Aes256Cbc, oaep: false };
    let inner = sealed(LETTER, Some(signing(&ann)), Some(encrypt), HeaderProtection::Copied);
    let wrapped = sealed(std::str::from_utf8(&inner).unwrap(), Some(signing(&eve)), None, HeaderProtection::Baseline);
    let verdict = opened(&wrapped, std::slice::from_ref(&bob), &trusting(&[&ann, &eve])).verdict;
    let kinds: Vec<Kind> = verdict.layers.iter().map(|layer| layer.kind).collect();
    assert_eq!(kinds, [Kind::Clear, Kind::Enveloped, Kind::Clear]);
    assert_eq!(verdict.status, Status::Valid, "{verdict:?}");
    assert_eq!(verdict.layers[0].signers[0].matches_from, Some(false));
    assert_eq!(verdict.layers[2].signers[0].matches_from, Some(true));
}

#[test]
fn known_attacks_are_seen() {
    let ann = person("ann@smime.example", &rsa());
    let trust = trusting(&[&ann]);
    let signed = String::from_utf8(sealed(LETTER, Some(signing(&ann)), None, HeaderProtection::None)).unwrap();
    let (_, entity) = signed.split_once("MIME-Version: 1.0\r\n").unwrap();
    let mixed = format!(
        "From: ann@smime.example\r\nContent-Type: multipart/mixed; boundary=m\r\n\r\n--m\r\n\r\nPay Eve\r\n--m\r\n{entity}\r\n--m--\r\n"
    );
    let verdict = opened(mixed.as_bytes(), &[], &trust).verdict;
    assert_eq!((verdict.status, verdict.notes[0].code), (Status::Unsigned, "partlySigned"), "{verdict:?}");
    let to = [ann.certificate().clone()];
    let encrypt = Encryption { to: &to, cipher: Cipher::Aes256Cbc, oaep: false };
    let sealed_text = String::from_utf8(sealed(LETTER, None, Some(encrypt), HeaderProtection::None)).unwrap();
    let (_, entity) = sealed_text.split_once("MIME-Version: 1.0\r\n").unwrap();
    let efail = format!(
        "From: ann@smime.example\r\nContent-Type: multipart/mixed; boundary=m\r\n\r\n--m\r\nContent-Type: text/html\r\n\r\n<img src=\"http://eve/\r\n--m\r\n{entity}\r\n--m--\r\n"
    );
    let opened_efail = opened(efail.as_bytes(), std::slice::from_ref(&ann), &trust);
    assert_eq!(opened_efail.verdict.notes[0].code, "partProtected");
    assert!(opened_efail.verdict.layers.is_empty(), "nothing is decrypted within a document of somebody else's");
    let injected = LETTER.replace("charset=us-ascii", "charset=us-ascii; hp=\"clear\"");
    let verdict = opened(injected.as_bytes(), &[], &trust).verdict;
    assert!(verdict.header.fields.is_empty(), "hp without a signature is nobody's word");
}

#[test]
fn a_header_ends_where_the_message_is_read_to_end_it() {
    let ann = person("ann@smime.example", &rsa());
    for (head, body) in [("Subject: x\r\nno field\r\n\r\r\n", "Hello\r\n"), ("", "No header at all\r\n")] {
        let signed = sealed(&format!("{head}{body}"), Some(signing(&ann)), None, HeaderProtection::Baseline);
        let opened = opened(&signed, &[], &trusting(&[&ann]));
        assert_eq!(opened.verdict.layers[0].status, Status::Valid, "{:?}", opened.verdict);
        let content = String::from_utf8(opened.content.octets().to_vec()).unwrap();
        assert!(content.ends_with(&format!("\r\n\r\n{body}")), "{content:?}");
    }
}

#[test]
fn a_line_that_some_readers_take_for_a_field_is_folded() {
    let ann = person("ann@smime.example", &rsa());
    let to = [ann.certificate().clone()];
    let encrypt = Encryption { to: &to, cipher: Cipher::Aes256Gcm, oaep: false };
    let letter = "From: ann@smime.example\r\nX-Any: 1\n\rContent-Type: text/html\r\n\r\nHello\r\n";
    let both = sealed(letter, Some(signing(&ann)), Some(encrypt), HeaderProtection::Baseline);
    assert!(String::from_utf8_lossy(&both).starts_with("From: ann@smime.example\r\nX-Any: 1\r\n \rContent-Type: text/html\r\n"));
    let opened = opened(&both, std::slice::from_ref(&ann), &trusting(&[&ann]));
    assert_eq!((opened.verdict.status, opened.verdict.layers.len()), (Status::Valid, 2), "{:?}", opened.verdict);
}

#[test]
fn a_protected_author_counts_only_with_that_authors_signature() {
    let (ann, eve) = (person("ann@smime.example", &rsa()), person("eve@smime.example", &rsa()));
    let trust = trusting(&[&ann, &eve]);
    let by_eve = String::from_utf8(sealed(LETTER, Some(signing(&eve)), None, HeaderProtection::Baseline)).unwrap();
    assert_eq!(opened(by_eve.as_bytes(), &[], &trust).verdict.status, Status::Untrusted, "Eve protects Ann's name");
    let by_ann = String::from_utf8(sealed(LETTER, Some(signing(&ann)), None, HeaderProtection::Baseline)).unwrap();
    for other in ["From: List <list@smime.example>", "From: ann@smime.example\r\nFrom: eve@smime.example"] {
        let outside = by_ann.replacen("From: Ann <ann@smime.example>", other, 1);
        let verdict = opened(outside.as_bytes(), &[], &trust).verdict;
        let differs = verdict.notes.iter().any(|note| note.code == "fromDiffers");
        assert_eq!((verdict.status, differs), (Status::Untrusted, true), "{verdict:?}");
        assert_eq!(verdict.layers[0].signers[0].matches_from, Some(true), "whoever shows what is within may say so");
    }
    let alone = by_ann.replacen("From: Ann <ann@smime.example>\r\n", "", 1);
    assert_eq!(opened(alone.as_bytes(), &[], &trust).verdict.status, Status::Valid);
}

#[test]
fn octets_that_are_no_structure_are_told_of_and_harm_nobody() {
    let ann = person("ann@smime.example", &rsa());
    let to = [ann.certificate().clone()];
    let trust = trusting(&[&ann]);
    let opaque = Signing { opaque: true, ..signing(&ann) };
    let encrypt = Encryption { to: &to, cipher: Cipher::Aes128Cbc, oaep: false };
    for whole in
        [sealed(LETTER, Some(opaque), None, HeaderProtection::None), sealed(LETTER, None, Some(encrypt), HeaderProtection::None)]
    {
        let text = String::from_utf8(whole).unwrap();
        let (head, body) = text.split_once("\r\n\r\n").unwrap();
        let der = mime::decode_base64(body.replace("\r\n", "").as_bytes()).unwrap();
        for cut in (0..der.len()).step_by(7) {
            let message = format!("{head}\r\n\r\n{}\r\n", encodify::base64::STANDARD.encode(&der[..cut]));
            let verdict = opened(message.as_bytes(), std::slice::from_ref(&ann), &trust).verdict;
            assert_ne!(verdict.status, Status::Valid, "cut at {cut}");
        }
    }
}

/// A place for octets that is full.
struct Full;

impl io::Write for Full {
    fn write(&mut self, _: &[u8]) -> io::Result<usize> {
        Err(io::ErrorKind::StorageFull.into())
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Spool for Full {
    fn finish(self: Box<Self>) -> io::Result<Bytes> {
        Ok(Bytes::new())
    }
}

#[test]
fn a_full_disk_is_no_word_on_the_message() {
    let bob = person("bob@smime.example", &rsa());
    let to = [bob.certificate().clone()];
    let encrypt = Encryption { to: &to, cipher: Cipher::Aes256Gcm, oaep: false };
    for letter in [
        sealed(LETTER, None, Some(encrypt), HeaderProtection::None),
        sealed(LETTER, Some(Signing { opaque: true, ..signing(&bob) }), None, HeaderProtection::None),
        compressed(LETTER.as_bytes()),
    ] {
        let with = With { keys: std::slice::from_ref(&bob), trust: &Trust::default(), now: NOW, max_octets: 1 << 20 };
        let failed = open(Message::parse(letter.into()), with, &mut || Ok(Box::new(Full)));
        assert!(matches!(failed, Err(SmimeError::Io(error)) if error.kind() == io::ErrorKind::StorageFull));
    }
}

fn tlv(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = u16::try_from(content.len()).unwrap().to_be_bytes();
    [&[tag, 0x82], &length[..], content].concat()
}

/// A message that is a CompressedData (RFC 3274 §1.1).
fn compressed_as(zlib: &[u8]) -> Vec<u8> {
    let identifier = |last: &[u8]| tlv(6, &[&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01], last].concat());
    let algorithm = tlv(0x30, &identifier(&[9, 16, 3, 8]));
    let holder = tlv(0x30, &[identifier(&[7, 1]), tlv(0xa0, &tlv(4, zlib))].concat());
    let structure = tlv(0x30, &[tlv(2, &[0]), algorithm, holder].concat());
    let der = tlv(0x30, &[identifier(&[9, 16, 1, 9]), tlv(0xa0, &structure)].concat());
    let head = "From: ann@smime.example\r\nContent-Type: application/pkcs7-mime; name=smime.p7z\r\nContent-Transfer-Encoding: base64\r\n\r\n";
    format!("{head}{}\r\n", encodify::base64::STANDARD.encode(&der)).into_bytes()
}

fn compressed(content: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::default());
    io::Write::write_all(&mut encoder, content).unwrap();
    compressed_as(&encoder.finish().unwrap())
}

#[test]
fn what_is_compressed_comes_out_whole_or_not_at_all() {
    let content = format!("Subject: x\r\n\r\n{}", "All work and no play.\r\n".repeat(20_000));
    let open = |message: &[u8]| opened(message, &[], &Trust::default());
    let whole = open(&compressed(content.as_bytes()));
    assert_eq!((whole.verdict.status, whole.verdict.layers[0].kind), (Status::Unsigned, Kind::Compressed));
    assert_eq!(whole.content.octets(), content.as_bytes());
    let bomb = open(&compressed(&vec![b'x'; (1 << 20) + 1]));
    assert_eq!(bomb.verdict.reason.as_deref(), Some("it holds more than is opened"));
    for bad in [&b"nothing"[..], b"", &[0x78, 0x9c, 0xcb]] {
        let verdict = open(&compressed_as(bad)).verdict;
        assert_eq!((verdict.status, verdict.layers[0].covers.is_none()), (Status::Undecryptable, true), "{verdict:?}");
    }
}

#[test]
fn what_is_kept_of_a_key_opens_again() {
    let ann = person("ann@smime.example", &rsa());
    let kept = ann.to_pkcs12("x").unwrap();
    assert!(Key::from_pkcs12(&kept, "y").is_err());
    assert_eq!(Key::from_pkcs12(&kept, "x").unwrap().certificate().fingerprint(), ann.certificate().fingerprint());
    assert!(!format!("{ann:?}").contains("PRIVATE"));
    assert!(Certificate::read(b"nothing").is_err());
}
