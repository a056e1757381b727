//! Whether an answer has the shape of another.

use serde_json::Value;

/// Where `ours` lacks a member of `shown`, or has it of another type. What is shown as null may be anything; lists are
/// compared by their first items.
pub(super) fn differences(shown: &Value, ours: &Value) -> Vec<String> {
    let mut found = Vec::new();
    compare(shown, ours, "", &mut found);
    found
}

fn compare(shown: &Value, ours: &Value, at: &str, found: &mut Vec<String>) {
    match (shown, ours) {
        (Value::Null, _) => {}
        (Value::Object(shown), Value::Object(ours)) => {
            for (name, value) in shown {
                let path = format!("{at}/{name}");
                match ours.get(name) {
                    Some(own) => compare(value, own, &path, found),
                    None => found.push(format!("no {path}")),
                }
            }
        }
        (Value::Array(shown), Value::Array(ours)) => match (shown.first(), ours.first()) {
            (Some(shown), Some(ours)) => compare(shown, ours, &format!("{at}/0"), found),
            (Some(_), None) => found.push(format!("{at} is empty")),
            (None, _) => {}
        },
        _ => {
            if kind(shown) != kind(ours) {
                found.push(format!("{at} is {} for {}", kind(ours), kind(shown)));
            }
        }
    }
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a Boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

#[test]
fn what_lacks_is_told() {
    use serde_json::json;
    let shown = json!({"a": 1, "b": [{"c": "x"}], "d": null, "e": {"f": true}, "g": []});
    assert!(differences(&shown, &json!({"a": 2, "b": [{"c": "", "z": 1}], "d": 1, "e": {"f": false}, "g": [1]})).is_empty());
    assert_eq!(
        differences(&shown, &json!({"a": "2", "b": [], "e": {}})),
        ["/a is a string for a number", "/b is empty", "no /d", "no /e/f", "no /g"]
    );
}
