//! Mail from other servers: what comes in over SMTP and LMTP is in the mailbox when the client is told so, octet for octet
//! below the trace; what isn't for people here, or is no message, changes nothing.

use kit::{Person, Server, Smtp, address, aloud, each, letter, shared_path};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

const FROM: &str = "sender@elsewhere.example";

fn message(subject: &str) -> Vec<u8> {
    letter(&[("From", FROM), ("To", "somebody@contoso.com"), ("Subject", subject)], "One line.\r\n.dot\r\n..\r\n")
}

async fn greeted(server: &Server) -> Smtp {
    let mut smtp = Smtp::connect(server).await;
    smtp.demand("EHLO client.elsewhere.example", 250).await;
    smtp
}

/// The octets of the only message in somebody's Inbox.
async fn only(person: &Person) -> Vec<u8> {
    let inbox = person.inbox().await;
    assert_eq!(inbox.len(), 1, "{inbox:?}");
    person.value(inbox[0]["id"].as_str().unwrap()).await.to_vec()
}

#[tokio::test]
async fn a_message_is_there_when_it_is_taken_with_its_trace_above() {
    let server = Server::start().await;
    let (alex, megan) = (server.person("AlexW"), server.person("MeganB"));
    let mut smtp = greeted(&server).await;
    let to = [address("alexw"), "MEGANB+lists@Contoso.com".to_owned(), address("AlexW")];
    smtp.envelope(FROM, &to).await;
    let sent = message("From outside");
    smtp.data(&sent, 250).await;
    for (person, path) in [(&alex, &to[0]), (&megan, &to[1])] {
        let got = only(person).await;
        assert!(got.ends_with(&sent), "the octets are those that were sent");
        let trace = String::from_utf8(got[..got.len() - sent.len()].to_vec()).unwrap();
        let expected = format!(
            "Return-Path: <{FROM}>\r\nReceived: from client.elsewhere.example ([127.0.0.1])\r\n by contoso.com (Restante) with ESMTP id "
        );
        assert!(trace.starts_with(&expected) && trace.contains(&format!("\r\n for <{path}>; ")), "{trace}");
        let shown = &person.inbox().await[0];
        assert_eq!((shown["subject"].as_str(), shown["isRead"].as_bool()), (Some("From outside"), Some(false)));
        assert_eq!(shown["from"]["emailAddress"]["address"], FROM);
    }
    smtp.demand("QUIT", 221).await;
    server.finish().await;
}

#[tokio::test]
async fn what_was_taken_outlives_a_crash() {
    let mut server = Server::start().await;
    let mut smtp = greeted(&server).await;
    smtp.envelope("", &[address("AlexW")]).await;
    let large = letter(&[("Subject", "Large")], &"0123456789\r\n".repeat(100_000));
    smtp.data(&large, 250).await;
    server.kill().await;
    server.restart().await;
    let got = only(&server.person("AlexW")).await;
    assert!(got.ends_with(&large) && got.starts_with(b"Return-Path: <>\r\n"));
    server.finish().await;
}

#[tokio::test]
async fn nothing_is_relayed_and_nobody_is_made_up() {
    let server = Server::start().await;
    let mut smtp = greeted(&server).await;
    smtp.demand(&format!("MAIL FROM:<{}>", address("AdeleV")), 250).await;
    let nobody = smtp.demand("RCPT TO:<nobody@contoso.com>", 550).await;
    assert!(nobody.starts_with("550 5.1.1 "), "{nobody}");
    for elsewhere in ["alexw@elsewhere.example", "\"alexw@contoso.com\"@elsewhere.example", "alexw%contoso.com@elsewhere.example"]
    {
        let refused = smtp.demand(&format!("RCPT TO:<{elsewhere}>"), 550).await;
        assert!(refused.starts_with("550 5.7.1 "), "{refused}");
    }
    smtp.demand("RCPT TO:<+lists@contoso.com>", 550).await;
    smtp.demand("DATA", 503).await;
    smtp.write(b"BDAT 5 LAST\r\nhello").await;
    assert!(smtp.reply().await.starts_with("503 "));
    smtp.demand("NOOP", 250).await;
    for name in kit::PEOPLE {
        assert!(server.person(name).inbox().await.is_empty(), "{name} got nothing");
    }
    server.finish().await;
}

