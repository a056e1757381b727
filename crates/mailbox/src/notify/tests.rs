//! What is told when, by a clock that is turned.

use super::*;
use crate::{Notifying, Options, Protecting, Relaying};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicI64, Ordering};
use store::{Application, ApplicationLimits, ChangeTypes, Clock, MessageId, MessageRecord, Person, Store};

const ADELE: MailboxId = MailboxId([7; 16]);
const URL: &str = "https://app.example/changes";
const OF_ITSELF: &str = "https://app.example/lifecycle";
const HOUR: i64 = 60 * 60;

struct TurnedClock(AtomicI64);

impl Clock for TurnedClock {
    fn now(&self) -> Timestamp {
        Timestamp(self.0.load(Ordering::Relaxed))
    }
}

struct Fixture {
    _dir: tempfile::TempDir,
    store: Store,
    clock: Arc<TurnedClock>,
    mail: Mail,
}

impl Fixture {
    async fn new() -> Fixture {
        let dir = tempfile::tempdir().expect("a directory");
        let store = Store::serve(dir.path()).expect("a store");
        let clock = Arc::new(TurnedClock(AtomicI64::new(1_800_014_400_000_000)));
        let options = Options {
            domain: "contoso.com".to_owned(),
            max_message_octets: 1024,
            query_work: 1000,
            relaying: Relaying::default(),
            protecting: Protecting::default(),
            notifying: Notifying::default(),
        };
        let mail = Mail::new(store.clone(), clock.clone(), options);
        let person = Person {
            id: ADELE,
            user_principal_name: "AdeleV@contoso.com".to_owned(),
            display_name: String::new(),
            given_name: String::new(),
            surname: String::new(),
        };
        let now = clock.now();
        store.write::<_, StoreError>(move |tx| tx.add_person(&person, now)).await.expect("a person");
        let fixture = Fixture { _dir: dir, store, clock, mail };
        fixture.register("Mail.Read").await;
        fixture
    }

    /// Registers the app, with these permissions.
    async fn register(&self, permissions: &str) {
        let app = Application {
            client_id: "app".to_owned(),
            display_name: String::new(),
            account_enabled: true,
            is_public_client: false,
            delegated_permissions: permissions.to_owned(),
            application_permissions: permissions.to_owned(),
            limits: ApplicationLimits::default(),
            created_date_time: Timestamp(0),
        };
        self.store.write::<_, StoreError>(move |tx| tx.put_application(&app)).await.expect("an app");
    }

    async fn subscribe(&self, id: u8) {
        self.subscribe_to(id, "created", false).await;
    }

    async fn subscribe_to(&self, id: u8, change_types: &'static str, is_filtered: bool) {
        let now = self.clock.now();
        let deed = move |tx: &mut WriteTx<'_>| {
            tx.add_subscription(&Subscription {
                mailbox: ADELE,
                id: SubscriptionId([id; 16]),
                client_id: "app".to_owned(),
                person: Some(ADELE),
                resource: "me/messages".to_owned(),
                folder: None,
                change_types: ChangeTypes::parse(change_types).expect("words"),
                notification_url: URL.to_owned(),
                lifecycle_notification_url: Some(OF_ITSELF.to_owned()),
                client_state: None,
                latest_supported_tls_version: "v1_2".to_owned(),
                data: None,
                expiration_date_time: now.after(Duration::from_secs(7 * 24 * 60 * 60)),
                modseq: tx.log_reach(ADELE)?.last,
                paused: None,
                lifecycle_events: Vec::new(),
                is_filtered,
                reads_text: false,
                is_ending_told: false,
            })
        };
        self.store.write::<_, StoreError>(deed).await.expect("a subscription");
    }

    async fn messages(&self, count: u32) {
        let now = self.clock.now();
        let deed = move |tx: &mut WriteTx<'_>| {
            let inbox = tx.well_known_folder(ADELE, WellKnownName::Inbox)?;
            for _ in 0..count {
                tx.add_message(ADELE, &MessageRecord::empty(MessageId::new(now), inbox, now))?;
            }
            Ok::<_, StoreError>(())
        };
        self.store.write(deed).await.expect("messages");
    }

    fn turn(&self, seconds: i64) {
        self.clock.0.fetch_add(seconds * 1_000_000, Ordering::Relaxed);
    }

    async fn look(&self) {
        self.mail.look_for_notifications().await.expect("a look");
    }

    /// Takes what is due, by URL; those that are down take nothing.
    async fn carry(&self, is_down: fn(&str) -> bool) -> BTreeMap<String, Vec<Notification>> {
        self.look().await;
        let mut taken = BTreeMap::new();
        for mut target in self.mail.due_targets(10).await.expect("targets") {
            let url = target.url().to_owned();
            let mut all = Vec::new();
            let was_reached = loop {
                let batch = self.mail.batch(&mut target, &every_message()).await.expect("a batch");
                if batch.is_empty() {
                    break true;
                }
                if !batch.notifications.is_empty() && is_down(&url) {
                    break false;
                }
                all.extend(batch.notifications.clone());
                self.mail.settle_notified(batch).await.expect("a deed");
            };
            self.mail.return_target(&target, was_reached).await.expect("a deed");
            taken.insert(url, all);
        }
        taken.retain(|_, all| !all.is_empty());
        taken
    }

    async fn lifecycle(&self) -> Vec<LifecycleEvent> {
        let mut taken = self.carry(|_| false).await;
        // What is told of itself may have been noted by what was carried just now.
        taken.extend(self.carry(|_| false).await);
        let event = |one: &Notification| match one.what {
            Notified::Lifecycle(event) => Some(event),
            Notified::Changed(_) => None,
        };
        taken.get(OF_ITSELF).map(|all| all.iter().filter_map(event).collect()).unwrap_or_default()
    }
}

