//! Parts of an upload count on every node, whoever took them.

use super::*;
use crate::{Upload, UploadPart};

async fn begun(node: &Node, size: u64) -> UploadId {
    let id = UploadId::new(Timestamp(0));
    let begin = move |tx: &mut WriteTx<'_>| tx.add_upload_session(MAILBOX, &session(id, size));
    node.store.write::<_, StoreError>(begin).await.expect("deed");
    id
}

fn upload(node: &Node, id: UploadId) -> Upload {
    node.store.upload(MAILBOX, id)
}

async fn part(node: &Node, id: UploadId, from: usize, octets: &[u8]) -> Result<UploadPart, StoreError> {
    upload(node, id).part_at(from as u64).await?.write(octets.to_vec()).await
}

#[tokio::test]
async fn parts_come_to_any_node() {
    let house = House::new("");
    let other = house.node();
    let given = octets(9 * MIB + 5, 1);
    let id = begun(&house.first, given.len() as u64).await;
    let nodes = [&house.first, &other];
    for (round, from) in [0, 10, 4 * MIB].into_iter().enumerate() {
        let to = [10, 4 * MIB, 8 * MIB][round];
        part(nodes[round % 2], id, from, &given[from..to]).await.expect("part").keep().await.expect("kept");
        assert_eq!(upload(nodes[(round + 1) % 2], id).size().await.expect("size"), to as u64);
    }
    house.check().await;
    let gap = part(&other, id, 8 * MIB + 1, b"octets").await;
    assert!(matches!(gap, Err(StoreError::Conflict)), "a gap");
    let last = part(&other, id, 8 * MIB, &given[8 * MIB..]).await.expect("part");
    assert_eq!(last.size(), given.len() as u64);
    let blob = upload(&other, id).finish(last).await.expect("whole");
    assert!(blob.octets == given);
    let put = blob.clone();
    let finish = move |tx: &mut WriteTx<'_>| {
        tx.put_blob(&put)?;
        tx.finish_upload_session(MAILBOX, id, UploadOutcome::Message(put.digest))
    };
    other.store.write::<_, StoreError>(finish).await.expect("deed");
    house.until_objects(1).await;
    assert!(house.first.read(blob.digest).await.expect("read") == given);
    let after = part(&house.first, id, 0, b"more").await;
    assert!(matches!(after, Err(StoreError::NotFound)), "it has ended");
    house.check().await;
}

#[tokio::test]
async fn an_upload_in_one_part_is_put_once() {
    let house = House::new("");
    let given = octets(MIB, 1);
    let id = begun(&house.first, given.len() as u64).await;
    let whole = part(&house.first, id, 0, &given).await.expect("part");
    house.server.take_requests();
    let blob = upload(&house.first, id).finish(whole).await.expect("whole");
    assert!(blob.octets == given);
    let puts: Vec<_> = house.server.take_requests().into_iter().filter(|asked| asked.starts_with("PUT ")).collect();
    assert_eq!(puts.len(), 1, "{puts:?}");
}

#[tokio::test]
async fn a_range_that_comes_anew_takes_the_place_of_what_came() {
    let house = House::new("");
    let other = house.node();
    let (given, wrong) = (octets(3 * MIB, 1), octets(3 * MIB, 2));
    let id = begun(&house.first, given.len() as u64).await;
    part(&house.first, id, 0, &given[..MIB]).await.expect("part").keep().await.expect("kept");
    part(&house.first, id, MIB, &wrong[..MIB]).await.expect("part").keep().await.expect("kept");
    part(&house.first, id, 2 * MIB, &wrong[..10]).await.expect("part").keep().await.expect("kept");
    // From within the first part on.
    part(&other, id, MIB / 2, &given[MIB / 2..2 * MIB]).await.expect("part").keep().await.expect("kept");
    assert_eq!(upload(&house.first, id).size().await.expect("size"), 2 * MIB as u64);
    house.check().await;
    let last = part(&house.first, id, 2 * MIB, &given[2 * MIB..]).await.expect("part");
    assert!(last.into_octets().await.expect("octets") == given);
    house.first.release(id).await;
    house.until_objects(0).await;
    house.check().await;
}

#[tokio::test]
async fn of_two_that_write_the_later_one_does() {
    let house = House::new("");
    let other = house.node();
    let given = octets(MIB, 1);
    let id = begun(&house.first, 2 * MIB as u64).await;
    let early = part(&house.first, id, 0, &octets(MIB, 2)).await.expect("part");
    let late = part(&other, id, 0, &given).await.expect("part");
    assert!(matches!(early.keep().await, Err(StoreError::Conflict)));
    let early = upload(&house.first, id).part_at(1).await;
    assert!(matches!(early, Err(StoreError::Conflict)), "a gap takes nothing over");
    late.keep().await.expect("kept");
    assert_eq!(upload(&house.first, id).size().await.expect("size"), MIB as u64);
    let early = part(&house.first, id, MIB, &given).await.expect("part");
    let late = part(&other, id, MIB, &given).await.expect("part");
    assert!(matches!(upload(&house.first, id).finish(early).await, Err(StoreError::Conflict)));
    assert_eq!(upload(&other, id).finish(late).await.expect("whole").octets.len(), 2 * MIB);
    house.until_objects(1).await;
    house.check().await;
}

#[tokio::test]
async fn what_came_before_a_connection_broke_counts() {
    let house = House::new("");
    let given = octets(2 * MIB, 1);
    let id = begun(&house.first, given.len() as u64).await;
    drop(part(&house.first, id, 0, &given[..MIB]).await.expect("part"));
    let (other, began) = (house.node(), Instant::now());
    while upload(&other, id).size().await.expect("size") != MIB as u64 {
        assert!(began.elapsed() < Duration::from_secs(10));
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let last = part(&other, id, MIB, &given[MIB..]).await.expect("part");
    assert!(last.into_octets().await.expect("octets") == given);
    // A part of which nothing came is none.
    drop(upload(&other, id).part_at(MIB as u64).await.expect("part"));
    upload(&other, id).part_at(MIB as u64).await.expect("part").keep().await.expect("nothing");
    house.check().await;
}

#[tokio::test]
async fn an_upload_that_ends_takes_its_parts_along() {
    let house = House::new("");
    let id = begun(&house.first, 4 * MIB as u64).await;
    part(&house.first, id, 0, &octets(MIB, 1)).await.expect("part").keep().await.expect("kept");
    part(&house.first, id, MIB, &octets(MIB, 2)).await.expect("part").keep().await.expect("kept");
    let late = part(&house.first, id, 2 * MIB, &octets(MIB, 3)).await.expect("part");
    house.first.store.end_uploads(Timestamp(i64::MAX - 1)).await.expect("nothing");
    assert_eq!(upload(&house.first, id).size().await.expect("size"), 2 * MIB as u64);
    let other = house.node();
    other.store.end_uploads(Timestamp(i64::MAX)).await.expect("deed");
    assert!(matches!(late.keep().await, Err(StoreError::Conflict)));
    house.until_objects(0).await;
    house.check().await;
}
