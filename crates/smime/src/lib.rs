//! S/MIME (RFC 8551) over the Cryptographic Message Syntax (RFC 5652). So far: what a signature encloses, so that it can
//! be read.
//!
//! Promises: total on any octets, in time and memory bounded by their length; what a structure is, its object identifier
//! says, never a parameter or a file name. Refuses to say that anything is authentic: reading is not verifying.

mod ber;
mod detect;

pub use detect::signed_content;
