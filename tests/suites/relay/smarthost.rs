//! A smarthost that wants to know who we are, and proves who it is: another server of ours, outside development mode.

use super::{report, to};
use kit::{Act, EXTENSIONS, Peer, Server, base64};
use std::fs;

fn free() -> u16 {
    kit::free_address().port()
}

#[tokio::test]
async fn passwords_and_tokens_are_shown_to_the_right_host_within_tls() {
    let (starttls, at_once) = (free(), free());
    let settings =
        format!("[listen]\nsubmission = \"127.0.0.1:{starttls}\"\nsubmissions = \"127.0.0.1:{at_once}\"\n[relay]\nhold = true\n");
    let smarthost = Server::in_production(&settings).await;
    let theirs = smarthost.person_with_scopes("AdeleV", "Mail.Send Mail.Read").await;
    let home = tempfile::tempdir().unwrap();
    let file = home.path().join("secret");
    fs::write(&file, theirs.authorization().trim_start_matches("Bearer ")).unwrap();
    let ca = smarthost.data_dir().join("tls/ca.pem");
    for (subject, port, tls, kind, ca, is_let_in) in [
        ("Plain", starttls, "starttls", "password_file", Some(&ca), true),
        ("Token", at_once, "implicit", "token_file", Some(&ca), true),
        ("Stranger", at_once, "implicit", "token_file", None, false),
    ] {
        let ca = ca.map(|ca| format!("ca = \"{}\"\n", ca.display())).unwrap_or_default();
        let server = Server::with_config(&format!(
            "development = true\n[relay]\nhold = false\nsmarthost = \"localhost:{port}\"\ntls = \"{tls}\"\nuser = \"{}\"\n\
             {kind} = \"{}\"\nlifetime_seconds = 1\nfirst_retry_seconds = 1\n{ca}",
            kit::address("AdeleV"),
            file.display()
        ))
        .await;
        let adele = server.person("AdeleV");
        let octets = to(&["a@elsewhere.example"], subject);
        assert_eq!(adele.send_mime(&octets).await.status, 202);
        if is_let_in {
            let sent = kit::until("the smarthost has it", async || {
                theirs.sent().await.into_iter().find(|message| message["subject"] == subject)
            })
            .await;
            assert!(theirs.value(sent["id"].as_str().unwrap()).await.ends_with(&octets));
        } else {
            let told = report(&adele, &format!("Undeliverable: {subject}")).await;
            assert!(told.contains("TLS could not begin"), "{told}");
        }
        server.finish().await;
    }
    assert_eq!(theirs.sent().await.len(), 2);
    smarthost.finish().await;
}

#[tokio::test]
async fn a_password_is_shown_to_nobody_in_plain_text_and_what_is_not_let_in_waits() {
    let offers = [&EXTENSIONS[..], &["AUTH PLAIN LOGIN"]].concat();
    let peer = Peer::with(&offers, |_, _| Act::Usual).await;
    let home = tempfile::tempdir().unwrap();
    let file = home.path().join("secret");
    fs::write(&file, "pencil").unwrap();
    let settings = |tls: &str, at: &str| {
        format!(
            "development = true\n[relay]\nhold = false\nsmarthost = \"{at}\"\ntls = \"{tls}\"\nuser = \"me\"\npassword_file = \"{}\"\n\
             lifetime_seconds = 2\nfirst_retry_seconds = 1\nlongest_retry_seconds = 1\n",
            file.display()
        )
    };
    let server = Server::with_config(&settings("never", &peer.address().to_string())).await;
    let adele = server.person("AdeleV");
    assert_eq!(adele.send_mime(&to(&["a@elsewhere.example"], "Plain text")).await.status, 202);
    let told = report(&adele, "Undeliverable: Plain text").await;
    assert!(told.contains("the password in plain text"), "{told}");
    assert!(!peer.lines().iter().any(|line| line.contains("AUTH") || line.contains(&base64(b"pencil"))), "{:?}", peer.lines());
    server.finish().await;

    let certificate = kit::self_signed(&["localhost"]);
    let refuses = |_: usize, line: &str| match line.starts_with("AUTH") {
        true => Act::Say("535 5.7.8 not you".to_owned()),
        false => Act::Usual,
    };
    let peer = Peer::at("127.0.0.1:0", &offers, Some(&certificate), refuses).await;
    let ca = home.path().join("ca.pem");
    fs::write(&ca, &certificate.0).unwrap();
    let at = format!("localhost:{}", peer.address().port());
    let server = Server::with_config(&format!("{}ca = \"{}\"\n", settings("offered", &at), ca.display())).await;
    let adele = server.person("AdeleV");
    assert_eq!(adele.send_mime(&to(&["a@elsewhere.example"], "Not let in")).await.status, 202);
    let told = report(&adele, "Undeliverable: Not let in").await;
    assert!(told.contains("535 5.7.8 not you") && told.contains("Status: 4.4.7"), "{told}");
    server.finish().await;
    // The same host, for whom nobody vouches: it is shown nothing.
    let before = peer.lines().len();
    let server = Server::with_config(&settings("offered", &at)).await;
    let adele = server.person("AdeleV");
    assert_eq!(adele.send_mime(&to(&["a@elsewhere.example"], "Unproven")).await.status, 202);
    let told = report(&adele, "Undeliverable: Unproven").await;
    assert!(told.contains("the password in plain text"), "{told}");
    assert!(!peer.lines()[before..].iter().any(|line| line.contains("AUTH")), "{:?}", peer.lines());
    assert!(peer.taken().is_empty());
    server.finish().await;
}
