//! Which members of attachments are asked for. A `$select` sees what every attachment has; what only files have is named
//! with their type in front (behaviour of Graph: bare, it is refused).

use super::expand::only;
use crate::error::ApiError;
use odata::{Options, PropertyPath, SelectItem};
use serde_json::Value;

/// What every attachment has (Graph: attachment).
const BASE: [&str; 6] = ["contentType", "id", "isInline", "lastModifiedDateTime", "name", "size"];

/// What the types of attachments have beside that.
const DERIVED: [(&str, &[&str]); 3] = [
    ("microsoft.graph.fileAttachment", &["contentBytes", "contentId", "contentLocation"]),
    ("microsoft.graph.itemAttachment", &["item"]),
    ("microsoft.graph.referenceAttachment", &[]),
];

/// The members that are asked for.
#[derive(Clone, Default)]
pub(crate) struct AttachmentSelection {
    /// As the client spelt them; empty for all.
    names: Vec<String>,
}

impl AttachmentSelection {
    /// What the options of `$expand=attachments` say.
    ///
    /// # Errors
    /// For what an attachment doesn't have.
    pub(crate) fn of(options: &Options) -> Result<AttachmentSelection, ApiError> {
        only(options, &["select"])?;
        let mut names = Vec::new();
        for item in options.select()? {
            match item {
                SelectItem::All => return Ok(AttachmentSelection::default()),
                SelectItem::Property(path) => {
                    check(&path)?;
                    names.push(path.to_string());
                }
            }
        }
        Ok(AttachmentSelection { names })
    }

    /// The members as the client spelt them; none where all are asked for.
    pub(crate) fn names(&self) -> &[String] {
        &self.names
    }

    /// An attachment without the members that nobody asked for. Its type and its id are always told.
    pub(crate) fn keep(&self, mut attachment: Value) -> Value {
        if let (false, Some(members)) = (self.names.is_empty(), attachment.as_object_mut()) {
            members.retain(|name, _| name.starts_with('@') || name == "id" || self.selects(name));
        }
        attachment
    }

    fn selects(&self, member: &str) -> bool {
        self.names.iter().filter_map(|name| name.rsplit('/').next()).any(|name| name.eq_ignore_ascii_case(member))
    }
}

fn check(path: &PropertyPath) -> Result<(), ApiError> {
    let is_in = |list: &[&str], name: &str| list.iter().any(|one| one.eq_ignore_ascii_case(name));
    let (of, name, is_known) = match path.segments() {
        [name] => ("attachment", name, is_in(&BASE, name) || name.starts_with('@')),
        [type_name, name] => match DERIVED.iter().find(|(known, _)| known.eq_ignore_ascii_case(type_name)) {
            Some((known, own)) => (known.trim_start_matches("microsoft.graph."), name, is_in(own, name) || is_in(&BASE, name)),
            None => return Err(ApiError::no_such_property(&path.to_string(), "attachment")),
        },
        _ => return Err(ApiError::no_such_property(&path.to_string(), "attachment")),
    };
    if is_known { Ok(()) } else { Err(ApiError::no_such_property(name, of)) }
}
