//! The change log: each mailbox's changes in order, written with what they changed.

use crate::db::{WriteTx, values};
use crate::error::StoreError;
use crate::ids::{FolderId, MailboxId, MessageId};

/// What happened to a message in a folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Operation {
    Created,
    Deleted,
    Updated,
}

impl Operation {
    fn as_str(self) -> &'static str {
        match self {
            Operation::Created => "created",
            Operation::Deleted => "deleted",
            Operation::Updated => "updated",
        }
    }
}

impl WriteTx<'_> {
    /// The number of this mailbox's next change.
    pub(crate) fn next_modseq(&mut self, mailbox: MailboxId) -> Result<i64, StoreError> {
        self.row("UPDATE mailbox SET modseq = modseq + 1 WHERE id = $1 RETURNING modseq", values![&mailbox.0], |row| {
            row.integer(0)
        })?
        .ok_or(StoreError::NotFound)
    }

    pub(crate) fn log_change(
        &mut self,
        mailbox: MailboxId,
        modseq: i64,
        folder: FolderId,
        message: MessageId,
        operation: Operation,
    ) -> Result<(), StoreError> {
        self.execute(
            "INSERT INTO change (mailbox, modseq, folder, message, operation) VALUES ($1, $2, $3, $4, $5)",
            values![&mailbox.0, modseq, &folder.0, &message.0, operation.as_str()],
        )?;
        Ok(())
    }
}
