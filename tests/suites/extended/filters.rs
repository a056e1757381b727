//! Lists of messages by their extended properties.

use super::{encoded, id};
use kit::{Person, Server, letter, plain};
use serde_json::{Value, json};
use std::collections::BTreeSet;

const COLOR: &str = "String {66f5a359-4659-4830-9070-00047ec6ac6e} Name Color";
const PALLETE: &str = "Integer {66f5a359-4659-4830-9070-00047ec6ac6e} Name Pallete";
const GUID: &str = "CLSID {00062008-0000-0000-C000-000000000046} Name ConnectorSenderGuid";
const LISTED: &str = "StringArray {66f5a359-4659-4830-9070-00047ec6ac6e} Name Palette";
const DATE: &str = "SystemTime {66f5a359-4659-4830-9070-00047ec6ac6e} Name When";

async fn made(person: &Person, subject: &str, single: &[(&str, &str)]) -> Value {
    let single: Vec<Value> = single.iter().map(|(id, value)| json!({"id": id, "value": value})).collect();
    let message = json!({"subject": subject, "singleValueExtendedProperties": single});
    person.post_json("messages", &message).await.demand(201).json()
}

/// The subjects of the messages for which a filter holds.
async fn subjects(person: &Person, filter: &str) -> BTreeSet<String> {
    let listed = person.all(&format!("messages?$top=3&$select=subject&$filter={}", encoded(filter))).await;
    let count = person.get(&format!("messages/$count?$filter={}", encoded(filter))).await.demand(200);
    assert_eq!(count.body, listed.len().to_string(), "{filter}");
    listed.iter().map(|message| message["subject"].as_str().expect("a subject").to_owned()).collect()
}

async fn demand(person: &Person, cases: &[(String, &str)]) {
    for (filter, expected) in cases {
        let expected: BTreeSet<String> = expected.split_whitespace().map(str::to_owned).collect();
        assert_eq!(subjects(person, filter).await, expected, "{filter}");
    }
}

fn any(id: &str, test: &str) -> String {
    format!("singleValueExtendedProperties/any(ep: ep/id eq '{id}' and {test})")
}

async fn coloured(server: &Server) -> Person {
    let adele = server.person("AdeleV");
    made(&adele, "green", &[(COLOR, "Green"), (PALLETE, "12"), (DATE, "2026-11-24T10:00:00Z")]).await;
    made(&adele, "dark", &[(COLOR, "dark green"), (PALLETE, "-3"), (GUID, "b9cf8971-7d55-4b73-9ffa-a584611b600b")]).await;
    made(&adele, "blue", &[(COLOR, "Blue"), (PALLETE, "100"), (DATE, "2026-11-25T10:00:00+02:00")]).await;
    made(&adele, "plain", &[]).await;
    let palette =
        json!({"subject": "listed", "multiValueExtendedProperties": [{"id": LISTED, "value": ["Aqua", "Green", "Blue"]}]});
    adele.post_json("messages", &palette).await.demand(201);
    adele
}

