//! Mailboxes to look in.

use std::time::Instant;
use store::{
    Digest, FolderId, IndexTx, Location, MailboxId, MessageId, MessageRecord, MessageTexts, Person, ReadTx, Recipient, Store,
    StoreError, Timestamp, WellKnownName, WriteTx,
};

pub const OWNER: MailboxId = MailboxId([7; 16]);
/// Messages that one deed files.
const TOGETHER: u64 = 400;
/// One of so many is unread, and one of so many is from the sender who writes much.
const UNREAD: u64 = 10;
const COMMON: u64 = 20;
/// Messages from the sender who writes little, in any mailbox.
const RARE: u64 = 10;
/// Another so many senders.
const SENDERS: u64 = 500;
/// When the first message came; one came each minute.
pub const BEGIN: i64 = 1_600_000_000;
/// Octets of a message.
const OCTETS: usize = 1000;

/// A mailbox of one folder.
pub struct Filled {
    pub store: Store,
    pub folder: FolderId,
    pub size: u64,
}

impl Filled {
    /// The mailbox in a store; it is filled where it isn't yet.
    pub async fn open(location: Location, size: u64) -> Filled {
        let store = tokio::task::spawn_blocking(|| Store::serve(location).expect("a store")).await.expect("no panic");
        let folder = store.write(moved_in).await.expect("a mailbox");
        let is_empty = |tx: &ReadTx<'_>| Ok::<_, StoreError>(tx.log_reach(OWNER)?.last == 0);
        if store.read(is_empty).await.expect("the store's answer") {
            let began = Instant::now();
            fill(&store, folder, size).await;
            eprintln!("{size} messages were filed in {:?}", began.elapsed());
        }
        let began = Instant::now();
        while store.index(index_some).await.expect("an index") {}
        eprintln!("their texts were indexed in {:?}", began.elapsed());
        Filled { store, folder, size }
    }

    /// One of its messages.
    pub fn id(&self, number: u64) -> MessageId {
        id(number % self.size)
    }
}

async fn fill(store: &Store, inbox: FolderId, size: u64) {
    for begin in (0..size).step_by(usize::try_from(TOGETHER).unwrap()) {
        let mut messages = Vec::new();
        for number in begin..size.min(begin + TOGETHER) {
            let octets = format!("Message: {number}\r\n").repeat(OCTETS / 20).into_bytes();
            let blob = store.spool().write(octets).await.expect("room").finish().await.expect("octets");
            messages.push((record(number, size, inbox, blob.digest), blob));
        }
        let deed = move |tx: &mut WriteTx<'_>| {
            messages.iter().try_for_each(|(record, blob)| {
                tx.put_blob(blob)?;
                tx.add_message(OWNER, record).map(drop)
            })
        };
        store.write::<_, StoreError>(deed).await.expect("messages");
    }
}

/// Indexes the next messages; answers whether there are more.
fn index_some(tx: &mut IndexTx<'_>) -> Result<bool, StoreError> {
    let unindexed = tx.unindexed(OWNER, 400)?.expect("nobody else indexes");
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
pub fn mixed(number: u64) -> u64 {
    let mixed = number.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb) ^ (mixed >> 31)
}

fn two(one: u64, other: u64) -> [u8; 16] {
    [one.to_be_bytes(), other.to_be_bytes()].concat().try_into().unwrap()
}

fn id(number: u64) -> MessageId {
    MessageId(two(number, mixed(number)))
}

fn record(number: u64, size: u64, folder: FolderId, blob: Digest) -> MessageRecord {
    let chance = mixed(number);
    let sender = match chance % COMMON {
        _ if number.is_multiple_of(size / RARE) => "rare@example.com".to_owned(),
        0 => "common@example.com".to_owned(),
        _ => format!("sender{}@example.com", mixed(chance) % SENDERS),
    };
    let from = vec![Recipient { name: sender.clone(), address: sender }];
    let at = Timestamp::from_seconds(BEGIN + i64::try_from(number).unwrap() * 60);
    MessageRecord {
        blob,
        prefix: "Return-Path: <somebody@example.com>\r\n".to_owned(),
        size: 1000,
        is_read: !(chance >> 8).is_multiple_of(UNREAD),
        internet_message_id: format!("<{chance:x}@example.com>"),
        conversation_id: two(mixed(chance / 4), 0),
        conversation_index: vec![1; 22],
        subject: format!("Subject {} of message {number}", chance % 1000),
        body_preview: "The beginning of the text. ".repeat(9),
        importance: "normal".to_owned(),
        inference_classification: "focused".to_owned(),
        has_attachments: (chance >> 16).is_multiple_of(8),
        sender: from.clone(),
        from,
        to_recipients: vec![Recipient { name: "Adele".to_owned(), address: "AdeleV@contoso.com".to_owned() }],
        flag: r#"{"flagStatus":"notFlagged"}"#.to_owned(),
        ..MessageRecord::empty(id(number), folder, at)
    }
}
