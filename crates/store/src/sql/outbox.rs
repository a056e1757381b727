//! The outbox: what was taken and has not reached everybody, and how it ended for whom it did.

use super::nodes::is_gone;
use crate::blobs::Digest;
use crate::clock::Timestamp;
use crate::db::{ReadTx, Row, WriteTx, values};
use crate::error::StoreError;
use crate::ids::{MailboxId, NodeId, SubmissionId};
use crate::model::lease::Work;
use crate::model::node::Taker;
use crate::model::outbox::{ForwardPath, ForwardState, Settled, Submission, Wishes};

/// Mailboxes in which one deed forgets what has ended.
const MAILBOXES: i64 = 200;
/// What a submission's row is read by.
const SUBMISSION: &str =
    "SELECT mailbox, id, blob, prefix, cuts, reverse_path, created_date_time, envelope_id, returns, requires_tls FROM outbox";
/// What a forward-path's row is read by.
const PATH: &str =
    "SELECT forward_path, state, destination, due_date_time, attempts, notify, original_recipient, next_hop, reply,
     is_delay_told FROM outbox_recipient";

impl ReadTx<'_> {
    /// The submissions that are due here and that are a node's to deliver, or nobody's; oldest first, each with its due
    /// forward-paths; about `top` of these.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub fn due_submissions(&self, taker: Taker, now: Timestamp, top: i64) -> Result<Vec<Submission>, StoreError> {
        let sql = format!(
            "SELECT DISTINCT mailbox, submission FROM (SELECT r.mailbox, r.submission FROM outbox_recipient r
             JOIN outbox o ON o.mailbox = r.mailbox AND o.id = r.submission
             WHERE (o.node = $1 OR {}) AND r.state = 'due' AND r.due_date_time <= $2 ORDER BY r.due_date_time LIMIT $3) AS due",
            is_gone(2, taker)
        );
        let due = self.rows(&sql, values![&taker.node.0, now.0, top], named)?;
        let with_paths =
            due.into_iter().map(|(mailbox, id)| self.submission_with(mailbox, id, |path| path.state == ForwardState::Due));
        with_paths.filter_map(Result::transpose).collect()
    }

    /// The submissions of which something is to be relayed now to a destination that a node has, oldest first, each with the forward-paths
    /// that are; about `top` of these.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub fn due_relays(
        &self,
        (destination, node): (&str, NodeId),
        now: Timestamp,
        top: i64,
    ) -> Result<Vec<Submission>, StoreError> {
        let due = self.rows(
            "SELECT mailbox, submission FROM (SELECT mailbox, submission, due_date_time FROM outbox_recipient
             WHERE state = 'relay' AND destination = $1 AND due_date_time <= $2
             AND EXISTS (SELECT 1 FROM destination d WHERE d.name = $1 AND d.node = $3 AND d.leased_until > 0) ORDER BY due_date_time LIMIT $4) AS due
             GROUP BY mailbox, submission ORDER BY min(due_date_time)",
            values![destination, now.0, &node.0, top],
            named,
        )?;
        let is_due = |path: &ForwardPath| {
            path.state == ForwardState::Relay && path.destination == destination && path.due_date_time <= now
        };
        due.into_iter().filter_map(|(mailbox, id)| self.submission_with(mailbox, id, is_due).transpose()).collect()
    }

    /// When the next forward-path is due here that is a node's to deliver, or nobody's; nothing where none is.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub fn next_due(&self, taker: Taker, now: Timestamp) -> Result<Option<Timestamp>, StoreError> {
        let sql = format!(
            "SELECT r.due_date_time FROM outbox_recipient r JOIN outbox o ON o.mailbox = r.mailbox AND o.id = r.submission
             WHERE (o.node = $1 OR {}) AND r.state = 'due' ORDER BY r.due_date_time LIMIT 1",
            is_gone(2, taker)
        );
        let next = self.row(&sql, values![&taker.node.0, now.0], |row| row.integer(0))?;
        Ok(next.map(Timestamp))
    }

    /// How often a submission's delivery here was tried in vain.
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

    /// A submission whose octets are still needed, without its forward-paths.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub fn submission(&self, mailbox: MailboxId, id: SubmissionId) -> Result<Option<Submission>, StoreError> {
        self.row(&format!("{SUBMISSION} WHERE mailbox = $1 AND id = $2"), values![&mailbox.0, &id.0], submission)
    }

    /// How far a submission has come with each recipient; empty where it is not known, or not any more.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub fn forward_paths(&self, mailbox: MailboxId, id: SubmissionId) -> Result<Vec<ForwardPath>, StoreError> {
        let sql = format!("{PATH} WHERE mailbox = $1 AND submission = $2 ORDER BY forward_path");
        self.rows(&sql, values![&mailbox.0, &id.0], forward_path)
    }

    /// How far a message has come with each recipient, those included that get octets of their own.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub fn delivery(&self, mailbox: MailboxId, id: SubmissionId) -> Result<Vec<ForwardPath>, StoreError> {
        // An OR of both would look at all that the mailbox ever sent.
        let (own, parts) = ("WHERE mailbox = $1 AND submission = $2", "WHERE mailbox = $1 AND part_of = $2");
        let sql = format!("{PATH} {own} UNION ALL {PATH} {parts} ORDER BY forward_path");
        self.rows(&sql, values![&mailbox.0, &id.0], forward_path)
    }

    /// The submissions that are followed under this one, since their recipients get octets of their own.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub fn parts_of(&self, mailbox: MailboxId, id: SubmissionId) -> Result<Vec<SubmissionId>, StoreError> {
        let sql = "SELECT submission FROM outbox_recipient WHERE mailbox = $1 AND part_of = $2";
        let mut parts = self.rows(sql, values![&mailbox.0, &id.0], |row| Ok(SubmissionId(row.fixed(0)?)))?;
        parts.sort_unstable();
        parts.dedup();
        Ok(parts)
    }

    /// Submissions by which something waits in a state, from the one that has waited longest, each with the paths that do.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub fn waiting(&self, state: ForwardState, top: i64) -> Result<Vec<Submission>, StoreError> {
        let waiting = self.rows(
            "SELECT mailbox, submission FROM outbox_recipient WHERE state = $1 GROUP BY mailbox, submission
             ORDER BY min(due_date_time) LIMIT $2",
            values![state.as_str(), top],
            named,
        )?;
        waiting
            .into_iter()
            .filter_map(|(mailbox, id)| self.submission_with(mailbox, id, |path| path.state == state).transpose())
            .collect()
    }

    /// Whose submission has an id.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub fn submitted_by(&self, id: SubmissionId) -> Result<Option<MailboxId>, StoreError> {
        // By way of the mailboxes: every key begins with one.
        self.row(
            "SELECT b.id FROM mailbox b WHERE EXISTS (SELECT 1 FROM outbox_recipient r WHERE r.mailbox = b.id AND r.submission = $1)",
            values![&id.0],
            |row| row.fixed(0),
        )
        .map(|found| found.map(MailboxId))
    }

    fn submission_with(
        &self,
        mailbox: MailboxId,
        id: SubmissionId,
        is_wanted: impl Fn(&ForwardPath) -> bool,
    ) -> Result<Option<Submission>, StoreError> {
        let Some(found) = self.submission(mailbox, id)? else { return Ok(None) };
        let paths = self.forward_paths(mailbox, id)?.into_iter().filter(is_wanted).collect();
        Ok(Some(Submission { forward_paths: paths, ..found }))
    }
}

