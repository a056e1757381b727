//! A message or an attachment that comes in several requests: a file that grows, until it is whole and becomes a blob, or
//! part of one.

use super::files::{BlobFiles, TempFile, map_locked};
use super::{Blob, Digest, blocking};
use crate::error::StoreError;
use crate::ids::UploadId;
use bytes::Bytes;
use std::fs::File;
use std::io::{Seek, SeekFrom, Write};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// What has come of one upload session.
#[derive(Clone)]
pub struct Upload {
    files: Arc<BlobFiles>,
    id: UploadId,
}

/// One request's part of an upload. It holds the file's lock: nobody else writes to it meanwhile.
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
            let mut file = File::options().create(true).truncate(false).read(true).write(true).open(&path)?;
            file.try_lock().map_err(|_| StoreError::Conflict)?;
            // Whoever had the lock may have made a blob of this file, which is never written to again.
            if !is_at(&file, &path)? || file.metadata()?.len() < offset {
                return Err(StoreError::Conflict);
            }
            file.set_len(offset)?;
            file.seek(SeekFrom::End(0))?;
            Ok(UploadPart { file, size: offset })
        })
        .await
    }

    /// All octets have come: they become a blob, synced before this answers; its file is the upload's until a row names
    /// it, and locked until then.
    ///
    /// # Errors
    /// [`StoreError::Io`].
    pub async fn finish(&self, last: UploadPart) -> Result<Blob, StoreError> {
        let (files, path) = (self.files.clone(), self.path());
        blocking(move || {
            let temp = TempFile::of(last.file, path);
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

    /// All octets that have come. Nobody else writes to the upload as long as a slice of them is there.
    ///
    /// # Errors
    /// [`StoreError::Io`].
    pub async fn into_octets(self) -> Result<Bytes, StoreError> {
        blocking(move || map_locked(self.file)).await
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

/// Whether the file has this name still.
fn is_at(file: &File, path: &Path) -> Result<bool, StoreError> {
    let held = file.metadata()?;
    match std::fs::metadata(path) {
        Ok(named) => Ok((named.dev(), named.ino()) == (held.dev(), held.ino())),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Timestamp;

    async fn with_octets(upload: &Upload, octets: &[u8]) -> UploadPart {
        upload.part_at(0).await.expect("part").write(octets.to_vec()).await.expect("write")
    }

    #[tokio::test]
    async fn a_part_is_one_requests_until_its_blob_has_a_name() {
        let dir = tempfile::tempdir().expect("temporary directory");
        let files = Arc::new(BlobFiles::open(dir.path()).expect("folder"));
        let upload = Upload::new(files.clone(), UploadId::new(Timestamp(0)));
        let last = with_octets(&upload, b"whole").await;
        assert!(matches!(upload.part_at(0).await, Err(StoreError::Conflict)), "another request writes");
        let blob = upload.finish(last).await.expect("finish");
        assert!(matches!(upload.part_at(0).await, Err(StoreError::Conflict)), "its octets are read");
        blob.name_file().expect("name");
        with_octets(&upload, b"other").await;
        assert_eq!(&files.map(&blob.digest).expect("blob")[..], b"whole", "a blob does not change");
    }

    #[tokio::test]
    async fn octets_that_are_read_are_nobodys_to_write_to() {
        let dir = tempfile::tempdir().expect("temporary directory");
        let upload = Upload::new(Arc::new(BlobFiles::open(dir.path()).expect("folder")), UploadId::new(Timestamp(0)));
        let octets = with_octets(&upload, b"whole").await.into_octets().await.expect("map");
        let slice = octets.slice(1..3);
        drop(octets);
        assert!(matches!(upload.part_at(0).await, Err(StoreError::Conflict)), "a slice is read");
        assert_eq!(&slice[..], b"ho");
        drop(slice);
        with_octets(&upload, b"other").await;
    }

    #[test]
    fn a_file_that_was_named_anew_is_told() {
        let dir = tempfile::tempdir().expect("temporary directory");
        let (path, other) = (dir.path().join("a"), dir.path().join("b"));
        let file = File::create(&path).expect("file");
        assert!(is_at(&file, &path).expect("look"));
        std::fs::rename(&path, other).expect("rename");
        assert!(!is_at(&file, &path).expect("look"));
        File::create(&path).expect("file");
        assert!(!is_at(&file, &path).expect("look"));
    }
}
