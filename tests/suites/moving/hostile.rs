//! What must not happen to a store that is moved, whatever is said and whoever comes meanwhile.

use super::{fill, large, said};
use crate::readiness::plain_get;
use bytes::Bytes;
use hyper::Method;
use kit::{Room, Server, digests, plain};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::time::Duration;

/// The files with octets below a data directory.
fn files(room: &Room) -> Vec<PathBuf> {
    let shards = fs::read_dir(room.data().join("blobs")).expect("a folder").map(|shard| shard.expect("a shard").path());
    let shards = shards.filter(|shard| shard.is_dir() && shard.file_name().is_some_and(|name| name.len() == 2));
    shards.flat_map(|shard| fs::read_dir(shard).expect("a folder").map(|file| file.expect("a file").path())).collect()
}

#[tokio::test]
async fn one_directory_or_bucket_is_not_both_places() {
    let server = Server::open(Room::directory()).await;
    fill(&server).await;
    let standing = files(&server.room());
    assert!(!standing.is_empty());
    let refused = server.follow_to(&server.room().apart_in()).await;
    assert!(!refused.status.success() && said(&refused).contains("a store in SQLite is in"), "{}", said(&refused));
    server.demand_order().await;
    let one = server.leave().await;
    let refused = one.move_to(&one.apart_in()).await;
    assert!(!refused.status.success(), "{}", said(&refused));
    assert_eq!(files(&one), standing);

    let apart = Room::apart();
    digests(&one.move_to(&apart).await);
    assert!(!apart.move_to(&apart.directory_of()).await.status.success());
    let other = Room::shared();
    digests(&apart.move_to(&other).await);
    apart.demand_order().await;
    let refused = other.move_to(&other.with_another_database()).await;
    assert!(said(&refused).contains("would share one object storage"), "{}", said(&refused));
    // What is in a directory by chance is nobody's to remove.
    let strange = Room::directory();
    fs::create_dir_all(strange.data().join("blobs/ab")).expect("a folder");
    let name = format!("ab{}", "0".repeat(62));
    fs::write(strange.data().join("blobs/ab").join(name), "somebody's").expect("a file");
    assert!(!other.move_to(&strange).await.status.success());
    assert_eq!(files(&strange).len(), 1);
    let server = Server::open(other).await;
    let adele = server.person("AdeleV");
    let sent = adele.sent().await;
    let found = sent.iter().find(|message| message["subject"] == "Large").expect("it is there");
    assert!(adele.value(found["id"].as_str().expect("an id")).await == large("Large"));
    server.finish().await;
}

#[tokio::test]
async fn who_was_silent_while_the_store_was_moved_writes_nothing() {
    let server = Server::open(Room::shared()).await;
    let adele = server.person("AdeleV");
    adele.draft(&plain("AdeleV", &["AlexW"], "Before")).await;
    server.pause(Duration::from_secs(22)).await; // longer than it holds that it is there
    let other = Room::directory();
    let moved = server.room().move_to(&other).await;
    server.go_on();
    digests(&moved);
    let _ = adele.attempt(Method::GET, "messages", &[], Bytes::new()).await; // the connection of before is too old
    let refused = adele.send_mime(&plain("AdeleV", &["AlexW"], "Behind the times")).await.demand(503);
    assert!(refused.header("retry-after").is_some());
    plain_get(&server, "/readyz").await.demand(503);
    server.leave().await;
    let server = Server::open(other).await;
    assert_eq!(server.person("AdeleV").all("messages").await.len(), 1);
    server.finish().await;
}

