//! Subscriptions: what is to be told where, how far that has come, and what becomes of them.

use super::changes::LogReach;
use crate::clock::Timestamp;
use crate::db::{ReadTx, Row, Value, WriteTx, values};
use crate::error::StoreError;
use crate::ids::{FolderId, MailboxId, MessageId, SubscriptionId};
use crate::model::condition::Condition;
use crate::model::subscription::{
    Behind, ChangeTypes, DataRecipient, Interest, LifecycleEvent, Subscription, SubscriptionChange,
};

const COLUMNS: &str = "s.mailbox, s.id, s.client_id, s.person, s.resource, s.folder, s.change_type, s.notification_url, \
    s.lifecycle_notification_url, s.client_state, s.latest_supported_tls_version, s.expiration_date_time, s.modseq, s.paused, \
    s.missed, s.reauthorization_required, s.removed, s.is_ending_told, s.encryption_certificate, s.encryption_certificate_id, s.is_filtered, \
    s.reads_text";
/// Behind these, what is known of the mailbox's changes.
const REACH: usize = 22;

/// What is looked for; of all subscriptions together that is read often, so it is no more than that.
const INTEREST: &str = "s.mailbox, s.id, s.folder, s.change_type, s.notification_url, s.modseq, s.is_filtered";

/// Folders that one statement names: it is prepared anew for each number of them.
const MOST_NAMED: usize = 20;

/// No log has all that came after this: whatever is known is known anew.
const UNKNOWN: i64 = -1;

/// Members that one statement keeps.
const AT_ONCE: usize = 200;

/// That something is to be told of `s` itself.
const HAS_EVENT: &str = "(s.missed IS NOT NULL OR s.reauthorization_required IS NOT NULL OR s.removed IS NOT NULL)";

/// Which of `s` are told what happens in their mailboxes `b`, and something has; the parameter of this number is now.
fn is_behind(now: u8) -> String {
    format!("s.removed IS NULL AND s.paused IS NULL AND s.modseq < b.modseq AND s.expiration_date_time > ${now}")
}

/// That `s` is to a folder that is gone, and was told that its last message left it; the parameter of this number is no folder. Whatever
/// else happened to a message there was before that.
fn has_lost_its_folder(deliveries: u8) -> String {
    format!(
        "(s.folder <> ${deliveries} AND NOT EXISTS (SELECT 1 FROM folder f WHERE f.mailbox = s.mailbox AND f.id = s.folder)
          AND NOT EXISTS (SELECT 1 FROM change c WHERE c.mailbox = s.mailbox AND c.folder = s.folder AND c.modseq > s.modseq
                          AND c.operation = 'deleted'))"
    )
}

