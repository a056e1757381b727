//! Whose mailbox, and whether the caller may: decided in one state of the store, at each request.

use crate::acting::Acting;
use crate::admission::Admitted;
use crate::error::{Kind, Limit, MailError};
use crate::{Mail, Mailbox};
use identity::{Caller, Scope};
use std::sync::Arc;
use store::{MailboxAccess, MailboxId, Person, ReadTx, StoreError};

/// In whose place a use stands that was of no one mailbox; nobody has this id.
const EVERYBODY: MailboxId = MailboxId([0; 16]);

/// How a request names a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum UserName {
    /// Whoever signed in.
    Me,
    /// By id, user principal name or address.
    Named(String),
}

impl Mail {
    /// Opens a mailbox for a caller who has one of the permissions in `wanted`: people their own, and another's where its owner
    /// gave them full access and the permission is one for shared mailboxes; apps any within their limits.
    ///
    /// # Errors
    /// [`MailError::NotAdmitted`], [`MailError::AccessDenied`], [`MailError::AppLimited`], [`MailError::NoPerson`],
    /// [`MailError::NotFound`], [`MailError::Store`].
    pub async fn open(&self, caller: &Caller, user: &UserName, wanted: &'static [Scope]) -> Result<Mailbox, MailError> {
        let (caller, user) = (caller.clone(), user.clone());
        let look = move |tx: &ReadTx<'_>| {
            let admitted = Admitted::of(tx, caller)?;
            let (owner, permission) = admitted.found(tx, &user, wanted)?;
            match &admitted.person {
                Some(person) if person.id != owner.id && !tx.has_access(owner.id, person.id, MailboxAccess::FullAccess)? => {
                    Err(MailError::AccessDenied("the mailbox is somebody else's"))
                }
                _ => Ok((Acting::of(admitted, &owner, permission), owner)),
            }
        };
        let (acting, owner) = self.inner.store.read(look).await?;
        if let Some(permission) = acting.permission {
            self.note(&acting.client_id, owner.id, permission);
        }
        Ok(Mailbox { mail: self.clone(), owner, acting: Arc::new(acting), expected: None })
    }

    /// What is known of a person, for a caller who has one of the permissions in `wanted`; of others, one that is for others.
    ///
    /// # Errors
    /// As [`Mail::open`].
    pub async fn person(&self, caller: &Caller, user: &UserName, wanted: &'static [Scope]) -> Result<Person, MailError> {
        let (caller, user) = (caller.clone(), user.clone());
        let client_id = caller.client_id().to_owned();
        let look = move |tx: &ReadTx<'_>| Admitted::of(tx, caller)?.found(tx, &user, wanted);
        let (person, permission) = self.inner.store.read(look).await?;
        self.note(&client_id, person.id, permission);
        Ok(person)
    }

    /// So many people at most, by their ids, behind one of them or from the first; for an app that is limited to mailboxes, of
    /// those.
    ///
    /// # Errors
    /// [`MailError::NotAdmitted`], [`MailError::AccessDenied`], [`MailError::Store`].
    pub async fn people(
        &self,
        caller: &Caller,
        wanted: &'static [Scope],
        after: Option<MailboxId>,
        limit: i64,
    ) -> Result<Vec<Person>, MailError> {
        let (caller, client_id) = (caller.clone(), caller.client_id().to_owned());
        let look = move |tx: &ReadTx<'_>| {
            let admitted = Admitted::of(tx, caller)?;
            let permission = admitted.permission(wanted, false)?;
            let people = match &admitted.app.limits.mailboxes {
                None => tx.people(after, limit)?,
                Some(ids) => people_among(tx, ids, after, limit)?,
            };
            Ok::<_, MailError>((people, permission))
        };
        let (people, permission) = self.inner.store.read(look).await?;
        self.note(&client_id, EVERYBODY, permission);
        Ok(people)
    }

    fn note(&self, client_id: &str, mailbox: MailboxId, permission: Scope) {
        self.inner.uses.note(client_id, mailbox, permission, self.inner.clock.now());
    }

    /// The mailbox of somebody who handed out a capability to write to it: an upload's address. Nothing can be sent from it.
    pub(crate) async fn mailbox_of(&self, owner: MailboxId) -> Result<Mailbox, MailError> {
        let found: Option<Person> = self.inner.store.read(move |tx: &ReadTx<'_>| tx.person(owner)).await?;
        let owner = found.ok_or(MailError::NotFound(Kind::User))?;
        let acting = Arc::new(Acting::by_capability(&owner));
        Ok(Mailbox { mail: self.clone(), owner, acting, expected: None })
    }
}

impl Admitted {
    /// The person who is named and the permission by which, or why not. Whoever may not know who is here learns nothing from the
    /// difference: an unknown name is refused as a known one is.
    fn found(&self, tx: &ReadTx<'_>, user: &UserName, wanted: &[Scope]) -> Result<(Person, Scope), MailError> {
        let named = match (user, &self.person) {
            (UserName::Me, None) => return Err(MailError::NoPerson),
            (UserName::Me, Some(person)) => Some(person.clone()),
            (UserName::Named(name), _) => by_name(tx, name)?,
        };
        let is_own = self.person.is_some() && self.person == named;
        let permission = self.permission(wanted, is_own)?;
        if let Some(only) = &self.app.limits.mailboxes
            && !named.as_ref().is_some_and(|person| only.contains(&person.id))
        {
            return Err(MailError::AppLimited(Limit::Mailbox));
        }
        match named {
            Some(person) => Ok((person, permission)),
            None if self.may_know_people() => Err(MailError::NotFound(Kind::User)),
            None => Err(MailError::AccessDenied("the mailbox is somebody else's")),
        }
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

/// A page of these people.
fn people_among(tx: &ReadTx<'_>, ids: &[MailboxId], after: Option<MailboxId>, limit: i64) -> Result<Vec<Person>, StoreError> {
    let mut ids: Vec<MailboxId> = ids.iter().copied().filter(|id| after.is_none_or(|after| id.0 > after.0)).collect();
    ids.sort_unstable_by_key(|id| id.0);
    let found = ids.into_iter().filter_map(|id| tx.person(id).transpose());
    found.take(usize::try_from(limit).unwrap_or(usize::MAX)).collect()
}