#[tokio::test]
async fn values_compare_and_are_searched_in() {
    let server = Server::start().await;
    let adele = coloured(&server).await;
    let long = "x".repeat(300);
    made(&adele, "long", &[(COLOR, &format!("{long}1"))]).await;
    demand(
        &adele,
        &[
            (any(COLOR, "ep/value eq 'green'"), "green"),
            (any(COLOR, "ep/value ne 'green'"), "dark blue long"),
            (any(COLOR, &format!("ep/value eq '{long}1'")), "long"),
            (any(COLOR, &format!("ep/value eq '{long}2'")), ""),
            (any(COLOR, "contains(ep/value, 'GREEN')"), "green dark"),
            (any(COLOR, "startswith(ep/value,'dark')"), "dark"),
            (any(COLOR, "endswith(ep/value,'ue')"), "blue"),
            (any(COLOR, "(ep/value eq 'blue' or ep/value eq 'green')"), "blue green"),
            (any(COLOR, "not contains(ep/value,'green')"), "blue long"),
            (any(COLOR, "ep/value in ('blue','dark green')"), "blue dark"),
            (any(&COLOR.to_uppercase().replace("NAME COLOR", "Name Color"), "ep/value eq 'blue'"), "blue"),
            (any(&COLOR.replace("Color", "color"), "ep/value eq 'blue'"), ""),
            (any(PALLETE, "cast(ep/value, Edm.Int32) eq 12"), "green"),
            (any(PALLETE, "cast(ep/value, Edm.Int32) gt -3"), "green blue"),
            (any(PALLETE, "cast(ep/value, Edm.Int32) ge -3 and cast(ep/value, Edm.Int32) lt 100"), "green dark"),
            (any(PALLETE, "ep/value eq '12'"), "green"),
            (any(GUID, "cast(ep/value, Edm.Guid) eq (b9cf8971-7d55-4b73-9ffa-a584611b600b)"), "dark"),
            (any(DATE, "cast(ep/value, Edm.DateTimeOffset) ge datetimeoffset'2026-11-25T00:00:00Z'"), "blue"),
            (any(DATE, "cast(ep/value, Edm.DateTimeOffset) lt 2026-11-25T00:00:00Z"), "green"),
            (any(COLOR, "ep/value eq null"), "plain listed"),
            (any(COLOR, "ep/value ne null"), "green dark blue long"),
            (format!("not ({})", any(COLOR, "ep/value eq 'green'")), "dark blue plain listed long"),
            (format!("singleValueExtendedProperties/any(ep: ep/id eq '{DATE}')"), "green blue"),
            (format!("multiValueExtendedProperties/any(ep: ep/id eq '{LISTED}' and ep/value/any(v: v eq 'green'))"), "listed"),
            (format!("multiValueExtendedProperties/any(ep: ep/id eq '{LISTED}' and ep/value eq 'red')"), ""),
            (format!("{} and startswith(subject,'d')", any(COLOR, "contains(ep/value,'green')")), "dark"),
            (format!("{} or subject eq 'plain'", any(PALLETE, "cast(ep/value,Edm.Int32) eq 100")), "blue plain"),
            (format!("{} and contains(body/content,'nothing')", any(COLOR, "ep/value eq 'green'")), ""),
        ],
    )
    .await;
    server.finish().await;
}

/// The four examples on Graph's page, as they stand there.
#[tokio::test]
async fn documented_filters_are_answered() {
    let server = Server::start().await;
    let adele = coloured(&server).await;
    demand(
        &adele,
        &[
            (format!("singleValueExtendedProperties/Any(ep: ep/id eq '{COLOR}' and ep/value eq 'Green')"), "green"),
            (format!("singleValueExtendedProperties/any(ep:ep/Id eq '{COLOR}' and contains(ep/Value, 'green'))"), "green dark"),
            (any(GUID, "cast(ep/value, Edm.Guid) eq (b9cf8971-7d55-4b73-9ffa-a584611b600b)"), "dark"),
            (any(PALLETE, "cast(ep/value, Edm.Int32) eq 12"), "green"),
        ],
    )
    .await;
    let listed = adele.get(&format!("messages?$filter={}", encoded(&any(COLOR, "ep/value eq 'Green'")))).await.demand(200).json();
    assert!(listed["value"][0].get("singleValueExtendedProperties").is_none(), "a filter shows nothing");
    server.finish().await;
}

