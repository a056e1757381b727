//! The rules of mail: every change of mail happens here, once, in one transaction.

use std::future::Future;
use std::sync::Arc;
use store::{Clock, Store};

/// What the rules need to be told.
#[derive(Debug, Clone)]
pub struct Options {
    /// The domain whose mailboxes are here.
    pub domain: String,
    /// Octets that a message may have at most.
    pub max_message_octets: u64,
}

/// The mail of everybody.
#[derive(Clone)]
pub struct Mail {
    inner: Arc<Inner>,
}

struct Inner {
    _store: Store,
    _clock: Arc<dyn Clock>,
    _options: Options,
}

impl Mail {
    /// The rules over a store.
    pub fn new(store: Store, clock: Arc<dyn Clock>, options: Options) -> Mail {
        Mail { inner: Arc::new(Inner { _store: store, _clock: clock, _options: options }) }
    }

    /// Delivers what is due until `stop`.
    pub async fn deliver_until(&self, stop: impl Future<Output = ()>) {
        let _ = &self.inner;
        stop.await;
    }
}
