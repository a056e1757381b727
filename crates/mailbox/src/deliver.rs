//! Delivery (RFC 5598 §4.3.3): the one way in which mail comes into a mailbox.
//!
//! A forward-path leaves the outbox in the transaction that files the message, so that a crash at any point leaves one
//! or the other: each message reaches each recipient, and is filed once.

use crate::Mail;
use crate::compose::Beside;
use crate::counts::count;
use crate::error::MailError;
use crate::extended::Hanging;
use crate::generated::{Trace, standing_before, trace_fields};
use crate::index::{Copy, Place, Reading, index};
use crate::inference::classified;
use crate::people::person_at;
use crate::protection::{ArrivedFor, learn};
use crate::receive::Arrival;
use crate::report::{Action, Told};
use crate::rules::RuledFor;
use futures::stream::{FuturesUnordered, StreamExt};
use mime::{Cuts, Message};
use std::collections::HashSet;
use std::future::Future;
use std::iter::repeat_n;
use std::pin::pin;
use std::time::Duration;
use store::{
    Blob, Digest, ForwardPath, ForwardState, MailboxId, MessageId, Person, ReadTx, StoreError, Submission, SubmissionId,
    Timestamp, WellKnownName, WriteTx,
};

/// Forward-paths looked at together; their deeds share commits.
const TOGETHER: i64 = 256;
/// How long to wait after the store failed.
const AFTER_FAILURE: Duration = Duration::from_secs(1);
/// After how long a submission that is damaged is looked at again, in microseconds: somebody may have mended the store. Each
/// time twice as long, up to the second figure: a day.
const FIRST_RETRY: i64 = 60 * 1_000_000;
const LAST_RETRY: i64 = 24 * 60 * 60 * 1_000_000;
/// How it ends here (RFC 3463 §3.2), and what the sender is told of it.
const NOBODY: ([u8; 3], &str) = ([5, 1, 1], "Nobody here has this address");
const FILED: ([u8; 3], &str) = ([2, 1, 5], "Filed in the mailbox");
/// How long to wait for what is due later before looking again: the clock may be set meanwhile; and a node may be gone that has
/// something to deliver, where there are several.
const LOOK_AGAIN: Duration = Duration::from_secs(60);
const LOOK_FOR_OTHERS: Duration = Duration::from_secs(5);

impl Mail {
    /// Delivers what is due, and what becomes due, until `stop`; what is under way then is finished.
    pub async fn deliver_until(&self, stop: impl Future<Output = ()>) {
        let mut stop = pin!(stop);
        loop {
            let outcome = self.deliver_due().await;
            tokio::select! {
                biased;
                () = &mut stop => return,
                () = self.pause_after(outcome) => {}
            }
        }
    }

    async fn pause_after(&self, outcome: Result<usize, MailError>) {
        match outcome {
            Ok(0) => {
                tokio::select! {
                    () = self.inner.submitted.notified() => {}
                    () = self.inner.store.until_rung() => {}
                    () = self.until_next_due() => {}
                }
            }
            Ok(_) => {} // more may have become due meanwhile
            Err(error) => {
                tracing::error!(%error, "a delivery failed");
                tokio::time::sleep(AFTER_FAILURE).await;
            }
        }
    }

