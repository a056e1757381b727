//! What the service says of itself: that it is so, and that it is what Graph says (`types.json`).

use kit::{Person, Receiver, Server, address, plain, shared};
use roxmltree::{Document, Node};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// Name, type and whether it may be null.
type Typed = (String, String, bool);

/// A type as `$metadata` has it.
#[derive(Debug, Default)]
struct Type {
    base: Option<String>,
    properties: BTreeSet<Typed>,
    navigation: BTreeSet<(String, String)>,
    members: BTreeMap<String, i64>,
}

async fn metadata(person: &Person) -> String {
    let answer = person.get("/$metadata").await.demand(200);
    assert_eq!(answer.header("content-type"), Some("application/xml"));
    String::from_utf8(answer.body.to_vec()).unwrap()
}

/// `graph.message` and `Edm.String` are `message` and `String` in `types.json`.
fn bare(name: &str) -> String {
    name.replace("graph.", "").replace("Edm.", "")
}

fn types(document: &Document<'_>) -> BTreeMap<String, Type> {
    let is_type = |node: &Node<'_, '_>| ["EntityType", "ComplexType", "EnumType"].contains(&node.tag_name().name());
    let name = |node: Node<'_, '_>| node.attribute("Name").expect("a name").to_owned();
    let of = |node: Node<'_, '_>| bare(node.attribute("Type").expect("a type"));
    let read = |node: Node<'_, '_>| {
        let mut one = Type { base: node.attribute("BaseType").map(bare), ..Type::default() };
        for child in node.children().filter(Node::is_element) {
            match child.tag_name().name() {
                "Property" => {
                    one.properties.insert((name(child), of(child), child.attribute("Nullable") != Some("false")));
                }
                "NavigationProperty" => {
                    one.navigation.insert((name(child), of(child)));
                }
                "Member" => {
                    one.members.insert(name(child), child.attribute("Value").unwrap().parse().unwrap());
                }
                other => assert_eq!(other, "Key"),
            }
        }
        (name(node), one)
    };
    document.descendants().filter(is_type).map(read).collect()
}

/// Properties that Graph has only in beta, or that its pages show alone.
const BEYOND_GRAPH: [(&str, &str); 2] = [("referenceAttachment", "sourceUrl"), ("subscription", "notificationContentType")];

/// Types that are not published with the mail part of Graph, those of calendars among them.
const WITHOUT_COUNTERPART: [&str; 18] = [
    "attendee",
    "attendeeBase",
    "attendeeType",
    "daylightTimeZoneOffset",
    "event",
    "freeBusyStatus",
    "location",
    "mailbox",
    "patternedRecurrence",
    "recurrencePattern",
    "recurrencePatternType",
    "recurrenceRange",
    "recurrenceRangeType",
    "responseStatus",
    "standardTimeZoneOffset",
    "timeSlot",
    "user",
    "weekIndex",
];