impl ReadTx<'_> {
    /// A subscription that is there.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub fn subscription(&self, id: SubscriptionId) -> Result<Option<Subscription>, StoreError> {
        let sql = format!("SELECT {COLUMNS} FROM subscription s WHERE s.id = $1 AND s.removed IS NULL");
        self.row(&sql, values![&id.0], subscription)
    }

    /// The subscriptions that an app made, for a person or for itself, which have not ended: some behind one of them, in the order
    /// of their ids.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub fn subscriptions_of(
        &self,
        client_id: &str,
        person: Option<MailboxId>,
        now: Timestamp,
        (after, top): (SubscriptionId, i64),
    ) -> Result<Vec<Subscription>, StoreError> {
        let of = if person.is_some() { "s.person = $4" } else { "s.person IS NULL" };
        let sql = format!(
            "SELECT {COLUMNS} FROM subscription s WHERE s.client_id = $1 AND s.removed IS NULL AND s.expiration_date_time > $2
             AND s.id > $3 AND {of} ORDER BY s.id LIMIT {top}"
        );
        let person = person.as_ref().map(|person| Value::from(&person.0));
        let values = [Value::from(client_id), Value::from(now.0), Value::from(&after.0)];
        self.rows(&sql, &values.into_iter().chain(person).collect::<Vec<_>>(), subscription)
    }

    /// All subscriptions that are there, or those to one mailbox, in the order of mailboxes and ids; at most `top`.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub fn all_subscriptions(&self, of: Option<MailboxId>, top: i64) -> Result<Vec<Subscription>, StoreError> {
        let one = if of.is_some() { " AND s.mailbox = $1" } else { "" };
        let sql = format!(
            "SELECT {COLUMNS} FROM subscription s WHERE s.removed IS NULL{one}
             ORDER BY s.mailbox, s.id LIMIT {top}"
        );
        let of = of.as_ref().map(|mailbox| Value::from(&mailbox.0));
        self.rows(&sql, &Vec::from_iter(of), subscription)
    }

    /// How many messages the filters of a mailbox's subscriptions let in, all together; at most `most`, above which is not counted.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub fn count_members(&self, mailbox: MailboxId, most: i64) -> Result<i64, StoreError> {
        let sql = "SELECT count(*) FROM (SELECT 1 FROM subscription_member WHERE mailbox = $1 LIMIT $2) m";
        Ok(self.row(sql, values![&mailbox.0, most], |row| row.integer(0))?.unwrap_or_default())
    }

    /// How many subscriptions to a mailbox have not ended.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub fn count_subscriptions(&self, mailbox: MailboxId, now: Timestamp) -> Result<i64, StoreError> {
        let sql = "SELECT count(*) FROM subscription WHERE mailbox = $1 AND removed IS NULL AND expiration_date_time > $2";
        Ok(self.row(sql, values![&mailbox.0, now.0], |row| row.integer(0))?.unwrap_or_default())
    }

    /// Subscriptions that have something to be told at a URL, behind one of them.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub fn subscriptions_at(
        &self,
        url: &str,
        now: Timestamp,
        after: (MailboxId, SubscriptionId),
        top: i64,
    ) -> Result<Vec<Behind>, StoreError> {
        let sql = format!(
            "SELECT {COLUMNS}, b.change_floor, b.modseq FROM subscription s JOIN mailbox b ON b.id = s.mailbox
             WHERE s.notification_url = $1 AND {} AND (s.mailbox, s.id) > ($3, $4) ORDER BY s.mailbox, s.id LIMIT $5",
            is_behind(2)
        );
        self.rows(&sql, values![url, now.0, &after.0.0, &after.1.0, top], behind)
    }

    /// Subscriptions of which something is to be told themselves at a URL.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub fn lifecycle_at(&self, url: &str, top: i64) -> Result<Vec<Subscription>, StoreError> {
        let sql = format!(
            "SELECT {COLUMNS} FROM subscription s WHERE s.lifecycle_notification_url = $1 AND {HAS_EVENT}
             ORDER BY s.mailbox, s.id LIMIT $2"
        );
        self.rows(&sql, values![url, top], subscription)
    }

    /// When the first thing is due that is to be told at a URL: at once, or nothing is.
    pub(super) fn first_notification(&self, url: &str, now: Timestamp) -> Result<Option<Timestamp>, StoreError> {
        let sql = format!(
            "SELECT 1 FROM subscription s JOIN mailbox b ON b.id = s.mailbox WHERE s.notification_url = $1 AND {} LIMIT 1",
            is_behind(2)
        );
        let of_changes = self.row(&sql, values![url, now.0], |row| row.integer(0))?.is_some();
        let is_due = of_changes || !self.lifecycle_at(url, 1)?.is_empty();
        Ok(is_due.then_some(now))
    }

    /// The subscriptions to mailboxes that have changed since: to one of them, or to all.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub fn subscriptions_behind(&self, of: Option<MailboxId>, now: Timestamp) -> Result<Vec<(Interest, LogReach)>, StoreError> {
        let one = if of.is_some() { " AND s.mailbox = $2" } else { "" };
        let sql = format!(
            "SELECT {INTEREST}, b.change_floor, b.modseq FROM subscription s JOIN mailbox b ON b.id = s.mailbox WHERE {}{one}",
            is_behind(1)
        );
        let of = of.as_ref().map(|mailbox| Value::from(&mailbox.0));
        let values: Vec<Value<'_>> = [Value::from(now.0)].into_iter().chain(of).collect();
        let behind = |row: &Row<'_>| Ok((interest(row)?, LogReach { floor: row.integer(7)?, last: row.integer(8)? }));
        self.rows(&sql, &values, behind)
    }

    /// Whether somebody follows what becomes of the messages that a mailbox sends.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub fn are_deliveries_followed(&self, mailbox: MailboxId) -> Result<bool, StoreError> {
        let sql = "SELECT 1 FROM subscription WHERE mailbox = $1 AND folder = $2 AND removed IS NULL LIMIT 1";
        Ok(self.row(sql, values![&mailbox.0, &FolderId::DELIVERY.0], |row| row.integer(0))?.is_some())
    }

    /// The subscriptions to a mailbox that are told what happens in some folders, or everywhere; of many folders, all of the mailbox's.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub fn subscriptions_following(
        &self,
        mailbox: MailboxId,
        folders: &[FolderId],
        now: Timestamp,
    ) -> Result<Vec<Interest>, StoreError> {
        let folders = if folders.len() > MOST_NAMED { &[] } else { folders };
        let places: Vec<String> = (0..folders.len()).map(|at| format!("${}", at + 3)).collect();
        let there = match places.is_empty() {
            true => String::new(),
            false => format!(" AND (s.folder IS NULL OR s.folder IN ({}))", places.join(", ")),
        };
        let sql = format!(
            "SELECT {INTEREST} FROM subscription s WHERE s.mailbox = $1 AND s.removed IS NULL AND s.paused IS NULL
             AND s.expiration_date_time > $2{there}"
        );
        let of = [Value::from(&mailbox.0), Value::from(now.0)];
        let values: Vec<Value<'_>> = of.into_iter().chain(folders.iter().map(|folder| Value::from(&folder.0))).collect();
        self.rows(&sql, &values, interest)
    }

    /// Whether a subscription's filter let a message in, as its receiver was told.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub fn is_subscription_member(&self, mailbox: MailboxId, id: SubscriptionId, message: MessageId) -> Result<bool, StoreError> {
        let sql = "SELECT 1 FROM subscription_member WHERE mailbox = $1 AND subscription = $2 AND message = $3";
        Ok(self.row(sql, values![&mailbox.0, &id.0, &message.0], |row| row.integer(0))?.is_some())
    }

    /// A condition in which ids stand for the well-known folders of a mailbox, so that it can be asked of its messages.
    ///
    /// # Errors
    /// [`StoreError::Database`], [`StoreError::NotFound`].
    pub fn condition_in(&self, mailbox: MailboxId, condition: Condition) -> Result<Condition, StoreError> {
        condition.resolved(&|name| self.well_known_folder(mailbox, name))
    }

    /// To which mailboxes there are subscriptions.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub fn subscribed_mailboxes(&self) -> Result<Vec<MailboxId>, StoreError> {
        let sql = "SELECT DISTINCT mailbox FROM subscription WHERE removed IS NULL";
        self.rows(sql, &[], |row| Ok(MailboxId(row.fixed(0)?)))
    }

    /// The URLs at which something is to be told of subscriptions themselves, and which nobody has noted.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub fn lifecycle_unnoted(&self) -> Result<Vec<String>, StoreError> {
        let sql = format!(
            "SELECT DISTINCT s.lifecycle_notification_url FROM subscription s WHERE {HAS_EVENT}
             AND s.lifecycle_notification_url IS NOT NULL
             AND NOT EXISTS (SELECT 1 FROM notification_target t WHERE t.name = s.lifecycle_notification_url)"
        );
        self.rows(&sql, &[], |row| row.text(0))
    }

    /// Subscriptions that end before a time, or rest; those that were told of their end already only once it is there. And those to
    /// a folder that is gone, once all that happened there was told.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub fn subscriptions_to_tend(&self, now: Timestamp, soon: Timestamp) -> Result<Vec<Subscription>, StoreError> {
        let sql = format!(
            "SELECT {COLUMNS} FROM subscription s WHERE s.removed IS NULL AND (s.expiration_date_time <= $1
             OR s.is_ending_told = 0 AND s.expiration_date_time <= $2 OR s.paused IS NOT NULL OR {})",
            has_lost_its_folder(3)
        );
        self.rows(&sql, values![now.0, soon.0, &FolderId::DELIVERY.0], subscription)
    }

    /// Whether a subscription is to a folder that is gone, and all that happened there was told.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub fn has_lost_its_folder(&self, mailbox: MailboxId, id: SubscriptionId) -> Result<bool, StoreError> {
        let sql = format!("SELECT 1 FROM subscription s WHERE s.mailbox = $1 AND s.id = $2 AND {}", has_lost_its_folder(3));
        Ok(self.row(&sql, values![&mailbox.0, &id.0, &FolderId::DELIVERY.0], |row| row.integer(0))?.is_some())
    }
}

