//! Relaying (RFC 5321 §2.3.10): what is for other domains is taken from the outbox by destination, and what became of it is
//! written there, with the reports that its senders get, in one deed.
//!
//! Who carries it, and what is spoken, is the door's matter; what happens then is decided here.

use crate::Mail;
use crate::counts::count;
use crate::deliver::Arriving;
use crate::error::MailError;
use crate::generated::{relay_trace, standing_before};
use crate::index::Reading;
use crate::nodes::Carried;
use crate::report::{Action, Report, Told, plain};
use crate::retry::Retry;
use bytes::Bytes;
use mime::{AddrSpec, Cuts, Message, NameAddr};
use std::time::Duration;
use store::{
    Blob, Digest, ForwardPath, ForwardState, Leased, Person, ReadTx, Settled, StoreError, Submission, SubmissionId, Timestamp,
    Work, WriteTx,
};

/// Forward-paths that are taken together: their messages are in memory, those of less than 256 KiB whole.
const TOGETHER: i64 = 32;
/// For how long a destination is taken. Whoever has it gives it back sooner (`smtp::relay` bounds all that it does), or is gone.
const LEASE: Duration = Duration::from_secs(2 * 60 * 60);
/// How long to leave destinations to other nodes that were faster.
const OVERTAKEN: Duration = Duration::from_millis(50);
/// How often it is tried to write what became of mail while the store can't be reached, and how long to wait in between.
const SETTLED: usize = 300;
const UNWRITTEN: Duration = Duration::from_secs(1);
/// How long to wait before looking again, whatever is known: the clock may be set, and another process may release something.
const LOOK_AGAIN: Duration = Duration::from_secs(5);
/// The name of the destination where everything goes to one host.
pub(crate) const ONE_HOST: &str = "*";

/// How mail for other domains is sent on.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Relaying {
    /// Whether it is held until somebody releases it.
    pub is_held: bool,
    /// Whether one host takes all of it.
    pub has_one_host: bool,
    /// Whether that host takes mail for our own domain too: our people's mailboxes are there.
    pub takes_own_domain: bool,
    /// How long it is tried.
    pub retry: Retry,
}

impl Relaying {
    /// By what an address is found together with those that go the same way.
    pub(crate) fn destination(&self, address: &str) -> String {
        match self.has_one_host {
            true => ONE_HOST.to_owned(),
            false => AddrSpec::parse(address).map_or_else(String::new, |path| path.domain().to_lowercase()),
        }
    }
}

/// A destination that nobody else goes to while this is had.
#[derive(Debug)]
pub struct Route {
    leased: Leased,
    /// This node knows that it goes there.
    _carried: Carried,
}

impl Route {
    /// The domain; nothing where all mail goes to one host.
    pub fn domain(&self) -> Option<&str> {
        Some(self.leased.name.as_str()).filter(|name| *name != ONE_HOST)
    }
}

/// A message and those whom it is to be relayed to, by one road.
#[derive(Debug, Clone)]
pub struct Consignment {
    submission: Submission,
    message: Message,
    prefix: String,
}

/// What a host said to a recipient, or why it could not be spoken to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Said {
    /// The host; empty where there is none.
    pub next_hop: String,
    /// Class, subject and detail (RFC 3463).
    pub status: [u8; 3],
    /// A reply of one line, or a sentence.
    pub text: String,
    /// Whether it is a reply of the host's.
    pub is_reply: bool,
}

/// What became of one recipient.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The host has taken it. Whether it tells of success itself, as it was asked to.
    Relayed {
        /// Its reply.
        said: Said,
        /// Whether it passes reports on (RFC 3461).
        passes_reports: bool,
    },
    /// Not now.
    Later(Said),
    /// Not ever.
    Never(Said),
}

impl Consignment {
    /// From whom it is; empty for a report.
    pub fn reverse_path(&self) -> &str {
        &self.submission.reverse_path
    }

    /// Who sends it: the same, or the author of what nobody is told about (RFC 8098 §3).
    pub fn sender(&self) -> String {
        let author = || self.message.addresses("From").into_iter().next().map(|author| author.address);
        match self.submission.reverse_path.as_str() {
            "" => author().unwrap_or_default(),
            path => path.to_owned(),
        }
    }

    /// To whom it goes.
    pub fn forward_paths(&self) -> &[ForwardPath] {
        &self.submission.forward_paths
    }

