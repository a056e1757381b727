//! Where octets stand that don't stand in a row: in files of the data directory, or as objects that all nodes share, with
//! copies in the data directory of what was read lately.

use super::cache::Cache;
use super::files::{BlobFiles, TempFile, digest_of, new_place};
use super::objects::{Client, Objects};
use super::octets::{Clouds, Place};
use super::unnamed::Unnamed;
use super::{Blob, Digest, blocking};
use crate::error::StoreError;
use crate::location::Octets;
use bytes::Bytes;
use futures::future::{BoxFuture, Shared};
use futures::{FutureExt, TryStreamExt};
use sha2::{Digest as _, Sha256};
use std::collections::HashMap;
use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

/// Octets of a file that are taken at a time where they go through this process.
const PIECE: usize = 1024 * 1024;

/// Where octets stand.
#[derive(Debug)]
pub(crate) struct Places {
    pub(crate) files: Arc<BlobFiles>,
    pub(crate) shared: Option<SharedPlaces>,
}

/// Octets that all nodes share.
#[derive(Debug)]
pub(crate) struct SharedPlaces {
    pub(crate) objects: Objects,
    cache: Arc<Cache>,
    /// What is being fetched: whoever wants the same waits for it too.
    coming: Arc<Mutex<HashMap<String, Coming>>>,
}

type Coming = Shared<BoxFuture<'static, Result<Bytes, Arc<StoreError>>>>;

/// What is fetched no longer is coming, however that ends.
struct UnderWay {
    coming: Arc<Mutex<HashMap<String, Coming>>>,
    place: String,
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        self.coming.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.place);
    }
}

impl Places {
    pub(crate) fn open(dir: &Path, octets: &Octets) -> Result<Places, StoreError> {
        match octets {
            Octets::Files => Places::over(dir, None),
            Octets::Objects { url } => Places::over(dir, Some(Place::parse(url, Clouds::from_env())?)),
        }
    }

    /// The same, for who reads each octet once: copies of objects are neither kept nor looked at.
    pub(crate) fn open_to_move(dir: &Path, octets: &Octets) -> Result<Places, StoreError> {
        let files = Arc::new(BlobFiles::open(dir)?);
        let share = |url: &str| {
            let (objects, _) = Objects::open(Place::parse(url, Clouds::from_env())?)?;
            let cache = Arc::new(Cache::of_nothing(files.cache()));
            Ok::<_, StoreError>(SharedPlaces { objects, cache, coming: Arc::default() })
        };
        let shared = match octets {
            Octets::Files => None,
            Octets::Objects { url } => Some(share(url)?),
        };
        Ok(Places { shared, files })
    }

    pub(super) fn over(dir: &Path, place: Option<Place>) -> Result<Places, StoreError> {
        let files = Arc::new(BlobFiles::open(dir)?);
        let share = |place| {
            let (objects, options) = Objects::open(place)?;
            let cache = Arc::new(Cache::open(files.cache(), options.cache_bytes)?);
            Ok::<_, StoreError>(SharedPlaces { objects, cache, coming: Arc::default() })
        };
        Ok(Places { shared: place.map(share).transpose()?, files })
    }

    /// Makes a blob of a whole file: synced where it is to stand, or put as an object, before this answers.
    pub(crate) async fn put(self: Arc<Places>, digest: Digest, temp: TempFile) -> Result<Blob, StoreError> {
        if self.shared.is_some() {
            return self.put_object(digest, temp).await;
        }
        blocking(move || {
            let octets = temp.finish()?;
            Ok(Blob::unnamed(digest, octets, Unnamed::file(self, temp)))
        })
        .await
    }

    async fn put_object(self: Arc<Places>, digest: Digest, temp: TempFile) -> Result<Blob, StoreError> {
        let places = self.clone();
        let shared = self.shared()?;
        let (client, cache) = (shared.objects.client(), shared.cache.clone());
        let putting = shared.objects.spawn(async move {
            let (octets, place) = (temp.octets()?, new_place(&digest));
            // From now on it is removed unless it is named: an error may come of one that is there nevertheless.
            let unnamed = Unnamed::object(places, place.clone());
            client.put(&place, octets.clone()).await?;
            if let Err(error) = cache.take(temp, &place, octets.len() as u64) {
                tracing::warn!(%error, "what was put as an object has no copy here");
            }
            Ok(Blob::unnamed(digest, octets, unnamed))
        })?;
        putting.await.unwrap_or(Err(StoreError::Stopped))
    }

