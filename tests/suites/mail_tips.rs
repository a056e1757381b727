//! Mail tips: what whoever writes to somebody had better know before.

use kit::{Person, Server, address, app};
use serde_json::{Value, json};

const ALL: &str = "automaticReplies, mailboxFullStatus, customMailTip, externalMemberCount, totalMemberCount, maxMessageSize, \
    deliveryRestriction, moderationStatus, recipientScope, recipientSuggestions";

async fn tips(person: &Person, addresses: &[&str], options: &str) -> Vec<Value> {
    let body = json!({"EmailAddresses": addresses, "MailTipsOptions": options});
    let answer = person.post_json("getMailTips", &body).await.demand(200).json();
    assert!(answer["@odata.context"].as_str().unwrap().ends_with("$metadata#Collection(microsoft.graph.mailTips)"));
    answer["value"].as_array().unwrap().clone()
}

async fn away(person: &Person, setting: &Value) {
    person.patch_json("mailboxSettings", &json!({"automaticRepliesSetting": setting})).await.demand(200);
}

#[tokio::test]
async fn each_address_has_its_entry_with_what_was_asked_and_nothing_else() {
    let server = Server::with_config("development = true\n[limits]\nmessage_octets = 20971520\n").await;
    let adele = server.person("AdeleV");
    let (alex, outside) = (address("AlexW"), "somebody@elsewhere.example");
    let all = tips(&adele, &[&alex, outside, &alex], ALL).await;
    let with = |address: &str, scope: &str| {
        json!({
            "emailAddress": {"name": "", "address": address},
            "automaticReplies": {"message": ""},
            "customMailTip": "",
            "deliveryRestricted": false,
            "externalMemberCount": 0,
            "isModerated": false,
            "mailboxFull": false,
            "maxMessageSize": 20 * 1024 * 1024,
            "recipientScope": scope,
            "recipientSuggestions": [],
            "totalMemberCount": 0,
        })
    };
    assert_eq!(all, [with(&alex, "internal"), with(outside, "external"), with(&alex, "internal")]);
    let some = tips(&adele, &[&alex], "RecipientScope,maxmessagesize").await;
    let expected =
        json!({"emailAddress": {"name": "", "address": alex}, "maxMessageSize": 20 * 1024 * 1024, "recipientScope": "internal"});
    assert_eq!(some, [expected]);
    assert_eq!(tips(&adele, &["alexw+lists@CONTOSO.com"], "recipientScope").await[0]["recipientScope"], "internal");
    server.finish().await;
}

#[tokio::test]
async fn where_nothing_can_be_sent_that_is_told() {
    let server = Server::start().await;
    let unknown = ["nobody@contoso.com", "no address", "", "a@", "@contoso.com", "Alex Wilber"];
    for (told, address) in tips(&server.person("AdeleV"), &unknown, ALL).await.into_iter().zip(unknown) {
        let error = json!({"code": "ErrorInvalidRecipients", "message": "Nothing can be sent to this address."});
        assert_eq!(told, json!({"emailAddress": {"name": "", "address": address}, "error": error}));
    }
    server.finish().await;
}

#[tokio::test]
async fn who_is_away_says_so_to_those_here_while_he_is() {
    let server = Server::start().await;
    let [adele, alex] = ["AdeleV", "AlexW"].map(|name| server.person(name));
    let tip = async || tips(&adele, &[&address("AlexW")], "automaticReplies").await[0]["automaticReplies"].clone();
    let texts = json!({"internalReplyMessage": "<p>Away</p>", "externalReplyMessage": "outside", "externalAudience": "all"});
    let with = |more: Value| {
        let mut setting = texts.clone();
        setting.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        setting
    };
    away(&alex, &with(json!({"status": "disabled"}))).await;
    assert_eq!(tip().await, json!({"message": ""}));
    away(&alex, &with(json!({"status": "alwaysEnabled"}))).await;
    assert_eq!(tip().await, json!({"message": "<p>Away</p>", "messageLanguage": null}));
    alex.patch_json("mailboxSettings", &json!({"language": {"locale": "de-DE"}})).await.demand(200);
    let at = |year: i32| json!({"dateTime": format!("{year}-01-01T08:00:00.0000000"), "timeZone": "UTC"});
    let scheduled = |from: i32, to: i32| {
        with(json!({"status": "scheduled", "scheduledStartDateTime": at(from), "scheduledEndDateTime": at(to)}))
    };
    away(&alex, &scheduled(2020, 2090)).await;
    let told = tip().await;
    assert_eq!(told["messageLanguage"]["locale"], "de-DE");
    assert_eq!(
        (&told["message"], &told["scheduledStartTime"], &told["scheduledEndTime"]),
        (&json!("<p>Away</p>"), &at(2020), &at(2090))
    );
    away(&alex, &scheduled(2089, 2090)).await;
    assert_eq!(tip().await, json!({"message": ""}), "not yet");
    away(&alex, &scheduled(2019, 2020)).await;
    assert_eq!(tip().await, json!({"message": ""}), "not any more");
    server.finish().await;
}

