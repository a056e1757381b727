//! What clients hang on messages and folders: extended properties (MAPI's, MS-OXCDATA §2.11) and open extensions.

use crate::ids::{FolderId, MessageId};

/// The id of a message or a folder: of what has extended properties.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ItemId(pub [u8; 16]);

impl From<FolderId> for ItemId {
    fn from(id: FolderId) -> ItemId {
        ItemId(id.0)
    }
}

impl From<MessageId> for ItemId {
    fn from(id: MessageId) -> ItemId {
        ItemId(id.0)
    }
}

/// An extended property with its values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExtendedProperty {
    /// Its type, then its tag or name, in one spelling.
    pub property: String,
    /// In order; none where the property is to be taken away.
    pub values: Vec<ExtendedValue>,
}

/// One value of an extended property.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExtendedValue {
    /// As it is shown.
    pub text: String,
    /// In the form in which equality compares.
    pub folded: String,
    /// What gives it its order among others, where that isn't the order of text.
    pub number: Option<i64>,
}

/// An open extension of a message (Graph: openTypeExtension).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Extension {
    /// Its name; names compare without regard to case.
    pub name: String,
    /// Its members beside the name: a JSON object.
    pub members: String,
}

impl Extension {
    /// The form in which names of extensions compare.
    pub(crate) fn folded(name: &str) -> String {
        name.to_lowercase()
    }
}