    /// What the sender wants.
    pub fn wishes(&self) -> &store::Wishes {
        &self.submission.wishes
    }

    /// Whether it may go over a connection that was made for any other.
    pub fn is_usual(&self) -> bool {
        !self.submission.wishes.requires_tls
    }

    /// By what it is known in a report: the sender's own word, or ours.
    pub fn envelope_id(&self) -> String {
        match self.submission.wishes.envelope_id.as_str() {
            "" => spelled(self.submission.id),
            own => own.to_owned(),
        }
    }

    /// By what whoever gets it again knows that he has it: the same message for the same recipients, whatever its sender calls it.
    pub fn key(&self) -> String {
        let paths: Vec<&str> = self.forward_paths().iter().map(|path| path.address.as_str()).collect();
        format!("{}-{}", spelled(self.submission.id), Digest::of(paths.join("\n").as_bytes()).to_hex())
    }

    /// The domain of its author (RFC 5322 §3.6.2), in lower case; nothing where it names none, and where a rule sends it on: then
    /// we don't answer for its author.
    pub fn author_domain(&self) -> Option<String> {
        let before = Message::parse(format!("{}\r\n", self.submission.prefix).into());
        if before.field("Resent-From").is_some() {
            return None; // whoever sends it on isn't its author
        }
        let mut authors = before.addresses("From");
        authors.extend(self.message.addresses("From"));
        authors.first().and_then(NameAddr::addr_spec).map(|author| author.domain().to_lowercase())
    }

    /// Whom its header names in To and Cc.
    pub fn named_recipients(&self) -> Vec<String> {
        let before = Message::parse(format!("{}\r\n", self.submission.prefix).into());
        let named =
            |message: &Message, name: &str| message.addresses(name).into_iter().map(|one| one.address).collect::<Vec<_>>();
        let all = [&before, &self.message].map(|message| [named(message, "To"), named(message, "Cc")].concat());
        all.concat().into_iter().filter(|address| !address.is_empty()).collect()
    }

    /// Its octets as one who submits it anew gives them: without a trace, and with a Bcc of those whom the header doesn't name.
    pub fn octets_with_bcc(&self, hidden: &[String]) -> Vec<u8> {
        let hidden: Vec<NameAddr> = hidden.iter().map(|one| NameAddr { name: String::new(), address: one.clone() }).collect();
        let line_end = self.message.line_end();
        let bcc = line_end.end_lines(mime::address_line("Bcc", &hidden).as_bytes());
        let before = String::from_utf8_lossy(&bcc).into_owned() + &self.submission.prefix;
        let mut octets = standing_before(before, self.message.opening(), line_end).into_bytes();
        let cuts = Cuts::parse(&self.submission.cuts).unwrap_or_default();
        mime::pieces(self.message.octets(), &cuts).iter().for_each(|piece| octets.extend_from_slice(piece));
        octets
    }

    /// Its octets, before what the wire makes of them: slices of what the client gave, behind what stands before it.
    pub fn pieces(&self) -> Vec<Bytes> {
        let cuts = Cuts::parse(&self.submission.cuts).unwrap_or_default();
        let mut pieces = vec![Bytes::from(self.prefix.clone())];
        pieces.extend(mime::pieces(self.message.octets(), &cuts));
        pieces
    }

    /// Whether its sender would have been told by now that it takes long: then it must not wait unlooked at.
    fn is_long(&self, retry: &Retry, now: Timestamp) -> bool {
        retry.is_long(self.submission.created_date_time, now)
    }
}

impl Mail {
    /// Whether what people here send to a domain is filed here.
    pub(crate) fn stays(&self, domain: &str) -> bool {
        self.is_local(domain) && !self.inner.options.relaying.takes_own_domain
    }

    /// How a recipient is reached.
    pub(crate) fn forward_path(&self, path: &AddrSpec, now: Timestamp) -> ForwardPath {
        let relaying = &self.inner.options.relaying;
        let address = path.as_str().to_owned();
        let destination = relaying.destination(&address);
        match self.stays(path.domain()) {
            true => ForwardPath::new(address, ForwardState::Due, String::new(), now),
            false if relaying.is_held => ForwardPath::new(address, ForwardState::Held, destination, now),
            false => ForwardPath::new(address, ForwardState::Relay, destination, now),
        }
    }

