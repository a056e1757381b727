//! This process as one of those that serve a store: it says that it is there, so that what it has taken stays its own, and is
//! free for others once it is gone.

use crate::Mail;
use std::future::Future;
use std::pin::pin;
use std::time::Duration;
use store::{StoreError, Timestamp};

/// How often it says so, and for how long that holds: three may be missed.
const SAID: Duration = Duration::from_secs(5);
const HOLDS: Duration = Duration::from_secs(20);
/// How many times it is said between two looks for what can be forgotten.
const FORGETS: u64 = 60;
/// After how long a node is forgotten that is gone, and which deeds were done, in microseconds: an hour. Nothing asks for as long.
const FORGOTTEN: i64 = 60 * 60 * 1_000_000;

impl Mail {
    /// Says that this node is there, until `stop`. Where a store has one process only there is nothing to say.
    pub async fn be_there_until(&self, stop: impl Future<Output = ()>) {
        let mut stop = pin!(stop);
        let mut said = 0_u64;
        while self.inner.store.is_shared() {
            if let Err(error) = self.say_there().await {
                tracing::error!(%error, "it could not be said that this node is there; others may take what it has");
            }
            if said.is_multiple_of(FORGETS) {
                self.forget_deeds().await;
            }
            said += 1;
            tokio::select! {
                () = &mut stop => return,
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
        self.inner.store.write_upkeep(move |tx| tx.note_node(node, now.after(HOLDS), before)).await
    }

    /// Says that this node is gone, once nothing that it has taken is under way any more: others take it at once.
    pub async fn say_gone(&self) {
        let node = self.inner.store.node();
        if !self.inner.store.is_shared() {
            return;
        }
        if let Err(error) = self.inner.store.write_upkeep::<_, StoreError>(move |tx| tx.remove_node(node)).await {
            tracing::warn!(%error, "it could not be said that this node is gone; what it has is free a little later");
        }
    }

    async fn forget_deeds(&self) {
        let before = Timestamp(self.inner.clock.now().0.saturating_sub(FORGOTTEN));
        if let Err(error) = self.inner.store.write_upkeep::<_, StoreError>(move |tx| tx.forget_deeds(before)).await {
            tracing::warn!(%error, "deeds of long ago could not be forgotten");
        }
    }
}
