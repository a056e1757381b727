//! How people come in, and what they share with each other and with apps.

use crate::db::{ReadTx, Row, WriteTx, values};
use crate::error::StoreError;
use crate::ids::MailboxId;
use crate::model::person::{Account, MailboxAccess};
use std::collections::BTreeSet;

impl ReadTx<'_> {
    /// How a person comes in.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub fn account(&self, id: MailboxId) -> Result<Option<Account>, StoreError> {
        let sql = "SELECT account_enabled, is_shared, password_hash FROM person WHERE id = $1";
        self.row(sql, values![&id.0], |row| {
            Ok(Account { account_enabled: row.flag(0)?, is_shared: row.flag(1)?, password_hash: row.optional_text(2)? })
        })
    }

    /// Whether somebody was given this access to a mailbox.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub fn has_access(&self, mailbox: MailboxId, grantee: MailboxId, access: MailboxAccess) -> Result<bool, StoreError> {
        let sql = "SELECT 1 FROM mailbox_grant WHERE mailbox = $1 AND grantee = $2 AND access = $3";
        Ok(self.row(sql, values![&mailbox.0, &grantee.0, access.name()], |row| row.integer(0))?.is_some())
    }

    /// Whom a mailbox was opened to, and how far.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn accesses(&self, mailbox: MailboxId) -> Result<Vec<(MailboxId, MailboxAccess)>, StoreError> {
        let sql = "SELECT grantee, access FROM mailbox_grant WHERE mailbox = $1 ORDER BY grantee, access";
        self.rows(sql, values![&mailbox.0], access)
    }

    /// Which mailboxes were opened to somebody, and how far.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn accesses_of(&self, grantee: MailboxId) -> Result<Vec<(MailboxId, MailboxAccess)>, StoreError> {
        let sql = "SELECT mailbox, access FROM mailbox_grant WHERE grantee = $1 ORDER BY mailbox, access";
        self.rows(sql, values![&grantee.0], access)
    }

    /// The addresses as which a person may send beside the own ones; `*` is any.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub fn send_as_addresses(&self, mailbox: MailboxId) -> Result<Vec<String>, StoreError> {
        self.rows("SELECT address FROM send_as WHERE mailbox = $1 ORDER BY address", values![&mailbox.0], |row| row.text(0))
    }

    /// Who may send as an address that is another's, beside those who may as any.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub fn send_as_grantees(&self, address: &str) -> Result<Vec<MailboxId>, StoreError> {
        let sql = "SELECT mailbox FROM send_as WHERE address = $1 ORDER BY mailbox";
        self.rows(sql, values![&address.to_lowercase()], |row| Ok(MailboxId(row.fixed(0)?)))
    }

    /// What a person, or [`crate::EVERYBODY`], lets an app do; nothing where there is no consent.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub fn permission_grant(&self, mailbox: MailboxId, client_id: &str) -> Result<Option<String>, StoreError> {
        let sql = "SELECT scope FROM permission_grant WHERE mailbox = $1 AND client_id = $2";
        self.row(sql, values![&mailbox.0, client_id], |row| row.text(0))
    }
}

/// Whose and how far.
fn access(row: &Row<'_>) -> Result<(MailboxId, MailboxAccess), StoreError> {
    let access = match row.text(1)?.as_str() {
        "fullAccess" => MailboxAccess::FullAccess,
        "sendOnBehalf" => MailboxAccess::SendOnBehalf,
        other => return Err(StoreError::Corrupt(format!("a mailbox is opened for {other}"))),
    };
    Ok((MailboxId(row.fixed(0)?), access))
}

