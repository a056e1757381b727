//! Changes as server-sent events: who holds a connection hears them as they happen, and goes on where it broke off.

use hyper::Method;
use kit::{Events, Person, Server, app, plain};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::time::{Duration, Instant};

/// A server stops within ten seconds, whoever listens; without anything to finish much sooner.
const STOPS: Duration = Duration::from_secs(5);

async fn draft(person: &Person, subject: &str) -> Value {
    person.draft(&plain("AdeleV", &["AlexW"], subject)).await
}

fn id(value: &Value) -> &str {
    value["id"].as_str().unwrap()
}

/// The kinds of the next so many changes, of one message.
async fn kinds(events: &mut Events, count: usize, message: &str) -> Vec<String> {
    let mut all = Vec::new();
    for _ in 0..count {
        let told = events.next().await.expect("the stream goes on");
        assert_eq!((told.data["changeType"].as_str(), id(&told.data["resourceData"])), (Some(told.event.as_str()), message));
        all.push(told.event);
    }
    all
}

#[tokio::test]
async fn each_change_is_heard_as_a_notification_tells_it() {
    let server = Server::start().await;
    let adele = server.person("AdeleV");
    let mut all = adele.listen("messages/changes", None).await;
    let mut drafts = adele.listen("mailFolders('drafts')/messages/changes?changeType=created,deleted", None).await;
    let made = draft(&adele, "A life").await;
    let first = all.next().await.expect("it is told");
    let resource = format!("Users/{}/Messages/{}", server.entry("AdeleV")["id"].as_str().unwrap(), id(&made));
    let told = json!({
        "changeType": "created",
        "resource": resource,
        "resourceData": {
            "@odata.type": "#Microsoft.Graph.Message",
            "@odata.id": resource,
            "@odata.etag": made["@odata.etag"],
            "id": made["id"],
        },
    });
    assert_eq!((first.event.as_str(), &first.data), ("created", &told));
    adele.patch_json(&format!("messages/{}", id(&made)), &json!({"isRead": false})).await.demand(200);
    adele.post_json(&format!("messages/{}/move", id(&made)), &json!({"destinationId": "archive"})).await.demand(201);
    assert_eq!(kinds(&mut all, 2, id(&made)).await, ["updated", "updated"]);
    assert_eq!(kinds(&mut drafts, 2, id(&made)).await, ["created", "deleted"]);
    server.finish().await;
}

#[tokio::test]
async fn what_is_selected_comes_along() {
    let server = Server::start().await;
    let (adele, alex) = (server.person("AdeleV"), server.person("AlexW"));
    let mut inbox = alex.listen("mailFolders/inbox/messages/changes?$select=subject,from", None).await;
    adele.send_mime(&plain("AdeleV", &["AlexW"], "Heard at once")).await.demand(202);
    let told = inbox.next().await.expect("it is told");
    let data = &told.data["resourceData"];
    assert_eq!((&data["subject"], told.event.as_str()), (&json!("Heard at once"), "created"));
    assert_eq!(data["from"]["emailAddress"]["address"], "AdeleV@contoso.com");
    let read = alex.get(&format!("messages/{}?$select=subject,from", id(data))).await.demand(200).json();
    assert_eq!(data["@odata.etag"], read["@odata.etag"]);
    server.finish().await;
}

#[tokio::test]
async fn who_comes_again_hears_what_was_missed_and_nothing_twice() {
    let mut server = Server::start().await;
    let adele = server.person("AdeleV");
    let mut events = adele.listen("messages/changes", None).await;
    let first = draft(&adele, "Before").await;
    assert_eq!(kinds(&mut events, 1, id(&first)).await, ["created"]);
    let heard = events.last_id().to_owned();
    drop(events);
    let second = draft(&adele, "Between").await;
    server.kill().await;
    server.restart().await;
    let adele = server.person("AdeleV");
    let mut again = adele.listen("messages/changes", Some(&heard)).await;
    assert_eq!(kinds(&mut again, 1, id(&second)).await, ["created"]);
    let third = draft(&adele, "After").await;
    assert_eq!(kinds(&mut again, 1, id(&third)).await, ["created"]);
    let mut unknown = adele.listen("messages/changes", Some("4000000")).await;
    let missed = unknown.next().await.expect("it is told");
    assert_eq!((missed.event.as_str(), missed.data), ("missed", json!({"lifecycleEvent": "missed"})));
    let fourth = draft(&adele, "From there on").await;
    assert_eq!(kinds(&mut unknown, 1, id(&fourth)).await, ["created"]);
    server.finish().await;
}

#[tokio::test]
async fn much_that_happens_is_heard_in_order_and_whole() {
    let server = Server::start().await;
    let adele = server.person("AdeleV");
    let from = adele.listen("messages/changes", None).await.last_id().to_owned();
    let mut made = Vec::new();
    for number in 0..150 {
        made.push(id(&draft(&adele, &format!("Draft {number}")).await).to_owned());
    }
    let mut events = adele.listen("messages/changes", Some(&from)).await;
    let (mut heard, mut numbers) = (Vec::new(), Vec::new());
    for _ in 0..made.len() {
        let told = events.next().await.expect("the stream goes on");
        heard.push(id(&told.data["resourceData"]).to_owned());
        numbers.push(told.id.parse::<i64>().unwrap());
    }
    assert_eq!(heard, made);
    assert!(numbers.is_sorted_by(|one, next| one < next), "{numbers:?}");
    server.finish().await;
}

