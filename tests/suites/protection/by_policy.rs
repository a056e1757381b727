//! Rules, and mailboxes that show what is encrypted for them.

use super::{Stage, message, only, text};
use kit::{address, base64, letter};
use serde_json::{Value, json};

#[tokio::test]
async fn rules_sign_and_encrypt_by_sender_recipient_and_domain() {
    let rules = r#"
        [[smime.rules]]
        recipient = "MeganB@contoso.com"
        [[smime.rules]]
        sender = "AdeleV@contoso.com"
        recipient = "contoso.com"
        sign = true
        encrypt = true
        without_certificate = "clear"
    "#;
    let stage = Stage::new(rules).await;
    let adele = stage.server.person("AdeleV");
    let (_, alex_key) = (stage.with_key("AdeleV").await, stage.with_key("AlexW").await);
    adele.send_json(&message("Ruled", &["AlexW", "ChristieC", "MeganB"])).await.demand_empty(202);
    let (for_alex, _) = only(&stage.server.person("AlexW")).await;
    assert!(stage.decrypted_and_verified(&for_alex, &alex_key).contains("Text of Ruled."));
    for name in ["ChristieC", "MeganB"] {
        let (octets, _) = only(&stage.server.person(name)).await;
        assert!(text(&octets).contains("Subject: Ruled\r\n"), "{name} has no certificate, and gets it in the clear");
        assert!(stage.verified(&octets).contains("Text of Ruled."), "{name} gets it signed");
    }
    stage.server.person("AlexW").send_json(&message("Other", &["MeganB"])).await.demand_empty(202);
    let other = stage.server.person("MeganB").arrived("Other").await;
    let octets = stage.server.person("MeganB").value(other["id"].as_str().unwrap()).await;
    assert!(!text(&octets).contains("multipart/signed"), "the rule is about Adele's mail");
    stage.server.finish().await;
}

#[tokio::test]
async fn a_rule_refuses_or_lets_go_what_nobody_can_decrypt() {
    let rules = "[[smime.rules]]\nrecipient = \"AlexW@contoso.com\"\nencrypt = true\n\
        [[smime.rules]]\nencrypt = true\nwithout_certificate = \"clear\"";
    let stage = Stage::new(rules).await;
    let adele = stage.server.person("AdeleV");
    stage.with_key("AdeleV").await;
    let refused = adele.send_json(&message("Refused", &["ChristieC", "AlexW"])).await.error();
    assert_eq!(refused["code"], "SmimeCertificateNotFound");
    assert!(refused.to_string().contains("AlexW") && !refused.to_string().contains("ChristieC"), "{refused}");
    adele.send_json(&message("Clear", &["ChristieC"])).await.demand_empty(202);
    let (octets, _) = only(&stage.server.person("ChristieC")).await;
    assert!(text(&octets).contains("Subject: Clear\r\n"), "{}", text(&octets));
    let sent = adele.sent().await;
    assert_eq!((sent.len(), &sent[0]["subject"]), (1, &json!("Clear")));
    // A draft in the clear for one, encrypted for another: what the row names no more goes out all the same.
    stage.with_key("MeganB").await;
    let draft = adele.post_json("messages", &message("Both", &["ChristieC", "MeganB"])).await.demand(201).json();
    adele.post_nothing(&format!("messages/{}/send", draft["id"].as_str().unwrap())).await.demand_empty(202);
    stage.server.person("ChristieC").arrived("Both").await;
    let (octets, _) = only(&stage.server.person("MeganB")).await;
    assert!(!text(&octets).contains("Subject: Both"));
    stage.server.finish().await;
}

#[tokio::test]
async fn a_mailbox_that_says_so_shows_what_is_encrypted_for_it() {
    let stage = Stage::new("").await;
    let (adele, alex) = (stage.server.person("AdeleV"), stage.server.person("AlexW"));
    stage.with_key("AdeleV").await;
    stage.with_key("AlexW").await;
    let secret = |subject: &str| {
        let mut message = message(subject, &["AlexW"]);
        let file =
            json!({"@odata.type": "#microsoft.graph.fileAttachment", "name": "plan.txt", "contentBytes": base64(b"the plan")});
        message["attachments"] = json!([file]);
        message["@restante.smime"] = "sign, encrypt".into();
        message
    };
    adele.send_json(&secret("Closed")).await.demand_empty(202);
    let (octets, id) = only(&alex).await;
    let shown = alex.get(&format!("messages/{id}")).await.demand(200).json();
    assert_eq!(shown["subject"], "[...]");
    assert!(!shown.to_string().contains("Text of Closed."), "{shown}");
    assert_eq!(attachments(&alex, &id).await, ["smime.p7m"]);

    let policy = alex.patch_json("restante.smime", &json!({"showsOpened": true})).await.demand(200).json();
    assert_eq!((&policy["showsOpened"], &policy["keepsKeys"]), (&json!(true), &json!(true)));
    let shown = alex.get(&format!("messages/{id}")).await.demand(200).json();
    assert!(
        shown["body"]["content"].as_str().unwrap().contains("Text of Closed."),
        "the text of one that was there is shown too"
    );
    assert!(attachments(&alex, &id).await.contains(&"plan.txt".to_owned()));
    assert_eq!(alex.value(&id).await, octets, "$value stays");

    adele.send_json(&secret("Open")).await.demand_empty(202);
    let opened = alex.arrived("Open").await;
    assert_eq!((opened["bodyPreview"].as_str().unwrap().trim(), &opened["hasAttachments"]), ("Text of Open.", &json!(true)));
    let found = alex.get("messages?$search=%22Open%22&$select=subject").await.demand(200).json();
    assert_eq!(found["value"][0]["subject"], "Open", "it is found by its words");
    let id = opened["id"].as_str().unwrap();
    let answer = json!({"comment": "Yes.", "message": {"@restante.smime": "encrypt"}});
    alex.post_json(&format!("messages/{id}/reply"), &answer).await.demand_empty(202);
    let (_, reply) = only(&adele).await;
    let content = adele.get(&format!("messages/{reply}/restante.smime/content")).await.demand(200);
    assert!(text(&content.body).contains("Text of Open."), "what was shown is quoted");
    adele.delete(&format!("messages/{reply}")).await.demand_empty(204);
    // Nobody need think of it: what was encrypted is not quoted in the clear unless somebody says so.
    let forward = |more: Value| json!({"toRecipients": kit::recipients(&["ChristieC"]), "message": more});
    alex.post_json(&format!("messages/{id}/forward"), &forward(json!({}))).await.demand_error(400, "SmimeCertificateNotFound");
    alex.post_json(&format!("messages/{id}/forward"), &forward(json!({"@restante.smime": "none"}))).await.demand_empty(202);
    alex.post_json(&format!("messages/{id}/reply"), &json!({"comment": "And?"})).await.demand_empty(202);
    let (octets, _) = only(&adele).await;
    assert!(!text(&octets).contains("And?"), "{}", text(&octets));
    let closed = adele.sent().await;
    assert!(closed.iter().all(|sent| sent["subject"] == "[...]"), "Adele's mailbox shows hers as they are: {closed:?}");
    stage.server.finish().await;
}

