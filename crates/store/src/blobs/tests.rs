//! Octets outside the rows, against a server that speaks S3 and fails when it is told to.

mod clouds;
mod naming;
mod objects;
mod s3;
mod uploads;

use super::octets::{Clouds, Place};
use super::{Blob, Digest, Places};
use crate::{MailboxId, Store, StoreError, Timestamp, UploadId, UploadOutcome, UploadPurpose, UploadSession, WriteTx};
use object_store::aws::AmazonS3Builder;
use s3::{ACCESS_KEY_ID, Fault, S3Server, SECRET_ACCESS_KEY};
use std::path::Path;
use std::time::{Duration, Instant};

const MAILBOX: MailboxId = MailboxId([7; 16]);

/// A node's share of what nodes share: the first one's database, and a directory of copies of its own.
struct Node {
    store: Store,
    dir: tempfile::TempDir,
}

/// A server of objects, and the first node.
struct House {
    server: S3Server,
    options: &'static str,
    first: Node,
}

impl House {
    fn new(options: &'static str) -> House {
        let (server, dir) = (S3Server::start(), tempfile::tempdir().expect("temporary directory"));
        let store = Store::serve_over(&dir.path().into(), || places(dir.path(), &server.url(options))).expect("store");
        House { server, options, first: Node { store, dir } }
    }

    /// One more node, which has copied nothing yet.
    fn node(&self) -> Node {
        let dir = tempfile::tempdir().expect("temporary directory");
        let copies = || places(dir.path(), &self.server.url(self.options));
        let store = Store::beside_over(&self.first.dir.path().into(), copies).expect("store");
        Node { store, dir }
    }

    /// Waits until there are so many objects: some go in the background.
    async fn until_objects(&self, count: usize) {
        let began = Instant::now();
        while self.server.objects().len() != count {
            assert!(began.elapsed() < Duration::from_secs(10), "{count} objects: {:?}", self.server.objects());
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    async fn check(&self) {
        let (dir, url) = (self.first.dir.path().to_owned(), self.server.url(self.options));
        let check = move || crate::invariants::check_over(&dir.as_path().into(), || places(&dir, &url));
        assert_eq!(super::blocking(check).await.expect("check"), Vec::<String>::new());
    }
}

fn places(dir: &Path, url: &str) -> Result<Places, StoreError> {
    let s3 = AmazonS3Builder::new().with_access_key_id(ACCESS_KEY_ID).with_secret_access_key(SECRET_ACCESS_KEY);
    Places::over(dir, Some(Place::parse(url, Clouds { s3, ..Clouds::default() })?))
}

impl Node {
    async fn spooled(&self, octets: &[u8]) -> Result<Blob, StoreError> {
        self.store.spool().write(octets.to_vec()).await.expect("octets").finish().await
    }

    /// Has an upload name octets.
    async fn name(&self, blob: &Blob) -> UploadId {
        let (id, blob) = (UploadId::new(Timestamp(0)), blob.clone());
        self.store.write(move |tx: &mut WriteTx<'_>| name(tx, id, &blob)).await.expect("deed");
        id
    }

    async fn release(&self, id: UploadId) {
        self.store.write(move |tx: &mut WriteTx<'_>| tx.remove_upload_session(MAILBOX, id)).await.expect("deed");
    }

    async fn read(&self, digest: Digest) -> Result<bytes::Bytes, StoreError> {
        Ok(self.store.blob(digest).await?.octets)
    }

    /// Octets of all copies that this node has.
    fn copied(&self) -> u64 {
        let found = super::files::files_in(&self.dir.path().join("blobs/cache")).expect("copies");
        found.iter().map(|file| file.size).sum()
    }
}

fn session(id: UploadId, size: u64) -> UploadSession {
    let expiration_date_time = Timestamp(i64::MAX);
    UploadSession { id, size, expiration_date_time, opener: None, purpose: UploadPurpose::Message, outcome: None }
}

fn name(tx: &mut WriteTx<'_>, id: UploadId, blob: &Blob) -> Result<(), StoreError> {
    tx.put_blob(blob)?;
    tx.add_upload_session(MAILBOX, &session(id, blob.octets.len() as u64))?;
    tx.finish_upload_session(MAILBOX, id, UploadOutcome::Message(blob.digest))
}

/// Octets in which no piece is like another.
fn octets(count: usize, seed: u64) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    let mut made = Vec::with_capacity(count + 8);
    while made.len() < count {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        made.extend_from_slice(&state.to_le_bytes());
    }
    made.truncate(count);
    made
}

const KIB: usize = 1024;
const MIB: usize = 1024 * KIB;
