//! Looking at what is on its way, and taking it in hand: for senders what they sent, for operators all of it.

use crate::error::{Kind, MailError};
use crate::relay::spelled;
use crate::report::{Action, Told};
use crate::{Mail, Mailbox};
use mime::Message;
use std::future::Future;
use std::pin::pin;
use std::time::Duration;
use store::{ForwardPath, ForwardState, MailboxId, MessageId, ReadTx, StoreError, Submission, SubmissionId, Timestamp, WriteTx};

/// A submission on its way, or one that has come to its end lately.
#[derive(Debug, Clone)]
pub struct Queued {
    /// Whose.
    pub mailbox: MailboxId,
    /// Its id.
    pub id: SubmissionId,
    /// From whom it is, and when it was taken; nothing where it has ended for all.
    pub submission: Option<Submission>,
    /// How far it has come with each recipient.
    pub forward_paths: Vec<ForwardPath>,
}

/// What an operator does with recipients of a submission.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum QueueDeed {
    /// Gives it up, and tells the sender.
    Cancel,
    /// Keeps what is to be relayed, and does not try it.
    Hold,
    /// Lets go what is held.
    Release,
    /// Tries what waits at once.
    Retry,
}

/// How long it stays known how a message's way ended, in microseconds: 30 days.
const KNOWN: i64 = 30 * 24 * 60 * 60 * 1_000_000;
/// Between two looks for what is forgotten.
const FORGETTING: Duration = Duration::from_secs(24 * 60 * 60);

/// What the sender is told of what was taken back.
const CANCELLED: &str = "It was taken out of the queue by whoever runs the server";

/// How much waits, and since when what waits longest is due.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Depth {
    /// What is to happen to it.
    pub state: ForwardState,
    /// Recipients.
    pub count: u64,
    /// When the first of them is due, or was.
    pub first_due: Option<Timestamp>,
}

impl Mailbox {
    /// How far a message that was sent from here has come with each recipient.
    ///
    /// # Errors
    /// [`MailError::NotFound`] where it was not sent from here, or so long ago that it is forgotten; [`MailError::Store`].
    pub async fn delivery(&self, id: MessageId) -> Result<Vec<ForwardPath>, MailError> {
        let (mailbox, id) = (self.owner.id, SubmissionId(id.0));
        let paths = self.store().read::<_, StoreError>(move |tx: &ReadTx<'_>| tx.delivery(mailbox, id)).await?;
        if paths.is_empty() { Err(MailError::NotFound(Kind::Message)) } else { Ok(paths) }
    }
}

impl Mail {
    /// What waits in a state, from what has waited longest; at most `top` submissions.
    ///
    /// # Errors
    /// [`MailError::Store`].
    pub async fn waiting(&self, state: ForwardState, top: usize) -> Result<Vec<Queued>, MailError> {
        let top = i64::try_from(top).unwrap_or(i64::MAX);
        let found = self.inner.store.read::<_, StoreError>(move |tx: &ReadTx<'_>| tx.waiting(state, top)).await?;
        Ok(found.into_iter().map(Queued::from).collect())
    }

    /// One submission, and those that are followed under it: what its sender knows as one message.
    ///
    /// # Errors
    /// [`MailError::NotFound`], [`MailError::Store`].
    pub async fn queued(&self, id: SubmissionId) -> Result<Vec<Queued>, MailError> {
        let look = move |tx: &ReadTx<'_>| {
            let own = queued(tx, id)?;
            let parts = tx.parts_of(own.mailbox, id)?;
            std::iter::once(Ok(own)).chain(parts.into_iter().map(|part| queued(tx, part))).collect()
        };
        self.inner.store.read(look).await
    }

    /// Does something with the recipients of submissions, or with one of them; answers to how many it was done.
    ///
    /// # Errors
    /// [`MailError::Store`].
    pub async fn take_in_hand(&self, these: &[Queued], address: Option<String>, deed: QueueDeed) -> Result<usize, MailError> {
        let mut messages = Vec::new();
        for Queued { id, submission, .. } in these {
            let Some(submission) = submission else { continue };
            match self.inner.store.blob(submission.blob).await {
                Err(StoreError::NotFound) => {} // it has ended since
                blob => messages.push((*id, Message::parse(blob?.octets))),
            }
        }
        let mail = self.clone();
        let take = move |tx: &mut WriteTx<'_>| {
            let each = messages.iter();
            let done = each.map(|(id, message)| mail.take_within(tx, (*id, message), address.as_deref(), deed));
            let done = done.sum::<Result<usize, MailError>>()?;
            tx.ring()?;
            Ok(done)
        };
        let done = self.inner.store.write::<_, MailError>(take).await?;
        self.inner.to_relay.notify_one();
        Ok(done)
    }

