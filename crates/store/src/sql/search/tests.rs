//! The index over messages whose texts are given here, without octets.

use crate::{
    Bounds, Digest, FolderId, MailboxId, MessageId, MessageRecord, MessageTexts, NumberField, Overlay, Person, Recipient,
    SearchQuery, SearchRequest, Store, StoreError, TextField, Timestamp, WellKnownName,
};
use tempfile::TempDir;

const OWNER: MailboxId = MailboxId([7; 16]);

struct Shelf {
    _dir: TempDir,
    store: Store,
}

impl Shelf {
    async fn new() -> Shelf {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::serve(dir.path()).unwrap();
        let [user_principal_name, display_name] = ["ada@example.org", "Ada"].map(str::to_owned);
        let person = Person { id: OWNER, user_principal_name, display_name, given_name: String::new(), surname: String::new() };
        store.write::<_, StoreError>(move |tx| tx.add_person(&person, Timestamp(0))).await.unwrap();
        Shelf { _dir: dir, store }
    }

    /// Files a message sent at a second, with a text.
    async fn file(&self, second: i64, subject: &str, body: &str) -> MessageRecord {
        let folder = self.folder(WellKnownName::Inbox).await;
        let record = record(folder, second, subject);
        self.keep(&record).await;
        self.index(&record, body).await;
        record
    }

    async fn keep(&self, record: &MessageRecord) {
        let kept = record.clone();
        self.store.write::<_, StoreError>(move |tx| tx.add_message(OWNER, &kept)).await.unwrap();
    }

    async fn folder(&self, name: WellKnownName) -> FolderId {
        self.store.read::<_, StoreError>(move |tx| tx.well_known_folder(OWNER, name)).await.unwrap()
    }

    async fn index(&self, record: &MessageRecord, body: &str) {
        let texts = MessageTexts { body: body.to_owned(), attachments: vec![format!("{}.pdf", record.subject)] };
        let record = record.clone();
        let work = move |tx: &mut crate::IndexTx<'_>| {
            let unindexed = tx.unindexed(OWNER, 1000)?;
            tx.keep_indexed(OWNER, &unindexed.then)?;
            tx.index_message(&unindexed.then, &record, &texts)
        };
        self.store.index::<_, StoreError>(work).await.unwrap();
    }

    async fn found(&self, query: SearchQuery) -> Vec<String> {
        let request = SearchRequest { folder: None, query, after: None, skip: 0, top: 100 };
        let found = self.store.read::<_, StoreError>(move |tx| tx.search(OWNER, &request)).await.unwrap();
        found.into_iter().map(|(_, record)| record.subject).collect()
    }

    async fn demand(&self, query: SearchQuery, subjects: &[&str]) {
        assert_eq!(self.found(query.clone()).await, subjects, "{query:?}");
        let counted = query.clone();
        let count = self.store.read::<_, StoreError>(move |tx| tx.count_found(OWNER, None, &counted)).await.unwrap();
        assert_eq!(usize::try_from(count), Ok(subjects.len()), "the count of {query:?}");
    }
}

fn record(folder: FolderId, second: i64, subject: &str) -> MessageRecord {
    let at = Timestamp::from_seconds(second);
    let from = vec![Recipient { name: "Grace".to_owned(), address: "grace@example.com".to_owned() }];
    MessageRecord {
        id: MessageId::new(at),
        folder,
        modseq: 0,
        folder_modseq: 0,
        blob: Digest([0; 32]),
        prefix: String::new(),
        generated: String::new(),
        cuts: String::new(),
        size: second,
        is_draft: false,
        is_read: false,
        is_composed: false,
        created_date_time: at,
        last_modified_date_time: at,
        received_date_time: at,
        sent_date_time: at,
        internet_message_id: String::new(),
        conversation_id: [0; 16],
        conversation_index: Vec::new(),
        subject: subject.to_owned(),
        body_preview: String::new(),
        importance: "normal".to_owned(),
        inference_classification: "focused".to_owned(),
        has_attachments: second % 2 == 0,
        is_delivery_receipt_requested: false,
        is_read_receipt_requested: false,
        sender: from.clone(),
        from,
        to_recipients: Vec::new(),
        cc_recipients: Vec::new(),
        bcc_recipients: Vec::new(),
        reply_to: Vec::new(),
        categories: Vec::new(),
        flag: "{}".to_owned(),
        overlay: Overlay::default(),
    }
}

