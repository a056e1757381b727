//! Mail that people here submit over SMTP: it takes the same road as `sendMail`, with the same rights, octet for octet.

use kit::{Person, Server, Smtp, address, app, base64, each, letter, plain};
use serde_json::json;
use std::fs;

fn token(person: &Person) -> String {
    person.authorization().trim_start_matches("Bearer ").to_owned()
}

fn xoauth2(user: &str, token: &str) -> String {
    format!("AUTH XOAUTH2 {}", base64(format!("user={user}\x01auth=Bearer {token}\x01\x01").as_bytes()))
}

fn auth_plain(user: &str, token: &str) -> String {
    format!("AUTH PLAIN {}", base64(format!("\0{user}\0{token}").as_bytes()))
}

async fn greeted(server: &Server) -> Smtp {
    let mut smtp = Smtp::connect(server).await;
    smtp.demand("EHLO laptop.contoso.com", 250).await;
    smtp
}

/// A connection on which this person has proven who he is.
async fn signed_in(server: &Server, person: &Person, name: &str) -> Smtp {
    let mut smtp = greeted(server).await;
    smtp.demand(&xoauth2(&address(name), &token(person)), 235).await;
    smtp
}

#[tokio::test]
async fn each_mechanism_lets_in_whoever_has_a_token() {
    let server = Server::start().await;
    let adele = server.person("AdeleV");
    let (user, token) = (address("AdeleV"), token(&adele));
    let offered = greeted(&server).await.demand("EHLO again.contoso.com", 250).await;
    assert!(offered.contains("AUTH PLAIN LOGIN XOAUTH2 OAUTHBEARER\r\n"), "{offered}");
    let bearer = format!("n,a={user},\x01host=localhost\x01port=2525\x01auth=Bearer {token}\x01\x01");
    let name_first = format!("AUTH LOGIN {}", base64(user.as_bytes()));
    let ways: [&[String]; 6] = [
        &[auth_plain(&user, &token)],
        &["AUTH PLAIN".to_owned(), base64(format!("{user}\0{user}\0{token}").as_bytes())],
        &["AUTH LOGIN".to_owned(), base64(user.as_bytes()), base64(token.as_bytes())],
        &[name_first, base64(token.as_bytes())],
        &[xoauth2(&user, &token)],
        &[format!("AUTH OAUTHBEARER {}", base64(bearer.as_bytes()))],
    ];
    for lines in ways {
        let mut smtp = greeted(&server).await;
        let (last, first) = lines.split_last().unwrap();
        for line in first {
            smtp.demand(line, 334).await;
        }
        smtp.demand(last, 235).await;
        smtp.demand(&xoauth2(&user, &token), 503).await;
        smtp.envelope(&user, &[address("AlexW")]).await;
    }
    server.finish().await;
}

#[tokio::test]
async fn who_is_not_let_in_is_told_and_submits_nothing() {
    let server = Server::start().await;
    let adele = server.person("AdeleV");
    let reader = server.person_with_scopes("AdeleV", "Mail.ReadWrite").await;
    let (user, good) = (address("AdeleV"), token(&adele));
    for (user, token) in [
        (user.as_str(), "no.token.at.all"),
        (user.as_str(), &format!("{good}x")),
        (user.as_str(), &token(&reader)),
        (&address("AlexW"), &good),
        ("nobody@contoso.com", &good),
    ] {
        let mut smtp = greeted(&server).await;
        let refused = smtp.demand(&auth_plain(user, token), 535).await;
        assert!(refused.starts_with("535 5.7.8 "), "{refused}");
        smtp.demand(&xoauth2(user, token), 334).await; // which tells the client that it is refused, and is answered
        smtp.demand("", 535).await;
        smtp.demand(&format!("MAIL FROM:<{}>", address("AdeleV")), 250).await;
        smtp.demand("RCPT TO:<one@elsewhere.example>", 550).await;
    }
    let mut smtp = greeted(&server).await;
    smtp.demand("AUTH PLAIN", 334).await;
    smtp.demand("*", 501).await;
    smtp.demand("AUTH PLAIN", 334).await;
    smtp.demand("not base64", 501).await;
    smtp.demand("AUTH CRAM-MD5", 504).await;
    smtp.demand(&format!("AUTH PLAIN {}", base64(b"alex\0adele\0token")), 501).await;
    server.finish().await;
}

#[tokio::test]
async fn a_submission_is_a_sent_message() {
    let server = Server::start().await;
    let (adele, alex, megan) = (server.person("AdeleV"), server.person("AlexW"), server.person("MeganB"));
    let mut smtp = signed_in(&server, &adele, "AdeleV").await;
    let head = letter(&[("From", &address("AdeleV")), ("To", "List <list@elsewhere.example>"), ("Bcc", &address("MeganB"))], "");
    let head = String::from_utf8(head).unwrap();
    let octets = format!("{}Subject: By SMTP\r\n\r\n.dot\r\n\tTrailing \r\n", head.trim_end_matches("\r\n").to_owned() + "\r\n");
    smtp.envelope(&address("AdeleV"), &[address("AlexW"), address("MeganB"), "list@elsewhere.example".to_owned()]).await;
    let taken = smtp.data(octets.as_bytes(), 250).await;
    assert!(taken.starts_with("250 2.0.0 "), "{taken}");
    let sent = adele.sent().await;
    assert_eq!(sent.len(), 1, "{sent:?}");
    assert_eq!(adele.value(sent[0]["id"].as_str().unwrap()).await, octets.as_bytes(), "the copy is what was given");
    let without_bcc = octets.replace(&format!("Bcc: {}\r\n", address("MeganB")), "");
    for person in [&alex, &megan] {
        let message = person.arrived("By SMTP").await;
        let got = person.value(message["id"].as_str().unwrap()).await;
        assert!(got.ends_with(without_bcc.as_bytes()), "{}", String::from_utf8_lossy(&got));
    }
    // Named in the header and not by RCPT: nothing is for him. And by chunks, with a second message on the same connection.
    smtp.envelope(&address("AdeleV"), &[address("AlexW")]).await;
    smtp.chunks(&plain("AdeleV", &["ChristieC"], "In chunks"), 100).await;
    alex.arrived("In chunks").await;
    assert!(server.person("ChristieC").inbox().await.is_empty(), "RCPT says to whom, and nothing else");
    server.finish().await;
}

