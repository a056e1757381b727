//! People, who own mailboxes.

use crate::ids::MailboxId;

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
