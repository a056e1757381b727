//! What the binary does without a server and without a data directory: work on files and pipes.
//!
//! Promises: reads what it is told to, writes where it is told to, and nothing else. Refuses: mailboxes, the network.

pub mod smime;
