//! Postfix → Restante, over SMTP and over LMTP.

use super::{Counts, TRACE, changed_by_postfix, in_lines, is_behind_fields, is_binary};
use crate::corpus::files;
use kit::{Postfix, Server, Smtp, may_start_peers, until_within};
use std::collections::HashMap;
use std::net::SocketAddr;
use std::time::Duration;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_file_that_postfix_brings_by_smtp_is_what_it_was() {
    let server = Server::start().await;
    let smtp: SocketAddr = server.dev()["smtp"].as_str().unwrap().parse().unwrap();
    brought("SMTP", &format!("smtp:[{}]:{}", smtp.ip(), smtp.port()), server).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_file_that_postfix_brings_by_lmtp_is_what_it_was() {
    let lmtp = kit::free_address();
    let server = Server::with_config(&format!("development = true\n[listen]\nlmtp = \"{lmtp}\"\n")).await;
    brought("LMTP", &format!("lmtp:inet:[{}]:{}", lmtp.ip(), lmtp.port()), server).await;
}

async fn brought(road: &str, transport: &str, server: Server) {
    let Some(files) = files().filter(|_| may_start_peers()) else { return };
    let postfix = Postfix::start(&[("contoso.com", transport.to_owned())]).await;
    let (mut counts, mut expected) = (Counts::default(), HashMap::new());
    let mut smtp = Smtp::connect_to(&postfix.address().to_string()).await;
    smtp.demand("EHLO test.example", 250).await;
    for (number, file) in files.iter().enumerate() {
        if is_binary(&file.octets) {
            counts.leave("it holds a NUL or a bare CR, which DATA can't carry");
            continue;
        }
        if let Some(why) = changed_by_postfix(file) {
            counts.leave(why);
            continue;
        }
        let octets = in_lines(&file.octets);
        smtp.envelope("sender@elsewhere.example", &[format!("AdeleV+{number}@contoso.com")]).await;
        smtp.data(&octets, 250).await;
        expected.insert(number, octets);
    }
    let adele = server.person("AdeleV");
    let arrived = until_within(Duration::from_secs(120), "Postfix has brought them", async || {
        let arrived = adele.all("/me/mailFolders/inbox/messages?$select=id&$top=1000").await;
        (arrived.len() >= expected.len()).then_some(arrived)
    })
    .await;
    assert_eq!(arrived.len(), expected.len(), "each once");
    let mut wrong = Vec::new();
    for message in arrived {
        let value = adele.value(message["id"].as_str().unwrap()).await;
        let number = number(&value);
        let octets = expected.remove(&number).expect("it comes once");
        match is_behind_fields(&value, &octets, &TRACE) {
            true => {
                counts.equal += 1;
                counts.strictly += usize::from(octets == files[number].octets);
            }
            false => wrong.push(&files[number].name),
        }
    }
    assert!(wrong.is_empty(), "{} came otherwise: {wrong:?}", wrong.len());
    counts.demand(&road.to_lowercase(), &format!("Postfix → this server, by {road}"));
    server.finish().await;
}

/// For which file it is: our own Received field names the recipient.
fn number(octets: &[u8]) -> usize {
    let text = String::from_utf8_lossy(&octets[..octets.len().min(2000)]).to_lowercase();
    let detail = text.split("for <adelev+").nth(1).and_then(|rest| rest.split('@').next());
    detail.and_then(|detail| detail.parse().ok()).unwrap_or_else(|| panic!("whose is it? {text}"))
}
