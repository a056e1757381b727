//! Verdicts, opened contents, and what a request asks to be done.

use super::{Stage, give_certificate, holder, message, only, recipient_infos, text};
use kit::{PASSPHRASE, Server, Smtp, address, base64, letter, recipients, restante_with};
use serde_json::{Value, json};

const BOTH: [(&str, &str); 1] = [("prefer", "restante.smime=\"sign, encrypt\"")];

#[tokio::test]
async fn a_verdict_stands_beside_a_message_and_its_octets_stay() {
    let stage = Stage::new("").await;
    let (adele, alex) = (stage.server.person("AdeleV"), stage.server.person("AlexW"));
    let (signer, _) = (stage.with_key("AdeleV").await, stage.with_key("AlexW").await);
    let alex_cert = stage.pki.at("AlexW.pem");
    let given = letter(&[("From", "AdeleV@contoso.com"), ("To", "AlexW@contoso.com"), ("Subject", "Within")], "Secret text.\r\n");
    let arguments = ["smime", "encrypt", "-", "--to", alex_cert.to_str().unwrap(), "--p12", signer.p12.to_str().unwrap()];
    let sealed = restante_with(&arguments, &[("RESTANTE_P12_PASSPHRASE", PASSPHRASE)], &given).stdout;
    adele.send_mime(&sealed).await.demand_empty(202);
    let (octets, id) = only(&alex).await;
    assert!(octets.ends_with(&sealed), "it is what the client made");

    let verdict = alex.get(&format!("messages/{id}/restante.smime")).await.demand(200).json();
    assert_eq!((&verdict["status"], &verdict["reason"]), (&json!("valid"), &Value::Null), "{verdict}");
    let kinds: Vec<&Value> = verdict["layers"].as_array().unwrap().iter().map(|layer| &layer["kind"]).collect();
    assert_eq!(kinds, ["enveloped", "clear"]);
    let signer = &verdict["layers"][1]["signers"][0];
    assert_eq!((&signer["address"], &signer["matchesFrom"]), (&json!("AdeleV@contoso.com"), &json!(true)));
    assert!(signer["notAfter"].as_str().unwrap().ends_with('Z'), "{signer}");
    assert_eq!(verdict["header"]["subject"], "Within");

    let content = alex.get(&format!("messages/{id}/restante.smime/content")).await.demand(200);
    assert!(text(&content.body).contains("Secret text."), "{}", text(&content.body));
    assert_eq!(content.header("restante-smime-status"), Some("valid"));
    assert_eq!(alex.value(&id).await, octets, "$value stays what came");

    let asked = [("prefer", "restante.smime")];
    let shown = alex.get_with(&format!("messages/{id}?$select=subject"), &asked).await.demand(200);
    assert_eq!(shown.header("preference-applied"), Some("restante.smime"));
    assert_eq!(shown.json()["@restante.smime"]["status"], "valid");
    let listed = alex.get_with("mailFolders/inbox/messages?$select=subject", &asked).await.demand(200).json();
    assert_eq!(listed["value"][0]["@restante.smime"]["status"], "valid");
    assert!(alex.get(&format!("messages/{id}")).await.json().get("@restante.smime").is_none(), "unless it is asked for");

    let basics = stage.server.person_with_scopes("AlexW", "Mail.ReadBasic").await;
    for path in ["restante.smime", "restante.smime/content"] {
        basics.get(&format!("messages/{id}/{path}")).await.demand_error(403, "ErrorAccessDenied");
    }
    basics.get_with(&format!("messages/{id}"), &asked).await.demand_error(403, "ErrorAccessDenied");
    let sent = adele.sent().await[0]["id"].as_str().unwrap().to_owned();
    adele.get(&format!("messages/{sent}/restante.smime/content")).await.demand_error(422, "SmimeUndecryptable");
    stage.server.finish().await;
}

#[tokio::test]
async fn a_message_without_protection_says_so() {
    let stage = Stage::new("").await;
    let (adele, alex) = (stage.server.person("AdeleV"), stage.server.person("AlexW"));
    adele.send_json(&message("Plain", &["AlexW"])).await.demand_empty(202);
    let (octets, id) = only(&alex).await;
    let verdict = alex.get(&format!("messages/{id}/restante.smime")).await.demand(200).json();
    assert_eq!((&verdict["status"], &verdict["layers"]), (&json!("unsigned"), &json!([])));
    let content = alex.get(&format!("messages/{id}/restante.smime/content")).await.demand(200);
    assert_eq!(content.body, octets);
    stage.server.finish().await;
}