#[tokio::test]
async fn other_spellings_of_the_end_of_data_are_refused_and_smuggle_nothing() {
    let server = Server::start().await;
    for odd in ["\n.\n", "\n.\r\n", "\r.\r\n", "\r\n.\n", "\r.\r", "\r\n.\r"] {
        let mut smtp = greeted(&server).await;
        smtp.envelope(FROM, &[address("AlexW")]).await;
        smtp.demand("DATA", 354).await;
        let second = format!("MAIL FROM:<admin@contoso.com>\r\nRCPT TO:<{}>\r\nDATA\r\nSubject: smuggled\r\n", address("MeganB"));
        smtp.write(format!("Subject: first\r\n\r\ntext{odd}{second}\r\n.\r\n").as_bytes()).await;
        let reply = smtp.reply().await;
        assert!(reply.starts_with("550 5.6.0 "), "{odd:?}: {reply}");
        smtp.demand("QUIT", 221).await;
    }
    for name in kit::PEOPLE {
        assert!(server.person(name).inbox().await.is_empty(), "{name} got nothing");
    }
    server.finish().await;
}

#[tokio::test]
async fn chunks_that_were_given_up_are_in_no_message_that_follows() {
    for given_up_by in ["RSET", "EHLO client.elsewhere.example", "HELO client.elsewhere.example"] {
        let server = Server::start().await;
        let mut smtp = greeted(&server).await;
        smtp.envelope(FROM, &[address("AlexW")]).await;
        smtp.write(b"BDAT 21\r\nSubject: For Alex\r\n\r\n").await;
        assert!(smtp.reply().await.starts_with("250 "));
        smtp.demand(given_up_by, 250).await;
        smtp.envelope(FROM, &[address("MeganB")]).await;
        let sent = message("For Megan");
        smtp.chunks(&sent, 50).await;
        let got = String::from_utf8(only(&server.person("MeganB")).await).unwrap();
        assert!(got.ends_with(std::str::from_utf8(&sent).unwrap()) && !got.contains("For Alex"), "{given_up_by}: {got}");
        assert!(server.person("AlexW").inbox().await.is_empty());
        server.finish().await;
    }
}

#[tokio::test]
async fn what_is_too_much_is_refused_and_the_next_is_taken() {
    let server = Server::with_config("development = true\n[limits]\nmessage_octets = 2000\n").await;
    let mut smtp = greeted(&server).await;
    let large = letter(&[("Subject", "Large")], &"x".repeat(3000));
    smtp.demand(&format!("MAIL FROM:<{FROM}> SIZE=3000"), 552).await;
    smtp.envelope(FROM, &[address("AlexW")]).await;
    smtp.data(&large, 552).await;
    smtp.envelope(FROM, &[address("AlexW")]).await;
    smtp.write(b"BDAT 3000 LAST\r\n").await;
    smtp.write(&[b'x'; 3000]).await;
    assert!(smtp.reply().await.starts_with("552 "));
    smtp.envelope(FROM, &[address("AlexW")]).await;
    let turning = letter(&[("Received", "by x"); 101], "");
    smtp.data(&turning, 554).await;
    smtp.envelope(FROM, &[address("AlexW")]).await;
    smtp.data(&message("Small"), 250).await;
    assert!(only(&server.person("AlexW")).await.ends_with(&message("Small")));
    server.finish().await;
}

#[tokio::test]
async fn whoever_errs_without_end_is_let_go_and_a_stop_is_told() {
    let mut server = Server::start().await;
    let mut idle = greeted(&server).await;
    let mut smtp = greeted(&server).await;
    for _ in 0..19 {
        smtp.demand("NONSENSE", 500).await;
    }
    smtp.demand("NONSENSE", 421).await;
    assert!(smtp.is_closed().await);
    let mut smtp = greeted(&server).await;
    smtp.write(&[b'x'; 13_000]).await;
    assert!(smtp.reply().await.starts_with("500 "));
    assert!(smtp.is_closed().await, "the rest of a line that is too long is no command");
    server.stop().await;
    assert!(idle.reply().await.starts_with("421 "));
    server.restart().await;
    server.finish().await;
}

