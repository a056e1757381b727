//! The mailFolder resource, alone and in lists, with the folders within it where `$expand` names them.

use super::edm::Edm;
use super::property::{self, Property, object, selected};
use crate::error::{ApiError, ErrorCode};
use crate::ids;
use crate::query::{Declared, Kind, SmallList};
use crate::request::Version;
use odata::Options;
use serde_json::{Map, Value};
use std::collections::HashMap;
use store::{Folder, FolderId};

/// In Graph's order.
const PROPERTIES: &[Property<Folder>] = &[
    of("id", Edm::String, |f| ids::folder(f.id).into()),
    of("displayName", Edm::String, |f| f.display_name.as_str().into()),
    of("parentFolderId", Edm::String, |f| f.parent.map(ids::folder).into()),
    of("childFolderCount", Edm::Int32, |f| f.child_folder_count.into()),
    of("unreadItemCount", Edm::Int32, |f| f.unread_item_count.into()),
    of("totalItemCount", Edm::Int32, |f| f.total_item_count.into()),
    of("isHidden", Edm::Boolean, |f| f.is_hidden.into()),
];

/// beta has one property more.
const WELL_KNOWN_NAME: Property<Folder> = of("wellKnownName", Edm::String, |f| f.well_known_name.clone().into());

/// The names of a folder's properties, and their types.
pub(crate) fn types(version: Version) -> Vec<(&'static str, Edm)> {
    let mut types = property::types(PROPERTIES);
    if version == Version::Beta {
        types.push((WELL_KNOWN_NAME.name, WELL_KNOWN_NAME.edm));
    }
    types
}

/// What `$filter` and `$orderby` may name.
const DECLARED: &[Declared] = &[
    Declared::new("id", Kind::Exact),
    Declared::new("displayName", Kind::Text),
    Declared::new("parentFolderId", Kind::Exact),
    Declared::new("childFolderCount", Kind::Number),
    Declared::new("unreadItemCount", Kind::Number),
    Declared::new("totalItemCount", Kind::Number),
    Declared::new("isHidden", Kind::Boolean),
    Declared::new("wellKnownName", Kind::Text),
];

const fn of(name: &'static str, edm: Edm, read: fn(&Folder) -> Value) -> Property<Folder> {
    Property::by_default(name, edm, read)
}

/// Folders at hand, by the one that each stands in.
pub(crate) struct Tree(HashMap<Option<FolderId>, Vec<Folder>>);

impl Tree {
    pub(crate) fn of(folders: Vec<Folder>) -> Tree {
        let mut tree: HashMap<Option<FolderId>, Vec<Folder>> = HashMap::new();
        for folder in folders {
            tree.entry(folder.parent).or_default().push(folder);
        }
        Tree(tree)
    }

    fn within(&self, parent: FolderId) -> &[Folder] {
        self.0.get(&Some(parent)).map_or(&[], Vec::as_slice)
    }
}

/// What is asked of folders: which, in which order, which of their properties, and what of the folders within them.
pub(crate) struct Selection {
    properties: Vec<&'static Property<Folder>>,
    names: Option<Vec<String>>,
    list: SmallList,
    /// How many of a list; only said within `$expand`, since a request's own list has pages.
    most: Option<usize>,
    child_folders: Option<Box<Selection>>,
}

impl Selection {
    /// What the options of a request ask.
    ///
    /// # Errors
    /// Graph's, for a property that is none, and for what can't be expanded here.
    pub(crate) fn of(options: &Options, version: Version) -> Result<Selection, ApiError> {
        let names = options.names("select");
        let is_more = |name: &String| version == Version::Beta && name.eq_ignore_ascii_case(WELL_KNOWN_NAME.name);
        let in_v1: Option<Vec<String>> = names.as_ref().map(|names| names.iter().filter(|n| !is_more(n)).cloned().collect());
        let mut properties = selected(PROPERTIES, in_v1.as_deref(), "mailFolder")?;
        if version == Version::Beta && names.as_ref().is_none_or(|names| names.iter().any(is_more)) {
            properties.push(&WELL_KNOWN_NAME);
        }
        let mut child_folders = None;
        for item in options.expand()? {
            if !item.path.is("childFolders") {
                let message = format!("'$expand={}' is not answered here yet.", item.path);
                return Err(ApiError::new(ErrorCode::NotImplemented, message));
            }
            let mut within = Selection::of(&item.options, version)?;
            within.most = item.options.number("top")?.and_then(|top| usize::try_from(top).ok());
            child_folders = Some(Box::new(within));
        }
        let list = SmallList::of(options, "mailFolder", DECLARED)?;
        Ok(Selection { properties, names, list, most: None, child_folders })
    }

    /// The names in `$select`.
    pub(crate) fn names(&self) -> Option<&[String]> {
        self.names.as_deref()
    }

    /// How many levels of folders within the ones that are asked for must be at hand.
    pub(crate) fn levels(&self) -> usize {
        self.child_folders.as_ref().map_or(0, |within| 1 + within.levels())
    }

    /// One folder as JSON, without those within it.
    pub(crate) fn render_alone(&self, folder: &Folder) -> Value {
        object(&self.properties, folder).into()
    }

    /// One folder as JSON.
    pub(crate) fn render(&self, folder: &Folder, tree: &Tree) -> Value {
        let mut rendered = object(&self.properties, folder);
        if let Some(within) = &self.child_folders {
            rendered.insert("childFolders".to_owned(), within.list(folder.id, tree).into());
        }
        rendered.into()
    }

    /// The folders within a folder as JSON: those that the filter leaves, in order.
    pub(crate) fn list(&self, parent: FolderId, tree: &Tree) -> Vec<Value> {
        let folders = tree.within(parent);
        let whole = |(number, folder): (usize, &Folder)| -> Value {
            let mut all: Map<String, Value> = PROPERTIES.iter().map(|p| (p.name.to_owned(), (p.read)(folder))).collect();
            all.insert(WELL_KNOWN_NAME.name.to_owned(), (WELL_KNOWN_NAME.read)(folder));
            all.insert(NUMBER.to_owned(), number.into());
            all.into()
        };
        let chosen = self.list.apply(folders.iter().enumerate().map(whole).collect());
        let numbers = chosen.iter().filter_map(|value| usize::try_from(value[NUMBER].as_u64()?).ok());
        let chosen = numbers.filter_map(|number| folders.get(number));
        chosen.take(self.most.unwrap_or(usize::MAX)).map(|folder| self.render(folder, tree)).collect()
    }
}

/// By which a folder is found again after the filter: no property has such a name.
const NUMBER: &str = "@number";
