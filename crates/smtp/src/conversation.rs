//! One connection: octets in, replies out, in the order that the session says.

use crate::kept::Kept;
use crate::listener::{Door, stopped};
use crate::receive::{receive, refused};
use crate::session::{Next, Protocol, Session, Transaction};
use crate::submit::{open, submit};
use crate::verify::Origin;
use crate::wire::command::{MAX_LINE, parse};
use crate::wire::data::Data;
use crate::wire::reply::{self, Reply};
use crate::wire::sasl::Credentials;
use mailbox::{Addressee, Arrival, Reach};
use smtp_proto::{Error, Request};
use std::io;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;
use store::Blob;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::sync::watch;
use tokio::time::{sleep, timeout};
use tokio_rustls::TlsAcceptor;

/// How long nothing may come or be taken (RFC 5321 §4.5.3.2.7: at least five minutes).
const SILENCE: Duration = Duration::from_secs(5 * 60);
/// For a TLS handshake.
const HANDSHAKE: Duration = Duration::from_secs(30);
/// Octets that are read at once.
const AT_ONCE: usize = 64 * 1024;
/// Refused commands that cost nothing; each further one is answered a second later than the one before it.
const FREE_ERRORS: u64 = 3;
/// How many are the last.
const MOST_ERRORS: u64 = 20;

/// Octets both ways, with TLS or without.
pub(crate) trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}

impl<S: AsyncRead + AsyncWrite + Unpin + Send> Stream for S {}

/// A connection and what was said on it.
pub(crate) struct Conversation {
    pub(crate) door: Arc<Door>,
    peer: IpAddr,
    stop: watch::Receiver<bool>,
    stream: Box<dyn Stream>,
    pub(crate) session: Session,
    /// What came, and how far it was read.
    input: Vec<u8>,
    read: usize,
    /// What is to be said before anything is waited for.
    output: Vec<u8>,
    errors: u64,
    /// A message that comes in chunks.
    chunks: Option<Kept>,
    /// What the client has proven himself with.
    pub(crate) credentials: Option<Credentials>,
}

/// Why a conversation ends.
#[derive(Debug)]
pub(crate) enum End {
    /// It was said.
    Said,
    /// The client is gone.
    Gone(io::Error),
    /// Nothing came or was taken for too long.
    Silent,
    /// The server is closing down.
    Stopping,
}

impl Conversation {
    pub(crate) fn new(door: Arc<Door>, peer: IpAddr, stop: watch::Receiver<bool>, stream: Box<dyn Stream>) -> Conversation {
        let session = Session::new(door.terms(), door.is_tls_at_once);
        Conversation {
            door,
            peer,
            stop,
            stream,
            session,
            input: Vec::new(),
            read: 0,
            output: Vec::new(),
            errors: 0,
            chunks: None,
            credentials: None,
        }
    }

    /// Speaks until either side has had enough.
    pub(crate) async fn run(mut self) {
        let last = match self.speak().await {
            Ok(()) | Err(End::Said) => None,
            Err(End::Gone(error)) => {
                tracing::debug!(%error, "an SMTP client is gone");
                return;
            }
            Err(End::Silent) => Some(reply::TOO_SLOW),
            Err(End::Stopping) => Some(reply::CLOSING),
        };
        if let Some(last) = last {
            Reply::from(last).write(&mut self.output);
        }
        if self.flush().await.is_err() {
            tracing::debug!("an SMTP client left before the last word");
        }
    }

    async fn speak(&mut self) -> Result<(), End> {
        if self.door.is_tls_at_once {
            self.begin_tls().await?;
        }
        self.session.greeting().write(&mut self.output);
        loop {
            let next = match self.request().await? {
                Ok(request) => self.session.command(request),
                // What is left of such a line is no command of its own.
                Err(Error::ResponseTooLong) => Next::Close(reply::LINE_TOO_LONG.into()),
                Err(error) => Next::Say(self.session.misread(&error)),
            };
            if !self.session.has_transaction() {
                self.chunks = None; // RSET or a hello has ended it (RFC 3030 §2)
            }
            match next {
                Next::Say(reply) => self.say(reply).await?,
                Next::Recipient(addressee) => self.recipient(addressee).await?,
                Next::Authenticate { mechanism, initial } => self.authenticate(mechanism, initial).await?,
                Next::StartTls => self.start_tls().await?,
                Next::Data => self.data().await?,
                Next::Chunk { size, is_last, refused } => self.chunk(size, is_last, refused).await?,
                Next::Close(reply) => {
                    reply.write(&mut self.output);
                    return Ok(());
                }
            }
        }
    }

