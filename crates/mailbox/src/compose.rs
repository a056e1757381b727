//! A message given as JSON: what its sender wrote, and the octets it becomes, once.

use crate::Mailbox;
use crate::drafts::NewMessage;
use crate::error::MailError;
use crate::extended::Hanging;
use mime::{BodyKind, Composition, NameAddr, Piece};
use serde::{Deserialize, Serialize};
use store::{Blob, MessageId, MessageRecord, Overlay, Protection, ReadTx, Timestamp};

/// What stands beside a message's octets and is no part of them; nothing where its owner said nothing.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Beside {
    /// Names of categories
    pub categories: Option<Vec<String>>,
    /// The follow-up flag as Graph's JSON
    pub flag: Option<String>,
    /// focused, other
    pub inference_classification: Option<String>,
    /// Read
    pub is_read: Option<bool>,
    /// What hangs on it
    pub hanging: Hanging,
}

impl Beside {
    /// What stands beside a message that is there already; what hangs on it stays there and is not told.
    pub(crate) fn of(record: &MessageRecord) -> Beside {
        Beside {
            categories: Some(record.categories.clone()),
            flag: Some(record.flag.clone()),
            inference_classification: Some(record.inference_classification.clone()),
            is_read: Some(record.is_read),
            hanging: Hanging::default(),
        }
    }

    /// What is said here, else there.
    pub(crate) fn or(self, other: Beside) -> Beside {
        Beside {
            categories: self.categories.or(other.categories),
            flag: self.flag.or(other.flag),
            inference_classification: self.inference_classification.or(other.inference_classification),
            is_read: self.is_read.or(other.is_read),
            hanging: self.hanging,
        }
    }
}

/// A message as a client writes it in JSON, whole or in part: what is not given is the server's to fill in, or stays.
#[derive(Debug, Clone, Default)]
pub struct Draft {
    /// From
    pub from: Option<NameAddr>,
    /// Sender, where it is somebody else
    pub sender: Option<NameAddr>,
    /// To
    pub to: Option<Vec<NameAddr>>,
    /// Cc
    pub cc: Option<Vec<NameAddr>>,
    /// Bcc
    pub bcc: Option<Vec<NameAddr>>,
    /// Reply-To
    pub reply_to: Option<Vec<NameAddr>>,
    /// Subject
    pub subject: Option<String>,
    /// The text and its form
    pub body: Option<(BodyKind, String)>,
    /// What it brings along
    pub attachments: Vec<NewAttachment>,
    /// Further header fields: name and text
    pub fields: Vec<(String, String)>,
    /// Importance
    pub importance: Option<Importance>,
    /// Asks for a report of delivery.
    pub is_delivery_receipt_requested: Option<bool>,
    /// Asks for a report of reading (RFC 8098).
    pub is_read_receipt_requested: Option<bool>,
    /// Message-ID
    pub internet_message_id: Option<String>,
    /// Date of a message that is new; without it the moment at which it is made or sent
    pub date: Option<Timestamp>,
    /// What is done with it by S/MIME when it is sent
    pub protection: Option<Protection>,
    /// What is no part of the octets
    pub beside: Beside,
}

impl Draft {
    /// Whether a client may give a header field of this name: it is one (RFC 5322 §3.6.8), and no property says it.
    pub fn may_have_field(name: &str) -> bool {
        may_be_given(name)
    }
}

/// What a message that is written brings along.
#[derive(Debug, Clone)]
pub enum NewAttachment {
    /// A file, or a link in the form that mail has for it.
    File(mime::Attachment),
    /// A message.
    Item(Box<NewItem>),
}

/// A message that is attached to another one (Graph: itemAttachment).
#[derive(Debug, Clone, Default)]
pub struct NewItem {
    /// Its name there; empty for its subject.
    pub name: String,
    /// Shown within the text.
    pub is_inline: bool,
    /// What its author wrote.
    pub message: Draft,
    /// When it was sent; now where nothing is said.
    pub sent: Option<Timestamp>,
}

/// Importance (RFC 2156 §5.3.4).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Importance {
    /// high
    High,
    /// low
    Low,
    /// normal
    #[default]
    Normal,
}

