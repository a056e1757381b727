//! A filter on what is followed: a message that it lets in is told of as a new one, and one that it lets in no more as a deleted one.

use super::{subscribe, subscribed, to_messages, with};
use kit::{Person, Reaction, Receiver, Server, address, app, plain};
use serde_json::{Value, json};

fn told(notifications: &[Value]) -> Vec<(&str, &str)> {
    notifications.iter().map(|one| (one["changeType"].as_str().unwrap(), one["resourceData"]["id"].as_str().unwrap())).collect()
}

async fn draft(person: &Person, subject: &str) -> String {
    person.draft(&plain("AdeleV", &["AlexW"], subject)).await["id"].as_str().unwrap().to_owned()
}

async fn change(person: &Person, id: &str, members: &Value) {
    person.patch_json(&format!("messages/{id}"), members).await.demand(200);
}

#[tokio::test]
async fn what_a_filter_lets_in_is_told_as_new_and_what_it_does_not_any_more_as_deleted() {
    let (server, receiver) = (Server::start().await, Receiver::start().await);
    let adele = server.person("AdeleV");
    let [before, other] = [draft(&adele, "Read before").await, draft(&adele, "Unread before").await];
    change(&adele, &other, &json!({"isRead": false})).await;
    let unread = json!({"resource": "me/mailFolders('drafts')/messages?$filter=isRead eq false"});
    subscribed(&adele, &with(to_messages(&receiver), &unread)).await;

    // Graph's own example: unread messages of a folder.
    change(&adele, &before, &json!({"isRead": false})).await;
    let all = receiver.until_notified("/changes", 1).await;
    assert_eq!(told(&all), [("created", &*before)]);
    change(&adele, &before, &json!({"importance": "high"})).await;
    change(&adele, &other, &json!({"categories": ["Red"]})).await;
    let all = receiver.until_notified("/changes", 3).await;
    assert_eq!(told(&all)[1..], [("updated", &*before), ("updated", &*other)], "what was let in at first is known");
    change(&adele, &before, &json!({"isRead": true})).await;
    change(&adele, &before, &json!({"importance": "low"})).await;
    adele.post_json(&format!("messages/{other}/move"), &json!({"destinationId": "archive"})).await.demand(201);
    let all = receiver.until_notified("/changes", 5).await;
    assert_eq!(told(&all)[3..], [("deleted", &*before), ("deleted", &*other)], "what it doesn't let in is nobody's concern");
    let read = draft(&adele, "Read").await;
    change(&adele, &read, &json!({"importance": "low"})).await;
    adele.post_json(&format!("messages/{other}/move"), &json!({"destinationId": "drafts"})).await.demand(201);
    let all = receiver.until_notified("/changes", 6).await;
    assert_eq!(told(&all)[5..], [("created", &*other)]);
    server.finish().await;
}

#[tokio::test]
async fn a_filter_over_the_whole_mailbox_holds_across_failures_and_a_restart() {
    const SOON: &str = "development = true\n[notifications]\nfirst_retry_seconds = 1\nlongest_retry_seconds = 1\n";
    let (mut server, receiver) = (Server::with_config(SOON).await, Receiver::start().await);
    let adele = server.person("AdeleV");
    let filter = "subject eq 'Wanted' and from/emailAddress/address eq 'AlexW@contoso.com'";
    let asks = json!({"resource": format!("me/messages?$filter={filter}"), "changeType": "created,deleted"});
    let made = subscribed(&adele, &with(to_messages(&receiver), &asks)).await;
    assert_eq!(made["resource"], asks["resource"]);
    receiver.react(Reaction::Answer(500));
    let alex = server.person("AlexW");
    for subject in ["Wanted", "Unwanted", "Wanted too"] {
        alex.send_mime(&plain("AlexW", &["AdeleV"], subject)).await.demand_empty(202);
    }
    let wanted = adele.arrived("Wanted").await;
    let id = wanted["id"].as_str().unwrap();
    kit::until("it is tried", async || (receiver.tried() > 0).then_some(())).await;
    server.kill().await;
    receiver.react(Reaction::TakeAndCut);
    server.restart().await;
    receiver.until_notified("/changes", 2).await;
    receiver.react(Reaction::Take);
    let again = receiver.until_notified("/changes", 3).await;
    assert!(told(&again).iter().all(|one| *one == ("created", id)), "what was taken without a word comes again: {again:?}");
    let adele = server.person("AdeleV");
    change(&adele, id, &json!({"isRead": true})).await;
    adele.post_json(&format!("messages/{id}/move"), &json!({"destinationId": "archive"})).await.demand(201);
    adele.post_nothing(&format!("messages/{id}/permanentDelete")).await.demand_empty(204);
    let ended = async || receiver.notifications("/changes").last().filter(|one| one["changeType"] == "deleted").map(|_| ());
    kit::until("it is deleted", ended).await;
    let id = format!("/subscriptions/{}", made["id"].as_str().unwrap());
    adele.delete(&id).await.demand_empty(204);
    server.finish().await;
}

#[tokio::test]
async fn filters_that_can_not_be_looked_at_are_refused() {
    let (server, receiver) = (Server::start().await, Receiver::start().await);
    let adele = server.person("AdeleV");
    for (filter, status, code) in [
        ("isRead eq", 400, "RequestBroker--ParseUri"),
        ("colour eq 'red'", 400, "RequestBroker--ParseUri"),
        ("contains(body/content,'x')", 501, "NotImplemented"),
        ("singleValueExtendedProperties/any(p:p/id eq 'String 0x4001' and p/value eq 'a')", 501, "NotImplemented"),
    ] {
        let asks = with(to_messages(&receiver), &json!({"resource": format!("me/messages?$filter={filter}")}));
        subscribe(&adele, &asks).await.demand_error(status, code);
    }
    let tool = app("tool", "Mail.ReadBasic");
    server.register(&tool).await;
    let basic = server.through(&tool, "AdeleV", "Mail.ReadBasic").await;
    let guess = json!({"resource": "me/messages?$filter=contains(bodyPreview,'secret')"});
    subscribe(&basic, &with(to_messages(&receiver), &guess)).await.demand_error(403, "ErrorAccessDenied");
    let by_sender = format!("me/messages?$filter=from/emailAddress/address eq '{}'", address("AlexW"));
    subscribed(&basic, &with(to_messages(&receiver), &json!({"resource": by_sender}))).await;
    assert_eq!(receiver.asked().len(), 1);
    server.finish().await;
}
