//! Lists of folders: hidden ones, pages, choice, order, counts, and the folders within.

use super::{id, make, names, read};
use kit::{Person, Server};
use serde_json::{Value, json};

async fn named(person: &Person, path: &str) -> Vec<String> {
    names(&person.all(path).await).into_iter().map(str::to_owned).collect()
}

#[tokio::test]
async fn hidden_folders_are_listed_and_counted_where_asked() {
    let server = Server::start().await;
    let adele = server.person("AdeleV");
    let hidden = json!({"displayName": "Hidden", "isHidden": true});
    let made = adele.post_json("mailFolders", &hidden).await.demand(201).json();
    assert_eq!(made["isHidden"], true);
    let seen = named(&adele, "mailFolders?$top=100").await;
    assert!(!seen.contains(&"Hidden".to_owned()) && !seen.contains(&"Clutter".to_owned()), "{seen:?}");
    let all = named(&adele, "mailFolders?$top=100&includeHiddenFolders=true").await;
    assert!(all.contains(&"Hidden".to_owned()) && all.contains(&"Clutter".to_owned()), "{all:?}");
    assert_eq!(all.len(), 17, "sixteen that every mailbox has, and this one");
    for (query, count) in [("", seen.len()), ("?includeHiddenFolders=true", 17), ("?$filter=isHidden", 0)] {
        let answer = adele.get(&format!("mailFolders/$count{query}")).await.demand(200);
        assert!(answer.header("content-type").unwrap().starts_with("text/plain"));
        assert_eq!(answer.body, count.to_string(), "{query}");
    }
    let root = read(&adele, "msgfolderroot").await;
    assert_eq!(root["childFolderCount"], seen.len());
    assert_eq!(read(&adele, id(&made)).await["isHidden"], true, "by its id it is found");
    server.finish().await;
}

#[tokio::test]
async fn lists_are_filtered_ordered_and_cut() {
    let server = Server::start().await;
    let adele = server.person("AdeleV");
    for name in ["Gamma", "alpha", "Beta", "Delta"] {
        make(&adele, "archive", name).await;
    }
    let beta = adele.all("mailFolders/archive/childFolders?$filter=displayName eq 'BETA'".replace(' ', "%20").as_str()).await;
    let below = make(&adele, id(&beta[0]), "Below").await;
    super::file(&adele, id(&beta[0]), "One").await;
    let list = "mailFolders/archive/childFolders";
    for (query, expected) in [
        ("$filter=startswith(displayName,'al')", vec!["alpha"]),
        ("$filter=displayName eq 'beta'", vec!["Beta"]),
        ("$filter=contains(displayName,'ta')&$orderby=displayName desc", vec!["Delta", "Beta"]),
        ("$filter=totalItemCount gt 0 or childFolderCount gt 0", vec!["Beta"]),
        ("$filter=not (displayName eq 'beta')&$orderby=displayName", vec!["alpha", "Delta", "Gamma"]),
        ("$orderby=displayName&$top=2", vec!["alpha", "Beta", "Delta", "Gamma"]),
        ("$orderby=totalItemCount desc,displayName desc&$top=3", vec!["Beta", "Gamma", "Delta", "alpha"]),
        ("$orderby=displayName desc&$skip=2&$top=1", vec!["Beta", "alpha"]),
        ("$filter=unreadItemCount ge 1", vec![]),
        ("$filter=isHidden eq false&$select=displayName&$orderby=displayName", vec!["alpha", "Beta", "Delta", "Gamma"]),
    ] {
        assert_eq!(named(&adele, &format!("{list}?{}", query.replace(' ', "%20"))).await, expected, "{query}");
    }
    let page = adele.get(&format!("{list}?$count=true&$top=1&$select=displayName")).await.demand(200).json();
    assert_eq!(page["@odata.count"], 4);
    let members: Vec<&str> = page["value"][0].as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(members, ["id", "displayName"]);
    assert_eq!(adele.get(&format!("{list}/$count?$filter=childFolderCount%20eq%201")).await.demand(200).body, "1");
    assert_eq!(below["parentFolderId"], beta[0]["id"]);
    server.finish().await;
}

#[tokio::test]
async fn the_folders_within_come_along_where_asked() {
    let server = Server::start().await;
    let adele = server.person("AdeleV");
    let top = make(&adele, "archive", "Top").await;
    for name in ["C", "A", "B"] {
        let within = make(&adele, id(&top), name).await;
        make(&adele, id(&within), &format!("{name}{name}")).await;
    }
    let one = adele.get(&format!("mailFolders/{}?$expand=childFolders", id(&top))).await.demand(200).json();
    let within = one["childFolders"].as_array().unwrap();
    assert_eq!(names(within), ["A", "B", "C"]);
    assert!(within.iter().all(|folder| folder.get("childFolders").is_none()), "one level is asked for");
    let query =
        "$select=displayName&$expand=childFolders($top=2;$orderby=displayName desc;$expand=childFolders($select=displayName))";
    let listed = adele.all(&format!("mailFolders/archive/childFolders?{}", query.replace(' ', "%20"))).await;
    assert_eq!(names(&listed), ["Top"]);
    let within = listed[0]["childFolders"].as_array().unwrap();
    assert_eq!(names(within), ["C", "B"]);
    let deepest: Vec<Vec<&str>> = within.iter().map(|folder| names(folder["childFolders"].as_array().unwrap())).collect();
    assert_eq!(deepest, [["CC"], ["BB"]]);
    server.finish().await;
}

#[tokio::test]
async fn what_can_not_be_asked_of_folders_is_refused() {
    let server = Server::start().await;
    let adele = server.person("AdeleV");
    for (query, status, code) in [
        ("$filter=nothing eq 1", 400, "RequestBroker--ParseUri"),
        ("$filter=displayName eq 1", 400, "RequestBroker--ParseUri"),
        ("$filter=displayName eq", 400, "RequestBroker--ParseUri"),
        ("$orderby=nothing", 400, "RequestBroker--ParseUri"),
        ("$select=nothing", 400, "RequestBroker--ParseUri"),
        ("$expand=messageRules", 501, "NotImplemented"),
        ("$search=x", 501, "NotImplemented"),
        ("$top=0", 400, "BadRequest"),
        ("includeHiddenFolders=perhaps", 400, "BadRequest"),
    ] {
        let found: Value = adele.get(&format!("mailFolders?{}", query.replace(' ', "%20"))).await.demand(status).error();
        assert_eq!(found["code"], code, "{query}");
    }
    server.finish().await;
}
