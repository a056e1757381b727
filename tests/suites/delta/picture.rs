//! A mailbox as somebody sees it who reads nothing but delta queries: of folders, of each folder's messages, and of all
//! messages.

use super::follower::{Follower, ids};
use super::model::{Message, Model, ShownFolder};
use kit::{Person, Rng};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

const SELECT: &str = "$select=subject,isRead,categories,isDraft,parentFolderId";

/// What somebody sees.
pub struct Picture {
    person: Person,
    folders: Follower,
    messages: BTreeMap<String, Follower>,
    all: Follower,
    /// Entries that were told so far.
    pub entries: usize,
}

impl Picture {
    /// Somebody who begins to look.
    pub fn new(person: &Person) -> Picture {
        Picture {
            person: person.clone(),
            folders: Follower::new(person, "mailFolders/delta?includeHiddenFolders=true"),
            messages: BTreeMap::new(),
            all: Follower::new(person, &format!("messages/delta?{SELECT}")),
            entries: 0,
        }
    }

    /// Reads one page somewhere, as a client does that is slow; not of a folder that is gone.
    pub async fn peek(&mut self, rng: &mut Rng, model: &Model) {
        self.messages.retain(|id, _| model.folders.contains_key(id));
        let folder = usize::try_from(rng.below(self.messages.len() as u64 + 2)).unwrap();
        let follower = match folder {
            0 => &mut self.folders,
            1 => &mut self.all,
            n => self.messages.values_mut().nth(n - 2).unwrap(),
        };
        self.entries += follower.page().await.0.len();
    }

    /// Reads everything that is new, in pages of a size. A round that was under way is ended first: the next one, in which
    /// nothing changes, tells nothing twice.
    pub async fn catch_up(&mut self, page: usize) {
        self.entries += catch_up(&mut self.folders, page).await;
        self.messages.retain(|id, _| self.folders.items.contains_key(id));
        for id in self.folders.items.keys() {
            let new = || Follower::new(&self.person, &format!("mailFolders/{id}/messages/delta?{SELECT}"));
            let follower = self.messages.entry(id.clone()).or_insert_with(new);
            self.entries += catch_up(follower, page).await;
        }
        self.entries += catch_up(&mut self.all, page).await;
    }

    /// Demands that what is seen is what is.
    pub fn demand(&self, model: &Model, when: &str) {
        let shown: BTreeMap<String, ShownFolder> =
            self.folders.items.iter().map(|(id, folder)| (id.clone(), shown_folder(folder))).collect();
        assert_eq!(shown, model.shown_folders(), "folders {when}");
        for (folder, follower) in &self.messages {
            let seen: BTreeMap<String, Message> = follower.items.iter().map(|(id, item)| (id.clone(), message(item))).collect();
            let is: BTreeMap<String, Message> =
                model.in_folder(folder).into_iter().map(|(id, m)| (id.clone(), m.clone())).collect();
            assert_eq!(seen, is, "{} {when}", shown[folder].name);
        }
        let recoverable = model.well_known("recoverableitemsdeletions");
        let seen: BTreeMap<String, Message> = self.all.items.iter().map(|(id, item)| (id.clone(), message(item))).collect();
        let mut is = model.messages.clone();
        is.retain(|_, message| message.folder != recoverable);
        assert_eq!(seen, is, "the whole mailbox {when}");
    }
}

/// How many entries were told until nothing was left.
async fn catch_up(follower: &mut Follower, page: usize) -> usize {
    follower.set_page(page);
    let ended = follower.end_round().await.len();
    let told = follower.round().await;
    let different: BTreeSet<&str> = ids(&told).into_iter().collect();
    assert_eq!(different.len(), told.len(), "something is told twice: {told:?}");
    ended + told.len()
}

fn text(item: &Value, member: &str) -> String {
    item[member].as_str().unwrap_or_else(|| panic!("{member} of {item}")).to_owned()
}

fn shown_folder(folder: &Value) -> ShownFolder {
    let count = |member: &str| usize::try_from(folder[member].as_u64().unwrap()).unwrap();
    ShownFolder {
        name: text(folder, "displayName"),
        parent: text(folder, "parentFolderId"),
        children: count("childFolderCount"),
        messages: count("totalItemCount"),
        unread: count("unreadItemCount"),
    }
}

fn message(item: &Value) -> Message {
    let categories = item["categories"].as_array().unwrap().iter().map(|name| name.as_str().unwrap().to_owned());
    Message {
        folder: text(item, "parentFolderId"),
        subject: text(item, "subject"),
        is_read: item["isRead"] == true,
        categories: categories.collect(),
        is_draft: item["isDraft"] == true,
    }
}
