//! The change log: each mailbox's changes in order, written with what they changed. A change number is one message's, in
//! one folder, or in two where the message moved from the one to the other; or it is some folders'; or it is what became of a
//! message that was sent.

use crate::db::{ReadTx, WriteTx, values};
use crate::error::StoreError;
use crate::ids::{FolderId, MailboxId, MessageId, SubmissionId};
use crate::model::subscription::{LoggedChange, Operation};

/// Changes of a mailbox that its log keeps at least. At a hundred octets each, a log stays below 30 MB.
const KEPT: i64 = 250_000;
/// The log is cut whenever a change number is a multiple of this: seldom enough to cost a send nothing, often enough
/// that no cut takes long.
const CUT_EVERY: i64 = 1024;

/// Which changes a mailbox's log still has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LogReach {
    /// All those numbered above this one.
    pub floor: i64,
    /// Up to this one, the last change there was.
    pub last: i64,
}

impl LogReach {
    /// Whether all changes since this one are known. One above the last is of a store that this one replaced.
    pub fn covers(&self, since: i64) -> bool {
        (self.floor..=self.last).contains(&since)
    }
}

impl ReadTx<'_> {
    /// Which changes of a mailbox are known.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] where there is no such mailbox; [`StoreError::Database`].
    pub fn log_reach(&self, mailbox: MailboxId) -> Result<LogReach, StoreError> {
        self.row("SELECT change_floor, modseq FROM mailbox WHERE id = $1", values![&mailbox.0], |row| {
            Ok(LogReach { floor: row.integer(0)?, last: row.integer(1)? })
        })?
        .ok_or(StoreError::NotFound)
    }

    /// The changes of a mailbox above a number, in order, as they are in its log.
    ///
    /// # Errors
    /// [`StoreError::Database`], [`StoreError::Corrupt`].
    pub fn changes_after(&self, mailbox: MailboxId, since: i64, top: i64) -> Result<Vec<LoggedChange>, StoreError> {
        let sql = "SELECT modseq, folder, message, operation FROM change WHERE mailbox = $1 AND modseq > $2
             ORDER BY modseq, folder LIMIT $3";
        self.rows(sql, values![&mailbox.0, since, top], |row| {
            let word = row.text(3)?;
            Ok(LoggedChange {
                modseq: row.integer(0)?,
                folder: FolderId(row.fixed(1)?),
                message: MessageId(row.fixed(2)?),
                operation: Operation::parse(&word).ok_or_else(|| StoreError::Corrupt(format!("the operation {word:?}")))?,
            })
        })
    }
}

impl WriteTx<'_> {
    /// The number of this mailbox's next change.
    pub(crate) fn next_modseq(&mut self, mailbox: MailboxId) -> Result<i64, StoreError> {
        let sql = "UPDATE mailbox SET modseq = modseq + 1 WHERE id = $1 RETURNING modseq";
        let next = self.row(sql, values![&mailbox.0], |row| row.integer(0))?.ok_or(StoreError::NotFound)?;
        self.numbered(mailbox, next)?;
        Ok(next)
    }

    fn numbered(&mut self, mailbox: MailboxId, modseq: i64) -> Result<(), StoreError> {
        self.touched.changed.push(mailbox);
        match modseq % CUT_EVERY {
            0 => self.forget_changes(mailbox, modseq - KEPT),
            _ => Ok(()),
        }
    }

    /// Notes that something became of a message that was sent, where somebody follows that: who follows nothing pays no number.
    pub(super) fn log_delivery(
        &mut self,
        (mailbox, id): (MailboxId, SubmissionId),
        forward_path: &str,
    ) -> Result<(), StoreError> {
        let sql = "UPDATE mailbox SET modseq = modseq + 1 WHERE id = $1 AND EXISTS
             (SELECT 1 FROM subscription s WHERE s.mailbox = $1 AND s.folder = $2 AND s.removed IS NULL) RETURNING modseq";
        let folder = FolderId::DELIVERY;
        let Some(modseq) = self.row(sql, values![&mailbox.0, &folder.0], |row| row.integer(0))? else { return Ok(()) };
        self.numbered(mailbox, modseq)?;
        // What has octets of its own is followed as one with the message that it is part of.
        let message = "SELECT coalesce(part_of, submission) FROM outbox_recipient
             WHERE mailbox = $1 AND submission = $2 AND forward_path = $3";
        let message = self.row(message, values![&mailbox.0, &id.0, forward_path], |row| row.fixed(0))?;
        let message = MessageId(message.ok_or(StoreError::NotFound)?);
        self.log_change(mailbox, modseq, folder, message, Operation::Updated)
    }

    /// Forgets a mailbox's changes up to a number. Who followed it from before can't go on from there.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub fn forget_changes(&mut self, mailbox: MailboxId, up_to: i64) -> Result<(), StoreError> {
        let raised = self.execute(
            "UPDATE mailbox SET change_floor = $1 WHERE id = $2 AND change_floor < $1 AND modseq >= $1",
            values![up_to, &mailbox.0],
        )?;
        if raised == 1 {
            self.execute("DELETE FROM change WHERE mailbox = $1 AND modseq <= $2", values![&mailbox.0, up_to])?;
            self.execute("DELETE FROM folder_departure WHERE mailbox = $1 AND modseq <= $2", values![&mailbox.0, up_to])?;
        }
        Ok(())
    }

    /// Notes that a folder left its parent: for another one, or for good.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub fn log_departure(
        &mut self,
        mailbox: MailboxId,
        modseq: i64,
        folder: FolderId,
        parent: FolderId,
    ) -> Result<(), StoreError> {
        self.execute(
            "INSERT INTO folder_departure (mailbox, modseq, folder, parent) VALUES ($1, $2, $3, $4)",
            values![&mailbox.0, modseq, &folder.0, &parent.0],
        )?;
        Ok(())
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
