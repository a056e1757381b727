//! Three nodes of an older version on one PostgreSQL and one object storage, replaced by today's one after the other while all of
//! them are used: what was accepted is there once, and who is up answers well, whichever version the others are.

use crate::crash::{demand_once, settle};
use crate::ledger::{Attempt, Outcome, Shelves};
use bytes::Bytes;
use hyper::Method;
use kit::{Answer, NoAnswer, PEOPLE, Person, Rng, Server, aloud, is_long, older_binary, seed, workspace};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;
use tokio::sync::RwLock;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};

/// The older version: the last one whose newest migration is 0019. The next one adds a table while nodes of this one run beside it,
/// which is what each upgrade from there on does.
const OLDER: &str = "1cbfd9d3498e4f206bfb1364e9171c6b45367bad";

/// How long all go on before the first is replaced, and after each.
const SHORT: Duration = Duration::from_secs(4);
const LONG: Duration = Duration::from_secs(20);

/// A node, and how often it was replaced.
struct Node {
    server: RwLock<Server>,
    replaced: AtomicUsize,
}

impl Node {
    /// Somebody who is its client, and what tells whether it was replaced since.
    async fn client(&self, name: &str) -> (Person, usize) {
        let server = self.server.read().await;
        (server.person(name), self.replaced.load(Ordering::SeqCst))
    }

    async fn replace(&self) {
        let mut server = self.server.write().await;
        self.replaced.fetch_add(1, Ordering::SeqCst);
        server.replace().await;
    }

