//! Messages made to be believed, or to do harm.

use super::structure::{ByHand, DATA, Node, bent};
use super::*;
use openssl::asn1::Asn1Type;
use std::time::{Duration, Instant};

const SHA256: &[u8] = &[0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01];
const SHA1: &[u8] = &[0x2b, 0x0e, 0x03, 0x02, 0x1a];
const MD5: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x02, 0x05];

fn opaque(key: &Key) -> Vec<u8> {
    sealed(LETTER, Some(Signing { opaque: true, ..signing(key) }), None, HeaderProtection::None)
}

#[test]
fn a_structure_of_many_digests_or_signers_is_refused_at_once() {
    let ann = person("ann@smime.example", &rsa());
    let trust = trusting(&[&ann]);
    let digests = bent(&opaque(&ann), |node| {
        let one = node.structure().within[1].within[0].clone();
        node.structure().within[1].within = vec![one; 50_000];
    });
    let signers = bent(&opaque(&ann), |node| {
        let infos = node.structure().within.last_mut().unwrap();
        infos.within = vec![infos.within[0].clone(); 4000];
    });
    let certificates = bent(&opaque(&ann), |node| {
        let infos = node.structure().within.last_mut().unwrap();
        infos.within = vec![infos.within[0].clone(); 16];
        let certificates = &mut node.structure().within[3];
        let mut other = certificates.within[0].clone();
        other.within[0].within[1].octets = vec![8]; // another serial number
        other.octets.clear();
        certificates.within = [vec![other; 6000], certificates.within.clone()].concat();
    });
    for (what, message) in [("digests", digests), ("signers", signers), ("certificates", certificates)] {
        let begun = Instant::now();
        let verdict = opened(&message, &[], &trust).verdict;
        assert_eq!(verdict.status, Status::Invalid, "{what}: {verdict:?}");
        assert!(begun.elapsed() < Duration::from_secs(5), "{what}: {:?}", begun.elapsed());
    }
}

#[test]
fn a_tag_of_authentication_cannot_be_made_shorter_by_its_spelling() {
    let bob = person("bob@smime.example", &rsa());
    let to = [bob.certificate().clone()];
    let encrypt = Encryption { to: &to, cipher: Cipher::Aes256Gcm, oaep: false };
    let whole = sealed(LETTER, None, Some(encrypt), HeaderProtection::None);
    let status = |spelled: &dyn Fn(&[u8]) -> Node| {
        let message = bent(&whole, |node| {
            let tag = node.structure().within.last_mut().unwrap();
            *tag = spelled(&tag.octets);
        });
        opened(&message, std::slice::from_ref(&bob), &Trust::default()).verdict.status
    };
    let plain = |octets: &[u8]| Node { tag: 4, octets: octets.to_vec(), within: Vec::new() };
    let pieces = |pieces: &[&[u8]]| Node { tag: 0x24, octets: Vec::new(), within: pieces.iter().map(|one| plain(one)).collect() };
    assert_eq!(status(&plain), Status::Unsigned, "with a length that could be shorter");
    assert_eq!(status(&|tag| pieces(&[&tag[..9], &tag[9..]])), Status::Unsigned, "in pieces");
    for length in [4, 8, 11] {
        assert_eq!(status(&|tag| plain(&tag[..length])), Status::Invalid, "{length} octets");
        assert_eq!(status(&|tag| pieces(&[&tag[..length]])), Status::Invalid, "{length} octets in pieces");
    }
}

#[test]
fn what_was_signed_as_something_else_is_no_mail() {
    let key = rsa();
    let ann = person("ann@smime.example", &key);
    let trust = trusting(&[&ann]);
    let sha256 = (MessageDigest::sha256(), SHA256);
    let by_hand = ByHand { key: &key, certificate: ann.certificate(), digest: sha256, content_type: Some(DATA) };
    let letter = b"Content-Type: text/plain\r\n\r\nHello\r\n";
    let status = |by_hand: ByHand<'_>| opened(&by_hand.message(letter), &[], &trust).verdict.status;
    assert_eq!(status(by_hand), Status::Valid);
    assert_eq!(status(ByHand { content_type: None, ..by_hand }), Status::Valid, "RFC 8551 §2.5: without attributes");
    // id-ct-TSTInfo (RFC 3161 §2.4.2)
    let time_stamp = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x10, 0x01, 0x04];
    assert_eq!(status(ByHand { content_type: Some(time_stamp), ..by_hand }), Status::Invalid, "RFC 5652 §11.1");
}

