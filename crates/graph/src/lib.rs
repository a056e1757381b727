//! The Microsoft Graph door: HTTP and JSON in, the rules of mail behind it.
//!
//! Promises: every answer has Graph's shape, codes and header fields; one path parser and one table of errors. Refuses:
//! to decide what happens to mail, and to touch the store.

mod basics;
mod body;
mod described;
mod error;
mod handlers;
mod html;
mod ids;
mod notify;
mod page;
mod permissions;
mod prefer;
mod query;
mod request;
mod round;
mod routes;
mod schema;
mod search;
mod small_page;
mod throttle;
mod zones;

pub use body::BodyBudget;
pub use notify::{Answered, Notifier, Post, PostError, Posted, Posting};
pub use throttle::Throttle;

use axum::Router;
use identity::{Identity, Scope};
use mailbox::Mail;
use std::sync::Arc;
use store::Clock;
use tokio::sync::watch;

/// What the door opens onto.
#[derive(Clone)]
pub struct Graph {
    /// The rules of mail.
    pub mail: Mail,
    /// Proves who asks.
    pub identity: Arc<Identity>,
    /// Tells the time of an error.
    pub clock: Arc<dyn Clock>,
    /// Octets that a message may have at most.
    pub max_message_octets: u64,
    /// The memory that large JSON bodies share.
    pub body_budget: BodyBudget,
    /// Graph's own limits, where apps are held to them.
    pub throttle: Option<Throttle>,
    /// Posts to where apps want to be told.
    pub post: Arc<dyn Post>,
    /// Turns true when the server stops: streams end then, which would not of themselves.
    pub until: watch::Receiver<bool>,
}

impl Graph {
    /// Who notifies apps.
    pub fn notifier(&self) -> Notifier {
        Notifier { mail: self.mail.clone(), identity: self.identity.clone(), post: self.post.clone() }
    }
}

/// How a request came: a request extension that the listener sets. Links in answers go back the same way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scheme {
    /// Without TLS
    Http,
    /// Over TLS
    Https,
}

/// Tells whether a request may name this host, given without a port: a request extension that the listener sets. Without it
/// every host may be named.
#[derive(Clone)]
pub struct OwnHosts(pub Arc<dyn Fn(&str) -> bool + Send + Sync>);

/// Scheme, host and port by which a client knows this server; nothing where a request doesn't name one host, or another's.
pub fn origin(parts: &axum::http::request::Parts) -> Option<String> {
    request::origin(parts).ok()
}

/// What somebody may do who has permissions, told by `has_one_of` of each operation's: a few words for each operation.
pub fn permitted(has_one_of: impl Fn(&[Scope]) -> bool) -> Vec<&'static str> {
    described::permitted(has_one_of)
}

/// A moment as this service writes it: UTC, to the second.
pub fn date_time(at: store::Timestamp) -> String {
    schema::message::date_text(at)
}

/// Everything that this door answers: every path that no other router takes.
pub fn routes(graph: Graph) -> Router {
    Router::new().fallback(routes::answer).with_state(Arc::new(graph))
}
