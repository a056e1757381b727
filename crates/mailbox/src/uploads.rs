//! Messages and attachments too large for one request: their octets come in ranges, in order. A message is then sent, kept
//! or imported by reference; an attachment is spliced into its draft.

use crate::admission::may_go_on;
use crate::compose::most_composed;
use crate::drafts::NewMessage;
use crate::error::{Kind, MailError};
use crate::read::AttachmentKey;
use crate::{Mail, Mailbox};
use identity::Scope;
use mime::Attachment;
use store::{
    AttachmentItem, MailboxId, MessageId, ReadTx, StoreError, Timestamp, UploadOpener, UploadOutcome, UploadPart, UploadPurpose,
    UploadSession, WriteTx,
};

pub use store::UploadId;

/// What the octets of an upload have become.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Uploaded {
    /// An attachment of this draft.
    Attachment(MessageId, AttachmentKey),
    /// A message to be named by the upload's id.
    Message,
}

/// By which a mailbox may be written to.
const WRITING: &[Scope] = &[Scope::MailReadWrite, Scope::MailReadWriteShared];

/// How long an upload may take, in microseconds: a week.
const LIFE: i64 = 7 * 24 * 60 * 60 * 1_000_000;

/// Uploads that a mailbox may have at a time: so many, and together as large as so many of the largest messages.
const OPEN_SESSIONS: u64 = 100;
const OPEN_MESSAGES: u64 = 16;

impl Mailbox {
    /// Begins an upload of a message of `size` octets.
    ///
    /// # Errors
    /// [`MailError::TooLarge`]; [`MailError::QuotaExceeded`] for too many at a time; [`MailError::Store`].
    pub async fn begin_upload(&self, size: u64) -> Result<UploadSession, MailError> {
        self.begin(size, UploadPurpose::Message).await
    }

    /// Begins an upload of an attachment of `size` octets.
    ///
    /// # Errors
    /// As [`Mailbox::begin_upload`]; [`MailError::NotFound`], and [`MailError::InvalidPropertySet`] for what is no draft.
    pub async fn begin_attachment_upload(
        &self,
        id: MessageId,
        item: AttachmentItem,
        size: u64,
    ) -> Result<UploadSession, MailError> {
        let draft = self.unsent_record(id).await?;
        let limit = self.mail.inner.options.max_message_octets;
        // In base64 four octets stand for three; lines and header come on top, and are looked at when all has come.
        if draft.size.unsigned_abs().saturating_add(size / 3 * 4) > most_composed(limit) {
            return Err(MailError::TooLarge { limit });
        }
        self.begin(size, UploadPurpose::Attachment(id, item)).await
    }

    async fn begin(&self, size: u64, purpose: UploadPurpose) -> Result<UploadSession, MailError> {
        self.check_size(size)?;
        let now = self.now();
        let expiration_date_time = Timestamp(now.0.saturating_add(LIFE));
        let opener = Some(self.acting.opener());
        let session = UploadSession { id: UploadId::new(now), size, expiration_date_time, opener, purpose, outcome: None };
        let most_octets = self.mail.inner.options.max_message_octets.saturating_mul(OPEN_MESSAGES);
        let (owner, kept) = (self.owner.id, session.clone());
        let deed = move |tx: &mut WriteTx<'_>| {
            let ended = tx.take_ended_uploads(owner, now)?;
            let (count, octets) = tx.open_uploads(owner)?;
            if count >= OPEN_SESSIONS || octets.saturating_add(kept.size) > most_octets {
                return Err(MailError::QuotaExceeded("uploads"));
            }
            tx.add_upload_session(owner, &kept)?;
            Ok(ended)
        };
        for ended in self.deed(deed).await? {
            self.store().upload(self.owner.id, ended).remove().await?;
        }
        Ok(session)
    }

    /// The message that an upload brought, whole.
    ///
    /// # Errors
    /// [`MailError::NotFound`] where there is no such upload or octets are missing, [`MailError::Store`].
    pub async fn uploaded(&self, id: UploadId) -> Result<NewMessage, MailError> {
        let session = self.mail.session(self.owner.id, id).await?;
        let Some(UploadOutcome::Message(digest)) = session.outcome else { return Err(MailError::NotFound(Kind::Upload)) };
        match self.store().blob(digest).await {
            Err(StoreError::NotFound) => Err(MailError::NotFound(Kind::Upload)), // the session ended meanwhile
            blob => Ok(NewMessage::from_mime(blob?)),
        }
    }
}

