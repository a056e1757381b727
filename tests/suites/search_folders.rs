//! Search folders: views of other folders that list, count and page as folders do.

use kit::{Answer, Person, Rng, Server, letter, plain, seed};
use serde_json::{Value, json};
use std::collections::BTreeSet;

const KIND: &str = "microsoft.graph.mailSearchFolder";

fn id(value: &Value) -> &str {
    value["id"].as_str().unwrap()
}

async fn folder(person: &Person, parent: &str, name: &str) -> String {
    let made = person.post_json(&format!("mailFolders/{parent}/childFolders"), &json!({"displayName": name})).await;
    id(&made.demand(201).json()).to_owned()
}

fn search(name: &str, sources: &[&str], nested: bool, filter: &str) -> Value {
    json!({"@odata.type": KIND, "displayName": name, "includeNestedFolders": nested, "sourceFolderIds": sources, "filterQuery": filter})
}

async fn made(person: &Person, search: &Value) -> String {
    let made = person.post_json("mailFolders/searchfolders/childFolders", search).await.demand(201).json();
    assert_eq!(made["@odata.type"], format!("#{KIND}"));
    id(&made).to_owned()
}

async fn file(person: &Person, folder: &str, subject: &str) -> String {
    let made =
        person.post_mime(&format!("mailFolders/{folder}/messages?import=true"), &plain("AlexW", &["AdeleV"], subject)).await;
    id(&made.demand(201).json()).to_owned()
}

async fn shown(person: &Person, folder: &str) -> BTreeSet<String> {
    let all = person.all(&format!("mailFolders/{folder}/messages?$select=id&$top=7")).await;
    let ids: BTreeSet<String> = all.iter().map(|message| id(message).to_owned()).collect();
    assert_eq!(ids.len(), all.len(), "each once");
    ids
}

/// Makes the call of a row of the table of operations; what it needs is made by the owner.
pub(crate) async fn call((owner, person): (&Person, &Person), method: &str) -> Vec<Answer> {
    let inbox = owner.get("mailFolders/inbox").await.demand(200).json();
    let number = owner.all("mailFolders/searchfolders/childFolders").await.len();
    let wanted = search(&format!("A call {number}"), &[id(&inbox)], true, "isRead eq false");
    if method == "POST" {
        return vec![person.post_json("mailFolders/searchfolders/childFolders", &wanted).await];
    }
    let made = made(owner, &wanted).await;
    let answer =
        person.patch_json(&format!("mailFolders/{made}"), &json!({"@odata.type": KIND, "filterQuery": "isRead eq true"})).await;
    owner.post_nothing(&format!("mailFolders/{made}/permanentDelete")).await.demand_empty(204);
    vec![answer]
}

