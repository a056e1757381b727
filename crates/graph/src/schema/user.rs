//! The user resource, as far as mail knows people.

use super::edm::Edm;
use super::property::{self, Property, object, selected};
use crate::error::ApiError;
use serde_json::{Value, json};
use store::Person;

/// In Graph's order.
const PROPERTIES: &[Property<Person>] = &[
    of("businessPhones", Edm::Collection(&Edm::String), |_| json!([])),
    of("displayName", Edm::String, |p| p.display_name.as_str().into()),
    of("givenName", Edm::String, |p| p.given_name.as_str().into()),
    of("jobTitle", Edm::String, |_| Value::Null),
    of("mail", Edm::String, |p| p.user_principal_name.as_str().into()),
    of("mobilePhone", Edm::String, |_| Value::Null),
    of("officeLocation", Edm::String, |_| Value::Null),
    of("preferredLanguage", Edm::String, |_| Value::Null),
    of("surname", Edm::String, |p| p.surname.as_str().into()),
    of("userPrincipalName", Edm::String, |p| p.user_principal_name.as_str().into()),
    of("id", Edm::String, |p| p.id.to_string().into()),
];

const fn of(name: &'static str, edm: Edm, read: fn(&Person) -> Value) -> Property<Person> {
    Property::by_default(name, edm, read)
}

/// The names of a person's properties, and their types.
pub(crate) fn types() -> Vec<(&'static str, Edm)> {
    property::types(PROPERTIES)
}

pub(crate) fn render(person: &Person, select: Option<&[String]>) -> Result<Value, ApiError> {
    Ok(object(&selected(PROPERTIES, select, "user")?, person).into())
}
