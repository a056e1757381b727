//! Notifications: what apps that subscribed are to be told is read from the change log when it is told, and what became of that is
//! written there.
//!
//! Who carries it, and what is spoken, is the door's matter; what happens then is decided here.

mod changes;
mod filtered;
mod listening;
mod watch;

pub use changes::MessageChange;
pub use listening::{Heard, Listening, Listens};
pub(crate) use watch::Watch;

use crate::Mail;
use crate::error::MailError;
use crate::extended::Hung;
use crate::nodes::Carried;
use crate::retry::Retry;
use crate::subscriptions::{let_in, may_hear};
use changes::{Followed, Following};
use std::sync::Arc;
use std::time::Duration;
use store::{
    Behind, Condition, Leased, LifecycleEvent, LoggedChange, MailboxId, MessageId, MessageRecord, NodeId, Operation, ReadTx,
    StoreError, Subscription, SubscriptionId, Timestamp, WellKnownName, Work, WriteTx,
};

/// Notifications that go together.
const TOGETHER: usize = 100;
/// Of one subscription at least, where several have something to tell.
const EACH: usize = 10;
/// Subscriptions that are looked at together.
const SUBSCRIPTIONS: i64 = 100;
/// Rows of a mailbox's changes that are read together, and how many such reads there are of one mailbox at a time.
const ROWS: i64 = 1000;
const READS: usize = 10;
/// Rows that are looked at to know anew what a filter lets in.
const WORK: u64 = 1_000_000;
/// For how long a receiver is taken. Whoever has it gives it back sooner, or is gone.
const LEASE: Duration = Duration::from_secs(10 * 60);
/// How long to leave receivers to other nodes that were faster.
const OVERTAKEN: Duration = Duration::from_millis(50);
/// How long to wait before looking again, whatever is known: the clock may be set, and another process may have something noted.
const LOOK_AGAIN: Duration = Duration::from_secs(5);
/// Before all subscriptions.
const FIRST: (MailboxId, SubscriptionId) = (MailboxId([0; 16]), SubscriptionId([0; 16]));

/// How apps are notified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notifying {
    /// How long it is tried.
    pub retry: Retry,
}

impl Default for Notifying {
    /// For four hours (Graph: change-notifications-delivery-webhooks).
    fn default() -> Notifying {
        let lifetime = Duration::from_secs(4 * 60 * 60);
        let (first, longest) = (Duration::from_secs(10), Duration::from_secs(30 * 60));
        Notifying { retry: Retry { first, longest, told_after: lifetime, lifetime } }
    }
}

/// A receiver to which nobody else posts while this is had.
#[derive(Debug)]
pub struct Target {
    leased: Leased,
    /// Behind which of its subscriptions the next batch begins.
    after: (MailboxId, SubscriptionId),
    /// This node knows that it posts there.
    _carried: Carried,
}

impl Target {
    /// Its URL.
    pub fn url(&self) -> &str {
        &self.leased.name
    }
}

/// What is told once.
#[derive(Debug, Clone)]
pub struct Notification {
    /// To whom.
    pub subscription: Arc<Subscription>,
    /// What.
    pub what: Notified,
    /// The message as it is now, where its subscription is sent messages and it is there.
    pub message: Option<Box<Along>>,
}

/// What a notification tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Notified {
    /// What happened to a message.
    Changed(MessageChange),
    /// What became of the subscription itself.
    Lifecycle(LifecycleEvent),
}

/// What goes to a receiver together, and how far that leads.
#[derive(Debug, Clone, Default)]
pub struct Batch {
    /// In order.
    pub notifications: Vec<Notification>,
    steps: Vec<(Arc<Subscription>, Step)>,
    /// Behind which subscription the next one begins.
    after: Option<(MailboxId, SubscriptionId)>,
}

/// What a subscription's resource asks for beside a mailbox or a folder.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Wanted {
    /// Which messages; nothing where all are.
    pub condition: Option<Condition>,
    /// Extended properties that are sent along, by their keys.
    pub properties: Vec<String>,
}

/// Reads it; nothing where it can't be read.
pub type ReadWanted = dyn Fn(&Subscription) -> Option<Wanted> + Send + Sync;

/// What is sent along of a message.
#[derive(Debug, Clone)]
pub struct Along {
    /// Its row, as it is now.
    pub record: MessageRecord,
    /// What hangs on it, as far as that is wanted.
    pub hung: Hung,
}

