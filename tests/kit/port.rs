//! Ports for those who must be told theirs before they listen.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::sync::atomic::{AtomicU16, Ordering};

/// Below what the system gives to whoever asks for any port (32768 and up): nobody gets one of these in the meantime.
const FIRST: u16 = 20_000;
const COUNT: u16 = 12_000;

/// An address on this machine where nothing listens, once for each call.
pub fn free_address() -> SocketAddr {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let start = u16::try_from(std::process::id() % u32::from(COUNT)).expect("it is below");
    (0..COUNT)
        .map(|_| {
            let number = (u32::from(start) + u32::from(NEXT.fetch_add(1, Ordering::Relaxed))) % u32::from(COUNT);
            SocketAddr::from((Ipv4Addr::LOCALHOST, FIRST + u16::try_from(number).expect("it is below")))
        })
        .find(|address| TcpListener::bind(address).is_ok())
        .expect("a port is free")
}
