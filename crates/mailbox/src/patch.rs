//! Changes to a message that is there. What stands beside the octets changes without them; what a draft's header says
//! is spliced, and every other octet stays; only a new text makes new octets of all.

use crate::Mailbox;
use crate::compose::{Beside, DELIVERY_RECEIPT, Draft, IMPORTANCE, Importance, NewAttachment, READ_RECEIPT, has_property};
use crate::drafts::{NewMessage, own_copy};
use crate::error::MailError;
use crate::generated::name_addrs;
use crate::index::{Copy, Place, index};
use crate::message_class;
use crate::read::Content;
use mime::{FieldEdit, Message, NameAddr, Piece, address_line, text_line};
use store::{Blob, MessageId, MessageRecord, Overlay, Protection, Recipient, StoreError, UploadId, UploadOutcome, WriteTx};

/// How often a change is made upon one that came in between, before its client is told to look again.
const ATTEMPTS: usize = 8;

/// New octets of a draft, parsed.
#[derive(Clone)]
pub(crate) struct NewOctets {
    blob: Blob,
    is_composed: bool,
    pub(crate) message: Message,
}

impl NewOctets {
    pub(crate) fn of(blob: Blob, is_composed: bool) -> NewOctets {
        NewOctets { message: Message::parse(blob.octets.clone()), blob, is_composed }
    }
}

/// Everything about a message that a change sets.
#[derive(Clone)]
pub(crate) struct Change {
    pub(crate) octets: Option<NewOctets>,
    pub(crate) message_id: Option<String>,
    pub(crate) beside: Beside,
    pub(crate) overlay: Overlay,
    /// The upload session that ends with it, and what its octets have become.
    pub(crate) upload: Option<(UploadId, UploadOutcome)>,
}

impl Mailbox {
    /// Changes what `change` gives; what is given and is so already changes nothing.
    ///
    /// # Errors
    /// [`MailError::NotFound`]; [`MailError::InvalidPropertySet`] for what a message that was sent can't change any more;
    /// [`MailError::Conflict`]; [`MailError::Store`].
    pub async fn update(&self, id: MessageId, change: Draft) -> Result<MessageRecord, MailError> {
        // A change names single properties, so that one made in between stands and this one is made upon it.
        again_on_conflict(|| self.try_update(id, change.clone())).await
    }

    async fn try_update(&self, id: MessageId, change: Draft) -> Result<MessageRecord, MailError> {
        if !change.attachments.is_empty() || !change.fields.is_empty() {
            return Err(MailError::InvalidPropertySet("Set action is invalid for property."));
        }
        let original = self.content(self.message(id).await?).await?;
        let record = &original.record;
        let spliced = edits(self, record, &original.message, &change);
        let new_body = change.body.as_ref().is_some_and(|body| *body != crate::reply::body_of(original.shown()));
        let new_bcc = change.bcc.as_ref().is_some_and(|bcc| !same(bcc, &record.bcc_recipients));
        let new_id = change.internet_message_id.clone().filter(|id| *id != record.internet_message_id);
        if !record.is_draft && (!spliced.is_empty() || new_body || new_bcc || new_id.is_some()) {
            return Err(MailError::InvalidPropertySet("Message is not draft."));
        }
        let mut overlay = overlay(record, &change, new_bcc);
        overlay.quotes_encrypted |= new_body && original.was_encrypted(); // its attachments stay
        let beside = change.beside.clone();
        let octets = if new_body {
            Some(self.composed_anew(&original, change).await?)
        } else if spliced.is_empty() {
            None
        } else {
            let edits: Vec<FieldEdit<'_>> =
                spliced.iter().map(|(name, lines)| FieldEdit { name, lines: lines.as_ref().map(String::as_bytes) }).collect();
            let pieces = mime::set_fields(&original.message, &edits).into_iter().map(Piece::from).collect();
            Some(NewOctets::of(self.kept(pieces).await?, record.is_composed))
        };
        self.write_change(original, Change { octets, message_id: new_id, beside, overlay, upload: None }).await
    }

