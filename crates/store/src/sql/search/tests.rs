//! The index over messages whose texts are given here, without octets.

mod engines;

use crate::db::postgres::Server;
use crate::{
    BodyText, Bounds, Condition, Field, FieldValue, FolderId, ListQuery, Location, MailboxId, MessageId, MessageRecord,
    MessageTexts, NumberField, Octets, OrderKey, Page, Person, Recipient, Removal, Rows, SearchQuery, Store, StoreError,
    TextField, Timestamp, WellKnownName,
};
use tempfile::TempDir;
use uuid::Uuid;

const OWNER: MailboxId = MailboxId([7; 16]);

struct Shelf {
    location: Location,
    store: Store,
    _dir: TempDir,
    /// Behind the store, which is closed first.
    _database: Option<Database>,
}

/// A database of its own in the cluster that RESTANTE_TEST_POSTGRES names.
struct Database {
    cluster: Server,
    name: String,
}

impl Database {
    /// Where there is such a cluster; and the database's URL.
    fn new() -> Option<(Database, String)> {
        let url = std::env::var_os("RESTANTE_TEST_POSTGRES")?.into_string().unwrap();
        let database = Database { cluster: Server::parse(&url).unwrap(), name: format!("search_{}", Uuid::now_v7().simple()) };
        database.cluster.on_connection(|cluster| cluster.batch(&format!("CREATE DATABASE {}", database.name))).unwrap();
        let (path, options) = url.split_once('?').unwrap_or((&url, ""));
        let (server, _) = path.rsplit_once('/').unwrap();
        let url = format!("{server}/{}?{options}", database.name);
        Some((database, url))
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        let drop = format!("DROP DATABASE {} WITH (FORCE)", self.name);
        self.cluster.on_connection(|cluster| cluster.batch(&drop)).unwrap();
    }
}

impl Shelf {
    /// On each engine that there is.
    async fn each() -> Vec<Shelf> {
        let mut shelves = vec![Shelf::on(Rows::Sqlite, None).await];
        if let Some((database, url)) = Database::new() {
            shelves.push(Shelf::on(Rows::Postgres { url }, Some(database)).await);
        }
        shelves
    }

    async fn on(rows: Rows, database: Option<Database>) -> Shelf {
        let dir = tempfile::tempdir().unwrap();
        let location = Location { dir: dir.path().to_owned(), rows, octets: Octets::Files };
        let store = Store::serve(location.clone()).unwrap();
        let shelf = Shelf { location, store, _dir: dir, _database: database };
        shelf.person(OWNER, "ada@example.org").await;
        shelf
    }

    async fn person(&self, id: MailboxId, name: &str) {
        let [user_principal_name, display_name] = [name, "Ada"].map(str::to_owned);
        let person = Person { id, user_principal_name, display_name, given_name: String::new(), surname: String::new() };
        self.store.write::<_, StoreError>(move |tx| tx.add_person(&person, Timestamp(0))).await.unwrap();
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
            let unindexed = tx.unindexed(OWNER, 1000)?.unwrap();
            tx.keep_indexed(OWNER, &unindexed.then)?;
            tx.index_message(&unindexed.then, &record, &texts)
        };
        self.store.index::<_, StoreError>(work).await.unwrap();
    }

    async fn found(&self, query: SearchQuery) -> Vec<String> {
        subjects(&self.page(ListQuery { top: 100, ..list(query) }).await)
    }

    async fn page(&self, query: ListQuery) -> Page {
        self.store.read::<_, StoreError>(move |tx| tx.list(OWNER, &query, &NO_BODY)).await.unwrap()
    }

    async fn demand(&self, query: SearchQuery, subjects: &[&str]) {
        assert_eq!(self.found(query.clone()).await, subjects, "{query:?}");
        assert_eq!(self.count(&query).await, subjects.len(), "the count of {query:?}");
    }

    async fn count(&self, query: &SearchQuery) -> usize {
        let counted = list(query.clone());
        let count = self.store.read::<_, StoreError>(move |tx| tx.count_listed(OWNER, &counted, &NO_BODY)).await.unwrap();
        usize::try_from(count).unwrap()
    }
}

