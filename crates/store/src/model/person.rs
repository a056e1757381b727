//! People, who own mailboxes.

use crate::ids::MailboxId;

/// Stands for everybody where an operator agrees for all; no person has this id.
pub const EVERYBODY: MailboxId = MailboxId([0; 16]);

/// A person with a mailbox.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// The person's id, which is the mailbox's too.
    pub id: MailboxId,
    /// The name to sign in with, also the primary address.
    pub user_principal_name: String,
    /// Name for show.
    pub display_name: String,
    /// Given name.
    pub given_name: String,
    /// Surname.
    pub surname: String,
}

/// How a person comes in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// Whether anybody may come in as this person.
    pub account_enabled: bool,
    /// Whether it is a mailbox of several, as which nobody signs in.
    pub is_shared: bool,
    /// A PHC string; nothing where there is no password.
    pub password_hash: Option<String>,
}

/// What somebody may do with another's mailbox.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum MailboxAccess {
    /// Read and change all that is in it.
    FullAccess,
    /// Send from its address, being named as the sender.
    SendOnBehalf,
}

impl MailboxAccess {
    /// As it is written.
    pub fn name(self) -> &'static str {
        match self {
            MailboxAccess::FullAccess => "fullAccess",
            MailboxAccess::SendOnBehalf => "sendOnBehalf",
        }
    }
}