    /// Replaces all octets of a draft by a client's own. `said` is what S/MIME is to do with them, where that is said anew.
    ///
    /// # Errors
    /// [`MailError::NotFound`], [`MailError::InvalidPropertySet`], [`MailError::Conflict`], [`MailError::Store`].
    pub async fn replace_octets(&self, id: MessageId, blob: Blob, said: Option<Protection>) -> Result<MessageRecord, MailError> {
        let original = self.unsent(id).await?;
        // What made it an answer stays; what its owner set beside octets that are gone goes with them.
        let Overlay { to, cc, threading, protection, quotes_encrypted, .. } = original.record.overlay.clone();
        let protection = said.or(protection);
        let overlay = Overlay { to, cc, threading, protection, quotes_encrypted, ..Overlay::default() };
        let octets = Some(NewOctets::of(blob, false));
        let change = Change { octets, message_id: None, beside: Beside::default(), overlay, upload: None };
        self.write_change(original, change).await
    }

    /// The octets of a message of this mailbox that was made from MIME, for a second one; nothing where there is none.
    ///
    /// # Errors
    /// [`MailError::Store`].
    pub async fn octets_of(&self, id: MessageId, beside: Beside) -> Result<Option<NewMessage>, MailError> {
        let record = match self.message(id).await {
            Ok(record) if !record.is_composed => record,
            Ok(_) | Err(MailError::NotFound(_)) => return Ok(None),
            Err(error) => return Err(error),
        };
        let content = self.content(record).await?;
        let pieces = content.octets().into_iter().map(Piece::from).collect();
        let blob = match content.is_whole() {
            true => match self.store().blob(content.record.blob).await {
                Err(StoreError::NotFound) => self.kept(pieces).await?, // it was deleted meanwhile
                blob => blob?,
            },
            false => self.kept(pieces).await?,
        };
        let overlay = content.record.overlay.clone();
        Ok(Some(NewMessage { beside, overlay, ..NewMessage::from_mime(blob) }))
    }

    /// A draft with its octets.
    pub(crate) async fn unsent(&self, id: MessageId) -> Result<Content, MailError> {
        self.content(self.unsent_record(id).await?).await
    }

    /// The row of a draft.
    pub(crate) async fn unsent_record(&self, id: MessageId) -> Result<MessageRecord, MailError> {
        let record = self.message(id).await?;
        if record.is_draft { Ok(record) } else { Err(MailError::InvalidPropertySet("Message is not draft.")) }
    }

    /// All octets anew, since their text is another one: every other property as it was, or as the change gives it.
    async fn composed_anew(&self, original: &Content, change: Draft) -> Result<NewOctets, MailError> {
        let record = &original.record;
        let given = |list: &[Recipient]| Some(name_addrs(list));
        let attachments = original.attachments().map(crate::reply::attachment).map(NewAttachment::File);
        let others = original.message.fields().filter(|field| !has_property(field.name));
        let fields = others.map(|field| (field.name.to_owned(), field.text())).collect();
        let whole = Draft {
            from: change.from.or_else(|| name_addrs(&record.from).into_iter().next()),
            sender: change.sender.or_else(|| name_addrs(&record.sender).into_iter().next()),
            to: change.to.or_else(|| given(&record.to_recipients)),
            cc: change.cc.or_else(|| given(&record.cc_recipients)),
            bcc: change.bcc.or_else(|| given(&record.bcc_recipients)),
            reply_to: change.reply_to.or_else(|| given(&record.reply_to)),
            subject: change.subject.or_else(|| Some(record.subject.clone())),
            importance: change.importance.or_else(|| Importance::parse(&record.importance)),
            is_delivery_receipt_requested: change.is_delivery_receipt_requested.or(Some(record.is_delivery_receipt_requested)),
            is_read_receipt_requested: change.is_read_receipt_requested.or(Some(record.is_read_receipt_requested)),
            attachments: attachments.collect(),
            body: change.body,
            ..Draft::default()
        };
        let new = self.compose_with(whole, fields).await?;
        Ok(NewOctets::of(new.blob, true))
    }