fn words(text: &str) -> SearchQuery {
    SearchQuery::Words { within: Vec::new(), text: text.to_owned(), prefix: false }
}

fn within(field: TextField, text: &str) -> SearchQuery {
    SearchQuery::Words { within: vec![field], text: text.to_owned(), prefix: false }
}

fn beginning(text: &str) -> SearchQuery {
    SearchQuery::Words { within: Vec::new(), text: text.to_owned(), prefix: true }
}

fn not(query: SearchQuery) -> SearchQuery {
    SearchQuery::Not(Box::new(query))
}

#[tokio::test]
async fn words_are_found_as_people_write_them() {
    let shelf = Shelf::new().await;
    shelf.file(1, "First", "The CAFÉ at the corner, c/o Miller").await;
    shelf.file(2, "Second", "御見積書を送付します").await;
    shelf.file(3, "Third", "cafeteria").await;
    shelf.demand(words("cafe"), &["First"]).await;
    shelf.demand(words("Cafe\u{301}"), &["First"]).await;
    shelf.demand(words("corner at"), &[]).await;
    shelf.demand(words("the corner"), &["First"]).await;
    shelf.demand(words("c/o"), &["First"]).await;
    shelf.demand(beginning("caf"), &["Third", "First"]).await;
    shelf.demand(words("見積"), &["Second"]).await;
    shelf.demand(words("積見"), &[]).await;
    shelf.demand(words("grace@example.com"), &["Third", "Second", "First"]).await;
    shelf.demand(within(TextField::Subject, "cafe"), &[]).await;
    shelf.demand(within(TextField::Attachment, "third.pdf"), &["Third"]).await;
}

#[tokio::test]
async fn queries_are_joined_whatever_they_ask_for() {
    let shelf = Shelf::new().await;
    for second in 1..=4 {
        shelf.file(second, &format!("s{second}"), if second > 2 { "late tea" } else { "early tea" }).await;
    }
    let size = |from, to| SearchQuery::Number(NumberField::Size, Bounds { from, to });
    shelf.demand(SearchQuery::All(vec![words("tea"), not(words("early"))]), &["s4", "s3"]).await;
    shelf.demand(not(words("late")), &["s2", "s1"]).await;
    shelf.demand(not(not(words("late"))), &["s4", "s3"]).await;
    shelf.demand(SearchQuery::All(vec![words("tea"), SearchQuery::HasAttachments]), &["s4", "s2"]).await;
    shelf.demand(SearchQuery::All(vec![words("tea"), size(2, 4)]), &["s3", "s2"]).await;
    shelf.demand(SearchQuery::Any(vec![size(1, 2), words("s4")]), &["s4", "s1"]).await;
    shelf.demand(not(SearchQuery::Any(vec![size(1, 2), words("s4")])), &["s3", "s2"]).await;
    shelf.demand(SearchQuery::All(vec![not(words("s1")), not(size(4, 5))]), &["s3", "s2"]).await;
    shelf.demand(SearchQuery::Everything, &["s4", "s3", "s2", "s1"]).await;
    shelf.demand(not(SearchQuery::Everything), &[]).await;
    shelf.demand(words("?!"), &[]).await;
    shelf.demand(SearchQuery::All(vec![words("&"), words("s1")]), &["s1"]).await;
    shelf.demand(SearchQuery::Importance("normal".to_owned()), &["s4", "s3", "s2", "s1"]).await;
    shelf.demand(SearchQuery::Importance("high".to_owned()), &[]).await;
}

#[tokio::test]
async fn what_is_looked_for_stays_words() {
    let shelf = Shelf::new().await;
    shelf.file(1, "only", "subject AND body near x").await;
    for hostile in ["\" OR \"e", "x\" OR place:\"", "\u{E000}e", "{subject} : x", "^only", "a\0\"b", "NEAR(x y)", "*", "x' --"] {
        shelf.found(words(hostile)).await;
        shelf.found(beginning(hostile)).await;
    }
    shelf.demand(words("\u{E000}e"), &[]).await;
    shelf.demand(words("subject\" AND \"body"), &["only"]).await;
    shelf.demand(words("x\" OR \"only"), &[]).await;
}

