//! Subscriptions and change notifications: real receivers on loopback, which do well or badly, and what they are told.

mod data;
mod deliveries;
mod delivery;
mod filtered;
mod lifecycle;
mod nodes;
mod streams;

use kit::{Answer, Handshake, Person, Receiver, Server, address, app, self_signed};
use serde_json::{Value, json};
use std::fs;
use store::MailboxAccess;

/// So many minutes from now, as Graph writes dates.
fn minutes_from_now(minutes: i64) -> String {
    let at = jiff::Timestamp::now() + jiff::SignedDuration::from_mins(minutes);
    at.strftime("%Y-%m-%dT%H:%M:%S.0000000Z").to_string()
}

/// A subscription to all messages, told at `/changes`.
pub(crate) fn to_messages(receiver: &Receiver) -> Value {
    json!({
        "changeType": "created,updated,deleted",
        "notificationUrl": receiver.url("/changes"),
        "resource": "me/messages",
        "expirationDateTime": minutes_from_now(60),
        "clientState": "a secret",
    })
}

/// The same with other members.
pub(crate) fn with(mut subscription: Value, members: &Value) -> Value {
    for (name, value) in members.as_object().unwrap() {
        subscription[name] = value.clone();
    }
    subscription
}

async fn subscribe(person: &Person, subscription: &Value) -> Answer {
    person.post_json("/subscriptions", subscription).await
}

/// The subscription as it was made.
async fn subscribed(person: &Person, subscription: &Value) -> Value {
    subscribe(person, subscription).await.demand(201).json()
}

/// Makes the call of a row of the table of operations; what it needs is made by the owner.
pub(crate) async fn call((owner, person): (&Person, &Person), method: &str, path: &str) -> Vec<Answer> {
    let receiver = Receiver::start().await;
    let asks = with(to_messages(&receiver), &json!({"resource": format!("users/{}/messages", address("AdeleV"))}));
    if path == "/subscriptions" {
        return match method {
            "POST" => vec![person.post_json(path, &asks).await],
            _ => vec![person.get(path).await],
        };
    }
    // Each has his own; who may make none asks for another's.
    let own = subscribe(person, &asks).await;
    let made = if own.status == 201 { own.json() } else { subscribed(owner, &asks).await };
    let one = path.replace("{subscription-id}", made["id"].as_str().unwrap());
    vec![match method {
        "POST" => person.post_nothing(&one).await,
        "PATCH" => person.patch_json(&one, &json!({"expirationDateTime": minutes_from_now(90)})).await,
        "DELETE" => person.delete(&one).await,
        _ => person.get(&one).await,
    }]
}

#[tokio::test]
async fn a_receiver_that_gives_back_what_it_was_told_is_subscribed() {
    let (server, receiver) = (Server::start().await, Receiver::start().await);
    let adele = server.person("AdeleV");
    let lifecycle = receiver.url("/of-itself?a=b");
    let wanted = with(
        to_messages(&receiver),
        &json!({"lifecycleNotificationUrl": lifecycle, "resource": "/me/mailFolders('inbox')/messages"}),
    );
    let made = subscribed(&adele, &wanted).await;
    let origin = server.origin();
    assert_eq!(made["@odata.context"], format!("{origin}/v1.0/$metadata#subscriptions/$entity"));
    for name in ["notificationUrl", "lifecycleNotificationUrl", "resource", "changeType", "clientState"] {
        assert_eq!(made[name], wanted[name], "{name}");
    }
    assert_eq!(made["creatorId"], server.entry("AdeleV")["id"]);
    assert_eq!(made["applicationId"], server.dev()["client_id"]);
    assert_eq!((&made["latestSupportedTlsVersion"], &made["includeResourceData"]), (&json!("v1_2"), &json!(false)));
    assert_eq!(made["expirationDateTime"].as_str().unwrap()[..19], wanted["expirationDateTime"].as_str().unwrap()[..19]);
    let mut asked = receiver.asked();
    asked.sort();
    assert_eq!(asked.len(), 2, "{asked:?}");
    let token = "Validation%3A%20Testing%20client%20application%20reachability%20for%20subscription%20Request%2DId%3A%20";
    assert!(asked[0].starts_with(&format!("/changes?validationToken={token}")), "{asked:?}");
    assert!(asked[1].starts_with("/of-itself?a=b&validationToken="), "{asked:?}");

    let id = made["id"].as_str().unwrap();
    let shown = adele.get(&format!("/subscriptions/{id}")).await.demand(200).json();
    assert_eq!(
        (&shown["clientState"], &shown["notificationUrl"]),
        (&Value::Null, &made["notificationUrl"]),
        "a secret isn't shown again"
    );
    let listed = adele.get("/subscriptions").await.demand(200).json();
    assert_eq!((listed["value"].as_array().map(Vec::len), &listed["value"][0]["id"]), (Some(1), &made["id"]));
    assert_eq!(listed["value"][0]["clientState"], Value::Null);
    let some = adele.get(&format!("/subscriptions/{id}?$select=resource")).await.demand(200).json();
    assert_eq!(some.as_object().unwrap().keys().collect::<Vec<_>>(), ["@odata.context", "id", "resource"]);
    server.finish().await;
}

