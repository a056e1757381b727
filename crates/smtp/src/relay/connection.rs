//! A connection to another server, and what is asked on it.

use crate::conversation::Stream;
use smtp_proto::response::parser::ResponseReceiver;
use smtp_proto::{EXT_START_TLS, EhloResponse, Error, Response};
use std::io;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

/// To be connected. Those who can't be reached at all are most of those who are down.
const CONNECT: Duration = Duration::from_secs(30);
/// For a reply, as RFC 5321 §4.5.3.2 has it: greeting, MAIL and RCPT five minutes, DATA two.
pub(super) const REPLY: Duration = Duration::from_secs(5 * 60);
/// For the reply to a whole message (§4.5.3.2.6).
pub(super) const END_OF_DATA: Duration = Duration::from_secs(10 * 60);
/// For a piece of a message to be taken (§4.5.3.2.5).
const PIECE: Duration = Duration::from_secs(3 * 60);
/// Octets of replies that are looked at together; one that is longer is none (RFC 5321 §4.5.3.1.5).
const MOST: usize = 64 * 1024;

/// What ends a conversation before its time.
#[derive(Debug, thiserror::Error)]
pub(super) enum Broken {
    /// The connection.
    #[error("the connection broke: {0}")]
    Io(#[from] io::Error),
    /// Patience.
    #[error("it did not answer within {} seconds", .0.as_secs())]
    Silent(Duration),
    /// What came is no reply.
    #[error("what it said is no reply: {0:?}")]
    Misread(Error),
}

/// A connection on which hello was said.
pub(super) struct Connection {
    /// Whom it is to, for people: name and address.
    pub(super) host: String,
    stream: Box<dyn Stream>,
    input: Vec<u8>,
    read: usize,
    /// What is not written yet.
    output: Vec<u8>,
    pub(super) offers: EhloResponse<String>,
    /// Messages that went over it.
    pub(super) messages: usize,
    pub(super) is_tls: bool,
}

impl Connection {
    /// Connects, and does not speak yet.
    pub(super) async fn to(host: String, address: SocketAddr) -> Result<Connection, Broken> {
        let connected = timeout(CONNECT, TcpStream::connect(address)).await.map_err(|_| Broken::Silent(CONNECT))?;
        let stream = connected?;
        stream.set_nodelay(true)?;
        Ok(Connection {
            host,
            stream: Box::new(stream),
            input: Vec::new(),
            read: 0,
            output: Vec::new(),
            offers: EhloResponse::default(),
            messages: 0,
            is_tls: false,
        })
    }

    /// The same with TLS on top. What was said before counts no more (RFC 3207 §4.2).
    pub(super) async fn within<T, F>(self, begin: T) -> Result<Connection, Broken>
    where
        T: FnOnce(Box<dyn Stream>) -> F,
        F: Future<Output = io::Result<Box<dyn Stream>>>,
    {
        if self.read < self.input.len() {
            return Err(Broken::Io(io::Error::other("something was said in plain text after STARTTLS")));
        }
        let stream = timeout(REPLY, begin(self.stream)).await.map_err(|_| Broken::Silent(REPLY))??;
        Ok(Connection { stream, is_tls: true, offers: EhloResponse::default(), input: Vec::new(), read: 0, ..self })
    }

    pub(super) fn has(&self, extension: u32) -> bool {
        self.offers.capabilities & extension != 0
    }

    pub(super) fn may_start_tls(&self) -> bool {
        self.has(EXT_START_TLS) && !self.is_tls
    }

    /// Says hello, in the old words where the new ones are not known (RFC 5321 §3.2).
    pub(super) async fn hello(&mut self, own_name: &str) -> Result<Response<String>, Broken> {
        self.say(&format!("EHLO {own_name}"));
        self.flush().await?;
        let (reply, offers) = self.hello_reply().await?;
        self.offers = offers;
        if reply.code / 100 == 5 {
            return self.ask(&format!("HELO {own_name}")).await;
        }
        Ok(reply)
    }

    /// A reply to EHLO, as a reply and as a list.
    async fn hello_reply(&mut self) -> Result<(Response<String>, EhloResponse<String>), Broken> {
        let began = self.read;
        let reply = self.reply(REPLY).await?;
        // Reading more moves nothing while a reply is under way, so its octets are still there.
        let octets = self.input.get(began.min(self.read)..self.read).unwrap_or_default();
        let offers =
            if reply.code == 250 { EhloResponse::parse(&mut octets.iter()).unwrap_or_default() } else { EhloResponse::default() };
        Ok((reply, offers))
    }

    /// Puts a line into what is to be written.
    pub(super) fn say(&mut self, line: &str) {
        self.output.extend_from_slice(line.as_bytes());
        self.output.extend_from_slice(b"\r\n");
    }

    /// Says a line and hears what is said to it.
    pub(super) async fn ask(&mut self, line: &str) -> Result<Response<String>, Broken> {
        self.say(line);
        self.flush().await?;
        self.reply(REPLY).await
    }

    /// Octets of a message, which are written as the other side takes them.
    pub(super) async fn write(&mut self, octets: &[u8]) -> Result<(), Broken> {
        self.flush().await?;
        for piece in octets.chunks(MOST) {
            timeout(PIECE, self.stream.write_all(piece)).await.map_err(|_| Broken::Silent(PIECE))??;
        }
        Ok(())
    }

    /// Puts octets into what is to be written, and writes it where it has become much.
    pub(super) async fn put(&mut self, octets: impl FnOnce(&mut Vec<u8>)) -> Result<(), Broken> {
        octets(&mut self.output);
        if self.output.len() >= MOST { self.flush().await } else { Ok(()) }
    }

    pub(super) async fn flush(&mut self) -> Result<(), Broken> {
        let output = std::mem::take(&mut self.output);
        let write = async {
            self.stream.write_all(&output).await?;
            self.stream.flush().await
        };
        Ok(timeout(PIECE, write).await.map_err(|_| Broken::Silent(PIECE))??)
    }

    /// The next reply.
    pub(super) async fn reply(&mut self, patience: Duration) -> Result<Response<String>, Broken> {
        timeout(patience, self.whole_reply()).await.map_err(|_| Broken::Silent(patience))?
    }

    async fn whole_reply(&mut self) -> Result<Response<String>, Broken> {
        let began = self.read;
        loop {
            let unread = self.input.get(began..).unwrap_or_default();
            let mut octets = unread.iter();
            match ResponseReceiver::default().parse(&mut octets) {
                Ok(reply) => {
                    self.read = self.input.len() - octets.as_slice().len();
                    return Ok(reply);
                }
                Err(Error::NeedsMoreData { .. }) if unread.len() < MOST => {}
                Err(error) => return Err(Broken::Misread(error)),
            }
            if self.stream.read_buf(&mut self.input).await? == 0 {
                return Err(Broken::Io(io::ErrorKind::UnexpectedEof.into()));
            }
        }
    }

    /// Forgets replies that were read.
    pub(super) fn forget(&mut self) {
        self.input.drain(..self.read);
        self.read = 0;
    }

    /// Takes leave. Nobody waits for what is said to it.
    pub(super) async fn quit(mut self) {
        self.say("QUIT");
        let _ = self.flush().await; // it is gone either way
    }
}
