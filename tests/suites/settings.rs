//! What a mailbox is set to: each member whole and by itself, what a change leaves alone, and what is refused.

mod refused;
mod zones;

use bytes::Bytes;
use hyper::Method;
use kit::{Person, Server, address, app};
use serde_json::{Value, json};
use store::Account;
use tokio::task::JoinSet;

const SETTINGS: &str = "mailboxSettings";
const ALL: &str = "MailboxSettings.Read MailboxSettings.ReadWrite User.Read";

/// The settings, without what surrounds them.
async fn settings(person: &Person) -> Value {
    let mut settings = person.get(SETTINGS).await.demand(200).json();
    settings.as_object_mut().unwrap().remove("@odata.context");
    settings
}

async fn set(person: &Person, change: &Value) -> Value {
    person.patch_json(SETTINGS, change).await.demand(200).json()
}

/// O365 and others read all of it without looking whether it is there.
#[tokio::test]
async fn a_new_mailbox_is_set_to_something_in_every_member() {
    let server = Server::start().await;
    let adele = server.person("AdeleV");
    let found = settings(&adele).await;
    let archive = adele.get("mailFolders/archive").await.demand(200).json();
    let replies = &found["automaticRepliesSetting"];
    for (moment, member) in [("scheduledStartDateTime", 0), ("scheduledEndDateTime", 1)].map(|(name, n)| (&replies[name], n)) {
        let text = moment["dateTime"].as_str().unwrap();
        assert!(text.ends_with(":00:00.0000000") && text.len() == 27, "{member}: {text}");
        assert_eq!(moment["timeZone"], "UTC");
    }
    let expected = json!({
        "archiveFolder": archive["id"],
        "automaticRepliesSetting": {
            "status": "disabled",
            "externalAudience": "none",
            "scheduledStartDateTime": replies["scheduledStartDateTime"],
            "scheduledEndDateTime": replies["scheduledEndDateTime"],
            "internalReplyMessage": "",
            "externalReplyMessage": "",
        },
        "dateFormat": "M/d/yyyy",
        "delegateMeetingMessageDeliveryOptions": "sendToDelegateOnly",
        "language": {"locale": "en-US", "displayName": "English (United States)"},
        "timeFormat": "h:mm tt",
        "timeZone": "UTC",
        "userPurpose": "user",
        "workingHours": {
            "daysOfWeek": ["monday", "tuesday", "wednesday", "thursday", "friday"],
            "startTime": "08:00:00.0000000",
            "endTime": "17:00:00.0000000",
            "timeZone": {"name": "UTC"},
        },
    });
    assert_eq!(found, expected);
    server.finish().await;
}

#[tokio::test]
async fn each_member_has_an_address_of_its_own() {
    let server = Server::start().await;
    let adele = server.person("AdeleV");
    let whole = settings(&adele).await;
    for (name, value) in whole.as_object().unwrap() {
        let mut found = adele.get(&format!("{SETTINGS}/{name}")).await.demand(200).json();
        let context = found.as_object_mut().unwrap().remove("@odata.context").unwrap();
        assert!(context.as_str().unwrap().ends_with(&format!("')/mailboxSettings/{name}")), "{context}");
        if value.is_object() {
            assert_eq!(&found, value, "{name}");
        } else {
            assert_eq!(found, json!({"value": value}), "{name}");
        }
    }
    let message = adele.get("mailboxSettings/colour").await.demand_error(400, "BadRequest");
    assert_eq!(message, "Resource not found for the segment 'colour'.");
    adele.get("mailboxSettings/timeZone/name").await.demand_error(400, "BadRequest");
    let chosen = adele.get("mailboxSettings?$select=timeZone,language").await.demand(200).json();
    assert_eq!(chosen.as_object().unwrap().keys().collect::<Vec<_>>(), ["@odata.context", "language", "timeZone"]);
    adele.get("mailboxSettings?$select=colour").await.demand_error(400, "RequestBroker--ParseUri");
    server.finish().await;
}

#[tokio::test]
async fn a_person_is_told_with_the_settings_where_they_are_named() {
    let server = Server::start().await;
    let tool = app("tool", ALL);
    server.register(&tool).await;
    let adele = server.through(&tool, "AdeleV", "User.Read MailboxSettings.Read").await;
    let me = adele.get("/me?$select=displayName,mailboxSettings").await.demand(200).json();
    let mut read = me["mailboxSettings"].clone();
    assert_eq!(read["timeZone"], "UTC");
    let of = adele.at("AdeleV").get(SETTINGS).await.demand(200).json();
    read["@odata.context"] = of["@odata.context"].clone();
    assert_eq!((read, &me["displayName"]), (of, &json!("Adele Vance")));
    let reader = server.through(&tool, "AdeleV", "User.Read").await;
    reader.get("/me?$select=mailboxSettings").await.demand_error(403, "ErrorAccessDenied");
    reader.get("/me?$select=displayName").await.demand(200);
    server.person("AdeleV").get("/users?$select=id,mailboxSettings").await.demand_error(501, "NotImplemented");
    server.finish().await;
}

