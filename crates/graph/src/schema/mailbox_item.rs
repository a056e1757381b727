//! The resources of import and export (Graph: mailboxFolder, mailboxItem): a mailbox's folders and messages as those of a store,
//! whatever they are of.

use super::edm::Edm;
use super::message::{change_key, date};
use super::property::{self, Property};
use crate::ids;
use crate::query::{Declared, Kind};
use mailbox::NOTE;
use serde_json::Value;
use store::{Folder, MessageRecord};

/// The class of all folders of mail (MS-OXOSFLD 2.2.3).
const FOLDER_CLASS: &str = "IPF.Note";

/// In Graph's order.
pub(crate) const FOLDER_PROPERTIES: &[Property<Folder>] = &[
    Property::by_default("id", Edm::String, |f| ids::folder(f.id).into()),
    Property::by_default("displayName", Edm::String, |f| f.display_name.as_str().into()),
    Property::by_default("type", Edm::String, |_| FOLDER_CLASS.into()),
    Property::by_default("parentFolderId", Edm::String, |f| f.parent.map(ids::folder).into()),
    Property::by_default("childFolderCount", Edm::Int32, |f| f.child_folder_count.into()),
    Property::by_default("totalItemCount", Edm::Int32, |f| f.total_item_count.into()),
];

/// The names of a folder's properties, and their types.
pub(crate) fn folder_types() -> Vec<(&'static str, Edm)> {
    property::types(FOLDER_PROPERTIES)
}

/// The names of an item's properties, and their types.
pub(crate) fn item_types() -> Vec<(&'static str, Edm)> {
    property::types(ITEM_PROPERTIES)
}

/// What `$filter` and `$orderby` of a list of folders may name.
pub(crate) const DECLARED: &[Declared] = &[
    Declared::new("id", Kind::Exact),
    Declared::new("displayName", Kind::Text),
    Declared::new("type", Kind::Text),
    Declared::new("parentFolderId", Kind::Exact),
    Declared::new("childFolderCount", Kind::Number),
    Declared::new("totalItemCount", Kind::Number),
];

/// A message with its class.
pub(crate) struct Item {
    pub(crate) record: MessageRecord,
    /// Nothing where it is a plain note.
    pub(crate) class: Option<String>,
}

/// In Graph's order.
pub(crate) const ITEM_PROPERTIES: &[Property<Item>] = &[
    Property::by_default("id", Edm::String, |i| ids::message(i.record.id).into()),
    Property::by_default("type", Edm::String, |i| i.class.as_deref().unwrap_or(NOTE).into()),
    Property::by_default("createdDateTime", Edm::DateTimeOffset, |i| date(i.record.created_date_time)),
    Property::by_default("lastModifiedDateTime", Edm::DateTimeOffset, |i| date(i.record.last_modified_date_time)),
    Property::by_default("changeKey", Edm::String, |i| change_key(&i.record).into()),
    Property::by_default("categories", Edm::Collection(&Edm::String), |i| {
        i.record.categories.iter().cloned().map(Value::from).collect()
    }),
    Property::by_default("size", Edm::Int64, |i| i.record.size.into()),
];
