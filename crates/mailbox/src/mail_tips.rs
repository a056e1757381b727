//! Mail tips (Graph: mailTips): what whoever writes to somebody had better know before.

use crate::Mailbox;
use crate::error::MailError;
use crate::people::person_at;
use crate::rules::is_away;
use mime::AddrSpec;
use std::collections::HashMap;
use store::{AutomaticRepliesStatus, MailboxSettings, ReadTx, StoreError, Timestamp};

/// What is known of a recipient.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MailTips {
    /// Nothing can be sent there: it is no address, or nobody here has it.
    Unknown,
    /// It is in another domain.
    External,
    /// Somebody here, who is away or isn't.
    Internal(Option<Away>),
}

/// What whoever writes to somebody who is away is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Away {
    /// In the words for people of this domain, in HTML.
    pub message: String,
    /// The language of his mailbox, if he has set one.
    pub locale: Option<String>,
    /// From when to when, where it is for a time.
    pub scheduled: Option<(Option<Timestamp>, Option<Timestamp>)>,
}

impl Mailbox {
    /// What is known of each of some addresses. Of people here nothing is told but what mail to them would tell.
    ///
    /// # Errors
    /// [`MailError::Store`].
    pub async fn mail_tips(&self, addresses: Vec<String>) -> Result<Vec<MailTips>, MailError> {
        let mailbox = self.clone();
        let look = move |tx: &ReadTx<'_>| {
            // Somebody who is named again and again is looked at once.
            let mut known: HashMap<&String, MailTips> = HashMap::new();
            for address in &addresses {
                if !known.contains_key(address) {
                    known.insert(address, mailbox.tips_of(tx, address)?);
                }
            }
            Ok(addresses.iter().filter_map(|address| known.get(address).cloned()).collect())
        };
        Ok(self.store().read::<_, StoreError>(look).await?)
    }

    /// Octets that a message may have at most.
    pub fn max_message_octets(&self) -> u64 {
        self.mail.inner.options.max_message_octets
    }

    fn tips_of(&self, tx: &ReadTx<'_>, address: &str) -> Result<MailTips, StoreError> {
        let Some(address) = AddrSpec::parse(address) else { return Ok(MailTips::Unknown) };
        let domain = address.as_str().rsplit_once('@').map_or("", |(_, domain)| domain);
        // An app that is for some mailboxes is told of others here neither who has one nor who is away.
        let person = person_at(tx, address.as_str())?;
        if let Some(only) = &self.acting.limits.mailboxes
            && (person.is_some() || self.mail.is_local(domain))
            && !person.as_ref().is_some_and(|person| only.contains(&person.id))
        {
            return Ok(MailTips::Internal(None));
        }
        if let Some(person) = person {
            return Ok(MailTips::Internal(away(tx.mailbox_settings(person.id)?, self.now())));
        }
        Ok(if self.mail.is_local(domain) { MailTips::Unknown } else { MailTips::External })
    }
}

fn away(settings: MailboxSettings, now: Timestamp) -> Option<Away> {
    // Whoever has no words for people of this domain doesn't answer them, and doesn't tell them either.
    let message = settings.internal_reply_message.clone().filter(|text| !text.trim().is_empty())?;
    let is_scheduled = settings.automatic_replies_status == Some(AutomaticRepliesStatus::Scheduled);
    is_away(&settings, now).then(|| Away {
        scheduled: is_scheduled.then_some((settings.scheduled_start_date_time, settings.scheduled_end_date_time)),
        message,
        locale: settings.locale,
    })
}