#[tokio::test]
async fn types_are_those_that_graph_publishes() {
    let Some(published) = shared("api/types.json") else { return };
    let published: Value = serde_json::from_slice(&published).unwrap();
    let server = Server::start().await;
    let text = metadata(&server.anonymous()).await;
    let types = types(&Document::parse(&text).expect("XML"));
    assert!(types.len() > 15, "{:?}", types.keys());
    for (name, ours) in types.iter().filter(|(name, _)| !WITHOUT_COUNTERPART.contains(&name.as_str())) {
        if !ours.members.is_empty() {
            let theirs = &published["enums"][name]["members"];
            assert_eq!(json!(ours.members), *theirs, "{name}");
            continue;
        }
        let theirs = &published["types"][name];
        assert!(theirs.is_object(), "Graph has no {name}");
        assert_eq!(ours.base.as_deref(), theirs["base"].as_str(), "{name}");
        let property = |one: &Value| {
            let text = |member: &str| one[member].as_str().unwrap().to_owned();
            (text("name"), text("type"), one["nullable"].as_bool().unwrap())
        };
        let properties: BTreeSet<Typed> = theirs["properties"].as_array().unwrap().iter().map(property).collect();
        let ours_alone = |(property, ..): &&Typed| BEYOND_GRAPH.contains(&(name.as_str(), property.as_str()));
        let (beyond, ours_too): (Vec<_>, Vec<_>) = ours.properties.iter().partition(ours_alone);
        assert!(beyond.iter().all(|one| !properties.contains(*one)), "{name}: {beyond:?}");
        assert_eq!(ours_too.into_iter().cloned().collect::<BTreeSet<_>>(), properties, "{name}");
        for (navigation, of) in &ours.navigation {
            let published = theirs["navigation"].as_array().unwrap().iter().find(|one| one["name"] == navigation.as_str());
            assert_eq!(published.and_then(|one| one["type"].as_str()), Some(of.as_str()), "{name}/{navigation}");
        }
    }
    for (name, ours) in &types {
        let named = ours.properties.iter().map(|(_, of, _)| of).chain(ours.navigation.iter().map(|(_, of)| of));
        for of in named.map(|of| of.trim_start_matches("Collection(").trim_end_matches(')')) {
            let primitive =
                ["Binary", "Boolean", "DateTimeOffset", "Int32", "Int64", "Stream", "String", "TimeOfDay"].contains(&of);
            assert!(primitive || types.contains_key(of), "{name} has a {of}, which is not told");
        }
    }
    server.finish().await;
}

#[tokio::test]
async fn actions_name_types_that_are_told() {
    let server = Server::start().await;
    let text = metadata(&server.anonymous()).await;
    let document = Document::parse(&text).expect("XML");
    let types = types(&document);
    let actions: Vec<Node<'_, '_>> =
        document.descendants().filter(|node| ["Action", "Function"].contains(&node.tag_name().name())).collect();
    let named: BTreeSet<&str> = actions.iter().map(|one| one.attribute("Name").unwrap()).collect();
    for action in ["sendMail", "reply", "createForward", "copy", "move", "send", "permanentDelete", "delta", "supportedTimeZones"]
    {
        assert!(named.contains(action), "{action}: {named:?}");
    }
    for node in actions.iter().flat_map(|one| one.children().filter(Node::is_element)) {
        let of = bare(node.attribute("Type").unwrap());
        let of = of.trim_start_matches("Collection(").trim_end_matches(')');
        assert!(types.contains_key(of) || ["Boolean", "String"].contains(&of), "{of}");
    }
    server.finish().await;
}

#[tokio::test]
async fn documents_need_no_token_and_no_other_method() {
    let server = Server::start().await;
    for person in [server.anonymous(), server.person("AdeleV"), server.anonymous().under_beta()] {
        metadata(&person).await;
        let entries = person.get("/").await.demand(200).json();
        let names: Vec<&str> = entries["value"].as_array().unwrap().iter().map(|one| one["name"].as_str().unwrap()).collect();
        assert_eq!(names, ["users", "me", "subscriptions"]);
        assert!(entries["@odata.context"].as_str().unwrap().ends_with("/$metadata"));
        person.get("/openapi.json").await.demand(200).json();
        person.delete("/$metadata").await.demand_error(405, "ErrorInvalidRequest");
    }
    server.finish().await;
}

