//! What one message costs: rows, octets, the log and its syncs, statements, and time of the processor of nodes and database, in
//! mailboxes of several sizes. It says keys and values, which the simulation of `tests/bench/scale.py` reads.

mod counters;
mod fill;

use crate::load::{Ask, End, LIST, Report, Somebody, load};
use crate::stand::Stand;
use crate::strace::Strace;
use crate::throughput::machine_load;
use counters::{Counters, syncs};
use kit::{Durable, NameServer, Peer, Rng, Rr, address, aloud, is_long, letter, until_within};
use std::time::{Duration, Instant};
use store::MailboxId;
use tokio::time::sleep;

const CONNECTIONS: [usize; 3] = [1, 8, 64];
const MOST: usize = CONNECTIONS[2];
/// Connections by which slopes are measured: enough that none is idle, few enough that all is steady.
const FEW: usize = 4;
/// Octets of a message that stands in object storage.
const LARGE: usize = 300 * 1024;
const LARGE_LINE: &str = "Large things are made of many lines that are all the same, this one too...\r\n";
/// Until all processes of PostgreSQL have told what they counted.
const TOLD: Duration = Duration::from_secs(11);

/// How much.
struct Size {
    mailboxes: &'static [u64],
    sends: u64,
    reads: u64,
    large: u64,
}

impl Size {
    fn wanted() -> Size {
        if is_long() {
            Size { mailboxes: &[1000, 10_000, 100_000], sends: 600, reads: 1000, large: 40 }
        } else {
            Size { mailboxes: &[200, 400], sends: 60, reads: 60, large: 4 }
        }
    }
}

fn tell(key: &str, value: f64) {
    aloud(&format!("slopes: {key}\t{value:.4}"));
}

/// A server that takes what goes elsewhere.
struct Elsewhere {
    peer: Peer,
    _names: NameServer,
    config: String,
}

impl Elsewhere {
    async fn start() -> Elsewhere {
        let peer = Peer::start().await;
        let names = NameServer::start(&[("elsewhere.example", Rr::Ip([127, 0, 0, 1].into()))]).await;
        let port = peer.address().port();
        let config = format!("development = true\n[relay]\nhold = false\nport = {port}\n{}", names.settings());
        Elsewhere { peer, _names: names, config }
    }
}

#[tokio::test]
#[ignore = "minutes: ./test long"]
async fn what_one_message_costs_on_postgres() {
    let elsewhere = Elsewhere::start().await;
    let stand = Stand::on_postgres::<1>(Durable::counting().await, &elsewhere.config, MOST).await;
    measure("postgres", stand, &elsewhere.peer).await;
}

#[tokio::test]
#[ignore = "minutes: ./test long"]
async fn what_one_message_costs_on_sqlite() {
    let elsewhere = Elsewhere::start().await;
    let stand = Stand::on_sqlite(&elsewhere.config, MOST).await;
    measure("sqlite", stand, &elsewhere.peer).await;
}

async fn measure(name: &str, stand: Stand, peer: &Peer) {
    let (size, began) = (Size::wanted(), Instant::now());
    aloud(&format!("slopes: # {name}: load of the machine before: {}", machine_load()));
    // Each has had something, so that statements are known and pages are there.
    load(&stand.first(1), &stand.people[4..], MOST, Ask::Send, End::Count(20 * MOST as u64)).await;
    shared_syncs(name, &stand, &size).await;
    spread(name, &stand).await;
    one_mailbox(name, &stand).await;
    large(name, &stand, &size).await;
    let mut held = 0;
    for mailbox in size.mailboxes {
        grow(&stand, held..*mailbox).await;
        held = *mailbox;
        aloud(&format!("slopes: # {name}: {held} messages after {} s", began.elapsed().as_secs()));
        slopes(&format!("{name}.{mailbox}"), &stand, peer, &size).await;
    }
    aloud(&format!("slopes: # {name}: load of the machine after: {}; {} s", machine_load(), began.elapsed().as_secs()));
    stand.finish().await;
}

