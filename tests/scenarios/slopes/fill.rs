//! A mailbox of a size, filled beside its server.

use kit::Rng;
use store::{FolderId, MailboxId, MessageId, MessageRecord, Recipient, Store, StoreError, Timestamp, WellKnownName};

/// Messages that one deed files.
const TOGETHER: u64 = 500;
/// When the first message came; one came each minute.
const BEGIN: i64 = 1_600_000_000;
/// Octets of a message: short, since it is the index of its texts that is waited for.
const LINE: &str = "A short word or two.\r\n";

/// Files messages into the Inbox, the ones of these numbers.
pub async fn fill(store: &Store, mailbox: MailboxId, numbers: std::ops::Range<u64>, rng: &mut Rng) {
    let inbox = move |tx: &store::ReadTx<'_>| tx.well_known_folder(mailbox, WellKnownName::Inbox);
    let inbox = store.read::<_, StoreError>(inbox).await.expect("an Inbox");
    let end = numbers.end;
    for begin in numbers.step_by(usize::try_from(TOGETHER).unwrap()) {
        let mut messages = Vec::new();
        for number in begin..end.min(begin + TOGETHER) {
            let octets = format!("Subject: {number}\r\n\r\n{LINE}").into_bytes();
            let blob = store.spool().write(octets).await.expect("room").finish().await.expect("octets");
            messages.push((record(number, inbox, blob.digest, rng), blob));
        }
        let deed = move |tx: &mut store::WriteTx<'_>| {
            messages.iter().try_for_each(|(record, blob)| {
                tx.put_blob(blob)?;
                tx.add_message(mailbox, record).map(drop)
            })
        };
        store.write_in::<_, StoreError>(mailbox, deed).await.expect("messages");
    }
}

fn record(number: u64, folder: FolderId, blob: store::Digest, rng: &mut Rng) -> MessageRecord {
    let chance = rng.number();
    let one = |address: String| vec![Recipient { name: address.clone(), address }];
    let from = one(format!("sender{}@example.com", chance % 500));
    let at = Timestamp::from_seconds(BEGIN + i64::try_from(number).unwrap() * 60);
    let two = |high: u64, low: u64| [high.to_be_bytes(), low.to_be_bytes()].concat().try_into().unwrap();
    MessageRecord {
        blob,
        prefix: "Return-Path: <somebody@example.com>\r\n".to_owned(),
        size: i64::try_from(LINE.len()).unwrap(),
        is_read: !chance.is_multiple_of(10),
        internet_message_id: format!("<{chance:x}@example.com>"),
        conversation_id: two(chance, 0),
        conversation_index: vec![1; 22],
        subject: format!("Subject {} of message {number}", chance % 1000),
        body_preview: "The beginning of the text. ".repeat(9),
        importance: "normal".to_owned(),
        inference_classification: "focused".to_owned(),
        has_attachments: chance.is_multiple_of(8),
        sender: from.clone(),
        from,
        to_recipients: one("AdeleV@contoso.com".to_owned()),
        flag: r#"{"flagStatus":"notFlagged"}"#.to_owned(),
        ..MessageRecord::empty(MessageId(two(number, chance)), folder, at)
    }
}
