//! What the rules protect, behind Postfix and Dovecot, as `openssl` finds it there.

use super::{Stage, give_certificate, holder};
use kit::{Dovecot, Pki, Postfix, demand_section, may_start_peers, until_within};
use serde_json::json;
use std::time::Duration;

const RULES: &str = "[[smime.rules]]\nrecipient = \"sealed.example\"\nsign = true\nencrypt = true\n\
    [[smime.rules]]\nrecipient = \"signed.example\"\nsign = true\n";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_signed_and_encrypted_by_policy_is_verified_and_decrypted_behind_postfix_and_dovecot() {
    if !may_start_peers() {
        return;
    }
    let dovecot = Dovecot::start().await;
    let lmtp = format!("lmtp:inet:[{}]:{}", dovecot.lmtp().ip(), dovecot.lmtp().port());
    let postfix = Postfix::start(&[("sealed.example", lmtp.clone()), ("signed.example", lmtp)]).await;
    let pki = Pki::new();
    let bob = holder(&pki, "bob", "bob@sealed.example");
    let relay = format!("[relay]\nhold = false\nsmarthost = \"{}\"\ntls = \"never\"\n", postfix.address());
    let stage = Stage::with(pki, &relay, RULES).await;
    let adele = stage.server.person("AdeleV");
    stage.with_key("AdeleV").await;
    give_certificate(&adele, &bob).await.demand(201);
    for address in ["bob@sealed.example", "ann@signed.example"] {
        // 8bit, long lines, trailing blanks, a dot and a From: all that a road may change.
        let content = format!("Gr\u{fc}\u{df}e an {address}  \nFrom here\n.\n{}", "x".repeat(1200));
        let message = json!({"subject": "By policy", "body": {"contentType": "text", "content": content},
            "toRecipients": [{"emailAddress": {"address": address}}]});
        adele.send_json(&message).await.demand_empty(202);
    }
    let filed = async |name: &str| {
        until_within(Duration::from_secs(60), "Dovecot has filed it", async || dovecot.filed(name).pop()).await
    };
    let (sealed, signed) = (filed("bob").await, filed("ann").await);
    let within = stage.decrypted_and_verified(&sealed, &bob);
    assert!(within.contains("Subject: By policy\r\n"), "{within}");
    let beside = stage.verified(&signed);
    assert!(beside.contains("Subject: By policy\r\n"), "{beside}");
    let table = "| rule | behind Dovecot |\n|---|---|\n| sign | verified by OpenSSL |\n| sign and encrypt | decrypted and verified by OpenSSL |";
    demand_section("conformance/smime.md", "road", table);
    stage.server.finish().await;
}