/// What is written of a subscription once a batch is taken.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Step {
    /// It was told all up to this change.
    Delivered(i64),
    /// Its filter lets these in by now, or no more.
    Members(Vec<(MessageId, bool)>),
    /// What there was up to this change is not known any more. Where it has a filter, that lets these in as of then.
    Missed(i64, Option<Vec<MessageId>>),
    /// Its app may not hear it now.
    Paused,
    /// It can't go on.
    Ended,
    /// What was to be told of itself since then was.
    Told(LifecycleEvent, Timestamp),
}

impl Batch {
    /// Whether there is nothing to be done.
    pub fn is_empty(&self) -> bool {
        self.steps.is_empty()
    }
}

impl Mail {
    /// Makes ready to notify: what a process that is gone had taken is free.
    ///
    /// # Errors
    /// [`MailError::Store`].
    pub async fn begin_notifying(&self) -> Result<(), MailError> {
        let deed = |tx: &mut WriteTx<'_>| tx.end_leases(Work::Notifications);
        Ok(self.inner.store.write::<_, StoreError>(deed).await?)
    }

    /// Takes receivers to which something is to be told; at most `top`.
    ///
    /// # Errors
    /// [`MailError::Store`].
    pub async fn due_targets(&self, top: usize) -> Result<Vec<Target>, MailError> {
        let (now, taker) = (self.inner.clock.now(), self.taker());
        let next = move |tx: &ReadTx<'_>| tx.next_lease(Work::Notifications, taker, now);
        let is_due = self.inner.store.read::<_, StoreError>(next).await?.is_some_and(|due| due <= now);
        if !is_due || top == 0 {
            return Ok(Vec::new()); // which is most often so, and costs no commit
        }
        let top = i64::try_from(top).unwrap_or(i64::MAX);
        let _leasing = self.inner.presence.leasing().await;
        let deed = move |tx: &mut WriteTx<'_>| tx.lease(Work::Notifications, taker.from_silent, (now, LEASE), top);
        let leased = self.inner.store.write_upkeep::<_, StoreError>(deed).await?;
        if leased.is_empty() {
            tokio::time::sleep(OVERTAKEN).await; // other nodes were faster
        }
        let target = |leased: Leased| Target { _carried: self.inner.presence.carry(&leased.name), after: FIRST, leased };
        Ok(leased.into_iter().map(target).collect())
    }

    /// Waits until something may be to be told.
    ///
    /// # Errors
    /// [`MailError::Store`].
    pub async fn until_notifications(&self) -> Result<(), MailError> {
        let told = self.inner.to_notify.notified();
        let (taker, now) = (self.taker(), self.inner.clock.now());
        let next = move |tx: &ReadTx<'_>| tx.next_lease(Work::Notifications, taker, now);
        let next = self.inner.store.read::<_, StoreError>(next).await?;
        let wait = next.map_or(LOOK_AGAIN, |due| Duration::from_micros(u64::try_from(due.0 - now.0).unwrap_or_default()));
        tokio::select! {
            () = told => {}
            () = tokio::time::sleep(wait.min(LOOK_AGAIN)) => {}
        }
        Ok(())
    }

    /// What a receiver is to be told next; nothing where another node has it by now.
    ///
    /// # Errors
    /// [`MailError::Store`].
    pub async fn batch(&self, target: &mut Target, read: &Arc<ReadWanted>) -> Result<Batch, MailError> {
        if !self.is_there() {
            self.say_there().await?; // so that what is found to be its own stays so
        }
        let (now, node) = (self.inner.clock.now(), self.inner.store.node());
        let (leased, after, read) = (target.leased.clone(), target.after, read.clone());
        let look = move |tx: &ReadTx<'_>| batch(tx, (&leased, node), after, now, &*read);
        let batch = self.inner.store.read::<_, StoreError>(look).await?;
        target.after = batch.after.unwrap_or(FIRST);
        Ok(batch)
    }

