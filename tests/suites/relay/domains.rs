//! Where mail for a domain goes.

use super::{below_trace, report, to};
use kit::{Act, EXTENSIONS, NameServer, Peer, Rr, Server, aloud};
use std::net::IpAddr;

fn ip(text: &str) -> Rr {
    Rr::Ip(text.parse::<IpAddr>().expect("an address"))
}

fn settings(names: &NameServer, port: u16, more: &str) -> String {
    format!(
        "development = true\n[relay]\nhold = false\nfirst_retry_seconds = 1\nlongest_retry_seconds = 1\nport = {port}\n{more}\n{}",
        names.settings()
    )
}

/// Two servers at one port of two addresses.
async fn pair(first: impl Fn(usize, &str) -> Act + Send + Sync + 'static) -> (Peer, Peer) {
    let one = Peer::with(&EXTENSIONS, first).await;
    let two = Peer::at(&format!("127.0.0.2:{}", one.address().port()), &EXTENSIONS, None, |_, _| Act::Usual).await;
    (one, two)
}

#[tokio::test]
async fn the_hosts_of_a_domain_are_tried_in_order() {
    let (one, two) = pair(|_, line| if line == "GREETING" { Act::Say("421 4.3.2 busy".to_owned()) } else { Act::Usual }).await;
    let names = NameServer::start(&[
        ("elsewhere.example", Rr::Mx(20, "second.example")),
        ("elsewhere.example", Rr::Mx(10, "First.example")),
        ("first.example", ip("127.0.0.1")),
        ("second.example", ip("127.0.0.2")),
    ])
    .await;
    let server = Server::with_config(&settings(&names, one.address().port(), "")).await;
    let adele = server.person("AdeleV");
    let octets = to(&["a@Elsewhere.example"], "Order");
    assert_eq!(adele.send_mime(&octets).await.status, 202);
    let taken = two.until_taken(1).await;
    assert!(below_trace(&taken[0].octets).ends_with(&octets), "what lacks stands before it");
    assert_eq!((one.connections(), one.taken().len()), (1, 0), "the first was asked first");
    server.finish().await;
}

#[tokio::test]
async fn a_domain_without_hosts_is_one_itself_and_literals_are_addresses() {
    let peer = Peer::start().await;
    let names = NameServer::start(&[("elsewhere.example", ip("127.0.0.1"))]).await;
    let server = Server::with_config(&settings(&names, peer.address().port(), "")).await;
    let adele = server.person("AdeleV");
    assert_eq!(adele.send_mime(&to(&["a@elsewhere.example", "b@[127.0.0.1]"], "Implicit")).await.status, 202);
    let taken = peer.until_taken(2).await;
    let mut rcpts: Vec<_> = taken.iter().flat_map(|one| one.rcpts.clone()).collect();
    rcpts.sort();
    assert_eq!(rcpts, ["RCPT TO:<a@elsewhere.example>", "RCPT TO:<b@[127.0.0.1]>"]);
    server.finish().await;
}

#[tokio::test]
async fn over_ipv6_too() {
    if std::net::TcpListener::bind("[::1]:0").is_err() {
        return aloud("this machine has no IPv6, so mail over it is not tried");
    }
    let peer = Peer::at("[::1]:0", &EXTENSIONS, None, |_, _| Act::Usual).await;
    let names = NameServer::start(&[("elsewhere.example", Rr::Mx(1, "six.example")), ("six.example", ip("::1"))]).await;
    let server = Server::with_config(&settings(&names, peer.address().port(), "")).await;
    assert_eq!(server.person("AdeleV").send_mime(&to(&["a@elsewhere.example"], "Six")).await.status, 202);
    peer.until_taken(1).await;
    server.finish().await;
}

#[tokio::test]
async fn what_names_say_for_good_is_told_at_once() {
    let peer = Peer::start().await;
    let names = NameServer::start(&[("null.example", Rr::Mx(0, ".")), ("lost.example", Rr::Mx(1, "gone.example"))]).await;
    let server = Server::with_config(&settings(&names, peer.address().port(), "")).await;
    let adele = server.person("AdeleV");
    for (address, status) in [("a@null.example", "5.1.10"), ("a@nowhere.example", "5.1.2"), ("a@lost.example", "5.1.2")] {
        assert_eq!(adele.send_mime(&to(&[address], address)).await.status, 202);
        let report = report(&adele, &format!("Undeliverable: {address}")).await;
        assert!(report.contains(&format!("\r\nAction: failed\r\nStatus: {status}\r\n")), "{report}");
    }
    assert_eq!(peer.connections(), 0);
    server.finish().await;
}