impl WriteTx<'_> {
    /// Keeps a new subscription.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub fn add_subscription(&mut self, one: &Subscription) -> Result<(), StoreError> {
        let change_type = one.change_types.text();
        let [person, folder] = [one.person.map(|id| id.0), one.folder.map(|id| id.0)];
        self.execute(
            "INSERT INTO subscription (mailbox, id, client_id, person, resource, folder, change_type, notification_url,
             lifecycle_notification_url, client_state, latest_supported_tls_version, expiration_date_time, modseq, is_ending_told,
             encryption_certificate, encryption_certificate_id, is_filtered, reads_text)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, 0, $14, $15, $16, $17)",
            values![
                &one.mailbox.0,
                &one.id.0,
                &one.client_id,
                person.as_ref(),
                &one.resource,
                folder.as_ref(),
                &change_type,
                &one.notification_url,
                one.lifecycle_notification_url.as_ref(),
                one.client_state.as_ref(),
                &one.latest_supported_tls_version,
                one.expiration_date_time.0,
                one.modseq,
                one.data.as_ref().map(|data| &data.certificate),
                one.data.as_ref().map_or("", |data| data.certificate_id.as_str()),
                one.is_filtered,
                one.reads_text
            ],
        )?;
        Ok(())
    }

    /// Changes what is given of a subscription, and has it go on where it rested. Answers whether there is one.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub fn change_subscription(
        &mut self,
        (mailbox, id): (MailboxId, SubscriptionId),
        change: &SubscriptionChange,
    ) -> Result<bool, StoreError> {
        let sql = "UPDATE subscription SET expiration_date_time = coalesce($1, expiration_date_time),
             is_ending_told = CASE WHEN $1 IS NULL THEN is_ending_told ELSE 0 END,
             notification_url = coalesce($2, notification_url), encryption_certificate = coalesce($3, encryption_certificate),
             encryption_certificate_id = coalesce($4, encryption_certificate_id), paused = NULL, reauthorization_required = NULL
             WHERE mailbox = $5 AND id = $6 AND removed IS NULL";
        let SubscriptionChange { expiration_date_time, notification_url, certificate, certificate_id } = change;
        let end = expiration_date_time.map(|end| end.0);
        let (url, certificate, name) = (notification_url.as_ref(), certificate.as_ref(), certificate_id.as_ref());
        Ok(self.execute(sql, values![end, url, certificate, name, &mailbox.0, &id.0])? > 0)
    }

    /// Has a subscription go on where it rested. Answers whether there is one.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub fn resume_subscription(&mut self, mailbox: MailboxId, id: SubscriptionId) -> Result<bool, StoreError> {
        let sql = "UPDATE subscription SET paused = NULL, reauthorization_required = NULL
             WHERE mailbox = $1 AND id = $2 AND removed IS NULL";
        Ok(self.execute(sql, values![&mailbox.0, &id.0])? > 0)
    }

    /// Has a subscription rest, and its app be told so.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub fn pause_subscription(&mut self, mailbox: MailboxId, id: SubscriptionId, now: Timestamp) -> Result<(), StoreError> {
        let sql = "UPDATE subscription SET paused = $1 WHERE mailbox = $2 AND id = $3 AND paused IS NULL";
        if self.execute(sql, values![now.0, &mailbox.0, &id.0])? > 0 {
            self.note_lifecycle(mailbox, id, LifecycleEvent::ReauthorizationRequired, now)?;
        }
        Ok(())
    }

    /// Has an app be told that its subscription ends soon.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub fn warn_of_end(&mut self, mailbox: MailboxId, id: SubscriptionId, now: Timestamp) -> Result<(), StoreError> {
        let sql = "UPDATE subscription SET is_ending_told = 1 WHERE mailbox = $1 AND id = $2 AND is_ending_told = 0";
        if self.execute(sql, values![&mailbox.0, &id.0])? > 0 {
            self.note_lifecycle(mailbox, id, LifecycleEvent::ReauthorizationRequired, now)?;
        }
        Ok(())
    }

    /// Throws a subscription away of which nobody is to be told. Answers whether there was one.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub fn remove_subscription(&mut self, mailbox: MailboxId, id: SubscriptionId) -> Result<bool, StoreError> {
        let sql = "DELETE FROM subscription WHERE mailbox = $1 AND id = $2 AND removed IS NULL";
        let was_there = self.execute(sql, values![&mailbox.0, &id.0])? > 0;
        if was_there {
            self.forget_members(mailbox, id)?;
        }
        Ok(was_there)
    }

    /// Takes a subscription away, and has its app be told where it wants to be.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub fn end_subscription(&mut self, mailbox: MailboxId, id: SubscriptionId, now: Timestamp) -> Result<(), StoreError> {
        self.note_lifecycle(mailbox, id, LifecycleEvent::SubscriptionRemoved, now)?;
        self.remove_subscription(mailbox, id)?; // one that has nobody to be told
        self.forget_members(mailbox, id)
    }

    /// Nothing more is told of the messages that a subscription's filter let in.
    fn forget_members(&mut self, mailbox: MailboxId, id: SubscriptionId) -> Result<(), StoreError> {
        let sql = "DELETE FROM subscription_member WHERE mailbox = $1 AND subscription = $2";
        self.execute(sql, values![&mailbox.0, &id.0])?;
        Ok(())
    }

    /// Keeps which messages a subscription's filter lets in.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub fn add_members(&mut self, mailbox: MailboxId, id: SubscriptionId, messages: &[MessageId]) -> Result<(), StoreError> {
        for some in messages.chunks(AT_ONCE) {
            let rows: Vec<String> = (0..some.len()).map(|at| format!("($1, $2, ${})", at + 3)).collect();
            let sql = format!(
                "INSERT INTO subscription_member (mailbox, subscription, message) VALUES {}
                 ON CONFLICT (mailbox, subscription, message) DO NOTHING",
                rows.join(", ")
            );
            let keys = [Value::from(&mailbox.0), Value::from(&id.0)];
            let values: Vec<Value<'_>> = keys.into_iter().chain(some.iter().map(|message| Value::from(&message.0))).collect();
            self.execute(&sql, &values)?;
        }
        Ok(())
    }

    /// Keeps that a subscription's filter lets a message in, or no more. One that is gone keeps nothing.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub fn set_member(
        &mut self,
        mailbox: MailboxId,
        id: SubscriptionId,
        message: MessageId,
        is_member: bool,
    ) -> Result<(), StoreError> {
        let sql = match is_member {
            true => {
                "INSERT INTO subscription_member (mailbox, subscription, message)
                 SELECT s.mailbox, s.id, $1 /*pg ::bytea*/ FROM subscription s
                 WHERE s.mailbox = $2 AND s.id = $3 AND s.removed IS NULL
                 ON CONFLICT (mailbox, subscription, message) DO NOTHING"
            }
            false => "DELETE FROM subscription_member WHERE message = $1 AND mailbox = $2 AND subscription = $3",
        };
        self.execute(sql, values![&message.0, &mailbox.0, &id.0])?;
        Ok(())
    }

    /// Takes the subscriptions away that were made for a person.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub fn end_subscriptions_of(&mut self, person: MailboxId, now: Timestamp) -> Result<(), StoreError> {
        let sql = "SELECT mailbox, id FROM subscription WHERE person = $1 AND removed IS NULL";
        let all = self.rows(sql, values![&person.0], |row| Ok((MailboxId(row.fixed(0)?), SubscriptionId(row.fixed(1)?))))?;
        all.into_iter().try_for_each(|(mailbox, id)| self.end_subscription(mailbox, id, now))
    }

    /// Which messages a subscription's filter lets in is known anew.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub fn set_members(&mut self, mailbox: MailboxId, id: SubscriptionId, messages: &[MessageId]) -> Result<(), StoreError> {
        self.forget_members(mailbox, id)?;
        self.add_members(mailbox, id, messages)
    }

    /// Something is to be told of a subscription itself, where its app wants to be. What waited to be told is told as it is now.
    fn note_lifecycle(
        &mut self,
        mailbox: MailboxId,
        id: SubscriptionId,
        event: LifecycleEvent,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let column = event.column();
        let sql = format!(
            "UPDATE subscription SET {column} = $1 WHERE mailbox = $2 AND id = $3
             AND removed IS NULL AND lifecycle_notification_url IS NOT NULL"
        );
        self.execute(&sql, values![now.0, &mailbox.0, &id.0])?;
        Ok(())
    }

    /// What was to be told of a subscription itself since a time was; what came up meanwhile is to be told still. One that is removed is
    /// forgotten then.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub fn note_lifecycle_told(
        &mut self,
        mailbox: MailboxId,
        id: SubscriptionId,
        (event, since): (LifecycleEvent, Timestamp),
    ) -> Result<(), StoreError> {
        let column = event.column();
        let sql = match event {
            LifecycleEvent::SubscriptionRemoved => {
                format!("DELETE FROM subscription WHERE mailbox = $1 AND id = $2 AND {column} = $3")
            }
            _ => format!("UPDATE subscription SET {column} = NULL WHERE mailbox = $1 AND id = $2 AND {column} = $3"),
        };
        self.execute(&sql, values![&mailbox.0, &id.0, since.0])?;
        Ok(())
    }

    /// A subscription's receiver has taken all changes up to a number.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub fn note_delivered(&mut self, mailbox: MailboxId, id: SubscriptionId, modseq: i64) -> Result<(), StoreError> {
        let sql = "UPDATE subscription SET modseq = $1, held_modseq = NULL, held_since = NULL
             WHERE mailbox = $2 AND id = $3 AND modseq < $1";
        self.execute(sql, values![modseq, &mailbox.0, &id.0])?;
        Ok(())
    }

    /// Changes up to a number can't be told to a subscription any more, and its app is told so.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub fn note_missed(&mut self, mailbox: MailboxId, id: SubscriptionId, modseq: i64, now: Timestamp) -> Result<(), StoreError> {
        self.note_delivered(mailbox, id, modseq)?;
        self.note_lifecycle(mailbox, id, LifecycleEvent::Missed, now)
    }

    /// A URL was tried in vain. What is to be told there is held from now on; what has been since before a time is given up. Answers
    /// where that is to be told.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub fn hold_notifications(&mut self, url: &str, now: Timestamp, before: Timestamp) -> Result<Vec<String>, StoreError> {
        let given_up = self.rows(
            "SELECT mailbox, id, held_modseq, is_filtered, lifecycle_notification_url FROM subscription
             WHERE notification_url = $1 AND held_since <= $2",
            values![url, before.0],
            |row| {
                let key = (MailboxId(row.fixed(0)?), SubscriptionId(row.fixed(1)?));
                Ok((key, row.integer(2)?, row.flag(3)?, row.optional_text(4)?))
            },
        )?;
        for ((mailbox, id), modseq, is_filtered, _) in &given_up {
            match is_filtered {
                // Which messages its filter lets in must be known anew, as of the change from which on it is told.
                true => self.forget_reach(*mailbox, *id)?,
                false => self.note_missed(*mailbox, *id, *modseq, now)?,
            }
        }
        self.execute(
            "UPDATE subscription SET held_modseq = (SELECT b.modseq FROM mailbox b WHERE b.id = subscription.mailbox), held_since = $1
             WHERE notification_url = $2 AND held_since IS NULL AND removed IS NULL AND paused IS NULL
             AND modseq < (SELECT b.modseq FROM mailbox b WHERE b.id = subscription.mailbox)",
            values![now.0, url],
        )?;
        self.execute("DELETE FROM subscription WHERE lifecycle_notification_url = $1 AND removed <= $2", values![url, before.0])?;
        for event in [LifecycleEvent::Missed, LifecycleEvent::ReauthorizationRequired] {
            let column = event.column();
            let sql = format!("UPDATE subscription SET {column} = NULL WHERE lifecycle_notification_url = $1 AND {column} <= $2");
            self.execute(&sql, values![url, before.0])?;
        }
        Ok(given_up.into_iter().filter(|(_, _, is_filtered, _)| !is_filtered).filter_map(|(.., url)| url).collect())
    }

    /// Nothing that happened before now is told to a subscription any more.
    fn forget_reach(&mut self, mailbox: MailboxId, id: SubscriptionId) -> Result<(), StoreError> {
        let sql = "UPDATE subscription SET modseq = $1, held_modseq = NULL, held_since = NULL WHERE mailbox = $2 AND id = $3";
        self.execute(sql, values![UNKNOWN, &mailbox.0, &id.0])?;
        Ok(())
    }
}

