//! Messages that come in several requests.

use crate::blobs::Digest;
use crate::clock::Timestamp;
use crate::db::{ReadTx, WriteTx, values};
use crate::error::StoreError;
use crate::ids::{MailboxId, UploadId};

/// An upload session of a mailbox.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UploadSession {
    /// Its id.
    pub id: UploadId,
    /// Octets that are to come in all.
    pub size: u64,
    /// When it ends.
    pub expiration_date_time: Timestamp,
    /// The octets, once all have come.
    pub blob: Option<Digest>,
}

impl ReadTx<'_> {
    /// A session that has not ended.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub fn upload_session(&self, mailbox: MailboxId, id: UploadId, now: Timestamp) -> Result<Option<UploadSession>, StoreError> {
        self.row(
            "SELECT size, expiration_date_time, blob FROM upload_session
             WHERE mailbox = $1 AND id = $2 AND expiration_date_time > $3",
            values![&mailbox.0, &id.0, now.0],
            |row| {
                let blob = row.optional_octets(2)?.map(|octets| digest(&octets));
                Ok(UploadSession {
                    id,
                    size: u64::try_from(row.integer(0)?).unwrap_or_default(),
                    expiration_date_time: Timestamp(row.integer(1)?),
                    blob: blob.transpose()?,
                })
            },
        )
    }

    /// How many sessions of this mailbox still wait for octets, and of how many in all.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub fn open_uploads(&self, mailbox: MailboxId) -> Result<(u64, u64), StoreError> {
        let found = self.row(
            "SELECT count(*), coalesce(sum(size), 0) FROM upload_session WHERE mailbox = $1 AND blob IS NULL",
            values![&mailbox.0],
            |row| Ok((row.integer(0)?.unsigned_abs(), row.integer(1)?.unsigned_abs())),
        )?;
        Ok(found.unwrap_or_default())
    }

    /// Whether octets of this session may still come.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub(crate) fn names_upload(&self, id: UploadId) -> Result<bool, StoreError> {
        let found =
            self.row("SELECT 1 FROM upload_session WHERE id = $1 AND blob IS NULL", values![&id.0], |row| row.integer(0))?;
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
        for octets in ended.iter().filter_map(|(_, blob)| blob.as_deref()) {
            self.release_blob(&digest(octets)?)?;
        }
        Ok(ended.into_iter().map(|(id, _)| id).collect())
    }

    /// Begins a session.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub fn add_upload_session(&mut self, mailbox: MailboxId, session: &UploadSession) -> Result<(), StoreError> {
        let size = i64::try_from(session.size).unwrap_or(i64::MAX);
        self.execute(
            "INSERT INTO upload_session (mailbox, id, size, expiration_date_time, blob) VALUES ($1, $2, $3, $4, NULL)",
            values![&mailbox.0, &session.id.0, size, session.expiration_date_time.0],
        )?;
        Ok(())
    }

    /// Names the octets of a session: all have come.
    ///
    /// # Errors
    /// [`StoreError::Database`]; [`StoreError::NotFound`] where there is no such session.
    pub fn finish_upload_session(&mut self, mailbox: MailboxId, id: UploadId, blob: Digest) -> Result<(), StoreError> {
        let touched = self
            .execute("UPDATE upload_session SET blob = $1 WHERE mailbox = $2 AND id = $3", values![&blob.0, &mailbox.0, &id.0])?;
        if touched == 1 { Ok(()) } else { Err(StoreError::NotFound) }
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
        blob.flatten().map_or(Ok(()), |octets| self.release_blob(&digest(&octets)?))
    }
}

fn digest(octets: &[u8]) -> Result<Digest, StoreError> {
    octets.try_into().map(Digest).map_err(|_| StoreError::Corrupt("an upload's digest".to_owned()))
}