    fn take_within(
        &self,
        tx: &mut WriteTx<'_>,
        (id, message): (SubmissionId, &Message),
        address: Option<&str>,
        deed: QueueDeed,
    ) -> Result<usize, MailError> {
        let Queued { mailbox, submission, forward_paths, .. } = queued(tx, id)?;
        let Some(submission) = submission else { return Ok(0) };
        let now = self.inner.clock.now();
        let (from, state): (&[ForwardState], ForwardState) = match deed {
            QueueDeed::Cancel => (&[ForwardState::Relay, ForwardState::Held], ForwardState::Cancelled),
            QueueDeed::Hold => (&[ForwardState::Relay], ForwardState::Held),
            QueueDeed::Release => (&[ForwardState::Held], ForwardState::Relay),
            QueueDeed::Retry => (&[ForwardState::Relay], ForwardState::Relay),
        };
        let mut done = Vec::new();
        for path in forward_paths.iter().filter(|path| address.is_none_or(|only| path.address.eq_ignore_ascii_case(only))) {
            let reply = if deed == QueueDeed::Cancel { CANCELLED.to_owned() } else { path.reply.clone() };
            let changed = ForwardPath { state, due_date_time: now, reply, ..path.clone() };
            if tx.set_forward_state((mailbox, id), &changed, from)? {
                if state == ForwardState::Relay {
                    tx.hurry_destination(&changed.destination, now)?;
                }
                done.push(changed);
            }
        }
        let cancelled = done.iter().filter(|path| path.state == ForwardState::Cancelled && Action::Failed.is_wanted(path));
        let told = |path| Told { path, status: [5, 0, 0], next_hop: "", text: CANCELLED, is_reply: false };
        self.tell_sender(tx, Action::Failed, (&submission, message), &cancelled.map(told).collect::<Vec<_>>())?;
        tx.end_submission(mailbox, id)?;
        Ok(done.len())
    }

    /// Forgets how ways ended that did so long ago, now and each day, until `stop`.
    pub async fn forget_until(&self, stop: impl Future<Output = ()>) {
        let mut stop = pin!(stop);
        loop {
            tokio::select! {
                () = &mut stop => return,
                forgotten = self.forget_ended() => if let Err(error) = forgotten {
                    tracing::error!(%error, "what ended long ago could not be forgotten");
                }
            }
            tokio::select! {
                () = &mut stop => return,
                () = tokio::time::sleep(FORGETTING) => {}
            }
        }
    }

    /// Forgets it in all mailboxes, some in each deed.
    async fn forget_ended(&self) -> Result<(), StoreError> {
        let before = Timestamp(self.inner.clock.now().0.saturating_sub(KNOWN));
        let mut behind = Some(MailboxId([0; 16]));
        while let Some(last) = behind {
            behind = self.inner.store.write::<_, StoreError>(move |tx| tx.forget_ended(before, last)).await?;
        }
        Ok(())
    }

    /// How much waits.
    ///
    /// # Errors
    /// [`MailError::Store`].
    pub async fn queue_depth(&self) -> Result<Vec<Depth>, MailError> {
        let found = self.inner.store.read::<_, StoreError>(|tx: &ReadTx<'_>| tx.queue_depth()).await?;
        let depth = |(state, count, first_due): (String, i64, Option<Timestamp>)| {
            Some(Depth { state: ForwardState::parse(&state)?, count: u64::try_from(count).unwrap_or_default(), first_due })
        };
        Ok(found.into_iter().filter_map(depth).collect())
    }
}

fn queued(tx: &ReadTx<'_>, id: SubmissionId) -> Result<Queued, MailError> {
    let mailbox = tx.submitted_by(id)?.ok_or(MailError::NotFound(Kind::Message))?;
    Ok(Queued { mailbox, id, submission: tx.submission(mailbox, id)?, forward_paths: tx.forward_paths(mailbox, id)? })
}

impl From<Submission> for Queued {
    fn from(submission: Submission) -> Queued {
        let Submission { mailbox, id, ref forward_paths, .. } = submission;
        Queued { mailbox, id, forward_paths: forward_paths.clone(), submission: Some(submission) }
    }
}

impl Queued {
    /// Its id as text, as it stands in trace fields.
    pub fn name(&self) -> String {
        spelled(self.id)
    }
}