#[test]
fn digests_and_keys_that_can_be_forged_prove_nothing() {
    let key = rsa();
    let ann = person("ann@smime.example", &key);
    let letter = b"Content-Type: text/plain\r\n\r\nHello\r\n";
    for (digest, identifier) in [(MessageDigest::sha1(), SHA1), (MessageDigest::md5(), MD5)] {
        for content_type in [Some(DATA), None] {
            let by_hand = ByHand { key: &key, certificate: ann.certificate(), digest: (digest, identifier), content_type };
            let verdict = opened(&by_hand.message(letter), &[], &trusting(&[&ann])).verdict;
            assert_eq!(verdict.status, Status::Untrusted, "{verdict:?}");
        }
    }
    let key = PKey::from_rsa(Rsa::generate(768).unwrap()).unwrap();
    let ann = person("ann@smime.example", &key);
    let verdict = opened(&opaque(&ann), &[], &trusting(&[&ann])).verdict;
    assert_eq!(verdict.status, Status::Untrusted, "{verdict:?}");
}

#[test]
fn a_header_that_names_somebody_else_than_the_signer_spoils_it() {
    let (ann, eve) = (person("ann@smime.example", &rsa()), person("eve@smime.example", &rsa()));
    let trust = trusting(&[&ann, &eve]);
    for from in [
        "From: Ann <ann@smime.example>",
        "From: eve@smime.example\r\nFrom: ann@smime.example",
        "From: eve@smime.example, ann@smime.example",
    ] {
        let letter = LETTER.replacen("From: Ann <ann@smime.example>", from, 1);
        let by_eve = String::from_utf8(sealed(&letter, Some(signing(&eve)), None, HeaderProtection::Baseline)).unwrap();
        let outside = by_eve.replacen(from, "From: Eve <eve@smime.example>", 1);
        let verdict = opened(outside.as_bytes(), &[], &trust).verdict;
        assert_eq!(verdict.status, Status::Untrusted, "{from}: {verdict:?}");
    }
}

#[test]
fn what_protects_nothing_protects_no_header() {
    let ann = person("ann@smime.example", &rsa());
    let trust = trusting(&[&ann]);
    let protected = "Content-Type: text/plain; hp=\"clear\"\r\nFrom: ann@smime.example\r\nSubject: Pay Eve\r\n\r\nHello\r\n";
    let verdict = opened(&compressed(protected.as_bytes()), &[], &trust).verdict;
    assert!(verdict.header.fields.is_empty(), "compressed: {verdict:?}");
    let signed = sealed(LETTER, Some(Signing { opaque: true, ..signing(&ann) }), None, HeaderProtection::Baseline);
    let nobody = bent(&signed, |node| {
        let infos = node.structure().within.last_mut().unwrap();
        *infos = Node { tag: infos.tag, octets: Vec::new(), within: Vec::new() };
    });
    let verdict = opened(&nobody, &[], &trust).verdict;
    assert!(verdict.header.fields.is_empty(), "without a signer: {verdict:?}");
    let clear = String::from_utf8(sealed(LETTER, Some(signing(&ann)), None, HeaderProtection::Baseline)).unwrap();
    let verdict = opened(clear.replace("Hello", "Hallo").as_bytes(), &[], &trust).verdict;
    assert!(verdict.status == Status::Invalid && verdict.header.fields.is_empty(), "a bad signature: {verdict:?}");
}