/// DavMail searches by MAPI's tags.
#[tokio::test]
async fn properties_that_messages_have_anyhow_are_asked_of_them() {
    let server = Server::start().await;
    let adele = server.person("AdeleV");
    let first = adele.draft(&plain("AdeleV", &["AlexW"], "first")).await;
    let fields =
        [("Subject", "signed"), ("Content-Type", "multipart/signed; protocol=\"application/pkcs7-signature\"; boundary=b")];
    adele.draft(&letter(&fields, "--b\r\n\r\nHello\r\n--b--\r\n")).await;
    let read = json!({"subject": "received", "singleValueExtendedProperties": [{"id": "Integer 0x0E07", "value": "1"}]});
    adele.post_json("messages", &read).await.demand(201);
    let flagged =
        json!({"flag": {"flagStatus": "flagged"}, "singleValueExtendedProperties": [{"id": "Integer 0x1081", "value": "102"}]});
    adele.patch_json(&format!("messages/{}", id(&first)), &flagged).await.demand(200);
    let size = adele.value(id(&first)).await.len();
    let message_id = first["internetMessageId"].as_str().unwrap();
    demand(
        &adele,
        &[
            (any("Integer 0x0e07", "cast(ep/value, Edm.Int32) eq 9"), "first signed"),
            (any("Integer 0x0e07", "cast(ep/value, Edm.Int32) lt 8"), "received"),
            (any("Integer 0x0e08", &format!("cast(ep/value, Edm.Int32) eq {size}")), "first"),
            (any("Long 0xe08", "cast(ep/value, Edm.Int64) ge 1"), "first signed received"),
            (any("Integer 0x1090", "cast(ep/value, Edm.Int32) eq 2"), "first"),
            (any("Integer 0x1090", "ep/value eq null"), "signed received"),
            (any("Integer 0x1090", "cast(ep/value, Edm.Int32) ne 1"), "first"),
            (any("Integer 0x1081", "cast(ep/value, Edm.Int32) eq 102"), "first"),
            (any("String 0x001A", "ep/value eq 'IPM.Note'"), "first received"),
            (any("String 0x001a", "startswith(ep/value,'IPM.Note.SMIME')"), "signed"),
            (any("String 0x001a", "ep/value ne 'IPM.Note'"), "signed"),
            (any("String 0x1035", &format!("ep/value eq '{message_id}'")), "first"),
            (any("String 0x007D", &format!("contains(ep/value, 'message-id: {message_id}')")), "first"),
            (any("String 0x007D", "contains(ep/value, 'message-id: <another@fabrikam.example>')"), ""),
            (any("String 0x007D", "contains(ep/value, 'subject: first')"), "first"),
            (format!("not {}", any("String 0x007D", "contains(ep/value, 'subject: first')")), "signed received"),
            (any("String 0x0037", "contains(ep/value,'IRST')"), "first"),
            (
                any("SystemTime 0x0e06", "cast(ep/value, Edm.DateTimeOffset) ge datetimeoffset'2020-01-01T00:00:00Z'"),
                "first signed received",
            ),
        ],
    )
    .await;
    server.finish().await;
}

#[tokio::test]
async fn what_can_not_be_asked_of_a_property_is_refused() {
    let server = Server::start().await;
    let adele = server.person("AdeleV");
    for (filter, status, code) in [
        ("singleValueExtendedProperties/any(ep: ep/value eq 'x')".to_owned(), 400, "RequestBroker--ParseUri"),
        (format!("singleValueExtendedProperties/all(ep: ep/id eq '{COLOR}')"), 400, "RequestBroker--ParseUri"),
        (any(PALLETE, "ep/value eq 'x'"), 400, "RequestBroker--ParseUri"),
        (any(PALLETE, "ep/colour eq 'x'"), 400, "RequestBroker--ParseUri"),
        (any(COLOR, &format!("ep/id eq '{PALLETE}'")), 400, "RequestBroker--ParseUri"),
        (any("Color", "ep/value eq 'x'"), 400, "ErrorInvalidProperty"),
        (any(LISTED, "ep/value eq 'x'"), 400, "ErrorInvalidExtendedProperty"),
        (any("String 0x0E04", "ep/value eq 'x'"), 501, "NotImplemented"),
    ] {
        adele.get(&format!("messages?$filter={}", encoded(&filter))).await.demand_error(status, code);
    }
    server.finish().await;
}
