//! The one writer. Deeds that wait together are done in one transaction and share its commit, each in a savepoint of
//! its own, so that one that fails undoes nothing of its neighbours. A deed is answered after the commit. Files of octets
//! that lost their row go between two transactions, when no row that names them anew can be under way.

use super::sqlite::Connection;
use super::{Touched, WriteTx};
use crate::error::StoreError;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::thread;
use tokio::sync::{mpsc, oneshot};

/// Deeds that may wait; whoever comes then waits at the door.
const WAITING: usize = 1024;
/// Deeds that share a commit at most.
const TOGETHER: usize = 512;

type Deed = Box<dyn FnOnce(&mut WriteTx<'_>) -> Done + Send>;
type Answer = Box<dyn FnOnce(Result<(), Arc<StoreError>>) + Send>;

/// A deed that was tried: whether to keep it, and how to tell the caller.
struct Done {
    keep: bool,
    answer: Answer,
}

pub(crate) struct Writer {
    deeds: mpsc::Sender<Deed>,
}

impl Writer {
    /// Starts the thread that writes; it ends when the writer is dropped.
    /// `after` is given what the deeds of each commit leave to do.
    pub(crate) fn start(connection: Connection, after: impl Fn(&Connection, Touched) + Send + 'static) -> Writer {
        let (deeds, waiting) = mpsc::channel(WAITING);
        thread::spawn(move || write_all(&connection, waiting, after));
        Writer { deeds }
    }

    pub(crate) async fn write<T, E>(&self, deed: impl FnOnce(&mut WriteTx<'_>) -> Result<T, E> + Send + 'static) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        let (tell, told) = oneshot::channel();
        let boxed: Deed = Box::new(move |tx| {
            let result = deed(tx);
            let keep = result.is_ok();
            let answer: Answer = Box::new(move |committed| {
                let _ = tell.send(match committed {
                    Err(error) if keep => Err(StoreError::Io(std::io::Error::other(error)).into()),
                    _ => result,
                });
            });
            Done { keep, answer }
        });
        self.deeds.send(boxed).await.map_err(|_| StoreError::Stopped)?;
        told.await.unwrap_or(Err(StoreError::Stopped.into()))
    }
}

fn write_all(connection: &Connection, mut waiting: mpsc::Receiver<Deed>, after: impl Fn(&Connection, Touched)) {
    let mut together = Vec::with_capacity(TOGETHER);
    while waiting.blocking_recv_many(&mut together, TOGETHER) > 0 {
        let (mut answers, mut touched) = (Vec::with_capacity(together.len()), Touched::default());
        let committed = commit_together(connection, together.drain(..), &mut answers, &mut touched).map_err(|error| {
            tracing::error!(%error, deeds = answers.len(), "a commit failed");
            let _ = connection.batch("ROLLBACK"); // there may be none under way
            Arc::new(error)
        });
        if committed.is_ok() {
            touched.settle();
        }
        for answer in answers {
            answer(committed.clone());
        }
        after(connection, touched);
    }
}

/// Answers which mailboxes the deeds have changed.
fn commit_together(
    connection: &Connection,
    deeds: impl Iterator<Item = Deed>,
    answers: &mut Vec<Answer>,
    touched: &mut Touched,
) -> Result<(), StoreError> {
    connection.batch("BEGIN IMMEDIATE")?;
    for deed in deeds {
        connection.batch("SAVEPOINT deed")?;
        let mut tx = WriteTx::new(connection);
        match catch_unwind(AssertUnwindSafe(|| deed(&mut tx))) {
            Ok(Done { keep, answer }) => {
                answers.push(answer);
                if keep {
                    touched.named.append(&mut tx.touched.named);
                    touched.released.append(&mut tx.touched.released);
                    touched.changed.append(&mut tx.touched.changed);
                } else {
                    connection.batch("ROLLBACK TO deed")?;
                    tx.touched.unname();
                }
            }
            Err(_) => {
                tracing::error!("a deed panicked"); // its caller is told by the channel that went with it
                connection.batch("ROLLBACK TO deed")?;
            }
        }
        connection.batch("RELEASE deed")?;
    }
    connection.batch("COMMIT")
}