/// sendMail, a draft that is sent, and the six answers, in both formats: what each recipient gets is signed by Adele, and
/// opens for him alone.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_of_the_eight_actions_signs_and_encrypts_where_it_is_asked_to() {
    let stage = Stage::new("").await;
    let (adele, alex) = (stage.server.person("AdeleV"), stage.server.person("AlexW"));
    let (_, alex_key) = (stage.with_key("AdeleV").await, stage.with_key("AlexW").await);
    alex.send_json(&message("Question", &["AdeleV"])).await.demand_empty(202);
    let question = adele.arrived("Question").await["id"].as_str().unwrap().to_owned();
    let mut table = "| action | MIME | JSON |\n|---|---|---|\n".to_owned();
    for action in ["sendMail", "messages", "reply", "replyAll", "forward", "createReply", "createReplyAll", "createForward"] {
        table += &format!("| {action} |");
        for mime in [true, false] {
            let subject = format!("{action} {mime}");
            let path = if ["sendMail", "messages"].contains(&action) {
                action.to_owned()
            } else {
                format!("messages/{question}/{action}")
            };
            let given = letter(&[("From", &address("AdeleV")), ("To", &address("AlexW")), ("Subject", &subject)], "Secret.\r\n");
            let json = message(&subject, &["AlexW"]);
            let json = if action == "messages" { json } else { json!({"message": json}) };
            let (media_type, body) = if mime { ("text/plain", base64(&given)) } else { ("application/json", json.to_string()) };
            let headers = [BOTH[0], ("content-type", media_type)];
            let answer = adele.call(hyper::Method::POST, &path, &headers, body.into()).await;
            if answer.status == 201 {
                assert_eq!(answer.header("preference-applied"), Some("restante.smime=\"sign, encrypt\""));
                let draft = answer.json()["id"].as_str().unwrap().to_owned();
                let told = adele.get(&format!("messages/{draft}/restante.smime")).await.demand(200).json();
                assert_eq!(told["onSending"], "sign, encrypt");
                adele.post_nothing(&format!("messages/{draft}/send")).await.demand_empty(202);
            } else {
                answer.demand_empty(202);
            }
            let (octets, id) = only(&alex).await;
            let signed = stage.decrypted_and_verified(&octets, &alex_key);
            assert!(
                signed.contains(&format!("Subject: {subject}\r\n")) && !text(&octets).contains(&subject),
                "{subject}: {signed}"
            );
            let verdict = alex.get(&format!("messages/{id}/restante.smime")).await.demand(200).json();
            assert_eq!(verdict["status"], "valid", "{subject}: {verdict}");
            alex.delete(&format!("messages/{id}")).await.demand_empty(204);
            let sent = adele.sent().await[0]["id"].as_str().unwrap().to_owned();
            let own = adele.get(&format!("messages/{sent}/restante.smime")).await.demand(200).json();
            assert_eq!(
                (&own["status"], &own["header"]["subject"]),
                (&json!("valid"), &json!(subject)),
                "the sender reads it too"
            );
            table += " signed and encrypted |";
        }
        table += "\n";
    }
    kit::demand_section("conformance/smime.md", "asked", &table);
    stage.server.finish().await;
}

#[tokio::test]
async fn what_is_asked_for_in_json_or_at_sending_is_done() {
    let stage = Stage::new("").await;
    let (adele, alex) = (stage.server.person("AdeleV"), stage.server.person("AlexW"));
    stage.with_key("AdeleV").await;
    let mut annotated = message("Annotated", &["AlexW"]);
    annotated["@restante.smime"] = "sign".into();
    adele.send_json(&annotated).await.demand_empty(202);
    let (octets, id) = only(&alex).await;
    assert!(stage.verified(&octets).contains("Text of Annotated."));
    assert!(text(&octets).contains("Subject: Annotated\r\n"), "a signature hides nothing");
    alex.delete(&format!("messages/{id}")).await.demand_empty(204);

    let draft = adele.draft(&letter(&[("To", &address("AlexW")), ("Subject", "Late")], "Late.\r\n")).await;
    let path = format!("messages/{}/send", draft["id"].as_str().unwrap());
    let headers = [("prefer", "restante.smime=sign"), ("content-length", "0")];
    adele.call(hyper::Method::POST, &path, &headers, bytes::Bytes::new()).await.demand_empty(202);
    assert!(stage.verified(&only(&alex).await.0).contains("Late."));

    annotated["@restante.smime"] = "seal".into();
    let refused = adele.send_json(&annotated).await.demand_error(400, "RequestBodyRead");
    assert!(refused.contains("message.@restante.smime"), "{refused}");
    let headers = [("prefer", "restante.smime=seal"), ("content-type", "application/json")];
    let body = json!({"message": message("x", &["AlexW"])}).to_string();
    adele.call(hyper::Method::POST, "sendMail", &headers, body.into()).await.demand_error(400, "BadRequest");
    stage.server.finish().await;
}

