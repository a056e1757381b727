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
mod moving;
mod own_files;
mod own_objects;
mod sql;
mod sweep;

pub use blobs::{Blob, Digest, Spool, Upload, UploadPart};
pub use clock::{Clock, SystemClock, Timestamp};
pub use db::{Follower, IndexTx, ReadTx, WriteTx, sqlite_version};
pub use error::{RETRY, StoreError};
pub use ids::{CategoryId, FolderId, MailboxId, MessageId, NodeId, OverrideId, RuleId, SubmissionId, SubscriptionId, UploadId};
pub use invariants::check;
pub use location::{Location, Octets, Rows, redacted};
pub use model::application::{Application, ApplicationLimits, ApplicationUse, Credentials, KeyCredential, PasswordCredential};
pub use model::category::OutlookCategory;
pub use model::condition::{
    BodyText, Candidate, Collection, Condition, ExtendedCondition, ExtendedTest, Field, FieldValue, FlagDate, Operator,
    TextPlace, folded,
};
pub use model::delta::{Departure, Place};
pub use model::extended::{ExtendedProperty, ExtendedValue, Extension, ItemId};
pub use model::folder::{Folder, FolderCopy, FolderPlace, Removal, SearchFolder, WellKnownName};
pub use model::inference::InferenceOverride;
pub use model::lease::{Leased, Work};
pub use model::message::{MessageRecord, Overlay, Protection, Recipient};
pub use model::node::Taker;
pub use model::outbox::{ForwardPath, ForwardState, Settled, Submission, Wishes};
pub use model::person::{Account, EVERYBODY, MailboxAccess, Person};
pub use model::query::{ListQuery, OrderKey, Page, Position};
pub use model::rule::MessageRule;
pub use model::search::{Bounds, Indexed, MessageTexts, NumberField, SearchQuery, TextField, Unindexed};
pub use model::settings::{AutomaticRepliesStatus, ExternalAudience, MailboxSettings};
pub use model::sign_in::{AuthorizationCode, DeviceCode, DeviceState, Grant, RefreshToken};
pub use model::smime::{CertificateSource, SmimeCertificate, SmimeKey};
pub use model::subscription::{
    Behind, ChangeTypes, DataRecipient, Interest, LifecycleEvent, LoggedChange, Operation, Subscription, SubscriptionChange,
};
pub use model::upload::{AttachmentItem, UploadOpener, UploadOutcome, UploadPurpose, UploadSession};
pub use moving::{Compared, Moved, Secret, Step, move_store, stay};
pub use sql::{Answered, LogReach, ReadBody};

use blobs::{Places, Standing};
use db::postgres::{After, Deeds, Pool, Queue, Server, bell};
use db::{Changed, Indexer, Readers, Touched, Writer, sqlite};
use futures::StreamExt;
use std::collections::BTreeSet;
use std::fs::{self, File};
use std::path::Path;
use std::sync::Arc;
use tokio::sync::Notify;

/// Blobs of one question that are read at a time.
const TOGETHER: usize = 8;

/// An open store: rows, octets, and the folder of this process.
#[derive(Clone)]
pub struct Store {
    inner: Arc<Inner>,
}

struct Inner {
    rows: Mounted,
    changed: Arc<Changed>,
    places: Arc<Places>,
    /// Held while this process serves the directory.
    lock: Option<File>,
}

