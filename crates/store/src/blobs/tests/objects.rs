//! Octets go up and come down as they were, or it is said why not.

use super::*;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

#[tokio::test]
async fn octets_of_any_size_are_read_by_another_node_as_they_were() {
    let house = House::new("");
    let other = house.node();
    let sizes = [0, 1, 256 * KIB - 1, 256 * KIB, 256 * KIB + 1, 5 * MIB - 1, 5 * MIB, 5 * MIB + 1, 40 * MIB];
    for size in sizes {
        let given = octets(size, size as u64);
        let blob = house.first.spooled(&given).await.expect("put");
        assert_eq!(blob.digest, Digest::of(&given));
        house.first.name(&blob).await;
        house.server.take_requests();
        assert!(house.first.read(blob.digest).await.expect("read") == given, "{size} octets, where they were put");
        assert_eq!(house.server.take_requests(), Vec::<String>::new(), "they have a copy there");
        assert!(other.read(blob.digest).await.expect("read") == given, "{size} octets, elsewhere");
        assert_eq!(house.server.take_requests().len(), usize::from(size >= 256 * KIB));
        assert!(other.read(blob.digest).await.expect("read") == given, "{size} octets, once more");
        assert_eq!(house.server.take_requests(), Vec::<String>::new());
    }
    assert_eq!(house.server.objects().len(), sizes.iter().filter(|size| **size >= 256 * KIB).count());
    house.check().await;
}

#[tokio::test]
async fn a_directory_that_nodes_share_serves_too() {
    let (dir, elsewhere, shared) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let url = format!("file://{}", shared.path().display());
    let first = Store::serve_over(&dir.path().into(), || places(dir.path(), &url)).expect("store");
    let second = Store::beside_over(&dir.path().into(), || places(elsewhere.path(), &url)).expect("store");
    let (first, second) = (Node { store: first, dir }, Node { store: second, dir: elsewhere });
    for size in [300 * KIB, 12 * MIB] {
        let given = octets(size, 3);
        let blob = first.spooled(&given).await.expect("put");
        let id = first.name(&blob).await;
        assert!(second.read(blob.digest).await.expect("read") == given);
        second.release(id).await;
        assert!(matches!(first.read(blob.digest).await, Err(StoreError::NotFound)));
    }
}

#[tokio::test]
async fn what_cannot_be_put_is_named_by_nobody() {
    let house = House::new("&timeout_seconds=1");
    house.server.judge(|_| Some(Fault::Status(503)));
    for size in [MIB, 12 * MIB] {
        let refused = house.first.spooled(&octets(size, 1)).await;
        assert!(matches!(refused, Err(StoreError::Unavailable(_))), "{refused:?}");
    }
    house.server.judge(|_| Some(Fault::Status(403)));
    let refused = house.first.spooled(&octets(MIB, 1)).await;
    assert!(
        matches!(&refused, Err(StoreError::Unavailable(why)) if why.contains("403") || why.contains("privileges")),
        "{refused:?}"
    );
    house.server.mend();
    assert_eq!(house.server.objects(), Vec::<std::path::PathBuf>::new());
    let scratch = std::fs::read_dir(house.first.dir.path().join("blobs/tmp")).expect("folder").count();
    assert_eq!(scratch, 0, "what was written meanwhile is gone");
    house.check().await;
}

#[tokio::test]
async fn other_octets_than_were_put_are_told() {
    let house = House::new("");
    let blob = house.first.spooled(&octets(MIB, 1)).await.expect("put");
    house.first.name(&blob).await;
    let object = house.server.objects().pop().expect("an object");
    let mut damaged = std::fs::read(&object).expect("octets");
    damaged[MIB / 2] ^= 1;
    std::fs::write(&object, damaged).expect("octets");
    let other = house.node();
    let read = other.read(blob.digest).await;
    assert!(matches!(&read, Err(StoreError::Corrupt(why)) if why.contains(&blob.digest.to_hex())), "{read:?}");
    assert_eq!(other.copied(), 0, "no copy is made of it");
    std::fs::remove_file(object).expect("object");
    let read = other.read(blob.digest).await;
    assert!(matches!(&read, Err(StoreError::Corrupt(why)) if why.contains("no such object")), "{read:?}");
}

