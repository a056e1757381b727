//! How long it takes to find words: `search DIR [URL]` fills a mailbox of 100,000 messages, asks, fills twenty others of
//! 10,000, and asks again. Rows stand in `DIR`, or in the database of PostgreSQL at `URL`; a mailbox that has messages stays as it
//! is. It prints a row of Markdown for each question: the median of the store's answers, warm, in microseconds.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a measurement that can't go on should say where")]

use std::time::{Duration, Instant};
use store::{
    BodyText, Condition, Digest, FolderId, IndexTx, ListQuery, Location, MailboxId, MessageId, MessageRecord, MessageTexts,
    Octets, Person, Recipient, Rows, SearchQuery, Store, StoreError, TextField, Timestamp, WellKnownName, WriteTx,
};

/// Messages of the mailbox that is looked into, of each other one, and how many others there are.
const SIZE: u64 = 100_000;
const OTHER_SIZE: u64 = 10_000;
const OTHERS: u8 = 20;
/// Messages that one deed files.
const TOGETHER: u64 = 500;
/// Words of a message, and words that there are.
const WORDS: u64 = 120;
const VOCABULARY: f64 = 20_000.0;
/// How often each question is asked, and for how long at most.
const TIMES: usize = 31;
const LONG: Duration = Duration::from_secs(3);

#[tokio::main]
async fn main() {
    let mut arguments = std::env::args().skip(1);
    let dir = arguments.next().expect("a directory").into();
    let rows = arguments.next().map_or(Rows::Sqlite, |url| Rows::Postgres { url });
    let store = Store::serve(Location { dir, rows, octets: Octets::Files }).expect("a store");
    fill(&store, 0, SIZE).await;
    // Where the others are there already, it isn't alone.
    let alone = if is_there(&store, 1).await { Vec::new() } else { measured(&store, 0).await };
    for other in 1..=OTHERS {
        fill(&store, other, OTHER_SIZE).await;
    }
    let (large, small) = (measured(&store, 0).await, measured(&store, 1).await);
    println!("| | found | {SIZE}, alone | {SIZE} beside others | count | found | {OTHER_SIZE} beside others | count |");
    println!("|---|---:|---:|---:|---:|---:|---:|---:|");
    for (at, ((name, _), (large, small))) in questions().iter().zip(large.iter().zip(small)).enumerate() {
        let alone = alone.get(at).map_or("–".to_owned(), |alone: &Asked| alone.page.as_micros().to_string());
        let [page, count] = [large.page, large.count].map(|took| took.as_micros());
        let [page_of_small, count_of_small] = [small.page, small.count].map(|took| took.as_micros());
        let (found, few) = (large.found, small.found);
        println!("| {name} | {found} | {alone} | {page} | {count} | {few} | {page_of_small} | {count_of_small} |");
    }
}

struct Asked {
    found: i64,
    page: Duration,
    count: Duration,
}

fn questions() -> Vec<(&'static str, SearchQuery)> {
    let within = |within, text: &str, prefix| SearchQuery::Words { within, text: text.to_owned(), prefix };
    let word = |text| within(Vec::new(), text, false);
    let both = |one, other| SearchQuery::All(vec![word(one), word(other)]);
    let not = |query| SearchQuery::Not(Box::new(query));
    vec![
        ("a rare word", word("rarity")),
        ("a word in one message of a hundred", word("seldom")),
        ("a common word", word("frequent")),
        ("a word in nothing", word("nowhere")),
        ("a word that is common in old messages alone", word("bygone")),
        ("a rare and a common word", both("rarity", "frequent")),
        ("two common words", both("frequent", "regular")),
        ("two common words, seldom together", both("sunny", "rainy")),
        ("a common word, and not another", SearchQuery::All(vec![word("frequent"), not(word("regular"))])),
        ("one of two rare words", SearchQuery::Any(vec![word("rarity"), word("nowhere")])),
        ("the beginning of a rare word", within(Vec::new(), "rari", true)),
        ("the beginning of many words", within(Vec::new(), "w12", true)),
        ("the beginning of nearly all words", within(Vec::new(), "w", true)),
        ("a common phrase", word("quarterly report")),
        ("a rare phrase of common words", word("report quarterly")),
        ("a word of the subject", within(vec![TextField::Subject], "invoice", false)),
        ("a sender's address", within(vec![TextField::From], "sender7@example.com", false)),
        ("characters that are words, rare together", word("積見")),
        ("everything", SearchQuery::Everything),
    ]
}

async fn measured(store: &Store, mailbox: u8) -> Vec<Asked> {
    let mut answers = Vec::new();
    for (name, search) in questions() {
        let search = Some(search);
        let (condition, budget) = (Condition::ALWAYS, 100_000_000);
        let query = ListQuery { folder: None, condition, search, order: Vec::new(), after: None, skip: 0, top: 25, budget };
        let page = async || {
            let query = query.clone();
            let look = move |tx: &store::ReadTx<'_>| tx.list(owner(mailbox), &query, &NO_BODY).map(|page| page.items.len());
            store.read::<_, StoreError>(look).await.expect("a page") as i64
        };
        let count = async || {
            let query = query.clone();
            let look = move |tx: &store::ReadTx<'_>| tx.count_listed(owner(mailbox), &query, &NO_BODY);
            store.read::<_, StoreError>(look).await.expect("a count")
        };
        let (found, count) = median(&count).await;
        let (shown, page) = median(&page).await;
        assert_eq!(shown, found.min(25), "{name}");
        eprintln!("{mailbox} {name}: {found}, {page:?}, {count:?}");
        answers.push(Asked { found, page, count });
    }
    answers
}