#[tokio::test]
async fn octets_that_an_accident_took_at_the_new_place_are_brought_again() {
    let server = Server::open(Room::directory()).await;
    fill(&server).await;
    server.person("AdeleV").draft(&large("Another")).await;
    let other = Room::apart();
    assert_eq!(server.follow_to(&other).await.status.code(), super::FOLLOWED);
    let mode = |path: PathBuf| fs::metadata(path).expect("there").permissions().mode() & 0o777;
    assert_eq!(mode(other.data()), 0o700, "others on this machine read no mail");
    let brought = files(&other);
    let [gone, changed] = brought.as_slice() else { panic!("two large messages: {brought:?}") };
    fs::remove_file(gone).expect("it goes");
    fs::write(changed, "other octets").expect("it changes");
    let one = server.leave().await;
    digests(&one.move_to(&other).await);
    other.demand_order().await;
    for secret in ["keys/seed", "keys/token.pem"] {
        assert_eq!(other.ask(&format!("SELECT count(*) FROM secret WHERE name = '{secret}'")).trim(), "1", "{secret}");
    }
    let back = Room::directory();
    digests(&other.move_to(&back).await);
    for secret in ["keys/seed", "keys/token.pem"] {
        assert_eq!(mode(back.data().join(secret)), 0o600, "{secret}");
        assert_eq!(fs::read(back.data().join(secret)).expect("a key"), fs::read(one.data().join(secret)).expect("a key"));
    }
    Server::open(back).await.finish().await;
}

/// What a node began before the store was closed is waited for, however long it stands still with it.
#[tokio::test]
async fn a_deed_that_was_begun_before_is_brought_too() {
    let server = Server::open(Room::shared()).await;
    let room = server.leave().await;
    let deed = super::begin_deed(&room).await;
    let other = Room::directory();
    let moved = digests(&room.move_to(&other).await);
    deed.await.expect("it ends");
    assert!(moved.iter().any(|line| line.split_whitespace().take(2).eq(["domain", "2"])), "{moved:?}");
    other.demand_order().await;
}

#[tokio::test]
async fn nothing_is_closed_unless_that_is_said_nor_taken_up_where_it_was_not_begun() {
    let server = Server::open(Room::directory()).await;
    fill(&server).await;
    assert!(!server.room().move_to(&Room::shared()).await.status.success(), "it is served");
    let one = server.leave().await;
    let (other, strange) = (Room::apart(), Room::directory());
    assert_eq!(one.follow_to(&other).await.status.code(), super::FOLLOWED);
    Server::open(one.clone()).await.leave().await; // it stands still by chance, and may go on
    // The next run names another directory, in which somebody's octets are.
    fs::create_dir_all(strange.data().join("blobs/ab")).expect("a folder");
    fs::write(strange.data().join("blobs/ab").join(format!("ab{}", "0".repeat(62))), "somebody's").expect("a file");
    let refused = one.move_to(&other.with_directory_of(&strange)).await;
    assert!(!refused.status.success() && said(&refused).contains("another data directory"), "{}", said(&refused));
    assert_eq!(files(&strange).len(), 1);
    digests(&one.move_to(&other).await);
    other.demand_order().await;
    let given_up = other.stay().await;
    assert!(!given_up.status.success() && said(&given_up).contains("is not being moved"), "{}", said(&given_up));
    Server::open(other).await.finish().await;
}

#[tokio::test]
async fn what_is_another_stores_is_not_filled_though_no_octets_are_in_it() {
    let server = Server::open(Room::directory()).await;
    fill(&server).await;
    let one = server.leave().await;
    // A prefix that a store with small mail alone has.
    let third = Server::open(Room::shared()).await;
    third.person("AdeleV").send_mime(&plain("AdeleV", &["AlexW"], "Small")).await.demand_empty(202);
    third.person("AlexW").arrived("Small").await;
    let (others, third) = (third.room().with_another_database(), third);
    kit::until("the prefix is known to be somebody's", async || third.has_claimed_objects().then_some(())).await;
    let third = third.leave().await;
    let refused = one.move_to(&others).await;
    assert!(!refused.status.success() && said(&refused).contains("there is mail at the other place"), "{}", said(&refused));
    // A directory that a store with small mail alone has; and one that a database has, in which there is none yet.
    let small = Server::open(Room::directory()).await.leave().await;
    assert!(!one.move_to(&small.apart_in()).await.status.success());
    let apart = Server::open(Room::apart()).await.leave().await;
    let refused = one.move_to(&apart.apart_in()).await;
    assert!(!refused.status.success() && said(&refused).contains("there is mail at the other place"), "{}", said(&refused));
    assert!(!one.move_to(&apart.directory_of()).await.status.success());
    for room in [third, small, apart, one] {
        Server::open(room).await.finish().await;
    }
}
