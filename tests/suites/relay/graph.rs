//! Another Graph as the smarthost: once a server like this one, and once one that offers no more than Graph does.

use super::report;
use kit::{Person, Server, Smtp, address, base64, letter, plain};
use std::fs;
use std::sync::{Arc, Mutex};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

/// A server whose people's mail is sent by another Graph.
async fn gateway(service: &str, authority: &str, tenant: &str, app: (&str, &str)) -> (Server, TempDir) {
    gateway_with("hold = false\n", service, authority, tenant, app).await
}

async fn gateway_with(
    more: &str,
    service: &str,
    authority: &str,
    tenant: &str,
    (client_id, secret): (&str, &str),
) -> (Server, TempDir) {
    let home = tempfile::tempdir().unwrap();
    let file = home.path().join("secret");
    fs::write(&file, format!("{secret}\n")).unwrap();
    let settings = format!(
        "development = true\n[relay]\n{more}smarthost = \"graph\"\nfirst_retry_seconds = 1\nlongest_retry_seconds = 1\n\
         [relay.graph]\ntenant = \"{tenant}\"\nclient_id = \"{client_id}\"\nsecret_file = \"{}\"\nservice = \"{service}\"\n\
         authority = \"{authority}\"\n",
        file.display()
    );
    (Server::with_config(&settings).await, home)
}

/// Adele submits by SMTP, with DATA.
async fn submit(server: &Server, octets: &[u8], to: &[String]) {
    submit_as(server, octets, "", to).await;
}

/// The same, with parameters of MAIL.
async fn submit_as(server: &Server, octets: &[u8], parameters: &str, to: &[String]) {
    let token = server.person("AdeleV").authorization().trim_start_matches("Bearer ").to_owned();
    let mut smtp = Smtp::connect(server).await;
    smtp.demand("EHLO app.contoso.com", 250).await;
    smtp.demand(&format!("AUTH PLAIN {}", base64(format!("\0{}\0{token}", address("AdeleV")).as_bytes())), 235).await;
    smtp.demand(&format!("MAIL FROM:<{}>{parameters}", address("AdeleV")), 250).await;
    for path in to {
        smtp.demand(&format!("RCPT TO:<{path}>"), 250).await;
    }
    smtp.data(octets, 250).await;
}

/// What somebody got, octet for octet.
async fn got(person: &Person, subject: &str) -> Vec<u8> {
    let message = person.arrived(subject).await;
    person.value(message["id"].as_str().unwrap()).await.to_vec()
}

#[tokio::test]
async fn messages_reach_the_mailboxes_of_the_other_one_octet_for_octet() {
    let tenant = Server::start().await;
    let (dev, origin) = (tenant.dev().clone(), tenant.origin());
    let text = |name: &str| dev[name].as_str().unwrap_or_else(|| panic!("{name} in {dev}")).to_owned();
    let app = (text("client_id"), text("client_secret"));
    let service = format!("{origin}/v1.0");
    let (server, _home) = gateway(&service, &origin, &text("tenant"), (&app.0, &app.1)).await;
    let small = plain("AdeleV", &["AlexW"], "Small");
    let mut large = plain("AdeleV", &["AlexW"], "Large");
    while large.len() < 20 * 1024 * 1024 {
        large.extend_from_slice(b"..dots, \ttabs and trailing blanks \xe4 that nobody may touch  \r\n");
    }
    for (subject, octets) in [("Small", &small), ("Large", &large)] {
        submit(&server, octets, &[address("AlexW"), address("ChristieC")]).await;
        for name in ["AlexW", "ChristieC"] {
            let got = got(&tenant.person(name), subject).await;
            assert!(got.ends_with(octets), "{subject} for {name}: {} octets of {}", got.len(), octets.len());
            assert!(
                !String::from_utf8_lossy(&got[..got.len() - octets.len()]).contains("ChristieC\r\n"),
                "nobody sees who is hidden"
            );
        }
    }
    assert!(server.person("AlexW").inbox().await.is_empty(), "our people's mailboxes are there");
    assert_eq!(tenant.person("AdeleV").sent().await.len(), 2, "each was sent once");
    tenant.finish().await;
    server.finish().await;
}

/// A server with Graph's own surface: tokens, and `sendMail` in one request of 4 MB. It keeps what it was sent.
struct Bare {
    origin: String,
    sent: Arc<Mutex<Vec<String>>>,
}

