//! The mailFolder resource, alone and in lists, with the folders within it where `$expand` names them.

use super::edm::Edm;
use super::extended::{self, AskedProperty};
use super::property::{self, Property, object, selected};
use crate::error::{ApiError, ErrorCode};
use crate::ids;
use crate::query::{Declared, Kind, SmallList};
use crate::request::Version;
use mailbox::{Hung, Sight};
use odata::{ExpandItem, Options};
use serde_json::{Map, Value};
use std::collections::HashMap;
use store::{Folder, FolderId, ItemId, SearchFolder};

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

/// What a search folder has beside (Graph: mailSearchFolder), and how it is read of one.
const SEARCH_PROPERTIES: &[Property<SearchFolder>] = &[
    Property::by_default("isSupported", Edm::Boolean, |_| true.into()),
    Property::by_default("includeNestedFolders", Edm::Boolean, |s| s.include_nested_folders.into()),
    Property::by_default("sourceFolderIds", Edm::Collection(&Edm::String), |s| {
        s.source_folders.iter().map(|id| Value::from(ids::folder(*id))).collect()
    }),
    Property::by_default("filterQuery", Edm::String, |s| s.filter_query.as_str().into()),
];
const SEARCH_FOLDER: &str = "#microsoft.graph.mailSearchFolder";
/// What a search folder counts anew whenever it is shown.
const COUNTS: [&str; 2] = ["totalItemCount", "unreadItemCount"];

/// A search folder, and how many messages it shows, all and unread; nothing where they were not counted.
pub(crate) struct Searched {
    pub(crate) search: SearchFolder,
    pub(crate) counts: Option<(i64, i64)>,
}

impl Searched {
    /// The values of [`COUNTS`].
    fn counted(&self) -> [Value; 2] {
        self.counts.map_or([Value::Null, Value::Null], |(total, unread)| [total.into(), unread.into()])
    }
}

/// The names of what a search folder has beside, and their types.
pub(crate) fn search_types() -> Vec<(&'static str, Edm)> {
    property::types(SEARCH_PROPERTIES)
}

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

/// Folders at hand, by the one that each stands in, and what hangs on them.
pub(crate) struct Tree {
    within: HashMap<Option<FolderId>, Vec<Folder>>,
    hung: HashMap<ItemId, Hung>,
    searched: HashMap<FolderId, Searched>,
}

impl Tree {
    pub(crate) fn of(folders: Vec<Folder>) -> Tree {
        let mut tree: HashMap<Option<FolderId>, Vec<Folder>> = HashMap::new();
        for folder in folders {
            tree.entry(folder.parent).or_default().push(folder);
        }
        Tree { within: tree, hung: HashMap::new(), searched: HashMap::new() }
    }

    /// The same, with those of them that search.
    pub(crate) fn with_searched(self, searched: Vec<Searched>) -> Tree {
        Tree { searched: searched.into_iter().map(|one| (one.search.folder, one)).collect(), ..self }
    }

    /// The same, with what hangs on them.
    pub(crate) fn with(self, hung: HashMap<ItemId, Hung>) -> Tree {
        Tree { hung, ..self }
    }

    fn within(&self, parent: FolderId) -> &[Folder] {
        self.within.get(&Some(parent)).map_or(&[], Vec::as_slice)
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
    /// Extended properties with one value, and those with many.
    single: Vec<AskedProperty>,
    multiple: Vec<AskedProperty>,
}

impl Selection {
    /// What the options of a request ask, by somebody who sees so much of a mailbox.
    ///
    /// # Errors
    /// As [`Selection::of`]; `ErrorAccessDenied` for extended properties, which `Mail.ReadBasic` hides.
    pub(crate) fn seen(options: &Options, version: Version, sight: Sight) -> Result<Selection, ApiError> {
        let selection = Selection::of(options, version)?;
        match sight {
            Sight::Basics if !selection.hung().is_empty() => {
                Err(ApiError::access_denied("Mail.ReadBasic hides what is asked for by name"))
            }
            Sight::Basics | Sight::Whole => Ok(selection),
        }
    }

