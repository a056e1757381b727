//! One HTTP/1.1 exchange by hand, for requests that a well-made client would not send.

use crate::Answer;
use bytes::Bytes;
use hyper::header::{HeaderName, HeaderValue};
use hyper::{HeaderMap, StatusCode};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// No exchange may take longer, not even one of hundreds of megabytes.
const PATIENCE: Duration = Duration::from_secs(180);

/// Sends a header section and what follows it, and reads the answer to its end, by its length or the connection's.
///
/// The server may answer and close before it has everything, so a failed write is no failure. The answer is.
pub async fn exchange<I>(address: &str, head: &str, rest: I) -> Answer
where
    I: IntoIterator<Item = Vec<u8>> + Send + 'static,
    I::IntoIter: Send,
{
    Answer::of_octets(&converse(address, head, rest, is_whole).await)
}

/// The same, and reads until the server closes: every answer of a connection.
pub async fn exchange_to_the_end<I>(address: &str, head: &str, rest: I) -> Vec<u8>
where
    I: IntoIterator<Item = Vec<u8>> + Send + 'static,
    I::IntoIter: Send,
{
    converse(address, head, rest, |_| false).await
}

async fn converse<I>(address: &str, head: &str, rest: I, is_enough: fn(&[u8]) -> bool) -> Vec<u8>
where
    I: IntoIterator<Item = Vec<u8>> + Send + 'static,
    I::IntoIter: Send,
{
    let (mut reader, mut writer) = TcpStream::connect(address).await.expect("the server listens").into_split();
    let head = head.as_bytes().to_vec();
    let writing = tokio::spawn(async move {
        for octets in std::iter::once(head).chain(rest) {
            if writer.write_all(&octets).await.is_err() {
                break;
            }
        }
        writer // dropped, it would close our half before the answer
    });
    let mut answer = Vec::new();
    let reading = async {
        // A connection that was reset after the answer is as good as one that was closed.
        while !is_enough(&answer) && reader.read_buf(&mut answer).await.is_ok_and(|count| count > 0) {}
    };
    let read = tokio::time::timeout(PATIENCE, reading).await;
    assert!(read.is_ok(), "the server neither answered nor closed: {}", String::from_utf8_lossy(&answer));
    writing.abort();
    answer
}

/// Whether the body is there that the header section announces; where it announces none, the connection's end tells.
fn is_whole(octets: &[u8]) -> bool {
    let Some(end) = octets.windows(4).position(|four| four == b"\r\n\r\n") else { return false };
    let head = String::from_utf8_lossy(&octets[..end]).to_ascii_lowercase();
    let length = head.lines().find_map(|line| line.strip_prefix("content-length:")?.trim().parse::<usize>().ok());
    length.is_some_and(|length| octets.len() >= end + 4 + length)
}

impl Answer {
    /// The answer that these octets of HTTP/1.1 are.
    pub fn of_octets(octets: &[u8]) -> Answer {
        let end = octets.windows(4).position(|four| four == b"\r\n\r\n").expect("an answer has a header section");
        let head = std::str::from_utf8(&octets[..end]).expect("a header section is text");
        let mut lines = head.split("\r\n");
        let status = lines.next().and_then(|line| line.split(' ').nth(1)).expect("an answer has a status");
        let headers: HeaderMap = lines.filter_map(|line| line.split_once(':')).map(|(name, value)| field(name, value)).collect();
        assert!(!headers.contains_key("transfer-encoding"), "an error says how long it is");
        let status = StatusCode::from_bytes(status.as_bytes()).expect("a status has three figures");
        Answer { status, headers, body: Bytes::copy_from_slice(&octets[end + 4..]) }
    }
}

fn field(name: &str, value: &str) -> (HeaderName, HeaderValue) {
    (name.parse().expect("a field has a name"), value.trim().parse().expect("a field has a body"))
}
