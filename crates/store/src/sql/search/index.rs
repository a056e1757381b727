//! Writing the index of texts: what it knows of each mailbox, and one document for each message.

use super::query::{attachments_word, everything_word, folder_word, importance_word};
use super::words::prepared;
use super::{Place, WITHIN_MAILBOX, fts5, tsvector};
use crate::blobs::Digest;
use crate::clock::Timestamp;
use crate::db::{Engine, IndexTx, ReadTx, Row, values};
use crate::error::StoreError;
use crate::ids::{MailboxId, MessageId};
use crate::model::message::{MessageRecord, Recipient};
use crate::model::search::{Indexed, MessageTexts, NumberField, SearchQuery, Unindexed};

/// Bits of a document's number that tell messages of one second apart.
const TIE: u32 = 11;
/// Messages of the last second that has a number of its own may take those of this many seconds more.
const LAST_SECONDS: i64 = 1 << 16;
/// Mailboxes that have numbers.
const MAILBOXES: i64 = 1 << (63 - WITHIN_MAILBOX);
/// Octets of a message's body that are indexed, and of each other text.
const BODY: usize = 1024 * 1024;
const FIELD: usize = 256 * 1024;

/// What must hold in the index, as [`crate::check`] asks: each query lists what breaks the sentence before it. A change that
/// comes between the looks at both databases breaks nothing: then the index knows more changes than were seen.
pub(crate) fn search_rules(engine: Engine) -> [(&'static str, String); 3] {
    let (id, (of_texts, broken)) = match engine {
        Engine::Postgres => ("m.id", tsvector::RULE),
        // An id is cast since BYTEA, PostgreSQL's word, has NUMERIC affinity in SQLite (datatype3, 3.1), which keeps BLOB
        // columns' indexes unused.
        Engine::Sqlite => ("CAST(m.id AS BLOB)", fts5::RULE),
    };
    [
        (
            "a message that is seen, and that the index of texts has come past, is in it",
            format!(
                "SELECT 'a message of ' || m.created_date_time FROM search_mailbox s JOIN mailbox b ON b.id = s.mailbox
                 JOIN message m ON m.mailbox = s.mailbox WHERE s.walked IS NULL AND m.modseq <= s.modseq AND s.modseq <= b.modseq
                 AND NOT EXISTS (SELECT 1 FROM search_document d WHERE d.mailbox = s.number AND d.message = {id})
                 AND NOT EXISTS (SELECT 1 FROM folder f
                     WHERE f.mailbox = m.mailbox AND f.id = m.folder AND f.removal = 'permanent')"
            ),
        ),
        (
            "the index of texts holds no message that is gone",
            "SELECT 'document ' || d.number FROM search_mailbox s JOIN mailbox b ON b.id = s.mailbox AND b.modseq = s.modseq
             JOIN search_document d ON d.mailbox = s.number WHERE s.walked IS NULL
             AND NOT EXISTS (SELECT 1 FROM message m WHERE m.mailbox = s.mailbox AND m.id = d.message)"
                .to_owned(),
        ),
        (of_texts, broken.to_owned()),
    ]
}

impl ReadTx<'_> {
    /// What the index knows of a mailbox; nothing where it hasn't begun.
    pub(crate) fn indexed(&self, mailbox: MailboxId) -> Result<Option<Indexed>, StoreError> {
        self.row("SELECT number, modseq, walked FROM search_mailbox WHERE mailbox = $1", values![&mailbox.0], known)
    }
}

fn known(row: &Row<'_>) -> Result<Indexed, StoreError> {
    Ok(Indexed { number: row.integer(0)?, modseq: row.integer(1)?, walked: row.optional_octets(2)? })
}