#[tokio::test]
async fn pieces_that_come_to_nothing_are_taken_back() {
    let house = House::new("&timeout_seconds=1");
    for fault in [Fault::Hang, Fault::Status(500)] {
        house.server.judge(move |asked| asked.contains("partNumber=2").then_some(fault));
        house.server.take_requests();
        let began = Instant::now();
        let refused = house.first.spooled(&octets(6 * MIB, 1)).await;
        assert!(matches!(refused, Err(StoreError::Unavailable(_))), "{refused:?}");
        assert!(began.elapsed() < Duration::from_secs(4), "{fault:?} took {:?}", began.elapsed());
        let mut requests = Vec::new();
        while !requests.iter().any(|asked: &String| asked.starts_with("DELETE") && asked.contains("uploadId=")) {
            assert!(began.elapsed() < Duration::from_secs(10), "{requests:?}");
            tokio::time::sleep(Duration::from_millis(10)).await;
            requests.append(&mut house.server.take_requests());
        }
    }
    assert_eq!(house.server.objects(), Vec::<std::path::PathBuf>::new());
}

/// A judge that has the first of some requests fail, so many times.
fn first(count: usize, of: &'static str, fault: Fault) -> impl Fn(&str) -> Option<Fault> {
    let failed = AtomicUsize::new(0);
    move |asked| (asked.contains(of) && failed.fetch_add(1, Ordering::Relaxed) < count).then_some(fault)
}

#[tokio::test]
async fn failures_that_pass_are_ridden_out() {
    let house = House::new("&timeout_seconds=5");
    let faults = [
        ("PUT", Fault::Status(500)),
        ("PUT", Fault::Status(503)),
        ("PUT", Fault::Drop),
        ("PUT", Fault::Forget),
        ("PUT", Fault::Slow(Duration::from_millis(300))),
        ("partNumber=2", Fault::Drop),
        ("POST", Fault::Status(500)),
        ("uploadId", Fault::Forget),
        ("GET", Fault::Status(500)),
        ("GET", Fault::Status(429)),
        ("GET", Fault::Drop),
        ("GET", Fault::Cut),
    ];
    for (seed, (of, fault)) in faults.into_iter().enumerate() {
        for size in [300 * KIB, 6 * MIB] {
            let given = octets(size, seed as u64);
            house.server.judge(first(2, of, fault));
            let blob = house.first.spooled(&given).await.unwrap_or_else(|error| panic!("{of} {fault:?} {size}: {error}"));
            house.first.name(&blob).await;
            let read = house.node().read(blob.digest).await.unwrap_or_else(|error| panic!("{of} {fault:?} {size}: {error}"));
            assert!(read == given);
        }
    }
    house.server.mend();
    house.check().await;
}

#[tokio::test]
async fn an_answer_that_got_lost_leaves_the_object_that_is_there() {
    let house = House::new("&timeout_seconds=2");
    // The completion of a put in pieces is done each time, and never told.
    house.server.judge(|asked| (asked.starts_with("POST") && asked.contains("uploadId")).then_some(Fault::Forget));
    let given = octets(12 * MIB, 5);
    let blob = house.first.spooled(&given).await.expect("put");
    house.server.mend();
    house.first.name(&blob).await;
    assert!(house.node().read(blob.digest).await.expect("read") == given);
    house.check().await;
}

