//! The keeper: rows, octets and the change log, which agree after any crash.
//!
//! Promises: a deed ([`Store::write`]) is one transaction, durable before its answer, and deeds that come together
//! share one commit; octets are durable before the row that names them. Refuses: to parse mail, to know a protocol, to
//! decide what should happen to a message. All SQL of the house is in here.

mod blobs;
mod clock;
mod db;
mod error;
mod ids;
mod invariants;
mod location;
mod migrate;
mod model;
mod sql;

pub use blobs::{Blob, Digest, Spool, Upload, UploadPart};
pub use clock::{Clock, SystemClock, Timestamp};
pub use db::{IndexTx, ReadTx, WriteTx, sqlite_version};
pub use error::{RETRY, StoreError};
pub use ids::{FolderId, MailboxId, MessageId, SubmissionId, UploadId};
pub use invariants::check;
pub use location::{Location, Octets, Rows, redacted};
pub use model::application::{Application, ApplicationLimits, ApplicationUse, Credentials, KeyCredential, PasswordCredential};
pub use model::condition::{
    BodyText, Candidate, Collection, Condition, ExtendedCondition, ExtendedTest, Field, FieldValue, FlagDate, Operator,
    TextPlace, folded,
};
pub use model::delta::{Departure, Place};
pub use model::extended::{ExtendedProperty, ExtendedValue, Extension, ItemId};
pub use model::folder::{Folder, FolderCopy, FolderPlace, Removal, WellKnownName};
pub use model::message::{MessageRecord, Overlay, Protection, Recipient};
pub use model::outbox::{ForwardPath, ForwardState, Leased, Settled, Submission, Wishes};
pub use model::person::{Account, EVERYBODY, MailboxAccess, Person};
pub use model::query::{ListQuery, OrderKey, Page, Position};
pub use model::search::{Bounds, Indexed, MessageTexts, NumberField, SearchQuery, TextField, Unindexed};
pub use model::sign_in::{AuthorizationCode, DeviceCode, DeviceState, Grant, RefreshToken};
pub use model::smime::{CertificateSource, SmimeCertificate, SmimeKey};
pub use model::upload::{AttachmentItem, UploadOpener, UploadOutcome, UploadPurpose, UploadSession};
pub use sql::{Answered, LogReach, ReadBody};

use blobs::BlobFiles;
use db::{Changed, Indexer, Readers, Touched, Writer};
use std::collections::BTreeSet;
use std::fs::{self, File};
use std::path::Path;
use std::sync::Arc;

/// An open store: one directory, one database, one writer.
#[derive(Clone)]
pub struct Store {
    inner: Arc<Inner>,
}

struct Inner {
    readers: Readers,
    writer: Writer,
    changed: Arc<Changed>,
    /// Only where the directory is served.
    indexer: Option<Indexer>,
    files: Arc<BlobFiles>,
    /// Held while this process serves the directory.
    _lock: Option<File>,
}

impl Store {
    /// Opens the store in `dir` for serving, making it where there is none. One process at a time may.
    ///
    /// # Errors
    /// [`StoreError::InUse`] when another process serves it; [`StoreError::Io`] and [`StoreError::Database`].
    pub fn serve(dir: &Path) -> Result<Store, StoreError> {
        fs::create_dir_all(dir)?;
        let lock = File::options().create(true).truncate(false).write(true).open(dir.join("lock"))?;
        lock.try_lock().map_err(|_| StoreError::InUse)?;
        let files = BlobFiles::open(dir)?;
        let mut writer = db::open_for_writing(dir)?;
        migrate::migrate(&mut writer)?;
        files.sweep(|digest| db::names_blob(&writer, digest), |id| ReadTx::new(&writer).names_upload(id))?;
        let index = db::open_index(dir, migrate::migrate_index)?;
        Ok(Store::over(dir, files, writer, Some((index, lock))))
    }

    /// Opens the store in `dir` beside a server that may be running on it: same rows, no upkeep.
    ///
    /// # Errors
    /// [`StoreError::Missing`] when there is none; [`StoreError::Io`] and [`StoreError::Database`].
    pub fn beside(dir: &Path) -> Result<Store, StoreError> {
        if !db::exists(dir) {
            return Err(StoreError::Missing);
        }
        Ok(Store::over(dir, BlobFiles::open(dir)?, db::open_for_writing(dir)?, None))
    }

    fn over(dir: &Path, files: BlobFiles, writer: db::Connection, served: Option<(db::Connection, File)>) -> Store {
        let (files, changed) = (Arc::new(files), Arc::new(Changed::default()));
        let (index, lock) = served.unzip();
        let (kept, told) = (files.clone(), changed.clone());
        let after = move |connection: &db::Connection, Touched { released, changed }| {
            told.tell(changed);
            released.into_iter().for_each(|digest| remove_released(connection, &kept, digest));
        };
        let inner = Inner {
            readers: Readers::new(dir),
            writer: Writer::start(writer, after),
            changed,
            indexer: index.map(|index| Indexer::start(index, files.clone())),
            files,
            _lock: lock,
        };
        Store { inner: Arc::new(inner) }
    }

