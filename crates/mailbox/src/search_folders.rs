//! Search folders (Graph: mailSearchFolder): folders without messages of their own, that show those of others as they are when somebody looks.

use crate::Mailbox;
use crate::error::MailError;
use crate::folders::FolderName;
use store::{
    Condition, Field, FieldValue, Folder, FolderId, ListQuery, MessageRecord, Operator, ReadTx, SearchFolder, StoreError, WriteTx,
};

/// Search folders that a mailbox may have: each is counted anew whenever it is listed.
const MOST: usize = 100;
/// Folders that one may look into by name.
const MOST_SOURCES: usize = 100;

/// What is given of a search folder; what isn't stays.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SearchFolderChange {
    /// Its name.
    pub display_name: Option<String>,
    /// Into which folders it looks.
    pub source_folders: Option<Vec<FolderId>>,
    /// Whether it looks into those within these too, at any depth.
    pub include_nested_folders: Option<bool>,
    /// What it shows of them, as a door reads it.
    pub filter_query: Option<String>,
}

impl Mailbox {
    /// Makes a search folder within another folder.
    ///
    /// # Errors
    /// As [`Mailbox::create_folder`]; [`MailError::NotFound`] for a folder into which it is to look;
    /// [`MailError::SearchFolder`] where that is a search folder itself.
    pub async fn create_search_folder(
        &self,
        parent: FolderName,
        display_name: &str,
        given: SearchFolderChange,
    ) -> Result<(Folder, SearchFolder), MailError> {
        let (mailbox, name) = (self.clone(), display_name.to_owned());
        let deed = move |tx: &mut WriteTx<'_>| {
            let owner = mailbox.owner.id;
            if tx.search_folders(owner)?.len() >= MOST {
                return Err(MailError::QuotaExceeded("search folders"));
            }
            let parent = mailbox.place_for_folders(tx, &parent)?;
            let folder = mailbox.new_folder(tx, parent, name, false)?;
            let empty =
                SearchFolder { folder, source_folders: Vec::new(), include_nested_folders: false, filter_query: String::new() };
            mailbox.set_search(tx, empty, given)
        };
        self.deed(deed).await
    }

    /// Has a search folder show something else, or bear another name.
    ///
    /// # Errors
    /// As [`Mailbox::update_folder`] and [`Mailbox::create_search_folder`].
    pub async fn update_search_folder(
        &self,
        name: FolderName,
        change: SearchFolderChange,
    ) -> Result<(Folder, SearchFolder), MailError> {
        let mailbox = self.clone();
        let deed = move |tx: &mut WriteTx<'_>| {
            let owner = mailbox.owner.id;
            let folder = mailbox.named_folder(tx, &name)?;
            let search = tx.search_folder(owner, folder.id)?.ok_or(MailError::SearchFolder)?;
            if let Some(display_name) = &change.display_name {
                mailbox.rename(tx, &folder, display_name.clone())?;
            }
            mailbox.set_search(tx, search, change)
        };
        self.deed(deed).await
    }

    fn set_search(
        &self,
        tx: &mut WriteTx<'_>,
        before: SearchFolder,
        change: SearchFolderChange,
    ) -> Result<(Folder, SearchFolder), MailError> {
        let owner = self.owner.id;
        let search = SearchFolder {
            folder: before.folder,
            source_folders: change.source_folders.unwrap_or(before.source_folders),
            include_nested_folders: change.include_nested_folders.unwrap_or(before.include_nested_folders),
            filter_query: change.filter_query.unwrap_or(before.filter_query),
        };
        if search.source_folders.len() > MOST_SOURCES {
            return Err(MailError::QuotaExceeded("folders into which a search folder looks"));
        }
        for source in &search.source_folders {
            self.own_folder_id(tx, &FolderName::Id(*source))?;
        }
        tx.put_search_folder(owner, &search)?;
        tx.touch_folder(owner, search.folder, self.now())?;
        Ok((self.named_folder(tx, &FolderName::Id(search.folder))?, search))
    }

    /// What a folder shows; nothing where it shows its own messages.
    ///
    /// # Errors
    /// [`MailError::Store`].
    pub async fn search_folder(&self, name: FolderName) -> Result<Option<SearchFolder>, MailError> {
        let FolderName::Id(id) = name else { return Ok(None) }; // those that every mailbox has hold messages
        let owner = self.owner.id;
        Ok(self.store().read::<_, StoreError>(move |tx: &ReadTx<'_>| tx.search_folder(owner, id)).await?)
    }

    /// All search folders of the mailbox.
    ///
    /// # Errors
    /// [`MailError::Store`].
    pub async fn search_folders(&self) -> Result<Vec<SearchFolder>, MailError> {
        let owner = self.owner.id;
        Ok(self.store().read::<_, StoreError>(move |tx: &ReadTx<'_>| tx.search_folders(owner)).await?)
    }

    /// How many messages a search folder shows for which its filter holds, and how many of them are unread; nothing where that takes
    /// looking at more than a request may, which has so many to count.
    ///
    /// # Errors
    /// [`MailError::Store`].
    pub async fn search_folder_counts(
        &self,
        search: SearchFolder,
        filter: Condition,
        share: u64,
    ) -> Result<Option<(i64, i64)>, MailError> {
        let mailbox = self.clone();
        let look = move |tx: &ReadTx<'_>| {
            let shown = mailbox.within_sources(tx, &search, filter)?;
            let unread = Condition::Compare { field: Field::IsRead, operator: Operator::Equal, value: FieldValue::Integer(0) };
            let body = |record: &MessageRecord| mailbox.body_text(tx, record);
            let count = |condition| {
                let budget = mailbox.mail.inner.options.query_work / share;
                let query =
                    ListQuery { folder: None, condition, search: None, order: Vec::new(), after: None, skip: 0, top: 0, budget };
                tx.count_listed(mailbox.owner.id, &query, &body)
            };
            Ok::<_, StoreError>((count(shown.clone())?, count(Condition::All(vec![shown, unread]))?))
        };
        match self.store().read(look).await {
            Ok(counts) => Ok(Some(counts)),
            Err(StoreError::TooMuchWork) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// A condition for the messages of the folders into which a search folder looks, as these stand now.
    pub(crate) fn within_sources(
        &self,
        tx: &ReadTx<'_>,
        search: &SearchFolder,
        condition: Condition,
    ) -> Result<Condition, StoreError> {
        let mut sources = Vec::new();
        for source in &search.source_folders {
            match search.include_nested_folders {
                true => sources.extend(tx.folder_tree(self.owner.id, *source)?.into_iter().map(|folder| folder.id)),
                false => sources.push(*source),
            }
        }
        let stands_in = |folder: FolderId| Condition::Compare {
            field: Field::ParentFolderId,
            operator: Operator::Equal,
            value: FieldValue::Octets(folder.0.to_vec()),
        };
        Ok(Condition::All(vec![Condition::Any(sources.into_iter().map(stands_in).collect()), condition]))
    }
}
