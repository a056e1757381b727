//! What is odd, but is taken: kept octet for octet, in bounded time and memory.

use kit::{MemoryWatch, Person, Rng, Server, base64, letter, plain};
use std::fmt::Write;
use std::time::{Duration, Instant};

/// Generous for the slowest machine, and far from what a quadratic walk over such a message would take.
const TIME: Duration = Duration::from_secs(10);
/// What the server may grow by beyond a few copies of the message.
const ROOM: u64 = 64 * 1024 * 1024;
/// Copies of a message (base64 and octets) that a request may hold in memory.
const COPIES: u64 = 6;

/// Sends `octets` to Alex and demands that both copies are identical, and that time and memory were bounded.
async fn sent_and_kept(server: &Server, octets: &[u8]) {
    let (adele, alex) = (server.person("AdeleV"), server.person("AlexW"));
    let watch = MemoryWatch::of(server.process());
    let begin = Instant::now();
    adele.send_mime(octets).await.demand_empty(202);
    let arrived = kit::until("the message arrives", async || alex.inbox().await.first().cloned()).await;
    let took = begin.elapsed();
    assert!(took < TIME, "it took {took:?}");
    demand_bounded(watch, octets.len());
    let delivered = alex.value(arrived["id"].as_str().unwrap()).await;
    assert!(delivered.ends_with(octets), "what is delivered ends with the octets that were given");
    let sent = adele.sent().await;
    assert!(adele.value(sent[0]["id"].as_str().unwrap()).await == octets, "Sent Items hold the octets that were given");
}

/// Makes a draft of `octets` and demands that it is identical, and that time and memory were bounded.
async fn drafted_and_kept(server: &Server, adele: &Person, octets: &[u8]) {
    let watch = MemoryWatch::of(server.process());
    let begin = Instant::now();
    let draft = adele.draft(octets).await;
    let took = begin.elapsed();
    assert!(took < TIME, "it took {took:?}");
    demand_bounded(watch, octets.len());
    assert!(adele.value(draft["id"].as_str().unwrap()).await == octets, "the draft is the octets that were given");
}

fn demand_bounded(watch: MemoryWatch, octets: usize) {
    let growth = watch.growth();
    let bound = ROOM + COPIES * u64::try_from(octets).unwrap();
    assert!(growth < bound, "the server grew by {growth} octets for a message of {octets}");
}

#[tokio::test]
async fn ten_thousand_nested_multiparts_are_taken_and_kept() {
    let mut body = String::new();
    for depth in 1..10_000 {
        write!(body, "--b{}\r\nContent-Type: multipart/mixed; boundary=b{depth}\r\n\r\n", depth - 1).unwrap();
    }
    body.push_str("--b9999\r\nContent-Type: text/plain\r\n\r\nat the bottom\r\n");
    for depth in (0..10_000).rev() {
        write!(body, "--b{depth}--\r\n").unwrap();
    }
    let server = Server::start().await;
    sent_and_kept(&server, &multipart("Nested multiparts", &body)).await;
    server.finish().await;
}

#[tokio::test]
async fn ten_thousand_nested_messages_are_taken_and_kept() {
    let body = "--b0\r\n".to_owned()
        + &"Content-Type: message/rfc822\r\n\r\n".repeat(10_000)
        + "Subject: bottom\r\n\r\nHello\r\n--b0--\r\n";
    let server = Server::start().await;
    sent_and_kept(&server, &multipart("Nested messages", &body)).await;
    server.finish().await;
}

#[tokio::test]
async fn ten_thousand_parts_beside_each_other_are_taken_and_kept() {
    let body = "--b0\r\nContent-Disposition: attachment; filename=x\r\n\r\nx\r\n".repeat(10_000) + "--b0--\r\n";
    let server = Server::start().await;
    sent_and_kept(&server, &multipart("Many parts", &body)).await;
    server.finish().await;
}

fn multipart(subject: &str, body: &str) -> Vec<u8> {
    letter(
        &[
            ("From", "AdeleV@contoso.com"),
            ("To", "AlexW@contoso.com"),
            ("Subject", subject),
            ("Content-Type", "multipart/mixed; boundary=b0"),
        ],
        body,
    )
}

