//! Extended properties that a client sets and reads.

use super::{encoded, id, property, with_properties};
use kit::{Server, plain, recipients};
use serde_json::{Value, json};

const COLOR: &str = "String {66f5a359-4659-4830-9070-00047ec6ac6e} Name Color";
const PALETTE: &str = "StringArray {66f5a359-4659-4830-9070-00049ec6ac6e} Name Palette";

fn single(id: &str, value: impl Into<Value>) -> Value {
    json!({"singleValueExtendedProperties": [{"id": id, "value": value.into()}]})
}

#[tokio::test]
async fn properties_are_set_with_a_message_and_read_by_their_ids_as_spelt() {
    let server = Server::start().await;
    let adele = server.person("AdeleV");
    let mut message = single(COLOR, "Green");
    message["subject"] = json!("Coloured");
    message["multiValueExtendedProperties"] = json!([{"id": PALETTE, "value": ["Green", "Aqua", "Blue"]}]);
    let made = adele.post_json("messages", &message).await.demand(201).json();
    assert!(made.get("singleValueExtendedProperties").is_none(), "they are shown where they are expanded");
    assert_eq!(property(&adele, id(&made), COLOR).await.as_deref(), Some("Green"));
    let spelt = "string {66F5A359-4659-4830-9070-00047EC6AC6E} Name Color";
    assert_eq!(property(&adele, id(&made), spelt).await.as_deref(), Some("Green"));
    assert_eq!(property(&adele, id(&made), &COLOR.replace("Color", "color")).await, None, "a name compares with case");
    let expand = encoded(&format!("multiValueExtendedProperties($filter=id eq '{PALETTE}')"));
    let read = adele.get(&format!("messages/{}?expand={expand}", id(&made))).await.demand(200).json();
    assert_eq!(read["multiValueExtendedProperties"], json!([{"id": PALETTE, "value": ["Green", "Aqua", "Blue"]}]));
    assert_eq!(read["subject"], "Coloured");
    server.finish().await;
}

#[tokio::test]
async fn patch_sets_changes_and_takes_away() {
    let server = Server::start().await;
    let adele = server.person("AdeleV");
    let octets = plain("AdeleV", &["AlexW"], "Patched");
    let draft = adele.draft(&octets).await;
    let path = format!("messages/{}", id(&draft));
    let changed = adele.patch_json(&path, &single(COLOR, "Green")).await.demand(200).json();
    assert_ne!(changed["changeKey"], draft["changeKey"], "whoever follows changes is told");
    adele.patch_json(&path, &single("Integer 0x1081", 102)).await.demand(200);
    adele.patch_json(&path, &single(COLOR, "Blue")).await.demand(200);
    let both = with_properties(&adele, id(&draft), &["Long 0x1081", COLOR]).await;
    let expected = json!([{"id": "Long 0x1081", "value": "102"}, {"id": COLOR, "value": "Blue"}]);
    assert_eq!(both["singleValueExtendedProperties"], expected, "in the order in which they are asked for");
    adele.patch_json(&path, &single(COLOR, Value::Null)).await.demand(200);
    assert_eq!(property(&adele, id(&draft), COLOR).await, None);
    assert_eq!(adele.value(id(&draft)).await, octets, "no octet moved");
    server.finish().await;
}

#[tokio::test]
async fn each_type_takes_its_values_and_refuses_others() {
    let server = Server::start().await;
    let adele = server.person("AdeleV");
    let draft = adele.draft(&plain("AdeleV", &["AlexW"], "Types")).await;
    let path = format!("messages/{}", id(&draft));
    for (kind, given, read) in [
        ("String", json!("größer"), Some("größer")),
        ("String", json!({"a": 1}), None),
        ("Integer", json!("-7"), Some("-7")),
        ("Integer", json!(7), Some("7")),
        ("Integer", json!("7.5"), None),
        ("Integer", json!("2147483648"), None),
        ("Short", json!("32768"), None),
        ("Long", json!("2147483648"), Some("2147483648")),
        ("Boolean", json!(true), Some("true")),
        ("Boolean", json!("False"), Some("false")),
        ("Boolean", json!("perhaps"), None),
        ("Double", json!("1.50"), Some("1.5")),
        ("Double", json!("x"), None),
        ("Binary", json!("AAEC"), Some("AAEC")),
        ("Binary", json!("*"), None),
        ("SystemTime", json!("2026-11-24T10:00:00+01:00"), Some("2026-11-24T09:00:00Z")),
        ("SystemTime", json!("yesterday"), None),
        ("CLSID", json!("{B9CF8971-7d55-4b73-9ffa-a584611b600b}"), Some("b9cf8971-7d55-4b73-9ffa-a584611b600b")),
        ("CLSID", json!("b9cf8971"), None),
    ] {
        let property_id = format!("{kind} {{00020329-0000-0000-C000-000000000046}} Name of {kind}");
        let answer = adele.patch_json(&path, &single(&property_id, given.clone())).await;
        match read {
            None => drop(answer.demand_error(400, "ErrorInvalidExtendedPropertyValue")),
            Some(read) => {
                answer.demand(200);
                assert_eq!(property(&adele, id(&draft), &property_id).await.as_deref(), Some(read), "{kind} {given}");
            }
        }
    }
    let long = "x".repeat(65_537);
    adele.patch_json(&path, &single(COLOR, long)).await.demand_error(400, "ErrorInvalidExtendedPropertyValue");
    server.finish().await;
}

