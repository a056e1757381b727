//! A request that comes again with its key is answered again, and done once.

use super::{id, post_mime_with};
use bytes::Bytes;
use hyper::Method;
use kit::{Answer, Person, Server, base64, each, plain, recipients};
use serde_json::json;

/// A request: path, media type and body.
type Request = (String, &'static str, Bytes);

async fn send(person: &Person, (path, media_type, body): &Request, key: &str) -> Answer {
    let headers = [("content-type", *media_type), ("idempotency-key", key)];
    person.call(Method::POST, path, &headers, body.clone()).await
}

/// Status, and the fields by which a message is followed.
fn told(answer: &Answer) -> (u16, Option<String>, Option<String>) {
    let field = |name: &str| answer.header(name).map(str::to_owned);
    (answer.status.as_u16(), field("location"), field("internet-message-id"))
}

/// Requests that send something to Alex, each with another one that is not the same.
async fn requests(server: &Server, adele: &Person, round: &str) -> Vec<(Request, Request)> {
    server.person("AlexW").send_mime(&plain("AlexW", &["AdeleV"], &format!("To be answered {round}"))).await.demand(202);
    let original = adele.arrived(&format!("To be answered {round}")).await;
    let mime = |path: String, subject: &str| -> Request {
        (path, "text/plain", base64(&plain("AdeleV", &["AlexW"], &format!("{subject} {round}"))).into())
    };
    let json = |path: String, comment: &str| -> Request {
        let body = json!({"comment": comment, "message": {"subject": format!("{comment} {round}"), "toRecipients": recipients(&["AlexW"])}});
        (path, "application/json", body.to_string().into())
    };
    let mut pairs = Vec::new();
    pairs.push((mime("sendMail".to_owned(), "Sent"), mime("sendMail".to_owned(), "Other")));
    pairs.push((mime("sendMail?saveToSentItems=false".to_owned(), "Unsaved"), mime("sendMail".to_owned(), "Unsaved")));
    for action in ["reply", "replyAll", "forward"] {
        let path = format!("messages/{}/{action}", id(&original));
        pairs.push((mime(path.clone(), action), mime(path.clone(), "Other")));
        pairs.push((json(path.clone(), &format!("{action} in JSON")), json(path, "Other")));
    }
    let mut sends = Vec::new();
    for subject in ["Draft", "Other draft"] {
        let draft = adele.draft(&plain("AdeleV", &["AlexW"], &format!("{subject} {round}"))).await;
        sends.push((format!("messages/{}/send", id(&draft)), "application/json", Bytes::new()));
    }
    let (one, other) = (sends.remove(0), sends.remove(0));
    pairs.push((one, other));
    pairs
}

#[tokio::test]
async fn a_request_that_comes_again_is_answered_alike_and_sent_once() {
    let server = Server::start().await;
    let (adele, alex) = (server.person("AdeleV"), server.person("AlexW"));
    let pairs = requests(&server, &adele, "again").await;
    for (number, (request, other)) in pairs.iter().enumerate() {
        let key = format!("key {number}");
        let first = told(&send(&adele, request, &key).await.demand(202));
        for _ in 0..2 {
            let again = send(&adele, request, &key).await;
            assert_eq!(told(&again), first, "{}", request.0);
            again.demand_empty(202);
        }
        send(&adele, other, &key).await.demand_error(422, "IdempotencyKeyReused");
    }
    demand_count(&alex, pairs.len()).await;
    // Keys are each mailbox's own.
    let (request, _) = &pairs[0];
    let theirs: Request = (request.0.clone(), "text/plain", base64(&plain("AlexW", &["AlexW"], "Of Alex")).into());
    send(&alex, &theirs, "key 0").await.demand(202);
    demand_count(&alex, pairs.len() + 1).await;
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn requests_that_come_at_once_are_answered_alike_and_sent_once() {
    let mut server = Server::start().await;
    let adele = server.person("AdeleV");
    let pairs = requests(&server, &adele, "at once").await;
    let mut firsts = Vec::new();
    for (number, (request, _)) in pairs.iter().enumerate() {
        let work = (0..6).map(|_| (adele.clone(), request.clone(), format!("{number}")));
        let answers = each(6, work, |(adele, request, key)| async move { told(&send(&adele, &request, &key).await) }).await;
        assert!(answers.iter().all(|answer| *answer == answers[0] && answer.0 == 202), "{}: {answers:?}", request.0);
        firsts.push(answers[0].2.clone());
    }
    demand_count(&server.person("AlexW"), pairs.len()).await;
    // It is the same still after the server was killed and started again.
    server.kill().await;
    server.restart().await;
    let adele = server.person("AdeleV");
    for (number, (request, _)) in pairs.iter().enumerate() {
        assert_eq!(told(&send(&adele, request, &number.to_string()).await.demand(202)).2, firsts[number], "{}", request.0);
    }
    demand_count(&server.person("AlexW"), pairs.len()).await;
    server.finish().await;
}

/// What is refused is no answer to keep: mended, it may come with its key again.
#[tokio::test]
async fn a_refused_request_leaves_its_key_free() {
    let server = Server::start().await;
    let adele = server.person("AdeleV");
    let key = [("idempotency-key", "mended")];
    let refused = post_mime_with(&adele, "sendMail", &plain("AlexW", &["AlexW"], "As another"), &key).await;
    refused.demand_error(403, "ErrorSendAsDenied");
    post_mime_with(&adele, "sendMail", &plain("AdeleV", &["AlexW"], "As oneself"), &key).await.demand_empty(202);
    for wrong in ["", " ", &"k".repeat(257)] {
        let key = [("idempotency-key", wrong)];
        post_mime_with(&adele, "sendMail", &plain("AdeleV", &["AlexW"], "Wrong key"), &key).await.demand_error(400, "BadRequest");
    }
    demand_count(&server.person("AlexW"), 1).await;
    server.finish().await;
}

/// Demands that so many messages come to the Inbox, and none after them: one that is sent last marks the end.
async fn demand_count(person: &Person, count: usize) {
    let inbox = kit::until("all that was sent arrives", async || {
        let inbox = person.inbox().await;
        (inbox.len() >= count).then_some(inbox)
    })
    .await;
    assert_eq!(inbox.len(), count, "each is sent once");
}
