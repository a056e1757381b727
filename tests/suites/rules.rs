//! Inbox rules: kept by their owner, run at what arrives, however it comes.

mod matrix;

use hyper::Method;
use kit::{Person, Room, Server, Smtp, address, letter, plain, recipients, until};
use serde_json::{Value, json};
use std::time::Duration;

const RULES: &str = "mailFolders/inbox/messageRules";

async fn made(person: &Person, rule: &Value) -> String {
    person.post_json(RULES, rule).await.demand(201).json()["id"].as_str().expect("an id").to_owned()
}

async fn folder(person: &Person, name: &str) -> String {
    let made = person.post_json("mailFolders", &json!({"displayName": name})).await.demand(201).json();
    made["id"].as_str().expect("an id").to_owned()
}

/// The message of this subject in a folder, once it is there.
async fn found(person: &Person, folder: &str, subject: &str) -> Value {
    until(&format!("{subject:?} is in {folder}"), async || {
        let all = person.all(&format!("mailFolders/{folder}/messages?$top=100")).await;
        all.into_iter().find(|message| message["subject"] == subject)
    })
    .await
}

async fn is_in(person: &Person, folder: &str, subject: &str) -> bool {
    person.all(&format!("mailFolders/{folder}/messages?$top=100")).await.iter().any(|message| message["subject"] == subject)
}

fn rule(conditions: &Value, actions: &Value) -> Value {
    json!({"displayName": "A rule", "sequence": 1, "conditions": conditions, "actions": actions})
}

#[tokio::test]
async fn rules_are_made_listed_changed_and_removed() {
    let server = Server::start().await;
    let adele = server.person("AdeleV");
    let to_alex = json!({"forwardTo": recipients(&["AlexW"]), "stopProcessingRules": true});
    let created = adele
        .post_json(
            RULES,
            &json!({"displayName": "Second", "sequence": 2, "conditions": {"senderContains": ["adele"]}, "actions": to_alex}),
        )
        .await
        .demand(201)
        .json();
    let id = created["id"].as_str().expect("an id").to_owned();
    assert_eq!(created["conditions"], json!({"senderContains": ["adele"]}));
    assert_eq!(created["actions"]["stopProcessingRules"], true);
    assert_eq!(
        (&created["isEnabled"], &created["hasError"], &created["isReadOnly"]),
        (&json!(true), &json!(false), &json!(false))
    );
    assert!(created["@odata.context"].as_str().expect("a context").ends_with("/messageRules/$entity"), "{created}");
    assert!(created.get("exceptions").is_none(), "what isn't set isn't shown: {created}");
    let first = json!({"displayName": "First", "sequence": 1, "isEnabled": false, "actions": {"delete": true}});
    made(&adele, &first).await;
    let names =
        |list: Vec<Value>| list.iter().map(|rule| rule["displayName"].as_str().expect("a name").to_owned()).collect::<Vec<_>>();
    assert_eq!(names(adele.all(RULES).await), ["First", "Second"], "in the order in which they run");
    assert_eq!(names(adele.all(&format!("{RULES}?$filter=isEnabled%20eq%20true")).await), ["Second"]);
    assert_eq!(names(adele.all(&format!("{RULES}?$orderby=sequence%20desc&$top=1")).await), ["Second", "First"]);
    let only = adele.get(&format!("{RULES}?$select=displayName&$top=1&$skip=1&$count=true")).await.demand(200).json();
    assert_eq!((&only["value"][0]["displayName"], &only["@odata.count"]), (&json!("Second"), &json!(2)));
    assert!(only["value"][0].get("actions").is_none(), "{only}");
    let count = adele.get(&format!("{RULES}/$count")).await.demand(200);
    assert_eq!(&count.body[..], b"2");

    let one = format!("{RULES}/{id}");
    let changed = adele.patch_json(&one, &json!({"actions": {"markImportance": "high"}})).await.demand(200).json();
    assert_eq!(changed["actions"], json!({"markImportance": "high"}), "actions are replaced as a whole");
    assert_eq!(changed["conditions"], created["conditions"], "what isn't given stays");
    let excepted = json!({"exceptions": {"hasAttachments": true}});
    assert_eq!(adele.patch_json(&one, &excepted).await.demand(200).json()["exceptions"], json!({"hasAttachments": true}));
    let cleared = adele.patch_json(&one, &json!({"exceptions": null})).await.demand(200).json();
    assert!(cleared.get("exceptions").is_none(), "{cleared}");
    let minimal = [("prefer", "return=minimal"), ("content-type", "application/json")];
    let body = json!({"conditions": {}, "isEnabled": false}).to_string();
    adele.call(Method::PATCH, &one, &minimal, body.into()).await.demand_empty(204);
    let read = adele.get(&one).await.demand(200).json();
    assert!(read.get("conditions").is_none() && read["isEnabled"] == false, "{read}");
    adele.get(&format!("{RULES}('{id}')?$select=displayName")).await.demand(200);
    adele.get(&one.replace("inbox", "archive")).await.demand_error(404, "ErrorItemNotFound");
    assert_eq!(adele.all("mailFolders/archive/messageRules").await, Vec::<Value>::new());
    adele.delete(&one).await.demand_empty(204);
    adele.get(&one).await.demand_error(404, "ErrorItemNotFound");
    adele.delete(&one).await.demand_error(404, "ErrorItemNotFound");
    server.person("AlexW").get(RULES).await.demand(200);
    server.finish().await;
}