impl Importance {
    /// The word, in lower case.
    pub fn as_str(self) -> &'static str {
        match self {
            Importance::High => "high",
            Importance::Low => "low",
            Importance::Normal => "normal",
        }
    }

    /// A word in any case.
    pub fn parse(text: &str) -> Option<Importance> {
        [Importance::High, Importance::Low, Importance::Normal].into_iter().find(|i| i.as_str().eq_ignore_ascii_case(text))
    }
}

/// Fields that have properties of their own, or are the server's to write: no client gives them by name.
const OWN_FIELDS: [&str; 16] = [
    "From",
    "Sender",
    "Reply-To",
    "To",
    "Cc",
    "Bcc",
    "Subject",
    "Date",
    "Message-ID",
    "MIME-Version",
    "Importance",
    "Return-Path",
    "Received",
    "Resent-Bcc",
    READ_RECEIPT,
    DELIVERY_RECEIPT,
];

impl Mailbox {
    /// Builds a message's octets. The owner is its author unless it names another.
    ///
    /// # Errors
    /// [`MailError::InvalidHeader`], [`MailError::TooLarge`], [`MailError::Store`].
    pub async fn compose(&self, draft: Draft) -> Result<NewMessage, MailError> {
        self.compose_with(draft, Vec::new()).await
    }

    /// The same, with header fields of our own before those that the client gave, and none of a name that it gave: a
    /// message has one References and one In-Reply-To (RFC 5322 §3.6).
    pub(crate) async fn compose_with(&self, draft: Draft, mut own: Vec<(String, String)>) -> Result<NewMessage, MailError> {
        if let Some((name, _)) = draft.fields.iter().find(|(name, _)| !may_be_given(name)) {
            return Err(MailError::InvalidHeader(name.clone()));
        }
        own.retain(|(name, _)| !draft.fields.iter().any(|(given, _)| given.eq_ignore_ascii_case(name)));
        let mut draft = self.with_names(draft).await?;
        let mut attachments = Vec::with_capacity(draft.attachments.len());
        for new in std::mem::take(&mut draft.attachments) {
            attachments.push(self.attachment(new).await?);
        }
        let beside = draft.beside.clone();
        let message_id = draft.internet_message_id.clone();
        let overlay = Overlay { protection: draft.protection, ..Overlay::default() };
        let composition = Composition { attachments, ..self.composition(draft, own) };
        let pieces = tokio::task::spawn_blocking(move || mime::compose(&composition))
            .await
            .map_err(|_| MailError::Store(store::StoreError::Stopped))?;
        let blob = self.kept(pieces).await?;
        Ok(NewMessage { blob, is_composed: true, message_id, beside, overlay })
    }

