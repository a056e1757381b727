//! The index follows what happens to messages, and outlives stops, kills and its own loss.

use super::*;

/// How soon a message is in `$search`, seen from outside on a machine that others use too.
const SOON: Duration = Duration::from_millis(500);

#[tokio::test]
async fn a_message_is_found_at_once() {
    let server = Server::start().await;
    let (adele, alex) = (server.person("AdeleV"), server.person("AlexW"));
    found(&adele, "warm").await;
    for number in 0..5 {
        let subject = format!("promptness{number}");
        adele.send_mime(&plain("AdeleV", &["AlexW"], &subject)).await.demand_empty(202);
        let began = Instant::now();
        assert_eq!(found(&adele, &subject).await, [subject.as_str()], "the sender's copy");
        assert!(began.elapsed() < SOON, "{:?}", began.elapsed());
        alex.arrived(&subject).await;
        let began = Instant::now();
        assert_eq!(found(&alex, &subject).await, [subject.as_str()], "the recipient's copy");
        assert!(began.elapsed() < SOON, "{:?}", began.elapsed());
    }
    server.finish().await;
}

#[tokio::test]
async fn drafts_changes_and_deletions_are_followed() {
    let server = Server::start().await;
    let adele = server.person("AdeleV");
    let draft = json!({"subject": "Oranges", "body": {"contentType": "text", "content": "sweet"},
        "bccRecipients": [{"emailAddress": {"address": address("MeganB")}}]});
    let made = adele.post_json("messages", &draft).await.demand(201).json();
    let path = format!("messages/{}", made["id"].as_str().unwrap());
    assert_eq!(found(&adele, "oranges sweet bcc:meganb").await, ["Oranges"]);
    adele.patch_json(&path, &json!({"subject": "Apples"})).await.demand(200);
    assert!(found(&adele, "oranges").await.is_empty());
    assert_eq!(found(&adele, "apples sweet").await, ["Apples"]);
    adele.patch_json(&path, &json!({"body": {"contentType": "text", "content": "sour"}})).await.demand(200);
    assert!(found(&adele, "sweet").await.is_empty());
    adele.patch_json(&path, &json!({"importance": "high"})).await.demand(200);
    assert_eq!(found(&adele, "sour importance:high").await, ["Apples"]);
    adele.post_json(&format!("{path}/copy"), &json!({"destinationId": "archive"})).await.demand(201);
    assert_eq!(found(&adele, "sour").await.len(), 2);
    adele.delete(&path).await.demand_empty(204);
    assert_eq!(found(&adele, "sour").await.len(), 2, "Deleted Items are looked through");
    adele.delete(&path).await.demand_empty(204);
    assert_eq!(found(&adele, "sour").await.len(), 1, "the recoverable items are not");
    let recoverable = format!("mailFolders/recoverableitemsdeletions/{}", list("sour"));
    assert_eq!(adele.all(&recoverable).await.len(), 1, "unless one asks there");
    adele.post_nothing(&format!("{path}/permanentDelete")).await.demand_empty(204);
    assert!(adele.all(&recoverable).await.is_empty());
    server.finish().await;
}

#[tokio::test]
async fn a_recipient_does_not_find_who_got_a_blind_copy() {
    let server = Server::start().await;
    let (adele, alex) = (server.person("AdeleV"), server.person("AlexW"));
    let message = letter(
        &[("From", &address("AdeleV")), ("To", &address("AlexW")), ("Bcc", &address("MeganB")), ("Subject", "blind")],
        "nothing\r\n",
    );
    adele.send_mime(&message).await.demand_empty(202);
    alex.arrived("blind").await;
    assert_eq!(found(&adele, "bcc:meganb").await, ["blind"]);
    for kql in ["bcc:meganb", "meganb", "recipients:meganb"] {
        assert!(found(&alex, kql).await.is_empty(), "{kql}");
    }
    assert_eq!(found(&server.person("MeganB"), "blind").await, ["blind"]);
    server.finish().await;
}

#[tokio::test]
async fn the_index_is_there_after_a_stop_and_a_kill() {
    let mut server = Server::start().await;
    shelf(&server.person("AdeleV")).await;
    server.stop().await;
    server.restart().await;
    let adele = server.person("AdeleV");
    assert_eq!(found(&adele, "invoice").await.len(), 2);
    let after = plain("AdeleV", &["AdeleV"], "before the kill");
    adele.send_mime(&after).await.demand_empty(202);
    server.kill().await;
    server.restart().await;
    let adele = server.person("AdeleV");
    adele.arrived("before the kill").await;
    assert_eq!(found(&adele, "\"before the kill\"").await.len(), 2);
    server.finish().await;
}

#[tokio::test]
async fn an_index_that_is_lost_or_damaged_is_made_anew() {
    let mut server = Server::start().await;
    shelf(&server.person("AdeleV")).await;
    for damage in [None, Some("this is no database, and it was never one; it is longer than the head of one, though".repeat(9))] {
        server.stop().await;
        server.lose_index(damage.as_deref());
        server.restart().await;
        let adele = server.person("AdeleV");
        let two = until("the index is made anew", async || {
            let answer = adele.get(&list("invoice")).await.demand(200);
            let is_complete = answer.header("restante-search-incomplete").is_none();
            is_complete.then(|| answer.json()["value"].as_array().unwrap().len())
        });
        assert_eq!(two.await, 2);
    }
    server.finish().await;
}
