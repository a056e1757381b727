//! Takes connections and speaks HTTP/1.1 and HTTP/2 on them, with TLS or without, until it is told to stop. A client that
//! is slow, silent or hostile costs one connection, and none for ever before its request stands.

use crate::config::Address;
use crate::forwarded::TrustedProxies;
use crate::hosts::Hosts;
use crate::request_target::EncodedTargets;
use anyhow::Context;
use axum::Router;
use axum::extract::ConnectInfo;
use graph::{OwnHosts, Scheme};
use hyper::Request;
use hyper::body::Incoming;
use hyper::service::{Service, service_fn};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use hyper_util::service::TowerToHyperService;
use rustls::ServerConfig;
use std::io::{self, ErrorKind};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};
use tokio_rustls::TlsAcceptor;

/// For a TLS handshake.
const HANDSHAKE: Duration = Duration::from_secs(10);
/// For the header of a request, and between requests of a connection.
const HEADER: Duration = Duration::from_secs(30);
/// Between signs of life of an HTTP/2 connection, and for the answer to ours.
const PING: Duration = Duration::from_secs(30);
/// Before the next try where the machine has no more connections to give.
const EXHAUSTED: Duration = Duration::from_millis(250);
/// For the requests that run when the end comes.
const LAST_REQUESTS: Duration = Duration::from_secs(6);

/// Where clients on this machine reach the doors.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Addresses {
    pub(crate) http: SocketAddr,
    pub(crate) https: SocketAddr,
    pub(crate) smtp: SocketAddr,
}

/// A bound address and what is spoken there.
pub(crate) struct Listener {
    socket: TcpListener,
    tls: Option<Arc<ServerConfig>>,
    trusted: Arc<TrustedProxies>,
    hosts: Arc<Hosts>,
}

/// Binds an address. A default one that is taken gives way to a free port of the same IP address; one that somebody asked
/// for does not.
///
/// # Errors
/// Where it can't be bound.
pub(crate) async fn bind(door: &str, address: Address) -> anyhow::Result<TcpListener> {
    let Address { socket, explicit } = address;
    match TcpListener::bind(socket).await {
        Err(error) if error.kind() == ErrorKind::AddrInUse && !explicit => {
            let free = TcpListener::bind(SocketAddr::new(socket.ip(), 0)).await?;
            let instead = free.local_addr()?;
            tracing::warn!(%instead, "{socket} is taken, so {door} has another port");
            Ok(free)
        }
        bound => bound.with_context(|| format!("{socket} can't be had for {door}")),
    }
}

impl Listener {
    /// Listens here; with TLS where that is given. Of proxies, only those of `trusted` are believed, and requests may name
    /// `hosts`.
    pub(crate) fn new(
        socket: TcpListener,
        tls: Option<Arc<ServerConfig>>,
        trusted: Arc<TrustedProxies>,
        hosts: Arc<Hosts>,
    ) -> Listener {
        Listener { socket, tls, trusted, hosts }
    }

    /// Answers with `router` until `stop` turns true. Then it takes no more connections, closes idle ones, lets running
    /// requests end, for [`LAST_REQUESTS`] at most, and cuts off what is left.
    pub(crate) async fn serve(self, router: Router, stop: watch::Receiver<bool>) {
        let graceful = GracefulShutdown::new();
        let mut connections = JoinSet::new();
        let mut exhausted = false;
        let mut until = stop.clone();
        loop {
            tokio::select! {
                () = stopped(&mut until) => break,
                Some(_) = connections.join_next() => {} // a panic in it was logged where it happened
                accepted = self.socket.accept() => match accepted {
                    Ok((stream, peer)) => {
                        exhausted = false;
                        let connection = Connection {
                            peer,
                            router: router.clone(),
                            trusted: self.trusted.clone(),
                            own_hosts: stream.local_addr().ok().and_then(|at| self.hosts.rule(at.ip())),
                            watcher: graceful.watcher(),
                            stop: stop.clone(),
                        };
                        connections.spawn(connection.run(stream, self.tls.clone()));
                    }
                    Err(error) => refused(&error, &mut exhausted).await,
                },
            }
        }
        drop(self.socket);
        if timeout(LAST_REQUESTS, graceful.shutdown()).await.is_err() {
            tracing::warn!(connections = connections.len(), "requests that would not end are cut off");
        }
        connections.shutdown().await;
    }
}

