//! The store's answers beside those of the evaluator that looks at each message as it is shown: random messages, random
//! conditions and orders, page by page. Neither knows anything of the other.

use super::check::Scope;
use super::evaluate::{Comparable, Subject};
use super::*;
use crate::prefer::BodyForm;
use crate::schema::event_message::InZone;
use crate::schema::message::{DECLARED, Selection, Shown, View};
use serde_json::Value;
use std::cmp::Ordering;
use store::{BodyText, Digest, FolderId, ListQuery, MailboxId, MessageId, MessageRecord, Overlay, Person, Recipient};
use store::{ReadTx, Store, StoreError, Timestamp, WellKnownName, WriteTx};

const OWNER: MailboxId = MailboxId([7; 16]);
const MESSAGES: u64 = 150;
const QUERIES: u64 = 300;

/// SplitMix64: the same numbers for the same seed.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, end: u64) -> u64 {
        self.next() % end
    }

    fn pick<'t>(&mut self, list: &[&'t str]) -> &'t str {
        list[usize::try_from(self.below(list.len() as u64)).expect("an index")]
    }
}

const WORDS: [&str; 7] = ["Äpfel", "apples", "Pears 100%", "re: apples", "_", "ORANGES", ""];
const PEOPLE: [&str; 5] = ["adele@contoso.com", "Alex@contoso.com", "bob@example.org", "ALEX@CONTOSO.COM", ""];
const DATES: [&str; 4] = ["2024-01-01", "2024-01-01T00:00:03Z", "2024-01-01T00:00:05.5Z", "2024-01-01T01:00:08+01:00"];

/// 2024-01-01
const BEGIN: i64 = 1_704_067_200;

fn record(random: &mut Random, folder: FolderId, number: u64) -> MessageRecord {
    let mut second = || Timestamp::from_seconds(BEGIN + i64::try_from(random.below(10)).expect("small"));
    let (created, modified, sent, received) = (second(), second(), second(), second());
    let mut people = |most: usize| -> Vec<Recipient> {
        let mut one = || {
            let name = random.pick(&["Adele", "", "Zoë"]).to_owned();
            Recipient { name, address: random.pick(&PEOPLE).to_owned() }
        };
        let count = one().address.len() % (most + 1);
        (0..count).map(|_| one()).collect()
    };
    let (from, sender, to, cc, bcc, reply_to) = (people(1), people(1), people(3), people(2), people(1), people(1));
    let flags = r#"{"flagStatus":"notFlagged"}|{"flagStatus":"complete","completedDateTime":{"dateTime":"2024-01-01","timeZone":"UTC"}}|{"flagStatus":"flagged"}"#;
    let flags: Vec<&str> = flags.split('|').collect();
    let mut id = [0; 16];
    id[..8].copy_from_slice(&random.next().to_be_bytes());
    id[8..].copy_from_slice(&number.to_be_bytes());
    let long = "Long ".repeat(60 * usize::try_from(random.below(2)).expect("small"));
    MessageRecord {
        id: MessageId(id),
        folder,
        modseq: 0,
        folder_modseq: 0,
        blob: Digest::of(b"none"),
        prefix: String::new(),
        generated: String::new(),
        cuts: String::new(),
        size: 10,
        is_draft: random.below(4) == 0,
        is_read: random.below(2) == 0,
        is_composed: false,
        created_date_time: created,
        last_modified_date_time: modified,
        received_date_time: Timestamp(received.0 + i64::try_from(random.below(3)).expect("small") * 400_000),
        sent_date_time: sent,
        internet_message_id: format!("<{}@x>", random.below(40)),
        conversation_id: [u8::try_from(random.below(5)).expect("small"); 16],
        conversation_index: Vec::new(),
        subject: format!("{}{}{}", if random.below(5) == 0 { &long } else { "" }, random.pick(&WORDS), random.pick(&WORDS)),
        body_preview: random.pick(&WORDS).to_owned(),
        importance: random.pick(&["low", "normal", "high"]).to_owned(),
        inference_classification: random.pick(&["focused", "other"]).to_owned(),
        has_attachments: random.below(3) == 0,
        is_delivery_receipt_requested: random.below(3) == 0,
        is_read_receipt_requested: random.below(3) == 0,
        from,
        sender,
        to_recipients: to,
        cc_recipients: cc,
        bcc_recipients: bcc,
        reply_to,
        categories: ["Red", "blue", "Äpfel"].iter().filter(|_| random.below(3) == 0).map(|&name| name.to_owned()).collect(),
        meeting: None,
        flag: random.pick(&flags).to_owned(),
        overlay: Overlay::default(),
    }
}

