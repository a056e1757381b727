//! `$batch`: several requests in one, each answered as it would be by itself (behaviour 13).

use kit::{Answer, Person, Server, base64, decode_base64, plain, recipients, until};
use serde_json::{Value, json};

async fn post(person: &Person, requests: Value) -> Answer {
    person.post_json("/$batch", &json!({"requests": requests})).await
}

/// The answers of a batch, each of which has the form that clients read.
async fn answers(person: &Person, requests: Value) -> Vec<Value> {
    let answer = post(person, requests).await.demand(200).json();
    let responses = answer["responses"].as_array().expect("a batch has responses").clone();
    for response in &responses {
        assert!(response["id"].is_string() && response["status"].is_u64(), "{response}");
        let headers = response["headers"].as_object().expect("headers are always there");
        assert!(headers.contains_key("request-id"), "{response}");
        assert_eq!(response.get("body").is_some(), headers.contains_key("Content-Type"), "{response}");
    }
    responses
}

fn of<'a>(answers: &'a [Value], id: &str) -> &'a Value {
    answers.iter().find(|answer| answer["id"] == id).unwrap_or_else(|| panic!("{id} was answered: {answers:?}"))
}

fn statuses(answers: &[Value]) -> Vec<u64> {
    answers.iter().map(|answer| answer["status"].as_u64().unwrap()).collect()
}

#[tokio::test]
async fn members_are_answered_as_they_would_be_alone() {
    let server = Server::start().await;
    let adele = server.person("AdeleV");
    let draft = adele.draft(&plain("AdeleV", &["AlexW"], "In a batch")).await;
    let id = draft["id"].as_str().unwrap();
    for person in [adele.clone(), adele.under_beta()] {
        let paths = ["/me".to_owned(), format!("/me/messages/{id}"), "/me/messages?$top=1&$select=subject".to_owned()];
        let requests: Vec<Value> = paths
            .iter()
            .map(|path| json!({"id": path, "method": "GET", "url": path}))
            .chain([
                json!({"id": "gone", "method": "get", "url": "/me/messages/AAAA"}),
                json!({"id": "none", "method": "DELETE", "url": "/me/sendMail"}),
            ])
            .collect();
        let batch = answers(&person, requests.into()).await;
        for path in &paths {
            let alone = person.get(path).await.demand(200);
            assert_eq!(of(&batch, path)["status"], 200);
            assert_eq!(of(&batch, path)["body"], alone.json(), "{path}");
            assert_eq!(of(&batch, path)["headers"]["Content-Type"], alone.header("content-type").unwrap());
        }
        assert_eq!(of(&batch, "gone")["body"]["error"]["code"], "ErrorInvalidIdMalformed");
        assert_eq!(of(&batch, "none")["status"], 405);
        let inner = &of(&batch, "gone")["body"]["error"]["innerError"];
        assert_eq!(inner["request-id"], of(&batch, "gone")["headers"]["request-id"], "each member has an id of its own");
    }
    server.finish().await;
}

/// The spellings of `@microsoft/microsoft-graph-client`, `msgraph-core`, PnPjs and others.
#[tokio::test]
async fn addresses_are_taken_as_clients_write_them() {
    let server = Server::start().await;
    let adele = server.person("AdeleV");
    let origin = server.origin();
    let urls = [
        "/me".to_owned(),
        "me".to_owned(),
        "/v1.0/me".to_owned(),
        "v1.0//me".to_owned(),
        format!("{origin}/v1.0//me"),
        "https://graph.microsoft.com/v1.0/me".to_owned(),
        "/users/AdeleV@contoso.com".to_owned(),
        "/users/AdeleV%40contoso.com?$select=id".to_owned(),
        "/beta/me".to_owned(),
    ];
    let requests: Vec<Value> =
        urls.iter().map(|url| json!({"id": url, "method": "GET", "url": url, "depends_on": [], "headers": {}})).collect();
    let batch = answers(&adele, requests.into()).await;
    let me = adele.get("/me").await.demand(200).json();
    for answer in &batch {
        assert_eq!(answer["body"]["id"], me["id"], "{answer}");
        let context = answer["body"]["@odata.context"].as_str().unwrap();
        assert!(context.starts_with(&origin), "links lead to the host that the client used: {context}");
    }
    // What a URL would have encoded may stand as it is.
    let raw = "me/messages?$select=id,subject&$top=1 &x=\"ä #{}\"";
    let batch = answers(&adele, json!([{"id": 7, "method": "GET", "url": raw}])).await;
    assert_eq!((batch[0]["id"].as_str(), batch[0]["status"].as_u64()), (Some("7"), Some(200)), "{batch:?}");
    server.finish().await;
}