#[tokio::test]
async fn rules_that_say_nothing_or_something_else_are_refused() {
    let server = Server::start().await;
    let adele = server.person("AdeleV");
    let nowhere = folder(&adele, "Soon gone").await;
    adele.post_nothing(&format!("mailFolders/{nowhere}/permanentDelete")).await.demand_empty(204);
    let of_alex = folder(&server.person("AlexW"), "Somebody else's").await;
    let read = json!({"markAsRead": true});
    let many = |count: usize| -> Vec<Value> {
        (0..count).map(|one| json!({"emailAddress": {"address": format!("a{one}@elsewhere.example")}})).collect()
    };
    let texts: Vec<String> = (0..1001).map(|one| format!("text {one}")).collect();
    for (body, status, code) in [
        (rule(&json!({}), &json!({"redirectTo": many(501)})), 400, "ErrorInvalidRecipients"),
        (rule(&json!({"bodyContains": texts}), &read), 507, "ErrorQuotaExceeded"),
        (json!({"sequence": 1, "actions": read}), 400, "RequestBodyRead"),
        (json!({"displayName": " ", "sequence": 1, "actions": read}), 400, "RequestBodyRead"),
        (json!({"displayName": "x", "actions": read}), 400, "RequestBodyRead"),
        (json!({"displayName": "x", "sequence": "1", "actions": read}), 400, "RequestBodyRead"),
        (json!({"displayName": "x", "sequence": 1}), 400, "RequestBodyRead"),
        (json!({"displayName": "x", "sequence": 1, "actions": {}}), 400, "ErrorInboxRulesValidationError"),
        (json!({"displayName": "x", "sequence": 1, "actions": {"markAsUnread": true}}), 400, "RequestBodyRead"),
        (rule(&json!({"subjectContain": ["x"]}), &read), 400, "RequestBodyRead"),
        (rule(&json!({"subjectContains": [""]}), &read), 400, "RequestBodyRead"),
        (rule(&json!({"importance": "urgent"}), &read), 400, "RequestBodyRead"),
        (rule(&json!({"withinSizeRange": {"minimumSize": -1}}), &read), 400, "RequestBodyRead"),
        (rule(&json!({}), &json!({"forwardTo": [{"emailAddress": {"address": "nobody"}}]})), 400, "ErrorInvalidRecipients"),
        (rule(&json!({}), &json!({"moveToFolder": "inbox"})), 400, "ErrorInvalidIdMalformed"),
        (rule(&json!({}), &json!({"moveToFolder": nowhere})), 404, "ErrorItemNotFound"),
        (rule(&json!({}), &json!({"copyToFolder": of_alex})), 404, "ErrorItemNotFound"),
    ] {
        adele.post_json(RULES, &body).await.demand_error(status, code);
    }
    adele
        .post_json("mailFolders/archive/messageRules", &rule(&json!({}), &read))
        .await
        .demand_error(400, "ErrorInvalidOperation");
    let long = json!({"bodyContains": ["x".repeat(100_000)]});
    made(&adele, &rule(&long, &read)).await;
    made(&adele, &rule(&long, &read)).await;
    adele.post_json(RULES, &rule(&long, &read)).await.demand_error(507, "ErrorQuotaExceeded");
    assert_eq!(adele.all(RULES).await.len(), 2);
    server.finish().await;
}

