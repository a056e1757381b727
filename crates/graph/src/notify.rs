//! Change notifications: couriers take the receivers that are to be told something, and post it to them (Graph:
//! change-notifications-delivery-webhooks).
//!
//! Promises: one POST at a time goes to a receiver; what it took is written before more is posted; one that is slow holds up no other.
//! Refuses: to decide what is told, when to try again, and when to give up.

mod data;
mod filter;
mod handshake;
mod payload;
mod places;

pub(crate) use data::{along, of_deliveries, selection, sent_along};
pub(crate) use filter::condition;
pub(crate) use handshake::validate;
pub(crate) use payload::of_change;

use axum::body::Bytes;
use axum::http::Uri;
use identity::Identity;
use mailbox::{Mail, MailError, ReadWanted, Target};
use places::{Place, Places};
use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::watch;
use tokio::task::JoinSet;

/// How long a receiver may take. Graph gives it three seconds, and counts how often that isn't enough.
const PATIENCE: Duration = Duration::from_secs(10);
/// After how long a receiver is given back, so that others come to their turn.
const TURN: Duration = Duration::from_secs(60);
/// How long to wait after the store failed.
const AFTER_FAILURE: Duration = Duration::from_secs(1);

/// What becomes of a POST.
pub type Posting<'p> = Pin<Box<dyn Future<Output = Result<Answered, PostError>> + Send + 'p>>;

/// Posts to URLs that apps name.
pub trait Post: Send + Sync {
    /// Posts once: to an address that may be reached, without following where it is sent on to.
    fn post<'p>(&'p self, url: &'p str, posted: Posted) -> Posting<'p>;
}

/// What is posted.
#[derive(Debug, Clone)]
pub struct Posted {
    /// Its media type.
    pub content_type: &'static str,
    /// Its octets.
    pub body: Bytes,
    /// How long it may take, from the look for the host to the last octet of the answer that is wanted.
    pub patience: Duration,
    /// Whether the body of the answer is wanted.
    pub reads_answer: bool,
}

/// An answer, of whose body some is read where that is wanted.
#[derive(Debug, Clone)]
pub struct Answered {
    /// Its status.
    pub status: u16,
    /// Its media type, if it names one.
    pub content_type: Option<String>,
    /// Its octets; those of a long one only in part.
    pub body: Bytes,
}

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PostError {
    /// The connection or the exchange failed; why is for the log alone.
    Failed(String),
    /// It took too long.
    Late,
    /// Such a URL is not posted to. The sentence is for whoever named it.
    Refused(&'static str),
}

impl std::fmt::Display for PostError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            PostError::Failed(why) => f.write_str(why),
            PostError::Late => f.write_str("it took too long"),
            PostError::Refused(why) => f.write_str(why),
        }
    }
}

/// Notifies apps.
#[derive(Clone)]
pub struct Notifier {
    pub(crate) mail: Mail,
    pub(crate) identity: Arc<Identity>,
    pub(crate) post: Arc<dyn Post>,
}

impl Notifier {
    /// Notifies of what is to be told, and what will be, until `stop`. What is under way then comes again.
    pub async fn notify_until(self, stop: impl Future<Output = ()>) {
        let mut stop = pin!(stop);
        let (tell, told) = watch::channel(false);
        let (places, mut under_way) = (Arc::new(Places::default()), JoinSet::new());
        while let Err(error) = self.mail.begin_notifying().await {
            tracing::error!(%error, "notifying could not begin");
            tokio::select! { () = &mut stop => return, () = tokio::time::sleep(AFTER_FAILURE) => {} }
        }
        loop {
            while under_way.try_join_next().is_some() {} // what is done takes room until it is looked at
            let is_read = match self.mail.due_targets(places.free()).await {
                Ok(targets) => {
                    for target in targets {
                        under_way.spawn(self.clone().go(target, places.take(), told.clone()));
                    }
                    true
                }
                Err(error) => {
                    tracing::error!(%error, "what is to be told could not be read");
                    false
                }
            };
            let is_full = places.free() == 0;
            tokio::select! {
                () = &mut stop => break,
                () = tokio::time::sleep(AFTER_FAILURE), if !is_read => {}
                Some(_) = under_way.join_next(), if is_read => {} // a panic in it was logged where it happened
                () = places.moved(), if is_read && is_full => {}
                waited = self.mail.until_notifications(), if is_read && !is_full => if let Err(error) = waited {
                    tracing::error!(%error, "when something is to be told could not be read");
                    tokio::time::sleep(AFTER_FAILURE).await;
                }
            }
        }
        let _ = tell.send(true); // nobody may be left to hear it
        while under_way.join_next().await.is_some() {}
    }

    async fn go(self, mut target: Target, mut place: Place, mut stop: watch::Receiver<bool>) {
        let told = tokio::select! {
            told = self.tell_all(&mut target, &mut place) => told,
            _ = stop.wait_for(|&told| told) => return, // the next start ends what this process has, and others take it at once
        };
        let was_reached = told.unwrap_or_else(|error| {
            tracing::error!(%error, "what a receiver took could not be written; it is told again");
            false
        });
        // Nobody else posts there until it is given back, so that is tried until the store can write again.
        while let Err(error) = self.mail.return_target(&target, was_reached).await {
            tracing::error!(%error, "a receiver could not be given back");
            tokio::select! {
                _ = stop.wait_for(|&told| told) => return,
                () = tokio::time::sleep(AFTER_FAILURE) => {}
            }
        }
    }

    /// Tells a receiver what there is. Answers whether it took it.
    async fn tell_all(&self, target: &mut Target, place: &mut Place) -> Result<bool, MailError> {
        let until = Instant::now() + TURN;
        let read: Arc<ReadWanted> = Arc::new(filter::read);
        while Instant::now() < until {
            let batch = self.mail.batch(target, &read).await?;
            if batch.is_empty() {
                break;
            }
            if !batch.notifications.is_empty() {
                let body = match payload::collection(&batch.notifications, &self.identity) {
                    Ok(body) => body.to_string(),
                    Err(error) => {
                        tracing::error!(%error, "notifications can't be signed for");
                        return Ok(false);
                    }
                };
                let content_type = "application/json; charset=utf-8";
                let posted = Posted { content_type, body: body.into(), patience: PATIENCE, reads_answer: false };
                let why = match place.wait(self.post.post(target.url(), posted)).await {
                    Ok(Answered { status: 200..=299, .. }) => None,
                    Ok(Answered { status, .. }) => Some(format!("HTTP {status}")),
                    Err(error) => Some(error.to_string()),
                };
                if let Some(cause) = why {
                    tracing::info!(receiver.host = host(target.url()), cause, "a receiver took no notification");
                    return Ok(false);
                }
            }
            self.mail.settle_notified(batch).await?;
            if place.is_wanted() {
                break;
            }
        }
        Ok(true)
    }
}

/// The host of a URL and its port. The rest may hold secrets.
fn host(url: &str) -> String {
    url.parse::<Uri>().ok().and_then(|uri| Some(uri.authority()?.to_string())).unwrap_or_default()
}
