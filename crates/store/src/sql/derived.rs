//! What stands beside a message's row only so that lists find it: keys in the form in which they compare and sort, made
//! of the row alone. Whoever writes a row writes them.

use super::messages::{COLUMNS, message};
use crate::db::{Connection, ReadTx, WriteTx, values};
use crate::error::StoreError;
use crate::ids::{MailboxId, MessageId};
use crate::model::condition::{Candidate, Field, FieldValue, folded, rank};
use crate::model::message::{MessageRecord, Recipient};
use std::collections::BTreeSet;

/// Characters of a text that are kept to find and to sort by.
pub(crate) const KEY: usize = 255;

/// Values that [`traits`] has.
pub(crate) const TRAITS: i64 = 2 * 2 * 2 * 2 * 3 * 3;

/// The keys of a row.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Derived {
    pub(crate) traits: i64,
    pub(crate) subject: String,
    pub(crate) from: String,
    pub(crate) sender: String,
    categories: BTreeSet<String>,
}

impl Derived {
    pub(crate) fn of(m: &MessageRecord) -> Derived {
        Derived {
            traits: traits(m),
            subject: key(&m.subject),
            from: address_key(&m.from),
            sender: address_key(&m.sender),
            categories: category_keys(m),
        }
    }
}

/// The names of the categories that a message is filed under.
fn category_keys(m: &MessageRecord) -> BTreeSet<String> {
    m.categories.iter().map(|name| key(name)).collect()
}

/// The beginning of a text in the form in which it compares. Only so much is folded as can be seen of it, with what
/// stands behind it: the form of a letter may depend on the next ones.
pub(crate) fn key(text: &str) -> String {
    let end = text.char_indices().nth(2 * KEY).map_or(text.len(), |(at, _)| at);
    beginning(&folded(&text[..end]))
}

/// So much of a text as indexes have.
pub(crate) fn beginning(text: &str) -> String {
    text.chars().take(KEY).collect()
}

fn address_key(of: &[Recipient]) -> String {
    of.first().map(|first| key(&first.address)).unwrap_or_default()
}

/// Six properties with few values, as one number.
fn traits(m: &MessageRecord) -> i64 {
    let candidate = Candidate::new(m, None);
    let digit = |(field, base): (Field, i64)| match field.value(candidate) {
        Some(FieldValue::Integer(value)) => value.clamp(0, base - 1),
        _ => 0,
    };
    FIELDS.into_iter().rev().fold(0, |sum, one| sum * one.1 + digit(one))
}

/// The properties in [`traits`], the lowest digit first, and how many values each has.
const FIELDS: [(Field, i64); 6] = [
    (Field::IsRead, 2),
    (Field::IsDraft, 2),
    (Field::HasAttachments, 2),
    (Field::InferenceClassification, rank::INFERENCE.len() as i64),
    (Field::Importance, rank::IMPORTANCE.len() as i64),
    (Field::FlagStatus, rank::FLAG.len() as i64),
];

/// A property's value in [`traits`]; nothing for one that isn't there.
pub(crate) fn trait_value(traits: i64, field: Field) -> Option<i64> {
    let place = FIELDS.iter().position(|(one, _)| *one == field)?;
    let below: i64 = FIELDS.iter().take(place).map(|(_, base)| base).product();
    Some(traits / below % FIELDS.get(place)?.1)
}

/// What a message is sorted by where it is sorted by a field: as the columns of [`column`] have it.
pub(crate) fn sort_key(field: Field, m: &MessageRecord) -> FieldValue {
    match field.value(Candidate::new(m, None)) {
        Some(FieldValue::Text(text)) => FieldValue::Text(beginning(&text)),
        Some(value) => value,
        None => FieldValue::Text(String::new()),
    }
}

/// The column, or the expression of one, that has a field's sort key; nothing where only the row as a whole gives it.
pub(crate) fn column(field: Field) -> Option<&'static str> {
    Some(match field {
        Field::ConversationId => "m.conversation_id",
        Field::CreatedDateTime => "m.created_date_time",
        Field::FlagStatus => "m.traits / 48 % 3",
        Field::FromAddress => "m.from_key",
        Field::HasAttachments => "m.has_attachments",
        Field::Id => "m.id",
        Field::Importance => "m.traits / 16 % 3",
        Field::InferenceClassification => "m.traits / 8 % 2",
        Field::InternetMessageId => "substr(m.internet_message_id, 1, 255)",
        Field::IsDeliveryReceiptRequested => "m.is_delivery_receipt_requested",
        Field::IsDraft => "m.is_draft",
        Field::IsRead => "m.is_read",
        Field::IsReadReceiptRequested => "m.is_read_receipt_requested",
        Field::LastModifiedDateTime => "m.last_modified_date_time",
        Field::ParentFolderId => "m.folder",
        Field::ReceivedDateTime => "m.received_date_time",
        Field::SenderAddress => "m.sender_key",
        Field::SentDateTime => "m.sent_date_time",
        Field::Size => "m.size",
        Field::Subject => "m.subject_key",
        Field::BodyContent
        | Field::BodyContentType
        | Field::HeaderText
        | Field::BodyPreview
        | Field::ChangeKey
        | Field::FlagDateTime(_)
        | Field::FromName
        | Field::MemberAddress
        | Field::MemberName
        | Field::SenderName => return None,
    })
}

