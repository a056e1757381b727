//! Graph's own limits on an app at one mailbox (Graph: throttling-limits, Outlook service limits), for whoever wants to see
//! how an app fares under them. They are off unless asked for, and then cost nothing.
//!
//! Promises: what is refused is told when to come again, and a request that keeps to that is taken, if nobody else took its
//! place; a place is free again when an answer has ended or its client is gone. What is kept does not grow with time.

use crate::error::{ApiError, ErrorCode};
use axum::body::{Body, BodyDataStream, HttpBody};
use axum::http::{HeaderMap, Method, header};
use axum::response::Response;
use futures::StreamExt;
use http_body_util::BodyExt;
use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use store::{Clock, MailboxId, Timestamp};

/// Requests at a time.
const TOGETHER: u32 = 4;
/// Requests in one period.
const REQUESTS: Allowance = Allowance { most: 10_000, seconds: 600 };
/// Octets of the bodies of PATCH, POST and PUT in one period.
const UPLOAD: Allowance = Allowance { most: 150 * 1024 * 1024, seconds: 300 };
/// Octets of the body of one request.
const MOST_BODY: u64 = 4 * 1024 * 1024;
/// Seconds after which one of four requests has probably ended.
const SOON: i64 = 1;
/// Mailboxes of which something is kept before what is over is looked for.
const SWEPT_FROM: usize = 1000;

/// How much there is of something in a period. It begins with the first that is counted, and the next one with the first
/// after it.
struct Allowance {
    most: u64,
    seconds: i64,
}

/// Who keeps count. Copies keep one count.
#[derive(Clone)]
pub struct Throttle(Arc<Kept>);

struct Kept {
    clock: Arc<dyn Clock>,
    uses: Mutex<Uses>,
}

/// An app, by its client id, at a mailbox. No app has an empty id: that stands for whoever knows an upload's address.
type Key = (Arc<str>, MailboxId);

#[derive(Default)]
struct Uses {
    by_key: HashMap<Key, Use>,
    /// How many there may be before those that are over are dropped.
    swept_from: usize,
}

#[derive(Default)]
struct Use {
    running: u32,
    requests: Counted,
    upload: Counted,
}

/// What was counted of an [`Allowance`] since its period began.
#[derive(Default, Clone, Copy)]
struct Counted {
    began: Timestamp,
    count: u64,
}

impl Counted {
    /// Begins a new period where the last one is over.
    fn turn(&mut self, of: &Allowance, now: Timestamp) {
        if self.left(of, now) <= 0 {
            *self = Counted { began: now, count: 0 };
        }
    }

    /// Seconds until its period is over, rounded up.
    fn left(self, of: &Allowance, now: Timestamp) -> i64 {
        let micros = self.began.0.saturating_add(of.seconds * 1_000_000).saturating_sub(now.0);
        micros.div_euclid(1_000_000) + i64::from(micros.rem_euclid(1_000_000) > 0)
    }

    fn allows(self, more: u64, of: &Allowance) -> bool {
        self.count.saturating_add(more) <= of.most
    }
}

impl Throttle {
    /// Counts by this clock.
    pub fn new(clock: Arc<dyn Clock>) -> Throttle {
        Throttle(Arc::new(Kept { clock, uses: Mutex::default() }))
    }

    /// Takes a place for one request of an app at a mailbox, of a body that says to have so many octets.
    ///
    /// # Errors
    /// `ApplicationThrottled`, with the seconds after which to come again.
    fn admit(&self, key: Key, announced: u64, came: &Arc<AtomicU64>) -> Result<Place, ApiError> {
        let now = self.0.clock.now();
        let mut uses = self.0.uses();
        uses.sweep(now);
        let of_key = uses.by_key.entry(key.clone()).or_default();
        of_key.requests.turn(&REQUESTS, now);
        of_key.upload.turn(&UPLOAD, now);
        if of_key.running >= TOGETHER {
            return Err(throttled("MailboxConcurrency", SOON));
        }
        if !of_key.requests.allows(1, &REQUESTS) {
            return Err(throttled("MailboxRequests", of_key.requests.left(&REQUESTS, now)));
        }
        if !of_key.upload.allows(announced, &UPLOAD) {
            return Err(throttled("MailboxUpload", of_key.upload.left(&UPLOAD, now)));
        }
        of_key.running += 1;
        of_key.requests.count += 1;
        of_key.upload.count += announced;
        let period = of_key.upload.began;
        drop(uses);
        Ok(Place { kept: self.0.clone(), key, period, announced, came: came.clone() })
    }
}

