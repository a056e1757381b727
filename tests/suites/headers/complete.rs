//! What is no single field's matter: all fields in order, trust, conversations, fields of parts.

use super::{id, server, whole};
use kit::{Field, Person, Server, fields, now, shared_path};
use serde_json::{Value, json};
use std::fs;

/// Names and bodies as the JSON lists them.
fn listed(message: &Value) -> Vec<(String, String)> {
    let fields = message["internetMessageHeaders"].as_array().unwrap().iter();
    fields.map(|field| (field["name"].as_str().unwrap().to_owned(), field["value"].as_str().unwrap().to_owned())).collect()
}

/// A header with fields twice, odd case and folding; nothing in it is encoded, so that text can be compared with text.
const HEADER: &str = "Received: from a.example (a.example [192.0.2.1])\r\n\tby b.example; Tue, 24 Nov 2026 09:00:00 +0000\r\n\
    rEceived: from before\r\nX-Twice: one\r\nFrom: AdeleV@contoso.com\r\nX-Twice: two\r\nTO: AlexW@contoso.com\r\nX-Twice: one\r\n\
    Subject:\r\n  Complete\r\nX-Empty:\r\nDate: Tue, 24 Nov 2026 10:00:00 +0000\r\nMessage-ID: <complete@tests.contoso.com>\r\n";

#[tokio::test]
async fn header_fields_are_listed_whole_and_in_order_on_sent_and_received_alike() {
    let server = Server::start().await;
    let (adele, alex) = (server.person("AdeleV"), server.person("AlexW"));
    let octets = format!("{HEADER}\r\nThe body\r\n").into_bytes();
    let answer = adele.send_mime(&octets).await.demand(202);
    let sent = adele.get(answer.header("location").unwrap()).await.demand(200).json();
    let received = alex.arrived("Complete").await;
    let own: Vec<(String, String)> = fields(&octets).iter().map(|field| (field.name.clone(), field.body())).collect();
    assert_eq!(listed(&whole(&adele, &sent).await), own, "sent");
    let of_copy = alex.value(id(&received)).await;
    let of_copy: Vec<(String, String)> = fields(&of_copy).iter().map(|field| (field.name.clone(), field.body())).collect();
    let shown = listed(&whole(&alex, &received).await);
    assert_eq!(shown, of_copy, "received: exactly the fields of its octets");
    assert_eq!(shown[2..], own, "received: a trace of two fields, then all that was sent");
    server.finish().await;
}

/// The names of every file of the corpus, as the tests' own rule finds them.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_field_name_of_the_corpus_is_listed() {
    let Some(folder) = shared_path("corpus/mime/mimekit") else { return };
    let server = Server::start().await;
    let adele = server.person("AdeleV");
    let files: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|e| e == "eml"))
        .collect();
    assert!(!files.is_empty());
    kit::each(8, files, |path| demand_names(adele.clone(), path)).await;
    server.finish().await;
}

async fn demand_names(adele: Person, path: std::path::PathBuf) {
    let octets = fs::read(&path).unwrap();
    let made = adele.post_mime("messages?import=true", &octets).await.demand(201).json();
    let found: Vec<String> = listed(&whole(&adele, &made).await).into_iter().map(|(name, _)| name).collect();
    let wanted: Vec<String> = fields(&octets).into_iter().map(|field: Field| field.name).collect();
    assert_eq!(found, wanted, "{}", path.display());
}

/// Received says when others got it, as they claim; we say when we did.
#[tokio::test]
async fn a_claimed_trace_is_kept_and_not_believed() {
    let server = Server::start().await;
    let (adele, alex) = (server.person("AdeleV"), server.person("AlexW"));
    let before = now();
    let octets = format!("{HEADER}Return-Path: <liar@fabrikam.example>\r\n\r\nThe body\r\n").into_bytes();
    adele.send_mime(&octets).await.demand_empty(202);
    let received = alex.arrived("Complete").await;
    let at = received["receivedDateTime"].as_str().unwrap();
    assert!(before.as_str() <= at && at <= now().as_str(), "{at}");
    assert_eq!(received["sentDateTime"], "2026-11-24T10:00:00Z");
    let copy = alex.value(id(&received)).await;
    let paths: Vec<String> = fields(&copy).iter().filter(|field| field.is("Return-Path")).map(Field::body).collect();
    assert_eq!(paths, ["<AdeleV@contoso.com>", "<liar@fabrikam.example>"], "ours stands first");
    server.finish().await;
}

