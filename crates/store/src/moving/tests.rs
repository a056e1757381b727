//! What goes along, and what the two ends say of it.

use super::rows::sum;
use super::state::{self, Side, Stage, State};
use super::tables::{BLOB, Table};
use super::*;
use crate::db::{ReadTx, sqlite};
use crate::{MailboxId, Person, Store, migrate};

fn person(number: u8) -> Person {
    let name = format!("ada{number}@example.org");
    let [given_name, surname] = [const { String::new() }; 2];
    Person { id: MailboxId([number; 16]), user_principal_name: name, display_name: "Ada".to_owned(), given_name, surname }
}

async fn filled(dir: &std::path::Path, people: u8) {
    let store = Store::serve(dir).expect("store");
    for number in 1..=people {
        let person = person(number);
        store.write::<_, StoreError>(move |tx| tx.add_person(&person, crate::Timestamp(0))).await.expect("added");
    }
}

async fn moved(from: &std::path::Path, to: &std::path::Path) -> Result<Moved, StoreError> {
    move_store(from.into(), to.into(), true, &[], |_| ()).await
}

#[test]
fn every_table_goes_along_but_those_that_are_said_to_stay() {
    let tables = Table::all().expect("tables");
    let names: Vec<&str> = tables.iter().map(|table| table.name.as_str()).collect();
    for name in ["person", "message", "change", "outbox_recipient", "upload_part", BLOB] {
        assert!(names.contains(&name), "{name} of {names:?}");
    }
    for name in ["node", "moving", "secret", "deed", "search_mailbox"] {
        assert!(!names.contains(&name), "{name}");
    }
    for table in &tables {
        assert!(table.page(true).contains(" ORDER BY ") && !table.only_key().columns.is_empty(), "{} has a key", table.name);
        // Each statement counts its values as they come, which the connection looks at.
        let schema = sqlite::in_memory().expect("a database");
        migrate::migrate(&schema).expect("a schema");
        let tx = ReadTx::new(&schema);
        assert_eq!(sum(&tx, table).expect("a sum").rows, 0);
    }
    let refers: Vec<&str> = tables.iter().filter(|table| table.refers).map(|table| table.name.as_str()).collect();
    assert_eq!(refers, ["address"], "what refers to rows is emptied before these go");
}

#[tokio::test]
async fn what_is_otherwise_at_the_other_end_is_put_right() {
    let [one, other] = [(); 2].map(|()| tempfile::tempdir().expect("a directory"));
    filled(one.path(), 3).await;
    let ends = (End::left(&one.path().into()).expect("left"), End::filled(&other.path().into()).expect("filled"));
    let id = agree(&ends.0, &ends.1).expect("agreed");
    assert_eq!(agree(&ends.0, &ends.1).expect("agreed"), id, "the next run knows it");
    drop(ends);
    assert_eq!(moved(one.path(), other.path()).await.expect("moved"), Moved::Whole);
    // As if it had broken off, with a row too many, one that is otherwise, and one that is missing.
    let again = |side, stage| State { id, side, stage, other: "elsewhere".to_owned() };
    for (dir, side, stage) in [(one.path(), Side::From, Stage::Closed), (other.path(), Side::To, Stage::Copying)] {
        let end = End::left(&dir.into()).expect("opened");
        let begun = |tx: &mut crate::WriteTx<'_>| {
            let known = state::all(tx)?;
            known.iter().try_for_each(|state| state::forget(tx, &state.id))?;
            state::begin(tx, &again(side, stage), crate::Timestamp(0))
        };
        end.doing(begun).expect("said");
    }
    let end = End::left(&other.path().into()).expect("opened");
    end.doing(|tx| {
        tx.execute("UPDATE mailbox SET modseq = 77 WHERE id = $1", crate::db::values![&[1; 16]])?;
        tx.execute("DELETE FROM folder WHERE mailbox = $1", crate::db::values![&[2; 16]])?;
        tx.execute("INSERT INTO domain (name) VALUES ('example.net')", &[])
    })
    .expect("done");
    drop(end);
    assert!(matches!(Store::serve(other.path()), Err(StoreError::Moved(_))));
    assert_eq!(moved(one.path(), other.path()).await.expect("moved"), Moved::Whole);
    assert_eq!(crate::check(other.path()).expect("checked"), Vec::<String>::new());
    assert!(matches!(moved(one.path(), other.path()).await, Err(StoreError::Moved(_))));
}

#[tokio::test]
async fn octets_that_are_damaged_are_not_moved() {
    let [one, other] = [(); 2].map(|()| tempfile::tempdir().expect("a directory"));
    filled(one.path(), 1).await;
    let end = End::left(&one.path().into()).expect("opened");
    let digest = crate::Digest::of(b"as it was");
    let sql = "INSERT INTO blob (digest, size, octets) VALUES ($1, $2, $3)";
    end.doing(|tx| tx.execute(sql, crate::db::values![&digest.0, 9, &b"as it is!"[..]])).expect("done");
    drop(end);
    let refused = moved(one.path(), other.path()).await;
    assert!(matches!(&refused, Err(StoreError::Corrupt(why)) if why.contains(&digest.to_hex())), "{refused:?}");
    stay(one.path().into()).await.expect("it stays");
    assert!(Store::serve(one.path()).is_ok());
    assert!(matches!(stay(one.path().into()).await, Err(StoreError::NotFound)));
}

#[tokio::test]
async fn a_store_of_an_earlier_version_is_not_made_one_of_today_to_be_refused() {
    let [one, other] = [(); 2].map(|()| tempfile::tempdir().expect("a directory"));
    filled(one.path(), 1).await;
    filled(other.path(), 1).await;
    let before = crate::db::open_for_writing(other.path()).expect("opened");
    for sql in ["PRAGMA user_version = 19", "DROP TABLE moving"] {
        before.batch(sql).expect("as it was");
    }
    drop(before);
    assert!(matches!(moved(one.path(), other.path()).await, Err(StoreError::Conflict)));
    let found = crate::db::open_for_writing(other.path()).expect("opened").schema_version().expect("a version");
    assert_eq!(found, 19);
}
