//! Attachments that come in ranges: the protocol of Graph's upload sessions (behaviour 10.3 to 10.10), as clients speak it.

use super::{attachments_of, drafts, id};
use bytes::Bytes;
use hyper::Method;
use kit::{Answer, Person, Rng, Server};
use serde_json::{Value, json};

/// A session under way.
#[derive(Clone)]
struct Session {
    nobody: Person,
    url: String,
    size: usize,
}

impl Session {
    async fn begin(server: &Server, draft: &Value, item: Value) -> Session {
        let create = format!("{}/createUploadSession", attachments_of(draft));
        let size = item["size"].as_u64().unwrap();
        let answer = server.person("AdeleV").post_json(&create, &json!({"AttachmentItem": item})).await.demand(201).json();
        assert!(answer["@odata.context"].as_str().unwrap().ends_with("$metadata#microsoft.graph.uploadSession"));
        assert!(answer["expirationDateTime"].as_str().unwrap().ends_with('Z'));
        assert_eq!(answer["nextExpectedRanges"], json!(["0-"]));
        let url = answer["uploadUrl"].as_str().unwrap().to_owned();
        assert!(url.starts_with(&server.origin()), "on the host that was asked: {url}");
        Session { nobody: server.anonymous(), url, size: usize::try_from(size).unwrap() }
    }

    async fn file(server: &Server, draft: &Value, name: &str, size: usize) -> Session {
        Session::begin(server, draft, json!({"attachmentType": "file", "name": name, "size": size})).await
    }

    /// The same after the server was started again, maybe on another port.
    fn at(self, server: &Server) -> Session {
        let path = self.url.splitn(4, '/').nth(3).unwrap();
        Session { nobody: server.anonymous(), url: format!("{}/{path}", server.origin()), size: self.size }
    }

    async fn put(&self, octets: &[u8], first: usize, end: usize) -> Answer {
        self.put_as(&self.nobody, octets, &format!("bytes {first}-{}/{}", end - 1, self.size)).await
    }

    async fn put_as(&self, who: &Person, octets: &[u8], range: &str) -> Answer {
        let headers = [("content-type", "application/octet-stream"), ("content-range", range)];
        who.call(Method::PUT, &self.url, &headers, Bytes::copy_from_slice(octets)).await
    }

    fn demand_next(&self, answer: Answer, next: usize) {
        let status = answer.demand(200).json();
        assert_eq!(status["nextExpectedRanges"], json!([format!("{next}-{}", self.size - 1)]));
        assert!(status["expirationDateTime"].is_string() && status.get("uploadUrl").is_none());
    }

    /// Puts all octets in ranges of a size; answers where the attachment is.
    async fn all(&self, octets: &[u8], range: usize) -> String {
        for first in (0..octets.len()).step_by(range) {
            let end = (first + range).min(octets.len());
            let answer = self.put(&octets[first..end], first, end).await;
            if end == octets.len() {
                return location(answer);
            }
            self.demand_next(answer, end);
        }
        unreachable!("there is a last range")
    }
}

/// The last range: 201 with the attachment's address, and a body that is empty and does not say it were JSON.
fn location(answer: Answer) -> String {
    let location = answer.header("location").expect("a Location").to_owned();
    assert!(location.contains("/messages('") && location.contains("')/attachments('") && location.ends_with("')"), "{location}");
    answer.demand_empty(201);
    location
}

fn random(size: usize) -> Vec<u8> {
    Rng::new(size as u64).octets(size)
}

#[tokio::test]
async fn files_of_any_size_come_in_ranges_of_any_size() {
    let server = Server::start().await;
    let adele = server.person("AdeleV");
    for draft in drafts(&adele).await {
        let sizes = [(1, 1), (100, 7), (700_000, 320 * 1024), (3_000_001, 3_000_000), (5_000_000, 4 * 1024 * 1024)];
        let mut before = Vec::new();
        for (size, range) in sizes {
            let octets = random(size);
            let name = format!("{size} Grüße.bin");
            let session = Session::file(&server, &draft, &name, size).await;
            let location = session.all(&octets, range).await;
            let found = adele.get(&format!("{location}?$select=name,size,contentType,isInline")).await.demand(200).json();
            assert_eq!((&found["name"], &found["size"]), (&json!(name), &json!(size)));
            assert_eq!((&found["contentType"], &found["isInline"]), (&json!("application/octet-stream"), &json!(false)));
            let value = adele.get(&format!("{location}/$value")).await.demand(200);
            assert_eq!(value.header("content-length"), Some(size.to_string().as_str()));
            assert!(value.body == octets, "{size}");
            before.push(location);
        }
        for (location, (size, _)) in before.iter().zip(sizes) {
            assert!(adele.get(&format!("{location}/$value")).await.demand(200).body == random(size), "{size} stays what it is");
        }
        assert_eq!(adele.get(&format!("{}/$count", attachments_of(&draft))).await.demand(200).body, "5");
    }
    server.finish().await;
}

