//! What one engine finds the other finds too.

use super::{OWNER, Shelf, beginning, list, not, record, subjects, within, words};
use crate::db::IndexTx;
use crate::{
    Bounds, FolderId, ListQuery, MailboxId, MessageTexts, NumberField, SearchQuery, StoreError, TextField, Timestamp,
    WellKnownName,
};

/// Texts of which bodies, subjects and queries are made.
const TEXTS: [&str; 20] = [
    "tea",
    "Tea-time",
    "TEE",
    "café",
    "cafe\u{301}",
    "c/o",
    "x",
    "rare",
    "naïve Straße",
    "ΣΊΣΥΦΟΣ",
    "Ёлка",
    "見積書",
    "積",
    "お見積り",
    "한국어",
    "ภาษาไทย",
    "ｆｕｌｌ",
    "\u{1E00}\u{16D40}\u{301}",
    "?!",
    "...\u{300}",
];

/// A generator of numbers, the same at each run.
struct Dice(u64);

impl Dice {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % end as u64) as usize
    }

    fn text(&mut self, most: usize) -> String {
        let some = 1 + self.below(most);
        (0..some).map(|_| TEXTS[self.below(TEXTS.len())]).collect::<Vec<_>>().join([" ", ", ", ""][self.below(3)])
    }

    fn query(&mut self, depth: usize) -> SearchQuery {
        let leaves = 7;
        match self.below(if depth == 0 { leaves } else { leaves + 5 }) {
            0 => SearchQuery::HasAttachments,
            1 => SearchQuery::Number(NumberField::Size, Bounds { from: 10, to: self.below(60) as i64 }),
            2 => beginning(&self.prefix()),
            3 => within([TextField::Subject, TextField::Body, TextField::Attachment][self.below(3)], &self.text(2)),
            4..7 => words(&self.text(2)),
            7 | 8 => SearchQuery::Any(self.queries(depth - 1)),
            9 | 10 => SearchQuery::All(self.queries(depth - 1)),
            _ => not(self.query(depth - 1)),
        }
    }

    fn queries(&mut self, depth: usize) -> Vec<SearchQuery> {
        (0..1 + self.below(3)).map(|_| self.query(depth)).collect()
    }

    fn prefix(&mut self) -> String {
        let text = self.text(2);
        let some = 1 + self.below(text.chars().count());
        text.chars().take(some).collect()
    }
}

#[tokio::test]
async fn engines_find_the_same() {
    let shelves = Shelf::each().await;
    let mut dice = Dice(42);
    for second in 0..60 {
        let (subject, body) = (format!("{second} {}", dice.text(2)), dice.text(6));
        for shelf in &shelves {
            shelf.file(second / 2, &subject, &body).await;
        }
    }
    for _ in 0..400 {
        let query = dice.query(3);
        let top = 1 + dice.below(70);
        let skip = dice.below(4);
        let mut answers = Vec::new();
        for shelf in &shelves {
            let page = shelf.page(ListQuery { top, skip, ..list(query.clone()) }).await;
            answers.push((subjects(&page), page.more, shelf.count(&query).await));
        }
        assert!(answers.windows(2).all(|two| two[0] == two[1]), "{query:?}: {answers:?}");
    }
}

#[tokio::test]
async fn a_text_is_found_however_many_words_it_has() {
    for shelf in Shelf::each().await {
        shelf.file(1, "short", "w000005 w000007").await;
        // Each word stands but once: more than a tsvector takes.
        let body: String = (0..140_000).map(|n| format!("w{n:06} ")).collect();
        shelf.file(2, "long", &body[..body.len().min(1024 * 1024)]).await;
        let last = (1024 * 1024 / 8) - 1;
        shelf.demand(words("w000005"), &["long", "short"]).await;
        shelf.demand(words("w000005 w000006"), &["long"]).await;
        shelf.demand(words(&format!("w{last:06}")), &["long"]).await;
        shelf.demand(words(&format!("w{:06} w{last:06}", last - 1)), &["long"]).await;
        shelf.demand(beginning(&format!("w{:06} w{}", last - 1, &format!("{last:06}")[..5])), &["long"]).await;
        shelf.demand(within(TextField::Subject, &format!("w{last:06}")), &[]).await;
        shelf.demand(SearchQuery::All(vec![words("w000005"), not(words(&format!("w{last:06}")))]), &["short"]).await;
        let either = SearchQuery::Any(vec![words("nowhere"), words(&format!("w{last:06}"))]);
        shelf.demand(SearchQuery::All(vec![either, words("w000007"), SearchQuery::HasAttachments]), &["long"]).await;
        let inbox = shelf.folder(WellKnownName::Inbox).await;
        let drafts = shelf.folder(WellKnownName::Drafts).await;
        for (folder, found) in [(inbox, 1), (drafts, 0)] {
            let query = ListQuery { folder: Some(folder), ..list(words(&format!("w{last:06}"))) };
            assert_eq!(shelf.page(query).await.items.len(), found);
        }
    }
}

