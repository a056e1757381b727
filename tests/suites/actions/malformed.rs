//! MIME that is none, on every operation that takes MIME: Microsoft's error, and nothing changed.

use bytes::Bytes;
use hyper::Method;
use kit::{Person, Server, base64, census, plain, until};
use serde_json::Value;

/// The text of Microsoft's MIME page, with the full stop that the service sends.
const MESSAGE: &str = "Invalid base64 string for MIME content.";

fn id(message: &Value) -> &str {
    message["id"].as_str().unwrap()
}

/// Every operation that takes MIME: method and path, by a draft's id and a received message's.
fn operations(draft: &str, received: &str) -> Vec<(Method, String)> {
    let posts = [
        "sendMail".to_owned(),
        "sendMail?saveToSentItems=false".to_owned(),
        "messages".to_owned(),
        "messages?import=true".to_owned(),
        "mailFolders/archive/messages".to_owned(),
    ];
    let answers = ["reply", "createReply", "replyAll", "createReplyAll", "forward", "microsoft.graph.createForward"];
    let answers = answers.map(|name| format!("mailFolders/inbox/messages/{received}/{name}"));
    let mut all: Vec<(Method, String)> = posts.into_iter().chain(answers).map(|path| (Method::POST, path)).collect();
    all.push((Method::PUT, format!("messages/{draft}/$value")));
    all.push((Method::PATCH, format!("messages/{draft}")));
    all
}

/// Bodies that are no MIME in base64: malformed, empty, white space.
fn bodies() -> Vec<String> {
    let raw = String::from_utf8(plain("AdeleV", &["AlexW"], "Raw")).unwrap();
    let cut_off = format!("{}Q", base64(b"From: AdeleV@contoso.com\r\n"));
    let texts = ["", " ", "\r\n\t \r\n", "This is not base64!", "QUJD*A==", "QQ==QQ==", "=", "\u{0}QUJD"];
    texts.map(str::to_owned).into_iter().chain([raw, cut_off]).collect()
}

#[tokio::test]
async fn mime_that_is_none_is_refused_by_every_operation_and_changes_nothing() {
    let server = Server::start().await;
    let adele = server.person("AdeleV");
    server.person("AlexW").send_mime(&plain("AlexW", &["AdeleV"], "To be answered")).await.demand(202);
    let received = adele.arrived("To be answered").await;
    let draft = adele.draft(&plain("AdeleV", &["AlexW"], "A draft")).await;
    let before = (census(&server).await, state(&adele, id(&draft)).await);
    let mut refused = 0;
    for (method, path) in operations(id(&draft), id(&received)) {
        for body in bodies() {
            for media_type in ["text/plain", "TEXT/Plain; charset=us-ascii"] {
                let headers = [("content-type", media_type)];
                let answer = adele.call(method.clone(), &path, &headers, Bytes::from(body.clone())).await;
                let message = answer.demand_error(400, "ErrorMimeContentInvalidBase64String");
                assert_eq!(message, MESSAGE, "{method} {path} {body:?}");
                refused += 1;
            }
        }
    }
    assert_eq!(refused, 13 * 10 * 2);
    // A spool that was given up may be removed just after the answer.
    let after = async || ((census(&server).await, state(&adele, id(&draft)).await) == before).then_some(());
    until("all is as it was before", after).await;
    server.finish().await;
}

/// A draft and its octets.
async fn state(person: &Person, id: &str) -> (Value, Bytes) {
    (person.get(&format!("messages/{id}")).await.demand(200).json(), person.value(id).await)
}

/// A forward says in its MIME to whom it goes (Graph: message-forward).
#[tokio::test]
async fn a_mime_forward_to_nobody_is_refused() {
    let server = Server::start().await;
    let adele = server.person("AdeleV");
    server.person("AlexW").send_mime(&plain("AlexW", &["AdeleV"], "To be forwarded")).await.demand(202);
    let received = adele.arrived("To be forwarded").await;
    let before = census(&server).await;
    let to_nobody = b"Subject: FW: To be forwarded\r\n\r\nFor nobody";
    adele.post_mime(&format!("messages/{}/forward", id(&received)), to_nobody).await.demand_error(400, "ErrorInvalidRecipients");
    adele
        .post_json(&format!("messages/{}/forward", id(&received)), &serde_json::json!({"comment": "For nobody"}))
        .await
        .demand_error(400, "ErrorInvalidRecipients");
    assert_eq!(census(&server).await, before);
    // A draft of a forward may still be without.
    adele.post_mime(&format!("messages/{}/createForward", id(&received)), to_nobody).await.demand(201);
    adele.post_nothing(&format!("messages/{}/createForward", id(&received))).await.demand(201);
    server.finish().await;
}
