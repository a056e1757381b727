//! Messages made to be believed, or to do harm.

use super::structure::{ByHand, DATA, Node, bent};
use super::*;
use openssl::asn1::{Asn1Object, Asn1Type};
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
        assert!(begun.elapsed() < Duration::from_secs(10), "{what}: {:?}", begun.elapsed());
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
    for (digest, identifier, status) in
        [(MessageDigest::sha1(), SHA1, Status::Untrusted), (MessageDigest::md5(), MD5, Status::Invalid)]
    {
        for content_type in [Some(DATA), None] {
            let by_hand = ByHand { key: &key, certificate: ann.certificate(), digest: (digest, identifier), content_type };
            let verdict = opened(&by_hand.message(letter), &[], &trusting(&[&ann])).verdict;
            assert_eq!(verdict.status, status, "{verdict:?}");
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
fn a_sender_is_one() {
    let ann = person("ann@smime.example", &rsa());
    for (sender, why) in [
        ("ann@smime.example", "it is the address of Sender, not of From"),
        ("x@smime.example, ann@smime.example", "the certificate is for"),
    ] {
        let letter = LETTER.replacen("From: Ann <ann@smime.example>", &format!("From: eve@smime.example\r\nSender: {sender}"), 1);
        let message = sealed(&letter, Some(signing(&ann)), None, HeaderProtection::None);
        let verdict = opened(&message, &[], &trusting(&[&ann])).verdict;
        assert!(verdict.status == Status::Untrusted && verdict.reason.as_ref().unwrap().starts_with(why), "{verdict:?}");
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
    assert_eq!(verdict.reason.as_deref(), Some("the structure has no signature in it"));
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
    let letter = LETTER.replacen("ann@smime.example", "kate@smime.example", 1);
    let wide = "kate@smi\u{ff4d}e.example"; // which name constraints don't know
    for (other, status) in
        [(wide, Status::Untrusted), ("\u{212a}ate@smime.example", Status::Untrusted), ("Kate@smime.example", Status::Valid)]
    {
        let mailbox = [&[0x0c, u8::try_from(other.len()).unwrap()], other.as_bytes()].concat();
        let kind = Asn1Object::from_str("1.3.6.1.5.5.7.8.9").unwrap(); // SmtpUTF8Mailbox
        let mut names = SubjectAlternativeName::new();
        if other == wide {
            names.email(other)
        } else {
            names.other_name2(kind, &mailbox)
        };
        let kate = certified(&rsa(), Some(&names), |_| {});
        let message = sealed(&letter, Some(signing(&kate)), None, HeaderProtection::None);
        let verdict = opened(&message, &[], &trusting(&[&kate])).verdict;
        assert_eq!(verdict.status, status, "{other}: {verdict:?}");
    }
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

#[test]
fn what_stands_outside_alone_is_nobodys_word() {
    let ann = person("ann@smime.example", &rsa());
    let trust = trusting(&[&ann]);
    let without = LETTER.replacen("Subject: Secret plans\r\n", "", 1);
    let signed = String::from_utf8(sealed(&without, Some(signing(&ann)), None, HeaderProtection::Baseline)).unwrap();
    let verdict = opened(format!("Subject: Pay Eve\r\n{signed}").as_bytes(), &[], &trust).verdict;
    assert_eq!((verdict.status, verdict.header.subject), (Status::Valid, None));
    let signed = String::from_utf8(sealed(LETTER, Some(signing(&ann)), None, HeaderProtection::Baseline)).unwrap();
    for subjects in [format!("Subject: Pay Eve\r\n{signed}"), signed.replacen("\r\nDate:", "\r\nSubject: Pay Eve\r\nDate:", 1)] {
        let verdict = opened(subjects.as_bytes(), &[], &trust).verdict;
        assert_eq!(verdict.header.subject.as_deref(), Some("Secret plans"));
        assert!(verdict.notes.iter().any(|note| note.code == "outerDiffers"), "another subject outside: {verdict:?}");
    }
}

#[test]
fn what_stands_outside_is_not_confidential() {
    let (ann, bob) = (person("ann@smime.example", &rsa()), person("bob@smime.example", &rsa()));
    let signed = sealed(LETTER, Some(signing(&ann)), None, HeaderProtection::Baseline);
    let to = [bob.certificate().clone()];
    let encrypt = Encryption { to: &to, cipher: Cipher::Aes256Cbc, oaep: false };
    let sealed = sealed(std::str::from_utf8(&signed).unwrap(), None, Some(encrypt), HeaderProtection::Baseline);
    let header = opened(&sealed, std::slice::from_ref(&bob), &trusting(&[&ann])).verdict.header;
    assert!(header.confidential.is_empty(), "it was signed first, and its header was left outside: {:?}", header.confidential);
}

#[test]
fn headers_without_measure_take_no_time_without_measure() {
    let ann = person("ann@smime.example", &rsa());
    let to = [ann.certificate().clone()];
    let many: String = (0..10_000).map(|i| format!("X-{i}: {i}\r\nX-{i}: {i}.\r\n")).collect();
    let encrypt = Encryption { to: &to, cipher: Cipher::Aes256Gcm, oaep: false };
    for (sign, encrypt) in [(Some(signing(&ann)), None), (None, Some(encrypt))] {
        let message = sealed(&format!("{many}{LETTER}"), sign, encrypt, HeaderProtection::Baseline);
        let begun = Instant::now();
        let verdict = opened(&message, std::slice::from_ref(&ann), &trusting(&[&ann])).verdict;
        assert!(verdict.header.fields.len() > 20_000);
        assert!(begun.elapsed() < Duration::from_secs(30), "{:?}", begun.elapsed());
    }
}

#[test]
fn a_signature_invites_nobody_to_encrypt_badly() {
    let ann = person("ann@smime.example", &rsa());
    let mut signed = Vec::new();
    bent(&opaque(&ann), |node| signed = node.write());
    let holds = |identifier: &[u8]| signed.windows(identifier.len()).any(|window| window == identifier);
    assert!(holds(&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x0f]), "SMIMECapabilities");
    assert!(holds(&[0x60, 0x86, 0x48, 0x01, 0x65, 3, 4, 1, 42]), "AES-256 in CBC mode");
    assert!(!holds(&[0x2b, 0x0e, 0x03, 0x02, 0x07]), "DES");
    assert!(!holds(&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x03, 0x02]), "RC2");
}