#[tokio::test]
async fn a_word_is_found_however_often_it_stands_and_however_long_it_is() {
    for shelf in Shelf::each().await {
        let long = "é".repeat(2000);
        let body = format!("{} the corner {} near the {long}x end {long}y", "the ".repeat(20_000), "over ".repeat(20_000));
        shelf.file(1, "deep", &body).await;
        shelf.file(2, "other", &format!("{long}z the end")).await;
        shelf.demand(words("the corner over"), &["deep"]).await;
        shelf.demand(words("over near the"), &["deep"]).await;
        shelf.demand(words("corner the"), &[]).await;
        shelf.demand(words(&format!("{long}x")), &["deep"]).await;
        shelf.demand(words(&format!("{long}y end")), &[]).await;
        shelf.demand(words(&long), &[]).await;
        shelf.demand(beginning(&long), &["other", "deep"]).await;
        shelf.demand(not(beginning(&format!("{long}y"))), &["other"]).await;
        shelf.demand(beginning(&"é".repeat(100)), &["other", "deep"]).await;
        let phrase = format!("{} corner", "the ".repeat(300));
        shelf.demand(words(&phrase), &["deep"]).await;
        shelf
            .demand(SearchQuery::Any(vec![words(&phrase), words("the end"), words(&format!("{long}q"))]), &["other", "deep"])
            .await;
    }
}

#[tokio::test]
async fn mailboxes_know_nothing_of_each_other() {
    const OTHER: MailboxId = MailboxId([8; 16]);
    for shelf in Shelf::each().await {
        shelf.person(OTHER, "bob@example.org").await;
        shelf.file(1, "mine", "tea").await;
        let theirs = record(FolderId([9; 16]), 2, "theirs");
        let index = move |tx: &mut IndexTx<'_>| {
            let unindexed = tx.unindexed(OTHER, 10)?.unwrap();
            tx.keep_indexed(OTHER, &unindexed.then)?;
            tx.index_message(&unindexed.then, &theirs, &MessageTexts { body: "tea".to_owned(), attachments: Vec::new() })
        };
        shelf.store.index::<_, StoreError>(index).await.unwrap();
        shelf.demand(words("tea"), &["mine"]).await;
        shelf.demand(SearchQuery::Everything, &["mine"]).await;
    }
}

#[tokio::test]
async fn one_node_at_a_time_indexes_a_mailbox() {
    for shelf in Shelf::each().await.into_iter().skip(1) {
        shelf.file(1, "here", "tea").await;
        let at = Timestamp::from_seconds(2);
        shelf.keep(&record(shelf.folder(WellKnownName::Inbox).await, at.seconds(), "new")).await;
        let (begun, has_begun) = tokio::sync::oneshot::channel();
        let (go_on, goes_on) = std::sync::mpsc::channel::<()>();
        let store = shelf.store.clone();
        let one = tokio::spawn(async move {
            let work = move |tx: &mut IndexTx<'_>| {
                let unindexed = tx.unindexed(OWNER, 10)?.unwrap();
                begun.send(()).unwrap();
                goes_on.recv().unwrap();
                tx.keep_indexed(OWNER, &unindexed.then)?;
                Ok(unindexed.messages.len())
            };
            store.index::<_, StoreError>(work).await.unwrap()
        });
        has_begun.await.unwrap();
        let other = |tx: &mut IndexTx<'_>| Ok((tx.knows_all(OWNER)?, tx.unindexed(OWNER, 10)?.is_some()));
        assert_eq!(shelf.store.index::<_, StoreError>(other).await.unwrap(), (false, false), "another node is at it");
        go_on.send(()).unwrap();
        assert_eq!(one.await.unwrap(), 1);
        assert_eq!(shelf.store.index::<_, StoreError>(other).await.unwrap(), (true, true));
    }
}
