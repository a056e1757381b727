//! Every address at which the server listens, bound before it answers at any: who is told that it is there finds all of it.

use crate::config::{Address, Config};
use crate::listen::{Addresses, bind};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use tokio::net::TcpListener;

/// What is bound.
pub(crate) struct Sockets {
    pub(crate) http: TcpListener,
    pub(crate) https: TcpListener,
    pub(crate) smtp: TcpListener,
    /// Submission, and whether TLS begins at once.
    pub(crate) submissions: Vec<(TcpListener, bool)>,
    pub(crate) lmtp: Option<TcpListener>,
    pub(crate) metrics: Option<TcpListener>,
}

impl Sockets {
    /// Binds what the settings say.
    ///
    /// # Errors
    /// Where an address is taken, or none of this machine's.
    pub(crate) async fn bind(config: &Config) -> anyhow::Result<Sockets> {
        let mut submissions = Vec::new();
        for (said, is_tls_at_once) in [(config.submission.starttls, false), (config.submission.implicit_tls, true)] {
            submissions.extend(said_so("submission", said).await?.map(|socket| (socket, is_tls_at_once)));
        }
        Ok(Sockets {
            http: bind("HTTP", config.http).await?,
            https: bind("HTTPS", config.https).await?,
            smtp: bind("SMTP", config.smtp).await?,
            submissions,
            lmtp: said_so("LMTP", config.lmtp).await?,
            metrics: said_so("metrics", config.metrics).await?,
        })
    }

    /// Where clients on this machine reach the first three.
    ///
    /// # Errors
    /// Where the system doesn't tell.
    pub(crate) fn addresses(&self) -> std::io::Result<Addresses> {
        Ok(Addresses {
            http: reachable(self.http.local_addr()?),
            https: reachable(self.https.local_addr()?),
            smtp: reachable(self.smtp.local_addr()?),
        })
    }
}

async fn said_so(door: &str, said: Option<SocketAddr>) -> anyhow::Result<Option<TcpListener>> {
    let Some(socket) = said else { return Ok(None) };
    bind(door, Address { socket, explicit: true }).await.map(Some)
}

/// Where a client on this machine reaches what listens there: "any address" is no address to connect to.
fn reachable(bound: SocketAddr) -> SocketAddr {
    let ip = match bound.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => IpAddr::V4(Ipv4Addr::LOCALHOST),
        IpAddr::V6(ip) if ip.is_unspecified() => IpAddr::V6(Ipv6Addr::LOCALHOST),
        ip => ip,
    };
    SocketAddr::new(ip, bound.port())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_address_is_reached_at_loopback() {
        for (bound, reached) in [("0.0.0.0:1", "127.0.0.1:1"), ("[::]:2", "[::1]:2"), ("10.0.0.1:3", "10.0.0.1:3")] {
            assert_eq!(reachable(bound.parse().expect("address")), reached.parse().expect("address"));
        }
    }
}
