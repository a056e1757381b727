//! In whose name one may send, and what narrows an app that sends.

use super::{ALL, said};
use kit::{Person, Server, address, app, census, letter, plain, recipients};
use serde_json::{Value, json};
use store::{ApplicationLimits, MailboxAccess};

const SEND: &str = "Mail.Send Mail.Send.Shared Mail.ReadWrite Mail.ReadWrite.Shared";

/// Who is named in a message that arrived.
fn named(message: &Value) -> [&str; 2] {
    ["sender", "from"].map(|name| message[name]["emailAddress"]["address"].as_str().unwrap())
}

async fn sender(server: &Server) -> Person {
    let tool = app("tool", &format!("{ALL} {SEND}"));
    server.register(&tool).await;
    server.through(&tool, "AdeleV", SEND).await
}

#[tokio::test]
async fn who_sends_on_behalf_is_named_as_sender_and_no_octet_is_touched() {
    let server = Server::start().await;
    let adele = sender(&server).await;
    let octets = plain("MeganB", &["AlexW"], "On behalf");
    adele.send_mime(&octets).await.demand_error(403, "ErrorSendAsDenied");
    server.grant("MeganB", "AdeleV", MailboxAccess::SendOnBehalf).await;
    adele.send_mime(&octets).await.demand_empty(202);
    let alex = server.person("AlexW");
    let message = alex.arrived("On behalf").await;
    assert_eq!(named(&message), [address("AdeleV"), address("MeganB")]);
    let arrived = alex.value(message["id"].as_str().unwrap()).await;
    assert!(arrived.ends_with(&octets), "what was given stands as it was given");
    let before = String::from_utf8_lossy(&arrived[..arrived.len() - octets.len()]).into_owned();
    assert!(before.contains("Sender: \"Adele Vance\" <AdeleV@contoso.com>\r\n"), "{before}");
    assert_eq!(named(&adele.sent().await[0]), [address("AdeleV"), address("MeganB")], "the copy is the sender's");

    let as_json = json!({
        "subject": "On behalf, as JSON",
        "from": {"emailAddress": {"address": address("MeganB")}},
        "toRecipients": recipients(&["AlexW"]),
    });
    adele.send_json(&as_json).await.demand_empty(202);
    assert_eq!(named(&alex.arrived("On behalf, as JSON").await), [address("AdeleV"), address("MeganB")]);
    let draft = adele.draft(&plain("MeganB", &["AlexW"], "On behalf, from a draft")).await;
    adele.post_nothing(&format!("messages/{}/send", draft["id"].as_str().unwrap())).await.demand_empty(202);
    assert_eq!(named(&alex.arrived("On behalf, from a draft").await), [address("AdeleV"), address("MeganB")]);

    let hidden = letter(
        &[("From", &address("MeganB")), ("Sender", &address("MeganB")), ("To", &address("AlexW"))],
        "As if she had sent it\r\n",
    );
    adele.send_mime(&hidden).await.demand_error(403, "ErrorSendAsDenied");
    server.finish().await;
}

#[tokio::test]
async fn send_as_names_nobody_else() {
    let server = Server::start().await;
    let adele = sender(&server).await;
    let (id, megan) = (server.id("AdeleV"), address("MeganB"));
    server.grant("MeganB", "AdeleV", MailboxAccess::SendOnBehalf).await;
    server.write(move |tx| tx.grant_send_as(id, &megan)).await;
    adele.send_mime(&plain("MeganB", &["AlexW"], "As Megan")).await.demand_empty(202);
    let message = server.person("AlexW").arrived("As Megan").await;
    assert_eq!(named(&message), [address("MeganB"), address("MeganB")], "send-as goes before on-behalf");
    server.finish().await;
}