#[tokio::test]
async fn a_receiver_that_answers_otherwise_is_not() {
    let (server, receiver) = (Server::start().await, Receiver::start().await);
    let adele = server.person("AdeleV");
    let failed = "Subscription validation request failed. Notification endpoint must respond with 200 OK to validation request.";
    for (handshake, message) in [
        (Handshake::Say(401, "text/plain", ""), format!("{failed} HTTP status code is 'Unauthorized'.")),
        (Handshake::Say(202, "text/plain", ""), format!("{failed} HTTP status code is 'Accepted'.")),
        (Handshake::Say(302, "text/plain", ""), format!("{failed} HTTP status code is 'Found'.")),
        (Handshake::Say(200, "text/plain", "Yes"), "nothing else".to_owned()),
        (Handshake::Say(200, "text/html", "Yes"), "'text/plain'".to_owned()),
        (Handshake::Encoded, "nothing else".to_owned()),
        (Handshake::Silence, "Subscription validation request timed out.".to_owned()),
    ] {
        receiver.answer_handshakes(handshake.clone());
        let said = subscribe(&adele, &to_messages(&receiver)).await.demand_error(400, "ValidationError");
        assert!(said.contains(&message), "{handshake:?}: {said}");
    }
    let nobody = with(to_messages(&receiver), &json!({"notificationUrl": "http://127.0.0.1:1/"}));
    assert_eq!(subscribe(&adele, &nobody).await.demand_error(400, "ValidationError"), failed);
    let elsewhere = with(to_messages(&receiver), &json!({"notificationUrl": "http://8.8.8.8/"}));
    let said = subscribe(&adele, &elsewhere).await.demand_error(400, "ValidationError");
    assert!(said.contains("https://"), "only this machine is called without TLS: {said}");
    assert_eq!(adele.get("/subscriptions").await.demand(200).json()["value"], json!([]));
    server.finish().await;
}