    pub(crate) async fn write_change(&self, original: Content, change: Change) -> Result<MessageRecord, MailError> {
        let mailbox = self.clone();
        let receipt = if change.beside.is_read == Some(true) { self.receipt(&original) } else { None };
        let is_told = receipt.is_some();
        let read = original.record;
        let copy = read.is_draft.then(|| self.changed_copy(&read, &original.message, &change));
        let deed = move |tx: &mut WriteTx<'_>| {
            let owner = mailbox.owner.id;
            let current = mailbox.present(tx, read.id)?;
            // What was read and is made otherwise now, somebody else is writing.
            if !current.is_made_as(&read) {
                return Err(MailError::Conflict);
            }
            if let Some(new) = &change.octets {
                tx.put_blob(&new.blob)?;
            }
            if let Some((id, outcome)) = change.upload {
                crate::uploads::finish(tx, owner, id, outcome)?;
            }
            let mut hanging = change.beside.hanging.clone();
            if let (Some(_), Some(copy)) = (&change.octets, &copy) {
                hanging.properties.push(message_class::kept(copy.reading.message_class));
            }
            let was_unread = !current.is_read;
            let mut record = mailbox.changed(current, copy, change);
            if let Some(receipt) = receipt.filter(|_| was_unread && record.is_read_receipt_requested) {
                receipt.send(&mailbox, tx, &mut record)?;
            }
            record.modseq = tx.replace_message(owner, &record)?;
            hanging.write(tx, owner, record.id.into())?;
            Ok(record)
        };
        let record = self.deed(deed).await?;
        if is_told {
            self.mail.inner.submitted.notify_one();
            self.mail.inner.to_relay.notify_one();
        }
        Ok(record)
    }

    /// A draft's copy with the change made.
    fn changed_copy(&self, read: &MessageRecord, message: &Message, change: &Change) -> Copy {
        let message_id = change.message_id.as_ref().unwrap_or(&read.internet_message_id);
        let (overlay, created) = (&change.overlay, read.created_date_time);
        match &change.octets {
            None => own_copy(message, read.blob, read.is_composed, &self.missing(message_id, overlay, created)),
            Some(NewOctets { blob, is_composed, message }) => {
                own_copy(message, blob.digest, *is_composed, &self.missing(message_id, overlay, created))
            }
        }
    }

    /// The row as the change leaves it: a draft's is read from its octets and overlay again, any other's keeps what it
    /// was read from.
    fn changed(&self, current: MessageRecord, copy: Option<Copy>, change: Change) -> MessageRecord {
        let now = self.now();
        let beside = change.beside.or(Beside::of(&current));
        let Some(copy) = copy else {
            let overlay = change.overlay;
            return MessageRecord {
                last_modified_date_time: now,
                is_read: beside.is_read.unwrap_or(current.is_read),
                categories: beside.categories.unwrap_or_default(),
                flag: beside.flag.unwrap_or(current.flag),
                inference_classification: beside.inference_classification.unwrap_or(current.inference_classification),
                importance: overlay.importance.clone().unwrap_or(current.importance),
                is_delivery_receipt_requested: overlay
                    .is_delivery_receipt_requested
                    .unwrap_or(current.is_delivery_receipt_requested),
                is_read_receipt_requested: overlay.is_read_receipt_requested.unwrap_or(current.is_read_receipt_requested),
                overlay,
                ..current
            };
        };
        let place = Place {
            mailbox: self.owner.id,
            folder: current.folder,
            id: current.id,
            created: current.created_date_time,
            received: current.received_date_time,
            now,
            is_draft: true,
            is_read: current.is_read,
            is_composed: change.octets.map_or(current.is_composed, |new| new.is_composed),
            beside,
            overlay: change.overlay,
        };
        index(copy, place)
    }
}

/// Does again what somebody else's write came in between of, a few times.
pub(crate) async fn again_on_conflict<T, F: Future<Output = Result<T, MailError>>>(deed: impl Fn() -> F) -> Result<T, MailError> {
    for _ in 1..ATTEMPTS {
        match deed().await {
            Err(MailError::Conflict) => {}
            done => return done,
        }
    }
    deed().await
}

