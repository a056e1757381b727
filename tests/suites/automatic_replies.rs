//! Automatic replies: whoever writes to somebody who is away is told so, once in each absence, and no program is (RFC 3834).

use kit::{Person, Server, Smtp, address, letter, plain, recipients};
use serde_json::{Value, json};
use std::time::Duration;

/// Long enough for a reply that is wrongly sent to arrive.
const IN_VAIN: Duration = Duration::from_millis(400);

async fn away(person: &Person, setting: &Value) {
    person.patch_json("mailboxSettings", &json!({"automaticRepliesSetting": setting})).await.demand(200);
}

fn always(internal: &str) -> Value {
    json!({"status": "alwaysEnabled", "internalReplyMessage": internal, "externalReplyMessage": "<p>Away, outside</p>"})
}

async fn replies(person: &Person) -> Vec<Value> {
    let mut found = person.inbox().await;
    found.retain(|message| message["subject"].as_str().is_some_and(|subject| subject.starts_with("Automatic reply: ")));
    found
}

async fn write(from: &Person, sender: &str, to: &Person, subject: &str) {
    from.send_mime(&plain(sender, &["AlexW"], subject)).await.demand_empty(202);
    to.arrived(subject).await;
}

#[tokio::test]
async fn whoever_writes_is_told_once_in_each_absence() {
    let server = Server::start().await;
    let [adele, alex, megan] = ["AdeleV", "AlexW", "MeganB"].map(|name| server.person(name));
    write(&adele, "AdeleV", &alex, "Before").await;
    away(&alex, &always("<html><body><p>I am <b>away</b>, Grüße</p></body></html>")).await;
    write(&adele, "AdeleV", &alex, "First").await;
    let reply = adele.arrived("Automatic reply: First").await;
    assert_eq!(reply["from"]["emailAddress"]["address"], address("AlexW"));
    let id = reply["id"].as_str().unwrap();
    let body = adele.get(&format!("messages/{id}?$select=body,conversationId")).await.demand(200).json();
    assert!(body["body"]["content"].as_str().unwrap().contains("<b>away</b>, Grüße"), "{body}");
    let first = adele.sent().await.into_iter().find(|message| message["subject"] == "First").expect("it is sent");
    assert_eq!(body["conversationId"], first["conversationId"]);
    let octets = String::from_utf8(adele.value(id).await.to_vec()).expect("text");
    for field in
        ["Return-Path: <>\r\n", "Auto-Submitted: auto-replied\r\n", "X-Auto-Response-Suppress: All\r\n", "In-Reply-To: <First@"]
    {
        assert!(octets.contains(field), "{field} of {octets}");
    }
    write(&adele, "AdeleV", &alex, "Second").await;
    write(&megan, "MeganB", &alex, "Of Megan").await;
    megan.arrived("Automatic reply: Of Megan").await;
    tokio::time::sleep(IN_VAIN).await;
    assert_eq!(replies(&adele).await.len(), 1, "once");
    // Switched off, nobody is told; the next absence is another.
    away(&alex, &json!({"status": "disabled"})).await;
    write(&adele, "AdeleV", &alex, "Third").await;
    away(&alex, &always("Away again")).await;
    write(&adele, "AdeleV", &alex, "Fourth").await;
    adele.arrived("Automatic reply: Fourth").await;
    assert_eq!(replies(&adele).await.len(), 2);
    assert!(alex.sent().await.is_empty(), "no copy is kept");
    server.finish().await;
}

#[tokio::test]
async fn a_schedule_says_when() {
    let server = Server::start().await;
    let (adele, alex) = (server.person("AdeleV"), server.person("AlexW"));
    let at = |year: i32| json!({"dateTime": format!("{year}-01-01T00:00:00"), "timeZone": "Tokyo Standard Time"});
    let scheduled = |from: i32, to: i32| json!({"status": "scheduled", "internalReplyMessage": "Away", "scheduledStartDateTime": at(from), "scheduledEndDateTime": at(to)});
    for (subject, from, to) in [("Over", 2019, 2020), ("To come", 2098, 2099), ("Now", 2020, 2099)] {
        away(&alex, &scheduled(from, to)).await;
        write(&adele, "AdeleV", &alex, subject).await;
    }
    adele.arrived("Automatic reply: Now").await;
    assert_eq!(replies(&adele).await.len(), 1);
    server.finish().await;
}

