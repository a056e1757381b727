//! A load: connections that each ask, wait for the answer, and ask again; on one thread, so that it takes as little as possible of
//! the cores from what it measures.

use kit::{Server, base64};
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

/// Octets of a line of text and how many of them make a message of 2 KB.
const LINE: &str = "What is written here is read by nobody, and is as long as letters often are.\r\n";
const LINES: usize = 23;
/// What lists of messages show.
pub const LIST: &str = "/v1.0/me/mailFolders/inbox/messages?$top=50\
                        &$select=subject,from,toRecipients,receivedDateTime,isRead,hasAttachments,bodyPreview";

/// Somebody with a mailbox, as the store's nodes know him.
#[derive(Debug, Clone)]
pub struct Somebody {
    pub address: String,
    pub token: String,
}

/// People enough that each connection has its own.
pub async fn people(server: &Server, count: usize) -> Vec<Somebody> {
    let mut people = Vec::new();
    for number in 0..count {
        let address = format!("u{number:02}@contoso.com");
        let added = server.restante(&["user", "add", &address]).await;
        assert!(added.status.success(), "{}", String::from_utf8_lossy(&added.stderr));
        let made = server.restante(&["token", "--user", &address]).await;
        let token = String::from_utf8(made.stdout).unwrap().trim().to_owned();
        people.push(Somebody { address, token });
    }
    people
}

/// What is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ask<'a> {
    /// A message of 2 KB is sent, by each to the next one.
    Send,
    /// The same, to one address.
    SendTo(&'a str),
    /// Something is read.
    Get(&'a str),
}

/// When it is over.
#[derive(Debug, Clone, Copy)]
pub enum End {
    After(Duration),
    Count(u64),
}

/// How long a count may take.
const PATIENCE: Duration = Duration::from_secs(300);

/// What came of it.
pub struct Report {
    pub elapsed: Duration,
    /// How long each answer took, shortest first.
    pub took: Vec<Duration>,
}

impl Report {
    pub fn count(&self) -> usize {
        self.took.len()
    }

    pub fn per_second(&self) -> f64 {
        self.count() as f64 / self.elapsed.as_secs_f64()
    }

    /// Milliseconds within which so many of a hundred were answered.
    pub fn percentile(&self, percent: usize) -> f64 {
        let place = (self.count() * percent / 100).min(self.count().saturating_sub(1));
        self.took.get(place).map_or(f64::NAN, |took| took.as_secs_f64() * 1000.0)
    }
}

/// Loads nodes by so many connections: the first goes to the first node and is the first person's, and so on in turns.
pub async fn load(nodes: &[&Server], people: &[Somebody], connections: usize, ask: Ask<'_>, end: End) -> Report {
    static ASKED: AtomicU64 = AtomicU64::new(0);
    let began = Instant::now();
    let (until, last) = match end {
        End::After(time) => (began + time, u64::MAX),
        End::Count(count) => (began + PATIENCE, ASKED.load(Ordering::Relaxed) + count),
    };
    let mut tasks = JoinSet::new();
    for number in 0..connections {
        let address: SocketAddr = nodes[number % nodes.len()].origin()["http://".len()..].parse().unwrap();
        let from = people[number % people.len()].clone();
        let (to, path) = match ask {
            Ask::Send => (people[(number + 1) % people.len()].address.clone(), None),
            Ask::SendTo(address) => (address.to_owned(), None),
            Ask::Get(path) => (String::new(), Some(path.to_owned())),
        };
        tasks.spawn(async move {
            let mut wire = Wire::open(address).await;
            let mut took = Vec::new();
            while Instant::now() < until {
                let asked = ASKED.fetch_add(1, Ordering::Relaxed);
                if asked >= last {
                    break;
                }
                let (request, good) = match &path {
                    Some(path) => (read(&from, path), "200"),
                    None => (send(&from, &to, asked), "202"),
                };
                let since = Instant::now();
                wire.ask(&request, good).await;
                took.push(since.elapsed());
            }
            took
        });
    }
    let mut took: Vec<Duration> = tasks.join_all().await.into_iter().flatten().collect();
    took.sort_unstable();
    Report { elapsed: began.elapsed(), took }
}

fn send(from: &Somebody, to: &str, number: u64) -> Vec<u8> {
    let message = format!("From: {}\r\nTo: {to}\r\nSubject: Message {number:020}\r\n\r\n{}", from.address, LINE.repeat(LINES));
    let body = base64(message.as_bytes());
    let (token, size) = (&from.token, body.len());
    let head = format!(
        "POST /v1.0/me/sendMail HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\nContent-Type: text/plain\r\n\
         Content-Length: {size}\r\n\r\n"
    );
    (head + &body).into_bytes()
}

fn read(from: &Somebody, path: &str) -> Vec<u8> {
    format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {}\r\n\r\n", from.token).into_bytes()
}

/// One connection.
struct Wire {
    stream: TcpStream,
    read: Vec<u8>,
}

impl Wire {
    async fn open(address: SocketAddr) -> Wire {
        let stream = TcpStream::connect(address).await.unwrap();
        stream.set_nodelay(true).unwrap();
        Wire { stream, read: Vec::new() }
    }

    async fn ask(&mut self, request: &[u8], status: &str) {
        self.stream.write_all(request).await.unwrap();
        self.read.clear();
        let head = loop {
            if let Some(at) = find(&self.read, b"\r\n\r\n") {
                break at + 4;
            }
            self.more().await;
        };
        let fields = String::from_utf8_lossy(&self.read[..head]).to_ascii_lowercase();
        let length = fields.lines().find_map(|line| line.strip_prefix("content-length: ")?.parse::<usize>().ok());
        match length {
            Some(length) => {
                while self.read.len() < head + length {
                    self.more().await;
                }
            }
            None if fields.contains("transfer-encoding: chunked") => {
                while !self.read.ends_with(b"0\r\n\r\n") {
                    self.more().await;
                }
            }
            None => {}
        }
        assert!(fields.starts_with(&format!("http/1.1 {status}")), "{}", String::from_utf8_lossy(&self.read));
    }

    async fn more(&mut self) {
        let read = self.stream.read_buf(&mut self.read).await.unwrap();
        assert!(read > 0, "the server goes on");
    }
}

fn find(octets: &[u8], wanted: &[u8]) -> Option<usize> {
    octets.windows(wanted.len()).position(|window| window == wanted)
}
