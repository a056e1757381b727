//! The folders of a mailbox.

use crate::Mailbox;
use crate::error::{Kind, MailError};
use store::{Folder, FolderId, ReadTx, WellKnownName};

/// How a request names a folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FolderName {
    /// By its id.
    Id(FolderId),
    /// By the name that every mailbox has.
    WellKnown(WellKnownName),
}

impl Mailbox {
    /// A folder.
    ///
    /// # Errors
    /// [`MailError::NotFound`], [`MailError::Store`].
    pub async fn folder(&self, name: FolderName) -> Result<Folder, MailError> {
        let mailbox = self.clone();
        let look = move |tx: &ReadTx<'_>| {
            let id = mailbox.folder_id(tx, &name)?;
            tx.folder(mailbox.owner.id, id)?.ok_or(MailError::NotFound(Kind::Folder))
        };
        self.store().read(look).await
    }

    /// The folders within a folder, by name, leaving out `skip` and giving at most `top`.
    ///
    /// # Errors
    /// [`MailError::NotFound`], [`MailError::Store`].
    pub async fn child_folders(&self, parent: FolderName, skip: i64, top: i64) -> Result<Vec<Folder>, MailError> {
        let mailbox = self.clone();
        let look = move |tx: &ReadTx<'_>| {
            let parent = mailbox.folder_id(tx, &parent)?;
            Ok(tx.child_folders(mailbox.owner.id, parent, skip, top)?)
        };
        self.store().read(look).await
    }

    /// The id of a folder that is there.
    pub(crate) fn folder_id(&self, tx: &ReadTx<'_>, name: &FolderName) -> Result<FolderId, MailError> {
        match name {
            FolderName::WellKnown(name) => Ok(tx.well_known_folder(self.owner.id, *name)?),
            FolderName::Id(id) => {
                let found = tx.folder(self.owner.id, *id)?;
                found.map(|folder| folder.id).ok_or(MailError::NotFound(Kind::Folder))
            }
        }
    }
}