#[tokio::test]
async fn what_can_not_be_subscribed_to_is_refused_before_anybody_is_asked() {
    let (server, receiver) = (Server::start().await, Receiver::start().await);
    let adele = server.person("AdeleV");
    let asks = to_messages(&receiver);
    for (members, status, code, words) in [
        (
            json!({"expirationDateTime": minutes_from_now(10_081)}),
            400,
            "ExtensionError",
            "can only be 10080 minutes in the future",
        ),
        (json!({"expirationDateTime": minutes_from_now(-1)}), 400, "ExtensionError", "must be in the future"),
        (json!({"expirationDateTime": null}), 400, "RequestBodyRead", "expirationDateTime"),
        (json!({"changeType": "created,moved"}), 400, "RequestBodyRead", "changeType"),
        (json!({"notificationUrl": "ftp://a"}), 400, "RequestBodyRead", "notificationUrl"),
        (json!({"clientState": "x".repeat(129)}), 400, "RequestBodyRead", "clientState"),
        (json!({"resource": "me/events"}), 400, "BadRequest", "events"),
        (json!({"resource": "me/mailFolders"}), 400, "BadRequest", "Only messages"),
        (json!({"resource": "me/mailFolders/nope/messages"}), 400, "ErrorInvalidIdMalformed", "malformed"),
        (json!({"resource": "me/messages?$expand=attachments"}), 400, "BadRequest", "includeResourceData"),
        (json!({"resource": "me/messages?$select=subject"}), 400, "BadRequest", "includeResourceData"),
        (json!({"includeResourceData": true}), 400, "RequestBodyRead", "encryptionCertificate"),
        (json!({"resource": format!("users/{}/messages", address("AlexW"))}), 403, "ErrorAccessDenied", "denied"),
    ] {
        let said = subscribe(&adele, &with(asks.clone(), &members)).await.demand_error(status, code);
        assert!(said.contains(words), "{members}: {said}");
    }
    server.grant("AlexW", "AdeleV", MailboxAccess::FullAccess).await;
    let shared = with(asks, &json!({"resource": format!("users/{}/messages", address("AlexW"))}));
    subscribe(&adele, &shared).await.demand_error(403, "ErrorAccessDenied");
    assert!(receiver.asked().is_empty(), "{:?}", receiver.asked());
    // An app for itself may, as Graph has it.
    subscribed(&server.app().await, &shared).await;
    server.finish().await;
}

#[tokio::test]
async fn many_subscriptions_come_in_pages() {
    let (server, receiver) = (Server::start().await, Receiver::start().await);
    let adele = server.person("AdeleV");
    for _ in 0..101 {
        subscribed(&adele, &to_messages(&receiver)).await;
    }
    let first = adele.get("/subscriptions?$select=id").await.demand(200).json();
    let next = first["@odata.nextLink"].as_str().expect("a link");
    let second = adele.get(next).await.demand(200).json();
    let ids = |page: &Value| -> Vec<String> {
        page["value"].as_array().unwrap().iter().map(|one| one["id"].as_str().unwrap().to_owned()).collect()
    };
    let mut all = [ids(&first), ids(&second)].concat();
    all.dedup();
    assert_eq!((ids(&first).len(), all.len(), second.get("@odata.nextLink")), (100, 101, None));
    adele.get("/subscriptions?$skiptoken=me").await.demand_error(400, "BadRequest");
    server.finish().await;
}