#[tokio::test]
async fn a_view_shows_counts_and_changes_with_what_it_looks_into() {
    let server = Server::start().await;
    let adele = server.person("AdeleV");
    let top = folder(&adele, "msgfolderroot", "Projects").await;
    let within = folder(&adele, &top, "Within").await;
    let wanted = search("Weekly digests", &[&top], true, "contains(subject, 'weekly digest')");
    let answer = adele.post_json(&format!("mailFolders/{top}/childFolders"), &wanted).await.demand(201).json();
    let view = id(&answer).to_owned();
    for (member, value) in [
        ("@odata.type", json!(format!("#{KIND}"))),
        ("displayName", json!("Weekly digests")),
        ("parentFolderId", json!(top)),
        ("totalItemCount", json!(0)),
        ("unreadItemCount", json!(0)),
        ("childFolderCount", json!(0)),
        ("isSupported", json!(true)),
        ("includeNestedFolders", json!(true)),
        ("sourceFolderIds", json!([top])),
        ("filterQuery", json!("contains(subject, 'weekly digest')")),
    ] {
        assert_eq!(answer[member], value, "{member}");
    }
    let one = file(&adele, &top, "A Weekly Digest").await;
    let deep = file(&adele, &within, "the weekly digest of Within").await;
    file(&adele, &top, "Something else").await;
    file(&adele, "inbox", "weekly digest elsewhere").await;
    adele.patch_json(&format!("messages/{one}"), &json!({"isRead": false})).await.demand(200);
    assert_eq!(shown(&adele, &view).await, BTreeSet::from([one.clone(), deep.clone()]));
    let read = adele.get(&format!("mailFolders/{view}")).await.demand(200).json();
    assert_eq!((&read["totalItemCount"], &read["unreadItemCount"]), (&json!(2), &json!(1)));
    let listed = adele.get(&format!("mailFolders/{top}/childFolders?$orderby=displayName")).await.demand(200).json();
    let kinds: Vec<_> =
        listed["value"].as_array().unwrap().iter().map(|one| (&one["displayName"], one.get("@odata.type"))).collect();
    let kind = json!(format!("#{KIND}"));
    assert_eq!(kinds, [(&json!("Weekly digests"), Some(&kind)), (&json!("Within"), None)]);
    assert_eq!(listed["value"][0]["totalItemCount"], 2);
    let some = adele.get(&format!("mailFolders/{view}?$select=filterQuery,unreadItemCount")).await.demand(200).json();
    assert_eq!(
        (some["unreadItemCount"].as_i64(), some.get("isSupported"), some["filterQuery"].is_string()),
        (Some(1), None, true)
    );

    let path = format!("mailFolders/{view}/messages");
    let filtered = adele.get(&format!("{path}?$filter=isRead%20eq%20true&$count=true&$orderby=subject")).await.demand(200).json();
    assert_eq!((&filtered["@odata.count"], &filtered["value"][0]["id"]), (&json!(1), &json!(deep)));
    assert_eq!(filtered["value"][0]["parentFolderId"], within.as_str(), "a message has one home");
    assert_eq!(adele.get(&format!("{path}/$count")).await.demand(200).body, "2");
    let found = adele.get(&format!("{path}?$search=%22Within%22")).await.demand(200).json();
    assert_eq!(found["value"].as_array().map(Vec::len), Some(1));
    adele.patch_json(&format!("{path}/{deep}"), &json!({"isRead": false})).await.demand(200);
    adele.post_json(&format!("{path}/{one}/move"), &json!({"destinationId": "archive"})).await.demand(201);
    assert_eq!(shown(&adele, &view).await, BTreeSet::from([deep.clone()]));
    adele.post_json(&format!("mailFolders/{within}/move"), &json!({"destinationId": "inbox"})).await.demand(200);
    assert!(shown(&adele, &view).await.is_empty(), "the folder has left");

    let inbox = adele.get("mailFolders/inbox").await.demand(200).json();
    let change =
        json!({"displayName": "All of it", "sourceFolderIds": [id(&inbox)], "filterQuery": "contains(subject, 'digest')"});
    let changed = adele.patch_json(&format!("mailFolders/{view}"), &change).await.demand(200).json();
    assert_eq!(
        (&changed["displayName"], &changed["totalItemCount"], &changed["includeNestedFolders"]),
        (&json!("All of it"), &json!(2), &json!(true))
    );
    let flat = adele.patch_json(&format!("mailFolders/{view}"), &json!({"includeNestedFolders": false})).await.demand(200).json();
    assert_eq!(flat["totalItemCount"], 1);
    adele.delete(&format!("mailFolders/{view}")).await.demand_empty(204);
    assert_eq!(shown(&adele, &view).await.len(), 1, "among the deleted items it still looks");
    adele.delete(&format!("mailFolders/{view}")).await.demand_empty(204);
    adele.get(&format!("mailFolders/{view}")).await.demand_error(404, "ErrorItemNotFound");
    assert_eq!(shown(&adele, "inbox").await.len(), 1, "what it showed stays");
    server.finish().await;
}

