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
pub use ids::{FolderId, MailboxId, MessageId, NodeId, SubmissionId, UploadId};
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
use db::postgres::{After, Deeds, Pool, Server};
use db::{Changed, Indexer, Readers, Touched, Writer, sqlite};
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
    rows: Mounted,
    changed: Arc<Changed>,
    files: Arc<BlobFiles>,
    /// Held while this process serves the directory.
    _lock: Option<File>,
}

/// The engine that keeps the rows.
enum Mounted {
    Postgres {
        looks: Pool,
        deeds: Deeds,
        after: Arc<After>,
    },
    Sqlite {
        readers: Readers,
        writer: Writer,
        /// Only where the directory is served.
        indexer: Option<Indexer>,
    },
}

/// Looks and deeds that one process has under way in PostgreSQL at once; further ones wait.
const LOOKS: usize = 16;
const DEEDS: usize = 12;

impl Store {
    /// Opens a store for serving, making it where there is none. One process at a time may serve a directory.
    ///
    /// # Errors
    /// [`StoreError::InUse`] when another process serves it; [`StoreError::Io`], [`StoreError::Database`] and
    /// [`StoreError::Unavailable`].
    pub fn serve(location: impl Into<Location>) -> Result<Store, StoreError> {
        let Location { dir, rows, octets: _ } = location.into();
        fs::create_dir_all(&dir)?;
        let lock = File::options().create(true).truncate(false).write(true).open(dir.join("lock"))?;
        lock.try_lock().map_err(|_| StoreError::InUse)?;
        let files = BlobFiles::open(&dir)?;
        match rows {
            Rows::Sqlite => {
                let mut writer = db::open_for_writing(&dir)?;
                migrate::migrate(&mut writer)?;
                sweep(&files, &ReadTx::new(&writer))?;
                let index = db::open_index(&dir, migrate::migrate_index)?;
                Ok(Store::on_sqlite(&dir, files, writer, Some((index, lock))))
            }
            Rows::Postgres { url } => {
                let server = Server::parse(&url)?;
                server.on_connection(|connection| {
                    migrate::migrate_postgres(connection)?;
                    sweep(&files, &ReadTx::new(connection))
                })?;
                Ok(Store::on_postgres(server, files, Some(lock)))
            }
        }
    }

    /// Opens a store beside a server that may be running on it: same rows, no upkeep.
    ///
    /// # Errors
    /// [`StoreError::Missing`] when there is none; [`StoreError::Io`], [`StoreError::Database`] and
    /// [`StoreError::Unavailable`].
    pub fn beside(location: impl Into<Location>) -> Result<Store, StoreError> {
        let Location { dir, rows, octets: _ } = location.into();
        match rows {
            Rows::Sqlite if !db::exists(&dir) => Err(StoreError::Missing),
            Rows::Sqlite => Ok(Store::on_sqlite(&dir, BlobFiles::open(&dir)?, db::open_for_writing(&dir)?, None)),
            Rows::Postgres { url } => {
                let server = Server::parse(&url)?;
                server.on_connection(migrate::must_be_there)?;
                Ok(Store::on_postgres(server, BlobFiles::open(&dir)?, None))
            }
        }
    }

    fn on_sqlite(dir: &Path, files: BlobFiles, writer: sqlite::Connection, served: Option<(sqlite::Connection, File)>) -> Store {
        let (files, changed) = (Arc::new(files), Arc::new(Changed::default()));
        let (index, lock) = served.unzip();
        let (kept, told) = (files.clone(), changed.clone());
        let after = move |connection: &sqlite::Connection, Touched { released, changed }| {
            told.tell(changed);
            released.into_iter().for_each(|digest| remove_released(&ReadTx::new(connection), &kept, digest));
        };
        let rows = Mounted::Sqlite {
            readers: Readers::new(dir),
            writer: Writer::start(writer, after),
            indexer: index.map(|index| Indexer::start(index, files.clone())),
        };
        Store { inner: Arc::new(Inner { rows, changed, files, _lock: lock }) }
    }

    fn on_postgres(server: Server, files: BlobFiles, lock: Option<File>) -> Store {
        let (files, changed) = (Arc::new(files), Arc::new(Changed::default()));
        let told = changed.clone();
        let after: Arc<After> = Arc::new(move |Touched { released: _, changed }| told.tell(changed));
        let deeds = Deeds::new(&Pool::new(server.clone(), DEEDS));
        let rows = Mounted::Postgres { looks: Pool::new(server, LOOKS), deeds, after };
        Store { inner: Arc::new(Inner { rows, changed, files, _lock: lock }) }
    }

    /// This process among those that serve the store.
    pub fn node(&self) -> NodeId {
        match &self.inner.rows {
            Mounted::Postgres { deeds, .. } => deeds.node(),
            Mounted::Sqlite { .. } => NodeId::ALONE,
        }
    }

    /// Whether other processes may serve the store too.
    pub fn is_shared(&self) -> bool {
        matches!(self.inner.rows, Mounted::Postgres { .. })
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
        match &self.inner.rows {
            Mounted::Postgres { looks, .. } => looks.read(look).await,
            Mounted::Sqlite { readers, .. } => readers.read(look).await,
        }
    }

    /// Does one deed that is not about one mailbox: all of it is durable when this answers `Ok`, and nothing of it happened when
    /// it answers `Err`. What it reads may change before it writes, where others do the like: what must not is to be held
    /// ([`WriteTx::hold`]). Copies of it are called until one is kept: a deed changes nothing but what its transaction does.
    ///
    /// # Errors
    /// What `deed` answers, and [`StoreError`] where it can't be made durable. Of [`StoreError::Unavailable`] alone it may not be
    /// known whether it was.
    pub async fn write<T, E>(&self, deed: impl FnOnce(&mut WriteTx<'_>) -> Result<T, E> + Clone + Send + 'static) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        self.do_deed(None, deed).await
    }

    /// Does one deed about a mailbox, as [`Store::write`] does. Nothing that is this mailbox's changes meanwhile: such deeds are
    /// done one after the other, on whatever node.
    ///
    /// # Errors
    /// As [`Store::write`].
    pub async fn write_in<T, E>(
        &self,
        mailbox: MailboxId,
        deed: impl FnOnce(&mut WriteTx<'_>) -> Result<T, E> + Clone + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        self.do_deed(Some(mailbox), deed).await
    }

    async fn do_deed<T, E>(
        &self,
        of: Option<MailboxId>,
        deed: impl FnOnce(&mut WriteTx<'_>) -> Result<T, E> + Clone + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        match &self.inner.rows {
            Mounted::Postgres { deeds, after, .. } => deeds.write(of, deed, after.clone()).await,
            Mounted::Sqlite { writer, .. } => writer.write(deed).await, // one after the other anyway
        }
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
        match &self.inner.rows {
            Mounted::Postgres { deeds, .. } => deeds.index(self.inner.files.clone(), work).await,
            Mounted::Sqlite { indexer: Some(indexer), .. } => indexer.index(work).await,
            Mounted::Sqlite { indexer: None, .. } => Err(StoreError::Stopped.into()),
        }
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

/// Removes files that a crash left over.
fn sweep(files: &BlobFiles, tx: &ReadTx<'_>) -> Result<(), StoreError> {
    files.sweep(|digest| tx.names_blob(digest), |id| tx.names_upload(id))
}

/// A blob's file goes after its row: a crash in between leaves a file that the next start sweeps.
fn remove_released(tx: &ReadTx<'_>, files: &BlobFiles, digest: Digest) {
    let removed = tx.names_blob(&digest).and_then(|named| if named { Ok(()) } else { files.remove(&digest) });
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
