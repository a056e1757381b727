//! What is asked.

use crate::filled::{BEGIN, Filled, OWNER, mixed};
use store::{
    BodyText, Condition, Field, FieldValue, ListQuery, MessageRecord, Operator, OrderKey, ReadTx, SearchQuery, StoreError,
    TextPlace,
};

/// A question.
pub enum Question {
    /// A page.
    List(Box<ListQuery>),
    /// One message with its octets, another each time.
    Get,
    /// What changed in the folder, of which one message was changed since the last time; all that a delta query looks at.
    Delta,
}

impl Question {
    /// Asks it once; answers how much came.
    pub async fn ask(&self, filled: &Filled, time: u64) -> Result<usize, StoreError> {
        match self {
            Question::List(query) => {
                let query = query.clone();
                let body = |_: &MessageRecord| Ok(BodyText { is_html: false, content: String::new(), header: String::new() });
                filled.store.read(move |tx| tx.list(OWNER, &query, &body).map(|page| page.items.len())).await
            }
            Question::Get => {
                let (id, store) = (filled.id(mixed(time)), filled.store.clone());
                let look = move |tx: &ReadTx<'_>| {
                    let record = tx.message(OWNER, id)?.ok_or(StoreError::NotFound)?;
                    store.blob_within(tx, record.blob).map(|blob| blob.octets.len())
                };
                filled.store.read(look).await
            }
            Question::Delta => {
                let folder = filled.folder;
                let look = move |tx: &ReadTx<'_>| {
                    let since = tx.log_reach(OWNER)?.last - 1;
                    let changed = tx.changed_messages(OWNER, Some(folder), since, 51)?;
                    let departed = tx.departed_messages(OWNER, Some(folder), since, 51)?;
                    Ok(changed.len() + departed.len())
                };
                filled.store.read(look).await
            }
        }
    }

    /// What happens before it is asked.
    pub async fn prepare(&self, filled: &Filled, time: u64) {
        if !matches!(self, Question::Delta) {
            return;
        }
        let id = filled.id(mixed(time));
        let deed = move |tx: &mut store::WriteTx<'_>| {
            let mut record = tx.message(OWNER, id)?.ok_or(StoreError::NotFound)?;
            record.is_read = !record.is_read;
            tx.replace_message(OWNER, &record).map(drop)
        };
        filled.store.write::<_, StoreError>(deed).await.expect("a change");
    }
}

/// The questions, each with its name.
pub fn questions(filled: &Filled) -> Vec<(&'static str, Question)> {
    let folder = filled.folder;
    let text = |text: &str| FieldValue::Text(text.to_owned());
    let is = |field, value| Condition::equal(field, FieldValue::Integer(value));
    let unread = || is(Field::IsRead, 0);
    let from = |address| Condition::equal(Field::FromAddress, text(address));
    let (rare, common) = (|| from("rare@example.com"), || from("common@example.com"));
    let hour = FieldValue::Integer((BEGIN + 3600) * 1_000_000);
    let early = Condition::Compare { field: Field::ReceivedDateTime, operator: Operator::Less, value: hour };
    let subject = |place, text: &str| Condition::Text { field: Field::Subject, place, text: text.to_owned() };
    let second = format!("subject {} of message 1", mixed(1) % 1000);
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
    let lists = vec![
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
        ("`startswith(subject)`, newest first", list(subject(TextPlace::Beginning, &second), newest())),
        ("`$search`, rare", search(word("seldom"))),
        ("`$search`, common", search(word("frequent"))),
        ("`$search`, rare and common", search(both())),
        ("`$search`, common, of all folders", ListQuery { folder: None, ..search(word("frequent")) }),
        ("`$search`, common, by `receivedDateTime`", ListQuery { order: newest(), ..search(word("frequent")) }),
        ("`contains(subject)`, common", list(subject(TextPlace::Anywhere, "subject 1"), newest())),
        ("`contains(subject)`, in none", list(subject(TextPlace::Anywhere, "nothing"), newest())),
    ];
    let mut all: Vec<_> = lists.into_iter().map(|(name, query)| (name, Question::List(Box::new(query)))).collect();
    all.extend([("a message by its id", Question::Get), ("delta after one change", Question::Delta)]);
    all
}
