//! What rules do (Graph: messageRuleActions), and what becomes of a message by all that run.

use super::InboxRule;
use super::letter::Letter;
use crate::compose::Importance;
use serde::{Deserialize, Serialize};
use store::{FolderId, Recipient, RuleId};

/// What is done with a message for which a rule is.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
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

    /// How many texts and categories it has.
    pub(super) fn texts(&self) -> usize {
        self.assign_categories.len()
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
    pub(super) is_read: bool,
    pub(super) importance: Option<Importance>,
    pub(super) categories: Vec<String>,
    pub(super) forwards: Vec<(RuleId, Forward)>,
    pub(super) redirects: Vec<(RuleId, Vec<Recipient>)>,
    /// Whether something that rules want is not done, so that the message isn't removed either.
    pub(super) is_held_back: bool,
}

/// Where a message goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Target {
    DeletedItems,
    Folder(FolderId),
    /// It is deleted for good.
    Nowhere,
}

/// A message of the owner's by which another one is sent on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Forward {
    pub(super) is_attached: bool,
    pub(super) to: Vec<Recipient>,
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
        if rule.actions.stop_processing_rules || decision.removes_for_good() {
            break;
        }
    }
    decision
}

impl Decision {
    fn add(&mut self, rule: RuleId, actions: &Actions) {
        let target = match (actions.permanent_delete, actions.delete) {
            (true, _) => Some(Target::Nowhere),
            (false, true) => Some(Target::DeletedItems),
            (false, false) => actions.move_to_folder.map(Target::Folder),
        };
        self.goes_to = self.goes_to.or(target.map(|target| (rule, target)));
        self.copies.extend(actions.copy_to_folder.map(|folder| (rule, folder)));
        self.is_read |= actions.mark_as_read;
        self.importance = actions.mark_importance.or(self.importance);
        self.categories.extend(actions.assign_categories.iter().cloned());
        for (is_attached, to) in [(false, &actions.forward_to), (true, &actions.forward_as_attachment_to)] {
            if !to.is_empty() {
                self.forwards.push((rule, Forward { is_attached, to: to.clone() }));
            }
        }
        if !actions.redirect_to.is_empty() {
            self.redirects.push((rule, actions.redirect_to.clone()));
        }
    }

    /// Whether it isn't to stay anywhere.
    pub(super) fn removes_for_good(&self) -> bool {
        matches!(self.goes_to, Some((_, Target::Nowhere)))
    }

    /// Whether it isn't to stay where its owner looks.
    pub(super) fn removes(&self) -> bool {
        self.removes_for_good() || matches!(self.goes_to, Some((_, Target::DeletedItems)))
    }

    /// Sends no message of the owner's.
    pub(super) fn hold_back_forwards(&mut self) {
        self.is_held_back |= !self.forwards.is_empty();
        self.forwards.clear();
    }

    /// Sends nothing on at all.
    pub(super) fn hold_back_all(&mut self) {
        self.is_held_back |= !self.redirects.is_empty();
        self.redirects.clear();
        self.hold_back_forwards();
    }
}
