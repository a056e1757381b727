//! How much one, two and three nodes on one PostgreSQL do, beside one on SQLite, in one run whose rounds take turns.

use crate::load::{Ask, End, LIST, load};
use crate::stand::Stand;
use kit::{Durable, aloud, cpu, is_long};
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

const CONNECTIONS: [usize; 3] = [1, 8, 64];
/// Development mode.
const CONFIG: &str = "development = true\n";
/// Messages that each has before anything is measured.
const HELD: u64 = 60;

/// How long it goes on.
struct Size {
    rounds: usize,
    send: Duration,
    list: Duration,
}

impl Size {
    fn wanted() -> Size {
        let (rounds, send, list) = if is_long() { (5, 2000, 1200) } else { (1, 500, 300) };
        Size { rounds, send: Duration::from_millis(send), list: Duration::from_millis(list) }
    }
}

/// What is measured again and again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Cell {
    deed: Deed,
    connections: usize,
    side: Side,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Deed {
    Send,
    SendFromOne,
    List,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Side {
    Sqlite,
    Nodes(usize),
}

const SIDES: [Side; 4] = [Side::Sqlite, Side::Nodes(1), Side::Nodes(2), Side::Nodes(3)];

/// One measurement. Times of the processor are milliseconds for each request, all that follows from it included.
struct Sample {
    per_second: f64,
    delivered: f64,
    p50: f64,
    p99: f64,
    nodes: f64,
    database: f64,
    client: f64,
}

#[tokio::test]
#[ignore = "minutes: ./test long"]
async fn what_is_done_in_a_second() {
    let size = Size::wanted();
    let largest = CONNECTIONS[CONNECTIONS.len() - 1];
    let sqlite = Stand::on_sqlite(CONFIG, largest).await;
    let postgres = Stand::on_postgres::<3>(Durable::start().await, CONFIG, largest).await;
    let version = postgres.database.as_ref().map(|database| database.ask("SHOW server_version")).unwrap_or_default();
    aloud(&format!("throughput: PostgreSQL {version}; {} rounds; sends {:?}, lists {:?}", size.rounds, size.send, size.list));
    for (stand, nodes) in [(&sqlite, 1), (&postgres, 3)] {
        let people = &stand.people[4..];
        let held = End::Count(HELD * people.len() as u64);
        load(&stand.first(nodes), people, people.len(), Ask::Send, held).await;
        load(&stand.first(nodes), people, people.len(), Ask::Get(LIST), End::Count(1000)).await;
        stand.deliver().await;
        stand.rest().await;
    }
    let mut samples: BTreeMap<Cell, Vec<Sample>> = BTreeMap::new();
    for round in 0..size.rounds {
        for cell in cells(round) {
            let stand = if cell.side == Side::Sqlite { &sqlite } else { &postgres };
            samples.entry(cell).or_default().push(sample(stand, cell, &size).await);
        }
        aloud(&format!("throughput: round {} of {}, load of the machine {}", round + 1, size.rounds, machine_load()));
    }
    tell(&samples);
    sqlite.finish().await;
    postgres.finish().await;
}

/// All cells; each round begins with another side.
fn cells(round: usize) -> Vec<Cell> {
    let mut sides = SIDES;
    sides.rotate_left(round % SIDES.len());
    let mut cells = Vec::new();
    for (deed, connections) in CONNECTIONS.iter().flat_map(|count| [(Deed::Send, *count), (Deed::List, *count)]) {
        cells.extend(sides.map(|side| Cell { deed, connections, side }));
    }
    let most = CONNECTIONS[CONNECTIONS.len() - 1];
    cells.extend(sides.map(|side| Cell { deed: Deed::SendFromOne, connections: most, side }));
    cells
}

async fn sample(stand: &Stand, cell: Cell, size: &Size) -> Sample {
    let nodes = stand.first(if let Side::Nodes(count) = cell.side { count } else { 1 });
    let (one, people) = (&stand.people[..1], &stand.people[4..]);
    let (before, client, began) = (stand.cpu(), cpu::of_process(std::process::id()), Instant::now());
    let done = match cell.deed {
        Deed::Send => load(&nodes, people, cell.connections, Ask::Send, End::After(size.send)).await,
        Deed::SendFromOne => {
            let to = Ask::SendTo(&stand.people[1].address);
            load(&nodes, one, cell.connections, to, End::After(size.send)).await
        }
        Deed::List => load(&nodes, people, cell.connections, Ask::Get(LIST), End::After(size.list)).await,
    };
    let client = cpu::of_process(std::process::id()).saturating_sub(client);
    stand.deliver().await;
    let delivered = done.count() as f64 / began.elapsed().as_secs_f64();
    stand.rest().await;
    let each = |time: Duration| time.as_secs_f64() * 1000.0 / done.count() as f64;
    let [nodes, database] = [0, 1].map(|part| each(stand.cpu()[part].saturating_sub(before[part])));
    let (per_second, p50, p99) = (done.per_second(), done.percentile(50), done.percentile(99));
    Sample { per_second, delivered, p50, p99, nodes, database, client: each(client) }
}

fn tell(samples: &BTreeMap<Cell, Vec<Sample>>) {
    aloud(
        "throughput: | asked | connections | rows in | nodes | a second | of SQLite's | of one node's | p50 ms | p99 ms | delivered a second | CPU ms, nodes | CPU ms, PostgreSQL | CPU ms, client |",
    );
    aloud("throughput: |---|---:|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|");
    for (cell, of_cell) in samples {
        let of = |what: fn(&Sample) -> f64| median(of_cell.iter().map(what).collect());
        let beside = |side| {
            let other = &samples[&Cell { side, ..*cell }];
            median(of_cell.iter().zip(other).map(|(one, other)| one.per_second / other.per_second).collect())
        };
        let rates = || of_cell.iter().map(|sample| sample.per_second);
        let (least, most) = (rates().fold(f64::INFINITY, f64::min), rates().fold(0.0, f64::max));
        let (rows, nodes) = match cell.side {
            Side::Sqlite => ("SQLite", 1),
            Side::Nodes(count) => ("PostgreSQL", count),
        };
        let deed = match cell.deed {
            Deed::Send => "sendMail",
            Deed::SendFromOne => "sendMail, all from one mailbox to one",
            Deed::List => "list",
        };
        let delivered = if cell.deed == Deed::List { "–".to_owned() } else { format!("{:.0}", of(|s| s.delivered)) };
        aloud(&format!(
            "throughput: | {deed} | {} | {rows} | {nodes} | {:.0} ({least:.0}–{most:.0}) | {:.2} | {:.2} | {:.1} | {:.1} | {delivered} \
             | {:.2} | {:.2} | {:.2} |",
            cell.connections,
            of(|s| s.per_second),
            beside(Side::Sqlite),
            beside(Side::Nodes(1)),
            of(|s| s.p50),
            of(|s| s.p99),
            of(|s| s.nodes),
            of(|s| s.database),
            of(|s| s.client),
        ));
    }
}

/// The one in the middle; the lower of two.
fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len().saturating_sub(1) / 2).copied().unwrap_or(f64::NAN)
}

/// Who else wants the cores: the load averages of one and five minutes.
pub fn machine_load() -> String {
    let said = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    said.split(' ').take(2).collect::<Vec<_>>().join(" and ")
}
