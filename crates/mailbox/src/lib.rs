//! The rules of mail (RFC 5598's roles): every change of mail happens here, once, in one transaction.
//!
//! Promises: a [`Mailbox`] is only opened with a proven caller; all sending is [`Mailbox::submit`], all arriving is
//! `deliver`; the octets that a client gave are never changed. Refuses: to speak a wire, or to write SQL.

mod compose;
mod deliver;
mod drafts;
mod envelope;
mod error;
mod folders;
mod generated;
mod index;
mod opened;
mod organize;
mod patch;
mod people;
mod quote;
mod read;
mod reply;
mod submit;
mod uploads;

pub use compose::{Beside, Draft, Importance};
pub use drafts::{NewMessage, Received};
pub use envelope::Envelope;
pub use error::{Kind, MailError};
pub use folders::FolderName;
pub use people::UserName;
pub use read::{AttachedPart, AttachmentKey, Content, Page};
pub use reply::{Answer, AnswerText};
pub use submit::{Idempotency, SendOptions, Submitted};
pub use uploads::UploadId;

use std::sync::Arc;
use store::{Clock, Person, Spool, Store};
use tokio::sync::Notify;

/// What the rules need to be told.
#[derive(Debug, Clone)]
pub struct Options {
    /// The domain whose mailboxes are here.
    pub domain: String,
    /// Octets that a message may have at most.
    pub max_message_octets: u64,
}

/// The mail of everybody.
#[derive(Clone)]
pub struct Mail {
    inner: Arc<Inner>,
}

struct Inner {
    store: Store,
    clock: Arc<dyn Clock>,
    options: Options,
    /// Told when something was put into the outbox.
    submitted: Notify,
}

/// The mail of one person, opened for somebody who may.
#[derive(Clone)]
pub struct Mailbox {
    mail: Mail,
    owner: Person,
}

impl Mail {
    /// The rules over a store.
    pub fn new(store: Store, clock: Arc<dyn Clock>, options: Options) -> Mail {
        Mail { inner: Arc::new(Inner { store, clock, options, submitted: Notify::new() }) }
    }

    /// A place to put the octets of one message as they come.
    pub fn spool(&self) -> Spool {
        self.inner.store.spool()
    }

    fn is_local(&self, domain: &str) -> bool {
        domain.eq_ignore_ascii_case(&self.inner.options.domain)
    }
}

impl Mailbox {
    /// Whose mail it is.
    pub fn owner(&self) -> &Person {
        &self.owner
    }

    fn store(&self) -> &Store {
        &self.mail.inner.store
    }

    fn now(&self) -> store::Timestamp {
        self.mail.inner.clock.now()
    }
}
