//! The Microsoft Graph door.

use axum::Router;
use identity::Identity;
use mailbox::Mail;
use std::sync::Arc;
use store::Clock;

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
}

/// How the client reached us. The listener puts it beside each request; links are made with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scheme {
    /// Without TLS.
    Http,
    /// Over TLS.
    Https,
}

/// Everything that this door answers: every path not taken by another router.
pub fn routes(_graph: Graph) -> Router {
    Router::new()
}
