//! Changes as they happen, as server-sent events (WHATWG HTML §9.2): what Graph lacks (docs/notifications.md). A browser or a script that
//! holds a connection needs no receiver of its own.

use crate::error::ApiError;
use crate::notify::{along, of_change, sent_along};
use crate::permissions::{READ, READ_BASIC};
use crate::request::Asked;
use crate::schema::message::Selection;
use axum::http::{HeaderMap, HeaderName, HeaderValue};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use futures::stream::{self, Stream, StreamExt};
use mailbox::{Along, FolderName, Heard, Listening, Listens, MessageChange};
use odata::Options;
use serde_json::{Value, json};
use std::convert::Infallible;
use std::time::Duration;
use store::{ChangeTypes, MailboxId};
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, timeout_at};

/// How long a stream lasts. Then its client asks again, and whoever may no more is refused as in any request.
const LASTS: Duration = Duration::from_secs(10 * 60);
/// Between signs of life where nothing happens: proxies close what is silent for a minute.
const SIGN_OF_LIFE: Duration = Duration::from_secs(15);
/// How long a client may leave unread what it was told: then it is gone, as far as anybody can tell.
const UNREAD: Duration = Duration::from_secs(60);
/// After which a client asks again.
const AGAIN: Duration = Duration::from_secs(2);
/// By which a client tells the last event that it had (WHATWG HTML §9.2.4).
const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");
/// By which nginx, and others as it does, are told to let events through as they come.
const UNBUFFERED: (HeaderName, HeaderValue) = (HeaderName::from_static("x-accel-buffering"), HeaderValue::from_static("no"));

/// `GET …/messages/changes`, `GET …/mailFolders/{id}/messages/changes`
pub(crate) async fn stream_message_changes(asked: &Asked<'_>, folder: Option<FolderName>) -> Result<Response, ApiError> {
    asked.only_options(&["select"])?;
    let selection = match asked.options.get("select") {
        Some(_) => Some(sent_along(Selection::of(&asked.options)?)?),
        None => None,
    };
    let listens = Listens {
        folder,
        change_types: change_types(&asked.options)?,
        with_messages: selection.is_some(),
        since: last_event(&asked.headers)?,
    };
    let mailbox = asked.mailbox_by(if selection.is_some() { READ } else { READ_BASIC }).await?;
    let stream = Streamed {
        listening: mailbox.listen(listens).await?,
        owner: mailbox.owner().id,
        selection,
        until: asked.graph.until.clone(),
        ends: Instant::now() + LASTS,
    };
    let mut response = Sse::new(stream.events()).keep_alive(KeepAlive::new().interval(SIGN_OF_LIFE)).into_response();
    response.headers_mut().extend([UNBUFFERED]);
    Ok(response)
}

fn change_types(options: &Options) -> Result<ChangeTypes, ApiError> {
    let Some(words) = options.get("changeType") else { return Ok(ChangeTypes::all()) };
    let wrong = || ApiError::bad_request(format!("The value '{words}' of 'changeType' is none of created, updated, deleted."));
    ChangeTypes::parse(words).ok_or_else(wrong)
}

/// The last change that the client had: an event's id is its number.
fn last_event(headers: &HeaderMap) -> Result<Option<i64>, ApiError> {
    let Some(id) = headers.get(LAST_EVENT_ID) else { return Ok(None) };
    let number = id.to_str().ok().and_then(|id| id.parse().ok()).filter(|number| *number >= 0);
    number.map(Some).ok_or_else(|| ApiError::bad_request("Last-Event-ID is none that an event of this server had."))
}

/// A stream under way.
struct Streamed {
    listening: Listening,
    owner: MailboxId,
    /// What comes along of each message.
    selection: Option<Selection>,
    /// Turns true when the server stops.
    until: watch::Receiver<bool>,
    ends: Instant,
}

impl Streamed {
    /// What is told, by a task of its own: a client that reads nothing keeps a connection, and no place among those who listen.
    fn events(self) -> impl Stream<Item = Result<Event, Infallible>> {
        // Without data it is no event: it says where a client goes on that hears nothing else.
        let first = Event::default().id(self.listening.heard().to_string()).retry(AGAIN);
        let (tell, told) = mpsc::channel(1);
        tokio::spawn(self.tell(tell));
        let received = |mut told: mpsc::Receiver<Vec<Event>>| async { told.recv().await.map(|events| (events, told)) };
        let rest = stream::unfold(told, received).flat_map(stream::iter);
        stream::once(async { first }).chain(rest).map(Ok)
    }

    async fn tell(mut self, tell: mpsc::Sender<Vec<Event>>) {
        loop {
            let events = tokio::select! {
                () = tell.closed() => return,
                events = self.next() => events,
            };
            let Some(events) = events else { return };
            let patience = self.ends.min(Instant::now() + UNREAD);
            if !matches!(timeout_at(patience, tell.send(events)).await, Ok(Ok(()))) {
                return;
            }
        }
    }

    async fn next(&mut self) -> Option<Vec<Event>> {
        let heard = tokio::select! {
            _ = self.until.wait_for(|stopped| *stopped) => return None,
            heard = timeout_at(self.ends, self.listening.next()) => heard.ok()?, // its time is over
        };
        let events = match heard {
            Ok(Heard::Changes(changes)) => {
                changes.iter().map(|(change, message)| self.event(change, message.as_deref())).collect()
            }
            Ok(Heard::Missed(at)) => vec![told("missed", at, &json!({"lifecycleEvent": "missed"}))],
            Err(error) => {
                tracing::info!(%error, "a stream of changes ends");
                return None;
            }
        };
        Some(events)
    }

    fn event(&self, change: &MessageChange, message: Option<&Along>) -> Event {
        let mut value = of_change(self.owner, change);
        if let (Some(selection), Some(message)) = (&self.selection, message)
            && let Value::Object(members) = along(message, selection)
            && let Some(data) = value["resourceData"].as_object_mut()
        {
            // The version that the change made stays, whatever has become of the message since.
            let ours: Vec<String> = data.keys().cloned().collect();
            data.extend(members.into_iter().filter(|(name, _)| !ours.contains(name)));
        }
        told(change.operation.as_str(), change.modseq, &value)
    }
}

fn told(event: &str, id: i64, data: &Value) -> Event {
    Event::default().event(event).id(id.to_string()).data(data.to_string())
}
