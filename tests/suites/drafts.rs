//! Drafts: made whole from MIME or JSON, kept octet for octet, sent as they are, deleted.

use kit::{Server, address, base64, plain, recipients, shared};
use serde_json::{Value, json};

fn id(message: &Value) -> &str {
    message["id"].as_str().expect("a message has an id")
}

/// The names of a type's own properties in the shared schema, and whether Graph returns them unasked.
fn properties(schema: &Value, type_name: &str) -> Vec<(String, bool)> {
    let own = &schema["types"][type_name];
    let of = |list: &str| own[list].as_array().cloned().unwrap_or_default();
    let unasked = |property: &Value| !matches!(property["returned"].as_str(), Some("select" | "expand"));
    let all = of("properties").into_iter().chain(of("navigation"));
    all.map(|property| (property["name"].as_str().unwrap().to_owned(), unasked(&property))).collect()
}

fn demand_whole(message: &Value, schema: &Value) {
    for type_name in ["entity", "outlookItem", "message"] {
        for (name, unasked) in properties(schema, type_name) {
            assert_eq!(message.get(&name).is_some(), unasked, "{name} of {message}");
        }
    }
    let context = message["@odata.context"].as_str().unwrap();
    assert!(context.contains("/$metadata#users(") && context.ends_with("/messages/$entity"), "{context}");
    assert_eq!(message["@odata.etag"], format!("W/\"{}\"", message["changeKey"].as_str().unwrap()));
    for name in ["createdDateTime", "lastModifiedDateTime", "receivedDateTime", "sentDateTime"] {
        let date = message[name].as_str().unwrap();
        assert!(date.len() == 20 && date.ends_with('Z'), "dates are UTC, to the second: {name} {date}");
    }
    assert_eq!(message["isDraft"], true);
    assert_eq!(message["isRead"], true);
    assert_eq!(message["importance"], "normal");
    assert_eq!(message["flag"]["flagStatus"], "notFlagged");
    assert_eq!(message["categories"], json!([]));
}

#[tokio::test]
async fn a_draft_of_mime_is_answered_whole_and_kept_octet_for_octet() {
    let Some(schema) = shared("api/types.json") else { return };
    let schema: Value = serde_json::from_slice(&schema).unwrap();
    let server = Server::start().await;
    let adele = server.person("AdeleV");
    let octets = plain("AdeleV", &["AlexW"], "A draft of MIME");
    let draft = adele.draft(&octets).await;
    demand_whole(&draft, &schema);
    assert_eq!(draft["subject"], "A draft of MIME");
    assert_eq!(draft["sentDateTime"], "2026-11-24T10:00:00Z");
    assert_eq!(draft["toRecipients"][0]["emailAddress"]["address"], address("AlexW"));
    assert_eq!(draft["body"]["contentType"], "text");
    let drafts = adele.get("mailFolders/drafts").await.demand(200).json();
    assert_eq!(draft["parentFolderId"], drafts["id"]);
    assert_eq!(adele.value(id(&draft)).await, octets);
    let read = adele.get(&format!("messages/{}", id(&draft))).await.demand(200).json();
    assert_eq!(read, draft, "what is read is what was answered");
    server.finish().await;
}

#[tokio::test]
async fn a_draft_of_json_is_answered_whole_with_what_it_was_given() {
    let Some(schema) = shared("api/types.json") else { return };
    let schema: Value = serde_json::from_slice(&schema).unwrap();
    let server = Server::start().await;
    let adele = server.person("AdeleV");
    let given = json!({
        "subject": "A draft of JSON: größer als üblich",
        "body": {"contentType": "HTML", "content": "<p>Hello <b>Alex</b></p>"},
        "toRecipients": [{"emailAddress": {"address": address("AlexW"), "name": "Alex Wilber"}}],
        "bccRecipients": recipients(&["MeganB"]),
        "replyTo": recipients(&["ChristieC"]),
    });
    let draft = adele.post_json("messages", &given).await.demand(201).json();
    demand_whole(&draft, &schema);
    assert_eq!(draft["subject"], given["subject"]);
    assert_eq!(draft["toRecipients"], given["toRecipients"]);
    assert_eq!(draft["bccRecipients"][0]["emailAddress"]["address"], address("MeganB"));
    assert_eq!(draft["replyTo"][0]["emailAddress"]["address"], address("ChristieC"));
    assert_eq!(draft["body"]["contentType"], "html");
    assert!(draft["body"]["content"].as_str().unwrap().contains("<b>Alex</b>"));
    assert_eq!(draft["from"]["emailAddress"]["address"], address("AdeleV"), "the owner, where none is given");
    server.finish().await;
}

