//! An app's receiver of notifications, which does as it is told, well or badly, and keeps what it took.

use crate::peer::acceptor;
use crate::{until, until_within};
use serde_json::Value;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;

/// What it does where it would take notifications.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reaction {
    /// Takes them: 202.
    Take,
    /// Answers with this status; with one of 2xx it has taken them.
    Answer(u16),
    /// Closes the connection without a word.
    Cut,
    /// Takes them, and closes the connection instead of saying so.
    TakeAndCut,
    /// Waits, then takes them.
    Wait(Duration),
}

/// What it does where it is asked whether it wants to be told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Handshake {
    /// Gives back what it was told, decoded.
    Echo,
    /// Answers with this status, media type and body.
    Say(u16, &'static str, &'static str),
    /// Gives back what it was told as it stands in the URL.
    Encoded,
    /// Says nothing.
    Silence,
}

/// A POST that it took.
#[derive(Debug, Clone)]
pub struct Received {
    /// Path and query.
    pub path: String,
    /// The media type.
    pub content_type: String,
    /// The body.
    pub body: Value,
}

impl Received {
    /// The notifications in it.
    pub fn notifications(&self) -> Vec<Value> {
        self.body["value"].as_array().expect("notifications come as a collection").clone()
    }
}

/// The receiver.
pub struct Receiver {
    address: SocketAddr,
    scheme: &'static str,
    state: Arc<State>,
    task: JoinHandle<()>,
}

struct State {
    reaction: Mutex<Reaction>,
    handshake: Mutex<Handshake>,
    received: Mutex<Vec<Received>>,
    /// Path and query of each handshake.
    asked: Mutex<Vec<String>>,
    /// POSTs of notifications, taken or not.
    tried: Mutex<usize>,
}