impl WriteTx<'_> {
    /// Puts a submission into the outbox.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub fn add_submission(&mut self, s: &Submission) -> Result<(), StoreError> {
        let (Wishes { envelope_id, returns, requires_tls }, node) = (&s.wishes, self.node);
        self.execute(
            "INSERT INTO outbox (mailbox, id, blob, prefix, cuts, reverse_path, created_date_time, envelope_id, returns, requires_tls,
             node) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
            values![
                &s.mailbox.0,
                &s.id.0,
                &s.blob.0,
                &s.prefix,
                &s.cuts,
                &s.reverse_path,
                s.created_date_time.0,
                envelope_id,
                returns,
                *requires_tls,
                &node.0
            ],
        )?;
        for path in &s.forward_paths {
            self.add_forward_path(s, path)?;
        }
        Ok(())
    }

    fn add_forward_path(&mut self, s: &Submission, path: &ForwardPath) -> Result<(), StoreError> {
        self.execute(
            "INSERT INTO outbox_recipient
             (mailbox, submission, forward_path, state, destination, due_date_time, attempts, notify, original_recipient, part_of)
             VALUES ($1, $2, $3, $4, $5, $6, 0, $7, $8, $9)",
            values![
                &s.mailbox.0,
                &s.id.0,
                &path.address,
                path.state.as_str(),
                &path.destination,
                path.due_date_time.0,
                &path.notify,
                &path.original_recipient,
                s.part_of.as_ref().map(|id| &id.0)
            ],
        )?;
        match path.state {
            ForwardState::Relay => self.note_due(Work::Relay, &path.destination, path.due_date_time),
            _ => Ok(()),
        }
    }

    /// Ends a forward-path that was due here. Answers whether it still was: whoever is told `false` has nothing to deliver.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub fn end_due(
        &mut self,
        (mailbox, id): (MailboxId, SubmissionId),
        address: &str,
        state: ForwardState,
        (now, reply): (Timestamp, &str),
    ) -> Result<bool, StoreError> {
        let ended = self.execute(
            "UPDATE outbox_recipient SET state = $1, due_date_time = $2, attempts = attempts + 1, reply = $3
             WHERE mailbox = $4 AND submission = $5 AND forward_path = $6 AND state = 'due'",
            values![state.as_str(), now.0, reply, &mailbox.0, &id.0, address],
        )?;
        self.became(ended == 1, (mailbox, id), address)
    }

    /// Writes what became of a forward-path that was to be relayed. Answers whether it still was.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub fn settle(&mut self, mailbox: MailboxId, id: SubmissionId, settled: &Settled) -> Result<bool, StoreError> {
        let Settled { address, state, due_date_time, next_hop, reply, is_delay_told } = settled;
        let done = self.execute(
            "UPDATE outbox_recipient SET state = $1, due_date_time = $2, attempts = attempts + 1, next_hop = $3, reply = $4,
             is_delay_told = CASE WHEN is_delay_told = 1 THEN 1 ELSE $5 END
             WHERE mailbox = $6 AND submission = $7 AND forward_path = $8 AND state = 'relay'",
            values![state.as_str(), due_date_time.0, next_hop, reply, *is_delay_told, &mailbox.0, &id.0, address],
        )?;
        self.became(done == 1, (mailbox, id), address)
    }

    /// Brings a forward-path from one of some states into another. Answers whether it was in one of them.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub fn set_forward_state(
        &mut self,
        (mailbox, id): (MailboxId, SubmissionId),
        path: &ForwardPath,
        from: &[ForwardState],
    ) -> Result<bool, StoreError> {
        let mut changed = 0;
        for state in from {
            changed += self.execute(
                "UPDATE outbox_recipient SET state = $1, due_date_time = $2, destination = $3, reply = $4
                 WHERE mailbox = $5 AND submission = $6 AND forward_path = $7 AND state = $8",
                values![
                    path.state.as_str(),
                    path.due_date_time.0,
                    &path.destination,
                    &path.reply,
                    &mailbox.0,
                    &id.0,
                    &path.address,
                    state.as_str()
                ],
            )?;
        }
        if changed > 0 && path.state == ForwardState::Relay {
            self.note_due(Work::Relay, &path.destination, path.due_date_time)?;
        }
        self.became(changed > 0, (mailbox, id), &path.address)
    }

    /// Has those told who follow what the mailbox sent, if something became of it. Answers whether it did.
    fn became(&mut self, something: bool, of: (MailboxId, SubmissionId), forward_path: &str) -> Result<bool, StoreError> {
        if something {
            self.log_delivery(of, forward_path)?;
        }
        Ok(something)
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

    /// Forgets how submissions ended that did so before a time, in some mailboxes behind one, in the order of their ids. One that
    /// has not ended stays. Answers the last of these mailboxes, if there may be more.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub fn forget_ended(&mut self, before: Timestamp, behind: MailboxId) -> Result<Option<MailboxId>, StoreError> {
        // Ids rise with time, so that each mailbox is looked at up to there alone.
        let newest = SubmissionId::first_at(before);
        let some = "SELECT id FROM mailbox WHERE id > $1 ORDER BY id LIMIT $2";
        let mailboxes = self.rows(some, values![&behind.0, MAILBOXES], |row| row.fixed::<16>(0))?;
        for mailbox in &mailboxes {
            self.execute(
                "DELETE FROM outbox_recipient WHERE mailbox = $1 AND submission < $2 AND due_date_time < $3
                 AND NOT EXISTS (SELECT 1 FROM outbox o WHERE o.mailbox = $1 AND o.id = outbox_recipient.submission)",
                values![mailbox, &newest.0, before.0],
            )?;
        }
        let is_full = i64::try_from(mailboxes.len()).is_ok_and(|count| count == MAILBOXES);
        Ok(mailboxes.last().filter(|_| is_full).map(|last| MailboxId(*last)))
    }

    /// Lets go of a submission's octets once none of its paths needs them: the last of a deed that ends some of these, so that
    /// whatever else names the octets does so already.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub fn end_submission(&mut self, mailbox: MailboxId, id: SubmissionId) -> Result<(), StoreError> {
        // Of those who end the last two paths at once, the later one sees that both have ended.
        self.lock("SELECT 1 FROM outbox WHERE mailbox = $1 AND id = $2 FOR UPDATE", values![&mailbox.0, &id.0])?;
        let ended = self.row(
            "DELETE FROM outbox WHERE mailbox = $1 AND id = $2 AND NOT EXISTS (SELECT 1 FROM outbox_recipient r
             WHERE r.mailbox = $1 AND r.submission = $2 AND r.state IN ('due', 'relay', 'held')) RETURNING blob",
            values![&mailbox.0, &id.0],
            |row| row.fixed(0),
        )?;
        ended.map_or(Ok(()), |blob| self.release_blob(&Digest(blob)))
    }
}

