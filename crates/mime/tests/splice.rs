//! Splices of every message of the shared corpus: what was meant is there, and no other octet moved.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that can't go on should say where")]

#[path = "oracle/shared.rs"]
#[allow(dead_code, reason = "the oracle's test needs more of it")]
mod shared;
#[path = "properties/splice.rs"]
mod splice;

use splice::{Damaged, Tally};

#[test]
fn every_splice_of_the_corpus_keeps_all_other_octets() {
    let Some(root) = shared::root() else { return };
    let corpus = root.join("corpus");
    let mut all = Tally::default();
    let mut failed = Vec::new();
    for name in shared::messages(&corpus) {
        let octets = shared::read(&corpus.join(&name)).into();
        match std::panic::catch_unwind(|| splice::holds(&octets, Damaged::ReadAsBefore)) {
            Ok(one) => all += one,
            Err(_) => failed.push(name),
        }
    }
    shared::aloud(&format!("splices of the corpus: {all:?}"));
    assert_eq!(failed, Vec::<String>::new(), "what is wrong with each stands above");
    assert!(all.inserted > 100 && all.wrapped > 100 && all.removed > 100 && all.sealed > 100, "{all:?}");
    assert!(all.not_inserted == 0 && all.not_removed * 50 < all.removed, "{all:?}");
}
