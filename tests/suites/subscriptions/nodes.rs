//! Two nodes of one store: what happens at one of them is told by either, and what a node that is gone had taken is told by the other.

use super::{subscribed, to_messages};
use kit::{Person, Reaction, Receiver, Server, plain};
use serde_json::Value;
use std::collections::BTreeSet;
use std::time::Duration;

/// For what a node has that is gone without a word: until it counts as gone, and is looked for.
const GONE: Duration = Duration::from_secs(90);

/// Longer than a courier waits: whichever of the nodes it was that tried, it has not been told that this was taken.
const TOO_LONG: Duration = Duration::from_secs(30);

fn elsewhere(one: &Server, other: &Server, name: &str) -> Person {
    other.bearer(Some(one.entry(name)["token"].as_str().unwrap().to_owned()))
}

fn told(receiver: &Receiver) -> BTreeSet<String> {
    let id = |one: Value| one["resourceData"]["id"].as_str().unwrap().to_owned();
    receiver.notifications("/changes").into_iter().map(id).collect()
}

#[tokio::test]
async fn what_happens_at_one_node_is_told_whichever_it_was_subscribed_at() {
    let ([one, other], receiver) = (Server::nodes().await, Receiver::start().await);
    let adele = one.person("AdeleV");
    let there = elsewhere(&one, &other, "AdeleV");
    subscribed(&adele, &to_messages(&receiver)).await;
    let mut ids = BTreeSet::new();
    for number in 0..20 {
        let at = if number % 2 == 0 { &adele } else { &there };
        let made = at.draft(&plain("AdeleV", &["AlexW"], &format!("Draft {number}"))).await;
        ids.insert(made["id"].as_str().unwrap().to_owned());
    }
    kit::until("all are told", async || (told(&receiver) == ids).then_some(())).await;
    let listed = there.get("/subscriptions").await.demand(200).json();
    assert_eq!(listed["value"].as_array().map(Vec::len), Some(1));
    let id = listed["value"][0]["id"].as_str().unwrap();
    there.delete(&format!("/subscriptions/{id}")).await.demand_empty(204);
    adele.get(&format!("/subscriptions/{id}")).await.demand_error(404, "ResourceNotFound");
    one.finish().await;
    other.finish().await;
}

#[tokio::test]
async fn what_a_node_that_is_gone_had_taken_is_told_by_another() {
    let ([mut one, other], receiver) = (Server::nodes().await, Receiver::start().await);
    let adele = one.person("AdeleV");
    subscribed(&adele, &to_messages(&receiver)).await;
    receiver.react(Reaction::Wait(TOO_LONG));
    let made = adele.draft(&plain("AdeleV", &["AlexW"], "Before the kill")).await;
    kit::until("it is tried", async || (receiver.tried() > 0).then_some(())).await;
    one.kill().await;
    receiver.react(Reaction::Take);
    let tried = receiver.tried();
    let ids = BTreeSet::from([made["id"].as_str().unwrap().to_owned()]);
    kit::until_within(GONE, "it is told by the other", async || {
        (receiver.tried() > tried && told(&receiver) == ids).then_some(())
    })
    .await;
    one.restart().await;
    one.finish().await;
    other.finish().await;
}
