//! `Mail.ReadBasic` (Graph: permissions-reference): messages without their text, their attachments and what apps hung on them.

use super::ALL;
use kit::{Person, Server, app, plain};
use serde_json::{Value, json};

const CANARY: &str = "canary";

async fn stocked(server: &Server) -> String {
    let adele = server.person("AdeleV");
    let message = json!({
        "subject": "A bird",
        "body": {"contentType": "text", "content": CANARY},
        "toRecipients": [{"emailAddress": {"address": "alexw@contoso.com"}}],
        "attachments": [{
            "@odata.type": "#microsoft.graph.fileAttachment", "name": "canary.txt", "contentBytes": "Y2FuYXJ5",
        }],
        "singleValueExtendedProperties": [{"id": "String {00020329-0000-0000-c000-000000000046} Name bird", "value": CANARY}],
        "extensions": [{"@odata.type": "microsoft.graph.openTypeExtension", "extensionName": "Com.Bird", "song": CANARY}],
    });
    let draft = adele.post_json("messages", &message).await.demand(201).json();
    draft["id"].as_str().unwrap().to_owned()
}

async fn demand_no_bird(caller: &Person, path: &str) -> Value {
    let answer = caller.get(path).await.demand(200);
    let text = String::from_utf8_lossy(&answer.body).into_owned();
    assert!(!text.contains(CANARY), "{path}: {text}");
    answer.json()
}

#[tokio::test]
async fn what_is_hidden_is_left_out_and_can_not_be_asked_for() {
    let server = Server::start().await;
    let tool = app("tool", &format!("{ALL} Mail.ReadBasic Mail.ReadBasic.All"));
    server.register(&tool).await;
    let id = stocked(&server).await;
    let person = server.through(&tool, "AdeleV", "Mail.ReadBasic").await;
    let itself = server.as_app(&tool, "Mail.ReadBasic.All").at("AdeleV");
    for caller in [&person, &itself] {
        let shown = demand_no_bird(caller, &format!("messages/{id}")).await;
        assert_eq!((shown["subject"].as_str(), shown["hasAttachments"].as_bool()), (Some("A bird"), Some(true)));
        for path in ["messages", "mailFolders/drafts/messages", "mailFolders/drafts/messages/delta", "messages?$select=*"] {
            let listed = demand_no_bird(caller, path).await;
            assert_eq!(listed["value"][0]["subject"], "A bird", "{path}");
            for hidden in ["body", "bodyPreview", "uniqueBody"] {
                assert!(listed["value"][0].get(hidden).is_none(), "{path}: {hidden}");
            }
        }
        for query in [
            "$select=subject,body",
            "$select=bodyPreview",
            "$select=uniqueBody",
            "$expand=attachments",
            "$expand=extensions",
            "$expand=singleValueExtendedProperties($filter=id%20eq%20'String%200x37')",
        ] {
            for path in ["messages", "mailFolders/drafts/messages/delta", &format!("messages/{id}")] {
                caller.get(&format!("{path}?{query}")).await.demand_error(403, "ErrorAccessDenied");
            }
        }
        for path in ["attachments", "attachments/$count", "extensions", "extensions/Com.Bird", "$value"] {
            caller.get(&format!("messages/{id}/{path}")).await.demand_error(403, "ErrorAccessDenied");
        }
        caller.patch_json(&format!("messages/{id}"), &json!({"isRead": true})).await.demand_error(403, "ErrorAccessDenied");
    }
    server.person("AdeleV").get(&format!("messages/{id}?$expand=attachments")).await.demand(200);
    server.finish().await;
}

#[tokio::test]
async fn what_is_hidden_can_not_be_guessed_at() {
    let server = Server::start().await;
    let tool = app("tool", &format!("{ALL} Mail.ReadBasic"));
    server.register(&tool).await;
    stocked(&server).await;
    let (basic, whole) = (server.through(&tool, "AdeleV", "Mail.ReadBasic").await, server.person("AdeleV"));
    for query in [
        "$filter=contains(body/content,'canary')",
        "$filter=startswith(bodyPreview,'can')",
        "$filter=singleValueExtendedProperties/any(ep:%20ep/id%20eq%20'String%20{00020329-0000-0000-c000-000000000046}%20Name%20bird'%20and%20ep/value%20eq%20'canary')",
        "$search=%22body:canary%22",
        "$search=%22attachment:canary%22",
    ] {
        for path in ["messages", "messages/$count"] {
            whole.get(&format!("{path}?{query}")).await.demand(200);
            basic.get(&format!("{path}?{query}")).await.demand_error(403, "ErrorAccessDenied");
        }
    }
    assert_eq!(whole.all("messages?$search=canary").await.len(), 1);
    assert!(basic.all("messages?$search=canary").await.is_empty(), "a word is looked for in what is left");
    assert_eq!(basic.all("messages?$search=bird").await.len(), 1);
    let with_both = server.through(&tool, "AdeleV", "Mail.ReadBasic Mail.Read").await;
    assert_eq!(with_both.all("messages?$search=canary").await.len(), 1, "whoever may read all is shown all");
    let unused = plain("AdeleV", &["AlexW"], "x");
    basic.post_mime("messages", &unused).await.demand_error(403, "ErrorAccessDenied");
    server.finish().await;
}