/// `sign, encrypt` without quotation marks are two preferences (RFC 7240 §2), of which nobody would honour the second.
#[tokio::test]
async fn what_is_asked_for_is_done_whole_or_refused() {
    let stage = Stage::new("").await;
    let (adele, alex) = (stage.server.person("AdeleV"), stage.server.person("AlexW"));
    stage.with_key("AdeleV").await;
    let (_, json) = (stage.with_key("AlexW").await, ("content-type", "application/json"));
    let body = json!({"message": message("Half", &["AlexW"])}).to_string();
    let refused =
        adele.call(hyper::Method::POST, "sendMail", &[("prefer", "restante.smime=sign, encrypt"), json], body.into()).await;
    assert!(refused.demand_error(400, "BadRequest").contains("quotation marks"));

    // A draft's owner may think again, in the header too.
    let draft = adele.post_json("messages", &message("Thought", &["AlexW"])).await.demand(201).json();
    let path = format!("messages/{}", draft["id"].as_str().unwrap());
    let encrypt = [("prefer", "restante.smime=encrypt"), json];
    let changed = adele.call(hyper::Method::PATCH, &path, &encrypt, json!({"importance": "high"}).to_string().into()).await;
    assert_eq!(changed.demand(200).json()["@restante.smime"]["onSending"], "encrypt");
    adele.post_nothing(&format!("{path}/send")).await.demand_empty(202);
    assert!(!text(&only(&alex).await.0).contains("Thought"));
    stage.server.finish().await;
}

#[tokio::test]
async fn what_can_not_be_done_is_refused_and_sends_nothing() {
    let stage = Stage::new("").await;
    let (adele, alex) = (stage.server.person("AdeleV"), stage.server.person("AlexW"));
    let mut both = message("Refused", &["AlexW"]);
    both["@restante.smime"] = "sign".into();
    adele.send_json(&both).await.demand_error(400, "SmimeKeyNotFound");
    stage.with_key("AdeleV").await;
    both["@restante.smime"] = "sign, encrypt".into();
    let refused = adele.send_json(&both).await.error();
    assert_eq!(refused["code"], "SmimeCertificateNotFound");
    assert!(refused.to_string().contains("AlexW@contoso.com"), "the reason names whose: {refused}");
    assert!(adele.sent().await.is_empty() && alex.inbox().await.is_empty());
    let draft = adele.post_json("messages", &both).await.demand(201).json();
    adele
        .post_nothing(&format!("messages/{}/send", draft["id"].as_str().unwrap()))
        .await
        .demand_error(400, "SmimeCertificateNotFound");
    let drafts = adele.get("mailFolders/drafts/messages?$count=true").await.demand(200).json();
    assert_eq!(drafts["value"].as_array().unwrap().len(), 1, "a draft stays a draft");
    stage.server.finish().await;
}

#[tokio::test]
async fn who_is_hidden_gets_a_message_of_his_own() {
    let stage = Stage::new("").await;
    let adele = stage.server.person("AdeleV");
    let mut keys = Vec::new();
    for name in ["AdeleV", "AlexW", "ChristieC", "MeganB"] {
        keys.push(stage.with_key(name).await);
    }
    let mut both = message("Hidden", &["AlexW"]);
    both["ccRecipients"] = recipients(&["ChristieC"]);
    both["bccRecipients"] = recipients(&["MeganB"]);
    both["@restante.smime"] = "sign, encrypt".into();
    let accepted = adele.send_json(&both).await.demand(202);
    let delivery = accepted.header("restante-delivery").unwrap().to_owned();
    let (for_alex, _) = only(&stage.server.person("AlexW")).await;
    let (for_christie, _) = only(&stage.server.person("ChristieC")).await;
    let (for_megan, _) = only(&stage.server.person("MeganB")).await;
    assert_eq!(recipient_infos(&stage, &for_alex), 3, "two who are named, and the sender");
    assert_eq!(recipient_infos(&stage, &for_megan), 1, "nobody else is named to her, nor she to others");
    for (octets, key) in [(&for_alex, &keys[1]), (&for_christie, &keys[2]), (&for_megan, &keys[3])] {
        let signed = stage.decrypted_and_verified(octets, key);
        assert!(signed.contains("Text of Hidden.") && !signed.contains("MeganB"), "{signed}");
    }
    assert!(stage.decrypted(&for_alex, &keys[3]).is_err(), "she is not among those for whom it is");
    let path = delivery.split("/v1.0").nth(1).unwrap();
    let told = adele.get(path).await.demand(200).json();
    let states: Vec<(&str, &str)> = told["recipients"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| (one["address"].as_str().unwrap(), one["state"].as_str().unwrap()))
        .collect();
    assert_eq!(
        states,
        [("AlexW@contoso.com", "delivered"), ("ChristieC@contoso.com", "delivered"), ("MeganB@contoso.com", "delivered")]
    );
    let sent = &adele.sent().await[0];
    assert_eq!(sent["bccRecipients"][0]["emailAddress"]["address"], "MeganB@contoso.com", "the sender knows whom he hid");
    stage.server.finish().await;
}

