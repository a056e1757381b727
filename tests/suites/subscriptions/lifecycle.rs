//! What is told of subscriptions themselves.

use super::{minutes_from_now, subscribed, to_messages, with};
use kit::{Receiver, Server, app, plain};
use serde_json::{Value, json};

const ALL: &str = "Mail.ReadWrite Mail.Send";

fn told_of_itself(receiver: &Receiver) -> Vec<Value> {
    receiver.notifications("/of-itself")
}

async fn until_told(receiver: &Receiver, event: &str) -> Value {
    let is_told = async || told_of_itself(receiver).into_iter().find(|one| one["lifecycleEvent"] == event);
    kit::until(event, is_told).await
}

#[tokio::test]
async fn who_may_not_read_any_more_is_told_so_and_goes_on_once_he_may() {
    let (server, receiver) = (Server::start().await, Receiver::start().await);
    let mut tool = app("tool", ALL);
    server.register(&tool).await;
    let adele = server.through(&tool, "AdeleV", ALL).await;
    let of_itself = json!({"lifecycleNotificationUrl": receiver.url("/of-itself"), "changeType": "created"});
    let made = subscribed(&adele, &with(to_messages(&receiver), &of_itself)).await;
    tool.delegated_permissions = "Mail.Send".to_owned();
    server.register(&tool).await;
    let owner = server.person("AdeleV");
    owner.draft(&plain("AdeleV", &["AlexW"], "While it may not")).await;
    let event = until_told(&receiver, "reauthorizationRequired").await;
    let expected = json!({
        "subscriptionId": made["id"],
        "subscriptionExpirationDateTime": made["expirationDateTime"],
        "lifecycleEvent": "reauthorizationRequired",
        "clientState": "a secret",
        "tenantId": server.dev()["tenant"],
    });
    assert_eq!(event, expected);
    let one = format!("/subscriptions/{}", made["id"].as_str().unwrap());
    adele.post_nothing(&format!("{one}/reauthorize")).await.demand_error(403, "ErrorAccessDenied");
    assert!(receiver.notifications("/changes").is_empty());

    tool.delegated_permissions = ALL.to_owned();
    server.register(&tool).await;
    adele.post_nothing(&format!("{one}/reauthorize")).await.demand_empty(204);
    receiver.until_notified("/changes", 1).await;
    assert_eq!(told_of_itself(&receiver).len(), 1);

    // A renewal does the same.
    tool.account_enabled = false;
    server.register(&tool).await;
    owner.draft(&plain("AdeleV", &["AlexW"], "While it is disabled")).await;
    kit::until("it is told again", async || (told_of_itself(&receiver).len() == 2).then_some(())).await;
    tool.account_enabled = true;
    server.register(&tool).await;
    adele.patch_json(&one, &json!({"expirationDateTime": minutes_from_now(90)})).await.demand(200);
    receiver.until_notified("/changes", 2).await;
    server.finish().await;
}

#[tokio::test]
async fn a_folder_that_is_gone_takes_its_subscriptions_along() {
    let (server, receiver) = (Server::start().await, Receiver::start().await);
    let adele = server.person("AdeleV");
    let folder = adele.post_json("mailFolders", &json!({"displayName": "Followed"})).await.demand(201).json();
    let folder = folder["id"].as_str().unwrap();
    let followed = json!({
        "resource": format!("me/mailFolders/{folder}/messages"),
        "lifecycleNotificationUrl": receiver.url("/of-itself"),
    });
    let made = subscribed(&adele, &with(to_messages(&receiver), &followed)).await;
    adele.post_mime(&format!("mailFolders/{folder}/messages"), &plain("AdeleV", &["AlexW"], "In it")).await.demand(201);
    receiver.until_notified("/changes", 1).await;
    adele.post_nothing(&format!("mailFolders/{folder}/permanentDelete")).await.demand_empty(204);
    let told = receiver.until_notified("/changes", 2).await;
    assert_eq!(told[1]["changeType"], "deleted");
    // Other mail goes on meanwhile.
    adele.draft(&plain("AdeleV", &["AlexW"], "Elsewhere")).await;
    let event = until_told(&receiver, "subscriptionRemoved").await;
    assert_eq!(event["subscriptionId"], made["id"]);
    adele.get(&format!("/subscriptions/{}", made["id"].as_str().unwrap())).await.demand_error(404, "ResourceNotFound");
    server.finish().await;
}

