//! Who sees that there is something to tell: after each change of this node's, and now and then among all subscriptions, for what
//! a crash left, for what other nodes did, and for those that end.

use super::changes::{Followed, Following};
use super::{LOOK_AGAIN, ROWS, before, told};
use crate::Mail;
use crate::error::MailError;
use crate::subscriptions::may_hear;
use std::collections::{BTreeSet, HashMap, HashSet};
use std::future::Future;
use std::pin::pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use store::{
    ChangeTypes, FolderId, Follower, Interest, LogReach, LoggedChange, MailboxId, ReadTx, StoreError, Subscription,
    SubscriptionId, Timestamp, WellKnownName, Work, WriteTx,
};
use tokio::sync::Notify;

/// Who may listen at a node at a time, to whatever mailboxes.
const LISTENING: usize = 2000;
/// How long changes gather before they are looked at again.
const GATHER: Duration = Duration::from_millis(10);
/// How long to wait after the store failed.
const AFTER_FAILURE: Duration = Duration::from_secs(1);
/// How long before its end a subscription's app is told of that.
const WARNED: Duration = Duration::from_secs(15 * 60);
/// Subscriptions that are tended in one deed.
const TOGETHER: usize = 100;

/// Which mailboxes are followed, as far as this node knows.
#[derive(Default)]
pub(crate) struct Watch {
    mailboxes: Mutex<HashSet<MailboxId>>,
    /// By what those are woken who listen to a mailbox.
    listening: Mutex<HashMap<MailboxId, Arc<Notify>>>,
}

impl Watch {
    /// A mailbox is followed from now on.
    pub(crate) fn add(&self, mailbox: MailboxId) {
        self.mailboxes.lock().unwrap_or_else(PoisonError::into_inner).insert(mailbox);
    }

    /// By what somebody is woken who listens to a mailbox, until that is dropped; nothing where `most` do already, or too many to all.
    pub(super) fn listen(&self, mailbox: MailboxId, most: usize) -> Option<Arc<Notify>> {
        let mut listening = self.listening.lock().unwrap_or_else(PoisonError::into_inner);
        listening.retain(|_, woken| Arc::strong_count(woken) > 1);
        if listening.values().map(|woken| Arc::strong_count(woken) - 1).sum::<usize>() >= LISTENING {
            return None;
        }
        let woken = listening.entry(mailbox).or_default();
        (Arc::strong_count(woken) <= most).then(|| woken.clone())
    }

    fn wake(&self, changed: &BTreeSet<MailboxId>) {
        let listening = self.listening.lock().unwrap_or_else(PoisonError::into_inner);
        changed.iter().filter_map(|mailbox| listening.get(mailbox)).for_each(|woken| woken.notify_waiters());
    }

    fn set(&self, mailboxes: Vec<MailboxId>) {
        *self.mailboxes.lock().unwrap_or_else(PoisonError::into_inner) = mailboxes.into_iter().collect();
    }

    fn has(&self, mailbox: MailboxId) -> bool {
        self.mailboxes.lock().unwrap_or_else(PoisonError::into_inner).contains(&mailbox)
    }
}

/// After which all subscriptions are looked at from their own last change on, whatever was looked at: that something is due may be
/// lost where the database crashes.
const FORGET: Duration = Duration::from_secs(5 * 60);

/// What was looked at already, so that each change is looked at once however many subscriptions there are.
#[derive(Debug, Clone)]
struct Looked {
    /// Since when that is remembered.
    since: Instant,
    /// Up to which change of a mailbox.
    mailboxes: HashMap<MailboxId, i64>,
    /// Subscriptions that were looked at from their own last change on. Whatever is new they want is found among the mailbox's changes.
    subscriptions: HashSet<SubscriptionId>,
}

impl Looked {
    fn at_nothing() -> Looked {
        Looked { since: Instant::now(), mailboxes: HashMap::new(), subscriptions: HashSet::new() }
    }
}

/// What is done with a subscription without being asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Tending {
    End,
    Resume,
    Warn,
}

impl Mail {
    /// Sees to it that what subscriptions want is due, until `stop`.
    pub async fn watch_changes_until(&self, stop: impl Future<Output = ()>) {
        let mut stop = pin!(stop);
        let (mut looked, mut at_all) = (Looked::at_nothing(), None);
        loop {
            let changed = self.inner.store.take_changed(Follower::Notifier);
            self.inner.watch.wake(&changed);
            let looks_at_all = at_all.is_none_or(|at: Instant| at.elapsed() >= LOOK_AGAIN);
            let outcome = match looks_at_all {
                true => self.look_at_all(&mut looked).await,
                false => self.look_at(changed, &mut looked).await,
            };
            let pause = match &outcome {
                Ok(()) => GATHER,
                Err(_) => AFTER_FAILURE,
            };
            if let Err(error) = &outcome {
                tracing::error!(%error, "what subscriptions are to be told could not be looked for");
            }
            // What failed is looked for among all.
            at_all = match (outcome, looks_at_all) {
                (Err(_), _) => None,
                (Ok(()), true) => Some(Instant::now()),
                (Ok(()), false) => at_all,
            };
            let next = async {
                tokio::time::sleep(pause).await;
                tokio::select! {
                    () = self.inner.store.until_changed(Follower::Notifier) => {}
                    () = tokio::time::sleep(LOOK_AGAIN) => {}
                }
            };
            tokio::select! {
                biased;
                () = &mut stop => return,
                () = next => {}
            }
        }
    }

