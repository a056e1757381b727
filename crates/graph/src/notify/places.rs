//! Places for receivers: so many are posted to at once. One that takes long, at once or in all, steps aside, and makes room for another.
//! While there is no room, whoever has a place gives it up after each POST, and those that are aside after theirs.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio::sync::Notify;
use tokio::time::{Instant, timeout};

/// Receivers that are posted to at once.
const AT_ONCE: usize = 128;
/// Those included that have stepped aside.
const ALL: usize = 2048;
/// Who takes longer in a turn, all together, steps aside.
const SOON: Duration = Duration::from_secs(2);
/// Of those aside, how many may stay for a whole turn.
const ASIDE: usize = ALL / 2;

/// How many are taken.
#[derive(Default)]
pub(super) struct Places {
    soon: AtomicUsize,
    all: AtomicUsize,
    moved: Notify,
}

/// A receiver's place.
pub(super) struct Place {
    places: Arc<Places>,
    /// How long it may still take.
    left: Duration,
    is_aside: bool,
}

impl Places {
    /// How many more may be posted to.
    pub(super) fn free(&self) -> usize {
        let soon = AT_ONCE.saturating_sub(self.soon.load(Ordering::SeqCst));
        soon.min(ALL.saturating_sub(self.all.load(Ordering::SeqCst)))
    }

    pub(super) fn take(self: &Arc<Places>) -> Place {
        self.soon.fetch_add(1, Ordering::SeqCst);
        self.all.fetch_add(1, Ordering::SeqCst);
        Place { places: self.clone(), left: SOON, is_aside: false }
    }

    /// Waits until there may be room.
    pub(super) async fn moved(&self) {
        self.moved.notified().await;
    }
}

impl Place {
    /// Waits for something; whoever waits long does so aside, and stays there.
    pub(super) async fn wait<T>(&mut self, what: impl Future<Output = T>) -> T {
        let (mut what, began) = (pin!(what), Instant::now());
        if let Ok(done) = timeout(self.left, &mut what).await {
            self.left = self.left.saturating_sub(began.elapsed());
            return done;
        }
        self.step_aside();
        what.await
    }

    /// Whether others may wait for it.
    pub(super) fn is_wanted(&self) -> bool {
        match self.is_aside {
            true => self.places.all.load(Ordering::SeqCst) > ASIDE,
            false => self.places.free() == 0,
        }
    }

    fn step_aside(&mut self) {
        if !std::mem::replace(&mut self.is_aside, true) {
            self.places.soon.fetch_sub(1, Ordering::SeqCst);
            self.places.moved.notify_one();
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.step_aside();
        self.places.all.fetch_sub(1, Ordering::SeqCst);
        self.places.moved.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn who_waits_long_makes_room() {
        let places = Arc::new(Places::default());
        let mut all: Vec<Place> = (0..AT_ONCE).map(|_| places.take()).collect();
        assert_eq!(places.free(), 0);
        all[0].wait(tokio::time::sleep(SOON / 2)).await;
        assert_eq!(places.free(), 0, "that was soon");
        assert!(all[0].is_wanted());
        all[0].wait(tokio::time::sleep(SOON * 2)).await;
        all[0].wait(tokio::time::sleep(SOON * 2)).await;
        assert_eq!(places.free(), 1, "once");
        assert!(!all[0].is_wanted() && !all[1].is_wanted(), "there is room");
        drop(all);
        assert_eq!(places.free(), AT_ONCE);
    }

    #[tokio::test(start_paused = true)]
    async fn who_waits_a_little_again_and_again_makes_room_too() {
        let places = Arc::new(Places::default());
        let mut place = places.take();
        for posts in 1..=3 {
            place.wait(tokio::time::sleep(SOON * 2 / 5)).await;
            assert_eq!(places.free(), if posts < 3 { AT_ONCE - 1 } else { AT_ONCE }, "{posts}");
        }
        let others: Vec<Place> = (0..ASIDE).map(|_| places.take()).collect();
        assert!(place.is_wanted(), "many are under way");
        drop(others);
        assert!(!place.is_wanted());
    }
}