    /// Nobody may be left without an answer but by a node that is being replaced.
    fn demand_replaced(&self, since: usize, what: &str) {
        assert_ne!(self.replaced.load(Ordering::SeqCst), since, "a node that is up answers: {what}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "minutes: ./test long"]
async fn each_is_replaced_while_all_are_used() {
    let (older, time, seed) = (older(), if is_long() { LONG } else { SHORT }, seed());
    aloud(&format!("upgrade: seed {seed} (RESTANTE_SEED and RESTANTE_LONG change it and the time)"));
    let mut rng = Rng::new(seed);
    let nodes: [Server; 3] = Server::nodes_of(&older).await;
    let schema =
        |server: &Server| server.ask_database("SELECT version FROM schema_version WHERE name = 'main'").trim().to_owned();
    let before = schema(&nodes[0]);
    let nodes = nodes.map(|server| Arc::new(Node { server: RwLock::new(server), replaced: AtomicUsize::new(0) }));
    let over = Arc::new(AtomicBool::new(false));
    let (mut senders, mut readers) = (JoinSet::new(), JoinSet::new());
    for (number, from) in PEOPLE.iter().cycle().take(9).enumerate() {
        let (node, over, rng) = (nodes[number % nodes.len()].clone(), over.clone(), Rng::new(rng.number()));
        senders.spawn(async move { send_until(&over, &node, from, number, rng).await });
    }
    for (node, name) in nodes.iter().zip(PEOPLE) {
        let (node, over) = (node.clone(), over.clone());
        readers.spawn(async move { read_until(&over, &node, name).await });
    }
    sleep(time).await;
    for node in &nodes {
        node.replace().await;
        sleep(time).await; // the versions go on beside each other
    }
    over.store(true, Ordering::SeqCst);
    let ledger: Vec<Attempt> = senders.join_all().await.into_iter().flatten().collect();
    let read: Vec<(usize, Duration)> = readers.join_all().await;
    let one = nodes[0].server.read().await;
    settle(&one, &ledger).await;
    let stored = demand_once(&Shelves::look(&one).await, &ledger);
    one.demand_order().await;
    let after = schema(&one);
    drop(one);
    tell(&ledger, stored, &read, (&before, &after));
    for node in nodes {
        Arc::into_inner(node).expect("nobody else has it").server.into_inner().finish().await;
    }
}

fn tell(ledger: &[Attempt], stored: usize, read: &[(usize, Duration)], (before, after): (&str, &str)) {
    let of = |outcome| ledger.iter().filter(|attempt| attempt.outcome == outcome).count();
    let (accepted, cut) = (of(Outcome::Accepted), of(Outcome::NoAnswer));
    let (reads, longest) = read.iter().fold((0, Duration::ZERO), |(sum, most), (one, took)| (sum + one, most.max(*took)));
    assert!(accepted > 0 && reads > 0, "there was no load");
    aloud(&format!(
        "upgrade: 3 nodes from schema {before} to {after}: {} attempts, {accepted} accepted, all there once; {cut} cut off by a node that \
         stopped, of which {stored} are there once and the others not at all; {reads} reads, the longest {} ms; 0 lost, 0 doubled, 0 refused",
        ledger.len(),
        longest.as_millis()
    ));
}

async fn send_until(over: &AtomicBool, node: &Node, from: &'static str, number: usize, mut rng: Rng) -> Vec<Attempt> {
    let mut attempts: Vec<Attempt> = Vec::new();
    while !over.load(Ordering::SeqCst) {
        let (person, since) = node.client(from).await;
        let mut attempt = Attempt::choose(&mut rng, from, &format!("{number}-{}", attempts.len()));
        attempt.make(&person, &mut rng).await;
        match attempt.outcome {
            Outcome::Accepted => {}
            Outcome::NoAnswer => node.demand_replaced(since, &format!("{attempt:?}")),
            Outcome::Refused(status) => panic!("{status}: who is up answers well: {attempt:?}"),
        }
        attempts.push(attempt);
    }
    attempts
}

/// Reads the newest messages, and the octets of the first; tells how many answers there were, and how long the longest took.
async fn read_until(over: &AtomicBool, node: &Node, name: &str) -> (usize, Duration) {
    let (mut count, mut longest) = (0, Duration::ZERO);
    while !over.load(Ordering::SeqCst) {
        let (person, since) = node.client(name).await;
        let began = Instant::now();
        let list = get(&person, "mailFolders/inbox/messages?$top=20&$select=subject").await;
        let Ok(list) = list else {
            break_off(node, since).await;
            continue;
        };
        let first = list.demand(200).json()["value"][0]["id"].as_str().map(ToOwned::to_owned);
        count += 1;
        if let Some(first) = first {
            let Ok(octets) = get(&person, &format!("messages/{first}/$value")).await else {
                break_off(node, since).await;
                continue;
            };
            octets.demand(200);
            count += 1;
        }
        longest = longest.max(began.elapsed());
        sleep(Duration::from_millis(20)).await; // as somebody would who reads
    }
    (count, longest)
}

async fn get(person: &Person, path: &str) -> Result<Answer, NoAnswer> {
    person.attempt(Method::GET, path, &[], Bytes::new()).await
}

async fn break_off(node: &Node, since: usize) {
    node.demand_replaced(since, "a read");
    sleep(Duration::from_millis(20)).await;
}

/// The binary of the older version: the one that is named, else it is built.
fn older() -> PathBuf {
    if let Some(named) = older_binary() {
        return named;
    }
    let below = workspace().join("target/upgrade");
    let (tree, target) = (below.join("tree"), below.join("target"));
    if !tree.join("Cargo.toml").is_file() {
        run(Command::new("git").args(["worktree", "add", "--force", "--detach"]).arg(&tree).arg(OLDER), workspace());
    }
    run(Command::new("git").args(["checkout", "--quiet", "--detach", OLDER]), &tree);
    let build = ["build", "--locked", "--ignore-rust-version", "--release", "--package", "restante-server", "--target-dir"];
    run(Command::new("cargo").args(build).arg(&target), &tree);
    target.join("release/restante")
}

fn run(command: &mut Command, folder: &Path) {
    let status = command.current_dir(folder).status().expect("it can be started");
    assert!(status.success(), "{command:?}: {status}");
}