#[tokio::test]
async fn what_can_not_be_asked_is_refused() {
    let server = Server::start().await;
    let adele = server.person("AdeleV");
    let alex = address("AlexW");
    let odd = [
        json!({}),
        json!({"emailAddresses": [alex]}),
        json!({"mailTipsOptions": "recipientScope"}),
        json!({"emailAddresses": [], "mailTipsOptions": "recipientScope"}),
        json!({"emailAddresses": [alex], "mailTipsOptions": ""}),
        json!({"emailAddresses": [alex], "mailTipsOptions": "recipientScope,"}),
        json!({"emailAddresses": [alex], "mailTipsOptions": "weather"}),
        json!({"emailAddresses": [1], "mailTipsOptions": "recipientScope"}),
        json!({"emailAddresses": alex, "mailTipsOptions": "recipientScope"}),
        json!({"emailAddresses": vec![alex.as_str(); 101], "mailTipsOptions": "recipientScope"}),
        json!([]),
    ];
    for body in odd {
        let answer = adele.post_json("getMailTips", &body).await;
        assert_eq!(answer.status, 400, "{body}: {:?}", answer.json());
    }
    let hundred = vec![alex.as_str(); 100];
    assert_eq!(tips(&adele, &hundred, "recipientScope").await.len(), 100);
    adele.get("getMailTips").await.demand_error(405, "ErrorInvalidRequest");
    let body = json!({"emailAddresses": [alex], "mailTipsOptions": "recipientScope"});
    for scopes in ["Mail.Send", "Mail.ReadBasic"] {
        server
            .person_with_scopes("AdeleV", scopes)
            .await
            .post_json("getMailTips", &body)
            .await
            .demand_error(403, "ErrorAccessDenied");
    }
    adele.post_json(&format!("/users/{alex}/getMailTips"), &body).await.demand_error(403, "ErrorAccessDenied");
    let app = server.app().await.at("AdeleV");
    app.post_json("getMailTips", &body).await.demand(200);
    server.finish().await;
}

#[tokio::test]
async fn an_app_for_one_mailbox_learns_nothing_of_others() {
    let server = Server::start().await;
    let alex = server.person("AlexW");
    away(&alex, &json!({"status": "alwaysEnabled", "internalReplyMessage": "Back on Monday", "externalReplyMessage": "Away"}))
        .await;
    let mut tool = app("tool", "Mail.Read");
    tool.limits.mailboxes = Some(vec![server.id("AdeleV")]);
    server.register(&tool).await;
    let limited = server.as_app(&tool, "Mail.Read").at("AdeleV");
    let told = tips(&limited, &[&address("AlexW"), "nobody@contoso.com", &address("AdeleV")], "automaticReplies").await;
    let [alex_told, nobody, own] = &told[..] else { panic!("{told:?}") };
    assert_eq!((&alex_told["automaticReplies"], &nobody["automaticReplies"]), (&json!({"message": ""}), &json!({"message": ""})));
    assert!(alex_told.get("error").is_none() && nobody.get("error").is_none() && own.get("error").is_none());
    let told = tips(&server.person("AdeleV"), &[&address("AlexW")], "automaticReplies").await;
    assert_eq!(told[0]["automaticReplies"]["message"], "Back on Monday");

    // Whoever has no words for people here tells them nothing, as mail to him would.
    away(&alex, &json!({"status": "alwaysEnabled", "internalReplyMessage": "", "externalReplyMessage": "Away"})).await;
    let told = tips(&server.person("AdeleV"), &[&address("AlexW")], "automaticReplies").await;
    assert_eq!(told[0]["automaticReplies"], json!({"message": ""}));

    // However often somebody is named, an answer has its bounds.
    let long = "x".repeat(100_000);
    away(&alex, &json!({"status": "alwaysEnabled", "internalReplyMessage": long, "externalReplyMessage": "Away"})).await;
    let (own, many) = (address("AlexW"), 100);
    let told = tips(&server.person("AdeleV"), &vec![&*own; many], "automaticReplies").await;
    let texts =
        told.iter().filter(|one| one["automaticReplies"]["message"].as_str().is_some_and(|text| text.len() > 1000)).count();
    let refused = told.iter().filter(|one| one["error"]["code"] == "ErrorMessageSizeExceeded").count();
    assert!(texts > 0 && refused > 0 && texts + refused == many, "{texts} {refused}");
    server.finish().await;
}
