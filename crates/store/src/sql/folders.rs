//! Folders and their counts.

use crate::clock::Timestamp;
use crate::db::{ReadTx, Row, WriteTx, values};
use crate::error::StoreError;
use crate::ids::{FolderId, MailboxId};
use crate::model::folder::{Folder, WellKnownName};
use std::collections::HashSet;

pub(super) const FOLDER: &str = "SELECT f.id, f.parent, f.well_known_name, f.display_name, f.is_hidden,
    (SELECT count(*) FROM folder c WHERE c.mailbox = f.mailbox AND c.parent = f.id AND c.is_hidden = 0 AND c.removal IS NULL),
    f.total_item_count, f.unread_item_count, f.modseq, f.created_modseq, f.parent_modseq,
    f.last_modified_date_time FROM folder f WHERE f.mailbox = $1 AND f.removal IS NULL";

impl ReadTx<'_> {
    /// A folder by its id.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub fn folder(&self, mailbox: MailboxId, id: FolderId) -> Result<Option<Folder>, StoreError> {
        self.row(&format!("{FOLDER} AND f.id = $2"), values![&mailbox.0, &id.0], folder)
    }

    /// The id of a folder that every mailbox has.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] where this mailbox lacks it.
    pub fn well_known_folder(&self, mailbox: MailboxId, name: WellKnownName) -> Result<FolderId, StoreError> {
        self.row(
            "SELECT id FROM folder WHERE mailbox = $1 AND well_known_name = $2",
            values![&mailbox.0, name.as_str()],
            |row| row.fixed(0).map(FolderId),
        )?
        .ok_or_else(|| StoreError::Corrupt(format!("mailbox {mailbox} has no folder {}", name.as_str())))
    }

    /// Whether a folder is another one or stands within it, at any depth.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub fn is_within(&self, mailbox: MailboxId, folder: FolderId, ancestor: FolderId) -> Result<bool, StoreError> {
        let found = self.row(
            "WITH RECURSIVE above (id, parent) AS (
                 SELECT id, parent FROM folder WHERE mailbox = $1 AND id = $2
                 UNION SELECT f.id, f.parent FROM above a JOIN folder f ON f.mailbox = $1 AND f.id = a.parent)
             SELECT 1 FROM above WHERE id = $3",
            values![&mailbox.0, &folder.0, &ancestor.0],
            |row| row.integer(0),
        )?;
        Ok(found.is_some())
    }

    /// The folders within a folder by name, the hidden ones among them or not.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub fn child_folders(&self, mailbox: MailboxId, parent: FolderId, hidden_too: bool) -> Result<Vec<Folder>, StoreError> {
        let sql = format!("{FOLDER} AND f.parent = $2 AND (f.is_hidden = 0 OR $3 = 1) ORDER BY f.display_name, f.id");
        self.rows(&sql, values![&mailbox.0, &parent.0, hidden_too], folder)
    }

    /// A folder and all folders within it, at any depth, each behind the one that it stands in.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub fn folder_tree(&self, mailbox: MailboxId, root: FolderId) -> Result<Vec<Folder>, StoreError> {
        let (mut tree, mut at) = (Vec::from_iter(self.folder(mailbox, root)?), 0);
        while let Some(parent) = tree.get(at) {
            let within = self.child_folders(mailbox, parent.id, true)?;
            tree.extend(within);
            at += 1;
        }
        Ok(tree)
    }

    /// Each folder of a mailbox with the one in which it stands, in no order: one statement, however deep they stand.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub fn folder_parents(&self, mailbox: MailboxId) -> Result<Vec<(FolderId, Option<FolderId>)>, StoreError> {
        let sql = "SELECT id, parent FROM folder WHERE mailbox = $1 AND removal IS NULL";
        let id =
            |octets: Vec<u8>| octets.try_into().map(FolderId).map_err(|_| StoreError::Corrupt("the id of a folder".to_owned()));
        let of = |row: &Row<'_>| Ok((FolderId(row.fixed(0)?), row.optional_octets(1)?.map(id).transpose()?));
        self.rows(sql, values![&mailbox.0], of)
    }

    /// How many folders a mailbox has.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub fn count_folders(&self, mailbox: MailboxId) -> Result<i64, StoreError> {
        let count = self.row("SELECT count(*) FROM folder WHERE mailbox = $1", values![&mailbox.0], |row| row.integer(0))?;
        Ok(count.unwrap_or_default())
    }

    /// The names of the folders within a folder, all but one's, folded to lower case: two names are one in any case.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub fn folder_names(
        &self,
        mailbox: MailboxId,
        parent: FolderId,
        but: Option<FolderId>,
    ) -> Result<HashSet<String>, StoreError> {
        let names = self.rows(
            "SELECT id, display_name FROM folder WHERE mailbox = $1 AND parent = $2 AND removal IS NULL",
            values![&mailbox.0, &parent.0],
            |row| Ok((FolderId(row.fixed(0)?), row.text(1)?)),
        )?;
        Ok(names.into_iter().filter(|(id, _)| Some(*id) != but).map(|(_, name)| name.to_lowercase()).collect())
    }
}

