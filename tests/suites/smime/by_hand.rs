//! `restante smime` as people and scripts call it.

use kit::{Holder, P256, PASSPHRASE, Pki, RSA, Wanted, restante, restante_with};
use serde_json::Value;
use std::fs;
use std::path::Path;
use tempfile::TempDir;

const LETTER: &str = "From: Ann <ann@smime.example>\r\nTo: bob@smime.example\r\nSubject: Gr\u{fc}\u{df}e\r\n\
    Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\nFrom \u{fc} to you \r\n";

struct Stage {
    pki: Pki,
    ann: Holder,
    bob: Holder,
    folder: TempDir,
}

impl Stage {
    fn new() -> Stage {
        let pki = Pki::new();
        let (ann, bob) = (pki.person("ann", RSA), pki.person("bob", P256));
        Stage { pki, ann, bob, folder: tempfile::tempdir().expect("a folder can be made") }
    }

    fn file(&self, name: &str, octets: &[u8]) -> String {
        let path = self.folder.path().join(name);
        fs::write(&path, octets).expect("a file can be written");
        path.to_str().expect("paths of tests are text").to_owned()
    }

    fn done(&self, arguments: &[&str]) -> Vec<u8> {
        let output = restante(arguments);
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        output.stdout
    }

    fn signed(&self) -> Vec<u8> {
        let letter = self.file("letter.eml", LETTER.as_bytes());
        self.done(&["smime", "sign", &letter, "--cert", path(&self.ann.chain), "--key", path(&self.ann.key)])
    }

    /// The verdict on a message, and whether the command was content.
    fn verdict(&self, message: &[u8], more: &[&str]) -> (Value, bool) {
        let file = self.file("message.eml", message);
        let root = self.pki.root();
        let output = restante(&[&["smime", "verify", &file, "--json", "--ca", path(&root)], more].concat());
        let verdict =
            serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{}", String::from_utf8_lossy(&output.stderr)));
        (verdict, output.status.success())
    }
}

fn path(path: &Path) -> &str {
    path.to_str().expect("paths of tests are text")
}

#[test]
fn what_was_signed_and_encrypted_comes_back_through_pipes() {
    let stage = Stage::new();
    let keys = ["--p12", path(&stage.ann.p12)];
    let pass = [("RESTANTE_P12_PASSPHRASE", PASSPHRASE)];
    let arguments = [&["smime", "encrypt", "-", "--to", path(&stage.bob.cert), "--cipher", "aes256-gcm"], &keys[..]].concat();
    let sealed = restante_with(&arguments, &pass, LETTER.as_bytes());
    assert!(sealed.status.success(), "{}", String::from_utf8_lossy(&sealed.stderr));
    let text = String::from_utf8(sealed.stdout.clone()).expect("it is ASCII but for the outer From");
    assert!(text.contains("Subject: [...]\r\n") && text.contains("smime-type=authEnveloped-data"), "{text}");
    assert!(!text.contains("Gr\u{fc}"), "the subject is within");
    let passphrase = stage.file("passphrase", format!("{PASSPHRASE}\n").as_bytes());
    let more = ["--p12", path(&stage.bob.p12), "--passphrase-file", &passphrase];
    let (verdict, valid) = stage.verdict(&sealed.stdout, &more);
    assert!(valid, "{verdict}");
    assert_eq!(verdict["status"], "valid");
    let kinds: Vec<&str> =
        verdict["layers"].as_array().expect("layers").iter().map(|layer| layer["kind"].as_str().expect("a kind")).collect();
    assert_eq!(kinds, ["authenveloped", "clear"]);
    let signer = &verdict["layers"][1]["signers"][0];
    assert_eq!((&signer["address"], &signer["matchesFrom"]), (&"ann@smime.example".into(), &true.into()));
    assert_eq!(signer["chain"]["status"], "valid");
    assert_eq!(verdict["header"]["subject"], "Gr\u{fc}\u{df}e");
    assert_eq!(verdict["header"]["confidential"], serde_json::json!(["Subject"]));
    let file = stage.file("sealed.eml", &sealed.stdout);
    let content = stage.done(&[&["smime", "decrypt", &file], &more[..]].concat());
    let content = String::from_utf8(content).expect("it is 7bit but for the header");
    assert!(content.contains("\r\n\r\n=46rom =C3=BC to you=20\r\n"), "{content}");
}