    /// Looks whether octets can be reached.
    pub(crate) async fn reach(&self) -> Result<(), StoreError> {
        self.files.reach()?;
        let Some(shared) = &self.shared else { return Ok(()) };
        let client = shared.objects.client();
        shared.objects.spawn(async move { client.reach().await })?.await.unwrap_or(Err(StoreError::Stopped))
    }

    /// Whether other nodes see what stands here.
    pub(crate) fn are_shared(&self) -> bool {
        self.shared.is_some()
    }

    /// What asks for objects, where there are any.
    pub(crate) fn client(&self) -> Option<Client> {
        self.shared.as_ref().map(|shared| shared.objects.client())
    }

    /// Does some work on the threads that ask for objects, where there are any; nobody waits for it.
    pub(crate) fn spawn(&self, work: impl Future<Output = Result<(), StoreError>> + Send + 'static) {
        if let Some(shared) = &self.shared {
            let _ = shared.objects.spawn(work); // else everything is being dropped
        }
    }

    /// Gives a synced file its place, durably.
    pub(crate) fn keep(&self, temp: TempFile, place: &str) -> Result<(), StoreError> {
        self.files.keep(temp, place)
    }

    /// Maps what stands in a place; an object is fetched first unless there is a copy of it.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] where it isn't there or isn't what it was, [`StoreError::Unavailable`], [`StoreError::Io`].
    pub(crate) fn map(&self, place: &str) -> Result<Bytes, StoreError> {
        match self.find(place)? {
            Some(octets) => Ok(octets),
            None => self.shared()?.fetch(&self.files, place),
        }
    }

    /// The same, where no thread waits.
    pub(crate) async fn read(self: Arc<Places>, place: String) -> Result<Bytes, StoreError> {
        let (places, at) = (self.clone(), place.clone());
        match blocking(move || places.find(&at)).await? {
            Some(octets) => Ok(octets),
            None => self.shared()?.fetched(&self.files, &place).await,
        }
    }

    /// Maps what stands in a place, if it is here; nothing for an object that is to be fetched.
    fn find(&self, place: &str) -> Result<Option<Bytes>, StoreError> {
        let Some(shared) = &self.shared else { return self.files.map(place).map(Some) };
        match shared.cache.map(place)? {
            Some(octets) => Ok(Some(octets)),
            None => self.files.find(place), // of a time when octets stood in files
        }
    }

    /// Removes what stands in a place that no row names. An object goes in the background; where it doesn't, the sweep comes
    /// by again.
    pub(crate) fn remove(&self, place: &str) {
        if let Err(error) = self.files.remove(place) {
            tracing::warn!(%error, "a blob's file could not be removed; the next start tries again");
        }
        let Some(shared) = &self.shared else { return };
        shared.cache.remove(place);
        let (client, place) = (shared.objects.client(), place.to_owned());
        let removing = async move {
            if let Err(error) = client.remove(&place).await {
                tracing::warn!(%error, "a blob's object could not be removed; the sweep tries again");
            }
            Ok(())
        };
        self.spawn(removing);
    }

    /// Removes an object that no row names, and waits until it is gone.
    pub(crate) async fn remove_object(&self, place: &str) -> Result<(), StoreError> {
        let Some(shared) = &self.shared else { return Ok(()) };
        shared.cache.remove(place);
        shared.objects.client().remove(place).await
    }

    /// The digest of what stands in a place, and how many octets that is: read from where it stands, and not kept here.
    pub(crate) fn digest(&self, place: &str) -> Result<(Digest, u64), StoreError> {
        let take = |(hasher, size): &mut (Sha256, u64), octets: &[u8]| {
            hasher.update(octets);
            *size += octets.len() as u64;
            Ok(())
        };
        let (hasher, size) = self.pour(place, (Sha256::new(), 0), take)?;
        Ok((Digest(hasher.finalize().into()), size))
    }

