//! Each test asks a store of its own, in one transaction that is never committed.

use super::*;
use crate::db::open_for_writing;
use crate::db::sqlite::Connection;
use crate::migrate::migrate;
use crate::model::folder::WellKnownName;
use crate::model::lease::Work;
use crate::model::message::MessageRecord;
use crate::model::person::Person;
use crate::model::subscription::Operation;
use std::time::Duration;

const ADELE: MailboxId = MailboxId([7; 16]);
const URL: &str = "https://app.example/changes";
const OF_ITSELF: &str = "https://app.example/lifecycle";
const FIRST: (MailboxId, SubscriptionId) = (MailboxId([0; 16]), SubscriptionId([0; 16]));
const LEASE: Duration = Duration::from_micros(50);

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

    /// A message comes; answers the number of that change.
    fn change(&self, number: u8) -> i64 {
        let inbox = self.tx().well_known_folder(ADELE, WellKnownName::Inbox).expect("a folder");
        let record = MessageRecord::empty(MessageId([number; 16]), inbox, Timestamp(0));
        self.tx().add_message(ADELE, &record).expect("a message")
    }

    fn subscribe(&self, id: u8, lifecycle: Option<&str>) -> SubscriptionId {
        let mut tx = self.tx();
        let one = Subscription {
            mailbox: ADELE,
            id: SubscriptionId([id; 16]),
            client_id: "app".to_owned(),
            person: Some(ADELE),
            resource: "me/messages".to_owned(),
            folder: None,
            change_types: ChangeTypes::parse("created, Deleted").expect("words"),
            notification_url: URL.to_owned(),
            lifecycle_notification_url: lifecycle.map(str::to_owned),
            client_state: None,
            latest_supported_tls_version: "v1_2".to_owned(),
            data: None,
            expiration_date_time: Timestamp(1000),
            modseq: tx.log_reach(ADELE).expect("a reach").last,
            paused: None,
            lifecycle_events: Vec::new(),
            is_filtered: false,
            reads_text: false,
            is_ending_told: false,
        };
        tx.add_subscription(&one).expect("a subscription");
        assert_eq!(tx.subscription(one.id).expect("a look"), Some(one.clone()), "it reads as it was written");
        one.id
    }

    /// Those that have something to be told of changes at a time.
    fn at(&self, now: i64) -> Vec<u8> {
        let found = self.tx().subscriptions_at(URL, Timestamp(now), FIRST, 10).expect("a look");
        found.iter().map(|one| one.subscription.id.0[0]).collect()
    }

    /// What is to be told of themselves.
    fn events(&self) -> Vec<(u8, Vec<LifecycleEvent>)> {
        let found = self.tx().lifecycle_at(OF_ITSELF, 10).expect("a look");
        let events = |one: Subscription| one.lifecycle_events.into_iter().map(|(event, _)| event).collect();
        found.into_iter().map(|one| (one.id.0[0], events(one))).collect()
    }
}

#[test]
fn what_was_taken_is_behind_and_what_comes_is_ahead() {
    let store = Fixture::new();
    let one = store.subscribe(1, None);
    assert!(store.at(5).is_empty(), "nothing happened since");
    let first = store.change(1);
    store.subscribe(2, None);
    assert_eq!(store.at(5), [1]);
    let second = store.change(2);
    assert_eq!(store.at(5), [1, 2]);
    let rows = store.tx().changes_after(ADELE, first, 10).expect("a look");
    assert_eq!(rows.iter().map(|row| (row.modseq, row.operation)).collect::<Vec<_>>(), [(second, Operation::Created)]);
    store.tx().note_delivered(ADELE, one, second).expect("a note");
    assert_eq!(store.at(5), [2]);
    assert!(store.at(1000).is_empty(), "they have ended");
}

