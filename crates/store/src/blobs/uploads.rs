//! A message or an attachment that comes in several requests, until it is whole and becomes a blob, or part of one. Where
//! octets stand in files it is a file that grows; where nodes share objects each request's part is a blob of its own, which a
//! row names, so that any node can go on.

mod growing;
mod spooled;

use super::Blob;
use crate::Store;
use crate::error::StoreError;
use crate::ids::{MailboxId, UploadId};
use bytes::Bytes;
use growing::{Growing, GrowingPart};
pub(crate) use spooled::Earlier;
use spooled::SpooledPart;

/// What has come of one upload session.
#[derive(Clone)]
pub struct Upload {
    store: Store,
    mailbox: MailboxId,
    id: UploadId,
}

/// One request's part of an upload. Nobody else writes to the upload meanwhile; or whoever begins to leaves this part without
/// effect.
pub struct UploadPart(Form);

enum Form {
    Growing(GrowingPart),
    Spooled(Box<SpooledPart>),
}

impl Upload {
    pub(crate) fn new(store: Store, mailbox: MailboxId, id: UploadId) -> Upload {
        Upload { store, mailbox, id }
    }

    fn growing(&self) -> Growing {
        Growing::new(self.store.places().clone(), self.id)
    }

    /// How many octets have come.
    ///
    /// # Errors
    /// [`StoreError::Io`], [`StoreError::Database`].
    pub async fn size(&self) -> Result<u64, StoreError> {
        if self.store.places().are_shared() { self.spooled_size().await } else { self.growing().size().await }
    }

    /// Begins to take octets at an offset; those that came after it before are forgotten.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] while another request writes, or where `offset` leaves a gap; [`StoreError::NotFound`] where
    /// the session has ended; [`StoreError::Io`], [`StoreError::Database`].
    pub async fn part_at(&self, offset: u64) -> Result<UploadPart, StoreError> {
        Ok(UploadPart(if self.store.places().are_shared() {
            Form::Spooled(Box::new(SpooledPart::begin(self.clone(), offset).await?))
        } else {
            Form::Growing(self.growing().part_at(offset).await?)
        }))
    }

    /// All octets have come: they become a blob, durable before this answers. A growing file stays the upload's until a row
    /// names the blob, and locked until then.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] where another request has begun to write since; [`StoreError::Io`],
    /// [`StoreError::Unavailable`].
    pub async fn finish(&self, last: UploadPart) -> Result<Blob, StoreError> {
        match last.0 {
            Form::Growing(last) => self.growing().finish(last).await,
            Form::Spooled(last) => last.assemble().await?.finish().await,
        }
    }

    /// Forgets what has come, where no row does.
    ///
    /// # Errors
    /// [`StoreError::Io`].
    pub async fn remove(&self) -> Result<(), StoreError> {
        self.growing().remove().await
    }
}

impl UploadPart {
    /// How many octets have come with it.
    pub fn size(&self) -> u64 {
        match &self.0 {
            Form::Growing(part) => part.size(),
            Form::Spooled(part) => part.size(),
        }
    }

    /// Takes the next octets.
    ///
    /// # Errors
    /// [`StoreError::Io`].
    pub async fn write(self, octets: Vec<u8>) -> Result<UploadPart, StoreError> {
        Ok(UploadPart(match self.0 {
            Form::Growing(part) => Form::Growing(part.write(octets).await?),
            Form::Spooled(part) => Form::Spooled(Box::new(part.write(octets).await?)),
        }))
    }

    /// The request is over, and what it brought counts. It does too where this isn't called, but may do so later.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] where another request has begun to write since; [`StoreError::Io`],
    /// [`StoreError::Unavailable`].
    pub async fn keep(self) -> Result<(), StoreError> {
        match self.0 {
            Form::Growing(_) => Ok(()),
            Form::Spooled(part) => part.keep().await,
        }
    }

    /// All octets that have come. Nobody else writes to a growing file as long as a slice of them is there.
    ///
    /// # Errors
    /// As [`Upload::finish`].
    pub async fn into_octets(self) -> Result<Bytes, StoreError> {
        match self.0 {
            Form::Growing(part) => part.into_octets().await,
            Form::Spooled(part) => Ok(part.assemble().await?.finish_unnamed().await?.1),
        }
    }
}
