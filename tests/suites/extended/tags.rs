//! MAPI's properties that every message has, as the dialects of real clients ask for them.

use super::{encoded, id, property, with_properties};
use kit::{Server, letter, plain, recipients};
use serde_json::{Value, json};
use std::collections::BTreeMap;

const IMAP_DELETED: &str = "Integer {00062008-0000-0000-c000-000000000046} Id 0x8570";
const CONTENT_CLASS: &str = "String {00020386-0000-0000-c000-000000000046} Name content-class";

/// The properties that DavMail expands with each message.
const DAVMAIL: [&str; 13] = [
    "String 0x670E",
    "String 0x10f3",
    "Binary 0x0FF9",
    "Integer 0x0e08",
    "Integer 0x1083",
    "Integer 0x1090",
    "Integer 0x0e07",
    "Integer 0x1081",
    IMAP_DELETED,
    CONTENT_CLASS,
    "String 0x007D",
    "String 0x001A",
    "SystemTime 0x0e06",
];

fn values(message: &Value) -> BTreeMap<String, String> {
    let list = message["singleValueExtendedProperties"].as_array().expect("properties were found");
    let text = |value: &Value| value.as_str().expect("ids and values are text").to_owned();
    list.iter().map(|one| (text(&one["id"]), text(&one["value"]))).collect()
}

#[tokio::test]
async fn davmail_reads_the_properties_of_a_message() {
    let server = Server::start().await;
    let adele = server.person("AdeleV");
    let octets = plain("AdeleV", &["AlexW"], "Tags");
    let draft = adele.draft(&octets).await;
    let read = values(&with_properties(&adele, id(&draft), &DAVMAIL).await);
    let value = |id: &str| read.get(id).map(String::as_str);
    assert_eq!(value("Integer 0x0e08"), Some(octets.len().to_string().as_str()));
    assert_eq!(value("Integer 0x0e07"), Some("9"), "read and unsent");
    assert_eq!(value("String 0x001A"), Some("IPM.Note"));
    assert_eq!(value("String 0x10f3"), Some("Tags.EML"));
    assert_eq!(value("String 0x670E"), draft["webLink"].as_str());
    assert_eq!(value(CONTENT_CLASS), Some("urn:content-classes:message"));
    assert!(value("String 0x007D").is_some_and(|header| header.contains("Subject: Tags\r\n")), "{read:?}");
    assert!(value("Binary 0x0FF9").is_some_and(|key| key.len() == 24));
    for absent in ["Integer 0x1083", "Integer 0x1090", "Integer 0x1081", IMAP_DELETED] {
        assert_eq!(value(absent), None, "{absent}");
    }
    server.finish().await;
}

#[tokio::test]
async fn davmail_sets_flags_by_tags() {
    let server = Server::start().await;
    let adele = server.person("AdeleV");
    let draft = adele.draft(&plain("AdeleV", &["AlexW"], "Flags")).await;
    let path = format!("messages/{}", id(&draft));
    let patch = json!({
        "isRead": false,
        "categories": ["Red"],
        "singleValueExtendedProperties": [
            {"id": "Integer 0x1090", "value": "2"},
            {"id": "Integer 0x1081", "value": "102"},
            {"id": "Integer 0x1080", "value": "261"},
            {"id": IMAP_DELETED, "value": "1"},
            {"id": "Integer 0x1083", "value": "0"},
        ],
    });
    let changed = adele.patch_json(&path, &patch).await.demand(200).json();
    assert_eq!((&changed["flag"]["flagStatus"], &changed["isRead"]), (&json!("flagged"), &json!(false)));
    let asked = ["Integer 0x1090", "Integer 0x1081", "Integer 0x1080", IMAP_DELETED, "Integer 0x1083", "Integer 0xe07"];
    let read = values(&with_properties(&adele, id(&draft), &asked).await);
    assert_eq!(asked.map(|id| read[id].as_str()), ["2", "102", "261", "1", "0", "8"]);
    for (status, tag) in [("complete", Some("1")), ("notFlagged", None)] {
        adele.patch_json(&path, &json!({"flag": {"flagStatus": status}})).await.demand(200);
        assert_eq!(property(&adele, id(&draft), "Integer 0x1090").await.as_deref(), tag);
    }
    server.finish().await;
}

#[tokio::test]
async fn octets_decide_the_class_of_a_message() {
    let server = Server::start().await;
    let (adele, alex) = (server.person("AdeleV"), server.person("AlexW"));
    for (content_type, class) in [
        ("multipart/signed; protocol=\"application/pkcs7-signature\"; boundary=b", "IPM.Note.SMIME.MultipartSigned"),
        ("application/pkcs7-mime; smime-type=enveloped-data; name=smime.p7m", "IPM.Note.SMIME"),
        ("text/plain", "IPM.Note"),
    ] {
        let fields =
            [("From", "AdeleV@contoso.com"), ("To", "AlexW@contoso.com"), ("Subject", class), ("Content-Type", content_type)];
        let octets = letter(&fields, "--b\r\n\r\nHello\r\n--b--\r\n");
        let draft = adele.draft(&octets).await;
        // DavMail posts the class again that it read.
        let mut again = draft.clone();
        again["singleValueExtendedProperties"] =
            json!([{"id": "Integer 0x0E07", "value": "1"}, {"id": "String 0x001A", "value": "IPM.Note"}]);
        let imported = adele.post_json("messages", &again).await.demand(201).json();
        adele.send_mime(&octets).await.demand_empty(202);
        let (sent, arrived) = (adele.sent().await.swap_remove(0), alex.arrived(class).await);
        for (person, message) in [(&adele, &draft), (&adele, &imported), (&adele, &sent), (&alex, &arrived)] {
            assert_eq!(property(person, id(message), "String 0x001A").await.as_deref(), Some(class));
        }
        adele.patch_mime(&format!("messages/{}", id(&draft)), &plain("AdeleV", &["AlexW"], "Plain now")).await.demand(200);
        assert_eq!(property(&adele, id(&draft), "String 0x1A").await.as_deref(), Some("IPM.Note"));
    }
    server.finish().await;
}

