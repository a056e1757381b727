//! Delta queries: what there is, then what changed, each change once; who follows them has the mailbox as it is.

mod deeds;
mod follower;
mod model;
mod picture;
mod random;
mod tokens;

use follower::{Follower, ids, subjects};
use kit::{Person, Server, plain};
use serde_json::{Value, json};

/// A message of a subject, as a draft; its id.
async fn draft(person: &Person, subject: &str) -> String {
    person.draft(&plain("AdeleV", &["AlexW"], subject)).await["id"].as_str().unwrap().to_owned()
}

/// Moves a message.
async fn put(person: &Person, id: &str, folder: &str) {
    person.post_json(&format!("messages/{id}/move"), &json!({"destinationId": folder})).await.demand(201);
}

#[tokio::test]
async fn a_first_round_gives_what_there_is_in_pages_and_then_a_delta_link() {
    let server = Server::start().await;
    let adele = server.person("AdeleV");
    for number in 0..5 {
        draft(&adele, &format!("Draft {number}")).await;
    }
    let asked = "mailFolders/drafts/messages/delta?$select=subject,isRead";
    let answer = adele.get_with(asked, &[("prefer", "odata.maxpagesize=2")]).await.demand(200);
    assert_eq!(answer.header("preference-applied"), Some("odata.maxpagesize=2"));
    let page = answer.json();
    assert_eq!(page["@odata.context"], format!("{}/v1.0/$metadata#Collection(message)", server.origin()));
    assert_eq!(subjects(page["value"].as_array().unwrap()), ["Draft 4", "Draft 3"], "the newest first");
    let first = page["value"][0].as_object().unwrap();
    let names: Vec<&str> = first.keys().map(String::as_str).collect();
    assert_eq!(names, ["@odata.type", "@odata.etag", "id", "subject", "isRead"]);
    assert_eq!(first["@odata.type"], "#microsoft.graph.message");
    let link = page["@odata.nextLink"].as_str().unwrap();
    assert!(link.starts_with(&adele.url("mailFolders/drafts/messages/delta?%24skiptoken=")), "{link}");

    let mut follower = Follower::new(&adele, asked).pages_of(2);
    assert_eq!(subjects(&follower.round().await), ["Draft 4", "Draft 3", "Draft 2", "Draft 1", "Draft 0"]);
    assert!(follower.link().contains("/messages/delta?%24deltatoken="), "{}", follower.link());
    assert_eq!(follower.pages, 3);
    assert!(follower.round().await.is_empty(), "nothing changed");
    draft(&adele, "Draft 5").await;
    let changed = follower.round().await;
    let names: Vec<&str> = changed[0].as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(names, ["@odata.type", "@odata.etag", "id", "subject", "isRead"], "the options stand in the link");
    server.finish().await;
}

#[tokio::test]
async fn a_later_round_gives_each_change_once_and_the_latest_state() {
    let server = Server::start().await;
    let adele = server.person("AdeleV");
    let (one, two) = (draft(&adele, "One").await, draft(&adele, "Two").await);
    let mut follower = Follower::new(&adele, "mailFolders/drafts/messages/delta");
    follower.round().await;
    let link = follower.link().to_owned();
    adele.patch_json(&format!("messages/{two}"), &json!({"isRead": false})).await.demand(200);
    adele.patch_json(&format!("messages/{one}"), &json!({"isRead": false})).await.demand(200);
    adele.patch_json(&format!("messages/{two}"), &json!({"subject": "Two, again"})).await.demand(200);
    let three = draft(&adele, "Three").await;
    let changed = follower.round().await;
    assert_eq!(ids(&changed), [one.as_str(), &two, &three], "in the order of their last changes");
    let whole = adele.get(&format!("messages/{two}")).await.demand(200).json();
    for (name, value) in whole.as_object().unwrap().iter().filter(|(name, _)| *name != "@odata.context") {
        assert_eq!(&changed[1][name], value, "{name} is given each time");
    }
    assert!(follower.round().await.is_empty(), "it is told once");
    let mut again = Follower::at(&adele, &link);
    assert_eq!(ids(&again.round().await), [one.as_str(), &two, &three], "a token may be used again");
    server.finish().await;
}

