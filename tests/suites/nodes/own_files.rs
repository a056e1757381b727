//! Rows in PostgreSQL, octets in files: one data directory has them.

use kit::Database;
use std::fs;
use std::path::{Path, PathBuf};
use store::{Location, Octets, ReadTx, Rows, Store, StoreError};

async fn serve(database: &Database, dir: &Path) -> Result<Store, StoreError> {
    let location = location(database, dir);
    tokio::task::spawn_blocking(move || Store::serve(location)).await.expect("no panic")
}

fn location(database: &Database, dir: &Path) -> Location {
    Location { dir: dir.to_owned(), rows: Rows::Postgres { url: database.url() }, octets: Octets::Files }
}

#[tokio::test]
async fn a_second_node_with_files_of_its_own_does_not_start() {
    let (database, home) = (Database::new(), tempfile::tempdir().unwrap());
    let [first, second, moved] = ["first", "second", "moved"].map(|name| home.path().join(name));
    drop(serve(&database, &first).await.expect("the first node"));
    let refused = serve(&database, &second).await.err().expect("the octets are the first node's").to_string();
    let id = fs::read_to_string(first.join("blobs/id")).unwrap();
    assert!(refused.contains(id.trim_end()) && refused.contains("[blobs] url"), "{refused}");
    assert!(!second.join("blobs/id").exists(), "nothing is claimed by who is refused");

    // Whoever comes beside it serves nothing.
    let beside = location(&database, &second);
    let beside = tokio::task::spawn_blocking(move || Store::beside(beside)).await.unwrap().expect("a store");
    beside.read::<_, StoreError>(|tx: &ReadTx<'_>| tx.person(store::MailboxId([0; 16]))).await.expect("a look");

    fs::rename(&first, &moved).unwrap();
    drop(serve(&database, &moved).await.expect("a directory that is moved"));
    fs::create_dir_all(first.join("blobs")).unwrap();
    fs::copy(moved.join("blobs/id"), first.join("blobs/id")).unwrap();
    drop(serve(&database, &first).await.expect("one that is restored"));

    // One that was there before there were ids.
    database.ask("DELETE FROM secret WHERE name = 'blobs/id'");
    fs::remove_file(moved.join("blobs/id")).unwrap();
    drop(serve(&database, &moved).await.expect("it is known from now on"));
    assert!(serve(&database, &first).await.is_err());
}

#[tokio::test]
async fn a_directory_with_rows_of_its_own_serves_no_database_nor_the_other_way_round() {
    let (database, home) = (Database::new(), tempfile::tempdir().unwrap());
    let [own, shared] = ["own", "shared"].map(|name| home.path().join(name));
    let alone = |dir: PathBuf| tokio::task::spawn_blocking(move || Store::serve(&dir));
    drop(alone(own.clone()).await.unwrap().expect("a store in SQLite"));
    fs::create_dir_all(own.join("blobs/ab")).unwrap();
    let octets = own.join("blobs/ab").join(format!("ab{}", "0".repeat(62)));
    fs::write(&octets, "octets that the database doesn't name").unwrap();
    let refused = serve(&database, &own).await.err().expect("the octets are another store's").to_string();
    assert!(refused.contains("a store in SQLite is in") && octets.is_file(), "{refused}");

    drop(serve(&database, &shared).await.expect("a store in PostgreSQL"));
    let id = fs::read_to_string(shared.join("blobs/id")).unwrap();
    let refused = alone(shared.clone()).await.unwrap().err().expect("the octets are another store's").to_string();
    assert!(refused.contains(id.trim_end()), "{refused}");
    assert!(!shared.join("restante.db").exists(), "nothing is made by who is refused");
}