#[tokio::test]
async fn rules_run_in_their_order_until_one_stops_them_and_the_first_place_counts() {
    let server = Server::start().await;
    let (adele, alex) = (server.person("AdeleV"), server.person("AlexW"));
    let (one, other) = (folder(&alex, "One").await, folder(&alex, "Other").await);
    let all = |sequence: i32, name: &str, actions: Value| json!({"displayName": name, "sequence": sequence, "actions": actions});
    made(&alex, &all(30, "last", json!({"assignCategories": ["Never"]}))).await;
    made(
        &alex,
        &all(20, "third", json!({"stopProcessingRules": true, "assignCategories": ["blue", "Red"], "markImportance": "low"})),
    )
    .await;
    made(&alex, &all(10, "second", json!({"moveToFolder": other, "copyToFolder": other, "delete": true}))).await;
    made(&alex, &all(5, "first", json!({"moveToFolder": one, "markImportance": "high", "assignCategories": ["Blue"]}))).await;
    let mut off = all(1, "off", json!({"permanentDelete": true}));
    off["isEnabled"] = false.into();
    made(&alex, &off).await;
    let mut excepted = all(2, "excepted", json!({"permanentDelete": true}));
    excepted["exceptions"] = json!({"subjectContains": ["nothing like it"], "senderContains": ["ADELE"]});
    made(&alex, &excepted).await;
    adele.send_mime(&plain("AdeleV", &["AlexW"], "In order")).await.demand_empty(202);
    let moved = found(&alex, &one, "In order").await;
    assert_eq!((&moved["categories"], &moved["importance"]), (&json!(["Blue", "Red"]), &json!("low")));
    let copied = found(&alex, &other, "In order").await;
    assert_eq!((&copied["categories"], &copied["importance"]), (&moved["categories"], &moved["importance"]));
    for folder in ["inbox", "deleteditems"] {
        assert!(!is_in(&alex, folder, "In order").await, "{folder}");
    }
    server.finish().await;
}

#[tokio::test]
async fn what_is_sent_on_goes_round_in_no_circles() {
    let server = Server::start().await;
    let people = ["AdeleV", "AlexW", "MeganB"].map(|name| server.person(name));
    let on = [("AlexW", "redirectTo", "MeganB"), ("MeganB", "forwardTo", "AdeleV"), ("AdeleV", "redirectTo", "AlexW")];
    for (person, how, to) in on {
        made(&server.person(person), &rule(&json!({}), &json!({how: recipients(&[to])}))).await;
    }
    let [adele, alex, megan] = people;
    server.person("ChristieC").send_mime(&plain("ChristieC", &["AlexW"], "Round")).await.demand_empty(202);
    alex.arrived("Round").await;
    megan.arrived("Round").await;
    adele.arrived("FW: Round").await;
    // Adele sends it on to Alex once more, who knows it and leaves it there.
    alex.arrived("FW: Round").await;
    tokio::time::sleep(Duration::from_millis(500)).await;
    for (person, subjects) in [(&adele, 1), (&alex, 2), (&megan, 1)] {
        assert_eq!(person.inbox().await.len(), subjects);
    }
    let redirected = megan.arrived("Round").await;
    assert_eq!(redirected["from"]["emailAddress"]["address"], address("ChristieC"), "as it was written");
    let octets = megan.value(redirected["id"].as_str().unwrap()).await;
    let text = String::from_utf8_lossy(&octets);
    for field in ["Resent-From: ", "Resent-To: ", "Resent-Date: ", "Resent-Message-ID: <", "Return-Path: <AlexW@contoso.com>"] {
        assert!(text.contains(field), "{field} of {text}");
    }
    assert!(text.ends_with(&*String::from_utf8_lossy(&plain("ChristieC", &["AlexW"], "Round"))), "every octet: {text}");
    // Nobody sends himself what he sends on.
    assert!(alex.sent().await.is_empty() && megan.sent().await.is_empty());
    server.finish().await;
}

#[tokio::test]
async fn a_rule_that_cannot_do_what_it_says_has_an_error_and_the_mail_arrives() {
    let server = Server::start().await;
    let (adele, alex) = (server.person("AdeleV"), server.person("AlexW"));
    let (gone, copies) = (folder(&alex, "Gone").await, folder(&alex, "Copies, gone").await);
    let id = made(&alex, &rule(&json!({}), &json!({"moveToFolder": gone, "copyToFolder": copies, "markAsRead": true}))).await;
    for folder in [gone, copies] {
        alex.post_nothing(&format!("mailFolders/{folder}/permanentDelete")).await.demand_empty(204);
    }
    adele.send_mime(&plain("AdeleV", &["AlexW"], "Nowhere to go")).await.demand_empty(202);
    assert_eq!(alex.arrived("Nowhere to go").await["isRead"], true, "the rest is done");
    let rule = alex.get(&format!("{RULES}/{id}")).await.demand(200).json();
    assert_eq!(rule["hasError"], true);
    let mended = alex.patch_json(&format!("{RULES}/{id}"), &json!({"actions": {"markAsRead": true}})).await.demand(200).json();
    assert_eq!(mended["hasError"], false);
    server.finish().await;
}

