//! Submission (RFC 6409): the one way in which mail leaves a mailbox.

use crate::Mailbox;
use crate::authors::Authors;
use crate::compose::Beside;
use crate::drafts::{NewMessage, own_copy};
use crate::envelope::Envelope;
use crate::error::MailError;
use crate::extended::Hanging;
use crate::generated::Missing;
use crate::index::{Copy, Place, Reading, index};
use crate::message_class;
use crate::patch::again_on_conflict;
use crate::protection::{Octets, Protected, Unprotected, Variant, asked_for};
use mime::{Cuts, Message};
use store::{
    Answered, Blob, Digest, ForwardPath, MailboxId, MessageId, MessageRecord, Overlay, Person, Protection, ReadTx, StoreError,
    Submission, SubmissionId, Timestamp, WellKnownName, Wishes, WriteTx,
};

/// How a message is to be sent.
#[derive(Debug, Clone)]
pub struct SendOptions {
    /// Whether the sender keeps a copy in Sent Items.
    pub save_to_sent_items: bool,
    /// To whom it goes, where that isn't for its header to say.
    pub envelope: Option<Envelope>,
    /// What the sender wants of reports and of the road.
    pub wishes: Wishes,
    /// By which a request that comes again is known.
    pub idempotency: Option<Idempotency>,
    /// What is done by S/MIME; where nothing is said, what the message says of itself.
    pub protection: Option<Protection>,
}

/// What tells a request that comes again from a new one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Idempotency {
    /// The client's own key.
    pub key: String,
    /// Digest of everything that the request asks.
    pub request: Digest,
}

impl Default for SendOptions {
    fn default() -> Self {
        SendOptions { save_to_sent_items: true, envelope: None, wishes: Wishes::default(), idempotency: None, protection: None }
    }
}

/// What was taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Submitted {
    /// The sender's copy, if there is one.
    pub id: Option<MessageId>,
    /// By what it is followed: the id of that copy, also where none is kept.
    pub sent_id: Option<MessageId>,
    /// Its Message-ID, angle brackets included.
    pub internet_message_id: String,
}

/// How long an answer is given again, in microseconds: a day.
const ANSWERED_AGAIN: i64 = 24 * 60 * 60 * 1_000_000;