#[tokio::test]
async fn a_draft_goes_to_sent_items_under_its_id_when_it_is_sent() {
    let server = Server::start().await;
    let adele = server.person("AdeleV");
    let octets = plain("AdeleV", &["AlexW"], "A draft that is sent");
    let draft = adele.draft(&octets).await;
    adele.post_nothing(&format!("messages/{}/send", id(&draft))).await.demand_empty(202);
    let sent = adele.get(&format!("messages/{}", id(&draft))).await.demand(200).json();
    let sent_items = adele.get("mailFolders/sentitems").await.demand(200).json();
    assert_eq!(sent["parentFolderId"], sent_items["id"]);
    assert_eq!(sent["isDraft"], false);
    assert_ne!(sent["changeKey"], draft["changeKey"]);
    assert_eq!(adele.value(id(&sent)).await, octets);
    assert!(adele.all("mailFolders/drafts/messages").await.is_empty(), "it has left Drafts");
    let arrived = server.person("AlexW").arrived("A draft that is sent").await;
    assert_eq!(arrived["isDraft"], false);
    assert_eq!(arrived["isRead"], false);
    server.finish().await;
}

#[tokio::test]
async fn what_is_no_draft_can_not_be_sent_again() {
    let server = Server::start().await;
    let adele = server.person("AdeleV");
    let draft = adele.draft(&plain("AdeleV", &["AlexW"], "Sent once")).await;
    let send = format!("messages/{}/send", id(&draft));
    adele.post_nothing(&send).await.demand_empty(202);
    server.person("AlexW").arrived("Sent once").await;
    let message = adele.post_nothing(&send).await.demand_error(400, "ErrorInvalidOperation");
    assert_eq!(message, "Message is not draft.");
    server.person("AlexW").arrived("Sent once").await;
    server.finish().await;
}

/// A draft without Date, From and Message-ID shows them, and its octets stay without.
#[tokio::test]
async fn generated_fields_stand_beside_the_octets() {
    let server = Server::start().await;
    let adele = server.person("AdeleV");
    let octets = b"To: AlexW@contoso.com\nSubject: Bare\n\nHello\n";
    adele.send_mime(octets).await.demand_empty(202);
    let sent = adele.sent().await;
    assert_eq!(adele.value(id(&sent[0])).await, octets.as_slice());
    let alex = server.person("AlexW");
    let arrived = alex.arrived("Bare").await;
    let delivered = alex.value(id(&arrived)).await;
    let added = delivered.strip_suffix(octets.as_slice()).expect("the octets stand at the end");
    let added = std::str::from_utf8(added).unwrap();
    for name in ["Return-Path: <AdeleV@contoso.com>\n", "Received: ", "Date: ", "Message-ID: <", "From: "] {
        assert_eq!(format!("\n{added}").matches(&format!("\n{name}")).count(), 1, "{name} in {added}");
    }
    assert!(!added.contains('\r'), "the message's own line ends: {added:?}");
    for name in ["internetMessageId", "from", "sentDateTime"] {
        assert_eq!(sent[0][name], arrived[name], "both copies show the same {name}");
        assert!(!sent[0][name].is_null(), "{name} is shown");
    }
    assert!(added.contains(sent[0]["internetMessageId"].as_str().unwrap()), "{added}");
    server.finish().await;
}

