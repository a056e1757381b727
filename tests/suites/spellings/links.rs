//! Links lead to the host and scheme that the client used, before whatever proxy (behaviour 1.9, 10; RFC 7239).

use bytes::Bytes;
use hyper::Method;
use kit::{Person, Server, plain};
use serde_json::{Value, json};

const PROXY: &[(&str, &str)] = &[("forwarded", "for=192.0.2.9;proto=https;host=mail.example")];
const OLDER: &[(&str, &str)] =
    &[("x-forwarded-proto", "https"), ("x-forwarded-host", "mail.example"), ("x-forwarded-port", "8443")];

/// Every link of what a person makes and reads through a proxy that says this.
async fn links(person: &Person, fields: &[(&str, &str)]) -> Vec<String> {
    let typed = [fields, &[("content-type", "application/json")]].concat();
    let get = async |path: &str| person.call(Method::GET, path, fields, Bytes::new()).await.demand(200);
    let post = async |path: &str, body: Value| person.call(Method::POST, path, &typed, body.to_string().into()).await;
    let mut links = Vec::new();
    let created = post("messages", json!({"subject": "A draft"})).await.demand(201);
    links.push(created.header("location").unwrap().to_owned());
    let draft = created.json();
    links.extend(["@odata.context", "webLink"].map(|name| draft[name].as_str().unwrap().to_owned()));
    post("messages", json!({"subject": "Another"})).await.demand(201);
    let page = get("mailFolders/drafts/messages?$top=1").await.json();
    links.push(page["@odata.nextLink"].as_str().unwrap().to_owned());
    let page = get("mailFolders?$top=1").await.json();
    links.push(page["@odata.nextLink"].as_str().unwrap().to_owned());
    let session = post("messages/createUploadSession", json!({"messageItem": {"size": 10}})).await.demand(201).json();
    links.push(session["uploadUrl"].as_str().unwrap().to_owned());
    let batch = json!({"requests": [{"id": "1", "method": "GET", "url": "/me/messages?$top=1"}]});
    let batch = post("/$batch", batch).await.demand(200).json();
    links.push(batch["responses"][0]["body"]["@odata.nextLink"].as_str().unwrap().to_owned());
    links
}

#[tokio::test]
async fn links_lead_before_a_proxy_that_is_trusted() {
    let server = Server::start().await;
    let adele = server.person("AdeleV");
    for (fields, origin) in [(PROXY, "https://mail.example/v1.0/"), (OLDER, "https://mail.example:8443/v1.0/")] {
        for link in links(&adele, fields).await {
            let is_ours = link.starts_with(origin) || link.starts_with(&origin.replace("/v1.0/", "/owa/"));
            assert!(is_ours, "{link} begins with {origin}");
        }
    }
    server.finish().await;
}

#[tokio::test]
async fn nobody_else_leads_a_client_astray() {
    for config in ["development = true\ntrusted_proxies = []", "development = true\ntrusted_proxies = ['10.0.0.0/8', '::1']"] {
        let server = Server::with_config(config).await;
        let adele = server.person("AdeleV");
        for fields in [PROXY, OLDER] {
            for link in links(&adele, fields).await {
                assert!(link.starts_with(&format!("{}/", server.origin())), "{link}");
            }
        }
        server.finish().await;
    }
}

/// What is sent through a proxy is found by its link, wherever that one leads.
#[tokio::test]
async fn a_next_link_is_followed_by_its_path() {
    let server = Server::start().await;
    let adele = server.person("AdeleV");
    for subject in ["One", "Two"] {
        adele.draft(&plain("AdeleV", &["AlexW"], subject)).await;
    }
    let page = adele.call(Method::GET, "messages?$top=1&$select=subject", PROXY, Bytes::new()).await.demand(200).json();
    let link = page["@odata.nextLink"].as_str().unwrap();
    let rest = link.strip_prefix("https://mail.example/v1.0").unwrap();
    let next = adele.get(rest).await.demand(200).json();
    assert_eq!(next["value"][0]["subject"], "One");
    server.finish().await;
}
