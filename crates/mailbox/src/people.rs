//! Whose mailbox, and whether the caller may.

use crate::error::{Kind, MailError};
use crate::{Mail, Mailbox};
use identity::{Caller, Scope, Who};
use store::{MailboxId, Person, ReadTx, StoreError};

/// How a request names a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum UserName {
    /// Whoever signed in.
    Me,
    /// By id, user principal name or address.
    Named(String),
}

impl Mail {
    /// Opens a person's mailbox for a caller who has one of the permissions in `wanted`: people their own, apps any.
    ///
    /// # Errors
    /// [`MailError::AccessDenied`], [`MailError::NoPerson`], [`MailError::NotFound`], [`MailError::Store`].
    pub async fn open(&self, caller: &Caller, user: &UserName, wanted: &[Scope]) -> Result<Mailbox, MailError> {
        if !caller.may(wanted) {
            return Err(MailError::AccessDenied("the token lacks the permission"));
        }
        let owner = self.named(caller, user).await?;
        match caller.who() {
            Who::Person { id } if *id != owner.id => Err(MailError::AccessDenied("the mailbox is somebody else's")),
            _ => Ok(Mailbox { mail: self.clone(), owner, expected: None }),
        }
    }

    /// What is known of a person: of oneself with `User.Read`, of others with `User.Read.All`.
    ///
    /// # Errors
    /// [`MailError::AccessDenied`], [`MailError::NoPerson`], [`MailError::NotFound`], [`MailError::Store`].
    pub async fn person(&self, caller: &Caller, user: &UserName) -> Result<Person, MailError> {
        if !caller.may(&[Scope::UserRead, Scope::UserReadAll]) {
            return Err(MailError::AccessDenied("the token lacks the permission"));
        }
        let person = self.named(caller, user).await?;
        let oneself = *caller.who() == Who::Person { id: person.id };
        if oneself || caller.may(&[Scope::UserReadAll]) {
            Ok(person)
        } else {
            Err(MailError::AccessDenied("the token lacks the permission to read others"))
        }
    }

    /// So many people at most, by their ids, behind one of them or from the first.
    ///
    /// # Errors
    /// [`MailError::AccessDenied`] without `User.Read.All`, [`MailError::Store`].
    pub async fn people(&self, caller: &Caller, after: Option<MailboxId>, limit: i64) -> Result<Vec<Person>, MailError> {
        if !caller.may(&[Scope::UserReadAll]) {
            return Err(MailError::AccessDenied("the token lacks the permission to read others"));
        }
        Ok(self.inner.store.read(move |tx: &ReadTx<'_>| tx.people(after, limit)).await?)
    }

    /// The mailbox of somebody who handed out a capability to write to it: an upload's address.
    pub(crate) async fn mailbox_of(&self, owner: MailboxId) -> Result<Mailbox, MailError> {
        let found: Option<Person> = self.inner.store.read(move |tx: &ReadTx<'_>| tx.person(owner)).await?;
        Ok(Mailbox { mail: self.clone(), owner: found.ok_or(MailError::NotFound(Kind::User))?, expected: None })
    }

    async fn named(&self, caller: &Caller, user: &UserName) -> Result<Person, MailError> {
        let me = match caller.who() {
            Who::Person { id } => Some(*id),
            Who::App { .. } => None,
        };
        let user = user.clone();
        if user == UserName::Me && me.is_none() {
            return Err(MailError::NoPerson);
        }
        let look = move |tx: &ReadTx<'_>| match (user, me) {
            (UserName::Named(name), _) => by_name(tx, &name),
            (UserName::Me, Some(id)) => tx.person(id),
            (UserName::Me, None) => Ok(None),
        };
        let found: Option<Person> = self.inner.store.read(look).await?;
        found.ok_or(MailError::NotFound(Kind::User))
    }
}

/// Whose mail an address is: somebody's, as it stands or without its detail (RFC 5233 §1: `ada+lists@contoso.com`).
pub(crate) fn person_at(tx: &ReadTx<'_>, address: &str) -> Result<Option<Person>, StoreError> {
    if let Some(person) = tx.person_by_address(address)? {
        return Ok(Some(person));
    }
    let Some((local, domain)) = address.rsplit_once('@') else { return Ok(None) };
    match local.split_once('+') {
        Some((user, _)) if !user.is_empty() => tx.person_by_address(&format!("{user}@{domain}")),
        _ => Ok(None),
    }
}

fn by_name(tx: &ReadTx<'_>, name: &str) -> Result<Option<Person>, StoreError> {
    match uuid::Uuid::try_parse(name) {
        Ok(id) => tx.person(MailboxId(*id.as_bytes())),
        Err(_) => tx.person_by_address(name),
    }
}
