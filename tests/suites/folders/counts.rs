//! A folder's counts are right after whatever happens.

use super::{id, make};
use kit::{Person, Rng, Server, aloud, each, is_long, plain, seed, until};
use serde_json::{Value, json};

fn operations() -> usize {
    if is_long() { 5000 } else { 300 }
}

/// The folders of a mailbox, hidden ones too, at any depth.
async fn folders(person: &Person) -> Vec<Value> {
    let (mut found, mut at) = (person.all("mailFolders?$top=1000&includeHiddenFolders=true").await, 0);
    while at < found.len() {
        let within = format!("mailFolders/{}/childFolders?$top=1000&includeHiddenFolders=true", id(&found[at]));
        let answer = person.get(&within).await; // one that somebody else deletes meanwhile has none
        if answer.status == 200 {
            found.extend(answer.json()["value"].as_array().unwrap().iter().cloned());
        }
        at += 1;
    }
    found
}

/// Demands that every folder counts what a list of it has.
async fn demand_counts(person: &Person) {
    for folder in folders(person).await {
        let list = format!("mailFolders/{}/messages?$top=1000&$select=isRead", id(&folder));
        let messages = person.all(&list).await;
        let unread = messages.iter().filter(|message| message["isRead"] == false).count();
        let within = person.all(&format!("mailFolders/{}/childFolders?$top=1000", id(&folder))).await.len();
        let counted = ["totalItemCount", "unreadItemCount", "childFolderCount"].map(|name| folder[name].as_u64());
        assert_eq!(counted, [messages.len(), unread, within].map(|n| Some(n as u64)), "of {}", folder["displayName"]);
    }
}

fn one_of<'l>(rng: &mut Rng, list: &'l [Value]) -> &'l Value {
    &list[usize::try_from(rng.below(list.len() as u64)).unwrap()]
}

/// One thing that happens. What it meets may be gone, or where it leads: then nothing happens.
async fn happen(person: &Person, rng: &mut Rng, number: usize) {
    let folders = folders(person).await;
    let (folder, other) = (id(one_of(rng, &folders)).to_owned(), id(one_of(rng, &folders)).to_owned());
    let messages = person.get("messages?$top=50&$select=isRead").await.demand(200).json();
    let messages = messages["value"].as_array().unwrap();
    let message = (!messages.is_empty()).then(|| one_of(rng, messages));
    let message = message.map(|message| (format!("messages/{}", id(message)), message["isRead"] == true));
    let (at, there) = (format!("mailFolders/{folder}"), json!({"destinationId": other}));
    let answer = match (rng.below(12), message) {
        (0, _) => person.post_json(&format!("{at}/childFolders"), &json!({"displayName": format!("F{number}")})).await,
        (1, _) => person.post_json(&format!("{at}/move"), &there).await,
        (2, _) if folders.len() < 40 => person.post_json(&format!("{at}/copy"), &there).await,
        (3, _) => person.delete(&at).await,
        (4, _) => person.post_nothing(&format!("{at}/permanentDelete")).await,
        (5, Some((message, is_read))) => person.patch_json(&message, &json!({"isRead": !is_read})).await,
        (6, Some((message, _))) => person.post_json(&format!("{message}/move"), &there).await,
        (7, Some((message, _))) => person.post_json(&format!("{message}/copy"), &there).await,
        (8, Some((message, _))) => person.delete(&message).await,
        (9, Some((message, _))) => person.post_nothing(&format!("{message}/permanentDelete")).await,
        _ => person.post_mime(&format!("{at}/messages"), &plain("AdeleV", &["AlexW"], &format!("M{number}"))).await,
    };
    assert!(!answer.status.is_server_error(), "operation {number}: {}", answer.status);
}

#[tokio::test]
async fn counts_are_right_whatever_happens() {
    let server = Server::start().await;
    let adele = server.person("AdeleV");
    let seed = seed();
    aloud(&format!("counts of folders: {} operations, seed {seed}", operations()));
    let mut rng = Rng::new(seed);
    for number in 0..operations() {
        happen(&adele, &mut rng, number).await;
        if number % 50 == 49 {
            demand_counts(&adele).await;
            server.demand_order().await;
        }
    }
    server.finish().await;
}

#[tokio::test]
async fn counts_are_right_after_changes_at_once() {
    const WRITERS: usize = 6;
    let server = Server::start().await;
    let adele = server.person("AdeleV");
    let busy = make(&adele, "inbox", "Busy").await;
    super::file(&adele, id(&busy), "First").await;
    each(WRITERS, 0..WRITERS, |writer| {
        let adele = adele.clone();
        async move {
            let mut rng = Rng::new(seed().wrapping_add(writer as u64));
            for number in 0..20 {
                happen(&adele, &mut rng, 1000 * (writer + 1) + number).await;
            }
        }
    })
    .await;
    until("nothing is under way", async || server.restante(&["check"]).await.status.success().then_some(())).await;
    demand_counts(&adele).await;
    server.finish().await;
}
