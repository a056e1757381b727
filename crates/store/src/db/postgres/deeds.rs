//! Deeds on PostgreSQL: each is one transaction of its own connection, tried again where others stood in its way or the
//! server went away, and done once however often it is tried.
//!
//! Each deed has an id, which its transaction writes into the table `deed` first. Where the connection breaks while the commit
//! is under way nobody knows what became of it; the next try writes the same id, which waits for the earlier transaction to
//! end and says whether it is there. The number of the transaction would not do: a server that lost what it had not synced
//! gives the same number to another one.

use super::super::{IndexTx, Touched, WriteTx};
use super::pool::{Inner, PATIENCE, within};
use super::{Connection, Failure, Pool, pause};
use crate::blobs::Places;
use crate::clock::{Clock, SystemClock};
use crate::db::{ReadTx, values};
use crate::error::StoreError;
use crate::ids::{DeedId, MailboxId, NodeId};
use crate::moving::{IS_CLOSED, may_be_served};
use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::{Mutex as Turn, OwnedMutexGuard, Semaphore};
use uuid::Uuid;

/// How long a deed is tried again.
const TRIED: Duration = Duration::from_secs(15);
/// The longest pause between two tries.
const PAUSE: Duration = Duration::from_millis(500);

pub(crate) struct Deeds {
    pool: Arc<Inner>,
    /// For what must not wait behind others: what this node takes and gives back.
    upkeep: Arc<Inner>,
    /// For saying that this node is there.
    beats: Arc<Inner>,
    turns: Turns,
    /// Deeds that are not about one mailbox, and may wait for several: they leave room for the others.
    others: Arc<Semaphore>,
    node: NodeId,
}

/// Whom a deed waits for.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Queue {
    /// Those about this mailbox.
    Mailbox(MailboxId),
    /// Those that may lock several mailboxes, or what belongs to none.
    Others,
    /// Nobody but its like.
    Upkeep,
    /// The same, and more urgent.
    Beats,
}

/// Says that nobody waits any more for a deed: what is not being committed yet is not to be done.
struct Waiter(Arc<AtomicBool>);

impl Drop for Waiter {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// What is done once a deed is durable.
pub(crate) type After = dyn Fn(Touched) + Send + Sync;

/// Whose turn it is in each mailbox, among the deeds of this process: they would only wait for each other in the database, each
/// with a connection of its own.
#[derive(Default)]
struct Turns(Mutex<HashMap<MailboxId, Arc<Turn<()>>>>);

/// How a try ended.
enum Tried<T, E> {
    /// It is durable.
    Done(T, Touched),
    /// The connection broke while the commit was under way: if it happened, this is the answer, and what is left to do.
    InDoubt((T, Touched), E),
    /// Nothing of it happened; it may be tried again.
    InVain(E),
    /// Nothing of it happened, and nothing will.
    Refused(E),
}

impl Deeds {
    pub(crate) fn new(pool: &Pool, (upkeep, beats): (&Pool, &Pool), others: usize) -> Deeds {
        Deeds {
            pool: pool.inner(),
            upkeep: upkeep.inner(),
            beats: beats.inner(),
            turns: Turns::default(),
            others: Arc::new(Semaphore::new(others)),
            node: NodeId::new(SystemClock.now()),
        }
    }

    pub(crate) fn node(&self) -> NodeId {
        self.node
    }

