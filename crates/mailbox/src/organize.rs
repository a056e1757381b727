//! What people do with mail once they have it: octets stay, rows move.

use crate::Mailbox;
use crate::error::MailError;
use crate::folders::FolderName;
use store::{FolderId, MailboxId, MessageId, MessageRecord, Timestamp, WellKnownName, WriteTx};

impl Mailbox {
    /// Deletes a message: to Deleted Items, from there or a folder within to the recoverable items.
    ///
    /// # Errors
    /// [`MailError::NotFound`]; [`MailError::PreconditionFailed`]; [`MailError::CannotDelete`] for one among the
    /// recoverable items; [`MailError::Store`].
    pub async fn delete(&self, id: MessageId) -> Result<(), MailError> {
        let mailbox = self.clone();
        let deed = move |tx: &mut WriteTx<'_>| {
            let owner = mailbox.owner.id;
            let mut record = mailbox.present(tx, id)?;
            let deleted = tx.well_known_folder(owner, WellKnownName::DeletedItems)?;
            let recoverable = tx.well_known_folder(owner, WellKnownName::RecoverableItemsDeletions)?;
            record.folder = match record.folder {
                from if from == recoverable => return Err(MailError::CannotDelete),
                from if tx.is_within(owner, from, deleted)? => recoverable,
                _ => deleted,
            };
            record.last_modified_date_time = mailbox.now();
            tx.replace_message(owner, &record)?;
            Ok(())
        };
        self.deed(deed).await
    }

    /// Deletes a message for good, from wherever it is. Its octets go with the last message that has them.
    ///
    /// # Errors
    /// [`MailError::NotFound`], [`MailError::PreconditionFailed`], [`MailError::Store`].
    pub async fn permanent_delete(&self, id: MessageId) -> Result<(), MailError> {
        let mailbox = self.clone();
        let deed = move |tx: &mut WriteTx<'_>| {
            mailbox.present(tx, id)?;
            Ok(tx.remove_message(mailbox.owner.id, id, mailbox.now())?)
        };
        self.deed(deed).await
    }

    /// Moves a message to another folder. It keeps its id.
    ///
    /// # Errors
    /// [`MailError::NotFound`], [`MailError::PreconditionFailed`], [`MailError::Store`].
    pub async fn move_to(&self, id: MessageId, destination: FolderName) -> Result<MessageRecord, MailError> {
        let mailbox = self.clone();
        let deed = move |tx: &mut WriteTx<'_>| {
            let owner = mailbox.owner.id;
            let mut record = mailbox.present(tx, id)?;
            record.folder = mailbox.place_for_messages(tx, &destination)?;
            record.last_modified_date_time = mailbox.now();
            record.modseq = tx.replace_message(owner, &record)?;
            Ok(record)
        };
        self.deed(deed).await
    }

    /// Files a second message with the same octets and all that stands beside them.
    ///
    /// # Errors
    /// [`MailError::NotFound`], [`MailError::Store`].
    pub async fn copy_to(&self, id: MessageId, destination: FolderName) -> Result<MessageRecord, MailError> {
        let mailbox = self.clone();
        let deed = move |tx: &mut WriteTx<'_>| {
            let record = mailbox.present(tx, id)?;
            let folder = mailbox.place_for_messages(tx, &destination)?;
            file_copy(tx, mailbox.owner.id, &record, folder, mailbox.now())
        };
        self.deed(deed).await
    }
}

/// Files a second message like this one in a folder.
pub(crate) fn file_copy(
    tx: &mut WriteTx<'_>,
    mailbox: MailboxId,
    original: &MessageRecord,
    folder: FolderId,
    now: Timestamp,
) -> Result<MessageRecord, MailError> {
    let mut copy = original.clone();
    (copy.id, copy.folder) = (MessageId::new(now), folder);
    (copy.created_date_time, copy.last_modified_date_time) = (now, now);
    copy.modseq = tx.add_message(mailbox, &copy)?;
    tx.copy_extended(mailbox, original.id.into(), copy.id.into())?;
    Ok(copy)
}