    /// Waits for what is due at a later time.
    async fn until_next_due(&self) {
        let (taker, now) = (self.taker(), self.inner.clock.now());
        let look_again = if self.inner.store.is_shared() { LOOK_FOR_OTHERS } else { LOOK_AGAIN };
        let next = self.inner.store.read(move |tx: &ReadTx<'_>| tx.next_due(taker, now)).await;
        match next {
            Ok(Some(due)) => {
                let wait = u64::try_from(due.0.saturating_sub(self.inner.clock.now().0)).unwrap_or_default();
                tokio::time::sleep(Duration::from_micros(wait).min(look_again)).await;
            }
            Ok(None) if self.inner.store.is_shared() => tokio::time::sleep(look_again).await,
            Ok(None) => std::future::pending().await,
            Err(error) => {
                tracing::error!(%error, "what is due next could not be read");
                tokio::time::sleep(look_again).await;
            }
        }
    }

    /// Delivers what is due now; answers how many submissions that was.
    ///
    /// # Errors
    /// The first of those that failed; the others are done.
    async fn deliver_due(&self) -> Result<usize, MailError> {
        let now = self.inner.clock.now();
        let taker = self.taker();
        let due = self.inner.store.read(move |tx| tx.due_submissions(taker, now, TOGETHER)).await?;
        let count = due.len();
        let blobs = self.inner.store.blobs(due.iter().map(|submission| submission.blob).collect()).await?;
        let with_blobs = due.into_iter().zip(blobs);
        let mut under_way: FuturesUnordered<_> = with_blobs.map(|(submission, blob)| self.deliver(submission, blob)).collect();
        let mut failure = Ok(count);
        while let Some(done) = under_way.next().await {
            failure = failure.and_then(|count| done.map(|()| count));
        }
        failure
    }

    /// Delivers a submission, or puts it off where it is damaged, or something of it can't be done now.
    async fn deliver(&self, submission: Submission, blob: Result<Blob, StoreError>) -> Result<(), MailError> {
        let (mailbox, id) = (submission.mailbox, submission.id);
        let Err(error) = self.file_submission(submission, blob).await else { return Ok(()) };
        // What fails by itself must not hold up the others.
        if matches!(error, MailError::Store(StoreError::Io(_) | StoreError::Stopped | StoreError::Unavailable(_))) {
            return Err(error);
        }
        let now = self.inner.clock.now();
        let deed = move |tx: &mut WriteTx<'_>| {
            let doubled = u32::try_from(tx.attempts(mailbox, id)?).unwrap_or(u32::MAX);
            let pause = FIRST_RETRY.saturating_mul(2_i64.saturating_pow(doubled)).min(LAST_RETRY);
            tx.postpone(mailbox, id, Timestamp(now.0.saturating_add(pause)))
        };
        tracing::error!(%error, submission.id = %uuid::Uuid::from_bytes(id.0), "a submission can't be delivered and is put off");
        Ok(self.inner.store.write_in(mailbox, deed).await?)
    }

    /// Files a submission in the Inbox of each of its due recipients, in one transaction.
    async fn file_submission(&self, submission: Submission, blob: Result<Blob, StoreError>) -> Result<(), MailError> {
        // What delivery adds, a trace, is read by no row: all recipients' copies are read alike, and once.
        let message = Message::parse(blob?.octets);
        let reading = Reading::of(&submission.prefix, &message);
        let addresses = || submission.forward_paths.iter().map(|path| path.address.as_str());
        let arrived = self.arrived(&message, addresses()).await?;
        let ruled = self.ruled((&Arriving::from(&submission), &message, &reading), addresses()).await?;
        let (mail, found) = (self.clone(), Found { reading, arrived, ruled });
        let sent_on = found.ruled.clone();
        self.inner.store.write(move |tx| mail.file(tx, (&submission, &message), &found)).await?;
        self.wake_for(&sent_on);
        Ok(())
    }

    fn file(&self, tx: &mut WriteTx<'_>, (submission, message): (&Submission, &Message), found: &Found) -> Result<(), MailError> {
        let arriving = Arriving { arrived: Some(&found.arrived), ruled: Some(&found.ruled), ..Arriving::from(submission) };
        let mut filed = HashSet::new();
        let paths = &submission.forward_paths;
        let (key, now) = ((submission.mailbox, submission.id), self.inner.clock.now());
        let (mut missed, mut reached, mut removed) = (Vec::new(), Vec::new(), Vec::new());
        let people = paths.iter().map(|path| person_at(tx, &path.address)).collect::<Result<Vec<_>, _>>()?;
        // The sender too, where he is told something: of two who write to each other at once none is to wait for the other.
        let is_told = |(path, person): (&ForwardPath, &Option<Person>)| match person {
            None => Action::Failed.is_wanted(path),
            Some(_) => Action::Delivered.is_wanted(path),
        };
        let is_told = !submission.reverse_path.is_empty() && paths.iter().zip(&people).any(is_told);
        let sender = (is_told || tx.are_deliveries_followed(submission.mailbox)?).then_some(submission.mailbox);
        tx.hold(people.iter().flatten().map(|person| person.id).chain(sender))?;
        for ((path, person), reading) in paths.iter().zip(people).zip(repeat_n(found.reading.clone(), paths.len())) {
            match person {
                None => {
                    if tx.end_due(key, &path.address, ForwardState::Failed, (now, NOBODY.1))? {
                        count(ForwardState::Failed, submission.created_date_time, now);
                        missed.push((path, NOBODY));
                    }
                }
                Some(person) => {
                    let still_due = tx.end_due(key, &path.address, ForwardState::Delivered, (now, FILED.1))?;
                    if still_due && filed.insert(person.id) {
                        removed.extend(self.file_for(tx, &arriving, reading, &person, &path.address)?);
                    }
                    if still_due {
                        count(ForwardState::Delivered, submission.created_date_time, now);
                        reached.push((path, FILED));
                    }
                }
            }
        }
        removed.into_iter().try_for_each(|(mailbox, id)| tx.remove_message(mailbox, id, now))?;
        for (action, paths) in [(Action::Failed, missed), (Action::Delivered, reached)] {
            let wanted = paths.into_iter().filter(|(path, _)| action.is_wanted(path));
            let told = wanted.map(|(path, (status, text))| Told { path, status, next_hop: "", text, is_reply: false });
            self.tell_sender(tx, action, (submission, message), &told.collect::<Vec<_>>())?;
        }
        Ok(tx.end_submission(submission.mailbox, submission.id)?)
    }