#[tokio::test]
async fn full_access_alone_does_not_let_send() {
    let server = Server::start().await;
    let adele = sender(&server).await.at("MeganB");
    let (headless, octets) = (
        letter(&[("To", &address("AlexW")), ("Subject", "From nobody")], "Hello\r\n"),
        plain("MeganB", &["AlexW"], "From the team's"),
    );
    server.grant("MeganB", "AdeleV", MailboxAccess::SendOnBehalf).await;
    adele.send_mime(&octets).await.demand_error(403, "ErrorAccessDenied");
    server.grant("MeganB", "AdeleV", MailboxAccess::FullAccess).await;
    adele.send_mime(&octets).await.demand_empty(202);
    adele.send_mime(&headless).await.demand_empty(202);
    let alex = server.person("AlexW");
    for subject in ["From the team's", "From nobody"] {
        assert_eq!(named(&alex.arrived(subject).await), [address("AdeleV"), address("MeganB")]);
    }
    assert_eq!(adele.sent().await.len(), 2, "the copies are in the mailbox that was used");
    assert!(adele.at("AdeleV").sent().await.is_empty());

    let christie = server.id("ChristieC");
    server.grant("ChristieC", "AdeleV", MailboxAccess::FullAccess).await;
    let of_christie = adele.at("ChristieC");
    of_christie.send_mime(&plain("ChristieC", &["AlexW"], "No")).await.demand_error(403, "ErrorSendAsDenied");
    of_christie.send_mime(&headless).await.demand_error(403, "ErrorSendAsDenied");
    of_christie.send_json(&json!({"toRecipients": recipients(&["AlexW"])})).await.demand_error(403, "ErrorSendAsDenied");
    of_christie.send_mime(&plain("AdeleV", &["AlexW"], "As herself")).await.demand_empty(202);
    assert_eq!(named(&alex.arrived("As herself").await), [address("AdeleV"), address("AdeleV")]);
    let adele_id = server.id("AdeleV");
    server.write(move |tx| tx.revoke_access(christie, adele_id, MailboxAccess::FullAccess)).await;
    of_christie.get("messages").await.demand_error(403, "ErrorAccessDenied");
    server.finish().await;
}

#[tokio::test]
async fn sending_for_others_needs_its_own_permission() {
    let server = Server::start().await;
    let tool = app("tool", ALL);
    server.register(&tool).await;
    server.grant("MeganB", "AdeleV", MailboxAccess::SendOnBehalf).await;
    let id = server.id("AdeleV");
    server.write(move |tx| tx.add_address(id, "adele@contoso.com")).await;
    let adele = server.through(&tool, "AdeleV", "Mail.Send").await;
    adele.send_mime(&plain("MeganB", &["AlexW"], "No")).await.demand_error(403, "ErrorAccessDenied");
    let by_alias = letter(&[("From", "adele@contoso.com"), ("To", &address("AlexW")), ("Subject", "By an alias")], "Hello\r\n");
    adele.send_mime(&by_alias).await.demand_empty(202);
    assert_eq!(server.person("AlexW").arrived("By an alias").await["from"]["emailAddress"]["address"], "adele@contoso.com");
    server.finish().await;
}

#[tokio::test]
async fn a_narrowed_app_sends_within_its_bounds_by_every_road() {
    let server = Server::start().await;
    let mut tool = app("tool", ALL);
    tool.limits = ApplicationLimits {
        from: Some(vec![address("AdeleV").to_lowercase()]),
        recipient_domains: Some(vec!["contoso.com".to_owned()]),
        ..ApplicationLimits::default()
    };
    server.register(&tool).await;
    server
        .person("AlexW")
        .send_mime(&letter(
            &[("From", &address("AlexW")), ("To", &address("AdeleV")), ("Reply-To", "x@fabrikam.example"), ("Subject", "Asked")],
            "Hello\r\n",
        ))
        .await
        .demand_empty(202);
    let original = server.person("AdeleV").arrived("Asked").await["id"].as_str().unwrap().to_owned();
    let (itself, before) = (server.as_app(&tool, ALL).at("AdeleV"), census(&server).await);
    let outside = "x@fabrikam.example";
    for field in ["To", "Cc", "Bcc"] {
        let fields = [("From", address("AdeleV")), ("To", address("MeganB")), (field, outside.to_owned())];
        let fields: Vec<(&str, &str)> = fields.iter().map(|(name, text)| (*name, text.as_str())).collect();
        let error = itself.send_mime(&letter(&fields, "No\r\n")).await.demand(403);
        assert_eq!(said(&error)["innerError"]["cause"], "the app is limited: it may not send to the domain \"fabrikam.example\"");
    }
    let reply = json!({"comment": "Never"});
    itself.post_json(&format!("messages/{original}/reply"), &reply).await.demand_error(403, "ErrorAccessDenied");
    let forward = json!({"toRecipients": [{"emailAddress": {"address": outside}}]});
    itself.post_json(&format!("messages/{original}/forward"), &forward).await.demand_error(403, "ErrorAccessDenied");
    let as_alex = server.as_app(&tool, ALL).at("AlexW");
    let error = as_alex.send_mime(&plain("AlexW", &["MeganB"], "No")).await.demand(403);
    assert_eq!(said(&error)["code"], "ErrorSendAsDenied");
    assert_eq!(said(&error)["innerError"]["cause"], format!("the app is limited: it may not send from {:?}", address("AlexW")));
    for second in
        ["From: x@fabrikam.example", "From : x@fabrikam.example", "FROM:\r\n x@fabrikam.example", "Sender: x@fabrikam.example"]
    {
        let text = format!("{second}\r\nFrom: {}\r\nTo: {}\r\n\r\nNo\r\n", address("AdeleV"), address("MeganB"));
        itself.send_mime(text.as_bytes()).await.demand_error(403, "ErrorSendAsDenied");
    }
    assert_eq!(census(&server).await, before, "what is refused changes nothing");

    let draft = itself.post_json(&format!("messages/{original}/createReply"), &reply).await.demand(201).json();
    let send = format!("messages/{}/send", draft["id"].as_str().unwrap());
    itself.post_nothing(&send).await.demand_error(403, "ErrorAccessDenied");
    let within = json!({"toRecipients": recipients(&["MeganB"])});
    itself.patch_json(&format!("messages/{}", draft["id"].as_str().unwrap()), &within).await.demand(200);
    itself.post_nothing(&send).await.demand_empty(202);
    server.person("MeganB").arrived("RE: Asked").await;
    server.finish().await;
}

