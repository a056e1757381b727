//! What people do with mail once they have it.

use crate::Mailbox;
use crate::error::{Kind, MailError};
use store::{MessageId, WellKnownName, WriteTx};

impl Mailbox {
    /// Deletes a message: to Deleted Items, from there to the recoverable items.
    ///
    /// # Errors
    /// [`MailError::NotFound`]; [`MailError::CannotDelete`] for one among the recoverable items; [`MailError::Store`].
    pub async fn delete(&self, id: MessageId) -> Result<(), MailError> {
        let mailbox = self.clone();
        let deed = move |tx: &mut WriteTx<'_>| {
            let owner = mailbox.owner.id;
            let mut record = tx.message(owner, id)?.ok_or(MailError::NotFound(Kind::Message))?;
            let deleted = tx.well_known_folder(owner, WellKnownName::DeletedItems)?;
            let recoverable = tx.well_known_folder(owner, WellKnownName::RecoverableItemsDeletions)?;
            record.folder = match record.folder {
                from if from == recoverable => return Err(MailError::CannotDelete),
                from if from == deleted => recoverable,
                _ => deleted,
            };
            record.last_modified_date_time = mailbox.now();
            tx.replace_message(owner, &record)?;
            Ok(())
        };
        self.store().write(deed).await
    }
}
