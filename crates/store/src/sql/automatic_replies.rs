//! Who was told of an absence.

use crate::db::{ReadTx, WriteTx, values};
use crate::error::StoreError;
use crate::ids::MailboxId;

impl ReadTx<'_> {
    /// Whether somebody, by his address in any case, was told of an absence in this period of it.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub fn was_told(&self, mailbox: MailboxId, recipient: &str, period: i64) -> Result<bool, StoreError> {
        let sql = "SELECT 1 FROM automatic_reply WHERE mailbox = $1 AND recipient = $2 AND period = $3";
        Ok(self.row(sql, values![&mailbox.0, &recipient.to_lowercase(), period], |row| row.integer(0))?.is_some())
    }
}

impl WriteTx<'_> {
    /// Notes that somebody is told now; answers whether he is for the first time in this period.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub fn tell_once(&mut self, mailbox: MailboxId, recipient: &str, period: i64) -> Result<bool, StoreError> {
        let touched = self.execute(
            "INSERT INTO automatic_reply (mailbox, recipient, period) VALUES ($1, $2, $3)
             ON CONFLICT (mailbox, recipient) DO UPDATE SET period = excluded.period
             WHERE automatic_reply.period <> excluded.period",
            values![&mailbox.0, &recipient.to_lowercase(), period],
        )?;
        Ok(touched == 1)
    }
}
