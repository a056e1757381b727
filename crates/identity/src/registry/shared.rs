//! Deeds on what people may do for each other: send as another address, send on behalf of somebody, open a whole mailbox.

use super::names::{self, invalid};
use super::people::find_person;
use super::{Registry, RegistryError};
use serde::{Deserialize, Serialize};
use store::{MailboxAccess, MailboxId, Person, ReadTx};

/// Grants any address.
const ANY_ADDRESS: &str = "*";

/// A right that can be granted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Access {
    /// Read and change all that is in a mailbox.
    FullAccess,
    /// Send as an address, without being named.
    SendAs,
    /// Send from a mailbox's address, being named as the sender.
    SendOnBehalf,
}

/// What one person may do with another's mailbox or address.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct MailboxGrant {
    /// What.
    pub access: Access,
    /// Who, by address or id; told as the userPrincipalName.
    pub user: String,
    /// For [`Access::SendAs`] the address, or `*` for any; else whose mailbox, by address or id.
    pub address: String,
}

impl Registry {
    /// Grants a right; one that was granted stays.
    ///
    /// # Errors
    /// [`RegistryError`].
    pub async fn add_grant(&self, grant: MailboxGrant) -> Result<MailboxGrant, RegistryError> {
        self.deed(move |tx| {
            let user = find_person(tx, &grant.user)?;
            match opened(tx, &grant)? {
                Opened::Address(address) => {
                    tx.grant_send_as(user.id, &address)?;
                    Ok(told(grant.access, &user, address))
                }
                Opened::Mailbox(mailbox, access) if mailbox.id == user.id => {
                    let name = user.user_principal_name;
                    Err(invalid(format!("{name} has {} without a grant. It must be another's mailbox.", access.name())))
                }
                Opened::Mailbox(mailbox, access) => {
                    tx.grant_access(mailbox.id, user.id, access)?;
                    Ok(told(grant.access, &user, mailbox.user_principal_name))
                }
            }
        })
        .await
    }

    /// Takes a right back, at once.
    ///
    /// # Errors
    /// [`RegistryError`].
    pub async fn remove_grant(&self, grant: MailboxGrant) -> Result<MailboxGrant, RegistryError> {
        self.deed(move |tx| {
            let user = find_person(tx, &grant.user)?;
            let (was_there, address) = match opened(tx, &grant)? {
                Opened::Address(address) => (tx.revoke_send_as(user.id, &address)?, address),
                Opened::Mailbox(mailbox, access) => (tx.revoke_access(mailbox.id, user.id, access)?, mailbox.user_principal_name),
            };
            if was_there {
                return Ok(told(grant.access, &user, address));
            }
            let name = user.user_principal_name;
            Err(RegistryError::NotFound(format!("{name} was not granted that on {address}. Nothing was removed.")))
        })
        .await
    }

    /// What a person may do with others' mailboxes and addresses, and what others may do with this person's.
    ///
    /// # Errors
    /// [`RegistryError::NotFound`], [`RegistryError::Store`].
    pub async fn grants(&self, user: String) -> Result<Vec<MailboxGrant>, RegistryError> {
        self.look(move |tx| {
            let user = find_person(tx, &user)?;
            let mut grants: Vec<MailboxGrant> =
                tx.send_as_addresses(user.id)?.into_iter().map(|address| told(Access::SendAs, &user, address)).collect();
            for (mailbox, access) in tx.accesses_of(user.id)? {
                grants.push(told(access.into(), &user, name(tx, mailbox)?));
            }
            for address in tx.addresses(user.id)? {
                for grantee in tx.send_as_grantees(&address)?.into_iter().filter(|grantee| *grantee != user.id) {
                    let user = name(tx, grantee)?;
                    grants.push(MailboxGrant { access: Access::SendAs, user, address: address.clone() });
                }
            }
            for (grantee, access) in tx.accesses(user.id)? {
                let address = user.user_principal_name.clone();
                grants.push(MailboxGrant { access: access.into(), user: name(tx, grantee)?, address });
            }
            Ok(grants)
        })
        .await
    }
}

/// What a grant is about.
enum Opened {
    Address(String),
    Mailbox(Person, MailboxAccess),
}

fn opened(tx: &ReadTx<'_>, grant: &MailboxGrant) -> Result<Opened, RegistryError> {
    let access = match grant.access {
        Access::FullAccess => MailboxAccess::FullAccess,
        Access::SendOnBehalf => MailboxAccess::SendOnBehalf,
        Access::SendAs if grant.address == ANY_ADDRESS => return Ok(Opened::Address(ANY_ADDRESS.to_owned())),
        Access::SendAs => return Ok(Opened::Address(names::address(&grant.address)?)),
    };
    Ok(Opened::Mailbox(find_person(tx, &grant.address)?, access))
}

fn told(access: Access, user: &Person, address: String) -> MailboxGrant {
    MailboxGrant { access, user: user.user_principal_name.clone(), address }
}

fn name(tx: &ReadTx<'_>, id: MailboxId) -> Result<String, RegistryError> {
    Ok(tx.person(id)?.map_or_else(|| id.to_string(), |person| person.user_principal_name))
}

impl From<MailboxAccess> for Access {
    fn from(access: MailboxAccess) -> Access {
        match access {
            MailboxAccess::FullAccess => Access::FullAccess,
            MailboxAccess::SendOnBehalf => Access::SendOnBehalf,
        }
    }
}