#[tokio::test]
async fn a_rate_holds_for_the_app_whatever_mailbox_and_is_given_back_by_refusals() {
    let server = Server::start().await;
    let mut tool = app("tool", ALL);
    tool.limits = ApplicationLimits { sends_per_minute: Some(2), ..ApplicationLimits::default() };
    server.register(&tool).await;
    let itself = server.as_app(&tool, ALL);
    let from = |name: &str| plain(name, &["MeganB"], "Counted");
    itself.at("AdeleV").send_mime(&from("ChristieC")).await.demand_error(403, "ErrorSendAsDenied");
    itself.at("AdeleV").send_mime(&from("AdeleV")).await.demand_empty(202);
    itself.at("AlexW").send_mime(&from("AlexW")).await.demand_empty(202);
    let refused = itself.at("AdeleV").send_mime(&from("AdeleV")).await.demand(429);
    assert_eq!(said(&refused)["code"], "ApplicationThrottled");
    let after: i64 = refused.header("retry-after").unwrap().parse().unwrap();
    assert!((1..=60).contains(&after), "{after}");
    itself.at("AdeleV").get("messages").await.demand(200); // only sending is counted
    server.person("AdeleV").send_mime(&from("AdeleV")).await.demand_empty(202); // and only this app's
    let send = |id: u8| {
        let message = json!({"subject": "Counted", "toRecipients": recipients(&["MeganB"])});
        let (url, headers) = (format!("/users/{}/sendMail", address("AdeleV")), json!({"content-type": "application/json"}));
        json!({"id": id.to_string(), "method": "POST", "url": url, "headers": headers, "body": {"message": message}})
    };
    let batch = json!({"requests": [send(1), send(2)]});
    for answer in itself.post_json("/$batch", &batch).await.demand(200).json()["responses"].as_array().unwrap() {
        assert_eq!((&answer["status"], &answer["body"]["error"]["code"]), (&json!(429), &json!("ApplicationThrottled")));
        let named = |name: &&String| name.eq_ignore_ascii_case("retry-after");
        assert!(answer["headers"].as_object().unwrap().keys().any(|name| named(&name)), "{answer}");
    }
    server.finish().await;
}

#[tokio::test]
async fn of_sends_at_once_no_more_go_out_than_the_rate_lets_and_a_restart_forgets_none() {
    let mut server = Server::start().await;
    let mut tool = app("tool", ALL);
    tool.limits = ApplicationLimits { sends_per_minute: Some(5), ..ApplicationLimits::default() };
    server.register(&tool).await;
    let itself = server.as_app(&tool, ALL).at("AdeleV");
    let mut sends = tokio::task::JoinSet::new();
    for number in 0..20 {
        let (itself, octets) = (itself.clone(), plain("AdeleV", &["MeganB"], &format!("At once {number}")));
        sends.spawn(async move { itself.send_mime(&octets).await.status.as_u16() });
    }
    let mut statuses = sends.join_all().await;
    statuses.sort_unstable();
    assert_eq!(statuses, [[202; 5].as_slice(), &[429; 15]].concat());
    server.kill().await;
    server.restart().await;
    let itself = server.as_app(&tool, ALL).at("AdeleV");
    itself.send_mime(&plain("AdeleV", &["MeganB"], "After")).await.demand_error(429, "ApplicationThrottled");
    server.finish().await;
}
