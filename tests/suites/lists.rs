//! Lists: their order, pages, links, choice of properties; folders and what they count.

use kit::{Person, Server, plain};
use serde_json::Value;
use std::collections::BTreeSet;

const COUNT: usize = 25;

async fn with_drafts() -> (Server, Person) {
    let server = Server::start().await;
    let adele = server.person("AdeleV");
    for number in 0..COUNT {
        adele.draft(&plain("AdeleV", &["AlexW"], &subject(number))).await;
    }
    (server, adele)
}

fn subject(number: usize) -> String {
    format!("Draft {number:02}")
}

fn subjects(items: &[Value]) -> Vec<&str> {
    items.iter().map(|item| item["subject"].as_str().unwrap()).collect()
}

/// Subjects from one draft down to another: the newest come first.
fn down(from: usize, to: usize) -> Vec<String> {
    (to..=from).rev().map(subject).collect()
}

async fn page(person: &Person, path: &str) -> (Vec<Value>, Option<String>) {
    let page = person.get(path).await.demand(200).json();
    let link = page["@odata.nextLink"].as_str().map(str::to_owned);
    (page["value"].as_array().unwrap().clone(), link)
}

#[tokio::test]
async fn lists_are_newest_first_in_pages_of_ten_or_of_top() {
    let (server, adele) = with_drafts().await;
    for list in ["messages", "mailFolders/drafts/messages"] {
        let (items, link) = page(&adele, list).await;
        assert_eq!(subjects(&items), down(24, 15), "{list}");
        assert!(link.is_some());
        let (items, _) = page(&adele, &format!("{list}?$top=3")).await;
        assert_eq!(subjects(&items), down(24, 22));
        let (items, link) = page(&adele, &format!("{list}?$top=10&$skip=20")).await;
        assert_eq!(subjects(&items), down(4, 0));
        assert_eq!(link, None, "there is no page after the last");
        let (items, link) = page(&adele, &format!("{list}?%24top=25")).await;
        assert_eq!(subjects(&items), down(24, 0));
        assert_eq!(link, None, "there is no page after the last");
        let (items, _) = page(&adele, &format!("{list}?$skip=25")).await;
        assert!(items.is_empty());
    }
    server.finish().await;
}

#[tokio::test]
async fn links_are_followed_to_the_end_without_repeats_and_keep_the_options() {
    let (server, adele) = with_drafts().await;
    for list in ["messages?$top=7&$select=subject", "mailFolders/drafts/messages?$select=subject", "messages?$top=1&$skip=3"] {
        let items = adele.all(list).await;
        let expected = if list.contains("$skip") { down(21, 0) } else { down(24, 0) };
        assert_eq!(subjects(&items), expected, "{list}");
        let ids: BTreeSet<&str> = items.iter().map(|item| item["id"].as_str().unwrap()).collect();
        assert_eq!(ids.len(), items.len(), "{list}");
        if list.contains("$select") {
            assert!(items.iter().all(|item| item.get("body").is_none()), "$select holds on every page: {list}");
        }
    }
    server.finish().await;
}

#[tokio::test]
async fn links_lead_to_the_host_that_the_client_used() {
    let (server, adele) = with_drafts().await;
    let origin = server.origin();
    let (_, port) = origin.rsplit_once(':').unwrap();
    for host in [format!("localhost:{port}"), "graph.example.com".to_owned(), format!("127.0.0.1:{port}")] {
        let answer = adele.call(hyper::Method::GET, "messages?$top=5", &[("host", &host)], bytes::Bytes::new()).await;
        let link = answer.demand(200).json()["@odata.nextLink"].as_str().unwrap().to_owned();
        assert!(link.starts_with(&format!("http://{host}/v1.0/me/messages?")), "{link}");
    }
    let beta = adele.under_beta().at("AdeleV");
    let (_, link) = page(&beta, "messages?$top=5").await;
    let link = link.unwrap();
    assert!(link.starts_with(&format!("{origin}/beta/users/")), "{link}");
    let (items, _) = page(&beta, &link).await;
    assert_eq!(subjects(&items), down(19, 15));
    server.finish().await;
}

