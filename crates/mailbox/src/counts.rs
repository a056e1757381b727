//! How often what became of mail, since the process began: for whoever watches over it.

use std::sync::atomic::{AtomicU64, Ordering};
use store::{ForwardState, Settled};

/// Counters that only rise.
#[derive(Debug, Default)]
pub(crate) struct Counts {
    delivered: AtomicU64,
    relayed: AtomicU64,
    deferred: AtomicU64,
    failed: AtomicU64,
}

/// What they stand at: forward-paths.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Outcomes {
    /// Filed here.
    pub delivered: u64,
    /// Taken by another server.
    pub relayed: u64,
    /// Put off; each time counts.
    pub deferred: u64,
    /// Given up.
    pub failed: u64,
}

impl Counts {
    pub(crate) fn count_delivered(&self) {
        self.delivered.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn count_failed(&self) {
        self.failed.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn count(&self, settled: &Settled) {
        let counter = match settled.state {
            ForwardState::Relayed => &self.relayed,
            ForwardState::Failed => &self.failed,
            _ => &self.deferred,
        };
        counter.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn outcomes(&self) -> Outcomes {
        let of = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        Outcomes {
            delivered: of(&self.delivered),
            relayed: of(&self.relayed),
            deferred: of(&self.deferred),
            failed: of(&self.failed),
        }
    }
}
