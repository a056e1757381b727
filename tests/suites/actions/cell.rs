//! One cell of the table: a call is made, and what it must have done at once is demanded. What must have arrived
//! elsewhere is handed on.

use super::original::{FILE, Original, TEXT, answer_in_json};
use super::road::{Folders, Place, Road};
use bytes::Bytes;
use hyper::Method;
use kit::{Answer, Person, base64, decode_base64, fields, recipients};
use serde_json::{Value, json};
use std::collections::HashMap;
use std::sync::Arc;

/// What Alex has, for all cells.
pub struct Stage {
    pub folders: Folders,
    pub originals: HashMap<Place, Original>,
    pub sent_items: String,
    pub drafts: String,
}

/// What is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    SendMail,
    CreateDraft,
    /// `reply`, `createReply` and so on
    Answer(&'static str),
    Send,
    GetValue,
    PutValue,
    PatchMime,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    Json,
    Mime,
    /// The call has no body.
    None,
}

#[derive(Clone)]
pub struct Cell {
    pub stage: Arc<Stage>,
    pub action: Action,
    pub format: Format,
    pub road: Road,
    pub number: usize,
}

/// A message that went out, and what must become of it.
#[derive(Debug, Clone)]
pub struct Posted {
    pub cell: String,
    pub message_id: String,
    /// Exactly these people get it.
    pub people: Vec<&'static str>,
    /// The octets that were given, where the client gave them.
    pub given: Option<Vec<u8>>,
    /// The message it answers.
    pub original: Option<Original>,
}

/// The status of the answer, and what went out.
pub struct Made {
    pub status: u16,
    pub posted: Option<Posted>,
}

impl Cell {
    pub async fn make(self) -> Made {
        match self.action {
            Action::SendMail => self.send_mail().await,
            Action::CreateDraft => self.create_draft().await,
            Action::Answer(name) if name.starts_with("create") => self.create_answer(name).await,
            Action::Answer(name) => self.answer(name).await,
            Action::Send => self.send().await,
            Action::GetValue => self.get_value().await,
            Action::PutValue | Action::PatchMime => self.replace_octets().await,
        }
    }

    fn name(&self) -> String {
        format!("cell {} {:?} {:?} {:?}", self.number, self.action, self.format, self.road)
    }

    fn alex(&self) -> Person {
        self.road.alex(&self.stage.folders)
    }

    fn messages(&self) -> String {
        self.road.messages(&self.stage.folders)
    }

    fn original(&self) -> &Original {
        &self.stage.originals[&self.road.place]
    }

    /// A message as a client writes it: odd, with a Bcc, and with octets that nobody could write the same again.
    fn octets(&self, to: &str) -> Vec<u8> {
        let end = if self.number.is_multiple_of(2) { "\r\n" } else { "\n" };
        let head = format!(
            "X-Odd:   kept   \nFrom: Alex Wilber <AlexW@contoso.com>\n{to}bcc: Adele\n <AdeleV@contoso.com>\n\
             Subject: Cell {0}\nMessage-ID: <cell.{0}@tests.contoso.com>\n\nOctets ",
            self.number
        );
        [head.replace('\n', end).as_bytes(), b"\xff\xfe kept\r\nand \n kept "].concat()
    }

    async fn send_mail(&self) -> Made {
        let path = self.road.spelled("sendMail");
        let given = self.given("To: ChristieC@contoso.com\n");
        let answer = match &given {
            Some(octets) => self.alex().post_mime(&path, octets).await,
            None => {
                let message = json!({
                    "subject": format!("Cell {}", self.number), "body": {"contentType": "text", "content": "Größe"},
                    "toRecipients": recipients(&["ChristieC"]), "bccRecipients": recipients(&["AdeleV"]),
                });
                self.alex().post_json(&path, &json!({"message": message})).await
            }
        };
        self.went_out(answer, given, vec!["AdeleV", "ChristieC"], None).await
    }

    /// The octets that the client gives, if it gives MIME.
    fn given(&self, to: &str) -> Option<Vec<u8>> {
        (self.format == Format::Mime).then(|| self.octets(to))
    }

    async fn create_draft(&self) -> Made {
        let given = self.given("To: ChristieC@contoso.com\n");
        let answer = match &given {
            Some(octets) => self.alex().post_mime(&self.messages(), octets).await,
            None => self.alex().post_json(&self.messages(), &json!({"subject": format!("Cell {}", self.number)})).await,
        };
        let draft = answer.demand(201).json();
        let folder = if self.road.place == Place::Mailbox { &self.stage.drafts } else { self.stage.folders.id(self.road.place) };
        self.demand_kept(&draft, given.as_deref(), folder, true).await;
        Made { status: 201, posted: None }
    }

    fn answered(&self, name: &str, given: Option<&[u8]>) -> (Bytes, &'static str) {
        match given {
            Some(octets) => (base64(octets).into(), "text/plain"),
            None => (answer_in_json(name, &self.comment()).to_string().into(), "application/json"),
        }
    }

    fn comment(&self) -> String {
        format!("My <view> no. {}", self.number)
    }

