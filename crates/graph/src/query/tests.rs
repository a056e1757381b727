//! What is asked of small lists, and what is refused with its place.

use super::*;
use serde_json::json;

const PERSON: &[Declared] = &[Declared::new("emailAddress/name", Kind::Text), Declared::new("emailAddress/address", Kind::Text)];

const DECLARED: &[Declared] = &[
    Declared::new("id", Kind::Exact),
    Declared::new("displayName", Kind::Text),
    Declared::new("isHidden", Kind::Boolean),
    Declared::new("totalItemCount", Kind::Number),
    Declared::new("created", Kind::DateTime),
    Declared::new("importance", Kind::Enumeration(&["low", "normal", "high"])),
    Declared::new("from", Kind::Object),
    Declared::new("from/emailAddress/address", Kind::Text),
    Declared::new("to", Kind::Collection(PERSON)),
    Declared::new("words", Kind::Collection(&[Declared::new("", Kind::Text)])),
];

fn ids(query: &str) -> Vec<String> {
    let items = json!([
        {"id": "A", "displayName": "Äpfel", "isHidden": false, "totalItemCount": 3, "created": "2024-01-31T10:00:00Z",
         "importance": "high", "from": {"emailAddress": {"name": "Al", "address": "Al@x.org"}},
         "to": [{"emailAddress": {"name": "Bo", "address": "bo@x.org"}}, {"emailAddress": {"name": "Cy", "address": "cy@y.org"}}],
         "words": ["Red", "green"]},
        {"id": "b", "displayName": "apples", "isHidden": true, "totalItemCount": 3, "created": "2024-02-01T00:00:00Z",
         "importance": "low", "from": null, "to": [], "words": []},
        {"id": "c", "displayName": "Pears's", "isHidden": false, "totalItemCount": 7, "created": "2024-03-01T00:00:00Z",
         "importance": "normal", "from": {"emailAddress": {"name": "Di", "address": "di@x.org"}},
         "to": [{"emailAddress": {"name": "Bo", "address": "bo@x.org"}}], "words": ["blue"]},
    ]);
    let options = Options::parse(&query.replace(' ', "%20")).expect(query);
    let list = SmallList::of(&options, "thing", DECLARED).unwrap_or_else(|error| panic!("{query}: {error:?}"));
    let items = list.apply(items.as_array().expect("a list").clone());
    items.iter().map(|item| item["id"].as_str().expect("an id").to_owned()).collect()
}

#[test]
fn conditions_keep_what_they_hold_for() {
    let cases: &[(&str, &[&str])] = &[
        ("displayName eq 'ÄPFEL'", &["A"]),
        ("id eq 'a'", &[]),
        ("id eq 'A' or id in ('b','x')", &["A", "b"]),
        ("isHidden", &["b"]),
        ("not isHidden eq true", &["A", "c"]),
        ("not (isHidden or totalItemCount gt 5)", &["A"]),
        ("totalItemCount ge 3 and totalItemCount lt 7", &["A", "b"]),
        ("3 eq totalItemCount", &["A", "b"]),
        ("created ge 2024-02-01", &["b", "c"]),
        ("created lt 2024-01-31T12:00:00+02:00", &[]),
        ("created le 2024-01-31T12:00:00+02:00", &["A"]),
        ("importance gt 'low'", &["A", "c"]),
        ("importance eq microsoft.graph.importance'HIGH'", &["A"]),
        ("from eq null", &["b"]),
        ("from/emailAddress/address ne 'al@X.org'", &["b", "c"]),
        ("from/emailAddress/address lt 'zz'", &["A", "c"]),
        ("contains(displayName,'P')", &["A", "b", "c"]),
        ("startswith(tolower(displayName),'pears''')", &["c"]),
        ("endswith(displayName,'S') eq true", &["b", "c"]),
        ("length(displayName) eq 5", &["A"]),
        ("to/any(r:r/emailAddress/address eq 'BO@x.org')", &["A", "c"]),
        ("to/all(r:endswith(r/emailAddress/address,'@x.org'))", &["b", "c"]),
        ("to/any()", &["A", "c"]),
        ("words/any(w:w eq 'red' and not isHidden)", &["A"]),
        ("not words/any(w:w ne 'blue')", &["b", "c"]),
        ("true", &["A", "b", "c"]),
        ("false or importance eq null", &[]),
    ];
    for (filter, expected) in cases {
        assert_eq!(ids(&format!("$filter={filter}")), *expected, "{filter}");
    }
}

#[test]
fn orders_have_several_keys_and_null_comes_first() {
    assert_eq!(ids("$orderby=totalItemCount desc,displayName"), ["c", "b", "A"]);
    assert_eq!(ids("$orderby=from/emailAddress/address"), ["b", "A", "c"]);
    assert_eq!(ids("$orderby=importance&$filter=totalItemCount eq 3"), ["b", "A"]);
    assert_eq!(ids("$orderby=isHidden"), ["A", "c", "b"]);
}

#[test]
fn what_makes_no_sense_is_refused_with_its_place() {
    let cases = [
        ("$filter=color eq 'x'", "Could not find a property named 'color' on type 'microsoft.graph.thing'. (position 0"),
        ("$filter=isHidden and to/any(r:r/color eq 1)", "'r/color'. (position 22)"),
        ("$filter=isHidden eq 'yes'", "types 'Edm.Boolean' and 'Edm.String' for operator kind 'Equal'. (position 9)"),
        ("$filter=created gt 5", "'Edm.DateTimeOffset' and 'Edm.Int64' for operator kind 'GreaterThan'. (position 8)"),
        ("$filter=isHidden or now() eq created", "An unknown function with name 'now' was found."),
        ("$filter=contains(displayName)", "takes 2 arguments. (position 0)"),
        ("$filter=contains(isHidden,'x')", "No function signature"),
        ("$filter=displayName", "must evaluate to a single boolean value. (position 0)"),
        ("$filter=importance eq 'urgent'", "'urgent' is not a valid enumeration type constant. (position 11)"),
        ("$filter=displayName/any(x:x eq 'y')", "Any/All may only be used following a collection. (position 0)"),
        ("$filter=displayName eq", "expected at position 14"),
        ("$filter='x' eq 'x'", "types 'literal' and 'literal'"),
        ("$orderby=displayName,color", "named 'color' on type 'microsoft.graph.thing'. (position 12 of $orderby)"),
        ("$orderby=to", "'to' has no order, at position 0"),
        ("$orderby=displayName down", "expected at position 12"),
    ];
    for (query, expected) in cases {
        let options = Options::parse(&query.replace(' ', "%20")).expect(query);
        let error = SmallList::of(&options, "thing", DECLARED).err().unwrap_or_else(|| panic!("{query} is read"));
        assert_eq!(error.code, ErrorCode::RequestBrokerParseUri, "{query}");
        assert!(error.message.contains(expected), "{query}: {}", error.message);
    }
}