impl WriteTx<'_> {
    pub(crate) fn add_well_known_folders(&mut self, mailbox: MailboxId, now: Timestamp) -> Result<(), StoreError> {
        let mut root: Option<FolderId> = None;
        for &name in WellKnownName::ALL {
            let id = FolderId::new(now);
            self.execute(
                "INSERT INTO folder (mailbox, id, parent, well_known_name, display_name, is_hidden, total_item_count,
                 unread_item_count) VALUES ($1, $2, $3, $4, $5, $6, 0, 0)",
                values![
                    &mailbox.0,
                    &id.0,
                    root.as_ref().map(|root| &root.0),
                    name.as_str(),
                    name.display_name(),
                    name.is_hidden()
                ],
            )?;
            root.get_or_insert(id);
        }
        Ok(())
    }

    /// Makes a folder within another.
    ///
    /// # Errors
    /// [`StoreError::Database`]; [`StoreError::Conflict`] where its parent has one of that name, in any case.
    pub fn add_folder(
        &mut self,
        mailbox: MailboxId,
        id: FolderId,
        parent: FolderId,
        name: &str,
        is_hidden: bool,
        at: Timestamp,
    ) -> Result<(), StoreError> {
        if self.folder_names(mailbox, parent, None)?.contains(&name.to_lowercase()) {
            return Err(StoreError::Conflict);
        }
        let modseq = self.next_modseq(mailbox)?;
        self.execute(
            "INSERT INTO folder (mailbox, id, parent, well_known_name, display_name, is_hidden, total_item_count,
             unread_item_count, modseq, created_modseq, parent_modseq) VALUES ($1, $2, $3, NULL, $4, $5, 0, 0, $6, $6, $6)",
            values![&mailbox.0, &id.0, &parent.0, name, is_hidden, modseq],
        )?;
        self.count(mailbox, parent, (modseq, at), (0, 0)) // one child more
    }

    /// Gives a folder its name and the folder it stands in. What is in it is not touched.
    ///
    /// # Errors
    /// [`StoreError::Database`]; [`StoreError::NotFound`]; [`StoreError::Conflict`] where its parent has another one of that
    /// name, in any case.
    pub fn place_folder(
        &mut self,
        mailbox: MailboxId,
        id: FolderId,
        parent: FolderId,
        name: &str,
        at: Timestamp,
    ) -> Result<(), StoreError> {
        if self.folder_names(mailbox, parent, Some(id))?.contains(&name.to_lowercase()) {
            return Err(StoreError::Conflict);
        }
        let before = self.folder(mailbox, id)?.ok_or(StoreError::NotFound)?;
        let modseq = self.next_modseq(mailbox)?;
        let mut parent_modseq = before.parent_modseq;
        if before.parent != Some(parent) {
            self.leave_parent(mailbox, (modseq, at), &before)?;
            self.count(mailbox, parent, (modseq, at), (0, 0))?; // one child more
            parent_modseq = modseq;
        }
        self.execute(
            "UPDATE folder SET parent = $1, display_name = $2, modseq = $3, parent_modseq = $4, last_modified_date_time = $5
             WHERE mailbox = $6 AND id = $7",
            values![&parent.0, name, modseq, parent_modseq, at.0, &mailbox.0, &id.0],
        )?;
        Ok(())
    }

    /// Notes, as part of a change, that a folder is no more in the one it stood in, which has one child less.
    pub(super) fn leave_parent(
        &mut self,
        mailbox: MailboxId,
        (modseq, at): (i64, Timestamp),
        folder: &Folder,
    ) -> Result<(), StoreError> {
        let Some(parent) = folder.parent else { return Ok(()) };
        self.log_departure(mailbox, modseq, folder.id, parent)?;
        self.count(mailbox, parent, (modseq, at), (0, 0))
    }

    /// Notes that something beside its name and its counts changed about a folder.
    ///
    /// # Errors
    /// [`StoreError::Database`]; [`StoreError::NotFound`].
    pub fn touch_folder(&mut self, mailbox: MailboxId, folder: FolderId, at: Timestamp) -> Result<(), StoreError> {
        let modseq = self.next_modseq(mailbox)?;
        self.count(mailbox, folder, (modseq, at), (0, 0))
    }

    /// Notes when something in a folder changed that its counts don't tell.
    pub(crate) fn note_change_within(&mut self, mailbox: MailboxId, folder: FolderId, at: Timestamp) -> Result<(), StoreError> {
        self.execute(
            "UPDATE folder SET last_modified_date_time = $1 WHERE mailbox = $2 AND id = $3",
            values![at.0, &mailbox.0, &folder.0],
        )?;
        Ok(())
    }

    /// Adds to a folder's counts of all and of unread messages, as part of a change of this number at this time.
    pub(crate) fn count(
        &mut self,
        mailbox: MailboxId,
        folder: FolderId,
        (modseq, at): (i64, Timestamp),
        (total, unread): (i64, i64),
    ) -> Result<(), StoreError> {
        let touched = self.execute(
            "UPDATE folder SET total_item_count = total_item_count + $1, unread_item_count = unread_item_count + $2,
             modseq = $3, last_modified_date_time = $4 WHERE mailbox = $5 AND id = $6",
            values![total, unread, modseq, at.0, &mailbox.0, &folder.0],
        )?;
        if touched == 1 { Ok(()) } else { Err(StoreError::NotFound) }
    }
}

pub(super) fn folder(row: &Row<'_>) -> Result<Folder, StoreError> {
    Ok(Folder {
        id: FolderId(row.fixed(0)?),
        parent: row.optional_octets(1)?.as_deref().and_then(FolderId::from_slice),
        well_known_name: row.optional_text(2)?,
        display_name: row.text(3)?,
        is_hidden: row.flag(4)?,
        child_folder_count: row.integer(5)?,
        total_item_count: row.integer(6)?,
        unread_item_count: row.integer(7)?,
        modseq: row.integer(8)?,
        created_modseq: row.integer(9)?,
        parent_modseq: row.integer(10)?,
        last_modified_date_time: Timestamp(row.integer(11)?),
    })
}
