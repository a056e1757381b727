//! Guessing has an end: whoever tries passwords, secrets or codes that are wrong waits longer after each (RFC 6749 §10.10).
//!
//! An attempt counts as a failure from its beginning, so that many at once are not one; what was right is taken back. Who
//! waits is told how long, and what comes meanwhile isn't looked at and doesn't count. Nobody is locked out for ever, and
//! nobody by a stranger at another address: see [`Rule::BOTH`] and [`Rule::NAME`].

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Mutex, MutexGuard, PoisonError};
use store::{Digest, Timestamp};

/// Names, addresses and pairs that are remembered at most: about 10 MB.
const MOST: usize = 100_000;
const SECOND: i64 = 1_000_000;

/// Where a request comes from, as far as this server believes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Source(pub IpAddr);

impl Source {
    /// What one customer of a network has: an address of version 4, and 64 bits of one of version 6 (RFC 6177 §2).
    fn network(self) -> IpAddr {
        match self.0.to_canonical() {
            IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() >> 64 << 64)),
            address => address,
        }
    }
}

/// What somebody tries to get right.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Target<'t> {
    /// The secret of the app with this client id, or its signature.
    App(&'t str),
    /// The code that a device shows: any will do.
    Device,
    /// The password of the person of this name.
    Person(&'t str),
}

/// How many failures cost nothing, and what each one more costs.
#[derive(Debug, Clone, Copy)]
struct Rule {
    free: i64,
    /// Seconds after which one failure is forgotten.
    forgotten_after: i64,
    /// Seconds that one waits at most; the first wait is one second, each following one twice as long.
    longest: i64,
}

impl Rule {
    /// One name from one network: a person mistypes; a program that guesses gets four more in an hour.
    const BOTH: Rule = Rule { free: 5, forgotten_after: 15 * 60, longest: 15 * 60 };
    /// One name from everywhere: many networks share one allowance. The person waits a minute at most, and not at all where
    /// the password was right before.
    const NAME: Rule = Rule { free: 50, forgotten_after: 60, longest: 60 };
    /// One network and any name: an office has many who mistype.
    const NETWORK: Rule = Rule { free: 100, forgotten_after: 10, longest: 60 };
    /// An app's secret is 192 random bits and more, so this only keeps wrong ones from being many: an app of which one copy
    /// has an old secret must not be stopped by that.
    const SECRET: Rule = Rule { free: 100, forgotten_after: 6, longest: 60 };
    /// A device's code is 34 bits, and one of many that wait.
    const CODE: Rule = Rule { free: 20, forgotten_after: 60, longest: 15 * 60 };
}

/// What is remembered of one name, one network or a pair.
#[derive(Debug, Clone, Copy)]
struct Entry {
    failures: i64,
    last: Timestamp,
    /// Whether the password was right before.
    is_known: bool,
}

type Key = (u8, Digest);

/// What was tried wrongly in this process.
#[derive(Default)]
pub struct Guesses {
    entries: Mutex<HashMap<Key, Entry>>,
    is_generous: bool,
}

/// One attempt that was let through. Left alone, it stays a failure.
#[must_use]
pub(crate) struct Attempt<'g> {
    guesses: &'g Guesses,
    both: Key,
    wider: Vec<Key>,
}

impl Guesses {
    /// Rules of twenty times the allowance: for development mode, where programs are wrong more often than people.
    pub fn generous() -> Guesses {
        Guesses { is_generous: true, ..Guesses::default() }
    }

