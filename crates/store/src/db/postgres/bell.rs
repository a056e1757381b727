//! A bell that nodes ring for each other (NOTIFY), where what was done by one is to be gone on with by another at once. It is
//! rung seldom: a commit that rings waits for all others that do. Nobody relies on it, since one that is not heard is not rung
//! again: whoever waits for it looks for himself now and then.

use super::{Server, pause};
use crate::error::StoreError;
use postgres::fallible_iterator::FallibleIterator;
use std::sync::{Arc, Weak};
use std::thread;
use std::time::Duration;
use tokio::sync::Notify;

/// The channel's name.
const CHANNEL: &str = "restante";
/// How long to listen before looking whether anybody still wants to hear.
const LISTENS: Duration = Duration::from_secs(1);
/// How long to wait after the connection broke.
const AFTER_FAILURE: Duration = Duration::from_secs(2);

/// What a deed does to ring.
pub(crate) const RING: &str = "SELECT pg_notify('restante', '')";

/// Listens on a thread of its own, until nobody has the bell any more.
pub(crate) fn listen(server: Server) -> Arc<Notify> {
    let bell = Arc::new(Notify::new());
    let heard = Arc::downgrade(&bell);
    thread::spawn(move || {
        while heard.strong_count() > 0 {
            if let Err(error) = listen_once(&server, &heard) {
                tracing::debug!(%error, "other nodes are not heard");
                pause(AFTER_FAILURE);
            }
        }
    });
    bell
}

fn listen_once(server: &Server, heard: &Weak<Notify>) -> Result<(), StoreError> {
    let connection = server.connect()?;
    connection.batch(&format!("LISTEN {CHANNEL}"))?;
    let mut client = connection.client.borrow_mut();
    loop {
        let rung = client.notifications().timeout_iter(LISTENS).next();
        let rung = rung.map_err(|error| StoreError::Unavailable(super::told(&error)))?;
        let Some(bell) = heard.upgrade() else { return Ok(()) };
        if rung.is_some() {
            bell.notify_waiters();
        } else if client.is_closed() {
            return Err(StoreError::Unavailable("the connection is closed".to_owned()));
        }
    }
}