/// Each who is hidden gets octets of his own: one request for many of them fills no disk.
#[tokio::test]
async fn a_large_message_is_not_made_anew_for_any_number_of_people_who_are_hidden() {
    let stage = Stage::with(kit::Pki::new(), "[limits]\nmessage_octets = 20000\n", "").await;
    let adele = stage.server.person("AdeleV");
    stage.with_key("AdeleV").await;
    let many: Vec<String> = (0..30).map(|number| format!("{number}@smime.example")).collect();
    give_certificate(&adele, &holder(&stage.pki, "many", &many.join(",email:"))).await.demand(201);
    for (hidden, status) in [(3, 202), (30, 400)] {
        let mut large = message("Large", &["AdeleV"]);
        large["body"]["content"] = "x".repeat(15_000).into();
        let address = |address: &String| json!({"emailAddress": {"address": address}});
        large["bccRecipients"] = many[..hidden].iter().map(address).collect();
        large["@restante.smime"] = "encrypt".into();
        let answer = adele.send_json(&large).await;
        assert_eq!(answer.status, status, "{hidden}: {}", text(&answer.body));
    }
    assert_eq!(adele.sent().await.len(), 1);
    stage.server.finish().await;
}

/// Signed mail from outside brings the certificate by which it is answered.
#[tokio::test]
async fn a_certificate_is_harvested_from_signed_mail_of_somebody_whom_we_trust() {
    let stage = Stage::new("").await;
    let alex = stage.server.person("AlexW");
    stage.with_key("AlexW").await;
    // Ann's certificate names her chief too: what she signs tells nobody by which key he is written to.
    let (ann, eve) = (
        holder(&stage.pki, "ann", "ann@smime.example,email:chief@smime.example"),
        holder(&kit::Pki::new(), "eve", "eve@smime.example"),
    );
    for (signer, from) in [(&ann, "ann@smime.example"), (&eve, "eve@smime.example"), (&ann, "bob@smime.example")] {
        let given = letter(&[("From", from), ("To", &address("AlexW")), ("Subject", from)], "Signed.\r\n");
        let signed = restante_with(
            &["smime", "sign", "-", "--cert", signer.chain.to_str().unwrap(), "--key", signer.key.to_str().unwrap()],
            &[],
            &given,
        );
        deliver(&stage.server, from, &signed.stdout).await;
    }
    let known = alex.get("restante.smime/certificates").await.demand(200).json();
    let [one] = &known["value"].as_array().unwrap()[..] else { panic!("one is trusted, and signs for herself: {known}") };
    assert_eq!((&one["address"], &one["source"]), (&json!("ann@smime.example"), &json!("signed")));
    let answer = json!({"subject": "Answer", "body": {"content": "For Ann alone."}, "@restante.smime": "encrypt",
        "toRecipients": [{"emailAddress": {"address": "Ann@SMIME.example"}}]});
    alex.send_json(&answer).await.demand_empty(202);
    let sent = &alex.sent().await[0];
    let octets = alex.value(sent["id"].as_str().unwrap()).await;
    assert!(text(&stage.decrypted(&octets, &ann).unwrap()).contains("For Ann alone."));
    let id = one["id"].as_str().unwrap();
    alex.delete(&format!("restante.smime/certificates/{id}")).await.demand_empty(204);
    alex.send_json(&answer).await.demand_error(400, "SmimeCertificateNotFound");
    give_certificate(&alex, &ann).await.demand(201);
    alex.send_json(&answer).await.demand_empty(202);
    let known = alex.get("restante.smime/certificates?address=ANN@smime.example").await.demand(200).json();
    assert_eq!(known["value"][0]["source"], "given");
    stage.server.finish().await;
}

async fn deliver(server: &Server, from: &str, octets: &[u8]) {
    let mut smtp = Smtp::connect(server).await;
    smtp.demand("EHLO client.smime.example", 250).await;
    smtp.envelope(from, &[address("AlexW")]).await;
    smtp.data(octets, 250).await;
}
