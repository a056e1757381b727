//! The calls of rows about what a mailbox has beside its mail.

use kit::{Answer, Person, address};
use serde_json::{Value, json};

const CATEGORY: &str = "{outlookCategory-id}";
const OVERRIDE: &str = "{inferenceClassificationOverride-id}";
const RULE: &str = "{messageRule-id}";

/// A path below the Inbox where it is about rules: no other folder has any.
pub(super) fn in_inbox(path: &str) -> String {
    let of_rules = |key: &str| (format!("{{{key}}}/messageRules"), "inbox/messageRules");
    let pairs = [of_rules("mailFolder-id"), of_rules("mailFolder-id1")];
    pairs.iter().fold(path.to_owned(), |path, (template, place)| path.replace(template, place))
}

/// A path with the keys of what is made for it, by whose mailbox it is; each is named after the message of the row.
pub(super) async fn made(owner: &Person, path: String, message: &str) -> String {
    let of_it = [
        (CATEGORY, "outlook/masterCategories", category(message)),
        (OVERRIDE, "inferenceClassification/overrides", sender(message)),
        (RULE, "mailFolders/inbox/messageRules", rule()),
    ];
    let mut path = path;
    for (key, list, body) in of_it {
        if path.contains(key) {
            let made = owner.post_json(list, &body).await.demand(201).json();
            path = path.replace(key, made["id"].as_str().unwrap());
        }
    }
    path
}

/// Makes the call of a row; nothing where it is about something else, or only asks.
pub(super) async fn call(person: &Person, (method, template): (&str, &str), path: &str, message: &str) -> Option<Answer> {
    let last = template.rsplit('/').next()?;
    Some(match (method, last) {
        ("DELETE", CATEGORY | OVERRIDE | RULE) => person.delete(path).await,
        ("PATCH", CATEGORY) => person.patch_json(path, &json!({"color": "preset1"})).await,
        ("PATCH", OVERRIDE | "inferenceClassification") => person.patch_json(path, &json!({"classifyAs": "focused"})).await,
        ("PATCH", "mailboxSettings") => person.patch_json(path, &json!({"timeZone": "UTC"})).await,
        ("PATCH", RULE) => person.patch_json(path, &rule()).await,
        ("POST", "messageRules") => person.post_json(path, &rule()).await,
        ("POST", "masterCategories") => person.post_json(path, &category(&format!("another than {}", &message[6..]))).await,
        ("POST", "getMailTips") => {
            let tips = json!({"emailAddresses": [address("AlexW")], "mailTipsOptions": "automaticReplies,recipientScope"});
            person.post_json(path, &tips).await
        }
        ("POST", "translateExchangeIds") => {
            let ids = json!({"inputIds": [message], "sourceIdType": "restId", "targetIdType": "entryId"});
            person.post_json(path, &ids).await
        }
        ("POST", "overrides") => person.post_json(path, &sender("another")).await,
        _ => return None,
    })
}

fn category(name: &str) -> Value {
    json!({"displayName": format!("Beside {name}")})
}

fn rule() -> Value {
    json!({"displayName": "A call", "sequence": 1, "isEnabled": false, "actions": {"markAsRead": true}})
}

fn sender(name: &str) -> Value {
    json!({"classifyAs": "other", "senderEmailAddress": {"name": name, "address": format!("{name}@elsewhere.example")}})
}