#[tokio::test]
async fn what_it_shows_is_what_a_filter_over_its_folders_finds_whatever_happens() {
    let server = Server::start().await;
    let adele = server.person("AdeleV");
    let mut rng = Rng::new(seed());
    let mut below = move |count: usize| usize::try_from(rng.below(count as u64)).unwrap();
    let top = folder(&adele, "msgfolderroot", "Top").await;
    let mut places = vec![top.clone(), folder(&adele, &top, "One").await, folder(&adele, "msgfolderroot", "Beside").await];
    places.push(folder(&adele, &places[1], "Two").await);
    let filter = "isRead eq false and startswith(subject, 'S')";
    let nested = made(&adele, &search("Nested", &[&top], true, filter)).await;
    let flat = made(&adele, &search("Flat", &[&top, &places[2]], false, filter)).await;
    let mut all: Vec<String> = Vec::new();
    for turn in 0..120 {
        let place = places[below(places.len())].clone();
        let pick = if all.is_empty() { 0 } else { below(all.len()) };
        match below(6) {
            0 | 1 => all.push(file(&adele, &place, if below(2) == 0 { "Seen" } else { "Other" }).await),
            _ if all.is_empty() => {}
            2 => drop(adele.patch_json(&format!("messages/{}", all[pick]), &json!({"isRead": below(2) == 0})).await.demand(200)),
            3 => {
                drop(adele.post_json(&format!("messages/{}/move", all[pick]), &json!({"destinationId": place})).await.demand(201))
            }
            4 => adele.post_nothing(&format!("messages/{}/permanentDelete", all.swap_remove(pick))).await.demand_empty(204),
            _ => {
                let copy = adele.post_json(&format!("messages/{}/copy", all[pick]), &json!({"destinationId": place})).await;
                all.push(id(&copy.demand(201).json()).to_owned());
            }
        }
        if turn % 20 < 19 {
            continue;
        }
        let of = adele.all("messages?$select=id,parentFolderId,isRead,subject").await;
        let is_meant = |message: &&Value| message["isRead"] == false && message["subject"].as_str().unwrap().starts_with('S');
        for (view, folders) in [(&nested, vec![0, 1, 3]), (&flat, vec![0, 2])] {
            let there = |message: &&Value| folders.iter().any(|place| message["parentFolderId"] == places[*place].as_str());
            let expected: BTreeSet<String> =
                of.iter().filter(is_meant).filter(there).map(|message| id(message).to_owned()).collect();
            assert_eq!(shown(&adele, view).await, expected, "turn {turn}");
            let counts = adele.get(&format!("mailFolders/{view}")).await.demand(200).json();
            assert_eq!(
                (counts["totalItemCount"].as_u64(), counts["unreadItemCount"].as_u64()),
                (Some(expected.len() as u64), Some(expected.len() as u64))
            );
        }
    }
    server.finish().await;
}

#[tokio::test]
async fn what_can_not_be_done_with_one_is_refused_and_changes_nothing() {
    let server = Server::start().await;
    let (adele, alex) = (server.person("AdeleV"), server.person("AlexW"));
    let inbox = id(&adele.get("mailFolders/inbox").await.demand(200).json()).to_owned();
    let alexs = id(&alex.get("mailFolders/inbox").await.demand(200).json()).to_owned();
    let view = made(&adele, &search("Unread", &[&inbox], true, "isRead eq false")).await;
    for odd in [
        search("No filter", &[&inbox], true, ""),
        search("Odd filter", &[&inbox], true, "nothing eq 1"),
        search("Two", &[&inbox], true, "isRead eq false&$top=1"),
        search("Nowhere", &[], true, "isRead eq false"),
        search("Of another", &[&alexs], true, "isRead eq false"),
        search("Of itself", &[&view], true, "isRead eq false"),
        search("Made up", &["x"], true, "isRead eq false"),
        search("", &[&inbox], true, "isRead eq false"),
        json!({"@odata.type": KIND, "displayName": "Bare"}),
    ] {
        let answer = adele.post_json("mailFolders/searchfolders/childFolders", &odd).await;
        assert!(matches!(answer.status.as_u16(), 400 | 404), "{odd}: {}", answer.status);
    }
    let twice =
        adele.post_json("mailFolders/searchfolders/childFolders", &search("unread", &[&inbox], true, "isRead eq true")).await;
    twice.demand_error(409, "ErrorFolderExists");
    for odd in [
        json!({"filterQuery": "nothing eq 1"}),
        json!({"filterQuery": format!("subject eq '{}'", "x".repeat(4000))}),
        json!({"sourceFolderIds": [view]}),
        json!({"sourceFolderIds": [alexs]}),
        json!({"includeNestedFolders": 1}),
    ] {
        let answer = adele.patch_json(&format!("mailFolders/{view}"), &odd).await;
        assert!(matches!(answer.status.as_u16(), 400 | 404), "{odd}: {}", answer.status);
    }
    let message = file(&adele, "inbox", "A message").await;
    let within = json!({"destinationId": view});
    let refused = [
        adele.post_mime(&format!("mailFolders/{view}/messages"), &plain("AdeleV", &["AlexW"], "In it")).await,
        adele.post_json(&format!("messages/{message}/move"), &within).await,
        adele.post_json(&format!("messages/{message}/copy"), &within).await,
        adele.post_json(&format!("mailFolders/{view}/childFolders"), &json!({"displayName": "In it"})).await,
        adele.get(&format!("mailFolders/{view}/messages/delta")).await,
        adele.get(&format!("mailFolders/{view}/messages/changes")).await,
    ];
    for answer in refused {
        answer.demand_error(400, "ErrorInvalidOperation");
    }
    let rule = json!({"displayName": "In it", "sequence": 1, "actions": {"moveToFolder": view}});
    adele.post_json("mailFolders/inbox/messageRules", &rule).await.demand(400);
    let path = format!("/users/{}/mailFolders/{view}", kit::address("AdeleV"));
    alex.get(&path).await.demand_error(403, "ErrorAccessDenied");
    assert!(adele.all("mailFolders/searchfolders/childFolders").await.len() == 1);
    assert_eq!(shown(&adele, "inbox").await, BTreeSet::from([message]));
    server.finish().await;
}

