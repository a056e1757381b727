//! Inbox rules (Graph: messageRule): what a mailbox does by itself with what arrives. Kept by their owner; run at delivery.

mod actions;
mod letter;
mod predicates;
mod replies;
mod running;
mod sending;

pub use actions::Actions;
pub use predicates::{MessageActionFlag, Predicates, Sensitivity, SizeRange};
pub(crate) use replies::is_away;
pub(crate) use running::RuledFor;

use crate::Mailbox;
use crate::envelope::{Envelope, MAX_RECIPIENTS};
use crate::error::{Kind, MailError};
use crate::folders::FolderName;
use store::{FolderId, MessageRule, ReadTx, RuleId, StoreError, WriteTx};

/// Octets that the rules of a mailbox may have together, as Exchange has it.
const MOST_OCTETS: usize = 256 * 1024;
/// Texts and people that all rules of a mailbox look for: each is looked for in each message.
const MOST_TEXTS: usize = 1000;

/// A rule of a mailbox.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InboxRule {
    /// Its id, for life.
    pub id: RuleId,
    /// Its place: lower ones run first.
    pub sequence: i32,
    /// Its name, for show.
    pub display_name: String,
    /// Whether it runs.
    pub is_enabled: bool,
    /// Whether an action of it could not be done since it was last written.
    pub has_error: bool,
    /// All of these must hold; where there are none, the rule is for everything.
    pub conditions: Predicates,
    /// None of these may hold.
    pub exceptions: Predicates,
    /// What is done.
    pub actions: Actions,
}

/// What is said of a rule, new or to be changed; what is not given stays.
#[derive(Debug, Clone, Default)]
pub struct RuleChange {
    /// Its place.
    pub sequence: Option<i32>,
    /// Its name.
    pub display_name: Option<String>,
    /// Whether it runs; a new one does unless told otherwise.
    pub is_enabled: Option<bool>,
    /// All of its conditions.
    pub conditions: Option<Predicates>,
    /// All of its exceptions.
    pub exceptions: Option<Predicates>,
    /// All of its actions.
    pub actions: Option<Actions>,
}

impl InboxRule {
    fn read(row: MessageRule) -> Result<InboxRule, StoreError> {
        let corrupt = |error: serde_json::Error| StoreError::Corrupt(format!("the rule {:?}: {error}", row.display_name));
        Ok(InboxRule {
            id: row.id,
            sequence: i32::try_from(row.sequence).unwrap_or(i32::MAX), // only these are written
            is_enabled: row.is_enabled,
            has_error: row.has_error,
            conditions: serde_json::from_str(&row.conditions).map_err(corrupt)?,
            exceptions: serde_json::from_str(&row.exceptions).map_err(corrupt)?,
            actions: serde_json::from_str(&row.actions).map_err(corrupt)?,
            display_name: row.display_name,
        })
    }

    fn texts(&self) -> usize {
        self.conditions.texts() + self.exceptions.texts() + self.actions.texts()
    }

    fn row(&self) -> Result<MessageRule, StoreError> {
        let failed = |error: serde_json::Error| StoreError::Io(error.into());
        Ok(MessageRule {
            id: self.id,
            sequence: self.sequence.into(),
            display_name: self.display_name.clone(),
            is_enabled: self.is_enabled,
            has_error: self.has_error,
            conditions: serde_json::to_string(&self.conditions).map_err(failed)?,
            exceptions: serde_json::to_string(&self.exceptions).map_err(failed)?,
            actions: serde_json::to_string(&self.actions).map_err(failed)?,
        })
    }

    /// What was said put into it. Whoever writes a rule has looked at what was wrong with it.
    fn changed(mut self, change: RuleChange) -> InboxRule {
        let RuleChange { sequence, display_name, is_enabled, conditions, exceptions, actions } = change;
        self.sequence = sequence.unwrap_or(self.sequence);
        self.display_name = display_name.unwrap_or(self.display_name);
        self.is_enabled = is_enabled.unwrap_or(self.is_enabled);
        self.conditions = conditions.unwrap_or(self.conditions);
        self.exceptions = exceptions.unwrap_or(self.exceptions);
        self.actions = actions.unwrap_or(self.actions);
        self.has_error = false;
        self
    }
}

