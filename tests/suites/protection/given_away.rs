//! What came encrypted leaves again in no message but those whose author says so.

use super::{Stage, message, only, text};
use kit::{Person, address, base64, letter};
use serde_json::{Value, json};

/// Adele's and Alex's mailboxes have keys, his shows what is opened, and it has her message, which asks for a receipt.
async fn with_a_secret() -> (Stage, Person, Person, String) {
    let stage = Stage::new("").await;
    let (adele, alex) = (stage.server.person("AdeleV"), stage.server.person("AlexW"));
    stage.with_key("AdeleV").await;
    stage.with_key("AlexW").await;
    alex.patch_json("restante.smime", &json!({"showsOpened": true})).await.demand(200);
    let mut secret = message("Merger", &["AlexW"]);
    secret["@restante.smime"] = "sign, encrypt".into();
    secret["isReadReceiptRequested"] = true.into();
    adele.send_json(&secret).await.demand_empty(202);
    let id = alex.arrived("Merger").await["id"].as_str().unwrap().to_owned();
    (stage, adele, alex, id)
}

/// The next message that comes, whose octets say nothing of the secret; and whether it is encrypted.
async fn closed(adele: &Person, what: &str) -> bool {
    let (octets, id) = only(adele).await;
    let octets = text(&octets);
    assert!(!octets.contains("Merger"), "{what}: {octets}");
    adele.delete(&format!("messages/{id}")).await.demand_empty(204);
    octets.contains("smime-type=enveloped-data")
}

async fn draft_of(alex: &Person, id: &str, action: &str) -> String {
    let draft = alex.post_json(&format!("messages/{id}/{action}"), &json!({"comment": "Yes."})).await.demand(201).json();
    format!("messages/{}", draft["id"].as_str().unwrap())
}

#[tokio::test]
async fn an_answer_that_is_to_be_signed_is_encrypted_too() {
    let (stage, adele, alex, id) = with_a_secret().await;
    let sign = json!({"comment": "Yes.", "message": {"@restante.smime": "sign"}});
    alex.post_json(&format!("messages/{id}/reply"), &sign).await.demand_empty(202);
    assert!(closed(&adele, "a reply").await);

    let draft = draft_of(&alex, &id, "createReply").await;
    alex.patch_json(&draft, &json!({"@restante.smime": "sign"})).await.demand(200);
    let told = alex.get(&format!("{draft}/restante.smime")).await.demand(200).json();
    assert_eq!(told["onSending"], "sign, encrypt");
    alex.post_nothing(&format!("{draft}/send")).await.demand_empty(202);
    assert!(closed(&adele, "a draft that was changed").await);

    let draft = draft_of(&alex, &id, "createReply").await;
    let path = format!("{draft}/send");
    let headers = [("prefer", "restante.smime=sign"), ("content-length", "0")];
    alex.call(hyper::Method::POST, &path, &headers, bytes::Bytes::new()).await.demand_empty(202);
    assert!(closed(&adele, "a draft that was sent").await);

    let draft = draft_of(&alex, &id, "createReply").await;
    let further = draft_of(&alex, draft.trim_start_matches("messages/"), "createForward").await;
    let change = json!({"toRecipients": kit::recipients(&["AdeleV"]), "subject": "Yes"});
    alex.patch_json(&further, &change).await.demand(200);
    alex.post_nothing(&format!("{further}/send")).await.demand_empty(202);
    assert!(closed(&adele, "a forward of a draft").await);
    stage.server.finish().await;
}

#[tokio::test]
async fn nothing_that_is_made_beside_an_answer_has_the_subject_within() {
    let (stage, adele, alex, id) = with_a_secret().await;
    let given = letter(&[("From", &address("AlexW")), ("To", &address("AdeleV")), ("Subject", "Yes")], "Yes.\r\n");
    alex.post(&format!("messages/{id}/reply"), "text/plain", base64(&given)).await.demand_empty(202);
    assert!(!closed(&adele, "a reply of the client's own").await);

    alex.patch_json(&format!("messages/{id}"), &json!({"isRead": true})).await.demand(200);
    assert!(!closed(&adele, "a receipt").await);

    // The row still has the subject, and its text is closed: what is quoted is what stands outside.
    alex.patch_json("restante.smime", &json!({"showsOpened": false})).await.demand(200);
    alex.post_json(&format!("messages/{id}/reply"), &json!({"comment": "Yes."})).await.demand_empty(202);
    assert!(!closed(&adele, "a reply to what is shown closed").await);
    stage.server.finish().await;
}

/// A client's own Thread-Topic is the subject once more.
#[tokio::test]
async fn an_encrypted_message_has_its_topic_within() {
    let (stage, adele, alex, _) = with_a_secret().await;
    let fields = [("To", &*address("AdeleV")), ("Subject", "RE: Merger"), ("Thread-Topic", "Merger")];
    let headers = [("prefer", "restante.smime=encrypt"), ("content-type", "text/plain")];
    let body = base64(&letter(&fields, "No.\r\n"));
    alex.call(hyper::Method::POST, "sendMail", &headers, body.into()).await.demand_empty(202);
    let (_, id) = only(&adele).await;
    let verdict: Value = adele.get(&format!("messages/{id}/restante.smime")).await.demand(200).json();
    let confidential = verdict["header"]["confidential"].as_array().unwrap();
    assert!(confidential.contains(&json!("Thread-Topic")), "{verdict}");
    assert!(closed(&adele, "a message with a topic").await);
    stage.server.finish().await;
}
