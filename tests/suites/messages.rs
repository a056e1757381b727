//! Sending in JSON, blind copies, people, and who may call what.

use kit::{Server, address, base64, letter, plain, recipients};
use serde_json::{Value, json};

fn id(item: &Value) -> &str {
    item["id"].as_str().expect("an item has an id")
}

#[tokio::test]
async fn a_message_of_json_arrives_with_its_file() {
    let server = Server::start().await;
    let adele = server.person("AdeleV");
    let file: Vec<u8> = (0..=255).cycle().take(10_000).collect();
    let message = json!({
        "subject": "Meet for lunch?",
        "importance": "High",
        "body": {"contentType": "html", "content": "<p>The new cafeteria is open.</p>"},
        "toRecipients": recipients(&["AlexW"]),
        "ccRecipients": recipients(&["ChristieC"]),
        "attachments": [{
            "@odata.type": "#microsoft.graph.fileAttachment",
            "name": "menu.bin", "contentType": "application/octet-stream", "contentBytes": base64(&file),
        }],
    });
    adele.send_json(&message).await.demand_empty(202);
    for name in ["AlexW", "ChristieC"] {
        let recipient = server.person(name);
        let arrived = recipient.arrived("Meet for lunch?").await;
        assert_eq!(arrived["hasAttachments"], true);
        assert_eq!(arrived["importance"], "high");
        assert_eq!(arrived["bodyPreview"], "The new cafeteria is open.");
        assert_eq!(arrived["from"]["emailAddress"]["address"], address("AdeleV"));
        let read = recipient.get(&format!("messages/{}?$expand=attachments", id(&arrived))).await.demand(200).json();
        assert_eq!(read["attachments"][0]["name"], "menu.bin");
        assert_eq!(read["attachments"][0]["contentBytes"], base64(&file));
    }
    assert_eq!(adele.sent().await.len(), 1);
    server.finish().await;
}

/// Clients and Microsoft's own samples give this boolean as a text, and members in either case (behaviour 1.5, 3.1).
#[tokio::test]
async fn save_to_sent_items_may_be_a_boolean_or_a_text() {
    let server = Server::start().await;
    let adele = server.person("AdeleV");
    let cases = [(json!(false), false), (json!("false"), false), (json!(true), true), (json!("true"), true)];
    for (number, (wish, kept)) in cases.iter().enumerate() {
        let subject = format!("Wish {number}");
        let message = json!({"Subject": subject, "ToRecipients": recipients(&["AlexW"])});
        let body = json!({"Message": message, "SaveToSentItems": wish});
        adele.post_json("sendMail", &body).await.demand_empty(202);
        server.person("AlexW").arrived(&subject).await;
        assert_eq!(adele.sent().await.iter().any(|sent| sent["subject"] == subject.as_str()), *kept, "{wish}");
    }
    server.finish().await;
}

#[tokio::test]
async fn bcc_is_cut_from_what_recipients_get_and_nothing_else_is() {
    let server = Server::start().await;
    let adele = server.person("AdeleV");
    let (from, to, bcc) = (address("AdeleV"), address("AlexW"), format!("Secret\r\n <{}>", address("MeganB")));
    let octets = letter(
        &[("From", from.as_str()), ("bCC", &bcc), ("To", &to), ("Subject", "Blind"), ("X-Bcc", "stays"), ("Bcc", "")],
        "Bcc: this is the body\r\n",
    );
    adele.send_mime(&octets).await.demand_empty(202);
    let cut = letter(&[("From", &from), ("To", &to), ("Subject", "Blind"), ("X-Bcc", "stays")], "Bcc: this is the body\r\n");
    for name in ["AlexW", "MeganB"] {
        let recipient = server.person(name);
        let arrived = recipient.arrived("Blind").await;
        assert_eq!(arrived["bccRecipients"], json!([]), "{name}");
        let delivered = recipient.value(id(&arrived)).await;
        assert!(delivered.ends_with(&cut), "{name} got {}", String::from_utf8_lossy(&delivered));
    }
    let sent = adele.sent().await;
    assert_eq!(adele.value(id(&sent[0])).await, octets, "the sender's copy keeps it");
    assert_eq!(sent[0]["bccRecipients"][0]["emailAddress"]["address"], address("MeganB"));
    server.finish().await;
}