impl Mailbox {
    /// The rules, in the order in which they run.
    ///
    /// # Errors
    /// [`MailError::Store`].
    pub async fn rules(&self) -> Result<Vec<InboxRule>, MailError> {
        let owner = self.owner.id;
        let rows = self.store().read::<_, StoreError>(move |tx: &ReadTx<'_>| tx.message_rules(owner)).await?;
        Ok(rows.into_iter().map(InboxRule::read).collect::<Result<_, _>>()?)
    }

    /// One of them.
    ///
    /// # Errors
    /// [`MailError::NotFound`], [`MailError::Store`].
    pub async fn rule(&self, id: RuleId) -> Result<InboxRule, MailError> {
        let owner = self.owner.id;
        self.store().read(move |tx: &ReadTx<'_>| present(tx, owner, id)).await
    }

    /// Makes a rule.
    ///
    /// # Errors
    /// [`MailError::InvalidRule`], [`MailError::InvalidRecipients`], [`MailError::NotFound`] for a folder,
    /// [`MailError::QuotaExceeded`], [`MailError::Store`].
    pub async fn create_rule(&self, change: RuleChange) -> Result<InboxRule, MailError> {
        let mailbox = self.clone();
        let blank = InboxRule {
            id: RuleId::new(self.now()),
            sequence: 0,
            display_name: String::new(),
            is_enabled: true,
            has_error: false,
            conditions: Predicates::default(),
            exceptions: Predicates::default(),
            actions: Actions::default(),
        };
        let rule = blank.changed(change);
        self.deed(move |tx: &mut WriteTx<'_>| mailbox.write_rule(tx, rule)).await
    }

    /// Changes a rule; whether it has an error is for its next run to find out.
    ///
    /// # Errors
    /// As [`Mailbox::create_rule`].
    pub async fn update_rule(&self, id: RuleId, change: RuleChange) -> Result<InboxRule, MailError> {
        let mailbox = self.clone();
        let deed = move |tx: &mut WriteTx<'_>| {
            let rule = present(tx, mailbox.owner.id, id)?.changed(change);
            mailbox.write_rule(tx, rule)
        };
        self.deed(deed).await
    }

    /// Removes a rule.
    ///
    /// # Errors
    /// [`MailError::NotFound`], [`MailError::Store`].
    pub async fn delete_rule(&self, id: RuleId) -> Result<(), MailError> {
        let owner = self.owner.id;
        let deed = move |tx: &mut WriteTx<'_>| match tx.remove_message_rule(owner, id)? {
            true => Ok(()),
            false => Err(MailError::NotFound(Kind::Rule)),
        };
        self.deed(deed).await
    }

    fn write_rule(&self, tx: &mut WriteTx<'_>, rule: InboxRule) -> Result<InboxRule, MailError> {
        if rule.actions.is_empty() {
            return Err(MailError::InvalidRule("a rule needs an action"));
        }
        let recipients: Vec<String> = rule.actions.recipients().map(|one| one.address.clone()).collect();
        if !recipients.is_empty() {
            // An app sends no more by a rule than by itself.
            self.acting.check_recipients(&Envelope::new(recipients)?)?;
        }
        for folder in rule.actions.folders() {
            self.folder_is_there(tx, folder)?;
        }
        let row = rule.row()?;
        let mut rows: Vec<MessageRule> = tx.message_rules(self.owner.id)?.into_iter().filter(|one| one.id != rule.id).collect();
        rows.push(row.clone());
        let rules: Vec<InboxRule> = rows.iter().cloned().map(InboxRule::read).collect::<Result<_, _>>()?;
        if rows.iter().map(octets).sum::<usize>() > MOST_OCTETS
            || rules.iter().map(InboxRule::texts).sum::<usize>() > MOST_TEXTS
            || rules.iter().map(|rule| rule.actions.recipients().count()).sum::<usize>() > MAX_RECIPIENTS
        {
            return Err(MailError::QuotaExceeded("rules"));
        }
        tx.put_message_rule(self.owner.id, &row)?;
        Ok(rule)
    }

    fn folder_is_there(&self, tx: &ReadTx<'_>, folder: FolderId) -> Result<(), MailError> {
        self.place_for_messages(tx, &FolderName::Id(folder)).map(drop)
    }
}

fn present(tx: &ReadTx<'_>, owner: store::MailboxId, id: RuleId) -> Result<InboxRule, MailError> {
    let row = tx.message_rule(owner, id)?.ok_or(MailError::NotFound(Kind::Rule))?;
    Ok(InboxRule::read(row)?)
}

fn octets(rule: &MessageRule) -> usize {
    rule.display_name.len() + rule.conditions.len() + rule.exceptions.len() + rule.actions.len()
}
