//! Search folders: what those folders show that hold no messages of their own.

use crate::db::{ReadTx, Row, WriteTx, values};
use crate::error::StoreError;
use crate::ids::{FolderId, MailboxId};
use crate::model::folder::SearchFolder;

const COLUMNS: &str = "SELECT folder, source_folders, include_nested_folders, filter_query FROM search_folder";

impl ReadTx<'_> {
    /// What a folder shows; nothing where it is none that searches.
    ///
    /// # Errors
    /// [`StoreError::Database`], [`StoreError::Corrupt`].
    pub fn search_folder(&self, mailbox: MailboxId, folder: FolderId) -> Result<Option<SearchFolder>, StoreError> {
        self.row(&format!("{COLUMNS} WHERE mailbox = $1 AND folder = $2"), values![&mailbox.0, &folder.0], search_folder)
    }

    /// The folders of a mailbox that search.
    ///
    /// # Errors
    /// As [`ReadTx::search_folder`].
    pub fn search_folders(&self, mailbox: MailboxId) -> Result<Vec<SearchFolder>, StoreError> {
        self.rows(&format!("{COLUMNS} WHERE mailbox = $1"), values![&mailbox.0], search_folder)
    }
}

impl WriteTx<'_> {
    /// Sets what a folder shows.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub fn put_search_folder(&mut self, mailbox: MailboxId, one: &SearchFolder) -> Result<(), StoreError> {
        let ids: Vec<String> = one.source_folders.iter().map(|id| format!("{:032x}", u128::from_be_bytes(id.0))).collect();
        self.execute(
            "INSERT INTO search_folder (mailbox, folder, source_folders, include_nested_folders, filter_query)
             VALUES ($1, $2, $3, $4, $5) ON CONFLICT (mailbox, folder) DO UPDATE SET source_folders = excluded.source_folders,
             include_nested_folders = excluded.include_nested_folders, filter_query = excluded.filter_query",
            values![&mailbox.0, &one.folder.0, &ids.join(","), one.include_nested_folders, &one.filter_query],
        )?;
        Ok(())
    }

    /// A folder goes, and so what it shows.
    pub(super) fn remove_search_folder(&mut self, mailbox: MailboxId, folder: FolderId) -> Result<(), StoreError> {
        self.execute("DELETE FROM search_folder WHERE mailbox = $1 AND folder = $2", values![&mailbox.0, &folder.0])?;
        Ok(())
    }
}

fn search_folder(row: &Row<'_>) -> Result<SearchFolder, StoreError> {
    let ids = row.text(1)?;
    let id = |text: &str| u128::from_str_radix(text, 16).ok().map(|id| FolderId(id.to_be_bytes()));
    let source_folders: Option<Vec<FolderId>> = ids.split(',').filter(|id| !id.is_empty()).map(id).collect();
    Ok(SearchFolder {
        folder: FolderId(row.fixed(0)?),
        source_folders: source_folders.ok_or_else(|| StoreError::Corrupt(format!("the folders {ids:?}")))?,
        include_nested_folders: row.flag(2)?,
        filter_query: row.text(3)?,
    })
}
