//! The list of categories from which a mailbox's owner chooses: the six that everybody has, what becomes of it, and what it has to
//! do with messages.

use bytes::Bytes;
use hyper::Method;
use kit::{Person, Server, plain};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use tokio::task::JoinSet;

const LIST: &str = "outlook/masterCategories";

async fn list(person: &Person) -> Vec<Value> {
    person.get(LIST).await.demand(200).json()["value"].as_array().unwrap().clone()
}

fn named(list: &[Value]) -> Vec<(&str, &str)> {
    list.iter().map(|one| (one["displayName"].as_str().unwrap(), one["color"].as_str().unwrap())).collect()
}

fn at(category: &Value) -> String {
    format!("{LIST}/{}", category["id"].as_str().unwrap())
}

const SIX: [(&str, &str); 6] = [
    ("Red category", "preset0"),
    ("Orange category", "preset1"),
    ("Yellow category", "preset3"),
    ("Green category", "preset4"),
    ("Blue category", "preset7"),
    ("Purple category", "preset8"),
];

#[tokio::test]
async fn everybody_begins_with_the_same_six_and_keeps_them_when_one_is_added() {
    let server = Server::start().await;
    let adele = server.person("AdeleV");
    let first = list(&adele).await;
    assert_eq!(named(&first), SIX);
    let theirs = list(&server.person("AlexW")).await;
    let ids: BTreeSet<&str> = first.iter().chain(&theirs).map(|one| one["id"].as_str().unwrap()).collect();
    assert_eq!(ids.len(), 12, "each mailbox has its own");
    assert_eq!(list(&adele).await, first, "to look changes nothing");
    adele.get(&at(&first[2])).await.demand(200);
    let new = json!({"displayName": " Project expenses ", "color": "Preset9"});
    let made = adele.post_json(LIST, &new).await.demand(201).json();
    assert!(made["@odata.context"].as_str().unwrap().ends_with("')/outlook/masterCategories/$entity"), "{made}");
    assert_eq!((&made["displayName"], &made["color"]), (&json!("Project expenses"), &json!("preset9")));
    let with_new = list(&adele).await;
    assert_eq!(with_new[..6], first[..], "with the ids that they had");
    assert_eq!(with_new[6]["id"], made["id"]);
    let mut found = adele.get(&at(&made)).await.demand(200).json();
    found["@odata.context"] = made["@odata.context"].clone();
    assert_eq!(found, made);
    server.finish().await;
}

/// The first change may be of one of the six, by the id that it was listed with.
#[tokio::test]
async fn one_of_the_six_is_recolored_or_deleted_like_any_other() {
    let server = Server::start().await;
    for (name, deletes) in [("AdeleV", true), ("AlexW", false)] {
        let person = server.person(name);
        let first = list(&person).await;
        if deletes {
            person.delete(&at(&first[1])).await.demand_empty(204);
            person.get(&at(&first[1])).await.demand_error(404, "ErrorItemNotFound");
        } else {
            let told = person.patch_json(&at(&first[1]), &json!({"color": "preset15"})).await.demand(200).json();
            assert_eq!((&told["displayName"], &told["color"]), (&json!("Orange category"), &json!("preset15")));
        }
        let after = list(&person).await;
        let kept = |list: &[Value]| -> Vec<Value> { list.iter().filter(|one| one["id"] != first[1]["id"]).cloned().collect() };
        assert_eq!(kept(&after), kept(&first));
        assert_eq!(after.len(), if deletes { 5 } else { 6 });
    }
    let adele = server.person("AdeleV");
    for category in list(&adele).await {
        adele.delete(&at(&category)).await.demand_empty(204);
    }
    assert_eq!(list(&adele).await, Vec::<Value>::new(), "an empty list is not a new one");
    server.finish().await;
}

#[tokio::test]
async fn a_list_has_each_name_once_in_any_case() {
    let server = Server::start().await;
    let adele = server.person("AdeleV");
    for name in ["Red category", "red CATEGORY", " Red category "] {
        let message = adele.post_json(LIST, &json!({"displayName": name})).await.demand_error(409, "nameAlreadyExists");
        assert_eq!(message, format!("A category with the name '{}' already exists.", name.trim()));
    }
    assert_eq!(list(&adele).await.len(), 6);
    let mut writers = JoinSet::new();
    for number in 0..6 {
        let adele = adele.clone();
        let name = if number % 2 == 0 { "Übung" } else { "ÜBUNG" };
        writers.spawn(async move { adele.post_json(LIST, &json!({"displayName": name})).await.status.as_u16() });
    }
    let mut statuses = writers.join_all().await;
    statuses.sort_unstable();
    assert_eq!(statuses, [201, 409, 409, 409, 409, 409]);
    assert_eq!(list(&adele).await.len(), 7);
    server.finish().await;
}