/// An upload is asked for by its id alone: whoever knows it was told it by somebody who might write to this mailbox.
impl Mail {
    /// An upload that has not ended, of somebody who may still write to the mailbox.
    ///
    /// # Errors
    /// [`MailError::NotFound`], [`MailError::NotAdmitted`], [`MailError::AccessDenied`], [`MailError::AppLimited`],
    /// [`MailError::Store`].
    pub async fn upload(&self, mailbox: MailboxId, id: UploadId) -> Result<UploadSession, MailError> {
        let session = self.session(mailbox, id).await?;
        if let Some(UploadOpener { client_id, person }) = session.opener.clone() {
            self.inner.store.read(move |tx: &ReadTx<'_>| may_go_on(tx, (&client_id, person), mailbox, WRITING)).await?;
        }
        Ok(session)
    }

    async fn session(&self, mailbox: MailboxId, id: UploadId) -> Result<UploadSession, MailError> {
        let now = self.inner.clock.now();
        let found = self.inner.store.read(move |tx: &ReadTx<'_>| tx.upload_session(mailbox, id, now)).await?;
        found.ok_or(MailError::NotFound(Kind::Upload))
    }

    /// How many octets of it have come.
    ///
    /// # Errors
    /// [`MailError::Store`].
    pub async fn upload_size(&self, mailbox: MailboxId, session: &UploadSession) -> Result<u64, MailError> {
        match session.outcome {
            Some(_) => Ok(session.size),
            None => Ok(self.inner.store.upload(mailbox, session.id).size().await?),
        }
    }

    /// Begins to take a range of it.
    ///
    /// # Errors
    /// [`MailError::RangeMismatch`] where it leaves a gap or another request writes; [`MailError::NotFound`] where the upload
    /// has ended; [`MailError::Store`].
    pub async fn upload_part(&self, mailbox: MailboxId, session: &UploadSession, from: u64) -> Result<UploadPart, MailError> {
        let upload = self.inner.store.upload(mailbox, session.id);
        match upload.part_at(from).await {
            Err(StoreError::Conflict) => Err(MailError::RangeMismatch { from, expected: upload.size().await? }),
            Err(StoreError::NotFound) => Err(MailError::NotFound(Kind::Upload)),
            part => Ok(part?),
        }
    }

    /// A range has come, and others are to come.
    ///
    /// # Errors
    /// [`MailError::RangeMismatch`] where another request writes since; [`MailError::Store`].
    pub async fn keep_upload_part(&self, mailbox: MailboxId, session: &UploadSession, part: UploadPart) -> Result<(), MailError> {
        let from = part.size();
        match part.keep().await {
            Err(StoreError::Conflict) => self.overtaken(mailbox, session.id, from).await.map(|_| ()),
            kept => Ok(kept?),
        }
    }

    /// All octets have come: from now on the message can be used, or its draft has the attachment. Once begun this goes on,
    /// whoever waits for it.
    ///
    /// # Errors
    /// [`MailError::RangeMismatch`] where another request writes since; [`MailError::Store`]; for an attachment those of
    /// [`Mailbox::add_attachment`], and the upload waits on.
    pub async fn finish_upload(
        &self,
        mailbox: MailboxId,
        session: &UploadSession,
        last: UploadPart,
    ) -> Result<Uploaded, MailError> {
        let (mail, session) = (self.clone(), session.clone());
        let from = last.size();
        let finishing = async move {
            let id = session.id;
            let done = match session.purpose {
                UploadPurpose::Attachment(message, item) => mail.finish_attachment(mailbox, id, last, message, item).await,
                UploadPurpose::Message => mail.finish_message(mailbox, id, last).await,
            };
            let outcome = match done {
                // Another request was faster with the same range, or the session was given up.
                Err(MailError::NotFound(Kind::Upload)) => mail.outcome(&mail.session(mailbox, id).await?),
                Err(MailError::Store(StoreError::Conflict)) => Some(mail.overtaken(mailbox, id, from).await?),
                done => Some(done?),
            };
            mail.inner.store.upload(mailbox, id).remove().await?;
            outcome.ok_or(MailError::NotFound(Kind::Upload))
        };
        tokio::spawn(finishing).await.unwrap_or(Err(MailError::Store(StoreError::Stopped)))
    }

    /// Another request has begun to write since: it has finished too, or that is to be waited for.
    async fn overtaken(&self, mailbox: MailboxId, id: UploadId, from: u64) -> Result<Uploaded, MailError> {
        if let Some(uploaded) = self.outcome(&self.session(mailbox, id).await?) {
            return Ok(uploaded);
        }
        Err(MailError::RangeMismatch { from, expected: self.inner.store.upload(mailbox, id).size().await? })
    }

    async fn finish_message(&self, mailbox: MailboxId, id: UploadId, last: UploadPart) -> Result<Uploaded, MailError> {
        let blob = self.inner.store.upload(mailbox, id).finish(last).await?;
        let deed = move |tx: &mut WriteTx<'_>| {
            tx.put_blob(&blob)?;
            finish(tx, mailbox, id, UploadOutcome::Message(blob.digest))
        };
        self.inner.store.write_in(mailbox, deed).await?;
        Ok(Uploaded::Message)
    }

    async fn finish_attachment(
        &self,
        owner: MailboxId,
        id: UploadId,
        last: UploadPart,
        message: MessageId,
        item: AttachmentItem,
    ) -> Result<Uploaded, MailError> {
        let mailbox = self.mailbox_of(owner).await?;
        let AttachmentItem { name, media_type, content_id, is_inline } = item;
        let octets = last.into_octets().await?;
        let file = Attachment { name, media_type, content_id, is_inline, octets };
        let (_, key) = mailbox.attach(message, &file, Some(id)).await?;
        Ok(Uploaded::Attachment(message, key))
    }

    /// What the octets of an upload have become; nothing while some are to come.
    pub fn outcome(&self, session: &UploadSession) -> Option<Uploaded> {
        match (session.outcome?, &session.purpose) {
            (UploadOutcome::Attachment(key), UploadPurpose::Attachment(message, _)) => {
                Some(Uploaded::Attachment(*message, AttachmentKey::from_octets(key)))
            }
            _ => Some(Uploaded::Message),
        }
    }

    /// Gives an upload up.
    ///
    /// # Errors
    /// [`MailError::Store`].
    pub async fn cancel_upload(&self, mailbox: MailboxId, session: &UploadSession) -> Result<(), MailError> {
        let id = session.id;
        self.inner.store.write_in(mailbox, move |tx: &mut WriteTx<'_>| tx.remove_upload_session(mailbox, id)).await?;
        Ok(self.inner.store.upload(mailbox, id).remove().await?)
    }
}

/// Says what the octets of a session have become.
pub(crate) fn finish(tx: &mut WriteTx<'_>, owner: MailboxId, id: UploadId, outcome: UploadOutcome) -> Result<(), MailError> {
    tx.finish_upload_session(owner, id, outcome).map_err(|error| match error {
        StoreError::NotFound => MailError::NotFound(Kind::Upload),
        error => error.into(),
    })
}
