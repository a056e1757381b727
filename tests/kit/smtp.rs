//! A client of SMTP and LMTP that says what it is told, well made or not.

use crate::{Server, tls};
use rustls::pki_types::ServerName;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

/// No reply may take longer.
const PATIENCE: Duration = Duration::from_secs(60);

/// A connection to a mail server.
pub struct Smtp {
    stream: BufReader<Box<dyn Stream>>,
}

/// Octets both ways.
trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}

impl<S: AsyncRead + AsyncWrite + Unpin + Send> Stream for S {}

impl Smtp {
    /// Connects to a server's SMTP door, and is greeted.
    pub async fn connect(server: &Server) -> Smtp {
        Smtp::connect_to(server.dev()["smtp"].as_str().expect("dev.json tells where SMTP is")).await
    }

    /// The same at an address.
    pub async fn connect_to(address: &str) -> Smtp {
        let stream = TcpStream::connect(address).await.expect("the door is open");
        stream.set_nodelay(true).expect("it is a socket");
        let stream: Box<dyn Stream> = Box::new(stream);
        let mut smtp = Smtp { stream: BufReader::new(stream) };
        let greeting = smtp.reply().await;
        assert!(greeting.starts_with("220 "), "{greeting}");
        smtp
    }

    /// One reply, all its lines.
    pub async fn reply(&mut self) -> String {
        let mut text = String::new();
        loop {
            let mut line = String::new();
            let read = tokio::time::timeout(PATIENCE, self.stream.read_line(&mut line)).await;
            let count = read.expect("a reply comes").expect("the connection stands");
            text += &line;
            if count == 0 || line.as_bytes().get(3) != Some(&b'-') {
                return text;
            }
        }
    }

    /// Writes octets as they are.
    pub async fn write(&mut self, octets: &[u8]) {
        self.stream.write_all(octets).await.expect("the server takes them");
    }

    /// Says a line and reads what is said to it.
    pub async fn say(&mut self, line: &str) -> String {
        self.write(format!("{line}\r\n").as_bytes()).await;
        self.reply().await
    }

    /// Says a line and demands a reply with this code.
    pub async fn demand(&mut self, line: &str, code: u16) -> String {
        let reply = self.say(line).await;
        assert!(reply.starts_with(&code.to_string()), "{line}: {reply}");
        reply
    }

    /// Names sender and recipients, all of which must be taken.
    pub async fn envelope(&mut self, from: &str, to: &[String]) {
        self.demand(&format!("MAIL FROM:<{from}>"), 250).await;
        for address in to {
            self.demand(&format!("RCPT TO:<{address}>"), 250).await;
        }
    }

    /// Sends a message by DATA, dots doubled, and demands the code; a last line end is added where it lacks.
    pub async fn data(&mut self, octets: &[u8], code: u16) -> String {
        self.demand("DATA", 354).await;
        let mut text = Vec::with_capacity(octets.len() + 16);
        for line in octets.split_inclusive(|&octet| octet == b'\n') {
            // Only behind CRLF is a dot at the start of a line (RFC 5321 §4.5.2).
            if line.starts_with(b".") && (text.is_empty() || text.ends_with(b"\r\n")) {
                text.push(b'.');
            }
            text.extend_from_slice(line);
        }
        if !text.is_empty() && !text.ends_with(b"\r\n") {
            text.extend_from_slice(b"\r\n");
        }
        text.extend_from_slice(b".\r\n");
        self.write(&text).await;
        let reply = self.reply().await;
        assert!(reply.starts_with(&code.to_string()), "behind the data: {reply}");
        reply
    }

    /// Sends a message in chunks of so many octets, and demands that it is taken.
    pub async fn chunks(&mut self, octets: &[u8], size: usize) {
        let mut chunks = octets.chunks(size).peekable();
        while let Some(chunk) = chunks.next() {
            let last = if chunks.peek().is_none() { " LAST" } else { "" };
            self.write(format!("BDAT {}{last}\r\n", chunk.len()).as_bytes()).await;
            self.write(chunk).await;
            let reply = self.reply().await;
            assert!(reply.starts_with("250 "), "behind a chunk: {reply}");
        }
    }

    /// Starts TLS (RFC 3207), trusting the certificates in `trusted` (PEM) alone.
    pub async fn start_tls(mut self, trusted: &str) -> Smtp {
        self.demand("STARTTLS", 220).await;
        let name = ServerName::try_from("localhost").expect("a name");
        let connector = TlsConnector::from(Arc::new(tls::config(trusted, &[])));
        let secured = connector.connect(name, self.stream.into_inner()).await.expect("TLS begins");
        let stream: Box<dyn Stream> = Box::new(secured);
        Smtp { stream: BufReader::new(stream) }
    }

    /// Whether the server has closed the connection; what it said before is thrown away.
    pub async fn is_closed(&mut self) -> bool {
        let mut rest = Vec::new();
        tokio::time::timeout(PATIENCE, self.stream.read_to_end(&mut rest)).await.is_ok()
    }
}