impl WriteTx<'_> {
    /// Files a message under its categories.
    pub(crate) fn add_categories(&mut self, mailbox: MailboxId, m: &MessageRecord) -> Result<(), StoreError> {
        for name in category_keys(m) {
            self.execute(
                "INSERT INTO message_category (mailbox, name_key, received_date_time, message) VALUES ($1, $2, $3, $4)",
                values![&mailbox.0, &name, m.received_date_time.0, &m.id.0],
            )?;
        }
        Ok(())
    }

    /// Takes a message from under its categories.
    pub(crate) fn remove_categories(&mut self, mailbox: MailboxId, m: &MessageRecord) -> Result<(), StoreError> {
        for name in category_keys(m) {
            self.execute(
                "DELETE FROM message_category
                 WHERE mailbox = $1 AND name_key = $2 AND received_date_time = $3 AND message = $4",
                values![&mailbox.0, &name, m.received_date_time.0, &m.id.0],
            )?;
        }
        Ok(())
    }
}

/// Rows that are read at a time where all of them are.
const TOGETHER: i64 = 1000;

/// Writes the keys of every message that was stored before there were any.
pub(crate) fn derive_all(connection: Connection<'_>) -> Result<(), StoreError> {
    let mut tx = WriteTx::new(connection);
    for_each(&ReadTx::new(connection), |mailbox, record| {
        let keys = Derived::of(&record);
        tx.execute(
            "UPDATE message SET traits = $1, subject_key = $2, from_key = $3, sender_key = $4 WHERE mailbox = $5 AND id = $6",
            values![keys.traits, &keys.subject, &keys.from, &keys.sender, &mailbox.0, &record.id.0],
        )?;
        tx.add_categories(mailbox, &record)
    })
}

/// A sentence for each message whose keys are not those of its row.
pub(crate) fn check(tx: &ReadTx<'_>, findings: &mut Vec<String>) -> Result<(), StoreError> {
    let (mut filed, mut wanted) = (0, 0);
    for_each(tx, |mailbox, record| {
        let (keys, values) = (Derived::of(&record), values![&mailbox.0, &record.id.0]);
        let sql = "SELECT traits, subject_key, from_key, sender_key FROM message WHERE mailbox = $1 AND id = $2";
        let stored = tx.row(sql, values, |row| Ok((row.integer(0)?, row.text(1)?, row.text(2)?, row.text(3)?)))?;
        for name in &keys.categories {
            let sql = "SELECT 1 FROM message_category
                       WHERE mailbox = $1 AND name_key = $2 AND received_date_time = $3 AND message = $4";
            let values = values![&mailbox.0, name, record.received_date_time.0, &record.id.0];
            filed += tx.row(sql, values, |row| row.integer(0))?.unwrap_or(0);
        }
        let Derived { traits, subject, from, sender, categories } = keys;
        if stored != Some((traits, subject, from, sender)) {
            findings.push(format!("a message is found by what its row says: a message of {}", record.created_date_time.0));
        }
        wanted += i64::try_from(categories.len()).unwrap_or(0);
        Ok(())
    })?;
    let listed = tx.row("SELECT count(*) FROM message_category", &[], |row| row.integer(0))?.unwrap_or(0);
    if filed != wanted || listed != wanted {
        findings.push(format!("messages are filed under their categories: {listed} entries, not {wanted}"));
    }
    Ok(())
}

/// Reads every message of every mailbox, some at a time.
fn for_each(tx: &ReadTx<'_>, mut work: impl FnMut(MailboxId, MessageRecord) -> Result<(), StoreError>) -> Result<(), StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM message WHERE mailbox = $1 AND id > $2 ORDER BY id LIMIT $3");
    for mailbox in tx.rows("SELECT id FROM mailbox", &[], |row| row.fixed(0).map(MailboxId))? {
        let mut last = MessageId([0; 16]);
        loop {
            let rows = tx.rows(&sql, values![&mailbox.0, &last.0, TOGETHER], message)?;
            let Some(record) = rows.last() else { break };
            last = record.id;
            for record in rows {
                work(mailbox, record)?;
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn traits_are_read_as_they_were_written() {
        assert_eq!(FIELDS.iter().map(|(_, base)| base).product::<i64>(), TRAITS);
        let all = FIELDS.map(|(field, base)| trait_value(TRAITS - 1, field) == Some(base - 1));
        assert_eq!(all, [true; 6]);
        assert_eq!(trait_value(16, Field::Importance), Some(1));
        assert_eq!(trait_value(48, Field::FlagStatus), Some(1));
        assert_eq!(trait_value(8, Field::InferenceClassification), Some(1));
        assert_eq!(trait_value(1, Field::Subject), None);
    }
}
