//! The lists of categories from which people choose.

use crate::clock::Timestamp;
use crate::db::{ReadTx, Row, WriteTx, values};
use crate::error::StoreError;
use crate::ids::{CategoryId, MailboxId};
use crate::model::category::OutlookCategory;

const CATEGORY: &str = "SELECT id, display_name, color, created_date_time FROM outlook_category";

impl ReadTx<'_> {
    /// Whether a mailbox's list of categories was ever changed; until then it has none here.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub fn has_own_categories(&self, mailbox: MailboxId) -> Result<bool, StoreError> {
        let has = self.row("SELECT has_own_categories FROM mailbox WHERE id = $1", values![&mailbox.0], |row| row.flag(0))?;
        Ok(has.unwrap_or(false))
    }

    /// A mailbox's categories, in the order in which they were made.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub fn categories(&self, mailbox: MailboxId) -> Result<Vec<OutlookCategory>, StoreError> {
        self.rows(&format!("{CATEGORY} WHERE mailbox = $1 ORDER BY created_date_time, id"), values![&mailbox.0], category)
    }
}

impl WriteTx<'_> {
    /// Says that a mailbox's list of categories was changed.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub fn set_own_categories(&mut self, mailbox: MailboxId) -> Result<(), StoreError> {
        self.execute("UPDATE mailbox SET has_own_categories = 1 WHERE id = $1", values![&mailbox.0])?;
        Ok(())
    }

    /// Adds a category.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] where the mailbox has one of this name; [`StoreError::Database`].
    pub fn add_category(&mut self, mailbox: MailboxId, one: &OutlookCategory) -> Result<(), StoreError> {
        let added = self.execute(
            "INSERT INTO outlook_category (mailbox, id, display_name, folded_name, color, created_date_time)
             VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (mailbox, folded_name) DO NOTHING",
            values![&mailbox.0, &one.id.0, &one.display_name, &one.folded_name(), &one.color, one.created_date_time.0],
        )?;
        if added == 1 { Ok(()) } else { Err(StoreError::Conflict) }
    }

    /// Gives a category another color.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub fn recolor_category(&mut self, mailbox: MailboxId, id: CategoryId, color: &str) -> Result<(), StoreError> {
        let sql = "UPDATE outlook_category SET color = $1 WHERE mailbox = $2 AND id = $3";
        self.execute(sql, values![color, &mailbox.0, &id.0])?;
        Ok(())
    }

    /// Takes a category away. Answers whether there was one.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub fn remove_category(&mut self, mailbox: MailboxId, id: CategoryId) -> Result<bool, StoreError> {
        let sql = "DELETE FROM outlook_category WHERE mailbox = $1 AND id = $2";
        Ok(self.execute(sql, values![&mailbox.0, &id.0])? > 0)
    }
}

fn category(row: &Row<'_>) -> Result<OutlookCategory, StoreError> {
    Ok(OutlookCategory {
        id: CategoryId(row.fixed(0)?),
        display_name: row.text(1)?,
        color: row.text(2)?,
        created_date_time: Timestamp(row.integer(3)?),
    })
}
