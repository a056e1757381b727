//! `docs/conformance/graph.tsv` says what works: each "yes" is called, and each row names what is there.

mod beside;
mod described;

use bytes::Bytes;
use hyper::Method;
use kit::{Answer, Person, Server, address, plain, recipients, shared, workspace};
use serde_json::json;
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

/// With these a line of reasons begins.
const REASON: [&str; 5] = ["DELETE", "GET", "PATCH", "POST", "PUT"];

const COLUMNS: &str = "tier\tmethod\tpath\tstatus\thandler\ttest";

pub(crate) type Row = BTreeMap<String, String>;

/// The rows of a table of tab-separated texts under one line of names.
pub(crate) fn rows(table: &str) -> Vec<Row> {
    let mut lines = table.lines();
    let names: Vec<&str> = lines.next().expect("a table has a header line").split('\t').collect();
    let row =
        |line: &str| -> Row { names.iter().map(|name| (*name).to_owned()).zip(line.split('\t').map(str::to_owned)).collect() };
    lines.map(row).collect()
}

pub(crate) fn ours() -> String {
    let path = workspace().join("docs/conformance/graph.tsv");
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

pub(crate) fn operations() -> Option<Vec<Row>> {
    shared("api/operations.tsv").map(|octets| rows(&String::from_utf8(octets).unwrap()))
}

/// Whether a function of this name stands in the sources below a folder.
fn defines(folder: &Path, name: &str) -> bool {
    fs::read_dir(folder).unwrap().any(|entry| {
        let path = entry.unwrap().path();
        if path.is_dir() {
            return defines(&path, name);
        }
        path.extension().is_some_and(|extension| extension == "rs")
            && fs::read_to_string(&path).unwrap().contains(&format!("fn {name}("))
    })
}

#[test]
fn the_table_has_a_row_for_each_operation() {
    let Some(operations) = operations() else { return };
    let table = ours();
    assert_eq!(table.lines().next(), Some(COLUMNS));
    let key = |row: &Row| ["tier", "method", "path"].map(|name| row[name].clone());
    let (ours, theirs): (Vec<_>, Vec<_>) = (rows(&table).iter().map(key).collect(), operations.iter().map(key).collect());
    assert_eq!(ours.len(), 203);
    assert_eq!(ours, theirs, "the same operations in the same order");
}

#[test]
fn rows_name_handlers_and_tests_that_are_there() {
    let reasons = fs::read_to_string(workspace().join("docs/decisions/0004-undocumented-answers.md")).unwrap();
    let mut never = 0;
    for row in rows(&ours()) {
        let shown = format!("{} {}", row["method"], row["path"]);
        match row["status"].as_str() {
            "yes" | "partial" => {
                let (handler, test) = (&row["handler"], &row["test"]);
                let doors = ["crates/graph/src", "crates/identity/src"].map(|folder| workspace().join(folder));
                assert!(doors.iter().any(|door| defines(door, handler)), "{shown}: there is no handler {handler:?}");
                assert!(defines(&workspace().join("tests/suites"), test), "{shown}: there is no test {test:?}");
            }
            "no" => {
                assert!(row["handler"].is_empty() && row["test"].is_empty(), "{shown}: nothing to name");
                never += usize::from(reasons.contains(&format!("| {} `{}` |", row["method"], row["path"])));
            }
            other => panic!("{shown}: the status is {other:?}"),
        }
    }
    let told =
        reasons.lines().filter(|line| REASON.iter().any(|method| line.starts_with(&format!("| {method} `/users")))).count();
    assert_eq!(never, told, "what has a reason not to be answered is not answered");
}

#[tokio::test]
async fn every_yes_row_answers() {
    let Some(operations) = operations() else { return };
    let server = Server::start().await;
    let adele = server.person("AdeleV");
    let mut called = 0;
    for row in rows(&ours()).into_iter().filter(|row| row["status"] == "yes") {
        let operation = operations.iter().find(|one| one["method"] == row["method"] && one["path"] == row["path"]);
        let operation = operation.unwrap_or_else(|| panic!("{} {} is no operation", row["method"], row["path"]));
        let statuses = success_statuses(&operation["success_status"]);
        if row["path"].starts_with("/{tenant}/") {
            let answers = crate::sign_in::call(&server, &row["method"], &row["path"]).await;
            assert!(!answers.is_empty(), "no call is written for {} {}", row["method"], row["path"]);
            for answer in answers {
                assert!(statuses.contains(&answer.status.as_u16()), "{} {}: {answer:?}", row["method"], row["path"]);
                called += 1;
            }
            continue;
        }
        let mut roads = vec![adele.at("AdeleV")];
        if operation["me_alias"] == "yes" {
            roads.push(adele.clone());
        }
        for road in &roads {
            for version in [road.clone(), road.under_beta()] {
                let answers = call((&version, &version), &row["method"], &row["path"]).await;
                assert!(!answers.is_empty(), "no call is written for {} {}", row["method"], row["path"]);
                for answer in answers {
                    assert!(statuses.contains(&answer.status.as_u16()), "{} {}: {answer:?}", row["method"], row["path"]);
                    called += 1;
                }
            }
        }
    }
    assert!(called > 0, "something works");
    server.finish().await;
}

/// The statuses of success that a row names: `200 (more to come); 201 (last range)`.
fn success_statuses(text: &str) -> Vec<u16> {
    let number = |one: &str| one.trim().get(..3).and_then(|number| number.parse().ok()).expect("each begins with its number");
    text.split([';', '/']).map(number).collect()
}

/// What is done at the address of an upload of four octets.
async fn at_upload_url((owner, person): (&Person, &Person), method: &str, message: &str) -> Vec<Answer> {
    let item = json!({"AttachmentItem": {"attachmentType": "file", "name": "a.txt", "size": 4}});
    let create = format!("messages/{message}/attachments/createUploadSession");
    let session = owner.post_json(&create, &item).await.demand(201).json();
    let url = session["uploadUrl"].as_str().unwrap().to_owned();
    if method == "DELETE" {
        return vec![person.delete(&url).await];
    }
    let mut answers = Vec::new();
    for range in ["bytes 0-1/4", "bytes 2-3/4"] {
        answers.push(person.call(Method::PUT, &url, &[("content-range", range)], Bytes::from_static(b"Hi")).await);
    }
    answers
}

/// The calls of a row that is not about messages, or about a folder that holds none.
async fn call_elsewhere((owner, person): (&Person, &Person), method: &str, path: &str) -> Option<Vec<Answer>> {
    Some(match path {
        "/me" | "/users/{user-id}" => vec![person.get(&path.replace("{user-id}", &address("AdeleV"))).await],
        path if path.contains("mailSearchFolder") => crate::search_folders::call((owner, person), method).await,
        path if path.starts_with("/admin/exchange/") => crate::export::call((owner, person), method, path).await,
        path if path.starts_with("/subscriptions") => crate::subscriptions::call((owner, person), method, path).await,
        _ => return None,
    })
}

/// Makes the calls of a row, one for each form that its body has; what they need is made by the owner. None is written for rows that are not "yes" yet.
pub(crate) async fn call((owner, person): (&Person, &Person), method: &str, path: &str) -> Vec<Answer> {
    if let Some(answers) = call_elsewhere((owner, person), method, path).await {
        return answers;
    }
    // A folder is Drafts, where the message is; a folder within a folder is Drafts within the root.
    let folder = if path.contains("{mailFolder-id1}") || path.ends_with("childFolders") { "msgfolderroot" } else { "drafts" };
    let resource = beside::in_inbox(path.strip_prefix("/users/{user-id}/").unwrap_or(path));
    let resource = resource.replace("{mailFolder-id}", folder).replace("{mailFolder-id1}", "drafts");
    let octets = plain("AdeleV", &["AlexW"], "A call");
    let message = json!({"subject": "A call", "toRecipients": recipients(&["AlexW"])});
    let file = json!({"@odata.type": "#microsoft.graph.fileAttachment", "name": "a.txt", "contentBytes": "SGk="});
    let extension = json!({"extensionName": "com.contoso.call", "number": 1});
    let draft = owner.draft(&octets).await;
    let id = draft["id"].as_str().unwrap();
    if path == "{uploadUrl}" {
        return at_upload_url((owner, person), method, id).await;
    }
    let mut resource = resource.replace("{message-id}", id).replace("{TimeZoneStandard}", "Iana");
    if resource.contains("{attachment-id}") {
        let attached = owner.post_json(&format!("messages/{id}/attachments"), &file).await.demand(201).json();
        resource = resource.replace("{attachment-id}", attached["id"].as_str().unwrap());
    }
    if resource.contains("{extension-id}") {
        owner.post_json(&format!("messages/{id}/extensions"), &extension).await.demand(201);
        resource = resource.replace("{extension-id}", "com.contoso.call");
    }
    let mut resource = beside::made(owner, resource, id).await;
    if let Some((of, options)) = resource.split_once('?') {
        let property = if options.contains("multiValue") { "StringArray 0x4001" } else { "String 0x4001" };
        resource = format!("{of}?{}", options.replace("{id}", property).replace("{value}", "a").replace(' ', "%20"));
    }
    if resource.contains('{') {
        return Vec::new();
    }
    let folder = json!({"displayName": format!("Folder beside {id}")});
    let name = format!("A folder that is changed beside {id}");
    if let Some(answer) = beside::call(person, (method, path), &resource, id).await {
        return vec![answer];
    }
    if let Some(answer) = change_folder((owner, person), method, path, &name).await {
        return vec![answer];
    }
    let (moved, comment) = (json!({"destinationId": "archive"}), json!({"comment": "A word"}));
    let forwarded = json!({"comment": "A word", "toRecipients": recipients(&["AlexW"])});
    match (method, path.rsplit('/').next().unwrap()) {
        ("GET", _) => vec![person.get(&resource).await],
        (
            "DELETE",
            "{message-id}"
            | "{attachment-id}"
            | "{extension-id}"
            | "{outlookCategory-id}"
            | "{inferenceClassificationOverride-id}",
        ) => {
            vec![person.delete(&resource).await]
        }
        ("PATCH", "{message-id}") => vec![
            person.patch_json(&resource, &json!({"isRead": false, "subject": "Another"})).await,
            person.patch_mime(&resource, &octets).await,
        ],
        ("PUT", "$value") => vec![person.put_mime(&resource, &octets).await],
        ("POST", "sendMail") => {
            vec![person.post_mime(&resource, &octets).await, person.post_json(&resource, &json!({"message": message})).await]
        }
        ("POST", "messages") => vec![person.post_mime(&resource, &octets).await, person.post_json(&resource, &message).await],
        ("PATCH", "{extension-id}") => vec![person.patch_json(&resource, &extension).await],
        ("POST", "extensions") => vec![person.post_json(&resource, &extension).await],
        ("POST", "messages (singleValueExtendedProperties in body)" | "messages (multiValueExtendedProperties in body)") => {
            let mut message = message;
            message["singleValueExtendedProperties"] = json!([{"id": "String 0x4001", "value": "a"}]);
            message["multiValueExtendedProperties"] = json!([{"id": "StringArray 0x4001", "value": ["a"]}]);
            vec![person.post_json("messages", &message).await]
        }
        ("POST", "createUploadSession") => {
            let item = json!({"attachmentType": "file", "name": "a.txt", "size": 4});
            vec![person.post_json(&resource, &json!({"AttachmentItem": item})).await]
        }
        ("POST", "attachments") => vec![person.post_json(&resource, &file).await],
        ("POST", "childFolders" | "mailFolders") => vec![person.post_json(&resource, &folder).await],
        ("POST", "$batch") => {
            let requests = json!([{"id": "1", "method": "GET", "url": "/me"}]);
            vec![person.post_json(path, &json!({"requests": requests})).await]
        }
        ("POST", "copy" | "move") => vec![person.post_json(&resource, &moved).await],
        ("POST", "reply" | "replyAll" | "createReply" | "createReplyAll") => {
            vec![person.post_mime(&resource, &octets).await, person.post_json(&resource, &comment).await]
        }
        ("POST", "forward" | "createForward") => {
            vec![person.post_mime(&resource, &octets).await, person.post_json(&resource, &forwarded).await]
        }
        ("POST", "send" | "permanentDelete") => vec![person.post_nothing(&resource).await],
        _ => Vec::new(),
    }
}

/// Makes the call of a row that changes a folder itself, which must be one of our own: those of every mailbox stay.
async fn change_folder((owner, person): (&Person, &Person), method: &str, path: &str, name: &str) -> Option<Answer> {
    let (collection, action) = path.strip_prefix("/users/{user-id}/")?.rsplit_once("/{mailFolder-id")?;
    let action = action.split_once('}')?.1;
    let collection = collection.replace("{mailFolder-id}", "archive");
    let known = matches!((method, action), ("PATCH" | "DELETE", "") | ("POST", "/copy" | "/move" | "/permanentDelete"));
    if !known {
        return None;
    }
    let made = owner.post_json(&collection, &json!({"displayName": name})).await.demand(201).json();
    let own = format!("{collection}/{}{action}", made["id"].as_str()?);
    Some(match (method, action) {
        ("DELETE", _) => person.delete(&own).await,
        ("PATCH", _) => person.patch_json(&own, &json!({"displayName": format!("{name} anew")})).await,
        (_, "/permanentDelete") => person.post_nothing(&own).await,
        _ => person.post_json(&own, &json!({"destinationId": "inbox"})).await,
    })
}
