//! MAPI's properties that every folder has anyhow (MS-OXCFOLD, MS-OXOSFLD), and those that a client gives it.

use super::message::system_time;
use super::{Given, HasProperties, PropertyId, PropertyType};
use encodify::base64::STANDARD;
use serde_json::Value;
use store::{ExtendedProperty, Folder, Timestamp};

type Own = (u16, PropertyType, fn(&Folder) -> Option<String>);

/// By tag.
const OWN: &[Own] = &[
    (0x0FF9, PropertyType::Binary, |f| Some(STANDARD.encode(f.id.0))),
    (0x10F4, PropertyType::Boolean, |f| Some(f.is_hidden.to_string())),
    (0x3001, PropertyType::String, |f| Some(f.display_name.clone())),
    (0x3007, PropertyType::SystemTime, |f| system_time(f.id.date_time())),
    (0x3008, PropertyType::SystemTime, |f| system_time(last_modified(f))),
    (0x3602, PropertyType::Integer, |f| Some(f.total_item_count.to_string())),
    (0x3603, PropertyType::Integer, |f| Some(f.unread_item_count.to_string())),
    (0x360A, PropertyType::Boolean, |f| Some((f.child_folder_count > 0).to_string())),
    (0x3613, PropertyType::String, |_| Some("IPF.Note".to_owned())),
    (0x670A, PropertyType::SystemTime, |f| system_time(last_modified(f))),
    // Above the number of each message in it: what comes next gets this one or one behind it.
    (0x6751, PropertyType::Integer, |f| Some(f.modseq.saturating_add(1).to_string())),
];

fn own(id: &PropertyId) -> Option<&'static Own> {
    OWN.iter().find(|(tag, kind, _)| id.is_mapi(*tag, *kind))
}

fn last_modified(folder: &Folder) -> Timestamp {
    Timestamp(folder.last_modified_date_time.0.max(folder.id.date_time().0))
}

impl HasProperties for Folder {
    fn own(&self, id: &PropertyId) -> Option<Value> {
        own(id).and_then(|(_, _, read)| read(self)).map(Value::String)
    }
}

/// What is kept of the properties that a client gives with a folder: those that every folder has are the service's.
pub(crate) fn kept_of_folder(given: Vec<Given>) -> Vec<ExtendedProperty> {
    given.into_iter().filter(|property| own(&property.id).is_none()).map(Given::kept).collect()
}
