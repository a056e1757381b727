//! What comes in says who sent it, as far as names can tell.

use kit::{NameServer, Peer, Person, Rr, Server, Smtp, base64, letter};
use mail_auth::arc::ArcSealer;
use mail_auth::crypto::{RsaKey, Sha256};
use mail_auth::headers::HeaderWriter;
use mail_auth::{AuthenticatedMessage, AuthenticationResults};
use rcgen::{KeyPair, PKCS_ED25519, PKCS_RSA_SHA256, PublicKeyData, SignatureAlgorithm};
use rustls::pki_types::PrivateKeyDer;
use rustls::pki_types::pem::PemObject;
use std::fs;
use std::time::{Duration, Instant};

/// A server whose questions go to these names.
async fn asking(names: &NameServer, more: &str) -> Server {
    Server::with_config(&format!("development = true\n{more}\n{}", names.settings())).await
}

/// Brings a message from a server that calls itself so, and says what was replied at the end.
async fn brought(server: &Server, from: &str, octets: &[u8]) -> String {
    let mut smtp = Smtp::connect(server).await;
    smtp.demand("EHLO mx.bank.example", 250).await;
    smtp.envelope(from, &[kit::address("AdeleV")]).await;
    smtp.demand("DATA", 354).await;
    smtp.write(&[octets, b".\r\n"].concat()).await;
    smtp.reply().await
}

/// Our own field of the message with this subject: the first, and above Received.
async fn results(person: &Person, subject: &str) -> String {
    let message = person.arrived(subject).await;
    let octets = person.value(message["id"].as_str().unwrap()).await;
    let text = String::from_utf8_lossy(&octets).replace("\r\n\t", " ").replace("\r\n ", " ");
    let above = text.split("\r\nReceived: ").next().unwrap();
    let mut fields = above.lines().filter_map(|line| line.strip_prefix("Authentication-Results: "));
    let (field, more) = (fields.next().unwrap_or_else(|| panic!("no field in {above}")), fields.next());
    assert!(field.starts_with("contoso.com;") && more.is_none(), "{above}");
    field.to_owned()
}

fn of_bank(subject: &str) -> Vec<u8> {
    letter(&[("From", "Bank <info@bank.example>"), ("To", &kit::address("AdeleV")), ("Subject", subject)], "Hello.\r\n")
}

#[tokio::test]
async fn spf_and_dmarc_are_told_and_nothing_is_refused() {
    let names = NameServer::start(&[
        ("bank.example", Rr::Txt("v=spf1 ip4:192.0.2.0/24 -all".into())),
        ("_dmarc.bank.example", Rr::Txt("v=DMARC1; p=reject".into())),
        ("friend.example", Rr::Txt("v=spf1 ip4:127.0.0.0/8 -all".into())),
        ("odd.example", Rr::Txt("v=spf1 include:odd.example -all".into())),
        ("down.example", Rr::Fails),
    ])
    .await;
    let server = asking(&names, "").await;
    let adele = server.person("AdeleV");
    for (number, (sender, spf, dmarc)) in [
        ("x@bank.example", "spf=fail", "dmarc=fail"),
        ("x@friend.example", "spf=pass", "dmarc=fail"),
        ("x@nothing.example", "spf=none", "dmarc=fail"),
        ("x@odd.example", "spf=permerror", "dmarc=fail"),
        ("x@down.example", "spf=temperror", "dmarc=fail"),
        ("", "spf=none", "dmarc=fail"),
    ]
    .into_iter()
    .enumerate()
    {
        let subject = format!("Told {number}");
        let reply = brought(&server, sender, &of_bank(&subject)).await;
        assert!(reply.starts_with("250 "), "{sender}: {reply}");
        let field = results(&adele, &subject).await;
        assert!(field.contains(spf) && field.contains(dmarc), "{sender}: {field}");
        assert!(field.contains("header.from=bank.example policy.dmarc=reject"), "{field}");
    }
    let message = adele.arrived("Told 0").await;
    let path = format!("/me/messages/{}?$select=internetMessageHeaders", message["id"].as_str().unwrap());
    let headers = adele.get(&path).await.json()["internetMessageHeaders"].clone();
    assert!(headers.as_array().unwrap().iter().any(|one| one["name"] == "Authentication-Results"), "{headers}");
    server.finish().await;
}

