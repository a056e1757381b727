//! What goes over the wire.

use super::{below_trace, report, started, to, towards_with};
use kit::{Act, EXTENSIONS, Peer, Server, address, letter};

#[tokio::test]
async fn octets_go_as_they_are_to_those_who_are_elsewhere() {
    let peer = Peer::start().await;
    let (server, adele) = started(&peer).await;
    let octets = letter(
        &[
            ("From", address("AdeleV").as_str()),
            ("To", &format!("one@elsewhere.example, two@Elsewhere.example, {}", address("AlexW"))),
            ("Bcc", "hidden@third.example"),
            ("Date", "Thu, 6 May 2021 22:47:14 +0000"),
            ("Message-ID", "<1@contoso.com>"),
            ("Subject", "Out"),
        ],
        ".dot\r\n..two\r\n\t trailing \r\n\r\n.\r\nlast\r\n",
    );
    assert_eq!(adele.send_mime(&octets).await.status, 202);
    let taken = peer.until_taken(1).await;
    let without_bcc = String::from_utf8(octets).unwrap().replace("Bcc: hidden@third.example\r\n", "");
    for one in &taken {
        assert_eq!(String::from_utf8_lossy(below_trace(&one.octets)), without_bcc);
        assert!(one.mail.starts_with("MAIL FROM:<AdeleV@contoso.com> SIZE="), "{}", one.mail);
    }
    let mut rcpts: Vec<_> = taken.iter().flat_map(|one| one.rcpts.clone()).collect();
    rcpts.sort();
    assert_eq!(
        rcpts,
        ["RCPT TO:<hidden@third.example>", "RCPT TO:<one@elsewhere.example>", "RCPT TO:<two@Elsewhere.example>"],
        "one transaction for all that one host takes"
    );
    assert_eq!(taken.len(), 1);
    server.person("AlexW").arrived("Out").await;
    server.finish().await;
}

#[tokio::test]
async fn the_one_conversion_is_that_of_lines() {
    let peer = Peer::start().await;
    let (server, adele) = started(&peer).await;
    let octets =
        b"From: AdeleV@contoso.com\nTo: a@elsewhere.example\nSubject: Lines\nDate: d\nMessage-ID: <2@x>\n\n.bare\nno end";
    assert_eq!(adele.send_mime(octets).await.status, 202);
    let taken = peer.until_taken(1).await;
    let lines = String::from_utf8_lossy(octets).replace('\n', "\r\n") + "\r\n";
    assert_eq!(String::from_utf8_lossy(below_trace(&taken[0].octets)), lines);
    server.finish().await;

    let peer = Peer::with(&["CHUNKING", "BINARYMIME", "8BITMIME"], |_, _| Act::Usual).await;
    let (server, adele) = started(&peer).await;
    let odd = [&octets[..], b"\rbare cr\0nul\xff"].concat();
    assert_eq!(adele.send_mime(&odd).await.status, 202);
    let taken = peer.until_taken(1).await;
    assert!(taken[0].mail.ends_with(" BODY=BINARYMIME") && taken[0].is_chunked, "{:?}", taken[0].mail);
    assert!(taken[0].octets.ends_with(&odd), "no octet is another");
    server.finish().await;
}

#[tokio::test]
async fn what_a_host_can_not_take_comes_back_and_is_not_converted() {
    let peer = Peer::with(&["SIZE 2000"], |_, _| Act::Usual).await;
    let (server, adele) = started(&peer).await;
    let large = "x".repeat(70) + "\r\n";
    for (subject, body, status) in [
        ("Eight", "\u{e4}\r\n", "5.6.3"),
        ("Bare", "a\rb\r\n", "5.6.1"),
        ("Nul", "a\0b\r\n", "5.6.1"),
        ("Large", large.repeat(40).as_str(), "5.3.4"),
    ] {
        let octets = letter(&[("From", address("AdeleV").as_str()), ("To", "a@elsewhere.example"), ("Subject", subject)], body);
        assert_eq!(adele.send_mime(&octets).await.status, 202);
        let report = report(&adele, &format!("Undeliverable: {subject}")).await;
        assert!(report.contains(&format!("\r\nStatus: {status}\r\n")), "{report}");
    }
    assert!(peer.taken().is_empty() && !peer.lines().iter().any(|line| line.starts_with("MAIL")));
    server.finish().await;
}

#[tokio::test]
async fn a_connection_is_used_again() {
    let peer = Peer::start().await;
    let server = Server::with_config(&towards_with(&peer, "connections = 1\n")).await;
    let adele = server.person("AdeleV");
    for number in 0..20 {
        assert_eq!(adele.send_mime(&to(&["a@elsewhere.example"], &format!("Nr {number}"))).await.status, 202);
    }
    peer.until_taken(20).await;
    assert!(peer.connections() < 20, "{} connections", peer.connections());
    server.finish().await;
}

#[tokio::test]
async fn tls_begins_where_it_is_offered_and_must_where_it_is_asked_for() {
    let certificate = kit::self_signed(&["localhost"]);
    let peer = Peer::at("127.0.0.1:0", &EXTENSIONS, Some(&certificate), |_, _| Act::Usual).await;
    let server = Server::with_config(&towards_with(&peer, "tls = \"offered\"\n")).await;
    let adele = server.person("AdeleV");
    assert_eq!(adele.send_mime(&to(&["a@elsewhere.example"], "Offered")).await.status, 202);
    assert!(peer.until_taken(1).await[0].is_tls);
    server.finish().await;
    // Nobody vouches for that certificate, so mail that must go to the right host waits.
    let server = Server::with_config(&towards_with(&peer, "tls = \"starttls\"\nlifetime_seconds = 1\n")).await;
    let adele = server.person("AdeleV");
    assert_eq!(adele.send_mime(&to(&["a@elsewhere.example"], "Proven")).await.status, 202);
    let report = report(&adele, "Undeliverable: Proven").await;
    assert!(report.contains("TLS could not begin"), "{report}");
    assert_eq!(peer.taken().len(), 1);
    server.finish().await;
}
