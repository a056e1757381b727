//! Delivery (RFC 5598 §4.3.3): the one way in which mail comes into a mailbox.
//!
//! A forward-path leaves the outbox in the transaction that files the message, so that a crash at any point leaves one
//! or the other: each message reaches each recipient, and is filed once.

use crate::Mail;
use crate::compose::Beside;
use crate::error::MailError;
use crate::extended::Hanging;
use crate::generated::{Trace, standing_before, trace_fields};
use crate::index::{Copy, Place, Reading, index};
use futures::stream::{FuturesUnordered, StreamExt};
use mime::{Cuts, Message};
use std::collections::HashSet;
use std::future::Future;
use std::iter::repeat_n;
use std::pin::pin;
use std::time::Duration;
use store::{Blob, MessageId, Overlay, Person, StoreError, Submission, WellKnownName, WriteTx};

/// Forward-paths looked at together; their deeds share commits.
const TOGETHER: i64 = 256;
/// How long to wait after the store failed.
const AFTER_FAILURE: Duration = Duration::from_secs(1);

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
            Ok(0) => self.inner.submitted.notified().await,
            Ok(_) => {} // more may have become due meanwhile
            Err(error) => {
                tracing::error!(%error, "a delivery failed");
                tokio::time::sleep(AFTER_FAILURE).await;
            }
        }
    }

    /// Delivers what is due now; answers how many submissions that was.
    ///
    /// # Errors
    /// The first of those that failed; the others are done.
    async fn deliver_due(&self) -> Result<usize, MailError> {
        let now = self.inner.clock.now();
        let due = self.inner.store.read(move |tx| tx.due_submissions(now, TOGETHER)).await?;
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

    /// Files a submission in the Inbox of each of its due recipients, in one transaction.
    async fn deliver(&self, submission: Submission, blob: Result<Blob, StoreError>) -> Result<(), MailError> {
        // What delivery adds, a trace, is read by no row: all recipients' copies are read alike, and once.
        let reading = Reading::of(&submission.prefix, &Message::parse(blob?.octets));
        let mail = self.clone();
        self.inner.store.write(move |tx| mail.file(tx, &submission, reading)).await
    }

    fn file(&self, tx: &mut WriteTx<'_>, submission: &Submission, reading: Reading) -> Result<(), MailError> {
        let mut filed = HashSet::new();
        let paths = &submission.forward_paths;
        for (path, reading) in paths.iter().zip(repeat_n(reading, paths.len())) {
            match tx.person_by_address(&path.address)? {
                None => {
                    tracing::warn!("a message for nobody here is held");
                    tx.hold_forward_path(submission.mailbox, submission.id, &path.address)?;
                }
                Some(person) => {
                    let still_due = tx.take_forward_path(submission.mailbox, submission.id, &path.address)?;
                    if still_due && filed.insert(person.id) {
                        self.file_for(tx, submission, reading, &person, &path.address)?;
                    }
                }
            }
        }
        Ok(())
    }

    fn file_for(
        &self,
        tx: &mut WriteTx<'_>,
        submission: &Submission,
        reading: Reading,
        person: &Person,
        forward_path: &str,
    ) -> Result<(), MailError> {
        let now = self.inner.clock.now();
        let id = uuid::Uuid::from_bytes(submission.id.0).simple().to_string();
        let (reverse_path, by) = (&submission.reverse_path, &self.inner.options.domain);
        let trace = trace_fields(reading.line_end, &Trace { reverse_path, by, id: &id, forward_path, now });
        let prefix = standing_before(trace + &submission.prefix, reading.opening, reading.line_end);
        let cuts = Cuts::parse(&submission.cuts).ok_or_else(|| StoreError::Corrupt(format!("cuts {:?}", submission.cuts)))?;
        let copy = Copy { reading, blob: submission.blob, prefix, generated: String::new(), cuts };
        let place = Place {
            mailbox: person.id,
            folder: tx.well_known_folder(person.id, WellKnownName::Inbox)?,
            id: MessageId::new(now),
            created: now,
            received: now,
            now,
            is_draft: false,
            is_read: false,
            is_composed: false,
            beside: Beside::default(),
            overlay: Overlay::default(),
        };
        let hanging = Hanging::default().with_class(copy.reading.message_class);
        let record = index(copy, place);
        tx.add_message(person.id, &record)?;
        hanging.write(tx, person.id, record.id.into())?;
        Ok(())
    }
}
