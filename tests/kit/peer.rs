//! Another mail server, which does as it is told, well or badly, and keeps a log of what it took.

use crate::until;
use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;

/// What it does where it would answer as any server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Act {
    /// As any server would.
    Usual,
    /// Says this line instead.
    Say(String),
    /// Closes the connection without a word.
    Drop,
    /// Closes it after so many octets of a message's content.
    DropWithin(usize),
    /// Takes the message, and closes the connection instead of saying so.
    TakeAndDrop,
    /// Waits, then answers as any server would.
    Wait(Duration),
}

/// A message that it took: said 250 to, or took without a word.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Taken {
    /// The MAIL line.
    pub mail: String,
    /// The RCPT lines that it said 250 to.
    pub rcpts: Vec<String>,
    /// The octets, dots undone.
    pub octets: Vec<u8>,
    /// Whether it came by BDAT.
    pub is_chunked: bool,
    /// Whether it came within TLS.
    pub is_tls: bool,
    /// Which connection it came by, counted from 0.
    pub connection: usize,
}

/// What it is asked for: the number of the connection, and a command line; `GREETING` when a connection begins, and `END` when a
/// message has come.
pub type Script = dyn Fn(usize, &str) -> Act + Send + Sync;

/// The server.
pub struct Peer {
    address: SocketAddr,
    state: Arc<State>,
    task: JoinHandle<()>,
}

struct State {
    script: Box<Script>,
    extensions: Vec<String>,
    tls: Option<TlsAcceptor>,
    taken: Mutex<Vec<Taken>>,
    lines: Mutex<Vec<String>>,
    connections: Mutex<usize>,
}

/// What any server offers.
pub const EXTENSIONS: [&str; 4] = ["PIPELINING", "8BITMIME", "SMTPUTF8", "SIZE 100000000"];

impl Peer {
    /// A server that takes everything.
    pub async fn start() -> Peer {
        Peer::with(&EXTENSIONS, |_, _| Act::Usual).await
    }

    /// A server that offers this and does as the script says.
    pub async fn with(extensions: &[&str], script: impl Fn(usize, &str) -> Act + Send + Sync + 'static) -> Peer {
        Peer::at("127.0.0.1:0", extensions, None, script).await
    }

    /// The same at an address, with TLS where a certificate and its key are given, in PEM.
    pub async fn at(
        address: &str,
        extensions: &[&str],
        tls: Option<&(String, String)>,
        script: impl Fn(usize, &str) -> Act + Send + Sync + 'static,
    ) -> Peer {
        let listener = TcpListener::bind(address).await.expect("an address is free");
        let address = listener.local_addr().expect("it has an address");
        let mut extensions: Vec<String> = extensions.iter().map(|one| (*one).to_owned()).collect();
        if tls.is_some() {
            extensions.push("STARTTLS".to_owned());
        }
        let state = Arc::new(State {
            script: Box::new(script),
            extensions,
            tls: tls.map(acceptor),
            taken: Mutex::default(),
            lines: Mutex::default(),
            connections: Mutex::default(),
        });
        let serving = state.clone();
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                stream.set_nodelay(true).expect("it is a socket");
                let number = std::mem::replace(&mut *serving.connections.lock().unwrap(), 0);
                *serving.connections.lock().unwrap() = number + 1;
                tokio::spawn(Talk::new(serving.clone(), number, Box::new(stream), false).run());
            }
        });
        Peer { address, state, task }
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// What it took so far.
    pub fn taken(&self) -> Vec<Taken> {
        self.state.taken.lock().unwrap().clone()
    }

    /// How many messages it took so far.
    pub fn count(&self) -> usize {
        self.state.taken.lock().unwrap().len()
    }

    /// Every line that was said to it, content aside.
    pub fn lines(&self) -> Vec<String> {
        self.state.lines.lock().unwrap().clone()
    }

    /// How many connections there were.
    pub fn connections(&self) -> usize {
        *self.state.connections.lock().unwrap()
    }

    /// Waits until it has taken so many messages.
    pub async fn until_taken(&self, count: usize) -> Vec<Taken> {
        until("the other server has taken it", || async { (self.count() >= count).then_some(()) }).await;
        self.taken()
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

pub(crate) fn acceptor((certificate, key): &(String, String)) -> TlsAcceptor {
    let certificate = CertificateDer::from_pem_slice(certificate.as_bytes()).expect("a certificate");
    let key = PrivateKeyDer::from_pem_slice(key.as_bytes()).expect("a key");
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let builder = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().expect("a version of TLS");
    let config = builder.with_no_client_auth().with_single_cert(vec![certificate], key).expect("they belong together");
    TlsAcceptor::from(Arc::new(config))
}

trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}

impl<S: AsyncRead + AsyncWrite + Unpin + Send> Stream for S {}

struct Talk {
    state: Arc<State>,
    number: usize,
    stream: BufReader<Box<dyn Stream>>,
    is_tls: bool,
    mail: String,
    rcpts: Vec<String>,
    chunks: Vec<u8>,
}

/// The connection ends.
struct Over;

impl Talk {
    fn new(state: Arc<State>, number: usize, stream: Box<dyn Stream>, is_tls: bool) -> Talk {
        let (mail, rcpts, chunks) = Default::default();
        Talk { state, number, stream: BufReader::new(stream), is_tls, mail, rcpts, chunks }
    }

