//! Subscriptions (Graph: subscription): an app has itself told of what changes in a mailbox. What is told, and whether its app
//! may still hear it, is decided when it is told (`notify`).

use crate::admission::{Admitted, may_go_on};
use crate::error::{Kind, MailError, SubscriptionRefusal};
use crate::folders::FolderName;
use crate::{Mail, Mailbox};
use identity::{Caller, Scope};
use std::time::Duration;
use store::{
    ChangeTypes, Condition, DataRecipient, FolderId, ListQuery, MailboxId, MessageId, MessageRecord, ReadTx, StoreError,
    Subscription, SubscriptionChange, SubscriptionId, Timestamp, Work, WriteTx,
};

/// By one of these an app may hear what happens in a mailbox: one for shared mailboxes is good for the own one.
pub(crate) const HEARING: &[Scope] = &[
    Scope::MailRead,
    Scope::MailReadWrite,
    Scope::MailReadBasic,
    Scope::MailReadShared,
    Scope::MailReadWriteShared,
    Scope::MailReadBasicShared,
];

/// By one of these it may be sent the messages themselves.
pub(crate) const READING: &[Scope] = &[Scope::MailRead, Scope::MailReadWrite, Scope::MailReadShared, Scope::MailReadWriteShared];

/// By one of these it may hear what becomes of messages that are sent, as it may read that (docs/extensions.md).
const FOLLOWING: &[Scope] = &[
    Scope::MailSend,
    Scope::MailRead,
    Scope::MailReadWrite,
    Scope::MailSendShared,
    Scope::MailReadShared,
    Scope::MailReadWriteShared,
];

/// Subscriptions to a mailbox, of all apps together (Graph: outlook-change-notifications-overview).
const MOST: i64 = 1000;
/// Messages that a filter may let in when a subscription is made: a row is kept for each.
const MOST_LET_IN: usize = 20_000;
/// The same of all of a mailbox's subscriptions together.
const MOST_LET_IN_TOGETHER: i64 = 200_000;
/// Subscriptions that are read together.
const LISTED: i64 = 200;
/// How long a subscription may last (Graph: subscription), and how long it lasts at least.
const LONGEST: Duration = Duration::from_secs(10_080 * 60);
const LONGEST_WITH_DATA: Duration = Duration::from_secs(1440 * 60);
const SHORTEST: Duration = Duration::from_secs(45 * 60);

/// Of what an app wants to be told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Follows {
    /// The messages of a folder; nothing where all are followed.
    Messages(Option<FolderName>),
    /// What becomes of messages that are sent.
    Deliveries,
}

/// What an app wants to be told.
#[derive(Debug, Clone, PartialEq)]
pub struct NewSubscription {
    /// What is followed, as it was given.
    pub resource: String,
    /// Of what.
    pub follows: Follows,
    /// Which changes.
    pub change_types: ChangeTypes,
    /// Where they are told.
    pub notification_url: String,
    /// Where it is told what becomes of the subscription itself.
    pub lifecycle_notification_url: Option<String>,
    /// What is sent along.
    pub client_state: Option<String>,
    /// The newest version of TLS that the receiver speaks.
    pub latest_supported_tls_version: String,
    /// For whom messages are encrypted that are sent along.
    pub data: Option<DataRecipient>,
    /// Which messages; nothing where all are.
    pub condition: Option<Condition>,
    /// Whether the condition asks of what isn't shown with `Mail.ReadBasic`.
    pub reads_text: bool,
    /// When it shall end.
    pub expiration_date_time: Timestamp,
}

