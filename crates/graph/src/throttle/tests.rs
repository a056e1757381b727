use super::*;
use crate::body;
use axum::body::Bytes;
use futures::stream;
use std::sync::atomic::AtomicI64;

const MEGABYTE: u64 = 1024 * 1024;
const MAILBOX: MailboxId = MailboxId([1; 16]);

struct FakeClock(AtomicI64);

impl FakeClock {
    fn advance(&self, seconds: i64) {
        self.0.fetch_add(seconds, Ordering::Relaxed);
    }
}

impl Clock for FakeClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_seconds(self.0.load(Ordering::Relaxed))
    }
}

fn throttle() -> (Throttle, Arc<FakeClock>) {
    let clock = Arc::new(FakeClock(AtomicI64::new(1_800_014_400)));
    (Throttle::new(clock.clone()), clock)
}

/// Asks for a place for an upload of which all comes, or for a request without one.
fn admit(throttle: &Throttle, app: &str, mailbox: MailboxId, octets: u64) -> Result<Place, (String, Option<i64>)> {
    let came = Arc::new(AtomicU64::new(octets));
    let place = throttle.admit((app.into(), mailbox), octets, &came);
    place.map_err(|error| {
        assert_eq!(error.code, ErrorCode::ApplicationThrottled);
        (error.message, error.retry_after)
    })
}

fn over(limit: &str, seconds: i64) -> Option<(String, Option<i64>)> {
    Some((format!("Application is over its {limit} limit."), Some(seconds)))
}

#[test]
fn a_fifth_request_at_a_time_is_refused_until_one_has_ended() {
    let (throttle, _) = throttle();
    let mut places: Vec<Place> = (0..4).map(|_| admit(&throttle, "an app", MAILBOX, 0).expect("a place")).collect();
    assert_eq!(admit(&throttle, "an app", MAILBOX, 0).err(), over("MailboxConcurrency", 1));
    let others = [admit(&throttle, "another", MAILBOX, 0), admit(&throttle, "an app", MailboxId([2; 16]), 0)];
    assert!(others.iter().all(Result::is_ok), "another app and another mailbox are counted by themselves");
    places.pop();
    places.push(admit(&throttle, "an app", MAILBOX, 0).expect("a place is free again"));
    assert_eq!(admit(&throttle, "an app", MAILBOX, 0).err(), over("MailboxConcurrency", 1));
}

#[test]
fn after_ten_thousand_requests_the_period_is_waited_for() {
    let (throttle, clock) = throttle();
    for n in 0..10_000 {
        assert!(admit(&throttle, "an app", MAILBOX, 0).is_ok(), "request {n}");
        clock.advance(i64::from(n == 0) * 100);
    }
    for _ in 0..2 {
        assert_eq!(admit(&throttle, "an app", MAILBOX, 0).err(), over("MailboxRequests", 500), "what is refused doesn't count");
    }
    clock.advance(499);
    assert_eq!(admit(&throttle, "an app", MAILBOX, 0).err(), over("MailboxRequests", 1));
    clock.advance(1);
    assert!(admit(&throttle, "an app", MAILBOX, 0).is_ok(), "who comes when he was told is taken");
}

#[test]
fn after_a_hundred_and_fifty_megabytes_no_more_may_be_uploaded() {
    let (throttle, clock) = throttle();
    for n in 0..37 {
        assert!(admit(&throttle, "an app", MAILBOX, 4 * MEGABYTE).is_ok(), "upload {n}");
    }
    assert_eq!(admit(&throttle, "an app", MAILBOX, 4 * MEGABYTE).err(), over("MailboxUpload", 300));
    let none_came = Arc::new(AtomicU64::new(0));
    let waits = throttle.admit(("an app".into(), MAILBOX), 2 * MEGABYTE, &none_came).expect("a place");
    assert_eq!(admit(&throttle, "an app", MAILBOX, 1).err(), over("MailboxUpload", 300), "what is to come has its room");
    assert!(admit(&throttle, "an app", MAILBOX, 0).is_ok(), "reading is free");
    drop(waits);
    assert!(admit(&throttle, "an app", MAILBOX, 2 * MEGABYTE).is_ok(), "what never came left its room");
    clock.advance(300);
    assert!(admit(&throttle, "an app", MAILBOX, 4 * MEGABYTE).is_ok());
}