#[test]
fn from_is_read_as_it_is_written() {
    let ann = person("ann@smime.example", &rsa());
    let trust = trusting(&[&ann]);
    for from in [
        "From: =?utf-8?q?ann=40smime=2Eexample_=28?= <boss@smime.example>",
        "From: =?utf-8?q?=3Cann=40smime=2Eexample=3E=28?= <boss@smime.example>",
        "From: boss@smime..example, ann@smime.example",
        "From: ann@smime.example, <boss@bank example>",
    ] {
        let letter = LETTER.replacen("From: Ann <ann@smime.example>", from, 1);
        for header in [HeaderProtection::None, HeaderProtection::Baseline] {
            let message = sealed(&letter, Some(signing(&ann)), None, header);
            let verdict = opened(&message, &[], &trust).verdict;
            assert_eq!(verdict.status, Status::Untrusted, "{header:?} {from}: {verdict:?}");
        }
    }
    for from in ["From: =?utf-8?q?M=C3=BCller=2C_Ann_=28x?= <ann@smime.example>", "From: ann@smime.example (Ann)"] {
        let letter = LETTER.replacen("From: Ann <ann@smime.example>", from, 1);
        let message = sealed(&letter, Some(signing(&ann)), None, HeaderProtection::Baseline);
        let verdict = opened(&message, &[], &trust).verdict;
        assert_eq!(verdict.status, Status::Valid, "{from}: {verdict:?}");
    }
}

#[test]
fn addresses_that_only_look_alike_are_two() {
    let kelvin = person("\u{212a}ate@smime.example", &rsa());
    let letter = LETTER.replacen("ann@smime.example", "kate@smime.example", 1);
    let message = sealed(&letter, Some(signing(&kelvin)), None, HeaderProtection::None);
    let verdict = opened(&message, &[], &trusting(&[&kelvin])).verdict;
    assert_eq!(verdict.status, Status::Untrusted, "{verdict:?}");
    // An emailAddress with a zero in it, as a BMPString.
    let wide: String = "ann@smime.example\0.evil.example".chars().flat_map(|c| ['\0', c]).collect();
    let key = rsa();
    let bad = certified(&key, None, |name| {
        name.append_entry_by_nid_with_type(Nid::PKCS9_EMAILADDRESS, &wide, Asn1Type::BMPSTRING).unwrap();
    });
    let message = sealed(LETTER, Some(signing(&bad)), None, HeaderProtection::None);
    let verdict = opened(&message, &[], &trusting(&[&bad])).verdict;
    assert_eq!(verdict.status, Status::Untrusted, "{verdict:?}");
}

#[test]
fn what_stands_beside_a_signed_part_is_not_valid() {
    let ann = person("ann@smime.example", &rsa());
    let text = String::from_utf8(sealed(LETTER, Some(signing(&ann)), None, HeaderProtection::Baseline)).unwrap();
    let more = text.replacen("--=_b--", "--=_b\r\nContent-Type: text/html\r\n\r\n<p>Pay Eve\r\n--=_b--", 1);
    let verdict = opened(more.as_bytes(), &[], &trusting(&[&ann])).verdict;
    assert_eq!((verdict.status, verdict.notes[0].code), (Status::Untrusted, "partBesideSignature"), "{verdict:?}");
    let confused = text.replacen("boundary=\"=_b\"\r\n", "boundary=\"=_b\"\r\nContent-Type: text/html\r\n", 1);
    let verdict = opened(confused.as_bytes(), &[], &trusting(&[&ann])).verdict;
    assert_eq!((verdict.status, verdict.notes[0].code), (Status::Untrusted, "twoContentTypes"), "{verdict:?}");
}

#[test]
fn an_empty_content_comes_out_empty() {
    let opened = opened(&compressed(b""), &[], &Trust::default());
    assert_eq!(opened.content.octets().as_ref(), b"", "{:?}", opened.verdict);
}

#[test]
fn digests_hidden_from_who_counts_them_are_refused() {
    let ann = person("ann@smime.example", &rsa());
    // What nests too deep to be read may have anything behind it.
    let deep = bent(&opaque(&ann), |node| {
        let one = node.structure().within[1].within[0].clone();
        let endless = [[0x30, 0x80].repeat(40), [0, 0].repeat(40)].concat();
        let identifier = one.within[0].write();
        let bad = [&[0x30, 0x80][..], &identifier, &endless, &[0, 0]].concat();
        let all = [bad, one.write().repeat(50_000)].concat();
        node.structure().within[1] = Node { tag: 0x31, octets: all, within: Vec::new() };
    });
    assert_eq!(opened(&deep, &[], &trusting(&[&ann])).verdict.status, Status::Invalid);
}
