//! What becomes of messages when their folder is deleted, moved or copied, few of them or more than one transaction takes.

use super::{at, file, id, make, names, read};
use kit::{Person, Server, each, plain, until};
use serde_json::{Value, json};

/// More than a few of the batches in which whole folders are worked off.
const MANY: usize = 300;

const RECOVERABLE: &str = "mailFolders/recoverableitemsdeletions/messages?$top=1000&$select=subject";

async fn fill(person: &Person, folder: &str, count: usize) {
    let (person, folder) = (person.clone(), folder.to_owned());
    each(16, 0..count, |number| {
        let (person, folder) = (person.clone(), folder.clone());
        async move { drop(file(&person, &folder, &format!("Filed {number}")).await) }
    })
    .await;
}

async fn total(person: &Person, folder: &str) -> Option<u64> {
    read(person, folder).await["totalItemCount"].as_u64()
}

#[tokio::test]
async fn a_deleted_folder_goes_to_deleted_items_and_keeps_what_is_in_it() {
    let server = Server::start().await;
    let adele = server.person("AdeleV");
    let mut deleted = Vec::new();
    for parent in ["inbox", "archive", "drafts"] {
        let folder = make(&adele, parent, "Project").await;
        let within = make(&adele, id(&folder), "Within").await;
        let message = file(&adele, id(&within), parent).await;
        adele.delete(&at(&folder)).await.demand_empty(204);
        let stands = adele.get(&format!("messages/{}", id(&message))).await.demand(200).json();
        assert_eq!(stands["parentFolderId"], within["id"]);
        deleted.push(folder);
    }
    let listed = adele.all("mailFolders/deleteditems/childFolders").await;
    assert_eq!(names(&listed), ["Project", "Project (1)", "Project (2)"], "none is lost to another of its name");
    let back = adele.post_json(&format!("{}/move", at(&deleted[1])), &json!({"destinationId": "inbox"})).await.demand(200).json();
    assert_eq!(back["id"], deleted[1]["id"]);
    assert_eq!(total(&adele, "deleteditems").await, Some(0));
    server.finish().await;
}

#[tokio::test]
async fn a_folder_deleted_again_is_gone_and_its_messages_are_recoverable() {
    for count in [0, 3, MANY] {
        let server = Server::start().await;
        let adele = server.person("AdeleV");
        let folder = make(&adele, "inbox", "Old").await;
        let within = make(&adele, id(&folder), "Older").await;
        fill(&adele, id(&folder), count).await;
        fill(&adele, id(&within), 2).await;
        adele.delete(&at(&folder)).await.demand_empty(204);
        adele.delete(&at(&folder)).await.demand_empty(204);
        for gone in [&folder, &within] {
            adele.get(&at(gone)).await.demand_error(404, "ErrorItemNotFound");
            adele.get(&format!("{}/messages", at(gone))).await.demand_error(404, "ErrorItemNotFound");
            adele.delete(&at(gone)).await.demand_error(404, "ErrorItemNotFound");
        }
        assert!(adele.all("mailFolders/deleteditems/childFolders?includeHiddenFolders=true").await.is_empty());
        until("all are recoverable", async || (adele.all(RECOVERABLE).await.len() == count + 2).then_some(())).await;
        assert_eq!(total(&adele, "recoverableitemsdeletions").await, Some(count as u64 + 2));
        assert!(adele.all("messages").await.is_empty());
        let again = make(&adele, "deleteditems", "Old").await;
        adele.delete(&at(&again)).await.demand_empty(204);
        server.finish().await;
    }
}

#[tokio::test]
async fn a_folder_deleted_for_good_leaves_nothing() {
    let server = Server::start().await;
    let adele = server.person("AdeleV");
    let folder = make(&adele, "inbox", "Secret").await;
    let within = make(&adele, id(&folder), "More").await;
    fill(&adele, id(&within), MANY).await;
    let message = file(&adele, id(&folder), "One").await;
    adele.post_nothing(&format!("mailFolders/inbox/childFolders/{}/permanentDelete", id(&folder))).await.demand_empty(204);
    adele.get(&at(&within)).await.demand_error(404, "ErrorItemNotFound");
    until("nothing is left", async || adele.all("messages?$select=id&$top=1000").await.is_empty().then_some(())).await;
    adele.get(&format!("messages/{}", id(&message))).await.demand_error(404, "ErrorItemNotFound");
    assert!(adele.all(RECOVERABLE).await.is_empty());
    server.finish().await;
}

