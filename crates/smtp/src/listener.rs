//! Takes connections, as many as there may be, until it is told to stop.

use crate::conversation::Conversation;
pub use crate::session::Protocol;
use crate::session::{Offer, Terms};
use crate::submit::Submission;
use crate::verify::Checks;
use crate::wire::reply::{self, Reply};
use mailbox::Mail;
use rustls::ServerConfig;
use std::collections::HashMap;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::io::AsyncWriteExt;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

/// Before the next try where the machine has no more connections to give.
const EXHAUSTED: Duration = Duration::from_millis(250);
/// For the messages that are coming when the end comes.
const LAST_MESSAGES: Duration = Duration::from_secs(6);

/// What is spoken at one address.
pub struct Door {
    /// The mail that comes in there.
    pub mail: Mail,
    /// The server's name: the domain that it greets with.
    pub host: String,
    /// What is spoken.
    pub protocol: Protocol,
    /// Octets that a message may have.
    pub max_octets: u64,
    /// The certificate, where there is TLS.
    pub tls: Option<Arc<ServerConfig>>,
    /// Whether TLS begins before the first word, and not by STARTTLS.
    pub is_tls_at_once: bool,
    /// Whether people submit mail there, who prove who they are.
    pub submission: Option<Submission>,
    /// Who is asked about the origin of what strangers bring; without it nobody is.
    pub checks: Option<Checks>,
    /// What is too much.
    pub limits: Limits,
}

/// What is too much.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Connections at once.
    pub connections: usize,
    /// Connections at once from one address.
    pub connections_of_peer: usize,
    /// Recipients of a message (RFC 5321 §4.5.3.1.8: at least 100).
    pub recipients: usize,
    /// Whether whoever stands on this machine is neither counted nor slowed down: for development.
    pub spares_loopback: bool,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits { connections: 1000, connections_of_peer: 20, recipients: 1000, spares_loopback: false }
    }
}

impl Door {
    pub(crate) fn terms(&self) -> Terms {
        Terms {
            host: self.host.clone(),
            protocol: self.protocol,
            max_octets: self.max_octets,
            max_recipients: self.limits.recipients,
            max_recipients_submitted: self.limits.recipients.min(mailbox::MAX_RECIPIENTS),
            has_tls: self.tls.is_some(),
            submission: match &self.submission {
                None => Offer::None,
                Some(Submission { is_alone: true, is_plain_allowed, .. }) => Offer::Alone { is_plain_allowed: *is_plain_allowed },
                Some(Submission { is_plain_allowed, .. }) => Offer::Beside { is_plain_allowed: *is_plain_allowed },
            },
        }
    }
}

/// A bound address and what is spoken there.
pub struct Listener {
    socket: TcpListener,
    door: Arc<Door>,
    peers: Arc<Mutex<HashMap<IpAddr, usize>>>,
}

impl Listener {
    /// Speaks at this address.
    pub fn new(socket: TcpListener, door: Door) -> Listener {
        Listener { socket, door: Arc::new(door), peers: Arc::default() }
    }

    /// Takes mail until `stop` turns true. Then it takes no more connections, lets messages that are coming end, and cuts off
    /// what would not.
    pub async fn serve(self, stop: watch::Receiver<bool>) {
        let mut conversations = JoinSet::new();
        let mut until = stop.clone();
        loop {
            tokio::select! {
                () = stopped(&mut until) => break,
                Some(_) = conversations.join_next() => {} // a panic in it was logged where it happened
                accepted = self.socket.accept() => match accepted {
                    Ok((stream, peer)) => self.open(stream, peer, stop.clone(), &mut conversations),
                    Err(error) => {
                        if error.kind() != io::ErrorKind::ConnectionAborted {
                            tracing::error!(%error, "no SMTP connection can be taken");
                            sleep(EXHAUSTED).await;
                        }
                    }
                },
            }
        }
        drop(self.socket);
        let ended = timeout(LAST_MESSAGES, async { while conversations.join_next().await.is_some() {} }).await;
        if ended.is_err() {
            tracing::warn!(connections = conversations.len(), "messages that would not end are cut off");
        }
        conversations.shutdown().await;
    }

    fn open(&self, stream: TcpStream, peer: SocketAddr, stop: watch::Receiver<bool>, conversations: &mut JoinSet<()>) {
        // A reply is one write and should leave at once (RFC 9293 §3.7.4); where that fails, it leaves later.
        let _ = stream.set_nodelay(true);
        let ip = peer.ip().to_canonical();
        let Some(seat) = self.seat(ip, conversations.len()) else {
            conversations.spawn(turn_away(stream));
            return;
        };
        let conversation = Conversation::new(self.door.clone(), ip, stop, Box::new(stream));
        conversations.spawn(async move {
            conversation.run().await;
            drop(seat);
        });
    }

    /// A place for one more connection, if there is one.
    fn seat(&self, ip: IpAddr, taken: usize) -> Option<Seat> {
        let limits = self.door.limits;
        let mut peers = self.peers.lock().unwrap_or_else(PoisonError::into_inner);
        let of_peer = peers.entry(ip).or_default();
        let is_spared = limits.spares_loopback && ip.is_loopback();
        if taken >= limits.connections || (*of_peer >= limits.connections_of_peer && !is_spared) {
            if *of_peer == 0 {
                peers.remove(&ip);
            }
            return None;
        }
        *of_peer += 1;
        Some(Seat { peers: self.peers.clone(), ip })
    }
}

/// Waits until `stop` says so, or nobody is left to say it.
pub(crate) async fn stopped(stop: &mut watch::Receiver<bool>) {
    let _ = stop.wait_for(|&stop| stop).await;
}

/// A connection that is counted for its peer as long as this lives.
struct Seat {
    peers: Arc<Mutex<HashMap<IpAddr, usize>>>,
    ip: IpAddr,
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut peers = self.peers.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = peers.get_mut(&self.ip) {
            *count -= 1;
            if *count == 0 {
                peers.remove(&self.ip);
            }
        }
    }
}

async fn turn_away(mut stream: TcpStream) {
    let mut text = Vec::new();
    Reply::from(reply::TOO_MANY_CONNECTIONS).write(&mut text);
    // Whoever doesn't take it is gone, and that is as well.
    let _ = timeout(EXHAUSTED, stream.write_all(&text)).await;
}
