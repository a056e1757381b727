//! Octets → row: everything that a list shows without opening the message.

use crate::compose::{Beside, DELIVERY_RECEIPT, Importance, READ_RECEIPT};
use crate::opened::enclosed;
use mime::{Cuts, Date, HeaderField, Message, NameAddr, msg_ids};
use store::{Digest, FolderId, MailboxId, MessageId, MessageRecord, Overlay, Recipient, Timestamp};
use uuid::Uuid;

/// A copy of a message: what stands before its octets, and what is left out of them.
pub(crate) struct Copy<'m> {
    pub(crate) message: &'m Message,
    pub(crate) blob: Digest,
    /// Part of the copy.
    pub(crate) prefix: String,
    /// Shown, and no part of the copy.
    pub(crate) generated: String,
    pub(crate) cuts: Cuts,
}

/// Where and how a copy is filed.
pub(crate) struct Place {
    pub(crate) mailbox: MailboxId,
    pub(crate) folder: FolderId,
    pub(crate) id: MessageId,
    pub(crate) created: Timestamp,
    pub(crate) received: Timestamp,
    pub(crate) now: Timestamp,
    pub(crate) is_draft: bool,
    pub(crate) is_read: bool,
    pub(crate) is_composed: bool,
    pub(crate) beside: Beside,
    pub(crate) overlay: Overlay,
}

/// Longest name of a category, in characters (Graph: outlookCategory), and how many are read from a header.
const MAX_CATEGORY: usize = 255;
const MAX_CATEGORIES: usize = 100;

/// The row of a copy. Its `modseq` is the store's to set.
pub(crate) fn index(copy: Copy<'_>, place: Place) -> MessageRecord {
    let header = Header::of(&copy);
    let internet_message_id = header.message_id();
    let conversation_id = conversation(place.mailbox, &header, &internet_message_id);
    let from = header.recipients("From");
    let sender = header.recipients("Sender");
    let message = copy.message;
    let opened = enclosed(message);
    let shown = opened.as_ref().unwrap_or(message);
    let asked = |beside: Option<bool>, name: &str| beside.unwrap_or_else(|| header.field(name).is_some());
    let size = copy.prefix.len() + message.octets().len() - copy.cuts.octets();
    MessageRecord {
        id: place.id,
        folder: place.folder,
        modseq: 0,
        blob: copy.blob,
        size: i64::try_from(size).unwrap_or(i64::MAX),
        is_draft: place.is_draft,
        is_read: place.beside.is_read.unwrap_or(place.is_read),
        is_composed: place.is_composed,
        created_date_time: place.created,
        last_modified_date_time: place.now,
        received_date_time: place.received,
        sent_date_time: header.date().unwrap_or(place.received),
        internet_message_id,
        conversation_id,
        conversation_index: header.thread_index().unwrap_or_else(|| thread_index(place.created, conversation_id)),
        subject: message.text("Subject").unwrap_or_default(),
        body_preview: shown.body_preview(),
        importance: place.overlay.importance.clone().unwrap_or_else(|| header.importance().as_str().to_owned()),
        inference_classification: place.beside.inference_classification.unwrap_or_else(|| "focused".to_owned()),
        has_attachments: shown.has_attachments(),
        is_delivery_receipt_requested: asked(place.overlay.is_delivery_receipt_requested, DELIVERY_RECEIPT),
        is_read_receipt_requested: asked(place.overlay.is_read_receipt_requested, READ_RECEIPT),
        sender: if sender.is_empty() { from.iter().take(1).cloned().collect() } else { sender },
        from,
        to_recipients: with_added(header.recipients("To"), &place.overlay.to),
        cc_recipients: with_added(header.recipients("Cc"), &place.overlay.cc),
        bcc_recipients: match &place.overlay.bcc {
            Some(bcc) => bcc.clone(),
            None if copy.cuts.is_empty() => header.recipients("Bcc"),
            None => Vec::new(), // a recipient's copy
        },
        reply_to: header.recipients("Reply-To"),
        categories: place.beside.categories.unwrap_or_else(|| header.keywords()),
        flag: place.beside.flag.unwrap_or_else(|| r#"{"flagStatus":"notFlagged"}"#.to_owned()),
        cuts: copy.cuts.to_text(),
        prefix: copy.prefix,
        generated: copy.generated,
        overlay: place.overlay,
    }
}

/// The recipients of a header field, and those beside it that it doesn't name.
fn with_added(mut named: Vec<Recipient>, added: &[Recipient]) -> Vec<Recipient> {
    for recipient in added {
        if !named.iter().any(|n| n.address.eq_ignore_ascii_case(&recipient.address)) {
            named.push(recipient.clone());
        }
    }
    named
}

/// The header of a copy: the fields before its octets, then its own.
struct Header<'m> {
    before: Message,
    message: &'m Message,
}

