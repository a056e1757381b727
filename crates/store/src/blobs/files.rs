//! Large blobs as files: `blobs/ab/abcd…-…`, made under `blobs/tmp` and renamed when they are whole and synced. A name is used
//! once: whoever removes a file that nobody names can't remove one that somebody is just naming.

use super::Digest;
use crate::error::StoreError;
use crate::ids::{self, UploadId};
use bytes::Bytes;
use std::fs::{self, File};
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::SystemTime;

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
    pub(crate) fn keep(&self, temp: TempFile, place: &str) -> Result<(), StoreError> {
        let path = self.path(place);
        let shard = path.parent().unwrap_or(&self.folder);
        if !shard.is_dir() {
            fs::create_dir_all(shard)?;
            sync_folder(&self.folder)?;
        }
        temp.rename(&path)?;
        sync_folder(shard)
    }

    /// Maps the file in a place.
    pub(crate) fn map(&self, place: &str) -> Result<Bytes, StoreError> {
        map_at(&self.path(place))?.ok_or_else(|| StoreError::Corrupt(format!("blob {place}: there is no such file")))
    }

    /// Maps the file in a place; nothing where there is none.
    pub(crate) fn find(&self, place: &str) -> Result<Option<Bytes>, StoreError> {
        map_at(&self.path(place))
    }

    /// Removes the file in a place that no row names.
    pub(crate) fn remove(&self, place: &str) -> Result<(), StoreError> {
        remove_at(&self.path(place))
    }

    /// Whether no octets stand here, whole or on their way.
    pub(crate) fn is_empty(&self) -> Result<bool, StoreError> {
        let uploads = fs::read_dir(self.folder.join("uploads"))?.next().is_none();
        Ok(uploads && files_in(&self.folder)?.is_empty())
    }

    pub(crate) fn upload_path(&self, id: UploadId) -> PathBuf {
        self.folder.join("uploads").join(uuid::Uuid::from_bytes(id.0).simple().to_string())
    }

    /// The folder of copies.
    pub(crate) fn cache(&self) -> PathBuf {
        self.folder.join("cache")
    }

    fn path(&self, place: &str) -> PathBuf {
        self.folder.join(place)
    }

    /// Removes what a crash left behind: unfinished files, and files that no row names. Only while nobody else writes.
    pub(crate) fn sweep(
        &self,
        named: impl Fn(&str) -> Result<bool, StoreError>,
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
        for StandingFile { place, size, .. } in files_in(&self.folder)? {
            if !named(&place)? {
                tracing::info!(size_bytes = size, "removed a blob that no message names");
                fs::remove_file(self.path(&place))?;
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

    /// Gives the file a name, where it stays.
    pub(super) fn rename(mut self, path: &Path) -> Result<(), StoreError> {
        if let Some(shard) = path.parent() {
            fs::create_dir_all(shard)?;
        }
        fs::rename(&self.path, path)?;
        self.kept = true;
        Ok(())
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

/// A place for octets that was never used and won't be again.
pub(crate) fn new_place(digest: &Digest) -> String {
    format!("{}-{}", former_place(digest), ids::random().simple())
}

/// The place of a file that was written before places were used once.
pub(crate) fn former_place(digest: &Digest) -> String {
    let hex = digest.to_hex();
    format!("{}/{hex}", &hex[..2])
}

/// The digest of which a place is the former one.
pub(crate) fn is_former(place: &str) -> Option<Digest> {
    digest_of(place).filter(|_| !place.contains('-'))
}

/// The digest of the octets in a place.
pub(crate) fn digest_of(place: &str) -> Option<Digest> {
    let (_, name) = place.split_once('/')?;
    Digest::from_hex(name.split_once('-').map_or(name, |(hex, _)| hex))
}

/// A file in its place.
pub(super) struct StandingFile {
    pub(super) place: String,
    pub(super) size: u64,
    pub(super) written: SystemTime,
}

/// All files that stand in places of a folder.
pub(super) fn files_in(folder: &Path) -> Result<Vec<StandingFile>, StoreError> {
    let mut found = Vec::new();
    for shard in fs::read_dir(folder)? {
        let shard = shard?;
        if shard.file_name().len() != 2 || !shard.file_type()?.is_dir() {
            continue;
        }
        for file in fs::read_dir(shard.path())? {
            let file = file?;
            let place = format!("{}/{}", shard.file_name().display(), file.file_name().display());
            if digest_of(&place).is_some() {
                let about = file.metadata()?;
                found.push(StandingFile { place, size: about.len(), written: about.modified()? });
            }
        }
    }
    Ok(found)
}

pub(super) fn map_at(path: &Path) -> Result<Option<Bytes>, StoreError> {
    match File::open(path) {
        Ok(file) => Ok(Some(map(&file)?)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error.into()),
    }
}

pub(super) fn remove_at(path: &Path) -> Result<(), StoreError> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(error.into()),
        _ => Ok(()),
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