    /// Files a copy in somebody's Inbox, or where his rules want it; answers which message is to be removed once all have theirs.
    pub(crate) fn file_for(
        &self,
        tx: &mut WriteTx<'_>,
        arriving: &Arriving<'_>,
        reading: Reading,
        person: &Person,
        forward_path: &str,
    ) -> Result<Option<(MailboxId, MessageId)>, MailError> {
        let now = self.inner.clock.now();
        let arrived = arriving.arrived.and_then(|arrived| arrived.get(&person.id)).cloned().unwrap_or_default();
        let reading = match arrived.shown {
            Some((content, subject)) => reading.shown_as(&content, subject),
            None => reading,
        };
        arrived.certificates.iter().try_for_each(|one| learn(tx, person.id, one))?;
        let id = uuid::Uuid::from_bytes(arriving.id.0).simple().to_string();
        let by = &self.inner.options.domain;
        let Arriving { reverse_path, arrival, .. } = *arriving;
        let trace = trace_fields(reading.line_end, &Trace { reverse_path, arrival, by, id: &id, forward_path, now });
        let prefix = standing_before(trace + arriving.prefix, reading.opening, reading.line_end);
        let cuts = Cuts::parse(arriving.cuts).ok_or_else(|| StoreError::Corrupt(format!("cuts {:?}", arriving.cuts)))?;
        let classified = classified(tx, person.id, &reading)?;
        let ruled = arriving.ruled.and_then(|ruled| ruled.get(&person.id));
        let folder = match ruled {
            Some(ruled) => ruled.folder(tx, person.id)?,
            None => tx.well_known_folder(person.id, WellKnownName::Inbox)?,
        };
        let (beside, overlay) = ruled.map(|ruled| ruled.beside(&reading)).unwrap_or_default();
        let copy = Copy { reading: reading.clone(), blob: arriving.blob, prefix, generated: String::new(), cuts };
        let place = Place {
            mailbox: person.id,
            folder,
            id: MessageId::new(now),
            created: now,
            received: now,
            now,
            is_draft: false,
            is_read: false,
            is_composed: false,
            beside: Beside { inference_classification: Some(classified), ..beside },
            overlay,
        };
        let hanging = Hanging::default().with_class(copy.reading.message_class);
        let record = index(copy, place);
        tx.add_message(person.id, &record)?;
        hanging.write(tx, person.id, record.id.into())?;
        let is_removed = match ruled {
            Some(ruled) => ruled.carry_out(tx, self, (arriving, &reading), (person, &record))?,
            None => false,
        };
        Ok(is_removed.then_some((person.id, record.id)))
    }
}

/// What comes into mailboxes, whether it was submitted here or outside.
pub(crate) struct Arriving<'a> {
    pub(crate) id: SubmissionId,
    pub(crate) blob: Digest,
    /// Generated fields that stand before its octets.
    pub(crate) prefix: &'a str,
    pub(crate) cuts: &'a str,
    pub(crate) reverse_path: &'a str,
    /// How it came from outside.
    pub(crate) arrival: Option<&'a Arrival>,
    /// What S/MIME tells of it.
    pub(crate) arrived: Option<&'a ArrivedFor>,
    /// What rules make of it.
    pub(crate) ruled: Option<&'a RuledFor>,
    /// Whether it may go by TLS only (RFC 8689).
    pub(crate) requires_tls: bool,
}

/// What is found out about a message before the deed that files it.
#[derive(Clone)]
struct Found {
    reading: Reading,
    arrived: ArrivedFor,
    ruled: RuledFor,
}

impl<'a> From<&'a Submission> for Arriving<'a> {
    fn from(submission: &'a Submission) -> Arriving<'a> {
        let Submission { id, blob, prefix, cuts, reverse_path, wishes, .. } = submission;
        let requires_tls = wishes.requires_tls;
        Arriving { id: *id, blob: *blob, prefix, cuts, reverse_path, arrival: None, arrived: None, ruled: None, requires_tls }
    }
}

#[cfg(test)]
mod tests;
