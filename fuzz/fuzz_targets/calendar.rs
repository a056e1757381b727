//! Any text is a calendar of a meeting or is none: it is read in bounded time, nobody is told more than is bounded, and what is told of
//! when it happens again is what Graph has words for.
#![no_main]

#[allow(dead_code, reason = "only what reads is used here")]
#[path = "../../crates/mailbox/src/meeting/calendar.rs"]
mod calendar;
#[path = "../../crates/mailbox/src/meeting/recurrence.rs"]
mod recurrence;

use cpu_time::ThreadTime;
use libfuzzer_sys::fuzz_target;
use std::time::Duration;

fuzz_target!(|text: &str| {
    let began = ThreadTime::now();
    let read = calendar::read(text, Some("REQUEST"));
    let limit = Duration::from_secs(1) + Duration::from_micros(20) * u32::try_from(text.len()).unwrap_or(u32::MAX);
    assert!(began.elapsed() < limit, "{} octets took {:?}", text.len(), began.elapsed());
    let Some(invitation) = read else { return };
    let event = invitation.event;
    assert!(event.attendees.len() <= 2000 && event.location.is_none_or(|place| place.chars().count() <= 255));
    if let Some(recurrence) = event.recurrence {
        assert!(recurrence.pattern.interval > 0 && (0..=12).contains(&recurrence.pattern.month));
        assert!((0..=31).contains(&recurrence.pattern.day_of_month) && recurrence.range.start_date.len() >= 10);
    }
});
