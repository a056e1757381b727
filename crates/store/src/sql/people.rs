//! People, their addresses, and as whom they may send.

use crate::clock::Timestamp;
use crate::db::{ReadTx, Row, WriteTx, values};
use crate::error::StoreError;
use crate::ids::MailboxId;
use crate::model::person::Person;

const PERSON: &str = "SELECT id, user_principal_name, display_name, given_name, surname FROM person";

/// Grants any address.
const ANY_ADDRESS: &str = "*";

impl ReadTx<'_> {
    /// The person with this id.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub fn person(&self, id: MailboxId) -> Result<Option<Person>, StoreError> {
        self.row(&format!("{PERSON} WHERE id = $1"), values![&id.0], person)
    }

    /// The person with this id, if somebody may come in as this person: a disabled one and a shared mailbox may not.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub fn enabled_person(&self, id: MailboxId) -> Result<Option<Person>, StoreError> {
        self.row(&format!("{PERSON} WHERE id = $1 AND account_enabled = 1 AND is_shared = 0"), values![&id.0], person)
    }

    /// The person who has this address, in any case.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub fn person_by_address(&self, address: &str) -> Result<Option<Person>, StoreError> {
        let sql = format!("{PERSON} WHERE id = (SELECT person FROM address WHERE address = $1)");
        self.row(&sql, values![&address.to_lowercase()], person)
    }

    /// So many people at most, by their ids, behind one of them or from the first.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub fn people(&self, after: Option<MailboxId>, limit: i64) -> Result<Vec<Person>, StoreError> {
        let after = after.unwrap_or(MailboxId([0; 16])); // nobody has this one
        self.rows(&format!("{PERSON} WHERE id > $1 ORDER BY id LIMIT $2"), values![&after.0, limit], person)
    }

    /// The domain whose mailboxes are here; nothing where no server has started here yet.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub fn domain(&self) -> Result<Option<String>, StoreError> {
        self.row("SELECT name FROM domain", values![], |row| row.text(0))
    }

    /// A person's addresses, folded to lower case.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub fn addresses(&self, mailbox: MailboxId) -> Result<Vec<String>, StoreError> {
        self.rows("SELECT address FROM address WHERE person = $1 ORDER BY address", values![&mailbox.0], |row| row.text(0))
    }

    /// Whether this mailbox's owner may send as this address: one of the owner's own, or one that was granted.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub fn may_send_as(&self, mailbox: MailboxId, address: &str) -> Result<bool, StoreError> {
        let folded = address.to_lowercase();
        let found = self.row(
            "SELECT 1 FROM address WHERE person = $1 AND address = $2
             UNION ALL SELECT 1 FROM send_as WHERE mailbox = $1 AND (address = $2 OR address = $3) LIMIT 1",
            values![&mailbox.0, &folded, ANY_ADDRESS],
            |row| row.integer(0),
        )?;
        Ok(found.is_some())
    }
}

impl WriteTx<'_> {
    /// Adds a person with a mailbox and its well-known folders, unless there is one with this id.
    ///
    /// # Errors
    /// [`StoreError::Database`], also where somebody else has the name or the address.
    pub fn add_person(&mut self, person: &Person, now: Timestamp) -> Result<(), StoreError> {
        let added = self.execute(
            "INSERT INTO person (id, user_principal_name, display_name, given_name, surname) VALUES ($1, $2, $3, $4, $5)
             ON CONFLICT (id) DO NOTHING",
            values![&person.id.0, &person.user_principal_name, &person.display_name, &person.given_name, &person.surname],
        )?;
        if added == 0 {
            return Ok(());
        }
        let address = person.user_principal_name.to_lowercase();
        self.execute("INSERT INTO address (address, person) VALUES ($1, $2)", values![&address, &person.id.0])?;
        self.execute("INSERT INTO mailbox (id, modseq) VALUES ($1, 0)", values![&person.id.0])?;
        self.add_well_known_folders(person.id, now)
    }

    /// Says how a person is called.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub fn set_person_names(&mut self, person: &Person) -> Result<(), StoreError> {
        self.execute(
            "UPDATE person SET display_name = $1, given_name = $2, surname = $3 WHERE id = $4",
            values![&person.display_name, &person.given_name, &person.surname, &person.id.0],
        )?;
        Ok(())
    }

    /// Says whose mailboxes are here, for commands beside the server.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub fn set_domain(&mut self, name: &str) -> Result<(), StoreError> {
        self.execute("DELETE FROM domain WHERE name <> $1", values![name])?;
        self.execute("INSERT INTO domain (name) VALUES ($1) ON CONFLICT (name) DO NOTHING", values![name])?;
        Ok(())
    }

    /// Lets a mailbox's owner send as an address; `*` is any.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub fn grant_send_as(&mut self, mailbox: MailboxId, address: &str) -> Result<(), StoreError> {
        self.execute(
            "INSERT INTO send_as (mailbox, address) VALUES ($1, $2) ON CONFLICT (mailbox, address) DO NOTHING",
            values![&mailbox.0, &address.to_lowercase()],
        )?;
        Ok(())
    }
}

fn person(row: &Row<'_>) -> Result<Person, StoreError> {
    Ok(Person {
        id: MailboxId(row.fixed(0)?),
        user_principal_name: row.text(1)?,
        display_name: row.text(2)?,
        given_name: row.text(3)?,
        surname: row.text(4)?,
    })
}
