//! What there is, and what changed since, for who follows a folder's messages, a mailbox's messages, or folders. Each
//! statement reads, by an index, as many rows as it answers with, or as there were changes: never the mailbox.

use super::folders::{FOLDER, folder as folder_of};
use super::messages::{COLUMNS, message};
use crate::clock::Timestamp;
use crate::db::{ReadTx, Row, Value, values};
use crate::error::StoreError;
use crate::ids::{FolderId, MailboxId, MessageId};
use crate::model::delta::{Departure, Place};
use crate::model::folder::{Folder, WellKnownName};
use crate::model::message::MessageRecord;

impl ReadTx<'_> {
    /// Messages that had come into their folder by a change and were received from some time on: of a folder, else of all
    /// but the recoverable items; newest first, after a place by receivedDateTime.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub fn present_messages(
        &self,
        mailbox: MailboxId,
        folder: Option<FolderId>,
        (by, received_from): (i64, Timestamp),
        after: Place,
        top: i64,
    ) -> Result<Vec<MessageRecord>, StoreError> {
        let hidden = self.well_known_folder(mailbox, WellKnownName::RecoverableItemsDeletions)?;
        let (folder, folder_is) = folder.map_or((hidden, "<>"), |folder| (folder, "="));
        let sql = format!(
            "SELECT {COLUMNS} FROM message WHERE mailbox = $1 AND folder {folder_is} $2 AND (received_date_time, id) < ($3, $4)
             AND received_date_time >= $5 AND folder_modseq <= $6 ORDER BY received_date_time DESC, id DESC LIMIT $7"
        );
        self.rows(&sql, values![&mailbox.0, &folder.0, after.at, &after.id, received_from.0, by, top], message)
    }

    /// Messages that changed since, in the order of their last change: of a folder, else of all but the recoverable items.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub fn changed_messages(
        &self,
        mailbox: MailboxId,
        folder: Option<FolderId>,
        since: i64,
        top: i64,
    ) -> Result<Vec<MessageRecord>, StoreError> {
        if let Some(folder) = folder {
            let sql = format!(
                "SELECT {COLUMNS} FROM message WHERE mailbox = $1 AND folder = $2 AND modseq > $3 ORDER BY modseq LIMIT $4"
            );
            return self.rows(&sql, values![&mailbox.0, &folder.0, since, top], message);
        }
        let hidden = self.well_known_folder(mailbox, WellKnownName::RecoverableItemsDeletions)?;
        let columns: Vec<String> = COLUMNS.split(", ").map(|column| format!("m.{}", column.trim())).collect();
        let sql = format!(
            "SELECT {} FROM change c JOIN message m ON m.mailbox = c.mailbox AND m.id = c.message
             WHERE c.mailbox = $1 AND c.modseq > $2 AND m.modseq = c.modseq AND m.folder = c.folder AND m.folder <> $3
             ORDER BY c.modseq LIMIT $4",
            columns.join(", ")
        );
        self.rows(&sql, values![&mailbox.0, since, &hidden.0, top], message)
    }

    /// Messages that left since and are not back, in the order in which they last left: a folder, else the mailbox for good
    /// or for the recoverable items.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub fn departed_messages(
        &self,
        mailbox: MailboxId,
        folder: Option<FolderId>,
        since: i64,
        top: i64,
    ) -> Result<Vec<Departure<MessageId>>, StoreError> {
        let departure = |row: &Row<'_>| Ok(Departure { id: MessageId(row.fixed(0)?), modseq: row.integer(1)? });
        if let Some(folder) = folder {
            let sql = "SELECT c.message, c.modseq FROM change c
                WHERE c.mailbox = $1 AND c.folder = $2 AND c.operation = 'deleted' AND c.modseq > $3
                AND NOT EXISTS (SELECT 1 FROM message m WHERE m.mailbox = c.mailbox AND m.id = c.message AND m.folder = c.folder)
                AND NOT EXISTS (SELECT 1 FROM change d WHERE d.mailbox = c.mailbox AND d.message = c.message
                    AND d.folder = c.folder AND d.operation = 'deleted' AND d.modseq > c.modseq)
                ORDER BY c.modseq LIMIT $4";
            return self.rows(sql, values![&mailbox.0, &folder.0, since, top], departure);
        }
        let hidden = self.well_known_folder(mailbox, WellKnownName::RecoverableItemsDeletions)?;
        // A message that moved has two rows of one number; of one that is gone only the last, alone, is told.
        let sql = "SELECT c.message, c.modseq FROM change c
            LEFT JOIN message m ON m.mailbox = c.mailbox AND m.id = c.message
            WHERE c.mailbox = $1 AND c.modseq > $2 AND c.operation = 'deleted'
            AND (m.folder = $3 AND m.folder_modseq = c.modseq OR m.id IS NULL AND NOT EXISTS
                (SELECT 1 FROM change d WHERE d.mailbox = c.mailbox AND d.modseq = c.modseq AND d.operation = 'created'))
            ORDER BY c.modseq LIMIT $4";
        self.rows(sql, values![&mailbox.0, since, &hidden.0, top], departure)
    }

    /// Folders that were there, or in this parent, by a change; in the order of their ids, after a place. All folders but
    /// the root are followed where no parent is named, and hidden ones only on request.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub fn present_folders(
        &self,
        mailbox: MailboxId,
        (parent, with_hidden): (Option<FolderId>, bool),
        by: i64,
        after: Place,
        top: i64,
    ) -> Result<Vec<Folder>, StoreError> {
        let (within, came, limit) = match parent {
            Some(_) => ("f.parent = $4", "f.parent_modseq", "$5"),
            None => ("f.parent IS NOT NULL", "f.created_modseq", "$4"),
        };
        let sql =
            format!("{FOLDER} AND f.id > $2 AND {came} <= $3 AND {within} {} ORDER BY f.id LIMIT {limit}", shown(with_hidden));
        self.followed(&sql, values![&mailbox.0, &after.id, by], (parent, top), folder_of)
    }

    /// Folders that changed after a place, in the order of their last change.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub fn changed_folders(
        &self,
        mailbox: MailboxId,
        (parent, with_hidden): (Option<FolderId>, bool),
        after: Place,
        top: i64,
    ) -> Result<Vec<Folder>, StoreError> {
        let (within, limit) = match parent {
            Some(_) => ("f.parent = $4", "$5"),
            None => ("f.parent IS NOT NULL", "$4"),
        };
        let sql = format!(
            "{FOLDER} AND (f.modseq, f.id) > ($2, $3) AND {within}{} ORDER BY f.modseq, f.id LIMIT {limit}",
            shown(with_hidden)
        );
        self.followed(&sql, values![&mailbox.0, after.at, &after.id], (parent, top), folder_of)
    }

    /// Folders that left after a place and are not back, in the order in which they last left: a parent, else the mailbox.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub fn departed_folders(
        &self,
        mailbox: MailboxId,
        parent: Option<FolderId>,
        after: Place,
        top: i64,
    ) -> Result<Vec<Departure<FolderId>>, StoreError> {
        let (left, where_it_was, again, limit) = match parent {
            Some(_) => ("AND r.parent = $4", "AND f.parent = r.parent", "AND s.parent = r.parent", "$5"),
            None => ("", "", "", "$4"),
        };
        let sql = format!(
            "SELECT r.folder, r.modseq FROM folder_departure r WHERE r.mailbox = $1 AND (r.modseq, r.folder) > ($2, $3) {left}
             AND NOT EXISTS (SELECT 1 FROM folder_departure s WHERE s.mailbox = r.mailbox AND s.folder = r.folder
                 AND s.modseq > r.modseq {again})
             AND NOT EXISTS (SELECT 1 FROM folder f WHERE f.mailbox = r.mailbox AND f.id = r.folder AND f.removal IS NULL {where_it_was})
             ORDER BY r.modseq, r.folder LIMIT {limit}"
        );
        let departure = |row: &Row<'_>| Ok(Departure { id: FolderId(row.fixed(0)?), modseq: row.integer(1)? });
        self.followed(&sql, values![&mailbox.0, after.at, &after.id], (parent, top), departure)
    }

    /// The rows of a statement whose last parameters are the parent, where one is followed, and how many to give.
    fn followed<T>(
        &self,
        sql: &str,
        values: &[Value<'_>],
        (parent, top): (Option<FolderId>, i64),
        read: impl FnMut(&Row<'_>) -> Result<T, StoreError>,
    ) -> Result<Vec<T>, StoreError> {
        let parent = parent.as_ref().map(|parent| Value::from(&parent.0));
        let values: Vec<Value<'_>> = values.iter().copied().chain(parent).chain([top.into()]).collect();
        self.rows(sql, &values, read)
    }
}

/// Which of `f` are shown.
fn shown(with_hidden: bool) -> &'static str {
    if with_hidden { "" } else { " AND f.is_hidden = 0" }
}

#[cfg(test)]
mod tests;