#[tokio::test]
async fn a_server_that_does_not_answer_is_waited_for_in_vain_but_not_long() {
    let house = House::new("&timeout_seconds=1");
    let blob = house.first.spooled(&octets(MIB, 1)).await.expect("put");
    house.first.name(&blob).await;
    let other = house.node();
    for fault in [Fault::Hang, Fault::Drop, Fault::Status(500)] {
        house.server.judge(move |_| Some(fault));
        let began = Instant::now();
        let read = other.read(blob.digest).await;
        assert!(matches!(read, Err(StoreError::Unavailable(_))), "{fault:?}: {read:?}");
        let put = house.first.spooled(&octets(12 * MIB, 2)).await;
        assert!(matches!(put, Err(StoreError::Unavailable(_))), "{fault:?}: {put:?}");
        assert!(began.elapsed() < Duration::from_secs(8), "{fault:?} took {:?}", began.elapsed());
        // What stands in rows is there.
        let small = house.first.spooled(b"small").await.expect("a row");
        house.first.name(&small).await;
        assert_eq!(&other.read(small.digest).await.expect("row")[..], b"small");
    }
    house.server.mend();
    assert_eq!(other.read(blob.digest).await.expect("read").len(), MIB);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_several_want_at_once_is_fetched_once() {
    let house = House::new("");
    let blob = house.first.spooled(&octets(20 * MIB, 1)).await.expect("put");
    house.first.name(&blob).await;
    house.server.judge(|_| Some(Fault::Slow(Duration::from_millis(200))));
    house.server.take_requests();
    let other = Arc::new(house.node());
    let readers: Vec<_> = (0..12)
        .map(|_| {
            let (other, digest) = (other.clone(), blob.digest);
            tokio::spawn(async move { other.read(digest).await.expect("read") })
        })
        .collect();
    for reader in readers {
        assert!(reader.await.expect("reader") == blob.octets);
    }
    assert_eq!(house.server.take_requests().len(), 1);
    // Several blobs of one question, in its order; what is missing leaves the others.
    let other = house.node();
    let nobody = Digest([0; 32]);
    let several = other.store.blobs(vec![blob.digest, nobody, blob.digest]).await.expect("blobs");
    assert!(matches!(&several[..], [Ok(one), Err(StoreError::NotFound), Ok(two)] if one.octets == two.octets), "{several:?}");
    // Those who fail together wait together, too.
    let blob = house.first.spooled(&octets(MIB, 2)).await.expect("put");
    house.first.name(&blob).await;
    house.server.judge(|_| Some(Fault::Status(403)));
    house.server.take_requests();
    let failed = futures::future::join_all((0..6).map(|_| other.read(blob.digest))).await;
    assert!(failed.iter().all(|read| matches!(read, Err(StoreError::Unavailable(_)))), "{failed:?}");
    assert!(house.server.take_requests().len() <= 6);
}

#[tokio::test]
async fn copies_stay_within_their_bound_and_the_last_used_stay() {
    let house = House::new("&cache_bytes=2097152");
    let mut blobs = Vec::new();
    for seed in 0..4 {
        let blob = house.first.spooled(&octets(700 * KIB, seed)).await.expect("put");
        house.first.name(&blob).await;
        blobs.push(blob);
    }
    assert_eq!(house.first.copied(), 2 * 700 * KIB as u64);
    let other = house.node();
    let [a, b, c, _] = [0, 1, 2, 3].map(|at: usize| blobs[at].digest);
    let mapped = other.read(a).await.expect("read");
    other.read(b).await.expect("read");
    other.read(a).await.expect("read"); // used again, so b goes first
    other.read(c).await.expect("read");
    assert_eq!(other.copied(), 2 * 700 * KIB as u64);
    house.server.take_requests();
    other.read(a).await.expect("read");
    assert_eq!(house.server.take_requests().len(), 0);
    other.read(b).await.expect("read");
    assert_eq!(house.server.take_requests().len(), 1);
    other.read(c).await.expect("read");
    other.read(b).await.expect("read");
    assert!(mapped == octets(700 * KIB, 0), "a mapping outlasts its copy");
    // One that is larger than all copies may be is read, and not kept.
    let large = house.first.spooled(&octets(3 * MIB, 9)).await.expect("put");
    house.first.name(&large).await;
    assert_eq!(other.read(large.digest).await.expect("read").len(), 3 * MIB);
    assert!(other.copied() <= 2 * MIB as u64);
}

#[tokio::test]
async fn copies_outlast_a_start_unless_they_are_damaged() {
    let house = House::new("");
    let (mut blobs, elsewhere) = (Vec::new(), tempfile::tempdir().expect("temporary directory"));
    let node =
        |dir: &Path| Store::beside_over(&house.first.dir.path().into(), || places(dir, &house.server.url(""))).expect("store");
    for seed in 0..2 {
        let blob = house.first.spooled(&octets(MIB, seed)).await.expect("put");
        house.first.name(&blob).await;
        blobs.push(blob);
    }
    let before = node(elsewhere.path());
    for blob in &blobs {
        before.blob(blob.digest).await.expect("read");
    }
    drop(before);
    let mut copies = super::super::files::files_in(&elsewhere.path().join("blobs/cache")).expect("copies");
    copies.retain(|copy| copy.place.contains(&blobs[1].digest.to_hex()));
    let damaged = elsewhere.path().join("blobs/cache").join(&copies[0].place);
    std::fs::write(&damaged, octets(MIB, 8)).expect("damage"); // as after a power cut
    let after = node(elsewhere.path());
    house.server.take_requests();
    assert!(after.blob(blobs[0].digest).await.expect("read").octets == blobs[0].octets);
    assert_eq!(house.server.take_requests().len(), 0);
    assert!(after.blob(blobs[1].digest).await.expect("read").octets == blobs[1].octets);
    assert_eq!(house.server.take_requests().len(), 1);
}