#[test]
fn a_receiver_is_noted_taken_and_forgotten_once_it_has_all() {
    let store = Fixture::new();
    let id = store.subscribe(1, None);
    let last = store.change(1);
    let mut tx = store.tx();
    tx.note_due(Work::Notifications, URL, Timestamp(5)).expect("a note");
    assert!(tx.lease(Work::Relay, true, (Timestamp(5), LEASE), 9).expect("a lease").is_empty(), "that is no mail");
    let leased = tx.lease(Work::Notifications, true, (Timestamp(5), LEASE), 9).expect("a lease");
    assert_eq!(leased.iter().map(|one| one.name.as_str()).collect::<Vec<_>>(), [URL]);
    assert!(tx.lease(Work::Notifications, true, (Timestamp(6), LEASE), 9).expect("a lease").is_empty(), "it is taken");
    tx.give_back(&leased[0], Timestamp(6), Timestamp(30)).expect("back");
    let next = |tx: &WriteTx<'_>| tx.next_lease(Work::Notifications, crate::Taker::ALONE, Timestamp(7)).expect("a look");
    assert_eq!(next(&tx), Some(Timestamp(30)), "there is something left to tell");
    let leased = tx.lease(Work::Notifications, true, (Timestamp(30), LEASE), 9).expect("a lease");
    tx.note_delivered(ADELE, id, last).expect("a note");
    tx.give_back(&leased[0], Timestamp(31), Timestamp(31)).expect("back");
    assert_eq!(next(&tx), None);
}

#[test]
fn each_change_is_held_for_its_time_and_then_given_up_aloud() {
    let store = Fixture::new();
    store.subscribe(1, Some(OF_ITSELF));
    store.change(1);
    let hold = |now: i64, before: i64| store.tx().hold_notifications(URL, Timestamp(now), Timestamp(before)).expect("a note");
    hold(10, 0);
    let second = store.change(2);
    hold(20, 5);
    assert_eq!((store.at(20), store.events()), (vec![1], vec![]), "it is tried on");
    hold(30, 10);
    assert_eq!(store.events(), [(1, vec![LifecycleEvent::Missed])]);
    let behind = store.tx().subscriptions_at(URL, Timestamp(30), FIRST, 10).expect("a look");
    assert_eq!(behind.iter().map(|one| one.subscription.modseq).collect::<Vec<_>>(), [second - 1], "the second has its own time");
    hold(40, 29);
    assert_eq!(store.at(40), [1]);
    hold(50, 30);
    assert!(store.at(50).is_empty());
    // Nobody takes what is told of it either.
    store.tx().hold_notifications(OF_ITSELF, Timestamp(90), Timestamp(50)).expect("a note");
    assert!(store.events().is_empty());
}

#[test]
fn what_is_removed_is_told_where_somebody_listens_and_then_forgotten() {
    let store = Fixture::new();
    let (loud, silent) = (store.subscribe(1, Some(OF_ITSELF)), store.subscribe(2, None));
    let mut tx = store.tx();
    tx.pause_subscription(ADELE, loud, Timestamp(5)).expect("a note");
    store.change(1);
    assert_eq!(store.at(6), [2], "the one that rests is told nothing");
    assert_eq!(store.events(), [(1, vec![LifecycleEvent::ReauthorizationRequired])]);
    assert!(tx.resume_subscription(ADELE, loud).expect("a note"));
    assert_eq!((store.at(6), store.events()), (vec![1, 2], vec![]));
    for id in [loud, silent] {
        tx.end_subscription(ADELE, id, Timestamp(7)).expect("an end");
        assert_eq!(tx.subscription(id).expect("a look"), None);
    }
    assert_eq!(store.events(), [(1, vec![LifecycleEvent::SubscriptionRemoved])]);
    assert_eq!(tx.lifecycle_unnoted().expect("a look"), [OF_ITSELF]);
    assert!(!tx.resume_subscription(ADELE, loud).expect("a note"), "it is gone");
    tx.note_lifecycle_told(ADELE, loud, (LifecycleEvent::SubscriptionRemoved, Timestamp(7))).expect("a note");
    assert!(store.events().is_empty());
}

#[test]
fn those_that_end_soon_are_warned_once() {
    let store = Fixture::new();
    let id = store.subscribe(1, Some(OF_ITSELF));
    let tend = |now: i64| store.tx().subscriptions_to_tend(Timestamp(now), Timestamp(now + 100)).expect("a look").len();
    assert_eq!((tend(899), tend(900)), (0, 1));
    store.tx().warn_of_end(ADELE, id, Timestamp(900)).expect("a note");
    assert_eq!((tend(900), tend(1000)), (0, 1), "the next that is done is to end it");
    store.tx().note_lifecycle_told(ADELE, id, (LifecycleEvent::ReauthorizationRequired, Timestamp(900))).expect("a note");
    let change = SubscriptionChange { expiration_date_time: Some(Timestamp(2000)), ..SubscriptionChange::default() };
    assert!(store.tx().change_subscription((ADELE, id), &change).expect("a note"));
    assert_eq!((tend(1000), tend(1900)), (0, 1), "and it is warned of the new end");
}