    /// Does a deed. Those about one mailbox are done one after the other, on all nodes.
    pub(crate) async fn write<T, E>(
        &self,
        queue: Queue,
        deed: impl FnOnce(&mut WriteTx<'_>) -> Result<T, E> + Clone + Send + 'static,
        after: Arc<After>,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        let (of, pool) = match queue {
            Queue::Mailbox(of) => (Some(of), self.pool.clone()),
            Queue::Others => (None, self.pool.clone()),
            Queue::Upkeep => (None, self.upkeep.clone()),
            Queue::Beats => (None, self.beats.clone()),
        };
        let (node, given_up) = (self.node, Arc::new(AtomicBool::new(false)));
        let _waiter = Waiter(given_up.clone());
        within(PATIENCE, async move {
            let turn = self.turns.take(of).await;
            let other = match queue {
                Queue::Others => Some(self.others.clone().acquire_owned().await.map_err(|_| StoreError::Stopped)?),
                Queue::Mailbox(_) | Queue::Upkeep | Queue::Beats => None,
            };
            let permit = pool.turn().await?;
            let done = tokio::task::spawn_blocking(move || {
                let _held = (turn, other, permit);
                let (answer, touched) = repeated(&pool, (of, node), &given_up, &deed)?;
                after(touched);
                Ok(answer)
            });
            done.await.unwrap_or(Err(StoreError::Stopped.into()))
        })
        .await
    }
}

impl Deeds {
    /// Works on the index of texts, in one transaction.
    pub(crate) async fn index<T, E>(
        &self,
        places: Arc<Places>,
        work: impl FnOnce(&mut IndexTx<'_>) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        let pool = self.pool.clone();
        within(PATIENCE, async move {
            let permit = pool.turn().await?;
            let done = tokio::task::spawn_blocking(move || {
                let _held = permit;
                // The index is made of what is durable: what a crash takes of it is made again, so nobody waits for its sync.
                let (connection, _) = pool.begun("BEGIN; SET LOCAL synchronous_commit = off")?;
                let done = catch_unwind(AssertUnwindSafe(|| work(&mut IndexTx::new(&connection, &places))));
                let done = done.unwrap_or(Err(StoreError::Stopped.into()))?;
                connection.batch("COMMIT")?;
                pool.give_back(connection);
                Ok(done)
            });
            done.await.unwrap_or(Err(StoreError::Stopped.into()))
        })
        .await
    }
}

impl Turns {
    async fn take(&self, of: Option<MailboxId>) -> Option<OwnedMutexGuard<()>> {
        let turn = {
            let mut turns = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            turns.retain(|_, turn| Arc::strong_count(turn) > 1); // few are: those of the deeds under way
            turns.entry(of?).or_default().clone()
        };
        Some(turn.lock_owned().await)
    }
}

/// Tries a deed until it is done, refused, or time is up.
fn repeated<T, E: From<StoreError>>(
    pool: &Inner,
    (of, node): (Option<MailboxId>, NodeId),
    given_up: &AtomicBool,
    deed: &(impl FnOnce(&mut WriteTx<'_>) -> Result<T, E> + Clone),
) -> Result<(T, Touched), E> {
    let (id, began, mut tries, mut in_doubt) = (DeedId::new(SystemClock.now()), Instant::now(), 0_u32, None::<(T, Touched)>);
    let begin = beginning(id, of);
    loop {
        tries += 1;
        if given_up.load(Ordering::Relaxed) {
            return Err(nobody_waits().into());
        }
        let tried = match pool.begun(&begin) {
            Ok((connection, 0)) => {
                let may = may_be_done(&connection, id, of);
                pool.give_back_after("ROLLBACK", connection);
                may?;
                let foreign = || StoreError::Corrupt("a deed's id was another's".to_owned());
                let (answer, touched) = in_doubt.ok_or_else(foreign)?;
                touched.settle();
                return Ok((answer, touched));
            }
            Ok((connection, _)) => {
                // The earlier try is known not to have happened.
                if let Some((_, touched)) = in_doubt.take() {
                    touched.unname();
                }
                once(pool, (connection, node), given_up, deed.clone())
            }
            Err(error @ StoreError::Unavailable(_)) => Tried::InVain(error.into()),
            Err(error) => Tried::Refused(error.into()),
        };
        let error = match tried {
            Tried::Done(answer, touched) => return Ok((answer, touched)),
            Tried::Refused(error) => return Err(error),
            Tried::InVain(error) => error,
            Tried::InDoubt(answer, error) => {
                in_doubt = Some(answer);
                error
            }
        };
        if began.elapsed() > TRIED {
            return Err(error);
        }
        tracing::debug!(tries, "a deed is tried again");
        // Some milliseconds that differ from deed to deed, so that two do not clash twice.
        pause(PAUSE.min(Duration::from_millis(u64::from(tries).pow(2) * 5 + u64::from(id.0[15]) % 10)));
    }
}

fn nobody_waits() -> StoreError {
    StoreError::Unavailable("it took too long".to_owned())
}

/// Where a deed was not noted: that it was before. Else the store is being moved, or was, and nothing is to be written to it.
fn may_be_done(connection: &Connection, id: DeedId, of: Option<MailboxId>) -> Result<(), StoreError> {
    let mailbox = of.map_or([0; 16], |of| of.0);
    let noted = "SELECT 1 FROM deed WHERE mailbox = $1 AND id = $2";
    if !connection.rows(noted, values![&mailbox, &id.0], |row| row.integer(0))?.is_empty() {
        return Ok(());
    }
    match may_be_served(&ReadTx::new(connection)) {
        Err(StoreError::Moved(why)) => Err(StoreError::Unavailable(why)), // who serves it still is behind the times
        Err(error) => Err(error),
        Ok(()) => Err(StoreError::Unavailable("the store was closed for a moment".to_owned())),
    }
}

/// How a deed's transaction begins: alone with its mailbox, and noted. The last statement touches a row unless it was noted before,
/// or nobody may write to the store any more: so whoever was silent while it was moved does no harm.
fn beginning(id: DeedId, of: Option<MailboxId>) -> String {
    let hex = |octets: [u8; 16]| format!("'\\x{}'", Uuid::from_bytes(octets).simple());
    let alone = of.map(|of| format!("SELECT 1 FROM mailbox WHERE id = {} FOR UPDATE; ", hex(of.0))).unwrap_or_default();
    let mailbox = hex(of.map_or([0; 16], |of| of.0));
    format!(
        "BEGIN; {alone}INSERT INTO deed (mailbox, id) SELECT {mailbox}, {} WHERE NOT EXISTS (SELECT 1 FROM moving WHERE {IS_CLOSED})
         ON CONFLICT (mailbox, id) DO NOTHING",
        hex(id.0)
    )
}

fn once<T, E: From<StoreError>>(
    pool: &Inner,
    (connection, node): (Connection, NodeId),
    given_up: &AtomicBool,
    deed: impl FnOnce(&mut WriteTx<'_>) -> Result<T, E>,
) -> Tried<T, E> {
    let mut tx = WriteTx::new(&connection).by(node);
    let Ok(result) = catch_unwind(AssertUnwindSafe(|| deed(&mut tx))) else {
        tracing::error!("a deed panicked"); // with the connection goes its transaction
        return Tried::Refused(StoreError::Stopped.into());
    };
    let touched = std::mem::take(&mut tx.touched);
    match (result, connection.failure()) {
        // Whoever was told that it can't be done may do it again: it must not be done behind his back.
        (Ok(_), None) if given_up.load(Ordering::Relaxed) => {
            pool.give_back_after("ROLLBACK", connection);
            touched.unname();
            Tried::Refused(nobody_waits().into())
        }
        (Ok(answer), None) => match connection.batch("COMMIT") {
            Ok(()) => {
                pool.give_back(connection);
                touched.settle();
                Tried::Done(answer, touched)
            }
            // What it has named may be named, and what it has released may not be released: neither is touched yet.
            Err(error) if connection.failure() == Some(Failure::Lost) => Tried::InDoubt((answer, touched), error.into()),
            Err(error) if connection.failure() == Some(Failure::Clash) => Tried::InVain(error.into()),
            Err(error) => Tried::Refused(error.into()),
        },
        // In PostgreSQL nothing is kept of a transaction in which a statement failed, whatever its deed makes of that.
        (Ok(_), Some(Failure::Full | Failure::Refused)) => {
            Tried::Refused(StoreError::Corrupt("a deed went on after a statement that failed".to_owned()).into())
        }
        (Ok(_), Some(_)) => Tried::InVain(StoreError::Unavailable("a deed went on after a lost statement".to_owned()).into()),
        (Err(error), Some(Failure::Clash | Failure::Lost)) => {
            touched.unname();
            Tried::InVain(error)
        }
        (Err(error), None | Some(Failure::Full | Failure::Refused)) => {
            pool.give_back_after("ROLLBACK", connection);
            touched.unname();
            Tried::Refused(error)
        }
    }
}
