//! Destinations that nodes have taken: nobody else goes there as long as they are there, whatever their clocks say.

use crate::relay::{to, towards};
use kit::{Act, Database, EXTENSIONS, Peer, Server, Way};
use std::path::Path;
use std::time::Duration;
use store::{
    Digest, ForwardPath, ForwardState, Location, MailboxId, NodeId, Octets, ReadTx, Rows, Store, StoreError, Submission,
    SubmissionId, Taker, Timestamp, Wishes, Work, WriteTx,
};
use tokio::time::sleep;

const HOUR: Duration = Duration::from_secs(60 * 60);
const WHERE: &str = "elsewhere.example";
/// So wrong may a clock be.
const PAST: Timestamp = Timestamp(1);
const FUTURE: Timestamp = Timestamp(4_000_000_000_000_000);

async fn store(database: &Database, dir: &Path, name: &str) -> Store {
    let location = Location {
        dir: dir.join(name),
        rows: Rows::Postgres { url: database.url() },
        octets: Octets::Objects { url: format!("file://{}", dir.display()) },
    };
    tokio::task::spawn_blocking(move || Store::serve(location).expect("a store")).await.expect("no panic")
}

fn submission() -> Submission {
    let path = ForwardPath::new(format!("a@{WHERE}"), ForwardState::Relay, WHERE.to_owned(), Timestamp(0));
    Submission {
        mailbox: MailboxId([7; 16]),
        id: SubmissionId([8; 16]),
        part_of: None,
        blob: Digest([0; 32]),
        prefix: String::new(),
        cuts: String::new(),
        reverse_path: String::new(),
        created_date_time: Timestamp(0),
        wishes: Wishes::default(),
        forward_paths: vec![path],
    }
}

async fn says(store: &Store, now: Timestamp) -> bool {
    store.write_beat::<_, StoreError>(move |tx| tx.note_node(now, Duration::from_secs(20))).await.expect("a deed")
}

/// How many destinations a node takes.
async fn takes(store: &Store, from_silent: bool, now: Timestamp) -> usize {
    let deed = move |tx: &mut WriteTx<'_>| tx.lease(Work::Relay, from_silent, (now, HOUR), 10);
    store.write_upkeep::<_, StoreError>(deed).await.expect("a deed").len()
}

async fn sees_due(store: &Store, from_silent: bool, now: Timestamp) -> bool {
    let taker = Taker { node: store.node(), from_silent };
    store.read::<_, StoreError>(move |tx: &ReadTx<'_>| tx.next_lease(Work::Relay, taker, now)).await.expect("a look").is_some()
}

/// How many submissions it may carry there.
async fn carries(store: &Store) -> usize {
    let node = store.node();
    let look = move |tx: &ReadTx<'_>| tx.due_relays((WHERE, node), FUTURE, 10);
    store.read::<_, StoreError>(look).await.expect("a look").len()
}

async fn has(store: &Store, node: NodeId) -> usize {
    store.read::<_, StoreError>(move |tx: &ReadTx<'_>| tx.leased_by(node)).await.expect("a look").len()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_taken_is_reckoned_by_the_clock_of_the_database() {
    let (database, dir) = (Database::new(), tempfile::tempdir().unwrap());
    let (one, other) = (store(&database, dir.path(), "one").await, store(&database, dir.path(), "other").await);
    assert!(!says(&one, PAST).await && says(&one, PAST).await, "the second time it was still there");
    one.write::<_, StoreError>(|tx| tx.add_submission(&submission())).await.expect("a deed");
    assert_eq!(takes(&one, false, PAST).await, 1);
    says(&other, FUTURE).await;
    assert_eq!(takes(&other, true, FUTURE).await, 0, "the first is there, whatever time it is at the second");
    assert!(!sees_due(&other, true, FUTURE).await);
    assert_eq!((carries(&one).await, has(&one, one.node()).await), (1, 1));

    // What it said last has gone by.
    let was = database.ask("UPDATE node SET alive_until = alive_until - 20000000 RETURNING id");
    assert_eq!(was.lines().count(), 2);
    assert!(!sees_due(&other, false, FUTURE).await);
    assert_eq!(takes(&other, false, FUTURE).await, 0, "who was silent himself takes nothing from the silent");
    assert!(sees_due(&other, true, PAST).await);
    assert_eq!(takes(&other, true, FUTURE).await, 1);
    assert_eq!((carries(&one).await, carries(&other).await), (0, 1), "who lost it goes there no more");
    assert_eq!((has(&one, one.node()).await, has(&one, other.node()).await), (0, 1));
    assert!(!says(&one, FUTURE).await, "and is told");
    says(&other, PAST).await;
    assert_eq!(takes(&one, true, FUTURE).await, 0, "whoever has it by now is there");
    let gone = other.node();
    other.write_beat::<_, StoreError>(move |tx| tx.remove_node(gone)).await.expect("a deed");
    assert_eq!(takes(&one, false, PAST).await, 1, "who says that he is gone leaves it to anybody");
}

#[tokio::test]
async fn a_destination_taken_by_a_node_that_does_not_know_it_is_given_back() {
    let peer = Peer::start().await;
    let ([node], _gate) = Server::nodes_behind_gate(&towards(&peer)).await;
    let adele = node.person("AdeleV");
    assert_eq!(adele.send_mime(&to(&["a@elsewhere.example"], "Before")).await.status, 202);
    peer.until_taken(1).await;
    kit::until("it is given back", async || (node.ask_database("SELECT count(*) FROM destination") == "0\n").then_some(())).await;
    node.ask_database("INSERT INTO destination SELECT '*', 0, 9000000000000000000, 0, id FROM node");
    assert_eq!(adele.send_mime(&to(&["a@elsewhere.example"], "Taken unawares")).await.status, 202);
    peer.until_taken(2).await;
    node.finish().await;
}

#[tokio::test]
async fn an_outage_of_the_database_takes_nothing_from_who_carries() {
    // The first to come is kept waiting until all is over.
    let peer = Peer::with(&EXTENSIONS, |connection, line| match (connection, line) {
        (0, "END") => Act::Wait(Duration::from_secs(36)),
        _ => Act::Usual,
    })
    .await;
    let ([one, other], gate) = Server::nodes_behind_gate(&towards(&peer)).await;
    let adele = one.person("AdeleV");
    assert_eq!(adele.send_mime(&to(&["a@elsewhere.example"], "Carried once")).await.status, 202);
    kit::until("the message is on its way", async || peer.lines().iter().any(|line| line == "DATA").then_some(())).await;
    gate.set(Way::Shut);
    sleep(Duration::from_secs(22)).await; // longer than what they have said holds
    gate.set(Way::Open);
    kit::until("it is taken", async || (peer.count() > 0).then_some(())).await;
    kit::until("that is written", async || (one.ask_database("SELECT count(*) FROM outbox") == "0\n").then_some(())).await;
    assert_eq!((peer.connections(), peer.count()), (1, 1), "nobody else went there meanwhile");
    one.finish().await;
    other.finish().await;
}
