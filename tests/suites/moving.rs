//! `restante move`: a store goes from a data directory to PostgreSQL and object storage, and back, whole.

mod hostile;

use hyper::Method;
use kit::{Person, Rng, Room, Server, digests, plain, seed};
use serde_json::{Value, json};
use std::process::Output;
use std::time::Duration;
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};

/// What a move ends with that goes on.
const FOLLOWED: Option<i32> = Some(3);
/// A category that no engine may write as it is: U+0000, and what stands for it in PostgreSQL.
const ODD: &str = "a\u{FDD0}0b";

fn large(subject: &str) -> Vec<u8> {
    let mut octets = plain("AdeleV", &["AlexW"], subject);
    octets.extend(b"A line of a large message.\r\n".repeat(20_000));
    octets
}

/// Some of everything: messages small and large, sent and drafted, their flags, properties and folders.
async fn fill(server: &Server) {
    let adele = server.person("AdeleV");
    adele.send_mime(&plain("AdeleV", &["AlexW"], "Small")).await.demand_empty(202);
    adele.send_mime(&large("Large")).await.demand_empty(202);
    let draft = adele.draft(&plain("AdeleV", &["AlexW"], "Draft")).await;
    let draft = draft["id"].as_str().expect("an id").to_owned();
    let property = json!([{"id": "String {66f5a359-4659-4830-9070-00047ec6ac6e} Name Odd", "value": ODD}]);
    let patch =
        json!({"categories": [ODD, "Blue"], "flag": {"flagStatus": "flagged"}, "singleValueExtendedProperties": property});
    adele.patch_json(&format!("messages/{draft}"), &patch).await.demand(200);
    adele.post_json("mailFolders", &json!({"displayName": "A folder"})).await.demand(201);
    let replies = json!({"internalReplyMessage": ODD, "scheduledStartDateTime": {"dateTime": "2030-01-01T00:00:00"}});
    let settings = json!({"timeZone": "Europe/Berlin", "automaticRepliesSetting": replies, "workingHours": {"daysOfWeek": []}});
    adele.patch_json("mailboxSettings", &settings).await.demand(200);
    adele.post_json("outlook/masterCategories", &json!({"displayName": ODD, "color": "preset9"})).await.demand(201);
    let said = json!({"classifyAs": "other", "senderEmailAddress": {"name": ODD, "address": "news@elsewhere.example"}});
    adele.post_json("inferenceClassification/overrides", &said).await.demand(201);
    for subject in ["Small", "Large"] {
        server.person("AlexW").arrived(subject).await;
    }
}

/// An upload of which the first half has come: where it takes octets, and all of them.
async fn begin_upload(adele: &Person) -> (String, Vec<u8>) {
    let octets = large("In ranges");
    let body = json!({"messageItem": {"size": octets.len()}});
    let session = adele.post_json("messages/createUploadSession", &body).await.demand(201).json();
    let address = session["uploadUrl"].as_str().expect("a session has an address").to_owned();
    put(adele, &address, 0..octets.len() / 2, &octets, 200).await;
    (address, octets)
}

/// Brings the second half, and sends the whole.
async fn end_upload(adele: &Person, address: &str, octets: &[u8]) {
    put(adele, address, octets.len() / 2..octets.len(), octets, 201).await;
    let session = address.rsplit('/').next().unwrap();
    adele.post_nothing(&format!("sendMail?uploadSession={session}")).await.demand_empty(202);
    let sent = adele.sent().await;
    let sent = sent.iter().find(|message| message["subject"] == "In ranges").expect("it is sent");
    assert!(adele.value(sent["id"].as_str().unwrap()).await == octets, "every octet of both halves");
}

async fn put(person: &Person, address: &str, range: std::ops::Range<usize>, octets: &[u8], status: u16) {
    let said = format!("bytes {}-{}/{}", range.start, range.end - 1, octets.len());
    let part = octets[range].to_vec();
    person.call(Method::PUT, address, &[("content-range", &said)], part.into()).await.demand(status);
}

/// What a person sees of each message, with its octets.
async fn seen(person: &Person) -> Vec<(Value, Vec<u8>)> {
    let mut seen = Vec::new();
    let filter = "id%20eq%20'String%20%7B66f5a359-4659-4830-9070-00047ec6ac6e%7D%20Name%20Odd'";
    let path = format!("messages?$orderby=createdDateTime&$expand=singleValueExtendedProperties($filter={filter})");
    for message in person.all(&path).await {
        let octets = person.value(message["id"].as_str().expect("an id")).await.to_vec();
        seen.push((message, octets));
    }
    seen
}