/// A filter that lets in all.
fn every_message() -> Arc<ReadWanted> {
    Arc::new(|_: &Subscription| Some(Wanted { condition: Some(Condition::ALWAYS), properties: Vec::new() }))
}

/// How many changes were told at the URL.
fn changes(taken: &BTreeMap<String, Vec<Notification>>) -> usize {
    taken.get(URL).map_or(0, |all| all.iter().filter(|one| matches!(one.what, Notified::Changed(_))).count())
}

#[tokio::test]
async fn all_is_told_in_order_and_once_where_it_is_taken() {
    let fixture = Fixture::new().await;
    fixture.subscribe(1).await;
    fixture.subscribe(2).await;
    fixture.messages(260).await;
    let taken = fixture.carry(|_| false).await;
    for id in [1, 2] {
        let of_one = |one: &Notification| match one.what {
            Notified::Changed(change) if one.subscription.id.0[0] == id => Some(change.modseq),
            _ => None,
        };
        let numbers: Vec<i64> = taken[URL].iter().filter_map(of_one).collect();
        assert!(numbers.len() == 260 && numbers.is_sorted(), "{id}: {numbers:?}");
    }
    assert!(fixture.carry(|_| false).await.is_empty(), "nothing is left");
}

#[tokio::test]
async fn what_is_down_for_an_hour_misses_nothing_and_for_five_is_told_what_it_missed() {
    let fixture = Fixture::new().await;
    fixture.subscribe(1).await;
    fixture.messages(3).await;
    assert!(fixture.carry(|url| url == URL).await.is_empty());
    assert!(fixture.carry(|_| false).await.is_empty(), "it is not tried at once");
    fixture.turn(HOUR);
    assert_eq!(changes(&fixture.carry(|_| false).await), 3, "it is back");

    fixture.messages(2).await;
    assert!(fixture.carry(|url| url == URL).await.is_empty());
    fixture.turn(HOUR);
    fixture.messages(1).await;
    let mut told = 0;
    for _ in 0..4 {
        fixture.turn(HOUR);
        let taken = fixture.carry(|url| url == URL).await;
        assert!(!taken.contains_key(URL));
        told += taken.get(OF_ITSELF).map_or(0, Vec::len);
    }
    assert_eq!(told, 1, "that it missed something is told while it is down");
    fixture.turn(HOUR);
    let taken = fixture.carry(|_| false).await;
    assert_eq!(changes(&taken), 1, "what came later is kept longer");
    assert_eq!(fixture.lifecycle().await, [], "it was told already");
}

#[tokio::test]
async fn missed_is_told_once_and_the_log_that_forgets_says_so_too() {
    let fixture = Fixture::new().await;
    fixture.subscribe(1).await;
    fixture.messages(2).await;
    fixture.carry(|_| true).await;
    for _ in 0..5 {
        fixture.turn(HOUR);
        fixture.carry(|url| url == URL).await;
    }
    fixture.messages(1).await;
    let last = fixture.store.read::<_, StoreError>(|tx| Ok(tx.log_reach(ADELE)?.last)).await.expect("a look");
    fixture.store.write::<_, StoreError>(move |tx| tx.forget_changes(ADELE, last)).await.expect("a deed");
    fixture.turn(HOUR);
    assert_eq!(fixture.lifecycle().await, [LifecycleEvent::Missed]);
    fixture.messages(1).await;
    assert_eq!(changes(&fixture.carry(|_| false).await), 1);
    assert_eq!(fixture.lifecycle().await, []);
}

