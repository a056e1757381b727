//! Whatever another server does, each recipient is reached once, or its sender gets one report.

use super::{report, started, to};
use kit::{Act, EXTENSIONS, Peer};
use std::sync::atomic::{AtomicUsize, Ordering};

/// A server that does this the first time that it is asked for something that begins so, and is well from then on.
async fn ill_once(extensions: &[&str], at: &'static str, act: Act) -> Peer {
    let count = AtomicUsize::new(0);
    Peer::with(extensions, move |_, line| match line.starts_with(at) && count.fetch_add(1, Ordering::SeqCst) == 0 {
        true => act.clone(),
        false => Act::Usual,
    })
    .await
}

#[tokio::test]
async fn what_breaks_once_is_delivered_once() {
    let say = |text: &str| Act::Say(text.to_owned());
    for (at, act) in [
        ("GREETING", say("421 4.3.2 not now")),
        ("GREETING", say("554 5.3.2 no mail here")),
        ("GREETING", Act::Drop),
        ("EHLO", Act::Drop),
        ("EHLO", say("451 4.3.0 later")),
        ("MAIL", say("451 4.3.0 later")),
        ("MAIL", Act::Drop),
        ("RCPT", say("450 4.2.1 greylisted")),
        ("RCPT", say("452 4.5.3 too many recipients")),
        ("RCPT", Act::Drop),
        ("DATA", say("451 4.3.0 later")),
        ("DATA", Act::Drop),
        ("DATA", Act::DropWithin(0)),
        ("DATA", Act::DropWithin(100)),
        ("END", say("452 4.3.1 disk full")),
        ("END", Act::Drop),
        ("EHLO", say("nonsense")),
        ("RCPT", Act::Wait(std::time::Duration::from_secs(3))),
    ] {
        let peer = ill_once(&EXTENSIONS, at, act.clone()).await;
        let (server, adele) = started(&peer).await;
        assert_eq!(adele.send_mime(&to(&["a@elsewhere.example"], "Once")).await.status, 202);
        peer.until_taken(1).await;
        server.finish().await;
        assert_eq!(peer.taken().len(), 1, "{at} {act:?}");
    }
}

#[tokio::test]
async fn each_recipient_has_an_outcome_of_his_own() {
    let peer = Peer::with(&EXTENSIONS, |_, line| match line {
        line if line.contains("bad@") => Act::Say("550 5.1.1 no such user".to_owned()),
        _ => Act::Usual,
    })
    .await;
    let (server, adele) = started(&peer).await;
    let recipients = ["one@elsewhere.example", "bad@elsewhere.example", "two@elsewhere.example"];
    assert_eq!(adele.send_mime(&to(&recipients, "Three")).await.status, 202);
    let taken = peer.until_taken(1).await;
    assert_eq!(taken[0].rcpts, ["RCPT TO:<one@elsewhere.example>", "RCPT TO:<two@elsewhere.example>"]);
    let report = report(&adele, "Undeliverable: Three").await;
    assert!(
        report.contains("\r\nFinal-Recipient: rfc822; bad@elsewhere.example\r\nAction: failed\r\nStatus: 5.1.1\r\n"),
        "{report}"
    );
    assert!(report.contains("\r\nDiagnostic-Code: smtp; 550 5.1.1 no such user\r\n"), "{report}");
    assert_eq!(report.matches("Final-Recipient:").count(), 1, "{report}");
    server.finish().await;
    assert_eq!(peer.taken().len(), 1);
}

#[tokio::test]
async fn what_is_refused_for_good_is_told_once() {
    for at in ["MAIL", "RCPT", "DATA", "END"] {
        let peer = Peer::with(&EXTENSIONS, move |_, line| match line.starts_with(at) {
            true => Act::Say("554 5.7.1 not from you".to_owned()),
            false => Act::Usual,
        })
        .await;
        let (server, adele) = started(&peer).await;
        let recipients = ["one@elsewhere.example", "two@elsewhere.example"];
        assert_eq!(adele.send_mime(&to(&recipients, "Refused")).await.status, 202);
        let report = report(&adele, "Undeliverable: Refused").await;
        assert_eq!(report.matches("\r\nAction: failed\r\nStatus: 5.7.1\r\n").count(), 2, "{at}: {report}");
        assert_eq!(adele.inbox().await.len(), 1, "{at}");
        server.finish().await;
        assert!(peer.taken().is_empty(), "{at}");
    }
}

#[tokio::test]
async fn a_server_that_was_killed_goes_on() {
    let peer = Peer::with(&EXTENSIONS, |connection, line| match (connection, line) {
        (0, "END") => Act::Wait(std::time::Duration::from_secs(3600)),
        _ => Act::Usual,
    })
    .await;
    let (mut server, adele) = started(&peer).await;
    assert_eq!(adele.send_mime(&to(&["a@elsewhere.example"], "Killed")).await.status, 202);
    kit::until("the message is on its way", async || (peer.connections() == 1).then_some(())).await;
    server.kill().await;
    server.restart().await;
    peer.until_taken(1).await;
    server.finish().await;
}