/// What a person's mailbox has beside its mail.
async fn beside(person: &Person) -> Vec<Value> {
    let mut all = vec![person.get("mailboxSettings").await.demand(200).json()];
    for list in ["outlook/masterCategories", "inferenceClassification/overrides"] {
        all.push(person.get(list).await.demand(200).json());
    }
    for one in &mut all {
        one["@odata.context"] = Value::Null;
    }
    all
}

/// What is seen, without what says where it was seen.
fn told(seen: &[(Value, Vec<u8>)]) -> Vec<(Value, &[u8])> {
    let without_links = |message: &Value| {
        let mut message = message.clone();
        for (name, value) in message.as_object_mut().expect("an object") {
            if name.contains("@odata") || name == "webLink" {
                *value = Value::Null;
            }
        }
        message
    };
    seen.iter().map(|(message, octets)| (without_links(message), octets.as_slice())).collect()
}

fn at(link: &Value, from: &str, to: &Server) -> String {
    link.as_str().expect("a link").replace(from, &to.origin())
}

fn said(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

#[tokio::test]
async fn there_and_back_every_row_and_octet_is_the_same() {
    let server = Server::open(Room::directory()).await;
    fill(&server).await;
    let before = seen(&server.person("AdeleV")).await;
    let set = beside(&server.person("AdeleV")).await;
    let one = server.leave().await;
    let (other, third) = (Room::shared(), Room::directory());
    let there = digests(&one.move_to(&other).await);
    assert!(there.iter().any(|line| line.starts_with("message ")), "{there:?}");
    other.demand_order().await;
    let back = digests(&other.move_to(&third).await);
    assert_eq!(there, back);
    third.demand_order().await;
    for gone in [&one, &other] {
        let why = gone.refused().await;
        assert!(why.contains("it was moved"), "{why}");
    }
    let again = one.move_to(&other).await;
    assert!(!again.status.success() && said(&again).contains("it was moved"), "{}", said(&again));
    let server = Server::open(third).await;
    assert_eq!(told(&seen(&server.person("AdeleV")).await), told(&before));
    assert_eq!(beside(&server.person("AdeleV")).await, set);
    server.finish().await;
}

#[tokio::test]
async fn a_store_that_is_served_follows_and_nobody_is_sent_away() {
    let server = Server::open(Room::directory()).await;
    fill(&server).await;
    let adele = server.person("AdeleV");
    let (address, octets) = begin_upload(&adele).await;
    let token = server.entry("AdeleV")["token"].as_str().expect("a token").to_owned();
    let round = adele.get("mailFolders/drafts/messages/delta?$select=subject").await.demand(200).json();
    let key = [("idempotency-key", "11111111-2222-4333-8444-555555555555"), ("content-type", "text/plain")];
    let once = kit::base64(&plain("AdeleV", &["AlexW"], "Once"));
    adele.call(Method::POST, "sendMail", &key, once.clone().into()).await.demand(202);
    server.person("AlexW").arrived("Once").await;

    let other = Room::shared();
    let first = server.follow_to(&other).await;
    assert_eq!(first.status.code(), FOLLOWED, "{}", said(&first));
    assert!(other.refused().await.contains("not all of it is here yet"));
    // What changes meanwhile is brought by the next run: more, less and otherwise.
    adele.draft(&plain("AdeleV", &["AlexW"], "Meanwhile")).await;
    for message in adele.sent().await {
        if message["subject"] == "Large" {
            adele.delete(&format!("messages/{}", message["id"].as_str().unwrap())).await.demand_empty(204);
        }
    }
    let draft = adele.all("mailFolders/drafts/messages?$filter=subject%20eq%20'Draft'").await;
    let path = format!("messages/{}", draft[0]["id"].as_str().unwrap());
    adele.patch_json(&path, &json!({"categories": ["Red"], "isRead": true})).await.demand(200);
    let (before, origin) = (seen(&adele).await, server.origin());
    let one = server.leave().await;
    let second = one.move_to(&other).await;
    assert!(digests(&second).len() > 10, "{}", said(&second));
    assert!(one.refused().await.contains("it was moved"));

    let server = Server::open(other).await;
    let adele = server.bearer(Some(token));
    assert_eq!(told(&seen(&adele).await), told(&before), "by the token of before");
    let changed = adele.get(&at(&round["@odata.deltaLink"], &origin, &server)).await.demand(200).json();
    let mut subjects: Vec<&str> = changed["value"].as_array().unwrap().iter().filter_map(|one| one["subject"].as_str()).collect();
    subjects.sort_unstable();
    assert_eq!(subjects, ["Draft", "Meanwhile"], "{changed}");
    adele.call(Method::POST, "sendMail", &key, once.into()).await.demand(202);
    end_upload(&adele, &at(&json!(address), &origin, &server), &octets).await;
    let alex = server.person("AlexW");
    let inbox = alex.inbox().await;
    assert_eq!(inbox.iter().filter(|message| message["subject"] == "Once").count(), 1, "the send was repeated, not done again");
    kit::until("the texts are indexed anew", async || {
        let found = adele.get("messages?$search=%22subject:meanwhile%22&$select=subject").await.demand(200).json();
        (found["value"].as_array().map(Vec::len) == Some(1)).then_some(())
    })
    .await;
    server.finish().await;
}

/// What has come of an upload stands in a file, or in parts that rows name: it goes along from either to either.
#[tokio::test]
async fn an_upload_goes_on_where_its_store_went() {
    let server = Server::open(Room::directory()).await;
    let (address, octets) = begin_upload(&server.person("AdeleV")).await;
    let origin = server.origin();
    let mut room = server.leave().await;
    for next in [Room::shared(), Room::shared(), Room::directory(), Room::directory()] {
        digests(&room.move_to(&next).await);
        next.demand_order().await;
        room = next;
    }
    let server = Server::open(room).await;
    end_upload(&server.person("AdeleV"), &at(&json!(address), &origin, &server), &octets).await;
    server.finish().await;
}

#[tokio::test]
async fn a_move_that_breaks_off_goes_on_or_is_given_up() {
    let mut rng = Rng::new(seed());
    let server = Server::open(Room::directory()).await;
    fill(&server).await;
    let adele = server.person("AdeleV");
    for number in 0..40 {
        adele.draft(&plain("AdeleV", &["AlexW"], &format!("Draft {number}"))).await;
    }
    let one = server.leave().await;
    let other = Room::shared();
    for _ in 0..6 {
        let mut moving = one.begin_move_to(&other);
        sleep(Duration::from_millis(50 + rng.below(400))).await;
        let _ = moving.kill().await; // it may have come to its end
    }
    let whole = timeout(Duration::from_secs(60), one.move_to(&other)).await.expect("it ends");
    if whole.status.success() {
        other.demand_order().await;
    } else {
        assert!(said(&whole).contains("it was moved"), "one of those that were killed was done: {}", said(&whole));
    }
    let server = Server::open(other).await;
    let drafts = server.person("AdeleV").all("mailFolders/drafts/messages?$top=100").await;
    assert_eq!(drafts.len(), 41);
    let other = server.leave().await;

    // Back, and given up half way.
    let deed = begin_deed(&other).await;
    let mut moving = other.begin_move_to(&Room::directory());
    until_is_closed(&other).await;
    for refused in [other.stay().await, other.move_to(&Room::directory()).await] {
        assert!(!refused.status.success() && said(&refused).contains("is at work"), "{}", said(&refused));
    }
    moving.kill().await.expect("it is killed");
    assert!(other.refused().await.contains("--abandon"));
    deed.await.expect("it ends");
    kit::until("what was killed is gone at the database too", async || {
        let stayed = said(&other.stay().await);
        stayed.contains("can be served").then_some(())
    })
    .await;
    let server = Server::open(other).await;
    assert_eq!(server.person("AdeleV").all("mailFolders/drafts/messages?$top=100").await.len(), 41);
    server.finish().await;
}

/// A deed of a node that takes its time, which whoever closes the store waits for.
async fn begin_deed(room: &Room) -> JoinHandle<String> {
    let deed = "BEGIN; INSERT INTO deed (mailbox, id) VALUES ('\\x00', '\\x00'); INSERT INTO domain VALUES ('late.example'); \
                SELECT pg_sleep(6); COMMIT";
    let begun = room.clone();
    let deed = tokio::task::spawn_blocking(move || begun.ask(deed));
    kit::until("it is begun", async || {
        let begun = room.ask("SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%late.example%' AND state = 'active'");
        (begun.trim() == "2").then_some(()) // this look is one of them
    })
    .await;
    deed
}

/// A move from PostgreSQL waits for what was begun there.
async fn until_is_closed(room: &Room) {
    kit::until("it is closed", async || (room.ask("SELECT state FROM moving").trim() == "closed").then_some(())).await;
}

#[tokio::test]
async fn a_store_is_moved_where_there_is_none() {
    let server = Server::open(Room::directory()).await;
    let another = Server::open(Room::directory()).await;
    fill(&server).await;
    let (one, full) = (server.leave().await, another.leave().await);
    let refused = one.move_to(&full).await;
    assert!(said(&refused).contains("there is mail at the other place already"), "{}", said(&refused));
    let refused = Room::directory().move_to(&one).await;
    assert!(said(&refused).contains("there is no store to be moved"), "{}", said(&refused));
    for room in [one, full] {
        let server = Server::open(room).await; // nothing is closed by what was refused
        server.finish().await;
    }
}
