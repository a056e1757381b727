//! Which mailboxes have changed, for whoever follows them.

use crate::ids::MailboxId;
use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};
use tokio::sync::Notify;

/// Mailboxes that changed since they were last asked for.
#[derive(Default)]
pub(crate) struct Changed {
    mailboxes: Mutex<BTreeSet<MailboxId>>,
    told: Notify,
}

impl Changed {
    /// Tells of changes that are durable.
    pub(crate) fn tell(&self, mailboxes: Vec<MailboxId>) {
        if mailboxes.is_empty() {
            return;
        }
        self.mailboxes.lock().unwrap_or_else(PoisonError::into_inner).extend(mailboxes);
        self.told.notify_one();
    }

    /// Those of which it was told; none is told twice.
    pub(crate) fn take(&self) -> BTreeSet<MailboxId> {
        std::mem::take(&mut self.mailboxes.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Waits until there may be some.
    pub(crate) async fn wait(&self) {
        self.told.notified().await;
    }
}
