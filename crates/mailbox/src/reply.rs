//! Answers to a message: replies and forwards, given as a whole MIME message or as what their author says.

use crate::Mailbox;
use crate::compose::{Draft, NewAttachment};
use crate::drafts::NewMessage;
use crate::error::MailError;
use crate::generated::name_addrs;
use crate::index::folded;
use crate::quote::quote;
use crate::read::{AttachedPart, Content};
use jiff::tz::TimeZone;
use mime::{Attachment, BodyKind, ItemBody, NameAddr, PartKind, msg_ids};
use std::collections::HashSet;
use store::{Blob, MessageId, MessageRecord, Overlay, ReadTx, Recipient, Timestamp};

/// Which answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// To others
    Forward,
    /// To whom its author wants it
    Reply,
    /// To all whom it went to, too
    ReplyAll,
}

/// What the author of an answer says, as JSON gives it.
#[derive(Debug, Clone)]
pub struct AnswerText {
    /// A text above the quoted one.
    pub comment: Option<String>,
    /// Properties of the answer; its recipients are added to those whom the answer goes to anyhow.
    pub message: Draft,
    /// The zone in which the quoted block tells the time.
    pub zone: TimeZone,
}

impl Mailbox {
    /// An answer that its author wrote as MIME: these octets, for those whom the answer goes to. What makes it an answer
    /// and its header lacks stands beside it.
    ///
    /// # Errors
    /// [`MailError::NotFound`], [`MailError::Store`].
    pub async fn answer_with_mime(&self, id: MessageId, answer: Answer, blob: Blob) -> Result<NewMessage, MailError> {
        let original = self.content(self.message(id).await?).await?;
        let (to, cc) = self.answered(&original, answer).await?;
        let threading = threading_fields(&original, self.now());
        let overlay = Overlay { to, cc, threading, ..Overlay::default() };
        Ok(NewMessage { overlay, ..NewMessage::from_mime(blob) })
    }

    /// An answer composed from what its author says and the original: quoted below, with its files in a forward.
    ///
    /// # Errors
    /// [`MailError::NotFound`], and those of [`Mailbox::compose`].
    pub async fn answer_with_text(&self, id: MessageId, answer: Answer, text: AnswerText) -> Result<NewMessage, MailError> {
        let original = self.content(self.message(id).await?).await?;
        self.answer_to(&original, answer, text).await
    }

    /// The same to a message whose octets are at hand.
    pub(crate) async fn answer_to(&self, original: &Content, answer: Answer, text: AnswerText) -> Result<NewMessage, MailError> {
        let (to, cc) = self.answered(original, answer).await?;
        let AnswerText { comment, message: mut draft, zone } = text;
        let quoted = original.shown().body();
        let said = match (draft.body.take(), comment) {
            (Some((kind, body)), _) => (kind, body),
            (None, comment) => (kind_of(&quoted), comment.map(|c| as_kind(kind_of(&quoted), &c)).unwrap_or_default()),
        };
        let named = MessageRecord { subject: original.subject(), ..original.record.clone() };
        draft.body = Some(quote((said.0, &said.1), &named, &quoted, &zone));
        draft.to = Some(joined(to, draft.to));
        draft.cc = Some(joined(cc, draft.cc));
        draft.subject = draft.subject.or_else(|| Some(subject(answer, &named.subject)));
        let carried = original.attachments().filter(|a| answer == Answer::Forward || a.part.is_inline());
        let carried: Vec<NewAttachment> = carried.map(attachment).map(NewAttachment::File).collect();
        draft.attachments.splice(0..0, carried);
        let mut new = self.compose_with(draft, threading_fields(original, self.now())).await?;
        new.overlay.quotes_encrypted = original.holds_encrypted();
        Ok(new)
    }

