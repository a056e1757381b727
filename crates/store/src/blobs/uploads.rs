//! A message that comes in several requests: a file that grows, until it is whole and becomes a blob.

use super::files::{BlobFiles, TempFile};
use super::{Blob, Digest, blocking};
use crate::error::StoreError;
use crate::ids::UploadId;
use std::fs::File;
use std::io::{Seek, SeekFrom, Write};
use std::path::PathBuf;
use std::sync::Arc;

/// What has come of one upload session.
#[derive(Clone)]
pub struct Upload {
    files: Arc<BlobFiles>,
    id: UploadId,
}

/// One request's part of an upload. Nobody else writes to it meanwhile.
pub struct UploadPart {
    file: File,
    size: u64,
}

impl Upload {
    pub(crate) fn new(files: Arc<BlobFiles>, id: UploadId) -> Upload {
        Upload { files, id }
    }

    fn path(&self) -> PathBuf {
        self.files.upload_path(self.id)
    }

    /// How many octets have come.
    ///
    /// # Errors
    /// [`StoreError::Io`].
    pub async fn size(&self) -> Result<u64, StoreError> {
        let path = self.path();
        blocking(move || match std::fs::metadata(path) {
            Ok(found) => Ok(found.len()),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(0),
            Err(error) => Err(error.into()),
        })
        .await
    }

    /// Begins to take octets at an offset; those that came after it before are forgotten.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] while another request writes, or where `offset` leaves a gap; [`StoreError::Io`].
    pub async fn part_at(&self, offset: u64) -> Result<UploadPart, StoreError> {
        let path = self.path();
        blocking(move || {
            let mut file = File::options().create(true).truncate(false).write(true).open(path)?;
            file.try_lock().map_err(|_| StoreError::Conflict)?;
            if file.metadata()?.len() < offset {
                return Err(StoreError::Conflict);
            }
            file.set_len(offset)?;
            file.seek(SeekFrom::End(0))?;
            Ok(UploadPart { file, size: offset })
        })
        .await
    }

    /// All octets have come: they become a blob, synced before this answers; its file is the upload's until a row names
    /// it.
    ///
    /// # Errors
    /// [`StoreError::Io`].
    pub async fn finish(&self) -> Result<Blob, StoreError> {
        let (files, path) = (self.files.clone(), self.path());
        blocking(move || {
            let temp = TempFile::of(path)?;
            let octets = temp.finish()?;
            Ok(Blob::in_temp_file(Digest::of(&octets), octets, files, temp))
        })
        .await
    }

    /// Forgets what has come.
    ///
    /// # Errors
    /// [`StoreError::Io`].
    pub async fn remove(&self) -> Result<(), StoreError> {
        let path = self.path();
        blocking(move || match std::fs::remove_file(path) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error.into()),
            _ => Ok(()),
        })
        .await
    }
}

impl UploadPart {
    /// How many octets have come with it.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Takes the next octets.
    ///
    /// # Errors
    /// [`StoreError::Io`].
    pub async fn write(mut self, octets: Vec<u8>) -> Result<UploadPart, StoreError> {
        blocking(move || {
            self.file.write_all(&octets)?;
            self.size += octets.len() as u64;
            Ok(self)
        })
        .await
    }
}
