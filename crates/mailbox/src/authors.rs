//! In whose name a message is sent (Graph: outlook-send-mail-from-other-user), and what narrows an app that sends.
//!
//! Whoever asks may send as himself, as whom he was granted to send as, and on behalf of whoever lets him: then the message
//! says in Sender who sent it (RFC 5322 §3.6.2). To be let into a mailbox is not to be let send in its name.

use crate::Mailbox;
use crate::acting::Acting;
use crate::envelope::Envelope;
use crate::error::{Limit, MailError};
use mime::Message;
use store::{MailboxAccess, MailboxId, Person, ReadTx, StoreError, SubmissionId, Timestamp, WriteTx};

/// Over which sends are counted, in microseconds.
const MINUTE: i64 = 60 * 1_000_000;

/// Who stands in a message as its authors.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Authors {
    /// The addresses of From; an empty one where the field names nobody.
    from: Vec<String>,
    /// The addresses of Sender, the same way; none where there is no such field.
    sender: Vec<String>,
}

impl Authors {
    /// Those that the header names; where it has no From, the owner of the mailbox will be named there.
    pub(crate) fn of(message: &Message, owner: &Person) -> Authors {
        let named = |name: &str| {
            let named: Vec<String> = message.addresses(name).into_iter().map(|author| author.address).collect();
            if named.is_empty() { message.field(name).map(|_| vec![String::new()]) } else { Some(named) }
        };
        let from = named("From").unwrap_or_else(|| vec![owner.user_principal_name.clone()]);
        Authors { from, sender: named("Sender").unwrap_or_default() }
    }

    /// The first author; empty where the field names nobody.
    pub(crate) fn first(&self) -> &str {
        self.from.first().map_or("", String::as_str)
    }

    /// The same, sent by somebody whom no field names yet.
    pub(crate) fn sent_by(self, sender: Option<&Person>) -> Authors {
        match sender {
            Some(sender) => Authors { sender: vec![sender.user_principal_name.clone()], ..self },
            None => self,
        }
    }
}

impl Mailbox {
    /// Whom Sender must name: who sends and isn't an author, or may not send as the author.
    pub(crate) async fn unnamed_sender(&self, authors: &Authors) -> Result<Option<Person>, MailError> {
        let author = &self.acting.author;
        let is_self = |address: &String| address.eq_ignore_ascii_case(&author.user_principal_name);
        if !authors.sender.is_empty() || authors.from.iter().all(is_self) {
            return Ok(None);
        }
        let (id, from) = (author.id, authors.from.clone());
        let look = move |tx: &ReadTx<'_>| from.iter().try_fold(true, |all, address| Ok(all && tx.may_send_as(id, address)?));
        let is_granted = self.store().read::<bool, StoreError>(look).await?;
        Ok((!is_granted).then(|| author.clone()))
    }

    /// Whether whoever asks may send as this address.
    ///
    /// # Errors
    /// [`MailError::Store`].
    pub async fn may_send_as(&self, address: &str) -> Result<bool, MailError> {
        let (id, address) = (self.acting.author.id, address.to_owned());
        Ok(self.store().read::<_, StoreError>(move |tx: &ReadTx<'_>| tx.may_send_as(id, &address)).await?)
    }

    /// Whether whoever asks may send in these names to these people, and within what narrows the app.
    ///
    /// # Errors
    /// [`MailError::SendAsDenied`], [`MailError::AccessDenied`], [`MailError::AppLimited`], [`MailError::Store`].
    pub(crate) fn check_sending(&self, tx: &ReadTx<'_>, authors: &Authors, envelope: &Envelope) -> Result<(), MailError> {
        let acting = &self.acting;
        let id = acting.author.id;
        for sender in &authors.sender {
            if !tx.may_send_as(id, sender)? {
                return Err(MailError::SendAsDenied(sender.clone()));
            }
        }
        for from in &authors.from {
            if !tx.may_send_as(id, from)? && (authors.sender.is_empty() || !may_send_on_behalf(tx, id, from)?) {
                return Err(MailError::SendAsDenied(from.clone()));
            }
        }
        if !acting.may_send_for_others && !acting.is_all_own(tx, authors)? {
            return Err(MailError::AccessDenied("the token lacks Mail.Send.Shared, which sending for others needs"));
        }
        acting.check_limits(authors, envelope)
    }

    /// Counts a submission of an app whose rate is limited.
    ///
    /// # Errors
    /// [`MailError::AppLimited`] where it has sent as many as it may; [`MailError::Store`].
    pub(crate) fn count_sending(&self, tx: &mut WriteTx<'_>, id: SubmissionId, now: Timestamp) -> Result<(), MailError> {
        let Some(most) = self.acting.limits.sends_per_minute else { return Ok(()) };
        let since = Timestamp(now.0.saturating_sub(MINUTE));
        match tx.count_application_send(&self.acting.client_id, id, most, (since, now))? {
            None => Ok(()),
            Some(oldest) => Err(MailError::AppLimited(Limit::Rate { most, retry_after: seconds_until_free(oldest, now) })),
        }
    }
}

impl Acting {
    /// Whether all these are addresses of whoever sends.
    fn is_all_own(&self, tx: &ReadTx<'_>, authors: &Authors) -> Result<bool, StoreError> {
        let own = tx.addresses(self.author.id)?;
        let is_own = |address: &String| own.contains(&address.to_lowercase());
        Ok(authors.from.iter().chain(&authors.sender).all(is_own))
    }

    fn check_limits(&self, authors: &Authors, envelope: &Envelope) -> Result<(), MailError> {
        if let Some(only) = &self.limits.from
            && let Some(other) = authors.from.iter().chain(&authors.sender).find(|one| !only.contains(&one.to_lowercase()))
        {
            return Err(MailError::AppLimited(Limit::From(other.clone())));
        }
        self.check_recipients(envelope)
    }

    /// Whether an app may have something sent to these people.
    pub(crate) fn check_recipients(&self, envelope: &Envelope) -> Result<(), MailError> {
        let mut domains = envelope.forward_paths.iter().map(|path| path.domain().to_lowercase());
        if let Some(only) = &self.limits.recipient_domains
            && let Some(other) = domains.find(|domain| !only.contains(domain))
        {
            return Err(MailError::AppLimited(Limit::RecipientDomain(other)));
        }
        Ok(())
    }
}

/// Whether the owner of an address lets somebody send on behalf.
fn may_send_on_behalf(tx: &ReadTx<'_>, sender: MailboxId, address: &str) -> Result<bool, StoreError> {
    match tx.person_by_address(address)? {
        Some(owner) => tx.has_access(owner.id, sender, MailboxAccess::SendOnBehalf),
        None => Ok(false),
    }
}

/// Seconds until the oldest send of a full minute is older than that; 1 at least.
fn seconds_until_free(oldest: Timestamp, now: Timestamp) -> i64 {
    let left = oldest.0.saturating_add(MINUTE).saturating_sub(now.0);
    left.saturating_add(999_999).div_euclid(1_000_000).max(1)
}

#[cfg(test)]
mod tests;