async fn median(ask: &impl AsyncFn() -> i64) -> (i64, Duration) {
    let (mut took, mut answer) = (Vec::new(), 0);
    while took.len() < TIMES && took.iter().sum::<Duration>() < LONG {
        let began = Instant::now();
        answer = ask().await;
        took.push(began.elapsed());
    }
    took.sort_unstable();
    (answer, took[took.len() / 2])
}

const NO_BODY: fn(&MessageRecord) -> Result<BodyText, StoreError> = |_| Err(StoreError::NotFound);

fn owner(mailbox: u8) -> MailboxId {
    MailboxId([mailbox + 1; 16])
}

async fn fill(store: &Store, mailbox: u8, size: u64) {
    if is_there(store, mailbox).await {
        return;
    }
    let began = Instant::now();
    let inbox = store.write(move |tx| moved_in(tx, mailbox)).await.expect("a mailbox");
    for begin in (0..size).step_by(usize::try_from(TOGETHER).unwrap()) {
        let deed = move |tx: &mut WriteTx<'_>| {
            let mut numbers = begin..size.min(begin + TOGETHER);
            numbers.try_for_each(|number| tx.add_message(owner(mailbox), &record(number, inbox)).map(drop))
        };
        store.write_in::<_, StoreError>(owner(mailbox), deed).await.expect("messages");
    }
    let filed = began.elapsed();
    while store.index(move |tx| index_some(tx, mailbox, size)).await.expect("an index") {}
    eprintln!("{size} messages were filed in {filed:?} and indexed in {:?}", began.elapsed() - filed);
}

async fn is_there(store: &Store, mailbox: u8) -> bool {
    let has_messages = move |tx: &store::ReadTx<'_>| Ok::<_, StoreError>(tx.log_reach(owner(mailbox))?.last > 0);
    store.read(has_messages).await.unwrap_or(false)
}

fn moved_in(tx: &mut WriteTx<'_>, mailbox: u8) -> Result<FolderId, StoreError> {
    let [user_principal_name, display_name] = [format!("person{mailbox}@example.org"), "Person".to_owned()];
    let (given_name, surname) = (String::new(), String::new());
    let person = Person { id: owner(mailbox), user_principal_name, display_name, given_name, surname };
    tx.add_person(&person, Timestamp::from_seconds(0))?;
    tx.well_known_folder(owner(mailbox), WellKnownName::Inbox)
}

/// Indexes the next messages; answers whether there are more.
fn index_some(tx: &mut IndexTx<'_>, mailbox: u8, size: u64) -> Result<bool, StoreError> {
    let unindexed = tx.unindexed(owner(mailbox), 64)?.expect("nobody else indexes");
    for id in &unindexed.messages {
        let record = tx.message(owner(mailbox), *id)?.ok_or(StoreError::NotFound)?;
        let body = text(u64::try_from(record.sent_date_time.seconds() / 60).unwrap(), size);
        tx.index_message(&unindexed.then, &record, &MessageTexts { body, attachments: Vec::new() })?;
    }
    tx.keep_indexed(owner(mailbox), &unindexed.then)?;
    Ok(unindexed.more)
}

fn record(number: u64, folder: FolderId) -> MessageRecord {
    let at = Timestamp::from_seconds(i64::try_from(number).unwrap() * 60);
    let address = format!("sender{}@example.com", mixed(number) % 500);
    let from = vec![Recipient { name: "Somebody".to_owned(), address }];
    MessageRecord {
        blob: Digest([0; 32]),
        prefix: String::new(),
        size: 5000,
        is_read: true,
        internet_message_id: format!("<{number}@example.com>"),
        conversation_id: [0; 16],
        conversation_index: vec![1; 22],
        subject: format!("{} {number}", if number.is_multiple_of(20) { "Invoice" } else { "Message" }),
        body_preview: "The beginning of the text. ".repeat(9),
        importance: "normal".to_owned(),
        inference_classification: "focused".to_owned(),
        sender: from.clone(),
        from,
        to_recipients: vec![Recipient { name: "Person".to_owned(), address: "person@example.org".to_owned() }],
        flag: r#"{"flagStatus":"notFlagged"}"#.to_owned(),
        ..MessageRecord::empty(MessageId::new(at), folder, at)
    }
}

/// Words as often as words of a language are, and those that are asked for.
fn text(number: u64, size: u64) -> String {
    let word = |at: u64| {
        let chance = mixed(number * WORDS + at) as f64 / u64::MAX as f64;
        format!("w{} ", VOCABULARY.powf(chance) as u64)
    };
    let mut text: String = (0..WORDS).map(word).collect();
    let mut add = |is_there: bool, words: &str| text += if is_there { words } else { "" };
    let chance = mixed(number ^ 0xABCD);
    add(number.is_multiple_of(size / 10), "rarity ");
    add(chance.is_multiple_of(100), "seldom ");
    add((chance >> 8).is_multiple_of(2), "frequent ");
    add((chance >> 10).is_multiple_of(2), "regular ");
    add(number < size / 10 && (chance >> 12).is_multiple_of(2), "bygone ");
    let weather = if number.is_multiple_of(size / 100) { "sunny rainy " } else { ["sunny ", "rainy "][(number % 2) as usize] };
    add((chance >> 16).is_multiple_of(4) || number.is_multiple_of(size / 100), weather);
    let report = if number.is_multiple_of(size / 10) { "report quarterly " } else { "quarterly report of " };
    add((chance >> 20).is_multiple_of(5) || number.is_multiple_of(size / 10), report);
    let estimate = if number.is_multiple_of(size / 10) { "積見" } else { "お見積書を送付します。" };
    add((chance >> 24).is_multiple_of(10) || number.is_multiple_of(size / 10), estimate);
    text
}

/// A number that looks random, the same for the same one (SplitMix64).
fn mixed(number: u64) -> u64 {
    let mixed = number.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb) ^ (mixed >> 31)
}
