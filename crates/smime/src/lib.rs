//! S/MIME (RFC 8551) over the Cryptographic Message Syntax (RFC 5652): sign, encrypt, verify, decrypt, and any nesting of them.
//!
//! Promises: total on any octets, in time and memory bounded by their length, a large content never in memory; what a
//! structure is, its object identifier says, never a parameter or a file name; a verdict says what was found and why, and
//! never that what is encrypted is authentic. Refuses: clocks, files and sockets; the time is an argument, octets go to
//! writers of the caller's. Keys, nonces and boundaries are drawn inside the library.

mod author;
mod ber;
mod certificate;
mod cms;
mod content;
mod decrypt;
mod entity;
mod error;
mod key;
mod ocsp;
mod open;
mod protect;
mod protected;
mod seal;
mod sealed;
mod split;
mod trust;
mod verdict;
mod verify;

pub use certificate::{Certificate, ascii_domain};
pub use content::{content, outermost};
pub use error::SmimeError;
pub use key::Key;
pub use open::{Opened, Spool, With, may_enclose, open};
pub use protect::{Encryption, HeaderProtection, Protection, Signing, protect};
pub use seal::Cipher;
pub use sealed::MasterKey;
pub use trust::Trust;
pub use verdict::{
    ChainStatus, ChainVerdict, Covered, Field, HeaderForm, Kind, Layer, Note, ProtectedHeader, RevocationStatus, Signer, Status,
    Verdict,
};
