//! `restante subscription`.

use super::Register;
use clap::{Args, Subcommand};

/// What to do with subscriptions of apps.
#[derive(Debug, Args)]
pub struct SubscriptionCommand {
    /// Where.
    #[command(flatten)]
    pub register: Register,
    /// What.
    #[command(subcommand)]
    pub deed: SubscriptionDeed,
}

/// Deeds on subscriptions.
#[derive(Debug, Subcommand)]
pub enum SubscriptionDeed {
    /// List who has himself told of what, and where
    List {
        /// To this mailbox alone: an address or an id
        #[arg(long, value_name = "USER")]
        user: Option<String>,
        /// How many
        #[arg(long, value_name = "N", default_value_t = 100)]
        top: u32,
    },
    /// Take one away at once, and tell its app so where it wants to be told
    Remove {
        /// Its id, as the list has it
        id: String,
    },
}
