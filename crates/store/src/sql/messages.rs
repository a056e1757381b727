//! Messages: each change of a row is counted in its folder and logged for its mailbox.

use super::derived::Derived;
use crate::blobs::Digest;
use crate::clock::Timestamp;
use crate::db::{Engine, ReadTx, Row, Value, WriteTx, values};
use crate::error::StoreError;
use crate::ids::{FolderId, MailboxId, MessageId};
use crate::model::folder::Removal;
use crate::model::message::MessageRecord;
use crate::model::subscription::Operation;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::collections::HashMap;

pub(super) const COLUMNS: &str = "id, folder, modseq, blob, prefix, generated, cuts, size, is_draft, is_read, is_composed, \
    created_date_time, last_modified_date_time, received_date_time, sent_date_time, internet_message_id, conversation_id, \
    conversation_index, subject, body_preview, importance, inference_classification, has_attachments, \
    is_delivery_receipt_requested, is_read_receipt_requested, from_recipients, sender, to_recipients, cc_recipients, \
    bcc_recipients, reply_to, categories, flag, overlay, folder_modseq, meeting";

/// Messages that one statement reads.
pub(super) const AT_ONCE: usize = 32;

impl ReadTx<'_> {
    /// A message by its id. One in a folder that was deleted for good is seen no more, even while its row is there.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub fn message(&self, mailbox: MailboxId, id: MessageId) -> Result<Option<MessageRecord>, StoreError> {
        let sql = format!(
            "SELECT {COLUMNS} FROM message WHERE mailbox = $1 AND id = $2
             AND folder NOT IN (SELECT f.id FROM folder f WHERE f.mailbox = $1 AND f.removal = $3)"
        );
        self.row(&sql, values![&mailbox.0, &id.0, Removal::Permanent.as_str()], message)
    }

    /// Messages by their ids, in any order; those that are seen no more are left out. However many they are, the text of the
    /// statement is one: what is missing to so many is the last one again.
    pub(super) fn messages(&self, mailbox: MailboxId, ids: &[MessageId]) -> Result<Vec<MessageRecord>, StoreError> {
        let places: Vec<String> = (0..AT_ONCE).map(|at| format!("${}", at + 2)).collect();
        let sql = format!(
            "SELECT {COLUMNS} FROM message WHERE mailbox = $1 AND id IN ({})
             AND folder NOT IN (SELECT f.id FROM folder f WHERE f.mailbox = $1 AND f.removal = ${})",
            places.join(", "),
            AT_ONCE + 2
        );
        let mut found = Vec::with_capacity(ids.len());
        for some in ids.chunks(AT_ONCE) {
            let all = some.iter().chain(some.last().into_iter().cycle()).take(AT_ONCE).map(|id| Value::from(&id.0));
            let removal = Value::from(Removal::Permanent.as_str());
            let values: Vec<Value<'_>> = [Value::from(&mailbox.0)].into_iter().chain(all).chain([removal]).collect();
            found.extend(self.rows(&sql, &values, message)?);
        }
        Ok(found)
    }

    /// The same with their ids. In SQLite, where no statement has a way to go, each is read by itself.
    pub(super) fn messages_by_id(
        &self,
        mailbox: MailboxId,
        ids: &[MessageId],
    ) -> Result<HashMap<MessageId, MessageRecord>, StoreError> {
        let found = match self.engine() {
            Engine::Postgres => self.messages(mailbox, ids)?,
            Engine::Sqlite => {
                ids.iter().filter_map(|id| self.message(mailbox, *id).transpose()).collect::<Result<_, StoreError>>()?
            }
        };
        Ok(found.into_iter().map(|record| (record.id, record)).collect())
    }

    /// How many messages are read together where it isn't known that all of them are wanted.
    pub(super) fn read_at_once(&self) -> usize {
        match self.engine() {
            Engine::Postgres => AT_ONCE,
            Engine::Sqlite => 1,
        }
    }

    /// A message by its id, as long as its row is there.
    fn row_of_message(&self, mailbox: MailboxId, id: MessageId) -> Result<Option<MessageRecord>, StoreError> {
        let sql = format!("SELECT {COLUMNS} FROM message WHERE mailbox = $1 AND id = $2");
        self.row(&sql, values![&mailbox.0, &id.0], message)
    }
}