/// Every member, and what it is told as where that isn't what was sent.
fn changes() -> Vec<(Value, Option<Value>)> {
    let zone = json!({"@odata.type": "#microsoft.graph.customTimeZone", "bias": -300, "name": "Ours", "standardOffset":
        {"time": "02:00:00.0000000", "dayOccurrence": 2, "dayOfWeek": "sunday", "month": 10, "year": 0}, "daylightOffset":
        {"time": "02:00:00.0000000", "dayOccurrence": 4, "dayOfWeek": "sunday", "month": 5, "year": 0, "daylightBias": 100}});
    let mut bare = zone.clone();
    bare.as_object_mut().unwrap().remove("@odata.type");
    let moment = |text: &str| json!({"dateTime": text, "timeZone": "UTC"});
    vec![
        (json!({"timeZone": "Pacific Standard Time"}), None),
        (json!({"TimeZone": "tokyo STANDARD time"}), Some(json!({"timeZone": "Tokyo Standard Time"}))),
        (json!({"timeZone": "Europe/Berlin"}), None),
        (
            json!({"language": {"locale": "DE-de", "displayName": "what we call it"}}),
            Some(json!({"language": {"locale": "de-DE", "displayName": "Deutsch (Deutschland)"}})),
        ),
        (json!({"dateFormat": "dd'.'MM.yyyy"}), None),
        (json!({"timeFormat": "HH:mm"}), None),
        (
            json!({"delegateMeetingMessageDeliveryOptions": "SendToDelegateAndPrincipal"}),
            Some(json!({"delegateMeetingMessageDeliveryOptions": "sendToDelegateAndPrincipal"})),
        ),
        (json!({"automaticRepliesSetting": {"internalReplyMessage": "<p>Away.</p>", "externalReplyMessage": "Away"}}), None),
        (
            json!({"automaticRepliesSetting": {"status": "Scheduled", "externalAudience": "All"}}),
            Some(json!({"automaticRepliesSetting": {"status": "scheduled", "externalAudience": "all"}})),
        ),
        (
            json!({"automaticRepliesSetting": {
                "scheduledStartDateTime": {"dateTime": "2016-03-20T18:00:00", "timeZone": "Pacific Standard Time"},
                "scheduledEndDateTime": {"dateTime": "2016-03-28T18:00:00.0000000Z"},
            }}),
            Some(json!({"automaticRepliesSetting": {
                "scheduledStartDateTime": moment("2016-03-21T01:00:00.0000000"),
                "scheduledEndDateTime": moment("2016-03-28T18:00:00.0000000"),
            }})),
        ),
        (
            json!({"workingHours": {"endTime": "18:30:00", "daysOfWeek": ["Monday", "SATURDAY", "monday"]}}),
            Some(json!({"workingHours": {"endTime": "18:30:00.0000000", "daysOfWeek": ["monday", "saturday"]}})),
        ),
        (json!({"workingHours": {"startTime": "00:00:00.0000001", "daysOfWeek": []}}), None),
        (json!({"workingHours": {"timeZone": {"name": "Asia/Tokyo"}}}), None),
        (json!({"workingHours": {"timeZone": bare}}), Some(json!({"workingHours": {"timeZone": zone}}))),
    ]
}

/// What of `told` a change has named.
fn merge(into: &mut Value, change: &Value) {
    for (name, value) in change.as_object().unwrap() {
        let is_whole = ["language", "timeZone"].contains(&name.as_str());
        match (into.get_mut(name), value.is_object() && !is_whole) {
            (Some(member), true) if member.is_object() && !name.ends_with("DateTime") => merge(member, value),
            _ => into[name.as_str()] = value.clone(),
        }
    }
}

#[tokio::test]
async fn a_change_sets_what_it_names_and_leaves_all_else() {
    let mut server = Server::start().await;
    let adele = server.person("AdeleV");
    let mut expected = settings(&adele).await;
    for (change, told) in changes() {
        merge(&mut expected, told.as_ref().unwrap_or(&change));
        // Working hours without a zone of their own are in the mailbox's.
        if change.get("timeZone").or(change.get("TimeZone")).is_some() {
            expected["workingHours"]["timeZone"] = json!({"name": expected["timeZone"]});
        }
        let answer = set(&adele, &change).await;
        let (member, named) = (answer.as_object().unwrap().len(), told.as_ref().unwrap_or(&change).as_object().unwrap());
        assert_eq!(member, 1 + named.len(), "the context and what was named: {answer}");
        for name in named.keys() {
            assert_eq!(answer[name], expected[name], "{change}");
        }
        assert_eq!(settings(&adele).await, expected, "{change}");
    }
    server.stop().await;
    server.restart().await;
    assert_eq!(settings(&server.person("AdeleV")).await, expected);
    assert_ne!(settings(&server.person("AlexW")).await["timeZone"], expected["timeZone"], "each mailbox has its own");
    server.finish().await;
}

