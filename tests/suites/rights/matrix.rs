//! Every permission alone, at every kind of mailbox, in every kind of operation: the whole of the rule, by a second telling of it.

use super::ALL;
use crate::subscriptions;
use hyper::Method;
use kit::{Person, Receiver, Server, address, app, plain};
use serde_json::json;
use store::MailboxAccess;

const PERMISSIONS: [&str; 12] = [
    "Mail.Read",
    "Mail.Read.Shared",
    "Mail.ReadBasic",
    "Mail.ReadBasic.Shared",
    "Mail.ReadWrite",
    "Mail.ReadWrite.Shared",
    "Mail.Send",
    "Mail.Send.Shared",
    "MailboxSettings.Read",
    "MailboxSettings.ReadWrite",
    "User.Read",
    "User.Read.All",
];

/// What is done, and which permissions let do it in the own mailbox, without the endings.
const DEEDS: [(&str, &[&str]); 18] = [
    ("list", &["Mail.ReadBasic", "Mail.Read", "Mail.ReadWrite"]),
    ("folders", &["Mail.ReadBasic", "Mail.Read", "Mail.ReadWrite"]),
    ("octets", &["Mail.Read", "Mail.ReadWrite"]),
    ("change", &["Mail.ReadWrite"]),
    ("create", &["Mail.ReadWrite"]),
    ("send", &["Mail.Send"]),
    ("settings", &["MailboxSettings.Read", "MailboxSettings.ReadWrite"]),
    ("set", &["MailboxSettings.ReadWrite"]),
    ("categories", &["MailboxSettings.Read", "MailboxSettings.ReadWrite"]),
    ("recolor", &["MailboxSettings.ReadWrite"]),
    ("overrides", &["Mail.Read", "Mail.ReadWrite"]),
    ("override", &["Mail.ReadWrite"]),
    ("zones", &["User.Read", "User.Read.All"]),
    ("rules", &["MailboxSettings.Read", "MailboxSettings.ReadWrite"]),
    ("rule", &["MailboxSettings.ReadWrite"]),
    ("translate", &["User.Read", "User.Read.All"]),
    ("person", &["User.Read", "User.Read.All"]),
    ("subscribe", &["Mail.ReadBasic", "Mail.Read", "Mail.ReadWrite"]),
];

/// Whose mailbox, as seen by Adele.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Whose {
    Closed,
    Open,
    Own,
}

impl Whose {
    fn name(self) -> &'static str {
        match self {
            Whose::Closed => "AlexW",
            Whose::Open => "MeganB",
            Whose::Own => "AdeleV",
        }
    }
}

async fn done(caller: &Person, deed: &str, (message, category): (&str, &str), owner: &str, receiver: &Receiver) -> u16 {
    let answer = match deed {
        "list" => caller.get("messages").await,
        "folders" => caller.get("mailFolders").await,
        "octets" => caller.get(&format!("messages/{message}/$value")).await,
        "change" => caller.patch_json(&format!("messages/{message}"), &json!({"isRead": true})).await,
        "create" => caller.post_json("messages", &json!({"subject": "x"})).await,
        "rules" => caller.get("mailFolders/inbox/messageRules").await,
        "rule" => {
            let rule = json!({"displayName": "x", "sequence": 1, "actions": {"markAsRead": true}});
            caller.post_json("mailFolders/inbox/messageRules", &rule).await
        }
        "subscribe" => {
            let resource = json!({"resource": format!("users/{}/messages", address(owner))});
            caller.post_json("/subscriptions", &subscriptions::with(subscriptions::to_messages(receiver), &resource)).await
        }
        "send" => caller.send_mime(&plain(owner, &["ChristieC"], "x")).await,
        "settings" => caller.get("mailboxSettings").await,
        "set" => caller.patch_json("mailboxSettings", &json!({"timeZone": "UTC"})).await,
        "categories" => caller.get("outlook/masterCategories").await,
        "recolor" => {
            let path = format!("outlook/masterCategories/{category}");
            caller.patch_json(&path, &json!({"color": "preset1"})).await
        }
        "overrides" => caller.get("inferenceClassification/overrides").await,
        "override" => {
            let said = json!({"classifyAs": "other", "senderEmailAddress": {"address": "a@elsewhere.example"}});
            caller.post_json("inferenceClassification/overrides", &said).await
        }
        "translate" => {
            let ids = json!({"inputIds": [message], "sourceIdType": "restId", "targetIdType": "ewsId"});
            caller.post_json("translateExchangeIds", &ids).await
        }
        "zones" => caller.get("outlook/supportedTimeZones").await,
        _ => caller.call(Method::GET, &format!("/users/{}", address(owner)), &[], bytes::Bytes::new()).await,
    };
    answer.status.as_u16()
}

fn is_allowed(permission: &str, deed: &str, whose: Whose) -> bool {
    let (_, good) = DEEDS.iter().find(|(name, _)| *name == deed).unwrap();
    let (plain, is_shared) = permission.strip_suffix(".Shared").map_or((permission, false), |plain| (plain, true));
    match whose {
        _ if !good.contains(&plain) => false,
        Whose::Own => true,
        _ if ["person", "translate", "zones"].contains(&deed) => permission == "User.Read.All",
        Whose::Open if deed == "subscribe" => false,
        Whose::Open => is_shared,
        Whose::Closed => false,
    }
}

#[tokio::test]
async fn each_permission_lets_do_its_own_and_nothing_more() {
    let server = Server::start().await;
    let receiver = Receiver::start().await;
    let tool = app("tool", &format!("{ALL} {}", PERMISSIONS.join(" ")));
    server.register(&tool).await;
    server.grant("MeganB", "AdeleV", MailboxAccess::FullAccess).await;
    server.grant("MeganB", "AdeleV", MailboxAccess::SendOnBehalf).await;
    let mut wrong = Vec::new();
    for whose in [Whose::Own, Whose::Open, Whose::Closed] {
        let owner = whose.name();
        let draft = server.person(owner).draft(&plain(owner, &["ChristieC"], "x")).await;
        let message = draft["id"].as_str().unwrap().to_owned();
        let categories = server.person(owner).get("outlook/masterCategories").await.demand(200).json();
        let category = categories["value"][0]["id"].as_str().unwrap();
        for permission in PERMISSIONS {
            let adele = server.through(&tool, "AdeleV", permission).await.at(owner);
            let itself = server.as_app(&tool, permission).at(owner);
            for (deed, _) in DEEDS {
                let of_apps = !permission.ends_with(".Shared") && is_allowed(permission, deed, Whose::Own);
                let expected = [is_allowed(permission, deed, whose), of_apps];
                for (caller, expected) in [&adele, &itself].into_iter().zip(expected) {
                    let status = done(caller, deed, (&message, category), owner, &receiver).await;
                    if status != 403 && !expected || expected && !(200..300).contains(&status) {
                        wrong.push(format!("{permission}, {whose:?}, {deed}: {status}, and allowed is {expected}"));
                    }
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    server.finish().await;
}