#[tokio::test]
async fn a_deleted_message_goes_to_deleted_items_and_then_from_all_lists() {
    let server = Server::start().await;
    let adele = server.person("AdeleV");
    let draft = adele.draft(&plain("AdeleV", &["AlexW"], "To be deleted")).await;
    let answer = adele.delete(&format!("messages/{}", id(&draft))).await;
    answer.demand_empty(204);
    assert!(adele.all("mailFolders/drafts/messages").await.is_empty());
    let deleted = adele.all("mailFolders/deleteditems/messages").await;
    assert_eq!(deleted.len(), 1);
    assert_eq!(deleted[0]["subject"], "To be deleted");
    adele.delete(&format!("messages/{}", id(&deleted[0]))).await.demand_empty(204);
    for list in ["messages", "mailFolders/drafts/messages", "mailFolders/deleteditems/messages"] {
        assert!(adele.all(list).await.is_empty(), "{list}");
    }
    // From the recoverable items there is nowhere to go.
    adele.delete(&format!("messages/{}", id(&deleted[0]))).await.demand_error(400, "ErrorCannotDeleteObject");
    server.finish().await;
}

#[tokio::test]
async fn a_file_attached_to_a_draft_of_json_is_in_its_octets() {
    let server = Server::start().await;
    let adele = server.person("AdeleV");
    let file = b"one,two\r\n\x00\xff\xfe three".as_slice();
    let given = json!({
        "subject": "With a file",
        "body": {"contentType": "Text", "content": "See the file."},
        "toRecipients": recipients(&["AlexW"]),
        "attachments": [{
            "@odata.type": "#microsoft.graph.fileAttachment",
            "name": "Zahlen für Ä.csv", "contentType": "text/csv", "contentBytes": base64(file),
        }],
    });
    let draft = adele.post_json("messages", &given).await.demand(201).json();
    assert_eq!(draft["hasAttachments"], true);
    let read = adele.get(&format!("messages/{}?$expand=attachments", id(&draft))).await.demand(200).json();
    let attachment = &read["attachments"][0];
    assert_eq!(attachment["name"], "Zahlen für Ä.csv");
    assert_eq!(attachment["contentType"], "text/csv");
    assert_eq!(attachment["contentBytes"], base64(file));
    assert_eq!(attachment["size"], file.len());
    server.finish().await;
}

/// Many who send one draft at the same time: one of them does, the others are told, and it arrives once.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_draft_sent_by_many_at_once_goes_once() {
    let server = Server::start().await;
    let adele = server.person("AdeleV");
    for round in 0..5 {
        let subject = format!("Sent by many {round}");
        let draft = adele.draft(&plain("AdeleV", &["AlexW"], &subject)).await;
        let send = format!("messages/{}/send", id(&draft));
        let mut senders = tokio::task::JoinSet::new();
        for _ in 0..16 {
            let (adele, send) = (adele.clone(), send.clone());
            senders.spawn(async move { adele.post_nothing(&send).await.status.as_u16() });
        }
        let answers = senders.join_all().await;
        assert_eq!(answers.iter().filter(|status| **status == 202).count(), 1, "{answers:?}");
        assert!(answers.iter().all(|status| matches!(status, 202 | 400)), "{answers:?}");
        server.person("AlexW").arrived(&subject).await;
    }
    assert_eq!(adele.sent().await.len(), 5);
    assert_eq!(server.person("AlexW").inbox().await.len(), 5);
    server.finish().await;
}

/// A draft that is deleted while it is sent was sent or was not: both answers and both mailboxes agree.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_draft_deleted_while_it_is_sent_is_one_or_the_other() {
    let server = Server::start().await;
    let adele = server.person("AdeleV");
    let mut sent = 0;
    for round in 0..10 {
        let draft = adele.draft(&plain("AdeleV", &["AlexW"], &format!("Contested {round}"))).await;
        let message = format!("messages/{}", id(&draft));
        let send = format!("{message}/send");
        let (sending, deleting) = tokio::join!(adele.post_nothing(&send), adele.delete(&message));
        deleting.demand_empty(204); // it is a message before and after
        sent += usize::from(sending.status.as_u16() == 202);
        assert!(matches!(sending.status.as_u16(), 202 | 404), "{:?}", sending.error());
    }
    let last = plain("AdeleV", &["AlexW"], "The last");
    adele.send_mime(&last).await.demand_empty(202);
    let alex = server.person("AlexW");
    alex.arrived("The last").await;
    assert_eq!(alex.inbox().await.len(), sent + 1);
    // A draft that was deleted first went to Sent Items from there.
    let kept = adele.all("mailFolders/deleteditems/messages").await.len() + adele.sent().await.len();
    assert_eq!(kept, 10 + 1);
    server.finish().await;
}
