//! An upload whose parts are blobs that rows name. Its session says which request writes: one that begins takes over from
//! whoever did before, since a client that begins anew has given up what went before.

use super::Upload;
use crate::blobs::{Digest, Spool, blocking};
use crate::db::{ReadTx, WriteTx};
use crate::error::StoreError;
use crate::ids;
use std::io::Write;

/// One request's part, on its way to become a blob.
pub(super) struct SpooledPart {
    upload: Upload,
    writer: [u8; 16],
    start: u64,
    /// Nothing once it is kept, or part of the whole.
    spool: Option<Spool>,
}

/// Octets that came before: the first so many of a blob.
pub(crate) struct Earlier {
    pub(crate) start: u64,
    pub(crate) size: u64,
    pub(crate) digest: Digest,
}

impl Upload {
    pub(super) async fn spooled_size(&self) -> Result<u64, StoreError> {
        let (mailbox, id) = (self.mailbox, self.id);
        self.store.read(move |tx: &ReadTx<'_>| tx.upload_size(mailbox, id)).await
    }
}

impl SpooledPart {
    pub(super) async fn begin(upload: Upload, offset: u64) -> Result<SpooledPart, StoreError> {
        let (mailbox, id, writer) = (upload.mailbox, upload.id, *ids::random().as_bytes());
        upload.store.write_in(mailbox, move |tx: &mut WriteTx<'_>| tx.begin_upload_part(mailbox, id, &writer, offset)).await?;
        let spool = Some(upload.store.spool());
        Ok(SpooledPart { upload, writer, start: offset, spool })
    }

    pub(super) fn size(&self) -> u64 {
        self.start + self.spool.as_ref().map_or(0, Spool::size)
    }

    /// Where nobody waits for this any more, what was taken is kept nevertheless.
    pub(super) async fn write(mut self, octets: Vec<u8>) -> Result<SpooledPart, StoreError> {
        blocking(move || {
            let spool = self.spool.as_mut().ok_or(StoreError::Stopped)?;
            spool.write_all(&octets)?;
            Ok(self)
        })
        .await
    }

    pub(super) async fn keep(mut self) -> Result<(), StoreError> {
        match self.spool.take() {
            Some(spool) => keep(self.upload.clone(), self.writer, self.start, spool).await,
            None => Ok(()),
        }
    }

    /// All that has come, in one piece.
    pub(super) async fn assemble(mut self) -> Result<Spool, StoreError> {
        let last = self.spool.take().ok_or(StoreError::Stopped)?;
        let (mailbox, id, writer) = (self.upload.mailbox, self.upload.id, self.writer);
        let store = &self.upload.store;
        let earlier = store.read(move |tx: &ReadTx<'_>| tx.upload_parts(mailbox, id, &writer)).await?;
        if earlier.is_empty() && self.start == 0 {
            return Ok(last);
        }
        let mut whole = store.spool();
        for Earlier { start, size, digest } in earlier {
            let octets = match store.blob(digest).await {
                Err(StoreError::NotFound) => return Err(StoreError::Conflict), // another request begins there
                blob => blob?.octets,
            };
            let counts = usize::try_from(size).ok().filter(|size| *size <= octets.len() && start == whole.size());
            let counts = counts.ok_or_else(|| StoreError::Corrupt("an upload's parts leave a gap".to_owned()))?;
            whole = whole.write(octets.slice(..counts)).await?;
        }
        if whole.size() != self.start {
            return Err(StoreError::Conflict);
        }
        whole.write(last.finish_unnamed().await?.1).await
    }
}

/// A connection that breaks drops the part: what came before counts.
impl Drop for SpooledPart {
    fn drop(&mut self) {
        let Some(spool) = self.spool.take() else { return };
        let keeping = keep(self.upload.clone(), self.writer, self.start, spool);
        let keeping = async move {
            match keeping.await {
                Ok(()) => {}
                Err(StoreError::Conflict | StoreError::NotFound) => {} // the client has gone on, or given up
                Err(error) => tracing::info!(%error, "what came of an upload before its connection broke is lost"),
            }
            Ok(())
        };
        self.upload.store.places().spawn(keeping);
    }
}

async fn keep(upload: Upload, writer: [u8; 16], start: u64, spool: Spool) -> Result<(), StoreError> {
    if spool.size() == 0 {
        return Ok(());
    }
    let blob = spool.finish().await?;
    let (mailbox, id) = (upload.mailbox, upload.id);
    upload.store.write_in(mailbox, move |tx: &mut WriteTx<'_>| tx.add_upload_part(mailbox, id, &writer, start, &blob)).await
}