#[tokio::test]
async fn ids_that_are_none_get_graphs_words() {
    let server = Server::start().await;
    let adele = server.person("AdeleV");
    let draft = adele.draft(&plain("AdeleV", &["AlexW"], "Ids")).await;
    let path = format!("messages/{}", id(&draft));
    for (bad, code) in [
        ("Color", "ErrorInvalidProperty"),
        ("Text 0x1000", "ErrorInvalidProperty"),
        ("Integer {66f5a359} Id 1", "ErrorInvalidProperty"),
        ("StringArray 0x1000", "ErrorInvalidExtendedProperty"),
    ] {
        let told = adele.patch_json(&path, &single(bad, "1")).await.demand_error(400, code);
        let expand = encoded(&format!("singleValueExtendedProperties($filter=id eq '{bad}')"));
        assert_eq!(adele.get(&format!("{path}?$expand={expand}")).await.demand_error(400, code), told, "{bad}");
    }
    adele
        .patch_json(&path, &json!({"singleValueExtendedProperties": [{"value": "x"}]}))
        .await
        .demand_error(400, "RequestBodyRead");
    for filter in ["", "($filter=id ne 'Integer 0x0E07')", "($filter=value eq 'x')", "($filter=id eq 7)"] {
        let expand = encoded(&format!("singleValueExtendedProperties{filter}"));
        adele.get(&format!("{path}?$expand={expand}")).await.demand_error(400, "BadRequest");
    }
    server.finish().await;
}

#[tokio::test]
async fn properties_stay_with_their_message_and_a_copy_has_them_too() {
    let server = Server::start().await;
    let (adele, alex) = (server.person("AdeleV"), server.person("AlexW"));
    let mut message = single(COLOR, "Green");
    message["subject"] = json!("Kept");
    message["toRecipients"] = recipients(&["AlexW"]);
    let draft = adele.post_json("messages", &message).await.demand(201).json();
    let to = |name: &str| json!({"destinationId": name});
    let copy = adele.post_json(&format!("messages/{}/copy", id(&draft)), &to("archive")).await.demand(201).json();
    adele.post_json(&format!("messages/{}/move", id(&draft)), &to("inbox")).await.demand(201);
    adele.patch_json(&format!("messages/{}", id(&draft)), &json!({"body": {"content": "New"}})).await.demand(200);
    adele.post_nothing(&format!("messages/{}/send", id(&draft))).await.demand_empty(202);
    for kept in [&draft, &copy] {
        assert_eq!(property(&adele, id(kept), COLOR).await.as_deref(), Some("Green"));
    }
    adele.patch_json(&format!("messages/{}", id(&copy)), &single(COLOR, "Blue")).await.demand(200);
    assert_eq!(property(&adele, id(&draft), COLOR).await.as_deref(), Some("Green"), "a copy is a message of its own");
    let arrived = alex.arrived("Kept").await;
    assert_eq!(property(&alex, id(&arrived), COLOR).await, None, "a recipient gets the message, not what hangs on it");
    server.finish().await;
}

#[tokio::test]
async fn sending_and_answering_hang_properties_on_the_senders_copy() {
    let server = Server::start().await;
    let (adele, alex) = (server.person("AdeleV"), server.person("AlexW"));
    let mut message = single(COLOR, "Green");
    message["subject"] = json!("Sent with a colour");
    message["toRecipients"] = recipients(&["AlexW"]);
    adele.send_json(&message).await.demand_empty(202);
    assert_eq!(property(&adele, id(&adele.sent().await[0]), COLOR).await.as_deref(), Some("Green"));
    let arrived = alex.arrived("Sent with a colour").await;
    let answer = json!({"message": single(COLOR, "Red")});
    alex.post_json(&format!("messages/{}/reply", id(&arrived)), &answer).await.demand_empty(202);
    assert_eq!(property(&alex, id(&alex.sent().await[0]), COLOR).await.as_deref(), Some("Red"));
    server.finish().await;
}