    /// Writes that a receiver has taken a batch.
    ///
    /// # Errors
    /// [`MailError::Store`].
    pub async fn settle_notified(&self, batch: Batch) -> Result<(), MailError> {
        let now = self.inner.clock.now();
        let deed = move |tx: &mut WriteTx<'_>| {
            for (subscription, step) in &batch.steps {
                let (mailbox, id) = (subscription.mailbox, subscription.id);
                match step {
                    Step::Delivered(modseq) => tx.note_delivered(mailbox, id, *modseq)?,
                    Step::Members(members) => {
                        members.iter().try_for_each(|(message, is_member)| tx.set_member(mailbox, id, *message, *is_member))?;
                    }
                    Step::Missed(modseq, members) => {
                        members.iter().try_for_each(|members| tx.set_members(mailbox, id, members))?;
                        tx.note_missed(mailbox, id, *modseq, now)?;
                    }
                    Step::Paused => tx.pause_subscription(mailbox, id, now)?,
                    Step::Ended => tx.end_subscription(mailbox, id, now)?,
                    Step::Told(event, since) => tx.note_lifecycle_told(mailbox, id, (*event, *since))?,
                }
            }
            let of_itself = |(of, step): &(Arc<Subscription>, Step)| {
                let tells = matches!(step, Step::Missed(..) | Step::Paused | Step::Ended);
                of.lifecycle_notification_url.clone().filter(|_| tells)
            };
            for url in batch.steps.iter().filter_map(of_itself) {
                tx.note_due(Work::Notifications, &url, now)?;
            }
            Ok(())
        };
        self.inner.store.write_upkeep::<_, StoreError>(deed).await?;
        self.inner.to_notify.notify_one();
        Ok(())
    }

    /// Gives a receiver back. One that took nothing is tried again after a pause, for as long as changes are kept for it.
    ///
    /// # Errors
    /// [`MailError::Store`].
    pub async fn return_target(&self, target: &Target, was_reached: bool) -> Result<(), MailError> {
        let (retry, now) = (self.inner.options.notifying.retry, self.inner.clock.now());
        let failures = if was_reached { 0 } else { target.leased.failures.saturating_add(1) };
        let leased = Leased { failures, ..target.leased.clone() };
        let not_before = if was_reached { now } else { retry.next(now, failures, leased.name.as_bytes()) };
        let deed = move |tx: &mut WriteTx<'_>| {
            if !was_reached {
                for url in tx.hold_notifications(&leased.name, now, before(now, retry.lifetime))? {
                    tx.note_due(Work::Notifications, &url, now)?;
                }
            }
            tx.give_back(&leased, now, not_before)
        };
        Ok(self.inner.store.write_upkeep::<_, StoreError>(deed).await?)
    }
}

/// So much earlier.
fn before(now: Timestamp, duration: Duration) -> Timestamp {
    Timestamp(now.0.saturating_sub(i64::try_from(duration.as_micros()).unwrap_or(i64::MAX)))
}

fn batch(
    tx: &ReadTx<'_>,
    (leased, node): (&Leased, NodeId),
    after: (MailboxId, SubscriptionId),
    now: Timestamp,
    read: &ReadWanted,
) -> Result<Batch, StoreError> {
    let mut batch = Batch::default();
    if !tx.holds(leased, node)? {
        return Ok(batch);
    }
    for subscription in tx.lifecycle_at(&leased.name, SUBSCRIPTIONS)? {
        let subscription = Arc::new(subscription);
        for &(event, since) in &subscription.lifecycle_events {
            batch.notifications.push(Notification {
                subscription: subscription.clone(),
                what: Notified::Lifecycle(event),
                message: None,
            });
            batch.steps.push((subscription.clone(), Step::Told(event, since)));
        }
    }
    let mut behind = tx.subscriptions_at(&leased.name, now, after, SUBSCRIPTIONS)?;
    if behind.is_empty() && after != FIRST {
        behind = tx.subscriptions_at(&leased.name, now, FIRST, SUBSCRIPTIONS)?;
    }
    let each = (TOGETHER / behind.len().max(1)).max(EACH);
    let is_cut = behind.len() == usize::try_from(SUBSCRIPTIONS).unwrap_or(usize::MAX);
    let mut behind = behind.into_iter().peekable();
    while batch.notifications.len() < TOGETHER
        && let Some(one) = behind.next()
    {
        let key = (one.subscription.mailbox, one.subscription.id);
        batch.add(tx, one, each, read)?;
        batch.after = (is_cut || behind.peek().is_some()).then_some(key);
    }
    Ok(batch)
}