    /// Lets an attempt through, or says how many seconds it must wait.
    ///
    /// # Errors
    /// Those seconds, from 1.
    pub(crate) fn begin(&self, target: Target<'_>, source: Source, now: Timestamp) -> Result<Attempt<'_>, i64> {
        let (both, wider) = rules(target, source);
        let mut entries = self.entries();
        let is_known = entries.get(&both.0).is_some_and(|entry| entry.is_known);
        // Where the password was right before, strangers elsewhere are of no consequence.
        let wider: Vec<(Key, Rule)> = if is_known { Vec::new() } else { wider };
        let generosity = if self.is_generous { 20 } else { 1 };
        let all: Vec<(Key, Rule)> =
            std::iter::once(both).chain(wider).map(|(key, rule)| (key, Rule { free: rule.free * generosity, ..rule })).collect();
        let wait = |(key, rule): &(Key, Rule)| entries.get(key).map_or(0, |entry| entry.wait(*rule, now));
        match all.iter().map(wait).max() {
            Some(seconds) if seconds > 0 => return Err(seconds),
            _ => {}
        }
        make_place(&mut entries, all.len());
        for (key, rule) in &all {
            let entry = entries.entry(*key).or_insert(Entry { failures: 0, last: now, is_known });
            *entry = Entry { failures: entry.left(*rule, now) + 1, last: now, ..*entry };
        }
        Ok(Attempt { guesses: self, both: both.0, wider: all.into_iter().skip(1).map(|(key, _)| key).collect() })
    }

    fn entries(&self) -> MutexGuard<'_, HashMap<Key, Entry>> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Attempt<'_> {
    /// It was right: whoever came from there is known, and what failed before from there is forgotten.
    pub(crate) fn right(self) {
        let mut entries = self.guesses.entries();
        take_back(&mut entries, &self.wider);
        if let Some(entry) = entries.get_mut(&self.both) {
            *entry = Entry { failures: 0, is_known: true, ..*entry };
        }
    }

    /// It came to nothing, neither right nor wrong.
    pub(crate) fn withdraw(self) {
        let mut entries = self.guesses.entries();
        take_back(&mut entries, &self.wider);
        take_back(&mut entries, &[self.both]);
    }
}

fn take_back(entries: &mut HashMap<Key, Entry>, keys: &[Key]) {
    for key in keys {
        if let Some(entry) = entries.get_mut(key) {
            entry.failures = (entry.failures - 1).max(0);
        }
    }
}

impl Entry {
    /// Failures that are not forgotten.
    fn left(&self, rule: Rule, now: Timestamp) -> i64 {
        let passed = now.0.saturating_sub(self.last.0).max(0) / SECOND;
        (self.failures - passed / rule.forgotten_after).max(0)
    }

    /// Seconds until the next attempt may be made.
    fn wait(&self, rule: Rule, now: Timestamp) -> i64 {
        let over = self.failures - rule.free;
        if over < 0 {
            return 0;
        }
        let delay = 1i64.checked_shl(u32::try_from(over).unwrap_or(u32::MAX)).filter(|delay| *delay > 0).unwrap_or(i64::MAX);
        let until = self.last.0.saturating_add(delay.min(rule.longest) * SECOND);
        let left = until.saturating_sub(now.0).clamp(0, rule.longest * SECOND); // also where the clock was set back
        left.div_euclid(SECOND) + i64::from(left % SECOND > 0)
    }
}

/// What an attempt counts against: first name and network together, then what is wider.
fn rules(target: Target<'_>, source: Source) -> ((Key, Rule), Vec<(Key, Rule)>) {
    let network = source.network().to_string();
    let key = |kind: u8, text: &str| (kind, Digest::of(text.as_bytes()));
    match target {
        Target::App(client_id) => ((key(0, &format!("{client_id} {network}")), Rule::SECRET), Vec::new()),
        Target::Device => ((key(1, &network), Rule::CODE), Vec::new()),
        Target::Person(name) => {
            let name = name.to_lowercase();
            let wider = vec![(key(3, &name), Rule::NAME), (key(4, &network), Rule::NETWORK)];
            ((key(2, &format!("{network} {name}")), Rule::BOTH), wider)
        }
    }
}

/// Makes place for so many more. Where there is none, a tenth goes: first those who failed least and longest ago, so that
/// whoever fills the memory forgets his own failures last.
fn make_place(entries: &mut HashMap<Key, Entry>, more: usize) {
    if entries.len() + more <= MOST {
        return;
    }
    let mut all: Vec<(i64, bool, Timestamp, Key)> =
        entries.iter().map(|(key, entry)| (entry.failures, entry.is_known, entry.last, *key)).collect();
    all.sort_unstable_by_key(|(failures, is_known, last, _)| (*failures, *is_known, *last));
    for (.., key) in all.into_iter().take(MOST / 10) {
        entries.remove(&key);
    }
}

#[cfg(test)]
mod tests;
