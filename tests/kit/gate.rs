//! A gate before another server's port: a test shuts it, or lets nothing through, and the server behind it is out of reach.

use std::net::SocketAddr;
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
}

/// A gate. It ends with its test.
pub struct Gate {
    address: SocketAddr,
    way: watch::Sender<Way>,
    _tasks: JoinSet<()>,
}

impl Gate {
    /// One before this port, open.
    pub async fn before(behind: SocketAddr) -> Gate {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
        let address = listener.local_addr().expect("it has an address");
        let (way, told) = watch::channel(Way::Open);
        let mut tasks = JoinSet::new();
        tasks.spawn(stand(listener, behind, told));
        Gate { address, way, _tasks: tasks }
    }

    /// Where it stands.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// What it does from now on.
    pub fn set(&self, way: Way) {
        let _ = self.way.send(way); // its task may have ended with its test
    }
}

async fn stand(listener: TcpListener, behind: SocketAddr, told: watch::Receiver<Way>) {
    let mut connections = JoinSet::new();
    while let Ok((client, _)) = listener.accept().await {
        let told = told.clone();
        connections.spawn(async move {
            let mut until_shut = told.clone();
            tokio::select! {
                _ = until_shut.wait_for(|way| *way == Way::Shut) => {}
                () = pass(client, behind, told) => {}
            }
        });
    }
}

async fn pass(client: TcpStream, behind: SocketAddr, told: watch::Receiver<Way>) {
    let mut until_open = told.clone();
    let _ = until_open.wait_for(|way| *way == Way::Open).await;
    let Ok(server) = TcpStream::connect(behind).await else { return };
    let _ = (client.set_nodelay(true), server.set_nodelay(true));
    let ((from_client, to_client), (from_server, to_server)) = (tokio::io::split(client), tokio::io::split(server));
    tokio::select! {
        () = one_way(from_client, to_server, told.clone()) => {}
        () = one_way(from_server, to_client, told) => {}
    }
}

async fn one_way(mut from: ReadHalf<TcpStream>, mut to: WriteHalf<TcpStream>, mut told: watch::Receiver<Way>) {
    let mut octets = vec![0; 64 * 1024];
    while let Ok(count @ 1..) = from.read(&mut octets).await {
        let _ = told.wait_for(|way| *way == Way::Open).await;
        if to.write_all(&octets[..count]).await.is_err() {
            return;
        }
    }
    // What came last may still be on its way in the other direction.
    tokio::time::sleep(Duration::from_millis(10)).await;
}
