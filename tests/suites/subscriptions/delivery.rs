//! What is told: each change once at least, in order, together where much happens, whatever the receiver does.

use super::{subscribed, to_messages, with};
use hyper::Method;
use kit::{Person, Reaction, Receiver, Server, decode_base64, plain};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::time::{Duration, Instant};

/// Settings with which what fails is tried again soon.
const SOON: &str = "development = true\n[notifications]\nfirst_retry_seconds = 1\nlongest_retry_seconds = 1\n";

fn change_types(notifications: &[Value]) -> Vec<&str> {
    notifications.iter().map(|one| one["changeType"].as_str().unwrap()).collect()
}

fn message_id(notification: &Value) -> &str {
    notification["resourceData"]["id"].as_str().unwrap()
}

async fn draft(person: &Person, subject: &str) -> Value {
    person.draft(&plain("AdeleV", &["AlexW"], subject)).await
}

#[tokio::test]
async fn each_change_of_a_message_is_told_where_it_is_followed() {
    let (server, receiver) = (Server::start().await, Receiver::start().await);
    let adele = server.person("AdeleV");
    let made = subscribed(&adele, &to_messages(&receiver)).await;
    let folder =
        json!({"resource": "me/mailFolders('drafts')/messages", "notificationUrl": receiver.url("/drafts"), "clientState": null});
    subscribed(&adele, &with(to_messages(&receiver), &folder)).await;

    let message = draft(&adele, "A life").await;
    let id = message["id"].as_str().unwrap();
    let told = receiver.until_notified("/changes", 1).await;
    let resource = format!("Users/{}/Messages/{id}", server.entry("AdeleV")["id"].as_str().unwrap());
    let expected = json!({
        "subscriptionId": made["id"],
        "subscriptionExpirationDateTime": made["expirationDateTime"],
        "changeType": "created",
        "resource": resource,
        "resourceData": {
            "@odata.type": "#Microsoft.Graph.Message",
            "@odata.id": resource,
            "@odata.etag": message["@odata.etag"],
            "id": id,
        },
        "clientState": "a secret",
        "tenantId": server.dev()["tenant"],
    });
    assert_eq!(told, [expected]);
    let read = adele.get(&format!("/{resource}")).await.demand(200).json();
    assert_eq!(read["subject"], "A life", "it leads to the message");

    let updated = adele.patch_json(&format!("messages/{id}"), &json!({"isRead": false})).await.demand(200).json();
    let told = receiver.until_notified("/changes", 2).await;
    assert_eq!(told[1]["resourceData"]["@odata.etag"], updated["@odata.etag"]);
    adele.post_json(&format!("messages/{id}/move"), &json!({"destinationId": "archive"})).await.demand(201);
    adele.delete(&format!("messages/{id}")).await.demand_empty(204);
    adele.post_nothing(&format!("messages/{id}/permanentDelete")).await.demand_empty(204);
    let told = receiver.until_notified("/changes", 5).await;
    assert_eq!(change_types(&told), ["created", "updated", "updated", "updated", "deleted"]);
    assert!(told.iter().all(|one| message_id(one) == id));
    assert_eq!(told[4]["resourceData"].get("@odata.etag"), None);
    let in_folder = receiver.until_notified("/drafts", 3).await;
    assert_eq!(change_types(&in_folder), ["created", "updated", "deleted"]);
    assert_eq!(in_folder[0]["clientState"], Value::Null);
    let content_types: BTreeSet<_> = receiver.received().into_iter().map(|one| one.content_type).collect();
    assert_eq!(content_types, BTreeSet::from(["application/json; charset=utf-8".to_owned()]));
    server.finish().await;
}

#[tokio::test]
async fn mail_that_arrives_is_told_in_either_form_of_id() {
    let (server, receiver) = (Server::start().await, Receiver::start().await);
    let (adele, alex) = (server.person("AdeleV"), server.person("AlexW"));
    for (path, prefer) in [("/immutable", "IdType=\"ImmutableId\""), ("/usual", "IdType=\"Default\"")] {
        let inbox =
            json!({"resource": "me/mailFolders/inbox/messages", "changeType": "created", "notificationUrl": receiver.url(path)});
        let body = with(to_messages(&receiver), &inbox).to_string();
        let headers = [("content-type", "application/json"), ("prefer", prefer)];
        adele.call(Method::POST, "/subscriptions", &headers, body.into()).await.demand(201);
    }
    alex.send_mime(&plain("AlexW", &["AdeleV"], "News")).await.demand_empty(202);
    let arrived = adele.arrived("News").await;
    for path in ["/immutable", "/usual"] {
        let told = receiver.until_notified(path, 1).await;
        assert_eq!((change_types(&told), message_id(&told[0])), (vec!["created"], arrived["id"].as_str().unwrap()), "{path}");
    }
    server.finish().await;
}

