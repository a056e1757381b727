//! The spellings of clients (clients.md 2.17), and where they look.

use super::*;

#[tokio::test]
async fn quotes_stand_as_clients_write_them() {
    let server = Server::start().await;
    let adele = server.person("AdeleV");
    shelf(&adele).await;
    for written in [
        r#""invoice""#,
        "invoice",
        "'invoice'",
        r#""'invoice of March'""#,
        r#""\"invoice of March\"""#,
        r#""body:invoice""#,
        r#""body:'invoice of March'""#,
        r#""body:\"invoice of March\"""#,
        r#"body:"invoice of March""#,
    ] {
        let messages = adele.all(&format!("messages?$search={}", encoded(written))).await;
        assert!(subjects(&messages).contains(&"Money".to_owned()), "{written}");
    }
    for option in ["search", "%24search", "$Search"] {
        let messages = adele.all(&format!("messages?{option}=%22subject%3Amoney%22")).await;
        assert_eq!(subjects(&messages), ["Money"], "{option}");
    }
    assert_eq!(adele.all("messages?$search=").await.len(), 4, "nothing is looked for");
    server.finish().await;
}

#[tokio::test]
async fn a_search_stays_in_its_mailbox_and_folder() {
    let server = Server::start().await;
    let (adele, alex) = (server.person("AdeleV"), server.person("AlexW"));
    shelf(&adele).await;
    assert!(found(&alex, "invoice").await.is_empty());
    let inside = |folder: &str| format!("mailFolders/{folder}/{}", list("invoice"));
    assert_eq!(adele.all(&inside("inbox")).await.len(), 2);
    assert!(adele.all(&inside("archive")).await.is_empty());
    let lunch = adele.all(&list("subject:lunch")).await.remove(0);
    let path = format!("messages/{}", lunch["id"].as_str().unwrap());
    adele.post_json(&format!("{path}/move"), &json!({"destinationId": "archive"})).await.demand(201);
    assert_eq!(subjects(&adele.all(&inside("archive")).await), ["Lunch on Friday"]);
    assert_eq!(subjects(&adele.all(&inside("inbox")).await), ["Money"]);
    adele.get(&inside("nowhere")).await.demand_error(400, "ErrorInvalidIdMalformed");
    server.finish().await;
}