/// Fills a mailbox up to a size.
async fn grow(stand: &Stand, numbers: std::ops::Range<u64>) {
    let node = &stand.nodes[0];
    let id: uuid::Uuid = node.entry("AlexW")["id"].as_str().unwrap().parse().unwrap();
    fill::fill(stand.store(), MailboxId(id.into_bytes()), numbers, &mut Rng::new(1)).await;
    let alex = node.person("AlexW");
    let indexed = async || {
        let found = alex.get("messages?$search=%22nothing%22&$select=id").await.demand(200);
        found.header("restante-search-incomplete").is_none().then_some(())
    };
    until_within(Duration::from_secs(400), "all texts are indexed", indexed).await;
    stand.rest().await;
    if let Some(database) = &stand.database {
        database.ask("VACUUM ANALYZE"); // as it does by itself, but not while something is measured
        database.ask("CHECKPOINT");
    }
}

/// Each kind of work in a mailbox of this size: it is sent to, sent from, and read.
async fn slopes(prefix: &str, stand: &Stand, peer: &Peer, size: &Size) {
    let (one, large, to) = (&stand.people[..1], &stand.people[1..2], stand.people[1].address.clone());
    if stand.database.is_some() {
        // The first after a checkpoint: pages that change are in the log as a whole.
        counted(&format!("{prefix}.send_after_checkpoint"), stand, size.sends, Ask::SendTo(&to), one).await;
    }
    counted(&format!("{prefix}.send"), stand, size.sends, Ask::SendTo(&to), one).await;
    let reached = peer.count();
    let elsewhere = Ask::SendTo("somebody@elsewhere.example");
    counted(&format!("{prefix}.send_elsewhere"), stand, size.sends, elsewhere, large).await;
    assert_eq!(peer.count() - reached, usize::try_from(size.sends).unwrap(), "all are relayed");
    counted(&format!("{prefix}.list"), stand, size.reads, Ask::Get(LIST), large).await;
    let newest = stand.nodes[0].person("AlexW").get("mailFolders/inbox/messages?$top=1&$select=id").await.demand(200).json();
    let value = format!("/v1.0/me/messages/{}/$value", newest["value"][0]["id"].as_str().unwrap());
    counted(&format!("{prefix}.value"), stand, size.reads, Ask::Get(&value), large).await;
}

/// Does something so often and says what was counted for each.
async fn counted(prefix: &str, stand: &Stand, count: u64, ask: Ask<'_>, people: &[Somebody]) {
    stand.rest().await;
    let count_now = || match &stand.database {
        Some(database) => Counters::of(database),
        None => Counters::of_files(stand.nodes[0].process(), &stand.nodes[0].data_dir()),
    };
    let (before, cpu) = (count_now(), stand.cpu());
    let report = load(&stand.first(1), people, FEW.max(people.len()), ask, End::Count(count)).await;
    stand.deliver().await;
    stand.rest().await;
    let (after, now) = (count_now(), stand.cpu());
    assert_eq!(report.count() as u64, count);
    for (name, value) in after.since(&before, count) {
        tell(&format!("{prefix}.{name}"), value);
    }
    for (part, name) in ["node", "database"].iter().enumerate() {
        let milliseconds = now[part].saturating_sub(cpu[part]).as_secs_f64() * 1000.0 / count as f64;
        tell(&format!("{prefix}.cpu_ms_{name}"), milliseconds);
    }
    say_latency(prefix, &report);
}

fn say_latency(prefix: &str, report: &Report) {
    tell(&format!("{prefix}.p50_ms"), report.percentile(50));
    tell(&format!("{prefix}.p99_ms"), report.percentile(99));
}