impl Batch {
    /// What one subscription is to be told, at most so much.
    fn add(
        &mut self,
        tx: &ReadTx<'_>,
        Behind { subscription, reach }: Behind,
        most: usize,
        read: &ReadWanted,
    ) -> Result<(), StoreError> {
        let subscription = Arc::new(subscription);
        match may_hear(tx, &subscription) {
            Ok(()) => {}
            Err(MailError::Store(error)) => return Err(error),
            Err(_) => {
                self.steps.push((subscription, Step::Paused));
                return Ok(());
            }
        }
        let is_read = subscription.is_filtered || subscription.data.is_some();
        let wanted = if is_read { read(&subscription) } else { Some(Wanted::default()) };
        let Some(wanted) = wanted else {
            tracing::error!(resource = subscription.resource, "the resource of a subscription can't be read any more; it ends");
            self.steps.push((subscription, Step::Ended));
            return Ok(());
        };
        let in_mailbox = |condition| tx.condition_in(subscription.mailbox, condition);
        let condition = wanted.condition.filter(|_| subscription.is_filtered).map(in_mailbox).transpose()?;
        if !reach.covers(subscription.modseq) {
            let step = missed(tx, &subscription, condition, reach.last)?;
            self.steps.push((subscription, step));
            return Ok(());
        }
        let (told, up_to) = match condition {
            None => told(tx, &Followed::from(&*subscription), reach.last, most)?,
            Some(condition) => {
                let told = filtered::told(tx, &subscription, &condition, reach.last, most)?;
                self.steps.push((subscription.clone(), Step::Members(told.members)));
                (told.changes, told.up_to)
            }
        };
        for change in told {
            let properties = subscription.data.is_some().then_some(&wanted.properties[..]);
            let message = along(tx, subscription.mailbox, &change, properties)?;
            self.notifications.push(Notification {
                subscription: subscription.clone(),
                what: Notified::Changed(change),
                message,
            });
        }
        self.steps.push((subscription, Step::Delivered(up_to)));
        Ok(())
    }
}

/// What is written where changes of a mailbox are forgotten that were not told. What a filter lets in is known anew, or it can't go on.
fn missed(tx: &ReadTx<'_>, of: &Subscription, condition: Option<Condition>, last: i64) -> Result<Step, StoreError> {
    let Some(condition) = condition else { return Ok(Step::Missed(last, None)) };
    match let_in(tx, (of.mailbox, of.folder), condition, WORK) {
        Ok(members) => Ok(Step::Missed(last, Some(members))),
        Err(StoreError::TooMuchWork) => {
            tracing::error!(resource = of.resource, "the filter of a subscription lets in too much to know it anew; it ends");
            Ok(Step::Ended)
        }
        Err(error) => Err(error),
    }
}

/// The message that goes along with a change, as it is now, with these of its properties: where it is there.
fn along(
    tx: &ReadTx<'_>,
    mailbox: MailboxId,
    change: &MessageChange,
    properties: Option<&[String]>,
) -> Result<Option<Box<Along>>, StoreError> {
    let Some(properties) = properties.filter(|_| change.operation != Operation::Deleted) else { return Ok(None) };
    let Some(record) = tx.message(mailbox, change.message)? else { return Ok(None) };
    let hung = Hung::of(tx, mailbox, change.message.into(), properties)?;
    Ok(Some(Box::new(Along { record, hung })))
}

/// What is to be told of a mailbox's changes up to the last, at most so much; with the number up to which that is all.
fn told(tx: &ReadTx<'_>, of: &Followed<'_>, last: i64, most: usize) -> Result<(Vec<MessageChange>, i64), StoreError> {
    let hidden = tx.well_known_folder(of.mailbox, WellKnownName::RecoverableItemsDeletions)?;
    let following = Following { folder: of.folder, change_types: of.change_types, hidden };
    let (mut all, mut since) = (Vec::new(), of.since);
    for _ in 0..READS {
        let mut rows = tx.changes_after(of.mailbox, since, ROWS)?;
        let is_cut = i64::try_from(rows.len()).is_ok_and(|count| count == ROWS);
        if is_cut {
            without_the_last(&mut rows); // of which there may be another row
        }
        let (told, up_to) = following.told(&rows, most - all.len());
        all.extend(told);
        let was_all = up_to == rows.last().map(|row| row.modseq);
        since = up_to.unwrap_or(since);
        if !is_cut || !was_all {
            return Ok((all, if was_all { last } else { since }));
        }
    }
    Ok((all, since))
}

fn without_the_last(rows: &mut Vec<LoggedChange>) {
    let last = rows.last().map(|row| row.modseq);
    rows.retain(|row| Some(row.modseq) != last);
}

#[cfg(test)]
mod tests;
