//! Mail from outside: it is filed in the Inbox of everybody whom it names before its sender is told that it was taken.

use crate::Mail;
use crate::deliver::Arriving;
use crate::error::{Kind, MailError};
use crate::index::Reading;
use crate::people::person_at;
use crate::protection::ArrivedFor;
use crate::reported::{Reported, reported};
use crate::rules::RuledFor;
use mime::Message;
use std::collections::HashSet;
use std::iter::repeat_n;
use std::net::IpAddr;
use store::{Blob, MailboxId, Person, ReadTx, StoreError, SubmissionId, WriteTx};

/// Received fields of a message that still moves on (RFC 5321 §6.3: at least 100).
const MOST_RECEIVED: usize = 100;

/// A message from outside, for people here.
#[derive(Debug, Clone)]
pub struct Incoming {
    /// Its octets.
    pub blob: Blob,
    /// Whom to tell where it can't be delivered; empty for a report, of which nobody is told (RFC 5321 §4.5.5).
    pub reverse_path: String,
    /// For whom it is, as the client named them.
    pub forward_paths: Vec<String>,
    /// How it came.
    pub arrival: Arrival,
}

/// Whom an address reaches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// Somebody who has a mailbox here.
    Somebody,
    /// Nobody, though its domain is ours.
    Nobody,
    /// Another server's people.
    Elsewhere,
}

/// How a message came from outside (RFC 5321 §4.4).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Arrival {
    /// What the client called itself.
    pub helo: String,
    /// Where it really stood.
    pub peer: IpAddr,
    /// What was spoken, of the registered names: `ESMTP`, `ESMTPS`, `LMTP`, …
    pub with: &'static str,
    /// What was found out about its origin: whole fields with their CRLF, or nothing.
    pub authentication_results: String,
}

impl Arrival {
    /// What stands behind `from` in a Received field: a name that the client gave, without what could end it or the line, and
    /// its address.
    pub(crate) fn from(&self) -> String {
        let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_' | ':' | '[' | ']');
        let helo: String = self.helo.chars().filter(|&c| is_plain(c)).take(255).collect();
        let helo = if helo.is_empty() { "unknown" } else { &helo };
        match self.peer.to_canonical() {
            IpAddr::V4(ip) => format!("{helo} ([{ip}])"),
            IpAddr::V6(ip) => format!("{helo} ([IPv6:{ip}])"),
        }
    }
}

impl Mail {
    /// Whom mail to an address would reach, from outside or where somebody here submits it.
    ///
    /// # Errors
    /// [`MailError::Store`].
    pub async fn reach(&self, address: &str, is_submitted: bool) -> Result<Reach, MailError> {
        if is_submitted && self.inner.options.relaying.takes_own_domain {
            return Ok(Reach::Elsewhere);
        }
        let wanted = address.to_owned();
        let found = self.inner.store.read::<_, StoreError>(move |tx: &ReadTx<'_>| person_at(tx, &wanted)).await?;
        let domain = address.rsplit_once('@').map_or("", |(_, domain)| domain);
        Ok(match found {
            Some(_) => Reach::Somebody,
            None if self.is_local(domain) => Reach::Nobody,
            None => Reach::Elsewhere,
        })
    }

    /// Takes a message from outside: it is in the Inbox of each of its recipients, or in nobody's, when this answers.
    ///
    /// # Errors
    /// [`MailError::MailLoop`]; [`MailError::NotFound`] where a recipient is nobody here; [`MailError::Store`].
    pub async fn receive(&self, incoming: Incoming) -> Result<(), MailError> {
        let message = Message::parse(incoming.blob.octets.clone());
        if message.fields().filter(|field| field.is("Received")).count() > MOST_RECEIVED {
            return Err(MailError::MailLoop);
        }
        // RFC 3464 §2: nobody is told of a report, which tells it from what only looks like one.
        let reported = if incoming.reverse_path.is_empty() { reported(&message) } else { None };
        // Read before the deed, and once: the writer is one.
        let reading = Reading::of("", &message).about(reported.as_ref().and_then(|reported| reported.root.clone()));
        let addresses = || incoming.forward_paths.iter().map(String::as_str);
        let arrived = self.arrived(&message, addresses()).await?;
        let id = SubmissionId::new(self.inner.clock.now());
        let ruled = self.ruled((&arriving(&incoming, id), &message, &reading), addresses()).await?;
        let found = Found { id, reading, reported, arrived, ruled };
        let (mail, sent_on) = (self.clone(), found.ruled.clone());
        self.inner.store.write(move |tx: &mut WriteTx<'_>| mail.file_incoming(tx, &incoming, found)).await?;
        self.wake_for(&sent_on);
        Ok(())
    }

    fn file_incoming(
        &self,
        tx: &mut WriteTx<'_>,
        incoming: &Incoming,
        Found { id, reading, reported, arrived, ruled }: Found,
    ) -> Result<(), MailError> {
        let recipients = recipients(tx, &incoming.forward_paths)?;
        tx.hold(recipients.iter().map(|(person, _)| person.id))?;
        tx.put_blob(&incoming.blob)?;
        let arriving = Arriving { arrived: Some(&arrived), ruled: Some(&ruled), ..arriving(incoming, id) };
        let (readings, mut removed) = (repeat_n(reading, recipients.len()), Vec::new());
        for ((person, path), reading) in recipients.iter().zip(readings) {
            removed.extend(self.file_for(tx, &arriving, reading, person, path)?);
            reported.as_ref().map_or(Ok(()), |reported| reported.tell(tx, person.id, self.inner.clock.now()))?;
        }
        Ok(removed.into_iter().try_for_each(|(mailbox, id)| tx.remove_message(mailbox, id, self.inner.clock.now()))?)
    }
}

/// What is read of a message from outside, before the deed that files it.
#[derive(Clone)]
struct Found {
    id: SubmissionId,
    reading: Reading,
    reported: Option<Reported>,
    arrived: ArrivedFor,
    ruled: RuledFor,
}

/// A message from outside as it arrives by an id of its own.
fn arriving(incoming: &Incoming, id: SubmissionId) -> Arriving<'_> {
    Arriving {
        id,
        blob: incoming.blob.digest,
        prefix: "",
        cuts: "",
        reverse_path: &incoming.reverse_path,
        arrival: Some(&incoming.arrival),
        arrived: None,
        ruled: None,
        requires_tls: false,
    }
}

/// Those for whom a message is, each once, with the first address by which they are named.
fn recipients<'p>(tx: &ReadTx<'_>, forward_paths: &'p [String]) -> Result<Vec<(Person, &'p str)>, MailError> {
    let mut seen: HashSet<MailboxId> = HashSet::new();
    let mut recipients = Vec::new();
    for path in forward_paths {
        let person = person_at(tx, path)?.ok_or(MailError::NotFound(Kind::User))?;
        if seen.insert(person.id) {
            recipients.push((person, path.as_str()));
        }
    }
    Ok(recipients)
}
