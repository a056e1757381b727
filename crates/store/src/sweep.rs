//! Removes objects that no row names: what a crash, a lost answer or a broken connection has left. Every node does; what is
//! young is left alone, since another node may be about to name it. Uploads that nobody went on with go before.

use crate::blobs::FoundObject;
use crate::clock::{Clock, SystemClock, Timestamp};
use crate::db::{ReadTx, WriteTx};
use crate::error::StoreError;
use crate::{Inner, Store};
use futures::TryStreamExt;
use std::sync::{Arc, Weak};
use std::time::Duration;

/// Between two sweeps.
const EVERY: Duration = Duration::from_secs(6 * 60 * 60);
/// How long an object is young, in microseconds: a day.
const YOUNG: i64 = 24 * 60 * 60 * 1_000_000;
/// Objects that are looked for together.
const TOGETHER: usize = 500;

/// Sweeps now and then as long as the store is open; only where octets are shared.
pub(crate) fn start(store: &Store) {
    let inner = Arc::downgrade(&store.inner);
    store.places().spawn(async move {
        while let Some(swept) = sweep_once(&inner).await {
            if let Err(error) = swept {
                tracing::warn!(%error, "objects that no row names could not be swept; a later sweep does");
            }
            tokio::time::sleep(EVERY).await;
        }
        Ok(())
    });
}

/// Nothing once the store is closed.
async fn sweep_once(inner: &Weak<Inner>) -> Option<Result<(), StoreError>> {
    let store = Store { inner: inner.upgrade()? };
    let now = SystemClock.now();
    // The one is done even where the other failed.
    let (ended, swept) = (store.end_uploads(now).await, store.sweep_objects(now).await);
    Some(ended.and(swept))
}

impl Store {
    /// Forgets the sessions that have ended, with what came of them.
    pub(crate) async fn end_uploads(&self, now: Timestamp) -> Result<(), StoreError> {
        for mailbox in self.read(move |tx: &ReadTx<'_>| tx.mailboxes_with_ended_uploads(now)).await? {
            self.write_in(mailbox, move |tx: &mut WriteTx<'_>| tx.take_ended_uploads(mailbox, now)).await?;
        }
        Ok(())
    }

    /// Removes the objects that no row names, but for those that are young at this time.
    pub(crate) async fn sweep_objects(&self, now: Timestamp) -> Result<(), StoreError> {
        let Some(client) = self.places().client() else { return Ok(()) };
        if !self.owns_objects(&client).await? {
            let why = "the objects are not known to be this store's (its id is the secret objects/id, theirs the object id beside them)";
            return Err(StoreError::Setting(why.to_owned()));
        }
        let young_from = Timestamp(now.0.saturating_sub(YOUNG));
        let mut pages = std::pin::pin!(client.list().try_chunks(TOGETHER));
        while let Some(page) = pages.try_next().await.map_err(|broken| broken.1)? {
            let old = page.into_iter().filter(|found| found.written < young_from && found.is_ours()).collect();
            self.remove_unnamed(old).await?;
        }
        Ok(())
    }

    async fn remove_unnamed(&self, mut found: Vec<FoundObject>) -> Result<(), StoreError> {
        let unnamed = move |tx: &ReadTx<'_>| {
            let mut unnamed = Vec::new();
            for object in found.drain(..) {
                if !tx.names_place(&object.place)? {
                    unnamed.push(object);
                }
            }
            Ok::<_, StoreError>(unnamed)
        };
        for object in self.read(unnamed).await? {
            tracing::info!(size_bytes = object.size, "removes an object that no row names");
            self.places().remove_object(&object.place).await?;
        }
        Ok(())
    }
}