#[tokio::test]
async fn mime_goes_in_and_comes_out_as_base64() {
    let server = Server::start().await;
    let (adele, alex) = (server.person("AdeleV"), server.person("AlexW"));
    let octets = plain("AdeleV", &["AlexW"], "Encoded once");
    let again = plain("AdeleV", &["AlexW"], "Encoded twice");
    let text = json!({"content-type": "text/plain"});
    let batch = answers(
        &adele,
        json!([
            {"id": "once", "method": "POST", "url": "/me/sendMail", "headers": {"Content-Type": "text/plain"}, "body": base64(&octets)},
            {"id": "twice", "method": "POST", "url": "/me/sendMail", "headers": text, "body": base64(base64(&again).as_bytes())},
            {"id": "broken", "method": "POST", "url": "/me/sendMail", "headers": text, "body": "?"},
            {"id": "untyped", "method": "POST", "url": "/me/sendMail", "body": base64(&octets)},
        ]),
    )
    .await;
    assert_eq!(statuses(&batch), [202, 202, 400, 400], "{batch:?}");
    assert!(of(&batch, "once").get("body").is_none() && of(&batch, "once")["headers"]["Location"].is_string());
    assert_eq!(of(&batch, "broken")["body"]["error"]["code"], "ErrorMimeContentInvalidBase64String");
    for (subject, sent) in [("Encoded once", &octets), ("Encoded twice", &again)] {
        let message = alex.arrived(subject).await;
        let url = format!("/me/messages/{}/$value", message["id"].as_str().unwrap());
        let batch = answers(&alex, json!([{"id": "1", "method": "GET", "url": url}])).await;
        assert_eq!(batch[0]["headers"]["Content-Type"], "text/plain");
        let value = decode_base64(batch[0]["body"].as_str().unwrap());
        assert!(value.ends_with(sent), "{subject}: the octets come out as they went in");
    }
    server.finish().await;
}

#[tokio::test]
async fn members_wait_for_those_they_depend_on() {
    let server = Server::start().await;
    let adele = server.person("AdeleV");
    let message = json!({"message": {"subject": "First", "toRecipients": recipients(&["AdeleV"])}});
    let typed = json!({"Content-Type": "application/json"});
    let folder = |name: &str| json!({"displayName": name});
    // Each of the chain is there for the next to find already taken.
    let batch = answers(
        &adele,
        json!([
            {"id": "c", "method": "POST", "url": "/me/mailFolders", "dependsOn": ["B"], "headers": typed, "body": folder("New")},
            {"id": "d", "method": "POST", "url": "/me/sendMail", "dependsOn": ["c"], "headers": typed, "body": message},
            {"id": "a", "method": "POST", "url": "/me/mailFolders", "headers": typed, "body": folder("New")},
            {"id": "b", "method": "GET", "url": "/me/mailFolders/inbox", "dependsOn": ["A"]},
            {"id": "e", "method": "GET", "url": "/me", "dependsOn": "a"},
        ]),
    )
    .await;
    let ids: Vec<&str> = batch.iter().map(|answer| answer["id"].as_str().unwrap()).collect();
    assert_eq!(ids, ["c", "d", "a", "b", "e"]);
    assert_eq!(statuses(&batch), [409, 424, 201, 200, 200], "{batch:?}");
    assert_eq!(of(&batch, "d")["body"]["error"]["code"], "FailedDependency");
    assert!(adele.sent().await.is_empty(), "what depends on a failure is not done");
    server.finish().await;
}

#[tokio::test]
async fn a_malformed_batch_is_refused_whole() {
    let server = Server::start().await;
    let adele = server.person("AdeleV");
    let get = |id: &str, depends_on: &[&str]| json!({"id": id, "method": "GET", "url": "/me", "dependsOn": depends_on});
    let many: Vec<Value> = (0..21).map(|number| get(&number.to_string(), &[])).collect();
    for (why, requests) in [
        ("none", json!([])),
        ("no list", json!({})),
        ("too many", many.clone().into()),
        ("one id twice", json!([get("x", &[]), get("X", &[])])),
        ("no id", json!([{"method": "GET", "url": "/me"}])),
        ("an empty id", json!([get("", &[])])),
        ("no method", json!([{"id": "1", "url": "/me"}])),
        ("no address", json!([{"id": "1", "method": "GET"}])),
        ("an id of none", json!([get("1", &["2"])])),
        ("a circle", json!([get("1", &["2"]), get("2", &["1"])])),
        ("one that waits for itself", json!([get("1", &["1"])])),
        ("no object", json!([7])),
    ] {
        let error = post(&adele, requests).await.demand(400).error();
        assert!(["BadRequest", "RequestBodyRead"].contains(&error["code"].as_str().unwrap()), "{why}: {error}");
    }
    assert_eq!(answers(&adele, many[..20].into()).await.len(), 20);
    adele.post("/$batch", "application/json", "{").await.demand_error(400, "BadRequest");
    adele.post("/$batch", "text/plain", "e30=").await.demand(415).error();
    adele.get("/$batch").await.demand_error(405, "ErrorInvalidRequest");
    post(&server.anonymous(), json!([get("1", &[])])).await.demand_error(401, "InvalidAuthenticationToken");
    server.finish().await;
}