    /// Looks among all subscriptions once.
    ///
    /// # Errors
    /// [`MailError::Store`].
    #[cfg(test)]
    pub(super) async fn look_for_notifications(&self) -> Result<(), MailError> {
        self.look_at_all(&mut Looked::at_nothing()).await
    }

    async fn look_at_all(&self, looked: &mut Looked) -> Result<(), MailError> {
        self.tend().await?;
        let now = self.inner.clock.now();
        let mut looking = if looked.since.elapsed() >= FORGET { Looked::at_nothing() } else { looked.clone() };
        let look = move |tx: &ReadTx<'_>| {
            let behind = tx.subscriptions_behind(None, now)?;
            let mut urls = looking.unknown(tx, &behind)?;
            let changed: BTreeSet<MailboxId> = behind.iter().map(|(one, _)| one.mailbox).collect();
            for mailbox in changed {
                urls.extend(looking.changes(tx, mailbox, now)?);
            }
            looking.subscriptions = behind.into_iter().map(|(one, _)| one.id).collect();
            urls.extend(tx.lifecycle_unnoted()?);
            Ok::<_, StoreError>((tx.subscribed_mailboxes()?, urls, looking))
        };
        let (mailboxes, urls, mut found) = self.inner.store.read(look).await?;
        found.mailboxes.retain(|mailbox, _| mailboxes.contains(mailbox));
        self.inner.watch.set(mailboxes);
        self.note_targets(urls, now).await?;
        *looked = found; // not before it is noted
        Ok(())
    }

    async fn look_at(&self, changed: BTreeSet<MailboxId>, looked: &mut Looked) -> Result<(), MailError> {
        let changed: Vec<MailboxId> = changed.into_iter().filter(|mailbox| self.inner.watch.has(*mailbox)).collect();
        if changed.is_empty() {
            return Ok(());
        }
        let now = self.inner.clock.now();
        let mailboxes = changed.iter().filter_map(|mailbox| Some((*mailbox, *looked.mailboxes.get(mailbox)?))).collect();
        let mut looking = Looked { mailboxes, ..Looked::at_nothing() };
        let look = move |tx: &ReadTx<'_>| {
            let mut urls = BTreeSet::new();
            for mailbox in changed {
                urls.extend(looking.changes(tx, mailbox, now)?);
            }
            Ok::<_, StoreError>((urls, looking))
        };
        let (urls, found) = self.inner.store.read(look).await?;
        self.note_targets(urls, now).await?;
        looked.mailboxes.extend(found.mailboxes);
        Ok(())
    }

    /// Something is to be told at these URLs.
    async fn note_targets(&self, urls: BTreeSet<String>, now: Timestamp) -> Result<(), MailError> {
        if urls.is_empty() {
            return Ok(());
        }
        let deed = move |tx: &mut WriteTx<'_>| urls.iter().try_for_each(|url| tx.note_due(Work::Notifications, url, now));
        self.inner.store.write_upkeep::<_, StoreError>(deed).await?;
        self.inner.to_notify.notify_one();
        Ok(())
    }

    /// Ends subscriptions whose time is over, tells those of it that end soon, and looks whether those that rest may go on.
    async fn tend(&self) -> Result<(), MailError> {
        let (now, patience) = (self.inner.clock.now(), self.inner.options.notifying.retry.lifetime);
        let look = move |tx: &ReadTx<'_>| {
            let found = tx.subscriptions_to_tend(now, now.after(WARNED))?;
            let with = |one: Subscription| Ok(tending(tx, &one, now, patience)?.map(|_| one.id));
            found.into_iter().map(with).collect::<Result<Vec<_>, StoreError>>()
        };
        let all: Vec<_> = self.inner.store.read::<_, StoreError>(look).await?.into_iter().flatten().collect();
        for some in all.chunks(TOGETHER) {
            let some = some.to_vec();
            let deed = move |tx: &mut WriteTx<'_>| some.iter().try_for_each(|id| tend(tx, *id, now, patience));
            self.inner.store.write_upkeep::<_, StoreError>(deed).await?;
        }
        if !all.is_empty() {
            self.inner.to_notify.notify_one();
        }
        Ok(())
    }
}

/// Does what is to be done with a subscription, as it is now: it may have been renewed since it was looked for.
pub(super) fn tend(tx: &mut WriteTx<'_>, id: SubscriptionId, now: Timestamp, patience: Duration) -> Result<(), StoreError> {
    let Some(one) = tx.subscription(id)? else { return Ok(()) };
    match tending(tx, &one, now, patience)? {
        Some(tending) => tended(tx, &one, tending, now),
        None => Ok(()),
    }
}

