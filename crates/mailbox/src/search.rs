//! Search waits for the index of texts.

use crate::Mailbox;
use crate::error::MailError;
use std::time::Duration;
use store::{Follower, StoreError};
use tokio::time::timeout;

/// How long a search waits for the index to come to what the mailbox was when it was asked.
const PATIENCE: Duration = Duration::from_secs(2);
/// After how long it looks again without being told: another node may have done it.
const LOOK_AGAIN: Duration = Duration::from_millis(50);

impl Mailbox {
    /// Waits until the index knows all that has happened so far; answers whether it does.
    pub(crate) async fn until_indexed(&self) -> Result<bool, MailError> {
        let (owner, mut indexed) = (self.owner.id, self.mail.inner.indexed.subscribe());
        let latest = self.store().read::<_, StoreError>(move |tx| tx.log_reach(owner)).await?.last;
        let until = async {
            if !self.store().read::<_, StoreError>(move |tx| tx.is_indexed(owner, latest)).await? {
                self.store().tell_changed(Follower::Index, owner); // so that it is its turn
            }
            while !self.store().read::<_, StoreError>(move |tx| tx.is_indexed(owner, latest)).await? {
                if let Ok(Err(_)) = timeout(LOOK_AGAIN, indexed.changed()).await {
                    return Ok(false); // the server is stopping
                }
            }
            Ok(true)
        };
        timeout(PATIENCE, until).await.unwrap_or(Ok(false))
    }
}