#[tokio::test]
async fn moves_are_removed_in_one_folder_and_created_in_the_other() {
    let server = Server::start().await;
    let adele = server.person("AdeleV");
    let id = draft(&adele, "Moves").await;
    let folders = ["drafts", "archive", "deleteditems", "inbox"];
    let mut followers = folders.map(|folder| Follower::new(&adele, &format!("mailFolders/{folder}/messages/delta()?$select=id")));
    let mut whole = Follower::new(&adele, "messages/delta?$select=parentFolderId");
    for follower in followers.iter_mut().chain([&mut whole]) {
        follower.round().await;
    }
    put(&adele, &id, "archive").await;
    let [drafts, archive, deleted, inbox] = &mut followers;
    let removed = json!({"@odata.type": "#microsoft.graph.message", "id": id, "@removed": {"reason": "deleted"}});
    assert_eq!(drafts.round().await, std::slice::from_ref(&removed));
    assert_eq!(ids(&archive.round().await), [&id]);
    let moved = whole.round().await;
    assert_eq!(moved[0]["parentFolderId"], adele.get("mailFolders/archive").await.json()["id"]);
    adele.delete(&format!("messages/{id}")).await.demand_empty(204);
    put(&adele, &id, "inbox").await;
    put(&adele, &id, "drafts").await;
    assert_eq!(archive.round().await, std::slice::from_ref(&removed));
    assert_eq!(ids(&drafts.round().await), [&id], "it is back");
    for passed in [deleted, inbox] {
        assert!(passed.items_after_round().await.is_empty(), "it only passed by");
    }
    adele.post_nothing(&format!("messages/{id}/permanentDelete")).await.demand_empty(204);
    assert_eq!(drafts.round().await, std::slice::from_ref(&removed));
    assert_eq!(whole.round().await, [removed]);
    server.finish().await;
}

#[tokio::test]
async fn change_types_are_told_apart_from_the_second_round_on() {
    let server = Server::start().await;
    let adele = server.person("AdeleV");
    let (stays, goes) = (draft(&adele, "Stays").await, draft(&adele, "Goes").await);
    let follow = |kind: &str| Follower::new(&adele, &format!("mailFolders/drafts/messages/delta?changeType={kind}"));
    let mut followers = ["created", "updated", "deleted", "created,deleted"].map(follow);
    for follower in &mut followers {
        assert_eq!(follower.round().await.len(), 2, "a first round is whole");
    }
    adele.patch_json(&format!("messages/{stays}"), &json!({"isRead": false})).await.demand(200);
    put(&adele, &goes, "archive").await;
    let new = draft(&adele, "New").await;
    adele.patch_json(&format!("messages/{new}"), &json!({"isRead": false})).await.demand(200);
    let [created, updated, deleted, both] = &mut followers;
    assert_eq!(ids(&created.round().await), [&new], "what is new is new, also when it changed since");
    assert_eq!(ids(&updated.round().await), [&stays]);
    assert_eq!(ids(&deleted.round().await), [&goes]);
    assert_eq!(ids(&both.round().await), [&goes, &new]);
    adele.get("mailFolders/drafts/messages/delta?changeType=renamed").await.demand_error(400, "BadRequest");
    server.finish().await;
}

#[tokio::test]
async fn what_changes_while_pages_are_read_comes_later_and_nothing_is_lost() {
    let server = Server::start().await;
    let adele = server.person("AdeleV");
    let mut made = Vec::new();
    for number in 0..6 {
        made.push(draft(&adele, &format!("Draft {number}")).await);
    }
    let mut follower = Follower::new(&adele, "mailFolders/drafts/messages/delta?$select=subject").pages_of(2);
    assert_eq!(subjects(&follower.page().await.0), ["Draft 5", "Draft 4"]);
    put(&adele, &made[3], "archive").await; // from the page to come
    put(&adele, &made[5], "archive").await; // from a page that was read
    put(&adele, &made[4], "archive").await;
    put(&adele, &made[4], "drafts").await; // and back
    adele.patch_json(&format!("messages/{}", made[0]), &json!({"subject": "Draft 0, again"})).await.demand(200);
    draft(&adele, "Draft 6").await;
    assert_eq!(subjects(&follower.round().await), ["Draft 2", "Draft 1", "Draft 0, again"]);
    let changed = follower.round().await;
    assert_eq!(ids(&changed)[..3], [&made[3], &made[5], &made[4]]);
    assert!(!changed[0]["@removed"].is_null() && !changed[1]["@removed"].is_null() && changed[2]["@removed"].is_null());
    assert_eq!(subjects(&changed[3..]), ["Draft 0, again", "Draft 6"]);
    server.finish().await;
}

