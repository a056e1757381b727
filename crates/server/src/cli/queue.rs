//! `restante queue`.

use super::Register;
use clap::{Args, Subcommand};

/// What to do with mail on its way.
#[derive(Debug, Args)]
pub struct QueueCommand {
    /// Where.
    #[command(flatten)]
    pub register: Register,
    /// What.
    #[command(subcommand)]
    pub deed: Queue,
}

/// Deeds on mail on its way.
#[derive(Debug, Subcommand)]
pub enum Queue {
    /// Give up what was not relayed yet, and tell its sender
    Cancel(Which),
    /// Keep what is to be relayed, without trying it
    Hold(Which),
    /// List what waits, from what has waited longest
    List {
        /// What: relay (to go to other servers), held, or due (to be filed here)
        #[arg(long, value_name = "STATE", default_value = "relay,held")]
        state: String,
        /// How many messages
        #[arg(long, value_name = "N", default_value_t = 100)]
        top: usize,
    },
    /// Let go what is held
    Release(Which),
    /// Try what waits at once
    Retry(Which),
    /// Show how far a message has come with each recipient
    Show {
        /// Its id, as the list has it
        id: String,
    },
}

/// Which messages, and for whom.
#[derive(Debug, Clone, Args)]
pub struct Which {
    /// Its id, as the list has it; or all
    pub id: String,
    /// For this recipient alone
    #[arg(long, value_name = "ADDR")]
    pub recipient: Option<String>,
}
