//! Certificates that a directory knows.

use super::{Stage, holder, message, text};
use kit::{Person, READER, SLAPD_BASE, Server, Slapd, Smtp, address, base64, letter, may_start_peers};
use serde_json::json;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whose_certificate_nobody_knows_is_looked_up_once() {
    if !may_start_peers() {
        return;
    }
    let pki = kit::Pki::new();
    let (ann, bob) = (holder(&pki, "ann", "ann@smime.example"), holder(&pki, "bob", "bob@smime.example"));
    // What stands under Bob's name is Ann's: a directory that errs gives nobody somebody else's mail.
    let directory = Slapd::start(&[("ann", "ann@smime.example", &ann.cert), ("bob", "eve@smime.example", &bob.cert)]).await;
    let settings = format!(
        "[smime.ldap]\nurl = \"{}\"\nbase = \"{SLAPD_BASE}\"\nbind_dn = \"{}\"\npassword_file = \"{}\"",
        directory.url(),
        READER.0,
        directory.password_file().display()
    );
    let stage = Stage::with(pki, "", &settings).await;
    let alex = stage.server.person("AlexW");
    stage.with_key("AlexW").await;
    let to = |address: &str| {
        json!({"subject": "Looked up", "body": {"content": "For one alone."}, "@restante.smime": "encrypt",
            "toRecipients": [{"emailAddress": {"address": address}}]})
    };
    alex.send_json(&to("Ann@smime.example")).await.demand_empty(202);
    let sent = &alex.sent().await[0];
    let octets = alex.value(sent["id"].as_str().unwrap()).await;
    assert!(text(&stage.decrypted(&octets, &ann).unwrap()).contains("For one alone."));
    for address in ["eve@smime.example", "nobody@smime.example", "*@smime.example", "a)(mail=ann@smime.example"] {
        let refused = alex.send_json(&to(address)).await;
        assert_eq!(refused.status, 400, "{address}");
    }
    let known = alex.get("restante.smime/certificates").await.demand(200).json();
    let [one] = &known["value"].as_array().unwrap()[..] else { panic!("one: {known}") };
    assert_eq!((&one["address"], &one["source"]), (&json!("ann@smime.example"), &json!("directory")));
    drop(directory);
    alex.send_json(&to("ann@smime.example")).await.demand_empty(202);
    alex.send_json(&to("bob@smime.example")).await.demand_error(503, "ServiceNotAvailable");
    assert!(stage.server.log().contains("the directory of certificates can't be asked"));
    stage.server.finish().await;
}

/// Whoever keeps the server from its directory doesn't get to read what is written.
#[tokio::test]
async fn while_the_directory_is_down_nothing_goes_in_the_clear() {
    let settings = "[[smime.rules]]\nencrypt = true\nwithout_certificate = \"clear\"\n\
        [smime.ldap]\nurl = \"ldap://127.0.0.1:1\"\nbase = \"dc=example\"";
    let stage = Stage::new(settings).await;
    let (adele, alex) = (stage.server.person("AdeleV"), stage.server.person("AlexW"));
    stage.with_key("AdeleV").await;
    adele.send_json(&message("Waits", &["AlexW"])).await.demand_error(503, "ServiceNotAvailable");
    let told = submitted(&stage.server, &adele, 451).await;
    assert!(told.starts_with("451 4.4.3 "), "{told}");
    assert!(adele.sent().await.is_empty() && alex.inbox().await.is_empty());
    stage.server.finish().await;
}

#[tokio::test]
async fn whoever_submits_over_smtp_is_told_what_is_missing() {
    let stage = Stage::new("[[smime.rules]]\nencrypt = true").await;
    let adele = stage.server.person("AdeleV");
    stage.with_key("AdeleV").await;
    let told = submitted(&stage.server, &adele, 550).await;
    assert!(told.starts_with("550 5.7.5 ") && told.contains("AlexW@contoso.com"), "{told}");
    let log = stage.server.log();
    let line = log.lines().find(|line| line.contains("a message was not taken")).expect("the log tells of it");
    assert!(!line.contains("AlexW"), "and names nobody: {line}");
    stage.server.finish().await;
}

async fn submitted(server: &Server, adele: &Person, code: u16) -> String {
    let token = adele.authorization();
    let user = address("AdeleV");
    let mut smtp = Smtp::connect(server).await;
    smtp.demand("EHLO laptop.contoso.com", 250).await;
    smtp.demand(&format!("AUTH XOAUTH2 {}", base64(format!("user={user}\x01auth={token}\x01\x01").as_bytes())), 235).await;
    smtp.envelope(&user, &[address("AlexW")]).await;
    smtp.data(&letter(&[("From", &user), ("Subject", "Waits")], "Waits.\r\n"), code).await
}
