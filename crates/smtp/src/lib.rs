//! The SMTP door: mail from any server comes in (RFC 5321), over LMTP too (RFC 2033), and people submit theirs (RFC 6409).
//!
//! Promises: 250 is said only when the message is durable; the octets between DATA and the end of data, or of BDAT's chunks,
//! are kept as they came; nothing but CRLF `.` CRLF ends them. Refuses: to relay, and to decide anything about mail.

mod authenticate;
mod conversation;
mod dns;
mod kept;
mod listener;
mod receive;
mod relay;
mod session;
mod submit;
mod verify;
mod wire;

pub use dns::{Dns, DnsError};
pub use listener::{Door, Limits, Listener, Protocol};
pub use relay::{
    Carrier, Carrying, Courier, CourierOptions, DkimKey, DkimKeyError, MOST_POLICY, PolicyFetch, PolicyFetching, PolicyText,
    Proof, Signers, Smarthost, TlsUse,
};
pub use submit::Submission;
pub use verify::Checks;
