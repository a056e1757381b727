//! The ledger of attempts, kept outside the server: what was sent once, and what was answered.

use bytes::Bytes;
use hyper::Method;
use kit::{Answer, NoAnswer, PEOPLE, Person, Rng, address, base64, letter};
use serde_json::{Value, json};
use std::collections::HashMap;

/// How a message is given to the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    Mime,
    /// Large enough to stand in a file of its own.
    LargeMime,
    Json,
    /// Made as a draft, then sent.
    Draft,
}

/// What became of an attempt, as far as the sender knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// 202.
    Accepted,
    /// Another answer.
    Refused(u16),
    /// The server was gone before it answered.
    NoAnswer,
}

/// One message, attempted once.
#[derive(Debug, Clone)]
pub struct Attempt {
    pub form: Form,
    pub from: &'static str,
    pub to: Vec<&'static str>,
    pub subject: String,
    /// Whether the server said that the draft is made.
    pub drafted: bool,
    pub outcome: Outcome,
}

impl Attempt {
    /// A message that nobody sent before: `name` is in its subject and Message-ID.
    pub fn choose(rng: &mut Rng, from: &'static str, name: &str) -> Attempt {
        let form = match rng.below(12) {
            0 => Form::LargeMime,
            1..=3 => Form::Json,
            4..=5 => Form::Draft,
            _ => Form::Mime,
        };
        let others: Vec<&'static str> = PEOPLE.into_iter().filter(|name| *name != from).collect();
        let count = usize::from(rng.below(3) == 0) + 1;
        let start = usize::try_from(rng.below(3)).unwrap();
        let to = others.iter().cycle().skip(start).take(count).copied().collect();
        Attempt { form, from, to, subject: format!("{form:?} {name}"), drafted: false, outcome: Outcome::NoAnswer }
    }

    /// Makes the attempt, and writes down what was answered.
    pub async fn make(&mut self, person: &Person, rng: &mut Rng) {
        self.outcome = match self.give(person, rng).await {
            Ok(answer) if answer.status.as_u16() == 202 => Outcome::Accepted,
            Ok(answer) => Outcome::Refused(answer.status.as_u16()),
            Err(_) => Outcome::NoAnswer,
        };
    }

    async fn give(&mut self, person: &Person, rng: &mut Rng) -> Result<Answer, NoAnswer> {
        match self.form {
            Form::Mime => post(person, "sendMail", "text/plain", base64(&self.octets("A small one.\r\n"))).await,
            Form::LargeMime => {
                let body = encodify::base64::MIME.encode(rng.octets(230_000));
                post(person, "sendMail", "text/plain", base64(&self.octets(&body))).await
            }
            Form::Json => post(person, "sendMail", "application/json", self.json().to_string()).await,
            Form::Draft => {
                let made = post(person, "messages", "text/plain", base64(&self.octets("A draft.\r\n"))).await?;
                if made.status.as_u16() != 201 {
                    return Ok(made);
                }
                self.drafted = true;
                let id = made.json()["id"].as_str().expect("a draft has an id").to_owned();
                person.attempt(Method::POST, &format!("messages/{id}/send"), &[("content-length", "0")], Bytes::new()).await
            }
        }
    }

    fn octets(&self, body: &str) -> Vec<u8> {
        let to: Vec<String> = self.to.iter().map(|name| address(name)).collect();
        let id = format!("<{}@crash.contoso.com>", self.subject.replace(' ', "."));
        letter(&[("From", &address(self.from)), ("To", &to.join(", ")), ("Subject", &self.subject), ("Message-ID", &id)], body)
    }

    fn json(&self) -> Value {
        json!({"message": {
            "subject": self.subject,
            "body": {"contentType": "text", "content": "As JSON."},
            "toRecipients": kit::recipients(&self.to),
        }})
    }
}

async fn post(person: &Person, path: &str, media_type: &str, body: String) -> Result<Answer, NoAnswer> {
    person.attempt(Method::POST, path, &[("content-type", media_type)], Bytes::from(body)).await
}

/// How often each subject stands in each folder of each person.
pub struct Shelves(HashMap<(&'static str, &'static str), HashMap<String, usize>>);

impl Shelves {
    /// Looks into everybody's Inbox, Sent Items and Drafts.
    pub async fn look(server: &kit::Server) -> Shelves {
        let mut shelves = HashMap::new();
        for name in PEOPLE {
            for folder in ["inbox", "sentitems", "drafts"] {
                let mut subjects: HashMap<String, usize> = HashMap::new();
                for message in server.person(name).all(&format!("mailFolders/{folder}/messages?$select=subject&$top=1000")).await
                {
                    *subjects.entry(message["subject"].as_str().unwrap().to_owned()).or_default() += 1;
                }
                shelves.insert((name, folder), subjects);
            }
        }
        Shelves(shelves)
    }

    /// Copies of a subject in a folder.
    pub fn count(&self, name: &'static str, folder: &'static str, subject: &str) -> usize {
        self.0[&(name, folder)].get(subject).copied().unwrap_or(0)
    }

    /// All messages of everybody in a folder.
    pub fn total(&self, folder: &'static str) -> usize {
        PEOPLE.iter().map(|name| self.0[&(*name, folder)].values().sum::<usize>()).sum()
    }
}
