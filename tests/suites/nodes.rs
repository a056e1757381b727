//! Nodes of one store: what one of them gave is good at the other, and what happened at one has happened at both.

mod deeds;
mod leases;
mod own_files;

use kit::{Server, plain};
use std::fs;

/// The same link at another node, as a balancer would lead there.
fn at(link: &serde_json::Value, from: &Server, to: &Server) -> String {
    link.as_str().expect("a link").replace(&from.origin(), &to.origin())
}

#[tokio::test]
async fn nodes_that_start_together_are_one_server() {
    let [one, other] = Server::nodes().await;
    for member in ["tenant", "client_id", "client_secret"] {
        assert_eq!(one.dev()[member], other.dev()[member], "{member}");
    }
    assert_eq!(one.entry("AdeleV")["password"], other.entry("AdeleV")["password"]);
    let read = |server: &Server, file: &str| fs::read(server.data_dir().join(file)).unwrap();
    for file in ["keys/app.pem", "smime.key"] {
        assert_eq!(read(&one, file), read(&other, file), "{file}");
    }
    assert_eq!(read(&one, "tls/ca.pem"), read(&other, "tls/ca.pem"), "clients trust one CA");
    for secret in ["keys/seed", "keys/token.pem", "tls/ca-key.pem"] {
        assert!(!one.data_dir().join(secret).exists(), "{secret} stands in the store alone");
    }
    one.finish().await;
    other.finish().await;
}

#[tokio::test]
async fn tokens_pages_and_links_of_one_are_good_at_the_other() {
    let [one, other] = Server::nodes().await;
    let adele = one.person("AdeleV");
    let elsewhere = other.bearer(Some(one.entry("AdeleV")["token"].as_str().unwrap().to_owned()));
    for number in 0..3 {
        adele.draft(&plain("AdeleV", &["AlexW"], &format!("Draft {number}"))).await;
    }
    let list = "mailFolders/drafts/messages?$top=2&$select=subject&$orderby=subject";
    let first = adele.get(list).await.demand(200).json();
    let second = elsewhere.get(&at(&first["@odata.nextLink"], &one, &other)).await.demand(200).json();
    assert_eq!(second["value"][0]["subject"], "Draft 2", "{second}");

    let round = adele.get("mailFolders/drafts/messages/delta?$select=subject").await.demand(200).json();
    elsewhere.draft(&plain("AdeleV", &["AlexW"], "Draft 3")).await;
    let changed = elsewhere.get(&at(&round["@odata.deltaLink"], &one, &other)).await.demand(200).json();
    assert_eq!(changed["value"].as_array().map(Vec::len), Some(1), "{changed}");
    assert_eq!(changed["value"][0]["subject"], "Draft 3");

    elsewhere.send_mime(&plain("AdeleV", &["AlexW"], "Sent at the other")).await.demand_empty(202);
    one.person("AlexW").arrived("Sent at the other").await;
    let found = adele.get("messages?$search=%22subject:sent%22&$select=subject").await.demand(200);
    assert!(found.header("restante-search-incomplete").is_none());
    assert_eq!(found.json()["value"][0]["subject"], "Sent at the other");
    one.finish().await;
    other.finish().await;
}

/// Round trips to the database that a page may take, beside those of its sign-in: what begins and ends a look, what is known of
/// the mailbox and the folder, one stretch of an index, and two statements for the rows.
const TRIPS: usize = 16;

#[tokio::test]
async fn a_page_takes_as_many_round_trips_however_many_messages_are_in_it() {
    let ([node], gate) = Server::nodes_behind_gate("development = true\n").await;
    let adele = node.person("AdeleV");
    for number in 0..70 {
        adele.draft(&plain("AdeleV", &["AlexW"], &format!("Draft {number:02}"))).await;
    }
    for list in
        ["$orderby=receivedDateTime desc", "$orderby=subject", "$filter=contains(subject,'Draft')", "$filter=isRead eq true"]
    {
        let path = format!("mailFolders/drafts/messages?$top=50&$select=subject&{}", list.replace(' ', "%20"));
        let mut least = usize::MAX;
        // Others of the node speak with the database too, now and then.
        for _ in 0..5 {
            let before = gate.said();
            let page = adele.get(&path).await.demand(200).json();
            least = least.min(gate.said() - before);
            assert_eq!(page["value"].as_array().map(Vec::len), Some(50), "{list}");
        }
        assert!(least <= TRIPS, "{list}: {least}");
    }
    node.finish().await;
}
