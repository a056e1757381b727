//! Every predicate with every action: each cell is a message that is delivered, beside one for which the rule is not.

use super::{RULES, folder, found, is_in};
use kit::{Person, Server, address, demand_section, until};
use serde_json::{Value, json};

/// A predicate, with a message for which it holds and one for which it doesn't: who sends it, its header and its body. `{to}` is
/// the owner of the rule.
struct Case {
    name: &'static str,
    value: Value,
    hit: (&'static str, &'static str, &'static str),
    /// None where it holds for everything.
    miss: Option<(&'static str, &'static str, &'static str)>,
}

const TO: &str = "To: {to}\r\n";
const PLAIN: (&str, &str, &str) = ("AdeleV", TO, "Nothing.");

fn case(name: &'static str, value: Value, header: &'static str, body: &'static str) -> Case {
    Case { name, value, hit: ("AdeleV", header, body), miss: Some(PLAIN) }
}

fn other(name: &'static str, value: Value, hit: &'static str, miss: &'static str) -> Case {
    Case { name, value, hit: ("AdeleV", hit, "Nothing."), miss: Some(("AdeleV", miss, "Nothing.")) }
}

const WITH_FILE: &str = "--b\r\nContent-Type: text/plain\r\n\r\nText.\r\n--b\r\nContent-Type: text/plain; name=a.txt\r\n\
    Content-Disposition: attachment; filename=a.txt\r\n\r\nA file.\r\n--b--\r\n";
const FAILED: &str = "--b\r\nContent-Type: text/plain\r\n\r\nNo.\r\n--b\r\nContent-Type: message/delivery-status\r\n\r\n\
    Reporting-MTA: dns; a.example\r\n\r\nFinal-Recipient: rfc822; x@a.example\r\nAction: Failed\r\nStatus: 5.1.1\r\n--b--\r\n";
const READ: &str = "--b\r\nContent-Type: text/plain\r\n\r\nRead.\r\n--b\r\nContent-Type: message/disposition-notification\r\n\r\n\
    Final-Recipient: rfc822; x@a.example\r\nDisposition: manual-action/MDN-sent-manually; displayed\r\n--b--\r\n";
const SIGNED: &str =
    "--b\r\nContent-Type: text/plain\r\n\r\nText.\r\n--b\r\nContent-Type: application/pgp-signature\r\n\r\nx\r\n--b--\r\n";
const LARGE: &str = include_str!("matrix.rs");

fn cases() -> Vec<Case> {
    let person = |name: &str| json!([{"emailAddress": {"address": address(name).to_uppercase()}}]);
    let yes = json!(true);
    vec![
        case("bodyContains", json!(["hay", "NEEDLE"]), TO, "A needle in it."),
        case("bodyOrSubjectContains", json!(["needle"]), TO, "A Needle in it."),
        case("categories", json!(["blue", "red"]), "To: {to}\r\nKeywords: Green, Blue\r\n", "Nothing."),
        Case { miss: Some(("MeganB", TO, "Nothing.")), ..case("fromAddresses", person("AdeleV"), TO, "Nothing.") },
        case("hasAttachments", yes.clone(), "To: {to}\r\nContent-Type: multipart/mixed; boundary=b\r\n", WITH_FILE),
        case("headerContains", json!(["x-needle: IN"]), "To: {to}\r\nX-Needle: in it\r\n", "Nothing."),
        case("importance", json!("high"), "To: {to}\r\nX-Priority: 1\r\n", "Nothing."),
        Case { miss: None, ..case("isApprovalRequest", json!(false), TO, "Nothing.") },
        case("isAutomaticForward", yes.clone(), "To: {to}\r\nAuto-Submitted: auto-forwarded\r\n", "Nothing."),
        case("isAutomaticReply", yes.clone(), "To: {to}\r\nAuto-Submitted: auto-replied; a=b\r\n", "Nothing."),
        case("isEncrypted", yes.clone(), "To: {to}\r\nContent-Type: multipart/encrypted; boundary=b\r\n", SIGNED),
        case(
            "isMeetingRequest",
            yes.clone(),
            "To: {to}\r\nContent-Type: text/calendar; method=REQUEST\r\n",
            "BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nUID:1\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n",
        ),
        case(
            "isMeetingResponse",
            yes.clone(),
            "To: {to}\r\nContent-Type: text/calendar; method=reply\r\n",
            "BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nUID:1\r\nATTENDEE;PARTSTAT=DECLINED:mailto:a@contoso.com\r\n\
             END:VEVENT\r\nEND:VCALENDAR\r\n",
        ),
        case(
            "isNonDeliveryReport",
            yes.clone(),
            "To: {to}\r\nContent-Type: multipart/report; report-type=delivery-status; boundary=b\r\n",
            FAILED,
        ),
        case("isPermissionControlled", yes.clone(), "To: {to}\r\nContent-Class: rpmsg.message\r\n", "Nothing."),
        case(
            "isReadReceipt",
            yes.clone(),
            "To: {to}\r\nContent-Type: multipart/report; report-type=disposition-notification; boundary=b\r\n",
            READ,
        ),
        case(
            "isSigned",
            yes.clone(),
            "To: {to}\r\nContent-Type: multipart/signed; protocol=\"application/pgp-signature\"; boundary=b\r\n",
            SIGNED,
        ),
        case("isVoicemail", yes.clone(), "To: {to}\r\nMessage-Context: voice-message\r\n", "Nothing."),
        case("messageActionFlag", json!("followUp"), "To: {to}\r\nX-Message-Flag: Follow up\r\n", "Nothing."),
        other("notSentToMe", yes.clone(), "To: MeganB@contoso.com\r\nBcc: {to}\r\n", TO),
        other("recipientContains", json!(["megan"]), "To: {to}\r\nCc: MeganB@contoso.com\r\n", TO),
        Case { miss: Some(("MeganB", TO, "Nothing.")), ..case("senderContains", json!(["ADELE"]), TO, "Nothing.") },
        case("sensitivity", json!("confidential"), "To: {to}\r\nSensitivity: Company-Confidential\r\n", "Nothing."),
        other("sentCcMe", yes.clone(), "To: MeganB@contoso.com\r\nCc: {to}\r\n", TO),
        other("sentOnlyToMe", yes.clone(), TO, "To: {to}, MeganB@contoso.com\r\n"),
        other("sentToAddresses", person("MeganB"), "To: {to}\r\nCc: MeganB@contoso.com\r\n", TO),
        other("sentToMe", yes.clone(), TO, "To: MeganB@contoso.com\r\nCc: {to}\r\n"),
        other("sentToOrCcMe", yes, "To: MeganB@contoso.com\r\nCc: {to}\r\n", "To: MeganB@contoso.com\r\nBcc: {to}\r\n"),
        case("subjectContains", json!(["Cell"]), TO, "Nothing."), // see below
        case("withinSizeRange", json!({"minimumSize": 4, "maximumSize": 400}), TO, LARGE),
    ]
}

const ACTIONS: [&str; 11] = [
    "assignCategories",
    "copyToFolder",
    "delete",
    "forwardAsAttachmentTo",
    "forwardTo",
    "markAsRead",
    "markImportance",
    "moveToFolder",
    "permanentDelete",
    "redirectTo",
    "stopProcessingRules",
];

/// Whose rules run; whom they send on to; and a folder of the first.
struct Stage {
    server: Server,
    owner: Person,
    reader: Person,
    folder: String,
}

impl Stage {
    fn done(&self, action: &str) -> Value {
        match action {
            "assignCategories" => json!(["Ruled"]),
            "copyToFolder" | "moveToFolder" => json!(self.folder),
            "markImportance" => json!("low"),
            "forwardAsAttachmentTo" | "forwardTo" | "redirectTo" => {
                json!([{"emailAddress": {"address": address("ChristieC")}}])
            }
            _ => json!(true),
        }
    }

    /// A rule for one cell: the header says of a message which cell it is for.
    async fn make(&self, case: &Case, action: &str) -> Vec<String> {
        let cell = format!("X-Cell: {}-{action}.", case.name);
        let mut conditions = json!({case.name: case.value});
        match case.name {
            "headerContains" => conditions["subjectContains"] = json!([format!("{}-{action}.", case.name)]),
            "subjectContains" => {
                conditions["headerContains"] = json!([cell]);
                conditions["subjectContains"] = json!([format!("hit {}-{action}", case.name).to_uppercase()]);
            }
            _ => conditions["headerContains"] = json!([cell]),
        }
        let rule = json!({"displayName": cell, "sequence": 1, "conditions": conditions, "actions": {action: self.done(action)}});
        let mut ids = vec![super::made(&self.owner, &rule).await];
        if action == "stopProcessingRules" {
            let conditions = json!({"headerContains": [format!("X-Cell: {}-{action}.", case.name)]});
            let later = json!({"displayName": "later", "sequence": 2, "conditions": conditions, "actions": {"moveToFolder": self.folder}});
            ids.push(super::made(&self.owner, &later).await);
        }
        ids
    }

    async fn send(&self, case: &Case, action: &str, is_hit: bool) -> String {
        let (from, header, body) = if is_hit { case.hit } else { case.miss.unwrap_or(case.hit) };
        let subject = format!("{} {}-{action}.", if is_hit { "Hit" } else { "Miss" }, case.name);
        let header = header.replace("{to}", &address("AlexW"));
        let octets =
            format!("From: {}\r\n{header}Subject: {subject}\r\nX-Cell: {}-{action}.\r\n\r\n{body}", address(from), case.name);
        self.server.person(from).send_mime(octets.as_bytes()).await.demand_empty(202);
        subject
    }

    /// Waits until the action is done to a message.
    async fn demand_done(&self, action: &str, subject: &str) {
        let (owner, reader) = (&self.owner, &self.reader);
        match action {
            "assignCategories" => {
                let message = found(owner, "inbox", subject).await;
                assert!(message["categories"].as_array().unwrap().contains(&json!("Ruled")), "{subject}");
            }
            "copyToFolder" => {
                found(owner, &self.folder, subject).await;
                found(owner, "inbox", subject).await;
            }
            "delete" => drop(found(owner, "deleteditems", subject).await),
            "forwardAsAttachmentTo" => {
                let message = found(reader, "inbox", &format!("FW: {subject}")).await;
                let attached = reader.all(&format!("messages/{}/attachments", message["id"].as_str().unwrap())).await;
                assert_eq!(attached[0]["@odata.type"], "#microsoft.graph.itemAttachment", "{subject}");
            }
            "forwardTo" => {
                let message = found(reader, "inbox", &format!("FW: {subject}")).await;
                assert_eq!(message["from"]["emailAddress"]["address"], address("AlexW"), "{subject}");
            }
            "markAsRead" => assert_eq!(found(owner, "inbox", subject).await["isRead"], true, "{subject}"),
            "markImportance" => assert_eq!(found(owner, "inbox", subject).await["importance"], "low", "{subject}"),
            "moveToFolder" => drop(found(owner, &self.folder, subject).await),
            "permanentDelete" => self.demand_gone(subject).await,
            "redirectTo" => {
                let message = found(reader, "inbox", subject).await;
                assert_ne!(message["from"]["emailAddress"]["address"], address("AlexW"), "{subject}");
            }
            _ => drop(found(owner, "inbox", subject).await),
        }
    }

    /// It was delivered, and is nowhere.
    async fn demand_gone(&self, subject: &str) {
        let sender = self.server.person("AdeleV");
        let sent = found(&sender, "sentitems", subject).await;
        let path = format!("messages/{}/delivery", sent["id"].as_str().unwrap());
        until(&format!("{subject} is delivered"), async || {
            let told = sender.get(&path).await.demand(200).json().to_string();
            (!told.contains("\"queued\"")).then_some(())
        })
        .await;
        for folder in ["inbox", "deleteditems", "recoverableitemsdeletions", &self.folder] {
            assert!(!is_in(&self.owner, folder, subject).await, "{subject} is in {folder}");
        }
    }

    /// Nothing is done to a message for which the rule is not.
    async fn demand_left_alone(&self, action: &str, subject: &str) {
        let expected = if action == "stopProcessingRules" { self.folder.as_str() } else { "inbox" };
        let message = found(&self.owner, expected, subject).await;
        assert_eq!((&message["isRead"], &message["importance"]), (&json!(false), &json!("normal")), "{subject}");
        assert!(!message["categories"].as_array().unwrap().contains(&json!("Ruled")), "{subject}");
        if expected == "inbox" {
            assert!(!is_in(&self.owner, &self.folder, subject).await, "{subject}");
        }
        for sent_on in [subject.to_owned(), format!("FW: {subject}")] {
            assert!(!is_in(&self.reader, "inbox", &sent_on).await, "{sent_on}");
        }
    }
}

#[tokio::test]
async fn every_predicate_with_every_action() {
    let server = Server::start().await;
    let (owner, reader) = (server.person("AlexW"), server.person("ChristieC"));
    let stage = Stage { folder: folder(&owner, "Ruled").await, owner, reader, server };
    let mut table = format!("| | {} |\n|---|{}\n", ACTIONS.join(" | "), "---|".repeat(ACTIONS.len()));
    let cases = cases();
    assert_eq!(cases.len(), 30);
    for case in &cases {
        let (mut rules, mut sent) = (Vec::new(), Vec::new());
        for action in ACTIONS {
            rules.extend(stage.make(case, action).await);
        }
        for action in ACTIONS {
            let missed = if case.miss.is_some() { Some(stage.send(case, action, false).await) } else { None };
            sent.push((action, stage.send(case, action, true).await, missed));
        }
        let mut row = format!("| {} |", case.name);
        for (action, hit, missed) in sent {
            // What answers is never made a new message, which would be answered again.
            let is_answer = matches!(case.name, "isAutomaticReply" | "isNonDeliveryReport" | "isReadReceipt");
            let is_held_back = is_answer && action.starts_with("forward");
            if is_held_back {
                stage.demand_left_alone(action, &hit).await;
            } else {
                stage.demand_done(action, &hit).await;
            }
            if let Some(missed) = missed {
                stage.demand_left_alone(action, &missed).await;
            }
            row += if is_held_back { " kept back |" } else { " yes |" };
        }
        table += &format!("{row}\n");
        for id in rules {
            stage.owner.delete(&format!("{RULES}/{id}")).await.demand_empty(204);
        }
        for (person, folder) in [(&stage.owner, "inbox"), (&stage.owner, &*stage.folder), (&stage.reader, "inbox")] {
            for message in person.all(&format!("mailFolders/{folder}/messages?$top=100&$select=id")).await {
                person
                    .post_nothing(&format!("messages/{}/permanentDelete", message["id"].as_str().unwrap()))
                    .await
                    .demand_empty(204);
            }
        }
    }
    demand_section("conformance/rules.md", "matrix", &table);
    stage.server.finish().await;
}