    /// Makes ready to relay: what a process that is gone had taken is free, and all goes where it goes by now.
    ///
    /// # Errors
    /// [`MailError::Store`].
    pub async fn begin_relaying(&self) -> Result<(), MailError> {
        let relaying = self.inner.options.relaying.clone();
        let now = self.inner.clock.now();
        let deed = move |tx: &mut WriteTx<'_>| {
            tx.end_leases(Work::Relay)?;
            tx.redirect(now, |address| relaying.destination(address))
        };
        Ok(self.inner.store.write::<_, StoreError>(deed).await?)
    }

    /// Takes destinations that are due; at most `top`.
    ///
    /// # Errors
    /// [`MailError::Store`].
    pub async fn due_routes(&self, top: usize) -> Result<Vec<Route>, MailError> {
        let (now, taker) = (self.inner.clock.now(), self.taker());
        let look =
            move |tx: &ReadTx<'_>| Ok::<_, StoreError>(tx.next_lease(Work::Relay, taker, now)?.is_some_and(|due| due <= now));
        if !self.inner.store.read(look).await? {
            return Ok(Vec::new()); // which is most often so, and costs no commit
        }
        let top = i64::try_from(top).unwrap_or(i64::MAX);
        let _leasing = self.inner.presence.leasing().await;
        let deed = move |tx: &mut WriteTx<'_>| tx.lease(Work::Relay, taker.from_silent, (now, LEASE), top);
        let leased = self.inner.store.write_upkeep::<_, StoreError>(deed).await?;
        if leased.is_empty() {
            tokio::time::sleep(OVERTAKEN).await; // other nodes were faster
        }
        let carried = |leased: Leased| Route { _carried: self.inner.presence.carry(&leased.name), leased };
        Ok(leased.into_iter().map(carried).collect())
    }

    /// Waits until a destination may be due.
    ///
    /// # Errors
    /// [`MailError::Store`].
    pub async fn until_relay(&self) -> Result<(), MailError> {
        let told = self.inner.to_relay.notified();
        let (taker, now) = (self.taker(), self.inner.clock.now());
        let next = self.inner.store.read::<_, StoreError>(move |tx: &ReadTx<'_>| tx.next_lease(Work::Relay, taker, now)).await?;
        let wait = next.map_or(LOOK_AGAIN, |due| Duration::from_micros(u64::try_from(due.0 - now.0).unwrap_or_default()));
        tokio::select! {
            () = told => {}
            () = self.inner.store.until_rung() => {}
            () = tokio::time::sleep(wait.min(LOOK_AGAIN)) => {}
        }
        Ok(())
    }

    /// What is to go by a route now, from what is due longest; nothing where another node has it by now. One whose octets can't be
    /// had is put off.
    ///
    /// # Errors
    /// [`MailError::Store`].
    pub async fn consignments(&self, route: &Route) -> Result<Vec<Consignment>, MailError> {
        if !self.is_there() {
            self.say_there().await?; // so that what is found to be its own stays so
        }
        let now = self.inner.clock.now();
        let (destination, node) = (route.leased.name.clone(), self.inner.store.node());
        let due = self.inner.store.read::<_, StoreError>(move |tx| tx.due_relays((&destination, node), now, TOGETHER)).await?;
        let blobs = self.inner.store.blobs(due.iter().map(|submission| submission.blob).collect()).await?;
        let mut consignments = Vec::with_capacity(due.len());
        for (submission, blob) in due.into_iter().zip(blobs) {
            match blob {
                Ok(blob) => consignments.push(self.consignment(submission, blob)),
                Err(error @ StoreError::Unavailable(_)) => return Err(error.into()),
                Err(error) => {
                    tracing::error!(%error, submission.id = %spelled(submission.id), "a submission's octets can't be had, and it is put off");
                    let said = Said { next_hop: String::new(), status: [4, 3, 0], text: error.to_string(), is_reply: false };
                    let lost = self.consignment(submission, Blob::in_memory(Bytes::new()));
                    self.settle_alike(&lost, &Outcome::Later(said)).await?;
                }
            }
        }
        Ok(consignments)
    }

    fn consignment(&self, submission: Submission, blob: Blob) -> Consignment {
        let message = Message::parse(blob.octets);
        let (host, id) = (&self.inner.options.domain, spelled(submission.id));
        let trace = relay_trace(message.line_end(), host, &id, submission.created_date_time);
        let prefix = standing_before(trace + &submission.prefix, message.opening(), message.line_end());
        Consignment { submission, message, prefix }
    }

    /// Writes what became of a consignment's recipients, and tells its sender what he wants to know. A recipient of whom
    /// nothing is said stays due.
    ///
    /// # Errors
    /// [`MailError::Store`].
    pub async fn settle(&self, consignment: &Consignment, outcomes: Vec<(String, Outcome)>) -> Result<(), MailError> {
        // What the other side has taken is tried to be written for long: else it goes again.
        for _ in 0..SETTLED {
            let (mail, consignment, outcomes) = (self.clone(), consignment.clone(), outcomes.clone());
            match self.inner.store.write(move |tx| mail.settle_within(tx, &consignment, &outcomes)).await {
                Err(MailError::Store(error @ StoreError::Unavailable(_))) => {
                    tracing::warn!(%error, "what became of mail can't be written yet");
                    tokio::time::sleep(UNWRITTEN).await;
                }
                done => return done,
            }
        }
        Err(StoreError::Unavailable("what became of mail could not be written".to_owned()).into())
    }

    /// The same outcome for all of its recipients.
    ///
    /// # Errors
    /// [`MailError::Store`].
    pub async fn settle_alike(&self, consignment: &Consignment, outcome: &Outcome) -> Result<(), MailError> {
        let paths = consignment.forward_paths().iter();
        self.settle(consignment, paths.map(|path| (path.address.clone(), outcome.clone())).collect()).await
    }

    /// What could not be tried, since its destination could not be reached: whoever has waited long is told, or given up.
    /// Answers whether more of that kind may wait.
    ///
    /// # Errors
    /// [`MailError::Store`].
    pub async fn settle_waiting(&self, route: &Route, said: &Said) -> Result<bool, MailError> {
        let (retry, now) = (self.inner.options.relaying.retry, self.inner.clock.now());
        let waiting = self.consignments(route).await?;
        let long = waiting.iter().take_while(|consignment| consignment.is_long(&retry, now));
        let mut settled = 0;
        for consignment in long {
            self.settle_alike(consignment, &Outcome::Later(said.clone())).await?;
            settled += 1;
        }
        Ok(settled > 0 && settled == waiting.len())
    }

    /// Gives a route back. One by which nobody was reached at all is tried again after a pause, and any after `rest`.
    ///
    /// # Errors
    /// [`MailError::Store`].
    pub async fn return_route(&self, route: &Route, was_reached: bool, rest: Duration) -> Result<(), MailError> {
        let failures = if was_reached { 0 } else { route.leased.failures.saturating_add(1) };
        let leased = Leased { failures, ..route.leased.clone() };
        let now = self.inner.clock.now();
        let not_before = match was_reached {
            true => now.after(rest),
            false => self.inner.options.relaying.retry.next(now, failures, leased.name.as_bytes()),
        };
        Ok(self.inner.store.write_upkeep::<_, StoreError>(move |tx| tx.give_back(&leased, now, not_before)).await?)
    }

    fn settle_within(&self, tx: &mut WriteTx<'_>, of: &Consignment, outcomes: &[(String, Outcome)]) -> Result<(), MailError> {
        let now = self.inner.clock.now();
        let mut told: Vec<(Action, usize, [u8; 3])> = Vec::new();
        let of_path = |(index, (address, outcome)): (usize, &(String, Outcome))| {
            let path = of.forward_paths().iter().find(|path| path.address == *address)?;
            Some((index, path, self.decide(of, path, outcome, now)))
        };
        let decided: Vec<_> = outcomes.iter().enumerate().filter_map(of_path).collect();
        let is_told = |path, decided: &Decided| decided.action.is_some_and(|action| action.is_wanted(path));
        if decided.iter().any(|(_, path, decided)| is_told(path, decided)) || tx.are_deliveries_followed(of.submission.mailbox)? {
            tx.hold([of.submission.mailbox])?; // before any row, as all who change that mailbox
        }
        for (index, path, Decided { settled, action, status }) in decided {
            if !tx.settle(of.submission.mailbox, of.submission.id, &settled)? {
                continue; // somebody took it back meanwhile
            }
            count(settled.state, of.submission.created_date_time, now);
            told.extend(action.filter(|action| action.is_wanted(path)).map(|action| (action, index, status)));
        }
        for action in [Action::Failed, Action::Delayed, Action::Relayed] {
            let about: Vec<Told<'_>> = told
                .iter()
                .filter(|(one, ..)| *one == action)
                .filter_map(|&(_, index, status)| {
                    let (address, outcome) = outcomes.get(index)?;
                    let path = of.forward_paths().iter().find(|path| path.address == *address)?;
                    let said = outcome.said();
                    Some(Told { path, status, next_hop: &said.next_hop, text: &said.text, is_reply: said.is_reply })
                })
                .collect();
            self.tell_sender(tx, action, (&of.submission, &of.message), &about)?;
        }
        Ok(tx.end_submission(of.submission.mailbox, of.submission.id)?)
    }

    fn decide(&self, of: &Consignment, path: &ForwardPath, outcome: &Outcome, now: Timestamp) -> Decided {
        let retry = &self.inner.options.relaying.retry;
        let created = of.submission.created_date_time;
        let said = outcome.said();
        let (state, due, action, status) = match outcome {
            Outcome::Relayed { passes_reports, .. } => {
                (ForwardState::Relayed, now, (!passes_reports).then_some(Action::Relayed), said.status)
            }
            Outcome::Never(_) => (ForwardState::Failed, now, Some(Action::Failed), said.status),
            // RFC 3463 §3.5: X.4.7, delivery time expired
            Outcome::Later(_) if retry.is_over(created, now) => (ForwardState::Failed, now, Some(Action::Failed), [4, 4, 7]),
            Outcome::Later(_) => {
                let seed = of.submission.id.0;
                let due = retry.next(now, path.attempts.saturating_add(1), &seed);
                let is_told = retry.is_long(created, now) && !path.is_delay_told;
                (ForwardState::Relay, due, is_told.then_some(Action::Delayed), said.status)
            }
        };
        let settled = Settled {
            address: path.address.clone(),
            state,
            due_date_time: due,
            next_hop: said.next_hop.clone(),
            reply: plain(&said.text),
            is_delay_told: action == Some(Action::Delayed),
        };
        Decided { settled, action, status }
    }

    /// Files a report in the Inbox of whoever sent; never of a message that is a report itself (RFC 5321 §4.5.5).
    pub(crate) fn tell_sender(
        &self,
        tx: &mut WriteTx<'_>,
        action: Action,
        (submission, message): (&Submission, &Message),
        told: &[Told<'_>],
    ) -> Result<(), MailError> {
        if told.is_empty() || submission.reverse_path.is_empty() {
            return Ok(());
        }
        let now = self.inner.clock.now();
        let Some(sender) = tx.person(submission.mailbox)? else {
            tracing::warn!("a report is for nobody: its sender is gone");
            return Ok(());
        };
        let id = SubmissionId::new(now);
        let until = submission.created_date_time.after(self.inner.options.relaying.retry.lifetime);
        let report = Report { action, host: &self.inner.options.domain, submission, message, told, id: &spelled(id), now, until };
        self.file_report(tx, &Blob::in_memory(report.octets()), id, &sender)
    }

    fn file_report(&self, tx: &mut WriteTx<'_>, blob: &Blob, id: SubmissionId, to: &Person) -> Result<(), MailError> {
        let message = Message::parse(blob.octets.clone());
        let reading = Reading::of("", &message);
        tx.put_blob(blob)?;
        let arriving = Arriving {
            id,
            blob: blob.digest,
            prefix: "",
            cuts: "",
            reverse_path: "",
            arrival: None,
            arrived: None,
            ruled: None,
            requires_tls: false,
        };
        let ruled = self.ruled_within(tx, (&arriving, &message, &reading), to)?;
        let arriving = Arriving { ruled: Some(&ruled), ..arriving };
        let removed = self.file_for(tx, &arriving, reading, to, &to.user_principal_name)?;
        Ok(removed.map_or(Ok(()), |(mailbox, id)| tx.remove_message(mailbox, id, self.inner.clock.now()))?)
    }
}

/// What is written of one recipient, and of what his sender is told.
struct Decided {
    settled: Settled,
    action: Option<Action>,
    status: [u8; 3],
}

impl Outcome {
    fn said(&self) -> &Said {
        match self {
            Outcome::Relayed { said, .. } | Outcome::Later(said) | Outcome::Never(said) => said,
        }
    }
}

/// An id as it is written.
pub(crate) fn spelled(id: SubmissionId) -> String {
    uuid::Uuid::from_bytes(id.0).simple().to_string()
}