#[tokio::test]
async fn an_operator_sees_who_is_told_and_ends_it() {
    let (server, receiver) = (Server::start().await, Receiver::start().await);
    let (adele, alex) = (server.person("AdeleV"), server.person("AlexW"));
    let of_itself = json!({"lifecycleNotificationUrl": receiver.url("/of-itself")});
    let made = subscribed(&adele, &with(to_messages(&receiver), &of_itself)).await;
    subscribed(&alex, &to_messages(&receiver)).await;
    let id = made["id"].as_str().unwrap();
    let listed = async |arguments: &[&str]| -> Vec<Value> {
        let output = server.restante(&[&["subscription", "list", "--json"], arguments].concat()).await;
        assert!(output.status.success(), "{output:?}");
        serde_json::from_slice(&output.stdout).unwrap()
    };
    assert_eq!(listed(&[]).await.len(), 2);
    assert_eq!(listed(&["--top", "1"]).await.len(), 1);
    let of_adele = listed(&["--user", &kit::address("AdeleV")]).await;
    let [one] = of_adele.as_slice() else { panic!("{of_adele:?}") };
    assert_eq!((&one["id"], &one["mailbox"]), (&made["id"], &json!(kit::address("AdeleV"))));
    assert_eq!((&one["resource"], &one["notificationUrl"]), (&made["resource"], &made["notificationUrl"]));
    assert!(one.get("clientState").is_none(), "a secret is its app's");
    let text = String::from_utf8(server.restante(&["subscription", "list"]).await.stdout).unwrap();
    assert!(text.contains(id) && text.contains(&receiver.url("/changes")), "{text}");

    let removed = server.restante(&["subscription", "remove", id]).await;
    assert!(removed.status.success(), "{removed:?}");
    assert_eq!(until_told(&receiver, "subscriptionRemoved").await["subscriptionId"], made["id"]);
    adele.get(&format!("/subscriptions/{id}")).await.demand_error(404, "ResourceNotFound");
    for (wrong, words) in [(id, "there is no subscription"), ("me", "restante subscription list")] {
        let refused = server.restante(&["subscription", "remove", wrong]).await;
        let told = String::from_utf8(refused.stderr).unwrap();
        assert!(!refused.status.success() && told.contains(words), "{told}");
    }
    assert_eq!(listed(&[]).await.len(), 1);
    server.finish().await;
}

#[tokio::test]
async fn another_password_ends_what_was_subscribed_to_for_the_person() {
    let (server, receiver) = (Server::start().await, Receiver::start().await);
    let (adele, alex) = (server.person("AdeleV"), server.person("AlexW"));
    let of_itself = json!({"lifecycleNotificationUrl": receiver.url("/of-itself")});
    let made = subscribed(&adele, &with(to_messages(&receiver), &of_itself)).await;
    let other = subscribed(&alex, &to_messages(&receiver)).await;
    let set = server.restante(&["user", "password", &kit::address("AdeleV"), "--generate"]).await;
    assert!(set.status.success(), "{set:?}");
    let event = until_told(&receiver, "subscriptionRemoved").await;
    assert_eq!(event["subscriptionId"], made["id"]);
    adele.get(&format!("/subscriptions/{}", made["id"].as_str().unwrap())).await.demand_error(404, "ResourceNotFound");
    alex.get(&format!("/subscriptions/{}", other["id"].as_str().unwrap())).await.demand(200);
    server.finish().await;
}

#[tokio::test]
async fn what_was_missed_is_told() {
    const SHORT: &str =
        "development = true\n[notifications]\nfirst_retry_seconds = 1\nlongest_retry_seconds = 1\nlifetime_seconds = 2\n";
    let (server, receiver) = (Server::with_config(SHORT).await, Receiver::start().await);
    let adele = server.person("AdeleV");
    let of_itself = json!({"lifecycleNotificationUrl": receiver.url("/of-itself"), "changeType": "created"});
    let made = subscribed(&adele, &with(to_messages(&receiver), &of_itself)).await;
    receiver.react(kit::Reaction::Answer(500));
    adele.draft(&plain("AdeleV", &["AlexW"], "Missed")).await;
    // It fails for longer than changes are kept, and so does what is told of that, for as long.
    let given_up = async || (receiver.tried() >= 4).then_some(());
    kit::until("it is tried in vain", given_up).await;
    receiver.react(kit::Reaction::Take);
    let event = until_told(&receiver, "missed").await;
    assert_eq!(event["subscriptionId"], made["id"]);
    let next = adele.draft(&plain("AdeleV", &["AlexW"], "Told")).await;
    let told = receiver.until_notified("/changes", 1).await;
    assert_eq!(told.last().unwrap()["resourceData"]["id"], next["id"]);
    server.finish().await;
}
