//! Automatic replies (Graph: automaticRepliesSetting; RFC 3834): whoever writes to somebody who is away is told so, once in each
//! absence, and no program is.

use super::actions::Decision;
use super::letter::Letter;
use super::running::Coming;
use crate::Mail;
use crate::compose::Draft;
use crate::deliver::Arriving;
use crate::envelope::Envelope;
use crate::error::MailError;
use crate::index::Reading;
use crate::reply::threading_fields;
use crate::submit::{Ready, SendOptions};
use mime::{AddrSpec, BodyKind, Message, NameAddr};
use store::{AutomaticRepliesStatus, ExternalAudience, MailboxSettings, Person, ReadTx, StoreError, Timestamp};

/// What somebody who is away tells whom, in which period of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Absence {
    pub(super) to: AddrSpec,
    pub(super) period: i64,
    /// What is said, in HTML.
    text: String,
}

/// A reply that is ready to be sent.
#[derive(Clone)]
pub(super) struct Reply {
    pub(super) absence: Absence,
    pub(super) ready: Ready,
}

impl Absence {
    /// What its owner tells whoever sent a message; nothing where he isn't away, has nothing to tell, or has told it. `is_own` is a
    /// message that somebody here has sent.
    pub(super) fn of(
        tx: &ReadTx<'_>,
        owner: &Person,
        (to, is_own): (&AddrSpec, bool),
        now: Timestamp,
    ) -> Result<Option<Absence>, StoreError> {
        let settings = tx.mailbox_settings(owner.id)?;
        let text = if is_own { &settings.internal_reply_message } else { &settings.external_reply_message };
        let is_meant = is_own || settings.external_audience == Some(ExternalAudience::All);
        let text = text.clone().filter(|text| is_meant && !text.trim().is_empty());
        let period = settings.automatic_replies_period;
        match text {
            Some(text) if is_away(&settings, now) && !tx.was_told(owner.id, to.as_str(), period)? => {
                Ok(Some(Absence { to: to.clone(), period, text }))
            }
            _ => Ok(None),
        }
    }

    /// Whether a message is one that is replied to: by a person, to its recipient by name, and left where he would see it.
    pub(super) fn is_due(letter: &Letter<'_>, decision: &Decision) -> bool {
        !decision.removes() && letter.is_by_a_person() && letter.names_owner_in(true, true) && !letter.wants_no_reply()
    }
}

/// Whether automatic replies are sent now.
pub(crate) fn is_away(settings: &MailboxSettings, now: Timestamp) -> bool {
    let has_begun = settings.scheduled_start_date_time.is_none_or(|start| start <= now);
    match settings.automatic_replies_status {
        Some(AutomaticRepliesStatus::AlwaysEnabled) => true,
        Some(AutomaticRepliesStatus::Scheduled) => has_begun && settings.scheduled_end_date_time.is_none_or(|end| now < end),
        Some(AutomaticRepliesStatus::Disabled) | None => false,
    }
}

/// To whom a reply would go: where errors go (RFC 3834 §4). Nobody, where those are no person's (§2).
pub(super) fn replied_to(coming: &Coming) -> Option<AddrSpec> {
    let to = AddrSpec::parse(&coming.reverse_path)?;
    let local = to.as_str().rsplit_once('@').map_or("", |(local, _)| local).to_lowercase();
    let is_programs = ["mailer-daemon", "postmaster", "noreply", "no-reply", "donotreply", "do-not-reply"].contains(&&*local)
        || local.starts_with("owner-")
        || local.ends_with("-request")
        || local.ends_with("-owner");
    (!is_programs).then_some(to)
}

impl Mail {
    /// Makes a reply ready. Nobody is told where it doesn't arrive (RFC 3834 §3.3).
    pub(super) async fn reply(
        &self,
        owner: &Person,
        arriving: (&Arriving<'_>, &Message, &Reading),
        absence: Absence,
    ) -> Result<Reply, MailError> {
        let mailbox = self.of_owner(owner);
        let original = mailbox.arriving(arriving)?;
        let named = NameAddr { name: String::new(), address: absence.to.as_str().to_owned() };
        let own = [("Auto-Submitted", "auto-replied"), ("X-Auto-Response-Suppress", "All")];
        let draft = Draft {
            to: Some(vec![named]),
            subject: Some(format!("Automatic reply: {}", original.subject())),
            body: Some((BodyKind::Html, absence.text.clone())),
            fields: own.map(|(name, text)| (name.to_owned(), text.to_owned())).to_vec(),
            ..Draft::default()
        };
        let new = mailbox.compose_with(draft, threading_fields(&original, self.inner.clock.now())).await?;
        let envelope = Some(Envelope::new([absence.to.as_str().to_owned()])?);
        let ready = mailbox.ready(new, SendOptions { save_to_sent_items: false, envelope, ..SendOptions::default() }).await?;
        Ok(Reply { absence, ready: ready.of_nobody() })
    }
}
