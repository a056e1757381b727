//! Somebody who calls the server: a person, an app or nobody, by the token that is shown.

use crate::{Answer, Events, Http, NoAnswer, address, base64, until};
use bytes::Bytes;
use http_body_util::Full;
use hyper::{Method, Request};
use serde_json::{Value, json};
use std::sync::atomic::{AtomicU64, Ordering};

/// Pages that a list may have before a test takes it for endless.
const PAGES: usize = 2000;

/// Somebody. Paths without a slash in front are below the mailbox in use; with one, below the version.
#[derive(Clone)]
pub struct Person {
    http: Http,
    origin: String,
    version: &'static str,
    mailbox: String,
    token: Option<String>,
}

impl Person {
    pub(crate) fn new(http: Http, origin: String, token: Option<String>) -> Person {
        Person { http, origin, version: "/v1.0", mailbox: "/me".to_owned(), token }
    }

    /// The same, who calls `/beta`.
    pub fn under_beta(&self) -> Person {
        Person { version: "/beta", ..self.clone() }
    }

    /// The same, who uses the mailbox of one of the people by address.
    pub fn at(&self, name: &str) -> Person {
        Person { mailbox: format!("/users/{}", address(name)), ..self.clone() }
    }

    /// Reads.
    pub async fn get(&self, path: &str) -> Answer {
        self.call(Method::GET, path, &[], Bytes::new()).await
    }

    /// Reads, with header fields.
    pub async fn get_with(&self, path: &str, headers: &[(&str, &str)]) -> Answer {
        self.call(Method::GET, path, headers, Bytes::new()).await
    }

    /// Deletes.
    pub async fn delete(&self, path: &str) -> Answer {
        self.call(Method::DELETE, path, &[], Bytes::new()).await
    }

    /// Posts a body of a media type.
    pub async fn post(&self, path: &str, media_type: &str, body: impl Into<Bytes>) -> Answer {
        self.call(Method::POST, path, &[("content-type", media_type)], body.into()).await
    }

    /// Posts nothing.
    pub async fn post_nothing(&self, path: &str) -> Answer {
        self.call(Method::POST, path, &[("content-length", "0")], Bytes::new()).await
    }

    /// Posts JSON.
    pub async fn post_json(&self, path: &str, body: &Value) -> Answer {
        self.post(path, "application/json", body.to_string()).await
    }

    /// Changes what JSON names.
    pub async fn patch_json(&self, path: &str, body: &Value) -> Answer {
        self.call(Method::PATCH, path, &[("content-type", "application/json")], body.to_string().into()).await
    }

    /// PATCH of a whole MIME message.
    pub async fn patch_mime(&self, path: &str, octets: &[u8]) -> Answer {
        self.call(Method::PATCH, path, &[("content-type", "text/plain")], base64(octets).into()).await
    }

    /// Puts a message's octets, in Graph's MIME form, in place of what is there.
    pub async fn put_mime(&self, path: &str, octets: &[u8]) -> Answer {
        self.call(Method::PUT, path, &[("content-type", "text/plain")], base64(octets).into()).await
    }

    /// Posts a message's octets in Graph's MIME form.
    pub async fn post_mime(&self, path: &str, octets: &[u8]) -> Answer {
        self.post(path, "text/plain", base64(octets)).await
    }

    /// Sends a message given as octets.
    pub async fn send_mime(&self, octets: &[u8]) -> Answer {
        self.post_mime("sendMail", octets).await
    }

    /// Sends a message given as JSON.
    pub async fn send_json(&self, message: &Value) -> Answer {
        self.post_json("sendMail", &json!({"message": message})).await
    }

    /// Makes a draft of octets and answers the message.
    pub async fn draft(&self, octets: &[u8]) -> Value {
        self.post_mime("messages", octets).await.demand(201).json()
    }

    /// All messages of the Inbox, newest first.
    pub async fn inbox(&self) -> Vec<Value> {
        self.all("mailFolders/inbox/messages?$top=100").await
    }

