//! What rules do (Graph: messageRuleActions), and what becomes of a message by all that run.

use super::InboxRule;
use super::letter::Letter;
use crate::compose::Importance;
use serde::{Deserialize, Serialize};
use store::{FolderId, Recipient, RuleId};

/// What is done with a message for which a rule is.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Actions {
    /// Categories that it gets.
    pub assign_categories: Vec<String>,
    /// A folder that gets a copy.
    pub copy_to_folder: Option<FolderId>,
    /// Whether it goes to Deleted Items.
    pub delete: bool,
    /// To whom it is sent on as an attachment.
    pub forward_as_attachment_to: Vec<Recipient>,
    /// To whom it is sent on as the text and the files of a new message.
    pub forward_to: Vec<Recipient>,
    /// Whether it is marked as read.
    pub mark_as_read: bool,
    /// The importance that it gets.
    pub mark_importance: Option<Importance>,
    /// The folder that it goes to.
    pub move_to_folder: Option<FolderId>,
    /// Whether it is deleted for good.
    pub permanent_delete: bool,
    /// To whom it is sent on as it is (RFC 5322 §3.6.6).
    pub redirect_to: Vec<Recipient>,
    /// Whether no later rule runs.
    pub stop_processing_rules: bool,
}

impl Actions {
    /// Whether nothing is to be done.
    pub fn is_empty(&self) -> bool {
        *self == Actions::default()
    }

    /// All to whom something is sent on.
    pub(super) fn recipients(&self) -> impl Iterator<Item = &Recipient> {
        self.forward_as_attachment_to.iter().chain(&self.forward_to).chain(&self.redirect_to)
    }

    /// All folders that get something.
    pub(super) fn folders(&self) -> impl Iterator<Item = FolderId> {
        self.copy_to_folder.into_iter().chain(self.move_to_folder)
    }
}

/// What becomes of a message. Where rules contradict each other, the first one that says something of its place counts;
/// copies, categories and what is sent on add up; the last importance stays.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Decision {
    /// Where it goes; to the Inbox where no rule says anything.
    pub(super) goes_to: Option<(RuleId, Target)>,
    /// Folders that get copies, as it is then.
    pub(super) copies: Vec<(RuleId, FolderId)>,
    /// Whether it doesn't stay.
    pub(super) is_deleted_for_good: bool,
    pub(super) is_read: bool,
    pub(super) importance: Option<Importance>,
    pub(super) categories: Vec<String>,
    /// Whom it is sent on to, and how.
    pub(super) sent_on: Vec<(RuleId, SentOn)>,
}

/// Where a message goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Target {
    DeletedItems,
    Folder(FolderId),
}

/// How a message is sent on, and to whom.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum SentOn {
    Forward(Vec<Recipient>),
    ForwardAsAttachment(Vec<Recipient>),
    Redirect(Vec<Recipient>),
}

/// Runs rules in their order.
pub(super) fn decide(rules: &[InboxRule], letter: &Letter<'_>) -> Decision {
    let mut decision = Decision::default();
    for rule in rules.iter().filter(|rule| rule.is_enabled) {
        if !rule.conditions.hold(letter) || rule.exceptions.any_holds(letter) {
            continue;
        }
        decision.add(rule.id, &rule.actions);
        // Where nothing is left, nothing is left to be done.
        if rule.actions.stop_processing_rules || decision.is_deleted_for_good {
            break;
        }
    }
    decision
}

impl Decision {
    fn add(&mut self, rule: RuleId, actions: &Actions) {
        let target = match actions.delete {
            true => Some(Target::DeletedItems),
            false => actions.move_to_folder.map(Target::Folder),
        };
        self.goes_to = self.goes_to.or(target.map(|target| (rule, target)));
        self.copies.extend(actions.copy_to_folder.map(|folder| (rule, folder)));
        self.is_deleted_for_good |= actions.permanent_delete;
        self.is_read |= actions.mark_as_read;
        self.importance = actions.mark_importance.or(self.importance);
        self.categories.extend(actions.assign_categories.iter().cloned());
        let sent_on = [
            (&actions.forward_to, SentOn::Forward as fn(Vec<Recipient>) -> SentOn),
            (&actions.forward_as_attachment_to, SentOn::ForwardAsAttachment),
            (&actions.redirect_to, SentOn::Redirect),
        ];
        let given = sent_on.into_iter().filter(|(to, _)| !to.is_empty());
        self.sent_on.extend(given.map(|(to, how)| (rule, how(to.clone()))));
    }
}