    /// Those who get an answer: Reply-To, for all also To and Cc but the caller; and whom the client's MIME adds.
    fn people(&self, name: &str) -> Vec<&'static str> {
        let mut people = vec!["ChristieC"];
        if name.to_lowercase().ends_with("replyall") {
            people.push("MeganB");
        }
        if self.format == Format::Mime {
            people.insert(0, "AdeleV");
        }
        people
    }

    fn given_to_answer(&self, name: &str) -> Option<Vec<u8>> {
        self.given(if name.to_lowercase().ends_with("forward") { "To: ChristieC@contoso.com\n" } else { "" })
    }

    async fn answer(&self, name: &'static str) -> Made {
        let given = self.given_to_answer(name);
        let (body, media_type) = self.answered(name, given.as_deref());
        let path = self.road.action(&self.stage.folders, &self.original().id, name);
        let answer = self.alex().post(&path, media_type, body).await;
        let location = answer.header("location").expect("a 202 names the sender's copy").to_owned();
        let made = self.went_out(answer, given, self.people(name), Some(self.original().clone())).await;
        let sent = self.alex().get(&location).await.demand(200).json();
        self.demand_answer(name, &sent).await;
        made
    }

    async fn create_answer(&self, name: &'static str) -> Made {
        let given = self.given_to_answer(name);
        let (body, media_type) = self.answered(name, given.as_deref());
        let path = self.road.action(&self.stage.folders, &self.original().id, name);
        let draft = self.alex().post(&path, media_type, body).await.demand(201).json();
        self.demand_kept(&draft, given.as_deref(), &self.stage.drafts, true).await;
        self.demand_answer(name, &draft).await;
        let send = format!("messages/{}/send", draft["id"].as_str().unwrap());
        let sent = self.alex().post_nothing(&send).await;
        let made = self.went_out(sent, given, self.people(name), Some(self.original().clone())).await;
        Made { status: 201, ..made }
    }

    async fn send(&self) -> Made {
        let given = self.octets("To: ChristieC@contoso.com\n");
        let draft = self.draft_in_place(&given).await;
        let path = self.road.action(&self.stage.folders, draft["id"].as_str().unwrap(), "send");
        let answer = self.alex().post_nothing(&path).await;
        self.went_out(answer, Some(given), vec!["AdeleV", "ChristieC"], None).await
    }

    async fn draft_in_place(&self, octets: &[u8]) -> Value {
        self.stage.folders.alex.post_mime(&self.messages(), octets).await.demand(201).json()
    }

    async fn get_value(&self) -> Made {
        let given = self.octets("");
        let draft = self.draft_in_place(&given).await;
        let answer = self.alex().get(&format!("{}/{}/$value", self.messages(), draft["id"].as_str().unwrap())).await.demand(200);
        assert_eq!(answer.body, given, "{}", self.name());
        assert_eq!(answer.header("content-type"), Some("text/plain"));
        Made { status: 200, posted: None }
    }

    async fn replace_octets(&self) -> Made {
        let draft = self.draft_in_place(b"Subject: What was there before\r\n\r\nbefore").await;
        let id = draft["id"].as_str().unwrap();
        let given = self.octets("To: MeganB@contoso.com\n");
        let path = format!("{}/{id}", self.messages());
        let (method, path, status) = match self.action {
            Action::PutValue => (Method::PUT, path + "/$value", 204),
            _ => (Method::PATCH, path, 200),
        };
        let answer = self.alex().call(method, &path, &[("content-type", "text/plain")], base64(&given).into()).await;
        if status == 204 {
            answer.demand_empty(204);
        } else {
            assert_eq!(answer.demand(200).json()["subject"], format!("Cell {}", self.number));
        }
        let read = self.alex().get(&format!("messages/{id}")).await.demand(200).json();
        assert_eq!(read["toRecipients"][0]["emailAddress"]["address"], "MeganB@contoso.com", "{}", self.name());
        let folder = if self.road.place == Place::Mailbox { &self.stage.drafts } else { self.stage.folders.id(self.road.place) };
        self.demand_kept(&read, Some(&given), folder, true).await;
        Made { status, posted: None }
    }

    /// Demands a 202, and the sender's copy that it names.
    async fn went_out(
        &self,
        answer: Answer,
        given: Option<Vec<u8>>,
        people: Vec<&'static str>,
        original: Option<Original>,
    ) -> Made {
        let field = |name: &str| answer.header(name).unwrap_or_else(|| panic!("{name} of {}", self.name())).to_owned();
        let (location, message_id) = (field("location"), field("internet-message-id"));
        answer.demand_empty(202);
        let sent = self.alex().get(&location).await.demand(200).json();
        assert_eq!(sent["internetMessageId"], message_id.as_str());
        self.demand_kept(&sent, given.as_deref(), &self.stage.sent_items, false).await;
        Made { status: 202, posted: Some(Posted { cell: self.name(), message_id, people, given, original }) }
    }

    /// Demands where a message of Alex's stands, and its octets: the client's own, or well composed.
    async fn demand_kept(&self, message: &Value, given: Option<&[u8]>, folder: &str, is_draft: bool) {
        let name = self.name();
        assert_eq!(message["parentFolderId"], folder, "{name}");
        assert_eq!((&message["isDraft"], &message["isRead"]), (&json!(is_draft), &json!(true)), "{name}");
        assert_eq!(message["from"]["emailAddress"]["address"], "AlexW@contoso.com", "{name}");
        let octets = self.alex().value(message["id"].as_str().unwrap()).await;
        match given {
            Some(given) => assert_eq!(octets, given, "{name}"),
            None => demand_composed(&octets, &name),
        }
    }

    /// Demands of a message of Alex's that it is an answer to the original: its thread, its recipients, its text.
    async fn demand_answer(&self, action: &str, message: &Value) {
        let (name, original) = (self.name(), self.original());
        let id = message["id"].as_str().unwrap();
        let path = format!("messages/{id}?$select=internetMessageHeaders,conversationId,conversationIndex&$expand=attachments");
        let read = self.alex().get(&path).await.demand(200).json();
        demand_thread(&read, original, &name);
        assert_eq!(message["conversationId"], original.conversation.as_str(), "{name}");
        let addresses = |list: &str| -> Vec<String> {
            let listed = message[list].as_array().unwrap().iter();
            listed.map(|one| one["emailAddress"]["address"].as_str().unwrap().to_owned()).collect()
        };
        let to = ["ChristieC@contoso.com", "outside@fabrikam.example"];
        let is_to_all = action.to_lowercase().ends_with("replyall");
        assert_eq!(addresses("toRecipients"), to[..if is_to_all { 2 } else { 1 }], "{name}");
        assert_eq!(addresses("ccRecipients"), ["MeganB@contoso.com"][..usize::from(is_to_all)], "{name}");
        if self.format == Format::Json {
            let is_forward = action.to_lowercase().ends_with("forward");
            self.demand_quoting(message, is_forward, &read["attachments"]);
        }
    }

    fn demand_quoting(&self, message: &Value, is_forward: bool, attachments: &Value) {
        let (name, original) = (self.name(), self.original());
        let subject = if is_forward { format!("FW: {}", original.subject) } else { original.subject.clone() };
        assert_eq!(message["subject"], subject, "{name}");
        let text = message["body"]["content"].as_str().unwrap().replace("\r\n", "\n");
        let block = format!(
            "From: Adele Vance <AdeleV@contoso.com>\nSent: Tuesday, November 24, 2026 9:00:00 AM\n\
             To: alexw@CONTOSO.com; Outside <outside@fabrikam.example>\nCc: Megan Bowen <MeganB@contoso.com>\n\
             Subject: {}\n\n{TEXT}",
            original.subject
        );
        assert!(text.starts_with(&self.comment()) && text.contains(&block), "{name}: {text}");
        let files: Vec<Vec<u8>> =
            attachments.as_array().unwrap().iter().map(|one| decode_base64(one["contentBytes"].as_str().unwrap())).collect();
        assert_eq!(files, [FILE][..usize::from(is_forward)], "{name}");
    }
}