/// How many share a sync, by how many send at once.
async fn shared_syncs(name: &str, stand: &Stand, size: &Size) {
    stand.deliver().await;
    stand.rest().await;
    if stand.database.is_some() {
        sleep(TOLD).await; // what is told of earlier work must not count
    }
    for connections in CONNECTIONS {
        let prefix = format!("{name}.sends_at_once.{connections}");
        let send = async || {
            let report = load(&stand.first(1), &stand.people[4..], connections, Ask::Send, End::Count(size.sends)).await;
            stand.deliver().await;
            report
        };
        if let Some(database) = &stand.database {
            let before = syncs(database);
            let report = send().await;
            sleep(TOLD).await;
            let [logged, commits, took] = std::array::from_fn(|at| syncs(database)[at] - before[at]);
            tell(&format!("{prefix}.syncs"), logged / size.sends as f64);
            tell(&format!("{prefix}.commits"), commits / size.sends as f64);
            tell(&format!("{prefix}.ms_of_a_sync"), took / logged);
            tell(&format!("{prefix}.per_s"), report.per_second());
            say_latency(&prefix, &report);
        } else if let Some(strace) = Strace::attach(stand.nodes[0].process(), "fsync,fdatasync").await {
            send().await; // slowly, since it is watched
            let synced = strace.detach().await.iter().filter(|event| event.is_sync() && !event.ended).count();
            tell(&format!("{prefix}.syncs"), synced as f64 / size.sends as f64);
        }
    }
}

/// As mail is where there are very many mailboxes: after a checkpoint each message changes pages that no other one does, so that
/// the log has these as a whole.
async fn spread(name: &str, stand: &Stand) {
    let (Some(database), people) = (&stand.database, &stand.people[4..]) else { return };
    for (compression, key) in [("off", "spread"), ("pglz", "spread_compressed")] {
        database.ask(&format!("ALTER SYSTEM SET wal_compression = {compression}"));
        database.ask("SELECT pg_reload_conf()");
        stand.rest().await;
        database.ask("CHECKPOINT");
        counted(&format!("{name}.{key}.send"), stand, people.len() as u64, Ask::Send, people).await;
    }
    database.ask("ALTER SYSTEM SET wal_compression = off");
    database.ask("SELECT pg_reload_conf()");
}

/// The most that one mailbox sends in a second to one other: the best of three, since whatever else the machine does takes from it.
async fn one_mailbox(name: &str, stand: &Stand) {
    let (one, to, time) = (&stand.people[..1], &stand.people[1].address, Duration::from_secs(if is_long() { 3 } else { 1 }));
    let mut best = 0.0_f64;
    for _ in 0..3 {
        let report = load(&stand.first(1), one, 16, Ask::SendTo(to), End::After(time)).await;
        stand.deliver().await;
        stand.rest().await;
        best = best.max(report.per_second());
    }
    tell(&format!("{name}.one_mailbox.sends_per_s"), best);
}

/// Messages whose octets stand beside the rows.
async fn large(name: &str, stand: &Stand, size: &Size) {
    let node = &stand.nodes[0];
    let (adele, alex) = (node.person("AdeleV"), node.person("AlexW"));
    stand.rest().await;
    let (cpu, requests) = (stand.cpu(), node.object_requests());
    for number in 0..size.large {
        let (from, to) = (address("AdeleV"), address("AlexW"));
        let fields = [("From", &*from), ("To", &*to), ("Subject", &*format!("Large {number}"))];
        adele.send_mime(&letter(&fields, &LARGE_LINE.repeat(LARGE / LARGE_LINE.len()))).await.demand_empty(202);
    }
    stand.deliver().await;
    stand.rest().await;
    let each = |time: Duration| time.as_secs_f64() * 1000.0 / size.large as f64;
    let spent = stand.cpu();
    tell(&format!("{name}.send_large.cpu_ms_node"), each(spent[0].saturating_sub(cpu[0])));
    tell(&format!("{name}.send_large.cpu_ms_database"), each(spent[1].saturating_sub(cpu[1])));
    let asked = node.object_requests() - requests;
    tell(&format!("{name}.send_large.object_requests"), asked as f64 / size.large as f64);
    let requests = node.object_requests();
    let found = alex.get("messages?$select=id&$top=50&$filter=startswith(subject,'Large')").await.demand(200).json();
    let found = found["value"].as_array().unwrap();
    for message in found {
        alex.value(message["id"].as_str().unwrap()).await;
    }
    tell(&format!("{name}.read_large.object_requests"), (node.object_requests() - requests) as f64 / found.len() as f64);
}
