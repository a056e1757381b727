//! A place is named once, and what stands in it goes when no row names it, not before and not much later.

use super::*;
use crate::blobs::former_place;
use crate::clock::{Clock, SystemClock};

#[tokio::test]
async fn what_nobody_names_goes() {
    let house = House::new("");
    let blob = house.first.spooled(&octets(MIB, 1)).await.expect("put");
    assert_eq!(house.server.objects().len(), 1);
    let copy = blob.clone();
    drop(blob);
    assert_eq!(house.server.objects().len(), 1);
    drop(copy);
    house.until_objects(0).await;
    assert_eq!(house.first.copied(), 0);
}

#[tokio::test]
async fn what_is_there_already_is_not_kept_twice() {
    let house = House::new("");
    let other = house.node();
    let given = octets(MIB, 1);
    let (one, two) = (house.first.spooled(&given).await.expect("put"), other.spooled(&given).await.expect("put"));
    assert_eq!(house.server.objects().len(), 2);
    let first = house.first.name(&one).await;
    let second = other.name(&two).await;
    drop((one, two));
    house.until_objects(1).await;
    house.check().await;
    house.first.release(first).await;
    assert!(other.read(Digest::of(&given)).await.expect("read") == given);
    other.release(second).await;
    house.until_objects(0).await;
    assert!(matches!(house.first.read(Digest::of(&given)).await, Err(StoreError::NotFound)));
    house.check().await;
}

#[tokio::test]
async fn a_deed_that_comes_to_nothing_leaves_nothing() {
    for house in [Some(House::new("")), None] {
        let dir = tempfile::tempdir().expect("temporary directory");
        let node = match &house {
            Some(house) => house.node(),
            None => Node { store: Store::serve(dir.path()).expect("store"), dir },
        };
        let blob = node.spooled(&octets(MIB, 1)).await.expect("put");
        let put = blob.clone();
        let deed = move |tx: &mut WriteTx<'_>| tx.put_blob(&put).and(Err(StoreError::Conflict));
        assert!(matches!(node.store.write::<(), _>(deed).await, Err(StoreError::Conflict)));
        // The same octets may be put by the next deed.
        let id = node.name(&blob).await;
        assert!(node.read(blob.digest).await.expect("read") == blob.octets);
        node.release(id).await;
        // And by one more, when their place is used up.
        let id = node.name(&blob).await;
        assert!(node.read(blob.digest).await.expect("read") == blob.octets);
        node.release(id).await;
        let other = node.spooled(&octets(MIB, 2)).await.expect("put");
        let put = other.clone();
        let deed = move |tx: &mut WriteTx<'_>| tx.put_blob(&put).and(Err(StoreError::Conflict));
        assert!(matches!(node.store.write::<(), _>(deed).await, Err(StoreError::Conflict)));
        drop((blob, other));
        match house {
            Some(house) => house.until_objects(0).await,
            None => assert_eq!(files(&node).len(), 0),
        }
    }
}

#[tokio::test]
async fn a_place_of_an_attempt_that_another_deed_overtook_goes() {
    let house = House::new("");
    let other = house.node();
    let given = octets(MIB, 1);
    let slow = house.first.spooled(&given).await.expect("put");
    slow.name().expect("a place"); // by an attempt that is made once more, as the engine had it
    let second = other.name(&other.spooled(&given).await.expect("put")).await;
    assert_eq!(house.server.objects().len(), 2);
    let first = house.first.name(&slow).await;
    house.until_objects(1).await;
    assert!(house.node().read(slow.digest).await.expect("read") == given);
    house.first.release(first).await;
    other.release(second).await;
    house.until_objects(0).await;
    house.first.name(&slow).await;
    assert!(house.node().read(slow.digest).await.expect("its place is used up, and its octets stand in the row") == given);
    assert_eq!(house.server.objects().len(), 0);
    house.check().await;
}

fn files(node: &Node) -> Vec<String> {
    let found = crate::blobs::files::files_in(&node.dir.path().join("blobs")).expect("files");
    found.into_iter().map(|file| file.place).collect()
}

#[tokio::test]
async fn a_file_of_before_is_read_and_goes_with_its_row() {
    let dir = tempfile::tempdir().expect("temporary directory");
    let store = Store::serve(dir.path()).expect("store");
    let node = Node { store, dir };
    let given = octets(MIB, 1);
    let blob = node.spooled(&given).await.expect("put");
    let id = node.name(&blob).await;
    let former = |tx: &mut WriteTx<'_>| tx.execute("UPDATE blob SET place = NULL", &[]);
    node.store.write::<_, StoreError>(former).await.expect("deed");
    let (place, digest) = (files(&node).pop().expect("a file"), blob.digest);
    let blobs = node.dir.path().join("blobs");
    std::fs::rename(blobs.join(place), blobs.join(former_place(&digest))).expect("rename");
    drop(blob);
    let Node { store, dir } = node;
    drop(store);
    let node = Node { store: serve_again(dir.path()).await, dir };
    assert_eq!(files(&node), [former_place(&digest)], "a start leaves it");
    assert!(node.read(digest).await.expect("read") == given);
    node.release(id).await;
    node.store.write::<_, StoreError>(|_| Ok(())).await.expect("the deed after"); // files go between two
    assert_eq!(files(&node), Vec::<String>::new());
    let again = node.spooled(&given).await.expect("put");
    node.name(&again).await;
    assert_ne!(files(&node), [former_place(&digest)]);
    assert!(node.read(digest).await.expect("read") == given);
}