#[tokio::test]
async fn a_name_stays_and_a_color_is_one_of_twenty_six() {
    let server = Server::start().await;
    let adele = server.person("AdeleV");
    let made = adele.post_json(LIST, &json!({"displayName": "x".repeat(255)})).await.demand(201).json();
    assert_eq!(made["color"], "none");
    let colors = ["none".to_owned()].into_iter().chain((0..25).map(|number| format!("preset{number}")));
    for color in colors {
        let told = adele.patch_json(&at(&made), &json!({"color": color})).await.demand(200).json();
        assert_eq!(told["color"], color.as_str());
    }
    let mut whole = adele.get(&at(&made)).await.demand(200).json();
    whole["color"] = Value::Null;
    let told = adele.patch_json(&at(&made), &whole).await.demand(200).json();
    assert_eq!(told["color"], "preset24", "null changes nothing");
    let message = adele.patch_json(&at(&made), &json!({"displayName": "Another", "color": "preset1"})).await;
    assert_eq!(message.demand_error(400, "ErrorInvalidPropertySet"), "Set action is invalid for property.");
    for refused in [
        json!({}),
        json!({"displayName": ""}),
        json!({"displayName": "  "}),
        json!({"displayName": "x".repeat(256)}),
        json!({"displayName": 1}),
        json!({"displayName": "a", "color": "red"}),
        json!({"displayName": "a", "color": "preset25"}),
        json!({"displayName": "a", "color": 1}),
        json!([]),
    ] {
        adele.post_json(LIST, &refused).await.demand_error(400, "RequestBodyRead");
    }
    adele.patch_json(&at(&made), &json!({"color": "red"})).await.demand_error(400, "RequestBodyRead");
    assert_eq!(adele.get(&at(&made)).await.demand(200).json()["color"], "preset24");
    let minimal = [("content-type", "application/json"), ("prefer", "return=minimal")];
    let body = Bytes::from(json!({"color": "none"}).to_string());
    adele.call(Method::PATCH, &at(&made), &minimal, body).await.demand_empty(204);
    for bad in ["x", "5a9a6aa8-b65f-4357-b1f9"] {
        adele.get(&format!("{LIST}/{bad}")).await.demand_error(400, "ErrorInvalidIdMalformed");
    }
    let unknown = format!("{LIST}/5a9a6aa8-b65f-4357-b1f9-60c6bf6330d8");
    adele.get(&unknown).await.demand_error(404, "ErrorItemNotFound");
    adele.patch_json(&unknown, &json!({"color": "none"})).await.demand_error(404, "ErrorItemNotFound");
    adele.delete(&unknown).await.demand_error(404, "ErrorItemNotFound");
    server.finish().await;
}

#[tokio::test]
async fn messages_have_names_whatever_becomes_of_the_list() {
    let server = Server::start().await;
    let adele = server.person("AdeleV");
    let made = adele.post_json(LIST, &json!({"displayName": "Travel", "color": "preset2"})).await.demand(201).json();
    let draft = adele.draft(&plain("AdeleV", &["AlexW"], "Marked")).await;
    let message = format!("messages/{}", draft["id"].as_str().unwrap());
    let marked = json!({"categories": ["Travel", "In no list"]});
    let before = adele.patch_json(&message, &marked).await.demand(200).json();
    adele.patch_json(&at(&made), &json!({"color": "preset3"})).await.demand(200);
    adele.delete(&at(&made)).await.demand_empty(204);
    assert_eq!(adele.get(&message).await.demand(200).json()["categories"], before["categories"]);
    assert_eq!(adele.get(&message).await.demand(200).json()["changeKey"], before["changeKey"]);
    let found = adele.get("messages?$filter=categories/any(c:c%20eq%20'Travel')").await.demand(200).json();
    assert_eq!(found["value"].as_array().unwrap().len(), 1);
    assert_eq!(list(&adele).await.len(), 6);
    server.finish().await;
}

#[tokio::test]
async fn the_list_is_selected_from_filtered_ordered_counted_and_paged() {
    let mut server = Server::start().await;
    let adele = server.person("AdeleV");
    let names = async |options: &str| {
        let found = adele.get(&format!("{LIST}?{options}")).await.demand(200).json();
        let all =
            found["value"].as_array().unwrap().iter().map(|one| one["displayName"].as_str().unwrap().replace(" category", ""));
        all.collect::<Vec<_>>().join(" ")
    };
    assert_eq!(names("$orderby=displayName").await, "Blue Green Orange Purple Red Yellow");
    assert_eq!(names("$orderby=color%20desc&$top=2&$skip=1").await, "Blue Green");
    assert_eq!(names("$filter=color%20eq%20'preset3'").await, "Yellow");
    assert_eq!(names("$filter=color%20eq%20microsoft.graph.categoryColor'preset3'").await, "Yellow");
    assert_eq!(names("$filter=startswith(displayName,'p')").await, "Purple");
    let chosen = adele.get(&format!("{LIST}?$select=color&$top=1&$count=true")).await.demand(200).json();
    assert_eq!((&chosen["@odata.count"], chosen["@odata.nextLink"].is_string()), (&json!(6), true));
    assert_eq!(chosen["value"][0].as_object().unwrap().keys().collect::<Vec<_>>(), ["id", "color"]);
    let count = adele.get(&format!("{LIST}/$count?$filter=color%20ne%20'preset0'")).await.demand(200);
    assert_eq!((&count.body[..], count.header("content-type")), (&b"5"[..], Some("text/plain")));
    adele.get(&format!("{LIST}?$filter=colour%20eq%20'x'")).await.demand_error(400, "RequestBroker--ParseUri");
    let whole = adele.get("outlook?$expand=masterCategories").await.demand(200).json();
    assert_eq!(whole["masterCategories"], json!(list(&adele).await));
    adele.get("outlook?$expand=messages").await.demand_error(400, "RequestBroker--ParseUri");
    adele.post_json(LIST, &json!({"displayName": "Kept"})).await.demand(201);
    let before = list(&adele).await;
    server.stop().await;
    server.restart().await;
    assert_eq!(list(&server.person("AdeleV")).await, before);
    server.finish().await;
}
