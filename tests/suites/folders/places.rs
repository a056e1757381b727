//! Names and places of folders, and those that every mailbox has.

use super::{at, id, make, names, read};
use kit::Server;
use serde_json::json;

/// Behaviour 9.1.
const WELL_KNOWN: [&str; 17] = [
    "archive",
    "clutter",
    "conflicts",
    "conversationhistory",
    "deleteditems",
    "drafts",
    "inbox",
    "junkemail",
    "localfailures",
    "msgfolderroot",
    "outbox",
    "recoverableitemsdeletions",
    "scheduled",
    "searchfolders",
    "sentitems",
    "serverfailures",
    "syncissues",
];

#[tokio::test]
async fn well_known_names_stand_for_the_id_in_any_case_and_stay() {
    let server = Server::start().await;
    let adele = server.person("AdeleV");
    for name in WELL_KNOWN {
        let folder = read(&adele, name).await;
        for spelled in [id(&folder).to_owned(), name.to_uppercase()] {
            assert_eq!(read(&adele, &spelled).await["id"], folder["id"], "{spelled}");
            adele.get(&format!("mailFolders('{spelled}')/messages")).await.demand(200);
        }
        let path = at(&folder);
        adele.delete(&path).await.demand_error(400, "ErrorDeleteDistinguishedFolder");
        adele.post_nothing(&format!("{path}/permanentDelete")).await.demand_error(400, "ErrorDeleteDistinguishedFolder");
        let elsewhere = json!({"destinationId": "archive"});
        adele.post_json(&format!("{path}/move"), &elsewhere).await.demand_error(400, "ErrorMoveDistinguishedFolder");
        adele.patch_json(&path, &json!({"displayName": "Other"})).await.demand_error(403, "ErrorAccessDenied");
        assert_eq!(adele.patch_json(&path, &folder).await.demand(200).json(), folder, "sent back as it is, {name} is as it is");
        let within = adele.post_json(&format!("{path}/childFolders"), &json!({"displayName": "Within"})).await;
        match name {
            "recoverableitemsdeletions" => drop(within.demand_error(403, "ErrorAccessDenied")),
            _ => assert_eq!(within.demand(201).json()["parentFolderId"], folder["id"], "{name} may be a parent"),
        }
    }
    server.finish().await;
}

