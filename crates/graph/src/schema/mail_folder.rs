//! The mailFolder resource.

use super::edm::Edm;
use super::property::{self, Property, object, selected};
use crate::error::ApiError;
use crate::ids;
use crate::request::Version;
use serde_json::Value;
use store::Folder;

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

const fn of(name: &'static str, edm: Edm, read: fn(&Folder) -> Value) -> Property<Folder> {
    Property::by_default(name, edm, read)
}

pub(crate) fn render(folder: &Folder, version: Version, select: Option<&[String]>) -> Result<Value, ApiError> {
    let is_more = |name: &String| version == Version::Beta && name.eq_ignore_ascii_case(WELL_KNOWN_NAME.name);
    let more = version == Version::Beta && select.is_none_or(|names| names.iter().any(is_more));
    let select: Option<Vec<String>> = select.map(|names| names.iter().filter(|n| !is_more(n)).cloned().collect());
    let mut value = object(&selected(PROPERTIES, select.as_deref(), "mailFolder")?, folder);
    if more {
        value.insert(WELL_KNOWN_NAME.name.to_owned(), (WELL_KNOWN_NAME.read)(folder));
    }
    Ok(value.into())
}