impl Mailbox {
    /// Whether a subscription may be made, as far as that is known before its receiver is asked.
    ///
    /// # Errors
    /// As [`Mailbox::subscribe`].
    pub async fn may_subscribe(&self, new: &NewSubscription) -> Result<(), MailError> {
        let (mailbox, new) = (self.clone(), new.clone());
        self.store().read(move |tx: &ReadTx<'_>| mailbox.check_subscription(tx, &new).map(drop)).await
    }

    /// Makes a subscription to what happens from now on.
    ///
    /// # Errors
    /// [`MailError::AccessDenied`] for a person and another's mailbox; [`MailError::NotFound`] for the folder;
    /// [`MailError::Subscription`]; [`MailError::Store`].
    pub async fn subscribe(&self, new: NewSubscription) -> Result<Subscription, MailError> {
        let (mailbox, id) = (self.clone(), SubscriptionId::new(self.now()));
        let (let_in, modseq) = self.let_in(&new).await?;
        let deed = move |tx: &mut WriteTx<'_>| {
            let (folder, expiration_date_time) = mailbox.check_subscription(tx, &new)?;
            let subscription = Subscription {
                mailbox: mailbox.owner.id,
                id,
                client_id: mailbox.acting.client_id.clone(),
                person: mailbox.acting.person,
                resource: new.resource,
                folder,
                change_types: new.change_types,
                notification_url: new.notification_url,
                lifecycle_notification_url: new.lifecycle_notification_url,
                client_state: new.client_state,
                latest_supported_tls_version: new.latest_supported_tls_version,
                data: new.data,
                expiration_date_time,
                modseq: modseq.map_or_else(|| Ok(tx.log_reach(mailbox.owner.id)?.last), Ok::<_, StoreError>)?,
                paused: None,
                lifecycle_events: Vec::new(),
                is_filtered: modseq.is_some(),
                reads_text: new.reads_text,
                is_ending_told: false,
            };
            tx.add_subscription(&subscription)?;
            tx.add_members(mailbox.owner.id, id, &let_in)?;
            Ok(subscription)
        };
        let made = self.deed(deed).await?;
        self.mail.inner.watch.add(made.mailbox);
        Ok(made)
    }

    /// Which messages a new subscription's filter lets in, and as of which change; nothing where it has none.
    async fn let_in(&self, new: &NewSubscription) -> Result<(Vec<MessageId>, Option<i64>), MailError> {
        let Some(condition) = new.condition.clone() else { return Ok((Vec::new(), None)) };
        let (mailbox, follows) = (self.clone(), new.follows.clone());
        let look = move |tx: &ReadTx<'_>| {
            let folder = mailbox.followed(tx, &follows)?;
            let budget = mailbox.mail.inner.options.query_work;
            let members = let_in(tx, (mailbox.owner.id, folder), condition, budget)?;
            let together = tx.count_members(mailbox.owner.id, MOST_LET_IN_TOGETHER)?;
            if together.saturating_add(i64::try_from(members.len()).unwrap_or(i64::MAX)) > MOST_LET_IN_TOGETHER {
                return Err(StoreError::TooMuchWork.into());
            }
            let modseq = tx.log_reach(mailbox.owner.id)?.last;
            Ok::<_, MailError>((members, Some(modseq)))
        };
        self.store().read(look).await
    }

    fn check_subscription(&self, tx: &ReadTx<'_>, new: &NewSubscription) -> Result<(Option<FolderId>, Timestamp), MailError> {
        // Graph: outlook-share-messages-folders: what is shared can't be followed so.
        if self.acting.person.is_some_and(|person| person != self.owner.id) {
            return Err(MailError::AccessDenied("permissions for shared mailboxes don't cover subscriptions"));
        }
        let now = self.now();
        let expiration = expiration(new.expiration_date_time, now, new.data.is_some())?;
        let folder = self.followed(tx, &new.follows)?;
        if tx.count_subscriptions(self.owner.id, now)? >= MOST {
            return Err(SubscriptionRefusal::TooMany { most: MOST }.into());
        }
        Ok((folder, expiration))
    }

    /// Where the change log has what is followed; nothing where all messages are.
    fn followed(&self, tx: &ReadTx<'_>, follows: &Follows) -> Result<Option<FolderId>, MailError> {
        match follows {
            Follows::Messages(name) => name.as_ref().map(|name| self.own_folder_id(tx, name)).transpose(),
            Follows::Deliveries => Ok(Some(FolderId::DELIVERY)),
        }
    }
}