impl IndexTx<'_> {
    /// The mailboxes of which something is not indexed yet.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub fn behind(&self) -> Result<Vec<MailboxId>, StoreError> {
        self.rows(
            "SELECT b.id FROM mailbox b LEFT JOIN search_mailbox s ON s.mailbox = b.id
             WHERE s.mailbox IS NULL OR s.walked IS NOT NULL OR s.modseq <> b.modseq",
            &[],
            |row| row.fixed(0).map(MailboxId),
        )
    }

    /// Whether nothing of a mailbox is left to be indexed. Whoever only asks keeps no other node from its work.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub fn knows_all(&self, mailbox: MailboxId) -> Result<bool, StoreError> {
        let sql = "SELECT 1 FROM search_mailbox s JOIN mailbox b ON b.id = s.mailbox
                   WHERE s.mailbox = $1 AND s.walked IS NULL AND s.modseq = b.modseq";
        Ok(self.row(sql, values![&mailbox.0], |_| Ok(()))?.is_some())
    }

    /// What to index next of a mailbox, about so many messages: what was there when the index was begun, then what changed.
    /// Nothing where another node is at it.
    ///
    /// # Errors
    /// [`StoreError::Database`]; [`StoreError::Conflict`] where there are more mailboxes than have numbers.
    pub fn unindexed(&mut self, mailbox: MailboxId, top: i64) -> Result<Option<Unindexed>, StoreError> {
        let Some(indexed) = self.lock(mailbox)? else { return Ok(None) };
        let reach = self.log_reach(mailbox)?; // behind the lock: whoever had it may have come further than was seen before
        let indexed = match reach.covers(indexed.modseq) {
            true => indexed,
            // Changes are no more in the log, or the mailbox was put back to an older state.
            false => self.begin(mailbox, indexed.number, reach.last)?,
        };
        let unindexed = match indexed.walked.clone() {
            Some(walked) => self.walk(mailbox, indexed, &walked, top),
            None => self.changes(mailbox, indexed, reach.last, top),
        };
        unindexed.map(Some)
    }

    /// What the index knows of a mailbox, which no other node then writes until the end of this work. Nothing where another
    /// one does.
    fn lock(&mut self, mailbox: MailboxId) -> Result<Option<Indexed>, StoreError> {
        let sql = "SELECT number, modseq, walked FROM search_mailbox WHERE mailbox = $1 /*pg FOR UPDATE SKIP LOCKED*/";
        loop {
            if let Some(indexed) = self.row(sql, values![&mailbox.0], known)? {
                return Ok(Some(indexed));
            }
            if self.indexed(mailbox)?.is_some() {
                return Ok(None);
            }
            self.number(mailbox)?;
        }
    }

    /// Gives a mailbox a number, unless it or the number is taken meanwhile.
    fn number(&mut self, mailbox: MailboxId) -> Result<(), StoreError> {
        let latest = self.log_reach(mailbox)?.last;
        let sql = "INSERT INTO search_mailbox (mailbox, number, modseq, walked)
                   SELECT $1, coalesce(max(number), -1) + 1, $2, $3 FROM search_mailbox HAVING coalesce(max(number), -1) + 1 < $4
                   ON CONFLICT DO NOTHING";
        let numbered = self.execute(sql, values![&mailbox.0, latest, &[][..], MAILBOXES])?;
        let is_full = "SELECT 1 FROM search_mailbox WHERE number = $1";
        if numbered == 0 && self.row(is_full, values![MAILBOXES - 1], |_| Ok(()))?.is_some() {
            return Err(StoreError::Conflict);
        }
        Ok(())
    }

    /// Begins the index of a mailbox anew: all that is there now, then what changes from now on.
    fn begin(&mut self, mailbox: MailboxId, number: i64, latest: i64) -> Result<Indexed, StoreError> {
        match self.engine() {
            Engine::Postgres => tsvector::forget_all(self, number)?,
            Engine::Sqlite => fts5::forget_all(self, number)?,
        }
        self.execute("DELETE FROM search_document WHERE mailbox = $1", values![number])?;
        let begun = Indexed { number, modseq: latest, walked: Some(Vec::new()) };
        self.keep_indexed(mailbox, &begun)?;
        Ok(begun)
    }

    fn walk(&self, mailbox: MailboxId, indexed: Indexed, walked: &[u8], top: i64) -> Result<Unindexed, StoreError> {
        let messages = self.rows(
            "SELECT id FROM message WHERE mailbox = $1 AND id > $2 ORDER BY id LIMIT $3",
            values![&mailbox.0, walked, top],
            |row| row.fixed(0).map(MessageId),
        )?;
        let all = i64::try_from(messages.len()).unwrap_or(i64::MAX) < top;
        let walked = if all { None } else { messages.last().map(|id| id.0.to_vec()) };
        Ok(Unindexed { messages, then: Indexed { walked, ..indexed }, more: true })
    }

    /// What changed, by whole changes: one may be of many messages.
    fn changes(&self, mailbox: MailboxId, indexed: Indexed, latest: i64, top: i64) -> Result<Unindexed, StoreError> {
        let end = "SELECT modseq FROM change WHERE mailbox = $1 AND modseq > $2 ORDER BY modseq LIMIT 1 OFFSET $3";
        let modseq = self.row(end, values![&mailbox.0, indexed.modseq, top], |row| row.integer(0))?.unwrap_or(latest);
        let messages = self.rows(
            "SELECT DISTINCT message FROM change WHERE mailbox = $1 AND modseq > $2 AND modseq <= $3",
            values![&mailbox.0, indexed.modseq, modseq],
            |row| row.fixed(0).map(MessageId),
        )?;
        Ok(Unindexed { messages, more: modseq < latest, then: Indexed { modseq, ..indexed } })
    }

    /// Notes how much of a mailbox is known.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub fn keep_indexed(&mut self, mailbox: MailboxId, indexed: &Indexed) -> Result<(), StoreError> {
        self.execute(
            "INSERT INTO search_mailbox (mailbox, number, modseq, walked) VALUES ($1, $2, $3, $4)
             ON CONFLICT (mailbox) DO UPDATE SET modseq = excluded.modseq, walked = excluded.walked
             WHERE search_mailbox.modseq <> excluded.modseq OR search_mailbox.walked IS NOT NULL",
            values![&mailbox.0, indexed.number, indexed.modseq, indexed.walked.as_deref()],
        )?;
        Ok(())
    }

    /// Whether a message's document says what its row says. Then its octets needn't be opened.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub fn knows(&self, indexed: &Indexed, message: &MessageRecord) -> Result<bool, StoreError> {
        let sql = "SELECT fingerprint FROM search_document WHERE mailbox = $1 AND message = $2";
        let known = self.row(sql, values![indexed.number, &message.id.0], |row| row.integer(0))?;
        Ok(known == Some(fingerprint(message)))
    }

    /// Indexes a message, instead of what was known of it.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub fn index_message(&mut self, indexed: &Indexed, message: &MessageRecord, texts: &MessageTexts) -> Result<(), StoreError> {
        let second = first_of_second(indexed.number, message.sent_date_time);
        let kept = self.forget_message(indexed, message.id)?.filter(|number| number >> TIE == second >> TIE);
        let number = match kept {
            Some(number) => number,
            None => self.free_number(second)?,
        };
        self.execute(
            "INSERT INTO search_document (number, mailbox, message, received_date_time, sent_date_time, size, fingerprint)
             VALUES ($1, $2, $3, $4, $5, $6, $7)",
            values![
                number,
                indexed.number,
                &message.id.0,
                message.received_date_time.0,
                message.sent_date_time.0,
                message.size,
                fingerprint(message),
            ],
        )?;
        let texts = columns(message, texts);
        match self.engine() {
            Engine::Postgres => tsvector::put(self, number, &texts),
            Engine::Sqlite => fts5::put(self, number, &texts),
        }
    }

    /// Takes a message out of the index; answers which number it had.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub fn forget_message(&mut self, indexed: &Indexed, id: MessageId) -> Result<Option<i64>, StoreError> {
        let sql = "DELETE FROM search_document WHERE mailbox = $1 AND message = $2 RETURNING number";
        let number = self.row(sql, values![indexed.number, &id.0], |row| row.integer(0))?;
        if let Some(number) = number {
            match self.engine() {
                Engine::Postgres => tsvector::forget(self, number)?,
                Engine::Sqlite => fts5::forget(self, number)?,
            }
        }
        Ok(number)
    }

    /// A number that no document has: of this second, else of the next one that has any.
    fn free_number(&self, mut second: i64) -> Result<i64, StoreError> {
        loop {
            let end = second + (1 << TIE);
            let sql = "SELECT coalesce(max(number) + 1, $1) FROM search_document WHERE number >= $1 AND number < $2";
            match self.row(sql, values![second, end], |row| row.integer(0))? {
                Some(free) if free < end => return Ok(free),
                _ => second = end,
            }
        }
    }
}

