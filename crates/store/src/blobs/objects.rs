//! Large blobs as objects of a store that all nodes share. It is asked on threads of its own, so that whoever may wait can
//! wait for it from anywhere, and what was begun goes on when nobody waits any more.

use super::files::{digest_of, is_former};
use super::octets::{Options, Place};
use crate::clock::Timestamp;
use crate::error::StoreError;
use bytes::Bytes;
use futures::{Stream, TryStreamExt};
use object_store::path::Path;
use object_store::{MultipartUpload, ObjectStore, ObjectStoreExt, PutPayload};
use std::future::Future;
use std::sync::{Arc, mpsc};
use tokio::runtime::Runtime;
use tokio::task::{JoinHandle, JoinSet};

/// Octets up to this number go in one request; what is larger goes in pieces of it. S3 takes none smaller, but the last.
const PIECE: usize = 5 * 1024 * 1024;
/// Pieces of one object that are under way together.
const TOGETHER: usize = 2;
/// S3 takes no more pieces of one object.
const MOST_PIECES: usize = 10_000;

/// Octets of an object that is a few words.
const MOST_SMALL: u64 = 256;

/// The objects that this store shares with others.
#[derive(Debug)]
pub(crate) struct Objects {
    client: Client,
    /// Nothing only while this is dropped.
    runtime: Option<Runtime>,
}

/// What asks the objects' store; it can be taken along to the threads that do.
#[derive(Debug, Clone)]
pub(crate) struct Client(Arc<dyn ObjectStore>);

/// An object that is there.
pub(crate) struct Found {
    pub(crate) place: String,
    pub(crate) size: u64,
    pub(crate) written: Timestamp,
}

impl Found {
    /// Whether its name is one that octets have here: others may have put something beside them.
    pub(crate) fn is_ours(&self) -> bool {
        digest_of(&self.place).is_some() && is_former(&self.place).is_none()
    }
}

impl Objects {
    pub(super) fn open(place: Place) -> Result<(Objects, Options), StoreError> {
        let mut builder = tokio::runtime::Builder::new_multi_thread();
        let runtime = builder.worker_threads(2).thread_name("objects").enable_all().build()?;
        Ok((Objects { client: Client(place.store), runtime: Some(runtime) }, place.options))
    }

    pub(crate) fn client(&self) -> Client {
        self.client.clone()
    }

    /// Begins some work, which is done whoever waits for it.
    pub(crate) fn spawn<T: Send + 'static>(
        &self,
        work: impl Future<Output = Result<T, StoreError>> + Send + 'static,
    ) -> Result<JoinHandle<Result<T, StoreError>>, StoreError> {
        Ok(self.runtime.as_ref().ok_or(StoreError::Stopped)?.spawn(work))
    }

    /// Does some work while this thread waits, which may.
    pub(crate) fn wait<T: Send + 'static>(
        &self,
        work: impl Future<Output = Result<T, StoreError>> + Send + 'static,
    ) -> Result<T, StoreError> {
        let (tell, told) = mpsc::sync_channel(1);
        self.spawn(async move {
            let _ = tell.send(work.await);
            Ok(())
        })?;
        told.recv().unwrap_or(Err(StoreError::Stopped)) // it panicked
    }
}

impl Drop for Objects {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background(); // this may be one of its own threads
        }
    }
}

impl Client {
    /// Puts octets into a place; they are there when this answers `Ok`. They are never copied: a mapping goes out as it is.
    pub(crate) async fn put(&self, place: &str, octets: Bytes) -> Result<(), StoreError> {
        let at = Path::from(place);
        let put = if octets.len() <= PIECE {
            self.0.put(&at, PutPayload::from(octets)).await.map(|_| ())
        } else {
            self.put_in_pieces(&at, octets).await
        };
        // Where a bucket isn't there, nothing is wrong with octets.
        put.map_err(|error| StoreError::Unavailable(format!("{place}: {}", told(&error))))
    }

    /// A few octets of text in a place; nothing where there is no object.
    pub(crate) async fn small(&self, place: &str) -> Result<Option<String>, StoreError> {
        match self.0.get_range(&Path::from(place), 0..MOST_SMALL).await {
            Ok(octets) => Ok(Some(String::from_utf8_lossy(&octets).trim().to_owned())),
            Err(object_store::Error::NotFound { .. }) => Ok(None),
            Err(error) => Err(unavailable(place, &error)),
        }
    }