#[test]
fn base64_is_what_graph_takes() {
    let stage = Stage::new();
    let letter = stage.file("letter.eml", LETTER.as_bytes());
    let signed =
        stage.done(&["smime", "sign", &letter, "--cert", path(&stage.ann.chain), "--key", path(&stage.ann.key), "--base64"]);
    let message = kit::decode_base64(std::str::from_utf8(&signed).expect("base64 is text"));
    assert_eq!(stage.verdict(&message, &[]).0["status"], "valid");
}

#[test]
fn one_octet_changed_is_one_too_many() {
    let stage = Stage::new();
    let signed = stage.signed();
    let text = String::from_utf8(signed).expect("it is text");
    let (verdict, valid) = stage.verdict(text.replace("to you", "to yon").as_bytes(), &[]);
    assert_eq!((verdict["status"].as_str(), valid), (Some("invalid"), false), "{verdict}");
    let bare = text.replace("\r\n", "\n");
    assert_eq!(stage.verdict(bare.as_bytes(), &[]).0["status"], "valid", "line ends are CRLF for the digest");
}

#[test]
fn who_signed_is_not_always_who_wrote() {
    let stage = Stage::new();
    for (from, status, why) in [
        ("From: Ann <ANN@Smime.Example>", "valid", None),
        ("From: Ann <eve@smime.example>\r\nSender: ann@smime.example", "untrusted", Some("Sender")),
        ("From: ann@smime.example <eve@smime.example>", "untrusted", Some("the author is eve")),
        ("From: ann@smime.example\r\nFrom: eve@smime.example", "untrusted", Some("two From")),
        ("From: ann@smime.example, eve@smime.example", "untrusted", Some("several authors")),
    ] {
        let letter = stage.file("letter.eml", LETTER.replacen("From: Ann <ann@smime.example>", from, 1).as_bytes());
        // Without header protection, what stands outside is all that there is.
        let plain =
            ["smime", "sign", &letter, "--cert", path(&stage.ann.chain), "--key", path(&stage.ann.key), "--header", "none"];
        let plain = stage.done(&plain);
        let (verdict, _) = stage.verdict(&plain, &[]);
        assert_eq!(verdict["status"], status, "{from}: {verdict}");
        let reason = verdict["reason"].as_str();
        assert!(why.is_none_or(|why| reason.is_some_and(|reason| reason.contains(why))), "{from}: {reason:?}");
    }
}

#[test]
fn certificates_that_are_not_good_enough_say_why() {
    let stage = Stage::new();
    let wanted = |usage, extended, days| Wanted { algorithm: RSA, address: "ann@smime.example", usage, extended, days };
    let server = stage.pki.holder("server", &wanted("digitalSignature", "serverAuth", 365));
    let any = stage.pki.holder("any", &wanted("digitalSignature", "anyExtendedKeyUsage", 365));
    let encrypts = stage.pki.holder("encrypts", &wanted("keyEncipherment", "emailProtection", 365));
    let good = stage.pki.holder("good", &wanted("digitalSignature", "emailProtection", 365));
    let letter = stage.file("letter.eml", LETTER.as_bytes());
    for (holder, more, status, why) in [
        (&good, &[][..], "valid", ""),
        (&any, &[][..], "valid", ""),
        (&server, &[][..], "untrusted", "unsuitable certificate purpose"),
        (&encrypts, &[][..], "untrusted", "unsuitable certificate purpose"),
        (&good, &["--at", "2060-01-01T00:00:00Z"][..], "untrusted", "certificate has expired"),
        (&good, &["--at", "2001-01-01T00:00:00Z"][..], "untrusted", "certificate is not yet valid"),
    ] {
        let signed = stage.done(&["smime", "sign", &letter, "--cert", path(&holder.chain), "--key", path(&holder.key)]);
        let (verdict, valid) = stage.verdict(&signed, more);
        assert_eq!((verdict["status"].as_str(), valid), (Some(status), status == "valid"), "{}: {verdict}", holder.name);
        assert!(verdict["reason"].as_str().unwrap_or_default().contains(why), "{verdict}");
    }
    let expired = stage
        .verdict(
            &stage.done(&["smime", "sign", &letter, "--cert", path(&good.chain), "--key", path(&good.key)]),
            &["--at", "2060-01-01T00:00:00Z"],
        )
        .0;
    assert_eq!(expired["layers"][0]["signers"][0]["chain"]["atSigningTime"], "valid", "{expired}");
}