/// A subscription is its app's, and its person's where it was made for one: nobody else finds it.
impl Mail {
    /// A subscription of the caller's, who has one of the permissions in `wanted`, and one by which it may be made.
    ///
    /// # Errors
    /// [`MailError::NotAdmitted`], [`MailError::AccessDenied`], [`MailError::NotFound`], [`MailError::Store`].
    pub async fn subscription(
        &self,
        caller: &Caller,
        id: SubscriptionId,
        wanted: &'static [Scope],
    ) -> Result<Subscription, MailError> {
        let (caller, now) = (caller.clone(), self.inner.clock.now());
        let look = move |tx: &ReadTx<'_>| {
            let admitted = Admitted::of(tx, caller)?;
            admitted.permission(wanted, true)?;
            let person = admitted.person.as_ref().map(|person| person.id);
            let found = tx.subscription(id)?.filter(|one| one.client_id == admitted.app.client_id && one.person == person);
            let found = found.filter(|one| one.expiration_date_time > now).ok_or(MailError::NotFound(Kind::Subscription))?;
            admitted.permission(needed(&found), true)?;
            Ok(found)
        };
        self.inner.store.read(look).await
    }

    /// Subscriptions of the caller's that the token might have made, behind one of them; at most `top`, and whether there are more.
    ///
    /// # Errors
    /// As [`Mail::subscription`].
    pub async fn subscriptions(
        &self,
        caller: &Caller,
        wanted: &'static [Scope],
        (mut after, top): (SubscriptionId, usize),
    ) -> Result<(Vec<Subscription>, bool), MailError> {
        let (caller, now) = (caller.clone(), self.inner.clock.now());
        let look = move |tx: &ReadTx<'_>| {
            let admitted = Admitted::of(tx, caller)?;
            admitted.permission(wanted, true)?;
            let person = admitted.person.as_ref().map(|person| person.id);
            let mut shown = Vec::new();
            loop {
                let some = tx.subscriptions_of(&admitted.app.client_id, person, now, (after, LISTED))?;
                let Some(last) = some.last().map(|one| one.id) else { return Ok((shown, false)) };
                after = last;
                shown.extend(some.into_iter().filter(|one| admitted.permission(needed(one), true).is_ok()));
                if shown.len() > top {
                    shown.truncate(top);
                    return Ok((shown, true));
                }
            }
        };
        self.inner.store.read(look).await
    }

    /// Changes what is given of a subscription. It goes on if it rested.
    ///
    /// # Errors
    /// As [`Mail::subscription`]; [`MailError::Subscription`].
    pub async fn change_subscription(
        &self,
        subscription: &Subscription,
        change: SubscriptionChange,
    ) -> Result<Subscription, MailError> {
        let (now, key, with_data) =
            (self.inner.clock.now(), (subscription.mailbox, subscription.id), subscription.data.is_some());
        let ends = change.expiration_date_time.map(|until| expiration(until, now, with_data)).transpose()?;
        let change = SubscriptionChange { expiration_date_time: ends, ..change };
        let deed = move |tx: &mut WriteTx<'_>| {
            let missing = || MailError::NotFound(Kind::Subscription);
            may_hear(tx, &tx.subscription(key.1)?.ok_or_else(missing)?)?;
            tx.change_subscription(key, &change)?;
            let changed = tx.subscription(key.1)?.ok_or_else(missing)?;
            tx.note_due(Work::Notifications, &changed.notification_url, now)?;
            Ok::<_, MailError>(changed)
        };
        let changed = self.inner.store.write_in(key.0, deed).await?;
        self.inner.to_notify.notify_one();
        Ok(changed)
    }

    /// Has a subscription go on that rested, since its app may hear again.
    ///
    /// # Errors
    /// As [`Mail::subscription`].
    pub async fn reauthorize_subscription(&self, subscription: Subscription) -> Result<(), MailError> {
        let now = self.inner.clock.now();
        let deed = move |tx: &mut WriteTx<'_>| {
            may_hear(tx, &subscription)?;
            if !tx.resume_subscription(subscription.mailbox, subscription.id)? {
                return Err(MailError::NotFound(Kind::Subscription));
            }
            Ok(tx.note_due(Work::Notifications, &subscription.notification_url, now)?)
        };
        self.inner.store.write(deed).await?;
        self.inner.to_notify.notify_one();
        Ok(())
    }

    /// Subscriptions of whomever, with the addresses of the mailboxes; at most `top`. For operators.
    ///
    /// # Errors
    /// [`MailError::Store`].
    pub async fn all_subscriptions(&self, of: Option<MailboxId>, top: u32) -> Result<Vec<(Subscription, String)>, MailError> {
        let look = move |tx: &ReadTx<'_>| {
            let found = tx.all_subscriptions(of, i64::from(top))?;
            let owned = |one: Subscription| {
                let owner = tx.person(one.mailbox)?.map(|person| person.user_principal_name);
                Ok((one, owner.unwrap_or_default()))
            };
            found.into_iter().map(owned).collect::<Result<Vec<_>, StoreError>>()
        };
        Ok(self.inner.store.read(look).await?)
    }

    /// Takes a subscription of whomever away, and has its app be told so. For operators.
    ///
    /// # Errors
    /// [`MailError::NotFound`], [`MailError::Store`].
    pub async fn end_subscription(&self, id: SubscriptionId) -> Result<(), MailError> {
        let now = self.inner.clock.now();
        let deed = move |tx: &mut WriteTx<'_>| {
            let one = tx.subscription(id)?.ok_or(MailError::NotFound(Kind::Subscription))?;
            Ok(tx.end_subscription(one.mailbox, id, now)?)
        };
        self.inner.store.write(deed).await
    }

    /// Takes a subscription away.
    ///
    /// # Errors
    /// As [`Mail::subscription`].
    pub async fn remove_subscription(&self, subscription: &Subscription) -> Result<(), MailError> {
        let (mailbox, id) = (subscription.mailbox, subscription.id);
        let removed = self.inner.store.write_in(mailbox, move |tx: &mut WriteTx<'_>| tx.remove_subscription(mailbox, id)).await;
        match removed? {
            true => Ok(()),
            false => Err(MailError::NotFound(Kind::Subscription)),
        }
    }
}

