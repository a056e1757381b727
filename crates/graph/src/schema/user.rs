//! The user resource, as far as mail knows people.

use super::property::{Property, Returned, object, selected};
use crate::error::ApiError;
use serde_json::{Value, json};
use store::Person;

/// In Graph's order.
const PROPERTIES: &[Property<Person>] = &[
    of("businessPhones", |_| json!([])),
    of("displayName", |p| p.display_name.as_str().into()),
    of("givenName", |p| p.given_name.as_str().into()),
    of("jobTitle", |_| Value::Null),
    of("mail", |p| p.user_principal_name.as_str().into()),
    of("mobilePhone", |_| Value::Null),
    of("officeLocation", |_| Value::Null),
    of("preferredLanguage", |_| Value::Null),
    of("surname", |p| p.surname.as_str().into()),
    of("userPrincipalName", |p| p.user_principal_name.as_str().into()),
    of("id", |p| p.id.to_string().into()),
];

const fn of(name: &'static str, read: fn(&Person) -> Value) -> Property<Person> {
    Property { name, returned: Returned::ByDefault, read }
}

pub(crate) fn render(person: &Person, select: Option<&[String]>) -> Result<Value, ApiError> {
    Ok(object(&selected(PROPERTIES, select, "user")?, person).into())
}