/// The writer's thread ends, and with it the lock goes, a little after the store is dropped.
async fn serve_again(dir: &Path) -> Store {
    let began = Instant::now();
    loop {
        match Store::serve(dir) {
            Err(StoreError::InUse) if began.elapsed() < Duration::from_secs(5) => {}
            served => return served.expect("store"),
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// Two nodes name and release the same octets, again and again, as it comes.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn whoever_releases_octets_cannot_take_them_from_whoever_is_naming_them() {
    let house = House::new("");
    let (one, two) = (house.node(), house.node());
    let given = octets(300 * KIB, 1);
    let rounds = |node: Node, pause: u64| {
        let given = given.clone();
        tokio::spawn(async move {
            for round in 0..120_u64 {
                let blob = node.spooled(&given).await.expect("put");
                let id = node.name(&blob).await;
                drop(blob);
                if round % 3 == pause {
                    tokio::task::yield_now().await;
                }
                assert!(node.read(Digest::of(&given)).await.expect("named octets are there") == given);
                node.release(id).await;
            }
            node
        })
    };
    let (one, two) = (rounds(one, 0), rounds(two, 1));
    let _nodes = (one.await.expect("rounds"), two.await.expect("rounds"));
    house.until_objects(0).await;
    house.check().await;
}

#[tokio::test]
async fn the_sweep_takes_what_is_old_and_named_by_no_row() {
    let house = House::new("");
    let named = house.first.spooled(&octets(MIB, 1)).await.expect("put");
    house.first.name(&named).await;
    let unnamed = house.first.spooled(&octets(MIB, 2)).await.expect("put");
    // Left as a crash leaves it.
    std::mem::forget(unnamed);
    let beside = house.server.objects().pop().expect("an object").parent().expect("a folder").join("something.else");
    std::fs::write(beside, b"of somebody else").expect("file");
    let now = SystemClock.now();
    house.first.store.sweep_objects(now).await.expect("sweep");
    assert_eq!(house.server.objects().len(), 3, "young ones stay");
    let tomorrow = now.after(Duration::from_secs(25 * 60 * 60));
    house.node().store.sweep_objects(tomorrow).await.expect("sweep");
    house.until_objects(2).await;
    assert!(house.node().read(named.digest).await.expect("read") == named.octets);
    house.server.judge(|_| Some(Fault::Status(403)));
    let swept = house.first.store.sweep_objects(tomorrow).await;
    assert!(matches!(swept, Err(StoreError::Unavailable(_))), "{swept:?}");
}

#[tokio::test]
async fn a_prefix_that_is_another_stores_is_not_swept() {
    let house = House::new("");
    let blob = house.first.spooled(&octets(MIB, 1)).await.expect("put");
    house.first.name(&blob).await;
    let tomorrow = SystemClock.now().after(Duration::from_secs(25 * 60 * 60));
    house.first.store.sweep_objects(tomorrow).await.expect("swept");
    let dir = tempfile::tempdir().expect("temporary directory");
    let stranger = Store::serve_over(&dir.path().into(), || places(dir.path(), &house.server.url(""))).expect("store");
    assert!(matches!(stranger.sweep_objects(tomorrow).await, Err(StoreError::Setting(_))));
    assert_eq!(house.server.objects().len(), 1);
    // Of a time before there were ids: whose rows name something there has it.
    std::fs::remove_file(house.server.id()).expect("the id");
    house.first.store.write::<_, StoreError>(|tx| tx.execute("DELETE FROM secret", &[])).await.expect("forgotten");
    assert!(matches!(stranger.sweep_objects(tomorrow).await, Err(StoreError::Setting(_))));
    house.first.store.sweep_objects(tomorrow).await.expect("swept");
    assert!(matches!(stranger.sweep_objects(tomorrow).await, Err(StoreError::Setting(_))));
    assert_eq!(house.server.objects().len(), 1);
    // One that lost it says so rather than take what may be another's.
    std::fs::remove_file(house.server.id()).expect("the id");
    assert!(matches!(house.first.store.sweep_objects(tomorrow).await, Err(StoreError::Setting(_))));
}
