//! Each test asks a store of its own, in one transaction that is never committed.

use super::*;
use crate::clock::Timestamp;
use crate::db::sqlite::Connection;
use crate::db::{STEPS, WriteTx, open_for_writing};
use crate::migrate::migrate;
use crate::model::folder::Removal;
use crate::model::person::Person;

const ADELE: MailboxId = MailboxId([7; 16]);
const ALL: i64 = 1_000_000;

struct Fixture {
    _dir: tempfile::TempDir,
    connection: Connection,
}

impl Fixture {
    fn new() -> Fixture {
        let dir = tempfile::tempdir().expect("a directory");
        let connection = open_for_writing(dir.path()).expect("a database");
        migrate(&connection).expect("a schema");
        connection.batch("BEGIN").expect("a transaction");
        let person = Person {
            id: ADELE,
            user_principal_name: "AdeleV@contoso.com".to_owned(),
            display_name: String::new(),
            given_name: String::new(),
            surname: String::new(),
        };
        WriteTx::new(&connection).add_person(&person, Timestamp(0)).expect("a person");
        Fixture { _dir: dir, connection }
    }

    fn tx(&self) -> WriteTx<'_> {
        WriteTx::new(&self.connection)
    }

    fn folder(&self, name: WellKnownName) -> FolderId {
        self.tx().well_known_folder(ADELE, name).expect("a folder")
    }

    fn add(&self, number: u32, folder: FolderId) -> MessageId {
        let record = record(number, folder);
        self.tx().add_message(ADELE, &record).expect("a message");
        record.id
    }

    /// Writes a message anew, in a folder.
    fn put(&self, id: MessageId, folder: FolderId) {
        let mut tx = self.tx();
        let mut record = tx.message(ADELE, id).expect("a look").expect("a message");
        record.folder = folder;
        tx.replace_message(ADELE, &record).expect("a move");
    }

    fn last(&self) -> i64 {
        self.tx().log_reach(ADELE).expect("a reach").last
    }

    /// What stays and what left since, as the numbers of the messages.
    fn since(&self, folder: Option<FolderId>, since: i64) -> (Vec<u32>, Vec<u32>) {
        let changed = self.tx().changed_messages(ADELE, folder, since, ALL).expect("a look");
        let departed = self.tx().departed_messages(ADELE, folder, since, ALL).expect("a look");
        (changed.iter().map(|m| number(m.id)).collect(), departed.iter().map(|d| number(d.id)).collect())
    }
}

fn number(id: MessageId) -> u32 {
    u32::from_be_bytes([id.0[12], id.0[13], id.0[14], id.0[15]])
}

fn record(number: u32, folder: FolderId) -> MessageRecord {
    let mut id = [0; 16];
    id[12..].copy_from_slice(&number.to_be_bytes());
    let at = Timestamp(i64::from(number) * 1_000_000);
    MessageRecord { is_read: number.is_multiple_of(2), ..MessageRecord::empty(MessageId(id), folder, at) }
}

#[test]
fn a_message_that_moved_left_one_folder_and_came_to_the_other() {
    let store = Fixture::new();
    let (inbox, archive) = (store.folder(WellKnownName::Inbox), store.folder(WellKnownName::Archive));
    let hidden = store.folder(WellKnownName::RecoverableItemsDeletions);
    let (one, two) = (store.add(1, inbox), store.add(2, inbox));
    let start = store.last();
    store.put(one, archive);
    assert_eq!(store.since(Some(inbox), start), (vec![], vec![1]));
    assert_eq!(store.since(Some(archive), start), (vec![1], vec![]));
    assert_eq!(store.since(None, start), (vec![1], vec![]), "the mailbox still has it");
    store.put(one, inbox);
    assert_eq!(store.since(Some(inbox), start), (vec![1], vec![]), "who is back never left");
    store.put(one, archive);
    store.put(one, inbox);
    assert_eq!(store.since(Some(archive), start), (vec![], vec![1]), "who left twice is told once");
    store.put(two, hidden);
    store.put(two, hidden);
    assert_eq!(store.since(None, start), (vec![1], vec![2]), "the recoverable items are no part of the mailbox's messages");
    store.tx().remove_message(ADELE, two, Timestamp(5)).expect("a removal");
    store.tx().remove_message(ADELE, one, Timestamp(5)).expect("a removal");
    assert_eq!(store.since(None, start), (vec![], vec![2, 1]), "each is told once");
    assert_eq!(store.since(Some(inbox), store.last()), (vec![], vec![]));
}