#[tokio::test]
async fn a_member_that_can_not_be_is_its_own_failure() {
    let server = Server::start().await;
    let (adele, alex) = (server.person("AdeleV"), server.person("AlexW"));
    let octet_stream = json!({"Content-Type": "application/octet-stream"});
    let batch = answers(
        &adele,
        json!([
            {"id": "nested", "method": "POST", "url": "/$batch", "headers": {"Content-Type": "application/json"}, "body": {"requests": []}},
            {"id": "field", "method": "GET", "url": "/me", "headers": {"a b": "c"}},
            {"id": "octets", "method": "PUT", "url": "/me/messages/x/$value", "headers": octet_stream, "body": {}},
            {"id": "alex", "method": "GET", "url": "/me", "headers": {"Authorization": alex.authorization(), "Host": "elsewhere"}},
            {"id": "nobody", "method": "GET", "url": "/me", "headers": {"authorization": "Bearer none"}},
            {"id": "adele", "method": "HEAD", "url": "/me"},
        ]),
    )
    .await;
    assert_eq!(statuses(&batch), [400, 400, 400, 200, 401, 200], "{batch:?}");
    assert_eq!(of(&batch, "alex")["body"]["userPrincipalName"], "AlexW@contoso.com", "a member may show a token of its own");
    server.finish().await;
}

/// Twenty of the largest answers would be more than anybody should hold.
#[tokio::test]
async fn what_a_batch_answers_has_a_measure() {
    let server = Server::start().await;
    let adele = server.person("AdeleV");
    let mut octets = plain("AdeleV", &["AlexW"], "Large");
    octets.extend(std::iter::repeat_n(&b"0123456789abcdefghijklmnopqrstuvwxyz\r\n"[..], 500_000).flatten());
    let draft = adele.draft(&octets).await;
    let url = format!("/me/messages/{}/$value", draft["id"].as_str().unwrap());
    let requests: Vec<Value> = (0..5)
        .map(|n| json!({"id": n.to_string(), "method": "GET", "url": url}))
        .chain([json!({"id": "small", "method": "GET", "url": "/me"})])
        .collect();
    let batch = answers(&adele, requests.into()).await;
    let whole = batch.iter().filter(|answer| answer["status"] == 200 && answer["id"] != "small").count();
    assert_eq!(whole, 3, "{:?}", statuses(&batch));
    let refused = batch.iter().find(|answer| answer["status"] == 507).expect("one was too much");
    assert_eq!(refused["body"]["error"]["code"], "ResponseSizeExceeded");
    assert_eq!(of(&batch, "small")["status"], 200);
    let large = json!({"id": "1", "method": "POST", "url": "/me/messages", "body": {"subject": "x".repeat(60_000_000)}});
    post(&adele, json!([large])).await.demand_error(413, "ErrorMessageSizeExceeded");
    server.finish().await;
}

/// Each of twenty sends in one batch arrives once.
#[tokio::test]
async fn twenty_sends_are_sent() {
    let server = Server::start().await;
    let (adele, alex) = (server.person("AdeleV"), server.person("AlexW"));
    let send = |n: usize| {
        let message = json!({"subject": format!("Send {n}"), "toRecipients": recipients(&["AlexW"])});
        json!({"id": n.to_string(), "method": "POST", "url": "/me/sendMail", "headers": {"Content-Type": "application/json"}, "body": {"message": message}})
    };
    let batch = answers(&adele, (0..20).map(send).collect::<Vec<_>>().into()).await;
    assert_eq!(statuses(&batch), [202; 20]);
    until("all arrive", async || (alex.inbox().await.len() == 20).then_some(())).await;
    server.finish().await;
}
