//! Open extensions (Graph: openTypeExtension): a name, and members of any name that are primitive or lists of such.

use super::json::Members;
use crate::error::ApiError;
use serde_json::{Map, Value};
use store::Extension;

/// What stands before a name in the id of an extension: Graph's own, and that of Outlook's older service.
const PREFIXES: [&str; 2] = ["microsoft.graph.openTypeExtension.", "Microsoft.OutlookServices.OpenTypeExtension."];
/// Longest name, in characters.
const MAX_NAME: usize = 255;

/// The id of an extension in a request: its name, with or without what stands before it in full.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ExtensionId {
    prefix: &'static str,
    name: String,
}

impl ExtensionId {
    /// Reads an id or a bare name. The prefix that the client wrote is the one that it reads again.
    pub(crate) fn parse(text: &str) -> ExtensionId {
        let text = text.trim_start_matches('#');
        for prefix in PREFIXES {
            if let Some((start, name)) = text.split_at_checked(prefix.len())
                && start.eq_ignore_ascii_case(prefix)
            {
                return ExtensionId { prefix, name: name.to_owned() };
            }
        }
        ExtensionId::of(text)
    }

    /// The id of an extension of this name.
    pub(crate) fn of(name: &str) -> ExtensionId {
        ExtensionId { prefix: PREFIXES[0], name: name.to_owned() }
    }

    /// The bare name.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// Whether it is the id of an extension of this name, in any case.
    pub(crate) fn names(&self, name: &str) -> bool {
        self.name.to_lowercase() == name.to_lowercase()
    }
}

/// An extension as JSON. A row that holds no object shows no members: the store's check tells of it.
pub(crate) fn render(extension: &Extension, id: ExtensionId) -> Value {
    let mut object = Map::new();
    object.insert("@odata.type".to_owned(), "#microsoft.graph.openTypeExtension".into());
    object.insert("id".to_owned(), format!("{}{}", id.prefix, extension.name).into());
    object.insert("extensionName".to_owned(), extension.name.as_str().into());
    if let Ok(members) = serde_json::from_str::<Map<String, Value>>(&extension.members) {
        object.extend(members);
    }
    object.into()
}

/// Reads a new extension.
///
/// # Errors
/// For one without a name, and for a member that is neither primitive nor a list.
pub(crate) fn read(value: &Value, path: &str) -> Result<Extension, ApiError> {
    let given = Members::of(value, path)?;
    let name = given.text("extensionName")?.map(str::trim).filter(|name| is_name(name));
    let name = name.ok_or_else(|| given.wrong("extensionName", &format!("a name of 1 to {MAX_NAME} characters")))?;
    let mut members = members(value, path)?;
    members.retain(|_, value| !value.is_null());
    Ok(Extension { name: name.to_owned(), members: Value::Object(members).to_string() })
}

/// The members of an extension beside its name: annotations and its id are the service's.
///
/// # Errors
/// For a member that is neither primitive nor a list of such.
pub(crate) fn members(value: &Value, path: &str) -> Result<Map<String, Value>, ApiError> {
    Members::of(value, path)?;
    let own = |name: &str| name.contains('@') || ["id", "extensionName"].iter().any(|own| own.eq_ignore_ascii_case(name));
    let given = value.as_object().into_iter().flatten().filter(|(name, _)| !own(name));
    given
        .map(|(name, value)| match value {
            Value::Object(_) => Err(not_open(path, name)),
            Value::Array(items) if items.iter().any(|item| item.is_array() || item.is_object()) => Err(not_open(path, name)),
            _ => Ok((name.clone(), value.clone())),
        })
        .collect()
}

fn not_open(path: &str, name: &str) -> ApiError {
    let path = if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") };
    ApiError::unreadable_member(&path, "a primitive value or a list of such")
}

fn is_name(name: &str) -> bool {
    (1..=MAX_NAME).contains(&name.chars().count()) && !name.contains(|c: char| c.is_control() || matches!(c, '/' | '\\'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn an_id_is_a_name_with_or_without_its_prefix() {
        for (text, id) in [
            ("Com.Contoso.Referral", "microsoft.graph.openTypeExtension.Com.Contoso.Referral"),
            ("Microsoft.Graph.OpenTypeExtension.Com.Contoso.Referral", "microsoft.graph.openTypeExtension.Com.Contoso.Referral"),
            (
                "microsoft.outlookservices.openTypeExtension.Com.Contoso.Referral",
                "Microsoft.OutlookServices.OpenTypeExtension.Com.Contoso.Referral",
            ),
        ] {
            let parsed = ExtensionId::parse(text);
            assert!(parsed.names("com.contoso.referral"), "{text}");
            let extension = Extension { name: parsed.name().to_owned(), members: r#"{"dealValue":1}"#.to_owned() };
            let shown = render(&extension, parsed);
            assert_eq!((shown["id"].as_str(), &shown["dealValue"]), (Some(id), &json!(1)), "{text}");
        }
    }

    #[test]
    fn members_are_primitive_or_lists_of_such() {
        let given = json!({"@odata.type": "x", "id": "y", "ExtensionName": "a", "n": 1, "t": ["a", true, null], "z": null});
        let read = read(&given, "").expect("an extension");
        assert_eq!((read.name.as_str(), read.members.as_str()), ("a", r#"{"n":1,"t":["a",true,null]}"#));
        for refused in [json!(1), json!({}), json!({"extensionName": ""}), json!({"extensionName": "a", "b": {"c": 1}})] {
            assert!(super::read(&refused, "").is_err(), "{refused}");
        }
        assert!(super::read(&json!({"extensionName": "a", "b": [[1]]}), "").is_err());
    }
}