    /// The draft with the names of people here, where only their addresses are given (Graph: from and recipients of a new
    /// message).
    async fn with_names(&self, mut draft: Draft) -> Result<Draft, MailError> {
        let domain = self.mail.inner.options.domain.clone();
        let look = move |tx: &ReadTx<'_>| {
            let lists = [&mut draft.to, &mut draft.cc, &mut draft.bcc, &mut draft.reply_to];
            let people = lists.into_iter().flatten().flatten().chain(&mut draft.from).chain(&mut draft.sender);
            for recipient in people.filter(|r| r.name.is_empty()) {
                let is_local = recipient.addr_spec().is_some_and(|address| address.domain().eq_ignore_ascii_case(&domain));
                if let Some(person) = is_local.then(|| tx.person_by_address(&recipient.address)).transpose()?.flatten() {
                    recipient.name = person.display_name;
                }
            }
            Ok(draft)
        };
        self.store().read(look).await
    }

    /// Octets in pieces, written where they are kept. What is held in memory does not grow with them.
    pub(crate) async fn kept(&self, pieces: Vec<Piece>) -> Result<Blob, MailError> {
        let limit = self.mail.inner.options.max_message_octets;
        if pieces.iter().map(Piece::size).sum::<u64>() > most_composed(limit) {
            return Err(MailError::TooLarge { limit });
        }
        let (mut spool, mut gathered) = (self.mail.spool(), Vec::new());
        for octets in pieces.iter().flat_map(Piece::written) {
            if octets.len() < GATHERED {
                gathered.extend_from_slice(&octets);
            }
            if gathered.len() >= GATHERED || octets.len() >= GATHERED {
                spool = spool.write(std::mem::take(&mut gathered)).await?;
            }
            if octets.len() >= GATHERED {
                spool = spool.write(octets).await?;
            }
        }
        Ok(spool.write(gathered).await?.finish().await?)
    }

    /// Refuses what has more octets than a message may have.
    pub(crate) fn check_size(&self, octets: u64) -> Result<(), MailError> {
        let limit = self.mail.inner.options.max_message_octets;
        if octets > limit { Err(MailError::TooLarge { limit }) } else { Ok(()) }
    }

    fn composition(&self, draft: Draft, mut fields: Vec<(String, String)>) -> Composition {
        let owner = NameAddr { name: self.owner.display_name.clone(), address: self.owner.user_principal_name.clone() };
        fields.extend(self.request_fields(&draft));
        fields.extend(draft.fields);
        fields.extend(draft.date.map(|at| ("Date".to_owned(), mime::Date::format(at.seconds()))));
        let from = draft.from.unwrap_or(owner);
        let (body_kind, body) = draft.body.unwrap_or_default();
        Composition {
            sender: draft.sender.filter(|s| !s.address.eq_ignore_ascii_case(&from.address)),
            from: vec![from],
            to: draft.to.unwrap_or_default(),
            cc: draft.cc.unwrap_or_default(),
            bcc: draft.bcc.unwrap_or_default(),
            reply_to: draft.reply_to.unwrap_or_default(),
            subject: draft.subject.unwrap_or_default(),
            fields,
            body_kind,
            body,
            attachments: Vec::new(),
            boundary_seed: self.boundary_seed(),
        }
    }

    /// The header fields by which a message says how important it is and which reports it asks for.
    fn request_fields(&self, draft: &Draft) -> Vec<(String, String)> {
        let importance = draft.importance.filter(|i| *i != Importance::Normal).map(|i| i.as_str().to_owned());
        let owner = || self.owner.user_principal_name.clone();
        let read = draft.is_read_receipt_requested.unwrap_or(false).then(owner);
        let delivery = draft.is_delivery_receipt_requested.unwrap_or(false).then(owner);
        let fields = [(IMPORTANCE, importance), (READ_RECEIPT, read), (DELIVERY_RECEIPT, delivery)];
        fields.into_iter().filter_map(|(name, text)| Some((name.to_owned(), text?))).collect()
    }

    /// Letters and figures that no message has in it yet.
    pub(crate) fn boundary_seed(&self) -> String {
        uuid::Uuid::from_bytes(MessageId::new(self.now()).0).simple().to_string()
    }
}

/// Octets of what we write ourselves, at most, where a message that is given may have `limit`: files of so many octets in
/// all, in base64, and the text beside them.
pub(crate) fn most_composed(limit: u64) -> u64 {
    limit.saturating_add(limit / 2)
}

/// Octets that are gathered before they are written.
const GATHERED: usize = 64 * 1024;

/// RFC 2156 §5.3.4
pub(crate) const IMPORTANCE: &str = "Importance";
/// RFC 8098 §2.1
pub(crate) const READ_RECEIPT: &str = "Disposition-Notification-To";
/// Never standardised, and what mail programs write.
pub(crate) const DELIVERY_RECEIPT: &str = "Return-Receipt-To";

/// Whether a client may give a field of this name: a field name (RFC 5322 §3.6.8) that has no property of its own.
fn may_be_given(name: &str) -> bool {
    mime::is_field_name(name) && !has_property(name)
}

/// Whether a field of this name is written from a property of its message, or by the server.
pub(crate) fn has_property(name: &str) -> bool {
    let of_content = name.get(..8).is_some_and(|start| start.eq_ignore_ascii_case("content-"));
    of_content || OWN_FIELDS.iter().any(|own| own.eq_ignore_ascii_case(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_gives_no_field_that_has_a_property() {
        for name in ["X-Test", "In-Reply-To", "List-Unsubscribe", "Auto-Submitted"] {
            assert!(may_be_given(name), "{name}");
        }
        for name in ["", "a b", "a:b", "x\r\ny", "bcc", "Content-Type", "RECEIVED", "é", "\""] {
            assert!(!may_be_given(name), "{name:?}");
        }
    }
}