/// Whether a subscription's app may hear what happens in its mailbox, as things are now.
///
/// # Errors
/// [`MailError::NotAdmitted`], [`MailError::AccessDenied`], [`MailError::AppLimited`], [`MailError::Store`].
pub(crate) fn may_hear(tx: &ReadTx<'_>, subscription: &Subscription) -> Result<(), MailError> {
    may_go_on(tx, (&subscription.client_id, subscription.person), subscription.mailbox, needed(subscription))
}

/// The permissions one of which lets hear what a subscription tells: whoever is sent messages reads them, and so does whoever learns
/// which have a word in their text.
fn needed(subscription: &Subscription) -> &'static [Scope] {
    match subscription {
        one if one.data.is_some() || one.reads_text => READING,
        one if one.is_to_deliveries() => FOLLOWING,
        _ => HEARING,
    }
}

/// Which messages of a folder, or of a mailbox, a filter lets in.
///
/// # Errors
/// [`StoreError::TooMuchWork`] where they are too many, or too far apart; [`StoreError`] otherwise.
pub(crate) fn let_in(
    tx: &ReadTx<'_>,
    (mailbox, folder): (MailboxId, Option<FolderId>),
    condition: Condition,
    budget: u64,
) -> Result<Vec<MessageId>, StoreError> {
    let top = MOST_LET_IN.saturating_add(1);
    let query = ListQuery { folder, condition, search: None, order: Vec::new(), after: None, skip: 0, top, budget };
    let unread = |_: &MessageRecord| Err(StoreError::TooMuchWork); // a condition that reads text is refused before
    let page = tx.list(mailbox, &query, &unread)?;
    match page.items.len() > MOST_LET_IN {
        true => Err(StoreError::TooMuchWork),
        false => Ok(page.items.into_iter().map(|(record, _)| record.id).collect()),
    }
}

/// When a subscription ends that shall end at a time.
fn expiration(wanted: Timestamp, now: Timestamp, with_data: bool) -> Result<Timestamp, MailError> {
    let longest = if with_data { LONGEST_WITH_DATA } else { LONGEST };
    if wanted <= now {
        return Err(SubscriptionRefusal::Ended.into());
    }
    if wanted > now.after(longest) {
        return Err(SubscriptionRefusal::TooLong { minutes: longest.as_secs() / 60 }.into());
    }
    Ok(wanted.max(now.after(SHORTEST)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_subscription_lasts_forty_five_minutes_at_least_and_seven_days_at_most() {
        let now = Timestamp::from_seconds(1_800_014_400);
        let at = |minutes: i64| Timestamp(now.0 + minutes * 60_000_000);
        assert_eq!(expiration(at(1), now, false).expect("a time"), at(45));
        assert_eq!(expiration(at(60), now, true).expect("a time"), at(60));
        assert_eq!(expiration(at(10_080), now, false).expect("a time"), at(10_080));
        assert_eq!(expiration(at(1440), now, true).expect("a time"), at(1440));
        for (refused, with_data) in [(now, false), (at(-5), false), (at(10_081), false), (at(1441), true)] {
            let answer = expiration(refused, now, with_data);
            assert!(matches!(answer, Err(MailError::Subscription(_))), "{refused:?}");
        }
    }
}
