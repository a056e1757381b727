//! Whose name a message may bear.

use kit::{Server, address, census, letter, plain, recipients};
use serde_json::json;

#[tokio::test]
async fn the_name_of_somebody_else_is_refused_and_not_stored() {
    let server = Server::start().await;
    let adele = server.person("AdeleV");
    let before = census(&server).await;
    let as_alex = plain("AlexW", &["MeganB"], "As somebody else");
    adele.send_mime(&as_alex).await.demand_error(403, "ErrorSendAsDenied");
    let outside = letter(&[("From", "boss@fabrikam.example"), ("To", &address("MeganB"))], "Hello\r\n");
    adele.send_mime(&outside).await.demand_error(403, "ErrorSendAsDenied");
    let two = letter(&[("From", "AdeleV@contoso.com, AlexW@contoso.com"), ("To", &address("MeganB"))], "Hello\r\n");
    adele.send_mime(&two).await.demand_error(403, "ErrorSendAsDenied");
    let as_json = json!({
        "subject": "As somebody else",
        "from": {"emailAddress": {"address": address("AlexW")}},
        "toRecipients": recipients(&["MeganB"]),
    });
    adele.send_json(&as_json).await.demand_error(403, "ErrorSendAsDenied");
    assert_eq!(census(&server).await, before);
    server.finish().await;
}

#[tokio::test]
async fn a_grant_given_beside_the_running_server_lets_one_send_as_another() {
    let server = Server::start().await;
    let adele = server.person("AdeleV");
    let as_team =
        letter(&[("From", "Team <team@contoso.com>"), ("To", &address("MeganB")), ("Subject", "As the team")], "Hello\r\n");
    adele.send_mime(&as_team).await.demand_error(403, "ErrorSendAsDenied");
    let grant = ["grant", "send-as", "--user", &address("AdeleV"), "--address", "team@contoso.com"];
    let granted = server.restante(&grant).await;
    assert!(granted.status.success(), "{}", String::from_utf8_lossy(&granted.stderr));
    adele.send_mime(&as_team).await.demand_empty(202);
    let message = server.person("MeganB").arrived("As the team").await;
    assert_eq!(message["from"]["emailAddress"]["address"], "team@contoso.com");
    server.finish().await;
}