#[tokio::test]
async fn a_copy_searches_too_and_mail_read_basic_learns_nothing_by_a_view() {
    let server = Server::start().await;
    let adele = server.person("AdeleV");
    let inbox = id(&adele.get("mailFolders/inbox").await.demand(200).json()).to_owned();
    let secret = letter(&[("From", "a@contoso.com"), ("Subject", "Plain")], "The word is swordfish.\r\n");
    let message = adele.post_mime("mailFolders/inbox/messages?import=true", &secret).await.demand(201).json();
    let view = made(&adele, &search("Fish", &[&inbox], false, "contains(body/content, 'swordfish')")).await;
    assert_eq!(shown(&adele, &view).await, BTreeSet::from([id(&message).to_owned()]));
    let basic = server.person_with_scopes("AdeleV", "Mail.ReadBasic").await;
    basic.get(&format!("mailFolders/{view}/messages")).await.demand_error(403, "ErrorAccessDenied");
    let seen = basic.get(&format!("mailFolders/{view}")).await.demand(200).json();
    assert_eq!((&seen["totalItemCount"], &seen["unreadItemCount"]), (&Value::Null, &Value::Null));
    let archive = json!({"destinationId": "archive"});
    let copy = adele.post_json(&format!("mailFolders/{view}/copy"), &archive).await.demand(200).json();
    assert_eq!(shown(&adele, id(&copy)).await.len(), 1);
    adele.post_nothing(&format!("mailFolders/{view}/permanentDelete")).await.demand_empty(204);
    assert_eq!(shown(&adele, id(&copy)).await.len(), 1, "it is one of its own");
    server.finish().await;
}

#[tokio::test]
async fn one_looks_into_many_folders_and_into_too_many_aloud() {
    let server = Server::start().await;
    let adele = server.person("AdeleV");
    let top = folder(&adele, "msgfolderroot", "Top").await;
    let wide = folder(&adele, &top, "Wide").await;
    for number in 0..30 {
        folder(&adele, &wide, &format!("Within {number}")).await;
    }
    let copies = async |from: usize, to: usize| {
        for number in from..to {
            let within = folder(&adele, &top, &format!("Copy {number}")).await;
            adele.post_json(&format!("mailFolders/{wide}/copy"), &json!({"destinationId": within})).await.demand(200);
        }
    };
    copies(0, 20).await;
    file(&adele, &wide, "Deep").await;
    let twice = search("Deep", &[&top, &wide, &top], true, "contains(subject, 'Deep')");
    let made = adele.post_json("mailFolders/searchfolders/childFolders", &twice).await.demand(201).json();
    assert_eq!((&made["totalItemCount"], &made["sourceFolderIds"]), (&json!(1), &json!([top, wide])));
    let view = id(&made).to_owned();
    assert_eq!(shown(&adele, &view).await.len(), 1);
    copies(20, 30).await;
    let refused = adele.get(&format!("mailFolders/{view}/messages")).await;
    refused.demand_error(400, "InefficientFilter");
    let listed = adele.get("mailFolders/searchfolders/childFolders").await.demand(200).json();
    assert_eq!((id(&listed["value"][0]), &listed["value"][0]["totalItemCount"]), (&*view, &Value::Null));
    server.finish().await;
}