/// What is to be done with a subscription, if anything is.
fn tending(tx: &ReadTx<'_>, one: &Subscription, now: Timestamp, patience: Duration) -> Result<Option<Tending>, StoreError> {
    if one.expiration_date_time <= now {
        return Ok(Some(Tending::End));
    }
    if let Some(since) = one.paused {
        return match may_hear(tx, one) {
            Ok(()) => Ok(Some(Tending::Resume)),
            Err(MailError::Store(error)) => Err(error),
            Err(_) => Ok((since <= before(now, patience)).then_some(Tending::End)),
        };
    }
    if !one.is_ending_told && one.expiration_date_time <= now.after(WARNED) {
        return Ok(Some(Tending::Warn));
    }
    Ok(tx.has_lost_its_folder(one.mailbox, one.id)?.then_some(Tending::End))
}

fn tended(tx: &mut WriteTx<'_>, one: &Subscription, tending: Tending, now: Timestamp) -> Result<(), StoreError> {
    match tending {
        Tending::End => tx.end_subscription(one.mailbox, one.id, now)?,
        Tending::Resume => {
            tx.resume_subscription(one.mailbox, one.id)?;
        }
        Tending::Warn => tx.warn_of_end(one.mailbox, one.id, now)?,
    }
    let url = match tending {
        Tending::Resume => Some(&one.notification_url),
        Tending::End | Tending::Warn => one.lifecycle_notification_url.as_ref(),
    };
    url.map_or(Ok(()), |url| tx.note_due(Work::Notifications, url, now))
}

impl Looked {
    /// The URLs of subscriptions that weren't looked at and have something to be told, whenever it happened.
    fn unknown(&self, tx: &ReadTx<'_>, behind: &[(Interest, LogReach)]) -> Result<BTreeSet<String>, StoreError> {
        let unknown = behind.iter().filter(|(one, _)| !self.subscriptions.contains(&one.id));
        wanted(tx, unknown)
    }

    /// The URLs of subscriptions that have something to be told of a mailbox's changes since it was looked at; of one that never was, of
    /// all that they were not told.
    fn changes(&mut self, tx: &ReadTx<'_>, mailbox: MailboxId, now: Timestamp) -> Result<BTreeSet<String>, StoreError> {
        let reach = tx.log_reach(mailbox)?;
        let rows = match self.mailboxes.insert(mailbox, reach.last) {
            Some(since) if reach.covers(since) => Some(tx.changes_after(mailbox, since, ROWS)?),
            _ => None,
        };
        match rows.filter(|rows| i64::try_from(rows.len()).is_ok_and(|count| count < ROWS)) {
            None => wanted(tx, &tx.subscriptions_behind(Some(mailbox), now)?),
            Some(rows) => among(tx, mailbox, &rows, now),
        }
    }
}

/// The URLs of those that have something to be told.
fn wanted<'b>(
    tx: &ReadTx<'_>,
    behind: impl IntoIterator<Item = &'b (Interest, LogReach)>,
) -> Result<BTreeSet<String>, StoreError> {
    let mut urls = BTreeSet::new();
    for (interest, reach) in behind {
        // What the log has forgotten is to be told too: as missed.
        let is_missed = !reach.covers(interest.modseq);
        let change_types = looked_for(interest);
        let of =
            Followed { mailbox: interest.mailbox, folder: interest.folder, change_types: &change_types, since: interest.modseq };
        let (found, up_to) = told(tx, &of, reach.last, 1)?;
        // Of one that is far behind not all is looked at here; whoever carries it finds the rest.
        if is_missed || !found.is_empty() || up_to < reach.last {
            urls.insert(interest.notification_url.clone());
        }
    }
    Ok(urls)
}

/// The URLs of those to whom one of these changes is to be told.
fn among(tx: &ReadTx<'_>, mailbox: MailboxId, rows: &[LoggedChange], now: Timestamp) -> Result<BTreeSet<String>, StoreError> {
    let folders: BTreeSet<FolderId> = rows.iter().map(|row| row.folder).collect();
    let folders: Vec<FolderId> = folders.into_iter().collect();
    if folders.is_empty() {
        return Ok(BTreeSet::new());
    }
    let hidden = tx.well_known_folder(mailbox, WellKnownName::RecoverableItemsDeletions)?;
    let mut urls = BTreeSet::new();
    for interest in tx.subscriptions_following(mailbox, &folders, now)? {
        let change_types = looked_for(&interest);
        let following = Following { folder: interest.folder, change_types: &change_types, hidden };
        let new = rows.partition_point(|row| row.modseq <= interest.modseq);
        if !following.told(&rows[new..], 1).0.is_empty() {
            urls.insert(interest.notification_url);
        }
    }
    Ok(urls)
}

/// Whatever happened, a filter may let the message in by now, or no more.
fn looked_for(interest: &Interest) -> ChangeTypes {
    if interest.is_filtered { ChangeTypes::all() } else { interest.change_types.clone() }
}
