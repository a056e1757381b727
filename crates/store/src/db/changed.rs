//! Which mailboxes have changed, for whoever follows them.

use crate::ids::MailboxId;
use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};
use tokio::sync::Notify;

/// Who follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Follower {
    /// The index of texts.
    Index,
    /// Who notifies apps.
    Notifier,
}

/// Mailboxes that changed since each follower last asked for them.
#[derive(Default)]
pub(crate) struct Changed {
    index: Followed,
    notifier: Followed,
}

#[derive(Default)]
struct Followed {
    mailboxes: Mutex<BTreeSet<MailboxId>>,
    told: Notify,
}

impl Changed {
    fn of(&self, follower: Follower) -> &Followed {
        match follower {
            Follower::Index => &self.index,
            Follower::Notifier => &self.notifier,
        }
    }

    /// Tells all of changes that are durable.
    pub(crate) fn tell(&self, mailboxes: &[MailboxId]) {
        for follower in [Follower::Index, Follower::Notifier] {
            self.tell_one(follower, mailboxes);
        }
    }

    /// Tells one of them.
    pub(crate) fn tell_one(&self, follower: Follower, mailboxes: &[MailboxId]) {
        if mailboxes.is_empty() {
            return;
        }
        let followed = self.of(follower);
        followed.mailboxes.lock().unwrap_or_else(PoisonError::into_inner).extend(mailboxes);
        followed.told.notify_one();
    }

    /// Those of which one was told; none is told twice.
    pub(crate) fn take(&self, follower: Follower) -> BTreeSet<MailboxId> {
        std::mem::take(&mut self.of(follower).mailboxes.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Waits until there may be some.
    pub(crate) async fn wait(&self, follower: Follower) {
        self.of(follower).told.notified().await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_follower_is_told_of_each_change_once() {
        let (changed, one, two) = (Changed::default(), MailboxId([1; 16]), MailboxId([2; 16]));
        changed.tell(&[one, two, one]);
        assert_eq!(changed.take(Follower::Index), BTreeSet::from([one, two]));
        assert!(changed.take(Follower::Index).is_empty());
        changed.tell_one(Follower::Index, &[one]);
        assert_eq!(changed.take(Follower::Notifier), BTreeSet::from([one, two]), "what another has taken is there");
        assert!(changed.take(Follower::Notifier).is_empty(), "it was not told of the last");
    }
}