fn subscription(row: &Row<'_>) -> Result<Subscription, StoreError> {
    let mut lifecycle_events = Vec::new();
    let events = [LifecycleEvent::Missed, LifecycleEvent::ReauthorizationRequired, LifecycleEvent::SubscriptionRemoved];
    for (column, event) in (14..).zip(events) {
        lifecycle_events.extend(row.optional_integer(column)?.map(|since| (event, Timestamp(since))));
    }
    Ok(Subscription {
        mailbox: MailboxId(row.fixed(0)?),
        id: SubscriptionId(row.fixed(1)?),
        client_id: row.text(2)?,
        person: optional_id(row, 3)?.map(MailboxId),
        resource: row.text(4)?,
        folder: optional_id(row, 5)?.map(FolderId),
        change_types: change_types(row, 6)?,
        notification_url: row.text(7)?,
        lifecycle_notification_url: row.optional_text(8)?,
        client_state: row.optional_text(9)?,
        latest_supported_tls_version: row.text(10)?,
        data: match row.optional_text(18)? {
            Some(certificate) => Some(DataRecipient { certificate, certificate_id: row.text(19)? }),
            None => None,
        },
        expiration_date_time: Timestamp(row.integer(11)?),
        modseq: row.integer(12)?,
        paused: row.optional_integer(13)?.map(Timestamp),
        lifecycle_events,
        is_filtered: row.flag(20)?,
        reads_text: row.flag(21)?,
        is_ending_told: row.flag(17)?,
    })
}