/// The first number of a second.
fn first_of_second(mailbox: i64, at: Timestamp) -> i64 {
    (mailbox << WITHIN_MAILBOX) + first_place(at)
}

/// The first place of a second. Seconds before 1970 and after 2106 are taken for those.
fn first_place(at: Timestamp) -> Place {
    let last = (1 << (WITHIN_MAILBOX - TIE)) - LAST_SECONDS;
    at.seconds().clamp(0, last) << TIE
}

/// The places that are left by a condition: one on the date of sending says which. Some messages have places behind their
/// second, since it is full.
pub(super) fn narrowed((from, to): (Place, Place), condition: &SearchQuery) -> (Place, Place) {
    let SearchQuery::Number(NumberField::SentDateTime, bounds) = condition else { return (from, to) };
    let end = first_place(Timestamp(bounds.to)) + (LAST_SECONDS << TIE);
    (from.max(first_place(Timestamp(bounds.from))), to.min(end))
}

/// A message's texts as the index has them, column by column (`query::COLUMNS`).
fn columns(message: &MessageRecord, texts: &MessageTexts) -> [String; 8] {
    let sender = message.from.iter().chain(message.sender.iter().filter(|sender| !message.from.contains(sender)));
    [
        prepared(&message.subject, FIELD),
        prepared(&texts.body, BODY),
        people(sender),
        people(&message.to_recipients),
        people(&message.cc_recipients),
        people(&message.bcc_recipients),
        prepared(&texts.attachments.join("\n"), FIELD),
        place(message),
    ]
}