#[test]
fn what_there_is_came_by_then_and_is_newest_first() {
    let store = Fixture::new();
    let (inbox, archive) = (store.folder(WellKnownName::Inbox), store.folder(WellKnownName::Archive));
    let ids: Vec<MessageId> = (1..=5).map(|number| store.add(number, inbox)).collect();
    let by = store.last();
    store.put(ids[1], inbox); // changed only
    store.put(ids[2], archive);
    store.put(ids[3], archive);
    store.put(ids[3], inbox); // came again
    store.add(9, inbox);
    let look = |from, after, top| {
        let found = store.tx().present_messages(ADELE, Some(inbox), (by, Timestamp(from)), after, top).expect("a look");
        found.iter().map(|m| number(m.id)).collect::<Vec<_>>()
    };
    assert_eq!(look(i64::MIN, Place::LAST, ALL), [5, 2, 1]);
    assert_eq!(look(i64::MIN, Place { at: 5_000_000, id: ids[4].0 }, 1), [2]);
    assert_eq!(look(2_000_000, Place::LAST, ALL), [5, 2]);
    assert_eq!(look(2_000_001, Place::LAST, ALL), [5]);
}

#[test]
fn a_folder_that_is_being_removed_left_at_once() {
    let store = Fixture::new();
    let inbox = store.folder(WellKnownName::Inbox);
    let child = FolderId([9; 16]);
    store.tx().add_folder(ADELE, child, inbox, "Child", false, Timestamp(5)).expect("a folder");
    let message = store.add(1, child);
    let start = store.last();
    let mut tx = store.tx();
    let tree = tx.folder_tree(ADELE, child).expect("a tree");
    tx.begin_removal(ADELE, &tree, Removal::Permanent, Timestamp(6)).expect("a beginning");
    let left = store.tx().departed_folders(ADELE, None, Place::behind(start), ALL).expect("a look");
    assert_eq!(left.iter().map(|departure| departure.id).collect::<Vec<_>>(), [child]);
    assert!(store.tx().message(ADELE, message).expect("a look").is_none(), "what is in it is seen no more");
    store.tx().remove_message(ADELE, message, Timestamp(7)).expect("its row is there to be removed");
    store.tx().end_removal(ADELE, child).expect("an end");
    let left = store.tx().departed_folders(ADELE, None, Place::behind(start), ALL).expect("a look");
    assert_eq!(left.len(), 1, "it left once");
}

#[test]
fn a_log_forgets_from_its_beginning_and_says_so() {
    let store = Fixture::new();
    let inbox = store.folder(WellKnownName::Inbox);
    for number in 0..10 {
        store.add(number, inbox);
    }
    store.tx().forget_changes(ADELE, 4).expect("a cut");
    let reach = store.tx().log_reach(ADELE).expect("a reach");
    assert_eq!((reach.floor, reach.last), (4, 10));
    assert!(!reach.covers(3) && reach.covers(4) && reach.covers(10) && !reach.covers(11));
    store.tx().forget_changes(ADELE, 2).expect("a cut");
    store.tx().forget_changes(ADELE, 11).expect("a cut");
    assert_eq!(store.tx().log_reach(ADELE).expect("a reach"), reach, "what is forgotten stays so; what is to come is not");
}

