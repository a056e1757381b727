use super::*;
use crate::config::{Address, NotificationsConfig, SmimeConfig};
use crate::fake_clock::FakeClock;
use crate::hosts::Hosts;
use std::net::Ipv4Addr;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// A server on free ports.
async fn started(dir: &Path, development: bool) -> Running {
    start(settings(dir, development), FakeClock::at_noon()).await.expect("it starts")
}

fn settings(dir: &Path, development: bool) -> Config {
    let free = Address { socket: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)), explicit: true };
    let mail_example = Hosts { names: vec!["mail.example".to_owned()], ..Hosts::default() };
    Config {
        development,
        domain: "contoso.com".to_owned(),
        hosts: if development { Hosts::default().of_development() } else { mail_example },
        tls: None,
        location: store::Location::from(dir),
        http: free,
        https: free,
        smtp: free,
        lmtp: None,
        metrics: None,
        submission: crate::config::SubmissionConfig { starttls: None, implicit_tls: None, save_to_sent_items: true },
        checks_origin: false,
        refuses_dmarc: false,
        relay: crate::config::RelayConfig::default(),
        smime: SmimeConfig::default(),
        notifications: NotificationsConfig::default(),
        name_servers: Vec::new(),
        message_octets: 1024,
        query_work: 1_000_000,
        graph_limits: false,
        trusted_proxies: crate::forwarded::TrustedProxies::default(),
        issuers: Vec::new(),
    }
}

/// One exchange over HTTP by the name `mail.example`: what is answered, header and body.
async fn asked(running: &Running, method: &str, path: &str, form: &str) -> String {
    asked_with(running, "Host: mail.example", method, path, form).await
}

/// Likewise with these header fields.
async fn asked_with(running: &Running, fields: &str, method: &str, path: &str, form: &str) -> String {
    let mut stream = TcpStream::connect(running.http()).await.expect("it listens");
    let head = format!("{method} {path} HTTP/1.1\r\n{fields}\r\nConnection: close\r\n");
    let body = format!("Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n{form}", form.len());
    stream.write_all(format!("{head}{body}").as_bytes()).await.expect("it reads");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.expect("it answers");
    answer
}

#[tokio::test]
async fn production_knows_nothing_of_development_mode() {
    let dir = tempfile::tempdir().expect("temporary directory");
    started(dir.path(), true).await.stop().await;
    let dev: serde_json::Value = serde_json::from_slice(&fs::read(dir.path().join("dev.json")).expect("read")).expect("JSON");
    let text = |name: &str| dev[name].as_str().expect("a text").to_owned();
    let (id, secret) = (text("client_id"), text("client_secret"));
    let wish = "response_type=code&redirect_uri=http%3A%2F%2Flocalhost&scope=openid&login_hint=AdeleV%40contoso.com";
    let authorize = format!("/common/oauth2/v2.0/authorize?client_id={id}&{wish}");
    let app = format!("client_id={id}&client_secret={secret}&scope=.default");
    let password = dev["people"][0]["password"].as_str().expect("a text");
    let password = format!("grant_type=password&username=AdeleV%40contoso.com&password={password}&{app}");
    let token = "/common/oauth2/v2.0/token";

    let running = started(dir.path(), true).await;
    assert!(asked(&running, "GET", &authorize, "").await.starts_with("HTTP/1.1 302 "), "in development mode it does");
    assert!(asked(&running, "POST", token, &password).await.starts_with("HTTP/1.1 200 "));
    running.stop().await;

    let running = started(dir.path(), false).await;
    let page = asked(&running, "GET", &authorize, "").await;
    assert!(page.starts_with("HTTP/1.1 400 ") && !page.contains("Location"), "the app of development mode is locked up: {page}");
    for form in [password, format!("grant_type=client_credentials&{app}")] {
        let refused = asked(&running, "POST", token, &form).await;
        assert!(
            refused.starts_with("HTTP/1.1 401 ") && refused.contains("AADSTS7000215"),
            "a secret of development mode proves nothing: {refused}"
        );
    }
    let metadata = asked(&running, "GET", "/contoso.com/v2.0/.well-known/openid-configuration", "").await;
    assert!(
        metadata.contains("http://mail.example/contoso.com/oauth2/v2.0/token") && !metadata.contains("password"),
        "{metadata}"
    );
    running.stop().await;
}

