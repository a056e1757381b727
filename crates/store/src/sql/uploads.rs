//! Upload sessions: messages and attachments that come in several requests.

use crate::blobs::{Blob, Digest, Earlier};
use crate::clock::Timestamp;
use crate::db::{ReadTx, Row, WriteTx, values};
use crate::error::StoreError;
use crate::ids::{MailboxId, MessageId, UploadId};
use crate::model::upload::{UploadOpener, UploadOutcome, UploadPurpose, UploadSession};

impl ReadTx<'_> {
    /// A session that has not ended.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub fn upload_session(&self, mailbox: MailboxId, id: UploadId, now: Timestamp) -> Result<Option<UploadSession>, StoreError> {
        self.row(
            "SELECT size, expiration_date_time, blob, attachment, message, item, client_id, person FROM upload_session
             WHERE mailbox = $1 AND id = $2 AND expiration_date_time > $3",
            values![&mailbox.0, &id.0, now.0],
            |row| session(id, row),
        )
    }

    /// How many sessions of this mailbox still wait for octets, and of how many in all.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub fn open_uploads(&self, mailbox: MailboxId) -> Result<(u64, u64), StoreError> {
        let found = self.row(
            "SELECT count(*), CAST(coalesce(sum(size), 0) AS BIGINT) FROM upload_session
             WHERE mailbox = $1 AND blob IS NULL AND attachment IS NULL",
            values![&mailbox.0],
            |row| Ok((row.integer(0)?.unsigned_abs(), row.integer(1)?.unsigned_abs())),
        )?;
        Ok(found.unwrap_or_default())
    }

    /// The mailboxes that have sessions that have ended.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub(crate) fn mailboxes_with_ended_uploads(&self, now: Timestamp) -> Result<Vec<MailboxId>, StoreError> {
        self.rows("SELECT DISTINCT mailbox FROM upload_session WHERE expiration_date_time <= $1", values![now.0], |row| {
            Ok(MailboxId(row.fixed(0)?))
        })
    }

    /// How many octets of this session have come, as rows have it.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub(crate) fn upload_size(&self, mailbox: MailboxId, id: UploadId) -> Result<u64, StoreError> {
        let found = self.row(
            "SELECT CAST(coalesce(max(start + size), 0) AS BIGINT) FROM upload_part WHERE mailbox = $1 AND session = $2",
            values![&mailbox.0, &id.0],
            |row| row.integer(0),
        )?;
        Ok(found.unwrap_or_default().unsigned_abs())
    }

    /// What has come of a session to which this request writes, in order.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] where another does; [`StoreError::Database`].
    pub(crate) fn upload_parts(&self, mailbox: MailboxId, id: UploadId, writer: &[u8; 16]) -> Result<Vec<Earlier>, StoreError> {
        self.check_writer(mailbox, id, writer)?;
        self.rows(
            "SELECT start, size, blob FROM upload_part WHERE mailbox = $1 AND session = $2 ORDER BY start",
            values![&mailbox.0, &id.0],
            |row| {
                let (start, size) = (row.integer(0)?.unsigned_abs(), row.integer(1)?.unsigned_abs());
                Ok(Earlier { start, size, digest: Digest(row.fixed(2)?) })
            },
        )
    }

    fn check_writer(&self, mailbox: MailboxId, id: UploadId, writer: &[u8; 16]) -> Result<(), StoreError> {
        let found = self.row(
            "SELECT 1 FROM upload_session
             WHERE mailbox = $1 AND id = $2 AND writer = $3 AND blob IS NULL AND attachment IS NULL",
            values![&mailbox.0, &id.0, writer],
            |row| row.integer(0),
        )?;
        found.map(|_| ()).ok_or(StoreError::Conflict)
    }

    /// Whether octets of this session may still come.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub(crate) fn names_upload(&self, id: UploadId) -> Result<bool, StoreError> {
        let found = self.row(
            "SELECT 1 FROM upload_session WHERE id = $1 AND blob IS NULL AND attachment IS NULL",
            values![&id.0],
            |row| row.integer(0),
        )?;
        Ok(found.is_some())
    }
}

