//! A mailbox as it must be: what each deed does, in a few lines, without a server.

use kit::{Person, Rng};
use std::collections::{BTreeMap, BTreeSet};
use store::WellKnownName;

/// A message, as far as the model knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// The id of the folder it is in.
    pub folder: String,
    pub subject: String,
    pub is_read: bool,
    pub categories: Vec<String>,
    pub is_draft: bool,
}

/// A folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Folder {
    pub name: String,
    pub parent: String,
    pub is_hidden: bool,
    /// Every mailbox has it.
    pub is_well_known: bool,
}

/// What a client is shown of a folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShownFolder {
    pub name: String,
    pub parent: String,
    pub children: usize,
    pub messages: usize,
    pub unread: usize,
}

/// A mailbox, by ids.
pub struct Model {
    pub messages: BTreeMap<String, Message>,
    pub folders: BTreeMap<String, Folder>,
    well_known: BTreeMap<&'static str, String>,
}

impl Model {
    /// A mailbox without messages, as it is made.
    pub async fn of_new(person: &Person) -> Model {
        let (mut folders, mut well_known) = (BTreeMap::new(), BTreeMap::new());
        for name in WellKnownName::ALL {
            let folder = person.get(&format!("mailFolders/{}", name.as_str())).await.demand(200).json();
            let text = |member: &str| folder[member].as_str().unwrap_or_default().to_owned();
            well_known.insert(name.as_str(), text("id"));
            if *name != WellKnownName::MsgFolderRoot {
                let (name, parent) = (text("displayName"), text("parentFolderId"));
                folders.insert(text("id"), Folder { name, parent, is_hidden: folder["isHidden"] == true, is_well_known: true });
            }
        }
        Model { messages: BTreeMap::new(), folders, well_known }
    }

    /// The id of a folder that every mailbox has.
    pub fn well_known(&self, name: &str) -> String {
        self.well_known[name].clone()
    }

    /// Any message that fits.
    pub fn any_message(&self, rng: &mut Rng, fits: impl Fn(&Message) -> bool) -> Option<String> {
        pick(rng, self.messages.iter().filter(|(_, message)| fits(message)).map(|(id, _)| id))
    }

    /// Any folder that people put messages in.
    pub fn any_folder(&self, rng: &mut Rng) -> String {
        pick(rng, self.folders.iter().filter(|(_, folder)| !folder.is_hidden).map(|(id, _)| id)).expect("there are folders")
    }

    /// Any folder that was made.
    pub fn any_made_folder(&self, rng: &mut Rng) -> Option<String> {
        pick(rng, self.folders.iter().filter(|(_, folder)| !folder.is_well_known).map(|(id, _)| id))
    }

    /// Whether a folder is another, or within it.
    pub fn is_within(&self, folder: &str, ancestor: &str) -> bool {
        let parent = || self.folders.get(folder).is_some_and(|folder| self.is_within(&folder.parent, ancestor));
        folder == ancestor || parent()
    }

    /// A message goes to Deleted Items, or from there to the recoverable items.
    pub fn delete_message(&mut self, id: &str) {
        let (deleted, recoverable) = (self.well_known("deleteditems"), self.well_known("recoverableitemsdeletions"));
        let was_deleted = self.is_within(&self.messages[id].folder, &deleted);
        self.messages.get_mut(id).unwrap().folder = if was_deleted { recoverable } else { deleted };
    }

    /// A folder goes to Deleted Items with all that is in it; from there it is gone, and its messages can be recovered.
    pub fn delete_folder(&mut self, id: &str) {
        let (deleted, recoverable) = (self.well_known("deleteditems"), self.well_known("recoverableitemsdeletions"));
        if !self.is_within(id, &deleted) {
            self.folders.get_mut(id).unwrap().parent = deleted;
            return;
        }
        let gone = self.within(id);
        for message in self.messages.values_mut().filter(|message| gone.contains(&message.folder)) {
            message.folder.clone_from(&recoverable);
        }
        self.folders.retain(|id, _| !gone.contains(id));
    }

    /// A folder is gone with all that is in it.
    pub fn remove_folder(&mut self, id: &str) {
        let gone = self.within(id);
        self.messages.retain(|_, message| !gone.contains(&message.folder));
        self.folders.retain(|id, _| !gone.contains(id));
    }

    /// The messages of a folder.
    pub fn in_folder(&self, folder: &str) -> BTreeMap<&String, &Message> {
        self.messages.iter().filter(|(_, message)| message.folder == folder).collect()
    }

    /// What is shown of each folder.
    pub fn shown_folders(&self) -> BTreeMap<String, ShownFolder> {
        let shown = |(id, folder): (&String, &Folder)| {
            let messages = self.in_folder(id);
            let shown = ShownFolder {
                name: folder.name.clone(),
                parent: folder.parent.clone(),
                children: self.folders.values().filter(|child| child.parent == *id && !child.is_hidden).count(),
                messages: messages.len(),
                unread: messages.values().filter(|message| !message.is_read).count(),
            };
            (id.clone(), shown)
        };
        self.folders.iter().map(shown).collect()
    }

    fn within(&self, id: &str) -> BTreeSet<String> {
        self.folders.keys().filter(|folder| self.is_within(folder, id)).cloned().collect()
    }
}

fn pick<'m>(rng: &mut Rng, from: impl Iterator<Item = &'m String> + Clone) -> Option<String> {
    let count = from.clone().count() as u64;
    let mut from = from;
    (count > 0).then(|| from.nth(usize::try_from(rng.below(count)).unwrap()).unwrap().clone())
}