#[tokio::test]
async fn rights_hold_at_each_message_and_in_whose_name() {
    let server = Server::start().await;
    let tool = app("tool", "Mail.Send Mail.Read");
    server.register(&tool).await;
    let adele = server.through(&tool, "AdeleV", "Mail.Send Mail.Read").await;
    let mut smtp = signed_in(&server, &adele, "AdeleV").await;
    let refused = |reply: String, status: &str| assert!(reply.contains(status), "{reply}");
    smtp.envelope(&address("AdeleV"), &[address("AlexW")]).await;
    refused(smtp.data(&plain("MeganB", &["AlexW"], "As Megan"), 550).await, "5.7.1 You may not send as <MeganB@contoso.com>");
    smtp.envelope(&address("MeganB"), &[address("AlexW")]).await;
    refused(smtp.data(&plain("AdeleV", &["AlexW"], "Bounces to Megan"), 550).await, "5.7.1 You may not send as");
    smtp.demand(&format!("MAIL FROM:<{}>", address("AdeleV")), 250).await;
    refused(smtp.demand("RCPT TO:<nobody@contoso.com>", 550).await, "5.1.1");
    smtp.demand("RSET", 250).await;
    smtp.envelope(&address("AdeleV"), &[address("AlexW")]).await;
    smtp.data(&plain("AdeleV", &["AlexW"], "While allowed"), 250).await;
    let mut disabled = tool.clone();
    disabled.account_enabled = false;
    server.register(&disabled).await;
    smtp.envelope(&address("AdeleV"), &[address("AlexW")]).await;
    refused(smtp.data(&plain("AdeleV", &["AlexW"], "Too late"), 535).await, "5.7.8");
    let alex = server.person("AlexW");
    alex.arrived("While allowed").await;
    let inbox = alex.inbox().await;
    let subjects: Vec<_> = inbox.iter().map(|message| message["subject"].clone()).collect();
    assert_eq!(subjects, [json!("While allowed")]);
    server.finish().await;
}

#[tokio::test]
async fn in_production_doors_stand_apart_and_tokens_need_tls() {
    let submission = kit::free_address();
    let settings = format!("[listen]\nsubmission = \"{submission}\"\n[submission]\nsave_to_sent_items = false\n");
    let server = Server::in_production(&settings).await;
    let tool = app("tool", "Mail.Send Mail.Read");
    server.register(&tool).await;
    let adele = server.through(&tool, "AdeleV", "Mail.Send Mail.Read").await;
    let proof = xoauth2(&address("AdeleV"), &token(&adele));

    let mut outside = Smtp::connect_to(&server.smtp()).await;
    let offered = outside.demand("EHLO client.example", 250).await;
    assert!(!offered.contains("AUTH"), "{offered}");
    outside.demand(&proof, 502).await;

    let mut smtp = Smtp::connect_to(&submission.to_string()).await;
    let offered = smtp.demand("EHLO laptop.example", 250).await;
    assert!(!offered.contains("AUTH") && offered.contains("STARTTLS"), "{offered}");
    smtp.demand(&proof, 538).await;
    smtp.demand(&format!("MAIL FROM:<{}>", address("AdeleV")), 530).await;
    let ca = fs::read_to_string(server.dev()["ca"].as_str().unwrap()).unwrap();
    let mut smtp = smtp.start_tls(&ca).await;
    let offered = smtp.demand("EHLO laptop.example", 250).await;
    assert!(offered.contains("AUTH PLAIN") && !offered.contains("STARTTLS"), "{offered}");
    smtp.demand(&format!("MAIL FROM:<{}>", address("AdeleV")), 530).await;
    smtp.demand(&proof, 235).await;
    smtp.envelope(&address("AdeleV"), &[address("AlexW")]).await;
    smtp.data(&plain("AdeleV", &["AlexW"], "From a laptop"), 250).await;
    let alex = server.through(&tool, "AlexW", "Mail.Read").await;
    alex.arrived("From a laptop").await;
    assert!(adele.sent().await.is_empty(), "the laptop keeps its own copy");
    server.finish().await;
}

#[tokio::test]
async fn many_submit_at_once_and_each_arrives_once() {
    let server = Server::start().await;
    let adele = server.person("AdeleV");
    let mut sessions = Vec::new();
    for _ in 0..8 {
        sessions.push(signed_in(&server, &adele, "AdeleV").await);
    }
    each(8, sessions.into_iter().enumerate(), |(number, mut smtp)| async move {
        for turn in 0..5 {
            smtp.envelope(&address("AdeleV"), &[address("AlexW")]).await;
            smtp.data(&plain("AdeleV", &["AlexW"], &format!("Turn {number} {turn}")), 250).await;
        }
    })
    .await;
    let alex = server.person("AlexW");
    for number in 0..8 {
        for turn in 0..5 {
            alex.arrived(&format!("Turn {number} {turn}")).await;
        }
    }
    assert_eq!(alex.inbox().await.len(), 40);
    server.finish().await;
}
