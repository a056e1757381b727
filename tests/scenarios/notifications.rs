//! Many subscriptions, many changes, and receivers that are slow, down or cut the connection: each sees each change of what it follows, in
//! order within a message, and mail's own requests take no longer for it.

use kit::{PEOPLE, Person, Reaction, Receiver, Server, aloud, decode_base64, is_long, plain, until_within};
use serde_json::{Value, json};
use std::collections::HashMap;
use std::time::{Duration, Instant};
use tokio::task::JoinSet;

/// How much. Each subscription follows a folder of its own.
struct Size {
    subscriptions: usize,
    changes: usize,
}

/// Changes of one message: it comes, and is changed so often.
const OF_ONE: usize = 5;
const RECEIVERS: usize = 10;
/// How soon and how late what fails is tried again. Hundreds that are tried each second would be another test: of retries.
const SOON: [u64; 2] = [1, 2];
const LATER: [u64; 2] = [10, 60];

/// A folder and what happened in it: the ids of messages, and of each the etags in their order.
struct Followed {
    folder: String,
    path: String,
    receiver: usize,
    happened: Told,
}

/// What each of the people has.
type People = [Vec<Followed>; PEOPLE.len()];

async fn folder(person: &Person, number: usize) -> String {
    let made = person.post_json("mailFolders", &json!({"displayName": format!("Folder {number}")})).await.demand(201).json();
    made["id"].as_str().unwrap().to_owned()
}

async fn subscribe(person: &Person, followed: &Followed, receivers: &[Receiver]) {
    let until = jiff::Timestamp::now() + jiff::SignedDuration::from_hours(24);
    let asks = json!({
        "changeType": "created,updated,deleted",
        "notificationUrl": receivers[followed.receiver].url(&followed.path),
        "resource": format!("me/mailFolders/{}/messages", followed.folder),
        "expirationDateTime": until.to_string(),
    });
    person.post_json("/subscriptions", &asks).await.demand(201);
}

/// Makes a message in a folder and changes it; answers its id and etags, and how long each request took.
async fn live(person: &Person, folder: &str) -> (String, Vec<String>, Vec<Duration>) {
    let (mut etags, mut took) = (Vec::new(), Vec::new());
    let mut note = |message: &Value, began: Instant| {
        took.push(began.elapsed());
        etags.push(message["@odata.etag"].as_str().unwrap().to_owned());
    };
    let began = Instant::now();
    let octets = plain("AdeleV", &["AlexW"], "Followed");
    let made = person.post_mime(&format!("mailFolders/{folder}/messages"), &octets).await.demand(201).json();
    note(&made, began);
    let id = made["id"].as_str().unwrap().to_owned();
    for number in 1..OF_ONE {
        let began = Instant::now();
        let change = json!({"isRead": number % 2 == 0});
        note(&person.patch_json(&format!("messages/{id}"), &change).await.demand(200).json(), began);
    }
    (id, etags, took)
}

/// Changes all folders of a person in turns.
async fn change_all(person: Person, mut all: Vec<Followed>, changes: usize) -> (Vec<Followed>, Vec<Duration>) {
    let (mut took, count) = (Vec::new(), all.len());
    for number in 0..changes / OF_ONE {
        let followed = &mut all[number % count];
        let (id, etags, durations) = live(&person, &followed.folder).await;
        followed.happened.insert(id, etags);
        took.extend(durations);
    }
    (all, took)
}

/// The same for everybody at once.
async fn change_everywhere(server: &Server, all: People, changes: usize) -> (People, Vec<Duration>) {
    let mut people = JoinSet::new();
    for (at, (name, followed)) in PEOPLE.into_iter().zip(all).enumerate() {
        let changing = change_all(server.person(name), followed, changes / PEOPLE.len());
        people.spawn(async move { (at, changing.await) });
    }
    let (mut all, mut took) = (PEOPLE.map(|_| Vec::new()), Vec::new());
    while let Some(done) = people.join_next().await {
        let (at, (followed, durations)) = done.unwrap();
        all[at] = followed;
        took.extend(durations);
    }
    took.sort();
    (all, took)
}

/// Of each message, by its id, the states that were told, each once, in the order in which they were first told.
type Told = HashMap<String, Vec<String>>;