fn named(row: &Row<'_>) -> Result<(MailboxId, SubmissionId), StoreError> {
    Ok((MailboxId(row.fixed(0)?), SubmissionId(row.fixed(1)?)))
}

fn submission(row: &Row<'_>) -> Result<Submission, StoreError> {
    Ok(Submission {
        mailbox: MailboxId(row.fixed(0)?),
        id: SubmissionId(row.fixed(1)?),
        part_of: None,
        blob: Digest(row.fixed(2)?),
        prefix: row.text(3)?,
        cuts: row.text(4)?,
        reverse_path: row.text(5)?,
        created_date_time: Timestamp(row.integer(6)?),
        wishes: Wishes { envelope_id: row.text(7)?, returns: row.text(8)?, requires_tls: row.flag(9)? },
        forward_paths: Vec::new(),
    })
}

fn forward_path(row: &Row<'_>) -> Result<ForwardPath, StoreError> {
    let word = row.text(1)?;
    Ok(ForwardPath {
        address: row.text(0)?,
        state: ForwardState::parse(&word).ok_or_else(|| StoreError::Corrupt(format!("the state {word:?}")))?,
        destination: row.text(2)?,
        due_date_time: Timestamp(row.integer(3)?),
        attempts: row.integer(4)?,
        notify: row.text(5)?,
        original_recipient: row.text(6)?,
        next_hop: row.text(7)?,
        reply: row.text(8)?,
        is_delay_told: row.flag(9)?,
    })
}

#[cfg(test)]
mod tests;