#[tokio::test]
async fn a_view_goes_on_whatever_becomes_of_its_folders_and_of_its_filter() {
    let server = Server::start().await;
    let adele = server.person("AdeleV");
    let [stays, goes] = [folder(&adele, "inbox", "Stays").await, folder(&adele, "inbox", "Goes").await];
    for number in 0..3 {
        file(&adele, &stays, &format!("Number {number}")).await;
    }
    let wanted = search("Both", &[&stays, &goes], false, "subject ne 'zz'");
    let made = adele.post_json("mailFolders/searchfolders/childFolders", &wanted).await.demand(201).json();
    let one = format!("mailFolders/{}", id(&made));
    adele.post_nothing(&format!("mailFolders/{goes}/permanentDelete")).await.demand_empty(204);
    let page = adele.get(&format!("{one}/messages?$top=1&$orderby=isRead,receivedDateTime")).await.demand(200).json();
    let renamed =
        adele.patch_json(&one, &json!({"displayName": "One", "filterQuery": "isRead eq true"})).await.demand(200).json();
    assert_eq!((&renamed["displayName"], &renamed["totalItemCount"]), (&json!("One"), &json!(3)));
    adele.get(page["@odata.nextLink"].as_str().unwrap()).await.demand_error(400, "BadRequest");
    let all = "mailFolders/searchfolders/childFolders";
    for (filter, count) in [("totalItemCount%20gt%202", 1), ("totalItemCount%20eq%200", 0), ("unreadItemCount%20eq%200", 1)] {
        let found = adele.get(&format!("{all}?$filter={filter}")).await.demand(200).json();
        assert_eq!(found["value"].as_array().map(Vec::len), Some(count), "{filter}");
    }
    let moved = adele.post_json(&format!("{one}/move"), &json!({"destinationId": "inbox"})).await.demand(200).json();
    assert_eq!((&moved["@odata.type"], &moved["totalItemCount"]), (&json!(format!("#{KIND}")), &json!(3)));
    adele.post_nothing(&format!("mailFolders/{stays}/permanentDelete")).await.demand_empty(204);
    assert!(shown(&adele, id(&made)).await.is_empty(), "there is nothing to look into");
    assert_eq!(adele.get(&one).await.demand(200).json()["totalItemCount"], 0);

    let within = plain("AdeleV", &["AlexW"], "In none");
    adele.post_mime("mailFolders/searchfolders/messages", &within).await.demand_error(400, "ErrorInvalidOperation");
    let hidden = adele.get("mailFolders/recoverableitemsdeletions").await.demand(200).json();
    let odd = search("Hidden", &[id(&hidden)], false, "isRead eq true");
    adele.post_json(all, &odd).await.demand_error(404, "ErrorItemNotFound");
    let name = "String {66f5a359-4659-4830-9070-00047ec6ac6e} Name Color";
    let mut with = search("With", &[id(&adele.get("mailFolders/inbox").await.json())], false, "isRead eq true");
    with["singleValueExtendedProperties"] = json!([{"id": name, "value": "Green"}]);
    let made = adele.post_json(all, &with).await.demand(201).json();
    let expand = format!("$expand=singleValueExtendedProperties($filter=id%20eq%20'{}')", name.replace(' ', "%20"));
    let read = adele.get(&format!("mailFolders/{}?{expand}", id(&made))).await.demand(200).json();
    assert_eq!(read["singleValueExtendedProperties"][0]["value"], "Green");
    server.finish().await;
}

#[tokio::test]
async fn copies_of_views_count_among_those_that_there_may_be() {
    let server = Server::start().await;
    let adele = server.person("AdeleV");
    let holder = folder(&adele, "inbox", "Views").await;
    for number in 0..60 {
        let one = search(&format!("View {number}"), &[&holder], false, "isRead eq true");
        adele.post_json(&format!("mailFolders/{holder}/childFolders"), &one).await.demand(201);
    }
    let refused = adele.post_json(&format!("mailFolders/{holder}/copy"), &json!({"destinationId": "archive"})).await;
    refused.demand_error(507, "ErrorQuotaExceeded");
    let within = adele.get("mailFolders/archive/childFolders").await.demand(200).json();
    assert_eq!(within["value"], json!([]), "nothing of it was made");
    server.finish().await;
}
