//! Header fields that a client of JSON gives, and values that try to be more than one.

use super::id;
use kit::{Field, Server, fields, recipients};
use serde_json::{Value, json};

fn field(name: &str, value: &str) -> Value {
    json!({"name": name, "value": value})
}

fn named<'f>(fields: &'f [Field], name: &str) -> Vec<&'f Field> {
    fields.iter().filter(|field| field.is(name)).collect()
}

#[tokio::test]
async fn standard_and_private_fields_of_json_are_sent() {
    let server = Server::start().await;
    let (adele, alex) = (server.person("AdeleV"), server.person("AlexW"));
    let references: Vec<String> = (0..30).map(|number| format!("<reference.{number}@tests.contoso.com>")).collect();
    let given = [
        ("In-Reply-To", "<parent@tests.contoso.com>".to_owned()),
        ("References", references.join(" ")),
        ("List-Unsubscribe", "<https://contoso.com/unsubscribe?x=1>, <mailto:leave@contoso.com>".to_owned()),
        ("List-Unsubscribe-Post", "List-Unsubscribe=One-Click".to_owned()),
        ("List-Id", "Contoso news <news.contoso.com>".to_owned()),
        ("Auto-Submitted", "auto-generated".to_owned()),
        ("Precedence", "bulk".to_owned()),
        ("X-Size", "größer ".repeat(30).trim_end().to_owned()),
        ("x-twice", "one".to_owned()),
        ("x-twice", "two".to_owned()),
    ];
    let headers: Vec<Value> = given.iter().map(|(name, value)| field(name, value)).collect();
    let message = json!({"subject": "With fields", "toRecipients": recipients(&["AlexW"]), "internetMessageHeaders": headers});
    adele.send_json(&message).await.demand_empty(202);
    let copy = alex.arrived("With fields").await;
    let read =
        alex.get(&format!("messages/{}?$select=internetMessageHeaders,conversationId", id(&copy))).await.demand(200).json();
    let listed = read["internetMessageHeaders"].as_array().unwrap();
    let shown: Vec<&Value> = listed.iter().filter(|one| given.iter().any(|(name, _)| one["name"] == *name)).collect();
    assert_eq!(shown, headers.iter().collect::<Vec<_>>(), "all of them, in order");
    let octets = alex.value(id(&copy)).await;
    let header = &octets[..octets.windows(4).position(|four| four == b"\r\n\r\n").unwrap()];
    let text = std::str::from_utf8(header).unwrap();
    assert!(text.is_ascii() && text.lines().all(|line| line.len() <= 998), "{text}");
    server.finish().await;
}

/// Names that have a property, are the server's, or are no names.
#[tokio::test]
async fn fields_that_are_not_the_clients_to_give_are_refused() {
    let server = Server::start().await;
    let adele = server.person("AdeleV");
    let original = adele.draft(&kit::plain("AdeleV", &["AlexW"], "An original")).await;
    let original = original["id"].as_str().unwrap();
    let names = [
        "From",
        "to",
        "CC",
        "Bcc",
        "Subject",
        "Date",
        "Message-ID",
        "Received",
        "Return-Path",
        "Content-Type",
        "MIME-Version",
        "",
        "X A",
        "X:A",
        "X-A\r\nBcc",
        "X-Ä",
    ];
    for name in names {
        let message =
            json!({"subject": "x", "toRecipients": recipients(&["AlexW"]), "internetMessageHeaders": [field(name, "x")]});
        adele.send_json(&message).await.demand_error(400, "InvalidInternetMessageHeader");
        for action in ["reply", "replyAll", "forward", "createReply", "createReplyAll", "createForward"] {
            let answer = adele.post_json(&format!("messages/{original}/{action}"), &json!({"message": message})).await;
            answer.demand_error(400, "InvalidInternetMessageHeader");
        }
    }
    assert!(adele.sent().await.is_empty() && server.person("AlexW").inbox().await.is_empty());
    server.finish().await;
}

const EVIL: &str = "x\r\nX-Evil: 1\r\n\r\nEvil body\nBcc: MeganB@contoso.com";

/// Values everywhere that a line could be smuggled in.
fn injections() -> Vec<Value> {
    let to = |name: &str, address: &str| json!([{"emailAddress": {"name": name, "address": address}}]);
    let with_file = |member: &str| {
        let mut file = json!({"@odata.type": "#microsoft.graph.fileAttachment", "name": "a", "contentBytes": "QQ=="});
        file[member] = json!(EVIL);
        json!({"attachments": [file]})
    };
    vec![
        json!({"subject": EVIL}),
        json!({"subject": "\u{85}X-Evil: 1\u{2028}X-Evil: 2\u{b}X-Evil: 3\r"}),
        json!({"internetMessageHeaders": [field("X-Given", EVIL)]}),
        json!({"internetMessageHeaders": [field("References", "<a@x>\n\n\nX-Evil: 1")]}),
        json!({"toRecipients": to(EVIL, "AlexW@contoso.com")}),
        json!({"ccRecipients": to("A", "AlexW@contoso.com>\r\nX-Evil: 1")}),
        json!({"replyTo": to("\"\r\nX-Evil: 1", "\"\r\nX-Evil: 1\"@contoso.com")}),
        json!({"from": to(EVIL, "AdeleV@contoso.com")[0]}),
        json!({"internetMessageId": "<a@x>\r\nX-Evil: 1"}),
        with_file("name"),
        with_file("contentType"),
        with_file("contentId"),
    ]
}

