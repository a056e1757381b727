//! How many messages go to one destination in a minute, where its operators want no more.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

const MINUTE: Duration = Duration::from_secs(60);
/// Destinations from which on those are forgotten whose minute is over.
const MANY: usize = 1000;

/// Counts what goes where.
pub(super) struct Pace {
    most: Option<u32>,
    minutes: Mutex<HashMap<String, (Instant, u32)>>,
}

impl Pace {
    /// So many messages a minute, or as many as there are.
    pub(super) fn new(most: Option<u32>) -> Pace {
        Pace { most, minutes: Mutex::default() }
    }

    /// Counts a message for a destination.
    ///
    /// # Errors
    /// How long to wait, where it has had its minute's.
    pub(super) fn take(&self, destination: &str, now: Instant) -> Result<(), Duration> {
        let Some(most) = self.most else { return Ok(()) };
        let mut minutes = self.minutes.lock().unwrap_or_else(PoisonError::into_inner);
        if minutes.len() > MANY {
            minutes.retain(|_, (began, _)| now.duration_since(*began) < MINUTE);
        }
        let (began, count) = minutes.entry(destination.to_owned()).or_insert((now, 0));
        if now.duration_since(*began) >= MINUTE {
            (*began, *count) = (now, 0);
        }
        if *count >= most {
            return Err(MINUTE.saturating_sub(now.duration_since(*began)));
        }
        *count += 1;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_destination_has_its_minute() {
        let (pace, now) = (Pace::new(Some(2)), Instant::now());
        for destination in ["a.example", "b.example"] {
            assert_eq!(
                [0, 1, 2].map(|second| pace.take(destination, now + Duration::from_secs(second)).is_ok()),
                [true, true, false]
            );
        }
        assert_eq!(pace.take("a.example", now + Duration::from_secs(20)), Err(Duration::from_secs(40)));
        assert_eq!(pace.take("a.example", now + MINUTE), Ok(()));
        let free = Pace::new(None);
        assert!((0..1000).all(|_| free.take("a.example", now).is_ok()));
    }
}
