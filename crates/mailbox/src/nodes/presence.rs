//! What this node knows of itself: since when it has been there without a break, and what it carries.

use super::{HOLDS, SAID};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

/// A node's presence.
#[derive(Default)]
pub(crate) struct Presence {
    heard: Mutex<Heard>,
    carried: Arc<Mutex<HashMap<String, usize>>>,
    /// Held while places are taken, by any number at once, until it is known which: what is in this node's name then may be anybody's yet.
    leasing: tokio::sync::RwLock<()>,
}

/// When the store last heard of it.
#[derive(Default)]
struct Heard {
    /// The last time.
    last: Option<Instant>,
    /// The first time since it went unheard.
    since: Option<Instant>,
}

/// A place to which this node carries something as long as this is there.
#[derive(Debug)]
pub(crate) struct Carried {
    name: String,
    carried: Arc<Mutex<HashMap<String, usize>>>,
}

impl Presence {
    /// The store was told, by a deed that began at a time and is done now; and whether what it was told before still held.
    pub(super) fn note(&self, (began, now): (Instant, Instant), was_there: bool) {
        let mut heard = lock(&self.heard);
        // Who was silent for twice the usual time may be the first that is heard of after something that all could not reach.
        if !was_there || heard.last.is_none_or(|last| began.duration_since(last) > SAID * 2) {
            heard.since = Some(now);
        }
        heard.last = Some(began);
    }

    /// Whether it surely is there for others.
    pub(super) fn is_there(&self, now: Instant) -> bool {
        lock(&self.heard).last.is_some_and(|last| now.duration_since(last) < HOLDS)
    }

    /// Whether it has been heard of for long enough that others who are there would have been heard of too.
    pub(super) fn may_take_from_silent(&self, now: Instant) -> bool {
        let heard = lock(&self.heard);
        let is_heard = heard.last.is_some_and(|last| now.duration_since(last) <= SAID * 2);
        is_heard && heard.since.is_some_and(|since| now.duration_since(since) >= HOLDS)
    }

    /// Keeps [`Presence::none_is_leasing`] from it until this is dropped.
    pub(crate) async fn leasing(&self) -> tokio::sync::RwLockReadGuard<'_, ()> {
        self.leasing.read().await
    }

    /// That nothing is being taken, nor is until this is dropped.
    pub(super) fn none_is_leasing(&self) -> Option<tokio::sync::RwLockWriteGuard<'_, ()>> {
        self.leasing.try_write().ok()
    }

    /// Something is carried to a place from now on.
    pub(crate) fn carry(&self, name: &str) -> Carried {
        *lock(&self.carried).entry(name.to_owned()).or_default() += 1;
        Carried { name: name.to_owned(), carried: self.carried.clone() }
    }

    pub(super) fn carries(&self, name: &str) -> bool {
        lock(&self.carried).contains_key(name)
    }
}

impl Drop for Carried {
    fn drop(&mut self) {
        let mut carried = lock(&self.carried);
        // It may have been taken anew before this one was let go of.
        match carried.get_mut(&self.name) {
            Some(count) if *count > 1 => *count -= 1,
            _ => drop(carried.remove(&self.name)),
        }
    }
}

fn lock<T>(of: &Mutex<T>) -> MutexGuard<'_, T> {
    of.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_was_silent_takes_nothing_from_the_silent_for_the_time_that_a_word_holds() {
        let presence = Presence::default();
        let mut now = Instant::now();
        assert!(!presence.is_there(now) && !presence.may_take_from_silent(now), "nothing was said yet");
        presence.note((now, now), false);
        assert!(presence.is_there(now) && !presence.may_take_from_silent(now), "the others may be about to say it");
        for _ in 0..4 {
            now += SAID;
            presence.note((now, now), true);
        }
        assert!(presence.may_take_from_silent(now));
        now += SAID * 3;
        assert!(presence.is_there(now) && !presence.may_take_from_silent(now), "it may be the database that is silent");
        presence.note((now, now), true);
        assert!(!presence.may_take_from_silent(now), "the others may be about to be heard again too");
        for _ in 0..4 {
            now += SAID;
            presence.note((now, now), true);
        }
        assert!(presence.may_take_from_silent(now));
        presence.note((now, now), false);
        assert!(!presence.may_take_from_silent(now), "what was said last had gone by");
        assert!(!presence.is_there(now + HOLDS));
    }

    #[tokio::test]
    async fn what_is_taken_anew_before_it_is_let_go_of_is_carried() {
        let presence = Presence::default();
        let first = presence.carry("example.com");
        let second = presence.carry("example.com");
        drop(first);
        assert!(presence.carries("example.com"));
        drop(second);
        assert!(!presence.carries("example.com"));
        let leasing = presence.leasing().await;
        assert!(presence.none_is_leasing().is_none());
        drop(leasing);
        assert!(presence.none_is_leasing().is_some());
    }
}