#[tokio::test]
async fn all_that_is_said_of_a_file_is_kept() {
    let server = Server::start().await;
    let adele = server.person("AdeleV");
    let [draft, _] = drafts(&adele).await;
    let item = json!({
        "attachmentType": "File", "name": "scenary", "size": 4, "isInline": true, "contentId": "my_inline_picture",
        "contentType": "image/png",
    });
    let session = Session::begin(&server, &draft, item.clone()).await;
    let found = adele.get(&location(session.put(b"data", 0, 4).await)).await.demand(200).json();
    for member in ["name", "size", "isInline", "contentId", "contentType"] {
        assert_eq!(found[member], item[member], "{member}");
    }
    assert_eq!(found["contentBytes"], "ZGF0YQ==");
    // The draft is sent with what came.
    adele
        .patch_json(&format!("messages/{}", id(&draft)), &json!({"toRecipients": kit::recipients(&["AlexW"])}))
        .await
        .demand(200);
    adele.post_nothing(&format!("messages/{}/send", id(&draft))).await.demand_empty(202);
    let alex = server.person("AlexW");
    let arrived = alex.arrived("Given as JSON").await;
    let list = alex.get(&attachments_of(&arrived)).await.demand(200).json();
    assert_eq!(list["value"][0]["contentBytes"], "ZGF0YQ==");
    server.finish().await;
}

/// The Python client sends its last range again, with its octets or empty, after it was answered 201; it and the JavaScript
/// client send their token too.
#[tokio::test]
async fn a_last_range_that_comes_again_is_answered_as_before() {
    let server = Server::start().await;
    let adele = server.person("AdeleV");
    let [draft, _] = drafts(&adele).await;
    let octets = random(1000);
    let session = Session::file(&server, &draft, "again.bin", 1000).await;
    session.demand_next(session.put_as(&adele, &octets[..600], "bytes 0-599/1000").await, 600);
    let first = location(session.put_as(&adele, &octets[600..], "bytes 600-999/1000").await);
    for again in [&octets[600..], b""] {
        assert_eq!(location(session.put_as(&adele, again, "bytes 600-999/1000").await), first);
    }
    let status = session.nobody.get(&session.url).await.demand(200).json();
    assert_eq!(status["nextExpectedRanges"], json!([]));
    assert_eq!(adele.get(&format!("{}/$count", attachments_of(&draft))).await.demand(200).body, "1");
    server.finish().await;
}

#[tokio::test]
async fn a_session_goes_on_after_a_kill() {
    let mut server = Server::start().await;
    let draft = drafts(&server.person("AdeleV")).await[1].clone();
    let octets = random(2_000_000);
    let mut session = Session::file(&server, &draft, "killed.bin", octets.len()).await;
    let mut first = 0;
    for end in [300_000, 300_001, 1_500_000] {
        session.demand_next(session.put(&octets[first..end], first, end).await, end);
        server.kill().await;
        server.restart().await;
        session = session.at(&server);
        session.demand_next(session.nobody.get(&session.url).await, end);
        first = end;
    }
    let place = location(session.put(&octets[first..], first, octets.len()).await);
    server.kill().await;
    server.restart().await;
    session = session.at(&server);
    let again = location(session.put(b"", first, octets.len()).await);
    assert_eq!(place.rsplit('/').next(), again.rsplit('/').next(), "the same attachment, also after a kill");
    assert!(server.person("AdeleV").get(&format!("{again}/$value")).await.demand(200).body == octets);
    server.finish().await;
}

