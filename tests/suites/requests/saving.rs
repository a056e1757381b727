//! Whether a copy is kept, and how a message that was sent can be followed.

use super::{id, post_mime_with};
use kit::{Server, letter, plain, recipients};
use serde_json::json;

#[tokio::test]
async fn no_copy_of_mime_is_kept_where_none_is_wanted() {
    let server = Server::start().await;
    let (adele, alex) = (server.person("AdeleV"), server.person("AlexW"));
    let ways = [
        ("?saveToSentItems=false", "", false),
        ("?saveToSentItems=FALSE", "", false),
        ("", "saveToSentItems=false", false),
        ("", "respond-async, restante.saveToSentItems=\"false\"", false),
        ("", "", true),
        ("?saveToSentItems=true", "", true),
        ("", "restante.saveToSentItems=true", true),
    ];
    for (number, (query, preference, kept)) in ways.into_iter().enumerate() {
        let subject = format!("Saved {number}");
        let headers = [("prefer", preference)];
        let answer = post_mime_with(&adele, &format!("sendMail{query}"), &plain("AdeleV", &["AlexW"], &subject), &headers).await;
        assert_eq!(answer.header("location").is_some(), kept, "{query} {preference}");
        assert_eq!(answer.header("internet-message-id"), Some(format!("<Saved.{number}@tests.contoso.com>").as_str()));
        answer.demand_empty(202);
        alex.arrived(&subject).await;
        assert_eq!(adele.sent().await.iter().any(|sent| sent["subject"] == subject.as_str()), kept, "{query} {preference}");
    }
    adele.post_mime("sendMail?saveToSentItems=perhaps", &plain("AdeleV", &["AlexW"], "x")).await.demand_error(400, "BadRequest");
    let message = json!({"subject": "By query", "toRecipients": recipients(&["AlexW"])});
    adele.post_json("sendMail?saveToSentItems=false", &json!({"message": message})).await.demand_empty(202);
    alex.arrived("By query").await;
    assert!(adele.sent().await.iter().all(|sent| sent["subject"] != "By query"));
    server.finish().await;
}

/// The 202 stays empty; its header fields lead to the copy, and name the message wherever it goes.
#[tokio::test]
async fn what_was_sent_can_be_followed() {
    let server = Server::start().await;
    let (adele, alex) = (server.person("AdeleV"), server.person("AlexW"));
    let octets = letter(&[("To", "AlexW@contoso.com"), ("Subject", "Followed")], "no Message-ID of its own\r\n");
    for person in [adele.clone(), adele.at("AdeleV"), adele.under_beta()] {
        let answer = person.send_mime(&octets).await.demand(202);
        let (location, message_id) = (answer.header("location").unwrap(), answer.header("internet-message-id").unwrap());
        assert!(location.starts_with(&format!("{}/", server.origin())), "on the host that the client used: {location}");
        let sent = adele.get(location).await.demand(200).json();
        assert_eq!(sent["internetMessageId"], message_id);
        assert_eq!(adele.get(&format!("{location}/$value")).await.demand(200).body, octets);
        let found = kit::until("it arrives", async || {
            alex.inbox().await.into_iter().find(|copy| copy["internetMessageId"] == message_id)
        })
        .await;
        assert!(String::from_utf8_lossy(&alex.value(id(&found)).await).contains(&format!("Message-ID: {message_id}\r\n")));
    }
    server.finish().await;
}
