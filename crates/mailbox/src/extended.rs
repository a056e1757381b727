//! What clients hang on messages and folders beside all that these have themselves: extended properties (MAPI's) and open
//! extensions. It stays with its item wherever that goes, and a copy has it too; no recipient gets it.

use crate::Mailbox;
use crate::error::{Kind, MailError};
use crate::message_class::{self, NOTE};
use serde_json::{Map, Value};
use std::collections::HashMap;
use store::{ExtendedProperty, Extension, ItemId, MailboxId, MessageId, ReadTx, StoreError, WriteTx};

/// Octets that the members of an extension may have, as JSON.
const MAX_MEMBERS: usize = 64 * 1024;

/// What is to be hung on a message or a folder, or taken away from it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Hanging {
    /// Extended properties; one without values is taken away.
    pub properties: Vec<ExtendedProperty>,
    /// Open extensions, of messages only.
    pub extensions: Vec<Extension>,
}

/// What hangs on a message or a folder, as far as it was asked for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Hung {
    /// The values of extended properties, by property; those that are not there are left out.
    pub properties: HashMap<String, Vec<String>>,
    /// Open extensions, by name.
    pub extensions: Vec<Extension>,
}

impl Hanging {
    /// Whether there is nothing to be hung on it or taken away.
    pub(crate) fn is_empty(&self) -> bool {
        self.properties.is_empty() && self.extensions.is_empty()
    }

    /// The same, with the class that a new message's octets make it: what they say goes before what is given.
    pub(crate) fn with_class(mut self, class: &str) -> Hanging {
        if class != NOTE {
            self.properties.push(message_class::kept(class));
        }
        self
    }

    /// The same without a property.
    pub(crate) fn without(mut self, property: &str) -> Hanging {
        self.properties.retain(|one| one.property != property);
        self
    }

    /// Does so, in the deed that writes the item itself.
    pub(crate) fn write(&self, tx: &mut WriteTx<'_>, mailbox: MailboxId, item: ItemId) -> Result<(), StoreError> {
        for property in &self.properties {
            tx.put_extended_property(mailbox, item, property)?;
        }
        for extension in &self.extensions {
            tx.put_extension(mailbox, MessageId(item.0), extension)?;
        }
        Ok(())
    }
}

impl Hung {
    /// These properties of a message or a folder; those that are not there are left out.
    pub(crate) fn of(tx: &ReadTx<'_>, mailbox: MailboxId, item: ItemId, properties: &[String]) -> Result<Hung, StoreError> {
        let mut hung = Hung::default();
        for property in properties {
            let values = tx.extended_values(mailbox, item, property)?;
            if !values.is_empty() {
                hung.properties.insert(property.clone(), values);
            }
        }
        Ok(hung)
    }
}