fn people<'r>(recipients: impl IntoIterator<Item = &'r Recipient>) -> String {
    let mut text = String::new();
    for Recipient { name, address } in recipients {
        if text.len() > FIELD {
            break;
        }
        text += &format!("{name} {address}\n");
    }
    prepared(&text, FIELD)
}

fn place(message: &MessageRecord) -> String {
    let mut words = vec![everything_word(), folder_word(message.folder), importance_word(&message.importance)];
    if message.has_attachments {
        words.push(attachments_word());
    }
    words.join(" ")
}

/// Of all that is indexed: while it stays, the index need not be written anew.
fn fingerprint(m: &MessageRecord) -> i64 {
    let people = (&m.from, &m.sender, &m.to_recipients, &m.cc_recipients, &m.bcc_recipients);
    let numbers = (m.size, m.received_date_time.0, m.sent_date_time.0, m.has_attachments);
    let subject = Digest::of(m.subject.as_bytes()).0; // it may have megabytes
    let all = format!("{:?} {:?} {people:?} {subject:?} {} {numbers:?}", m.blob.0, m.folder.0, m.importance);
    let [a, b, c, d, e, f, g, h, ..] = Digest::of(all.as_bytes()).0;
    i64::from_be_bytes([a, b, c, d, e, f, g, h])
}