#[tokio::test]
async fn no_value_is_more_than_its_own_field() {
    let server = Server::start().await;
    let adele = server.person("AdeleV");
    let mut refused = 0;
    for injection in injections() {
        let mut message = json!({
            "subject": "Injected", "body": {"contentType": "text", "content": "The body"}, "toRecipients": recipients(&["AlexW"]),
        });
        message.as_object_mut().unwrap().extend(injection.as_object().unwrap().clone());
        let answer = adele.post_json("messages", &message).await;
        if answer.status.as_u16() == 400 {
            answer.error();
            refused += 1;
            continue;
        }
        let draft = answer.demand(201).json();
        let octets = adele.value(id(&draft)).await;
        let text = String::from_utf8(octets.to_vec()).unwrap();
        assert!(!text.lines().any(|line| line.starts_with("X-Evil")), "{injection} gave {text}");
        let fields = fields(&octets);
        assert!(named(&fields, "Bcc").is_empty(), "{injection} gave {text}");
        for name in ["From", "To", "Subject"] {
            assert_eq!(named(&fields, name).len(), 1, "{injection} gave {text}");
        }
        assert!(draft["body"]["content"].as_str().unwrap().starts_with("The body"), "{injection}: {}", draft["body"]);
    }
    assert!(refused < injections().len(), "some can be kept as text");
    server.finish().await;
}

/// A message has one References (RFC 5322 §3.6): where the author of an answer gives it, it is the author's.
#[tokio::test]
async fn an_answers_own_threading_fields_stand_alone() {
    let server = Server::start().await;
    let adele = server.person("AdeleV");
    let original = adele.draft(&kit::plain("AdeleV", &["AlexW"], "An original")).await;
    let given = [field("References", "<a@tests.contoso.com>"), field("in-reply-to", "<b@tests.contoso.com>")];
    let message = json!({"message": {"internetMessageHeaders": given}, "comment": "c"});
    let answer = adele.post_json(&format!("messages/{}/createReply", id(&original)), &message).await.demand(201).json();
    let octets = adele.value(id(&answer)).await;
    let fields = fields(&octets);
    let bodies = |name: &str| named(&fields, name).iter().map(|field| field.body()).collect::<Vec<_>>();
    assert_eq!(bodies("References"), ["<a@tests.contoso.com>"]);
    assert_eq!(bodies("In-Reply-To"), ["<b@tests.contoso.com>"]);
    server.finish().await;
}

/// Who answers each other for years makes no header that grows for years.
#[tokio::test]
async fn references_of_an_answer_have_an_end() {
    let server = Server::start().await;
    let adele = server.person("AdeleV");
    let ids: Vec<String> = (0..300).map(|number| format!("<{number}@tests.contoso.com>")).collect();
    let header = format!("References: {}\r\nMessage-ID: <last@tests.contoso.com>\r\n", ids.join("\r\n "));
    let original = adele.draft(&[header.as_bytes(), &kit::plain("AdeleV", &["AlexW"], "A long thread")].concat()).await;
    let answer = adele.post_json(&format!("messages/{}/createReply", id(&original)), &json!({})).await.demand(201).json();
    let octets = adele.value(id(&answer)).await;
    let fields = fields(&octets);
    let references = named(&fields, "References")[0].body();
    let named: Vec<&str> = references.split_whitespace().collect();
    assert_eq!((named.len(), named[0], named[1]), (100, "<0@tests.contoso.com>", "<202@tests.contoso.com>"));
    assert_eq!(named[99], "<last@tests.contoso.com>");
    server.finish().await;
}

#[tokio::test]
async fn an_address_is_one_address() {
    let server = Server::start().await;
    let (adele, megan) = (server.person("AdeleV"), server.person("MeganB"));
    for address in ["AlexW@contoso.com>, <MeganB@contoso.com", "AlexW@contoso.com, MeganB@contoso.com", "a:MeganB@contoso.com;"] {
        let message = json!({"subject": "One", "toRecipients": [{"emailAddress": {"address": address}}]});
        let draft = adele.post_json("messages", &message).await.demand(201).json();
        assert_eq!(draft["toRecipients"].as_array().unwrap().len(), 1, "{draft}");
        adele.post_nothing(&format!("messages/{}/send", id(&draft))).await;
    }
    let message = json!({"subject": "Two", "toRecipients": recipients(&["MeganB"])});
    adele.send_json(&message).await.demand_empty(202);
    megan.arrived("Two").await;
    assert_eq!(megan.inbox().await.len(), 1, "what was sent before came to nobody");
    server.finish().await;
}
