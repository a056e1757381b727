//! Tokens: whose they are, what they carry, and when they are too old.

use super::draft;
use super::follower::{Follower, ids};
use kit::Server;
use serde_json::json;
use store::{MailboxId, StoreError};

#[tokio::test]
async fn a_token_too_old_is_410_and_the_way_to_begin_anew() {
    let server = Server::start().await;
    let adele = server.person("AdeleV");
    let mut follower = Follower::new(&adele, "mailFolders/drafts/messages/delta?$select=subject,isRead&$top=3");
    let mut folders = Follower::new(&adele, "mailFolders/delta");
    follower.round().await;
    folders.round().await;
    draft(&adele, "One").await;
    draft(&adele, "Two").await;
    let id: [u8; 16] = uuid::Uuid::parse_str(server.entry("AdeleV")["id"].as_str().unwrap()).unwrap().into_bytes();
    server.store().write(move |tx| tx.forget_changes(MailboxId(id), 1)).await.map_err(|error: StoreError| error).unwrap();
    for link in [follower.link(), folders.link()] {
        let answer = adele.get(link).await;
        let location = answer.header("location").expect("a new beginning").to_owned();
        answer.demand_error(410, "SyncStateNotFound");
        assert!(location.ends_with("%24deltatoken="), "{location}");
        assert_eq!(location.contains("%24select=subject,isRead&%24top=3"), link == follower.link(), "{location}");
    }
    let location = adele.get(follower.link()).await.header("location").unwrap().to_owned();
    let mut anew = Follower::at(&adele, &location);
    assert_eq!(anew.round().await.len(), 2);
    draft(&adele, "Three").await;
    assert_eq!(anew.round().await.len(), 1, "the new link is good");
    server.finish().await;
}

#[tokio::test]
async fn tokens_are_of_one_mailbox_and_folder_and_can_not_be_changed() {
    let server = Server::start().await;
    let (adele, alex) = (server.person("AdeleV"), server.person("AlexW"));
    let mut follower = Follower::new(&adele, "mailFolders/drafts/messages/delta");
    follower.round().await;
    let (path, token) = follower.link().split_once("?%24deltatoken=").unwrap();
    alex.get(&format!("mailFolders/drafts/messages/delta?$deltatoken={token}")).await.demand_error(410, "SyncStateNotFound");
    adele.get(&format!("mailFolders/inbox/messages/delta?$deltatoken={token}")).await.demand_error(410, "SyncStateNotFound");
    adele.get(&format!("messages/delta?$deltatoken={token}")).await.demand_error(410, "SyncStateNotFound");
    adele.get(&format!("mailFolders/delta?$deltatoken={token}")).await.demand_error(400, "BadRequest");
    for place in [0, token.len() / 2, token.len() - 2] {
        let mut changed = token.to_owned().into_bytes();
        changed[place] = if changed[place] == b'A' { b'B' } else { b'A' };
        let changed = String::from_utf8(changed).unwrap();
        adele.get(&format!("{path}?$deltatoken={changed}")).await.demand_error(400, "BadRequest");
    }
    for spelling in ["deltatoken", "$deltaToken", "%24skiptoken", "skipToken"] {
        adele.get(&format!("{path}?{spelling}={token}")).await.demand(200);
    }
    let drafts = adele.get("mailFolders/drafts").await.json()["id"].as_str().unwrap().to_owned();
    adele.get(&format!("mailFolders('{drafts}')/messages/delta()?$deltatoken={token}")).await.demand(200);
    server.finish().await;
}

#[tokio::test]
async fn a_token_outlives_a_restart() {
    let mut server = Server::start().await;
    let adele = server.person("AdeleV");
    let mut follower = Follower::new(&adele, "mailFolders/drafts/messages/delta");
    follower.round().await;
    let id = draft(&adele, "Before").await;
    let token = follower.link().split_once('?').unwrap().1.to_owned();
    server.stop().await;
    server.restart().await;
    let adele = server.person("AdeleV");
    let mut follower = Follower::new(&adele, &format!("mailFolders/drafts/messages/delta?{token}"));
    assert_eq!(ids(&follower.round().await), [&id]);
    server.finish().await;
}

#[tokio::test]
async fn latest_begins_with_what_is_to_come() {
    let server = Server::start().await;
    let adele = server.person("AdeleV");
    draft(&adele, "Old").await;
    let mut follower = Follower::new(&adele, "mailFolders/drafts/messages/delta?$deltatoken=latest&$select=subject");
    assert!(follower.round().await.is_empty());
    let id = draft(&adele, "New").await;
    let changed = follower.round().await;
    assert_eq!(ids(&changed), [&id]);
    assert_eq!(changed[0].as_object().unwrap().len(), 4, "{changed:?}");
    server.finish().await;
}

#[tokio::test]
async fn what_a_delta_query_can_not_do_is_refused() {
    let server = Server::start().await;
    let adele = server.person("AdeleV");
    let delta = "mailFolders/drafts/messages/delta";
    for options in ["$top=0", "$orderby=subject", "$orderby=receivedDateTime", "$select=nonsense"] {
        adele.get(&format!("{delta}?{options}")).await.demand(400).error();
    }
    adele.get("mailFolders/nowhere/messages/delta").await.demand(400).error();
    adele.post_json(delta, &json!({})).await.demand_error(405, "ErrorInvalidRequest");
    adele.get(&format!("{delta}/more")).await.demand(400).error();
    server.anonymous().get(delta).await.demand(401);
    server.finish().await;
}