#[tokio::test]
async fn nobody_hears_what_is_not_for_him() {
    let server = Server::start().await;
    let alex = server.person("AlexW");
    let adeles = format!("/users/{}/messages/changes", kit::address("AdeleV"));
    alex.get(&adeles).await.demand_error(403, "ErrorAccessDenied");
    server.anonymous().get(&adeles).await.demand_error(401, "InvalidAuthenticationToken");
    let sender = server.person_with_scopes("AlexW", "Mail.Send").await;
    sender.get("messages/changes").await.demand_error(403, "ErrorAccessDenied");
    let basic = server.person_with_scopes("AlexW", "Mail.ReadBasic").await;
    basic.get("messages/changes?$select=subject").await.demand_error(403, "ErrorAccessDenied");
    drop(basic.listen("messages/changes", None).await);
    let there = alex.get("mailFolders('drafts')").await.demand(200).json();
    let adele = server.person("AdeleV");
    adele.get(&format!("mailFolders/{}/messages/changes", id(&there))).await.demand_error(404, "ErrorItemNotFound");
    server.finish().await;
}

#[tokio::test]
async fn what_can_not_be_asked_is_refused() {
    let server = Server::start().await;
    let adele = server.person("AdeleV");
    for odd in ["?changeType=moved", "?$filter=isRead", "?$top=5", "?$select=body", "?$select=nothing"] {
        let answer = adele.get(&format!("messages/changes{odd}")).await;
        assert!(matches!(answer.status.as_u16(), 400 | 501), "{odd}: {}", answer.status);
    }
    for odd in ["-1", "a", "99999999999999999999999"] {
        let header = [("last-event-id", odd)];
        let answer = adele.call(Method::GET, "messages/changes", &header, bytes::Bytes::new()).await;
        answer.demand(400);
    }
    adele.post_nothing("messages/changes").await.demand(405);
    let batch = json!({"requests": [{"id": "1", "method": "GET", "url": "/me/messages/changes"}]});
    let answer = adele.post_json("/$batch", &batch).await.demand(200).json();
    assert_eq!(answer["responses"][0]["status"], 400, "a batch would wait for its end");
    server.finish().await;
}

#[tokio::test]
async fn a_hundred_may_listen_to_a_mailbox_and_who_goes_makes_room() {
    let server = Server::start().await;
    let adele = server.person("AdeleV");
    let mut all = Vec::new();
    for _ in 0..100 {
        all.push(adele.listen("messages/changes", None).await);
    }
    let refused = adele.get("messages/changes").await.demand(429);
    assert!(refused.header("retry-after").is_some());
    drop(server.person("AlexW").listen("messages/changes", None).await);
    let made = draft(&adele, "To a hundred").await;
    for events in &mut all {
        assert_eq!(kinds(events, 1, id(&made)).await, ["created"]);
    }
    all.pop();
    kit::until("there is room", async || {
        let last = adele.attempt(Method::HEAD, "messages/changes", &[], bytes::Bytes::new()).await.ok()?;
        (last.status == 200).then_some(())
    })
    .await;
    server.finish().await;
}

#[tokio::test]
async fn a_server_that_stops_ends_its_streams() {
    let mut server = Server::start().await;
    let adele = server.person("AdeleV");
    let mut events = adele.listen("messages/changes", None).await;
    let began = Instant::now();
    let (ended, ()) = tokio::join!(events.next(), server.stop());
    assert_eq!(ended, None);
    assert!(began.elapsed() < STOPS, "{:?}", began.elapsed());
    server.restart().await;
    server.finish().await;
}

#[tokio::test]
async fn whose_right_is_gone_hears_nothing_more() {
    let server = Server::start().await;
    let (mut disabled, mut narrowed) = (app("disabled", "Mail.Read"), app("narrowed", "Mail.Read"));
    for app in [&disabled, &narrowed] {
        server.register(app).await;
    }
    let mut all = Vec::new();
    for app in [&disabled, &narrowed] {
        all.push(server.as_app(app, "Mail.Read").at("AdeleV").listen("messages/changes", None).await);
    }
    disabled.account_enabled = false;
    narrowed.application_permissions = "Mail.Send".to_owned();
    for app in [&disabled, &narrowed] {
        server.register(app).await;
    }
    draft(&server.person("AdeleV"), "Unheard").await;
    for mut events in all {
        assert_eq!(events.next().await, None);
    }
    server.finish().await;
}

#[tokio::test]
async fn what_another_node_does_is_heard_too() {
    let [one, other] = Server::nodes().await;
    let there = other.bearer(Some(one.entry("AdeleV")["token"].as_str().unwrap().to_owned()));
    let mut events = there.listen("messages/changes", None).await;
    let adele = one.person("AdeleV");
    let mut made = BTreeSet::new();
    for number in 0..3 {
        made.insert(id(&draft(&adele, &format!("Draft {number}")).await).to_owned());
    }
    let mut heard = BTreeSet::new();
    for _ in 0..3 {
        heard.insert(id(&events.next().await.expect("it is told").data["resourceData"]).to_owned());
    }
    assert_eq!(heard, made);
    one.finish().await;
    other.finish().await;
}
