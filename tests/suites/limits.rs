//! Graph's own limits, for those who ask for them: `[limits] graph = true`.

use kit::{Answer, Person, Server, address, base64, plain, until};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

const LIMITED: &str = "development = true\n[limits]\ngraph = true\n";
const OVER: &str = "Application is over its MailboxConcurrency limit.";

const CONTINUE: &str = "HTTP/1.1 100 Continue\r\n\r\n";

/// An upload that has begun and does not end of itself.
struct Slow {
    connection: TcpStream,
    rest: String,
}

impl Slow {
    /// Begins one that is let in: the server then asks for its body (RFC 9110 §10.1.1).
    async fn begin(server: &Server, person: &Person, subject: &str) -> Slow {
        let body = base64(&plain("AdeleV", &["AlexW"], subject));
        let host = server.origin().trim_start_matches("http://").to_owned();
        let head = format!(
            "POST /v1.0/users/{}/sendMail HTTP/1.1\r\nHost: {host}\r\nAuthorization: {}\r\nContent-Type: text/plain\r\n\
             Content-Length: {}\r\nExpect: 100-continue\r\nConnection: close\r\n\r\n",
            address("AdeleV"),
            person.authorization(),
            body.len()
        );
        let (first, rest) = body.split_at(body.len() / 2);
        let mut connection = TcpStream::connect(&host).await.unwrap();
        connection.write_all(head.as_bytes()).await.unwrap();
        let mut asked = [0; CONTINUE.len()];
        connection.read_exact(&mut asked).await.unwrap();
        assert_eq!(String::from_utf8_lossy(&asked), CONTINUE);
        connection.write_all(first.as_bytes()).await.unwrap();
        Slow { connection, rest: rest.to_owned() }
    }

    async fn end(mut self) -> Answer {
        self.connection.write_all(self.rest.as_bytes()).await.unwrap();
        let mut octets = Vec::new();
        self.connection.read_to_end(&mut octets).await.unwrap();
        Answer::of_octets(&octets)
    }
}

async fn four(server: &Server, person: &Person, subject: &str) -> Vec<Slow> {
    let mut all = Vec::new();
    for n in 0..4 {
        all.push(Slow::begin(server, person, &format!("{subject} {n}")).await);
    }
    all
}

/// Waits until there is a place again.
async fn until_free(person: &Person) {
    until("a place is free", async || (person.get("mailFolders/inbox").await.status == 200).then_some(())).await;
}

fn demand_throttled(answer: Answer) {
    assert_eq!(answer.header("retry-after"), Some("1"));
    assert_eq!(answer.error()["innerError"]["code"], "429");
    assert_eq!(answer.demand_error(429, "ApplicationThrottled"), OVER);
}

#[tokio::test]
async fn a_fifth_request_at_a_time_is_told_when_to_come_again() {
    let server = Server::with_config(LIMITED).await;
    let adele = server.person("AdeleV");
    let mut slow = four(&server, &adele, "Slow").await;
    demand_throttled(adele.send_mime(&plain("AdeleV", &["AlexW"], "Fifth")).await);
    demand_throttled(adele.at("AdeleV").get("messages").await);
    server.person("AlexW").get("messages").await.demand(200);
    adele.get("/me").await.demand(200);

    slow.pop().unwrap().end().await.demand(202);
    until_free(&adele).await;
    slow.push(Slow::begin(&server, &adele, "Slow again").await);
    demand_throttled(adele.get("messages").await);
    drop(slow.remove(0)); // its client is gone
    until_free(&adele).await;
    for one in slow {
        one.end().await.demand(202);
    }
    let alex = server.person("AlexW");
    for subject in ["Slow 1", "Slow 2", "Slow 3", "Slow again"] {
        alex.arrived(subject).await;
    }
    assert_eq!(alex.inbox().await.len(), 4, "what was refused or broken off was not sent");
    server.finish().await;
}

#[tokio::test]
async fn an_app_is_counted_at_each_mailbox_and_each_app_by_itself() {
    let server = Server::with_config(LIMITED).await;
    let app = server.app().await;
    let slow = four(&server, &app.at("AdeleV"), "By the app").await;
    demand_throttled(app.at("AdeleV").get("messages").await);
    app.at("MeganB").get("messages").await.demand(200);
    // Adele's own token is the same app's, and so has none of its places left (Graph: per app and mailbox).
    demand_throttled(server.person("AdeleV").get("messages").await);
    drop(slow);
    until_free(&app.at("AdeleV")).await;
    server.finish().await;
}

#[tokio::test]
async fn the_members_of_a_batch_are_counted_one_by_one() {
    let server = Server::with_config(LIMITED).await;
    let adele = server.person("AdeleV");
    let requests: Vec<Value> = (0..20).map(|n| json!({"id": n.to_string(), "method": "GET", "url": "/me/messages"})).collect();
    let batch = json!({"requests": requests});
    let statuses = |answer: Answer| -> Vec<Value> {
        answer.demand(200).json()["responses"].as_array().unwrap().iter().map(|one| one["status"].clone()).collect()
    };
    assert_eq!(statuses(adele.post_json("/$batch", &batch).await), vec![json!(200); 20], "four at a time");

    let slow = four(&server, &adele, "Beside a batch").await;
    let answer = adele.post_json("/$batch", &batch).await;
    let one = answer.json()["responses"][7].clone();
    assert_eq!(one["headers"]["Retry-After"], "1", "{one}");
    assert_eq!(one["body"]["error"]["code"], "ApplicationThrottled", "{one}");
    assert_eq!(statuses(answer), vec![json!(429); 20], "none of them has a place");
    drop(slow);
    until_free(&adele).await;
    server.finish().await;
}

#[tokio::test]
async fn four_megabytes_are_the_most_that_one_request_has() {
    const MOST: usize = 4 * 1024 * 1024;
    let server = Server::with_config(LIMITED).await;
    let adele = server.person("AdeleV");
    let octets = [plain("AdeleV", &["AlexW"], "Large"), vec![b'a'; MOST]].concat();
    let text = base64(&octets)[..MOST + 4].to_owned();
    let told = adele.post("sendMail", "text/plain", text.clone()).await.demand_error(413, "BadRequest");
    assert_eq!(told, "The maximum request length supported is 4MB.");
    adele.post("sendMail", "text/plain", text[..MOST].to_owned()).await.demand(202);
    server.person("AlexW").arrived("Large").await;

    let session = json!({"messageItem": {"size": 2 * MOST}});
    let session = adele.post_json("messages/createUploadSession", &session).await.demand(201).json();
    let url = session["uploadUrl"].as_str().unwrap();
    for (octets, expected) in [(MOST + 1, 413), (MOST, 200)] {
        let range = format!("bytes 0-{}/{}", octets - 1, 2 * MOST);
        let body = vec![b'a'; octets].into();
        let answer = adele.call(hyper::Method::PUT, url, &[("content-range", &range)], body).await;
        assert_eq!(answer.status, expected, "{octets} octets: {answer:?}");
    }
    server.finish().await;
}

#[tokio::test]
async fn without_the_setting_there_are_no_such_limits() {
    let server = Server::start().await;
    let adele = server.person("AdeleV");
    let mut slow = Vec::new();
    for n in 0..6 {
        slow.push(Slow::begin(&server, &adele, &format!("Unlimited {n}")).await);
    }
    adele.get("messages").await.demand(200);
    for one in slow {
        one.end().await.demand(202);
    }
    server.finish().await;
}