    /// All messages of Sent Items, newest first.
    pub async fn sent(&self) -> Vec<Value> {
        self.all("mailFolders/sentitems/messages?$top=100").await
    }

    /// The octets of a message.
    pub async fn value(&self, id: &str) -> Bytes {
        let answer = self.get(&format!("messages/{id}/$value")).await.demand(200);
        let media_type = answer.header("content-type").unwrap_or_default();
        assert!(media_type.starts_with("text/plain"), "$value is {media_type:?}");
        answer.body
    }

    /// Every item of a list, page by page.
    pub async fn all(&self, path: &str) -> Vec<Value> {
        let (mut items, mut next) = (Vec::new(), path.to_owned());
        for _ in 0..PAGES {
            let page = self.get(&next).await.demand(200).json();
            items.extend(page["value"].as_array().expect("a list has a value").iter().cloned());
            match page["@odata.nextLink"].as_str() {
                Some(link) => link.clone_into(&mut next),
                None => return items,
            }
        }
        panic!("{path} does not end");
    }

    /// Waits for the one message of this subject in the Inbox.
    pub async fn arrived(&self, subject: &str) -> Value {
        let found = until(&format!("“{subject}” arrives"), async || {
            let mut found = self.inbox().await;
            found.retain(|message| message["subject"] == subject);
            (!found.is_empty()).then_some(found)
        })
        .await;
        assert_eq!(found.len(), 1, "“{subject}” is filed once");
        found.into_iter().next().expect("there is one")
    }

    /// Makes a call and demands that it is answered.
    pub async fn call(&self, method: Method, path: &str, headers: &[(&str, &str)], body: Bytes) -> Answer {
        let asked = format!("{method} {path}");
        self.attempt(method, path, headers, body).await.unwrap_or_else(|error| panic!("{asked}: {}", error.0))
    }

    /// Attempts a call once. An answer must say whose request it is for (behaviour 7.2).
    ///
    /// # Errors
    /// [`NoAnswer`].
    pub async fn attempt(&self, method: Method, path: &str, headers: &[(&str, &str)], body: Bytes) -> Result<Answer, NoAnswer> {
        static CALLS: AtomicU64 = AtomicU64::new(0);
        let id = format!("00000000-0000-4000-8000-{:012x}", CALLS.fetch_add(1, Ordering::Relaxed));
        let mut request = Request::builder().method(method).uri(self.url(path)).header("client-request-id", &id);
        if let Some(token) = &self.token {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let answer = self.http.attempt(request.body(Full::new(body)).expect("this is a request")).await?;
        assert!(answer.header("request-id").is_some_and(|id| !id.is_empty()), "every answer has a request-id");
        assert_eq!(answer.header("client-request-id"), Some(id.as_str()), "the client's id comes back");
        Ok(answer)
    }

    /// Opens a stream of events, behind one or from now on.
    pub async fn listen(&self, path: &str, last_event_id: Option<&str>) -> Events {
        let mut request = Request::builder().uri(self.url(path)).header("authorization", self.authorization());
        if let Some(id) = last_event_id {
            request = request.header("last-event-id", id);
        }
        let response = self.http.begin(request.body(Full::default()).expect("this is a request")).await;
        assert_eq!(response.status(), 200, "{path}");
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        Events::new(response.into_body()).begun().await
    }

    /// The address of a path.
    pub fn url(&self, path: &str) -> String {
        match path {
            absolute if absolute.starts_with("http://") => absolute.to_owned(),
            rooted if rooted.starts_with('/') => format!("{}{}{rooted}", self.origin, self.version),
            relative => format!("{}{}{}/{relative}", self.origin, self.version, self.mailbox),
        }
    }

    /// `Bearer …`, for requests made by hand.
    pub fn authorization(&self) -> String {
        format!("Bearer {}", self.token.as_deref().unwrap_or_default())
    }
}
