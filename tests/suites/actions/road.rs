//! The paths by which one thing can be asked for.

use kit::{Person, Server};
use serde_json::json;
use std::collections::HashMap;

/// Where a message is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Place {
    Mailbox,
    Folder,
    /// Three folders below the Inbox
    ChildFolder,
}

/// One way to write a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Road {
    /// `/beta` instead of `/v1.0`
    pub beta: bool,
    /// `/users/{userPrincipalName}` instead of `/me`
    pub users: bool,
    pub place: Place,
    /// `microsoft.graph.reply` instead of `reply`
    pub qualified: bool,
}

/// The columns of the table, in order.
pub const COLUMNS: [(&str, bool, bool, Place); 8] = [
    ("/me", false, false, Place::Mailbox),
    ("/me, folder", false, false, Place::Folder),
    ("/me, child folder", false, false, Place::ChildFolder),
    ("/users", false, true, Place::Mailbox),
    ("/users, folder", false, true, Place::Folder),
    ("/users, child folder", false, true, Place::ChildFolder),
    ("/beta/me", true, false, Place::Mailbox),
    ("/beta/users, child folder", true, true, Place::ChildFolder),
];

impl Road {
    /// Every road, with the column it stands in.
    pub fn all() -> Vec<(usize, Road)> {
        let columns = COLUMNS.iter().enumerate();
        let both = columns.flat_map(|(column, &(_, beta, users, place))| {
            [false, true].map(|qualified| (column, Road { beta, users, place, qualified }))
        });
        both.collect()
    }

    /// Alex, who goes this way.
    pub fn alex(&self, folders: &Folders) -> Person {
        let alex = if self.users { folders.alex.at("AlexW") } else { folders.alex.clone() };
        if self.beta { alex.under_beta() } else { alex }
    }

    /// The messages of the place.
    pub fn messages(&self, folders: &Folders) -> String {
        match self.place {
            Place::Mailbox => "messages".to_owned(),
            Place::Folder => "mailFolders/Archive/messages".to_owned(),
            Place::ChildFolder => {
                let [one, two, three] = &folders.nested;
                format!("mailFolders('inbox')/childFolders/{one}/childFolders('{two}')/childFolders/{three}/messages")
            }
        }
    }

    /// The path of an action on a message.
    pub fn action(&self, folders: &Folders, id: &str, action: &str) -> String {
        format!("{}/{id}/{}", self.messages(folders), self.spelled(action))
    }

    /// The name of an action.
    pub fn spelled(&self, action: &str) -> String {
        if self.qualified { format!("microsoft.graph.{action}") } else { action.to_owned() }
    }
}

/// Alex's folders.
pub struct Folders {
    pub alex: Person,
    /// Ids of folders, each in the one before, the first in the Inbox.
    pub nested: [String; 3],
    /// Ids of the folders where something new stands, by place.
    ids: HashMap<Place, String>,
}

impl Folders {
    /// Makes the folders.
    pub async fn make(server: &Server) -> Folders {
        let alex = server.person("AlexW");
        let mut within = "mailFolders/inbox/childFolders".to_owned();
        let mut nested: [String; 3] = Default::default();
        for (number, id) in nested.iter_mut().enumerate() {
            let made = alex.post_json(&within, &json!({"displayName": format!("Level {number}")})).await.demand(201).json();
            *id = made["id"].as_str().unwrap().to_owned();
            within = format!("mailFolders/{id}/childFolders");
        }
        let mut ids = HashMap::from([(Place::ChildFolder, nested[2].clone())]);
        for (place, name) in [(Place::Mailbox, "inbox"), (Place::Folder, "archive")] {
            let folder = alex.get(&format!("mailFolders/{name}")).await.demand(200).json();
            ids.insert(place, folder["id"].as_str().unwrap().to_owned());
        }
        Folders { alex, nested, ids }
    }

    /// The id of the folder of a place.
    pub fn id(&self, place: Place) -> &str {
        &self.ids[&place]
    }

    /// The id of a folder that has a name of its own.
    pub async fn well_known(&self, name: &str) -> String {
        let folder = self.alex.get(&format!("mailFolders/{name}?$select=id")).await.demand(200).json();
        folder["id"].as_str().unwrap().to_owned()
    }
}