fn locked<T>(of: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    of.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Receiver {
    /// One that takes everything, over HTTP on loopback.
    pub async fn start() -> Receiver {
        Receiver::over(None).await
    }

    /// One over TLS, with this certificate and key in PEM.
    pub async fn with_tls(certificate: &(String, String)) -> Receiver {
        Receiver::over(Some(acceptor(certificate))).await
    }

    async fn over(tls: Option<TlsAcceptor>) -> Receiver {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
        let address = listener.local_addr().expect("it has an address");
        let scheme = if tls.is_some() { "https" } else { "http" };
        let state = Arc::new(State {
            reaction: Mutex::new(Reaction::Take),
            handshake: Mutex::new(Handshake::Echo),
            received: Mutex::default(),
            asked: Mutex::default(),
            tried: Mutex::default(),
        });
        let serving = state.clone();
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (state, tls) = (serving.clone(), tls.clone());
                tokio::spawn(async move {
                    match tls {
                        None => drop(serve(&state, stream).await),
                        Some(acceptor) => {
                            if let Ok(stream) = acceptor.accept(stream).await {
                                drop(serve(&state, stream).await);
                            }
                        }
                    }
                });
            }
        });
        Receiver { address, scheme, state, task }
    }

    /// A URL of it.
    pub fn url(&self, path: &str) -> String {
        format!("{}://{}{path}", self.scheme, self.address)
    }

    /// Has it react so from now on.
    pub fn react(&self, reaction: Reaction) {
        *locked(&self.state.reaction) = reaction;
    }

    /// Has it answer so when it is asked.
    pub fn answer_handshakes(&self, handshake: Handshake) {
        *locked(&self.state.handshake) = handshake;
    }

    /// The paths and queries by which it was asked.
    pub fn asked(&self) -> Vec<String> {
        locked(&self.state.asked).clone()
    }

    /// How many POSTs of notifications came, taken or not.
    pub fn tried(&self) -> usize {
        *locked(&self.state.tried)
    }

    /// The POSTs that it took.
    pub fn received(&self) -> Vec<Received> {
        locked(&self.state.received).clone()
    }

    /// The notifications that it took at a path, in their order.
    pub fn notifications(&self, path: &str) -> Vec<Value> {
        let received = self.received();
        received.iter().filter(|one| one.path == path).flat_map(Received::notifications).collect()
    }

    /// Waits until it took as many notifications at a path, or more.
    pub async fn until_notified(&self, path: &str, count: usize) -> Vec<Value> {
        let enough = async || Some(self.notifications(path)).filter(|all| all.len() >= count);
        until(&format!("{count} notifications at {path}"), enough).await
    }

    /// Waits for that longer than usual.
    pub async fn until_notified_within(&self, limit: Duration, path: &str, count: usize) -> Vec<Value> {
        let enough = async || Some(self.notifications(path)).filter(|all| all.len() >= count);
        until_within(limit, &format!("{count} notifications at {path}"), enough).await
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// One request, and the end of the connection.
async fn serve(state: &State, mut stream: impl AsyncRead + AsyncWrite + Unpin) -> std::io::Result<()> {
    let Some((head, body)) = request(&mut stream).await? else { return Ok(()) };
    let line = head.lines().next().unwrap_or_default();
    let path = line.strip_prefix("POST ").and_then(|rest| rest.split(' ').next()).expect("it is posted to").to_owned();
    if let Some(token) = token(&path) {
        locked(&state.asked).push(path.clone());
        let handshake = locked(&state.handshake).clone();
        let (status, content_type, body) = match handshake {
            Handshake::Echo => (200, "text/plain", decoded(token)),
            Handshake::Encoded => (200, "text/plain", token.to_owned()),
            Handshake::Say(status, content_type, body) => (status, content_type, body.to_owned()),
            Handshake::Silence => {
                tokio::time::sleep(Duration::from_secs(60)).await;
                return Ok(());
            }
        };
        return answer(&mut stream, status, content_type, &body).await;
    }
    *locked(&state.tried) += 1;
    let reaction = locked(&state.reaction).clone();
    let content_type = field(&head, "content-type");
    let take =
        || locked(&state.received).push(Received { path, content_type, body: serde_json::from_slice(&body).expect("JSON") });
    match reaction {
        Reaction::Take => take(),
        Reaction::Answer(status) => {
            if (200..300).contains(&status) {
                take();
            }
            return answer(&mut stream, status, "text/plain", "").await;
        }
        Reaction::Cut => return Ok(()),
        Reaction::TakeAndCut => {
            take();
            return Ok(());
        }
        Reaction::Wait(time) => {
            tokio::time::sleep(time).await;
            take();
        }
    }
    answer(&mut stream, 202, "text/plain", "").await
}

/// Head and body of a request; nothing where none comes.
async fn request(stream: &mut (impl AsyncRead + Unpin)) -> std::io::Result<Option<(String, Vec<u8>)>> {
    let mut octets = Vec::new();
    loop {
        if let Some(end) = octets.windows(4).position(|four| four == b"\r\n\r\n") {
            let head = String::from_utf8(octets[..end].to_vec()).expect("a head is text");
            let length: usize = field(&head, "content-length").parse().unwrap_or(0);
            if octets.len() >= end + 4 + length {
                return Ok(Some((head, octets[end + 4..].to_vec())));
            }
        }
        if stream.read_buf(&mut octets).await? == 0 {
            return Ok(None);
        }
    }
}

fn field(head: &str, name: &str) -> String {
    let fields = head.lines().filter_map(|line| line.split_once(':'));
    let mut named = fields.filter(|(field, _)| field.eq_ignore_ascii_case(name));
    named.next().map(|(_, value)| value.trim().to_owned()).unwrap_or_default()
}

async fn answer(stream: &mut (impl AsyncWrite + Unpin), status: u16, media: &str, body: &str) -> std::io::Result<()> {
    let head =
        format!("HTTP/1.1 {status} X\r\nContent-Type: {media}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n", body.len());
    stream.write_all(format!("{head}{body}").as_bytes()).await?;
    stream.shutdown().await
}

fn token(path: &str) -> Option<&str> {
    path.split_once('?')?.1.split('&').find_map(|one| one.strip_prefix("validationToken="))
}

/// Undoes percent-encoding.
fn decoded(text: &str) -> String {
    let mut parts = text.split('%');
    let mut octets = parts.next().unwrap_or_default().as_bytes().to_vec();
    for part in parts {
        let (code, rest) = part.split_at(2);
        octets.push(u8::from_str_radix(code, 16).expect("two digits"));
        octets.extend(rest.as_bytes());
    }
    String::from_utf8(octets).expect("a token is text")
}