#[tokio::test]
async fn importers_say_by_tags_how_a_message_once_was() {
    let server = Server::start().await;
    let adele = server.person("AdeleV");
    let message = json!({
        "subject": "Imported", "body": {"content": "Hello"}, "toRecipients": recipients(&["AdeleV"]),
        "singleValueExtendedProperties": [
            {"id": "Integer 0x0E07", "value": "0"},
            {"id": "SystemTime 0x0E06", "value": "2021-05-06T07:08:09Z"},
            {"id": "SystemTime 0x0039", "value": "2021-05-06T07:08:00Z"},
            {"id": "String 0x1035", "value": "<old@fabrikam.example>"},
            {"id": "String 0x1042", "value": "<before@fabrikam.example>"},
            {"id": "String 0x007D", "value": "Received: from x\r\nX-Mailer: Old\r\nSubject: Another"},
            {"id": "String {00020386-0000-0000-C000-000000000046} Name X-Ticket", "value": "17"},
        ],
    });
    let made = adele.post_json("messages", &message).await.demand(201).json();
    assert_eq!((&made["isDraft"], &made["isRead"]), (&json!(false), &json!(false)));
    assert_eq!(made["receivedDateTime"], "2021-05-06T07:08:09Z");
    assert_eq!(made["sentDateTime"], "2021-05-06T07:08:00Z");
    assert_eq!(made["internetMessageId"], "<old@fabrikam.example>");
    let octets = String::from_utf8(adele.value(id(&made)).await.to_vec()).unwrap();
    for field in ["In-Reply-To: <before@fabrikam.example>", "X-Mailer: Old", "X-Ticket: 17", "Subject: Imported"] {
        assert!(octets.contains(&format!("{field}\r\n")), "{field}: {octets}");
    }
    assert!(!octets.contains("Received:") && !octets.contains("Another"), "{octets}");
    let header = property(&adele, id(&made), "String {00020386-0000-0000-c000-000000000046} Name x-ticket").await;
    assert_eq!(header.as_deref(), Some("17"));
    server.finish().await;
}

/// Evolution leaves out the `$`, writes `Long 0xe08`, and names the properties in `$select` too.
#[tokio::test]
async fn evolution_and_thunderbird_ask_in_their_own_spelling() {
    let server = Server::start().await;
    let adele = server.person("AdeleV");
    let draft = adele.draft(&plain("AdeleV", &["AlexW"], "Dialects")).await;
    let size = adele.value(id(&draft)).await.len();
    let select = "singleValueExtendedProperties,bodyPreview,subject";
    let evolution = encoded("singleValueExtendedProperties($filter=id eq 'Long 0xe08' or id eq 'Integer 0x1080')");
    let path = format!("mailFolders/drafts/messages?$select={select}&expand={evolution}");
    let listed = adele.get(&path).await.demand(200).json();
    let found = json!([{"id": "Long 0xe08", "value": size.to_string()}]);
    assert_eq!(listed["value"][0]["singleValueExtendedProperties"], found);
    assert_eq!(listed["value"][0]["subject"], "Dialects");
    let thunderbird = encoded("singleValueExtendedProperties($filter=Id eq 'Integer 0x0E08')");
    let listed = adele.get(&format!("mailFolders/drafts/messages?$expand={thunderbird}")).await.demand(200).json();
    assert_eq!(listed["value"][0]["singleValueExtendedProperties"], json!([{"id": "Integer 0x0E08", "value": size.to_string()}]));
    server.finish().await;
}

/// The numbers by which IMAP knows messages (RFC 3501 §2.3.1.1): rising in each folder, and new where a message comes again.
#[tokio::test]
async fn a_message_has_a_rising_number_in_its_folder() {
    const UID: &str = "Integer 0xe23";
    let server = Server::start().await;
    let adele = server.person("AdeleV");
    let mut drafts = Vec::new();
    for number in 0..4 {
        drafts.push(adele.draft(&plain("AdeleV", &["AlexW"], &format!("Number {number}"))).await);
    }
    let uid = async |message: &Value| -> i64 { property(&adele, id(message), UID).await.unwrap().parse().unwrap() };
    let mut before = Vec::new();
    for draft in &drafts {
        before.push(uid(draft).await);
    }
    assert!(before.is_sorted_by(|one, next| one < next), "{before:?}");
    adele.patch_json(&format!("messages/{}", id(&drafts[0])), &json!({"isRead": false})).await.demand(200);
    assert_eq!(uid(&drafts[0]).await, before[0], "a change is no coming");
    for folder in ["archive", "drafts"] {
        adele.post_json(&format!("messages/{}/move", id(&drafts[0])), &json!({"destinationId": folder})).await.demand(201);
    }
    assert!(uid(&drafts[0]).await > before[3], "one that comes again comes last");
    server.finish().await;
}