#[tokio::test]
async fn no_program_no_list_and_nobody_who_was_not_written_to_is_answered() {
    let server = Server::start().await;
    let [adele, alex, megan] = ["AdeleV", "AlexW", "MeganB"].map(|name| server.person(name));
    away(&alex, &always("Away")).await;
    away(&adele, &always("Away too")).await;
    let (from, to) = (address("AdeleV"), address("AlexW"));
    for (name, text) in [
        ("List-Id", "<list.contoso.com>"),
        ("List-Unsubscribe", "<mailto:x@contoso.com>"),
        ("Precedence", "bulk"),
        ("Auto-Submitted", "auto-generated"),
        ("Auto-Submitted", "auto-replied"),
        ("X-Auto-Response-Suppress", "DR, OOF"),
        ("Content-Type", "multipart/report; report-type=delivery-status; boundary=b"),
    ] {
        let subject = format!("{name} {text}");
        let octets = letter(&[("From", &from), ("To", &to), ("Subject", &subject), (name, text)], "x");
        adele.send_mime(&octets).await.demand_empty(202);
        alex.arrived(&subject).await;
    }
    let hidden = letter(&[("From", &from), ("To", &address("MeganB")), ("Bcc", &to), ("Subject", "Hidden")], "x");
    adele.send_mime(&hidden).await.demand_empty(202);
    alex.arrived("Hidden").await;
    let rule = json!({
        "displayName": "x", "sequence": 1, "conditions": {"subjectContains": ["rubbish"]}, "actions": {"delete": true}
    });
    alex.post_json("mailFolders/inbox/messageRules", &rule).await.demand(201);
    adele.send_mime(&plain("AdeleV", &["AlexW"], "Rubbish")).await.demand_empty(202);
    tokio::time::sleep(IN_VAIN).await;
    assert_eq!(replies(&adele).await, Vec::<Value>::new());
    // Two who are away tell each other once.
    adele.send_mime(&plain("AdeleV", &["AlexW"], "At last")).await.demand_empty(202);
    adele.arrived("Automatic reply: At last").await;
    tokio::time::sleep(IN_VAIN).await;
    assert_eq!(replies(&alex).await, Vec::<Value>::new());
    assert_eq!(replies(&megan).await, Vec::<Value>::new());
    server.finish().await;
}

/// What waits for other servers.
async fn queued(server: &Server) -> String {
    String::from_utf8(server.restante(&["queue", "list"]).await.stdout).expect("text")
}

#[tokio::test]
async fn who_is_outside_is_told_what_is_meant_for_him_if_anything_is() {
    let server = Server::start().await;
    let alex = server.person("AlexW");
    let send = async |from: &str, subject: &str| {
        let octets = letter(&[("From", from), ("To", &address("AlexW")), ("Subject", subject)], "x");
        let mut smtp = Smtp::connect(&server).await;
        smtp.demand("EHLO client.elsewhere.example", 250).await;
        smtp.envelope(from, &[address("AlexW")]).await;
        smtp.data(&octets, 250).await;
    };
    away(&alex, &always("Away, inside")).await;
    send("a@elsewhere.example", "To nobody outside").await;
    away(&alex, &json!({"externalAudience": "contactsOnly"})).await;
    send("b@elsewhere.example", "To contacts").await;
    away(&alex, &json!({"externalAudience": "all"})).await;
    for nobody in ["noreply@elsewhere.example", "list-request@elsewhere.example", "owner-list@elsewhere.example"] {
        send(nobody, "Of a program").await;
    }
    send("c@elsewhere.example", "To all").await;
    let told =
        kit::until("the reply waits for its server", async || Some(queued(&server).await).filter(|told| told.contains("c@")))
            .await;
    for nobody in ["a@elsewhere", "b@elsewhere", "noreply@", "list-request@", "owner-list@"] {
        assert!(!told.contains(nobody), "{nobody} of {told}");
    }
    server.finish().await;
}

#[tokio::test]
async fn a_reply_is_sent_once_by_whichever_node_delivers() {
    let [one, other] = Server::nodes::<2>().await;
    let (adele, alex) = (one.person("AdeleV"), other.person("AlexW"));
    away(&alex, &always("Away")).await;
    for number in 0..12 {
        let node = if number % 2 == 0 { &one } else { &other };
        let message = json!({"subject": format!("Number {number}"), "toRecipients": recipients(&["AlexW"])});
        node.person("AdeleV").send_json(&message).await.demand_empty(202);
    }
    for number in 0..12 {
        alex.arrived(&format!("Number {number}")).await;
    }
    kit::until("a reply arrives", async || (!replies(&adele).await.is_empty()).then_some(())).await;
    tokio::time::sleep(IN_VAIN).await;
    assert_eq!(replies(&adele).await.len(), 1);
    one.finish().await;
    other.finish().await;
}
