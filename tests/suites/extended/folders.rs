//! Extended properties of folders.

use super::{encoded, id};
use kit::{Person, Server, plain};
use serde_json::{Value, json};

const VIEW: &str = "String {66f5a359-4659-4830-9070-00047ec6ac6e} Name View";

/// What DavMail expands with each folder.
const DAVMAIL: &str = "singleValueExtendedProperties($filter=id eq 'SystemTime 0x3008' or id eq 'String 0x3613' or \
                       id eq 'SystemTime 0x670a' or id eq 'Integer 0x6751')";

async fn properties(person: &Person, folder: &str) -> Vec<String> {
    let read = person.get(&format!("mailFolders/{folder}?$expand={}", encoded(DAVMAIL))).await.demand(200).json();
    let list = read["singleValueExtendedProperties"].as_array().expect("every folder has them").clone();
    let ids: Vec<&str> = list.iter().map(id).collect();
    assert_eq!(ids, ["SystemTime 0x3008", "String 0x3613", "SystemTime 0x670a", "Integer 0x6751"]);
    list.iter().map(|one| one["value"].as_str().expect("a value").to_owned()).collect()
}

async fn value(person: &Person, folder: &str, property: &str) -> Value {
    let expand = encoded(&format!("singleValueExtendedProperties($filter=id eq '{property}')"));
    let read = person.get(&format!("mailFolders/{folder}?$expand={expand}")).await.demand(200).json();
    read["singleValueExtendedProperties"][0]["value"].clone()
}

#[tokio::test]
async fn davmail_reads_whether_a_folder_changed_and_which_number_comes_next() {
    let server = Server::start().await;
    let adele = server.person("AdeleV");
    let before = properties(&adele, "drafts").await;
    assert_eq!(before[1], "IPF.Note");
    let draft = adele.draft(&plain("AdeleV", &["AlexW"], "In a folder")).await;
    let with_one = properties(&adele, "drafts").await;
    assert!(with_one[0] > before[0] && with_one[2] > before[2], "{before:?} {with_one:?}");
    let expand = encoded("singleValueExtendedProperties($filter=id eq 'Integer 0xe23')");
    let read = adele.get(&format!("messages/{}?$expand={expand}", id(&draft))).await.demand(200).json();
    let number: i64 = read["singleValueExtendedProperties"][0]["value"].as_str().unwrap().parse().unwrap();
    let next: i64 = with_one[3].parse().unwrap();
    assert!(number < next, "{number} is below {next}");
    // A flag changes no count, and still the folder.
    adele.patch_json(&format!("messages/{}", id(&draft)), &json!({"flag": {"flagStatus": "flagged"}})).await.demand(200);
    let flagged = properties(&adele, "drafts").await;
    assert!(flagged[2] > with_one[2], "{with_one:?} {flagged:?}");
    adele.post_nothing(&format!("messages/{}/permanentDelete", id(&draft))).await.demand_empty(204);
    assert!(properties(&adele, "drafts").await[2] > flagged[2]);
    server.finish().await;
}

#[tokio::test]
async fn folders_are_given_properties_that_stay_with_them() {
    let server = Server::start().await;
    let adele = server.person("AdeleV");
    let given = |value: Value| json!({"singleValueExtendedProperties": [{"id": VIEW, "value": value}, {"id": "Integer 0x3602", "value": 99}]});
    let mut new = given(json!("wide"));
    new["displayName"] = json!("With a view");
    let made = adele.post_json("mailFolders", &new).await.demand(201).json();
    let path = format!("mailFolders/{}", id(&made));
    assert_eq!(value(&adele, id(&made), VIEW).await, "wide");
    assert_eq!(value(&adele, id(&made), "Integer 0x3602").await, "0", "what a folder has is not set");
    adele.patch_json(&path, &given(json!("narrow"))).await.demand(200);
    assert_eq!(value(&adele, id(&made), VIEW).await, "narrow");
    let copy = adele.post_json(&format!("{path}/copy"), &json!({"destinationId": "archive"})).await;
    let copy: Value = serde_json::from_slice(&copy.body).unwrap();
    assert_eq!(value(&adele, id(&copy), VIEW).await, "narrow");
    adele.patch_json(&path, &given(Value::Null)).await.demand(200);
    assert_eq!(value(&adele, id(&made), VIEW).await, Value::Null);
    assert_eq!(value(&adele, id(&copy), VIEW).await, "narrow");
    let expand = encoded(&format!("childFolders($expand=singleValueExtendedProperties($filter=id eq '{VIEW}'))"));
    let archive = adele.get(&format!("mailFolders/archive?$expand={expand}")).await.demand(200).json();
    assert_eq!(archive["childFolders"][0]["singleValueExtendedProperties"][0]["value"], "narrow");
    let expand = encoded(DAVMAIL);
    let listed = adele.get(&format!("mailFolders/msgfolderroot/childFolders?$top=100&$expand={expand}")).await.demand(200).json();
    for folder in listed["value"].as_array().unwrap() {
        assert_eq!(folder["singleValueExtendedProperties"].as_array().map(Vec::len), Some(4), "{folder}");
    }
    adele.get(&format!("{path}?$expand=planets")).await.demand_error(400, "RequestBroker--ParseUri");
    server.finish().await;
}
