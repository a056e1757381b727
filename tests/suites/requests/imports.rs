//! Messages that come in as they once were received: no drafts, with their dates and their read state, in one call.

use super::{id, post_mime_with};
use kit::{PEOPLE, Server, letter, now, recipients};
use serde_json::{Value, json};

const OLD: &[u8] = b"Received: by old.example; Wed, 1 Jan 2020 00:00:09 +0000\nFrom: Somebody <somebody@fabrikam.example>\n\
    To: AdeleV@contoso.com\nSubject: Old\nDate: Wed, 1 Jan 2020 01:00:00 +0100\n\nOctets \xff kept  \r\n";

async fn folder_id(adele: &kit::Person, name: &str) -> Value {
    adele.get(&format!("mailFolders/{name}")).await.demand(200).json()["id"].clone()
}

#[tokio::test]
async fn a_message_is_imported_by_query_or_by_preference() {
    let server = Server::start().await;
    let adele = server.person("AdeleV");
    let at = "2020-01-02T03:04:05Z";
    let by_query = format!("import=true&isRead=false&receivedDateTime={at}");
    let preferred = format!("import, isRead=false, receivedDateTime=\"{at}\"");
    let with_prefix =
        format!("restante.import; restante.import=true, restante.isRead=\"false\", restante.receivedDateTime=\"{at}\"");
    let ways: [(&str, Vec<(&str, &str)>); 3] =
        [(&by_query, vec![]), ("", vec![("prefer", &preferred)]), ("", vec![("prefer", &with_prefix)])];
    for (query, headers) in ways {
        for (path, folder) in [("messages", "inbox"), ("mailFolders/archive/messages", "archive")] {
            let made = post_mime_with(&adele, &format!("{path}?{query}"), OLD, &headers).await.demand(201).json();
            assert_eq!((&made["isDraft"], &made["isRead"]), (&json!(false), &json!(false)), "{query} {headers:?}");
            assert_eq!((&made["receivedDateTime"], &made["sentDateTime"]), (&json!(at), &json!("2020-01-01T00:00:00Z")));
            assert_eq!(made["parentFolderId"], folder_id(&adele, folder).await);
            assert_eq!(made["from"]["emailAddress"]["address"], "somebody@fabrikam.example");
            assert_eq!(adele.value(id(&made)).await, OLD);
        }
    }
    for name in PEOPLE {
        let count = server.person(name).inbox().await.len();
        assert_eq!(count, if name == "AdeleV" { 3 } else { 0 }, "an import is sent to nobody: {name}");
    }
    server.finish().await;
}

#[tokio::test]
async fn what_an_import_leaves_out_is_read_from_the_message() {
    let server = Server::start().await;
    let adele = server.person("AdeleV");
    let made = adele.post_mime("messages?import", OLD).await.demand(201).json();
    assert_eq!((&made["isRead"], &made["receivedDateTime"]), (&json!(true), &json!("2020-01-01T00:00:00Z")), "by its Date");
    let before = now();
    let made = adele.post_mime("messages?import=true", b"Subject: No date\n\nHello").await.demand(201).json();
    assert!(before.as_str() <= made["receivedDateTime"].as_str().unwrap(), "without a Date it is the moment");
    for wrong in [
        "import=maybe",
        "import=true&isRead=7",
        "import=true&receivedDateTime=yesterday",
        "import=true&receivedDateTime=2020-01-01",
    ] {
        adele.post_mime(&format!("messages?{wrong}"), OLD).await.demand_error(400, "BadRequest");
    }
    // Without `import` a message is a draft as ever.
    assert_eq!(adele.post_mime("messages?import=false", OLD).await.demand(201).json()["isDraft"], true);
    server.finish().await;
}

