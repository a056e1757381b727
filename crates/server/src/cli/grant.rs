//! `restante grant`.

use super::Register;
use clap::{Args, Subcommand};
use identity::{Access, MailboxGrant};

/// What to do with rights of people.
#[derive(Debug, Args)]
pub struct GrantCommand {
    /// Where.
    #[command(flatten)]
    pub register: Register,
    /// What.
    #[command(subcommand)]
    pub deed: Grant,
}

/// Deeds on rights of people.
#[derive(Debug, Subcommand)]
pub enum Grant {
    /// Grant one
    #[command(flatten)]
    Add(Right),
    /// List what a person may do with others' mailboxes, and others with this person's
    List {
        /// Whose: an address or an id
        #[arg(long, value_name = "USER")]
        user: String,
    },
    /// Take one back, at once
    #[command(subcommand)]
    Remove(Right),
}

/// A right, with whose and on what.
#[derive(Debug, Clone, Subcommand)]
pub enum Right {
    /// Open another's mailbox and change all that is in it
    FullAccess(OnMailbox),
    /// Send as an address that is not the person's, without being named
    SendAs(AsAddress),
    /// Send from another's mailbox, being named as the sender
    SendOnBehalf(OnMailbox),
}

/// Who may send as which address.
#[derive(Debug, Clone, Args)]
pub struct AsAddress {
    /// Who: an address or an id
    #[arg(long, value_name = "USER")]
    pub user: String,
    /// As whom: an address, or * for any
    #[arg(long, value_name = "ADDR")]
    pub address: String,
}

/// Who may do something with whose mailbox.
#[derive(Debug, Clone, Args)]
pub struct OnMailbox {
    /// Who: an address or an id
    #[arg(long, value_name = "USER")]
    pub user: String,
    /// Whose mailbox: an address or an id
    #[arg(long, value_name = "USER")]
    pub mailbox: String,
}

impl From<Right> for MailboxGrant {
    fn from(right: Right) -> MailboxGrant {
        let (access, user, address) = match right {
            Right::FullAccess(OnMailbox { user, mailbox }) => (Access::FullAccess, user, mailbox),
            Right::SendAs(AsAddress { user, address }) => (Access::SendAs, user, address),
            Right::SendOnBehalf(OnMailbox { user, mailbox }) => (Access::SendOnBehalf, user, mailbox),
        };
        MailboxGrant { access, user, address }
    }
}
