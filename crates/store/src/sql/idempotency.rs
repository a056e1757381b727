//! Answers that are given again to a request that comes again.

use crate::blobs::Digest;
use crate::clock::Timestamp;
use crate::db::{ReadTx, WriteTx, values};
use crate::error::StoreError;
use crate::ids::{MailboxId, MessageId};

/// What was answered to a request with a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answered {
    /// Digest of the request.
    pub request: Digest,
    /// The sender's copy, if there is one.
    pub message: Option<MessageId>,
    /// By what it is followed; nothing of what was answered by an earlier version.
    pub sent: Option<MessageId>,
    /// Message-ID of what was sent.
    pub internet_message_id: String,
}

impl ReadTx<'_> {
    /// What was answered to the request with this key, since `since`.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub fn answered(&self, mailbox: MailboxId, key: &str, since: Timestamp) -> Result<Option<Answered>, StoreError> {
        self.row(
            "SELECT request, message, internet_message_id, sent FROM idempotency
             WHERE mailbox = $1 AND key = $2 AND created_date_time >= $3",
            values![&mailbox.0, key, since.0],
            |row| {
                let id = |column| {
                    let of = |octets: Vec<u8>| {
                        MessageId::from_slice(&octets).ok_or_else(|| StoreError::Corrupt("an answer's message".to_owned()))
                    };
                    row.optional_octets(column)?.map(of).transpose()
                };
                let (message, sent) = (id(1)?, id(3)?);
                Ok(Answered { request: Digest(row.fixed(0)?), message, sent, internet_message_id: row.text(2)? })
            },
        )
    }
}

impl WriteTx<'_> {
    /// Keeps what is answered to the request with this key, and forgets this mailbox's answers from before `since`.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub fn keep_answer(
        &mut self,
        mailbox: MailboxId,
        key: &str,
        answer: &Answered,
        since: Timestamp,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        self.execute("DELETE FROM idempotency WHERE mailbox = $1 AND created_date_time < $2", values![&mailbox.0, since.0])?;
        self.execute(
            "INSERT INTO idempotency (mailbox, key, request, message, internet_message_id, created_date_time, sent)
             VALUES ($1, $2, $3, $4, $5, $6, $7)",
            values![
                &mailbox.0,
                key,
                &answer.request.0,
                answer.message.as_ref().map(|id| &id.0),
                &answer.internet_message_id,
                now.0,
                answer.sent.as_ref().map(|id| &id.0)
            ],
        )?;
        Ok(())
    }
}