impl ReadTx<'_> {
    /// The messages that have a Message-ID; of very many the first few.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub fn messages_named(&self, mailbox: MailboxId, internet_message_id: &str) -> Result<Vec<MessageId>, StoreError> {
        let found = self.rows(
            "SELECT id, internet_message_id FROM message
             WHERE mailbox = $1 AND substr(internet_message_id, 1, 255) = substr($2, 1, 255) LIMIT 100",
            values![&mailbox.0, internet_message_id],
            |row| Ok((MessageId(row.fixed(0)?), row.text(1)?)),
        )?;
        Ok(found.into_iter().filter(|(_, whole)| whole == internet_message_id).map(|(id, _)| id).collect())
    }
}

impl WriteTx<'_> {
    /// Files a new message. Its `modseq` is the store's to set.
    ///
    /// # Errors
    /// [`StoreError::Database`]; [`StoreError::NotFound`] where there is no such mailbox or folder.
    pub fn add_message(&mut self, mailbox: MailboxId, record: &MessageRecord) -> Result<i64, StoreError> {
        let at = record.last_modified_date_time;
        let modseq = self.next_modseq(mailbox)?;
        self.insert(mailbox, (modseq, modseq), record)?;
        self.count(mailbox, record.folder, (modseq, at), (1, unread(record)))?;
        self.log_change(mailbox, modseq, record.folder, record.id, Operation::Created)?;
        Ok(modseq)
    }

    /// Writes a message anew, in another folder or not.
    ///
    /// # Errors
    /// [`StoreError::Database`]; [`StoreError::NotFound`] where there is no such message.
    pub fn replace_message(&mut self, mailbox: MailboxId, record: &MessageRecord) -> Result<i64, StoreError> {
        let at = record.last_modified_date_time;
        let before = self.row_of_message(mailbox, record.id)?.ok_or(StoreError::NotFound)?;
        self.forget(mailbox, &before)?;
        let modseq = self.next_modseq(mailbox)?;
        if before.folder == record.folder {
            self.insert(mailbox, (modseq, before.folder_modseq), record)?;
            if before.is_read != record.is_read {
                self.count(mailbox, record.folder, (modseq, at), (0, unread(record) - unread(&before)))?;
            } else {
                self.note_change_within(mailbox, record.folder, at)?;
            }
            self.log_change(mailbox, modseq, record.folder, record.id, Operation::Updated)?;
        } else {
            self.insert(mailbox, (modseq, modseq), record)?;
            self.count(mailbox, before.folder, (modseq, at), (-1, -unread(&before)))?;
            self.count(mailbox, record.folder, (modseq, at), (1, unread(record)))?;
            self.log_change(mailbox, modseq, before.folder, record.id, Operation::Deleted)?;
            self.log_change(mailbox, modseq, record.folder, record.id, Operation::Created)?;
        }
        if before.blob != record.blob {
            self.release_blob(&before.blob)?;
        }
        Ok(modseq)
    }

    /// Takes a message out of its mailbox; its octets too, unless something else names them.
    ///
    /// # Errors
    /// [`StoreError::Database`]; [`StoreError::NotFound`] where there is no such message.
    pub fn remove_message(&mut self, mailbox: MailboxId, id: MessageId, at: Timestamp) -> Result<(), StoreError> {
        let before = self.row_of_message(mailbox, id)?.ok_or(StoreError::NotFound)?;
        self.forget(mailbox, &before)?;
        self.remove_extended(mailbox, id.into())?;
        let modseq = self.next_modseq(mailbox)?;
        self.count(mailbox, before.folder, (modseq, at), (-1, -unread(&before)))?;
        self.log_change(mailbox, modseq, before.folder, id, Operation::Deleted)?;
        self.release_blob(&before.blob)
    }

    fn insert(&mut self, mailbox: MailboxId, (modseq, folder_modseq): (i64, i64), m: &MessageRecord) -> Result<(), StoreError> {
        let columns = format!("mailbox, {COLUMNS}, traits, subject_key, from_key, sender_key");
        let numbers: Vec<String> = (1..=columns.split(',').count()).map(|n| format!("${n}")).collect();
        let sql = format!("INSERT INTO message ({columns}) VALUES ({})", numbers.join(", "));
        let keys = Derived::of(m);
        self.execute(
            &sql,
            values![
                &mailbox.0,
                &m.id.0,
                &m.folder.0,
                modseq,
                &m.blob.0,
                &m.prefix,
                &m.generated,
                &m.cuts,
                m.size,
                m.is_draft,
                m.is_read,
                m.is_composed,
                m.created_date_time.0,
                m.last_modified_date_time.0,
                m.received_date_time.0,
                m.sent_date_time.0,
                &m.internet_message_id,
                &m.conversation_id,
                &m.conversation_index[..],
                &m.subject,
                &m.body_preview,
                &m.importance,
                &m.inference_classification,
                m.has_attachments,
                m.is_delivery_receipt_requested,
                m.is_read_receipt_requested,
                &to_json(&m.from)?,
                &to_json(&m.sender)?,
                &to_json(&m.to_recipients)?,
                &to_json(&m.cc_recipients)?,
                &to_json(&m.bcc_recipients)?,
                &to_json(&m.reply_to)?,
                &to_json(&m.categories)?,
                &m.flag,
                &to_json(&m.overlay)?,
                folder_modseq,
                m.meeting.as_ref(),
                keys.traits,
                &keys.subject,
                &keys.from,
                &keys.sender,
            ],
        )?;
        self.add_categories(mailbox, m)
    }

    /// Takes a row out, and what stands beside it.
    fn forget(&mut self, mailbox: MailboxId, m: &MessageRecord) -> Result<(), StoreError> {
        self.remove_categories(mailbox, m)?;
        self.execute("DELETE FROM message WHERE mailbox = $1 AND id = $2", values![&mailbox.0, &m.id.0])?;
        Ok(())
    }
}