#[test]
fn folders_change_with_their_counts_and_children() {
    let store = Fixture::new();
    let (inbox, archive) = (store.folder(WellKnownName::Inbox), store.folder(WellKnownName::Archive));
    let start = store.last();
    let changed = |parent, since| {
        let found = store.tx().changed_folders(ADELE, (parent, true), Place::behind(since), ALL).expect("a look");
        found.into_iter().map(|folder| folder.id).collect::<Vec<_>>()
    };
    assert_eq!(changed(None, start), []);
    let id = store.add(1, inbox);
    assert_eq!(changed(None, start), [inbox]);
    let counted = store.last();
    let child = FolderId([9; 16]);
    store.tx().add_folder(ADELE, child, archive, "Child", false, Timestamp(5)).expect("a folder");
    assert_eq!(changed(None, counted), [archive, child]);
    assert_eq!(changed(Some(archive), counted), [child]);
    let made = store.last();
    store.put(id, inbox);
    assert_eq!(changed(None, made), [], "nothing about the folder is another");
    store.put(id, child);
    assert_eq!(
        changed(None, made),
        [child, inbox].into_iter().collect::<std::collections::BTreeSet<_>>().into_iter().collect::<Vec<_>>()
    );
    let present = store.tx().present_folders(ADELE, (None, true), counted, Place::FIRST, ALL).expect("a look");
    assert_eq!(present.len(), WellKnownName::ALL.len() - 1, "all that were there by then, but the root");
    let mut tx = store.tx();
    tx.log_departure(ADELE, store.last(), child, inbox).expect("a departure");
    let departed = |parent| store.tx().departed_folders(ADELE, parent, Place::behind(made), ALL).expect("a look").len();
    assert_eq!((departed(None), departed(Some(inbox)), departed(Some(archive))), (0, 1, 0));
    tx.log_departure(ADELE, store.last() + 1, child, inbox).expect("a departure");
    assert_eq!((departed(None), departed(Some(inbox))), (0, 1), "who left twice is told once");
}

/// Steps of the database for what each kind of follower asks after one change, in a mailbox of so many messages.
fn steps_after_one_change(messages: u32) -> Vec<i64> {
    let store = Fixture::new();
    // In an index the rows of the one stand before those of the other, so that what is read of it always ends at a row.
    let mut folders = [WellKnownName::Inbox, WellKnownName::Archive].map(|name| store.folder(name));
    folders.sort();
    let [archive, inbox] = folders;
    for number in 0..messages {
        store.add(number, if number.is_multiple_of(10) { archive } else { inbox });
    }
    let start = store.last();
    store.put(record(1, inbox).id, archive);
    let asks: [&dyn Fn(&WriteTx<'_>) -> usize; 6] = [
        &|tx| tx.changed_messages(ADELE, Some(archive), start, 1001).expect("a look").len(),
        &|tx| tx.departed_messages(ADELE, Some(inbox), start, 1001).expect("a look").len(),
        &|tx| tx.changed_messages(ADELE, None, start, 1001).expect("a look").len(),
        &|tx| 1 + tx.departed_messages(ADELE, None, start, 1001).expect("a look").len(),
        &|tx| tx.changed_folders(ADELE, (None, true), Place::behind(start), 1001).expect("a look").len() - 1,
        &|tx| 1 + tx.departed_folders(ADELE, None, Place::behind(start), 1001).expect("a look").len(),
    ];
    let steps = |ask: &&dyn Fn(&WriteTx<'_>) -> usize| {
        STEPS.set(0);
        assert_eq!(ask(&store.tx()), 1);
        STEPS.get()
    };
    asks.iter().map(steps).collect()
}

#[test]
fn what_one_change_costs_does_not_follow_the_mailbox() {
    let steps = steps_after_one_change(100);
    assert!(steps.iter().all(|steps| (1..1000).contains(steps)), "{steps:?}");
    assert_eq!(steps, steps_after_one_change(3_000));
}

#[test]
#[ignore = "a million messages; ./test long runs it"]
fn what_one_change_costs_is_the_same_in_a_million_messages() {
    let steps = [1_000, 1_000_000].map(steps_after_one_change);
    println!(
        "delta: steps for a folder, what left it, the mailbox, what left it, the folders, which are gone: in 1,000 messages {:?}, in 1,000,000 {:?}",
        steps[0], steps[1]
    );
    assert_eq!(steps[0], steps[1]);
}
