//! What was begun with whole folders and takes many deeds: removals and copies. It is in rows, so that a crash in between
//! leaves it to be gone on with.

use super::messages::{COLUMNS, message};
use crate::clock::Timestamp;
use crate::db::{ReadTx, Row, WriteTx, values};
use crate::error::StoreError;
use crate::ids::{FolderId, MailboxId, MessageId};
use crate::model::folder::{Folder, FolderCopy, FolderPlace, Removal};
use crate::model::message::MessageRecord;

impl ReadTx<'_> {
    /// Some messages of a folder, newest first, behind a place or from the first one.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub fn messages_behind(
        &self,
        mailbox: MailboxId,
        folder: FolderId,
        place: Option<FolderPlace>,
        top: usize,
    ) -> Result<Vec<MessageRecord>, StoreError> {
        let (date, id) = place.map_or(FIRST, |place| (place.received_date_time.0, place.id.0));
        let sql = format!(
            "SELECT {COLUMNS} FROM message WHERE mailbox = $1 AND folder = $2 AND (received_date_time, id) < ($3, $4)
             ORDER BY received_date_time DESC, id DESC LIMIT $5"
        );
        let top = i64::try_from(top).unwrap_or(i64::MAX);
        self.rows(&sql, values![&mailbox.0, &folder.0, date, &id, top], message)
    }

    /// A folder whose messages are to go, and how.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub fn folder_to_remove(&self) -> Result<Option<(MailboxId, FolderId, Removal)>, StoreError> {
        self.row("SELECT mailbox, id, removal FROM folder WHERE removal IS NOT NULL LIMIT 1", &[], |row| {
            let removal = row.text(2)?;
            let known = Removal::parse(&removal).ok_or_else(|| StoreError::Corrupt(format!("removal {removal:?}")))?;
            Ok((MailboxId(row.fixed(0)?), FolderId(row.fixed(1)?), known))
        })
    }

    /// A copy that is not whole yet.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub fn folder_to_copy(&self) -> Result<Option<FolderCopy>, StoreError> {
        self.row(&format!("{COPY} LIMIT 1"), &[], copy)
    }

    /// The copy that is being made into a folder.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub fn copy_into(&self, mailbox: MailboxId, target: FolderId) -> Result<Option<FolderCopy>, StoreError> {
        self.row(&format!("{COPY} WHERE mailbox = $1 AND target = $2"), values![&mailbox.0, &target.0], copy)
    }
}

impl WriteTx<'_> {
    /// Takes folders out of sight: their messages are to go, and each one's row with the last of them.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub fn begin_removal(
        &mut self,
        mailbox: MailboxId,
        folders: &[Folder],
        removal: Removal,
        at: Timestamp,
    ) -> Result<(), StoreError> {
        let modseq = self.next_modseq(mailbox)?;
        for folder in folders {
            self.leave_parent(mailbox, (modseq, at), folder)?;
            self.execute(
                "UPDATE folder SET removal = $1 WHERE mailbox = $2 AND id = $3",
                values![removal.as_str(), &mailbox.0, &folder.id.0],
            )?;
            self.end_copy(mailbox, folder.id)?;
        }
        Ok(())
    }

    /// Removes a folder that is out of sight and holds nothing any more.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub fn end_removal(&mut self, mailbox: MailboxId, id: FolderId) -> Result<(), StoreError> {
        let gone = self.execute(
            "DELETE FROM folder WHERE mailbox = $1 AND id = $2 AND removal IS NOT NULL AND total_item_count = 0",
            values![&mailbox.0, &id.0],
        )?;
        if gone == 0 {
            return Ok(());
        }
        self.remove_search_folder(mailbox, id)?;
        self.remove_extended(mailbox, id.into())
    }

    /// Notes that a folder is to get copies of another one's messages.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub fn begin_copy(&mut self, mailbox: MailboxId, source: FolderId, target: FolderId) -> Result<(), StoreError> {
        self.execute(
            "INSERT INTO folder_copy (mailbox, target, source, received_date_time, message) VALUES ($1, $2, $3, $4, $5)",
            values![&mailbox.0, &target.0, &source.0, FIRST.0, &FIRST.1],
        )?;
        Ok(())
    }

    /// Notes down to which place of its source a copy is made.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub fn advance_copy(&mut self, mailbox: MailboxId, target: FolderId, place: FolderPlace) -> Result<(), StoreError> {
        self.execute(
            "UPDATE folder_copy SET received_date_time = $1, message = $2 WHERE mailbox = $3 AND target = $4",
            values![place.received_date_time.0, &place.id.0, &mailbox.0, &target.0],
        )?;
        Ok(())
    }

    /// A copy is whole, or not wanted any more.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub fn end_copy(&mut self, mailbox: MailboxId, target: FolderId) -> Result<(), StoreError> {
        self.execute("DELETE FROM folder_copy WHERE mailbox = $1 AND target = $2", values![&mailbox.0, &target.0])?;
        Ok(())
    }
}

/// Before every message of a folder, newest first.
const FIRST: (i64, [u8; 16]) = (i64::MAX, [u8::MAX; 16]);

const COPY: &str = "SELECT mailbox, target, source, received_date_time, message FROM folder_copy";

fn copy(row: &Row<'_>) -> Result<FolderCopy, StoreError> {
    Ok(FolderCopy {
        mailbox: MailboxId(row.fixed(0)?),
        target: FolderId(row.fixed(1)?),
        source: FolderId(row.fixed(2)?),
        done: FolderPlace { received_date_time: Timestamp(row.integer(3)?), id: MessageId(row.fixed(4)?) },
    })
}
