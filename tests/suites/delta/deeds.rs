//! Random deeds, each done through the API and to the model.

mod folders;

use super::model::{Message, Model};
use kit::{Person, Rng, plain, until};
use serde_json::{Value, json};

/// One mailbox, and what it must be.
pub struct World {
    pub person: Person,
    pub model: Model,
    pub rng: Rng,
    /// Deeds so far: what is new is named by it.
    pub deeds: usize,
}

impl World {
    /// Does something. What can't be done, for lack of messages or folders, is something new instead.
    pub async fn act(&mut self) {
        self.deeds += 1;
        let done = match self.rng.below(100) {
            0..22 => None,
            22..27 => self.import().await,
            27..33 => self.send().await,
            33..38 => self.send_draft().await,
            38..56 => self.move_message().await,
            56..61 => self.copy_message().await,
            61..76 => self.update_message().await,
            76..83 => self.delete_message().await,
            83..88 => self.remove_message().await,
            88..91 => self.create_folder().await,
            91..94 => self.rename_folder().await,
            94..97 => self.move_folder().await,
            97..99 => self.delete_folder().await,
            _ => self.remove_folder().await,
        };
        if done.is_none() {
            self.create_draft().await;
        }
    }

    fn subject(&self) -> String {
        format!("Message {}", self.deeds)
    }

    fn add(&mut self, id: &Value, folder: String, is_read: bool, is_draft: bool) {
        let id = id.as_str().expect("a message has an id").to_owned();
        let subject = self.subject();
        self.model.messages.insert(id, Message { folder, subject, is_read, categories: Vec::new(), is_draft });
    }

    async fn create_draft(&mut self) {
        let folder = self.model.any_folder(&mut self.rng);
        let octets = plain("AdeleV", &["AdeleV"], &self.subject());
        let made = self.person.post_mime(&format!("mailFolders/{folder}/messages"), &octets).await.demand(201).json();
        self.add(&made["id"], folder, true, true);
    }

    async fn import(&mut self) -> Option<()> {
        let is_read = self.rng.below(2) == 0;
        let octets = plain("AlexW", &["AdeleV"], &self.subject());
        let year = 2000 + self.rng.below(20);
        let path = format!("messages?import&isRead={is_read}&receivedDateTime={year}-01-02T03:04:05Z");
        let made = self.person.post_mime(&path, &octets).await.demand(201).json();
        self.add(&made["id"], self.model.well_known("inbox"), is_read, false);
        Some(())
    }

    async fn send(&mut self) -> Option<()> {
        let sent = self.person.send_mime(&plain("AdeleV", &["AdeleV"], &self.subject())).await;
        let location = sent.header("location").expect("a send says where its copy is").to_owned();
        sent.demand_empty(202);
        let id = json!(location.rsplit('/').next().unwrap());
        self.add(&id, self.model.well_known("sentitems"), true, false);
        self.arrival(&self.subject()).await;
        Some(())
    }

    async fn send_draft(&mut self) -> Option<()> {
        let id = self.model.any_message(&mut self.rng, |message| message.is_draft)?;
        self.person.post_nothing(&format!("messages/{id}/send")).await.demand_empty(202);
        let sent = self.model.well_known("sentitems");
        let message = self.model.messages.get_mut(&id).unwrap();
        (message.folder, message.is_draft, message.is_read) = (sent, false, true);
        let subject = message.subject.clone();
        self.arrival(&subject).await;
        Some(())
    }

    /// Waits for what was sent to arrive, unread: the newest of the Inbox, where all else is from long ago.
    async fn arrival(&mut self, subject: &str) {
        let known = &self.model.messages;
        let arrived = until("what was sent arrives", async || {
            let newest = self.person.get("mailFolders/inbox/messages?$top=5&$select=subject").await.demand(200).json();
            let unknown =
                |message: &&Value| message["subject"] == subject && !known.contains_key(message["id"].as_str().unwrap());
            newest["value"].as_array().unwrap().iter().find(unknown).map(|message| message["id"].clone())
        });
        let id = arrived.await.as_str().unwrap().to_owned();
        let (folder, subject) = (self.model.well_known("inbox"), subject.to_owned());
        self.model.messages.insert(id, Message { folder, subject, is_read: false, categories: Vec::new(), is_draft: false });
    }

    async fn move_message(&mut self) -> Option<()> {
        let id = self.model.any_message(&mut self.rng, |_| true)?;
        let folder = self.model.any_folder(&mut self.rng);
        self.person.post_json(&format!("messages/{id}/move"), &json!({"destinationId": folder})).await.demand(201);
        self.model.messages.get_mut(&id).unwrap().folder = folder;
        Some(())
    }

    async fn copy_message(&mut self) -> Option<()> {
        let id = self.model.any_message(&mut self.rng, |_| true)?;
        let folder = self.model.any_folder(&mut self.rng);
        let copied = self.person.post_json(&format!("messages/{id}/copy"), &json!({"destinationId": folder})).await;
        let copy = copied.demand(201).json()["id"].as_str().unwrap().to_owned();
        let message = Message { folder, ..self.model.messages[&id].clone() };
        self.model.messages.insert(copy, message);
        Some(())
    }

    async fn update_message(&mut self) -> Option<()> {
        let id = self.model.any_message(&mut self.rng, |_| true)?;
        let message = self.model.messages.get_mut(&id).unwrap();
        let change = match self.rng.below(3) {
            0 => {
                message.is_read = !message.is_read;
                json!({"isRead": message.is_read})
            }
            1 if message.is_draft => {
                message.subject = format!("Subject {}", self.deeds);
                json!({"subject": message.subject})
            }
            _ => {
                message.categories = vec![format!("Category {}", self.deeds)];
                json!({"categories": message.categories})
            }
        };
        self.person.patch_json(&format!("messages/{id}"), &change).await.demand(200);
        Some(())
    }

    async fn delete_message(&mut self) -> Option<()> {
        let recoverable = self.model.well_known("recoverableitemsdeletions");
        let id = self.model.any_message(&mut self.rng, |message| message.folder != recoverable)?;
        self.person.delete(&format!("messages/{id}")).await.demand_empty(204);
        self.model.delete_message(&id);
        Some(())
    }

    async fn remove_message(&mut self) -> Option<()> {
        let id = self.model.any_message(&mut self.rng, |_| true)?;
        self.person.post_nothing(&format!("messages/{id}/permanentDelete")).await.demand_empty(204);
        self.model.messages.remove(&id);
        Some(())
    }
}