const NO_BODY: fn(&MessageRecord) -> Result<BodyText, StoreError> = |_| Err(StoreError::NotFound);

fn list(query: SearchQuery) -> ListQuery {
    let search = Some(query);
    let (condition, budget) = (Condition::ALWAYS, 1_000_000);
    ListQuery { folder: None, condition, search, order: Vec::new(), after: None, skip: 0, top: 5000, budget }
}

fn subjects(page: &Page) -> Vec<String> {
    page.items.iter().map(|(record, _)| record.subject.clone()).collect()
}

fn record(folder: FolderId, second: i64, subject: &str) -> MessageRecord {
    let at = Timestamp::from_seconds(second);
    let from = vec![Recipient { name: "Grace".to_owned(), address: "grace@example.com".to_owned() }];
    MessageRecord {
        size: second,
        subject: subject.to_owned(),
        importance: "normal".to_owned(),
        inference_classification: "focused".to_owned(),
        has_attachments: second % 2 == 0,
        sender: from.clone(),
        from,
        flag: "{}".to_owned(),
        ..MessageRecord::empty(MessageId::new(at), folder, at)
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
    for shelf in Shelf::each().await {
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
}

#[tokio::test]
async fn queries_are_joined_whatever_they_ask_for() {
    for shelf in Shelf::each().await {
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
}

#[tokio::test]
async fn what_is_looked_for_stays_words() {
    for shelf in Shelf::each().await {
        shelf.file(1, "only", "subject AND body near x").await;
        for hostile in
            ["\" OR \"e", "x\" OR place:\"", "\u{E000}e", "{subject} : x", "^only", "a\0\"b", "NEAR(x y)", "*", "x' --"]
        {
            shelf.found(words(hostile)).await;
            shelf.found(beginning(hostile)).await;
        }
        shelf.demand(words("\u{E000}e"), &[]).await;
        shelf.demand(words("subject\" AND \"body"), &["only"]).await;
        shelf.demand(words("x\" OR \"only"), &[]).await;
    }
}

#[tokio::test]
async fn queries_may_be_deep_and_wide() {
    for shelf in Shelf::each().await {
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
        shelf
            .demand(SearchQuery::Any((0..10_000).map(|n| words(&format!("w{n}"))).chain([words("x")]).collect()), &["only"])
            .await;
        shelf.demand(SearchQuery::All(vec![words("x"); 10_000]), &["only"]).await;
    }
}

#[tokio::test]
async fn pages_follow_the_second_of_sending_and_then_arrival() {
    for shelf in Shelf::each().await {
        for (second, subject) in [(5, "a"), (9, "b"), (5, "c"), (1, "d"), (-3, "e"), (1 << 40, "f")] {
            shelf.file(second, subject, "tea").await;
        }
        let (mut after, mut pages) = (None, Vec::new());
        for _ in 0..3 {
            let page = shelf.page(ListQuery { after, top: 2, ..list(words("tea")) }).await;
            pages.extend(subjects(&page));
            after = page.items.last().map(|(_, place)| place.clone());
        }
        assert_eq!(pages, ["f", "b", "c", "a", "d", "e"]);
    }
}

#[tokio::test]
async fn more_messages_of_one_second_than_have_numbers_take_the_next() {
    for shelf in Shelf::each().await {
        let first = shelf.file(5, "first", "tea").await;
        for number in 0..2100 {
            let record = MessageRecord { subject: format!("n{number}"), ..record(first.folder, 5, "") };
            shelf.keep(&record).await;
            shelf.index(&record, "tea").await;
        }
        let found = subjects(&shelf.page(ListQuery { folder: Some(first.folder), ..list(words("tea")) }).await);
        assert_eq!((found.len(), found[0].as_str(), found[2100].as_str()), (2101, "n2099", "first"));
    }
}

#[tokio::test]
async fn a_document_follows_its_message() {
    for shelf in Shelf::each().await {
        let inbox = shelf.file(5, "here", "tea").await;
        let hidden = shelf.folder(WellKnownName::RecoverableItemsDeletions).await;
        let moved = MessageRecord { folder: hidden, ..inbox.clone() };
        let written = moved.clone();
        shelf.store.write::<_, StoreError>(move |tx| tx.replace_message(OWNER, &written)).await.unwrap();
        shelf.index(&moved, "coffee").await;
        shelf.demand(words("tea"), &[]).await;
        shelf.demand(words("coffee"), &[]).await;
        let found = shelf.page(ListQuery { folder: Some(hidden), ..list(words("coffee")) }).await;
        assert_eq!(subjects(&found), ["here"]);
        let known = move |tx: &mut crate::IndexTx<'_>| {
            let then = tx.unindexed(OWNER, 1)?.unwrap().then;
            Ok((tx.knows(&then, &moved)?, tx.knows(&then, &inbox)?))
        };
        assert_eq!(shelf.store.index::<_, StoreError>(known).await.unwrap(), (true, false));
    }
}

#[tokio::test]
async fn what_goes_with_its_folder_is_missed_by_nobody() {
    for shelf in Shelf::each().await {
        let (child, inbox) = (FolderId([9; 16]), shelf.folder(WellKnownName::Inbox).await);
        let filed = record(child, 5, "here");
        let gone = filed.clone();
        let file = move |tx: &mut crate::WriteTx<'_>| {
            tx.add_folder(OWNER, child, inbox, "Child", false, Timestamp(5))?;
            tx.add_message(OWNER, &filed)?;
            let tree = tx.folder_tree(OWNER, child)?;
            tx.begin_removal(OWNER, &tree, Removal::Permanent, Timestamp(6))
        };
        shelf.store.write::<_, StoreError>(file).await.unwrap();
        let index = move |tx: &mut crate::IndexTx<'_>| {
            for _ in 0..2 {
                let unindexed = tx.unindexed(OWNER, 1000)?.unwrap();
                assert!(tx.message(OWNER, gone.id)?.is_none(), "it is seen no more");
                tx.keep_indexed(OWNER, &unindexed.then)?;
            }
            Ok(())
        };
        shelf.store.index::<_, StoreError>(index).await.unwrap();
        let findings = crate::check(shelf.location.clone()).unwrap();
        let of_index: Vec<_> = findings.iter().filter(|finding| finding.contains("index of texts")).collect();
        assert!(of_index.is_empty(), "{of_index:?}");
    }
}

