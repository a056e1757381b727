//! Octets where Azure's own protocol is spoken. What S3's speakers do is every suite's, and Google's client the store's.

use kit::{Azure, Person, Room, Server, digests, plain, until};
use serde_json::Value;

/// A message of so many MiB, in which no line is like another.
fn large(subject: &str, size: usize) -> Vec<u8> {
    let mut octets = plain("AdeleV", &["AlexW"], subject);
    for line in 0..size * 1024 * 1024 / 40 {
        octets.extend(format!("line {line:>10} of a message that is large\r\n").into_bytes());
    }
    octets
}

/// Removes all messages but the small one, for good.
async fn remove(person: &Person, messages: Vec<Value>) {
    for message in messages.iter().filter(|message| message["subject"] != "Small") {
        let path = format!("messages/{}/permanentDelete", message["id"].as_str().unwrap());
        person.post_nothing(&path).await.demand_empty(204);
    }
}

#[tokio::test]
async fn azure_keeps_octets_of_any_size_gives_them_back_and_lets_them_go() {
    let Some(azure) = Azure::start().await else { return };
    let mut server = Server::open(Room::at_azure(azure.clone())).await;
    let adele = server.person("AdeleV");
    let given = [("One piece", large("One piece", 1)), ("Pieces", large("Pieces", 13))];
    for (subject, octets) in &given {
        adele.send_mime(octets).await.demand_empty(202);
        server.person("AlexW").arrived(subject).await;
    }
    adele.send_mime(&plain("AdeleV", &["AlexW"], "Small")).await.demand_empty(202);
    assert_eq!(azure.blobs().await.len(), 2, "the small one stands in a row");
    server.stop().await;
    std::fs::remove_dir_all(server.data_dir().join("blobs/cache")).expect("there are copies");
    server.restart().await;
    let adele = server.person("AdeleV");
    for (subject, octets) in &given {
        let sent = adele.sent().await;
        let sent = sent.iter().find(|message| message["subject"] == *subject).expect("it is sent");
        assert!(adele.value(sent["id"].as_str().unwrap()).await == *octets, "{subject}: every octet");
    }
    let alex = server.person("AlexW");
    remove(&adele, adele.sent().await).await;
    remove(&alex, alex.inbox().await).await;
    until("the blobs are gone", async || azure.blobs().await.is_empty().then_some(())).await;
    server.finish().await;
}

#[tokio::test]
async fn what_azure_does_not_take_is_told() {
    let Some(azure) = Azure::start().await else { return };
    let server = Server::open(Room::at_azure(azure.clone())).await;
    let adele = server.person("AdeleV");
    azure.end();
    let refused = adele.send_mime(&large("Lost", 1)).await;
    assert!(refused.header("retry-after").is_some());
    refused.demand_error(503, "ServiceNotAvailable");
    adele.send_mime(&plain("AdeleV", &["AlexW"], "Small")).await.demand_empty(202);
    server.person("AlexW").arrived("Small").await;
    assert!(adele.sent().await.iter().all(|message| message["subject"] != "Lost"));
    server.leave().await;
}

#[tokio::test]
async fn a_store_moves_to_azure_and_back() {
    let Some(azure) = Azure::start().await else { return };
    let server = Server::open(Room::directory()).await;
    server.person("AdeleV").send_mime(&large("Moved", 6)).await.demand_empty(202);
    server.person("AlexW").arrived("Moved").await;
    let (first, there, back) = (server.leave().await, Room::at_azure(azure.clone()), Room::directory());
    let moved = first.move_to(&there).await;
    assert!(moved.status.success(), "{moved:?}");
    assert_eq!(azure.blobs().await.len(), 1);
    let again = there.move_to(&back).await;
    assert!(again.status.success(), "{again:?}");
    assert_eq!(digests(&moved), digests(&again));
    let server = Server::open(back).await;
    let inbox = server.person("AlexW").inbox().await;
    assert!(server.person("AlexW").value(inbox[0]["id"].as_str().unwrap()).await.ends_with(&large("Moved", 6)));
    server.finish().await;
}
