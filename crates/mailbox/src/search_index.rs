//! The index of texts, which follows the change log behind all deeds: nobody who sends waits for it.
//!
//! What a crash leaves undone is found by the numbers of the changes. A mailbox without an index, since it is new or the
//! index was thrown away, gets one from all its messages.

use crate::Mail;
use crate::error::MailError;
use crate::read::Content;
use mime::Message;
use std::collections::VecDeque;
use std::future::Future;
use std::pin::pin;
use std::time::Duration;
use store::{Follower, IndexTx, MailboxId, MessageId, MessageTexts, StoreError};
use tokio::time::timeout;

/// Messages indexed in one transaction, of however many mailboxes.
const TOGETHER: i64 = 64;
/// Octets of a message's text that are looked at.
const TEXT: usize = 1024 * 1024;
/// Names of attachments of one message.
const NAMES: usize = 1000;
/// How long to leave a mailbox to another node.
const OTHERS: Duration = Duration::from_millis(50);
/// How long to wait after the store failed.
const AFTER_FAILURE: Duration = Duration::from_secs(1);

impl Mail {
    /// Indexes what is there, and what changes, until `stop`; what is under way then is finished.
    pub async fn index_until(&self, stop: impl Future<Output = ()>) {
        let mut stop = pin!(stop);
        let mut behind = Behind::Unknown;
        loop {
            let outcome = self.index_some(&mut behind).await;
            tokio::select! {
                biased;
                () = &mut stop => return,
                () = self.pause_after_indexing(outcome) => {}
            }
        }
    }

    async fn pause_after_indexing(&self, outcome: Result<Next, MailError>) {
        match outcome {
            Ok(Next::AtOnce) => {}
            Ok(Next::AfterOthers) => timeout(OTHERS, self.inner.store.until_changed(Follower::Index)).await.unwrap_or_default(),
            Ok(Next::AfterChange) => self.inner.store.until_changed(Follower::Index).await,
            Err(error) => {
                tracing::error!(%error, "texts could not be indexed");
                tokio::time::sleep(AFTER_FAILURE).await;
            }
        }
    }

    /// Indexes the next messages.
    async fn index_some(&self, behind: &mut Behind) -> Result<Next, MailError> {
        let mut queue = match std::mem::take(behind) {
            Behind::Unknown => self.inner.store.index(|tx| tx.behind()).await.map(VecDeque::from)?,
            Behind::Known(queue) => queue,
        };
        // Those that changed just now go first: a mailbox with much to do shall not keep the others waiting.
        for mailbox in self.inner.store.take_changed(Follower::Index) {
            queue.retain(|&known| known != mailbox);
            queue.push_front(mailbox);
        }
        if queue.is_empty() {
            *behind = Behind::Known(queue);
            return Ok(Next::AfterChange);
        }
        let mail = self.clone();
        let (queue, busy) = self.inner.store.index::<_, StoreError>(move |tx| mail.index_next(tx, queue)).await?;
        self.inner.indexed.send_replace(());
        let next = if busy > 0 && busy == queue.len() { Next::AfterOthers } else { Next::AtOnce };
        *behind = Behind::Known(queue);
        Ok(next)
    }
}

/// When to go on.
enum Next {
    AtOnce,
    /// Other nodes are at all that is left. It is looked at again: one that breaks off tells nobody.
    AfterOthers,
    AfterChange,
}

/// The mailboxes that have something to index, the first one first.
#[derive(Default)]
enum Behind {
    Known(VecDeque<MailboxId>),
    /// At the start and after a failure: then the store is asked.
    #[default]
    Unknown,
}

impl Mail {
    /// Indexes of one mailbox after the other until it is enough for one transaction; answers what is left, and how many of
    /// that, at the end, are those at which another node is.
    fn index_next(
        &self,
        tx: &mut IndexTx<'_>,
        mut queue: VecDeque<MailboxId>,
    ) -> Result<(VecDeque<MailboxId>, usize), StoreError> {
        let (mut left, mut busy) = (TOGETHER, Vec::new());
        while left > 0
            && let Some(mailbox) = queue.pop_front()
        {
            if tx.knows_all(mailbox)? {
                continue;
            }
            let Some(unindexed) = tx.unindexed(mailbox, left)? else {
                busy.push(mailbox);
                continue;
            };
            for &id in &unindexed.messages {
                self.index_message(tx, mailbox, &unindexed.then, id)?;
            }
            tx.keep_indexed(mailbox, &unindexed.then)?;
            if unindexed.more {
                queue.push_back(mailbox);
            }
            left = left.saturating_sub_unsigned(unindexed.messages.len() as u64 + 1);
        }
        queue.extend(&busy);
        Ok((queue, busy.len()))
    }

    fn index_message(
        &self,
        tx: &mut IndexTx<'_>,
        mailbox: MailboxId,
        indexed: &store::Indexed,
        id: MessageId,
    ) -> Result<(), StoreError> {
        let Some(record) = tx.message(mailbox, id)? else {
            tx.forget_message(indexed, id)?;
            return Ok(());
        };
        if tx.knows(indexed, &record)? {
            return Ok(());
        }
        let read = || {
            let message = Message::parse(tx.octets(record.blob)?);
            let keys = self.showing_keys(tx, mailbox, &message)?;
            Content::of(mailbox, record, message, &keys)
        };
        match read() {
            Ok(content) => tx.index_message(indexed, &content.record, &texts(&content)),
            Err(error @ StoreError::Unavailable(_)) => Err(error), // its text is there, and indexed later
            Err(error) => {
                tracing::warn!(%error, "a message is indexed without its text");
                let Some(record) = tx.message(mailbox, id)? else { return Ok(()) };
                tx.index_message(indexed, &record, &MessageTexts::default())
            }
        }
    }
}

/// The texts of a message that its row doesn't hold.
fn texts(content: &Content) -> MessageTexts {
    let names = content.attachments().filter_map(|attached| attached.part.file_name.clone());
    MessageTexts { body: content.shown().text_body_within(TEXT), attachments: names.take(NAMES).collect() }
}
