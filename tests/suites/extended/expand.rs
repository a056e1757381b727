//! `$expand` of messages.

use super::{encoded, id};
use kit::{Person, Server, recipients};
use serde_json::{Value, json};

async fn with_file(person: &Person) -> Value {
    let file = json!({
        "@odata.type": "#microsoft.graph.fileAttachment", "name": "a.txt", "contentType": "text/plain",
        "contentBytes": "SGk=", "contentId": "part1", "isInline": false,
    });
    let message = json!({"subject": "Expanded", "toRecipients": recipients(&["AlexW"]), "attachments": [file]});
    person.post_json("messages", &message).await.demand(201).json()
}

/// EmailEngine's list, option for option.
#[tokio::test]
async fn attachments_are_expanded_with_what_is_selected_of_them() {
    let server = Server::start().await;
    let adele = server.person("AdeleV");
    let made = with_file(&adele).await;
    let inside = "id,name,contentType,size,isInline,microsoft.graph.fileAttachment/contentId";
    let expand = encoded(&format!("attachments($select={inside})"));
    let path = format!("mailFolders/drafts/messages?$select=id,subject&$expand={expand}");
    let listed = adele.get(&path).await.demand(200).json();
    let context = listed["@odata.context"].as_str().unwrap();
    assert!(context.ends_with(&format!("/messages(id,subject,attachments({inside}))")), "{context}");
    let attachment = listed["value"][0]["attachments"][0].as_object().expect("an attachment");
    let members: Vec<&str> = attachment.keys().map(String::as_str).filter(|name| !name.starts_with('@')).collect();
    assert_eq!(members, ["id", "name", "contentType", "size", "isInline", "contentId"]);
    assert_eq!(
        (&attachment["@odata.type"], &attachment["contentId"]),
        (&json!("#microsoft.graph.fileAttachment"), &json!("part1"))
    );
    let whole = adele.get(&format!("messages/{}?$expand=attachments", id(&made))).await.demand(200).json();
    assert_eq!(whole["attachments"][0]["contentBytes"], "SGk=");
    let context = whole["@odata.context"].as_str().unwrap();
    assert!(context.ends_with("/messages(attachments())/$entity"), "{context}");
    server.finish().await;
}

#[tokio::test]
async fn several_things_are_expanded_at_once() {
    let server = Server::start().await;
    let adele = server.person("AdeleV");
    let made = with_file(&adele).await;
    let extension = json!({"extensionName": "a.b", "c": 1});
    adele.post_json(&format!("messages/{}/extensions", id(&made)), &extension).await.demand(201);
    let expand = encoded(
        "attachments($select=name),extensions($filter=id eq 'a.b'),singleValueExtendedProperties($filter=id in \
         ('Integer 0x0E07','Integer 0x0E08')),microsoft.graph.eventMessage/event",
    );
    let read = adele.get(&format!("messages/{}?$select=subject&$expand={expand}", id(&made))).await.demand(200).json();
    assert_eq!(read["attachments"][0]["name"], "a.txt");
    assert_eq!(read["extensions"][0]["c"], 1);
    assert_eq!(read["singleValueExtendedProperties"].as_array().map(Vec::len), Some(2));
    assert_eq!(read["subject"], "Expanded");
    server.finish().await;
}

#[tokio::test]
async fn what_can_not_be_expanded_is_refused_in_graphs_words() {
    let server = Server::start().await;
    let adele = server.person("AdeleV");
    let made = with_file(&adele).await;
    let no_property = |name: &str, of: &str| format!("Could not find a property named '{name}' on type 'microsoft.graph.{of}'.");
    for (expand, code, message) in [
        ("attachments($select=contentId)", "RequestBroker--ParseUri", no_property("contentId", "attachment")),
        ("attachments($select=contentBytes)", "RequestBroker--ParseUri", no_property("contentBytes", "attachment")),
        (
            "attachments($select=microsoft.graph.fileAttachment/subject)",
            "RequestBroker--ParseUri",
            no_property("subject", "fileAttachment"),
        ),
        ("planets", "RequestBroker--ParseUri", no_property("planets", "message")),
        ("subject", "BadRequest", "is not a navigation property".to_owned()),
        ("attachments(", "BadRequest", "a closing parenthesis".to_owned()),
        ("attachments($top)", "BadRequest", "an equals sign".to_owned()),
    ] {
        let answer = adele.get(&format!("messages/{}?$expand={}", id(&made), encoded(expand))).await;
        let told = answer.demand_error(400, code);
        assert!(told.contains(&message), "{expand}: {told}");
    }
    server.finish().await;
}