/// The engine that keeps the rows.
enum Mounted {
    Postgres {
        looks: Pool,
        deeds: Deeds,
        after: Arc<After>,
        bell: Arc<Notify>,
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
const UPKEEP: usize = 2;
const BEATS: usize = 1;

impl Store {
    /// Opens a store for serving, making it where there is none. One process at a time may serve a directory.
    ///
    /// # Errors
    /// [`StoreError::InUse`] when another process serves it; [`StoreError::Moved`]; [`StoreError::Setting`] where a URL is wrong; [`StoreError::Io`],
    /// [`StoreError::Database`] and [`StoreError::Unavailable`].
    pub fn serve(location: impl Into<Location>) -> Result<Store, StoreError> {
        let location = location.into();
        Store::serve_over(&location, || Places::open(&location.dir, &location.octets))
    }

    fn serve_over(location: &Location, places: impl FnOnce() -> Result<Places, StoreError>) -> Result<Store, StoreError> {
        let dir = &location.dir;
        fs::create_dir_all(dir)?;
        let lock = File::options().create(true).truncate(false).write(true).open(dir.join("lock"))?;
        lock.try_lock().map_err(|_| StoreError::InUse)?;
        let places = places()?;
        let store = match &location.rows {
            Rows::Sqlite => {
                own_files::demand_no_database(dir)?;
                let writer = db::open_for_writing(dir)?;
                migrate::migrate(&writer)?;
                moving::may_be_served(&ReadTx::new(&writer))?;
                sweep_files(&places, &ReadTx::new(&writer))?;
                let index = db::open_index(dir, migrate::migrate_index)?;
                Store::on_sqlite(dir, places, writer, Some((index, lock)))
            }
            Rows::Postgres { url } => {
                own_files::demand_no_rows(dir)?;
                let server = Server::parse(url)?;
                server.on_connection(|connection| {
                    migrate::migrate_postgres(connection)?;
                    moving::may_be_served(&ReadTx::new(connection))?;
                    if !places.are_shared() {
                        own_files::demand(dir, connection)?;
                    }
                    // Where octets are shared, files are of a time when they weren't, or another store's.
                    if own_files::are_known(dir, connection)? { sweep_files(&places, &ReadTx::new(connection)) } else { Ok(()) }
                })?;
                Store::on_postgres(server, places, Some(lock))
            }
        };
        sweep::start(&store);
        Ok(store)
    }

    /// Opens a store beside a server that may be running on it: same rows, no upkeep.
    ///
    /// # Errors
    /// [`StoreError::Missing`] when there is none; [`StoreError::Moved`]; [`StoreError::Setting`] where a URL is wrong; [`StoreError::Io`],
    /// [`StoreError::Database`] and [`StoreError::Unavailable`].
    pub fn beside(location: impl Into<Location>) -> Result<Store, StoreError> {
        let location = location.into();
        Store::beside_over(&location, || Places::open(&location.dir, &location.octets))
    }

    fn beside_over(location: &Location, places: impl FnOnce() -> Result<Places, StoreError>) -> Result<Store, StoreError> {
        let dir = &location.dir;
        match &location.rows {
            Rows::Sqlite if !db::exists(dir) => Err(StoreError::Missing),
            Rows::Sqlite => {
                let writer = db::open_for_writing(dir)?;
                demand_today(migrate::is_of_today(&writer)?)?;
                moving::may_be_served(&ReadTx::new(&writer))?;
                Ok(Store::on_sqlite(dir, places()?, writer, None))
            }
            Rows::Postgres { url } => {
                let server = Server::parse(url)?;
                server.on_connection(|connection| {
                    migrate::must_be_there(connection)?;
                    demand_today(migrate::has_seen_all(connection)?)?;
                    moving::may_be_served(&ReadTx::new(connection))
                })?;
                Ok(Store::on_postgres(server, places()?, None))
            }
        }
    }

    fn on_sqlite(dir: &Path, places: Places, writer: sqlite::Connection, served: Option<(sqlite::Connection, File)>) -> Store {
        let (places, changed) = (Arc::new(places), Arc::new(Changed::default()));
        let (index, lock) = served.unzip();
        let (kept, told) = (places.clone(), changed.clone());
        let after = move |connection: &sqlite::Connection, Touched { released, changed, .. }| {
            told.tell(&changed);
            released.iter().for_each(|place| remove_released(&ReadTx::new(connection), &kept, place));
        };
        let rows = Mounted::Sqlite {
            readers: Readers::new(dir),
            writer: Writer::start(writer, after),
            indexer: index.map(|index| Indexer::start(index, places.clone())),
        };
        Store { inner: Arc::new(Inner { rows, changed, places, lock }) }
    }

    fn on_postgres(server: Server, places: Places, lock: Option<File>) -> Store {
        let (places, changed) = (Arc::new(places), Arc::new(Changed::default()));
        let (kept, told) = (places.clone(), changed.clone());
        let after: Arc<After> = Arc::new(move |Touched { released, changed, .. }| {
            told.tell(&changed);
            // A place is used once: whoever names these octets anew names another.
            released.iter().for_each(|place| kept.remove(place));
        });
        let [pool, upkeep, beats] = [DEEDS, UPKEEP, BEATS].map(|at_once| Pool::new(server.clone(), at_once));
        let deeds = Deeds::new(&pool, (&upkeep, &beats), DEEDS / 2);
        let looks = Pool::new(server.clone(), LOOKS);
        let rows = Mounted::Postgres { looks, deeds, after, bell: bell::listen(server) };
        Store { inner: Arc::new(Inner { rows, changed, places, lock }) }
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

    /// Waits until another node, or a command beside it, has done what is to be gone on with at once. It may go unheard.
    pub async fn until_rung(&self) {
        match &self.inner.rows {
            Mounted::Postgres { bell, .. } => bell.notified().await,
            Mounted::Sqlite { .. } => std::future::pending().await,
        }
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
        self.do_deed(Queue::Others, deed).await
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
        self.do_deed(Queue::Mailbox(mailbox), deed).await
    }

    /// Does a short deed that must not wait behind others: what this node takes and gives back.
    ///
    /// # Errors
    /// As [`Store::write`].
    pub async fn write_upkeep<T, E>(
        &self,
        deed: impl FnOnce(&mut WriteTx<'_>) -> Result<T, E> + Clone + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        self.do_deed(Queue::Upkeep, deed).await
    }

    /// Does the one deed that waits for no other at all: that this node is there.
    ///
    /// # Errors
    /// As [`Store::write`].
    pub async fn write_beat<T, E>(
        &self,
        deed: impl FnOnce(&mut WriteTx<'_>) -> Result<T, E> + Clone + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        self.do_deed(Queue::Beats, deed).await
    }

    async fn do_deed<T, E>(
        &self,
        queue: Queue,
        deed: impl FnOnce(&mut WriteTx<'_>) -> Result<T, E> + Clone + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        match &self.inner.rows {
            Mounted::Postgres { deeds, after, .. } => deeds.write(queue, deed, after.clone()).await,
            // A command beside: the store may be closed since it was opened.
            Mounted::Sqlite { writer, .. } if self.inner.lock.is_none() => {
                writer.write(|tx: &mut WriteTx<'_>| moving::may_be_served(tx).map_err(E::from).and_then(|()| deed(tx))).await
            }
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
            Mounted::Postgres { deeds, .. } => deeds.index(self.inner.places.clone(), work).await,
            Mounted::Sqlite { indexer: Some(indexer), .. } => indexer.index(work).await,
            Mounted::Sqlite { indexer: None, .. } => Err(StoreError::Stopped.into()),
        }
    }

    /// Has a mailbox taken for changed by one who follows, so that he looks at it soon.
    pub fn tell_changed(&self, follower: Follower, mailbox: MailboxId) {
        self.inner.changed.tell_one(follower, &[mailbox]);
    }

    /// Mailboxes that this process changed since this follower last took them, all of it durable.
    pub fn take_changed(&self, follower: Follower) -> BTreeSet<MailboxId> {
        self.inner.changed.take(follower)
    }

    /// Waits until a mailbox is changed.
    pub async fn until_changed(&self, follower: Follower) {
        self.inner.changed.wait(follower).await;
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

    /// Looks whether rows and octets can be reached: a step into an index, and a glance at where octets stand.
    ///
    /// # Errors
    /// [`StoreError`]: why they can't.
    pub async fn reach(&self) -> Result<(), StoreError> {
        let look = |tx: &ReadTx<'_>| match moving::may_be_served(tx) {
            Err(StoreError::Moved(why)) => Err(StoreError::Unavailable(why)),
            Err(error) => Err(error),
            Ok(()) => tx.person(MailboxId([0; 16])), // nobody has this id
        };
        self.read::<_, StoreError>(look).await?;
        self.places().reach().await
    }

    /// The octets of several blobs ; one that can't be had leaves the others.
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

/// Whoever comes beside a store changes no schema, and knows no other than today's.
fn demand_today(is_of_today: bool) -> Result<(), StoreError> {
    let why = || StoreError::Setting("the store is another version's; start a server of this version on it first".to_owned());
    is_of_today.then_some(()).ok_or_else(why)
}

/// Removes files that a crash left over.
fn sweep_files(places: &Places, tx: &ReadTx<'_>) -> Result<(), StoreError> {
    places.files.sweep(|place| tx.names_place(place), |id| tx.names_upload(id))
}

/// What stands in a place goes after its row: a crash in between leaves it to be swept.
fn remove_released(tx: &ReadTx<'_>, places: &Places, place: &str) {
    match tx.names_place(place) {
        Ok(true) => {}
        Ok(false) => places.remove(place),
        Err(error) => tracing::warn!(%error, "octets that no row names could not be removed; the sweep tries again"),
    }
}
