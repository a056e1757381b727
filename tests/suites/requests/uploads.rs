//! A whole message that comes in ranges: the protocol of attachments' upload sessions.

use super::id;
use bytes::Bytes;
use hyper::Method;
use kit::{Answer, Person, Rng, Server, base64, letter};
use serde_json::{Value, json};

/// A message large enough to stand in a file.
fn large(subject: &str) -> Vec<u8> {
    let body = encodify::base64::MIME.encode(Rng::new(7).octets(700_000));
    letter(&[("From", "AdeleV@contoso.com"), ("To", "AlexW@contoso.com"), ("Subject", subject)], &body)
}

/// An upload at its own address, which needs no token.
struct Upload {
    nobody: Person,
    token: String,
    size: usize,
}

impl Upload {
    async fn begin(server: &Server, size: usize) -> Upload {
        let answer =
            server.person("AdeleV").post_json("messages/createUploadSession", &json!({"messageItem": {"size": size}})).await;
        let session = answer.demand(201).json();
        assert_eq!(session["nextExpectedRanges"], json!(["0-"]));
        assert!(session["expirationDateTime"].as_str().unwrap().ends_with('Z'));
        let url = session["uploadUrl"].as_str().unwrap();
        assert!(url.starts_with(&format!("{}/v1.0/", server.origin())), "absolute, on the host that was asked: {url}");
        let token = url.rsplit('/').next().unwrap().to_owned();
        Upload { nobody: server.anonymous(), token, size }
    }

    /// The same after the server was started again, maybe on another port.
    fn at(self, server: &Server) -> Upload {
        Upload { nobody: server.anonymous(), ..self }
    }

    fn path(&self) -> String {
        format!("/uploads/{}", self.token)
    }

    async fn put(&self, octets: &[u8], range: &str) -> Answer {
        let headers = [("content-type", "application/octet-stream"), ("content-range", range)];
        self.nobody.call(Method::PUT, &self.path(), &headers, Bytes::copy_from_slice(octets)).await
    }

    async fn put_at(&self, octets: &[u8], first: usize, end: usize) -> Answer {
        self.put(&octets[first..end], &format!("bytes {first}-{}/{}", end - 1, self.size)).await
    }

    async fn demand_next(&self, next: usize) {
        let status = self.nobody.get(&self.path()).await.demand(200).json();
        assert_eq!(status["nextExpectedRanges"], self.next_ranges(next));
    }

    /// What is expected from an octet on.
    fn next_ranges(&self, next: usize) -> Value {
        json!([format!("{next}-{}", self.size - 1)])
    }
}

/// The last range: 201 with the address, and an empty body that claims to be nothing (clients parse JSON).
fn demand_finished(answer: Answer, upload: &Upload) {
    assert!(answer.header("location").unwrap().ends_with(&upload.path()));
    answer.demand_empty(201);
}

async fn uploaded(server: &Server, octets: &[u8]) -> Upload {
    let upload = Upload::begin(server, octets.len()).await;
    let slices: Vec<usize> = (0..octets.len()).step_by(320 * 1024).collect();
    for first in slices {
        let end = (first + 320 * 1024).min(octets.len());
        let answer = upload.put_at(octets, first, end).await;
        if end == octets.len() {
            demand_finished(answer, &upload);
        } else {
            assert_eq!(answer.demand(200).json()["nextExpectedRanges"], upload.next_ranges(end));
        }
    }
    upload
}

#[tokio::test]
async fn an_uploaded_message_is_sent_drafted_and_imported_by_reference() {
    let server = Server::start().await;
    let (adele, alex) = (server.person("AdeleV"), server.person("AlexW"));
    let octets = large("Uploaded");
    let upload = uploaded(&server, &octets).await;
    // A client is known that always puts its last range once more, empty.
    let last = format!("bytes {}-{}/{}", octets.len() - 10, octets.len() - 1, octets.len());
    demand_finished(upload.put(b"", &last).await, &upload);
    let by_reference = format!("uploadSession={}", upload.token);
    let sent = adele.post_nothing(&format!("sendMail?{by_reference}")).await.demand(202);
    let sent = adele.get(sent.header("location").unwrap()).await.demand(200).json();
    let draft = adele.post_nothing(&format!("messages?{by_reference}")).await.demand(201).json();
    let import = format!("mailFolders/archive/messages?import=true&{by_reference}");
    let imported = adele.post_nothing(&import).await.demand(201).json();
    let preferred = [("prefer", by_reference.as_str()), ("content-length", "0")];
    let by_preference = adele.call(Method::POST, "messages", &preferred, Bytes::new()).await.demand(201).json();
    let put = adele.draft(b"Subject: Before\n\n").await;
    let path = format!("messages/{}/$value?{by_reference}", id(&put));
    adele.call(Method::PUT, &path, &[("content-length", "0")], Bytes::new()).await.demand_empty(204);
    for message in [&sent, &draft, &imported, &by_preference, &put] {
        assert_eq!(adele.value(id(message)).await, octets);
    }
    assert_eq!((&draft["isDraft"], &imported["isDraft"]), (&json!(true), &json!(false)));
    let copy = alex.arrived("Uploaded").await;
    assert!(alex.value(id(&copy)).await.ends_with(&octets));
    let answered = adele.post_nothing(&format!("messages/{}/reply?{by_reference}", id(&imported))).await.demand(202);
    let answered = adele.get(answered.header("location").unwrap()).await.demand(200).json();
    assert_eq!(adele.value(id(&answered)).await, octets);
    // What another one uploaded is not there for Alex.
    alex.post_nothing(&format!("sendMail?{by_reference}")).await.demand_error(404, "ErrorItemNotFound");
    alex.post_nothing("sendMail?uploadSession=nonsense").await.demand_error(400, "ErrorInvalidIdMalformed");
    server.finish().await;
}

