//! The keys of one issuer as they are known now. They are asked for anew when they get old, in the background, and when a
//! token names one that isn't among them; seldom, for anybody can name one.

use super::TrustedIssuer;
use super::fetch::{Fetch, keys_of};
use super::keys::{Key, KeySet};
use crate::error::AuthError;
use std::sync::{Arc, PoisonError, RwLock};
use store::{Clock, Timestamp};
use tokio::sync::Mutex;

/// Seconds after which keys are asked for again, while they go on being used.
const FRESH: i64 = 60 * 60;
/// Seconds after which keys are used no more. Whoever keeps us from the issuer must not keep a key alive that it took back.
const USABLE: i64 = 24 * 60 * 60;
/// Seconds between two attempts: what a flood of made-up names costs an issuer.
pub(crate) const REST: i64 = 10;

/// The keys of one issuer.
pub(super) struct KeyRing {
    trusted: TrustedIssuer,
    fetch: Arc<dyn Fetch>,
    clock: Arc<dyn Clock>,
    known: RwLock<Known>,
    /// Held by the one fetch that is under way.
    turn: Mutex<()>,
}

#[derive(Default)]
struct Known {
    keys: KeySet,
    /// When the keys came.
    fetched: Option<Timestamp>,
    /// When keys had last been asked for.
    attempted: Option<Timestamp>,
    /// Whether they came then.
    came: bool,
}

impl Known {
    fn age(&self, now: Timestamp) -> Option<i64> {
        self.fetched.map(|fetched| now.seconds() - fetched.seconds())
    }

    /// Whether another attempt may be made; also where the clock was set back.
    fn has_rested(&self, now: Timestamp) -> bool {
        self.attempted.is_none_or(|last| !(0..REST).contains(&(now.seconds() - last.seconds())))
    }
}

impl KeyRing {
    pub(super) fn new(trusted: TrustedIssuer, fetch: Arc<dyn Fetch>, clock: Arc<dyn Clock>) -> KeyRing {
        KeyRing { trusted, fetch, clock, known: RwLock::default(), turn: Mutex::default() }
    }

    pub(super) fn trusted(&self) -> &TrustedIssuer {
        &self.trusted
    }

    /// The key of this name.
    ///
    /// # Errors
    /// [`AuthError::Invalid`] where the issuer has none, [`AuthError::Unavailable`] where that can't be told now.
    pub(super) async fn find(self: &Arc<Self>, kid: Option<&str>) -> Result<Key, AuthError> {
        let (key, age) = self.look(kid);
        match (key, age) {
            (Some(key), Some(..=FRESH)) => return Ok(key),
            (Some(key), Some(..=USABLE)) => {
                self.refresh_behind();
                return Ok(key);
            }
            _ => self.refresh().await,
        }
        let (key, age) = self.look(kid);
        match key.filter(|_| age.is_some_and(|age| age <= USABLE)) {
            Some(key) => Ok(key),
            None if self.read(|known| known.came) => Err(AuthError::Invalid),
            None => Err(AuthError::Unavailable),
        }
    }

    /// Asks the issuer for its keys, unless somebody did just now, and waits until they are here or can't be had.
    pub(super) async fn refresh(self: &Arc<Self>) {
        if let Err(error) = self.begin_refresh().await {
            tracing::error!(%error, "a fetch of keys broke off");
        }
    }

    /// The same, while whoever asks goes on with what is known.
    fn refresh_behind(self: &Arc<Self>) {
        // One that is under way will do: there may be many who ask.
        if self.turn.try_lock().is_ok() {
            drop(self.begin_refresh());
        }
    }

    /// In a task of its own: whoever asked may go away meanwhile, and others wait for the same answer.
    fn begin_refresh(self: &Arc<Self>) -> tokio::task::JoinHandle<()> {
        let ring = self.clone();
        tokio::spawn(async move { ring.refresh_in_turn().await })
    }

    async fn refresh_in_turn(&self) {
        let _turn = self.turn.lock().await;
        let begun = self.clock.now();
        if !self.read(|known| known.has_rested(begun)) {
            return;
        }
        let fetched = keys_of(&self.trusted, self.fetch.as_ref()).await;
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        known.attempted = Some(self.clock.now()); // an issuer that is slow has its rest too
        known.came = fetched.is_ok();
        match fetched {
            Ok(keys) => {
                tracing::info!(issuer = self.trusted.issuer, keys = keys.len(), "the issuer's keys came");
                known.keys = keys;
                known.fetched = Some(begun);
            }
            // Those that are known stay: an issuer that can't be reached has taken nothing back.
            Err(error) => tracing::warn!(issuer = self.trusted.issuer, %error, "the issuer's keys can't be had"),
        }
    }

    fn look(&self, kid: Option<&str>) -> (Option<Key>, Option<i64>) {
        let now = self.clock.now();
        self.read(|known| (known.keys.find(kid).cloned(), known.age(now)))
    }

    fn read<T>(&self, look: impl FnOnce(&Known) -> T) -> T {
        look(&self.known.read().unwrap_or_else(PoisonError::into_inner))
    }
}