    /// Whom an answer goes to: Reply-To or From, and for all also To and Cc but the owner (Graph: message-createreplyall).
    async fn answered(&self, original: &Content, answer: Answer) -> Result<(Vec<Recipient>, Vec<Recipient>), MailError> {
        if answer == Answer::Forward {
            return Ok((Vec::new(), Vec::new()));
        }
        let record = &original.record;
        let mut to = if record.reply_to.is_empty() { record.from.clone() } else { record.reply_to.clone() };
        if answer == Answer::Reply {
            return Ok((to, Vec::new()));
        }
        let owner = self.owner.id;
        let own: Vec<String> = self.store().read(move |tx: &ReadTx<'_>| tx.addresses(owner)).await?;
        let mut known: HashSet<String> = own.into_iter().chain(to.iter().map(folded)).collect();
        let mut others = |list: &[Recipient]| -> Vec<Recipient> {
            list.iter().filter(|recipient| known.insert(folded(recipient))).cloned().collect()
        };
        to.extend(others(&record.to_recipients));
        let cc = others(&record.cc_recipients);
        Ok((to, cc))
    }
}

/// The text of a message and its form.
pub(crate) fn body_of(message: &mime::Message) -> (BodyKind, String) {
    match message.body() {
        ItemBody::Html(html) => (BodyKind::Html, html),
        ItemBody::Text(text) => (BodyKind::Text, text),
    }
}

fn kind_of(body: &ItemBody) -> BodyKind {
    match body {
        ItemBody::Html(_) => BodyKind::Html,
        ItemBody::Text(_) => BodyKind::Text,
    }
}

/// A comment is plain text, whatever it stands in.
fn as_kind(kind: BodyKind, comment: &str) -> String {
    match kind {
        BodyKind::Html => crate::quote::paragraphs(comment),
        BodyKind::Text => comment.to_owned(),
    }
}

fn joined(answered: Vec<Recipient>, added: Option<Vec<NameAddr>>) -> Vec<NameAddr> {
    let mut known: HashSet<String> = answered.iter().map(folded).collect();
    let new = added.unwrap_or_default().into_iter().filter(|added| known.insert(added.address.to_lowercase()));
    name_addrs(&answered).into_iter().chain(new).collect()
}

/// The subject of a forward.
pub(crate) fn forwarded_subject(original: &str) -> String {
    subject(Answer::Forward, original)
}

/// The original's subject with the mark of an answer, once.
fn subject(answer: Answer, original: &str) -> String {
    let mark = if answer == Answer::Forward { "FW:" } else { "RE:" };
    match original.get(..mark.len()) {
        Some(start) if start.eq_ignore_ascii_case(mark) => original.to_owned(),
        _ => format!("{mark} {original}"),
    }
}

/// The subject without the marks of answers: the topic of its thread (MS-OXOMSG 2.2.1.5).
fn topic(subject: &str) -> &str {
    let mut topic = subject.trim();
    while let Some((mark, rest)) = topic.split_once(':') {
        if !["re", "fw", "fwd"].iter().any(|known| mark.eq_ignore_ascii_case(known)) {
            break;
        }
        topic = rest.trim();
    }
    topic
}

/// An attachment of a message, for another message.
pub(crate) fn attachment(attached: AttachedPart<'_>) -> Attachment {
    let AttachedPart { message, part, .. } = attached;
    let octets = message.decoded(part);
    let subject = || mime::Message::parse(octets.clone()).text("Subject");
    let name = part.file_name.clone().or_else(|| (part.kind == PartKind::Message).then(subject).flatten());
    Attachment {
        name: name.unwrap_or_default(),
        media_type: part.media_type.essence.clone(),
        content_id: part.content_id.clone(),
        is_inline: part.is_inline(),
        octets,
    }
}

/// How many messages References names: the first, which all of a thread share, and the last ones (RFC 5537 §3.4.4). Who
/// answers each other for years makes no header that grows for years.
const MAX_REFERENCES: usize = 100;
/// Octets of a conversation index: its header, and 100 blocks (MS-OXOMSG 2.2.1.3).
const MAX_INDEX: usize = 22 + 100 * 5;

/// The names of the fields that make a message an answer.
const THREADING: [&str; 4] = ["In-Reply-To", "References", "Thread-Topic", "Thread-Index"];

/// Whether a field is one of those by its name, and its text one that a field can have: whoever wrote others beside a message would say in its
/// header what its octets don't.
pub(crate) fn is_threading(name: &str, text: &str) -> bool {
    THREADING.iter().any(|known| known.eq_ignore_ascii_case(name)) && !text.chars().any(char::is_control)
}

/// The fields that make a message an answer: In-Reply-To and the full References (RFC 5322 §3.6.4), and the thread's
/// topic and index, which grows by a block (MS-OXOMSG 2.2.1.3).
pub(crate) fn threading_fields(original: &Content, now: Timestamp) -> Vec<(String, String)> {
    let ids = |name: &str| original.field_text(name).map(|text| msg_ids(text.as_bytes())).unwrap_or_default();
    let mut references = ids("References");
    if references.is_empty() {
        references = ids("In-Reply-To");
    }
    let record = &original.record;
    let parent = &record.internet_message_id;
    let mut fields = Vec::new();
    if parent.starts_with('<') {
        references.retain(|id| id != parent);
        references.push(parent.clone());
        let surplus = references.len().saturating_sub(MAX_REFERENCES);
        references.drain(1..=surplus);
        fields.push(("In-Reply-To".to_owned(), parent.clone()));
        fields.push(("References".to_owned(), references.join(" ")));
    }
    // It stands outside, and the subject of what was encrypted does not.
    let of_subject = || (!original.was_encrypted()).then(|| topic(&original.subject()).to_owned());
    let topic = original.field_text("Thread-Topic").or_else(of_subject).filter(|topic| !topic.is_empty());
    fields.extend(topic.map(|topic| ("Thread-Topic".to_owned(), topic)));
    let index = child_index(&record.conversation_index, now, MessageId::new(now).0[15]);
    fields.push(("Thread-Index".to_owned(), encodify::base64::STANDARD.encode(index)));
    fields
}

/// A conversation index with one block more: how long after the first message, in units of 2^18 or 2^23 times 100 ns,
/// and a random octet. One that is full loses the block before.
fn child_index(parent: &[u8], now: Timestamp, random: u8) -> Vec<u8> {
    let mut first = [0; 8];
    first[..5].copy_from_slice(parent.get(1..6).unwrap_or_default());
    let elapsed = crate::index::filetime(now).saturating_sub(i64::from_be_bytes(first)).max(0);
    let long = elapsed >= 1 << 49;
    let difference = u32::try_from((elapsed >> if long { 23 } else { 18 }) & 0x7fff_ffff).unwrap_or_default();
    let difference = if long { difference | 0x8000_0000 } else { difference };
    let kept = &parent[..parent.len().min(MAX_INDEX - 5)];
    [kept, &difference.to_be_bytes(), &[random]].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn subjects_get_their_mark_once() {
        assert_eq!(subject(Answer::Reply, "a"), "RE: a");
        assert_eq!(subject(Answer::ReplyAll, "Re: a"), "Re: a");
        assert_eq!(subject(Answer::Forward, "RE: a"), "FW: RE: a");
        assert_eq!(topic("RE: fw: FWD: a: b"), "a: b");
        assert_eq!(subject(Answer::Reply, "é"), "RE: é");
    }

    #[test]
    fn an_index_grows_by_a_block() {
        let now = Timestamp::from_seconds(1_800_000_000);
        let root = crate::index::thread_index(now, [9; 16]);
        let child = child_index(&root, Timestamp::from_seconds(1_800_000_060), 7);
        assert_eq!(child.len(), 27);
        assert_eq!(&child[..22], &root[..]);
        let difference = u32::from_be_bytes(child[22..26].try_into().expect("4 octets"));
        assert!((2200..2400).contains(&difference), "60 s are about 2289 units of 26.2 ms: {difference}");
        assert!(child_index(&root, Timestamp(0), 0)[22..26] == [0; 4], "a clock that went back");
        let oldest = (0..200).fold(root.to_vec(), |index, _| child_index(&index, now, 7));
        assert_eq!((oldest.len(), &oldest[..22]), (MAX_INDEX, &root[..]));
    }
}