    /// Has `taker` take what stands in a place, piece by piece from where it stands; it isn't kept here. This thread waits.
    pub(crate) fn pour<T: Send + 'static>(
        &self,
        place: &str,
        mut taker: T,
        take: fn(&mut T, &[u8]) -> Result<(), StoreError>,
    ) -> Result<T, StoreError> {
        let octets = match &self.shared {
            None => Some(self.files.map(place)?),
            Some(_) => self.files.find(place)?,
        };
        if let Some(octets) = octets {
            octets.chunks(PIECE).try_for_each(|piece| take(&mut taker, piece))?;
            return Ok(taker);
        }
        let (client, place) = (self.shared()?.objects.client(), place.to_owned());
        self.shared()?.objects.wait(async move {
            client.fetch(&place, |octets| take(&mut taker, octets)).await?;
            Ok(taker)
        })
    }

    /// Does some work on the objects, if there are any, while this thread waits.
    pub(crate) fn wait_for<T: Send + 'static, F: Future<Output = Result<T, StoreError>> + Send + 'static>(
        &self,
        work: impl FnOnce(Client) -> F,
    ) -> Result<Option<T>, StoreError> {
        self.shared.as_ref().map(|shared| shared.objects.wait(work(shared.objects.client()))).transpose()
    }

    /// Whether any object stands among those that are shared. This thread waits.
    pub(crate) fn has_objects(&self) -> Result<bool, StoreError> {
        let Some(shared) = &self.shared else { return Ok(false) };
        let client = shared.objects.client();
        shared.objects.wait(async move {
            let ours = client.list().try_filter(|found| std::future::ready(found.is_ours()));
            Ok(std::pin::pin!(ours).try_next().await?.is_some())
        })
    }

    fn shared(&self) -> Result<&SharedPlaces, StoreError> {
        self.shared.as_ref().ok_or(StoreError::Stopped)
    }
}

impl SharedPlaces {
    /// Fetches an object, once for all who want it now.
    async fn fetched(&self, files: &Arc<BlobFiles>, place: &str) -> Result<Bytes, StoreError> {
        self.coming(files, place)?.await.map_err(|error| again(&error))
    }

    /// The same, while this thread waits.
    fn fetch(&self, files: &Arc<BlobFiles>, place: &str) -> Result<Bytes, StoreError> {
        let coming = self.coming(files, place)?;
        self.objects.wait(async move { coming.await.map_err(|error| again(&error)) })
    }

    fn coming(&self, files: &Arc<BlobFiles>, place: &str) -> Result<Coming, StoreError> {
        let mut under_way = self.coming.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(coming) = under_way.get(place) {
            return Ok(coming.clone());
        }
        let fetching = fetch(self.objects.client(), self.cache.clone(), files.clone(), place.to_owned());
        let (coming, at) = (self.coming.clone(), place.to_owned());
        let fetching = self.objects.spawn(async move {
            let _under_way = UnderWay { coming, place: at };
            fetching.await
        })?;
        let coming = async move { fetching.await.unwrap_or(Err(StoreError::Stopped)).map_err(Arc::new) }.boxed().shared();
        under_way.insert(place.to_owned(), coming.clone());
        Ok(coming)
    }
}

/// Fetches an object into a file, and looks whether it is what it was.
async fn fetch(client: Client, cache: Arc<Cache>, files: Arc<BlobFiles>, place: String) -> Result<Bytes, StoreError> {
    if let Some(octets) = cache.map(&place)? {
        return Ok(octets); // it came between the look for it and this
    }
    let (mut temp, mut hasher) = (files.temp_file()?, Sha256::new());
    let take = |octets: &[u8]| {
        hasher.update(octets);
        temp.write_all(octets)
    };
    let size = client.fetch(&place, take).await?;
    if digest_of(&place) != Some(Digest(hasher.finalize().into())) {
        return Err(StoreError::Corrupt(format!("blob {place}: the object has other octets than it had")));
    }
    let octets = temp.octets()?;
    cache.take(temp, &place, size)?;
    Ok(octets)
}

/// The same error for everybody who waited.
fn again(error: &StoreError) -> StoreError {
    match error {
        StoreError::Corrupt(why) => StoreError::Corrupt(why.clone()),
        StoreError::Unavailable(why) => StoreError::Unavailable(why.clone()),
        StoreError::Stopped => StoreError::Stopped,
        error => StoreError::Io(io::Error::other(error.to_string())),
    }
}