#[tokio::test]
async fn messages_are_followed_from_a_date_on() {
    let server = Server::start().await;
    let adele = server.person("AdeleV");
    let import = async |second: usize| {
        let path = format!("mailFolders/archive/messages?import&receivedDateTime=2024-01-01T00:00:0{second}.5Z");
        let made = adele.post_mime(&path, &plain("AlexW", &["AdeleV"], &format!("At {second}"))).await.demand(201).json();
        made["id"].as_str().unwrap().to_owned()
    };
    let made = [import(1).await, import(2).await, import(3).await];
    let delta = "mailFolders/archive/messages/delta?$select=subject";
    for (filter, expected) in [
        ("receivedDateTime ge 2024-01-01T00:00:02Z", vec!["At 3", "At 2"]),
        ("receivedDateTime gt 2024-01-01T00:00:02Z", vec!["At 3"]),
        ("receivedDateTime+ge+2024-01-01T00:00:02.1Z", vec!["At 3"]),
        ("ReceivedDateTime ge 2024-01-01", vec!["At 3", "At 2", "At 1"]),
        ("receivedDateTime ge 2025-01-01T00:00:00Z", vec![]),
    ] {
        let mut follower = Follower::new(&adele, &format!("{delta}&$filter={filter}")).pages_of(2);
        assert_eq!(subjects(&follower.round().await), expected, "{filter}");
    }
    let mut follower = Follower::new(&adele, &format!("{delta}&$filter=receivedDateTime gt 2024-01-01T00:00:02Z"));
    follower.round().await;
    for id in &made {
        adele.patch_json(&format!("messages/{id}"), &json!({"isRead": false})).await.demand(200);
    }
    assert_eq!(subjects(&follower.round().await), ["At 3"], "the filter stands in the link");
    for filter in ["receivedDateTime lt 2024-01-01", "isRead eq false", "receivedDateTime ge 'x'", "receivedDateTime ge"] {
        adele.get(&format!("{delta}&$filter={}", filter.replace(' ', "%20"))).await.demand_error(400, "BadRequest");
    }
    server.finish().await;
}

#[tokio::test]
async fn folders_are_followed_with_their_counts() {
    let server = Server::start().await;
    let adele = server.person("AdeleV");
    let mut tree = Follower::new(&adele, "mailFolders/delta").pages_of(3);
    let mut hidden_too = Follower::new(&adele, "mailFolders/delta?includeHiddenFolders=true&$select=isHidden");
    let mut within_inbox = Follower::new(&adele, "mailFolders/inbox/childFolders/delta");
    let first = tree.round().await;
    assert!(first.iter().all(|folder| folder["@odata.type"] == "#microsoft.graph.mailFolder"));
    let names: Vec<&Value> = first.iter().map(|folder| &folder["displayName"]).collect();
    assert!(["Inbox", "Drafts", "Sent Items", "Deleted Items"].iter().all(|name| names.contains(&&json!(name))), "{names:?}");
    assert!(!names.contains(&&json!("Top of Information Store")) && !names.contains(&&json!("Deletions")), "{names:?}");
    assert!(hidden_too.round().await.iter().any(|folder| folder["isHidden"] == true));
    assert!(within_inbox.round().await.is_empty());

    let made = adele.post_json("mailFolders/inbox/childFolders", &json!({"displayName": "Child"})).await.demand(201).json();
    let changed = tree.round().await;
    assert_eq!(changed.len(), 2, "the new one, and its parent, which has a child more: {changed:?}");
    let inbox = changed.iter().find(|folder| folder["displayName"] == "Inbox").unwrap();
    assert_eq!(inbox["childFolderCount"], 1);
    assert_eq!(ids(&within_inbox.round().await), [made["id"].as_str().unwrap()]);
    draft(&adele, "Counts").await;
    let changed = tree.round().await;
    assert_eq!((changed[0]["displayName"].as_str(), &changed[0]["totalItemCount"]), (Some("Drafts"), &json!(1)));
    assert!(tree.round().await.is_empty());
    server.finish().await;
}

#[tokio::test]
async fn a_send_is_seen_by_who_follows_either_mailbox() {
    let server = Server::start().await;
    let (adele, alex) = (server.person("AdeleV"), server.person("AlexW"));
    let mut sent = Follower::new(&adele, "mailFolders('sentitems')/messages/microsoft.graph.delta()?select=subject");
    let mut inbox = Follower::new(&alex, "mailFolders/inbox/messages/delta?$select=subject&$orderby=receivedDateTime desc");
    let (nothing, neither) = (sent.round().await, inbox.round().await);
    assert!(nothing.is_empty() && neither.is_empty());
    adele.send_mime(&plain("AdeleV", &["AlexW"], "Followed")).await.demand_empty(202);
    assert_eq!(subjects(&sent.round().await), ["Followed"]);
    alex.arrived("Followed").await;
    assert_eq!(subjects(&inbox.round().await), ["Followed"]);
    server.finish().await;
}