    /// The next command, or why it can't be read. Those that came together are answered together (RFC 2920 §3.2).
    async fn request(&mut self) -> Result<Result<Request<String>, Error>, End> {
        Ok(match self.line().await? {
            Some(line) => parse(&line),
            None => Err(Error::ResponseTooLong),
        })
    }

    /// The next line, its end included; nothing where it is longer than any may be.
    pub(crate) async fn line(&mut self) -> Result<Option<Vec<u8>>, End> {
        loop {
            let unread = self.unread();
            if let Some(end) = unread.iter().take(MAX_LINE).position(|&octet| octet == b'\n') {
                let line = unread.get(..=end).unwrap_or_default().to_vec();
                self.read += end + 1;
                return Ok(Some(line));
            }
            if unread.len() >= MAX_LINE {
                return Ok(None);
            }
            self.flush().await?;
            let mut stop = self.stop.clone();
            tokio::select! {
                biased;
                filled = self.fill() => filled?,
                () = stopped(&mut stop) => return Err(End::Stopping),
            }
        }
    }

    /// What came and was not read.
    fn unread(&self) -> &[u8] {
        self.input.get(self.read..).unwrap_or_default()
    }

    /// Says what is to be said, and waits for more to come. Broken off while it waits, it has lost nothing.
    async fn fill(&mut self) -> Result<(), End> {
        self.flush().await?;
        self.input.drain(..self.read);
        self.read = 0;
        self.input.reserve(AT_ONCE);
        match timeout(SILENCE, self.stream.read_buf(&mut self.input)).await {
            Err(_) => Err(End::Silent),
            Ok(Ok(0)) => Err(End::Gone(io::ErrorKind::UnexpectedEof.into())),
            Ok(Ok(_)) => Ok(()),
            Ok(Err(error)) => Err(End::Gone(error)),
        }
    }

    /// Says something before the end.
    pub(crate) fn last(&mut self, reply: Reply) {
        reply.write(&mut self.output);
    }

    async fn flush(&mut self) -> Result<(), End> {
        if self.output.is_empty() {
            return Ok(());
        }
        let output = std::mem::take(&mut self.output);
        let written = async {
            self.stream.write_all(&output).await?;
            self.stream.flush().await
        };
        match timeout(SILENCE, written).await {
            Err(_) => Err(End::Silent),
            Ok(written) => written.map_err(End::Gone),
        }
    }

    /// Says something. Whoever is refused again and again waits for it, longer each time, and is let go in the end.
    pub(crate) async fn say(&mut self, reply: Reply) -> Result<(), End> {
        if reply.is_refusal() {
            self.errors += 1;
            if self.errors >= MOST_ERRORS {
                Reply::from(reply::TOO_MANY_ERRORS).write(&mut self.output);
                return Err(End::Said);
            }
            if self.errors > FREE_ERRORS && !(self.door.limits.spares_loopback && self.peer.to_canonical().is_loopback()) {
                self.flush().await?;
                sleep(Duration::from_secs(self.errors - FREE_ERRORS)).await;
            }
        }
        reply.write(&mut self.output);
        Ok(())
    }

    async fn recipient(&mut self, addressee: Addressee) -> Result<(), End> {
        let reply = match self.door.mail.reach(&addressee.address, self.credentials.is_some()).await {
            Ok(Reach::Somebody) => {
                self.session.take_recipient(addressee);
                reply::RECIPIENT_OK.into()
            }
            Ok(Reach::Nobody) => reply::NOBODY.into(),
            Ok(Reach::Elsewhere) if self.credentials.is_some() => {
                self.session.take_recipient(addressee);
                reply::RECIPIENT_OK.into()
            }
            Ok(Reach::Elsewhere) => reply::NO_RELAY.into(),
            Err(error) => refused(&error),
        };
        self.say(reply).await
    }

    /// RFC 3207. What came behind the command in plain text was perhaps put there by somebody else, so it ends the connection.
    async fn start_tls(&mut self) -> Result<(), End> {
        if self.read < self.input.len() {
            Reply::from(reply::SYNTAX).write(&mut self.output);
            return Err(End::Said);
        }
        Reply::from(reply::READY_FOR_TLS).write(&mut self.output);
        self.flush().await?;
        self.begin_tls().await?;
        let session = std::mem::replace(&mut self.session, Session::new(self.door.terms(), true));
        self.session = session.within_tls();
        self.chunks = None;
        self.credentials = None;
        Ok(())
    }