#[tokio::test]
async fn what_goes_to_other_domains_is_taken_and_held() {
    let server = Server::start().await;
    let adele = server.person("AdeleV");
    let to = format!("{}, someone@fabrikam.example", address("AlexW"));
    let octets = letter(&[("From", &address("AdeleV")), ("To", &to), ("Subject", "Outside")], "Hello\r\n");
    adele.send_mime(&octets).await.demand_empty(202);
    server.person("AlexW").arrived("Outside").await;
    assert_eq!(adele.sent().await.len(), 1);
    server.finish().await;
}

#[tokio::test]
async fn a_message_named_twice_for_one_person_is_filed_once() {
    let server = Server::start().await;
    let to = format!("{0}, {0}", address("AlexW"));
    let octets =
        letter(&[("From", &address("AdeleV")), ("To", &to), ("Cc", "alexw@CONTOSO.com"), ("Subject", "Thrice")], "Hello\r\n");
    server.person("AdeleV").send_mime(&octets).await.demand_empty(202);
    server.person("AlexW").arrived("Thrice").await;
    server.finish().await;
}

#[tokio::test]
async fn people_are_found_by_me_by_name_and_by_id() {
    let server = Server::start().await;
    let adele = server.person("AdeleV");
    for (name, display_name) in
        [("AdeleV", "Adele Vance"), ("AlexW", "Alex Wilber"), ("ChristieC", "Christie Cline"), ("MeganB", "Megan Bowen")]
    {
        let id = server.entry(name)["id"].as_str().unwrap();
        let by_id = adele.get(&format!("/users/{id}")).await.demand(200).json();
        let by_name = adele.get(&format!("/users/{}", address(name))).await.demand(200).json();
        let encoded = adele.get(&format!("/users/{}", address(name).replace('@', "%40").to_lowercase())).await.demand(200).json();
        assert_eq!((&by_name, &encoded), (&by_id, &by_id));
        assert_eq!(by_id["id"], id);
        assert_eq!(by_id["displayName"], display_name);
        assert_eq!(by_id["userPrincipalName"], address(name));
        assert_eq!(by_id["mail"], address(name));
        let me = server.person(name).get("/me").await.demand(200).json();
        assert_eq!(me["id"], id);
        assert_eq!(me["userPrincipalName"], address(name));
    }
    let nobody = adele.get("/users/NobodyN@contoso.com").await.demand(404);
    nobody.error();
    server.finish().await;
}

#[tokio::test]
async fn an_app_uses_every_mailbox_but_has_none() {
    let server = Server::start().await;
    let app = server.app().await;
    for path in ["/me", "/me/messages", "/me/mailFolders/inbox"] {
        let answer = app.get(path).await.demand(400);
        assert_eq!(answer.error()["code"], "BadRequest", "an app-only token has no signed-in user");
    }
    app.send_mime(&plain("AdeleV", &["AlexW"], "From nobody")).await.demand(400).error();
    app.at("AdeleV").send_mime(&plain("AdeleV", &["AlexW"], "Sent by an app")).await.demand_empty(202);
    let arrived = app.at("AlexW").arrived("Sent by an app").await;
    assert_eq!(arrived["from"]["emailAddress"]["address"], address("AdeleV"));
    assert_eq!(server.person("AdeleV").sent().await.len(), 1, "the copy is in the mailbox that was used");
    server.finish().await;
}

#[tokio::test]
async fn a_message_without_body_type_and_with_mixed_recipients_reaches_all() {
    let server = Server::start().await;
    let message = json!({
        "subject": "To all",
        "body": {"content": "Hello all"},
        "toRecipients": recipients(&["AlexW"]),
        "ccRecipients": recipients(&["ChristieC"]),
        "bccRecipients": recipients(&["MeganB"]),
    });
    server.person("AdeleV").send_json(&message).await.demand_empty(202);
    for name in ["AlexW", "ChristieC", "MeganB"] {
        let recipient = server.person(name);
        let arrived = recipient.arrived("To all").await;
        assert_eq!(arrived["bccRecipients"], json!([]), "{name}");
        let octets = recipient.value(id(&arrived)).await;
        let lower = String::from_utf8_lossy(&octets).to_lowercase();
        assert!(!lower.contains("\nbcc:") && !lower.starts_with("bcc:"), "{name} got {lower}");
    }
    server.finish().await;
}