#[tokio::test]
async fn queries_may_be_deep_and_wide() {
    let shelf = Shelf::new().await;
    shelf.file(1, "only", "x").await;
    let mut deep = words("x");
    for level in 0..64 {
        deep = match level % 4 {
            0 => SearchQuery::Any(vec![deep, words("y")]),
            1 => SearchQuery::All(vec![deep, words("only")]),
            2 => not(deep),
            _ => not(SearchQuery::Any(vec![deep, words("y")])),
        };
        let found: &[&str] = if level % 4 == 2 { &[] } else { &["only"] };
        shelf.demand(deep.clone(), found).await;
    }
    shelf.demand(SearchQuery::Any((0..10_000).map(|n| words(&format!("w{n}"))).chain([words("x")]).collect()), &["only"]).await;
    shelf.demand(SearchQuery::All(vec![words("x"); 10_000]), &["only"]).await;
}

#[tokio::test]
async fn pages_follow_the_second_of_sending_and_then_arrival() {
    let shelf = Shelf::new().await;
    for (second, subject) in [(5, "a"), (9, "b"), (5, "c"), (1, "d"), (-3, "e"), (1 << 40, "f")] {
        shelf.file(second, subject, "tea").await;
    }
    let (mut after, mut pages) = (None, Vec::new());
    for _ in 0..3 {
        let request = SearchRequest { folder: None, query: words("tea"), after, skip: 0, top: 2 };
        let page = shelf.store.read::<_, StoreError>(move |tx| tx.search(OWNER, &request)).await.unwrap();
        after = page.last().map(|&(place, _)| place);
        pages.extend(page.into_iter().map(|(_, record)| record.subject));
    }
    assert_eq!(pages, ["f", "b", "c", "a", "d", "e"]);
}

#[tokio::test]
async fn more_messages_of_one_second_than_have_numbers_take_the_next() {
    let shelf = Shelf::new().await;
    let first = shelf.file(5, "first", "tea").await;
    for number in 0..2100 {
        let record = MessageRecord { subject: format!("n{number}"), ..record(first.folder, 5, "") };
        shelf.keep(&record).await;
        shelf.index(&record, "tea").await;
    }
    let request = SearchRequest { folder: Some(first.folder), query: words("tea"), after: None, skip: 0, top: 5000 };
    let found = shelf.store.read::<_, StoreError>(move |tx| tx.search(OWNER, &request)).await.unwrap();
    assert_eq!((found.len(), found[0].1.subject.as_str(), found[2100].1.subject.as_str()), (2101, "n2099", "first"));
}

#[tokio::test]
async fn a_document_follows_its_message() {
    let shelf = Shelf::new().await;
    let inbox = shelf.file(5, "here", "tea").await;
    let hidden = shelf.folder(WellKnownName::RecoverableItemsDeletions).await;
    let moved = MessageRecord { folder: hidden, ..inbox.clone() };
    let written = moved.clone();
    shelf.store.write::<_, StoreError>(move |tx| tx.replace_message(OWNER, &written)).await.unwrap();
    shelf.index(&moved, "coffee").await;
    shelf.demand(words("tea"), &[]).await;
    shelf.demand(words("coffee"), &[]).await;
    let request = SearchRequest { folder: Some(hidden), query: words("coffee"), after: None, skip: 0, top: 5 };
    let found = shelf.store.read::<_, StoreError>(move |tx| tx.search(OWNER, &request)).await.unwrap();
    assert_eq!(found.len(), 1);
    let known = move |tx: &mut crate::IndexTx<'_>| {
        let then = tx.unindexed(OWNER, 1)?.then;
        Ok((tx.knows(&then, &moved)?, tx.knows(&then, &inbox)?))
    };
    assert_eq!(shelf.store.index::<_, StoreError>(known).await.unwrap(), (true, false));
}
