//! Server-sent events (WHATWG HTML §9.2) as a client reads them.

use bytes::Bytes;
use http_body_util::BodyExt;
use hyper::body::Incoming;
use serde_json::Value;
use std::time::Duration;
use tokio::time::timeout;

/// No event may be waited for longer.
const PATIENCE: Duration = Duration::from_secs(30);

/// An event.
#[derive(Debug, Clone, PartialEq)]
pub struct ServerEvent {
    /// Its name.
    pub event: String,
    /// What a client says that goes on behind it.
    pub id: String,
    /// What it tells.
    pub data: Value,
}

/// A stream of them.
pub struct Events {
    body: Incoming,
    text: String,
    last_id: String,
}

impl Events {
    pub(crate) fn new(body: Incoming) -> Events {
        Events { body, text: String::new(), last_id: String::new() }
    }

    /// The last id that was told, with an event or alone.
    pub fn last_id(&self) -> &str {
        &self.last_id
    }

    /// Waits until an id is told, which may come without an event.
    pub async fn begun(mut self) -> Events {
        let block = self.block().await.expect("it begins");
        self.take(&block);
        assert!(!self.last_id.is_empty(), "it says from where on: {block}");
        self
    }

    /// The next event; nothing where the stream has ended.
    pub async fn next(&mut self) -> Option<ServerEvent> {
        loop {
            let block = self.block().await?;
            if let Some(event) = self.take(&block) {
                return Some(event);
            }
        }
    }

    fn take(&mut self, block: &str) -> Option<ServerEvent> {
        let field = |name: &str| block.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "));
        if let Some(id) = field("id") {
            self.last_id = id.to_owned();
        }
        let data = serde_json::from_str(field("data")?).expect("data is JSON");
        Some(ServerEvent { event: field("event").unwrap_or("message").to_owned(), id: self.last_id.clone(), data })
    }

    async fn block(&mut self) -> Option<String> {
        loop {
            if let Some((block, rest)) = self.text.split_once("\n\n") {
                let (block, rest) = (block.to_owned(), rest.to_owned());
                self.text = rest;
                return Some(block);
            }
            let frame = timeout(PATIENCE, self.body.frame()).await.expect("an event or an end in time")?;
            let octets: Bytes = frame.ok()?.into_data().unwrap_or_default();
            self.text.push_str(std::str::from_utf8(&octets).expect("events are UTF-8"));
        }
    }
}
