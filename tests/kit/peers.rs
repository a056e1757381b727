//! Servers that others made, from Debian's packages, each with a folder and ports of its own.

mod dovecot;
mod postfix;
mod slapd;

pub use dovecot::Dovecot;
pub use postfix::Postfix;
pub use slapd::{BASE as SLAPD_BASE, READER, Slapd};

use crate::until_within;
use std::fs::{self, Permissions};
use std::net::{Ipv4Addr, SocketAddr};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::Duration;
use tempfile::TempDir;
use tokio::io::AsyncReadExt;
use tokio::net::TcpStream;

/// Whether such servers can be started here: they give up root's rights for their own, so they need these first.
pub fn may_start_peers() -> bool {
    let is_root = rustix::process::geteuid().is_root();
    if !is_root {
        crate::skipped("Postfix and Dovecot can be started by root alone");
    }
    is_root
}

/// A folder that the servers' own users may go through.
pub(crate) fn folder() -> TempDir {
    let folder = tempfile::tempdir().expect("a temporary directory can be made");
    fs::set_permissions(folder.path(), Permissions::from_mode(0o755)).expect("it is ours");
    folder
}

/// A port that was free a moment ago: these servers can't be given a socket, nor say which one they took.
fn free_port() -> u16 {
    crate::free_address().port()
}

fn at(port: u16) -> SocketAddr {
    SocketAddr::from((Ipv4Addr::LOCALHOST, port))
}

/// Waits until a server takes connections.
async fn until_reached(address: SocketAddr) {
    let reaches = async || TcpStream::connect(address).await.ok().map(drop);
    until_within(Duration::from_secs(20), &format!("a server is reached at {address}"), reaches).await;
}

/// Waits until a server greets.
async fn until_greeted(address: SocketAddr, log: &Path) {
    let greets = async || {
        let mut stream = TcpStream::connect(address).await.ok()?;
        let mut octets = [0; 4];
        stream.read_exact(&mut octets).await.ok()?;
        (&octets == b"220 ").then_some(())
    };
    let what = format!("a server greets at {address}; its log is {}", log.display());
    until_within(Duration::from_secs(20), &what, greets).await;
}