#[tokio::test]
async fn what_happens_together_is_told_together() {
    let (server, receiver) = (Server::with_config(SOON).await, Receiver::start().await);
    let adele = server.person("AdeleV");
    let ids: Vec<Value> =
        vec![subscribed(&adele, &to_messages(&receiver)).await, subscribed(&adele, &to_messages(&receiver)).await];
    receiver.react(Reaction::Answer(503));
    for number in 0..130 {
        draft(&adele, &format!("Draft {number}")).await;
    }
    receiver.react(Reaction::Take);
    let told = receiver.until_notified("/changes", 260).await;
    for made in &ids {
        let of_one: Vec<&Value> = told.iter().filter(|one| one["subscriptionId"] == made["id"]).collect();
        let messages: BTreeSet<&str> = of_one.iter().map(|one| message_id(one)).collect();
        assert_eq!((of_one.len(), messages.len()), (130, 130), "each once, since each was taken");
    }
    let posts = receiver.received();
    assert!(posts.len() <= 10, "{} posts", posts.len());
    assert!(posts.iter().all(|post| post.notifications().len() <= 200));
    assert!(posts.iter().any(|post| {
        let whose: BTreeSet<String> = post.notifications().iter().map(|one| one["subscriptionId"].to_string()).collect();
        whose.len() == 2
    }));
    server.finish().await;
}

/// The states of each message in which it was told, one after the other, without what was told again.
fn demand_order(told: &[Value], expected: &[(String, usize)]) {
    for (id, changes) in expected {
        let octets = |one: &Value| {
            let etag = one["resourceData"]["@odata.etag"].as_str().unwrap();
            decode_base64(etag.trim_start_matches("W/").trim_matches('"'))
        };
        let etags: Vec<Vec<u8>> = told.iter().filter(|one| message_id(one) == id).map(octets).collect();
        let mut seen: Vec<Vec<u8>> = Vec::new();
        for etag in etags {
            if !seen.contains(&etag) {
                seen.push(etag);
            }
        }
        assert_eq!(seen.len(), *changes, "{id}: each change is told");
        assert!(seen.is_sorted(), "{id}: the change's number is what an etag begins with: {seen:?}");
    }
}

#[tokio::test]
async fn a_receiver_that_fails_in_any_way_misses_nothing_and_holds_up_nobody() {
    let (server, receiver, other) = (Server::with_config(SOON).await, Receiver::start().await, Receiver::start().await);
    let adele = server.person("AdeleV");
    subscribed(&adele, &to_messages(&receiver)).await;
    subscribed(&adele, &to_messages(&other)).await;
    let mut changes = Vec::new();
    let ways = [
        Reaction::Answer(500),
        Reaction::Cut,
        Reaction::TakeAndCut,
        Reaction::Answer(302),
        Reaction::Answer(400),
        Reaction::Wait(Duration::from_secs(3)),
        Reaction::TakeAndCut,
    ];
    for (number, reaction) in ways.into_iter().enumerate() {
        receiver.react(reaction.clone());
        let tried = receiver.tried();
        let id = draft(&adele, &format!("Draft {number}")).await["id"].as_str().unwrap().to_owned();
        let began = Instant::now();
        for is_read in [true, false, true] {
            adele.patch_json(&format!("messages/{id}"), &json!({"isRead": is_read})).await.demand(200);
        }
        assert!(began.elapsed() < Duration::from_secs(3), "mail waits for nobody");
        changes.push((id, 4));
        other.until_notified("/changes", 4 * changes.len()).await;
        kit::until("it is tried", async || (receiver.tried() > tried).then_some(())).await;
    }
    receiver.react(Reaction::Take);
    let last = changes.last().unwrap().0.clone();
    let is_told = async || {
        let told = receiver.notifications("/changes");
        let of_last: BTreeSet<String> =
            told.iter().filter(|one| message_id(one) == last).map(|one| one["resourceData"]["@odata.etag"].to_string()).collect();
        (of_last.len() == 4).then_some(told)
    };
    let told = kit::until("all is told", is_told).await;
    demand_order(&told, &changes);
    assert!(told.len() > 4 * changes.len(), "what was taken without a word came again");
    assert_eq!(other.notifications("/changes").len(), 4 * changes.len(), "and once where all was well");
    server.finish().await;
}

#[tokio::test]
async fn what_is_to_be_told_outlives_the_server() {
    let (mut server, receiver) = (Server::with_config(SOON).await, Receiver::start().await);
    let adele = server.person("AdeleV");
    subscribed(&adele, &to_messages(&receiver)).await;
    receiver.react(Reaction::Answer(503));
    draft(&adele, "Before the kill").await;
    kit::until("it is tried", async || (receiver.tried() > 0).then_some(())).await;
    server.kill().await;
    receiver.react(Reaction::Wait(Duration::from_secs(8)));
    server.restart().await;
    let tried = receiver.tried();
    kit::until("it is tried again", async || (receiver.tried() > tried).then_some(())).await;
    server.stop().await; // within ten seconds, though the receiver takes its time
    receiver.react(Reaction::Take);
    server.restart().await;
    draft(&server.person("AdeleV"), "Behind the stop").await;
    let both = async || {
        let told = receiver.notifications("/changes");
        let ids: BTreeSet<String> = told.iter().map(|one| message_id(one).to_owned()).collect();
        (ids.len() == 2).then_some(())
    };
    kit::until("both are told", both).await;
    server.finish().await;
}
