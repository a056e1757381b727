//! The outbox: what was taken and has not reached everybody.

use crate::blobs::Digest;
use crate::clock::Timestamp;
use crate::db::{ReadTx, Row, WriteTx, values};
use crate::error::StoreError;
use crate::ids::{MailboxId, SubmissionId};
use crate::model::outbox::{ForwardPath, ForwardState, Submission};

impl ReadTx<'_> {
    /// The submissions that are due, oldest first, each with its due forward-paths; about `top` of these.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub fn due_submissions(&self, now: Timestamp, top: i64) -> Result<Vec<Submission>, StoreError> {
        let due = self.rows(
            "SELECT DISTINCT mailbox, submission FROM (SELECT mailbox, submission, due_date_time FROM outbox_recipient
             WHERE state = 'due' AND due_date_time <= $1 ORDER BY due_date_time LIMIT $2) AS due",
            values![now.0, top],
            |row| Ok((MailboxId(row.fixed(0)?), SubmissionId(row.fixed(1)?))),
        )?;
        due.into_iter().filter_map(|(mailbox, id)| self.submission(mailbox, id).transpose()).collect()
    }

    /// When the next forward-path is due; nothing where none is.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub fn next_due(&self) -> Result<Option<Timestamp>, StoreError> {
        let next = self.row(
            "SELECT due_date_time FROM outbox_recipient WHERE state = 'due' ORDER BY due_date_time LIMIT 1",
            &[],
            |row| row.integer(0),
        )?;
        Ok(next.map(Timestamp))
    }

    /// How often a submission's delivery was tried in vain.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub fn attempts(&self, mailbox: MailboxId, id: SubmissionId) -> Result<i64, StoreError> {
        let attempts = self.row(
            "SELECT max(attempts) FROM outbox_recipient WHERE mailbox = $1 AND submission = $2 AND state = 'due'",
            values![&mailbox.0, &id.0],
            |row| row.optional_integer(0),
        )?;
        Ok(attempts.flatten().unwrap_or_default())
    }

    fn submission(&self, mailbox: MailboxId, id: SubmissionId) -> Result<Option<Submission>, StoreError> {
        let found = self.row(
            "SELECT mailbox, id, blob, prefix, cuts, reverse_path, created_date_time FROM outbox WHERE mailbox = $1 AND id = $2",
            values![&mailbox.0, &id.0],
            submission,
        )?;
        let Some(mut found) = found else { return Ok(None) };
        found.forward_paths = self.rows(
            "SELECT forward_path FROM outbox_recipient WHERE mailbox = $1 AND submission = $2 AND state = 'due' ORDER BY forward_path",
            values![&mailbox.0, &id.0],
            |row| Ok(ForwardPath { address: row.text(0)?, state: ForwardState::Due }),
        )?;
        Ok(Some(found))
    }
}

impl WriteTx<'_> {
    /// Puts a submission into the outbox, due at once.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub fn add_submission(&mut self, s: &Submission) -> Result<(), StoreError> {
        self.execute(
            "INSERT INTO outbox (mailbox, id, blob, prefix, cuts, reverse_path, created_date_time) VALUES ($1, $2, $3, $4, $5, $6, $7)",
            values![&s.mailbox.0, &s.id.0, &s.blob.0, &s.prefix, &s.cuts, &s.reverse_path, s.created_date_time.0],
        )?;
        for path in &s.forward_paths {
            self.execute(
                "INSERT INTO outbox_recipient (mailbox, submission, forward_path, state, due_date_time, attempts)
                 VALUES ($1, $2, $3, $4, $5, 0)",
                values![&s.mailbox.0, &s.id.0, &path.address, path.state.as_str(), s.created_date_time.0],
            )?;
        }
        Ok(())
    }

    /// Takes a forward-path that was reached out of the outbox, and the submission with its last one. Answers whether
    /// it was still there: whoever is told `false` has nothing to deliver.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub fn take_forward_path(&mut self, mailbox: MailboxId, id: SubmissionId, address: &str) -> Result<bool, StoreError> {
        let taken = self.execute(
            "DELETE FROM outbox_recipient WHERE mailbox = $1 AND submission = $2 AND forward_path = $3 AND state = 'due'",
            values![&mailbox.0, &id.0, address],
        )?;
        self.execute(
            "DELETE FROM outbox WHERE mailbox = $1 AND id = $2
             AND NOT EXISTS (SELECT 1 FROM outbox_recipient r WHERE r.mailbox = $1 AND r.submission = $2)",
            values![&mailbox.0, &id.0],
        )?;
        Ok(taken == 1)
    }

    /// Tries what is due of a submission at a later time: it stands behind what is due until then.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub fn postpone(&mut self, mailbox: MailboxId, id: SubmissionId, until: Timestamp) -> Result<(), StoreError> {
        self.execute(
            "UPDATE outbox_recipient SET due_date_time = $1, attempts = attempts + 1
             WHERE mailbox = $2 AND submission = $3 AND state = 'due'",
            values![until.0, &mailbox.0, &id.0],
        )?;
        Ok(())
    }

    /// Keeps a forward-path without trying it again.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub fn hold_forward_path(&mut self, mailbox: MailboxId, id: SubmissionId, address: &str) -> Result<(), StoreError> {
        self.execute(
            "UPDATE outbox_recipient SET state = 'held', attempts = attempts + 1
             WHERE mailbox = $1 AND submission = $2 AND forward_path = $3",
            values![&mailbox.0, &id.0, address],
        )?;
        Ok(())
    }
}

fn submission(row: &Row<'_>) -> Result<Submission, StoreError> {
    Ok(Submission {
        mailbox: MailboxId(row.fixed(0)?),
        id: SubmissionId(row.fixed(1)?),
        blob: Digest(row.fixed(2)?),
        prefix: row.text(3)?,
        cuts: row.text(4)?,
        reverse_path: row.text(5)?,
        created_date_time: Timestamp(row.integer(6)?),
        forward_paths: Vec::new(),
    })
}