#[test]
fn what_is_not_given_stays_as_it_is() {
    let store = Fixture::new();
    let id = store.subscribe(1, Some(OF_ITSELF));
    let change = |change: SubscriptionChange| {
        assert!(store.tx().change_subscription((ADELE, id), &change).expect("a note"));
        store.tx().subscription(id).expect("a look").expect("it is there")
    };
    let (certificate, certificate_id) = (Some("MII=".to_owned()), Some("mine".to_owned()));
    let keyed = change(SubscriptionChange { certificate, certificate_id, ..SubscriptionChange::default() });
    let moved =
        change(SubscriptionChange { notification_url: Some("https://b.example".to_owned()), ..SubscriptionChange::default() });
    assert_eq!((moved.expiration_date_time, &moved.data), (Timestamp(1000), &keyed.data), "it is another's change");
    assert_eq!(moved.notification_url, "https://b.example");
    let renamed = change(SubscriptionChange { certificate_id: Some("other".to_owned()), ..SubscriptionChange::default() });
    let data = DataRecipient { certificate: "MII=".to_owned(), certificate_id: "other".to_owned() };
    assert_eq!((renamed.data, renamed.notification_url), (Some(data), moved.notification_url));
}

#[test]
fn what_comes_up_while_it_is_told_is_told_too() {
    let store = Fixture::new();
    let id = store.subscribe(1, Some(OF_ITSELF));
    store.tx().note_missed(ADELE, id, 0, Timestamp(5)).expect("a note");
    store.tx().note_missed(ADELE, id, 0, Timestamp(6)).expect("a note");
    store.tx().note_lifecycle_told(ADELE, id, (LifecycleEvent::Missed, Timestamp(5))).expect("a note");
    assert_eq!(store.events(), [(1, vec![LifecycleEvent::Missed])], "it is another one");
    store.tx().note_lifecycle_told(ADELE, id, (LifecycleEvent::Missed, Timestamp(6))).expect("a note");
    assert!(store.events().is_empty());
}

#[test]
fn one_to_a_folder_that_is_gone_ends_once_it_was_told_what_happened_there() {
    let store = Fixture::new();
    let mut tx = store.tx();
    let inbox = tx.well_known_folder(ADELE, WellKnownName::Inbox).expect("a folder");
    let (gone, elsewhere) = (FolderId([9; 16]), store.change(1));
    let subscribe = |id: u8, folder: FolderId, modseq: i64| {
        let one = store.tx().subscription(store.subscribe(id, None)).expect("a look").expect("it is there");
        store.tx().remove_subscription(ADELE, one.id).expect("a note");
        store.tx().add_subscription(&Subscription { folder: Some(folder), modseq, ..one.clone() }).expect("a subscription");
        one.id
    };
    tx.add_folder(ADELE, gone, inbox, "Gone", false, Timestamp(0)).expect("a folder");
    let record = MessageRecord::empty(MessageId([2; 16]), gone, Timestamp(0));
    tx.add_message(ADELE, &record).expect("a message");
    let left = tx.replace_message(ADELE, &MessageRecord { folder: inbox, ..record }).expect("a move");
    tx.execute("DELETE FROM folder WHERE id = $1", values![&gone.0]).expect("it goes");
    let (behind, told, there) = (subscribe(1, gone, elsewhere), subscribe(2, gone, left), subscribe(3, inbox, left));
    store.change(3); // what happens elsewhere has no say
    let is_over = |id: SubscriptionId| store.tx().has_lost_its_folder(ADELE, id).expect("a look");
    assert_eq!((is_over(behind), is_over(told), is_over(there)), (false, true, false));
    assert_eq!(tx.subscriptions_to_tend(Timestamp(0), Timestamp(1)).expect("a look").len(), 1);
    tx.note_delivered(ADELE, behind, left).expect("a note");
    assert!(is_over(behind));
}
