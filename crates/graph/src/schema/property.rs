//! What a property is: its name and type, when it is returned, and how it is read from what stands behind it.

use super::edm::Edm;
use crate::error::ApiError;
use serde_json::{Map, Value};

/// When a property is returned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Returned {
    /// Unless `$select` leaves it out.
    ByDefault,
    /// Only where `$select` names it.
    OnSelect,
}

/// One property of a resource that is read from an `S`.
pub(crate) struct Property<S: 'static> {
    pub(crate) name: &'static str,
    pub(crate) edm: Edm,
    pub(crate) returned: Returned,
    pub(crate) read: fn(&S) -> Value,
}

impl<S> Property<S> {
    /// A property that is returned unless `$select` leaves it out.
    pub(crate) const fn by_default(name: &'static str, edm: Edm, read: fn(&S) -> Value) -> Property<S> {
        Property { name, edm, returned: Returned::ByDefault, read }
    }

    /// A property that is returned only where `$select` names it.
    pub(crate) const fn on_select(name: &'static str, edm: Edm, read: fn(&S) -> Value) -> Property<S> {
        Property { name, edm, returned: Returned::OnSelect, read }
    }
}

/// The properties that `select` names, in the order of their declaration; `id` always (Graph: message-delta).
///
/// # Errors
/// For a name that is none of them.
pub(crate) fn selected<S>(
    properties: &'static [Property<S>],
    select: Option<&[String]>,
    resource: &str,
) -> Result<Vec<&'static Property<S>>, ApiError> {
    let Some(names) = select else {
        return Ok(properties.iter().filter(|p| p.returned == Returned::ByDefault).collect());
    };
    for name in names {
        if name != "*" && !properties.iter().any(|p| p.name.eq_ignore_ascii_case(name)) {
            return Err(ApiError::no_such_property(name, resource));
        }
    }
    let named =
        |p: &Property<S>| names.iter().any(|n| n.eq_ignore_ascii_case(p.name) || n == "*" && p.returned == Returned::ByDefault);
    Ok(properties.iter().filter(|p| p.name == "id" || named(p)).collect())
}

/// Objects with all of their properties, narrowed to these.
pub(crate) fn narrowed<S>(properties: &[&Property<S>], mut objects: Vec<Value>) -> Vec<Value> {
    for members in objects.iter_mut().filter_map(Value::as_object_mut) {
        members.retain(|name, _| properties.iter().any(|p| p.name == name));
    }
    objects
}

/// The names of these, and their types.
pub(crate) fn types<S>(properties: &[Property<S>]) -> Vec<(&'static str, Edm)> {
    properties.iter().map(|p| (p.name, p.edm)).collect()
}

/// The object that these properties make.
pub(crate) fn object<S>(properties: &[&Property<S>], source: &S) -> Map<String, Value> {
    properties.iter().map(|p| (p.name.to_owned(), (p.read)(source))).collect()
}
