//! Certificates that a directory knows.

use super::{Stage, holder, text};
use kit::{READER, SLAPD_BASE, Slapd, may_start_peers};
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
    alex.send_json(&to("bob@smime.example")).await.demand_error(400, "SmimeCertificateNotFound");
    assert!(stage.server.log().contains("the directory of certificates can't be asked"));
    stage.server.finish().await;
}
