//! Mailboxes that others were let into (Graph: outlook-share-messages-folders, outlook-send-mail-from-other-user).

use super::ALL;
use kit::{Server, app};
use serde_json::json;
use store::MailboxAccess;

#[tokio::test]
async fn full_access_and_a_shared_permission_open_another_mailbox() {
    let server = Server::start().await;
    let tool = app("tool", &format!("{ALL} Mail.Read.Shared Mail.ReadWrite.Shared Mail.ReadBasic.Shared"));
    server.register(&tool).await;
    let draft = json!({"subject": "In the team's"});
    let reader = server.through(&tool, "AdeleV", "Mail.Read.Shared").await.at("MeganB");
    let writer = server.through(&tool, "AdeleV", "Mail.ReadWrite.Shared").await.at("MeganB");
    reader.get("messages").await.demand_error(403, "ErrorAccessDenied");
    server.grant("MeganB", "AdeleV", MailboxAccess::SendOnBehalf).await;
    reader.get("messages").await.demand_error(403, "ErrorAccessDenied");
    server.grant("MeganB", "AdeleV", MailboxAccess::FullAccess).await;
    reader.get("messages").await.demand(200);
    reader.post_json("messages", &draft).await.demand_error(403, "ErrorAccessDenied");
    writer.post_json("messages", &draft).await.demand(201);
    let unshared = server.through(&tool, "AdeleV", "Mail.Read Mail.ReadWrite").await;
    unshared.at("MeganB").get("messages").await.demand_error(403, "ErrorAccessDenied");
    unshared.at("AdeleV").get("messages").await.demand(200);
    let basics = server.through(&tool, "AdeleV", "Mail.ReadBasic.Shared").await.at("MeganB");
    let listed = basics.get("messages").await.demand(200).json();
    assert_eq!((&listed["value"][0]["subject"], listed["value"][0].get("bodyPreview")), (&json!("In the team's"), None));
    reader.at("AdeleV").get("messages").await.demand(200); // one's own too
    server.through(&tool, "AlexW", ALL).await.at("MeganB").get("messages").await.demand_error(403, "ErrorAccessDenied");
    server.finish().await;
}
