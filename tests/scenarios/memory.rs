//! Memory while the server takes messages of 150 megabytes: it does not grow with them.

use bytes::Bytes;
use hyper::Method;
use kit::{Answer, MemoryWatch, Person, Rng, Server, aloud, base64, each, exchange, is_long, letter, until, workspace};
use serde_json::json;
use std::fs;
use store::Digest;

/// The most that a message may have.
const SIZE: usize = 150 * 1024 * 1024;
const MEGABYTE: u64 = 1024 * 1024;
/// Most anonymous memory over idle while one such message is taken, in octets.
const MOST_FOR_ONE: u64 = 64 * MEGABYTE;
/// The same for eight at once.
const MOST_FOR_EIGHT: u64 = 256 * MEGABYTE;
/// Octets of one line, a multiple of three: so lines are encoded each by itself.
const LINE: usize = 57;
/// Lines that are sent together.
const LINES: usize = 1000;

/// How the length of a request is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Length {
    Chunked,
    Sized,
}

/// A message of [`SIZE`] octets or a few less, never whole in this process's memory.
#[derive(Clone)]
struct Large {
    head: Bytes,
    piece: Bytes,
    pieces: usize,
}

impl Large {
    fn new(subject: &str) -> Large {
        let fields = [("From", "AdeleV@contoso.com"), ("To", "AlexW@contoso.com"), ("Subject", subject)];
        let mut head = letter(&fields, "");
        head.extend(b"x".repeat(LINE - head.len() % LINE));
        let piece: Vec<u8> = [b"y".repeat(LINE - 2), b"\r\n".to_vec()].concat().repeat(LINES);
        Large { pieces: (SIZE - head.len()) / piece.len(), head: head.into(), piece: piece.into() }
    }

    fn octets(&self) -> impl Iterator<Item = &Bytes> {
        std::iter::once(&self.head).chain(std::iter::repeat_n(&self.piece, self.pieces))
    }

    /// The `Repr-Digest` of the message (RFC 9530).
    fn repr_digest(&self) -> String {
        format!("sha-256=:{}:", base64(&Digest::of_pieces(self.octets()).0))
    }

    /// The request's body, piece by piece.
    fn body(&self, length: Length) -> impl Iterator<Item = Vec<u8>> + Send + use<> {
        let framed = move |octets: &[u8]| {
            let text = base64(octets).into_bytes();
            match length {
                Length::Chunked => [format!("{:x}\r\n", text.len()).as_bytes(), &text, b"\r\n"].concat(),
                Length::Sized => text,
            }
        };
        let end = if length == Length::Chunked { b"0\r\n\r\n".to_vec() } else { Vec::new() };
        let (head, piece) = (framed(&self.head), framed(&self.piece));
        std::iter::once(head).chain(std::iter::repeat_n(piece, self.pieces)).chain(std::iter::once(end))
    }

    fn length(&self, length: Length) -> String {
        let octets = self.head.len() + self.piece.len() * self.pieces;
        match length {
            Length::Chunked => "Transfer-Encoding: chunked".to_owned(),
            Length::Sized => format!("Content-Length: {}", octets / 3 * 4),
        }
    }
}

async fn send(adele: Person, host: String, subject: String, length: Length) {
    let message = Large::new(&subject);
    let head = format!(
        "POST /v1.0/me/sendMail HTTP/1.1\r\nHost: {host}\r\nAuthorization: {}\r\nContent-Type: text/plain\r\n\
         Connection: close\r\n{}\r\n\r\n",
        adele.authorization(),
        message.length(length)
    );
    let answer: Answer = exchange(&host, &head, message.body(length)).await.demand(202);
    let location = answer.header("location").expect("a 202 names the sender's copy");
    let last = [("range", "bytes=-57")];
    let part = adele.call(hyper::Method::GET, &format!("{location}/$value"), &last, Bytes::new()).await.demand(206);
    assert_eq!(part.body, message.piece[message.piece.len() - LINE..], "{subject}");
    assert_eq!(part.header("repr-digest"), Some(message.repr_digest().as_str()), "{subject}");
}