#[tokio::test]
async fn tls_that_can_not_begin_stops_no_mail_where_it_is_only_offered() {
    let offers = [&EXTENSIONS[..], &["STARTTLS"]].concat();
    // It says that it is ready, and goes on in plain text.
    let peer = Peer::with(&offers, |_, line| match line {
        "STARTTLS" => Act::Say("220 ready".to_owned()),
        _ => Act::Usual,
    })
    .await;
    let server = kit::Server::with_config(&super::towards_with(&peer, "tls = \"offered\"\n")).await;
    let adele = server.person("AdeleV");
    assert_eq!(adele.send_mime(&to(&["a@elsewhere.example"], "Plain")).await.status, 202);
    assert!(!peer.until_taken(1).await[0].is_tls);
    server.finish().await;
    assert_eq!(peer.count(), 1);
}

#[tokio::test]
async fn no_more_goes_in_a_minute_than_the_operator_wants() {
    let peer = Peer::start().await;
    let server = kit::Server::with_config(&super::towards_with(&peer, "messages_per_minute = 3\n")).await;
    let adele = server.person("AdeleV");
    for number in 0..5 {
        assert_eq!(adele.send_mime(&to(&["a@elsewhere.example"], &format!("Nr {number}"))).await.status, 202);
    }
    peer.until_taken(3).await;
    let output = server.restante(&["queue", "list", "--json"]).await;
    let waiting = kit::until("the others wait", async || {
        let listed: serde_json::Value = serde_json::from_slice(&output.stdout).ok()?;
        listed.as_array().map(Vec::len)
    })
    .await;
    assert!(waiting >= 2, "{waiting} wait");
    server.finish().await;
    assert_eq!(peer.count(), 3);
}

#[tokio::test]
async fn wherever_within_the_content_it_breaks_it_is_delivered_once() {
    const STEP: usize = 16;
    let octets = to(&["a@elsewhere.example"], "Broken everywhere");
    // What leaves has our trace before it, a Date and a Message-ID: less than that many octets.
    let ranges = (octets.len() + 400) / STEP;
    for extensions in [&EXTENSIONS[..], &["PIPELINING", "8BITMIME", "CHUNKING"][..]] {
        let peer = Peer::with(extensions, move |connection, line| match line.starts_with("DATA") || line.starts_with("BDAT") {
            true if connection < ranges => Act::DropWithin(connection * STEP),
            _ => Act::Usual,
        })
        .await;
        let settings = super::towards_with(&peer, "connections = 1\n");
        let server = kit::Server::with_config(&settings).await;
        let adele = server.person("AdeleV");
        assert_eq!(adele.send_mime(&octets).await.status, 202);
        // Each attempt is a second behind the one before, so that whoever waits for the next asks for it.
        kit::until_within(std::time::Duration::from_secs(120), "it is taken", async || {
            let asked = server.restante(&["queue", "retry", "all"]).await;
            (asked.status.success() && peer.count() > 0).then_some(())
        })
        .await;
        let tried = peer.connections();
        assert!(tried > octets.len() / STEP, "it broke {tried} times");
        assert!(super::below_trace(&peer.taken()[0].octets).ends_with(&octets));
        server.finish().await;
        assert_eq!(peer.count(), 1);
    }
}

#[tokio::test]
async fn whom_a_first_transaction_reached_gets_no_second_copy_after_a_crash_in_the_next() {
    let mails = AtomicUsize::new(0);
    let peer = Peer::with(&EXTENSIONS, move |_, line| {
        let is_second = line.starts_with("MAIL") && mails.fetch_add(1, Ordering::SeqCst) == 1;
        if is_second { Act::Wait(std::time::Duration::from_secs(3600)) } else { Act::Usual }
    })
    .await;
    let (mut server, adele) = started(&peer).await;
    let many: Vec<String> = (0..150).map(|number| format!("p{number}@elsewhere.example")).collect();
    let recipients: Vec<&str> = many.iter().map(String::as_str).collect();
    assert_eq!(adele.send_mime(&to(&recipients, "To many")).await.status, 202);
    kit::until("the second transaction has begun", async || {
        (peer.lines().iter().filter(|line| line.starts_with("MAIL")).count() == 2).then_some(())
    })
    .await;
    server.kill().await;
    server.restart().await;
    kit::until("everybody has it", async || {
        let reached: std::collections::HashSet<String> = peer.taken().into_iter().flat_map(|one| one.rcpts).collect();
        (reached.len() == many.len()).then_some(())
    })
    .await;
    server.finish().await;
    let copies: usize = peer.taken().iter().map(|one| one.rcpts.len()).sum();
    assert_eq!(copies, many.len(), "each has one copy");
}

#[tokio::test]
async fn what_a_server_says_is_kept_as_one_line_that_any_screen_can_show() {
    let endless = format!("550 5.1.1 no\u{1b}[2J\u{7} such user {}", "x".repeat(2000));
    let peer = Peer::with(&EXTENSIONS, move |_, line| match line.starts_with("RCPT") {
        true => Act::Say(endless.clone()),
        false => Act::Usual,
    })
    .await;
    let (server, adele) = started(&peer).await;
    let answer = adele.send_mime(&to(&["a@elsewhere.example"], "Said")).await;
    let url = answer.headers["restante-delivery"].to_str().unwrap().to_owned();
    report(&adele, "Undeliverable: Said").await;
    let delivery = adele.get(url.split_once("/v1.0").unwrap().1).await.json();
    let said = delivery["recipients"][0]["lastReply"].as_str().unwrap().to_owned();
    assert!(said.starts_with("550 5.1.1 no"), "{said:?}");
    assert!(!said.chars().any(char::is_control) && said.len() <= 1000, "{} octets: {said:?}", said.len());
    server.finish().await;
}