async fn attachments(person: &kit::Person, id: &str) -> Vec<String> {
    let listed = person.get(&format!("messages/{id}/attachments?$select=name")).await.demand(200).json();
    listed["value"].as_array().unwrap().iter().map(|one: &Value| one["name"].as_str().unwrap().to_owned()).collect()
}

/// A message that its client has signed a rule encrypts: the signature is within, as it was.
#[tokio::test]
async fn a_rule_encrypts_around_the_clients_own_signature() {
    let stage = Stage::new("[[smime.rules]]\nsign = true\nencrypt = true").await;
    let (adele, alex) = (stage.server.person("AdeleV"), stage.server.person("AlexW"));
    let (adele_key, alex_key) = (stage.with_key("AdeleV").await, stage.with_key("AlexW").await);
    let given = letter(&[("From", &address("AdeleV")), ("To", &address("AlexW")), ("Subject", "Twice")], "Mine.\r\n");
    let key = ["--cert", adele_key.chain.to_str().unwrap(), "--key", adele_key.key.to_str().unwrap()];
    let signed = kit::restante_with(&[&["smime", "sign", "-", "--opaque"], &key[..]].concat(), &[], &given).stdout;
    adele.send_mime(&signed).await.demand_empty(202);
    let (octets, id) = only(&alex).await;
    let within = stage.decrypted(&octets, &alex_key).unwrap();
    assert!(stage.verified(&within).contains("Mine."));
    let verdict = alex.get(&format!("messages/{id}/restante.smime")).await.demand(200).json();
    let kinds: Vec<&Value> = verdict["layers"].as_array().unwrap().iter().map(|layer| &layer["kind"]).collect();
    assert_eq!((kinds, &verdict["status"]), (vec![&json!("enveloped"), &json!("opaque")], &json!("valid")));
    stage.server.finish().await;
}

/// Programs that submit over SMTP know nothing of keys: the rules sign for them too.
#[tokio::test]
async fn rules_hold_for_what_is_submitted_over_smtp() {
    let stage = Stage::new("[[smime.rules]]\nsign = true\nencrypt = true").await;
    let adele = stage.server.person("AdeleV");
    stage.with_key("AdeleV").await;
    let mut smtp = kit::Smtp::connect(&stage.server).await;
    smtp.demand("EHLO laptop.contoso.com", 250).await;
    let token = adele.authorization().trim_start_matches("Bearer ").to_owned();
    smtp.demand(&format!("AUTH PLAIN {}", base64(format!("\0{}\0{token}", address("AdeleV")).as_bytes())), 235).await;
    let given = letter(&[("From", &address("AdeleV")), ("To", &address("AlexW")), ("Subject", "Submitted")], "By SMTP.\r\n");
    smtp.envelope(&address("AdeleV"), &[address("AlexW")]).await;
    let refused = smtp.data(&given, 550).await;
    assert!(refused.contains("certificate"), "it says what is missing: {refused}");
    let alex_key = stage.with_key("AlexW").await;
    smtp.envelope(&address("AdeleV"), &[address("AlexW")]).await;
    smtp.data(&given, 250).await;
    let (octets, _) = only(&stage.server.person("AlexW")).await;
    assert!(stage.decrypted_and_verified(&octets, &alex_key).contains("By SMTP."));
    stage.server.finish().await;
}

#[tokio::test]
async fn settings_say_by_which_cipher_and_whether_the_subject_is_hidden() {
    let stage = Stage::new("cipher = \"aes256-gcm\"\nhide_subject = false\n[[smime.rules]]\nencrypt = true").await;
    let (adele, alex) = (stage.server.person("AdeleV"), stage.server.person("AlexW"));
    stage.with_key("AdeleV").await;
    stage.with_key("AlexW").await;
    adele.send_json(&message("Seen", &["AlexW"])).await.demand_empty(202);
    let (octets, id) = only(&alex).await;
    assert!(text(&octets).contains("Subject: Seen\r\n") && text(&octets).contains("smime-type=authEnveloped-data"));
    let verdict = alex.get(&format!("messages/{id}/restante.smime")).await.demand(200).json();
    assert_eq!((&verdict["layers"][0]["kind"], &verdict["header"]["confidential"]), (&json!("authenveloped"), &json!([])));
    stage.server.finish().await;
}
