//! Octets on their way to a row: from the moment when they are whole until a deed that names them is durable. What no deed
//! names is removed with the last who holds it; what a deed may have named is left to the sweep.

use super::files::{TempFile, new_place};
use super::{Digest, Places};
use crate::error::StoreError;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Octets that don't stand in a row, and that no row names for sure.
#[derive(Debug)]
pub(crate) struct Unnamed {
    places: Arc<Places>,
    state: Mutex<State>,
}

#[derive(Debug)]
enum State {
    /// A whole, synced file that has no place yet.
    File(TempFile),
    /// In its place, which no deed has named.
    Placed(String),
    /// A deed has named its place; whether it lasts isn't known yet.
    Named(String),
    /// A deed that named its place is durable. The place may be gone again, with the row: it's used up.
    Settled,
}

impl Unnamed {
    pub(crate) fn file(places: Arc<Places>, temp: TempFile) -> Unnamed {
        Unnamed { places, state: Mutex::new(State::File(temp)) }
    }

    /// An object that is there.
    pub(crate) fn object(places: Arc<Places>, place: String) -> Unnamed {
        Unnamed { places, state: Mutex::new(State::Placed(place)) }
    }

    /// The octets' place, for a row to name it; a file is put there, durably. Nothing where their place is used up.
    pub(crate) fn name(&self, digest: &Digest) -> Result<Option<String>, StoreError> {
        let mut state = self.state();
        let place = match std::mem::replace(&mut *state, State::Settled) {
            State::File(temp) => {
                let place = new_place(digest);
                self.places.keep(temp, &place)?;
                place
            }
            State::Placed(place) | State::Named(place) => place,
            State::Settled => return Ok(None),
        };
        *state = State::Named(place.clone());
        Ok(Some(place))
    }

    /// The place that a deed has named, if it isn't known yet whether it lasts.
    pub(crate) fn named(&self) -> Option<String> {
        match &*self.state() {
            State::Named(place) => Some(place.clone()),
            State::File(_) | State::Placed(_) | State::Settled => None,
        }
    }

    /// The deed that named the place is durable.
    pub(crate) fn settle(&self) {
        *self.state() = State::Settled;
    }

    /// The deed that named the place came to nothing, for sure.
    pub(crate) fn unname(&self) {
        let mut state = self.state();
        if let State::Named(place) = &mut *state {
            *state = State::Placed(std::mem::take(place));
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Unnamed {
    fn drop(&mut self) {
        if let State::Placed(place) = &*self.state() {
            self.places.remove(place);
        }
    }
}