impl WriteTx<'_> {
    /// Forgets this mailbox's ended sessions; answers which, since their octets are to go too.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub fn take_ended_uploads(&mut self, mailbox: MailboxId, now: Timestamp) -> Result<Vec<UploadId>, StoreError> {
        let ended = self.rows(
            "DELETE FROM upload_session WHERE mailbox = $1 AND expiration_date_time <= $2 RETURNING id, blob",
            values![&mailbox.0, now.0],
            |row| Ok((UploadId(row.fixed(0)?), row.optional_octets(1)?)),
        )?;
        let mut ids = Vec::with_capacity(ended.len());
        for (id, blob) in ended {
            ids.push(id);
            self.remove_upload_parts(mailbox, id, 0)?;
            blob.map_or(Ok(()), |octets| self.release_blob(&Digest(fixed(octets)?)))?;
        }
        Ok(ids)
    }

    /// Begins a session.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub fn add_upload_session(&mut self, mailbox: MailboxId, session: &UploadSession) -> Result<(), StoreError> {
        let size = integer(session.size);
        let (message, item) = match &session.purpose {
            UploadPurpose::Attachment(message, item) => (Some(&message.0), Some(serde_json::to_string(item).map_err(corrupt)?)),
            UploadPurpose::Message => (None, None),
        };
        let opener = session.opener.as_ref();
        self.execute(
            "INSERT INTO upload_session (mailbox, id, size, expiration_date_time, message, item, client_id, person)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
            values![
                &mailbox.0,
                &session.id.0,
                size,
                session.expiration_date_time.0,
                message,
                item.as_deref(),
                opener.map(|opener| opener.client_id.as_str()),
                opener.and_then(|opener| opener.person.as_ref()).map(|person| &person.0),
            ],
        )?;
        Ok(())
    }

    /// Says what the octets of a session have become, once.
    ///
    /// # Errors
    /// [`StoreError::Database`]; [`StoreError::NotFound`] where no such session waits for octets.
    pub fn finish_upload_session(&mut self, mailbox: MailboxId, id: UploadId, outcome: UploadOutcome) -> Result<(), StoreError> {
        let (blob, attachment) = match &outcome {
            UploadOutcome::Attachment(key) => (None, Some(key)),
            UploadOutcome::Message(digest) => (Some(&digest.0), None),
        };
        let touched = self.execute(
            "UPDATE upload_session SET blob = $1, attachment = $2
             WHERE mailbox = $3 AND id = $4 AND blob IS NULL AND attachment IS NULL",
            values![blob, attachment, &mailbox.0, &id.0],
        )?;
        if touched != 1 {
            return Err(StoreError::NotFound);
        }
        self.remove_upload_parts(mailbox, id, 0)
    }

    /// Ends a session.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub fn remove_upload_session(&mut self, mailbox: MailboxId, id: UploadId) -> Result<(), StoreError> {
        let blob = self.row(
            "DELETE FROM upload_session WHERE mailbox = $1 AND id = $2 RETURNING blob",
            values![&mailbox.0, &id.0],
            |row| row.optional_octets(0),
        )?;
        self.remove_upload_parts(mailbox, id, 0)?;
        blob.flatten().map_or(Ok(()), |octets| self.release_blob(&Digest(fixed(octets)?)))
    }

    /// Has a request write to a session from an offset on; whoever did before writes no longer, and what came after the offset
    /// is forgotten.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] where the offset leaves a gap, [`StoreError::NotFound`] where no such session waits for octets;
    /// [`StoreError::Database`].
    pub(crate) fn begin_upload_part(
        &mut self,
        mailbox: MailboxId,
        id: UploadId,
        writer: &[u8; 16],
        offset: u64,
    ) -> Result<(), StoreError> {
        let touched = self.execute(
            "UPDATE upload_session SET writer = $1 WHERE mailbox = $2 AND id = $3 AND blob IS NULL AND attachment IS NULL",
            values![writer, &mailbox.0, &id.0],
        )?;
        if touched != 1 {
            return Err(StoreError::NotFound);
        }
        match self.upload_size(mailbox, id)? {
            come if come < offset => Err(StoreError::Conflict),
            come if come == offset => Ok(()),
            _ => self.remove_upload_parts(mailbox, id, offset),
        }
    }

    /// Counts what a request brought, unless another writes by now.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] where another does; [`StoreError::Database`], [`StoreError::Io`].
    pub(crate) fn add_upload_part(
        &mut self,
        mailbox: MailboxId,
        id: UploadId,
        writer: &[u8; 16],
        start: u64,
        blob: &Blob,
    ) -> Result<(), StoreError> {
        self.check_writer(mailbox, id, writer)?;
        self.put_upload_part(mailbox, id, start, blob)
    }

    /// Counts octets as a part of a session.
    ///
    /// # Errors
    /// [`StoreError::Database`], [`StoreError::Io`].
    pub(crate) fn put_upload_part(
        &mut self,
        mailbox: MailboxId,
        id: UploadId,
        start: u64,
        blob: &Blob,
    ) -> Result<(), StoreError> {
        self.put_blob(blob)?;
        self.execute(
            "INSERT INTO upload_part (mailbox, session, start, size, blob) VALUES ($1, $2, $3, $4, $5)",
            values![&mailbox.0, &id.0, integer(start), integer(blob.octets.len() as u64), &blob.digest.0],
        )?;
        Ok(())
    }

    /// Forgets what came of a session from an offset on.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub(crate) fn remove_upload_parts(&mut self, mailbox: MailboxId, id: UploadId, offset: u64) -> Result<(), StoreError> {
        let (session, offset) = (&id.0, integer(offset));
        let gone = self.rows(
            "DELETE FROM upload_part WHERE mailbox = $1 AND session = $2 AND start >= $3 RETURNING blob",
            values![&mailbox.0, session, offset],
            |row| Ok(Digest(row.fixed(0)?)),
        )?;
        self.execute(
            "UPDATE upload_part SET size = $1 - start WHERE mailbox = $2 AND session = $3 AND start + size > $1",
            values![offset, &mailbox.0, session],
        )?;
        gone.iter().try_for_each(|digest| self.release_blob(digest))
    }
}