#[tokio::test]
async fn a_header_field_of_ten_megabytes_is_taken_and_kept() {
    let long = "x".repeat(10_000_000);
    let folded = "y".repeat(998) + "\r\n ";
    for field in [("X-Long", long.as_str()), ("X-Folded", &folded.repeat(10_000)), ("Subject", &long)] {
        let server = Server::start().await;
        let octets = letter(&[("From", "AdeleV@contoso.com"), ("To", "AlexW@contoso.com"), field], "Hello\r\n");
        sent_and_kept(&server, &octets).await;
        server.finish().await;
    }
}

#[tokio::test]
async fn octets_that_are_no_message_are_kept_as_a_draft() {
    let server = Server::start().await;
    let adele = server.person("AdeleV");
    let mut rng = Rng::new(2);
    let odd = [
        rng.octets(1),
        rng.octets(100_000),
        rng.octets(3_000_000),
        b"\r\n".to_vec(),
        b"\n\n\n".to_vec(),
        b":".to_vec(),
        vec![0; 5000],
        b"\xff\xfe<\x00h\x00t\x00m\x00l\x00".to_vec(),
        b"Content-Type: multipart/mixed; boundary=\"\"\r\n\r\n--\r\n--\r\n----".to_vec(),
    ];
    for octets in odd {
        drafted_and_kept(&server, &adele, &octets).await;
    }
    // Deterministic or not, a list of them must still be valid JSON.
    assert_eq!(adele.all("messages?$top=2").await.len(), 9);
    server.finish().await;
}

#[tokio::test]
async fn nul_bare_cr_and_lines_of_seventy_thousand_octets_are_taken_and_kept() {
    let bodies: [&[u8]; 5] = [
        b"before\x00after\r\n\x00",
        b"one\rtwo\r\rthree\r\n\r",
        &[&b"z".repeat(70_000)[..], b"\r\n", &b"w".repeat(70_000)].concat(),
        b"mixed\nends\r\nof\rlines\n\r",
        b"\x80\x81 not in any charset \xc3\x28\r\n.\r\n..\r\n",
    ];
    for (number, body) in bodies.into_iter().enumerate() {
        let server = Server::start().await;
        let mut octets = plain("AdeleV", &["AlexW"], &format!("Odd octets {number}"));
        octets.extend_from_slice(body);
        sent_and_kept(&server, &octets).await;
        server.finish().await;
    }
}

/// What a client claims about a message's way is kept as octets and believed by nobody.
#[tokio::test]
async fn claims_of_the_client_are_kept_and_not_believed() {
    let server = Server::start().await;
    let claims = letter(
        &[
            ("Return-Path", "<boss@fabrikam.example>"),
            ("Received", "from nowhere by contoso.com; Mon, 1 Jan 2001 00:00:00 +0000"),
            ("X-MS-Exchange-Organization-SCL", "-1"),
            ("From", "AdeleV@contoso.com"),
            ("To", "AlexW@contoso.com"),
            ("Subject", "Claims"),
        ],
        "Hello\r\n",
    );
    sent_and_kept(&server, &claims).await;
    let alex = server.person("AlexW");
    let arrived = alex.arrived("Claims").await;
    assert!(arrived["receivedDateTime"].as_str().unwrap() > "2026", "{}", arrived["receivedDateTime"]);
    let delivered = alex.value(arrived["id"].as_str().unwrap()).await;
    assert!(delivered.starts_with(b"Return-Path: <AdeleV@contoso.com>\r\n"), "ours stands first");
    server.finish().await;
}

/// A message that is large, but within the limit, takes no more memory than a few of its pieces.
#[tokio::test]
async fn a_message_of_fifty_megabytes_streams() {
    let server = Server::start().await;
    let mut octets = plain("AdeleV", &["AlexW"], "Fifty megabytes");
    let line = [b"m".repeat(76), b"\r\n".to_vec()].concat();
    octets.extend(line.iter().cycle().take(50_000_000));
    let adele = server.person("AdeleV");
    let body = base64(&octets);
    let watch = MemoryWatch::of(server.process());
    adele.post("sendMail", "text/plain", body).await.demand_empty(202);
    let growth = watch.growth();
    assert!(growth < ROOM, "the server grew by {growth} octets");
    server.person("AlexW").arrived("Fifty megabytes").await;
    let sent = adele.sent().await;
    assert!(adele.value(sent[0]["id"].as_str().unwrap()).await == octets, "it is kept");
    server.finish().await;
}