/// What a message adds to the unread ones of its folder.
fn unread(message: &MessageRecord) -> i64 {
    i64::from(!message.is_read)
}

pub(super) fn message(row: &Row<'_>) -> Result<MessageRecord, StoreError> {
    Ok(MessageRecord {
        id: MessageId(row.fixed(0)?),
        folder: FolderId(row.fixed(1)?),
        modseq: row.integer(2)?,
        blob: Digest(row.fixed(3)?),
        prefix: row.text(4)?,
        generated: row.text(5)?,
        cuts: row.text(6)?,
        size: row.integer(7)?,
        is_draft: row.flag(8)?,
        is_read: row.flag(9)?,
        is_composed: row.flag(10)?,
        created_date_time: Timestamp(row.integer(11)?),
        last_modified_date_time: Timestamp(row.integer(12)?),
        received_date_time: Timestamp(row.integer(13)?),
        sent_date_time: Timestamp(row.integer(14)?),
        internet_message_id: row.text(15)?,
        conversation_id: row.fixed(16)?,
        conversation_index: row.octets(17)?,
        subject: row.text(18)?,
        body_preview: row.text(19)?,
        importance: row.text(20)?,
        inference_classification: row.text(21)?,
        has_attachments: row.flag(22)?,
        is_delivery_receipt_requested: row.flag(23)?,
        is_read_receipt_requested: row.flag(24)?,
        from: from_json(&row.text(25)?)?,
        sender: from_json(&row.text(26)?)?,
        to_recipients: from_json(&row.text(27)?)?,
        cc_recipients: from_json(&row.text(28)?)?,
        bcc_recipients: from_json(&row.text(29)?)?,
        reply_to: from_json(&row.text(30)?)?,
        categories: from_json(&row.text(31)?)?,
        flag: row.text(32)?,
        overlay: from_json(&row.text(33)?)?,
        folder_modseq: row.integer(34)?,
        meeting: row.optional_text(35)?,
    })
}

fn to_json<T: Serialize>(value: &T) -> Result<String, StoreError> {
    serde_json::to_string(value).map_err(|error| StoreError::Corrupt(error.to_string()))
}

fn from_json<T: DeserializeOwned>(text: &str) -> Result<T, StoreError> {
    serde_json::from_str(text).map_err(|error| StoreError::Corrupt(error.to_string()))
}
