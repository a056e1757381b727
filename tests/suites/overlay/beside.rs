//! What stands beside the octets, and reaches others as generated fields or as the envelope.

use super::{ODD, id, path, recipient, three, without_marks};
use kit::{PEOPLE, Server, fields, letter, recipients, without_bcc};
use serde_json::{Value, json};

/// Properties that never rewrite octets, whatever the message is.
fn beside_any() -> Value {
    json!({
        "flag": {"flagStatus": "flagged"}, "categories": ["Blue category", "Größe"], "importance": "high", "isRead": false,
        "isDeliveryReceiptRequested": true, "isReadReceiptRequested": true, "inferenceClassification": "other",
    })
}

#[tokio::test]
async fn what_stands_beside_leaves_every_octet() {
    let server = Server::start().await;
    for (what, person, message) in three(&server).await {
        let before = person.value(id(&message)).await;
        for (name, value) in beside_any().as_object().unwrap() {
            let changed = person.patch_json(&path(&message), &json!({name: value})).await.demand(200).json();
            assert_eq!(&changed[name], value, "{what}");
            let read = person.get(&path(&message)).await.demand(200).json();
            assert_eq!(read, changed, "{what} {name}: what is read is what was answered");
            assert_ne!(changed["changeKey"], message["changeKey"], "{what} {name}");
            assert_eq!(person.value(id(&message)).await, before, "{what} {name}");
        }
    }
    server.finish().await;
}

#[tokio::test]
async fn bcc_beside_a_draft_stands_instead_of_its_bcc_fields() {
    let server = Server::start().await;
    let adele = server.person("AdeleV");
    let draft = adele.draft(ODD).await;
    assert_eq!(draft["bccRecipients"], json!([recipient("MeganB")]));
    let change = json!({"bccRecipients": recipients(&["ChristieC"])});
    let changed = adele.patch_json(&path(&draft), &change).await.demand(200).json();
    assert_eq!(changed["bccRecipients"], json!([recipient("ChristieC")]));
    assert_eq!(adele.value(id(&draft)).await, ODD);
    adele.post_nothing(&format!("{}/send", path(&draft))).await.demand_empty(202);
    assert_eq!(adele.value(id(&draft)).await, ODD, "the sent copy is the client's octets still");
    for (name, copies) in [("AlexW", 1), ("ChristieC", 1), ("MeganB", 0), ("AdeleV", 0)] {
        let person = server.person(name);
        if copies == 1 {
            let copy = person.arrived("Größe folded").await;
            assert!(person.value(id(&copy)).await.ends_with(&without_bcc(ODD)), "{name}");
        }
        assert_eq!(person.inbox().await.len(), copies, "{name}");
    }
    server.finish().await;
}

#[tokio::test]
async fn an_empty_bcc_beside_a_draft_sends_to_nobody_of_its_bcc_fields() {
    let server = Server::start().await;
    let adele = server.person("AdeleV");
    let draft = adele.draft(ODD).await;
    let changed = adele.patch_json(&path(&draft), &json!({"bccRecipients": []})).await.demand(200).json();
    assert_eq!(changed["bccRecipients"], json!([]));
    adele.post_nothing(&format!("{}/send", path(&draft))).await.demand_empty(202);
    server.person("AlexW").arrived("Größe folded").await;
    assert!(server.person("MeganB").inbox().await.is_empty());
    server.finish().await;
}

/// Fields of these names before the octets, as a recipient gets them.
async fn generated(server: &Server, message: &[u8], change: &Value) -> (Vec<(String, String)>, Value) {
    let adele = server.person("AdeleV");
    let draft = adele.draft(message).await;
    adele.patch_json(&path(&draft), change).await.demand(200);
    adele.post_nothing(&format!("{}/send", path(&draft))).await.demand_empty(202);
    let alex = server.person("AlexW");
    let copy = alex.arrived(draft["subject"].as_str().unwrap()).await;
    let octets = alex.value(id(&copy)).await;
    let before = octets.strip_suffix(message).expect("the octets stand at the end");
    let asked = ["Importance", "Disposition-Notification-To", "Return-Receipt-To"];
    let fields = fields(before).into_iter().filter(|field| asked.contains(&field.name.as_str()));
    (fields.map(|field| (field.name.clone(), field.body())).collect(), copy)
}

fn letter_of(subject: &str, field: Option<(&str, &str)>) -> Vec<u8> {
    let mut fields = vec![("From", "AdeleV@contoso.com"), ("To", "AlexW@contoso.com"), ("Subject", subject)];
    fields.extend(field);
    letter(&fields, "Hello\r\n")
}

