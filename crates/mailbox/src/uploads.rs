//! Messages too large for one request: their octets come in ranges, in order, and are then sent, kept or imported by
//! reference.

use crate::drafts::NewMessage;
use crate::error::{Kind, MailError};
use crate::{Mail, Mailbox};
use store::{MailboxId, ReadTx, StoreError, Timestamp, UploadPart, UploadSession, WriteTx};

pub use store::UploadId;

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
        self.check_size(size)?;
        let now = self.now();
        let expiration_date_time = Timestamp(now.0.saturating_add(LIFE));
        let session = UploadSession { id: UploadId::new(now), size, expiration_date_time, blob: None };
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
        for ended in self.store().write(deed).await? {
            self.store().upload(ended).remove().await?;
        }
        Ok(session)
    }

    /// The message that an upload brought, whole.
    ///
    /// # Errors
    /// [`MailError::NotFound`] where there is no such upload or octets are missing, [`MailError::Store`].
    pub async fn uploaded(&self, id: UploadId) -> Result<NewMessage, MailError> {
        let session = self.mail.upload(self.owner.id, id).await?;
        let digest = session.blob.ok_or(MailError::NotFound(Kind::Upload))?;
        match self.store().blob(digest).await {
            Err(StoreError::NotFound) => Err(MailError::NotFound(Kind::Upload)), // the session ended meanwhile
            blob => Ok(NewMessage::from_mime(blob?)),
        }
    }
}

/// An upload is asked for by its id alone: whoever knows it was told it by this mailbox's owner.
impl Mail {
    /// An upload that has not ended.
    ///
    /// # Errors
    /// [`MailError::NotFound`], [`MailError::Store`].
    pub async fn upload(&self, mailbox: MailboxId, id: UploadId) -> Result<UploadSession, MailError> {
        let now = self.inner.clock.now();
        let found = self.inner.store.read(move |tx: &ReadTx<'_>| tx.upload_session(mailbox, id, now)).await?;
        found.ok_or(MailError::NotFound(Kind::Upload))
    }

    /// How many octets of it have come.
    ///
    /// # Errors
    /// [`MailError::Store`].
    pub async fn upload_size(&self, session: &UploadSession) -> Result<u64, MailError> {
        match session.blob {
            Some(_) => Ok(session.size),
            None => Ok(self.inner.store.upload(session.id).size().await?),
        }
    }

    /// Begins to take a range of it.
    ///
    /// # Errors
    /// [`MailError::RangeMismatch`] where it leaves a gap or another request writes; [`MailError::Store`].
    pub async fn upload_part(&self, session: &UploadSession, from: u64) -> Result<UploadPart, MailError> {
        let upload = self.inner.store.upload(session.id);
        match upload.part_at(from).await {
            Err(StoreError::Conflict) => Err(MailError::RangeMismatch { from, expected: upload.size().await? }),
            part => Ok(part?),
        }
    }

    /// All octets have come: from now on the message can be used.
    ///
    /// # Errors
    /// [`MailError::Store`].
    pub async fn finish_upload(&self, mailbox: MailboxId, session: &UploadSession, last: UploadPart) -> Result<(), MailError> {
        let id = session.id;
        let blob = self.inner.store.upload(id).finish(last).await?;
        let deed = move |tx: &mut WriteTx<'_>| {
            tx.put_blob(&blob)?;
            tx.finish_upload_session(mailbox, id, blob.digest)
        };
        Ok(self.inner.store.write(deed).await?)
    }

    /// Gives an upload up.
    ///
    /// # Errors
    /// [`MailError::Store`].
    pub async fn cancel_upload(&self, mailbox: MailboxId, session: &UploadSession) -> Result<(), MailError> {
        let id = session.id;
        self.inner.store.write(move |tx: &mut WriteTx<'_>| tx.remove_upload_session(mailbox, id)).await?;
        Ok(self.inner.store.upload(id).remove().await?)
    }
}
