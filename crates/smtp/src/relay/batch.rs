//! Messages that the connections to one destination share.

use mailbox::{Consignment, Outcome};
use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// What some connections carry together.
pub(super) struct Batch {
    waiting: Mutex<VecDeque<Consignment>>,
    /// Why none of the rest can go now.
    outcome: Mutex<Option<Outcome>>,
    until: Instant,
    /// How long nothing more may go there.
    rest: Mutex<Duration>,
}

impl Batch {
    pub(super) fn of(consignments: Vec<Consignment>, until: Instant) -> Batch {
        Batch { waiting: Mutex::new(consignments.into()), outcome: Mutex::new(None), until, rest: Mutex::default() }
    }

    /// Whether nothing more of it goes now.
    pub(super) fn is_over(&self) -> bool {
        self.outcome().is_some() || !self.rest().is_zero() || Instant::now() >= self.until
    }

    pub(super) fn pause(&self, rest: Duration) {
        *self.rest.lock().unwrap_or_else(PoisonError::into_inner) = rest;
    }

    pub(super) fn rest(&self) -> Duration {
        *self.rest.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn waiting(&self) -> MutexGuard<'_, VecDeque<Consignment>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn len(&self) -> usize {
        self.waiting().len()
    }

    pub(super) fn next(&self) -> Option<Consignment> {
        self.waiting().pop_front()
    }

    pub(super) fn put_back(&self, consignment: Consignment) {
        self.waiting().push_front(consignment);
    }

    pub(super) fn outcome(&self) -> Option<Outcome> {
        self.outcome.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(super) fn end(&self, outcome: Outcome) {
        *self.outcome.lock().unwrap_or_else(PoisonError::into_inner) = Some(outcome);
    }
}