impl Mailbox {
    /// What hangs on a message or a folder: these properties, and if asked for its extensions.
    ///
    /// # Errors
    /// [`MailError::Store`].
    pub async fn hung_on(&self, item: ItemId, properties: Vec<String>, extensions: bool) -> Result<Hung, MailError> {
        let owner = self.owner.id;
        let look = move |tx: &ReadTx<'_>| {
            let mut hung = Hung::of(tx, owner, item, &properties)?;
            if extensions {
                hung.extensions = tx.extensions(owner, MessageId(item.0))?;
            }
            Ok(hung)
        };
        self.store().read(look).await
    }

    /// These properties of each of some messages or folders; one that has none of them is left out.
    ///
    /// # Errors
    /// [`MailError::Store`].
    pub async fn hung_on_each(&self, items: Vec<ItemId>, properties: Vec<String>) -> Result<HashMap<ItemId, Hung>, MailError> {
        let owner = self.owner.id;
        let look = move |tx: &ReadTx<'_>| {
            let hung = |item: ItemId| Ok((item, Hung::of(tx, owner, item, &properties)?));
            let each: Vec<(ItemId, Hung)> = items.into_iter().map(hung).collect::<Result<_, StoreError>>()?;
            Ok(each.into_iter().filter(|(_, hung)| !hung.properties.is_empty()).collect())
        };
        self.store().read(look).await
    }

    /// The extensions of a message.
    ///
    /// # Errors
    /// [`MailError::NotFound`] for the message, [`MailError::Store`].
    pub async fn extensions(&self, message: MessageId) -> Result<Vec<Extension>, MailError> {
        let owner = self.owner.id;
        let look = move |tx: &ReadTx<'_>| {
            tx.message(owner, message)?.ok_or(MailError::NotFound(Kind::Message))?;
            Ok(tx.extensions(owner, message)?)
        };
        self.store().read(look).await
    }

    /// One extension of a message, by its name in any case.
    ///
    /// # Errors
    /// [`MailError::NotFound`], [`MailError::Store`].
    pub async fn extension(&self, message: MessageId, name: String) -> Result<Extension, MailError> {
        let owner = self.owner.id;
        let look = move |tx: &ReadTx<'_>| {
            tx.message(owner, message)?.ok_or(MailError::NotFound(Kind::Message))?;
            tx.extension(owner, message, &name)?.ok_or(MailError::NotFound(Kind::Extension))
        };
        self.store().read(look).await
    }

    /// Gives a message a new extension.
    ///
    /// # Errors
    /// [`MailError::ExtensionExists`], [`MailError::NotFound`], [`MailError::PropertyTooLarge`], [`MailError::Store`].
    pub async fn create_extension(&self, message: MessageId, extension: Extension) -> Result<Extension, MailError> {
        check_size(&extension.members)?;
        let deed = move |tx: &mut WriteTx<'_>, owner: MailboxId| {
            if tx.extension(owner, message, &extension.name)?.is_some() {
                return Err(MailError::ExtensionExists(extension.name.clone()));
            }
            tx.put_extension(owner, message, &extension)?;
            Ok(extension)
        };
        self.write_touching(message, deed).await
    }

    /// Gives an extension other members: those that are null go, those that are not named stay.
    ///
    /// # Errors
    /// [`MailError::NotFound`], [`MailError::PropertyTooLarge`], [`MailError::Store`].
    pub async fn update_extension(
        &self,
        message: MessageId,
        name: String,
        change: Map<String, Value>,
    ) -> Result<Extension, MailError> {
        let deed = move |tx: &mut WriteTx<'_>, owner: MailboxId| {
            let mut extension = tx.extension(owner, message, &name)?.ok_or(MailError::NotFound(Kind::Extension))?;
            extension.members = merged(&extension.members, change)?;
            check_size(&extension.members)?;
            tx.put_extension(owner, message, &extension)?;
            Ok(extension)
        };
        self.write_touching(message, deed).await
    }

    /// Takes an extension away.
    ///
    /// # Errors
    /// [`MailError::NotFound`], [`MailError::Store`].
    pub async fn delete_extension(&self, message: MessageId, name: String) -> Result<(), MailError> {
        let deed = move |tx: &mut WriteTx<'_>, owner: MailboxId| {
            let was_there = tx.remove_extension(owner, message, &name)?;
            if was_there { Ok(()) } else { Err(MailError::NotFound(Kind::Extension)) }
        };
        self.write_touching(message, deed).await
    }

    /// A deed on what hangs on a message: it changes the message too, for whoever follows its changes.
    async fn write_touching<T: Send + 'static>(
        &self,
        message: MessageId,
        deed: impl FnOnce(&mut WriteTx<'_>, MailboxId) -> Result<T, MailError> + Clone + Send + 'static,
    ) -> Result<T, MailError> {
        let mailbox = self.clone();
        let touching = move |tx: &mut WriteTx<'_>| {
            let owner = mailbox.owner.id;
            let mut record = tx.message(owner, message)?.ok_or(MailError::NotFound(Kind::Message))?;
            let done = deed(tx, owner)?;
            record.last_modified_date_time = mailbox.now();
            tx.replace_message(owner, &record)?;
            Ok(done)
        };
        self.deed(touching).await
    }
}

fn check_size(members: &str) -> Result<(), MailError> {
    if members.len() > MAX_MEMBERS { Err(MailError::PropertyTooLarge { limit: MAX_MEMBERS }) } else { Ok(()) }
}

fn merged(members: &str, change: Map<String, Value>) -> Result<String, MailError> {
    let corrupt = |error: serde_json::Error| StoreError::Corrupt(format!("members of an extension: {error}"));
    let mut merged: Map<String, Value> = serde_json::from_str(members).map_err(corrupt)?;
    for (name, value) in change {
        if value.is_null() {
            merged.shift_remove(&name);
        } else {
            merged.insert(name, value);
        }
    }
    Ok(Value::Object(merged).to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_change_of_members_keeps_what_it_does_not_name() {
        let Value::Object(change) = json!({"b": null, "c": [1, 2], "d": null}) else { panic!("an object") };
        assert_eq!(merged(r#"{"a":1,"b":"x"}"#, change).expect("members"), r#"{"a":1,"c":[1,2]}"#);
        assert!(merged("[]", Map::new()).is_err());
    }
}
