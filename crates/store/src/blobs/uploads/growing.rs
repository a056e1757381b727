//! An upload as a file that grows. A request holds its lock.

use crate::blobs::files::{TempFile, map_locked};
use crate::blobs::{Blob, Digest, Places, Unnamed, blocking};
use crate::error::StoreError;
use crate::ids::UploadId;
use bytes::Bytes;
use std::fs::File;
use std::io::{Seek, SeekFrom, Write};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The file of one upload.
pub(super) struct Growing {
    places: Arc<Places>,
    id: UploadId,
}

/// One request's part of it.
pub(super) struct GrowingPart {
    file: File,
    size: u64,
}

impl Growing {
    pub(super) fn new(places: Arc<Places>, id: UploadId) -> Growing {
        Growing { places, id }
    }

    fn path(&self) -> PathBuf {
        self.places.files.upload_path(self.id)
    }

    pub(super) async fn size(&self) -> Result<u64, StoreError> {
        let path = self.path();
        blocking(move || match std::fs::metadata(path) {
            Ok(found) => Ok(found.len()),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(0),
            Err(error) => Err(error.into()),
        })
        .await
    }

    pub(super) async fn part_at(&self, offset: u64) -> Result<GrowingPart, StoreError> {
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
            Ok(GrowingPart { file, size: offset })
        })
        .await
    }

    pub(super) async fn finish(&self, last: GrowingPart) -> Result<Blob, StoreError> {
        let (places, path) = (self.places.clone(), self.path());
        blocking(move || {
            let temp = TempFile::of(last.file, path);
            let octets = temp.finish()?;
            Ok(Blob::unnamed(Digest::of(&octets), octets, Unnamed::file(places, temp)))
        })
        .await
    }

    pub(super) async fn remove(&self) -> Result<(), StoreError> {
        let path = self.path();
        blocking(move || match std::fs::remove_file(path) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error.into()),
            _ => Ok(()),
        })
        .await
    }
}

impl GrowingPart {
    pub(super) fn size(&self) -> u64 {
        self.size
    }

    pub(super) async fn into_octets(self) -> Result<Bytes, StoreError> {
        blocking(move || map_locked(self.file)).await
    }

    pub(super) async fn write(mut self, octets: Vec<u8>) -> Result<GrowingPart, StoreError> {
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
    use crate::{Octets, Timestamp};

    async fn with_octets(upload: &Growing, octets: &[u8]) -> GrowingPart {
        upload.part_at(0).await.expect("part").write(octets.to_vec()).await.expect("write")
    }

    #[tokio::test]
    async fn a_part_is_one_requests_until_its_blob_has_a_name() {
        let dir = tempfile::tempdir().expect("temporary directory");
        let places = Arc::new(Places::open(dir.path(), &Octets::Files).expect("folder"));
        let upload = Growing::new(places.clone(), UploadId::new(Timestamp(0)));
        let last = with_octets(&upload, b"whole").await;
        assert!(matches!(upload.part_at(0).await, Err(StoreError::Conflict)), "another request writes");
        let blob = upload.finish(last).await.expect("finish");
        assert!(matches!(upload.part_at(0).await, Err(StoreError::Conflict)), "its octets are read");
        let place = blob.name().expect("name").expect("a place");
        with_octets(&upload, b"other").await;
        assert_eq!(&places.map(&place).expect("blob")[..], b"whole", "a blob does not change");
    }

    #[tokio::test]
    async fn octets_that_are_read_are_nobodys_to_write_to() {
        let dir = tempfile::tempdir().expect("temporary directory");
        let upload =
            Growing::new(Arc::new(Places::open(dir.path(), &Octets::Files).expect("folder")), UploadId::new(Timestamp(0)));
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