impl Bare {
    async fn start() -> Bare {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let origin = format!("http://{}", listener.local_addr().unwrap());
        let sent: Arc<Mutex<Vec<String>>> = Arc::default();
        let kept = sent.clone();
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let kept = kept.clone();
                tokio::spawn(async move {
                    let mut octets = Vec::new();
                    loop {
                        if stream.read_buf(&mut octets).await.unwrap_or(0) == 0 {
                            return;
                        }
                        let text = String::from_utf8_lossy(&octets).into_owned();
                        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
                        let length =
                            head.lines().find_map(|line| line.to_lowercase().strip_prefix("content-length: ").map(str::to_owned));
                        if body.len() < length.map_or(0, |length| length.parse().unwrap()) {
                            continue;
                        }
                        let (status, answer) = Bare::answer(head, body, &kept);
                        let size = answer.len();
                        let whole = format!("HTTP/1.1 {status}\r\nContent-Length: {size}\r\nConnection: close\r\n\r\n{answer}");
                        let _ = stream.write_all(whole.as_bytes()).await;
                        return;
                    }
                });
            }
        });
        Bare { origin, sent }
    }

    fn answer(head: &str, body: &str, kept: &Mutex<Vec<String>>) -> (&'static str, &'static str) {
        let path = head.split(' ').nth(1).unwrap_or_default();
        if path.ends_with("/token") {
            assert!(body.contains("grant_type=client_credentials") && body.contains("client_secret=s%3Dcret"), "{body}");
            return ("200 OK", r#"{"access_token":"good","expires_in":3600,"token_type":"Bearer"}"#);
        }
        assert!(head.to_lowercase().contains("authorization: bearer good"), "{head}");
        if path == "/unsafe/v1.0/users/AdeleV@contoso.com/messages/createUploadSession" {
            return ("201 Created", r#"{"uploadUrl":"http://[::ffff:127.0.0.1]:9/upload"}"#);
        }
        if path != "/v1.0/users/AdeleV@contoso.com/sendMail" {
            return ("400 Bad Request", r#"{"error":{"code":"BadRequest","message":"Resource not found for the segment."}}"#);
        }
        if kept.lock().unwrap().is_empty() && body.len() < 1000 && !body.is_empty() {
            kept.lock().unwrap().push(String::new());
            return ("503 Service Unavailable", r#"{"error":{"code":"MailboxConcurrency","message":"Later."}}"#);
        }
        kept.lock().unwrap().push(body.to_owned());
        ("202 Accepted", "")
    }
}

#[tokio::test]
async fn what_a_client_calls_its_messages_makes_no_two_of_them_one() {
    let tenant = Server::start().await;
    let (dev, origin) = (tenant.dev().clone(), tenant.origin());
    let text = |name: &str| dev[name].as_str().unwrap_or_else(|| panic!("{name} in {dev}")).to_owned();
    let app = (text("client_id"), text("client_secret"));
    let (server, _home) = gateway(&format!("{origin}/v1.0"), &origin, &text("tenant"), (&app.0, &app.1)).await;
    for parameters in [" ENVID=batch", " ENVID=batch", ""] {
        submit_as(&server, &plain("AdeleV", &["AlexW"], "Monthly"), parameters, &[address("AlexW")]).await;
    }
    let alex = tenant.person("AlexW");
    kit::until("the queue is empty", async || {
        let output = server.restante(&["queue", "list", "--json"]).await;
        (output.stdout.trim_ascii() == b"[]").then_some(())
    })
    .await;
    kit::until("each has arrived", async || (alex.inbox().await.len() == 3).then_some(())).await;
    for person in [&server.person("AdeleV"), &tenant.person("AdeleV")] {
        assert!(person.inbox().await.is_empty(), "nothing came back");
    }
    server.finish().await;
    tenant.finish().await;
}

#[tokio::test]
async fn recipients_that_are_let_go_one_after_the_other_each_get_it() {
    let tenant = Server::start().await;
    let (dev, origin) = (tenant.dev().clone(), tenant.origin());
    let text = |name: &str| dev[name].as_str().unwrap_or_else(|| panic!("{name} in {dev}")).to_owned();
    let app = (text("client_id"), text("client_secret"));
    let service = format!("{origin}/v1.0");
    let (server, _home) = gateway_with("hold = true\n", &service, &origin, &text("tenant"), (&app.0, &app.1)).await;
    let octets = letter(&[("From", &address("AdeleV")), ("Subject", "Parts")], "Hello.\r\n");
    submit(&server, &octets, &[address("MeganB"), address("ChristieC")]).await;
    for name in ["MeganB", "ChristieC"] {
        let output = server.restante(&["queue", "release", "all", "--recipient", &address(name)]).await;
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        tenant.person(name).arrived("Parts").await;
    }
    assert!(server.person("AdeleV").inbox().await.is_empty(), "nothing came back");
    server.finish().await;
    tenant.finish().await;
}

#[tokio::test]
async fn a_session_in_plain_text_gets_no_mail() {
    let bare = Bare::start().await;
    let service = format!("{}/unsafe/v1.0", bare.origin);
    let (server, _home) = gateway(&service, &bare.origin, "tenant", ("app", "s=cret")).await;
    let mut large = plain("AdeleV", &["AlexW"], "Large");
    large.resize(4 * 1024 * 1024, b'x');
    submit(&server, &large, &[address("AlexW")]).await;
    let reply = kit::until("it was tried", async || {
        let output = server.restante(&["queue", "list", "--json"]).await;
        let listed: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        let path = &listed[0]["recipients"][0];
        (path["attempts"].as_u64()? > 0).then(|| path["reply"].as_str().unwrap().to_owned())
    })
    .await;
    assert_eq!(reply, "it tells no uploadUrl over https");
    server.finish().await;
}

#[tokio::test]
async fn where_there_is_graphs_own_surface_alone_the_sender_is_told_what_does_not_fit() {
    let bare = Bare::start().await;
    let (server, _home) = gateway(&format!("{}/v1.0", bare.origin), &bare.origin, "tenant", ("app", "s=cret")).await;
    let adele = server.person("AdeleV");
    let small = plain("AdeleV", &["AlexW"], "Small");
    submit(&server, &small, &[address("AlexW")]).await;
    let sent = kit::until("it is sent, the second time", async || bare.sent.lock().unwrap().get(1).cloned()).await;
    assert_eq!(kit::decode_base64(&sent), small);
    let mut large = plain("AdeleV", &["AlexW"], "Large");
    large.resize(4 * 1024 * 1024, b'x');
    submit(&server, &large, &[address("AlexW")]).await;
    let told = report(&adele, "Undeliverable: Large").await;
    assert!(told.contains("Status: 5.3.4") && told.contains("this Graph takes 4 MB in one request"), "{told}");
    submit(&server, &plain("AdeleV", &["AlexW", "MeganB"], "Partly"), &[address("AlexW")]).await;
    let told = report(&adele, "Undeliverable: Partly").await;
    assert!(told.contains("Its header names MeganB@contoso.com"), "{told}");
    assert_eq!(bare.sent.lock().unwrap().len(), 2);
    server.finish().await;
}