    async fn begin_tls(&mut self) -> Result<(), End> {
        let Some(config) = self.door.tls.clone() else { return Err(End::Gone(io::ErrorKind::Unsupported.into())) };
        let plain = std::mem::replace(&mut self.stream, Box::new(tokio::io::empty()));
        match timeout(HANDSHAKE, TlsAcceptor::from(config).accept(plain)).await {
            Err(_) => Err(End::Gone(io::ErrorKind::TimedOut.into())),
            Ok(Err(error)) => Err(End::Gone(error)),
            Ok(Ok(stream)) => {
                self.stream = Box::new(stream);
                Ok(())
            }
        }
    }

    /// Takes a message up to the end of data.
    async fn data(&mut self) -> Result<(), End> {
        Reply::from(reply::GO_ON).write(&mut self.output);
        let mut data = Data::new();
        let mut kept = Kept::new(&self.door.mail, self.session.max_octets());
        loop {
            let mut rest = self.unread();
            let is_end = data.take(&mut rest);
            self.read = self.input.len() - rest.len();
            kept.take(&data.drain(is_end)).await;
            if is_end {
                break;
            }
            self.fill().await?;
        }
        if data.has_odd_end() {
            kept.refuse(reply::ODD_END_OF_DATA.into());
        }
        self.finish(kept).await
    }

    /// Takes a chunk (RFC 3030 §2). Its octets come, whatever is thought of them.
    async fn chunk(&mut self, size: usize, is_last: bool, refused: Option<Reply>) -> Result<(), End> {
        let mut kept = self.chunks.take().unwrap_or_else(|| Kept::new(&self.door.mail, self.session.max_octets()));
        if let Some(reply) = refused {
            kept.refuse(reply);
        }
        let mut left = size;
        while left > 0 {
            if self.read == self.input.len() {
                self.fill().await?;
            }
            let unread = self.input.get(self.read..).unwrap_or_default();
            let piece = unread.get(..left.min(unread.len())).unwrap_or_default();
            kept.take(piece).await;
            (left, self.read) = (left - piece.len(), self.read + piece.len());
        }
        match kept.refusal() {
            None if is_last => self.finish(kept).await,
            None => {
                self.chunks = Some(kept);
                self.say(reply::CHUNK_TAKEN.into()).await
            }
            Some(refused) => {
                let refused = refused.clone();
                self.session.end_transaction();
                self.say(refused).await
            }
        }
    }

    /// All of a message has come.
    async fn finish(&mut self, kept: Kept) -> Result<(), End> {
        let transaction = self.session.end_transaction();
        let answers = if self.session.protocol() == Protocol::Lmtp { transaction.addressees.len() } else { 1 };
        let reply = match kept.finish().await {
            Err(refused) => refused,
            Ok(blob) => self.take(blob, transaction).await,
        };
        for _ in 0..answers {
            self.say(reply.clone()).await?; // RFC 2033 §4.2: one for each recipient that was taken
        }
        Ok(())
    }

    /// What is done with a message: whoever has proven who he is sends it, and from others it comes in.
    async fn take(&mut self, blob: Blob, transaction: Transaction) -> Reply {
        let door = self.door.clone();
        let (mail, credentials) = (&door.mail, self.credentials.as_ref());
        let Some((submission, credentials)) = door.submission.as_ref().zip(credentials) else {
            let verdict = match &door.checks {
                Some(checks) => Some(checks.verify(blob.octets.clone(), self.origin(&transaction)).await),
                None => None,
            };
            if let Some(domain) = verdict.as_ref().and_then(|verdict| verdict.refused_by.as_ref()) {
                let text = format!("{domain} wants no mail taken in its name that is not proven to be from it (DMARC)");
                return Reply::told(550, [5, 7, 26], text); // RFC 7372 §3.2
            }
            let arrival = self.arrival(transaction.is_utf8, verdict.map(|verdict| verdict.field).unwrap_or_default());
            return receive(mail, blob, &transaction, arrival).await;
        };
        match open(submission, mail, credentials).await {
            Ok(mailbox) => submit(&mailbox, blob, transaction, submission.save_to_sent_items).await,
            Err(refused) => refused,
        }
    }

    fn origin(&self, transaction: &Transaction) -> Origin {
        Origin {
            host: self.door.host.clone(),
            peer: self.peer.to_canonical(),
            helo: self.session.client().to_owned(),
            reverse_path: transaction.reverse_path.clone(),
        }
    }

    fn arrival(&self, is_utf8: bool, authentication_results: String) -> Arrival {
        Arrival {
            helo: self.session.client().to_owned(),
            peer: self.peer,
            with: self.session.with(is_utf8),
            authentication_results,
        }
    }
}