#[tokio::test]
async fn a_folder_gets_another_name_and_no_two_of_a_parent_have_one() {
    let server = Server::start().await;
    let adele = server.person("AdeleV");
    let (one, other) = (make(&adele, "inbox", "One").await, make(&adele, "inbox", "Other").await);
    let renamed = adele.patch_json(&at(&one), &json!({"displayName": " Größe 👍 "})).await.demand(200).json();
    assert_eq!((&renamed["displayName"], &renamed["id"]), (&json!("Größe 👍"), &one["id"]));
    let same_in_other_case = adele.patch_json(&at(&one), &json!({"displayName": "GRÖSSE 👍"})).await.demand(200).json();
    assert_eq!(same_in_other_case["displayName"], "GRÖSSE 👍");
    let said = adele.patch_json(&at(&one), &json!({"displayName": "OTHER"})).await.demand_error(409, "ErrorFolderExists");
    assert_eq!(said, "A folder with the specified name already exists., Could not create folder 'OTHER'.");
    let twice = json!({"displayName": "other"});
    adele.post_json("mailFolders/inbox/childFolders", &twice).await.demand_error(409, "ErrorFolderExists");
    adele.post_json("mailFolders/archive/childFolders", &twice).await.demand(201);
    adele
        .post_json(&format!("{}/move", at(&other)), &json!({"destinationId": "archive"}))
        .await
        .demand_error(409, "ErrorFolderExists");
    adele
        .post_json(&format!("{}/copy", at(&other)), &json!({"destinationId": "inbox"}))
        .await
        .demand_error(409, "ErrorFolderExists");
    for bad in [json!({"displayName": ""}), json!({"displayName": 1}), json!({"displayName": "x".repeat(256)})] {
        adele.patch_json(&at(&other), &bad).await.demand_error(400, "RequestBodyRead");
    }
    assert_eq!(
        adele.patch_json(&at(&other), &json!({})).await.demand(200).json(),
        adele.get(&at(&other)).await.demand(200).json()
    );
    let hidden = json!({"isHidden": true});
    adele.patch_json(&at(&other), &hidden).await.demand_error(400, "ErrorInvalidPropertySet");
    let minimal = [("prefer", "return=minimal"), ("content-type", "application/json")];
    adele.call(hyper::Method::PATCH, &at(&other), &minimal, r#"{"displayName":"Third"}"#.into()).await.demand_empty(204);
    assert_eq!(names(&adele.all("mailFolders/inbox/childFolders").await), ["GRÖSSE 👍", "Third"]);
    server.finish().await;
}

#[tokio::test]
async fn folders_nest_without_limit_and_are_found_by_any_road() {
    const DEPTH: usize = 60;
    let server = Server::start().await;
    let adele = server.person("AdeleV");
    let (mut parent, mut road) = ("inbox".to_owned(), "mailFolders/inbox".to_owned());
    for level in 0..DEPTH {
        let made = adele.post_json(&format!("{road}/childFolders"), &json!({"displayName": format!("Level {level}")})).await;
        let made = made.demand(201).json();
        assert_eq!(read(&adele, &parent).await["childFolderCount"], 1);
        parent = id(&made).to_owned();
        road += &format!("/childFolders/{parent}");
    }
    assert_eq!(adele.get(&road).await.demand(200).json()["displayName"], format!("Level {}", DEPTH - 1));
    assert_eq!(adele.get(&format!("{road}/childFolders/$count")).await.demand(200).body, "0");
    server.finish().await;
}

#[tokio::test]
async fn a_folder_moves_with_all_that_is_in_it_but_not_into_itself() {
    let server = Server::start().await;
    let adele = server.person("AdeleV");
    let top = make(&adele, "inbox", "Top").await;
    let middle = make(&adele, id(&top), "Middle").await;
    let low = make(&adele, id(&middle), "Low").await;
    let message = super::file(&adele, id(&low), "Deep").await;
    for (deed, folder) in [("move", &top), ("copy", &top), ("move", &middle), ("copy", &middle)] {
        for destination in [&low, folder] {
            let body = json!({"DestinationId": destination["id"]});
            let answer = adele.post_json(&format!("{}/{deed}", at(folder)), &body).await;
            answer.demand_error(400, "ErrorMoveCopyFailed");
        }
    }
    let moved = adele.post_json(&format!("{}/microsoft.graph.move", at(&middle)), &json!({"destinationId": "Archive"})).await;
    let moved = moved.demand(200).json();
    assert_eq!((&moved["id"], &moved["parentFolderId"]), (&middle["id"], &read(&adele, "archive").await["id"]));
    assert_eq!(
        (read(&adele, id(&top)).await["childFolderCount"].as_i64(), moved["childFolderCount"].as_i64()),
        (Some(0), Some(1))
    );
    let stands = adele.get(&format!("messages/{}", id(&message))).await.demand(200).json();
    assert_eq!(stands["parentFolderId"], low["id"], "what is in it stays in it");
    assert_eq!(stands["changeKey"], message["changeKey"], "and is not written");
    let unmoved = json!({"destinationId": "archive"});
    assert_eq!(adele.post_json(&format!("{}/move", at(&middle)), &unmoved).await.demand(200).json(), moved);
    for destination in ["nowhere", "AAAA"] {
        let nowhere = json!({"destinationId": destination});
        adele.post_json(&format!("{}/move", at(&middle)), &nowhere).await.demand_error(400, "ErrorInvalidIdMalformed");
    }
    let recoverable = json!({"destinationId": "recoverableitemsdeletions"});
    adele.post_json(&format!("{}/move", at(&middle)), &recoverable).await.demand_error(403, "ErrorAccessDenied");
    adele.post_json(&format!("{}/move", at(&middle)), &json!({})).await.demand_error(400, "RequestBodyRead");
    server.finish().await;
}

#[tokio::test]
async fn reading_may_not_write() {
    let server = Server::start().await;
    let folder = make(&server.person("AdeleV"), "inbox", "Kept").await;
    let reader = server.person_with_scopes("AdeleV", "Mail.Read").await;
    let (path, body) = (at(&folder), json!({"displayName": "x", "destinationId": "archive"}));
    reader.delete(&path).await.demand_error(403, "ErrorAccessDenied");
    reader.patch_json(&path, &body).await.demand_error(403, "ErrorAccessDenied");
    for deed in ["move", "copy", "permanentDelete"] {
        reader.post_json(&format!("{path}/{deed}"), &body).await.demand_error(403, "ErrorAccessDenied");
    }
    let alex = server.person("AlexW");
    alex.delete(&path).await.demand_error(404, "ErrorItemNotFound");
    alex.at("AdeleV").delete(&path).await.demand_error(403, "ErrorAccessDenied");
    server.finish().await;
}