impl Mailbox {
    /// Sends a message: the sender's copy and the outbox are one transaction, durable when this answers.
    ///
    /// # Errors
    /// [`MailError::InvalidRecipients`], [`MailError::NoRecipients`], [`MailError::SendAsDenied`],
    /// [`MailError::KeyReused`], [`MailError::Smime`], [`MailError::Store`].
    pub async fn submit(&self, new: NewMessage, options: SendOptions) -> Result<Submitted, MailError> {
        let idempotency = options.idempotency.clone();
        let ready = match self.ready(new, options).await {
            Ok(ready) => ready,
            Err(refused) => return self.answered_before(idempotency.as_ref()).await?.ok_or(refused),
        };
        let goes_out = ready.goes_out;
        self.write_outbox(idempotency, goes_out, move |tx: &mut WriteTx<'_>| ready.put(tx)).await
    }

    /// Makes a message ready to be put out: all that is done before the deed.
    ///
    /// # Errors
    /// [`MailError::InvalidRecipients`], [`MailError::NoRecipients`], [`MailError::Smime`], [`MailError::Store`].
    pub(crate) async fn ready(&self, new: NewMessage, options: SendOptions) -> Result<Ready, MailError> {
        let message = Message::parse(new.blob.octets.clone());
        let (outgoing, sender) = self.outgoing(&message, (options.envelope, options.wishes), &new.overlay).await?;
        let goes_out = self.goes_out(&outgoing);
        let now = self.now();
        let asked = asked_for(options.protection, &new.overlay);
        let sending = Sending {
            copy: self.copy_of_new(&message, &new, sender.as_ref(), now),
            is_composed: new.is_composed,
            overlay: new.overlay,
            asked,
            keeps_copy: options.save_to_sent_items,
        };
        let (sending, outgoing) = self.protect(&message, sending, outgoing).await;
        let mailbox = self.clone();
        Ok(Ready { mailbox, blob: new.blob, beside: new.beside, sending, outgoing: outgoing?, goes_out, now })
    }

    /// Sends a draft: the same message, with the same id, moves to Sent Items.
    ///
    /// # Errors
    /// [`MailError::NotFound`], [`MailError::NotDraft`], [`MailError::Conflict`], and those of [`Mailbox::submit`].
    pub async fn send_draft(&self, id: MessageId, options: SendOptions) -> Result<Submitted, MailError> {
        again_on_conflict(|| self.try_send(id, options.clone())).await
    }

    async fn try_send(&self, id: MessageId, options: SendOptions) -> Result<Submitted, MailError> {
        let read = self.message(id).await?;
        let blob = self.store().blob(read.blob).await.map_err(|error| match error {
            StoreError::NotFound => MailError::Conflict, // its octets are others by now
            error => error.into(),
        })?;
        let message = Message::parse(blob.octets.clone());
        let (outgoing, sender) = self.outgoing(&message, (options.envelope, options.wishes), &read.overlay).await?;
        let goes_out = self.goes_out(&outgoing);
        let now = self.now();
        // Date is the moment of sending where the client gave none.
        // RFC 5322 §3.6.4: one that came in without a name has none that it could keep.
        let own = Some(read.internet_message_id.clone()).filter(|id| !id.is_empty());
        let message_id = own.unwrap_or_else(|| self.new_message_id(now));
        let missing = self.missing(&message_id, &read.overlay, now);
        let sending = Sending {
            copy: own_copy(&message, read.blob, read.is_composed, &Missing { sender: sender.as_ref(), ..missing }),
            is_composed: read.is_composed,
            overlay: read.overlay.clone(),
            asked: asked_for(options.protection, &read.overlay),
            keeps_copy: true,
        };
        let (sending, outgoing) = self.protect(&message, sending, outgoing).await;
        let outgoing = match outgoing {
            Ok(outgoing) => outgoing,
            Err(refused) => return self.answered_before(options.idempotency.as_ref()).await?.ok_or(refused),
        };
        let mailbox = self.clone();
        let deed = move |tx: &mut WriteTx<'_>| {
            let draft = mailbox.draft(tx, &read)?;
            mailbox.check_sending(tx, &outgoing.authors, &outgoing.envelope)?;
            outgoing.put_blobs(tx, &blob, true)?;
            let class = message_class::kept(sending.copy.reading.message_class);
            let hanging =
                Hanging { properties: outgoing.protected.is_some().then_some(class).into_iter().collect(), ..Hanging::default() };
            let record = mailbox.sent(tx, sending, draft, now)?;
            // The outbox may name the octets that the row names no more: it does so before the row lets them go.
            mailbox.put_out(tx, &record, outgoing, now)?;
            tx.replace_message(mailbox.owner.id, &record)?;
            hanging.write(tx, mailbox.owner.id, record.id.into())?;
            Ok(Submitted { id: Some(record.id), sent_id: Some(record.id), internet_message_id: record.internet_message_id })
        };
        self.write_outbox(options.idempotency, goes_out, deed).await
    }

