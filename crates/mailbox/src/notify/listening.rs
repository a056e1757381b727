//! Somebody who listens to what happens in a mailbox for as long as a connection stands. Nothing is kept of it: whoever comes
//! again says what was heard last.

use super::changes::{Followed, MessageChange};
use super::{Along, LOOK_AGAIN, along, told};
use crate::Mailbox;
use crate::admission::may_go_on;
use crate::error::{MailError, SubscriptionRefusal};
use crate::folders::FolderName;
use crate::subscriptions::{HEARING, READING};
use std::pin::pin;
use std::sync::Arc;
use store::{ChangeTypes, FolderId, ReadTx};
use tokio::sync::Notify;

/// Who may listen to one mailbox at a node at a time.
const MOST: usize = 100;
/// Changes that are heard together: whoever doesn't read holds so many.
const TOGETHER: usize = 20;

/// What is heard next.
#[derive(Debug, Clone)]
pub enum Heard {
    /// Changes in their order, each with its message as it is now, where messages are wanted and it is there.
    Changes(Vec<(MessageChange, Option<Box<Along>>)>),
    /// What happened before the change of this number is not known any more, or this mailbox never had it.
    Missed(i64),
}

/// Of what somebody wants to hear.
#[derive(Debug, Clone)]
pub struct Listens {
    /// The messages of which folder; nothing where all are listened to but the recoverable items.
    pub folder: Option<FolderName>,
    /// Which changes.
    pub change_types: ChangeTypes,
    /// Whether the messages come along.
    pub with_messages: bool,
    /// The last change that was heard; nothing where it begins now.
    pub since: Option<i64>,
}

/// Somebody who listens.
pub struct Listening {
    mailbox: Mailbox,
    folder: Option<FolderId>,
    change_types: ChangeTypes,
    with_messages: bool,
    heard: i64,
    woken: Arc<Notify>,
}

impl Mailbox {
    /// Listens.
    ///
    /// # Errors
    /// [`MailError::NotFound`] for the folder; [`MailError::Subscription`] where too many listen; [`MailError::Store`].
    pub async fn listen(&self, listens: Listens) -> Result<Listening, MailError> {
        let Listens { folder, change_types, with_messages, since } = listens;
        let woken = self.mail.inner.watch.listen(self.owner.id, MOST);
        let woken = woken.ok_or(SubscriptionRefusal::TooManyListen { most: MOST })?;
        let mailbox = self.clone();
        let look = move |tx: &ReadTx<'_>| {
            let folder = folder.map(|name| mailbox.own_folder_id(tx, &name)).transpose()?;
            Ok::<_, MailError>((folder, tx.log_reach(mailbox.owner.id)?.last))
        };
        let (folder, last) = self.store().read(look).await?;
        let heard = since.unwrap_or(last);
        Ok(Listening { mailbox: self.clone(), folder, change_types, with_messages, heard, woken })
    }
}

impl Listening {
    /// The number of the last change that was heard, or passed over.
    pub fn heard(&self) -> i64 {
        self.heard
    }

    /// Waits for what happens next. Whoever stops waiting misses nothing by it.
    ///
    /// # Errors
    /// [`MailError::NotAdmitted`], [`MailError::AccessDenied`], [`MailError::AppLimited`] where the right is gone; [`MailError::Store`].
    pub async fn next(&mut self) -> Result<Heard, MailError> {
        loop {
            let mut told = pin!(self.woken.notified());
            told.as_mut().enable(); // before the look, so that nothing comes between
            let (found, heard, is_all) = self.look().await?;
            self.heard = heard;
            if let Some(found) = found {
                return Ok(found);
            }
            if is_all {
                tokio::select! {
                    () = told => {}
                    () = tokio::time::sleep(LOOK_AGAIN) => {} // what other nodes did wakes nobody here
                }
            }
        }
    }

    /// What there is to hear, up to which change that is, and whether that is the last.
    async fn look(&self) -> Result<(Option<Heard>, i64, bool), MailError> {
        let (mailbox, folder, with_messages, since) = (self.mailbox.clone(), self.folder, self.with_messages, self.heard);
        let change_types = self.change_types.clone();
        let look = move |tx: &ReadTx<'_>| {
            let (owner, acting) = (mailbox.owner.id, &mailbox.acting);
            let wanted = if with_messages { READING } else { HEARING };
            may_go_on(tx, (&acting.client_id, acting.person), owner, wanted)?;
            let reach = tx.log_reach(owner)?;
            if !reach.covers(since) {
                return Ok((Some(Heard::Missed(reach.last)), reach.last, true));
            }
            let of = Followed { mailbox: owner, folder, change_types: &change_types, since };
            let (changes, up_to) = told(tx, &of, reach.last, TOGETHER)?;
            let with_message = |change: MessageChange| Ok((change, along(tx, owner, &change, with_messages.then_some(&[]))?));
            let heard = changes.into_iter().map(with_message).collect::<Result<Vec<_>, MailError>>()?;
            let heard = (!heard.is_empty()).then_some(Heard::Changes(heard));
            Ok((heard, up_to, up_to == reach.last))
        };
        self.mailbox.store().read(look).await
    }
}
