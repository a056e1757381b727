//! Categories as Graph shows them (Graph: outlookCategory).

use super::edm::{self, Edm};
use super::json::Members;
use super::property::{self, Property, object};
use crate::error::ApiError;
use crate::query::{Declared, Kind};
use mailbox::MAX_CATEGORY;
use serde_json::Value;
use store::OutlookCategory;
use uuid::Uuid;

/// In Graph's order.
pub(crate) const PROPERTIES: &[Property<OutlookCategory>] = &[
    of("id", Edm::String, |c| Uuid::from_bytes(c.id.0).to_string().into()),
    of("displayName", Edm::String, |c| c.display_name.as_str().into()),
    of("color", Edm::Enum(&edm::CATEGORY_COLOR), |c| c.color.as_str().into()),
];

const fn of(name: &'static str, edm: Edm, read: fn(&OutlookCategory) -> Value) -> Property<OutlookCategory> {
    Property::by_default(name, edm, read)
}

/// What `$filter` and `$orderby` may name.
pub(crate) const DECLARED: &[Declared] = &[
    Declared::new("id", Kind::Exact),
    Declared::new("displayName", Kind::Text),
    Declared::new("color", Kind::Enumeration(&edm::COLORS)),
];

/// The names of a category's properties, and their types.
pub(crate) fn types() -> Vec<(&'static str, Edm)> {
    property::types(PROPERTIES)
}

pub(crate) fn render(category: &OutlookCategory) -> Value {
    object(&PROPERTIES.iter().collect::<Vec<_>>(), category).into()
}

/// The name that a body gives; nothing where it gives none.
pub(crate) fn display_name(members: &Members<'_>) -> Result<Option<String>, ApiError> {
    match members.text("displayName")?.map(str::trim) {
        Some(name) if !(1..=MAX_CATEGORY).contains(&name.chars().count()) => {
            Err(members.wrong("displayName", &format!("a name of 1 to {MAX_CATEGORY} characters")))
        }
        name => Ok(name.map(str::to_owned)),
    }
}

/// The color that a body gives, as Graph writes it.
pub(crate) fn color(members: &Members<'_>) -> Result<Option<String>, ApiError> {
    members.one_of("color", &edm::CATEGORY_COLOR)
}