    /// What was answered to this very request before, which what stands against it now doesn't change.
    async fn answered_before(&self, idempotency: Option<&Idempotency>) -> Result<Option<Submitted>, MailError> {
        let Some(idempotency) = idempotency.cloned() else { return Ok(None) };
        let (owner, now) = (self.owner.id, self.now());
        self.store().read(move |tx: &ReadTx<'_>| answered(tx, owner, &idempotency, now)).await
    }

    /// Does a deed that puts something into the outbox, once for each key, and tells those who deliver.
    async fn write_outbox(
        &self,
        idempotency: Option<Idempotency>,
        goes_out: bool,
        deed: impl FnOnce(&mut WriteTx<'_>) -> Result<Submitted, MailError> + Clone + Send + 'static,
    ) -> Result<Submitted, MailError> {
        let (owner, now) = (self.owner.id, self.now());
        let once = move |tx: &mut WriteTx<'_>| {
            let Some(idempotency) = idempotency else { return deed(tx) };
            if let Some(done) = answered(tx, owner, &idempotency, now)? {
                return Ok(done);
            }
            let done = deed(tx)?;
            let internet_message_id = done.internet_message_id.clone();
            let Idempotency { key, request } = idempotency;
            let answer = Answered { request, message: done.id, sent: done.sent_id, internet_message_id };
            tx.keep_answer(owner, &key, &answer, answered_since(now), now)?;
            Ok(done)
        };
        let submitted = self.deed(once).await?;
        self.mail.inner.submitted.notify_one();
        if goes_out {
            self.mail.inner.to_relay.notify_one();
        }
        Ok(submitted)
    }

    /// The draft that was read, still unsent and as it was: another's write in between is a conflict.
    fn draft(&self, tx: &ReadTx<'_>, read: &MessageRecord) -> Result<MessageRecord, MailError> {
        let current = self.present(tx, read.id)?;
        match current.is_draft {
            false => Err(MailError::NotDraft),
            true if current.is_made_as(read) => Ok(current),
            true => Err(MailError::Conflict),
        }
    }

    /// What a draft becomes when it is sent.
    fn sent(&self, tx: &ReadTx<'_>, sending: Sending, draft: MessageRecord, now: Timestamp) -> Result<MessageRecord, MailError> {
        let place = Place {
            mailbox: self.owner.id,
            folder: tx.well_known_folder(self.owner.id, WellKnownName::SentItems)?,
            id: draft.id,
            created: draft.created_date_time,
            received: now,
            now,
            is_draft: false,
            is_read: true,
            is_composed: sending.is_composed,
            beside: Beside::of(&draft),
            overlay: sending.overlay,
        };
        let sent = index(sending.copy, place);
        let (conversation_id, conversation_index) = (draft.conversation_id, draft.conversation_index);
        Ok(MessageRecord { is_read: true, conversation_id, conversation_index, ..sent })
    }

    /// What sending needs to know of a message, or what is wrong with it; and whom its Sender must name.
    async fn outgoing(
        &self,
        message: &Message,
        (given, wishes): (Option<Envelope>, Wishes),
        overlay: &Overlay,
    ) -> Result<(Result<Outgoing, MailError>, Option<Person>), MailError> {
        let authors = Authors::of(message, &self.owner);
        let sender = self.unnamed_sender(&authors).await?;
        let envelope = given.map_or_else(|| Envelope::of(message, overlay), Ok);
        let cuts = message.cuts("Bcc").to_text();
        let reverse_path = self.owner.user_principal_name.clone();
        let outgoing = |envelope| Outgoing {
            authors: authors.sent_by(sender.as_ref()),
            cuts,
            envelope,
            reverse_path,
            wishes,
            protected: None,
        };
        Ok((envelope.map(outgoing), sender))
    }

    /// Whether something of it goes to other domains.
    fn goes_out(&self, outgoing: &Result<Outgoing, MailError>) -> bool {
        let elsewhere = |outgoing: &Outgoing| outgoing.envelope.forward_paths.iter().any(|path| !self.mail.stays(path.domain()));
        outgoing.as_ref().is_ok_and(elsewhere)
    }

    /// Signs and encrypts what is to be, before the deed. What can't be is told with it, so that a request that comes again gets
    /// the answer that it had.
    async fn protect(
        &self,
        message: &Message,
        sending: Sending,
        outgoing: Result<Outgoing, MailError>,
    ) -> (Sending, Result<Outgoing, MailError>) {
        let Ok(outgoing) = outgoing else { return (sending, outgoing) };
        let Sending { copy, is_composed, asked, keeps_copy, .. } = &sending;
        let before = if *is_composed { &copy.prefix } else { &copy.generated };
        let given = Unprotected { message, blob: copy.blob, before, asked: *asked, keeps_copy: *keeps_copy };
        let protected = match self.protected(given, &outgoing).await {
            Ok(None) => return (sending, Ok(outgoing)),
            Ok(Some(protected)) => protected,
            Err(error) => return (sending, Err(error)),
        };
        let shows = match self.smime_policy().await {
            Ok(policy) => policy.shows_opened,
            Err(error) => return (sending, Err(error)),
        };
        let hidden = sending.overlay.bcc.unwrap_or_else(|| crate::index::recipients(message, "Bcc"));
        let overlay = Overlay { bcc: (!hidden.is_empty()).then_some(hidden), ..Overlay::default() };
        let made = Reading::of("", &protected.message);
        let reading = if shows { made.shown_as(message, message.text("Subject")) } else { made };
        let copy =
            Copy { reading, blob: protected.copy.digest, prefix: String::new(), generated: String::new(), cuts: Cuts::default() };
        let outgoing = Outgoing { protected: Some(protected), ..outgoing };
        (Sending { copy, is_composed: true, overlay, ..sending }, Ok(outgoing))
    }

    /// Puts a message into the outbox, in as many submissions as it has sorts of octets, and counts it once.
    fn put_out(&self, tx: &mut WriteTx<'_>, record: &MessageRecord, outgoing: Outgoing, now: Timestamp) -> Result<(), MailError> {
        let sent = SubmissionId(record.id.0);
        self.count_sending(tx, sent, now)?;
        let before = if record.is_composed { &record.prefix } else { &record.generated };
        let paths = self.forward_paths(record, &outgoing, now);
        // Its id is that of the sender's copy, so that whoever has the one can follow the other.
        let whole = Submission {
            mailbox: self.owner.id,
            id: sent,
            part_of: None,
            blob: record.blob,
            prefix: before.clone(),
            cuts: outgoing.cuts,
            reverse_path: outgoing.reverse_path,
            created_date_time: now,
            wishes: outgoing.wishes,
            forward_paths: Vec::new(),
        };
        let Some(Protected { variants, .. }) = outgoing.protected else {
            return Ok(tx.add_submission(&Submission { forward_paths: paths, ..whole })?);
        };
        for (at, Variant { octets, recipients }) in variants.into_iter().enumerate() {
            let (blob, prefix, cuts) = match octets {
                Octets::Given { blob, before, cuts } => (blob, before, cuts),
                Octets::Made(blob) => (blob.digest, String::new(), String::new()),
            };
            let (id, part_of) = if at == 0 { (sent, None) } else { (SubmissionId::new(now), Some(sent)) };
            let forward_paths = recipients.iter().filter_map(|&at| paths.get(at).cloned()).collect();
            tx.add_submission(&Submission { id, part_of, blob, prefix, cuts, forward_paths, ..whole.clone() })?;
        }
        Ok(())
    }

    fn forward_paths(&self, record: &MessageRecord, outgoing: &Outgoing, now: Timestamp) -> Vec<ForwardPath> {
        // A receipt that is asked for as Graph has it is asked for as SMTP does.
        let asked = if record.is_delivery_receipt_requested { "SUCCESS,FAILURE,DELAY" } else { "" };
        let paths = outgoing.envelope.forward_paths.iter().zip(&outgoing.envelope.reports).map(|(path, wanted)| {
            let notify = if wanted.notify.is_empty() { asked.to_owned() } else { wanted.notify.clone() };
            let original_recipient = wanted.original_recipient.clone();
            ForwardPath { notify, original_recipient, ..self.mail.forward_path(path, now) }
        });
        paths.collect()
    }
}

/// A message that is ready to be put out.
#[derive(Clone)]
pub(crate) struct Ready {
    mailbox: Mailbox,
    blob: Blob,
    beside: Beside,
    sending: Sending,
    outgoing: Outgoing,
    goes_out: bool,
    now: Timestamp,
}

impl Ready {
    /// The same, of which nobody is told where it doesn't arrive.
    pub(crate) fn of_nobody(mut self) -> Ready {
        self.outgoing.reverse_path.clear();
        self
    }

