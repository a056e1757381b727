//! Search: what is found in the texts of messages.

use crate::Mailbox;
use crate::error::MailError;
use crate::folders::FolderName;
use std::time::Duration;
use store::{MessageRecord, ReadTx, SearchPosition, SearchQuery, SearchRequest, StoreError};
use tokio::time::timeout;

/// How long a search waits for the index to come to what the mailbox was when it was asked.
const PATIENCE: Duration = Duration::from_secs(2);

/// A page of what is found.
#[derive(Debug, Clone)]
pub struct Found {
    /// The messages, the latest sent first.
    pub records: Vec<MessageRecord>,
    /// Where the next page begins; nothing on the last one.
    pub next: Option<SearchPosition>,
    /// Whether all was looked through: false while a large mailbox is indexed anew.
    pub complete: bool,
}

impl Mailbox {
    /// A page of the messages in which something is found, the latest sent first: of a folder, else of all. It leaves out
    /// `skip` and gives at most `top`.
    ///
    /// # Errors
    /// [`MailError::NotFound`] for the folder, [`MailError::Store`].
    pub async fn search(
        &self,
        folder: Option<FolderName>,
        query: SearchQuery,
        after: Option<SearchPosition>,
        (skip, top): (i64, i64),
    ) -> Result<Found, MailError> {
        let complete = self.until_indexed().await?;
        let mailbox = self.clone();
        let look = move |tx: &ReadTx<'_>| {
            let folder = folder.map(|name| mailbox.folder_id(tx, &name)).transpose()?;
            let request = SearchRequest { folder, query, after, skip, top: top.saturating_add(1) };
            let mut found = tx.search(mailbox.owner.id, &request)?;
            let asked = usize::try_from(top).unwrap_or(usize::MAX);
            let more = found.len() > asked;
            found.truncate(asked);
            let next = found.last().filter(|_| more).map(|&(place, _)| place);
            Ok(Found { records: found.into_iter().map(|(_, record)| record).collect(), next, complete })
        };
        self.store().read(look).await
    }

    /// In how many messages something is found, of a folder or of all.
    ///
    /// # Errors
    /// [`MailError::NotFound`] for the folder, [`MailError::Store`].
    pub async fn count_found(&self, folder: Option<FolderName>, query: SearchQuery) -> Result<i64, MailError> {
        self.until_indexed().await?;
        let mailbox = self.clone();
        let look = move |tx: &ReadTx<'_>| {
            let folder = folder.map(|name| mailbox.folder_id(tx, &name)).transpose()?;
            Ok(tx.count_found(mailbox.owner.id, folder, &query)?)
        };
        self.store().read(look).await
    }

    /// Waits until the index knows all that has happened so far; answers whether it does.
    async fn until_indexed(&self) -> Result<bool, MailError> {
        let (owner, mut indexed) = (self.owner.id, self.mail.inner.indexed.subscribe());
        let latest = self.store().read::<_, StoreError>(move |tx| tx.log_reach(owner)).await?.last;
        let until = async {
            if !self.store().read::<_, StoreError>(move |tx| tx.is_indexed(owner, latest)).await? {
                self.store().tell_changed(owner); // so that it is its turn
            }
            while !self.store().read::<_, StoreError>(move |tx| tx.is_indexed(owner, latest)).await? {
                if indexed.changed().await.is_err() {
                    return Ok(false); // the server is stopping
                }
            }
            Ok(true)
        };
        timeout(PATIENCE, until).await.unwrap_or(Ok(false))
    }
}