/// Something of each type, as it is answered.
async fn examples(adele: &Person) -> Vec<(&'static str, Value)> {
    let receiver = Receiver::start().await;
    let subscription = crate::subscriptions::to_messages(&receiver);
    let draft = adele.draft(&plain("AdeleV", &["AlexW"], "Described")).await;
    let id = draft["id"].as_str().unwrap();
    let file = json!({"@odata.type": "#microsoft.graph.fileAttachment", "name": "a.txt", "contentBytes": "SGk="});
    let extension = json!({"@odata.type": "#microsoft.graph.openTypeExtension", "extensionName": "Com.Contoso.A"});
    let said = json!({"classifyAs": "other", "senderEmailAddress": {"address": "a@elsewhere.example"}});
    vec![
        ("message", draft.clone()),
        ("mailFolder", adele.get("mailFolders/inbox").await.demand(200).json()),
        ("user", adele.get("/me").await.demand(200).json()),
        ("outlookUser", adele.get("outlook").await.demand(200).json()),
        ("mailboxSettings", adele.get("mailboxSettings").await.demand(200).json()),
        ("inferenceClassification", adele.get("inferenceClassification").await.demand(200).json()),
        ("inferenceClassificationOverride", adele.post_json("inferenceClassification/overrides", &said).await.demand(201).json()),
        ("outlookCategory", adele.get("outlook/masterCategories").await.demand(200).json()["value"][0].clone()),
        ("localeInfo", adele.get("outlook/supportedLanguages").await.demand(200).json()["value"][0].clone()),
        ("timeZoneInformation", adele.get("outlook/supportedTimeZones").await.demand(200).json()["value"][0].clone()),
        ("subscription", adele.post_json("/subscriptions", &subscription).await.demand(201).json()),
        ("fileAttachment", adele.post_json(&format!("messages/{id}/attachments"), &file).await.demand(201).json()),
        ("openTypeExtension", adele.post_json(&format!("messages/{id}/extensions"), &extension).await.demand(201).json()),
    ]
}

#[tokio::test]
async fn what_is_answered_has_the_properties_that_are_told() {
    let server = Server::start().await;
    for adele in [server.person("AdeleV"), server.person("AdeleV").under_beta()] {
        let text = metadata(&adele).await;
        let types = types(&Document::parse(&text).expect("XML"));
        for (name, example) in examples(&adele).await {
            let mut told = BTreeSet::new();
            let mut next = Some(name.to_owned());
            while let Some(name) = next {
                told.extend(types[&name].properties.iter().map(|(name, ..)| name.as_str()));
                next = types[&name].base.clone();
            }
            let answered: BTreeSet<&str> =
                example.as_object().unwrap().keys().map(String::as_str).filter(|key| !key.contains('@')).collect();
            let untold: Vec<_> = answered.difference(&told).collect();
            assert!(untold.is_empty(), "{name} has {untold:?}, which is not told");
            let selected = ["uniqueBody", "internetMessageHeaders", "mailboxSettings"]; // only where they are named
            let missing: Vec<_> = told.difference(&answered).filter(|one| !selected.contains(*one)).collect();
            assert!(missing.is_empty(), "{name} has no {missing:?}");
        }
    }
    server.finish().await;
}

/// The item type of an operation's answer, where that is a list or an entity.
fn answered_type(operation: &Value) -> Option<String> {
    let schema = &operation["responses"]["200"]["content"]["application/json"]["schema"];
    let item = schema["properties"]["value"]["items"]["$ref"].as_str().or(schema["$ref"].as_str())?;
    item.rsplit('.').next().map(str::to_owned)
}

/// A value for an option, of a list or one of a type.
fn sample(option: &str, of: &str) -> String {
    let filter = match of {
        "mailFolder" | "mailboxFolder" => "displayName eq 'x'",
        "attachment" => "isInline eq false",
        "mailboxItem" => "createdDateTime gt 2020-01-01T00:00:00Z",
        "extension" => "id eq 'x'",
        "user" => "mail eq 'x@contoso.com'",
        "inferenceClassificationOverride" => "classifyAs eq 'other'",
        "localeInfo" | "messageRule" | "outlookCategory" | "timeZoneInformation" => "displayName eq 'x'",
        _ => "isRead eq false",
    };
    let (order, expand) = match of {
        "mailFolder" => ("displayName", "childFolders"),
        "mailboxFolder" => ("displayName", "x"),
        "mailboxItem" => ("createdDateTime", "x"),
        "localeInfo" | "messageRule" | "outlookCategory" | "timeZoneInformation" => ("displayName", "x"),
        "inferenceClassification" => ("id", "overrides"),
        "inferenceClassificationOverride" => ("classifyAs", "x"),
        "mailboxSettings" => ("timeZone", "x"),
        "outlookUser" => ("id", "masterCategories"),
        "attachment" => ("name", "microsoft.graph.itemAttachment/item"),
        _ => ("receivedDateTime", "attachments"),
    };
    let value = match option {
        "filter" => filter,
        "orderby" => order,
        "expand" => expand,
        "count" => "true",
        "search" => "x",
        "select" if of == "mailboxSettings" => "timeZone",
        "select" => "id",
        _ => "1",
    };
    value.replace(' ', "%20")
}

