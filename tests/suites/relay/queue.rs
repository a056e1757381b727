//! What is on its way can be looked at and taken in hand.

use super::{report, to, towards_with};
use kit::{Act, EXTENSIONS, Peer, Person, Server, until};
use serde_json::Value;

/// What `restante queue` says in JSON.
async fn queue(server: &Server, arguments: &[&str]) -> Value {
    let output = server.restante(&[&["queue", "--json"], arguments].concat()).await;
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).expect("JSON")
}

/// The recipients of the delivery that an answer to a send tells of.
async fn delivery(person: &Person, path: &str) -> Vec<Value> {
    let answer = person.get(path).await;
    assert_eq!(answer.status, 200, "{path}: {:?}", answer.body);
    answer.json()["recipients"].as_array().expect("recipients").clone()
}

/// Sends, and says where it can be followed.
async fn sent(person: &Person, octets: &[u8]) -> String {
    let answer = person.send_mime(octets).await;
    assert_eq!(answer.status, 202);
    let url = answer.headers["restante-delivery"].to_str().unwrap().to_owned();
    url.split_once("/v1.0").expect("it is one of ours").1.to_owned()
}

#[tokio::test]
async fn development_mode_holds_and_lets_go() {
    let peer = Peer::start().await;
    let server = Server::with_config(&towards_with(&peer, "").replace("hold = false\n", "")).await;
    let adele = server.person("AdeleV");
    let path = sent(&adele, &to(&["a@elsewhere.example", "b@other.example"], "Held")).await;
    let held = delivery(&adele, &path).await;
    assert_eq!(held.iter().map(|one| &one["state"]).collect::<Vec<_>>(), ["held", "held"]);
    let listed = queue(&server, &["list"]).await;
    let id = listed[0]["id"].as_str().unwrap();
    assert_eq!(listed[0]["recipients"].as_array().map(Vec::len), Some(2), "{listed}");
    assert_eq!(queue(&server, &["release", id, "--recipient", "A@elsewhere.example"]).await["recipients"], 1);
    peer.until_taken(1).await;
    let relayed = until("it is relayed", async || {
        let recipients = delivery(&adele, &path).await;
        (recipients[0]["state"] == "relayed").then_some(recipients)
    })
    .await;
    assert_eq!(relayed[0]["lastReply"], "250 2.0.0 taken");
    assert!(relayed[0]["nextHop"].as_str().unwrap().contains(&peer.address().to_string()), "{relayed:?}");
    assert!(relayed[0]["endedDateTime"].is_string() && relayed[0]["nextAttemptDateTime"].is_null());
    assert_eq!(relayed[1]["state"], "held");
    assert_eq!(queue(&server, &["cancel", "all"]).await["recipients"], 1);
    let told = report(&adele, "Undeliverable: Held").await;
    assert!(told.contains("Final-Recipient: rfc822; b@other.example\r\nAction: failed\r\n"), "{told}");
    assert_eq!(delivery(&adele, &path).await[1]["state"], "cancelled");
    let origin = server.origin();
    let head = "GET /metrics HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    let answer = kit::exchange(origin.trim_start_matches("http://"), head, []).await;
    let metrics = String::from_utf8_lossy(&answer.body).into_owned();
    for line in ["restante_recipients_total{outcome=\"relayed\"} 1\n", "restante_queue_recipients{state=\"held\"} 0\n"] {
        assert!(metrics.contains(line), "{line:?} in {metrics}");
    }
    assert_eq!(peer.taken().len(), 1);
    server.finish().await;
}

#[tokio::test]
async fn what_waits_can_be_held_and_tried_again() {
    let peer = Peer::with(&EXTENSIONS, |connection, _| match connection {
        0 => Act::Say("421 4.3.2 not now".to_owned()),
        _ => Act::Usual,
    })
    .await;
    let server = Server::with_config(&towards_with(&peer, "").replace("retry_seconds = 1\n", "retry_seconds = 3600\n")).await;
    let adele = server.person("AdeleV");
    let path = sent(&adele, &to(&["a@elsewhere.example"], "Waits")).await;
    let waiting = until("it was tried", async || {
        let recipients = delivery(&adele, &path).await;
        (recipients[0]["attempts"] == 1).then_some(recipients)
    })
    .await;
    assert_eq!((&waiting[0]["state"], &waiting[0]["lastReply"]), (&"queued".into(), &"421 4.3.2 not now".into()));
    assert!(waiting[0]["nextAttemptDateTime"].is_string());
    let id = queue(&server, &["list"]).await[0]["id"].as_str().unwrap().to_owned();
    assert_eq!(queue(&server, &["hold", &id]).await["recipients"], 1);
    assert_eq!(delivery(&adele, &path).await[0]["state"], "held");
    assert_eq!(queue(&server, &["release", "all"]).await["recipients"], 1);
    queue(&server, &["retry", "all"]).await; // it may be gone by now
    peer.until_taken(1).await;
    let shown = until("it is written down", async || {
        let shown = queue(&server, &["show", &id]).await;
        (shown["recipients"][0]["state"] == "relayed").then_some(shown)
    })
    .await;
    assert!(shown["recipients"][0]["endedDateTime"].is_string(), "{shown}");
    server.finish().await;
}

#[tokio::test]
async fn only_the_sender_follows_a_message_and_only_one_that_was_sent() {
    let peer = Peer::start().await;
    let server = Server::with_config(&towards_with(&peer, "")).await;
    let (adele, alex) = (server.person("AdeleV"), server.person("AlexW"));
    let answer = adele.post_mime("/me/sendMail?saveToSentItems=false", &to(&[&kit::address("AlexW")], "Followed")).await;
    let url = answer.headers["restante-delivery"].to_str().unwrap().to_owned();
    let path = url.split_once("/v1.0").unwrap().1.to_owned();
    alex.arrived("Followed").await;
    let recipients = delivery(&adele, &path).await;
    assert_eq!((&recipients[0]["state"], &recipients[0]["attempts"]), (&"delivered".into(), &1.into()));
    assert_eq!(alex.get(&path).await.status, 403);
    let arrived = alex.arrived("Followed").await;
    let other = format!("/me/messages/{}/delivery", arrived["id"].as_str().unwrap());
    assert_eq!(alex.get(&other).await.status, 404);
    let reader = server.person_with_scopes("AdeleV", "Mail.ReadBasic").await;
    assert_eq!(reader.get(&path).await.status, 403);
    server.finish().await;
}
