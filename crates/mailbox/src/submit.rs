//! Submission (RFC 6409): the one way in which mail leaves a mailbox.

use crate::Mailbox;
use crate::compose::Beside;
use crate::drafts::NewMessage;
use crate::envelope::Envelope;
use crate::error::{Kind, MailError};
use crate::index::{Place, index};
use mime::Message;
use store::{
    Answered, Digest, ForwardPath, ForwardState, MessageId, MessageRecord, ReadTx, Submission, SubmissionId, Timestamp,
    WellKnownName, WriteTx,
};

/// How a message is to be sent.
#[derive(Debug, Clone)]
pub struct SendOptions {
    /// Whether the sender keeps a copy in Sent Items.
    pub save_to_sent_items: bool,
    /// To whom it goes, where that isn't for its header to say.
    pub envelope: Option<Envelope>,
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
        SendOptions { save_to_sent_items: true, envelope: None, idempotency: None }
    }
}

/// What was taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Submitted {
    /// The sender's copy, if there is one.
    pub id: Option<MessageId>,
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
        let envelope = options.envelope.map_or_else(|| Envelope::of(&message, &new.overlay), Ok);
        let mailbox = self.clone();
        let deed = move |tx: &mut WriteTx<'_>| {
            let envelope = envelope?;
            mailbox.check_authors(tx, &message)?;
            let now = mailbox.now();
            let message_id = new.message_id.unwrap_or_else(|| mailbox.new_message_id(now));
            let copy = mailbox.own_copy(&message, new.blob.digest, new.is_composed, &message_id, &new.overlay, now);
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
            }
            tx.add_submission(&mailbox.submission(&message, &record, &envelope, now))?;
            let id = options.save_to_sent_items.then_some(record.id);
            Ok(Submitted { id, internet_message_id: record.internet_message_id })
        };
        self.write_outbox(options.idempotency, deed).await
    }

    /// Sends a draft: the same message, with the same id, moves to Sent Items.
    ///
    /// # Errors
    /// [`MailError::NotFound`], [`MailError::NotDraft`], and those of [`Mailbox::submit`].
    pub async fn send_draft(&self, id: MessageId, options: SendOptions) -> Result<Submitted, MailError> {
        let record = self.message(id).await?;
        let blob = self.store().blob(record.blob).await?;
        let message = Message::parse(blob.octets);
        let (mailbox, given) = (self.clone(), options.envelope);
        let deed = move |tx: &mut WriteTx<'_>| {
            let draft = mailbox.draft(tx, id, blob.digest)?;
            let envelope = given.map_or_else(|| Envelope::of(&message, &draft.overlay), Ok)?;
            mailbox.check_authors(tx, &message)?;
            let record = mailbox.sent(tx, &message, draft)?;
            tx.replace_message(mailbox.owner.id, &record)?;
            tx.add_submission(&mailbox.submission(&message, &record, &envelope, record.last_modified_date_time))?;
            Ok(Submitted { id: Some(record.id), internet_message_id: record.internet_message_id })
        };
        self.write_outbox(options.idempotency, deed).await
    }

    /// Does a deed that puts something into the outbox, once for each key, and tells those who deliver.
    async fn write_outbox(
        &self,
        idempotency: Option<Idempotency>,
        deed: impl FnOnce(&mut WriteTx<'_>) -> Result<Submitted, MailError> + Send + 'static,
    ) -> Result<Submitted, MailError> {
        let mailbox = self.clone();
        let once = move |tx: &mut WriteTx<'_>| {
            let Some(Idempotency { key, request }) = idempotency else { return deed(tx) };
            let now = mailbox.now();
            let since = Timestamp(now.0.saturating_sub(ANSWERED_AGAIN));
            match tx.answered(mailbox.owner.id, &key, since)? {
                Some(answered) if answered.request == request => {
                    Ok(Submitted { id: answered.message, internet_message_id: answered.internet_message_id })
                }
                Some(_) => Err(MailError::KeyReused),
                None => {
                    let done = deed(tx)?;
                    let internet_message_id = done.internet_message_id.clone();
                    let answer = Answered { request, message: done.id, internet_message_id };
                    tx.keep_answer(mailbox.owner.id, &key, &answer, since, now)?;
                    Ok(done)
                }
            }
        };
        let submitted = self.store().write(once).await?;
        self.mail.inner.submitted.notify_one();
        Ok(submitted)
    }

    /// The draft with these octets, still unsent.
    pub(crate) fn draft(&self, tx: &ReadTx<'_>, id: MessageId, read: Digest) -> Result<MessageRecord, MailError> {
        let draft = tx.message(self.owner.id, id)?.ok_or(MailError::NotFound(Kind::Message))?;
        // Octets that changed since they were read belong to a draft that somebody else is writing.
        if draft.is_draft && draft.blob == read { Ok(draft) } else { Err(MailError::NotDraft) }
    }

    /// What a draft becomes when it is sent: Date is the moment of sending where the client gave none.
    fn sent(&self, tx: &ReadTx<'_>, message: &Message, draft: MessageRecord) -> Result<MessageRecord, MailError> {
        let now = self.now();
        let message_id = &draft.internet_message_id;
        let copy = self.own_copy(message, draft.blob, draft.is_composed, message_id, &draft.overlay, now);
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

    /// From and Sender must be the owner's, or granted (Graph: 403 `ErrorSendAsDenied`).
    fn check_authors(&self, tx: &ReadTx<'_>, message: &Message) -> Result<(), MailError> {
        for name in ["From", "Sender"] {
            let authors = message.addresses(name);
            if authors.is_empty() && message.field(name).is_some() && !tx.may_send_as(self.owner.id, "")? {
                return Err(MailError::SendAsDenied(format!("{name} without an address")));
            }
            for author in authors {
                if !tx.may_send_as(self.owner.id, &author.address)? {
                    return Err(MailError::SendAsDenied(author.address));
                }
            }
        }
        Ok(())
    }

    fn submission(&self, message: &Message, record: &MessageRecord, envelope: &Envelope, now: Timestamp) -> Submission {
        let paths = envelope.forward_paths.iter().map(|path| ForwardPath {
            address: path.as_str().to_owned(),
            state: if self.mail.is_local(path.domain()) { ForwardState::Due } else { ForwardState::Held },
        });
        let before = if record.is_composed { &record.prefix } else { &record.generated };
        Submission {
            mailbox: self.owner.id,
            id: SubmissionId::new(now),
            blob: record.blob,
            prefix: before.clone(),
            cuts: message.cuts("Bcc").to_text(),
            reverse_path: self.owner.user_principal_name.clone(),
            created_date_time: now,
            forward_paths: paths.collect(),
        }
    }
}
