//! Copies of objects in the data directory, so that what is read again isn't fetched again: `blobs/cache/ab/abcd…-…`. They
//! may go at any time: a mapping stays as it is, and what is asked for again is fetched again.

use super::Digest;
use super::files::{TempFile, digest_of, files_in, map_at, remove_at};
use crate::error::StoreError;
use bytes::Bytes;
use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

#[derive(Debug)]
pub(crate) struct Cache {
    folder: PathBuf,
    /// Octets that all copies may have together.
    most: u64,
    held: Mutex<Held>,
}

#[derive(Debug, Default)]
struct Held {
    copies: HashMap<String, Copy>,
    /// Places by the turn in which they were last used: the first go first.
    by_turn: BTreeMap<u64, String>,
    turn: u64,
    octets: u64,
}

#[derive(Debug)]
struct Copy {
    size: u64,
    turn: u64,
    /// Whether its octets are known to be right. Copies aren't synced: of one from before a start, a power cut may have taken
    /// some.
    is_checked: bool,
}

impl Cache {
    /// Opens the folder of copies; those of before stay, in the order in which they were written.
    pub(crate) fn open(folder: PathBuf, most: u64) -> Result<Cache, StoreError> {
        std::fs::create_dir_all(&folder)?;
        let mut found = files_in(&folder)?;
        found.sort_by_key(|file| file.written);
        let cache = Cache { folder, most, held: Mutex::default() };
        let mut held = cache.held();
        for file in found {
            held.add(file.place, file.size, false);
        }
        let gone = held.shrink(most);
        drop(held);
        cache.remove_files(&gone);
        Ok(cache)
    }

    /// One that keeps no copies, and leaves alone those that another process has in the folder.
    pub(crate) fn of_nothing(folder: PathBuf) -> Cache {
        Cache { folder, most: 0, held: Mutex::default() }
    }

    /// Maps the copy of what is in a place, if there is one.
    pub(crate) fn map(&self, place: &str) -> Result<Option<Bytes>, StoreError> {
        let Some(is_checked) = self.held().touch(place) else { return Ok(None) };
        let Some(octets) = map_at(&self.path(place))? else {
            self.held().forget(place);
            return Ok(None);
        };
        if !is_checked {
            if digest_of(place) != Some(Digest::of(&octets)) {
                tracing::info!(place, "a copy of before the start is damaged; it is fetched again");
                self.remove(place);
                return Ok(None);
            }
            self.held().check(place);
        }
        Ok(Some(octets))
    }

    /// Takes a whole file as the copy of what is in a place; others go for it.
    pub(crate) fn take(&self, temp: TempFile, place: &str, size: u64) -> Result<(), StoreError> {
        temp.rename(&self.path(place))?;
        let gone = {
            let mut held = self.held();
            held.add(place.to_owned(), size, true);
            held.shrink(self.most)
        };
        self.remove_files(&gone);
        Ok(())
    }

    /// Removes the copy of what was in a place.
    pub(crate) fn remove(&self, place: &str) {
        if self.held().forget(place) {
            self.remove_files(&[place.to_owned()]);
        }
    }

    fn remove_files(&self, places: &[String]) {
        for place in places {
            if let Err(error) = remove_at(&self.path(place)) {
                tracing::warn!(%error, place, "a copy of an object could not be removed");
            }
        }
    }

    fn path(&self, place: &str) -> PathBuf {
        self.folder.join(Path::new(place))
    }

    fn held(&self) -> MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Held {
    fn add(&mut self, place: String, size: u64, is_checked: bool) {
        self.forget(&place);
        self.turn += 1;
        self.octets += size;
        self.by_turn.insert(self.turn, place.clone());
        self.copies.insert(place, Copy { size, turn: self.turn, is_checked });
    }

    /// Answers whether the copy's octets are known to be right; nothing where there is none.
    fn touch(&mut self, place: &str) -> Option<bool> {
        let copy = self.copies.get_mut(place)?;
        self.turn += 1;
        let named = self.by_turn.remove(&std::mem::replace(&mut copy.turn, self.turn))?;
        self.by_turn.insert(self.turn, named);
        Some(copy.is_checked)
    }

    fn check(&mut self, place: &str) {
        if let Some(copy) = self.copies.get_mut(place) {
            copy.is_checked = true;
        }
    }

    /// Answers whether there was one.
    fn forget(&mut self, place: &str) -> bool {
        let Some(copy) = self.copies.remove(place) else { return false };
        self.by_turn.remove(&copy.turn);
        self.octets -= copy.size;
        true
    }

    /// Forgets what was used longest ago until the others have so many octets at most; answers what.
    fn shrink(&mut self, most: u64) -> Vec<String> {
        let mut gone = Vec::new();
        while self.octets > most {
            let Some((_, place)) = self.by_turn.pop_first() else { break };
            self.forget(&place);
            gone.push(place);
        }
        gone
    }
}
