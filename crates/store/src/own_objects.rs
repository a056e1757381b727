//! A prefix of object storage is one store's. It and the rows know each other by an id, in an object beside the octets: whoever
//! sweeps another's would remove what his own rows don't name.

use crate::Store;
use crate::blobs::Client;
use crate::clock::{Clock, SystemClock};
use crate::db::{ReadTx, WriteTx};
use crate::error::StoreError;
use crate::ids;
use futures::TryStreamExt;
use std::pin::pin;

/// The id's object, beside the octets.
const OBJECT: &str = "id";
/// The name of its row among the secrets.
const ROW: &str = "objects/id";
/// Objects of which one must be named by rows, where no id says whose they are.
const LOOKED_AT: usize = 1000;

/// The id that the rows know.
pub(crate) fn known(tx: &ReadTx<'_>) -> Result<Option<String>, StoreError> {
    let text = |octets| String::from_utf8(octets).map_err(|_| StoreError::Corrupt(format!("the secret {ROW}")));
    tx.secret(ROW)?.map(text).transpose()
}

/// Has the rows know an id, unless they know one; answers which they do.
pub(crate) fn know(tx: &mut WriteTx<'_>, id: &str) -> Result<String, StoreError> {
    tx.replace_secret(ROW, None, id.as_bytes(), SystemClock.now())?;
    known(tx)?.ok_or_else(|| StoreError::Corrupt(format!("no secret {ROW}")))
}

/// The id that the objects have.
pub(crate) async fn found(client: &Client) -> Result<Option<String>, StoreError> {
    client.small(OBJECT).await
}

/// Gives them one.
pub(crate) async fn mark(client: &Client, id: &str) -> Result<(), StoreError> {
    client.put(OBJECT, id.to_owned().into()).await
}

/// A new one.
pub(crate) fn new() -> String {
    ids::random().to_string()
}

impl Store {
    /// Whether the objects are known to be this store's. Those that are nobody's, or that its rows name, become so.
    ///
    /// # Errors
    /// [`StoreError`] where rows or objects can't be had.
    pub(crate) async fn owns_objects(&self, client: &Client) -> Result<bool, StoreError> {
        let (known, found) = (self.read(known).await?, found(client).await?);
        match (known, found) {
            (Some(known), Some(found)) => Ok(known == found),
            (None, None) if self.may_claim(client).await? => {
                let id = new();
                let id = self.write(move |tx: &mut WriteTx<'_>| know(tx, &id)).await?; // of several nodes one has made it
                mark(client, &id).await.map(|()| true)
            }
            (_, _) => Ok(false),
        }
    }

    /// Whether nothing speaks against it: of a time before there were ids are objects that rows name.
    async fn may_claim(&self, client: &Client) -> Result<bool, StoreError> {
        let mut listed = pin!(client.list().try_filter(|one| std::future::ready(one.is_ours())).try_chunks(LOOKED_AT));
        let Some(first) = listed.try_next().await.map_err(|broken| broken.1)? else { return Ok(true) };
        let look = move |tx: &ReadTx<'_>| {
            first.iter().try_fold(false, |named, one| Ok::<_, StoreError>(named || tx.names_place(&one.place)?))
        };
        self.read(look).await
    }
}
