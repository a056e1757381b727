//! From header to property: what each field of a message becomes in the JSON, on every road that makes a message. The
//! table in docs/conformance/mime.md is written from the rows that are tested here.

mod complete;
mod rows;

use kit::{Person, Server, address, demand_section, recipients, until};
use rows::{Case, ROWS, Road};
use serde_json::{Value, json};

fn id(message: &Value) -> &str {
    message["id"].as_str().unwrap()
}

/// A server on which Adele may send as anybody.
async fn server() -> Server {
    let server = Server::start().await;
    let grant = server.restante(&["grant", "send-as", "--user", &address("AdeleV"), "--address", "*"]).await;
    assert!(grant.status.success(), "{}", String::from_utf8_lossy(&grant.stderr));
    server
}

#[tokio::test]
async fn every_row_of_the_table_holds_on_every_road() {
    let server = server().await;
    let mut cases = 0;
    for row in ROWS {
        for case in row.cases {
            let octets = format!("{}\r\nThe body\r\n", case.header.replace('\n', "\r\n")).into_bytes();
            for road in [Road::Draft, Road::Import, Road::Received, Road::Sent] {
                let message = by(road, &server, &octets).await;
                demand(case, road, &message);
            }
            cases += 1;
        }
    }
    kit::aloud(&format!("headers: {} rows, {cases} headers, each drafted, imported, sent and received", ROWS.len()));
    demand_section("conformance/mime.md", "fields", &table());
    server.finish().await;
}

/// The message as it is read on a road.
async fn by(road: Road, server: &Server, octets: &[u8]) -> Value {
    let (adele, alex) = (server.person("AdeleV"), server.person("AlexW"));
    match road {
        Road::Draft => whole(&adele, &adele.draft(octets).await).await,
        Road::Import => whole(&adele, &adele.post_mime("messages?import=true", octets).await.demand(201).json()).await,
        Road::Received | Road::Sent => {
            let before = alex.inbox().await.len();
            let draft = adele.draft(octets).await;
            let path = format!("messages/{}", id(&draft));
            adele.patch_json(&path, &json!({"bccRecipients": recipients(&["AlexW"])})).await.demand(200);
            adele.post_nothing(&format!("{path}/send")).await.demand_empty(202);
            let inbox = until("it arrives", async || Some(alex.inbox().await).filter(|inbox| inbox.len() > before)).await;
            if road == Road::Sent { whole(&adele, &draft).await } else { whole(&alex, &inbox[0]).await }
        }
    }
}

/// All properties, those on demand too.
async fn whole(person: &Person, message: &Value) -> Value {
    let path = format!("messages/{}", id(message));
    let mut read = person.get(&path).await.demand(200).json();
    let fields = person.get(&format!("{path}?$select=internetMessageHeaders")).await.demand(200).json();
    read["internetMessageHeaders"] = fields["internetMessageHeaders"].clone();
    read
}

fn demand(case: &Case, road: Road, message: &Value) {
    for (property, wanted) in case.properties {
        if *property == "bccRecipients" && road != Road::Draft && road != Road::Import {
            continue; // the test itself gives Bcc on these roads
        }
        let found = shown(message, property);
        let wanted = wanted.replace("{owner}", if road == Road::Import { "" } else { "Adele Vance <AdeleV@contoso.com>" });
        assert_eq!(found, wanted, "{property} of {:?}, {road:?}", case.header);
    }
}

/// A property as text: people as `name <address>`, lists joined by `; `, a header field by its name.
fn shown(message: &Value, property: &str) -> String {
    let person = |value: &Value| {
        let (name, address) = (&value["emailAddress"]["name"], &value["emailAddress"]["address"]);
        match (name.as_str().unwrap(), address.as_str().unwrap()) {
            (name, address) if name == address => address.to_owned(),
            (name, address) => format!("{name} <{address}>"),
        }
    };
    if let Some(name) = property.strip_prefix("field ") {
        let fields = message["internetMessageHeaders"].as_array().unwrap().iter().filter(|field| field["name"] == name);
        return fields.map(|field| field["value"].as_str().unwrap()).collect::<Vec<_>>().join("; ");
    }
    match &message[property] {
        Value::Array(list) if property == "categories" => {
            list.iter().map(|one| one.as_str().unwrap()).collect::<Vec<_>>().join("; ")
        }
        Value::Array(list) => list.iter().map(person).collect::<Vec<_>>().join("; "),
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        Value::Object(_) if property == "from" || property == "sender" => person(&message[property]),
        other => other.to_string(),
    }
}

fn table() -> String {
    let mut lines = vec!["| field | property | rule | clause |".to_owned(), "|---|---|---|---|".to_owned()];
    lines.extend(ROWS.iter().map(|row| format!("| {} | {} | {} | {} |", row.field, row.property, row.rule, row.clause)));
    lines.join("\n")
}