/// Sends so many at once, by turns with their length told and in chunks; answers by how much the server grew at most.
async fn growth(server: &Server, count: usize, first: Length) -> u64 {
    let adele = server.person("AdeleV");
    let host = server.origin().trim_start_matches("http://").to_owned();
    let watch = MemoryWatch::of(server.process());
    let work = (0..count).map(|number| {
        let length = if number.is_multiple_of(2) == (first == Length::Sized) { Length::Sized } else { Length::Chunked };
        send(adele.clone(), host.clone(), format!("Large {count} {first:?} {number}"), length)
    });
    each(count, work, |one| one).await;
    let alex = server.person("AlexW");
    until("all copies arrive", async || {
        // Without their texts: to show 150 MB of text is another matter.
        let inbox = alex.get("mailFolders/inbox/messages?$select=subject").await.demand(200).json();
        (inbox["value"].as_array()?.len() == count).then_some(())
    })
    .await;
    watch.growth()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn memory_does_not_grow_with_a_large_message() {
    let rounds: &[(usize, Length, u64)] = if is_long() {
        &[(1, Length::Sized, MOST_FOR_ONE), (1, Length::Chunked, MOST_FOR_ONE), (8, Length::Sized, MOST_FOR_EIGHT)]
    } else {
        &[(1, Length::Chunked, MOST_FOR_ONE)]
    };
    let mut lines = Vec::new();
    for &(count, first, most) in rounds {
        // A server of its own each: what the one before left to the allocator is no idle.
        let server = Server::start().await;
        let grew = growth(&server, count, first).await;
        let how = if count > 1 {
            "half with Content-Length, half chunked"
        } else if first == Length::Sized {
            "Content-Length"
        } else {
            "chunked"
        };
        aloud(&format!("memory: {count} × 150 MB at once ({how}): RssAnon {:.1} MB over idle", megabytes(grew)));
        assert!(grew <= most, "{grew} octets over idle, where {most} are the most");
        lines.push(format!("| {count} | {how} | {:.1} | {} |", megabytes(grew), most / MEGABYTE));
        server.finish().await;
    }
    if is_long() {
        let grew = growth_by_attachment(SIZE).await;
        assert!(grew <= MOST_FOR_ONE, "{grew} octets over idle, where {MOST_FOR_ONE} are the most");
        let how = "an attachment, in ranges of 4 MB, read afterwards";
        lines.push(format!("| 1 | {how} | {:.1} | {} |", megabytes(grew), MOST_FOR_ONE / MEGABYTE));
        write(&lines);
    }
}

/// Octets of one range of an upload, as clients cut them.
const RANGE: usize = 4 * 1024 * 1024;

/// Uploads an attachment to a draft, in ranges; answers where it is.
async fn upload(adele: &Person, range: &Bytes, size: usize) -> String {
    let draft = adele.post_json("messages", &json!({"subject": "A large attachment"})).await.demand(201).json();
    let create = format!("messages/{}/attachments/createUploadSession", draft["id"].as_str().expect("an id"));
    let item = json!({"attachmentType": "file", "name": "large.bin", "size": size});
    let session = adele.post_json(&create, &json!({"AttachmentItem": item})).await.demand(201).json();
    let url = session["uploadUrl"].as_str().expect("an address");
    for first in (0..size).step_by(RANGE) {
        let end = (first + RANGE).min(size);
        let content_range = format!("bytes {first}-{}/{size}", end - 1);
        let answer = adele.call(Method::PUT, url, &[("content-range", &content_range)], range.slice(..end - first)).await;
        if end == size {
            return answer.demand(201).header("location").expect("where it is").to_owned();
        }
        answer.demand(200);
    }
    unreachable!("there is a last range")
}

/// By how much the server grew at most while an attachment came, was put into its draft and was read.
async fn growth_by_attachment(size: usize) -> u64 {
    let server = Server::start().await;
    let adele = server.person("AdeleV");
    let range = Bytes::from(Rng::new(7).octets(RANGE));
    let watch = MemoryWatch::of(server.process());
    let place = upload(&adele, &range, size).await;
    let found = adele.get(&format!("{place}?$select=size")).await.demand(200).json();
    assert_eq!(found["size"], size);
    let value = adele.get(&format!("{place}/$value")).await.demand(200);
    assert!(value.body.chunks(RANGE).all(|part| part == &range[..part.len()]) && value.body.len() == size);
    let grew = watch.growth();
    server.finish().await;
    grew
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn memory_does_not_grow_with_a_large_attachment() {
    let (size, most) = (SIZE / 6, MOST_FOR_ONE / 4); // less than the file has
    let grew = growth_by_attachment(size).await;
    let told = format!("memory: an attachment of {} MB, uploaded and read", size as u64 / MEGABYTE);
    aloud(&format!("{told}: RssAnon {:.1} MB over idle", megabytes(grew)));
    assert!(grew <= most, "{grew} octets over idle, where {most} are the most");
}

#[allow(clippy::cast_precision_loss, reason = "a figure for people")]
fn megabytes(octets: u64) -> f64 {
    octets as f64 / MEGABYTE as f64
}

fn write(lines: &[String]) {
    let folder = workspace().join("docs/figures");
    fs::create_dir_all(&folder).expect("the folder of figures can be made");
    let text = format!(
        "# Memory while large messages are taken\n\nWritten by `./test long`. Each message has 150 MB (2^20 octets each) of MIME, and \
         comes as base64 to\n`sendMail`; its copy's digest is compared. RssAnon is looked at every two milliseconds, until the last \
         copy has\narrived; what the process had before the first octet came is taken off.\n\n| messages at once | length told by | \
         peak RssAnon over idle, MB | at most |\n|---|---|---|---|\n{}\n",
        lines.join("\n")
    );
    fs::write(folder.join("memory.md"), text).expect("the figures can be written");
}