/// A random condition about messages, of which these are some.
fn condition(random: &mut Random, some: &[Value], depth: u64) -> String {
    if depth > 0 && random.below(2) == 0 {
        let (one, other) = (condition(random, some, depth - 1), condition(random, some, depth - 1));
        return match random.below(4) {
            0 => format!("({one} or {other})"),
            1 => format!("not ({one})"),
            _ => format!("({one} and {other})"),
        };
    }
    let operator = random.pick(&["eq", "ne", "gt", "ge", "lt", "le"]);
    let equality = random.pick(&["eq", "ne"]);
    let word = random.pick(&WORDS);
    let person = random.pick(&PEOPLE);
    let any = &some[usize::try_from(random.below(some.len() as u64)).expect("an index")];
    let text = random.pick(&["subject", "bodyPreview", "from/emailAddress/name", "tolower(subject)"]);
    let address = random.pick(&["from/emailAddress/address", "sender/emailAddress/address"]);
    let date = random.pick(&["createdDateTime", "lastModifiedDateTime", "sentDateTime", "receivedDateTime", "receivedDateTime"]);
    let flag = random.pick(&["isRead", "isDraft", "hasAttachments", "isReadReceiptRequested"]);
    let people = random.pick(&["toRecipients", "ccRecipients", "bccRecipients", "replyTo"]);
    let quantifier = random.pick(&["any", "all"]);
    let function = random.pick(&["contains", "startswith", "endswith"]);
    match random.below(22) {
        0 => format!("{text} {operator} '{word}'"),
        1 => format!("{function}({text},'{word}')"),
        2 => format!("{address} {operator} '{person}'"),
        3 => format!("{function}({address},'{}')", &person[..person.len().min(3)]),
        4 | 5 => format!("{date} {operator} {}", random.pick(&DATES)),
        6 => flag.to_owned(),
        7 => format!("{flag} {equality} {}", random.pick(&["true", "false"])),
        8 => format!("importance {operator} '{}'", random.pick(&["low", "Normal", "high"])),
        9 => format!("flag/flagStatus {operator} '{}'", random.pick(&["notFlagged", "complete", "flagged"])),
        10 => format!("inferenceClassification {equality} 'other'"),
        11 => format!("categories/{quantifier}(c:c {operator} '{}')", random.pick(&["red", "BLUE", "äpfel"])),
        12 => format!("{people}/{quantifier}(r:r/emailAddress/address {operator} '{person}' or isRead)"),
        13 => format!("{people}/any()"),
        14 => format!("internetMessageId {operator} '<{}@x>'", random.below(40)),
        15 => format!("startswith(internetMessageId,'<{}')", random.below(4)),
        16 => format!("conversationId {equality} {}", quoted(&any["conversationId"])),
        17 => format!("id in ({},'nothing')", quoted(&any["id"])),
        18 => format!("changeKey {equality} {}", quoted(&any["changeKey"])),
        19 => format!("from {equality} null"),
        20 => format!("length(subject) {operator} {}", random.below(20)),
        _ => format!("subject in ('{word}','applesapples') or flag/completedDateTime/dateTime {operator} '2024-01-02'"),
    }
}

fn quoted(value: &Value) -> String {
    format!("'{}'", value.as_str().expect("a text"))
}

const ORDERS: [&str; 20] = [
    "",
    "receivedDateTime desc",
    "receivedDateTime",
    "sentDateTime desc",
    "createdDateTime",
    "subject",
    "subject desc,receivedDateTime desc",
    "from/emailAddress/address",
    "from/emailAddress/address desc",
    "from/emailAddress/name,isRead",
    "sender/emailAddress/address",
    "isRead",
    "isRead desc",
    "importance desc",
    "importance,receivedDateTime desc",
    "flag/flagStatus desc",
    "hasAttachments,subject",
    "internetMessageId",
    "lastModifiedDateTime desc,importance",
    "bodyPreview desc",
];

fn render(record: &MessageRecord) -> Value {
    let shown = Shown { origin: String::new(), body_form: BodyForm::AsStored, unsafe_html: false, zone: InZone::default() };
    View::of_record(record.clone(), shown).render(&Selection::default())
}

/// By the keys of the order, then by date and id in the last key's direction.
fn sorted(items: &mut [(&MessageRecord, Value)], order: &[OrderItem], scope: &Scope) {
    let key = |value: &Value, item: &OrderItem| -> Option<Comparable> {
        let key = Subject::of(scope.clone(), value).key(&item.path);
        // Lists are sorted by so much of a text, and nobody's address is the least of all.
        match key {
            Some(Comparable::Text(text)) => Some(Comparable::Text(text.chars().take(255).collect())),
            None => Some(Comparable::Text(String::new())),
            other => other,
        }
    };
    let descending = order.last().is_none_or(|last| last.descending);
    items.sort_by(|(one, shown), (other, other_shown)| {
        let by_keys = order.iter().map(|item| {
            let compared = key(shown, item).partial_cmp(&key(other_shown, item)).unwrap_or(Ordering::Equal);
            if item.descending { compared.reverse() } else { compared }
        });
        let last = one.received_date_time.cmp(&other.received_date_time).then(one.id.cmp(&other.id));
        let last = if descending { last.reverse() } else { last };
        by_keys.chain([last]).find(|order| order.is_ne()).unwrap_or(Ordering::Equal)
    });
}