#[tokio::test]
async fn what_a_domain_wants_refused_is_where_the_operator_wants_that() {
    let names = NameServer::start(&[
        ("bank.example", Rr::Txt("v=spf1 -all".into())),
        ("_dmarc.bank.example", Rr::Txt("v=DMARC1; p=reject".into())),
    ])
    .await;
    let server = asking(&names, "[incoming]\nrefuse_dmarc = true").await;
    let adele = server.person("AdeleV");
    let reply = brought(&server, "x@bank.example", &of_bank("Refused")).await;
    assert!(reply.starts_with("550 5.7.26 "), "{reply}");
    names.clear("_dmarc.bank.example");
    names.add("_dmarc.bank.example", Rr::Txt("v=DMARC1; p=quarantine".into()));
    let server_again = asking(&names, "[incoming]\nrefuse_dmarc = true").await;
    assert!(brought(&server_again, "x@bank.example", &of_bank("Taken")).await.starts_with("250 "));
    assert!(adele.inbox().await.is_empty());
    server.finish().await;
    server_again.finish().await;
}

/// A key, and what is published of it.
fn key(algorithm: &'static SignatureAlgorithm) -> (String, Rr) {
    let key = KeyPair::generate_for(algorithm).expect("a key");
    let public = key.subject_public_key_info();
    let record = match algorithm == &PKCS_ED25519 {
        true => format!("v=DKIM1; k=ed25519; p={}", base64(&public[public.len() - 32..])),
        false => format!("v=DKIM1; k=rsa; p={}", base64(&public)),
    };
    (key.serialize_pem(), Rr::Txt(record))
}

/// Two servers: fabrikam.com signs with both kinds of keys, and contoso.com takes its mail.
async fn signing(names: &NameServer, towards: &str, keys: [&str; 2]) -> (Server, Person, tempfile::TempDir) {
    let home = tempfile::tempdir().unwrap();
    let mut settings = "development = true\ndomain = \"fabrikam.com\"\n".to_owned();
    for (selector, pem) in ["rsa", "ed"].into_iter().zip(keys) {
        let file = home.path().join(format!("{selector}.pem"));
        fs::write(&file, pem).unwrap();
        settings += &format!("[[dkim]]\nselector = \"{selector}\"\nkey = \"{}\"\n", file.display());
    }
    settings += &format!("[relay]\nhold = false\nsmarthost = \"{towards}\"\ntls = \"never\"\n{}", names.settings());
    let server = Server::with_config(&settings).await;
    let sender = server.person("AdeleV@fabrikam.com");
    (server, sender, home)
}

#[tokio::test]
async fn what_one_restante_signs_another_believes_until_an_octet_changes() {
    let ((rsa, rsa_record), (ed, ed_record)) = (key(&PKCS_RSA_SHA256), key(&PKCS_ED25519));
    let names = NameServer::start(&[
        ("rsa._domainkey.fabrikam.com", rsa_record),
        ("ed._domainkey.fabrikam.com", ed_record),
        ("_dmarc.fabrikam.com", Rr::Txt("v=DMARC1; p=reject".into())),
    ])
    .await;
    let server = asking(&names, "[incoming]\nrefuse_dmarc = true").await;
    let adele = server.person("AdeleV");
    let towards = server.dev()["smtp"].as_str().unwrap().to_owned();
    let (other, sender, _home) = signing(&names, &towards, [&rsa, &ed]).await;
    let large = "A line of a large message.\n".repeat(40_000);
    for (subject, body) in [("Small", ".dot\n\n\tends without a line end"), ("Large", large.as_str())] {
        let octets = format!("From: AdeleV@fabrikam.com\nTo: {}\nSubject: {subject}\n\n{body}", kit::address("AdeleV"));
        assert_eq!(sender.send_mime(octets.as_bytes()).await.status, 202);
        let field = results(&adele, subject).await;
        assert_eq!(field.matches("dkim=pass").count(), 2, "{field}");
        assert!(field.contains("dmarc=pass") && field.contains("header.d=fabrikam.com header.s=ed"), "{field}");
    }
    other.finish().await;
    let peer = Peer::start().await;
    let (other, sender, _home) = signing(&names, &peer.address().to_string(), [&rsa, &ed]).await;
    let octets = format!("From: AdeleV@fabrikam.com\r\nTo: {}\r\nSubject: Changed\r\n\r\nPay 10.\r\n", kit::address("AdeleV"));
    assert_eq!(sender.send_mime(octets.as_bytes()).await.status, 202);
    let taken = String::from_utf8(peer.until_taken(1).await[0].octets.clone()).unwrap();
    assert_eq!(taken.matches("DKIM-Signature: ").count(), 2, "{taken}");
    let changed = taken.replace("Pay 10.", "Pay 99.");
    let reply = brought(&server, "AdeleV@fabrikam.com", changed.as_bytes()).await;
    assert!(reply.starts_with("550 5.7.26 "), "{reply}");
    let two_authors = format!("From: boss@bank.example\r\n{taken}");
    let reply = brought(&server, "AdeleV@fabrikam.com", two_authors.as_bytes()).await;
    assert!(!reply.contains("dkim=pass"), "{reply}");
    other.finish().await;
    server.finish().await;
}