#[test]
fn what_was_revoked_is_known_from_a_list() {
    let stage = Stage::new();
    let signed = stage.signed();
    let unchecked = stage.verdict(&signed, &[]).0;
    assert_eq!(unchecked["layers"][0]["signers"][0]["chain"]["revocation"], "unchecked");
    let other = stage.pki.person("other", RSA);
    let list = stage.pki.revoke(&other);
    assert_eq!(stage.verdict(&signed, &["--crl", path(&list)]).0["status"], "valid");
    let list = stage.pki.revoke(&stage.ann);
    let (verdict, _) = stage.verdict(&signed, &["--crl", path(&list)]);
    assert_eq!((verdict["status"].as_str(), verdict["reason"].as_str()), (Some("untrusted"), Some("certificate revoked")));
    let alone = restante(&["smime", "verify", &stage.file("signed.eml", &signed), "--json", "--crl", path(&list)]);
    let alone: Value = serde_json::from_slice(&alone.stdout).expect("a verdict");
    let chain = &alone["layers"][0]["signers"][0]["chain"];
    assert_eq!(chain["revocation"], "unchecked", "who isn't trusted revokes nothing: {alone}");
    let later = (jiff::Timestamp::now() + jiff::SignedDuration::from_hours(60 * 24)).to_string();
    let (verdict, _) = stage.verdict(&signed, &["--crl", path(&list), "--at", &later]);
    assert_eq!(verdict["reason"], "certificate revoked", "an outdated list names whom it named: {verdict}");
}

#[test]
fn what_cannot_be_done_is_said() {
    let stage = Stage::new();
    let letter = stage.file("letter.eml", LETTER.as_bytes());
    let garbage = stage.file("garbage", b"nothing");
    let whole = stage.done(&["smime", "encrypt", &letter, "--to", path(&stage.bob.cert)]);
    let cut = stage.file("cut.eml", &whole[..whole.len() - 100]);
    let server =
        Wanted { algorithm: RSA, address: "s@smime.example", usage: "digitalSignature", extended: "serverAuth", days: 30 };
    let server = stage.pki.holder("server", &server);
    let ann = ["--p12", path(&stage.ann.p12)];
    for (arguments, why) in [
        (vec!["sign", &letter], "nothing to sign with"),
        ([&["sign", &letter][..], &ann].concat(), "the passphrase doesn't open the PKCS#12"),
        (vec!["sign", &letter, "--p12", &garbage], "not a PKCS#12"),
        (vec!["sign", &letter, "--cert", path(&stage.ann.cert), "--key", path(&stage.bob.key)], "not the certificate's"),
        (vec!["encrypt", &letter, "--to", &garbage], "no certificate"),
        (vec!["encrypt", &letter, "--to", path(&server.cert)], "not for encrypting mail"),
        (vec!["decrypt", &letter], "it is not encrypted"),
        (vec!["decrypt", &cut], "the structure ends before its end"),
        (vec!["verify", "/no/such/file"], "/no/such/file"),
        (vec!["inspect", &letter, "--out", &garbage], "unexpected argument '--out'"),
    ] {
        let output = restante(&[&["smime"], &arguments[..]].concat());
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(!output.status.success() && said.contains(why), "{arguments:?}: {said}");
        assert!(output.stdout.is_empty(), "{arguments:?}");
    }
    let kept = stage.file("kept.eml", b"what was there");
    let refused = restante(&["smime", "encrypt", &letter, "--to", path(&server.cert), "--out", &kept]);
    assert!(!refused.status.success());
    assert_eq!(fs::read(&kept).expect("it is there"), b"what was there", "what fails changes nothing");
    assert_eq!(stage.verdict(LETTER.as_bytes(), &[]).0["status"], "unsigned");
}