/// All pages of a list.
fn pages(tx: &ReadTx<'_>, mut query: ListQuery) -> Result<Vec<MessageId>, StoreError> {
    let body = |_: &MessageRecord| Ok(BodyText { is_html: false, content: String::new(), header: String::new() });
    let mut ids = Vec::new();
    loop {
        let page = tx.list(OWNER, &query, &body)?;
        ids.extend(page.items.iter().map(|(record, _)| record.id));
        query.skip = 0;
        match page.items.into_iter().last() {
            Some((_, last)) if page.more => query.after = Some(last),
            _ => return Ok(ids),
        }
    }
}

async fn filled(store: &Store, seed: u64) -> (FolderId, Vec<MessageRecord>) {
    let fill = move |tx: &mut WriteTx<'_>| {
        let person = Person {
            id: OWNER,
            user_principal_name: "AdeleV@contoso.com".to_owned(),
            display_name: String::new(),
            given_name: String::new(),
            surname: String::new(),
        };
        tx.add_person(&person, Timestamp(0))?;
        let folder = |name| tx.well_known_folder(OWNER, name);
        let inbox = folder(WellKnownName::Inbox)?;
        let folders = [inbox, folder(WellKnownName::Archive)?, folder(WellKnownName::RecoverableItemsDeletions)?];
        let mut random = Random(seed);
        let mut records = Vec::new();
        for number in 0..MESSAGES {
            let folder = folders[usize::try_from(random.below(3)).expect("small")];
            let record = record(&mut random, folder, number);
            tx.add_message(OWNER, &record)?;
            records.push(tx.message(OWNER, record.id)?.expect("it was added"));
        }
        Ok::<_, StoreError>((inbox, records))
    };
    store.write(fill).await.expect("a mailbox")
}

#[tokio::test]
async fn the_store_answers_as_the_evaluator_does() {
    let dir = tempfile::tempdir().expect("a directory");
    let store = Store::serve(dir.path()).expect("a store");
    let (inbox, records) = filled(&store, 1).await;
    let rendered: Vec<Value> = records.iter().map(render).collect();
    let hidden = store.read(|tx| tx.well_known_folder(OWNER, WellKnownName::RecoverableItemsDeletions)).await;
    let hidden = hidden.expect("a folder");
    let scope = Scope::of("message", DECLARED);
    for seed in 0..QUERIES {
        let mut random = Random(seed);
        let folder = (random.below(2) == 0).then_some(inbox);
        let text = condition(&mut random, &rendered, 3);
        let order = random.pick(&ORDERS);
        let options = Options::parse(&format!("$filter={}&$orderby={order}", text.replace('%', "%25").replace('+', "%2B")));
        let options = options.expect("a query");
        let shown = format!("seed {seed}: {text} orderby {order} in {folder:?}");
        let list = MessageList::of(&options, DECLARED, Timestamp(0)).unwrap_or_else(|error| panic!("{shown}: {}", error.message));
        let (filter, items) = read(&options, &scope).expect("it was read before");
        let filter = filter.expect("there is one");
        let mut expected: Vec<_> = records.iter().zip(rendered.iter().cloned()).collect();
        expected.retain(|(record, value)| {
            folder.map_or(record.folder != hidden, |folder| record.folder == folder)
                && Subject::of(scope.clone(), value).satisfies(&filter)
        });
        sorted(&mut expected, &items, &scope);
        let skip = usize::try_from(random.below(3)).expect("small");
        let expected: Vec<MessageId> = expected.iter().map(|(record, _)| record.id).collect();
        let top = usize::try_from(3 + random.below(40)).expect("small");
        let query = ListQuery {
            folder,
            condition: list.condition,
            search: None,
            order: list.order,
            after: None,
            skip,
            top,
            budget: 10_000_000,
        };
        let answer = move |tx: &ReadTx<'_>| {
            let body = |_: &MessageRecord| Ok(BodyText { is_html: false, content: String::new(), header: String::new() });
            Ok::<_, StoreError>((tx.count_listed(OWNER, &query, &body)?, pages(tx, query)?))
        };
        let (count, ids) = store.read(answer).await.unwrap_or_else(|error| panic!("{shown}: {error}"));
        assert_eq!(usize::try_from(count), Ok(expected.len()), "{shown}");
        assert_eq!(ids, expected.get(skip..).unwrap_or_default(), "{shown}");
    }
}
