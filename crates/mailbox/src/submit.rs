//! Submission (RFC 6409): the one way in which mail leaves a mailbox.

use crate::Mailbox;
use crate::authors::Authors;
use crate::compose::Beside;
use crate::drafts::{NewMessage, own_copy};
use crate::envelope::Envelope;
use crate::error::MailError;
use crate::generated::Missing;
use crate::index::{Copy, Place, index};
use crate::patch::again_on_conflict;
use mime::Message;
use store::{
    Answered, Digest, ForwardPath, MessageId, MessageRecord, Overlay, Person, ReadTx, StoreError, Submission, SubmissionId,
    Timestamp, WellKnownName, Wishes, WriteTx,
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
        SendOptions { save_to_sent_items: true, envelope: None, wishes: Wishes::default(), idempotency: None }
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
    /// [`MailError::KeyReused`], [`MailError::Store`].
    pub async fn submit(&self, new: NewMessage, options: SendOptions) -> Result<Submitted, MailError> {
        let message = Message::parse(new.blob.octets.clone());
        let (outgoing, sender) = self.outgoing(&message, (options.envelope, options.wishes), &new.overlay).await?;
        let goes_out = self.goes_out(&outgoing);
        let now = self.now();
        let copy = self.copy_of_new(&message, &new, sender.as_ref(), now);
        let mailbox = self.clone();
        let deed = move |tx: &mut WriteTx<'_>| {
            let outgoing = outgoing?;
            mailbox.check_sending(tx, &outgoing.authors, &outgoing.envelope)?;
            let hanging = new.beside.hanging.clone().with_class(copy.reading.message_class);
            let place = Place {
                mailbox: mailbox.owner.id,
                folder: tx.well_known_folder(mailbox.owner.id, WellKnownName::SentItems)?,
                id: MessageId::new(now),
                created: now,
                received: now,
                now,
                is_draft: false,
                is_read: true,
                is_composed: new.is_composed,
                beside: new.beside,
                overlay: new.overlay,
            };
            let mut record = index(copy, place);
            tx.put_blob(&new.blob)?;
            if options.save_to_sent_items {
                record.modseq = tx.add_message(mailbox.owner.id, &record)?;
                hanging.write(tx, mailbox.owner.id, record.id.into())?;
            }
            mailbox.put_out(tx, &mailbox.submission(&record, outgoing, now))?;
            let id = options.save_to_sent_items.then_some(record.id);
            Ok(Submitted { id, sent_id: Some(record.id), internet_message_id: record.internet_message_id })
        };
        self.write_outbox(options.idempotency, goes_out, deed).await
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
        let message = Message::parse(blob.octets);
        let (outgoing, sender) = self.outgoing(&message, (options.envelope, options.wishes), &read.overlay).await?;
        let goes_out = self.goes_out(&outgoing);
        let now = self.now();
        // Date is the moment of sending where the client gave none.
        let missing = self.missing(&read.internet_message_id, &read.overlay, now);
        let copy = own_copy(&message, read.blob, read.is_composed, &Missing { sender: sender.as_ref(), ..missing });
        let mailbox = self.clone();
        let deed = move |tx: &mut WriteTx<'_>| {
            let draft = mailbox.draft(tx, &read)?;
            let outgoing = outgoing?;
            mailbox.check_sending(tx, &outgoing.authors, &outgoing.envelope)?;
            let record = mailbox.sent(tx, copy, draft, now)?;
            tx.replace_message(mailbox.owner.id, &record)?;
            mailbox.put_out(tx, &mailbox.submission(&record, outgoing, now))?;
            Ok(Submitted { id: Some(record.id), sent_id: Some(record.id), internet_message_id: record.internet_message_id })
        };
        self.write_outbox(options.idempotency, goes_out, deed).await
    }

    /// Does a deed that puts something into the outbox, once for each key, and tells those who deliver.
    async fn write_outbox(
        &self,
        idempotency: Option<Idempotency>,
        goes_out: bool,
        deed: impl FnOnce(&mut WriteTx<'_>) -> Result<Submitted, MailError> + Send + 'static,
    ) -> Result<Submitted, MailError> {
        let mailbox = self.clone();
        let once = move |tx: &mut WriteTx<'_>| {
            let Some(Idempotency { key, request }) = idempotency else { return deed(tx) };
            let now = mailbox.now();
            let since = Timestamp(now.0.saturating_sub(ANSWERED_AGAIN));
            match tx.answered(mailbox.owner.id, &key, since)? {
                Some(answered) if answered.request == request => Ok(Submitted {
                    id: answered.message,
                    sent_id: answered.sent,
                    internet_message_id: answered.internet_message_id,
                }),
                Some(_) => Err(MailError::KeyReused),
                None => {
                    let done = deed(tx)?;
                    let internet_message_id = done.internet_message_id.clone();
                    let answer = Answered { request, message: done.id, sent: done.sent_id, internet_message_id };
                    tx.keep_answer(mailbox.owner.id, &key, &answer, since, now)?;
                    Ok(done)
                }
            }
        };
        let submitted = self.store().write(once).await?;
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
    fn sent(&self, tx: &ReadTx<'_>, copy: Copy, draft: MessageRecord, now: Timestamp) -> Result<MessageRecord, MailError> {
        let place = Place {
            mailbox: self.owner.id,
            folder: tx.well_known_folder(self.owner.id, WellKnownName::SentItems)?,
            id: draft.id,
            created: draft.created_date_time,
            received: now,
            now,
            is_draft: false,
            is_read: true,
            is_composed: draft.is_composed,
            beside: Beside::of(&draft),
            overlay: draft.overlay,
        };
        let sent = index(copy, place);
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
        let outgoing = |envelope| Outgoing { authors: authors.sent_by(sender.as_ref()), cuts, envelope, wishes };
        Ok((envelope.map(outgoing), sender))
    }

    /// Whether something of it goes to other domains.
    fn goes_out(&self, outgoing: &Result<Outgoing, MailError>) -> bool {
        let elsewhere = |outgoing: &Outgoing| outgoing.envelope.forward_paths.iter().any(|path| !self.mail.stays(path.domain()));
        outgoing.as_ref().is_ok_and(elsewhere)
    }

    /// Puts a submission into the outbox, and counts it.
    fn put_out(&self, tx: &mut WriteTx<'_>, submission: &Submission) -> Result<(), MailError> {
        self.count_sending(tx, submission.id, submission.created_date_time)?;
        Ok(tx.add_submission(submission)?)
    }

    fn submission(&self, record: &MessageRecord, outgoing: Outgoing, now: Timestamp) -> Submission {
        // A receipt that is asked for as Graph has it is asked for as SMTP does.
        let asked = if record.is_delivery_receipt_requested { "SUCCESS,FAILURE,DELAY" } else { "" };
        let paths = outgoing.envelope.forward_paths.iter().zip(outgoing.envelope.reports).map(|(path, wanted)| {
            let notify = if wanted.notify.is_empty() { asked.to_owned() } else { wanted.notify };
            let original_recipient = wanted.original_recipient;
            ForwardPath { notify, original_recipient, ..self.mail.forward_path(path, now) }
        });
        let before = if record.is_composed { &record.prefix } else { &record.generated };
        Submission {
            mailbox: self.owner.id,
            // Its id is that of the sender's copy, so that whoever has the one can follow the other.
            id: SubmissionId(record.id.0),
            blob: record.blob,
            prefix: before.clone(),
            cuts: outgoing.cuts,
            reverse_path: self.owner.user_principal_name.clone(),
            created_date_time: now,
            wishes: outgoing.wishes,
            forward_paths: paths.collect(),
        }
    }
}

/// What sending needs to know of a message, read before the deed.
struct Outgoing {
    authors: Authors,
    /// What recipients don't get.
    cuts: String,
    envelope: Envelope,
    wishes: Wishes,
}
