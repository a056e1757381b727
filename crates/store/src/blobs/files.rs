//! Large blobs as files: `blobs/ab/abcd…`, made under `blobs/tmp` and renamed when they are whole and synced.

use super::Digest;
use crate::error::StoreError;
use crate::ids::UploadId;
use bytes::Bytes;
use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

/// The folder of large blobs.
#[derive(Debug)]
pub(crate) struct BlobFiles {
    folder: PathBuf,
    next: AtomicU64,
}

/// A file that is removed unless it is kept.
#[derive(Debug)]
pub(crate) struct TempFile {
    file: File,
    path: PathBuf,
    kept: bool,
}

impl BlobFiles {
    pub(crate) fn open(dir: &Path) -> Result<BlobFiles, StoreError> {
        let folder = dir.join("blobs");
        fs::create_dir_all(folder.join("tmp"))?;
        fs::create_dir_all(folder.join("uploads"))?;
        Ok(BlobFiles { folder, next: AtomicU64::new(0) })
    }

    /// Looks whether the folder is there.
    pub(crate) fn reach(&self) -> Result<(), StoreError> {
        if fs::metadata(&self.folder)?.is_dir() { Ok(()) } else { Err(StoreError::Unavailable("no folder of octets".to_owned())) }
    }

    pub(crate) fn temp_file(&self) -> Result<TempFile, StoreError> {
        let name = format!("{}-{}", std::process::id(), self.next.fetch_add(1, Ordering::Relaxed));
        let path = self.folder.join("tmp").join(name);
        let file = File::options().create(true).truncate(true).read(true).write(true).open(&path)?;
        Ok(TempFile { file, path, kept: false })
    }

    /// Gives a synced file its name, and syncs its folder: a row may name it afterwards.
    pub(crate) fn keep(&self, mut temp: TempFile, digest: &Digest) -> Result<(), StoreError> {
        let path = self.path(digest);
        let shard = path.parent().unwrap_or(&self.folder);
        if !shard.is_dir() {
            fs::create_dir_all(shard)?;
            sync_folder(&self.folder)?;
        }
        fs::rename(&temp.path, &path)?;
        temp.kept = true;
        sync_folder(shard)
    }

    /// Maps a blob's file.
    pub(crate) fn map(&self, digest: &Digest) -> Result<Bytes, StoreError> {
        let gone = |error| StoreError::Corrupt(format!("blob {}: {error}", digest.to_hex()));
        map(&File::open(self.path(digest)).map_err(gone)?)
    }

    /// Removes the file of a blob that no row names.
    pub(crate) fn remove(&self, digest: &Digest) -> Result<(), StoreError> {
        match fs::remove_file(self.path(digest)) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error.into()),
            _ => Ok(()),
        }
    }

    pub(crate) fn upload_path(&self, id: UploadId) -> PathBuf {
        self.folder.join("uploads").join(uuid::Uuid::from_bytes(id.0).simple().to_string())
    }

    pub(crate) fn path(&self, digest: &Digest) -> PathBuf {
        let hex = digest.to_hex();
        self.folder.join(&hex[..2]).join(hex)
    }

    /// The digests of all files and their sizes in octets.
    pub(crate) fn list(&self) -> Result<Vec<(Digest, u64)>, StoreError> {
        let mut found = Vec::new();
        for shard in fs::read_dir(&self.folder)? {
            let shard = shard?;
            if shard.file_name().len() != 2 || !shard.file_type()?.is_dir() {
                continue;
            }
            for file in fs::read_dir(shard.path())? {
                let file = file?;
                if let Some(digest) = file.file_name().to_str().and_then(Digest::from_hex) {
                    found.push((digest, file.metadata()?.len()));
                }
            }
        }
        Ok(found)
    }

    /// Removes what a crash left behind: unfinished files, and files that no row names. Only while nobody else writes.
    pub(crate) fn sweep(
        &self,
        named: impl Fn(&Digest) -> Result<bool, StoreError>,
        under_way: impl Fn(UploadId) -> Result<bool, StoreError>,
    ) -> Result<(), StoreError> {
        for upload in fs::read_dir(self.folder.join("uploads"))? {
            let upload = upload?;
            let id = upload.file_name().to_str().and_then(|name| uuid::Uuid::try_parse(name).ok());
            if !id.map_or(Ok(false), |id| under_way(UploadId(*id.as_bytes())))? {
                fs::remove_file(upload.path())?;
            }
        }
        for unfinished in fs::read_dir(self.folder.join("tmp"))? {
            fs::remove_file(unfinished?.path())?;
        }
        for (digest, size) in self.list()? {
            if !named(&digest)? {
                tracing::info!(size_bytes = size, "removed a blob that no message names");
                fs::remove_file(self.path(&digest))?;
            }
        }
        Ok(())
    }
}

impl TempFile {
    /// A whole file that stays where it is unless it is given a name.
    pub(crate) fn of(file: File, path: PathBuf) -> TempFile {
        TempFile { file, path, kept: true }
    }

    pub(crate) fn write_all(&mut self, octets: &[u8]) -> Result<(), StoreError> {
        Ok(self.file.write_all(octets)?)
    }

    /// The whole file is written: maps it.
    pub(crate) fn octets(&self) -> Result<Bytes, StoreError> {
        map(&self.file)
    }

    /// The whole file is written: syncs and maps it.
    pub(crate) fn finish(&self) -> Result<Bytes, StoreError> {
        self.file.sync_all()?;
        map(&self.file)
    }
}

impl Drop for TempFile {
    fn drop(&mut self) {
        if !self.kept {
            let _ = fs::remove_file(&self.path); // else the next start sweeps it
        }
    }
}

#[allow(unsafe_code, reason = "memory-mapped files have no safe interface")]
fn map(file: &File) -> Result<Bytes, StoreError> {
    // SAFETY: a mapping must not change beneath its readers. A blob's file is never written after it is whole, and never
    // truncated; renaming or removing it leaves the mapping as it is.
    let map = unsafe { memmap2::Mmap::map(file)? };
    Ok(Bytes::from_owner(map))
}

/// Maps what is in a file that its owner has locked; the lock is held as long as anybody has a slice of it.
#[allow(unsafe_code, reason = "memory-mapped files have no safe interface")]
pub(crate) fn map_locked(file: File) -> Result<Bytes, StoreError> {
    struct Locked {
        map: memmap2::Mmap,
        _file: File,
    }
    impl AsRef<[u8]> for Locked {
        fn as_ref(&self) -> &[u8] {
            &self.map
        }
    }
    // SAFETY: as above; whoever would write to the file or truncate it takes its lock first.
    let map = unsafe { memmap2::Mmap::map(&file)? };
    Ok(Bytes::from_owner(Locked { map, _file: file }))
}

fn sync_folder(folder: &Path) -> Result<(), StoreError> {
    Ok(File::open(folder)?.sync_all()?)
}