/// 5,200 messages with tea, of which every 100th is rare.
async fn fill(shelf: &Shelf) {
    let inbox = shelf.folder(WellKnownName::Inbox).await;
    let records: Vec<_> = (0..5200).map(|n| record(inbox, 1000 + (n * 7) % 5200, &format!("s{n:04}"))).collect();
    for some in records.chunks(400) {
        let kept = some.to_vec();
        let file = move |tx: &mut crate::WriteTx<'_>| kept.iter().try_for_each(|one| tx.add_message(OWNER, one).map(drop));
        shelf.store.write_in::<_, StoreError>(OWNER, file).await.unwrap();
    }
    let index = move |tx: &mut crate::IndexTx<'_>| {
        let then = tx.unindexed(OWNER, 1)?.unwrap().then;
        for (n, one) in records.iter().enumerate() {
            let body = if n % 100 == 0 { "rare tea" } else { "tea" }.to_owned();
            tx.index_message(&then, one, &MessageTexts { body, attachments: Vec::new() })?;
        }
        Ok(())
    };
    shelf.store.index::<_, StoreError>(index).await.unwrap();
}

#[tokio::test]
async fn what_is_found_is_filtered_and_sorted_whether_it_is_much_or_little() {
    for shelf in Shelf::each().await {
        fill(&shelf).await;
        let by = |field, descending| vec![OrderKey { field, descending }];
        let even = || Condition::equal(Field::HasAttachments, FieldValue::Integer(1));
        for (word, every) in [("tea", 1), ("rare", 100)] {
            // By subject: the messages in the order in which they were made.
            let (mut after, mut found) = (None, Vec::new());
            for _ in 0..3 {
                let order = by(Field::Subject, false);
                let page = shelf.page(ListQuery { order, after, top: 10, ..list(words(word)) }).await;
                assert!(page.more);
                found.extend(subjects(&page));
                after = page.items.last().map(|(_, place)| place.clone());
            }
            let expected: Vec<String> = (0..30).map(|n| format!("s{:04}", n * every)).collect();
            assert_eq!(found, expected, "{word}");
            let skipped = ListQuery { order: by(Field::Subject, true), skip: 3, top: 1, ..list(words(word)) };
            assert_eq!(subjects(&shelf.page(skipped).await), [format!("s{:04}", 5200 - every * 4)], "{word}");
            // The even seconds, by sending, latest first.
            let filtered = ListQuery { condition: even(), top: 20, ..list(words(word)) };
            let page = shelf.page(filtered.clone()).await;
            let seconds: Vec<i64> = page.items.iter().map(|(record, _)| record.size).collect();
            assert!(page.items.len() == 20 && seconds.iter().all(|second| second % 2 == 0), "{word}: {seconds:?}");
            assert!(seconds.windows(2).all(|pair| pair[0] > pair[1]), "{word}: {seconds:?}");
            let count = shelf.store.read::<_, StoreError>(move |tx| tx.count_listed(OWNER, &filtered, &NO_BODY)).await.unwrap();
            assert_eq!(count, 5200 / every / if every == 1 { 2 } else { 1 }, "{word}");
        }
    }
}