#[tokio::test]
async fn what_was_begun_is_gone_on_with_after_a_crash() {
    let mut server = Server::start().await;
    let adele = server.person("AdeleV");
    let folder = make(&adele, "deleteditems", "Going").await;
    let source = make(&adele, "inbox", "Copied").await;
    fill(&adele, id(&folder), MANY).await;
    fill(&adele, id(&source), MANY).await;
    let (copied, deleted) = (at(&source) + "/copy", at(&folder));
    let to_archive = json!({"destinationId": "archive"});
    tokio::select! {
        _ = adele.attempt(hyper::Method::POST, &copied, &[("content-type", "application/json")], to_archive.to_string().into()) => {}
        () = async {
            until("the copy is begun", async || {
                let found = adele.all("mailFolders/archive/childFolders").await;
                (!found.is_empty()).then_some(())
            }).await;
            adele.delete(&deleted).await.demand_empty(204);
        } => {}
    }
    server.kill().await;
    server.restart().await;
    let adele = server.person("AdeleV");
    let copy = adele.all("mailFolders/archive/childFolders").await.remove(0);
    until("the copy is whole", async || (total(&adele, id(&copy)).await == Some(MANY as u64)).then_some(())).await;
    if adele.get(&deleted).await.status == 200 {
        adele.delete(&deleted).await.demand_empty(204);
    }
    until("all are recoverable", async || (adele.all(RECOVERABLE).await.len() == MANY).then_some(())).await;
    server.finish().await;
}

#[tokio::test]
async fn a_copy_has_all_that_is_in_the_folder_and_is_its_own() {
    let server = Server::start().await;
    let adele = server.person("AdeleV");
    let folder = make(&adele, "inbox", "Original").await;
    let within = make(&adele, id(&folder), "Within").await;
    fill(&adele, id(&folder), MANY).await;
    let octets = plain("AdeleV", &["AlexW"], "Whole");
    let message = adele.post_mime(&format!("{}/messages", at(&within)), &octets).await.demand(201).json();
    let flagged = json!({"isRead": false, "categories": ["Red"], "flag": {"flagStatus": "flagged"}});
    adele.patch_json(&format!("messages/{}", id(&message)), &flagged).await.demand(200);
    let copy = adele.post_json(&format!("{}/copy", at(&folder)), &json!({"destinationId": "archive"})).await.demand(200).json();
    assert_eq!((&copy["displayName"], copy["totalItemCount"].as_u64()), (&json!("Original"), Some(MANY as u64)));
    assert_ne!(copy["id"], folder["id"]);
    let subjects = |list: &[Value]| {
        let mut subjects: Vec<String> = list.iter().map(|m| m["subject"].as_str().unwrap().to_owned()).collect();
        subjects.sort();
        subjects
    };
    let list = |folder: &Value| format!("{}/messages?$top=1000&$select=subject", at(folder));
    assert_eq!(subjects(&adele.all(&list(&copy)).await), subjects(&adele.all(&list(&folder)).await));
    let copied_within = adele.all(&format!("{}/childFolders", at(&copy))).await.remove(0);
    assert_eq!((&copied_within["displayName"], &copied_within["unreadItemCount"]), (&json!("Within"), &json!(1)));
    let copied = adele.all(&format!("{}/messages", at(&copied_within))).await.remove(0);
    assert_eq!((&copied["categories"], &copied["flag"]["flagStatus"]), (&json!(["Red"]), &json!("flagged")));
    adele.post_nothing(&format!("{}/permanentDelete", at(&folder))).await.demand_empty(204);
    assert_eq!(adele.value(id(&copied)).await, octets, "the copy's octets are the copy's too");
    let inbox = adele.post_json("mailFolders/inbox/copy", &json!({"destinationId": "archive"})).await.demand(200).json();
    assert_eq!(inbox["displayName"], "Inbox", "a copy of a well-known folder is an ordinary one");
    adele.delete(&at(&inbox)).await.demand_empty(204);
    server.finish().await;
}

#[tokio::test]
async fn others_are_served_while_a_large_folder_goes() {
    let server = Server::start().await;
    let (adele, alex) = (server.person("AdeleV"), server.person("AlexW"));
    let folder = make(&adele, "deleteditems", "Large").await;
    fill(&adele, id(&folder), 2 * MANY).await;
    adele.delete(&at(&folder)).await.demand_empty(204);
    alex.draft(&plain("AlexW", &["AdeleV"], "Meanwhile")).await;
    let left = adele.all(RECOVERABLE).await.len();
    assert!(left < 2 * MANY, "this one was served before the last of {left}");
    until("all are recoverable", async || (adele.all(RECOVERABLE).await.len() == 2 * MANY).then_some(())).await;
    server.finish().await;
}