impl Kept {
    fn uses(&self) -> MutexGuard<'_, Uses> {
        self.uses.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Uses {
    /// Drops what is over, each time that twice as much is kept as was left by the last time.
    fn sweep(&mut self, now: Timestamp) {
        if self.by_key.len() < self.swept_from.max(SWEPT_FROM) {
            return;
        }
        let counts = |counted: Counted, of| counted.left(of, now) > 0;
        self.by_key.retain(|_, one| one.running > 0 || counts(one.requests, &REQUESTS) || counts(one.upload, &UPLOAD));
        self.swept_from = self.by_key.len() * 2;
    }
}

/// Graph's answer. Of the three names the first is the one that was seen of Graph (behaviour 14.1).
fn throttled(limit: &str, retry_after: i64) -> ApiError {
    let message = format!("Application is over its {limit} limit.");
    ApiError::new(ErrorCode::ApplicationThrottled, message).retry_after(retry_after.max(1))
}

/// The place of one request: free again when this is dropped.
struct Place {
    kept: Arc<Kept>,
    key: Key,
    /// When the period of uploads began to which its octets were counted.
    period: Timestamp,
    announced: u64,
    came: Arc<AtomicU64>,
}

impl Drop for Place {
    fn drop(&mut self) {
        if let Some(of_key) = self.kept.uses().by_key.get_mut(&self.key) {
            of_key.running -= 1;
            let upload = &mut of_key.upload;
            if upload.began == self.period {
                // What came counts, not what was announced.
                upload.count = upload.count.saturating_sub(self.announced) + self.came.load(Ordering::Relaxed);
            }
        }
    }
}

/// One request's way past the limits; without limits it is open.
#[derive(Default)]
pub(crate) struct Gate {
    limited: Option<Limited>,
}

struct Limited {
    throttle: Throttle,
    announced: u64,
    came: Arc<AtomicU64>,
    place: OnceLock<Place>,
}

impl Gate {
    /// The gate of a request, whose body is counted from here on.
    ///
    /// # Errors
    /// For a body that is too large by its own word.
    pub(crate) fn of(
        throttle: Option<&Throttle>,
        method: &Method,
        headers: &HeaderMap,
        body: &mut Body,
    ) -> Result<Gate, ApiError> {
        let Some(throttle) = throttle else { return Ok(Gate::default()) };
        let came = Arc::new(AtomicU64::new(0));
        let uploads = [Method::PATCH, Method::POST, Method::PUT].contains(method) && !body.is_end_stream();
        let announced = if uploads { length(headers) } else { 0 };
        if announced > MOST_BODY {
            return Err(too_long());
        }
        if uploads {
            *body = counted(std::mem::take(body), came.clone());
        }
        Ok(Gate { limited: Some(Limited { throttle: throttle.clone(), announced, came, place: OnceLock::new() }) })
    }

    /// Lets a request in to a mailbox that its app may open, once.
    ///
    /// # Errors
    /// `ApplicationThrottled`.
    pub(crate) fn enter(&self, client_id: &str, mailbox: MailboxId) -> Result<(), ApiError> {
        if let Some(Limited { throttle, announced, came, place }) = &self.limited
            && place.get().is_none()
        {
            let _ = place.set(throttle.admit((client_id.into(), mailbox), *announced, came)?); // one request is one task
        }
        Ok(())
    }

    /// The answer, which keeps the request's place until it has ended or its client is gone.
    pub(crate) fn leave_with(self, response: Response) -> Response {
        match self.limited.and_then(|limited| limited.place.into_inner()) {
            None => response,
            Some(place) => response.map(|body| {
                Body::new(body.map_err(move |error| {
                    let _kept = &place;
                    error
                }))
            }),
        }
    }
}

fn length(headers: &HeaderMap) -> u64 {
    headers.get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse().ok()).unwrap_or(0)
}

/// A body that counts what comes of it, and fails once with [`TooLong`] where that is too much.
fn counted(body: Body, came: Arc<AtomicU64>) -> Body {
    let mut is_told = false;
    let pieces: BodyDataStream = body.into_data_stream();
    Body::from_stream(pieces.map(move |piece| {
        let piece = piece?;
        let octets = piece.len() as u64;
        let before = came.fetch_add(octets, Ordering::Relaxed);
        if before + octets > MOST_BODY && !std::mem::replace(&mut is_told, true) {
            Err(axum::Error::new(TooLong))
        } else {
            Ok(piece)
        }
    }))
}

/// The body has more octets than one request may have.
#[derive(Debug)]
struct TooLong;

impl std::fmt::Display for TooLong {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "the body has more than {MOST_BODY} octets")
    }
}

impl std::error::Error for TooLong {}

/// What a body that breaks off is answered: that it is too long, where it is that.
pub(crate) fn broken_off(error: axum::Error) -> ApiError {
    let mut causes = std::iter::successors(Some(&error as &dyn std::error::Error), |error| error.source());
    if causes.any(|cause| cause.is::<TooLong>()) {
        too_long()
    } else {
        ApiError::bad_request("The body broke off.").because(error)
    }
}

fn too_long() -> ApiError {
    ApiError::new(ErrorCode::RequestTooLong, "The maximum request length supported is 4MB.")
}

#[cfg(test)]
mod tests;
