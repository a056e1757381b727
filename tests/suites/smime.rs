//! S/MIME: what our signatures and envelopes are worth to others, and theirs to us.

mod by_hand;
mod matrix;
mod memory;
mod ocsp;