fn interest(row: &Row<'_>) -> Result<Interest, StoreError> {
    Ok(Interest {
        mailbox: MailboxId(row.fixed(0)?),
        id: SubscriptionId(row.fixed(1)?),
        folder: optional_id(row, 2)?.map(FolderId),
        change_types: change_types(row, 3)?,
        notification_url: row.text(4)?,
        modseq: row.integer(5)?,
        is_filtered: row.flag(6)?,
    })
}

fn optional_id(row: &Row<'_>, column: usize) -> Result<Option<[u8; 16]>, StoreError> {
    let wrong = |octets: Vec<u8>| StoreError::Corrupt(format!("an id of {} octets", octets.len()));
    row.optional_octets(column)?.map(|octets| octets.try_into().map_err(wrong)).transpose()
}

fn change_types(row: &Row<'_>, column: usize) -> Result<ChangeTypes, StoreError> {
    let words = row.text(column)?;
    ChangeTypes::parse(&words).ok_or_else(|| StoreError::Corrupt(format!("the change types {words:?}")))
}

fn behind(row: &Row<'_>) -> Result<Behind, StoreError> {
    let reach = LogReach { floor: row.integer(REACH)?, last: row.integer(REACH + 1)? };
    Ok(Behind { subscription: subscription(row)?, reach })
}

#[cfg(test)]
mod tests;