    /// Reads one consistent state.
    ///
    /// # Errors
    /// What `look` answers, and [`StoreError`] where the store can't be read.
    pub async fn read<T, E>(&self, look: impl FnOnce(&ReadTx<'_>) -> Result<T, E> + Send + 'static) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        self.inner.readers.read(look).await
    }

    /// Does one deed: all of it is durable when this answers `Ok`, and nothing of it happened when it answers `Err`.
    ///
    /// # Errors
    /// What `deed` answers, and [`StoreError`] where it can't be made durable.
    pub async fn write<T, E>(&self, deed: impl FnOnce(&mut WriteTx<'_>) -> Result<T, E> + Send + 'static) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        self.inner.writer.write(deed).await
    }

    /// Works on the index of texts; all of it is kept when this answers `Ok`, and nothing when it answers `Err`. A power cut
    /// may take it nevertheless, from the latest on.
    ///
    /// # Errors
    /// What `work` answers, and [`StoreError`]: [`StoreError::Stopped`] where another process serves the directory.
    pub async fn index<T, E>(&self, work: impl FnOnce(&mut IndexTx<'_>) -> Result<T, E> + Send + 'static) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        let Some(indexer) = &self.inner.indexer else { return Err(StoreError::Stopped.into()) };
        indexer.index(work).await
    }

    /// Has a mailbox taken for changed, so that whoever follows it looks at it soon.
    pub fn tell_changed(&self, mailbox: MailboxId) {
        self.inner.changed.tell(vec![mailbox]);
    }

    /// Mailboxes that this process changed since they were last taken, all of it durable.
    pub fn take_changed(&self) -> BTreeSet<MailboxId> {
        self.inner.changed.take()
    }

    /// Waits until a mailbox is changed.
    pub async fn until_changed(&self) {
        self.inner.changed.wait().await;
    }

    /// A place to put the octets of one message as they come.
    pub fn spool(&self) -> Spool {
        Spool::new(self.inner.files.clone())
    }

    /// What has come of an upload session.
    pub fn upload(&self, id: UploadId) -> Upload {
        Upload::new(self.inner.files.clone(), id)
    }

    /// The octets of a blob: shared memory, or a mapping of its file.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] where no row names it, [`StoreError::Corrupt`] where its file is gone.
    pub async fn blob(&self, digest: Digest) -> Result<Blob, StoreError> {
        let files = self.inner.files.clone();
        match self.read(move |tx| named_blob(tx, &files, digest)).await {
            // A file may go between the look at its row and the look for itself: then the row is gone now.
            Err(StoreError::Corrupt(why)) => {
                self.read(move |tx: &ReadTx<'_>| tx.blob(&digest)).await?;
                Err(StoreError::Corrupt(why))
            }
            found => found,
        }
    }

    /// The octets of a blob, for a look that is under way.
    ///
    /// # Errors
    /// As [`Store::blob`].
    pub fn blob_within(&self, tx: &ReadTx<'_>, digest: Digest) -> Result<Blob, StoreError> {
        named_blob(tx, &self.inner.files, digest)
    }

    /// Looks whether rows and octets can be reached: a step into an index, and a glance at where octets stand.
    ///
    /// # Errors
    /// [`StoreError`]: why they can't.
    pub async fn reach(&self) -> Result<(), StoreError> {
        let files = self.inner.files.clone();
        // Nobody has this id.
        let look = move |tx: &ReadTx<'_>| Ok::<_, StoreError>((tx.person(MailboxId([0; 16]))?, files.reach()?));
        self.read(look).await.map(drop)
    }

    /// The octets of several blobs in one look; one that can't be had leaves the others.
    ///
    /// # Errors
    /// [`StoreError`] where nothing can be read.
    pub async fn blobs(&self, digests: Vec<Digest>) -> Result<Vec<Result<Blob, StoreError>>, StoreError> {
        let files = self.inner.files.clone();
        self.read(move |tx| Ok(digests.into_iter().map(|digest| named_blob(tx, &files, digest)).collect())).await
    }
}

/// A blob's file goes after its row: a crash in between leaves a file that the next start sweeps.
fn remove_released(connection: &db::Connection, files: &BlobFiles, digest: Digest) {
    let removed = db::names_blob(connection, &digest).and_then(|named| if named { Ok(()) } else { files.remove(&digest) });
    if let Err(error) = removed {
        tracing::warn!(%error, "a blob's file could not be removed; the next start tries again");
    }
}

fn named_blob(tx: &ReadTx<'_>, files: &BlobFiles, digest: Digest) -> Result<Blob, StoreError> {
    let octets = match tx.blob(&digest)? {
        Some(octets) => octets.into(),
        None => files.map(&digest)?,
    };
    Ok(Blob::named(digest, octets))
}