    async fn run(mut self) {
        if self.greet().await.is_err() {
            return;
        }
        loop {
            let Ok(line) = self.line().await else { return };
            self.state.lines.lock().unwrap().push(line.clone());
            if line.eq_ignore_ascii_case("STARTTLS") && self.state.tls.is_some() && self.act(&line).await == Ok(true) {
                let Ok(()) = self.say("220 go ahead").await else { return };
                let acceptor = self.state.tls.clone().expect("it was there");
                let Ok(stream) = acceptor.accept(self.stream.into_inner()).await else { return };
                self = Talk::new(self.state, self.number, Box::new(stream), true);
                continue;
            }
            if self.answer(&line).await.is_err() {
                return;
            }
        }
    }

    async fn greet(&mut self) -> Result<(), Over> {
        if self.act("GREETING").await? { self.say("220 peer.example ESMTP").await } else { Ok(()) }
    }

    async fn line(&mut self) -> Result<String, Over> {
        let mut line = String::new();
        match self.stream.read_line(&mut line).await {
            Ok(count) if count > 0 => Ok(line.trim_end_matches(['\r', '\n']).to_owned()),
            _ => Err(Over),
        }
    }

    async fn say(&mut self, text: &str) -> Result<(), Over> {
        self.stream.write_all(format!("{text}\r\n").as_bytes()).await.map_err(|_| Over)?;
        self.stream.flush().await.map_err(|_| Over)
    }

    /// Does as the script says; whether it goes on as any server would.
    async fn act(&mut self, line: &str) -> Result<bool, Over> {
        match (self.state.script)(self.number, line) {
            Act::Usual | Act::DropWithin(_) | Act::TakeAndDrop => Ok(true),
            Act::Say(text) => self.say(&text).await.map(|()| false),
            Act::Drop => Err(Over),
            Act::Wait(time) => {
                tokio::time::sleep(time).await;
                Ok(true)
            }
        }
    }

    async fn answer(&mut self, line: &str) -> Result<(), Over> {
        let verb = line.split(' ').next().unwrap_or_default().to_ascii_uppercase();
        if verb == "BDAT" {
            return self.chunk(line).await;
        }
        if !self.act(line).await? {
            return Ok(());
        }
        match verb.as_str() {
            "EHLO" => {
                let mut lines = vec!["250-peer.example".to_owned()];
                let offered = self.state.extensions.iter().filter(|one| !(self.is_tls && *one == "STARTTLS"));
                lines.extend(offered.map(|one| format!("250-{one}")));
                let last = lines.pop().unwrap_or_default().replacen('-', " ", 1);
                lines.push(last);
                self.say(&lines.join("\r\n")).await
            }
            "MAIL" => {
                (self.mail, self.rcpts, self.chunks) = (line.to_owned(), Vec::new(), Vec::new());
                self.say("250 2.1.0 ok").await
            }
            "RCPT" => {
                self.rcpts.push(line.to_owned());
                self.say("250 2.1.5 ok").await
            }
            "RSET" => {
                (self.mail, self.rcpts, self.chunks) = Default::default();
                self.say("250 2.0.0 ok").await
            }
            "DATA" => self.data(line).await,
            "QUIT" => {
                self.say("221 2.0.0 bye").await?;
                Err(Over)
            }
            _ => self.say("250 2.0.0 ok").await,
        }
    }

    async fn data(&mut self, line: &str) -> Result<(), Over> {
        if self.rcpts.is_empty() {
            return self.say("503 5.5.1 no recipients").await;
        }
        self.say("354 go ahead").await?;
        let most = match (self.state.script)(self.number, line) {
            Act::DropWithin(most) => most,
            _ => usize::MAX,
        };
        let mut octets = Vec::new();
        loop {
            let mut read = Vec::new();
            let count = self.stream.read_until(b'\n', &mut read).await.map_err(|_| Over)?;
            if count == 0 || octets.len() + read.len() > most {
                return Err(Over);
            }
            if read == b".\r\n" && (octets.is_empty() || octets.ends_with(b"\r\n")) {
                break;
            }
            octets.extend_from_slice(if read.starts_with(b".") { &read[1..] } else { &read });
        }
        self.end(octets, false).await
    }

    async fn chunk(&mut self, line: &str) -> Result<(), Over> {
        let size: usize = line.split(' ').nth(1).and_then(|size| size.parse().ok()).expect("BDAT says a size");
        if let Act::DropWithin(most) = (self.state.script)(self.number, line)
            && self.chunks.len() + size > most
        {
            return Err(Over);
        }
        let mut octets = vec![0; size];
        self.stream.read_exact(&mut octets).await.map_err(|_| Over)?;
        if !self.act(line).await? {
            return Ok(());
        }
        self.chunks.extend(octets);
        match line.to_ascii_uppercase().ends_with(" LAST") {
            true => {
                let octets = std::mem::take(&mut self.chunks);
                self.end(octets, true).await
            }
            false => self.say("250 2.0.0 chunk").await,
        }
    }

    async fn end(&mut self, octets: Vec<u8>, is_chunked: bool) -> Result<(), Over> {
        let (mail, rcpts) = (std::mem::take(&mut self.mail), std::mem::take(&mut self.rcpts));
        let taken = Taken { mail, rcpts, octets, is_chunked, is_tls: self.is_tls, connection: self.number };
        if (self.state.script)(self.number, "END") == Act::TakeAndDrop {
            self.state.taken.lock().unwrap().push(taken);
            return Err(Over);
        }
        if self.act("END").await? {
            self.state.taken.lock().unwrap().push(taken);
            return self.say("250 2.0.0 taken").await;
        }
        Ok(())
    }
}

impl PartialEq for Over {
    fn eq(&self, _: &Over) -> bool {
        true
    }
}