#[tokio::test]
async fn what_is_rare_comes_latest_first_page_by_page() {
    for shelf in Shelf::each().await {
        fill(&shelf).await;
        let folder = Some(shelf.folder(WellKnownName::Inbox).await);
        let (mut after, mut seconds) = (None, Vec::new());
        for _ in 0..6 {
            let both = SearchQuery::All(vec![words("tea"), words("rare")]);
            let page = shelf.page(ListQuery { folder, after, top: 10, ..list(both) }).await;
            seconds.extend(page.items.iter().map(|(record, _)| record.size));
            after = page.items.last().map(|(_, place)| place.clone());
        }
        let mut expected: Vec<i64> = (0..52).map(|n| 1000 + (n * 700) % 5200).collect();
        expected.sort_unstable_by(|one, other| other.cmp(one));
        assert_eq!(seconds, expected);
    }
}

#[tokio::test]
async fn looking_through_too_much_is_refused() {
    for shelf in Shelf::each().await {
        fill(&shelf).await;
        let none = Condition::equal(Field::Subject, FieldValue::Text("nothing".to_owned()));
        let query = ListQuery { condition: none, budget: 10_000, ..list(words("tea")) };
        let refused = shelf.store.read::<_, StoreError>(move |tx| tx.list(OWNER, &query, &NO_BODY)).await;
        assert!(matches!(refused, Err(StoreError::TooMuchWork)), "{refused:?}");
    }
}

#[tokio::test]
async fn the_date_of_sending_says_where_to_look() {
    for shelf in Shelf::each().await {
        for (second, subject) in [(-5, "before"), (5, "first"), (9, "second"), (1 << 40, "after")] {
            shelf.file(second, subject, "tea").await;
        }
        let sent = |from: i64, to: i64| {
            let bounds = Bounds { from: from.saturating_mul(1_000_000), to: to.saturating_mul(1_000_000) };
            SearchQuery::All(vec![words("tea"), SearchQuery::Number(NumberField::SentDateTime, bounds)])
        };
        shelf.demand(sent(5, 6), &["first"]).await;
        shelf.demand(sent(6, 1 << 41), &["after", "second"]).await;
        shelf.demand(sent(1 << 39, i64::MAX), &["after"]).await;
        shelf.demand(sent(i64::MIN, 6), &["first", "before"]).await;
        shelf.demand(sent(-6, -4), &["before"]).await;
        shelf.demand(sent(10, 12), &[]).await;
    }
}