#[test]
fn what_ends_in_a_later_period_takes_nothing_from_it() {
    let (throttle, clock) = throttle();
    let none_came = Arc::new(AtomicU64::new(0));
    let slow = throttle.admit(("an app".into(), MAILBOX), 100 * MEGABYTE, &none_came).expect("a place");
    clock.advance(300);
    assert!(admit(&throttle, "an app", MAILBOX, 149 * MEGABYTE).is_ok());
    drop(slow);
    assert_eq!(admit(&throttle, "an app", MAILBOX, 2 * MEGABYTE).err(), over("MailboxUpload", 300));
}

#[test]
fn what_is_over_is_forgotten() {
    let (throttle, clock) = throttle();
    let kept = |throttle: &Throttle| throttle.0.uses().by_key.len();
    let stays = admit(&throttle, "an app", MAILBOX, 0).expect("a place");
    for n in 0..20_000_u32 {
        let mailbox = MailboxId(u128::from(n + 1_000_000).to_be_bytes());
        assert!(admit(&throttle, "an app", mailbox, 0).is_ok());
        clock.advance(1);
    }
    assert!(kept(&throttle) < 4000, "of 20000 mailboxes {} are kept", kept(&throttle));
    assert_eq!(throttle.0.uses().by_key[&("an app".into(), MAILBOX)].running, 1, "what runs is kept");
    drop(stays);
}

/// The gate of a POST with this body.
fn gate(throttle: &Throttle, body: &mut Body, length: Option<u64>) -> Result<Gate, ErrorCode> {
    let mut headers = HeaderMap::new();
    if let Some(length) = length {
        headers.insert(header::CONTENT_LENGTH, length.into());
    }
    Gate::of(Some(throttle), &Method::POST, &headers, body).map_err(|error| error.code)
}

#[test]
fn a_place_is_kept_until_the_answer_has_ended_and_its_length_is_still_told() {
    let (throttle, _) = throttle();
    let answers: Vec<Response> = (0..4)
        .map(|_| {
            let gate = gate(&throttle, &mut Body::empty(), None).expect("a gate");
            gate.enter("an app", MAILBOX).expect("a place");
            gate.enter("an app", MAILBOX).expect("the same place");
            gate.leave_with(Response::new(Body::from("Hello")))
        })
        .collect();
    assert_eq!(answers[0].body().size_hint().exact(), Some(5));
    assert!(admit(&throttle, "an app", MAILBOX, 0).is_err());
    drop(answers);
    assert!(admit(&throttle, "an app", MAILBOX, 0).is_ok());
}

#[tokio::test]
async fn a_body_over_four_megabytes_is_refused_whether_it_says_so_or_not() {
    let (throttle, _) = throttle();
    let refused = gate(&throttle, &mut Body::from("x"), Some(4 * MEGABYTE + 1)).err();
    assert_eq!(refused, Some(ErrorCode::RequestTooLong));
    let piece = |_| Ok::<_, std::io::Error>(Bytes::from(vec![b'x'; 1024]));
    let pieces = |count: u64| Body::from_stream(stream::iter((0..count).map(piece)));
    for (count, expected) in [(4096, None), (4097, Some(ErrorCode::RequestTooLong))] {
        let mut body = pieces(count);
        let _gate = gate(&throttle, &mut body, None).expect("a gate");
        let mut read = 0;
        let error = loop {
            match body::next(&mut body).await {
                Ok(Some(piece)) => read += piece.len(),
                Ok(None) => break None,
                Err(error) => break Some(error.code),
            }
        };
        assert_eq!((read, error), (4096 * 1024, expected), "of {count} pieces");
        assert!(matches!(body::next(&mut body).await, Ok(None)), "it is told once");
    }
    let mut empty = Body::empty();
    gate(&throttle, &mut empty, None).expect("a gate");
    assert!(empty.is_end_stream(), "no body stays none");
}
