//! Mail goes out to other servers: whole, once, and as it was given.

mod domains;
mod faults;
mod full_disk;
mod graph;
mod queue;
mod reports;
mod road;
mod smarthost;

use kit::{Peer, Person, Server, letter};
use std::fmt::Write;

/// The settings under which all mail for other domains goes to this server, and what fails is tried again at once.
pub(crate) fn towards(peer: &Peer) -> String {
    towards_with(peer, "")
}

fn towards_with(peer: &Peer, more: &str) -> String {
    let mut text = "development = true\n[relay]\nhold = false\nfirst_retry_seconds = 1\nlongest_retry_seconds = 1\n".to_owned();
    writeln!(text, "smarthost = \"{}\"", peer.address()).unwrap();
    if !more.contains("tls =") {
        text += "tls = \"never\"\n";
    }
    text + more
}

/// A message of Adele's to these.
pub(crate) fn to(recipients: &[&str], subject: &str) -> Vec<u8> {
    let from = kit::address("AdeleV");
    letter(&[("From", from.as_str()), ("To", &recipients.join(", ")), ("Subject", subject)], "Hello.\r\n")
}

/// What stands behind the trace: the one field that we put before what leaves.
fn below_trace(octets: &[u8]) -> &[u8] {
    assert!(octets.starts_with(b"Received: by contoso.com (Restante) id "), "{}", String::from_utf8_lossy(octets));
    let mut at = 0;
    loop {
        let line = octets[at..].split_inclusive(|&octet| octet == b'\n').next().unwrap_or_default();
        if at > 0 && !line.starts_with(b" ") {
            return &octets[at..];
        }
        at += line.len();
    }
}

/// The only report that has come to somebody.
async fn report(person: &Person, subject: &str) -> String {
    let message = person.arrived(subject).await;
    let octets = person.value(message["id"].as_str().unwrap()).await;
    String::from_utf8(octets.to_vec()).unwrap()
}

async fn started(peer: &Peer) -> (Server, Person) {
    let server = Server::with_config(&towards(peer)).await;
    let adele = server.person("AdeleV");
    (server, adele)
}
