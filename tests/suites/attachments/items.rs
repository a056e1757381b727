//! Messages and links that are attached.

use super::{attachments_of, drafts, file, id, names};
use kit::{Server, base64};
use serde_json::{Value, json};

/// A message within so many others, as JSON.
fn nested(levels: usize) -> Value {
    let mut item =
        json!({"subject": "Innermost", "body": {"content": "Here"}, "attachments": [file("a.txt", "text/plain", b"1")]});
    for level in 1..levels {
        let attached = json!({"@odata.type": "#microsoft.graph.itemAttachment", "name": format!("Level {level}"), "item": item});
        item =
            json!({"@odata.type": "#microsoft.graph.message", "subject": format!("Around {level}"), "attachments": [attached]});
    }
    json!({"@odata.type": "#microsoft.graph.itemAttachment", "name": "Nested", "item": item})
}

#[tokio::test]
async fn a_message_is_attached_as_a_message() {
    let server = Server::start().await;
    let adele = server.person("AdeleV");
    for draft in drafts(&adele).await {
        let attachments = attachments_of(&draft);
        let item = json!({
            "@odata.type": "microsoft.graph.message", "subject": "Grüße within", "body": {"contentType": "html", "content": "<p>Hi</p>"},
            "from": {"emailAddress": {"address": "someone@example.com"}}, "toRecipients": kit::recipients(&["AlexW"]),
            "sentDateTime": "2019-02-28T21:17:58Z", "internetMessageId": "<within@example.com>",
        });
        let given = json!({"@odata.type": "#microsoft.graph.itemAttachment", "name": "Within", "item": item});
        let added = adele.post_json(&attachments, &given).await.demand(201).json();
        assert_eq!((&added["@odata.type"], &added["name"]), (&json!("#microsoft.graph.itemAttachment"), &json!("Within")));
        assert_eq!((added.get("contentBytes"), &added["contentType"]), (None, &Value::Null));
        let path = format!("{attachments}/{}", id(&added));
        let octets = adele.get(&format!("{path}/$value")).await.demand(200);
        let octets = String::from_utf8(octets.body.to_vec()).expect("a message that we make is text");
        assert!(octets.contains("Message-ID: <within@example.com>\r\n"), "{octets}");
        assert!(octets.contains("Date: Thu, 28 Feb 2019 21:17:58 +0000\r\n"), "{octets}");
        let whole = adele.value(id(&draft)).await;
        assert!(String::from_utf8_lossy(&whole).contains(&octets), "it stands in its message as it is");

        let expanded = format!("{path}?$expand=microsoft.graph.itemattachment/item");
        let item = adele.get(&expanded).await.demand(200).json()["item"].clone();
        assert_eq!((&item["@odata.type"], &item["id"]), (&json!("#microsoft.graph.message"), &json!("")));
        assert_eq!((&item["subject"], &item["body"]["contentType"]), (&json!("Grüße within"), &json!("html")));
        assert_eq!((&item["sentDateTime"], &item["isDraft"]), (&json!("2019-02-28T21:17:58Z"), &json!(false)));
        assert_eq!(item["from"]["emailAddress"]["address"], "someone@example.com");
        assert_eq!((item.get("parentFolderId"), item.get("attachments")), (None, None));
        let selected = adele.get(&format!("{expanded}($select=subject)")).await.demand(200).json()["item"].clone();
        assert_eq!(selected, json!({"@odata.type": "#microsoft.graph.message", "id": "", "subject": "Grüße within"}));
        let within = "attachments($expand=microsoft.graph.itemAttachment/item($select=subject))";
        let message = adele.get(&format!("messages/{}?$expand={within}", id(&draft))).await.demand(200).json();
        assert_eq!(message["attachments"][0]["item"]["subject"], "Grüße within");
        adele.get(&format!("{path}?$expand=nothing")).await.demand_error(400, "RequestBroker--ParseUri");
    }
    server.finish().await;
}

#[tokio::test]
async fn items_within_items_are_shown_so_deep_and_no_deeper() {
    let server = Server::start().await;
    let adele = server.person("AdeleV");
    for (levels, shown) in [(3, 3), (35, 30)] {
        let draft = &drafts(&adele).await[0];
        let added = adele.post_json(&attachments_of(draft), &nested(levels)).await.demand(201).json();
        let path = format!("{}/{}?$expand=microsoft.graph.itemAttachment/item", attachments_of(draft), id(&added));
        let mut attached = adele.get(&path).await.demand(200).json();
        let mut seen = 0;
        while let Some(item) = attached.get("item") {
            seen += 1;
            attached = item["attachments"][0].clone();
        }
        assert_eq!(seen, shown, "of {levels}");
        if levels == shown {
            assert_eq!((&attached["name"], &attached["contentBytes"]), (&json!("a.txt"), &json!(base64(b"1"))));
        }
    }
    server.finish().await;
}

#[tokio::test]
async fn a_new_message_brings_items_along_in_order() {
    let server = Server::start().await;
    let (adele, alex) = (server.person("AdeleV"), server.person("AlexW"));
    let item = json!({"@odata.type": "#microsoft.graph.itemAttachment", "item": {"subject": "Brought along"}});
    let attachments = json!([file("1.txt", "text/plain", b"1"), item, file("2.txt", "text/plain", b"2")]);
    let message = json!({"subject": "Items", "toRecipients": kit::recipients(&["AlexW"]), "attachments": attachments});
    adele.send_json(&message).await.demand(202);
    let arrived = alex.arrived("Items").await;
    let list = alex.get(&attachments_of(&arrived)).await.demand(200).json();
    assert_eq!(names(&list), ["1.txt", "Brought along", "2.txt"]);
    server.finish().await;
}

/// A link is message/external-body (RFC 2046 §5.2.3, RFC 2017), and has no octets.
#[tokio::test]
async fn a_link_leads_elsewhere() {
    let server = Server::start().await;
    let adele = server.person("AdeleV");
    let draft = &drafts(&adele).await[1];
    let attachments = attachments_of(draft);
    let url = format!("https://example.com/a%20b?x={}", "y".repeat(300));
    let link = json!({
        "@odata.type": "#microsoft.graph.referenceAttachment", "name": "Vertrag ü.docx", "contentType": "application/msword",
        "sourceUrl": url,
    });
    let added = adele.post_json(&attachments, &link).await.demand(201).json();
    assert_eq!((&added["@odata.type"], &added["sourceUrl"]), (&link["@odata.type"], &json!(url)));
    assert_eq!((&added["name"], &added["contentType"]), (&link["name"], &link["contentType"]));
    assert_eq!(added.get("contentBytes"), None);
    let path = format!("{attachments}/{}", id(&added));
    adele.get(&format!("{path}/$value")).await.demand_error(405, "ErrorInvalidRequest");
    let octets = adele.value(id(draft)).await;
    assert!(String::from_utf8_lossy(&octets).contains("Content-Type: message/external-body"));
    for url in ["", "no address", "https://example.com/\"x", "https://example.com/ü"] {
        let wrong = json!({"@odata.type": "#microsoft.graph.referenceAttachment", "name": "x", "sourceUrl": url});
        adele.post_json(&attachments, &wrong).await.demand_error(400, "RequestBodyRead");
    }
    adele.delete(&path).await.demand_empty(204);
    server.finish().await;
}
