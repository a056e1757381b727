//! This process as one of those that serve a store: it says that it is there, so that what it has taken stays its own, and is
//! free for others once it is gone.

use crate::Mail;
use std::future::Future;
use std::pin::pin;
use std::time::Duration;
use store::{StoreError, Timestamp, WriteTx};

/// How often it says so, and for how long that holds: three may be missed.
const SAID: Duration = Duration::from_secs(5);
const HOLDS: Duration = Duration::from_secs(20);
/// After how long a node is forgotten that is gone, and which deeds were done, in microseconds: an hour. Nothing asks for as long.
const FORGOTTEN: i64 = 60 * 60 * 1_000_000;

impl Mail {
    /// Says that this node is there, until `stop`; then that it is gone. Where a store has one process only there is nothing to
    /// say.
    pub async fn be_there_until(&self, stop: impl Future<Output = ()>) {
        let mut stop = pin!(stop);
        let store = &self.inner.store;
        while store.is_shared() {
            if let Err(error) = self.say_there().await {
                tracing::error!(%error, "it could not be said that this node is there; others may take what it has");
            }
            tokio::select! {
                () = &mut stop => {
                    let node = store.node();
                    if let Err(error) = store.write::<_, StoreError>(move |tx| tx.remove_node(node)).await {
                        tracing::warn!(%error, "it could not be said that this node is gone; what it has is free a little later");
                    }
                    return;
                }
                () = tokio::time::sleep(SAID) => {}
            }
        }
        stop.await;
    }

    /// Says that this node is there.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn say_there(&self) -> Result<(), StoreError> {
        let (node, now) = (self.inner.store.node(), self.inner.clock.now());
        let before = Timestamp(now.0.saturating_sub(FORGOTTEN));
        let deed = move |tx: &mut WriteTx<'_>| {
            tx.note_node(node, now.after(HOLDS), before)?;
            tx.forget_deeds(before)
        };
        self.inner.store.write(deed).await
    }
}
