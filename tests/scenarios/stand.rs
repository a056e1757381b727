//! What is measured: nodes, what they stand on, and the people who use them.

use crate::load::{Somebody, people};
use kit::{Durable, PEOPLE, Server, address, cpu, until_within};
use std::time::Duration;
use store::{Store, StoreError};
use tokio::time::sleep;

/// How long what was sent may take until it is where it goes, and until its texts are indexed.
const SETTLED: Duration = Duration::from_secs(300);
/// A pause, and how many of them without work are rest.
const PAUSE: Duration = Duration::from_millis(100);
const REST: usize = 3;
/// What a node may take of the processor in a pause, to say that it is there.
const NOTHING: Duration = Duration::from_millis(10);

/// Nodes of one store.
pub struct Stand {
    pub nodes: Vec<Server>,
    pub database: Option<Durable>,
    /// The people of development mode, then others.
    pub people: Vec<Somebody>,
    beside: Store,
}

impl Stand {
    /// One node on SQLite and files.
    pub async fn on_sqlite(config: &str, others: usize) -> Stand {
        Stand::of(vec![Server::with_config(config).await], None, others).await
    }

    /// So many nodes on a PostgreSQL that syncs, and object storage.
    pub async fn on_postgres<const COUNT: usize>(database: Durable, config: &str, others: usize) -> Stand {
        let nodes: [Server; COUNT] = Server::nodes_told(database.url(), config).await;
        Stand::of(nodes.into(), Some(database), others).await
    }

    async fn of(nodes: Vec<Server>, database: Option<Durable>, others: usize) -> Stand {
        let named = |name: &&str| {
            let token = nodes[0].entry(name)["token"].as_str().unwrap().to_owned();
            Somebody { address: address(name), token }
        };
        let mut all: Vec<Somebody> = PEOPLE.iter().map(named).collect();
        all.extend(people(&nodes[0], others).await);
        let beside = nodes[0].store();
        Stand { nodes, database, people: all, beside }
    }

    /// The first nodes.
    pub fn first(&self, count: usize) -> Vec<&Server> {
        self.nodes.iter().take(count).collect()
    }

    /// The time of the processor that nodes and database have had so far.
    pub fn cpu(&self) -> [Duration; 2] {
        let nodes = self.nodes.iter().map(|node| cpu::of_process(node.process())).sum();
        [nodes, self.database.as_ref().map(Durable::cpu).unwrap_or_default()]
    }

    /// Waits until all that was sent is delivered.
    pub async fn deliver(&self) {
        let is_empty = async || {
            let waiting = self.beside.read::<_, StoreError>(|tx| tx.queue_depth()).await.expect("the queue can be seen");
            waiting.is_empty().then_some(())
        };
        until_within(SETTLED, "all is delivered", is_empty).await;
    }

    /// Waits until nodes and database do nothing any more: texts are indexed behind the deeds.
    pub async fn rest(&self) {
        let (mut idle, mut before) = (0, self.cpu());
        let is_idle = async || {
            sleep(PAUSE).await; // a pace is what is looked at
            let now = self.cpu();
            let worked = now.iter().sum::<Duration>().saturating_sub(before.iter().sum());
            before = now;
            idle = if worked <= NOTHING { idle + 1 } else { 0 };
            (idle >= REST).then_some(())
        };
        until_within(SETTLED, "it is at rest", is_idle).await;
    }

    /// The store, beside the nodes.
    pub fn store(&self) -> &Store {
        &self.beside
    }

    /// Stops all nodes, whose store must be in order.
    pub async fn finish(self) {
        drop(self.beside);
        for node in self.nodes {
            node.finish().await;
        }
    }
}