#[tokio::test]
async fn settings_that_come_back_as_they_were_read_change_nothing() {
    let server = Server::start().await;
    let adele = server.person("AdeleV");
    set(&adele, &json!({"timeZone": "Europe/Berlin", "workingHours": {"startTime": "09:00:00"}})).await;
    let mut read = adele.get(SETTINGS).await.demand(200).json();
    let expected = settings(&adele).await;
    read["@odata.etag"] = json!("W/\"x\"");
    read["userPurpose"] = json!("room");
    read["unknown"] = json!({"a": null});
    let answer = set(&adele, &read).await;
    assert_eq!(answer["userPurpose"], "user");
    assert_eq!(settings(&adele).await, expected);
    let nothing = set(&adele, &json!({"timeZone": null, "workingHours": null})).await;
    assert_eq!(nothing.as_object().unwrap().keys().collect::<Vec<_>>(), ["@odata.context"]);
    assert_eq!(settings(&adele).await, expected);
    let minimal = [("content-type", "application/json"), ("prefer", "return=minimal")];
    let body = json!({"timeFormat": "H.mm"}).to_string();
    adele.call(Method::PATCH, SETTINGS, &minimal, Bytes::from(body)).await.demand_empty(204);
    assert_eq!(settings(&adele).await["timeFormat"], "H.mm");
    server.finish().await;
}

/// Evolution changes a member at its own address.
#[tokio::test]
async fn a_member_is_changed_at_its_own_address_too() {
    let server = Server::start().await;
    let adele = server.person("AdeleV");
    let at = "mailboxSettings/automaticRepliesSetting";
    let answer =
        adele.patch_json(at, &json!({"status": "alwaysEnabled", "internalReplyMessage": "Away"})).await.demand(200).json();
    assert_eq!((&answer["status"], &answer["externalAudience"]), (&json!("alwaysEnabled"), &json!("none")));
    let replies = settings(&adele).await["automaticRepliesSetting"].clone();
    assert_eq!((&replies["status"], &replies["internalReplyMessage"]), (&json!("alwaysEnabled"), &json!("Away")));
    adele.patch_json("mailboxSettings/language", &json!({"locale": "fr-FR"})).await.demand(200);
    adele
        .patch_json("mailboxSettings/workingHours", &json!({"endTime": "07:00:00"}))
        .await
        .demand_error(400, "ErrorInvalidTimeSettings");
    adele.patch_json(at, &json!([])).await.demand_error(400, "RequestBodyRead");
    adele.patch_json("mailboxSettings/timeZone", &json!({"value": "UTC"})).await.demand_error(405, "ErrorInvalidRequest");
    assert_eq!(settings(&adele).await["language"]["locale"], "fr-FR");
    server.finish().await;
}

#[tokio::test]
async fn changes_that_come_at_once_are_all_kept() {
    let server = Server::start().await;
    let adele = server.person("AdeleV");
    let mut writers = JoinSet::new();
    for (name, value) in [("dateFormat", "yyyy/MM/dd"), ("timeFormat", "HH:mm:ss"), ("timeZone", "Asia/Tokyo")] {
        let (adele, change) = (adele.clone(), json!({name: value}));
        writers.spawn(async move { drop(set(&adele, &change).await) });
    }
    for text in ["internalReplyMessage", "externalReplyMessage"] {
        let (adele, change) = (adele.clone(), json!({"automaticRepliesSetting": {text: text}}));
        writers.spawn(async move { drop(set(&adele, &change).await) });
    }
    writers.join_all().await;
    let found = settings(&adele).await;
    assert_eq!((&found["dateFormat"], &found["timeFormat"]), (&json!("yyyy/MM/dd"), &json!("HH:mm:ss")));
    assert_eq!(found["timeZone"], "Asia/Tokyo");
    for text in ["internalReplyMessage", "externalReplyMessage"] {
        assert_eq!(found["automaticRepliesSetting"][text], text);
    }
    server.finish().await;
}

#[tokio::test]
async fn a_shared_mailbox_says_so_and_apps_read_and_set() {
    let server = Server::start().await;
    let tool = app("tool", ALL);
    server.register(&tool).await;
    server.set_account("MeganB", Account { account_enabled: true, is_shared: true, password_hash: None }).await;
    let reader = server.as_app(&tool, "MailboxSettings.Read").at("MeganB");
    assert_eq!(settings(&reader).await["userPurpose"], "shared");
    let purpose = reader.get("mailboxSettings/userPurpose").await.demand(200).json();
    assert_eq!(purpose["value"], "shared");
    reader.patch_json(SETTINGS, &json!({"timeFormat": "HH:mm"})).await.demand_error(403, "ErrorAccessDenied");
    let writer = server.as_app(&tool, "MailboxSettings.ReadWrite").at("MeganB");
    set(&writer, &json!({"timeFormat": "HH:mm"})).await;
    assert_eq!(settings(&writer).await["timeFormat"], "HH:mm");
    let stranger = server.person("AdeleV");
    let path = format!("/users/{}/mailboxSettings", address("AlexW"));
    stranger.get(&path).await.demand_error(403, "ErrorAccessDenied");
    server.finish().await;
}
