//! The same over another cloud's client. Google's storage takes S3's requests for whole objects, parts and lists in an
//! XML of the same form, so the server of these tests answers its client too.

use super::*;
use object_store::gcp::{GoogleCloudStorageBuilder, GoogleConfigKey};

const TOKEN: &str = "a token of nobody";

fn over_google(dir: &Path, endpoint: &str) -> Result<Places, StoreError> {
    let google = GoogleCloudStorageBuilder::new().with_config(GoogleConfigKey::BearerToken, TOKEN);
    let url = format!("gs://{}/some/prefix?endpoint={endpoint}&timeout_seconds=3", s3::BUCKET);
    Places::over(dir, Some(Place::parse(&url, Clouds { google, ..Clouds::default() })?))
}

#[tokio::test]
async fn googles_client_puts_gets_lists_and_removes_as_s3s_does() {
    let (server, here, there) = (S3Server::with_token(TOKEN), tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let store = Store::serve_over(&here.path().into(), || over_google(here.path(), &server.endpoint)).expect("store");
    let first = Node { store, dir: here };
    let copies = || over_google(there.path(), &server.endpoint);
    let second = Store::beside_over(&first.dir.path().into(), copies).expect("store");
    let mut named = Vec::new();
    for size in [256 * KIB, 5 * MIB, 5 * MIB + 1, 12 * MIB] {
        let given = octets(size, size as u64);
        let blob = first.spooled(&given).await.expect("put");
        named.push(first.name(&blob).await);
        assert!(second.blob(blob.digest).await.expect("read").octets == given, "{size} octets");
    }
    assert_eq!(server.objects().len(), 4);
    let (at, over, endpoint) = (first.dir.path().to_owned(), there.path().to_owned(), server.endpoint.clone());
    let check = move || crate::invariants::check_over(&at.as_path().into(), || over_google(&over, &endpoint));
    assert_eq!(super::super::blocking(check).await.expect("check"), Vec::<String>::new());
    for id in named {
        first.release(id).await;
    }
    let began = Instant::now();
    while !server.objects().is_empty() {
        assert!(began.elapsed() < Duration::from_secs(10), "{:?}", server.objects());
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    server.judge(|_| Some(Fault::Status(500)));
    assert!(matches!(first.spooled(&octets(MIB, 1)).await, Err(StoreError::Unavailable(_))));
}
