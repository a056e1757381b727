//! A gate before another server's port: a test shuts it, or lets nothing through, and the server behind it is out of reach.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt, ReadHalf, WriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;

/// What a gate does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// Everything goes through.
    Open,
    /// Connections break, and new ones are broken off at once.
    Shut,
    /// Connections stand, and nothing goes through; new ones are taken.
    Stuck,
    /// What clients say goes through, and no answer does.
    Mute,
}

/// A gate. It ends with its test.
pub struct Gate {
    address: SocketAddr,
    way: watch::Sender<Way>,
    said: Arc<AtomicUsize>,
    _tasks: JoinSet<()>,
}

impl Gate {
    /// One before this port, open.
    pub async fn before(behind: SocketAddr) -> Gate {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
        let address = listener.local_addr().expect("it has an address");
        let (way, told) = watch::channel(Way::Open);
        let (mut tasks, said) = (JoinSet::new(), Arc::<AtomicUsize>::default());
        tasks.spawn(stand(listener, behind, told, said.clone()));
        Gate { address, way, said, _tasks: tasks }
    }

    /// Where it stands.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// How often clients said something so far: each waits for the answer to what he said before.
    pub fn said(&self) -> usize {
        self.said.load(Ordering::Relaxed)
    }

    /// What it does from now on.
    pub fn set(&self, way: Way) {
        let _ = self.way.send(way); // its task may have ended with its test
    }
}

async fn stand(listener: TcpListener, behind: SocketAddr, told: watch::Receiver<Way>, said: Arc<AtomicUsize>) {
    let mut connections = JoinSet::new();
    while let Ok((client, _)) = listener.accept().await {
        let (told, said) = (told.clone(), said.clone());
        connections.spawn(async move {
            let mut until_shut = told.clone();
            tokio::select! {
                _ = until_shut.wait_for(|way| *way == Way::Shut) => {}
                () = pass(client, behind, told, &said) => {}
            }
        });
    }
}

async fn pass(client: TcpStream, behind: SocketAddr, told: watch::Receiver<Way>, said: &AtomicUsize) {
    let mut until_open = told.clone();
    let _ = until_open.wait_for(|way| *way == Way::Open).await;
    let Ok(server) = TcpStream::connect(behind).await else { return };
    let _ = (client.set_nodelay(true), server.set_nodelay(true));
    let ((from_client, to_client), (from_server, to_server)) = (tokio::io::split(client), tokio::io::split(server));
    tokio::select! {
        () = one_way(from_client, to_server, (told.clone(), &[Way::Open, Way::Mute]), Some(said)) => {}
        () = one_way(from_server, to_client, (told, &[Way::Open]), None) => {}
    }
}

async fn one_way(
    mut from: ReadHalf<TcpStream>,
    mut to: WriteHalf<TcpStream>,
    (mut told, open): (watch::Receiver<Way>, &[Way]),
    said: Option<&AtomicUsize>,
) {
    let mut octets = vec![0; 64 * 1024];
    while let Ok(count @ 1..) = from.read(&mut octets).await {
        let _ = told.wait_for(|way| open.contains(way)).await;
        if let Some(said) = said {
            said.fetch_add(1, Ordering::Relaxed);
        }
        if to.write_all(&octets[..count]).await.is_err() {
            return;
        }
    }
    // What came last may still be on its way in the other direction.
    tokio::time::sleep(Duration::from_millis(10)).await;
}