#[tokio::test]
async fn an_upload_goes_on_after_a_kill() {
    let mut server = Server::start().await;
    let octets = large("Interrupted");
    let mut upload = Upload::begin(&server, octets.len()).await;
    let mut first = 0;
    for end in [100_000, 400_001, 800_000] {
        assert_eq!(upload.put_at(&octets, first, end).await.demand(200).json()["nextExpectedRanges"], upload.next_ranges(end));
        server.kill().await;
        server.restart().await;
        upload = upload.at(&server);
        upload.demand_next(end).await;
        first = end;
    }
    let by_reference = format!("messages?uploadSession={}", upload.token);
    server.person("AdeleV").post_nothing(&by_reference).await.demand_error(404, "ErrorItemNotFound");
    demand_finished(upload.put_at(&octets, first, octets.len()).await, &upload);
    server.kill().await;
    server.restart().await;
    let adele = server.person("AdeleV");
    let draft = adele.post_nothing(&by_reference).await.demand(201).json();
    assert_eq!(adele.value(id(&draft)).await, octets);
    server.finish().await;
}

#[tokio::test]
async fn wrong_ranges_are_refused_and_change_nothing() {
    let server = Server::start().await;
    let octets = b"To: AlexW@contoso.com\nSubject: In ranges\n\nHello, in ranges of a few octets.\n".as_slice();
    let size = octets.len();
    let upload = Upload::begin(&server, size).await;
    upload.put_at(octets, 0, 30).await.demand(200);
    let wrong = [
        (&octets[40..50], format!("bytes 40-49/{size}")),
        (&octets[30..50], format!("bytes 30-40/{size}")),
        (&octets[30..40], format!("bytes 30-39/{}", size + 1)),
        (&octets[30..40], "bytes 30-39/*".to_owned()),
        (&octets[30..40], format!("bytes 39-30/{size}")),
        (&octets[30..40], format!("bytes 30-{size}/{size}")),
        (&octets[30..40], "30-39".to_owned()),
        (&octets[30..40], String::new()),
    ];
    for (part, range) in wrong {
        upload.put(part, &range).await.demand_error(416, "InvalidRange");
        upload.demand_next(30).await;
    }
    // A range that came already may come again.
    upload.put_at(octets, 10, 35).await.demand(200);
    upload.demand_next(35).await;
    demand_finished(upload.put_at(octets, 35, size).await, &upload);
    let adele = server.person("AdeleV");
    let draft = adele.post_nothing(&format!("messages?uploadSession={}", upload.token)).await.demand(201).json();
    assert_eq!(adele.value(id(&draft)).await, octets);
    server.finish().await;
}

#[tokio::test]
async fn an_upload_that_is_given_up_is_gone() {
    let server = Server::start().await;
    let adele = server.person("AdeleV");
    let octets = large("Given up");
    for end in [100_000, octets.len()] {
        let upload = Upload::begin(&server, octets.len()).await;
        upload.put_at(&octets, 0, end).await;
        upload.nobody.delete(&upload.path()).await.demand_empty(204);
        upload.nobody.get(&upload.path()).await.demand_error(404, "ErrorItemNotFound");
        upload.put_at(&octets, 0, end).await.demand_error(404, "ErrorItemNotFound");
        adele.post_nothing(&format!("sendMail?uploadSession={}", upload.token)).await.demand_error(404, "ErrorItemNotFound");
    }
    for size in [json!(0), json!(-1), json!("5"), json!(null)] {
        adele.post_json("messages/createUploadSession", &json!({"messageItem": {"size": size}})).await.demand(400).error();
    }
    adele.post("messages/createUploadSession", "text/plain", base64(b"x")).await.demand(400).error();
    server.finish().await;
}

#[tokio::test]
async fn a_mailbox_has_so_many_open_uploads_and_no_more() {
    let server = Server::start().await;
    let (adele, alex) = (server.person("AdeleV"), server.person("AlexW"));
    let begin = async |who: &Person, size: u64| {
        who.post_json("messages/createUploadSession", &json!({"messageItem": {"size": size}})).await
    };
    let mut uploads = Vec::new();
    for _ in 0..100 {
        uploads.push(Upload::begin(&server, 1).await);
    }
    begin(&adele, 1).await.demand_error(507, "ErrorQuotaExceeded");
    begin(&alex, 1).await.demand(201);

    let given_up = uploads.pop().unwrap();
    given_up.nobody.call(Method::DELETE, &given_up.path(), &[], Bytes::new()).await.demand(204);
    begin(&adele, 1).await.demand(201);
    uploads[0].put_at(b"x", 0, 1).await.demand(201);
    begin(&adele, 1).await.demand(201); // one that is whole waits for nothing

    const LARGEST: u64 = 150 * 1024 * 1024;
    for _ in 0..15 {
        begin(&alex, LARGEST).await.demand(201);
    }
    begin(&alex, LARGEST).await.demand_error(507, "ErrorQuotaExceeded");
    begin(&alex, LARGEST + 1).await.demand_error(413, "ErrorMessageSizeExceeded");
    server.finish().await;
}
