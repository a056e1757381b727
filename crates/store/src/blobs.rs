//! Octets by their digest: written once, whoever keeps them, and durable before a row names them.

mod cache;
mod files;
mod objects;
mod octets;
mod places;
#[cfg(test)]
mod tests;
mod unnamed;
mod uploads;

pub(crate) use files::{former_place, is_former};
pub(crate) use objects::{Client, Found as FoundObject};
pub(crate) use octets::{check_url, is_same_place};
pub(crate) use places::Places;
pub(crate) use unnamed::Unnamed;
pub(crate) use uploads::Earlier;
pub use uploads::{Upload, UploadPart};

use crate::error::StoreError;
use bytes::Bytes;
use files::TempFile;
use sha2::{Digest as _, Sha256};
use std::io;
use std::sync::Arc;

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
    /// Nothing for those that stand in a row, or that a row names already.
    unnamed: Option<Arc<Unnamed>>,
}

/// Where the octets of a row stand.
pub(crate) enum Standing {
    At(String),
    InRow(Vec<u8>),
}

impl Blob {
    fn unnamed(digest: Digest, octets: Bytes, unnamed: Unnamed) -> Blob {
        Blob { digest, octets, unnamed: Some(Arc::new(unnamed)) }
    }

    /// Octets that are made here, and few: they stand in the database whatever their number.
    pub fn in_memory(octets: impl Into<Bytes>) -> Blob {
        let octets = octets.into();
        Blob { digest: Digest::of(&octets), octets, unnamed: None }
    }

    /// Octets that a row names already.
    pub(crate) fn named(digest: Digest, octets: Bytes) -> Blob {
        Blob { digest, octets, unnamed: None }
    }

    /// The octets' place, for a row to name it; nothing where they are to stand in the row.
    pub(crate) fn name(&self) -> Result<Option<String>, StoreError> {
        self.unnamed.as_ref().map_or(Ok(None), |unnamed| unnamed.name(&self.digest))
    }

    /// The place that a deed has named, if it isn't known yet whether it lasts.
    pub(crate) fn named_place(&self) -> Option<String> {
        self.unnamed.as_ref()?.named()
    }

    /// Whoever is to be told what became of the deed that names the octets.
    pub(crate) fn to_settle(&self) -> Option<Arc<Unnamed>> {
        self.unnamed.clone()
    }
}

/// Takes octets as they come: into memory while they are few, then into a file.
pub struct Spool {
    places: Arc<Places>,
    hasher: Sha256,
    memory: Vec<u8>,
    file: Option<TempFile>,
    size: u64,
}

impl Spool {
    pub(crate) fn new(places: Arc<Places>) -> Spool {
        Spool { places, hasher: Sha256::new(), memory: Vec::new(), file: None, size: 0 }
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
            let mut file = self.places.files.temp_file()?;
            file.write_all(&std::mem::take(&mut self.memory))?;
            self.file = Some(file);
        }
        self.file.as_mut().map_or(Ok(()), |file| file.write_all(octets))
    }

    /// All octets have come. A file of them is synced, or put as an object, before this answers.
    ///
    /// # Errors
    /// [`StoreError::Io`], [`StoreError::Unavailable`].
    pub async fn finish(self) -> Result<Blob, StoreError> {
        let digest = Digest(self.hasher.finalize().into());
        match self.file {
            None => Ok(Blob { digest, octets: self.memory.into(), unnamed: None }),
            Some(temp) => self.places.put(digest, temp).await,
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

pub(crate) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, StoreError> + Send + 'static,
) -> Result<T, StoreError> {
    tokio::task::spawn_blocking(work).await.unwrap_or(Err(StoreError::Stopped))
}
