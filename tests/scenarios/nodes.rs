//! Three nodes on one PostgreSQL with a standby, and one object storage, while each of these fails in turn: what was accepted
//! is there once, what was cut off at most once.

use crate::crash::{demand_once, settle};
use crate::ledger::{Attempt, Outcome, Shelves};
use kit::{PEOPLE, Pair, Rng, S3Fault, Server, aloud, is_long, seed};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::sync::RwLock;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, timeout};

/// How long it goes on.
const SHORT: Duration = Duration::from_secs(25);
const LONG: Duration = Duration::from_secs(300);
/// How long an answer may take: what can't be done is said.
const ANSWERED: Duration = Duration::from_secs(45);

/// What fails next.
#[derive(Debug, Clone, Copy)]
enum Blow {
    Node,
    Database,
    FailOver,
    Objects(S3Fault),
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "minutes: ./test long"]
async fn three_nodes_lose_nothing_and_double_nothing() {
    let (time, seed) = (if is_long() { LONG } else { SHORT }, seed());
    aloud(&format!("nodes: seed {seed}, {} s (RESTANTE_SEED and RESTANTE_LONG change them)", time.as_secs()));
    let mut rng = Rng::new(seed);
    let mut pair = Pair::start().await;
    aloud(&format!("nodes: {}", pair.ask("mail", "SELECT version()")));
    let nodes: [Server; 3] = Server::nodes_on(pair.url()).await;
    let nodes = nodes.map(|node| Arc::new(RwLock::new(node)));
    let over = Arc::new(AtomicBool::new(false));
    let mut senders = JoinSet::new();
    for (number, from) in PEOPLE.iter().cycle().take(12).enumerate() {
        let (node, over, rng) = (nodes[number % nodes.len()].clone(), over.clone(), Rng::new(rng.number()));
        senders.spawn(async move { send_until(&over, &node, from, number, rng).await });
    }
    let blows = strike(&mut pair, &nodes, &mut rng, time).await;
    over.store(true, Ordering::Relaxed);
    let ledger: Vec<Attempt> = senders.join_all().await.into_iter().flatten().collect();
    let one = nodes[0].read().await;
    settle(&one, &ledger).await;
    let stored = demand_once(&Shelves::look(&one).await, &ledger);
    one.demand_order().await;
    drop(one);
    let of = |outcome| ledger.iter().filter(|attempt| attempt.outcome == outcome).count();
    let (accepted, cut) = (of(Outcome::Accepted), of(Outcome::NoAnswer));
    aloud(&format!(
        "nodes: {} attempts on 3 nodes, {blows}: {accepted} accepted, all there once; {cut} without a good answer, of which {stored} \
         are there once and the others not at all; 0 lost, 0 doubled",
        ledger.len()
    ));
    assert!(accepted > 0, "nothing was accepted at all");
    for node in nodes {
        Arc::into_inner(node).expect("nobody else has it").into_inner().finish().await;
    }
}

/// Sends one message after the other, until it is over; by whichever node it began with, as soon as that is there again.
async fn send_until(over: &AtomicBool, node: &RwLock<Server>, from: &'static str, number: usize, mut rng: Rng) -> Vec<Attempt> {
    let mut attempts: Vec<Attempt> = Vec::new();
    while !over.load(Ordering::Relaxed) {
        let person = node.read().await.person(from);
        let mut attempt = Attempt::choose(&mut rng, from, &format!("{number}-{}", attempts.len()));
        let made = timeout(ANSWERED, attempt.make(&person, &mut rng)).await;
        assert!(made.is_ok(), "there is an answer, whatever fails: {attempt:?}");
        if let Outcome::Refused(status) = attempt.outcome {
            assert_eq!(status, 503, "what can't be done now is said so: {attempt:?}");
            attempt.outcome = Outcome::NoAnswer; // it may be known to nobody whether a commit that broke off happened
        }
        if attempt.outcome == Outcome::NoAnswer {
            sleep(Duration::from_millis(50)).await; // as a client would
        }
        attempts.push(attempt);
    }
    attempts
}

/// Lets one after the other fail; tells what did how often.
async fn strike(pair: &mut Pair, nodes: &[Arc<RwLock<Server>>; 3], rng: &mut Rng, time: Duration) -> String {
    let (began, mut kills, mut restarts, mut faults, mut failed_over) = (Instant::now(), 0, 0, 0, false);
    while began.elapsed() < time {
        sleep(Duration::from_millis(500 + rng.below(1500))).await;
        match choose(rng, failed_over, began.elapsed() * 2 > time) {
            Blow::Node => {
                // Whoever sends holds no lock while he waits for an answer.
                let mut node = nodes[usize::try_from(rng.below(3)).unwrap()].write().await;
                node.kill().await;
                node.restart().await;
                kills += 1;
            }
            Blow::Database => {
                pair.restart().await;
                restarts += 1;
            }
            Blow::FailOver => {
                pair.fail_over().await;
                failed_over = true;
            }
            Blow::Objects(fault) => {
                let node = nodes[0].read().await;
                node.set_fault(Some(fault));
                sleep(Duration::from_secs(2)).await;
                node.set_fault(None);
                faults += 1;
            }
        }
    }
    assert!(failed_over, "the standby took over");
    format!("{kills} kills, {restarts} restarts of PostgreSQL, a standby that took over, {faults} faults of the object storage")
}

fn choose(rng: &mut Rng, has_failed_over: bool, half_is_over: bool) -> Blow {
    if half_is_over && !has_failed_over {
        return Blow::FailOver;
    }
    match rng.below(8) {
        0 => Blow::Database,
        1 => Blow::Objects(S3Fault::Failing),
        2 => Blow::Objects(S3Fault::Slow(Duration::from_secs(1))),
        3 => Blow::Objects(S3Fault::HangingUp),
        _ => Blow::Node,
    }
}
