//! What rules send on: as a new message of the mailbox's owner, or as it is.

use super::actions::Forward;
use super::letter::LOOP;
use crate::acting::Acting;
use crate::compose::{Beside, Draft, NewAttachment};
use crate::deliver::Arriving;
use crate::drafts::NewMessage;
use crate::envelope::Envelope;
use crate::error::MailError;
use crate::generated::{Resent, Trace, name_addrs, resent_fields, trace_fields};
use crate::index::{Copy, Place, Reading, index};
use crate::read::Content;
use crate::relay::spelled;
use crate::reply::{Answer, AnswerText, forwarded_subject};
use crate::submit::{Ready, SendOptions};
use crate::{Mail, Mailbox};
use jiff::tz::TimeZone;
use mime::{Attachment, BodyKind, Cuts, LineEnd, Message};
use std::sync::Arc;
use store::{FolderId, MessageId, Overlay, Person, Recipient, StoreError, Submission, SubmissionId, Wishes};

impl Mail {
    /// A mailbox as its owner's rules have it.
    pub(super) fn of_owner(&self, owner: &Person) -> Mailbox {
        let acting = Arc::new(Acting::by_rule(owner));
        Mailbox { mail: self.clone(), owner: owner.clone(), acting, expected: None }
    }

    /// A message by which another one is sent on, ready to be put into the outbox. What is encrypted stays closed.
    pub(super) async fn forward(
        &self,
        owner: &Person,
        arriving: (&Arriving<'_>, &Message, &Reading),
        forward: &Forward,
        sent_on_by: &[String],
    ) -> Result<Ready, MailError> {
        let mailbox = self.of_owner(owner);
        let original = mailbox.arriving(arriving)?;
        // RFC 3834 §5: whoever answers by himself doesn't answer this; and who finds himself named sends it no further.
        let own = std::iter::once(owner.user_principal_name.to_lowercase());
        let named = sent_on_by.iter().cloned().chain(own).map(|one| (LOOP.to_owned(), one));
        let fields = named.chain([("Auto-Submitted".to_owned(), "auto-generated".to_owned())]).collect();
        let draft = Draft { to: Some(name_addrs(&forward.to)), fields, ..Draft::default() };
        let new = match forward.is_attached {
            true => mailbox.attached(&original, draft).await?,
            false => {
                let text = AnswerText { comment: None, message: draft, zone: TimeZone::UTC };
                mailbox.answer_to(&original, Answer::Forward, text).await?
            }
        };
        mailbox.ready(new, SendOptions { save_to_sent_items: false, ..SendOptions::default() }).await
    }

    /// A message on its way to others as it came: only fields that say so stand before it (RFC 5322 §3.6.6). What becomes of it
    /// on its way is told to who sends it on.
    pub(super) fn redirected(
        &self,
        owner: &Person,
        (arriving, line_end): (&Arriving<'_>, LineEnd),
        to: &[Recipient],
    ) -> Result<Submission, MailError> {
        let now = self.inner.clock.now();
        let id = SubmissionId::new(now);
        let message_id = format!("<{}@{}>", spelled(id), self.inner.options.domain);
        let own = owner.user_principal_name.to_lowercase();
        let resent = Resent { by: owner, to, message_id: &message_id, fields: &[(LOOP, &own)], now };
        let envelope = Envelope::new(to.iter().map(|one| one.address.clone()))?;
        // Where it came from outside, how it did (RFC 5321 §4.4); a Return-Path is written by the last one.
        let trace = arriving.arrival.map(|arrival| {
            let by = &self.inner.options.domain;
            let id = spelled(arriving.id);
            let forward_path = &owner.user_principal_name;
            trace_fields(line_end, &Trace { reverse_path: "", arrival: Some(arrival), by, id: &id, forward_path, now })
        });
        let trace = trace.as_deref().and_then(|trace| trace.split_once('\n')).map_or("", |(_, behind)| behind);
        let forward_paths = envelope.forward_paths.iter().map(|path| self.forward_path(path, now)).collect();
        Ok(Submission {
            mailbox: owner.id,
            id,
            part_of: None,
            blob: arriving.blob,
            prefix: resent_fields(line_end, &resent) + trace + arriving.prefix,
            cuts: arriving.cuts.to_owned(),
            reverse_path: owner.user_principal_name.clone(),
            created_date_time: now,
            wishes: Wishes { requires_tls: arriving.requires_tls, ..Wishes::default() },
            forward_paths,
        })
    }
}

impl Mailbox {
    /// A message that arrives, as it would stand here.
    pub(super) fn arriving(
        &self,
        (arriving, message, reading): (&Arriving<'_>, &Message, &Reading),
    ) -> Result<Content, StoreError> {
        let cuts = Cuts::parse(arriving.cuts).ok_or_else(|| StoreError::Corrupt(format!("cuts {:?}", arriving.cuts)))?;
        let (reading, prefix) = (reading.clone(), arriving.prefix.to_owned());
        let copy = Copy { reading, blob: arriving.blob, prefix, generated: String::new(), cuts };
        let now = self.now();
        let place = Place {
            mailbox: self.owner.id,
            folder: FolderId([0; 16]), // it stands in none yet
            id: MessageId::new(now),
            created: now,
            received: now,
            now,
            is_draft: false,
            is_read: false,
            is_composed: false,
            beside: Beside::default(),
            overlay: Overlay::default(),
        };
        Content::of(self.owner.id, index(copy, place), message.clone(), &[])
    }

    /// A message that holds another one as an attachment.
    async fn attached(&self, original: &Content, draft: Draft) -> Result<NewMessage, MailError> {
        let octets = self.mail.in_one_piece(original.octets()).await?;
        let subject = original.subject();
        let attachment = Attachment {
            name: format!("{}.eml", if subject.is_empty() { "message" } else { &subject }),
            media_type: "message/rfc822".to_owned(),
            content_id: None,
            is_inline: false,
            octets,
        };
        let draft = Draft {
            subject: Some(forwarded_subject(&subject)),
            body: Some((BodyKind::Text, String::new())),
            attachments: vec![NewAttachment::File(attachment)],
            ..draft
        };
        self.compose(draft).await
    }
}
