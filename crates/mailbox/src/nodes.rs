//! This process as one of those that serve a store: it says that it is there, so that what it has taken stays its own, and is
//! free for others once it is gone.

mod presence;

pub(crate) use presence::{Carried, Presence};

use crate::Mail;
use std::future::Future;
use std::pin::pin;
use std::time::{Duration, Instant};
use store::{ReadTx, StoreError, Taker, Timestamp, WriteTx};

/// How often it says so, and for how long that holds: three may be missed.
const SAID: Duration = Duration::from_secs(5);
const HOLDS: Duration = Duration::from_secs(20);
/// How many times it is said between two looks for what can be forgotten.
const FORGETS: u64 = 60;
/// After how long a node is forgotten that is gone, and which deeds were done. Nothing asks for as long.
const FORGOTTEN: Duration = Duration::from_secs(60 * 60);

impl Mail {
    /// Says that this node is there, until `stop`. Where a store has one process only there is nothing to say.
    pub async fn be_there_until(&self, stop: impl Future<Output = ()>) {
        let mut stop = pin!(stop);
        let (mut said, mut might_take) = (0_u64, false);
        while self.inner.store.is_shared() {
            match self.say_there().await {
                Ok(()) => self.give_back_forgotten().await,
                Err(error) => {
                    tracing::error!(%error, "it could not be said that this node is there; others may take what it has");
                }
            }
            let may_take = self.taker().from_silent;
            if may_take && !might_take {
                self.inner.submitted.notify_one(); // what nodes have left that are gone can be gone on with from now on
                self.inner.to_relay.notify_one();
                self.inner.to_notify.notify_one();
            }
            might_take = may_take;
            if said.is_multiple_of(FORGETS) {
                self.forget_old().await;
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
        let (now, began) = (self.inner.clock.now(), Instant::now());
        let was_there = self.inner.store.write_beat::<_, StoreError>(move |tx| tx.note_node(now, HOLDS)).await?;
        self.inner.presence.note((began, Instant::now()), was_there);
        Ok(())
    }

    /// Says that this node is gone, once nothing that it has taken is under way any more: others take it at once.
    pub async fn say_gone(&self) {
        let node = self.inner.store.node();
        if !self.inner.store.is_shared() {
            return;
        }
        if let Err(error) = self.inner.store.write_beat::<_, StoreError>(move |tx| tx.remove_node(node)).await {
            tracing::warn!(%error, "it could not be said that this node is gone; what it has is free a little later");
        }
    }

    /// This node, and what it may take now.
    pub(crate) fn taker(&self) -> Taker {
        Taker { node: self.inner.store.node(), from_silent: self.inner.presence.may_take_from_silent(Instant::now()) }
    }

    /// Whether what this node has taken is its own for sure. Else others may have it by now, and that is to be looked at
    /// before it goes on.
    pub fn is_there(&self) -> bool {
        !self.inner.store.is_shared() || self.inner.presence.is_there(Instant::now())
    }

    /// Gives back the places that are in this node's name and that it doesn't carry: it was told that they could not be
    /// taken, and they were, or whoever carried them broke off.
    async fn give_back_forgotten(&self) {
        let Some(_leasing) = self.inner.presence.none_is_leasing() else { return };
        let (node, presence) = (self.inner.store.node(), self.clone());
        let leased = match self.inner.store.read::<_, StoreError>(move |tx: &ReadTx<'_>| tx.leased_by(node)).await {
            Ok(leased) => leased,
            Err(error) => return tracing::warn!(%error, "what this node has taken could not be read"),
        };
        let now = self.inner.clock.now();
        for leased in leased.into_iter().filter(|leased| !presence.inner.presence.carries(&leased.name)) {
            tracing::warn!("a place that nobody goes to is given back");
            let deed = move |tx: &mut WriteTx<'_>| tx.give_back(&leased, now, now);
            if let Err(error) = self.inner.store.write_upkeep::<_, StoreError>(deed).await {
                return tracing::warn!(%error, "it could not be given back; that is tried again");
            }
            self.inner.to_relay.notify_one();
            self.inner.to_notify.notify_one();
        }
    }

    async fn forget_old(&self) {
        let (now, from_silent) = (self.inner.clock.now(), self.taker().from_silent);
        let before = i64::try_from(FORGOTTEN.as_micros()).map_or(now, |age| Timestamp(now.0.saturating_sub(age)));
        let deed = move |tx: &mut WriteTx<'_>| {
            if from_silent {
                tx.forget_nodes(now, FORGOTTEN)?;
            }
            tx.forget_deeds(before)
        };
        if let Err(error) = self.inner.store.write_upkeep::<_, StoreError>(deed).await {
            tracing::warn!(%error, "nodes and deeds of long ago could not be forgotten");
        }
    }
}
