//! Values with the types that JSON doesn't tell by itself, as resource data of notifications has them (Graph:
//! outlook-change-notifications-overview).

use super::edm::Edm;
use serde_json::{Map, Value};

/// Puts a property into an object, behind the annotation of its type where it needs one.
pub(crate) fn insert(into: &mut Map<String, Value>, name: &str, edm: Edm, value: Value) {
    if let Some(of) = annotation(edm).filter(|_| !value.is_null() && !matches!(edm, Edm::Complex(_))) {
        into.insert(format!("{name}@odata.type"), format!("#{of}").into());
    }
    into.insert(name.to_owned(), within(edm, value));
}

/// A value whose objects say what they are.
fn within(edm: Edm, value: Value) -> Value {
    match (edm, value) {
        (Edm::Collection(of), Value::Array(items)) => items.into_iter().map(|item| within(*of, item)).collect(),
        (Edm::Complex(complex), Value::Object(members)) => {
            let mut typed = Map::new();
            typed.insert("@odata.type".to_owned(), format!("#microsoft.graph.{}", complex.name).into());
            for (name, value) in members {
                let edm = complex.members.iter().find(|member| member.name == name).map_or(Edm::String, |member| member.edm);
                insert(&mut typed, &name, edm, value);
            }
            typed.into()
        }
        (_, value) => value,
    }
}

/// The name of a type that JSON doesn't tell.
fn annotation(edm: Edm) -> Option<String> {
    match edm {
        Edm::Boolean | Edm::String => None,
        Edm::Collection(of) => Some(format!("Collection({})", annotation(*of).unwrap_or_else(|| bare(*of)))),
        Edm::Complex(complex) => Some(format!("microsoft.graph.{}", complex.name)),
        Edm::Enum(one) => Some(format!("microsoft.graph.{}", one.name)),
        Edm::Entity(name) => Some(format!("microsoft.graph.{name}")),
        other => Some(bare(other)),
    }
}

fn bare(edm: Edm) -> String {
    edm.csdl().trim_start_matches("Edm.").to_owned()
}

#[cfg(test)]
mod tests {
    use super::super::edm;
    use super::*;
    use serde_json::json;

    #[test]
    fn types_are_told_where_json_does_not_tell_them() {
        let mut all = Map::new();
        insert(&mut all, "receivedDateTime", Edm::DateTimeOffset, json!("2021-12-30T10:53:35Z"));
        insert(&mut all, "subject", Edm::String, json!("A"));
        insert(&mut all, "isRead", Edm::Boolean, json!(true));
        insert(&mut all, "importance", Edm::Enum(&edm::IMPORTANCE), json!("normal"));
        insert(&mut all, "categories", Edm::Collection(&Edm::String), json!(["B"]));
        insert(&mut all, "sender", Edm::Complex(&edm::RECIPIENT), Value::Null);
        let recipient = json!({"emailAddress": {"name": "Megan", "address": "megan@contoso.com"}});
        insert(&mut all, "from", Edm::Complex(&edm::RECIPIENT), recipient.clone());
        insert(&mut all, "toRecipients", Edm::Collection(&Edm::Complex(&edm::RECIPIENT)), json!([recipient]));
        let typed = json!({
            "@odata.type": "#microsoft.graph.recipient",
            "emailAddress": {"@odata.type": "#microsoft.graph.emailAddress", "name": "Megan", "address": "megan@contoso.com"},
        });
        let expected = json!({
            "receivedDateTime@odata.type": "#DateTimeOffset",
            "receivedDateTime": "2021-12-30T10:53:35Z",
            "subject": "A",
            "isRead": true,
            "importance@odata.type": "#microsoft.graph.importance",
            "importance": "normal",
            "categories@odata.type": "#Collection(String)",
            "categories": ["B"],
            "sender": null,
            "from": typed,
            "toRecipients@odata.type": "#Collection(microsoft.graph.recipient)",
            "toRecipients": [typed],
        });
        assert_eq!(Value::Object(all), expected);
    }
}