#[tokio::test]
async fn reports_and_mail_from_outside_meet_rules_and_what_nobody_sent_is_not_sent_on() {
    let server = Server::start().await;
    let alex = server.person("AlexW");
    let reports = folder(&alex, "Reports").await;
    made(
        &alex,
        &rule(&json!({"isNonDeliveryReport": true}), &json!({"moveToFolder": reports, "forwardTo": recipients(&["MeganB"])})),
    )
    .await;
    made(
        &alex,
        &rule(
            &json!({"headerContains": ["X-Outside: yes"]}),
            &json!({"redirectTo": recipients(&["MeganB"]), "permanentDelete": true}),
        ),
    )
    .await;
    let nobody = letter(&[("From", &address("AlexW")), ("To", "nobody@contoso.com"), ("Subject", "To nobody")], "x");
    alex.send_mime(&nobody).await.demand_empty(202);
    until("the report is filed by the rule", async || {
        (!alex.all(&format!("mailFolders/{reports}/messages")).await.is_empty()).then_some(())
    })
    .await;
    assert!(alex.inbox().await.is_empty());
    let outside = letter(&[("From", "a@elsewhere.example"), ("Subject", "From outside"), ("X-Outside", "Yes")], "x");
    let mut smtp = Smtp::connect(&server).await;
    smtp.demand("EHLO client.elsewhere.example", 250).await;
    smtp.envelope("a@elsewhere.example", &[address("AlexW")]).await;
    smtp.data(&outside, 250).await;
    let redirected = server.person("MeganB").arrived("From outside").await;
    assert_eq!(redirected["from"]["emailAddress"]["address"], "a@elsewhere.example");
    for folder in ["inbox", "deleteditems"] {
        assert!(!is_in(&alex, folder, "From outside").await, "{folder}");
    }
    let octets = server.person("MeganB").value(redirected["id"].as_str().unwrap()).await;
    let text = String::from_utf8_lossy(&octets);
    assert_eq!(text.matches("Received: from client.elsewhere.example").count(), 1, "how it came: {text}");
    assert_eq!(text.matches("Return-Path:").count(), 1, "{text}");
    // What isn't sent on is not removed either: with an empty reverse path nobody would be told where it doesn't arrive, and
    // whoever says that it went round already may be lying.
    let outside = String::from_utf8(outside).unwrap();
    smtp.envelope("", &[address("AlexW")]).await;
    smtp.data(outside.replace("From outside", "From nobody").as_bytes(), 250).await;
    smtp.envelope("a@elsewhere.example", &[address("AlexW")]).await;
    let lie = format!("X-MS-Exchange-Inbox-Rules-Loop: {}\r\n{}", address("AlexW"), outside.replace("From outside", "A lie"));
    smtp.data(lie.as_bytes(), 250).await;
    for subject in ["From nobody", "A lie"] {
        alex.arrived(subject).await;
    }
    assert!(server.person("MeganB").inbox().await.iter().all(|message| message["subject"] == "From outside"));
    server.finish().await;
}

#[tokio::test]
async fn what_one_throws_away_another_of_its_recipients_has() {
    let server = Server::start().await;
    let [alex, megan] = ["AlexW", "MeganB"].map(|name| server.person(name));
    made(&alex, &rule(&json!({}), &json!({"permanentDelete": true}))).await;
    for (number, lines) in [1, 9_000].into_iter().enumerate() {
        let subject = format!("To both {number}");
        let octets = letter(
            &[("From", "a@elsewhere.example"), ("Subject", &subject)],
            &"A line of it.........................\r\n".repeat(lines),
        );
        let mut smtp = Smtp::connect(&server).await;
        smtp.demand("EHLO client.elsewhere.example", 250).await;
        smtp.envelope("a@elsewhere.example", &[address("AlexW"), address("MeganB")]).await;
        smtp.data(&octets, 250).await;
        let kept = megan.arrived(&subject).await;
        assert!(megan.value(kept["id"].as_str().unwrap()).await.ends_with(&octets));
    }
    assert!(alex.inbox().await.is_empty());
    server.finish().await;
}

