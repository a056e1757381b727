//! A large store goes from a data directory to PostgreSQL and object storage and back, and nothing is otherwise.

use kit::{PEOPLE, Room, Server, aloud, digests, is_long, plain, postgres_version, s3_version};
use std::process::Output;
use std::time::Duration;
use tokio::task::JoinSet;
use tokio::time::Instant;

/// Messages sent; each stands in Sent Items and in an Inbox.
const SHORT: usize = 500;
const LONG: usize = 50_000;
/// Those who send at a time.
const SENDERS: usize = 16;
/// One of so many is large enough to stand in a file of its own.
const LARGE: usize = 500;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "minutes: ./test long"]
async fn a_large_store_goes_there_and_back_whole() {
    let count = if is_long() { LONG } else { SHORT };
    let server = Server::open(Room::directory()).await;
    let began = Instant::now();
    fill(&server, count).await;
    aloud(&format!("moving: {} messages filed in {} s", count * 2, began.elapsed().as_secs()));
    aloud(&format!("moving: SQLite {}, files; {}, S3 ({})", store::sqlite_version(), postgres_version(), s3_version()));
    let one = server.leave().await;
    let (other, third) = (Room::shared(), Room::directory());
    let there = told("SQLite to PostgreSQL and S3", &one, &other).await;
    other.demand_order().await;
    let back = told("PostgreSQL and S3 to SQLite", &other, &third).await;
    third.demand_order().await;
    assert_eq!(digests(&there), digests(&back));
    for line in digests(&back).iter().filter(|line| !line.contains(" 0 0000")) {
        aloud(&format!("moving: both ways alike: {line}"));
    }
}

async fn fill(server: &Server, count: usize) {
    let mut senders = JoinSet::new();
    for sender in 0..SENDERS {
        let from = PEOPLE[sender % PEOPLE.len()];
        let to = PEOPLE[(sender + 1) % PEOPLE.len()];
        let person = server.person(from);
        senders.spawn(async move {
            for number in (sender..count).step_by(SENDERS) {
                let mut octets = plain(from, &[to], &format!("Number {number}"));
                let lines = if number % LARGE == 0 { 20_000 } else { number % 300 };
                octets.extend(format!("Line of number {number}.\r\n").repeat(lines).into_bytes());
                person.send_mime(&octets).await.demand_empty(202);
            }
        });
    }
    senders.join_all().await;
    kit::until_within(Duration::from_secs(300), "all is delivered", async || {
        let mut total = 0;
        for name in PEOPLE {
            for folder in ["inbox", "sentitems"] {
                let found = server.person(name).get(&format!("mailFolders/{folder}?$select=totalItemCount")).await;
                total += found.demand(200).json()["totalItemCount"].as_u64()?;
            }
        }
        (usize::try_from(total) == Ok(count * 2)).then_some(())
    })
    .await;
}

async fn told(what: &str, from: &Room, to: &Room) -> Output {
    let began = Instant::now();
    let moved = from.move_to(to).await;
    let octets =
        String::from_utf8_lossy(&moved.stdout).lines().find(|line| line.contains(" octets were read")).map(str::to_owned);
    aloud(&format!("moving: {what}: {} s; {}", began.elapsed().as_secs(), octets.unwrap_or_default()));
    moved
}