/// The header fields that a change makes others, each with its new line; nothing for one that goes.
fn edits(mailbox: &Mailbox, record: &MessageRecord, message: &Message, change: &Draft) -> Vec<(&'static str, Option<String>)> {
    let mut edits: Vec<(&'static str, Option<String>)> = Vec::new();
    let mut people = |name: &'static str, given: Option<&[NameAddr]>, now: &[Recipient]| {
        if let Some(given) = given.filter(|given| !same(given, now)) {
            edits.push((name, Some(address_line(name, given)).filter(|line| !line.is_empty())));
        }
    };
    people("From", change.from.as_ref().map(std::slice::from_ref), &record.from);
    people("Sender", change.sender.as_ref().map(std::slice::from_ref), &record.sender);
    people("To", change.to.as_deref(), &record.to_recipients);
    people("Cc", change.cc.as_deref(), &record.cc_recipients);
    people("Reply-To", change.reply_to.as_deref(), &record.reply_to);
    if record.is_composed {
        people("Bcc", change.bcc.as_deref(), &record.bcc_recipients);
    }
    let mut texts = |name: &'static str, given: Option<&str>, now: &str| {
        if let Some(given) = given.filter(|given| *given != now) {
            edits.push((name, (!given.is_empty()).then(|| text_line(name, given))));
        }
    };
    texts("Subject", change.subject.as_deref(), &record.subject);
    if message.field("Message-ID").is_some() {
        texts("Message-ID", change.internet_message_id.as_deref(), &record.internet_message_id);
    }
    if record.is_draft && record.is_composed {
        let asked = |wanted: bool| if wanted { mailbox.owner.user_principal_name.as_str() } else { "" };
        let importance = change.importance.map(|i| if i == Importance::Normal { "" } else { i.as_str() });
        texts(IMPORTANCE, importance, if record.importance == "normal" { "" } else { &record.importance });
        let (read, delivery) = (change.is_read_receipt_requested, change.is_delivery_receipt_requested);
        texts(READ_RECEIPT, read.map(asked), asked(record.is_read_receipt_requested));
        texts(DELIVERY_RECEIPT, delivery.map(asked), asked(record.is_delivery_receipt_requested));
    }
    if record.is_draft && !record.is_composed {
        // Asked for beside the octets, a receipt is a field before them; taken back, it must be none in them.
        let asked = [(READ_RECEIPT, change.is_read_receipt_requested), (DELIVERY_RECEIPT, change.is_delivery_receipt_requested)];
        let taken_back = asked.into_iter().filter(|(name, wanted)| *wanted == Some(false) && message.field(name).is_some());
        edits.extend(taken_back.map(|(name, _)| (name, None)));
    }
    edits
}

/// What stands beside the octets after a change: all of it where these are a client's own or were sent.
fn overlay(record: &MessageRecord, change: &Draft, new_bcc: bool) -> Overlay {
    let mut overlay = record.overlay.clone();
    overlay.protection = change.protection.filter(|_| record.is_draft).or(overlay.protection);
    if record.is_draft && change.to.is_some() {
        overlay.to.clear(); // the header names all of them now
    }
    if record.is_draft && change.cc.is_some() {
        overlay.cc.clear();
    }
    if record.is_draft && record.is_composed {
        return overlay;
    }
    if let Some(bcc) = change.bcc.as_ref().filter(|_| new_bcc) {
        overlay.bcc = Some(bcc.iter().map(|b| Recipient { name: b.name.clone(), address: b.address.clone() }).collect());
    }
    let importance = change.importance.map(Importance::as_str).filter(|given| *given != record.importance);
    overlay.importance = importance.map(str::to_owned).or(overlay.importance);
    let read = change.is_read_receipt_requested.filter(|given| *given != record.is_read_receipt_requested);
    overlay.is_read_receipt_requested = read.or(overlay.is_read_receipt_requested);
    let delivery = change.is_delivery_receipt_requested.filter(|given| *given != record.is_delivery_receipt_requested);
    overlay.is_delivery_receipt_requested = delivery.or(overlay.is_delivery_receipt_requested);
    overlay
}

fn same(given: &[NameAddr], now: &[Recipient]) -> bool {
    given.len() == now.len() && given.iter().zip(now).all(|(g, n)| g.name == n.name && g.address == n.address)
}