/// DavMail stores a message so: it drafts the MIME, reads it, and posts what it read to a folder with
/// PidTagMessageFlags; then it deletes the draft.
#[tokio::test]
async fn json_that_names_a_draft_of_mime_takes_its_octets() {
    let server = Server::start().await;
    let adele = server.person("AdeleV");
    let draft = adele.draft(OLD).await;
    let spellings = ["Integer 0x0E07", "Integer 0xe07", "INTEGER 0x0e07"];
    for (number, (flags, is_read)) in [("1", true), ("0", false), ("4", false)].into_iter().enumerate() {
        let mut body = draft.clone();
        body["singleValueExtendedProperties"] = json!([
            {"id": spellings[number], "value": flags},
            {"id": "SystemTime 0x0E06", "value": "2021-05-06T07:08:09Z"},
            {"id": "String 0x001A", "value": "IPM.Note"},
        ]);
        body["isRead"] = json!(is_read);
        let made = adele.post_json("mailFolders/archive/messages", &body).await.demand(201).json();
        assert_ne!(made["id"], draft["id"]);
        assert_eq!((&made["isDraft"], &made["isRead"]), (&json!(false), &json!(is_read)), "flags {flags}");
        assert_eq!(
            (&made["receivedDateTime"], &made["sentDateTime"]),
            (&json!("2021-05-06T07:08:09Z"), &json!("2020-01-01T00:00:00Z"))
        );
        assert_eq!(made["parentFolderId"], folder_id(&adele, "archive").await);
        assert_eq!(adele.value(id(&made)).await, OLD, "the copy takes the octets");
    }
    adele.delete(&format!("messages/{}", id(&draft))).await.demand_empty(204);
    server.finish().await;
}

#[tokio::test]
async fn json_with_message_flags_and_no_mime_is_composed_and_no_draft() {
    let server = Server::start().await;
    let (adele, alex) = (server.person("AdeleV"), server.person("AlexW"));
    let of_alex = alex.draft(OLD).await;
    let body = json!({
        "id": of_alex["id"], "subject": "Stored", "body": {"contentType": "text", "content": "Hello"},
        "from": {"emailAddress": {"address": "somebody@fabrikam.example"}}, "toRecipients": recipients(&["AdeleV"]),
        "singleValueExtendedProperties": [{"id": "Integer 0x0E07", "value": "1"}],
    });
    let made = adele.post_json("mailFolders/inbox/messages", &body).await.demand(201).json();
    assert_eq!((&made["isDraft"], &made["subject"]), (&json!(false), &json!("Stored")));
    assert_eq!(made["from"]["emailAddress"]["address"], "somebody@fabrikam.example");
    let octets = adele.value(id(&made)).await;
    assert!(!String::from_utf8_lossy(&octets).contains("kept"), "another mailbox's message is nobody's octets here");
    // With the bit for unsent messages it is a draft.
    let mut body = body;
    body["singleValueExtendedProperties"][0]["value"] = json!("8");
    assert_eq!(adele.post_json("messages", &body).await.demand(201).json()["isDraft"], true);
    server.finish().await;
}

#[tokio::test]
async fn raw_octets_are_taken_as_well_as_base64() {
    let server = Server::start().await;
    let adele = server.person("AdeleV");
    let octets = letter(&[("From", "AdeleV@contoso.com"), ("To", "AlexW@contoso.com"), ("Subject", "Raw")], "Octets \r\n kept");
    let octets = [octets.as_slice(), b"\x00\xff\n"].concat();
    for media_type in ["message/rfc822", "Message/RFC822; charset=x"] {
        let draft = adele.post("messages", media_type, octets.clone()).await.demand(201).json();
        assert_eq!(adele.value(id(&draft)).await, octets);
        let answer = adele.post("sendMail", media_type, octets.clone()).await.demand(202);
        let sent = adele.get(answer.header("location").unwrap()).await.demand(200).json();
        assert_eq!(adele.value(id(&sent)).await, octets);
        let put = [("content-type", media_type)];
        let path = format!("messages/{}/$value", id(&draft));
        let other = [b"X: 1\n".as_slice(), &octets].concat();
        adele.call(hyper::Method::PUT, &path, &put, other.clone().into()).await.demand_empty(204);
        assert_eq!(adele.value(id(&draft)).await, other);
        adele.post("messages", media_type, "").await.demand_error(400, "ErrorMimeContentInvalidBase64String");
    }
    server.finish().await;
}
