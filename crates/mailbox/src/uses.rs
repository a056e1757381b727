//! Which permission let which app into which mailbox, and how often: counted in memory, so that no request waits for it, and
//! written down every few seconds and at the end. A crash loses what wasn't written; nothing is decided by it.

use crate::Mail;
use identity::Scope;
use std::collections::BTreeMap;
use std::future::Future;
use std::pin::pin;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use store::{ApplicationUse, MailboxId, StoreError, Timestamp, WriteTx};

/// How long uses wait to be written together.
const WRITTEN_EVERY: Duration = Duration::from_secs(5);

/// Uses that wait: by client id, mailbox and permission, how many, and when the last was.
#[derive(Default)]
pub(crate) struct Uses(Mutex<Counted>);

type Counted = BTreeMap<(String, MailboxId, &'static str), (i64, Timestamp)>;

impl Uses {
    /// Counts one.
    pub(crate) fn note(&self, client_id: &str, mailbox: MailboxId, permission: Scope, now: Timestamp) {
        let mut counted = self.counted();
        let (uses, last) = counted.entry((client_id.to_owned(), mailbox, permission.name())).or_insert((0, now));
        *uses += 1;
        *last = now;
    }

    /// Puts back what could not be written.
    fn restore(&self, waiting: Counted) {
        let mut counted = self.counted();
        for (key, (uses, at)) in waiting {
            let (sum, last) = counted.entry(key).or_insert((0, at));
            *sum += uses;
            *last = at.max(*last);
        }
    }

    fn counted(&self) -> MutexGuard<'_, Counted> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Mail {
    /// Writes down what was used, every few seconds until `stop` and once more then.
    pub async fn note_uses_until(&self, stop: impl Future<Output = ()>) {
        let mut stop = pin!(stop);
        loop {
            let is_last = tokio::select! {
                () = &mut stop => true,
                () = tokio::time::sleep(WRITTEN_EVERY) => false,
            };
            self.write_uses().await;
            if is_last {
                return;
            }
        }
    }

    async fn write_uses(&self) {
        let waiting = std::mem::take(&mut *self.inner.uses.counted());
        if waiting.is_empty() {
            return;
        }
        let written = waiting.clone();
        let deed = move |tx: &mut WriteTx<'_>| {
            for ((client_id, mailbox, permission), (uses, last_used_date_time)) in written {
                // An app that was removed meanwhile leaves nothing behind.
                if tx.application(&client_id)?.is_some() {
                    let used = ApplicationUse { mailbox, permission: permission.to_owned(), uses, last_used_date_time };
                    tx.note_application_use(&client_id, &used)?;
                }
            }
            Ok(())
        };
        if let Err(error) = self.inner.store.write::<_, StoreError>(deed).await {
            tracing::warn!(%error, "what apps used could not be written down; it will be tried again");
            self.inner.uses.restore(waiting);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_could_not_be_written_adds_up_with_what_came_since() {
        let (uses, mailbox, at) = (Uses::default(), MailboxId([1; 16]), Timestamp::from_seconds);
        uses.note("app", mailbox, Scope::MailSend, at(1));
        uses.note("app", mailbox, Scope::MailSend, at(5));
        let waiting = std::mem::take(&mut *uses.counted());
        uses.note("app", mailbox, Scope::MailSend, at(9));
        uses.note("app", mailbox, Scope::MailRead, at(9));
        uses.restore(waiting);
        let counted = uses.counted();
        assert_eq!(counted.get(&("app".to_owned(), mailbox, "Mail.Send")), Some(&(3, at(9))));
        assert_eq!(counted.get(&("app".to_owned(), mailbox, "Mail.Read")), Some(&(1, at(9))));
    }
}