#[tokio::test]
async fn select_gives_what_is_named_and_the_id() {
    let (server, adele) = with_drafts().await;
    let answer = adele.get("messages?$top=1&$select=subject,isRead").await.demand(200).json();
    assert!(answer["@odata.context"].as_str().unwrap().contains("(subject,isRead)"), "{}", answer["@odata.context"]);
    let item = answer["value"][0].as_object().unwrap();
    let names: BTreeSet<&str> = item.keys().map(String::as_str).collect();
    assert_eq!(names, BTreeSet::from(["@odata.etag", "id", "isRead", "subject"]));
    let id = item["id"].as_str().unwrap();
    let one = adele.get(&format!("messages/{id}?$select=from")).await.demand(200).json();
    let names: BTreeSet<&str> = one.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(names, BTreeSet::from(["@odata.context", "@odata.etag", "id", "from"]));
    adele.get("messages?$select=nonsense").await.demand(400).error();
    server.finish().await;
}

#[tokio::test]
async fn options_that_can_not_be_are_refused() {
    let (server, adele) = with_drafts().await;
    for options in ["$top=0", "$top=1001", "$top=many", "$skip=-1", "$top=-5"] {
        adele.get(&format!("messages?{options}")).await.demand(400).error();
    }
    server.finish().await;
}

#[tokio::test]
async fn folders_are_listed_and_found_by_well_known_names_in_any_case() {
    let server = Server::start().await;
    let adele = server.person("AdeleV");
    let folders = adele.all("mailFolders").await;
    for (display_name, names) in [
        ("Inbox", ["inbox", "Inbox", "INBOX"]),
        ("Sent Items", ["sentitems", "SentItems", "sentItems"]),
        ("Drafts", ["drafts", "Drafts", "DRAFTS"]),
        ("Deleted Items", ["deleteditems", "DeletedItems", "deletedItems"]),
    ] {
        let listed: Vec<&Value> = folders.iter().filter(|folder| folder["displayName"] == display_name).collect();
        assert_eq!(listed.len(), 1, "{display_name}");
        let id = listed[0]["id"].as_str().unwrap();
        for name in names.iter().chain([&id]) {
            let folder = adele.get(&format!("mailFolders/{name}")).await.demand(200).json();
            assert_eq!(folder["id"], id, "{name}");
            for property in ["parentFolderId", "childFolderCount", "unreadItemCount", "totalItemCount", "isHidden"] {
                assert_eq!(folder[property], listed[0][property], "{property} of {name}");
                assert!(!folder[property].is_null(), "{property} of {name}");
            }
        }
    }
    let root = adele.get("mailFolders/msgfolderroot").await.demand(200).json();
    assert!(folders.iter().all(|folder| folder["parentFolderId"] == root["id"]), "the children of the root are listed");
    server.finish().await;
}

#[tokio::test]
async fn folders_count_their_messages_and_those_unread() {
    let server = Server::start().await;
    let (adele, alex) = (server.person("AdeleV"), server.person("AlexW"));
    for number in 0..3 {
        adele.send_mime(&plain("AdeleV", &["AlexW"], &subject(number))).await.demand_empty(202);
        alex.arrived(&subject(number)).await;
    }
    adele.draft(&plain("AdeleV", &["AlexW"], "A draft")).await;
    let counts = async |person: &Person, folder: &str| {
        let folder = person.get(&format!("mailFolders/{folder}")).await.demand(200).json();
        (folder["totalItemCount"].as_u64().unwrap(), folder["unreadItemCount"].as_u64().unwrap())
    };
    assert_eq!(counts(&alex, "inbox").await, (3, 3));
    assert_eq!(counts(&adele, "sentitems").await, (3, 0));
    assert_eq!(counts(&adele, "drafts").await, (1, 0));
    let newest = alex.inbox().await[0]["id"].as_str().unwrap().to_owned();
    alex.delete(&format!("messages/{newest}")).await.demand_empty(204);
    assert_eq!(counts(&alex, "inbox").await, (2, 2));
    assert_eq!(counts(&alex, "deleteditems").await, (1, 1));
    server.finish().await;
}
