use super::*;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

fn receivers(allowed: &[&str], development: bool) -> Receivers {
    let allowed_networks = allowed.iter().map(|text| text.parse().expect("a network")).collect();
    let config = NotificationsConfig { allowed_networks, ..NotificationsConfig::default() };
    Receivers::new(&config, development, Dns::new(&[]).expect("a resolver")).expect("TLS")
}

fn posted(patience: Duration) -> Posted {
    Posted { content_type: "text/plain", body: Bytes::from_static(b"Hello"), patience, reads_answer: true }
}

#[test]
fn neighbours_are_no_public_addresses() {
    for private in [
        "0.0.0.0",
        "10.1.2.3",
        "100.64.0.1",
        "100.127.255.255",
        "127.0.0.1",
        "127.9.9.9",
        "169.254.169.254",
        "172.16.0.1",
        "172.31.255.255",
        "192.0.0.8",
        "192.0.2.1",
        "192.88.99.1",
        "192.168.1.1",
        "198.18.0.1",
        "198.19.255.255",
        "198.51.100.7",
        "203.0.113.5",
        "224.0.0.1",
        "240.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "::7f00:1",
        "::ffff:10.0.0.1",
        "::ffff:127.0.0.1",
        "64:ff9b::a00:1",
        "fc00::1",
        "fdff::1",
        "fe80::1",
        "fec0::1",
        "ff02::1",
        "2001::1",
        "2001:db8::1",
        "2002:a00:1::1",
        "3fff::1",
    ] {
        let address: IpAddr = private.parse().expect("an address");
        assert!(!receivers(&[], false).may_call(address), "{private}");
    }
    for public in
        ["1.1.1.1", "8.8.8.8", "100.63.0.1", "172.32.0.1", "198.20.0.1", "::ffff:8.8.8.8", "2606:4700::1111", "2a00:1450::1"]
    {
        assert!(receivers(&[], false).may_call(public.parse().expect("an address")), "{public}");
    }
}

#[test]
fn what_is_allowed_may_be_called_and_development_calls_this_machine() {
    let allowed = receivers(&["10.0.0.0/8", "fd00::/16"], false);
    for (address, may) in
        [("10.1.2.3", true), ("::ffff:10.1.2.3", true), ("fd00::1", true), ("192.168.1.1", false), ("127.0.0.1", false)]
    {
        assert_eq!(allowed.may_call(address.parse().expect("an address")), may, "{address}");
    }
    let development = receivers(&[], true);
    for (address, may) in
        [("127.0.0.1", true), ("::1", true), ("::ffff:127.0.0.1", true), ("10.1.2.3", false), ("169.254.169.254", false)]
    {
        assert_eq!(development.may_call(address.parse().expect("an address")), may, "{address}");
    }
}

#[tokio::test]
async fn urls_that_lead_to_neighbours_are_refused_before_anybody_is_called() {
    let production = receivers(&[], false);
    let development = receivers(&[], true);
    for (receivers, url) in [
        (&production, "https://127.0.0.1/"),
        (&production, "https://[::1]:8443/"),
        (&production, "https://localhost/"),
        (&production, "https://[::ffff:169.254.169.254]/latest"),
        (&production, "https://0x7f000001/"),
        (&production, "http://8.8.8.8/"),
        (&production, "http://127.0.0.1/"),
        (&development, "http://8.8.8.8/"),
        (&development, "https://10.0.0.1/"),
        (&development, "ftp://127.0.0.1/"),
        (&development, "http://somebody@127.0.0.1/"),
    ] {
        let answer = receivers.post(url, posted(Duration::from_secs(20))).await;
        assert!(matches!(answer, Err(PostError::Refused(_))), "{url}: {answer:?}");
    }
}

/// A server that answers one connection with this, and tells what it was sent.
async fn answering(answer: &'static str) -> (String, tokio::task::JoinHandle<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free address");
    let url = format!("http://{}/a?b=c", listener.local_addr().expect("an address"));
    let sent = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.expect("a connection");
        let mut sent = vec![0; 4096];
        let mut count = 0;
        while !sent[..count].ends_with(b"Hello") {
            let read = stream.read(&mut sent[count..]).await.expect("octets");
            assert!(read > 0, "it is cut");
            count += read;
        }
        stream.write_all(answer.as_bytes()).await.expect("it reads");
        String::from_utf8(sent[..count].to_vec()).expect("text")
    });
    (url, sent)
}

#[tokio::test]
async fn what_is_answered_is_told_and_nothing_is_followed() {
    let receivers = receivers(&[], true);
    let (url, sent) = answering("HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n").await;
    let answered = receivers.post(&url, posted(Duration::from_secs(5))).await.expect("an answer");
    assert_eq!((answered.status, answered.body.len()), (202, 0));
    let sent = sent.await.expect("it was called");
    assert!(sent.starts_with("POST /a?b=c HTTP/1.1\r\n") && sent.to_lowercase().contains("\r\nhost: 127.0.0.1:"), "{sent}");

    let (url, _sent) = answering("HTTP/1.1 302 Found\r\nLocation: http://10.0.0.1/\r\nContent-Length: 0\r\n\r\n").await;
    assert_eq!(receivers.post(&url, posted(Duration::from_secs(5))).await.expect("an answer").status, 302);

    let (url, _sent) = answering("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\nto the end").await;
    let answered = receivers.post(&url, posted(Duration::from_secs(5))).await.expect("an answer");
    assert_eq!((answered.content_type.as_deref(), &answered.body[..]), (Some("text/plain"), &b"to the end"[..]));

    let (url, _sent) = answering("nonsense\r\n\r\n").await;
    assert!(matches!(receivers.post(&url, posted(Duration::from_secs(5))).await, Err(PostError::Failed(_))));
}

#[tokio::test]
async fn who_says_nothing_is_late() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free address");
    let url = format!("http://{}/", listener.local_addr().expect("an address"));
    let answered = receivers(&[], true).post(&url, posted(Duration::from_millis(200))).await;
    assert_eq!(answered.expect_err("no answer"), PostError::Late);
}
