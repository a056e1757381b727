//! Octets by their digest: written once, whoever keeps them, and durable before a row names them.

mod files;
mod uploads;

pub(crate) use files::BlobFiles;
pub use uploads::{Upload, UploadPart};

use crate::error::StoreError;
use bytes::Bytes;
use files::TempFile;
use sha2::{Digest as _, Sha256};
use std::io;
use std::sync::{Arc, Mutex, PoisonError};

/// From this size on octets stand in a file of their own: a database page cache has better uses than attachments.
const IN_FILE_FROM: usize = 256 * 1024;

/// SHA-256 of octets: their name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Digest(pub [u8; 32]);

impl Digest {
    /// The digest of octets at hand.
    pub fn of(octets: &[u8]) -> Digest {
        Digest(Sha256::digest(octets).into())
    }

    /// The digest of octets in pieces.
    pub fn of_pieces<'p>(pieces: impl IntoIterator<Item = &'p Bytes>) -> Digest {
        let hasher = pieces.into_iter().fold(Sha256::new(), |hasher, piece| hasher.chain_update(piece));
        Digest(hasher.finalize().into())
    }

    /// In lower-case hexadecimal figures.
    pub fn to_hex(self) -> String {
        use std::fmt::Write;
        self.0.iter().fold(String::with_capacity(64), |mut hex, octet| {
            let _ = write!(hex, "{octet:02x}");
            hex
        })
    }

    /// Reads hexadecimal figures; nothing of anything else.
    pub fn from_hex(hex: &str) -> Option<Digest> {
        if !hex.bytes().all(|figure| figure.is_ascii_hexdigit()) {
            return None; // one with a sign would be read too
        }
        let octets: Option<Vec<u8>> =
            (0..hex.len()).step_by(2).map(|i| u8::from_str_radix(hex.get(i..i + 2)?, 16).ok()).collect();
        Some(Digest(octets?.try_into().ok()?))
    }
}

/// Octets that are ready to be named by a row: see [`crate::WriteTx::put_blob`].
#[derive(Debug, Clone)]
pub struct Blob {
    /// Their digest.
    pub digest: Digest,
    /// The octets: memory, or a mapping of their file.
    pub octets: Bytes,
    file: Option<Arc<UnnamedFile>>,
}

/// A whole, synced file that gets its name when a row names it, and is removed where none does.
#[derive(Debug)]
struct UnnamedFile {
    files: Arc<BlobFiles>,
    temp: Mutex<Option<TempFile>>,
}

impl Blob {
    fn in_temp_file(digest: Digest, octets: Bytes, files: Arc<BlobFiles>, temp: TempFile) -> Blob {
        let file = UnnamedFile { files, temp: Mutex::new(Some(temp)) };
        Blob { digest, octets, file: Some(Arc::new(file)) }
    }

    /// Octets that are made here, and few: they stand in the database whatever their number.
    pub fn in_memory(octets: impl Into<Bytes>) -> Blob {
        let octets = octets.into();
        Blob { digest: Digest::of(&octets), octets, file: None }
    }

    /// Octets that a row names already.
    pub(crate) fn named(digest: Digest, octets: Bytes) -> Blob {
        Blob { digest, octets, file: None }
    }

    /// Whether the octets stand in a file.
    pub(crate) fn in_file(&self) -> bool {
        self.file.is_some()
    }

    /// Gives the octets' file its name, durably; once, and only where there is one.
    pub(crate) fn name_file(&self) -> Result<(), StoreError> {
        let Some(file) = &self.file else { return Ok(()) };
        let temp = file.temp.lock().unwrap_or_else(PoisonError::into_inner).take();
        temp.map_or(Ok(()), |temp| file.files.keep(temp, &self.digest))
    }
}

/// Takes octets as they come: into memory while they are few, then into a file.
pub struct Spool {
    files: Arc<BlobFiles>,
    hasher: Sha256,
    memory: Vec<u8>,
    file: Option<TempFile>,
    size: u64,
}

impl Spool {
    pub(crate) fn new(files: Arc<BlobFiles>) -> Spool {
        Spool { files, hasher: Sha256::new(), memory: Vec::new(), file: None, size: 0 }
    }

    /// How many octets it has taken.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Takes the next octets.
    ///
    /// # Errors
    /// [`StoreError::Io`]; the octets taken so far are gone then.
    pub async fn write(mut self, octets: impl Into<Bytes>) -> Result<Spool, StoreError> {
        let octets = octets.into();
        if self.fits_in_memory(&octets) {
            self.take(&octets)?;
            return Ok(self);
        }
        blocking(move || self.take(&octets).map(|()| self)).await
    }

    fn fits_in_memory(&self, octets: &[u8]) -> bool {
        self.file.is_none() && self.memory.len() + octets.len() < IN_FILE_FROM
    }

    fn take(&mut self, octets: &[u8]) -> Result<(), StoreError> {
        self.size += octets.len() as u64;
        self.hasher.update(octets);
        if self.fits_in_memory(octets) {
            self.memory.extend_from_slice(octets);
            return Ok(());
        }
        if self.file.is_none() {
            let mut file = self.files.temp_file()?;
            file.write_all(&std::mem::take(&mut self.memory))?;
            self.file = Some(file);
        }
        self.file.as_mut().map_or(Ok(()), |file| file.write_all(octets))
    }

    /// All octets have come. A file of them is synced before this answers.
    ///
    /// # Errors
    /// [`StoreError::Io`].
    pub async fn finish(self) -> Result<Blob, StoreError> {
        let digest = Digest(self.hasher.finalize().into());
        match self.file {
            None => Ok(Blob { digest, octets: self.memory.into(), file: None }),
            Some(temp) => {
                let files = self.files;
                blocking(move || {
                    let octets = temp.finish()?;
                    Ok(Blob::in_temp_file(digest, octets, files, temp))
                })
                .await
            }
        }
    }
}

impl Spool {
    /// All octets have come, and no row will name them: they are gone with the last slice, and synced nowhere.
    ///
    /// # Errors
    /// [`StoreError::Io`].
    pub async fn finish_unnamed(self) -> Result<(Digest, Bytes), StoreError> {
        match self.file {
            None => self.into_unnamed(),
            Some(_) => blocking(|| self.into_unnamed()).await,
        }
    }

    /// The same, on a thread that may wait for the disk.
    ///
    /// # Errors
    /// [`StoreError::Io`].
    pub fn into_unnamed(self) -> Result<(Digest, Bytes), StoreError> {
        let digest = Digest(self.hasher.finalize().into());
        let octets = self.file.map_or_else(|| Ok(self.memory.into()), |temp| temp.octets())?;
        Ok((digest, octets))
    }
}

/// For threads that may wait for the disk.
impl io::Write for Spool {
    fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
        self.take(octets).map_err(io::Error::other)?;
        Ok(octets.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> Result<T, StoreError> + Send + 'static) -> Result<T, StoreError> {
    tokio::task::spawn_blocking(work).await.unwrap_or(Err(StoreError::Stopped))
}
