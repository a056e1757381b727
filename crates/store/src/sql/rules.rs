//! Rules for what arrives.

use crate::db::{ReadTx, Row, WriteTx, values};
use crate::error::StoreError;
use crate::ids::{MailboxId, RuleId};
use crate::model::rule::MessageRule;

const RULE: &str = "SELECT id, sequence, display_name, is_enabled, has_error, conditions, exceptions, actions FROM message_rule WHERE mailbox = $1";

impl ReadTx<'_> {
    /// A mailbox's rules, in the order in which they run.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub fn message_rules(&self, mailbox: MailboxId) -> Result<Vec<MessageRule>, StoreError> {
        self.rows(&format!("{RULE} ORDER BY sequence, id"), values![&mailbox.0], rule)
    }

    /// One of them.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub fn message_rule(&self, mailbox: MailboxId, id: RuleId) -> Result<Option<MessageRule>, StoreError> {
        self.row(&format!("{RULE} AND id = $2"), values![&mailbox.0, &id.0], rule)
    }
}

impl WriteTx<'_> {
    /// Writes a rule, new or as it is now.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub fn put_message_rule(&mut self, mailbox: MailboxId, rule: &MessageRule) -> Result<(), StoreError> {
        let MessageRule { id, sequence, display_name, is_enabled, has_error, conditions, exceptions, actions } = rule;
        self.execute(
            "INSERT INTO message_rule (mailbox, id, sequence, display_name, is_enabled, has_error, conditions, exceptions, actions)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (mailbox, id) DO UPDATE SET
             sequence = excluded.sequence, display_name = excluded.display_name, is_enabled = excluded.is_enabled,
             has_error = excluded.has_error, conditions = excluded.conditions, exceptions = excluded.exceptions,
             actions = excluded.actions",
            values![
                &mailbox.0,
                &id.0,
                *sequence,
                display_name.as_str(),
                i64::from(*is_enabled),
                i64::from(*has_error),
                conditions.as_str(),
                exceptions.as_str(),
                actions.as_str()
            ],
        )?;
        Ok(())
    }

    /// Says of a rule that an action of it could not be done, if it is still there.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub fn mark_message_rule(&mut self, mailbox: MailboxId, id: RuleId) -> Result<(), StoreError> {
        self.execute("UPDATE message_rule SET has_error = 1 WHERE mailbox = $1 AND id = $2", values![&mailbox.0, &id.0])?;
        Ok(())
    }

    /// Removes a rule; answers whether it was there.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub fn remove_message_rule(&mut self, mailbox: MailboxId, id: RuleId) -> Result<bool, StoreError> {
        let sql = "DELETE FROM message_rule WHERE mailbox = $1 AND id = $2";
        Ok(self.execute(sql, values![&mailbox.0, &id.0])? == 1)
    }
}

fn rule(row: &Row<'_>) -> Result<MessageRule, StoreError> {
    Ok(MessageRule {
        id: RuleId(row.fixed(0)?),
        sequence: row.integer(1)?,
        display_name: row.text(2)?,
        is_enabled: row.flag(3)?,
        has_error: row.flag(4)?,
        conditions: row.text(5)?,
        exceptions: row.text(6)?,
        actions: row.text(7)?,
    })
}