#[tokio::test]
async fn tls_begins_where_it_is_wanted_and_nothing_said_before_counts() {
    let server = Server::start().await;
    let ca = fs::read_to_string(server.dev()["ca"].as_str().unwrap()).unwrap();
    let mut smtp = greeted(&server).await;
    smtp.envelope(FROM, &[address("MeganB")]).await;
    let mut smtp = smtp.start_tls(&ca).await;
    smtp.demand("RCPT TO:<alexw@contoso.com>", 503).await;
    let told = smtp.demand("EHLO client.elsewhere.example", 250).await;
    assert!(!told.contains("STARTTLS"), "{told}");
    smtp.envelope(FROM, &[address("AlexW")]).await;
    smtp.data(&message("In private"), 250).await;
    let got = String::from_utf8(only(&server.person("AlexW")).await).unwrap();
    assert!(got.contains(" with ESMTPS id "), "{got}");
    assert!(server.person("MeganB").inbox().await.is_empty());

    // What somebody in between put behind the command must not be taken for what comes within TLS.
    let mut smtp = greeted(&server).await;
    smtp.write(b"STARTTLS\r\nMAIL FROM:<evil@elsewhere.example>\r\n").await;
    assert!(smtp.reply().await.starts_with("501 "));
    assert!(smtp.is_closed().await);
    server.finish().await;
}

#[tokio::test]
async fn over_lmtp_each_recipient_has_an_answer() {
    let lmtp = kit::free_address();
    let server = Server::with_config(&format!("development = true\n[listen]\nlmtp = \"{lmtp}\"\n")).await;
    let mut client = Smtp::connect_to(&lmtp.to_string()).await;
    client.demand("EHLO front.contoso.com", 502).await;
    client.demand("LHLO front.contoso.com", 250).await;
    client.envelope(FROM, &[address("AlexW"), address("MeganB")]).await;
    client.data(&message("By LMTP"), 250).await;
    assert!(client.reply().await.starts_with("250 "), "one for each");
    client.demand("QUIT", 221).await;
    let got = String::from_utf8(only(&server.person("MeganB")).await).unwrap();
    assert!(got.contains(" with LMTP id "), "{got}");
    server.finish().await;
}

/// Every file of the corpus of MIME.
fn files() -> Option<Vec<PathBuf>> {
    fn walk(folder: &Path, found: &mut Vec<PathBuf>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                walk(&path, found);
            } else if path.extension().is_some_and(|extension| extension == "eml") {
                found.push(path);
            }
        }
    }
    let (root, mut found) = (shared_path("corpus/mime")?, Vec::new());
    walk(&root, &mut found);
    found.sort();
    Some(found)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_file_of_the_corpus_comes_in_as_it_is() {
    let Some(files) = files() else { return };
    let server = Arc::new(Server::start().await);
    let count = files.len();
    each(8, files, |path| {
        let server = server.clone();
        async move {
            let octets = fs::read(&path).unwrap();
            let mut smtp = greeted(&server).await;
            smtp.demand(&format!("MAIL FROM:<{FROM}> BODY=BINARYMIME"), 250).await;
            smtp.demand(&format!("RCPT TO:<{}>", address("AlexW")), 250).await;
            smtp.chunks(&octets, 1 + octets.len() / 3).await;
            smtp.demand("QUIT", 221).await;
        }
    })
    .await;
    let alex = server.person("AlexW");
    let listed = alex.all("mailFolders/inbox/messages?$select=id&$top=1000").await;
    assert_eq!(listed.len(), count);
    let ids: Vec<String> = listed.iter().map(|one| one["id"].as_str().unwrap().to_owned()).collect();
    let got = each(8, ids, |id| {
        let alex = alex.clone();
        async move { alex.value(&id).await.to_vec() }
    })
    .await;
    let mut sent: Vec<Vec<u8>> = self::files().unwrap().iter().map(|path| fs::read(path).unwrap()).collect();
    // The longest first: one file may be the end of another.
    sent.sort_by_key(|octets| std::cmp::Reverse(octets.len()));
    let mut got = got;
    for octets in &sent {
        let found = got.iter().position(|copy| copy.ends_with(octets) && copy.len() < octets.len() + 500);
        got.swap_remove(found.expect("each comes once, as it is"));
    }
    aloud(&format!("smtp: {count} of {count} files of the corpus came in by BDAT as they are"));
    Arc::into_inner(server).unwrap().finish().await;
}
