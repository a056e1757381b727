//! What is too large, told before it is read.

use kit::{Person, Server, exchange, plain};

/// Operations that take a message: method, path, and media types.
fn operations(draft: &str, received: &str) -> Vec<(&'static str, String)> {
    let mut all = vec![
        ("POST", "sendMail".to_owned()),
        ("POST", "messages".to_owned()),
        ("POST", "messages?import=true".to_owned()),
        ("POST", "mailFolders/archive/messages".to_owned()),
        ("PUT", format!("messages/{draft}/$value")),
        ("PATCH", format!("messages/{draft}")),
    ];
    let answers = ["reply", "createReply", "replyAll", "createReplyAll", "forward", "createForward"];
    all.extend(answers.map(|name| ("POST", format!("messages/{received}/{name}"))));
    all
}

async fn announced(server: &Server, person: &Person, method: &str, path: &str, media_type: &str, length: u64) -> kit::Answer {
    let origin = server.origin();
    let host = origin.trim_start_matches("http://");
    let head = format!(
        "{method} /v1.0/me/{path} HTTP/1.1\r\nHost: {host}\r\nAuthorization: {}\r\nContent-Type: {media_type}\r\n\
         Content-Length: {length}\r\nConnection: close\r\n\r\n",
        person.authorization()
    );
    exchange(host, &head, Vec::new()).await // the body never comes
}

#[tokio::test]
async fn a_message_over_150_megabytes_is_refused_by_its_length_alone() {
    const LIMIT: u64 = 150 * 1024 * 1024;
    let server = Server::start().await;
    let adele = server.person("AdeleV");
    adele.send_mime(&plain("AdeleV", &["AdeleV"], "To be answered")).await.demand(202);
    let received = adele.arrived("To be answered").await;
    let draft = adele.draft(&plain("AdeleV", &["AlexW"], "A draft")).await;
    let ids = [&draft, &received].map(|message| message["id"].as_str().unwrap());
    for (method, path) in operations(ids[0], ids[1]) {
        for (media_type, length) in
            [("text/plain", LIMIT * 3 / 2 + 1), ("message/rfc822", LIMIT + 1), ("application/json", LIMIT * 3 / 2 + 1)]
        {
            let answer = announced(&server, &adele, method, &path, media_type, length).await;
            answer.demand_error(413, "ErrorMessageSizeExceeded");
        }
    }
    let session = serde_json::json!({"messageItem": {"size": LIMIT + 1}});
    adele.post_json("messages/createUploadSession", &session).await.demand_error(413, "ErrorMessageSizeExceeded");
    server.finish().await;
}

/// A short text of many values makes a tree many times as large.
#[tokio::test]
async fn json_of_countless_values_is_refused_and_a_large_file_is_not() {
    let server = Server::start().await;
    let adele = server.person("AdeleV");
    let many = format!("{{\"categories\": [{}\"\"]}}", "\"\",".repeat(300_000));
    let told = adele.post("messages", "application/json", many).await.demand_error(400, "BadRequest");
    assert!(told.contains("250000 values"), "{told}");
    let brackets = "[{,:".repeat(500_000);
    let draft = adele.post_json("messages", &serde_json::json!({"subject": "Large", "body": {"content": brackets}})).await;
    let id = draft.demand(201).json()["id"].as_str().unwrap().to_owned();
    // Several at once share the memory that there is: they wait, and each is taken.
    let file = serde_json::json!({"name": "large.bin", "contentBytes": kit::base64(&kit::Rng::new(1).octets(2_000_000))});
    let path = format!("messages/{id}/attachments");
    let add = |(adele, path, file): (Person, String, serde_json::Value)| async move { adele.post_json(&path, &file).await };
    let requests = vec![(adele.clone(), path, file); 4];
    for answer in kit::each(4, requests, add).await {
        answer.demand(201);
    }
    server.finish().await;
}
