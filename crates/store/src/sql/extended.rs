//! Extended properties of messages and folders, and open extensions of messages.

use crate::db::{ReadTx, Row, WriteTx, values};
use crate::error::StoreError;
use crate::ids::{MailboxId, MessageId};
use crate::model::extended::{ExtendedProperty, ExtendedValue, Extension, ItemId};

impl ReadTx<'_> {
    /// The values of one extended property, in order; none where the item has no such property.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub fn extended_values(&self, mailbox: MailboxId, item: ItemId, property: &str) -> Result<Vec<String>, StoreError> {
        self.rows(
            "SELECT value FROM extended_property WHERE mailbox = $1 AND item = $2 AND property = $3 ORDER BY position",
            values![&mailbox.0, &item.0, property],
            |row| row.text(0),
        )
    }

    /// All extended properties of a message or a folder, with their values in order.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub fn extended_properties(&self, mailbox: MailboxId, item: ItemId) -> Result<Vec<ExtendedProperty>, StoreError> {
        let sql = "SELECT property, value, folded, number FROM extended_property WHERE mailbox = $1 AND item = $2
             ORDER BY property, position";
        let mut all: Vec<ExtendedProperty> = Vec::new();
        for (property, value) in self.rows(sql, values![&mailbox.0, &item.0], |row| {
            let value = ExtendedValue { text: row.text(1)?, folded: row.text(2)?, number: row.optional_integer(3)? };
            Ok((row.text(0)?, value))
        })? {
            match all.last_mut().filter(|last| last.property == property) {
                Some(last) => last.values.push(value),
                None => all.push(ExtendedProperty { property, values: vec![value] }),
            }
        }
        Ok(all)
    }

    /// The extensions of a message, by name.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub fn extensions(&self, mailbox: MailboxId, message: MessageId) -> Result<Vec<Extension>, StoreError> {
        self.rows(
            "SELECT name, members FROM extension WHERE mailbox = $1 AND message = $2 ORDER BY folded_name",
            values![&mailbox.0, &message.0],
            extension,
        )
    }

    /// The extension of a name, in any case.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub fn extension(&self, mailbox: MailboxId, message: MessageId, name: &str) -> Result<Option<Extension>, StoreError> {
        self.row(
            "SELECT name, members FROM extension WHERE mailbox = $1 AND message = $2 AND folded_name = $3",
            values![&mailbox.0, &message.0, &Extension::folded(name)],
            extension,
        )
    }
}

impl WriteTx<'_> {
    /// Sets a property of a message or a folder, or takes it away.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub fn put_extended_property(
        &mut self,
        mailbox: MailboxId,
        item: ItemId,
        property: &ExtendedProperty,
    ) -> Result<(), StoreError> {
        self.execute(
            "DELETE FROM extended_property WHERE mailbox = $1 AND item = $2 AND property = $3",
            values![&mailbox.0, &item.0, &property.property],
        )?;
        for (position, ExtendedValue { text, folded, number }) in (0_i64..).zip(&property.values) {
            self.execute(
                "INSERT INTO extended_property (mailbox, item, property, position, value, folded, number)
                 VALUES ($1, $2, $3, $4, $5, $6, $7)",
                values![&mailbox.0, &item.0, &property.property, position, text, folded, *number],
            )?;
        }
        Ok(())
    }

    /// Sets an extension of a message.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub fn put_extension(&mut self, mailbox: MailboxId, message: MessageId, extension: &Extension) -> Result<(), StoreError> {
        self.execute(
            "INSERT INTO extension (mailbox, message, folded_name, name, members) VALUES ($1, $2, $3, $4, $5)
             ON CONFLICT (mailbox, message, folded_name) DO UPDATE SET members = excluded.members",
            values![&mailbox.0, &message.0, &Extension::folded(&extension.name), &extension.name, &extension.members],
        )?;
        Ok(())
    }

    /// Takes an extension away; answers whether there was one.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub fn remove_extension(&mut self, mailbox: MailboxId, message: MessageId, name: &str) -> Result<bool, StoreError> {
        let touched = self.execute(
            "DELETE FROM extension WHERE mailbox = $1 AND message = $2 AND folded_name = $3",
            values![&mailbox.0, &message.0, &Extension::folded(name)],
        )?;
        Ok(touched > 0)
    }

    /// Gives a second message or folder all that clients hung on a first one.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub fn copy_extended(&mut self, mailbox: MailboxId, from: ItemId, to: ItemId) -> Result<(), StoreError> {
        self.execute(
            "INSERT INTO extended_property (mailbox, item, property, position, value, folded, number)
             SELECT mailbox, $1 /*pg ::bytea*/, property, position, value, folded, number FROM extended_property
             WHERE mailbox = $2 AND item = $3",
            values![&to.0, &mailbox.0, &from.0],
        )?;
        self.execute(
            "INSERT INTO extension (mailbox, message, folded_name, name, members)
             SELECT mailbox, $1 /*pg ::bytea*/, folded_name, name, members FROM extension WHERE mailbox = $2 AND message = $3",
            values![&to.0, &mailbox.0, &from.0],
        )?;
        Ok(())
    }

    /// Takes away all that clients hung on a message or a folder that goes, or becomes another.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub fn remove_extended(&mut self, mailbox: MailboxId, item: ItemId) -> Result<(), StoreError> {
        let item = values![&mailbox.0, &item.0];
        self.execute("DELETE FROM extended_property WHERE mailbox = $1 AND item = $2", item)?;
        self.execute("DELETE FROM extension WHERE mailbox = $1 AND message = $2", item)?;
        Ok(())
    }
}

fn extension(row: &Row<'_>) -> Result<Extension, StoreError> {
    Ok(Extension { name: row.text(0)?, members: row.text(1)? })
}