/// What a receiver was told at each of its paths.
fn told(receiver: &Receiver) -> HashMap<String, Told> {
    let mut all: HashMap<String, Told> = HashMap::new();
    for post in receiver.received() {
        let at = all.entry(post.path.clone()).or_default();
        for one in post.notifications() {
            let text = |name: &str| one["resourceData"][name].as_str().unwrap().to_owned();
            let states = at.entry(text("id")).or_default();
            let etag = text("@odata.etag");
            if !states.contains(&etag) {
                states.push(etag);
            }
        }
    }
    all
}

fn has_all(told: &Told, happened: &Told) -> bool {
    happened.iter().all(|(id, etags)| told.get(id).is_some_and(|states| states.len() >= etags.len()))
}

/// The number of a change, which its etag begins with.
fn number(etag: &str) -> Vec<u8> {
    decode_base64(etag.trim_start_matches("W/").trim_matches('"'))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_receiver_sees_each_change_whatever_others_do() {
    let size = if is_long() { Size { subscriptions: 1000, changes: 100_000 } } else { Size { subscriptions: 40, changes: 1000 } };
    let [first, longest] = if is_long() { LATER } else { SOON };
    let retry = format!("first_retry_seconds = {first}\nlongest_retry_seconds = {longest}\n");
    let server = Server::with_config(&format!("development = true\n[notifications]\n{retry}")).await;
    let mut receivers = Vec::new();
    for _ in 0..RECEIVERS {
        receivers.push(Receiver::start().await);
    }
    let mut all: People = PEOPLE.map(|_| Vec::new());
    for number in 0..size.subscriptions {
        let (at, receiver) = (number % PEOPLE.len(), number % RECEIVERS);
        let folder = folder(&server.person(PEOPLE[at]), number).await;
        all[at].push(Followed { folder, path: format!("/{number}"), receiver, happened: HashMap::new() });
    }
    // Without subscriptions first, on the same machine in the same minutes.
    let (mut all, alone) = change_everywhere(&server, all, size.changes / 4).await;
    for one in all.iter_mut().flatten() {
        one.happened.clear();
    }
    for (name, followed) in PEOPLE.into_iter().zip(&all) {
        for one in followed {
            subscribe(&server.person(name), one, &receivers).await;
        }
    }
    for (receiver, reaction) in receivers.iter().zip([
        Reaction::Take,
        Reaction::Answer(500),
        Reaction::Cut,
        Reaction::TakeAndCut,
        Reaction::Wait(Duration::from_secs(3)),
        Reaction::Wait(Duration::from_secs(30)),
    ]) {
        receiver.react(reaction);
    }
    let began = Instant::now();
    let (all, beside) = change_everywhere(&server, all, size.changes).await;
    let changed = began.elapsed();
    let all: Vec<Followed> = all.into_iter().flatten().collect();
    for receiver in receivers.iter() {
        receiver.react(Reaction::Take);
    }
    let told = until_within(Duration::from_secs(900), "all is told", async || {
        let told: Vec<_> = receivers.iter().map(told).collect();
        let of = |one: &Followed| told[one.receiver].get(&one.path);
        let seen = |one: &Followed| one.happened.is_empty() || of(one).is_some_and(|told| has_all(told, &one.happened));
        all.iter().all(seen).then_some(told)
    })
    .await;
    let all_told = began.elapsed() - changed;
    for one in &all {
        for (id, states) in told[one.receiver].get(&one.path).into_iter().flatten() {
            let numbers: Vec<Vec<u8>> = states.iter().map(|etag| number(etag)).collect();
            assert!(numbers.is_sorted(), "{id}: {numbers:?}");
            assert_eq!(states, &one.happened[id], "each change of a message, in order");
        }
    }
    let of = |took: &[Duration], share: usize| took[(took.len() - 1) * share / 100].as_secs_f64() * 1000.0;
    aloud(&format!(
        "notifications: {} subscriptions, {} changes in {:.1} s, all told {:.1} s after the last; a request took {:.1} ms (99 %: {:.1} ms), \
         without subscriptions {:.1} ms ({:.1} ms)",
        size.subscriptions,
        beside.len(),
        changed.as_secs_f64(),
        all_told.as_secs_f64(),
        of(&beside, 50),
        of(&beside, 99),
        of(&alone, 50),
        of(&alone, 99),
    ));
    assert!(of(&beside, 50) < of(&alone, 50) * 3.0 + 20.0, "mail waits for no receiver");
    server.finish().await;
}
