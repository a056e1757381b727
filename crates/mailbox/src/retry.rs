//! When to try again, and when to give up (RFC 5321 §4.5.4.1).

use std::time::Duration;
use store::Timestamp;

/// How long what can't be delivered now is tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retry {
    /// The pause after the first attempt; each further one is twice as long.
    pub first: Duration,
    /// The longest pause.
    pub longest: Duration,
    /// After how long the sender is told that it takes long.
    pub told_after: Duration,
    /// After how long it is given up.
    pub lifetime: Duration,
}

impl Default for Retry {
    /// Soon at first, for servers that put off whom they don't know; five days, as the standard asks.
    fn default() -> Retry {
        Retry {
            first: Duration::from_secs(5 * 60),
            longest: Duration::from_secs(4 * 60 * 60),
            told_after: Duration::from_secs(4 * 60 * 60),
            lifetime: Duration::from_secs(5 * 24 * 60 * 60),
        }
    }
}

impl Retry {
    /// When to try again after so many attempts in vain. `seed` moves it by up to a quarter to either side, so that what
    /// failed together doesn't come back together.
    pub(crate) fn next(&self, now: Timestamp, attempts: i64, seed: &[u8]) -> Timestamp {
        let doublings = u32::try_from(attempts.clamp(1, 32) - 1).unwrap_or_default();
        let pause = self.first.saturating_mul(2_u32.saturating_pow(doublings)).min(self.longest);
        let spread = seed.iter().fold(u32::try_from(attempts & 0xff).unwrap_or_default(), |sum, &octet| {
            (sum ^ u32::from(octet)).wrapping_mul(0x0100_0193) // FNV's prime: it need only be uneven
        });
        let hundredths = 75 + spread / 7 % 51;
        now.after(pause.saturating_mul(hundredths) / 100)
    }

    /// Whether what was taken then is given up by now.
    pub(crate) fn is_over(&self, created: Timestamp, now: Timestamp) -> bool {
        now >= created.after(self.lifetime)
    }

    /// Whether its sender should be told by now that it takes long.
    pub(crate) fn is_long(&self, created: Timestamp, now: Timestamp) -> bool {
        now >= created.after(self.told_after)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_the_longest_and_differ() {
        let retry = Retry { first: Duration::from_secs(100), longest: Duration::from_secs(1000), ..Retry::default() };
        let pause = |attempts, seed: &[u8]| retry.next(Timestamp(0), attempts, seed).0 / 1_000_000;
        for (attempts, middle) in [(0, 100), (1, 100), (2, 200), (3, 400), (4, 800), (5, 1000), (50, 1000)] {
            let pauses: Vec<i64> = (0..200u8).map(|seed| pause(attempts, &[seed, 7])).collect();
            assert!(pauses.iter().all(|p| (middle * 3 / 4..=middle * 5 / 4 + 1).contains(p)), "{attempts}: {pauses:?}");
            let distinct: std::collections::HashSet<_> = pauses.iter().collect();
            assert!(distinct.len() > 20, "{attempts}: {}", distinct.len());
        }
    }

    #[test]
    fn it_ends() {
        let retry = Retry::default();
        let day = 24 * 60 * 60 * 1_000_000;
        assert!(!retry.is_over(Timestamp(7), Timestamp(5 * day)) && retry.is_over(Timestamp(7), Timestamp(5 * day + 7)));
        assert!(!retry.is_long(Timestamp(0), Timestamp(day / 7)) && retry.is_long(Timestamp(0), Timestamp(day / 6)));
    }
}