fn session(id: UploadId, row: &Row<'_>) -> Result<UploadSession, StoreError> {
    let blob = row.optional_octets(2)?.map(fixed).transpose()?.map(|digest| UploadOutcome::Message(Digest(digest)));
    let attachment = row.optional_octets(3)?.map(fixed).transpose()?.map(UploadOutcome::Attachment);
    let purpose = match (row.optional_octets(4)?, row.optional_text(5)?) {
        (Some(message), Some(item)) => {
            UploadPurpose::Attachment(MessageId(fixed(message)?), serde_json::from_str(&item).map_err(corrupt)?)
        }
        _ => UploadPurpose::Message,
    };
    let person = row.optional_octets(7)?.map(fixed).transpose()?.map(MailboxId);
    let opener = row.optional_text(6)?.map(|client_id| UploadOpener { client_id, person });
    Ok(UploadSession {
        id,
        opener,
        size: u64::try_from(row.integer(0)?).unwrap_or_default(),
        expiration_date_time: Timestamp(row.integer(1)?),
        purpose,
        outcome: blob.or(attachment),
    })
}

fn integer(octets: u64) -> i64 {
    i64::try_from(octets).unwrap_or(i64::MAX)
}

fn fixed<const N: usize>(octets: Vec<u8>) -> Result<[u8; N], StoreError> {
    octets.try_into().map_err(|_| StoreError::Corrupt("what an upload is and has become".to_owned()))
}

fn corrupt(error: serde_json::Error) -> StoreError {
    StoreError::Corrupt(format!("an upload's attachment: {error}"))
}