impl<'m> Header<'m> {
    fn of(copy: &Copy<'m>) -> Header<'m> {
        let before = format!("{}{}\r\n", copy.prefix, copy.generated);
        Header { before: Message::parse(before.into()), message: copy.message }
    }

    fn field(&self, name: &str) -> Option<HeaderField<'_>> {
        self.before.field(name).or_else(|| self.message.field(name))
    }

    fn recipients(&self, name: &str) -> Vec<Recipient> {
        let named = self.before.addresses(name).into_iter().chain(self.message.addresses(name));
        named.map(|NameAddr { name, address }| Recipient { name, address }).collect()
    }

    fn message_id(&self) -> String {
        let first = self.field("Message-ID").and_then(|f| msg_ids(&f.body()).into_iter().next());
        first.or_else(|| self.message.text("Message-ID")).unwrap_or_default()
    }

    fn date(&self) -> Option<Timestamp> {
        Date::parse(&self.field("Date")?.body()).map(Timestamp::from_seconds)
    }

    fn importance(&self) -> Importance {
        importance(|name| self.field(name).map(|field| field.text()))
    }

    /// The words of every Keywords field, each once (RFC 5322 §3.6.5; MS-OXCMAIL makes categories of them).
    fn keywords(&self) -> Vec<String> {
        let mut keywords: Vec<String> = Vec::new();
        for field in self.message.fields().filter(|field| field.is("Keywords")) {
            for phrase in field.text().split(',').map(|phrase| phrase.trim().trim_matches('"')) {
                let is_new = !keywords.iter().any(|known| known.eq_ignore_ascii_case(phrase));
                if is_new && !phrase.is_empty() && phrase.chars().count() <= MAX_CATEGORY && keywords.len() < MAX_CATEGORIES {
                    keywords.push(phrase.to_owned());
                }
            }
        }
        keywords
    }

    /// The octets of Thread-Index, if it is one: a header block of 22 octets, then 5 for each reply (MS-OXOMSG 2.2.1.3).
    fn thread_index(&self) -> Option<Vec<u8>> {
        let body = self.field("Thread-Index")?.body();
        let octets = mime::decode_base64(body.trim_ascii()).ok()?;
        (octets.len() >= 22 && (octets.len() - 22).is_multiple_of(5)).then_some(octets)
    }
}

/// Importance (RFC 2156 §5.3.4), else the X-Priority that older clients write, else Priority (RFC 2156 §5.3.6), by the
/// texts of a header's fields.
pub(crate) fn importance(text: impl Fn(&str) -> Option<String>) -> Importance {
    let word = |name: &str| text(name).map(|text| text.trim().to_ascii_lowercase());
    let importance = word("Importance").and_then(|text| Importance::parse(&text));
    importance
        .or_else(|| match word("X-Priority")?.as_bytes().first()? {
            b'1' | b'2' => Some(Importance::High),
            b'3' => Some(Importance::Normal),
            b'4' | b'5' => Some(Importance::Low),
            _ => None,
        })
        .or_else(|| match word("Priority")?.as_str() {
            "urgent" => Some(Importance::High),
            "non-urgent" => Some(Importance::Low),
            _ => None,
        })
        .unwrap_or_default()
}

/// The conversation of a message in one mailbox: named after its root, which is the first reference (RFC 5322 §3.6.4).
fn conversation(mailbox: MailboxId, header: &Header<'_>, message_id: &str) -> [u8; 16] {
    let first = |name: &str| header.field(name).and_then(|f| msg_ids(&f.body()).into_iter().next());
    let root = first("References").or_else(|| first("In-Reply-To")).unwrap_or_else(|| message_id.to_owned());
    *Uuid::new_v5(&Uuid::from_bytes(mailbox.0), root.as_bytes()).as_bytes()
}

/// The index of a conversation that begins now (MS-OXOMSG 2.2.1.3): a 1, the upper five octets of a FILETIME, a GUID.
pub(crate) fn thread_index(now: Timestamp, conversation: [u8; 16]) -> Vec<u8> {
    let mut index = vec![1];
    index.extend_from_slice(&filetime(now).to_be_bytes()[..5]);
    index.extend_from_slice(&conversation);
    index
}

/// An instant as FILETIME: units of 100 ns since 1601.
pub(crate) fn filetime(at: Timestamp) -> i64 {
    const OF_1970: i64 = 116_444_736_000_000_000;
    at.0.saturating_mul(10).saturating_add(OF_1970)
}