/// A conversation is what has one root.
#[tokio::test]
async fn references_join_a_conversation() {
    let server = server().await;
    let adele = server.person("AdeleV");
    let conversation = async |header: &str| {
        let made = adele.draft(format!("{header}\n\nThe body\n").as_bytes()).await;
        made["conversationId"].as_str().unwrap().to_owned()
    };
    let root = conversation("Message-ID: <1@x.example>").await;
    for header in [
        "Message-ID: <2@x.example>\nIn-Reply-To: <1@x.example>",
        "Message-ID: <3@x.example>\nIn-Reply-To: <2@x.example>\nReferences: <1@x.example> <2@x.example>",
        "References: <1@x.example>",
    ] {
        assert_eq!(conversation(header).await, root, "{header}");
    }
    for header in ["Message-ID: <9@x.example>", "References: <9@x.example> <1@x.example>", "Subject: none"] {
        assert_ne!(conversation(header).await, root, "{header}");
    }
    server.finish().await;
}

/// Content- fields of parts become properties of attachments.
#[tokio::test]
async fn fields_of_parts_are_properties_of_attachments() {
    let server = Server::start().await;
    let adele = server.person("AdeleV");
    let octets = "Subject: Parts\r\nMIME-Version: 1.0\r\nContent-Type: multipart/related; boundary=b\r\n\r\n--b\r\n\
        Content-Type: text/html\r\n\r\n<img src=\"cid:pic@x\">\r\n--b\r\n\
        Content-Type: Image/PNG; name=\"type.png\"\r\nContent-Transfer-Encoding: base64\r\nContent-ID: <pic@x>\r\n\r\nQUJD\r\n--b\r\n\
        Content-Type: application/pdf\r\nContent-Disposition: attachment;\r\n filename*0*=utf-8''Gr%C3%B6;\r\n filename*1*=%C3%9Fe.pdf\r\n\r\nPDF\r\n--b\r\n\
        Content-Disposition: inline; filename=\"note.txt\"\r\nContent-Type: text/plain\r\n\r\nNote\r\n--b\r\n\
        Content-Type: message/rfc822\r\n\r\nSubject: Within\r\n\r\nInner  \r\n--b--\r\n";
    let draft = adele.draft(octets.as_bytes()).await;
    let expanded = adele.get(&format!("messages/{}?$expand=attachments", id(&draft))).await.demand(200).json();
    let shown: Vec<Value> = expanded["attachments"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| {
            json!([one["@odata.type"], one["name"], one["contentType"], one["isInline"], one["contentId"], one["contentBytes"]])
        })
        .collect();
    let file = "#microsoft.graph.fileAttachment";
    let wanted = [
        json!([file, "type.png", "image/png", true, "pic@x", "QUJD"]),
        json!([file, "Größe.pdf", "application/pdf", false, null, "UERG"]),
        json!([file, "note.txt", "text/plain", true, null, "Tm90ZQ=="]),
        json!(["#microsoft.graph.itemAttachment", "Within", null, false, null, null]),
    ];
    assert_eq!(shown, wanted);
    assert_eq!(draft["hasAttachments"], true);
    let within = expanded["attachments"][3]["id"].as_str().unwrap();
    let raw = adele.get(&format!("messages/{}/attachments/{within}/$value", id(&draft))).await.demand(200);
    assert_eq!(&raw.body[..], b"Subject: Within\r\n\r\nInner  ", "an attached message is its raw slice");
    server.finish().await;
}