#[tokio::test]
async fn names_that_can_not_be_looked_up_now_are_looked_up_later() {
    let peer = Peer::start().await;
    let names = NameServer::start(&[("elsewhere.example", Rr::Fails)]).await;
    let server = Server::with_config(&settings(&names, peer.address().port(), "")).await;
    let adele = server.person("AdeleV");
    assert_eq!(adele.send_mime(&to(&["a@elsewhere.example"], "Later")).await.status, 202);
    kit::until("it was asked for", async || names.asked().contains(&"MX elsewhere.example".to_owned()).then_some(())).await;
    names.clear("elsewhere.example");
    names.add("elsewhere.example", ip("127.0.0.1"));
    peer.until_taken(1).await;
    assert!(adele.inbox().await.is_empty());
    server.finish().await;
}

#[tokio::test]
async fn a_domain_that_is_down_holds_up_no_other() {
    let peer = Peer::with(&EXTENSIONS, |_, _| Act::Usual).await;
    let silent = Peer::at(&format!("127.0.0.2:{}", peer.address().port()), &EXTENSIONS, None, |_, line| match line {
        "GREETING" => Act::Wait(std::time::Duration::from_secs(3600)),
        _ => Act::Usual,
    })
    .await;
    let names = NameServer::start(&[("good.example", ip("127.0.0.1")), ("silent.example", ip("127.0.0.2"))]).await;
    let server = Server::with_config(&settings(&names, peer.address().port(), "")).await;
    let adele = server.person("AdeleV");
    for number in 0..5 {
        assert_eq!(adele.send_mime(&to(&["a@silent.example"], &format!("Silent {number}"))).await.status, 202);
    }
    kit::until("the silent one is spoken to", async || (silent.connections() > 0).then_some(())).await;
    for number in 0..20 {
        assert_eq!(adele.send_mime(&to(&["a@good.example"], &format!("Good {number}"))).await.status, 202);
    }
    peer.until_taken(20).await;
    server.finish().await;
}

#[tokio::test]
async fn a_second_host_that_does_not_exist_ends_nothing_while_the_first_is_busy() {
    let (one, _two) = pair(|connection, line| match (connection, line) {
        (0, "GREETING") => Act::Say("421 4.3.2 busy".to_owned()),
        _ => Act::Usual,
    })
    .await;
    let names = NameServer::start(&[
        ("elsewhere.example", Rr::Mx(10, "first.example")),
        ("elsewhere.example", Rr::Mx(20, "gone.example")),
        ("first.example", ip("127.0.0.1")),
    ])
    .await;
    let server = Server::with_config(&settings(&names, one.address().port(), "")).await;
    let adele = server.person("AdeleV");
    assert_eq!(adele.send_mime(&to(&["a@elsewhere.example"], "Busy")).await.status, 202);
    kit::until("it is delivered, or reported", async || (one.count() + adele.inbox().await.len() > 0).then_some(())).await;
    assert!(adele.inbox().await.is_empty(), "the first host was only busy");
    server.finish().await;
    assert_eq!(one.count(), 1);
}

#[tokio::test]
async fn a_smarthost_whose_name_is_not_known_is_the_operators_to_mend() {
    let names = NameServer::start(&[("other.example", ip("127.0.0.1"))]).await;
    let more = "smarthost = \"gone.example:25\"\ntls = \"never\"\n";
    let server = Server::with_config(&settings(&names, 25, more)).await;
    let adele = server.person("AdeleV");
    assert_eq!(adele.send_mime(&to(&["a@elsewhere.example"], "Mistyped")).await.status, 202);
    let tried = kit::until("it was tried, or reported", async || {
        let output = server.restante(&["queue", "list", "--json"]).await;
        let listed: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        let is_tried = listed[0]["recipients"][0]["attempts"].as_u64().is_some_and(|attempts| attempts > 0);
        (is_tried || listed[0].is_null()).then_some(listed)
    })
    .await;
    assert_eq!(tried[0]["recipients"][0]["state"], "relay", "{tried}");
    assert!(adele.inbox().await.is_empty(), "no sender can do anything about it");
    server.finish().await;
}