    async fn put_in_pieces(&self, at: &Path, octets: Bytes) -> Result<(), object_store::Error> {
        let size = octets.len() as u64;
        let mut upload = self.0.put_multipart(at).await?;
        if let Err(error) = send_pieces(upload.as_mut(), octets).await {
            abort(upload);
            return Err(error);
        }
        let Err(error) = upload.complete().await else { return Ok(()) };
        // Where it was the answer that got lost, and not the request, the object is there.
        if self.0.head(at).await.is_ok_and(|found| found.size == size) {
            return Ok(());
        }
        abort(upload);
        Err(error)
    }

    /// Takes the octets in a place as they come; answers how many there are.
    pub(crate) async fn fetch(
        &self,
        place: &str,
        mut take: impl FnMut(&[u8]) -> Result<(), StoreError> + Send,
    ) -> Result<u64, StoreError> {
        let found = self.0.get(&Path::from(place)).await.map_err(|error| unavailable(place, &error))?;
        let size = found.meta.size;
        let (mut stream, mut come) = (found.into_stream(), 0);
        while let Some(octets) = stream.try_next().await.map_err(|error| unavailable(place, &error))? {
            come += octets.len() as u64;
            tokio::task::block_in_place(|| take(&octets))?;
        }
        if come == size {
            Ok(size)
        } else {
            Err(StoreError::Unavailable(format!("{place} broke off after {come} octets of {size}")))
        }
    }

    /// Removes what is in a place, if anything is.
    pub(crate) async fn remove(&self, place: &str) -> Result<(), StoreError> {
        match self.0.delete(&Path::from(place)).await {
            Err(object_store::Error::NotFound { .. }) => Ok(()),
            removed => removed.map_err(|error| unavailable(place, &error)),
        }
    }

    /// Asks for an object that nobody has; that there is none is an answer.
    pub(crate) async fn reach(&self) -> Result<(), StoreError> {
        match self.0.head(&Path::from("none")).await {
            Ok(_) | Err(object_store::Error::NotFound { .. }) => Ok(()),
            Err(error) => Err(unavailable("none", &error)),
        }
    }

    /// All objects, as the store lists them: page by page.
    pub(crate) fn list(&self) -> impl Stream<Item = Result<Found, StoreError>> + Send + use<> {
        self.0.list(None).map_err(|error| unavailable("the list", &error)).map_ok(|found| Found {
            place: found.location.to_string(),
            size: found.size,
            written: Timestamp(found.last_modified.timestamp_micros()),
        })
    }
}

async fn send_pieces(upload: &mut dyn MultipartUpload, mut octets: Bytes) -> Result<(), object_store::Error> {
    let size = PIECE.max(octets.len().div_ceil(MOST_PIECES));
    let mut sending = JoinSet::new();
    while !octets.is_empty() {
        if sending.len() == TOGETHER {
            sending.join_next().await.transpose()?.transpose()?;
        }
        let piece = octets.split_to(size.min(octets.len()));
        sending.spawn(upload.put_part(PutPayload::from(piece)));
    }
    while let Some(sent) = sending.join_next().await {
        sent??;
    }
    Ok(())
}

/// Removes the pieces of an object that came to nothing; nobody waits for it.
fn abort(mut upload: Box<dyn MultipartUpload>) {
    tokio::spawn(async move {
        if let Err(error) = upload.abort().await {
            tracing::warn!(%error, "the pieces of an object that came to nothing could not be removed");
        }
    });
}

fn unavailable(place: &str, error: &object_store::Error) -> StoreError {
    match error {
        object_store::Error::NotFound { .. } => StoreError::Corrupt(format!("blob {place}: there is no such object")),
        error => StoreError::Unavailable(format!("{place}: {}", told(error))),
    }
}

/// An error with what it comes from, which it doesn't tell by itself.
pub(super) fn told(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let cause_text = cause.to_string();
        if !text.contains(&cause_text) {
            text = format!("{text}: {cause_text}");
        }
        source = cause.source();
    }
    text
}
