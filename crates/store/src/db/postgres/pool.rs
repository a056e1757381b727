//! Connections, lent out one look or one deed at a time.

use super::super::ReadTx;
use super::{Connection, Failure, Server};
use crate::error::StoreError;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

/// How long somebody waits for a connection or an answer. What was begun then ends by itself, unheard.
pub(super) const PATIENCE: Duration = Duration::from_secs(20);

pub(crate) struct Pool {
    inner: Arc<Inner>,
}

pub(super) struct Inner {
    server: Server,
    idle: Mutex<Vec<Connection>>,
    turns: Arc<Semaphore>,
}

impl Pool {
    /// So many connections at most; none is made before it is needed.
    pub(crate) fn new(server: Server, at_once: usize) -> Pool {
        Pool { inner: Arc::new(Inner { server, idle: Mutex::default(), turns: Arc::new(Semaphore::new(at_once)) }) }
    }

    pub(super) fn inner(&self) -> Arc<Inner> {
        self.inner.clone()
    }

    /// One consistent state, looked at by `look`.
    pub(crate) async fn read<T, E>(&self, look: impl FnOnce(&ReadTx<'_>) -> Result<T, E> + Send + 'static) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        let inner = self.inner();
        within(PATIENCE, async move {
            let turn = inner.turn().await?;
            let answer = tokio::task::spawn_blocking(move || {
                let _turn = turn;
                let (connection, _) = inner.begun("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")?;
                let found = catch_unwind(AssertUnwindSafe(|| look(&ReadTx::new(&connection))));
                if found.is_ok() {
                    inner.give_back_after("COMMIT", connection);
                }
                found.unwrap_or(Err(StoreError::Stopped.into()))
            });
            answer.await.unwrap_or(Err(StoreError::Stopped.into()))
        })
        .await
    }
}

impl Inner {
    pub(super) async fn turn(&self) -> Result<OwnedSemaphorePermit, StoreError> {
        self.turns.clone().acquire_owned().await.map_err(|_| StoreError::Stopped)
    }

    /// A connection in a transaction that has begun, and how many rows the last of the statements touched that begin it. One
    /// that lay idle may be dead by now: then all that lay beside it are.
    pub(super) fn begun(&self, begin: &str) -> Result<(Connection, u64), StoreError> {
        let lent = self.lock().pop();
        if let Some(connection) = lent {
            match connection.touch(begin) {
                Ok(touched) => return Ok((connection, touched)),
                Err(_) if connection.failure() == Some(Failure::Lost) => self.lock().clear(),
                Err(error) => return Err(error),
            }
        }
        let connection = self.server.connect()?;
        let touched = connection.touch(begin)?;
        Ok((connection, touched))
    }

    /// Takes a connection back whose transaction ended well.
    pub(super) fn give_back(&self, connection: Connection) {
        self.lock().push(connection);
    }

    /// The same, once this has ended it; else it is let go.
    pub(super) fn give_back_after(&self, end: &str, connection: Connection) {
        if connection.batch(end).is_ok() {
            connection.failure.set(None);
            self.give_back(connection);
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<Connection>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A connection says goodbye, for which its driver must not stand on a thread that does asynchronous work.
impl Drop for Inner {
    fn drop(&mut self) {
        let idle = std::mem::take(&mut *self.lock());
        std::thread::spawn(move || drop(idle));
    }
}

/// What is done in time.
pub(super) async fn within<T, E: From<StoreError>>(patience: Duration, work: impl Future<Output = Result<T, E>>) -> Result<T, E> {
    let late = |_| Err(StoreError::Unavailable(format!("no answer within {} s", patience.as_secs())).into());
    timeout(patience, work).await.unwrap_or_else(late)
}
