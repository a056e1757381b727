//! What is done to all messages of a folder, which may be many: a batch is a deed, and between two of them the one writer
//! does what others ask. The first batch belongs to the deed that was asked for, so that small folders are done when it
//! is answered; what is left stands in rows, and is gone on with after a crash too.

use crate::error::MailError;
use crate::folders::FolderName;
use crate::organize::file_copy;
use crate::{Mail, Mailbox};
use std::future::Future;
use std::pin::pin;
use std::time::Duration;
use store::{
    Folder, FolderCopy, FolderId, FolderPlace, MailboxId, ReadTx, Removal, SearchFolder, StoreError, Timestamp, WellKnownName,
    WriteTx,
};
use tokio::time::timeout;

/// Messages of one batch: some ten milliseconds of the writer's time.
const BATCH: usize = 128;
/// How long a request waits for the whole of its copy. One that takes longer goes on after its answer.
const PATIENCE: Duration = Duration::from_secs(5);
/// How long to wait for work before looking for it: another node may have begun it and be gone.
const LOOK_AGAIN: Duration = Duration::from_secs(60);
/// Likewise for the end of a copy that somebody waits for.
const LOOK_AT_COPY: Duration = Duration::from_millis(100);
/// How long to wait after the store failed.
const AFTER_FAILURE: Duration = Duration::from_secs(1);

impl Mail {
    /// Goes on with what was begun with whole folders, and what will be, until `stop`.
    pub async fn finish_folders_until(&self, stop: impl Future<Output = ()>) {
        let mut stop = pin!(stop);
        loop {
            let done = self.next_batch().await;
            self.inner.batch_done.notify_waiters();
            let pause = async {
                match done {
                    Ok(true) => {} // there may be more
                    Ok(false) => drop(timeout(LOOK_AGAIN, self.inner.folder_work.notified()).await),
                    Err(error) => {
                        tracing::error!(%error, "a batch of a folder's messages failed");
                        tokio::time::sleep(AFTER_FAILURE).await;
                    }
                }
            };
            tokio::select! {
                biased;
                () = &mut stop => return,
                () = pause => {}
            }
        }
    }

    /// Does one batch; answers whether there was one to do.
    async fn next_batch(&self) -> Result<bool, MailError> {
        let look = |tx: &ReadTx<'_>| Ok::<_, StoreError>((tx.folder_to_remove()?, tx.folder_to_copy()?));
        let now = self.inner.clock.now();
        match self.inner.store.read(look).await? {
            (Some((mailbox, folder, removal)), _) => {
                self.inner.store.write_in(mailbox, move |tx| remove_batch(tx, mailbox, folder, removal, BATCH, now)).await?;
            }
            // The row may be gone since: whoever removes the target ends the copy.
            (None, Some(copy)) => {
                let again = move |tx: &mut WriteTx<'_>| match tx.copy_into(copy.mailbox, copy.target)? {
                    Some(copy) => copy_batch(tx, &copy, BATCH, now).map(drop),
                    None => Ok(()),
                };
                self.inner.store.write_in(copy.mailbox, again).await?;
            }
            (None, None) => return Ok(false),
        }
        Ok(true)
    }
}

impl Mailbox {
    /// Copies a folder with all that is in it. The new one is whole when this answers, or is being filled still where that
    /// takes long.
    ///
    /// # Errors
    /// [`MailError::NotFound`]; [`MailError::FolderWithinItself`]; [`MailError::FolderExists`];
    /// [`MailError::AccessDenied`] where the destination is no place for folders; [`MailError::QuotaExceeded`];
    /// [`MailError::Store`].
    pub async fn copy_folder(&self, folder: FolderName, destination: FolderName) -> Result<Folder, MailError> {
        let mailbox = self.clone();
        let targets = self.deed(move |tx| mailbox.begin_copy(tx, &folder, &destination)).await?;
        self.mail.inner.folder_work.notify_one();
        let copy = FolderName::Id(*targets.first().ok_or(StoreError::NotFound)?);
        let whole = tokio::time::timeout(PATIENCE, self.until_copied(targets)).await;
        whole.unwrap_or(Ok(()))?;
        self.folder(copy).await
    }

