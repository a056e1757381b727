//! Who may come in: a token says who asks and with what right, and what is registered now says whether that still holds.
//!
//! A token lives an hour. An app or a person that is disabled, and a permission that is taken back, is out with the next
//! request.

use crate::error::{Limit, MailError};
use identity::{Caller, Scope, Scopes, Who};
use store::{Application, MailboxAccess, MailboxId, Person, ReadTx};

/// Somebody who may come in.
#[derive(Debug)]
pub(crate) struct Admitted {
    /// The app that asks.
    pub(crate) app: Application,
    /// The person for whom it asks; nobody where it asks for itself.
    pub(crate) person: Option<Person>,
    caller: Caller,
}

/// Whether an app that began something with a mailbox, for a person or for itself, may still do so by one of these permissions: what
/// it began lives for days, and carries no token.
///
/// # Errors
/// [`MailError::NotAdmitted`], [`MailError::AccessDenied`], [`MailError::AppLimited`], [`MailError::Store`].
pub(crate) fn may_go_on(
    tx: &ReadTx<'_>,
    (client_id, person): (&str, Option<MailboxId>),
    mailbox: MailboxId,
    wanted: &[Scope],
) -> Result<(), MailError> {
    let app = enabled_app(tx, client_id)?;
    let registered = match person {
        None => &app.application_permissions,
        Some(id) => {
            let person = enabled_person(tx, id)?;
            if person.id != mailbox && !tx.has_access(mailbox, person.id, MailboxAccess::FullAccess)? {
                return Err(MailError::AccessDenied("the mailbox is somebody else's"));
            }
            &app.delegated_permissions
        }
    };
    if !Scopes::parse(registered).any(wanted) {
        return Err(MailError::AccessDenied("the app's registration lacks the permission"));
    }
    match app.limits.mailboxes {
        Some(only) if !only.contains(&mailbox) => Err(MailError::AppLimited(Limit::Mailbox)),
        _ => Ok(()),
    }
}

fn enabled_app(tx: &ReadTx<'_>, client_id: &str) -> Result<Application, MailError> {
    let app = tx.application(client_id)?.filter(|app| app.account_enabled);
    app.ok_or(MailError::NotAdmitted("the app is not registered, or disabled"))
}

fn enabled_person(tx: &ReadTx<'_>, id: MailboxId) -> Result<Person, MailError> {
    let person = tx.enabled_person(id)?;
    person.ok_or(MailError::NotAdmitted("the person is unknown or disabled, or a shared mailbox"))
}

impl Admitted {
    /// The caller, as the store knows app and person.
    ///
    /// # Errors
    /// [`MailError::NotAdmitted`], [`MailError::Store`].
    pub(crate) fn of(tx: &ReadTx<'_>, caller: Caller) -> Result<Admitted, MailError> {
        let app = enabled_app(tx, caller.client_id())?;
        let person = match caller.who() {
            Who::App { .. } => None,
            Who::Person { id } => Some(enabled_person(tx, *id)?),
        };
        Ok(Admitted { app, person, caller })
    }

    /// The first of these permissions that there is. A person needs one that is for others where what is asked for is not the
    /// own; an app's are for all.
    ///
    /// # Errors
    /// [`MailError::AccessDenied`] where there is none.
    pub(crate) fn permission(&self, wanted: &[Scope], is_own: bool) -> Result<Scope, MailError> {
        let is_person = self.person.is_some();
        let plain = |scope: Scope| (is_own || !is_person).then_some(scope);
        let for_others = |scope: Scope| scope.for_others().filter(|_| is_person);
        let mut good = wanted.iter().flat_map(|scope| [plain(*scope), for_others(*scope)]).flatten();
        let found = good.find(|scope| self.has(*scope));
        found.ok_or(MailError::AccessDenied("the token or the app's registration lacks the permission"))
    }

    fn has(&self, scope: Scope) -> bool {
        self.caller.may_by_now(scope, &self.app)
    }

    /// Whether it would be told anyway who is here.
    pub(crate) fn may_know_people(&self) -> bool {
        self.person.is_none() || self.has(Scope::UserReadAll)
    }

    /// Whether it may send in the name of others (Graph: outlook-send-mail-from-other-user). An app sends as the mailbox's owner.
    pub(crate) fn may_send_for_others(&self) -> bool {
        self.person.is_none() || self.has(Scope::MailSendShared)
    }
}
