//! What a message that was sent or received can't change any more.

use super::{id, path, three};
use kit::{Server, base64, recipients};
use serde_json::{Value, json};

fn changes() -> Vec<Value> {
    vec![
        json!({"subject": "Another"}),
        json!({"body": {"contentType": "text", "content": "Another"}}),
        json!({"from": {"emailAddress": {"address": "MeganB@contoso.com"}}}),
        json!({"sender": {"emailAddress": {"address": "MeganB@contoso.com"}}}),
        json!({"toRecipients": recipients(&["MeganB"])}),
        json!({"ccRecipients": recipients(&["MeganB"])}),
        json!({"bccRecipients": recipients(&["ChristieC"])}),
        json!({"replyTo": recipients(&["MeganB"])}),
        json!({"internetMessageId": "<other@tests.contoso.com>"}),
        json!({"isRead": false, "subject": "Another"}),
    ]
}

#[tokio::test]
async fn a_message_that_is_no_draft_keeps_what_it_says() {
    let server = Server::start().await;
    for (what, person, message) in three(&server).await.into_iter().skip(1) {
        let before = (person.get(&path(&message)).await.demand(200).json(), person.value(id(&message)).await);
        for change in changes() {
            let told = person.patch_json(&path(&message), &change).await.demand_error(400, "ErrorInvalidPropertySet");
            assert_eq!(told, "Message is not draft.", "{what} {change}");
        }
        let attachments = format!("{}/attachments", path(&message));
        let file = json!({"@odata.type": "#microsoft.graph.fileAttachment", "name": "a", "contentBytes": base64(b"1")});
        person.post_json(&attachments, &file).await.demand_error(400, "ErrorInvalidPropertySet");
        let first = person.get(&attachments).await.demand(200).json()["value"][0]["id"].as_str().unwrap().to_owned();
        person.delete(&format!("{attachments}/{first}")).await.demand_error(400, "ErrorInvalidPropertySet");
        person
            .put_mime(&format!("{}/$value", path(&message)), b"A: b\r\n\r\n")
            .await
            .demand_error(400, "ErrorInvalidPropertySet");
        let after = (person.get(&path(&message)).await.demand(200).json(), person.value(id(&message)).await);
        assert_eq!(after, before, "{what}");
    }
    server.finish().await;
}

/// Attachments and header fields are no matter of a PATCH (behaviour 4.9).
#[tokio::test]
async fn a_patch_names_no_attachments_and_no_header_fields() {
    let server = Server::start().await;
    let [(_, adele, draft), ..] = three(&server).await;
    let before = (adele.get(&path(&draft)).await.demand(200).json(), adele.value(id(&draft)).await);
    for change in [
        json!({"attachments": [{"@odata.type": "#microsoft.graph.fileAttachment", "name": "a", "contentBytes": "QQ=="}]}),
        json!({"internetMessageHeaders": [{"name": "X-A", "value": "1"}]}),
    ] {
        adele.patch_json(&path(&draft), &change).await.demand_error(400, "ErrorInvalidPropertySet");
    }
    for unreadable in [json!({"importance": "urgent"}), json!({"isRead": 7}), json!({"toRecipients": {}}), json!([])] {
        adele.patch_json(&path(&draft), &unreadable).await.demand(400).error();
    }
    assert_eq!((adele.get(&path(&draft)).await.demand(200).json(), adele.value(id(&draft)).await), before);
    server.finish().await;
}
