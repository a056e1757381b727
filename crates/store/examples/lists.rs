//! How long lists take in mailboxes of several sizes: `lists DIR 1000 100000 1000000` fills a mailbox of each size in
//! `DIR` and prints a row of Markdown for each question: the median of the store's answers, warm, in microseconds.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a measurement that can't go on should say where")]

use std::fmt::Write;
use std::path::Path;
use std::time::{Duration, Instant};
use store::{
    BodyText, Condition, Digest, Field, FieldValue, FolderId, IndexTx, ListQuery, MailboxId, MessageId, MessageRecord,
    MessageTexts, Operator, OrderKey, Overlay, Person, ReadTx, Recipient, SearchQuery, Store, StoreError, TextPlace, Timestamp,
    WellKnownName, WriteTx,
};

const OWNER: MailboxId = MailboxId([7; 16]);
/// Messages that one deed files.
const TOGETHER: u64 = 2000;
/// How often each question is asked.
const TIMES: usize = 201;
/// One of so many is unread, and one of so many is from the sender who writes much.
const UNREAD: u64 = 10;
const COMMON: u64 = 20;
/// Messages from the sender who writes little, in any mailbox.
const RARE: u64 = 10;
/// Another so many senders.
const SENDERS: u64 = 500;
/// When the first message came; one came each minute.
const BEGIN: i64 = 1_600_000_000;

#[tokio::main]
async fn main() {
    let mut arguments = std::env::args().skip(1);
    let dir = arguments.next().expect("a directory");
    let sizes: Vec<u64> = arguments.map(|size| size.parse().expect("a size")).collect();
    let mut columns: Vec<Vec<(&str, String)>> = Vec::new();
    for size in &sizes {
        let store = Store::serve(&Path::new(&dir).join(size.to_string())).expect("a store");
        let began = Instant::now();
        let folder = fill(&store, *size).await;
        eprintln!("{size} messages were filed in {:?}", began.elapsed());
        let began = Instant::now();
        while store.index(index_some).await.expect("an index") {}
        eprintln!("their texts were indexed in {:?}", began.elapsed());
        columns.push(measured(&store, folder).await);
    }
    println!("{}", table(&sizes, &columns));
}

fn table(sizes: &[u64], columns: &[Vec<(&str, String)>]) -> String {
    let mut text = "| question |".to_owned();
    sizes.iter().for_each(|size| write!(text, " {size} |").unwrap());
    text += "\n|---|";
    sizes.iter().for_each(|_| text += "---:|");
    for (row, (name, _)) in columns[0].iter().enumerate() {
        write!(text, "\n| {name} |").unwrap();
        columns.iter().for_each(|column| write!(text, " {} |", column[row].1).unwrap());
    }
    text
}

async fn fill(store: &Store, size: u64) -> FolderId {
    let inbox = store.write(moved_in).await.expect("a mailbox");
    for begin in (0..size).step_by(usize::try_from(TOGETHER).unwrap()) {
        let deed = move |tx: &mut WriteTx<'_>| {
            (begin..size.min(begin + TOGETHER)).try_for_each(|n| tx.add_message(OWNER, &record(n, size, inbox)).map(drop))
        };
        store.write::<_, StoreError>(deed).await.expect("messages");
    }
    inbox
}

/// Indexes the next messages; answers whether there are more.
fn index_some(tx: &mut IndexTx<'_>) -> Result<bool, StoreError> {
    let unindexed = tx.unindexed(OWNER, 2000)?;
    for id in &unindexed.messages {
        let record = tx.message(OWNER, *id)?.ok_or(StoreError::NotFound)?;
        tx.index_message(&unindexed.then, &record, &MessageTexts { body: text(&record), attachments: Vec::new() })?;
    }
    tx.keep_indexed(OWNER, &unindexed.then)?;
    Ok(unindexed.more)
}

/// Forty words of a thousand, and two that are in every second message and in ten.
fn text(record: &MessageRecord) -> String {
    let number = u64::try_from(record.received_date_time.seconds() - BEGIN).unwrap() / 60;
    let mut text: String = (0..40).map(|word| format!("word{} ", mixed(number * 40 + word) % 1000)).collect();
    text += if number.is_multiple_of(2) { "frequent " } else { "" };
    text + if record.from[0].address.starts_with("rare") { "seldom" } else { "" }
}

fn moved_in(tx: &mut WriteTx<'_>) -> Result<FolderId, StoreError> {
    let adele = || "Adele".to_owned();
    let user_principal_name = "AdeleV@contoso.com".to_owned();
    let person = Person { id: OWNER, user_principal_name, display_name: adele(), given_name: adele(), surname: adele() };
    tx.add_person(&person, Timestamp(0))?;
    tx.well_known_folder(OWNER, WellKnownName::Inbox)
}

/// A number that looks random, the same for the same one (SplitMix64).
fn mixed(number: u64) -> u64 {
    let mixed = number.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb) ^ (mixed >> 31)
}

