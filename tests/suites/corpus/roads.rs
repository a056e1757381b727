//! The roads that one file takes.

use super::File;
use kit::{Answer, Person, base64, recipients};
use serde_json::{Value, json};
use std::sync::Arc;

/// What became of a file.
pub struct Run {
    pub file: Arc<File>,
    /// The roads after which the stored message was the file.
    pub identical: Vec<&'static str>,
    /// Road and id of each message that is stored now.
    pub kept: Vec<(&'static str, String)>,
    /// Road and Message-ID of each message that went out.
    pub sent: Vec<(&'static str, String)>,
    pub refused: Vec<Refusal>,
}

/// A road that did not take a file.
#[derive(Debug, Clone)]
pub struct Refusal {
    pub road: &'static str,
    pub answer: String,
}

/// Sends a file down every road.
pub async fn travel(adele: &Person, file: Arc<File>, original: &str) -> Run {
    let mut run = Run { file, identical: Vec::new(), kept: Vec::new(), sent: Vec::new(), refused: Vec::new() };
    let body = base64(&run.file.octets);
    if let Some(draft) = run.made(adele, "drafted", "messages", &body).await {
        run.send_draft(adele, &draft).await;
    }
    if let Some(imported) = run.made(adele, "imported", "messages?import=true", &body).await {
        run.organize(adele, &imported).await;
    }
    run.made(adele, "imported into a folder", "mailFolders/archive/messages?import=true&isRead=false", &body).await;
    let answer = adele.post(&format!("messages/{original}/reply"), "text/plain", body).await;
    run.went_out(adele, "replied with", answer).await;
    run
}

impl Run {
    /// Makes a message of the file.
    async fn made(&mut self, adele: &Person, road: &'static str, path: &str, body: &str) -> Option<String> {
        let answer = adele.post(path, "text/plain", body.to_owned()).await;
        if answer.status.as_u16() != 201 {
            self.refuse(road, &answer);
            return None;
        }
        let message = answer.json();
        let imports = path.contains("import=true");
        assert_eq!(message["isDraft"], !imports, "{} {road}", self.file.name);
        let id = id(&message);
        self.demand_identical(adele, road, &id).await;
        self.kept.push((road, id.clone()));
        Some(id)
    }

    /// Names a recipient beside the draft, since most files name none of the people here, and sends it.
    async fn send_draft(&mut self, adele: &Person, id: &str) {
        let overlay = json!({"bccRecipients": recipients(&["AlexW"])});
        adele.patch_json(&format!("messages/{id}"), &overlay).await.demand(200);
        self.demand_identical(adele, "given recipients", id).await;
        let answer = adele.post_nothing(&format!("messages/{id}/send")).await;
        self.went_out(adele, "sent", answer).await;
    }

    /// Takes what was sent, or notes that it was not.
    async fn went_out(&mut self, adele: &Person, road: &'static str, answer: Answer) {
        if answer.status.as_u16() != 202 {
            return self.refuse(road, &answer);
        }
        let copy = adele.get(answer.header("location").expect("a 202 names the sender's copy")).await.demand(200).json();
        let id = id(&copy);
        self.demand_identical(adele, road, &id).await;
        self.sent.push((road, copy["internetMessageId"].as_str().unwrap().to_owned()));
        self.kept.push((road, id));
    }

    /// Flags, categorises, moves and copies a message.
    async fn organize(&mut self, adele: &Person, id: &str) {
        let path = format!("messages/{id}");
        let changes = [
            ("flagged", json!({"flag": {"flagStatus": "flagged"}})),
            ("categorised", json!({"categories": ["Red category", "Straße"]})),
            ("unread", json!({"isRead": false})),
        ];
        for (road, change) in changes {
            let changed = adele.patch_json(&path, &change).await.demand(200).json();
            for (name, value) in change.as_object().unwrap() {
                assert_eq!(&changed[name], value, "{} {road}", self.file.name);
            }
            self.demand_identical(adele, road, id).await;
        }
        for (road, action) in [("copied", "copy"), ("moved", "move")] {
            let to = json!({"destinationId": "archive"});
            let other = self::id(&adele.post_json(&format!("{path}/{action}"), &to).await.demand(201).json());
            self.demand_identical(adele, road, &other).await;
            self.kept.push((road, other));
        }
    }

    async fn demand_identical(&mut self, adele: &Person, road: &'static str, id: &str) {
        demand_value(adele, id, &self.file, road).await;
        self.identical.push(road);
    }

    fn refuse(&mut self, road: &'static str, answer: &Answer) {
        let error = answer.error();
        let answer = format!("{} {}: {}", answer.status.as_u16(), error["code"], error["message"]);
        self.refused.push(Refusal { road, answer });
    }
}

/// Demands that a message's octets are the file's, and that their digest is told (RFC 9530).
pub async fn demand_value(adele: &Person, id: &str, file: &File, road: &str) {
    let answer = adele.get(&format!("messages/{id}/$value")).await.demand(200);
    assert_eq!(kit::sha256(&answer.body), file.sha256, "{} {road}", file.name);
    let digest: Vec<u8> = (0..64).step_by(2).map(|at| u8::from_str_radix(&file.sha256[at..at + 2], 16).unwrap()).collect();
    assert_eq!(answer.header("repr-digest"), Some(format!("sha-256=:{}:", base64(&digest)).as_str()), "{} {road}", file.name);
}

fn id(message: &Value) -> String {
    message["id"].as_str().unwrap().to_owned()
}