impl WriteTx<'_> {
    /// Holds mailboxes until the deed is done: no other deed about one of them, or that holds it, is done meanwhile.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] where others hold them too long.
    pub fn hold(&mut self, mailboxes: impl IntoIterator<Item = MailboxId>) -> Result<(), StoreError> {
        // In order, so that two deeds never wait for each other.
        for mailbox in BTreeSet::from_iter(mailboxes) {
            self.lock("SELECT 1 FROM mailbox WHERE id = $1 FOR UPDATE", values![&mailbox.0])?;
        }
        Ok(())
    }

    /// Holds what belongs to no mailbox: people, addresses, apps and the codes of devices.
    ///
    /// # Errors
    /// As [`WriteTx::hold`].
    pub fn hold_directory(&mut self) -> Result<(), StoreError> {
        self.lock("SELECT pg_advisory_xact_lock(7237398474850)", &[])
    }

    /// Says how a person comes in.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub fn set_account(&mut self, id: MailboxId, account: &Account) -> Result<(), StoreError> {
        self.execute(
            "UPDATE person SET account_enabled = $1, is_shared = $2, password_hash = $3 WHERE id = $4",
            values![account.account_enabled, account.is_shared, account.password_hash.as_ref(), &id.0],
        )?;
        Ok(())
    }

    /// Takes back all codes and refresh tokens of a person: whoever uses an app must sign in anew.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub fn sign_out(&mut self, id: MailboxId) -> Result<(), StoreError> {
        self.execute("DELETE FROM authorization_code WHERE mailbox = $1", values![&id.0])?;
        self.execute("DELETE FROM refresh_token WHERE mailbox = $1", values![&id.0])?;
        Ok(())
    }

    /// Keeps another hash of the same password, unless the person has another password by now; whether it was kept.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub fn renew_password_hash(&mut self, id: MailboxId, kept: &str, renewed: &str) -> Result<bool, StoreError> {
        let sql = "UPDATE person SET password_hash = $1 WHERE id = $2 AND password_hash = $3";
        Ok(self.execute(sql, values![renewed, &id.0, kept])? == 1)
    }

    /// Gives a person one more address.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] where somebody has it; [`StoreError::Database`].
    pub fn add_address(&mut self, id: MailboxId, address: &str) -> Result<(), StoreError> {
        let sql = "INSERT INTO address (address, person) VALUES ($1, $2) ON CONFLICT (address) DO NOTHING";
        if self.execute(sql, values![&address.to_lowercase(), &id.0])? == 1 { Ok(()) } else { Err(StoreError::Conflict) }
    }

    /// Takes an address from a person. Whether it is the name to sign in with is the caller's to know.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] where the person has no such address; [`StoreError::Database`].
    pub fn remove_address(&mut self, id: MailboxId, address: &str) -> Result<(), StoreError> {
        let sql = "DELETE FROM address WHERE address = $1 AND person = $2";
        if self.execute(sql, values![&address.to_lowercase(), &id.0])? == 1 { Ok(()) } else { Err(StoreError::NotFound) }
    }

    /// Opens a mailbox to somebody.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub fn grant_access(&mut self, mailbox: MailboxId, grantee: MailboxId, access: MailboxAccess) -> Result<(), StoreError> {
        self.execute(
            "INSERT INTO mailbox_grant (mailbox, grantee, access) VALUES ($1, $2, $3)
             ON CONFLICT (mailbox, grantee, access) DO NOTHING",
            values![&mailbox.0, &grantee.0, access.name()],
        )?;
        Ok(())
    }

    /// Takes that back; whether there was something to take.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub fn revoke_access(&mut self, mailbox: MailboxId, grantee: MailboxId, access: MailboxAccess) -> Result<bool, StoreError> {
        let sql = "DELETE FROM mailbox_grant WHERE mailbox = $1 AND grantee = $2 AND access = $3";
        Ok(self.execute(sql, values![&mailbox.0, &grantee.0, access.name()])? > 0)
    }

    /// Lets a mailbox's owner no longer send as an address; whether there was something to take.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub fn revoke_send_as(&mut self, mailbox: MailboxId, address: &str) -> Result<bool, StoreError> {
        let sql = "DELETE FROM send_as WHERE mailbox = $1 AND address = $2";
        Ok(self.execute(sql, values![&mailbox.0, &address.to_lowercase()])? > 0)
    }

    /// Keeps what a person, or [`crate::EVERYBODY`], lets an app do, in the place of what was before.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub fn set_permission_grant(&mut self, mailbox: MailboxId, client_id: &str, scope: &str) -> Result<(), StoreError> {
        self.execute(
            "INSERT INTO permission_grant (mailbox, client_id, scope) VALUES ($1, $2, $3)
             ON CONFLICT (mailbox, client_id) DO UPDATE SET scope = excluded.scope",
            values![&mailbox.0, client_id, scope],
        )?;
        Ok(())
    }

    /// Takes back all that a person lets an app do, refresh tokens included.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub fn revoke_permission_grant(&mut self, mailbox: MailboxId, client_id: &str) -> Result<(), StoreError> {
        let of_app = values![&mailbox.0, client_id];
        self.execute("DELETE FROM permission_grant WHERE mailbox = $1 AND client_id = $2", of_app)?;
        self.execute("DELETE FROM authorization_code WHERE mailbox = $1 AND client_id = $2", of_app)?;
        self.execute("DELETE FROM refresh_token WHERE mailbox = $1 AND client_id = $2", of_app)?;
        Ok(())
    }
}
