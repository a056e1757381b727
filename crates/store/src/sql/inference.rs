//! Senders whose mail is classified as their recipient says.

use crate::db::{ReadTx, Row, WriteTx, values};
use crate::error::StoreError;
use crate::ids::{MailboxId, OverrideId};
use crate::model::condition::folded;
use crate::model::inference::InferenceOverride;
use crate::model::message::Recipient;

const OVERRIDE: &str = "SELECT id, name, shown_address, classify_as FROM inference_override";

impl ReadTx<'_> {
    /// A mailbox's overrides, in the order in which they were made.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub fn overrides(&self, mailbox: MailboxId) -> Result<Vec<InferenceOverride>, StoreError> {
        self.rows(&format!("{OVERRIDE} WHERE mailbox = $1 ORDER BY id"), values![&mailbox.0], one)
    }

    /// One of them.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub fn inference_override(&self, mailbox: MailboxId, id: OverrideId) -> Result<Option<InferenceOverride>, StoreError> {
        self.row(&format!("{OVERRIDE} WHERE mailbox = $1 AND id = $2"), values![&mailbox.0, &id.0], one)
    }

    /// The one for a sender, by the address in any case.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub fn override_of(&self, mailbox: MailboxId, address: &str) -> Result<Option<InferenceOverride>, StoreError> {
        self.row(&format!("{OVERRIDE} WHERE mailbox = $1 AND address = $2"), values![&mailbox.0, &folded(address)], one)
    }

    /// How many there are; no more than `most` are counted.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub fn count_overrides(&self, mailbox: MailboxId, most: usize) -> Result<usize, StoreError> {
        let sql = "SELECT count(*) FROM (SELECT 1 FROM inference_override WHERE mailbox = $1 LIMIT $2) AS known";
        let most = i64::try_from(most).unwrap_or(i64::MAX);
        let count = self.row(sql, values![&mailbox.0, most], |row| row.integer(0))?;
        Ok(count.and_then(|count| usize::try_from(count).ok()).unwrap_or_default())
    }
}

impl WriteTx<'_> {
    /// Keeps an override, in the place of the one with its id.
    ///
    /// # Errors
    /// [`StoreError::Database`], also where another one is of this sender.
    pub fn put_override(&mut self, mailbox: MailboxId, one: &InferenceOverride) -> Result<(), StoreError> {
        let Recipient { name, address } = &one.sender;
        self.execute(
            "INSERT INTO inference_override (mailbox, id, address, shown_address, name, classify_as)
             VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (mailbox, id) DO UPDATE SET
             shown_address = excluded.shown_address, name = excluded.name, classify_as = excluded.classify_as",
            values![&mailbox.0, &one.id.0, &folded(address), address, name, &one.classify_as],
        )?;
        Ok(())
    }

    /// Takes an override away. Answers whether there was one.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub fn remove_override(&mut self, mailbox: MailboxId, id: OverrideId) -> Result<bool, StoreError> {
        let sql = "DELETE FROM inference_override WHERE mailbox = $1 AND id = $2";
        Ok(self.execute(sql, values![&mailbox.0, &id.0])? > 0)
    }
}

fn one(row: &Row<'_>) -> Result<InferenceOverride, StoreError> {
    Ok(InferenceOverride {
        id: OverrideId(row.fixed(0)?),
        sender: Recipient { name: row.text(1)?, address: row.text(2)? },
        classify_as: row.text(3)?,
    })
}