fn record(number: u64, size: u64, folder: FolderId) -> MessageRecord {
    let chance = mixed(number);
    let sender = match chance % COMMON {
        _ if number.is_multiple_of(size / RARE) => "rare@example.com".to_owned(),
        0 => "common@example.com".to_owned(),
        _ => format!("sender{}@example.com", mixed(chance) % SENDERS),
    };
    let from = vec![Recipient { name: sender.clone(), address: sender }];
    let at = Timestamp::from_seconds(BEGIN + i64::try_from(number).unwrap() * 60);
    let two = |one: u64, other: u64| [one.to_be_bytes(), other.to_be_bytes()].concat().try_into().unwrap();
    MessageRecord {
        id: MessageId(two(number, chance)),
        folder,
        modseq: 0,
        folder_modseq: 0,
        blob: Digest::of(b"none"),
        prefix: "Return-Path: <somebody@example.com>\r\n".to_owned(),
        generated: String::new(),
        cuts: String::new(),
        size: 2000,
        is_draft: false,
        is_read: !(chance >> 8).is_multiple_of(UNREAD),
        is_composed: false,
        created_date_time: at,
        last_modified_date_time: at,
        received_date_time: at,
        sent_date_time: at,
        internet_message_id: format!("<{chance:x}@example.com>"),
        conversation_id: two(mixed(chance / 4), 0),
        conversation_index: vec![1; 22],
        subject: format!("Subject {} of message {number}", chance % 1000),
        body_preview: "The beginning of the text. ".repeat(9),
        importance: "normal".to_owned(),
        inference_classification: "focused".to_owned(),
        has_attachments: (chance >> 16).is_multiple_of(8),
        is_delivery_receipt_requested: false,
        is_read_receipt_requested: false,
        sender: from.clone(),
        from,
        to_recipients: vec![Recipient { name: "Adele".to_owned(), address: "AdeleV@contoso.com".to_owned() }],
        cc_recipients: Vec::new(),
        bcc_recipients: Vec::new(),
        reply_to: Vec::new(),
        categories: Vec::new(),
        flag: r#"{"flagStatus":"notFlagged"}"#.to_owned(),
        overlay: Overlay::default(),
    }
}

/// The questions, each with its name.
fn questions(folder: FolderId) -> Vec<(&'static str, ListQuery)> {
    let text = |text: &str| FieldValue::Text(text.to_owned());
    let is = |field, value| Condition::equal(field, FieldValue::Integer(value));
    let unread = || is(Field::IsRead, 0);
    let from = |address| Condition::equal(Field::FromAddress, text(address));
    let (rare, common) = (|| from("rare@example.com"), || from("common@example.com"));
    let hour = FieldValue::Integer((BEGIN + 3600) * 1_000_000);
    let early = Condition::Compare { field: Field::ReceivedDateTime, operator: Operator::Less, value: hour };
    let subject = |place, text: &str| Condition::Text { field: Field::Subject, place, text: text.to_owned() };
    let by = |field, descending| vec![OrderKey { field, descending }];
    let newest = || by(Field::ReceivedDateTime, true);
    let list = |condition, order| {
        let folder = Some(folder);
        ListQuery { folder, condition, search: None, order, after: None, skip: 0, top: 50, budget: 1_000_000 }
    };
    let word = |text: &str| SearchQuery::Words { within: Vec::new(), text: text.to_owned(), prefix: false };
    let both = || SearchQuery::All(vec![word("frequent"), word("seldom")]);
    let search = |search| ListQuery { search: Some(search), ..list(Condition::ALWAYS, Vec::new()) };
    let of_all = |condition, order| ListQuery { folder: None, ..list(condition, order) };
    vec![
        ("newest 50", list(Condition::ALWAYS, newest())),
        ("newest 50 of all folders", of_all(Condition::ALWAYS, newest())),
        ("`isRead eq false`, newest first", list(unread(), newest())),
        ("`isRead eq false`, newest first, of all folders", of_all(unread(), newest())),
        ("`from eq`, rare", list(rare(), newest())),
        ("`from eq`, common", list(common(), newest())),
        ("`from eq`, rare, by `sentDateTime`", list(rare(), by(Field::SentDateTime, false))),
        ("`from eq`, common, by `subject`", list(common(), by(Field::Subject, false))),
        ("`isRead eq false`, by `from`", list(unread(), by(Field::FromAddress, false))),
        ("`isRead eq false` and before the 60th", list(Condition::All(vec![unread(), early]), newest())),
        ("`hasAttachments eq true`, by `importance`", list(is(Field::HasAttachments, 1), by(Field::Importance, true))),
        ("`startswith(subject)`, newest first", list(subject(TextPlace::Beginning, "subject 77 of message 1"), newest())),
        ("`$search`, rare", search(word("seldom"))),
        ("`$search`, common", search(word("frequent"))),
        ("`$search`, rare and common", search(both())),
        ("`$search`, common, of all folders", ListQuery { folder: None, ..search(word("frequent")) }),
        ("`$search`, common, by `receivedDateTime`", ListQuery { order: newest(), ..search(word("frequent")) }),
        ("`contains(subject)`, common", list(subject(TextPlace::Anywhere, "subject 1"), newest())),
        ("`contains(subject)`, in none", list(subject(TextPlace::Anywhere, "nothing"), newest())),
    ]
}

/// The median of each question, and whether it was refused.
async fn measured(store: &Store, folder: FolderId) -> Vec<(&'static str, String)> {
    let mut medians = Vec::new();
    for (name, query) in questions(folder) {
        let (mut times, mut refused): (Vec<Duration>, _) = (Vec::new(), "");
        let times_wanted = if name.ends_with("in none") { 3 } else { TIMES };
        for _ in 0..times_wanted {
            let query = query.clone();
            let look = move |tx: &ReadTx<'_>| {
                let body = |_: &MessageRecord| Ok(BodyText { is_html: false, content: String::new(), header: String::new() });
                tx.list(OWNER, &query, &body).map(|page| page.items.len())
            };
            let began = Instant::now();
            match store.read(look).await {
                Ok(_) => {}
                Err(StoreError::TooMuchWork) => refused = ", refused",
                Err(error) => panic!("{name}: {error}"),
            }
            times.push(began.elapsed());
        }
        times.sort_unstable();
        medians.push((name, format!("{}{refused}", times[times.len() / 2].as_micros())));
    }
    medians
}