#[tokio::test]
async fn wrong_ranges_and_sessions_are_refused() {
    let server = Server::start().await;
    let adele = server.person("AdeleV");
    let [draft, _] = drafts(&adele).await;
    let octets = random(100);
    let session = Session::file(&server, &draft, "wrong.bin", 100).await;
    session.demand_next(session.put(&octets[..30], 0, 30).await, 30);
    for (part, range) in [
        (&octets[40..50], "bytes 40-49/100"),
        (&octets[30..50], "bytes 30-40/100"),
        (&octets[30..40], "bytes 30-39/101"),
        (&octets[30..40], "bytes 30-100/100"),
        (&octets[30..40], "bytes 39-30/100"),
        (&octets[30..40], ""),
    ] {
        session.put_as(&session.nobody, part, range).await.demand_error(416, "InvalidRange");
        session.demand_next(session.nobody.get(&session.url).await, 30);
    }
    session.nobody.delete(&session.url).await.demand_empty(204);
    session.put(&octets[30..], 30, 100).await.demand_error(404, "ErrorItemNotFound");
    session.nobody.get(&session.url).await.demand_error(404, "ErrorItemNotFound");

    let create = format!("{}/createUploadSession", attachments_of(&draft));
    for item in [
        json!({"attachmentType": "item", "name": "a", "size": 1}),
        json!({"attachmentType": "reference", "name": "a", "size": 1}),
        json!({"attachmentType": "file", "size": 1}),
        json!({"attachmentType": "file", "name": "a"}),
        json!({"attachmentType": "file", "name": "a", "size": 0}),
        json!({"attachmentType": "file", "name": "a", "size": -1}),
        json!(null),
    ] {
        adele.post_json(&create, &json!({"AttachmentItem": item})).await.demand_error(400, "RequestBodyRead");
    }
    let too_large = json!({"AttachmentItem": {"attachmentType": "file", "name": "a", "size": 150 * 1024 * 1024 + 1}});
    adele.post_json(&create, &too_large).await.demand_error(413, "ErrorMessageSizeExceeded");
    let alex = server.person("AlexW");
    let item = json!({"AttachmentItem": {"attachmentType": "file", "name": "a", "size": 1}});
    alex.at("AdeleV").post_json(&create, &item).await.demand_error(403, "ErrorAccessDenied");
    alex.post_json(&create, &item).await.demand_error(404, "ErrorItemNotFound");
    // The other kind of session, and a draft that went meanwhile.
    let session = Session::file(&server, &draft, "gone.bin", 100).await;
    let token = session.url.rsplit('/').next().unwrap();
    adele.post_nothing(&format!("messages?uploadSession={token}")).await.demand_error(404, "ErrorItemNotFound");
    adele.post_nothing(&format!("messages/{}/permanentDelete", id(&draft))).await.demand(204);
    session.put(&octets, 0, 100).await.demand_error(404, "ErrorItemNotFound");
    server.finish().await;
}

/// Several files for one draft at once: each is there once, whatever came in between.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sessions_side_by_side_lose_nothing() {
    let server = Server::start().await;
    let adele = server.person("AdeleV");
    let draft = &drafts(&adele).await[0];
    let mut sessions = Vec::new();
    for size in 300_000..300_006 {
        sessions.push((Session::file(&server, draft, &format!("{size}.bin"), size).await, random(size)));
    }
    let work = |(session, octets): (Session, Vec<u8>)| async move { (session.all(&octets, 100_000).await, octets) };
    for (place, octets) in kit::each(6, sessions, work).await {
        assert!(adele.get(&format!("{place}/$value")).await.demand(200).body == octets, "{place}");
    }
    assert_eq!(adele.get(&format!("{}/$count", attachments_of(draft))).await.demand(200).body, "6");
    server.finish().await;
}

/// The last range of one session, by several at once: one attachment.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_last_range_that_races_itself_attaches_once() {
    let server = Server::start().await;
    let adele = server.person("AdeleV");
    let draft = &drafts(&adele).await[1];
    let octets = random(400_000);
    for _ in 0..10 {
        let session = Session::file(&server, draft, "raced.bin", octets.len()).await;
        let put = |(session, octets): (Session, Vec<u8>)| async move { session.put(&octets, 0, octets.len()).await };
        let answers = kit::each(4, vec![(session, octets.clone()); 4], put).await;
        let statuses: Vec<u16> = answers.iter().map(|answer| answer.status.as_u16()).collect();
        assert!(statuses.iter().all(|status| [201, 416].contains(status)) && statuses.contains(&201), "{statuses:?}");
    }
    assert_eq!(adele.get(&format!("{}/$count", attachments_of(draft))).await.demand(200).body, "10");
    server.finish().await;
}
