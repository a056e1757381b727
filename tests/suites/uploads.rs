//! Messages that come in ranges.

use hyper::Method;
use kit::{Person, Server, plain};
use serde_json::json;
use tokio::task::JoinSet;

/// The address at which a new session takes octets.
async fn session(person: &Person, size: usize) -> String {
    let body = json!({"messageItem": {"size": size}});
    let session = person.post_json("messages/createUploadSession", &body).await.demand(201).json();
    session["uploadUrl"].as_str().expect("a session has an address").to_owned()
}

async fn put(person: &Person, address: &str, first: usize, octets: &[u8], size: usize) -> u16 {
    let range = format!("bytes {first}-{}/{size}", first + octets.len() - 1);
    let answer = person.call(Method::PUT, address, &[("content-range", &range)], octets.to_vec().into()).await;
    answer.status.as_u16()
}

#[tokio::test]
async fn a_message_in_ranges_is_sent_octet_for_octet() {
    let server = Server::start().await;
    let (adele, nobody) = (server.person("AdeleV"), server.anonymous());
    let mut octets = plain("AdeleV", &["AlexW"], "In ranges");
    octets.extend(b"A line of a large message.\r\n".repeat(20_000));
    let address = session(&adele, octets.len()).await;
    let middle = octets.len() / 2;
    // The address is secret and enough: no token goes there (Graph: outlook-large-attachments).
    assert_eq!(put(&nobody, &address, 0, &octets[..middle], octets.len()).await, 200);
    let gap = put(&nobody, &address, middle + 1, &octets[middle + 1..], octets.len()).await;
    assert!(matches!(gap, 409 | 416), "a gap is refused: {gap}");
    assert_eq!(put(&nobody, &address, middle, &octets[middle..], octets.len()).await, 201);
    let token = address.rsplit('/').next().unwrap();
    adele.post_nothing(&format!("sendMail?uploadSession={token}")).await.demand_empty(202);
    let sent = adele.sent().await;
    assert_eq!(adele.value(sent[0]["id"].as_str().unwrap()).await, octets);
    server.person("AlexW").arrived("In ranges").await;
    server.finish().await;
}

/// Octets that have become a message's are nobody's to write to, whatever comes at the same time.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ranges_that_race_the_last_one_change_no_message() {
    let server = Server::start().await;
    let adele = server.person("AdeleV");
    for round in 0..20 {
        let mut octets = plain("AdeleV", &["AlexW"], &format!("Raced {round}"));
        octets.extend(b"A line of a large message.\r\n".repeat(20_000));
        let address = session(&adele, octets.len()).await;
        let mut ranges = JoinSet::new();
        for number in 0..8 {
            let (adele, address, octets) = (adele.clone(), address.clone(), octets.clone());
            let whole = number % 2 == 0;
            let range = if whole { octets.clone() } else { b"X".to_vec() };
            ranges.spawn(async move { (whole, put(&adele, &address, 0, &range, octets.len()).await) });
        }
        let answers = ranges.join_all().await;
        assert!(answers.iter().all(|(_, status)| *status < 500), "{answers:?}");
        if answers.iter().all(|(whole, status)| !whole || *status != 201) {
            continue; // each of them met another one
        }
        let token = address.rsplit('/').next().unwrap();
        let draft = adele.post_nothing(&format!("messages?uploadSession={token}")).await.demand(201).json();
        assert!(adele.value(draft["id"].as_str().unwrap()).await == octets, "round {round}: {answers:?}");
    }
    server.finish().await;
}