    /// What the options of a request ask.
    ///
    /// # Errors
    /// Graph's, for a property that is none, and for what can't be expanded here.
    pub(crate) fn of(options: &Options, version: Version) -> Result<Selection, ApiError> {
        let names = options.names("select");
        let is_more = |name: &String| version == Version::Beta && name.eq_ignore_ascii_case(WELL_KNOWN_NAME.name);
        let of_search = |name: &String| SEARCH_PROPERTIES.iter().any(|one| one.name.eq_ignore_ascii_case(name));
        let in_v1: Option<Vec<String>> =
            names.as_ref().map(|names| names.iter().filter(|n| !is_more(n) && !of_search(n)).cloned().collect());
        let mut properties = selected(PROPERTIES, in_v1.as_deref(), "mailFolder")?;
        if version == Version::Beta && names.as_ref().is_none_or(|names| names.iter().any(is_more)) {
            properties.push(&WELL_KNOWN_NAME);
        }
        let list = SmallList::of(options, "mailFolder", DECLARED)?;
        let mut selection =
            Selection { properties, names, list, most: None, child_folders: None, single: Vec::new(), multiple: Vec::new() };
        for item in options.expand()? {
            selection.expand(&item, version)?;
        }
        Ok(selection)
    }

    fn expand(&mut self, item: &ExpandItem, version: Version) -> Result<(), ApiError> {
        let ExpandItem { path, options } = item;
        if path.is("childFolders") {
            let mut within = Selection::of(options, version)?;
            within.most = options.number("top")?.and_then(|top| usize::try_from(top).ok());
            self.child_folders = Some(Box::new(within));
        } else if path.is("singleValueExtendedProperties") {
            self.single.extend(extended::asked(options, false)?);
        } else if path.is("multiValueExtendedProperties") {
            self.multiple.extend(extended::asked(options, true)?);
        } else if path.is("messageRules") || path.is("messages") {
            let message = format!("'$expand={path}' is not answered here yet.");
            return Err(ApiError::new(ErrorCode::NotImplemented, message));
        } else {
            return Err(ApiError::no_such_property(&path.to_string(), "mailFolder"));
        }
        Ok(())
    }

    /// The extended properties that must be looked up, of the folders and of those within them.
    pub(crate) fn hung(&self) -> Vec<String> {
        let own = self.single.iter().chain(&self.multiple).map(|asked| asked.id.key());
        own.chain(self.child_folders.iter().flat_map(|within| within.hung())).collect()
    }

    /// Whether folders are counted, these or those within them.
    pub(crate) fn counts(&self) -> bool {
        self.properties.iter().any(|one| COUNTS.contains(&one.name))
            || self.child_folders.as_ref().is_some_and(|one| one.counts())
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
        let nothing = Hung::default();
        let hung = tree.hung.get(&folder.id.into()).unwrap_or(&nothing);
        extended::insert(&mut rendered, "singleValueExtendedProperties", extended::render(&self.single, hung, folder));
        extended::insert(&mut rendered, "multiValueExtendedProperties", extended::render(&self.multiple, hung, folder));
        if let Some(searched) = tree.searched.get(&folder.id) {
            self.add_searched(&mut rendered, searched);
        }
        rendered.into()
    }

    /// What a search folder has beside, as far as it is asked for; its counts are those of what it shows.
    fn add_searched(&self, rendered: &mut Map<String, Value>, searched: &Searched) {
        for (name, count) in COUNTS.into_iter().zip(searched.counted()) {
            rendered.entry(name).and_modify(|shown| *shown = count);
        }
        let is_asked =
            |name: &str| self.names.as_ref().is_none_or(|names| names.iter().any(|one| one.eq_ignore_ascii_case(name)));
        for property in SEARCH_PROPERTIES.iter().filter(|property| is_asked(property.name)) {
            rendered.insert(property.name.to_owned(), (property.read)(&searched.search));
        }
        rendered.shift_insert(0, "@odata.type".to_owned(), SEARCH_FOLDER.into());
    }

    /// The folders within a folder as JSON: those that the filter leaves, in order.
    pub(crate) fn list(&self, parent: FolderId, tree: &Tree) -> Vec<Value> {
        let folders = tree.within(parent);
        let whole = |(number, folder): (usize, &Folder)| -> Value {
            let mut all: Map<String, Value> = PROPERTIES.iter().map(|p| (p.name.to_owned(), (p.read)(folder))).collect();
            all.insert(WELL_KNOWN_NAME.name.to_owned(), (WELL_KNOWN_NAME.read)(folder));
            if let Some(searched) = tree.searched.get(&folder.id) {
                all.extend(COUNTS.into_iter().map(str::to_owned).zip(searched.counted())); // as they are shown
            }
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