/// A connection that failed before we had it is nobody's loss. Where the machine has none to give (EMFILE, ENFILE,
/// ENOBUFS, ENOMEM) asking again at once would spin, so this waits; the first of a row is logged.
async fn refused(error: &io::Error, exhausted: &mut bool) {
    if matches!(error.kind(), ErrorKind::ConnectionAborted | ErrorKind::ConnectionRefused | ErrorKind::ConnectionReset) {
        return;
    }
    if !std::mem::replace(exhausted, true) {
        tracing::error!(%error, "no connection can be taken");
    }
    sleep(EXHAUSTED).await;
}

async fn stopped(stop: &mut watch::Receiver<bool>) {
    let _ = stop.wait_for(|stop| *stop).await; // whoever could say so being gone is an end too
}

struct Connection {
    peer: SocketAddr,
    router: Router,
    trusted: Arc<TrustedProxies>,
    own_hosts: Option<OwnHosts>,
    watcher: Watcher,
    stop: watch::Receiver<bool>,
}

impl Connection {
    async fn run(mut self, stream: TcpStream, tls: Option<Arc<ServerConfig>>) {
        // An answer is one write and should leave at once (RFC 9293 §3.7.4); where that fails, it leaves later.
        let _ = stream.set_nodelay(true);
        tokio::select! {
            () = stopped(&mut self.stop) => {}
            opened = open(stream, tls) => match opened {
                Ok(Opened::Plain(stream)) => self.speak(EncodedTargets::new(stream), Scheme::Http, any_version()).await,
                Ok(Opened::Secure(stream)) => {
                    let h2 = stream.get_ref().1.alpn_protocol() == Some(b"h2");
                    if h2 {
                        self.speak(*stream, Scheme::Https, any_version().http2_only()).await;
                    } else {
                        self.speak(EncodedTargets::new(*stream), Scheme::Https, any_version().http1_only()).await;
                    }
                }
                Err(error) => tracing::debug!(%error, "a connection came to nothing"),
            },
        }
    }

    /// Speaks HTTP until either side has had enough. Each request carries the peer's address and the scheme.
    async fn speak<S>(self, stream: S, scheme: Scheme, version: auto::Builder<TokioExecutor>)
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let (peer, trusted, own_hosts, app) = (self.peer, self.trusted, self.own_hosts, TowerToHyperService::new(self.router));
        let asked = Arc::new(AtomicBool::new(false));
        let first = asked.clone();
        let service = service_fn(move |request: Request<Incoming>| {
            asked.store(true, Ordering::Relaxed);
            let (mut parts, body) = request.into_parts();
            parts.extensions.insert(ConnectInfo(peer));
            parts.extensions.insert(scheme);
            if let Some(own_hosts) = &own_hosts {
                parts.extensions.insert(own_hosts.clone());
            }
            trusted.apply(peer, &mut parts);
            app.call(Request::from_parts(parts, body))
        });
        let connection = version.serve_connection(TokioIo::new(stream), service);
        tokio::select! {
            served = self.watcher.watch(connection) => if let Err(error) = served {
                tracing::debug!(%error, "a connection broke off");
            },
            () = nothing_asked(&first) => tracing::debug!("a connection asked for nothing"),
        }
    }
}

/// Comes where a connection has no request after [`HEADER`]: half an HTTP/2 preface starts none of the other clocks.
async fn nothing_asked(asked: &AtomicBool) {
    sleep(HEADER).await;
    if asked.load(Ordering::Relaxed) {
        std::future::pending::<()>().await;
    }
}

enum Opened {
    Plain(TcpStream),
    Secure(Box<tokio_rustls::server::TlsStream<TcpStream>>),
}

/// Waits for the handshake, or for the first octet where there is none.
async fn open(stream: TcpStream, tls: Option<Arc<ServerConfig>>) -> io::Result<Opened> {
    match tls {
        Some(config) => {
            let stream = timeout(HANDSHAKE, TlsAcceptor::from(config).accept(stream)).await??;
            Ok(Opened::Secure(Box::new(stream)))
        }
        None => {
            timeout(HEADER, stream.peek(&mut [0])).await??; // before it nothing else counts the time
            Ok(Opened::Plain(stream))
        }
    }
}

fn any_version() -> auto::Builder<TokioExecutor> {
    let mut builder = auto::Builder::new(TokioExecutor::new());
    builder.http1().timer(TokioTimer::new()).header_read_timeout(HEADER);
    builder.http2().timer(TokioTimer::new()).keep_alive_interval(PING).keep_alive_timeout(PING);
    builder
}

#[cfg(test)]
mod tests;
