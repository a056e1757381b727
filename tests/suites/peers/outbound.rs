//! Restante → Postfix → Dovecot.

use super::{Counts, TRACE, changed_by_postfix, in_lines, is_behind_fields, is_binary};
use crate::corpus::{File, files};
use kit::{Act, Dovecot, EXTENSIONS, Peer, Postfix, Server, Smtp, address, base64, may_start_peers, until_within, without_bcc};
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::timeout;

/// What a message that is submitted gets where it lacks it (RFC 6409 §8).
const GENERATED: [&str; 3] = ["Date", "From", "Message-ID"];

/// The mailbox of the file with this number.
fn mailbox(number: usize) -> String {
    format!("file{number}")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_file_that_smtp_can_carry_reaches_dovecot_as_it_is() {
    let Some(files) = files().filter(|_| may_start_peers()) else { return };
    let dovecot = Dovecot::start().await;
    let lmtp = dovecot.lmtp();
    let postfix = Postfix::start(&[("elsewhere.example", format!("lmtp:inet:[{}]:{}", lmtp.ip(), lmtp.port()))]).await;
    let settings = format!("development = true\n[relay]\nhold = false\nsmarthost = \"{}\"\ntls = \"never\"\n", postfix.address());
    let server = Server::with_config(&settings).await;
    let grant = server.restante(&["grant", "send-as", "--user", &address("AdeleV"), "--address", "*"]).await;
    assert!(grant.status.success());
    let adele = server.person("AdeleV");
    let mut smtp = signed_in(&server, &adele.authorization()).await;
    submit_all(&mut smtp, &files).await;
    let (mut counts, mut expected) = (Counts::default(), HashMap::new());
    for (number, file) in files.iter().enumerate() {
        match (is_binary(&file.octets), changed_by_postfix(file)) {
            (true, _) => counts.leave("it holds a NUL or a bare CR, and its sender gets a report"),
            (_, Some(why)) => counts.leave(why),
            (false, None) => drop(expected.insert(number, in_lines(&without_bcc(&file.octets)))),
        }
    }
    let missing = || expected.keys().filter(|number| !dovecot.has_filed(&mailbox(**number))).map(|number| &files[*number].name);
    let waited = async || missing().next().is_none().then_some(());
    if timeout(Duration::from_secs(60), until_within(Duration::from_secs(120), "Dovecot has filed them", waited)).await.is_err() {
        let log = postfix.log();
        panic!("{:?} did not come: {}", missing().collect::<Vec<_>>(), &log[log.len().saturating_sub(2000)..]);
    }
    let mut wrong = Vec::new();
    for (number, octets) in expected {
        let filed = dovecot.filed(&mailbox(number));
        assert_eq!(filed.len(), 1, "{} is filed once", files[number].name);
        match is_behind_fields(&filed[0], &octets, &[&TRACE[..], &GENERATED].concat()) {
            true => {
                counts.equal += 1;
                counts.strictly += usize::from(octets == files[number].octets);
            }
            false => wrong.push(&files[number].name),
        }
    }
    assert!(wrong.is_empty(), "{} came otherwise: {wrong:?}", wrong.len());
    counts.demand("relay", "This server → Postfix → Dovecot");
    let reported = adele.all("/me/mailFolders/inbox/messages?$select=subject&$top=100").await;
    let binary = files.iter().filter(|file| is_binary(&file.octets)).count();
    assert_eq!(reported.len(), binary, "one report for each that lines can't carry");
    server.finish().await;
}

async fn signed_in(server: &Server, authorization: &str) -> Smtp {
    let mut smtp = Smtp::connect(server).await;
    smtp.demand("EHLO laptop.contoso.com", 250).await;
    let token = authorization.trim_start_matches("Bearer ");
    smtp.demand(&format!("AUTH PLAIN {}", base64(format!("\0{}\0{token}", address("AdeleV")).as_bytes())), 235).await;
    smtp
}

/// Submits each file, octet for octet, to an address of its own.
async fn submit_all(smtp: &mut Smtp, files: &[Arc<File>]) {
    for (number, file) in files.iter().enumerate() {
        smtp.demand(&format!("MAIL FROM:<{}> BODY=BINARYMIME", address("AdeleV")), 250).await;
        smtp.demand(&format!("RCPT TO:<{}@elsewhere.example>", mailbox(number)), 250).await;
        smtp.write(format!("BDAT {} LAST\r\n", file.octets.len()).as_bytes()).await;
        smtp.write(&file.octets).await;
        let reply = smtp.reply().await;
        assert!(reply.starts_with("250 "), "{}: {reply}", file.name);
    }
}

/// What Postfix changes is left out above; nothing is here.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_file_leaves_as_it_is() {
    let Some(files) = files() else { return };
    let with_binary = [&EXTENSIONS[..], &["CHUNKING", "BINARYMIME"]].concat();
    for (extensions, takes_binary) in [(&EXTENSIONS[..], false), (&with_binary[..], true)] {
        let peer = Peer::with(extensions, |_, _| Act::Usual).await;
        let settings =
            format!("development = true\n[relay]\nhold = false\nsmarthost = \"{}\"\ntls = \"never\"\n", peer.address());
        let server = Server::with_config(&settings).await;
        let grant = server.restante(&["grant", "send-as", "--user", &address("AdeleV"), "--address", "*"]).await;
        assert!(grant.status.success());
        let mut smtp = signed_in(&server, &server.person("AdeleV").authorization()).await;
        submit_all(&mut smtp, &files).await;
        let carried = files.iter().filter(|file| takes_binary || !is_binary(&file.octets)).count();
        let all_taken = async || (peer.count() >= carried).then_some(());
        until_within(Duration::from_secs(120), "all were taken", all_taken).await;
        let taken = peer.taken();
        assert_eq!(taken.len(), carried, "each once");
        for one in taken {
            let number: usize = one.rcpts[0].trim_start_matches("RCPT TO:<file").split('@').next().unwrap().parse().unwrap();
            let given = without_bcc(&files[number].octets);
            let expected = if takes_binary { given } else { in_lines(&given) };
            assert!(one.octets.ends_with(&expected), "{}", files[number].name);
        }
        server.finish().await;
    }
}