#[tokio::test]
async fn a_subscription_is_renewed_and_deleted_by_who_made_it() {
    let (server, receiver) = (Server::start().await, Receiver::start().await);
    let adele = server.person("AdeleV");
    let made = subscribed(&adele, &with(to_messages(&receiver), &json!({"expirationDateTime": minutes_from_now(5)}))).await;
    assert!(made["expirationDateTime"].as_str().unwrap() > minutes_from_now(43).as_str(), "it lasts 45 minutes at least: {made}");
    let one = format!("/subscriptions/{}", made["id"].as_str().unwrap());
    let later = minutes_from_now(7 * 24 * 60);
    let renewed = adele.patch_json(&one, &json!({"expirationDateTime": later})).await.demand(200).json();
    assert_eq!(renewed["expirationDateTime"].as_str().unwrap()[..19], later[..19]);
    adele.patch_json(&one, &json!({"expirationDateTime": minutes_from_now(10_081)})).await.demand_error(400, "ExtensionError");
    adele.patch_json(&one, &json!({"resource": "me/mailFolders/inbox/messages"})).await.demand_error(400, "RequestBodyRead");
    adele.patch_json(&one, &json!({"lifecycleNotificationUrl": receiver.url("/b")})).await.demand_error(400, "RequestBodyRead");
    let asked = receiver.asked().len();
    let moved = adele.patch_json(&one, &json!({"notificationUrl": receiver.url("/other")})).await.demand(200).json();
    assert_eq!((moved["notificationUrl"].as_str(), receiver.asked().len()), (Some(&*receiver.url("/other")), asked + 1));
    receiver.answer_handshakes(Handshake::Say(404, "text/plain", ""));
    adele.patch_json(&one, &json!({"notificationUrl": receiver.url("/third")})).await.demand_error(400, "ValidationError");
    assert_eq!(adele.get(&one).await.demand(200).json()["notificationUrl"], moved["notificationUrl"]);
    adele.post_nothing(&format!("{one}/reauthorize")).await.demand_empty(204);

    let tool = app("tool", "Mail.Read Mail.Send");
    server.register(&tool).await;
    for stranger in [server.person("AlexW"), server.app().await, server.through(&tool, "AdeleV", "Mail.Read").await] {
        for answer in [
            stranger.get(&one).await,
            stranger.patch_json(&one, &json!({"expirationDateTime": minutes_from_now(60)})).await,
            stranger.post_nothing(&format!("{one}/reauthorize")).await,
            stranger.delete(&one).await,
        ] {
            answer.demand_error(404, "ResourceNotFound");
        }
        assert_eq!(stranger.get("/subscriptions").await.demand(200).json()["value"], json!([]));
    }
    let without_mail = server.through(&tool, "AdeleV", "User.Read").await;
    without_mail.get("/subscriptions").await.demand_error(403, "ErrorAccessDenied");
    adele.delete(&one).await.demand_empty(204);
    adele.delete(&one).await.demand_error(404, "ResourceNotFound");
    adele.get("/subscriptions/x").await.demand_error(400, "ErrorInvalidIdMalformed");
    server.finish().await;
}

/// What an app that a server was told to trust might ask it to call.
#[tokio::test]
async fn in_production_neighbours_are_not_called_unless_that_is_allowed() {
    let certificate = self_signed(&["127.0.0.1"]);
    let (plain, tls) = (Receiver::start().await, Receiver::with_tls(&certificate).await);
    let server = Server::in_production("").await;
    let tool = app("tool", "Mail.Read");
    server.register(&tool).await;
    let itself = server.as_app(&tool, "Mail.Read");
    let asks = |url: &str| {
        let resource = format!("users/{}/messages", address("AdeleV"));
        with(to_messages(&plain), &json!({"resource": resource, "notificationUrl": url}))
    };
    for url in [
        &*plain.url("/"),
        &*tls.url("/"),
        "https://localhost/",
        "https://10.0.0.1/",
        "https://[::1]/",
        "https://[::ffff:127.0.0.1]/",
        "https://169.254.169.254/latest/meta-data",
        "https://[fd00::1]/",
    ] {
        let said = subscribe(&itself, &asks(url)).await.demand_error(400, "ValidationError");
        assert!(said.contains("public addresses") || said.contains("https://"), "{url}: {said}");
    }
    assert!(plain.asked().is_empty() && tls.asked().is_empty());
    server.finish().await;

    let dir = tempfile::tempdir().unwrap();
    let ca = dir.path().join("ca.pem");
    fs::write(&ca, &certificate.0).unwrap();
    let settings = format!("[notifications]\nallowed_networks = [\"127.0.0.0/8\"]\nca = \"{}\"\n", ca.display());
    let server = Server::in_production(&settings).await;
    server.register(&tool).await;
    let itself = server.as_app(&tool, "Mail.Read");
    subscribe(&itself, &asks(&plain.url("/"))).await.demand_error(400, "ValidationError");
    subscribed(&itself, &asks(&tls.url("/"))).await;
    let other = self_signed(&["127.0.0.1"]);
    let stranger = Receiver::with_tls(&other).await;
    subscribe(&itself, &asks(&stranger.url("/"))).await.demand_error(400, "ValidationError");
    server.finish().await;
}
