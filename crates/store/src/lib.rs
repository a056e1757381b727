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
mod migrate;
mod model;
mod sql;
mod sweep;

pub use blobs::{Blob, Digest, Octets, Spool, Upload, UploadPart};
pub use clock::{Clock, SystemClock, Timestamp};
pub use db::{IndexTx, ReadTx, WriteTx};
pub use error::StoreError;
pub use ids::{FolderId, MailboxId, MessageId, SubmissionId, UploadId};
pub use invariants::{check, check_with};
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

use blobs::{Places, Standing};
use db::{Changed, Indexer, Readers, Touched, Writer};
use futures::StreamExt;
use std::collections::BTreeSet;
use std::fs::{self, File};
use std::path::Path;
use std::sync::Arc;

/// Blobs of one question that are read at a time.
const TOGETHER: usize = 8;

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
    places: Arc<Places>,
    /// Held while this process serves the directory.
    _lock: Option<File>,
}

impl Store {
    /// Opens the store in `dir` for serving, making it where there is none. One process at a time may.
    ///
    /// # Errors
    /// [`StoreError::InUse`] when another process serves it; [`StoreError::Io`] and [`StoreError::Database`].
    pub fn serve(dir: &Path) -> Result<Store, StoreError> {
        Store::serve_with(dir, &Octets::Files)
    }

    /// The same, where octets stand elsewhere.
    ///
    /// # Errors
    /// As [`Store::serve`]; [`StoreError::Setting`].
    pub fn serve_with(dir: &Path, octets: &Octets) -> Result<Store, StoreError> {
        Store::serve_over(dir, || Places::open(dir, octets))
    }

    fn serve_over(dir: &Path, places: impl FnOnce() -> Result<Places, StoreError>) -> Result<Store, StoreError> {
        fs::create_dir_all(dir)?;
        let lock = File::options().create(true).truncate(false).write(true).open(dir.join("lock"))?;
        lock.try_lock().map_err(|_| StoreError::InUse)?;
        let places = places()?;
        let mut writer = db::open_for_writing(dir)?;
        migrate::migrate(&mut writer)?;
        let tx = ReadTx::new(&writer);
        places.files.sweep(|place| tx.names_place(place), |id| tx.names_upload(id))?;
        let index = db::open_index(dir, migrate::migrate_index)?;
        let store = Store::over(dir, places, writer, Some((index, lock)));
        sweep::start(&store);
        Ok(store)
    }

    /// Opens the store in `dir` beside a server that may be running on it: same rows, no upkeep.
    ///
    /// # Errors
    /// [`StoreError::Missing`] when there is none; [`StoreError::Io`] and [`StoreError::Database`].
    pub fn beside(dir: &Path) -> Result<Store, StoreError> {
        Store::beside_with(dir, &Octets::Files)
    }

    /// The same, where octets stand elsewhere.
    ///
    /// # Errors
    /// As [`Store::beside`]; [`StoreError::Setting`].
    pub fn beside_with(dir: &Path, octets: &Octets) -> Result<Store, StoreError> {
        Store::beside_over(dir, || Places::open(dir, octets))
    }

    fn beside_over(dir: &Path, places: impl FnOnce() -> Result<Places, StoreError>) -> Result<Store, StoreError> {
        if !db::exists(dir) {
            return Err(StoreError::Missing);
        }
        Ok(Store::over(dir, places()?, db::open_for_writing(dir)?, None))
    }

    fn over(dir: &Path, places: Places, writer: db::Connection, served: Option<(db::Connection, File)>) -> Store {
        let (places, changed) = (Arc::new(places), Arc::new(Changed::default()));
        let (index, lock) = served.unzip();
        let (kept, told) = (places.clone(), changed.clone());
        let after = move |connection: &db::Connection, Touched { released, changed, .. }| {
            told.tell(changed);
            released.iter().for_each(|place| remove_released(connection, &kept, place));
        };
        let inner = Inner {
            readers: Readers::new(dir),
            writer: Writer::start(writer, after),
            changed,
            indexer: index.map(|index| Indexer::start(index, places.clone())),
            places,
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
        Spool::new(self.inner.places.clone())
    }

    /// What has come of an upload session.
    pub fn upload(&self, mailbox: MailboxId, id: UploadId) -> Upload {
        Upload::new(self.clone(), mailbox, id)
    }

    pub(crate) fn places(&self) -> &Arc<Places> {
        &self.inner.places
    }

    /// The octets of a blob: shared memory, or a mapping of their file.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] where no row names it, [`StoreError::Corrupt`] where its file or object is gone,
    /// [`StoreError::Unavailable`] where the object can't be had now.
    pub async fn blob(&self, digest: Digest) -> Result<Blob, StoreError> {
        let mut gone = None;
        loop {
            let place = match self.read(move |tx: &ReadTx<'_>| tx.blob(&digest)).await? {
                Standing::At(place) => place,
                Standing::InRow(octets) => return Ok(Blob::named(digest, octets.into())),
            };
            // What is in a place may go between the look at its row and the look for itself: then the row is gone now too.
            match gone {
                Some((then, why)) if then == place => return Err(StoreError::Corrupt(why)),
                _ => {}
            }
            match self.places().clone().read(place.clone()).await {
                Ok(octets) => return Ok(Blob::named(digest, octets)),
                Err(StoreError::Corrupt(why)) => gone = Some((place, why)),
                Err(error) => return Err(error),
            }
        }
    }

    /// The octets of a blob, for a look that is under way.
    ///
    /// # Errors
    /// As [`Store::blob`].
    pub fn blob_within(&self, tx: &ReadTx<'_>, digest: Digest) -> Result<Blob, StoreError> {
        let octets = match tx.blob(&digest)? {
            Standing::At(place) => self.places().map(&place)?,
            Standing::InRow(octets) => octets.into(),
        };
        Ok(Blob::named(digest, octets))
    }

    /// The octets of several blobs; one that can't be had leaves the others.
    ///
    /// # Errors
    /// [`StoreError`] where nothing can be read.
    pub async fn blobs(&self, digests: Vec<Digest>) -> Result<Vec<Result<Blob, StoreError>>, StoreError> {
        let look = move |tx: &ReadTx<'_>| Ok::<_, StoreError>(digests.into_iter().map(|one| (one, tx.blob(&one))).collect());
        let standing: Vec<(Digest, Result<Standing, StoreError>)> = self.read(look).await?;
        let octets_of = |(digest, found): (Digest, Result<Standing, StoreError>)| {
            let places = self.places().clone();
            async move {
                match found? {
                    Standing::At(place) => Ok(Blob::named(digest, places.read(place).await?)),
                    Standing::InRow(octets) => Ok(Blob::named(digest, octets.into())),
                }
            }
        };
        Ok(futures::stream::iter(standing).map(octets_of).buffered(TOGETHER).collect().await)
    }
}

/// What stands in a place goes after its row: a crash in between leaves it to be swept.
fn remove_released(connection: &db::Connection, places: &Places, place: &str) {
    match ReadTx::new(connection).names_place(place) {
        Ok(true) => {}
        Ok(false) => places.remove(place),
        Err(error) => tracing::warn!(%error, "octets that no row names could not be removed; the sweep tries again"),
    }
}
