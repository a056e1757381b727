//! A rule for what arrives, as its row has it.

use crate::ids::RuleId;

/// A rule of a mailbox (Graph: messageRule).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MessageRule {
    /// Its id, for life.
    pub id: RuleId,
    /// Its place among the mailbox's rules: lower ones run first.
    pub sequence: i64,
    /// Its name, for show.
    pub display_name: String,
    /// Whether it runs.
    pub is_enabled: bool,
    /// Whether an action of it could not be done.
    pub has_error: bool,
    /// When it acts; JSON that the rules of mail read and write.
    pub conditions: String,
    /// When it doesn't; likewise.
    pub exceptions: String,
    /// What it does; likewise.
    pub actions: String,
}
