//! The folders of a mailbox.

use crate::Mailbox;
use crate::error::{Kind, MailError};
use store::{Folder, FolderId, ReadTx, StoreError, WellKnownName, WriteTx};

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

    /// Makes a folder within another.
    ///
    /// # Errors
    /// [`MailError::NotFound`] for the parent, [`MailError::FolderExists`], [`MailError::Store`].
    pub async fn create_folder(&self, parent: FolderName, display_name: &str, is_hidden: bool) -> Result<Folder, MailError> {
        let (mailbox, name) = (self.clone(), display_name.to_owned());
        let deed = move |tx: &mut WriteTx<'_>| {
            let owner = mailbox.owner.id;
            let parent = mailbox.folder_id(tx, &parent)?;
            let id = FolderId::new(mailbox.now());
            match tx.add_folder(owner, id, parent, &name, is_hidden) {
                Err(StoreError::Conflict) => Err(MailError::FolderExists(name)),
                added => {
                    added?;
                    tx.folder(owner, id)?.ok_or(MailError::NotFound(Kind::Folder))
                }
            }
        };
        self.store().write(deed).await
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