/// Demands of a copy, read with its header fields, that it continues the original's thread.
pub fn demand_thread(message: &Value, original: &Original, name: &str) {
    let fields = message["internetMessageHeaders"].as_array().unwrap();
    let field = |wanted: &str| {
        let found: Vec<&str> = fields
            .iter()
            .filter(|field| field["name"].as_str().unwrap().eq_ignore_ascii_case(wanted))
            .map(|field| field["value"].as_str().unwrap())
            .collect();
        assert_eq!(found.len(), 1, "{name} has one {wanted}: {found:?}");
        found[0]
    };
    assert_eq!(field("In-Reply-To"), original.message_id, "{name}");
    assert_eq!(field("References"), original.references(), "{name}");
    assert_eq!(field("Thread-Topic"), "Plans of old", "{name}");
    let index = decode_base64(field("Thread-Index"));
    assert!(index.starts_with(&original.index), "{name}: {index:?}");
    assert_eq!(index.len(), original.index.len() + 5, "an answer adds a block of five octets: {name}");
    assert_eq!(decode_base64(message["conversationIndex"].as_str().unwrap()), index, "{name}");
}

/// Demands of octets that were composed here that any mail system takes them (RFC 5322 §2.1.1, §3.6).
pub fn demand_composed(octets: &[u8], name: &str) {
    let text = std::str::from_utf8(octets).expect("7 bits are text");
    assert!(text.is_ascii(), "{name} is not 7-bit safe");
    for line in text.split_terminator("\r\n") {
        assert!(line.len() <= 998 && !line.contains(['\r', '\n']), "{name}: a line of {} octets", line.len());
        assert!(!line.starts_with("From "), "{name} has a line of an mbox");
    }
    let fields = fields(octets);
    for wanted in ["Date", "From", "Message-ID", "MIME-Version", "Content-Type"] {
        assert_eq!(fields.iter().filter(|field| field.is(wanted)).count(), 1, "{wanted} of {name} in {text}");
    }
}