    /// The tree of the copy, and as much of its messages as one batch has; answers the new folders, the first of which is
    /// the copy itself.
    fn begin_copy(
        &self,
        tx: &mut WriteTx<'_>,
        folder: &FolderName,
        destination: &FolderName,
    ) -> Result<Vec<FolderId>, MailError> {
        let owner = self.owner.id;
        let parent = self.place_for_folders(tx, destination)?;
        let root = self.named_folder(tx, folder)?.id;
        if tx.is_within(owner, parent, root)? {
            return Err(MailError::FolderWithinItself);
        }
        let searches = tx.search_folders(owner)?;
        let (mut copies, mut room): (Vec<(FolderId, FolderId)>, usize) = (Vec::new(), BATCH);
        let tree = tx.folder_tree(owner, root)?;
        self.room_for_searches(tx, searches.iter().filter(|one| tree.iter().any(|folder| folder.id == one.folder)).count())?;
        for source in tree {
            let copied_parent = copies.iter().find(|(original, _)| Some(*original) == source.parent);
            let parent = copied_parent.map_or(parent, |(_, copy)| *copy);
            let target = self.new_folder(tx, parent, source.display_name, source.is_hidden)?;
            tx.copy_extended(owner, source.id.into(), target.into())?;
            if let Some(search) = searches.iter().find(|one| one.folder == source.id) {
                tx.put_search_folder(owner, &SearchFolder { folder: target, ..search.clone() })?;
            }
            tx.begin_copy(owner, source.id, target)?;
            copies.push((source.id, target));
        }
        for (_, target) in &copies {
            while let Some(copy) = tx.copy_into(owner, *target)?.filter(|_| room > 0) {
                room -= copy_batch(tx, &copy, room, self.now())?;
            }
        }
        Ok(copies.into_iter().map(|(_, target)| target).collect())
    }

    async fn until_copied(&self, targets: Vec<FolderId>) -> Result<(), MailError> {
        let owner = self.owner.id;
        loop {
            let next = self.mail.inner.batch_done.notified(); // counts from here on, so that none is missed
            let targets = targets.clone();
            let look = move |tx: &ReadTx<'_>| {
                let mut under_way = false;
                for target in targets {
                    under_way |= tx.copy_into(owner, target)?.is_some();
                }
                Ok::<_, StoreError>(under_way)
            };
            if !self.store().read(look).await? {
                return Ok(());
            }
            let _ = timeout(LOOK_AT_COPY, next).await; // another node may have done it, and nobody here is told
        }
    }

    /// Takes a folder and all within it out of sight, and removes as much of it as one batch has.
    pub(crate) fn remove(&self, tx: &mut WriteTx<'_>, folder: FolderId, removal: Removal) -> Result<(), MailError> {
        let owner = self.owner.id;
        let tree = tx.folder_tree(owner, folder)?;
        tx.begin_removal(owner, &tree, removal, self.now())?;
        let mut room = BATCH;
        for folder in tree.iter().rev().filter(|folder| folder.total_item_count == 0) {
            tx.end_removal(owner, folder.id)?;
        }
        for folder in tree.iter().rev().filter(|folder| folder.total_item_count > 0) {
            if room > 0 {
                room -= remove_batch(tx, owner, folder.id, removal, room, self.now())?;
            }
        }
        Ok(())
    }
}

/// Removes some of a folder's messages, and with the last of them the folder; answers how many.
fn remove_batch(
    tx: &mut WriteTx<'_>,
    mailbox: MailboxId,
    folder: FolderId,
    removal: Removal,
    top: usize,
    now: Timestamp,
) -> Result<usize, MailError> {
    let messages = tx.messages_behind(mailbox, folder, None, top)?;
    let recoverable = tx.well_known_folder(mailbox, WellKnownName::RecoverableItemsDeletions)?;
    let count = messages.len();
    for mut message in messages {
        match removal {
            Removal::Permanent => tx.remove_message(mailbox, message.id, now)?,
            Removal::Recoverable => {
                (message.folder, message.last_modified_date_time) = (recoverable, now);
                tx.replace_message(mailbox, &message)?;
            }
        }
    }
    tx.end_removal(mailbox, folder)?;
    Ok(count)
}

/// Copies some of a folder's messages; answers how many. Newest first, so that what arrives meanwhile is not met.
fn copy_batch(tx: &mut WriteTx<'_>, copy: &FolderCopy, top: usize, now: Timestamp) -> Result<usize, MailError> {
    let messages = tx.messages_behind(copy.mailbox, copy.source, Some(copy.done), top)?;
    let (count, last) =
        (messages.len(), messages.last().map(|m| FolderPlace { received_date_time: m.received_date_time, id: m.id }));
    for message in &messages {
        file_copy(tx, copy.mailbox, message, copy.target, now)?;
    }
    match last {
        Some(place) if count == top => tx.advance_copy(copy.mailbox, copy.target, place)?,
        _ => tx.end_copy(copy.mailbox, copy.target)?,
    }
    Ok(count)
}
