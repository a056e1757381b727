//! What is durable when. A kill does not lose the page cache, so only the order of calls shows that a 202 keeps its word.

use crate::strace::{Event, Strace};
use bytes::Bytes;
use hyper::Method;
use kit::{PEOPLE, Server, address, aloud, base64, letter, plain, until_within};
use std::time::Duration;
use tokio::task::JoinSet;

const CALLS: &str = "fsync,fdatasync,write,writev,pwrite64,pwritev,sendto,sendmsg";
/// Connections that send at the same time.
const CONNECTIONS: usize = 64;
/// Messages of each.
const EACH: usize = 20;
/// Syncs that a message may cost on average, its delivery included.
const SYNCS_PER_MESSAGE: f64 = 0.2;

/// The first event from `start` on that is such.
#[track_caller]
fn first(events: &[Event], start: usize, what: &str, such: impl Fn(&Event) -> bool) -> usize {
    let found = events[start..].iter().position(such);
    start + found.unwrap_or_else(|| panic!("{what}: not in the {} events from {start} on", events.len()))
}

/// Where the sync that began at `begun` ended.
#[track_caller]
fn end_of(events: &[Event], begun: usize) -> usize {
    let sync = &events[begun];
    first(events, begun, "a sync ends", |event| event.ended && event.thread == sync.thread && event.call == sync.call)
}

/// Demands that what bears `mark` is written to the write-ahead log and synced before the 202; tells where it was written.
#[track_caller]
fn demand_log_synced_before_answer(events: &[Event], mark: &str) -> usize {
    let is_log = |event: &Event| event.file.ends_with("restante.db-wal");
    let written = first(events, 0, "the row is written to the log", |event| is_log(event) && event.text.contains(mark));
    let begun = first(events, written, "the log is synced", |event| is_log(event) && event.is_sync() && !event.ended);
    let synced = end_of(events, begun);
    let answered = first(events, 0, "202 is written", |event| event.text.contains("HTTP/1.1 202"));
    assert!(synced < answered, "the log was synced after the 202: {:?}, {:?}", events[synced], events[answered]);
    written
}

/// Says which calls on files of the data directory were made in which order up to the 202, those in a row once.
fn tell(what: &str, events: &[Event]) {
    let mut calls: Vec<String> = Vec::new();
    for event in events.iter().filter(|event| !event.ended) {
        let is_answer = event.text.contains("HTTP/1.1 202");
        let call = match event.file.rsplit_once("/data/") {
            _ if is_answer => "202".to_owned(),
            Some((_, name)) => format!("{} {name}", event.call),
            None => continue,
        };
        if calls.last() != Some(&call) {
            calls.push(call);
        }
        if is_answer {
            break;
        }
    }
    aloud(&format!("strace: {what}: {}", calls.join(", ")));
}

/// One send under strace.
async fn traced(what: &str, octets: &[u8]) -> Option<Vec<Event>> {
    let server = Server::start().await;
    let adele = server.person("AdeleV");
    adele.get("mailFolders/inbox").await.demand(200); // the connection and the token are known from now on
    let watched = Strace::attach(server.process(), CALLS).await;
    let events = match watched {
        Some(strace) => {
            adele.send_mime(octets).await.demand_empty(202);
            Some(strace.detach().await)
        }
        None => None,
    };
    server.finish().await;
    if let Some(events) = &events {
        tell(what, events);
    }
    events
}

#[tokio::test]
async fn a_small_message_is_synced_before_its_202() {
    let octets = plain("AdeleV", &["AlexW"], "zyxwv-small-mark");
    let Some(events) = traced("a small message", &octets).await else { return };
    demand_log_synced_before_answer(&events, "zyxwv-small-mark");
}

#[tokio::test]
async fn a_large_message_is_synced_with_its_folder_before_the_row_that_names_it() {
    let fields = [("From", &*address("AdeleV")), ("To", &address("AlexW")), ("Subject", "zyxwv-large-mark")];
    let octets = letter(&fields, &("l".repeat(76) + "\r\n").repeat(8000));
    let Some(events) = traced("a large message", &octets).await else { return };
    let is_blob_sync = |event: &Event| event.is_sync() && !event.ended && event.file.contains("/blobs/");
    let file = first(&events, 0, "the file is synced", |event| is_blob_sync(event) && !event.is_of_folder);
    let file = end_of(&events, file);
    let folder = first(&events, file, "its folder is synced", |event| is_blob_sync(event) && event.is_of_folder);
    let folder = end_of(&events, folder);
    let row = demand_log_synced_before_answer(&events, "zyxwv-large-mark");
    assert!(folder < row, "the row was written before its octets were durable: {:?}", events[row]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_messages_share_their_syncs() {
    let server = Server::start().await;
    let Some(strace) = Strace::attach(server.process(), "fsync,fdatasync").await else {
        server.finish().await;
        return;
    };
    let mut connections = JoinSet::new();
    for number in 0..CONNECTIONS {
        let from = PEOPLE[number % PEOPLE.len()];
        let to = PEOPLE[(number + 1) % PEOPLE.len()];
        let person = server.person(from);
        connections.spawn(async move {
            for count in 0..EACH {
                let body = Bytes::from(base64(&plain(from, &[to], &format!("Shared {number} {count}"))));
                let headers = [("content-type", "text/plain")];
                person.call(Method::POST, "sendMail", &headers, body).await.demand_empty(202);
            }
        });
    }
    connections.join_all().await;
    all_delivered(&server).await;
    let events = strace.detach().await;
    let syncs = events.iter().filter(|event| event.is_sync() && !event.ended).count();
    assert!(syncs > 0, "nothing was durable");
    let messages = CONNECTIONS * EACH;
    let each = f64::from(u32::try_from(syncs).unwrap()) / f64::from(u32::try_from(messages).unwrap());
    aloud(&format!("syncs: {syncs} for {messages} messages over {CONNECTIONS} connections, delivery included: {each:.3} each"));
    assert!(each < SYNCS_PER_MESSAGE, "{each:.3} syncs per message");
    server.finish().await;
}

async fn all_delivered(server: &Server) {
    until_within(Duration::from_secs(120), "all messages are delivered", async || {
        let mut delivered = 0;
        for name in PEOPLE {
            let inbox = server.person(name).get("mailFolders/inbox").await.demand(200).json();
            delivered += usize::try_from(inbox["totalItemCount"].as_u64().unwrap()).unwrap();
        }
        (delivered == CONNECTIONS * EACH).then_some(())
    })
    .await;
}
