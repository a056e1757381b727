//! The folders of a mailbox. A folder that moves or goes to Deleted Items takes along what is in it: its own row is all
//! that is written, however much that is.

use crate::Mailbox;
use crate::error::{FolderDeed, Kind, MailError};
use crate::extended::Hanging;
use store::{Folder, FolderId, ReadTx, Removal, StoreError, WellKnownName, WriteTx};

/// Folders that a mailbox may have: what a deed does with a whole tree stays within bounds.
const MAX_FOLDERS: i64 = 10_000;

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
        self.store().read(move |tx: &ReadTx<'_>| mailbox.named_folder(tx, &name)).await
    }

    /// The folders within a folder, by name, the hidden ones too where that is asked; then those within these, so many
    /// levels down.
    ///
    /// # Errors
    /// [`MailError::NotFound`], [`MailError::Store`].
    pub async fn folders_within(&self, parent: FolderName, hidden_too: bool, levels: usize) -> Result<Vec<Folder>, MailError> {
        let mailbox = self.clone();
        let look = move |tx: &ReadTx<'_>| {
            let owner = mailbox.owner.id;
            let (mut found, mut above) = (Vec::new(), vec![mailbox.folder_id(tx, &parent)?]);
            for _ in 0..levels {
                let mut level = Vec::new();
                for parent in above {
                    level.extend(tx.child_folders(owner, parent, hidden_too)?);
                }
                above = level.iter().map(|folder| folder.id).collect();
                found.append(&mut level);
            }
            Ok(found)
        };
        self.store().read(look).await
    }

    /// Makes a folder within another, with what is hung on it.
    ///
    /// # Errors
    /// [`MailError::NotFound`] for the parent, [`MailError::AccessDenied`] where that is no place for folders,
    /// [`MailError::FolderExists`], [`MailError::QuotaExceeded`], [`MailError::Store`].
    pub async fn create_folder(
        &self,
        parent: FolderName,
        display_name: &str,
        is_hidden: bool,
        hanging: Hanging,
    ) -> Result<Folder, MailError> {
        let (mailbox, name) = (self.clone(), display_name.to_owned());
        let deed = move |tx: &mut WriteTx<'_>| {
            let parent = mailbox.place_for_folders(tx, &parent)?;
            let id = mailbox.new_folder(tx, parent, name, is_hidden)?;
            hanging.write(tx, mailbox.owner.id, id.into())?;
            mailbox.named_folder(tx, &FolderName::Id(id))
        };
        self.deed(deed).await
    }

    /// Gives a folder another name, where one is given, and what is hung on it.
    ///
    /// # Errors
    /// [`MailError::NotFound`]; [`MailError::DistinguishedFolder`] for the name of one that every mailbox has;
    /// [`MailError::FolderExists`]; [`MailError::Store`].
    pub async fn update_folder(
        &self,
        folder: FolderName,
        display_name: Option<String>,
        hanging: Hanging,
    ) -> Result<Folder, MailError> {
        let mailbox = self.clone();
        let deed = move |tx: &mut WriteTx<'_>| {
            let found = mailbox.named_folder(tx, &folder)?;
            if let Some(name) = display_name {
                mailbox.rename(tx, &found, name)?;
            }
            if !hanging.is_empty() {
                hanging.write(tx, mailbox.owner.id, found.id.into())?;
                tx.touch_folder(mailbox.owner.id, found.id, mailbox.now())?;
            }
            mailbox.named_folder(tx, &folder)
        };
        self.deed(deed).await
    }

    /// Moves a folder with all that is in it.
    ///
    /// # Errors
    /// [`MailError::NotFound`]; [`MailError::DistinguishedFolder`] for one that every mailbox has;
    /// [`MailError::FolderWithinItself`]; [`MailError::FolderExists`]; [`MailError::AccessDenied`] where the destination is no
    /// place for folders; [`MailError::Store`].
    pub async fn move_folder(&self, folder: FolderName, destination: FolderName) -> Result<Folder, MailError> {
        let mailbox = self.clone();
        let deed = move |tx: &mut WriteTx<'_>| {
            let found = mailbox.named_folder(tx, &folder)?;
            check_own(&found, FolderDeed::Move)?;
            let parent = mailbox.place_for_folders(tx, &destination)?;
            if tx.is_within(mailbox.owner.id, parent, found.id)? {
                return Err(MailError::FolderWithinItself);
            }
            if found.parent != Some(parent) {
                mailbox.place(tx, found.id, parent, found.display_name)?;
            }
            mailbox.named_folder(tx, &folder)
        };
        self.deed(deed).await
    }

    /// Deletes a folder with all that is in it: to Deleted Items, under another name where that one is taken; from there
    /// it goes, and its messages to the recoverable items.
    ///
    /// # Errors
    /// [`MailError::NotFound`]; [`MailError::DistinguishedFolder`] for one that every mailbox has; [`MailError::Store`].
    pub async fn delete_folder(&self, folder: FolderName) -> Result<(), MailError> {
        let mailbox = self.clone();
        let deed = move |tx: &mut WriteTx<'_>| {
            let owner = mailbox.owner.id;
            let found = mailbox.named_folder(tx, &folder)?;
            check_own(&found, FolderDeed::Delete)?;
            let deleted = tx.well_known_folder(owner, WellKnownName::DeletedItems)?;
            if tx.is_within(owner, found.id, deleted)? {
                return mailbox.remove(tx, found.id, Removal::Recoverable);
            }
            let taken = tx.folder_names(owner, deleted, None)?;
            let others = (1_u64..).map(|number| format!("{} ({number})", found.display_name));
            let mut names = std::iter::once(found.display_name.clone()).chain(others);
            let name = names.find(|name| !taken.contains(&name.to_lowercase())).unwrap_or_default();
            mailbox.place(tx, found.id, deleted, name)
        };
        self.deed(deed).await?;
        self.mail.inner.folder_work.notify_one();
        Ok(())
    }

    /// Deletes a folder for good, with all that is in it.
    ///
    /// # Errors
    /// [`MailError::NotFound`]; [`MailError::DistinguishedFolder`] for one that every mailbox has; [`MailError::Store`].
    pub async fn permanent_delete_folder(&self, folder: FolderName) -> Result<(), MailError> {
        let mailbox = self.clone();
        let deed = move |tx: &mut WriteTx<'_>| {
            let found = mailbox.named_folder(tx, &folder)?;
            check_own(&found, FolderDeed::Delete)?;
            mailbox.remove(tx, found.id, Removal::Permanent)
        };
        self.deed(deed).await?;
        self.mail.inner.folder_work.notify_one();
        Ok(())
    }

    /// Gives a folder another name, unless it is its own already.
    pub(crate) fn rename(&self, tx: &mut WriteTx<'_>, folder: &Folder, name: String) -> Result<(), MailError> {
        if name == folder.display_name {
            return Ok(());
        }
        check_own(folder, FolderDeed::Rename)?;
        let parent = folder.parent.ok_or(MailError::DistinguishedFolder(FolderDeed::Rename))?; // the root has none
        self.place(tx, folder.id, parent, name)
    }

    /// The id of a folder that is there and has messages and folders of its own.
    pub(crate) fn own_folder_id(&self, tx: &ReadTx<'_>, name: &FolderName) -> Result<FolderId, MailError> {
        let id = self.folder_id(tx, name)?;
        let searches = matches!(name, FolderName::Id(_)) && tx.search_folder(self.owner.id, id)?.is_some();
        if searches { Err(MailError::SearchFolder) } else { Ok(id) }
    }

    /// A folder in which messages may stand: any but those that search, and the one that holds these.
    pub(crate) fn place_for_messages(&self, tx: &ReadTx<'_>, name: &FolderName) -> Result<FolderId, MailError> {
        let id = self.own_folder_id(tx, name)?;
        match id == tx.well_known_folder(self.owner.id, WellKnownName::SearchFolders)? {
            true => Err(MailError::SearchFolder),
            false => Ok(id),
        }
    }

    /// The id of a folder that is there.
    pub(crate) fn folder_id(&self, tx: &ReadTx<'_>, name: &FolderName) -> Result<FolderId, MailError> {
        match name {
            FolderName::WellKnown(name) => Ok(tx.well_known_folder(self.owner.id, *name)?),
            FolderName::Id(_) => self.named_folder(tx, name).map(|folder| folder.id),
        }
    }

    pub(crate) fn named_folder(&self, tx: &ReadTx<'_>, name: &FolderName) -> Result<Folder, MailError> {
        let id = match name {
            FolderName::WellKnown(name) => tx.well_known_folder(self.owner.id, *name)?,
            FolderName::Id(id) => *id,
        };
        tx.folder(self.owner.id, id)?.ok_or(MailError::NotFound(Kind::Folder))
    }

    /// A folder in which others may stand: any but the recoverable items, which are messages only.
    pub(crate) fn place_for_folders(&self, tx: &ReadTx<'_>, name: &FolderName) -> Result<FolderId, MailError> {
        let id = self.own_folder_id(tx, name)?;
        if id == tx.well_known_folder(self.owner.id, WellKnownName::RecoverableItemsDeletions)? {
            return Err(MailError::AccessDenied("no folders stand among the recoverable items"));
        }
        Ok(id)
    }

    pub(crate) fn new_folder(
        &self,
        tx: &mut WriteTx<'_>,
        parent: FolderId,
        name: String,
        is_hidden: bool,
    ) -> Result<FolderId, MailError> {
        if tx.count_folders(self.owner.id)? >= MAX_FOLDERS {
            return Err(MailError::QuotaExceeded("folders"));
        }
        let id = FolderId::new(self.now());
        told(tx.add_folder(self.owner.id, id, parent, &name, is_hidden, self.now()), name)?;
        Ok(id)
    }

    fn place(&self, tx: &mut WriteTx<'_>, id: FolderId, parent: FolderId, name: String) -> Result<(), MailError> {
        told(tx.place_folder(self.owner.id, id, parent, &name, self.now()), name)
    }
}

/// The store's conflict of names in the words of the mailbox.
fn told(done: Result<(), StoreError>, name: String) -> Result<(), MailError> {
    match done {
        Err(StoreError::Conflict) => Err(MailError::FolderExists(name)),
        done => Ok(done?),
    }
}

/// Folders that every mailbox has stay as they are.
fn check_own(folder: &Folder, deed: FolderDeed) -> Result<(), MailError> {
    if folder.well_known_name.is_some() { Err(MailError::DistinguishedFolder(deed)) } else { Ok(()) }
}