#[tokio::test]
async fn a_chain_of_those_who_passed_it_on_is_looked_at() {
    let (pem, record) = key(&PKCS_RSA_SHA256);
    let names = NameServer::start(&[("arc._domainkey.list.example", record)]).await;
    let server = asking(&names, "").await;
    let adele = server.person("AdeleV");
    let key = RsaKey::<Sha256>::from_key_der(PrivateKeyDer::from_pem_slice(pem.as_bytes()).unwrap()).expect("the key");
    let sealer = ArcSealer::from_key(key).domain("list.example").selector("arc").headers(["From", "Subject", "To"]);
    for (subject, is_changed) in [("Sealed", false), ("Broken", true)] {
        let octets = of_bank(subject);
        let message = AuthenticatedMessage::parse(&octets).expect("a message");
        let found = AuthenticationResults::new("list.example");
        let sealed = sealer
            .seal(&message, &found, &mail_auth::ArcOutput::from(mail_auth::ArcResult::None))
            .expect("it can be sealed")
            .to_header();
        let text = sealed + std::str::from_utf8(&octets).unwrap();
        let text = if is_changed { text.replace("Hello.", "Hallo.") } else { text };
        assert!(brought(&server, "x@list.example", text.as_bytes()).await.starts_with("250 "));
        let field = results(&adele, subject).await;
        assert!(field.contains(if is_changed { "arc=fail" } else { "arc=pass" }), "{field}");
    }
    server.finish().await;
}

#[tokio::test]
async fn names_that_say_nothing_cost_two_seconds_and_no_message() {
    let names = NameServer::start(&[("bank.example", Rr::Silent), ("_dmarc.bank.example", Rr::Silent)]).await;
    let server = asking(&names, "[incoming]\nrefuse_dmarc = true").await;
    let adele = server.person("AdeleV");
    let began = Instant::now();
    let reply = brought(&server, "x@bank.example", &of_bank("Silence")).await;
    let took = began.elapsed();
    assert!(reply.starts_with("250 ") && took < Duration::from_secs(4), "{took:?}: {reply}");
    let field = results(&adele, "Silence").await;
    assert!(field.contains("spf=temperror") && field.contains("dmarc=temperror"), "{field}");
    server.finish().await;
}

#[tokio::test]
async fn whose_field_is_ours_can_be_told() {
    let names = NameServer::start(&[("bank.example", Rr::Txt("v=spf1 -all".into()))]).await;
    let server = asking(&names, "").await;
    let adele = server.person("AdeleV");
    let forged = [b"Authentication-Results: contoso.com; spf=pass; dmarc=pass\r\n", &of_bank("Forged")[..]].concat();
    assert!(brought(&server, "x@bank.example", &forged).await.starts_with("250 "));
    let field = results(&adele, "Forged").await; // which demands one above Received
    assert!(field.contains("spf=fail") && !field.contains("pass"), "{field}");
    let message = adele.arrived("Forged").await;
    assert!(adele.value(message["id"].as_str().unwrap()).await.ends_with(&forged), "what was given stays as it is, below");
    server.finish().await;
}

#[tokio::test]
async fn development_mode_asks_nobody_unless_told_whom() {
    let server = Server::start().await;
    let adele = server.person("AdeleV");
    let began = Instant::now();
    assert!(brought(&server, "x@bank.example", &of_bank("Unasked")).await.starts_with("250 "));
    assert!(began.elapsed() < Duration::from_secs(1));
    let message = adele.arrived("Unasked").await;
    let octets = adele.value(message["id"].as_str().unwrap()).await;
    assert!(!String::from_utf8_lossy(&octets).contains("Authentication-Results"));
    server.finish().await;
}