    /// Puts it into the outbox, and where it is to be kept into Sent Items.
    ///
    /// # Errors
    /// [`MailError::SendAsDenied`], [`MailError::AccessDenied`], [`MailError::AppLimited`], before anything is written;
    /// [`MailError::Store`].
    pub(crate) fn put(self, tx: &mut WriteTx<'_>) -> Result<Submitted, MailError> {
        let Ready { mailbox, blob, beside, sending, outgoing, now, .. } = self;
        mailbox.check_sending(tx, &outgoing.authors, &outgoing.envelope)?;
        let Sending { copy, is_composed, overlay, keeps_copy, .. } = sending;
        let hanging = beside.hanging.clone().with_class(copy.reading.message_class);
        let place = Place {
            mailbox: mailbox.owner.id,
            folder: tx.well_known_folder(mailbox.owner.id, WellKnownName::SentItems)?,
            id: MessageId::new(now),
            created: now,
            received: now,
            now,
            is_draft: false,
            is_read: true,
            is_composed,
            beside,
            overlay,
        };
        let mut record = index(copy, place);
        outgoing.put_blobs(tx, &blob, keeps_copy)?;
        if keeps_copy {
            record.modseq = tx.add_message(mailbox.owner.id, &record)?;
            hanging.write(tx, mailbox.owner.id, record.id.into())?;
        }
        mailbox.put_out(tx, &record, outgoing, now)?;
        let id = keeps_copy.then_some(record.id);
        Ok(Submitted { id, sent_id: Some(record.id), internet_message_id: record.internet_message_id })
    }
}

/// When an answer was given that is still given again.
fn answered_since(now: Timestamp) -> Timestamp {
    Timestamp(now.0.saturating_sub(ANSWERED_AGAIN))
}

/// What was answered to a request that came before.
fn answered(tx: &ReadTx<'_>, owner: MailboxId, asked: &Idempotency, now: Timestamp) -> Result<Option<Submitted>, MailError> {
    match tx.answered(owner, &asked.key, answered_since(now))? {
        None => Ok(None),
        Some(Answered { request, .. }) if request != asked.request => Err(MailError::KeyReused),
        Some(Answered { message, sent, internet_message_id, .. }) => {
            Ok(Some(Submitted { id: message, sent_id: sent, internet_message_id }))
        }
    }
}

/// A message on its way into Sent Items, as it stands there.
#[derive(Clone)]
struct Sending {
    copy: Copy,
    is_composed: bool,
    overlay: Overlay,
    /// What is to be done by S/MIME.
    asked: Protection,
    /// Whether it will stand there.
    keeps_copy: bool,
}

/// What sending needs to know of a message, read before the deed.
#[derive(Clone)]
pub(crate) struct Outgoing {
    pub(crate) authors: Authors,
    /// What recipients don't get.
    pub(crate) cuts: String,
    pub(crate) envelope: Envelope,
    /// Whom to tell where it doesn't arrive; empty for nobody.
    reverse_path: String,
    wishes: Wishes,
    /// What goes out instead of what was given.
    protected: Option<Protected>,
}

impl Outgoing {
    /// Names the octets that go out or stay: what was given, and what was made of it.
    fn put_blobs(&self, tx: &mut WriteTx<'_>, given: &Blob, keeps_copy: bool) -> Result<(), StoreError> {
        let Some(protected) = &self.protected else { return tx.put_blob(given) };
        if keeps_copy {
            tx.put_blob(&protected.copy)?;
        }
        protected.variants.iter().try_for_each(|variant| tx.put_blob(variant.octets.made().unwrap_or(given)))
    }
}
