//! The thread that writes the index of texts. It has a database of its own, so that nobody who sends waits for it, and steps
//! back where there is other work: what it does may be late, what a sender waits for may not.

use super::IndexTx;
use super::sqlite::Connection;
use crate::blobs::Places;
use crate::error::StoreError;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::thread;
use tokio::sync::{mpsc, oneshot};

/// How far it steps back (nice(2)).
const NICE: i32 = 10;

type Work = Box<dyn FnOnce(&Connection) + Send>;

pub(crate) struct Indexer {
    work: mpsc::Sender<Work>,
    places: Arc<Places>,
}

impl Indexer {
    /// Starts the thread; it ends when this is dropped.
    pub(crate) fn start(connection: Connection, places: Arc<Places>) -> Indexer {
        let (work, mut waiting) = mpsc::channel::<Work>(1);
        thread::spawn(move || {
            if let Err(error) = rustix::process::setpriority_process(None, NICE) {
                tracing::warn!(%error, "the index of texts is written with the same priority as all else");
            }
            while let Some(work) = waiting.blocking_recv() {
                work(&connection);
            }
        });
        Indexer { work, places }
    }

    pub(crate) async fn index<T, E>(&self, deed: impl FnOnce(&mut IndexTx<'_>) -> Result<T, E> + Send + 'static) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        let (tell, told) = oneshot::channel();
        let places = self.places.clone();
        let work: Work = Box::new(move |connection| {
            let done = catch_unwind(AssertUnwindSafe(|| whole(connection, || deed(&mut IndexTx::new(connection, &places)))));
            let _ = tell.send(done.unwrap_or_else(|_| {
                let _ = connection.batch("ROLLBACK"); // there may be none under way
                Err(StoreError::Stopped.into())
            }));
        });
        self.work.send(work).await.map_err(|_| StoreError::Stopped)?;
        told.await.unwrap_or(Err(StoreError::Stopped.into()))
    }
}

/// All of a deed, or nothing.
fn whole<T, E: From<StoreError>>(connection: &Connection, deed: impl FnOnce() -> Result<T, E>) -> Result<T, E> {
    connection.batch("BEGIN")?;
    let done = deed().and_then(|done| connection.batch("COMMIT").map(|()| done).map_err(E::from));
    if done.is_err() {
        let _ = connection.batch("ROLLBACK"); // where the commit failed, there may be none under way
    }
    done
}
