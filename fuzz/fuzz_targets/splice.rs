//! Splices of any octets: what was meant is there, and no other octet moved.
#![no_main]

#[path = "../../crates/mime/tests/properties/splice.rs"]
mod splice;

use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    splice::holds(&bytes::Bytes::copy_from_slice(data), splice::Damaged::Guessed);
});
