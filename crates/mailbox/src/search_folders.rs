//! Search folders (Graph: mailSearchFolder): folders without messages of their own, that show those of others as they are when somebody looks.

use crate::Mailbox;
use crate::error::{Kind, MailError};
use crate::extended::Hanging;
use crate::folders::FolderName;
use std::collections::{HashMap, HashSet};
use store::{
    Condition, Field, FieldValue, Folder, FolderId, ListQuery, MessageRecord, Operator, ReadTx, SearchFolder, StoreError,
    WellKnownName, WriteTx,
};

/// Search folders that a mailbox may have: each is counted anew whenever it is listed.
const MOST: usize = 100;
/// Folders that one may look into by name.
const MOST_SOURCES: usize = 100;
/// Those that one looks into at most with all that are within them; what is in more is not looked for.
const MOST_WITHIN: usize = 900;
/// Folders of which a condition asks side by side: databases bound how deep one is.
const SIDE_BY_SIDE: usize = 30;

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
        (display_name, is_hidden): (&str, bool),
        hanging: Hanging,
        given: SearchFolderChange,
    ) -> Result<(Folder, SearchFolder), MailError> {
        let (mailbox, name) = (self.clone(), display_name.to_owned());
        let deed = move |tx: &mut WriteTx<'_>| {
            let owner = mailbox.owner.id;
            mailbox.room_for_searches(tx, 1)?;
            let parent = mailbox.place_for_folders(tx, &parent)?;
            let folder = mailbox.new_folder(tx, parent, name, is_hidden)?;
            hanging.write(tx, owner, folder.into())?;
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
        hanging: Hanging,
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
            hanging.write(tx, owner, folder.id.into())?;
            mailbox.set_search(tx, search, change)
        };
        self.deed(deed).await
    }

    /// Whether a mailbox may have so many search folders more.
    pub(crate) fn room_for_searches(&self, tx: &ReadTx<'_>, more: usize) -> Result<(), MailError> {
        match tx.search_folders(self.owner.id)?.len().saturating_add(more) > MOST {
            true => Err(MailError::QuotaExceeded("search folders")),
            false => Ok(()),
        }
    }

    fn set_search(
        &self,
        tx: &mut WriteTx<'_>,
        before: SearchFolder,
        change: SearchFolderChange,
    ) -> Result<(Folder, SearchFolder), MailError> {
        let owner = self.owner.id;
        let given = change.source_folders.map(each_once);
        // What was given before may be gone by now, which takes nothing from the rest.
        let hidden = tx.well_known_folder(owner, WellKnownName::RecoverableItemsDeletions)?;
        for source in given.iter().flatten() {
            if self.own_folder_id(tx, &FolderName::Id(*source))? == hidden {
                return Err(MailError::NotFound(Kind::Folder));
            }
        }
        let search = SearchFolder {
            folder: before.folder,
            source_folders: given.unwrap_or(before.source_folders),
            include_nested_folders: change.include_nested_folders.unwrap_or(before.include_nested_folders),
            filter_query: change.filter_query.unwrap_or(before.filter_query),
        };
        if search.source_folders.len() > MOST_SOURCES {
            return Err(MailError::QuotaExceeded("folders into which a search folder looks"));
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
            let Some(shown) = mailbox.within_sources(tx, &search, filter)? else { return Ok((0, 0)) };
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

    /// A condition for the messages of the folders into which a search folder looks, as these stand now; nothing where none is left.
    ///
    /// # Errors
    /// [`StoreError::TooMuchWork`] where they are too many.
    pub(crate) fn within_sources(
        &self,
        tx: &ReadTx<'_>,
        search: &SearchFolder,
        condition: Condition,
    ) -> Result<Option<Condition>, StoreError> {
        let folders = looked_into(search, &tx.folder_parents(self.owner.id)?);
        if folders.len() > MOST_WITHIN {
            return Err(StoreError::TooMuchWork);
        }
        let stands_in = |folder: &FolderId| Condition::Compare {
            field: Field::ParentFolderId,
            operator: Operator::Equal,
            value: FieldValue::Octets(folder.0.to_vec()),
        };
        let some = |folders: &[FolderId]| Condition::Any(folders.iter().map(stands_in).collect());
        let there = match folders.as_slice() {
            [] => return Ok(None),
            few if few.len() <= SIDE_BY_SIDE => some(few),
            many => Condition::Any(many.chunks(SIDE_BY_SIDE).map(some).collect()),
        };
        Ok(Some(Condition::All(vec![there, condition])))
    }
}

/// The folders into which a search folder looks, each once, of a mailbox's folders with those in which they stand.
fn looked_into(search: &SearchFolder, folders: &[(FolderId, Option<FolderId>)]) -> Vec<FolderId> {
    let there: HashSet<FolderId> = folders.iter().map(|(id, _)| *id).collect();
    let mut found: Vec<FolderId> = each_once(search.source_folders.clone());
    found.retain(|id| there.contains(id));
    if !search.include_nested_folders {
        return found;
    }
    let mut within: HashMap<FolderId, Vec<FolderId>> = HashMap::new();
    for (id, parent) in folders {
        parent.iter().for_each(|parent| within.entry(*parent).or_default().push(*id));
    }
    let (mut known, mut at) = (found.iter().copied().collect::<HashSet<_>>(), 0);
    while let Some(folder) = found.get(at) {
        let new: Vec<FolderId> = within.get(folder).into_iter().flatten().copied().filter(|id| known.insert(*id)).collect();
        found.extend(new);
        at += 1;
    }
    found
}

fn each_once(mut folders: Vec<FolderId>) -> Vec<FolderId> {
    let mut known = HashSet::new();
    folders.retain(|folder| known.insert(*folder));
    folders
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trees_are_looked_into_each_folder_once() {
        let id = |number: u8| FolderId([number; 16]);
        let folders = [(id(1), None), (id(2), Some(id(1))), (id(3), Some(id(2))), (id(4), Some(id(1))), (id(5), Some(id(3)))];
        let looked = |sources: &[u8], include_nested_folders: bool| -> Vec<u8> {
            let source_folders = sources.iter().map(|number| id(*number)).collect();
            let search = SearchFolder { folder: id(9), source_folders, include_nested_folders, filter_query: String::new() };
            looked_into(&search, &folders).iter().map(|id| id.0[0]).collect()
        };
        assert_eq!(looked(&[2, 2, 8], false), [2], "one that is gone is left out");
        assert_eq!(looked(&[2, 3, 2], true), [2, 3, 5]);
        assert_eq!(looked(&[1], true), [1, 2, 4, 3, 5]);
        assert!(looked(&[8], true).is_empty());
    }
}
