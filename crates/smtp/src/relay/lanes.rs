//! Two lanes of destinations: those that go on, of which there are so many at once, and those that somebody is waiting for.
//! Waiting costs next to nothing, so whoever makes us wait steps aside, and others come to their turn.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio::sync::Notify;
use tokio::time::timeout;

/// Who takes longer steps aside.
const SOON: Duration = Duration::from_secs(2);
/// Destinations in both lanes, for each one in the fast lane.
const BOTH: usize = 20;

/// How many destinations are under way.
#[derive(Default)]
pub(super) struct Lanes {
    fast: AtomicUsize,
    all: AtomicUsize,
    /// Told when one has stepped aside, or is done.
    moved: Notify,
}

/// A destination's place, as long as it is under way.
pub(super) struct Place {
    lanes: Arc<Lanes>,
    /// How many of its connections make it wait.
    waiting: AtomicUsize,
}

impl Lanes {
    /// How many more may set out, where so many may go on at once.
    pub(super) fn free(&self, most: usize) -> usize {
        let all = (most * BOTH).saturating_sub(self.all.load(Ordering::SeqCst));
        most.saturating_sub(self.fast.load(Ordering::SeqCst)).min(all)
    }

    pub(super) fn place(self: &Arc<Lanes>) -> Place {
        self.fast.fetch_add(1, Ordering::SeqCst);
        self.all.fetch_add(1, Ordering::SeqCst);
        Place { lanes: self.clone(), waiting: AtomicUsize::new(0) }
    }

    /// Waits until a place may be free.
    pub(super) async fn moved(&self) {
        self.moved.notified().await;
    }
}

impl Place {
    /// Waits for something; whoever waits long does so aside.
    pub(super) async fn wait<T>(&self, what: impl Future<Output = T>) -> T {
        let mut what = pin!(what);
        if let Ok(done) = timeout(SOON, &mut what).await {
            return done;
        }
        let _aside = Aside::step(self);
        what.await
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.lanes.fast.fetch_sub(1, Ordering::SeqCst);
        self.lanes.all.fetch_sub(1, Ordering::SeqCst);
        self.lanes.moved.notify_one();
    }
}

/// As long as this is, one of a destination's connections makes it wait.
struct Aside<'p> {
    place: &'p Place,
}

impl<'p> Aside<'p> {
    fn step(place: &'p Place) -> Aside<'p> {
        if place.waiting.fetch_add(1, Ordering::SeqCst) == 0 {
            place.lanes.fast.fetch_sub(1, Ordering::SeqCst);
            place.lanes.moved.notify_one();
        }
        Aside { place }
    }
}

impl Drop for Aside<'_> {
    fn drop(&mut self) {
        if self.place.waiting.fetch_sub(1, Ordering::SeqCst) == 1 {
            self.place.lanes.fast.fetch_add(1, Ordering::SeqCst);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn who_waits_long_makes_room_and_takes_it_again() {
        let lanes = Arc::new(Lanes::default());
        let place = lanes.place();
        assert_eq!(lanes.free(1), 0);
        place.wait(tokio::time::sleep(SOON / 2)).await;
        assert_eq!(lanes.free(1), 0, "that was soon");
        {
            let one = place.wait(std::future::pending::<()>());
            let two = place.wait(std::future::pending::<()>());
            assert!(timeout(SOON * 2, futures::future::join(one, two)).await.is_err());
            // Both are dropped here, and were aside until then.
        }
        assert_eq!(lanes.free(1), 0, "it goes on again");
        let waiting = tokio::spawn(async move { place.wait(std::future::pending::<()>()).await });
        tokio::time::sleep(SOON * 2).await;
        assert_eq!(lanes.free(1), 1);
        waiting.abort();
        assert!(waiting.await.is_err());
        assert_eq!((lanes.free(1), lanes.free(3)), (1, 3), "nothing is left of it");
    }
}
