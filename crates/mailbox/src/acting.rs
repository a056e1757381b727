//! As whom a mailbox was opened, and within which bounds.

use crate::Mailbox;
use crate::admission::Admitted;
use identity::Scope;
use store::{ApplicationLimits, MailboxId, Person, UploadOpener};

/// How much of messages a caller may see.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sight {
    /// What `Mail.ReadBasic` leaves: no text, no attachments, nothing that apps hung on them.
    Basics,
    /// All of it.
    Whole,
}

/// By whom a mailbox was opened.
#[derive(Debug)]
pub(crate) struct Acting {
    /// The app, and what narrows it.
    pub(crate) client_id: String,
    pub(crate) limits: ApplicationLimits,
    /// The person for whom the app asks; nobody where it asks for itself.
    pub(crate) person: Option<MailboxId>,
    /// In whose name is sent: the person's who asks, else the owner's.
    pub(crate) author: Person,
    pub(crate) may_send_for_others: bool,
    /// By which it was opened; by none where an address was the capability.
    pub(crate) permission: Option<Scope>,
}

impl Acting {
    pub(crate) fn of(admitted: Admitted, owner: &Person, permission: Scope) -> Acting {
        let may_send_for_others = admitted.may_send_for_others();
        let Admitted { app, person, .. } = admitted;
        Acting {
            client_id: app.client_id,
            limits: app.limits,
            person: person.as_ref().map(|person| person.id),
            author: person.unwrap_or_else(|| owner.clone()),
            may_send_for_others,
            permission: Some(permission),
        }
    }

    /// By the owner's own rules: in his name, and within no app's bounds.
    pub(crate) fn by_rule(owner: &Person) -> Acting {
        let (limits, author) = (ApplicationLimits::default(), owner.clone());
        Acting { client_id: String::new(), limits, person: None, author, may_send_for_others: false, permission: None }
    }

    /// By an address that lets its holder write to a mailbox, and send nothing.
    pub(crate) fn by_capability(owner: &Person) -> Acting {
        let nothing = Some(Vec::new());
        let limits = ApplicationLimits { from: nothing.clone(), recipient_domains: nothing, ..ApplicationLimits::default() };
        let author = owner.clone();
        Acting { client_id: String::new(), limits, person: None, author, may_send_for_others: false, permission: None }
    }
}

impl Acting {
    /// Who begins an upload.
    pub(crate) fn opener(&self) -> UploadOpener {
        UploadOpener { client_id: self.client_id.clone(), person: self.person }
    }
}

impl Mailbox {
    /// How much of messages whoever opened it may see.
    pub fn sight(&self) -> Sight {
        match self.acting.permission {
            Some(Scope::MailReadBasic | Scope::MailReadBasicShared) => Sight::Basics,
            Some(_) | None => Sight::Whole,
        }
    }
}