/// Options are taken where the document says so, and nowhere else: a list that passed one over would be wrong.
#[tokio::test]
async fn options_are_taken_where_the_document_says_so() {
    let server = Server::start().await;
    let adele = server.person("AdeleV");
    let draft = adele.draft(&plain("AdeleV", &["AlexW"], "Options")).await;
    let id = draft["id"].as_str().unwrap();
    let file = json!({"@odata.type": "#microsoft.graph.fileAttachment", "name": "a.txt", "contentBytes": "SGk="});
    let file = adele.post_json(&format!("messages/{id}/attachments"), &file).await.demand(201).json();
    let extension = json!({"extensionName": "Com.Contoso.A"});
    adele.post_json(&format!("messages/{id}/extensions"), &extension).await.demand(201);
    let category = adele.post_json("outlook/masterCategories", &json!({"displayName": "Options"})).await.demand(201).json();
    let said = json!({"classifyAs": "other", "senderEmailAddress": {"address": "a@elsewhere.example"}});
    let said = adele.post_json("inferenceClassification/overrides", &said).await.demand(201).json();
    let rule = json!({"displayName": "x", "sequence": 1, "actions": {"markAsRead": true}});
    let rule = adele.post_json("mailFolders/inbox/messageRules", &rule).await.demand(201).json();
    let receiver = Receiver::start().await;
    let subscription = crate::subscriptions::to_messages(&receiver);
    let subscription = adele.post_json("/subscriptions", &subscription).await.demand(201).json();
    let document = adele.get("/openapi.json").await.demand(200).json();
    let mut asked = 0;
    for (template, methods) in document["paths"].as_object().unwrap() {
        let Some(of) = answered_type(&methods["get"]) else { continue };
        if template.starts_with("/users/") || template.ends_with("/delta") {
            continue;
        }
        let path = template
            .replace("{mailFolder-id}/messageRules", "inbox/messageRules") // which are the Inbox's
            .replace("{mailFolder-id1}/messageRules", "inbox/messageRules")
            .replace("{messageRule-id}", rule["id"].as_str().unwrap())
            .replace("{mailFolder-id}", "msgfolderroot")
            .replace("{mailFolder-id1}", "drafts")
            .replace("{message-id}", id)
            .replace("{mailbox-id}", &address("AdeleV"))
            .replace("{mailboxFolder-id}", "drafts")
            .replace("{mailboxItem-id}", id)
            .replace("{TimeZoneStandard}", "Iana")
            .replace("{inferenceClassificationOverride-id}", said["id"].as_str().unwrap())
            .replace("{outlookCategory-id}", category["id"].as_str().unwrap())
            .replace("{attachment-id}", file["id"].as_str().unwrap())
            .replace("{extension-id}", "Com.Contoso.A")
            .replace("{subscription-id}", subscription["id"].as_str().unwrap());
        let parameters = methods["get"]["parameters"].as_array().unwrap();
        let taken: Vec<&str> = parameters.iter().map(|one| one["name"].as_str().unwrap().trim_start_matches('$')).collect();
        for option in ["count", "expand", "filter", "orderby", "search", "select", "skip", "top"] {
            let answer = adele.get(&format!("{path}?${option}={}", sample(option, &of))).await;
            let is_taken = answer.status.is_success();
            assert_eq!(is_taken, taken.contains(&option), "{template}, ${option}: {}", answer.status);
            asked += 1;
        }
    }
    assert!(asked > 50, "{asked} were asked");
    server.finish().await;
}