#[tokio::test]
async fn what_a_filter_lets_in_is_known_anew_where_something_was_missed() {
    let fixture = Fixture::new().await;
    fixture.subscribe_to(1, "created,updated", true).await;
    fixture.messages(1).await;
    assert_eq!(changes(&fixture.carry(|_| false).await), 1);
    fixture.messages(1).await;
    for _ in 0..6 {
        fixture.carry(|url| url == URL).await;
        fixture.turn(HOUR);
    }
    assert_eq!(fixture.lifecycle().await, [LifecycleEvent::Missed]);
    let update = |tx: &mut WriteTx<'_>| {
        let all = tx.changes_after(ADELE, 0, 10)?;
        for id in all.iter().map(|row| row.message) {
            let record = tx.message(ADELE, id)?.ok_or(StoreError::NotFound)?;
            tx.replace_message(ADELE, &MessageRecord { is_read: true, ..record })?;
        }
        Ok::<_, StoreError>(())
    };
    fixture.store.write(update).await.expect("a deed");
    let taken = fixture.carry(|_| false).await;
    let told = |one: &Notification| match one.what {
        Notified::Changed(change) => Some(change.operation),
        Notified::Lifecycle(_) => None,
    };
    let told: Vec<Operation> = taken[URL].iter().filter_map(told).collect();
    assert_eq!(told, [Operation::Updated, Operation::Updated], "the one that was missed is let in as well");
}

#[tokio::test]
async fn a_filter_that_can_not_be_read_any_more_ends() {
    let fixture = Fixture::new().await;
    fixture.subscribe_to(1, "created", true).await;
    fixture.messages(1).await;
    fixture.look().await;
    let mut target = fixture.mail.due_targets(10).await.expect("targets").remove(0);
    let unreadable: Arc<ReadWanted> = Arc::new(|_: &Subscription| None);
    let batch = fixture.mail.batch(&mut target, &unreadable).await.expect("a batch");
    assert!(batch.notifications.is_empty() && !batch.is_empty(), "nothing is said to be deleted");
    fixture.mail.settle_notified(batch).await.expect("a deed");
    fixture.mail.return_target(&target, true).await.expect("a deed");
    assert_eq!(fixture.lifecycle().await, [LifecycleEvent::SubscriptionRemoved]);
}

#[tokio::test]
async fn one_that_is_renewed_while_its_end_is_looked_for_goes_on() {
    let fixture = Fixture::new().await;
    fixture.subscribe(1).await;
    fixture.turn(7 * 24 * HOUR + 1);
    let (now, patience) = (fixture.clock.now(), Duration::from_secs(60));
    let (key, ends) = ((ADELE, SubscriptionId([1; 16])), now.after(Duration::from_secs(60 * 60)));
    let deed = move |tx: &mut WriteTx<'_>| {
        let renewed = store::SubscriptionChange { expiration_date_time: Some(ends), ..store::SubscriptionChange::default() };
        tx.change_subscription(key, &renewed)?;
        watch::tend(tx, key.1, now, patience)?; // as whoever found it over would
        tx.subscription(key.1)
    };
    assert!(fixture.store.write::<_, StoreError>(deed).await.expect("a deed").is_some());
}

#[tokio::test]
async fn an_app_without_the_right_hears_nothing_until_it_has_it_again() {
    let fixture = Fixture::new().await;
    fixture.subscribe(1).await;
    fixture.register("Mail.Send").await;
    fixture.messages(2).await;
    assert_eq!(fixture.lifecycle().await, [LifecycleEvent::ReauthorizationRequired]);
    fixture.messages(1).await;
    assert!(fixture.carry(|_| false).await.is_empty(), "it is told once");
    fixture.register("Mail.ReadBasic").await;
    fixture.turn(10);
    assert_eq!(changes(&fixture.carry(|_| false).await), 3, "nothing was lost");

    fixture.register("Mail.Send").await;
    fixture.messages(1).await;
    assert_eq!(fixture.lifecycle().await, [LifecycleEvent::ReauthorizationRequired]);
    fixture.turn(4 * HOUR);
    assert_eq!(fixture.lifecycle().await, [LifecycleEvent::SubscriptionRemoved]);
}

#[tokio::test]
async fn an_app_is_told_that_its_subscription_ends_and_that_it_has_ended() {
    let fixture = Fixture::new().await;
    fixture.subscribe(1).await;
    fixture.turn(7 * 24 * HOUR - 16 * 60);
    assert_eq!(fixture.lifecycle().await, []);
    fixture.turn(2 * 60);
    assert_eq!(fixture.lifecycle().await, [LifecycleEvent::ReauthorizationRequired]);
    assert_eq!(fixture.lifecycle().await, [], "once");
    fixture.turn(15 * 60);
    fixture.messages(1).await;
    assert_eq!(fixture.lifecycle().await, [LifecycleEvent::SubscriptionRemoved]);
    assert_eq!(fixture.lifecycle().await, [], "it is gone");
}