#[tokio::test]
async fn what_stands_beside_reaches_the_recipient_before_the_octets() {
    let server = Server::start().await;
    let change = json!({"importance": "high", "isDeliveryReceiptRequested": true, "isReadReceiptRequested": true});
    let (fields, copy) = generated(&server, &letter_of("Asked beside", None), &change).await;
    let wanted = [
        ("Disposition-Notification-To", "AdeleV@contoso.com"),
        ("Return-Receipt-To", "AdeleV@contoso.com"),
        ("Importance", "high"),
    ];
    assert_eq!(fields, wanted.map(|(name, body)| (name.to_owned(), body.to_owned())));
    for (name, value) in change.as_object().unwrap() {
        assert_eq!(&copy[name], value, "as the recipient sees it");
    }
    server.finish().await;
}

/// What stands beside counts, for the recipient too, where the octets say otherwise: it stands first.
#[tokio::test]
async fn importance_beside_counts_over_what_the_octets_say() {
    let server = Server::start().await;
    let cases = [
        ("Importance", "low", "high"),
        ("importance", "High", "normal"),
        ("X-Priority", "1", "normal"),
        ("Priority", "non-urgent", "high"),
    ];
    for (number, (name, said, wanted)) in cases.into_iter().enumerate() {
        let message = letter_of(&format!("Over {number}"), Some((name, said)));
        let (fields, copy) = generated(&server, &message, &json!({"importance": wanted})).await;
        assert_eq!(fields, [("Importance".to_owned(), wanted.to_owned())], "{name}: {said}");
        assert_eq!(copy["importance"], wanted, "{name}: {said}");
    }
    // What the octets say already isn't said twice.
    let message = letter_of("Said already", Some(("Importance", "high")));
    assert_eq!(generated(&server, &message, &json!({"importance": "high"})).await.0, []);
    server.finish().await;
}

/// A receipt that the octets ask for can be taken back: its lines go, and no other octet.
#[tokio::test]
async fn a_receipt_asked_for_in_the_octets_is_taken_back() {
    let server = Server::start().await;
    let (adele, alex) = (server.person("AdeleV"), server.person("AlexW"));
    for (field, property) in
        [("Disposition-Notification-To", "isReadReceiptRequested"), ("Return-Receipt-To", "isDeliveryReceiptRequested")]
    {
        let subject = format!("No {field}");
        let draft = adele.draft(&letter_of(&subject, Some((field, "<AdeleV@contoso.com>")))).await;
        assert_eq!(draft[property], true);
        adele.patch_json(&path(&draft), &json!({"isRead": true, (property): true})).await.demand(200);
        let changed = adele.patch_json(&path(&draft), &json!({property: false})).await.demand(200).json();
        assert_eq!(changed[property], false);
        let without = letter_of(&subject, None);
        assert_eq!(adele.value(id(&draft)).await, without);
        adele.post_nothing(&format!("{}/send", path(&draft))).await.demand_empty(202);
        let copy = alex.arrived(&subject).await;
        assert_eq!(copy[property], false);
        assert!(alex.value(id(&copy)).await.ends_with(&without));
    }
    server.finish().await;
}

/// DavMail sends a message back as it read it.
#[tokio::test]
async fn a_whole_message_sent_back_changes_nothing() {
    let server = Server::start().await;
    let mut all: Vec<_> = three(&server).await.into_iter().collect();
    let adele = server.person("AdeleV");
    let composed = json!({
        "subject": "Of JSON", "body": {"contentType": "html", "content": "<p>Größe <script>alert(1)</script></p>"},
        "toRecipients": recipients(&["AlexW"]), "bccRecipients": recipients(&["MeganB"]), "importance": "low",
        "replyTo": recipients(&["ChristieC"]), "isReadReceiptRequested": true,
    });
    let composed = adele.post_json("messages", &composed).await.demand(201).json();
    all.push(("composed draft", adele.clone(), composed));
    // A conversation's index counts in units of 1.7 seconds: what is made again would be another one by then.
    tokio::time::sleep(std::time::Duration::from_secs(2)).await;
    for (what, person, message) in all {
        let before = person.value(id(&message)).await;
        let answer = person.patch_json(&path(&message), &message).await.demand(200).json();
        for (name, value) in without_marks(&message).as_object().unwrap() {
            assert_eq!(&answer[name], value, "{what}: {name}");
        }
        assert_eq!(person.value(id(&message)).await, before, "{what}");
    }
    for name in PEOPLE {
        assert!(server.person(name).inbox().await.len() <= 1, "nothing was sent again");
    }
    server.finish().await;
}
