//! A clock that tests turn.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use store::{Clock, Timestamp};

pub(crate) struct FakeClock(AtomicI64);

impl FakeClock {
    /// 2027-01-15T12:00:00Z
    pub(crate) fn at_noon() -> Arc<FakeClock> {
        Arc::new(FakeClock(AtomicI64::new(1_800_014_400)))
    }

    pub(crate) fn advance(&self, seconds: i64) {
        self.0.fetch_add(seconds, Ordering::Relaxed);
    }
}

impl Clock for FakeClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_seconds(self.0.load(Ordering::Relaxed))
    }
}