/// A client follows links, and posts its secrets where the metadata say: nobody may put another name there.
#[tokio::test]
async fn production_answers_under_its_own_names_alone() {
    let dir = tempfile::tempdir().expect("temporary directory");
    let running = started(dir.path(), false).await;
    let metadata = "/common/v2.0/.well-known/openid-configuration";
    let here = running.http();
    for host in ["mail.example", "MAIL.example:443", "localhost:1", &here.to_string()] {
        let answer = asked_with(&running, &format!("Host: {host}"), "GET", metadata, "").await;
        assert!(answer.contains(&format!("http://{host}/common/oauth2/v2.0/token")), "{answer}");
        let answer = asked_with(&running, &format!("Host: {host}"), "GET", "/v1.0/", "").await;
        assert!(answer.contains(&format!("http://{host}/v1.0/$metadata")), "{answer}");
    }
    for fields in ["Host: evil.example", "Host: mail.example.evil.example:80", "Host: 203.0.113.5", "Host: graph.microsoft.com"] {
        let answer = asked_with(&running, fields, "GET", "/v1.0/", "").await;
        assert!(answer.starts_with("HTTP/1.1 421 ") && answer.contains("\"code\":\"MisdirectedRequest\""), "{answer}");
        for path in [metadata, "/common/oauth2/v2.0/authorize", "/common/oauth2/v2.0/logout"] {
            let answer = asked_with(&running, fields, "GET", path, "").await;
            assert!(answer.starts_with("HTTP/1.1 400 ") && !answer.contains("evil") && !answer.contains("203."), "{answer}");
        }
        assert!(asked_with(&running, fields, "GET", "/healthz", "").await.starts_with("HTTP/1.1 200 "), "it leads nowhere");
    }
    let forged = "Host: mail.example\r\nX-Forwarded-Host: evil.example\r\nX-Forwarded-Proto: https";
    let answer = asked_with(&running, forged, "GET", metadata, "").await;
    assert!(answer.contains("http://mail.example/common/oauth2/v2.0/token"), "nobody is a proxy here: {answer}");
    running.stop().await;
}

/// A proxy that is trusted may say how a request came, but not that this server is somebody else.
#[tokio::test]
async fn what_a_trusted_proxy_says_must_be_a_name_of_this_server_too() {
    let dir = tempfile::tempdir().expect("temporary directory");
    let trusted_proxies = crate::forwarded::TrustedProxies::loopback();
    let config = Config { trusted_proxies, ..settings(dir.path(), false) };
    let running = start(config, FakeClock::at_noon()).await.expect("it starts");
    let metadata = "/common/v2.0/.well-known/openid-configuration";
    let forwarded = |host: &str| format!("Host: inside:8025\r\nX-Forwarded-Host: {host}\r\nX-Forwarded-Proto: https");
    let answer = asked_with(&running, &forwarded("mail.example"), "GET", metadata, "").await;
    assert!(answer.contains("\"https://mail.example/common/oauth2/v2.0/token\""), "{answer}");
    let answer = asked_with(&running, &forwarded("evil.example"), "GET", metadata, "").await;
    assert!(answer.starts_with("HTTP/1.1 400 ") && !answer.contains("evil"), "{answer}");
    let answer = asked_with(&running, &forwarded("evil.example"), "GET", "/v1.0/", "").await;
    assert!(answer.starts_with("HTTP/1.1 421 "), "{answer}");
    running.stop().await;
}
