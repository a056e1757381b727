//! Versions of a message: `ETag`, `If-Match` and 412, `If-None-Match` and 304 (behaviour 4.10, 5.9, 7.2), and
//! `Prefer: return=minimal` (7.3).

use bytes::Bytes;
use hyper::Method;
use kit::{Answer, Person, Server, base64, plain};
use serde_json::{Value, json};
use tokio::task::JoinSet;

const STALE: &str = "W/\"AAAAAAAAAAAAAAAAAAAAAA==\"";

fn path(message: &Value) -> String {
    format!("messages/{}", message["id"].as_str().unwrap())
}

fn etag(message: &Value) -> String {
    message["@odata.etag"].as_str().unwrap().to_owned()
}

async fn patch(person: &Person, path: &str, field: (&str, &str), body: &Value) -> Answer {
    let headers = [("content-type", "application/json"), field];
    person.call(Method::PATCH, path, &headers, body.to_string().into()).await
}

async fn get(person: &Person, path: &str, field: (&str, &str)) -> Answer {
    person.call(Method::GET, path, &[field], Bytes::new()).await
}

#[tokio::test]
async fn the_header_and_the_message_name_one_version_that_each_write_changes() {
    let server = Server::start().await;
    let adele = server.person("AdeleV");
    let created = adele.post_mime("messages", &plain("AdeleV", &["AlexW"], "Versions")).await.demand(201);
    let draft = created.json();
    assert_eq!(created.header("etag"), Some(etag(&draft).as_str()));
    assert_eq!(etag(&draft), format!("W/\"{}\"", draft["changeKey"].as_str().unwrap()));
    let read = adele.get(&path(&draft)).await.demand(200);
    assert_eq!(read.header("etag"), Some(etag(&draft).as_str()), "reading writes nothing");
    let changed = adele.patch_json(&path(&draft), &json!({"isRead": false})).await.demand(200);
    assert_eq!(changed.header("etag"), Some(etag(&changed.json()).as_str()));
    assert_ne!(etag(&changed.json()), etag(&draft));
    server.finish().await;
}

#[tokio::test]
async fn a_change_for_another_version_is_refused_and_nothing_happens() {
    let server = Server::start().await;
    let adele = server.person("AdeleV");
    let octets = plain("AdeleV", &["AlexW"], "Guarded");
    let draft = adele.draft(&octets).await;
    let (at, body) = (path(&draft), base64(&octets));
    let (json, mime) = ("application/json", "text/plain");
    let moved = r#"{"destinationId": "archive"}"#;
    for (method, below, media_type, body) in [
        (Method::PATCH, "", json, r#"{"subject": "Other"}"#),
        (Method::PATCH, "", mime, &body),
        (Method::PUT, "/$value", mime, &body),
        (Method::DELETE, "", json, ""),
        (Method::POST, "/move", json, moved),
        (Method::POST, "/copy", json, moved),
        (Method::POST, "/send", json, ""),
        (Method::POST, "/permanentDelete", json, ""),
    ] {
        for stale in [STALE, "\"nothing of ours\"", "W/\"a\", \"b\""] {
            let headers = [("content-type", media_type), ("if-match", stale)];
            let answer = adele.call(method.clone(), &format!("{at}{below}"), &headers, Bytes::from(body.to_owned())).await;
            answer.demand_error(412, "ErrorIrresolvableConflict");
        }
    }
    assert_eq!(etag(&adele.get(&at).await.demand(200).json()), etag(&draft), "nothing was written");
    server.finish().await;
}

#[tokio::test]
async fn a_change_for_the_version_that_is_there_is_made() {
    let server = Server::start().await;
    let adele = server.person("AdeleV");
    let mut message = adele.draft(&plain("AdeleV", &["AlexW"], "Matched")).await;
    let at = path(&message);
    for number in 0..4 {
        let now = etag(&message);
        let strong = now.trim_start_matches("W/").to_owned();
        let spelled = [now.clone(), strong, format!("{STALE}, {now}"), "*".to_owned()][number].clone();
        let body = json!({"subject": format!("Change {number}")});
        message = patch(&adele, &at, ("if-match", &spelled), &body).await.demand(200).json();
        patch(&adele, &at, ("if-match", &now), &body).await.demand_error(412, "ErrorIrresolvableConflict");
    }
    let headers = [("if-match", etag(&message))];
    adele.call(Method::DELETE, &at, &headers.each_ref().map(|(n, v)| (*n, v.as_str())), Bytes::new()).await.demand_empty(204);
    patch(&adele, "messages/x", ("if-match", "*"), &json!({})).await.demand_error(400, "ErrorInvalidIdMalformed");
    server.finish().await;
}

#[tokio::test]
async fn of_two_writers_with_one_version_one_wins() {
    const WRITERS: usize = 8;
    let server = Server::start().await;
    let adele = server.person("AdeleV");
    let draft = adele.draft(&plain("AdeleV", &["AlexW"], "Raced")).await;
    let (at, version) = (path(&draft), etag(&draft));
    let mut writers = JoinSet::new();
    for number in 0..WRITERS {
        let (adele, at, version) = (adele.clone(), at.clone(), version.clone());
        writers.spawn(async move {
            let body = json!({"subject": format!("Writer {number}")});
            patch(&adele, &at, ("if-match", &version), &body).await.status.as_u16()
        });
    }
    let statuses = writers.join_all().await;
    assert_eq!(statuses.iter().filter(|&&status| status == 200).count(), 1, "{statuses:?}");
    assert_eq!(statuses.iter().filter(|&&status| status == 412).count(), WRITERS - 1, "{statuses:?}");
    server.finish().await;
}

#[tokio::test]
async fn a_version_that_the_client_has_is_not_sent_again() {
    let server = Server::start().await;
    let adele = server.person("AdeleV");
    let draft = adele.draft(&plain("AdeleV", &["AlexW"], "Cached")).await;
    for below in ["", "?$select=subject", "/$value"] {
        let at = format!("{}{below}", path(&draft));
        for same in [etag(&draft), "*".to_owned(), format!("{STALE}, {}", etag(&draft))] {
            let answer = get(&adele, &at, ("if-none-match", &same)).await;
            assert_eq!(answer.header("etag"), Some(etag(&draft).as_str()), "{at}");
            answer.demand_empty(304);
        }
        get(&adele, &at, ("if-none-match", STALE)).await.demand(200);
    }
    server.finish().await;
}

#[tokio::test]
async fn a_client_may_ask_for_no_more_than_that_it_is_done() {
    let server = Server::start().await;
    let adele = server.person("AdeleV");
    let draft = adele.draft(&plain("AdeleV", &["AlexW"], "Minimal")).await;
    let prefer = ("prefer", "return=minimal, IdType=\"ImmutableId\"");
    let answer = patch(&adele, &path(&draft), prefer, &json!({"subject": "Changed"})).await;
    let applied: Vec<_> = answer.headers.get_all("preference-applied").iter().map(|v| v.to_str().unwrap()).collect();
    assert_eq!(applied, ["return=minimal", "IdType=\"ImmutableId\""]);
    let version = answer.header("etag").unwrap().to_owned();
    answer.demand_empty(204);
    let changed = adele.get(&path(&draft)).await.demand(200).json();
    assert_eq!((changed["subject"].as_str(), etag(&changed)), (Some("Changed"), version));
    let created = adele.call(Method::POST, "messages", &[prefer, ("content-type", "application/json")], "{}".into()).await;
    created.demand(201).json();
    server.finish().await;
}
