//! Where deleted messages go (behaviour 4.11, 9.10), and when their octets do.

use kit::{Person, Server, base64, letter, plain, until};
use serde_json::{Value, json};

const RECOVERABLE: &str = "mailFolders/recoverableitemsdeletions/messages";

fn id(message: &Value) -> &str {
    message["id"].as_str().unwrap()
}

fn path(message: &Value) -> String {
    format!("messages/{}", id(message))
}

async fn folder(person: &Person, name: &str) -> String {
    person.get(&format!("mailFolders/{name}")).await.demand(200).json()["id"].as_str().unwrap().to_owned()
}

fn large(subject: &str) -> Vec<u8> {
    letter(&[("Subject", subject)], &"a line of sixty-four octets, which makes a large message soon..\r\n".repeat(6000))
}

#[tokio::test]
async fn delete_goes_to_deleted_items_then_to_recoverable_items_and_no_further() {
    let server = Server::start().await;
    let adele = server.person("AdeleV");
    let draft = adele.draft(&plain("AdeleV", &["AlexW"], "Going")).await;
    for place in ["deleteditems", "recoverableitemsdeletions"] {
        adele.delete(&path(&draft)).await.demand_empty(204);
        let message = adele.get(&path(&draft)).await.demand(200).json();
        assert_eq!(message["parentFolderId"], folder(&adele, place).await.as_str(), "{place}");
    }
    assert!(adele.all("messages").await.is_empty(), "/messages leaves out the recoverable items");
    assert_eq!(adele.all(RECOVERABLE).await.len(), 1);
    let said = adele.delete(&path(&draft)).await.demand_error(400, "ErrorCannotDeleteObject");
    assert_eq!(said, "Object cannot be deleted.");
    let restored = json!({"destinationId": "inbox"});
    adele.post_json(&format!("{}/move", path(&draft)), &restored).await.demand(201);
    assert_eq!(adele.inbox().await.len(), 1, "it can be had back");
    server.finish().await;
}

#[tokio::test]
async fn what_is_in_a_folder_within_deleted_items_is_deleted_already() {
    let server = Server::start().await;
    let adele = server.person("AdeleV");
    let within =
        adele.post_json("mailFolders/deleteditems/childFolders", &json!({"displayName": "Old"})).await.demand(201).json();
    let draft = adele.draft(&plain("AdeleV", &["AlexW"], "Old one")).await;
    adele.post_json(&format!("{}/move", path(&draft)), &json!({"destinationId": within["id"]})).await.demand(201);
    adele.delete(&path(&draft)).await.demand_empty(204);
    assert_eq!(adele.all(RECOVERABLE).await.len(), 1);
    server.finish().await;
}

#[tokio::test]
async fn permanent_delete_leaves_nothing_from_wherever_it_is() {
    let server = Server::start().await;
    let adele = server.person("AdeleV");
    for deletions in 0..3 {
        for road in ["", "mailFolders/drafts/", "mailFolders/msgfolderroot/childFolders/inbox/"] {
            let draft = adele.draft(&plain("AdeleV", &["AlexW"], "Gone")).await;
            for _ in 0..deletions {
                adele.delete(&path(&draft)).await.demand_empty(204);
            }
            adele.post_nothing(&format!("{road}{}/permanentDelete", path(&draft))).await.demand_empty(204);
            adele.get(&path(&draft)).await.demand_error(404, "ErrorItemNotFound");
            adele.post_nothing(&format!("{}/permanentDelete", path(&draft))).await.demand_error(404, "ErrorItemNotFound");
        }
    }
    assert!(adele.all(RECOVERABLE).await.is_empty());
    server.person_with_scopes("AdeleV", "Mail.Read").await.post_nothing("messages/x/permanentDelete").await.demand(400);
    server.finish().await;
}

#[tokio::test]
async fn octets_go_with_the_last_message_that_has_them() {
    let server = Server::start().await;
    let (adele, alex) = (server.person("AdeleV"), server.person("AlexW"));
    let octets = large("Shared");
    let places = || server.places_of(&octets).len();
    let first = adele.draft(&octets).await;
    let second =
        adele.post_json(&format!("{}/copy", path(&first)), &json!({"destinationId": "archive"})).await.demand(201).json();
    let third = alex.draft(&octets).await;
    assert_eq!(places(), 1, "three messages share them");
    for message in [&first, &second] {
        adele.post_nothing(&format!("{}/permanentDelete", path(message))).await.demand_empty(204);
        assert_eq!(alex.value(id(&third)).await, octets, "somebody else has them");
    }
    alex.post_nothing(&format!("{}/permanentDelete", path(&third))).await.demand_empty(204);
    until("they go", async || (places() == 0).then_some(())).await;
    let again = adele.draft(&octets).await;
    assert_eq!(adele.value(id(&again)).await, octets, "the same octets can come again");
    assert_eq!(places(), 1);
    server.finish().await; // `restante check` knows of rows that nothing names
}

#[tokio::test]
async fn octets_of_a_draft_go_when_it_is_written_anew() {
    let server = Server::start().await;
    let adele = server.person("AdeleV");
    let (before, after) = (large("Before"), large("After"));
    let draft = adele.draft(&before).await;
    adele.put_mime(&format!("{}/$value", path(&draft)), &after).await.demand_empty(204);
    assert_eq!(server.places_of(&after).len(), 1);
    until("what it was goes", async || server.places_of(&before).is_empty().then_some(())).await;
    assert_eq!(adele.value(id(&draft)).await, after);
    adele.patch_json(&path(&draft), &json!({"subject": "Spliced"})).await.demand(200);
    server.finish().await;
}

#[tokio::test]
async fn octets_that_are_deleted_and_sent_at_the_same_time_are_there() {
    const ROUNDS: usize = 20;
    let server = Server::start().await;
    let (adele, alex) = (server.person("AdeleV"), server.person("AlexW"));
    let octets = large("Again and again");
    for round in 0..ROUNDS {
        let draft = adele.draft(&octets).await;
        let (remove, value) = (format!("{}/permanentDelete", path(&draft)), format!("{}/$value", path(&draft)));
        let body = base64(&octets);
        let (removed, created, read) =
            tokio::join!(adele.post_nothing(&remove), alex.post("messages", "text/plain", body), adele.get(&value),);
        removed.demand_empty(204);
        let kept = created.demand(201).json();
        assert!([200, 404].contains(&read.status.as_u16()), "round {round}: {}", read.status);
        assert_eq!(alex.value(id(&kept)).await, octets, "round {round}");
        alex.post_nothing(&format!("{}/permanentDelete", path(&kept))).await.demand_empty(204);
    }
    server.finish().await;
}

/// No page tells of it (docs/decisions/0004), and a message without octets would be none.
#[tokio::test]
async fn octets_are_not_deleted_apart_from_their_message() {
    let server = Server::start().await;
    let adele = server.person("AdeleV");
    let octets = plain("AdeleV", &["AlexW"], "Whole");
    let id = adele.draft(&octets).await["id"].as_str().unwrap().to_owned();
    for folder in ["", "mailFolders/drafts/", "mailFolders/msgfolderroot/childFolders/drafts/"] {
        adele.delete(&format!("{folder}messages/{id}/$value")).await.demand_error(405, "ErrorInvalidRequest");
    }
    assert_eq!(adele.value(&id).await, octets);
    server.finish().await;
}
