//! Connections that read, lent out one look at a time.

use super::ReadTx;
use super::sqlite::{self, Connection};
use crate::error::StoreError;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::Semaphore;

/// Looks at one time; further ones wait. Reading is memory and CPU here, so more would only take turns.
const AT_ONCE: usize = 8;

pub(crate) struct Readers {
    dir: PathBuf,
    idle: Arc<Mutex<Vec<Connection>>>,
    turns: Semaphore,
}

impl Readers {
    pub(crate) fn new(dir: &Path) -> Readers {
        Readers { dir: dir.to_owned(), idle: Arc::default(), turns: Semaphore::new(AT_ONCE) }
    }

    pub(crate) async fn read<T, E>(&self, look: impl FnOnce(&ReadTx<'_>) -> Result<T, E> + Send + 'static) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        let _turn = self.turns.acquire().await.map_err(|_| StoreError::Stopped)?;
        let (idle, dir) = (self.idle.clone(), self.dir.clone());
        let answer = tokio::task::spawn_blocking(move || {
            let lent = idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
            let connection = match lent {
                Some(connection) => connection,
                None => sqlite::open_for_reading(&dir)?,
            };
            connection.batch("BEGIN")?;
            let found = look(&ReadTx::new(&connection));
            connection.batch("ROLLBACK")?; // nothing was written; a connection that can't end its look is not lent again
            idle.lock().unwrap_or_else(PoisonError::into_inner).push(connection);
            found
        });
        answer.await.unwrap_or(Err(StoreError::Stopped.into()))
    }
}
