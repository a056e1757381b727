//! What takes long: the real binary killed again and again, and watched by strace.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that can't go on should say where")]

mod crash;
mod ledger;
mod load;
mod memory;
mod moving;
mod nodes;
mod notifications;
mod queue;
mod relay;
mod slopes;
mod stand;
mod strace;
mod syncs;
mod throughput;
mod upgrade;