#[tokio::test]
async fn the_first_place_counts_against_removal_too() {
    let server = Server::start().await;
    let alex = server.person("AlexW");
    let kept = folder(&alex, "Kept").await;
    let later =
        json!({"displayName": "later", "sequence": 2, "actions": {"permanentDelete": true, "assignCategories": ["Blue"]}});
    made(&alex, &later).await;
    made(&alex, &rule(&json!({}), &json!({"moveToFolder": kept}))).await;
    server.person("AdeleV").send_mime(&plain("AdeleV", &["AlexW"], "Kept")).await.demand_empty(202);
    assert_eq!(found(&alex, &kept, "Kept").await["categories"], json!(["Blue"]));
    server.finish().await;
}

#[tokio::test]
async fn nobody_is_made_the_author_of_what_outsiders_forge() {
    let server = Server::start().await;
    let alex = server.person("AlexW");
    let elsewhere = json!([{"emailAddress": {"address": "alex@elsewhere.example"}}]);
    let id = made(&alex, &rule(&json!({}), &json!({"redirectTo": elsewhere, "delete": true}))).await;
    let forged = letter(&[("From", &address("MeganB")), ("To", &address("AlexW")), ("Subject", "Forged")], "x");
    let mut smtp = Smtp::connect(&server).await;
    smtp.demand("EHLO client.elsewhere.example", 250).await;
    smtp.envelope("a@elsewhere.example", &[address("AlexW")]).await;
    smtp.data(&forged, 250).await;
    alex.arrived("Forged").await;
    assert_eq!(alex.get(&format!("{RULES}/{id}")).await.demand(200).json()["hasError"], true);
    let queued = async || String::from_utf8(server.restante(&["queue", "list"]).await.stdout).expect("text");
    assert!(!queued().await.contains("alex@elsewhere"));
    // What she has sent herself goes there.
    server.person("MeganB").send_mime(&plain("MeganB", &["AlexW"], "Her own")).await.demand_empty(202);
    until("it waits for its server", async || queued().await.contains("alex@elsewhere").then_some(())).await;
    assert!(is_in(&alex, "deleteditems", "Her own").await);
    server.finish().await;
}

#[tokio::test]
async fn a_detail_of_an_address_is_its_owners_and_people_are_sent_things_once() {
    let server = Server::start().await;
    let alex = server.person("AlexW");
    made(&alex, &rule(&json!({"notSentToMe": true}), &json!({"delete": true}))).await;
    let twice = json!([{"emailAddress": {"address": address("MeganB")}}, {"emailAddress": {"address": address("MeganB").to_lowercase()}}]);
    made(&alex, &rule(&json!({"subjectContains": ["Detail"]}), &json!({"redirectTo": twice}))).await;
    let to = address("AlexW").replace('@', "+news@");
    server.person("AdeleV").send_mime(&letter(&[("To", &to), ("Subject", "Detail")], "x")).await.demand_empty(202);
    alex.arrived("Detail").await;
    server.person("MeganB").arrived("Detail").await;
    server.finish().await;
}

#[tokio::test]
async fn nobody_asks_by_a_rule_who_was_hidden() {
    let server = Server::start().await;
    let alex = server.person("AlexW");
    made(&alex, &rule(&json!({"headerContains": ["MeganB"]}), &json!({"assignCategories": ["Knows"]}))).await;
    let fields =
        [("From", address("AdeleV")), ("To", address("AlexW")), ("Bcc", address("MeganB")), ("Subject", "Hidden".to_owned())];
    let fields: Vec<(&str, &str)> = fields.iter().map(|(name, text)| (*name, text.as_str())).collect();
    server.person("AdeleV").send_mime(&letter(&fields, "x")).await.demand_empty(202);
    assert_eq!(alex.arrived("Hidden").await["categories"], json!([]));
    server.person("MeganB").arrived("Hidden").await;
    server.finish().await;
}

#[tokio::test]
async fn what_a_rule_sends_on_is_there_once_after_a_kill() {
    let mut server = Server::open(Room::directory()).await;
    made(
        &server.person("AlexW"),
        &rule(&json!({}), &json!({"forwardTo": recipients(&["MeganB"]), "redirectTo": recipients(&["ChristieC"])})),
    )
    .await;
    for number in 0..30 {
        server.person("AdeleV").send_mime(&plain("AdeleV", &["AlexW"], &format!("Number {number}"))).await.demand_empty(202);
    }
    server.kill().await;
    server.restart().await;
    for number in 0..30 {
        server.person("AlexW").arrived(&format!("Number {number}")).await;
        server.person("MeganB").arrived(&format!("FW: Number {number}")).await;
        server.person("ChristieC").arrived(&format!("Number {number}")).await;
    }
    server.finish().await;
}
