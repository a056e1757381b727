//! Extended properties (Graph: singleValueLegacyExtendedProperty, multiValueLegacyExtendedProperty): MAPI's properties under
//! Graph's spelling of their ids. Those that a message or a folder has anyhow are read from it; all others are kept.

mod condition;
mod folder;
mod message;
mod property_id;
mod value;

pub(crate) use condition::condition_of_own;
pub(crate) use folder::kept_of_folder;
pub(crate) use message::{UNSENT, apply, reads_octets};
pub(crate) use property_id::{PropertyId, PropertyType, Tag};

use super::json::Members;
use crate::error::{ApiError, ErrorCode};
use mailbox::Hung;
use odata::{Comparison, Expr, Literal, Options};
use serde_json::{Map, Value, json};
use store::{ExtendedProperty, ExtendedValue};

/// Ids that one `$expand` may name, and properties that one item may be given at once.
const MAX_PROPERTIES: usize = 1000;

/// A property that is asked for, with its id as the client spelt it: so it comes back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct AskedProperty {
    pub(crate) id: PropertyId,
    spelt: String,
}

/// What can be asked for extended properties of its own.
pub(crate) trait HasProperties {
    /// A property that it has anyhow; nothing where it has no such one.
    fn own(&self, id: &PropertyId) -> Option<Value>;
}

/// The properties that the `$filter` of an `$expand` names: `id eq '…'`, joined by `or`, or `id in ('…', '…')`.
///
/// # Errors
/// For any other filter, for none, and for an id that is none or of the other kind.
pub(crate) fn asked(options: &Options, many: bool) -> Result<Vec<AskedProperty>, ApiError> {
    let named = ids(options)?.ok_or_else(|| {
        ApiError::bad_request("Extended properties are expanded by their ids, in $filter: id eq '…' or id eq '…'.")
    })?;
    named.into_iter().map(|spelt| Ok(AskedProperty { id: PropertyId::of(&spelt, many)?, spelt })).collect()
}

/// The ids that a `$filter` names; nothing where there is none.
pub(crate) fn ids(options: &Options) -> Result<Option<Vec<String>>, ApiError> {
    let Some(filter) = options.filter()? else { return Ok(None) };
    let mut found = Vec::new();
    collect_ids(&filter, &mut found)?;
    if found.len() > MAX_PROPERTIES {
        return Err(ApiError::bad_request(format!("At most {MAX_PROPERTIES} ids can be named in one $expand.")));
    }
    Ok(Some(found))
}

fn collect_ids(filter: &Expr, found: &mut Vec<String>) -> Result<(), ApiError> {
    let is_id = |expr: &Expr| matches!(expr, Expr::Property(path) if path.is("id"));
    match filter {
        Expr::Or(operands) => operands.iter().try_for_each(|operand| collect_ids(operand, found)),
        Expr::Compare { left, operator: Comparison::Equal, right, .. } if is_id(left) => match right.as_ref() {
            Expr::Literal(Literal::String(id)) => {
                found.push(id.clone());
                Ok(())
            }
            _ => Err(no_ids()),
        },
        Expr::In { value, list } if is_id(value) => list.iter().try_for_each(|literal| match literal {
            Literal::String(id) => {
                found.push(id.clone());
                Ok(())
            }
            _ => Err(no_ids()),
        }),
        _ => Err(no_ids()),
    }
}

fn no_ids() -> ApiError {
    ApiError::bad_request("The $filter of this $expand may only name ids: id eq '…' or id eq '…'.")
}

/// The properties of an item that are there, in the order in which they were asked for. What its owner hung on it goes
/// before what it has anyhow: where both could be, the one was set on purpose.
pub(crate) fn render(asked: &[AskedProperty], hung: &Hung, item: &impl HasProperties) -> Vec<Value> {
    let found = asked.iter().filter_map(|AskedProperty { id, spelt }| {
        let kept = hung.properties.get(&id.key()).map(|values| match id.many {
            true => json!(values),
            false => json!(values.first()),
        });
        let value = kept.or_else(|| item.own(id))?;
        Some(json!({"id": spelt, "value": value}))
    });
    found.collect()
}

/// The properties that a client gives with a message or a folder: single values and lists.
///
/// # Errors
/// For an id that is none, and for a value that its type doesn't have.
pub(crate) fn given(m: &Members<'_>) -> Result<Vec<Given>, ApiError> {
    let mut given = m.list("singleValueExtendedProperties", |value, path| Given::single(&Members::of(value, path)?))?;
    given.extend(m.list("multiValueExtendedProperties", |value, path| Given::multiple(&Members::of(value, path)?))?);
    if given.len() > MAX_PROPERTIES {
        return Err(m.wrong("singleValueExtendedProperties", &format!("a list of at most {MAX_PROPERTIES} properties")));
    }
    Ok(given)
}

/// A property that a client gives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Given {
    pub(crate) id: PropertyId,
    /// None where it is to be taken away.
    pub(crate) values: Vec<ExtendedValue>,
}

impl Given {
    fn single(property: &Members<'_>) -> Result<Given, ApiError> {
        let id = PropertyId::of(id_of(property)?, false)?;
        let value = property.get("value").map(|value| id.kind.read(value)).transpose()?;
        Ok(Given { id, values: value.into_iter().collect() })
    }

    fn multiple(property: &Members<'_>) -> Result<Given, ApiError> {
        let id = PropertyId::of(id_of(property)?, true)?;
        let values = property.list("value", |value, _| id.kind.read(value))?;
        Ok(Given { id, values })
    }

    /// As the store keeps it.
    pub(crate) fn kept(self) -> ExtendedProperty {
        ExtendedProperty { property: self.id.key(), values: self.values }
    }
}

fn id_of<'v>(property: &Members<'v>) -> Result<&'v str, ApiError> {
    property.text("id")?.ok_or_else(|| property.wrong("id", "the id of an extended property"))
}

/// Puts the properties into an item's JSON; a list of none is left out, as Graph does.
pub(crate) fn insert(object: &mut Map<String, Value>, name: &str, properties: Vec<Value>) {
    if !properties.is_empty() {
        object.insert(name.to_owned(), Value::Array(properties));
    }
}

fn invalid_value(expected: &str) -> ApiError {
    let message = format!("The value of the extended property is not valid: {expected} is expected.");
    ApiError::new(ErrorCode::ErrorInvalidExtendedPropertyValue, message)
}
