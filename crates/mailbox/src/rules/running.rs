//! Rules run at what arrives. What they make of it is decided, and what is sent on is made ready, before the deed that files
//! it: the writer is one. The deed does all of it, or nothing.

use super::InboxRule;
use super::actions::{Decision, Target, decide};
use super::letter::{Letter, is_among};
use super::replies::{Absence, Reply, replied_to};
use crate::Mail;
use crate::compose::Beside;
use crate::deliver::Arriving;
use crate::error::{MailError, SmimeRefusal};
use crate::index::Reading;
use crate::organize::file_copy;
use crate::people::person_at;
use crate::submit::Ready;
use mime::{AddrSpec, Message};
use std::collections::{HashMap, HashSet};
use store::{
    FolderId, MailboxId, MessageRecord, Overlay, Person, ReadTx, Recipient, RuleId, StoreError, Timestamp, WellKnownName, WriteTx,
};

/// How often rules send a message on before it goes no further, as Exchange has it.
const MOST_HOPS: usize = 3;

/// What the rules of a mailbox make of a message.
#[derive(Clone, Default)]
pub(crate) struct Ruled {
    decision: Decision,
    /// What is sent on as messages of the owner's.
    ready: Vec<(RuleId, Ready)>,
    /// Rules that want something which can't be done.
    failed: Vec<RuleId>,
    /// What whoever sent it is told.
    reply: Option<Reply>,
}

/// The same for each mailbox that has any.
pub(crate) type RuledFor = HashMap<MailboxId, Ruled>;

/// Somebody who has rules, or is away.
struct Owner {
    person: Person,
    addresses: Vec<String>,
    rules: Vec<InboxRule>,
    absence: Option<Absence>,
}

impl Owner {
    /// Nothing where nothing runs. `told` is whom he would tell that he is away, and whether it is somebody here.
    fn of(tx: &ReadTx<'_>, person: Person, told: Option<&(AddrSpec, bool)>, now: Timestamp) -> Result<Option<Owner>, StoreError> {
        let rows = tx.message_rules(person.id)?;
        let read = |row| InboxRule::read(row).inspect_err(|error| tracing::error!(%error, "a rule is passed over")).ok();
        let rules: Vec<InboxRule> = rows.into_iter().filter(|row| row.is_enabled).filter_map(read).collect();
        let absence = told.map_or(Ok(None), |(to, is_own)| Absence::of(tx, &person, (to, *is_own), now))?;
        if rules.is_empty() && absence.is_none() {
            return Ok(None);
        }
        Ok(Some(Owner { addresses: tx.addresses(person.id)?, person, rules, absence }))
    }

    /// What becomes of a message, and through whose rules it has come. Nobody is told where something doesn't arrive that a report
    /// became by being sent on; an answer of a program that becomes a new message may be answered anew, for ever (RFC 3834 §2).
    fn decide(&mut self, coming: &Coming) -> (Decision, Vec<String>) {
        let letter = Letter::new(coming, &self.addresses);
        let mut decision = decide(&self.rules, &letter);
        let sent_on_by = letter.sent_on_by();
        let goes_round = sent_on_by.len() >= MOST_HOPS || sent_on_by.iter().any(|one| is_among(&self.addresses, one));
        if coming.reverse_path.is_empty() || goes_round {
            decision.hold_back_all();
        } else if coming.reading.automation.is_answer() {
            decision.hold_back_forwards();
        }
        if decision.is_held_back {
            tracing::info!(goes_round, "a message is not sent on as rules say: it goes round, or is an answer or from nobody");
        }
        let is_own = |absence: &Absence| is_among(&self.addresses, &absence.to.folded());
        self.absence = self.absence.take().filter(|absence| !is_own(absence) && Absence::is_due(&letter, &decision));
        (decision, sent_on_by)
    }
}

/// What rules are told of a message that arrives.
pub(super) struct Coming {
    /// Fields that stand before its octets.
    pub(super) before: Message,
    pub(super) message: Message,
    pub(super) reading: Reading,
    /// Whether Bcc is cut from what recipients get, so that none may ask for it either.
    pub(super) hides_bcc: bool,
    pub(super) reverse_path: String,
    /// Whether somebody here has sent it.
    is_own: bool,
}

impl Coming {
    fn of(arriving: &Arriving<'_>, message: &Message, reading: &Reading) -> Coming {
        Coming {
            before: Message::parse(format!("{}\r\n", arriving.prefix).into()),
            message: message.clone(),
            reading: reading.clone(),
            hides_bcc: !arriving.cuts.is_empty(),
            reverse_path: arriving.reverse_path.to_owned(),
            is_own: arriving.arrival.is_none(),
        }
    }
}

impl Mail {
    /// What rules make of a message for each of the people with these addresses who have any.
    ///
    /// # Errors
    /// [`MailError::Store`].
    pub(crate) async fn ruled<'a>(
        &self,
        (arriving, message, reading): (&Arriving<'_>, &Message, &Reading),
        addresses: impl Iterator<Item = &'a str>,
    ) -> Result<RuledFor, MailError> {
        let coming = Coming::of(arriving, message, reading);
        let told = replied_to(&coming).map(|to| (to, coming.is_own));
        let owners = self.owners(addresses.map(str::to_owned).collect(), told).await?;
        if owners.is_empty() {
            return Ok(HashMap::new());
        }
        let decide = move || {
            let decided: Vec<_> = owners.into_iter().map(|mut owner| (owner.decide(&coming), owner)).collect();
            (coming, decided)
        };
        let (coming, decided) = tokio::task::spawn_blocking(decide).await.map_err(|_| StoreError::Stopped)?;
        let mut ruled = HashMap::new();
        for ((mut decision, sent_on_by), owner) in decided {
            let mut failed = self.forged(&mut decision, &coming, &sent_on_by);
            let mut ready = Vec::new();
            for (rule, forward) in std::mem::take(&mut decision.forwards) {
                match or_told(self.forward(&owner.person, (arriving, message, reading), &forward, &sent_on_by).await)? {
                    Some(made) => ready.push((rule, made)),
                    None => failed.push(rule),
                }
            }
            let reply = match owner.absence {
                Some(absence) => or_told(self.reply(&owner.person, (arriving, message, reading), absence).await)?,
                None => None,
            };
            decision.is_held_back |= !failed.is_empty();
            ruled.insert(owner.person.id, Ruled { decision, ready, failed, reply });
        }
        Ok(ruled)
    }

    /// Takes out what would leave here in the name of people of ours who didn't send it: whoever gets it would take it for theirs, by
    /// where it comes from. Answers whose rules want that.
    fn forged(&self, decision: &mut Decision, coming: &Coming, sent_on_by: &[String]) -> Vec<RuleId> {
        let is_domains = |address: &str| address.rsplit_once('@').is_some_and(|(_, domain)| self.is_local(domain));
        let is_ours = coming.reading.from.iter().any(|author| is_domains(&author.address));
        if !is_ours || coming.is_own && sent_on_by.is_empty() {
            return Vec::new();
        }
        let leaves = |to: &[Recipient]| to.iter().any(|one| !is_domains(&one.address));
        let (out, within) = std::mem::take(&mut decision.redirects).into_iter().partition(|(_, to)| leaves(to));
        decision.redirects = within;
        let out: Vec<(RuleId, Vec<Recipient>)> = out;
        out.into_iter().map(|(rule, _)| rule).collect()
    }

    /// The same of what arrives within a deed: a report, which is never sent on.
    pub(crate) fn ruled_within(
        &self,
        tx: &ReadTx<'_>,
        (arriving, message, reading): (&Arriving<'_>, &Message, &Reading),
        person: &Person,
    ) -> Result<RuledFor, StoreError> {
        let now = self.inner.clock.now();
        let Some(mut owner) = Owner::of(tx, person.clone(), None, now)? else { return Ok(HashMap::new()) };
        let (decision, _) = owner.decide(&Coming::of(arriving, message, reading));
        Ok(HashMap::from([(person.id, Ruled { decision, ..Ruled::default() })]))
    }

    async fn owners(&self, addresses: Vec<String>, told: Option<(AddrSpec, bool)>) -> Result<Vec<Owner>, StoreError> {
        let now = self.inner.clock.now();
        let look = move |tx: &ReadTx<'_>| {
            let (mut seen, mut owners) = (HashSet::new(), Vec::new());
            for address in &addresses {
                if let Some(person) = person_at(tx, address)?.filter(|person| seen.insert(person.id)) {
                    owners.extend(Owner::of(tx, person, told.as_ref(), now)?);
                }
            }
            Ok(owners)
        };
        self.inner.store.read(look).await
    }

    /// Wakes whoever carries what rules have sent on.
    pub(crate) fn wake_for(&self, ruled: &RuledFor) {
        if ruled.values().any(|one| !one.ready.is_empty() || !one.decision.redirects.is_empty() || one.reply.is_some()) {
            self.inner.submitted.notify_one();
            self.inner.to_relay.notify_one();
        }
    }
}

/// What went well; nothing where a rule can't do what it says, so that it has an error and the message arrives.
fn or_told<T>(made: Result<T, MailError>) -> Result<Option<T>, MailError> {
    match made {
        Ok(made) => Ok(Some(made)),
        Err(error @ (MailError::Store(_) | MailError::Smime(SmimeRefusal::NoDirectory))) => Err(error), // it may go well in a while
        Err(error) => {
            tracing::warn!(%error, "a rule could not send a message on");
            Ok(None)
        }
    }
}

impl Ruled {
    /// The folder in which the message is filed: the Inbox too where a folder is gone, and where it can't be removed.
    pub(crate) fn folder(&self, tx: &ReadTx<'_>, owner: MailboxId) -> Result<FolderId, StoreError> {
        let folder = match self.decision.goes_to {
            Some((_, Target::DeletedItems)) if !self.decision.is_held_back => {
                Some(tx.well_known_folder(owner, WellKnownName::DeletedItems)?)
            }
            Some((_, Target::Folder(folder))) => tx.folder(owner, folder)?.map(|found| found.id),
            _ => None,
        };
        folder.map_or_else(|| tx.well_known_folder(owner, WellKnownName::Inbox), Ok)
    }

    /// What stands beside the message, by rules.
    pub(crate) fn beside(&self, reading: &Reading) -> (Beside, Overlay) {
        let Decision { is_read, importance, categories, .. } = &self.decision;
        let mut named = reading.keywords.clone();
        for category in categories {
            if !named.iter().any(|known| known.to_lowercase() == category.to_lowercase()) {
                named.push(category.clone());
            }
        }
        let categories = (!categories.is_empty()).then_some(named);
        let importance = importance.map(|importance| importance.as_str().to_owned());
        let beside = Beside { categories, is_read: is_read.then_some(true), ..Beside::default() };
        (beside, Overlay { importance, ..Overlay::default() })
    }

    /// Does what is left once the message is filed; answers whether it is to be removed again, once all have theirs: until then
    /// other copies may be named by nothing else.
    pub(crate) fn carry_out(
        &self,
        tx: &mut WriteTx<'_>,
        mail: &Mail,
        (arriving, reading): (&Arriving<'_>, &Reading),
        (owner, filed): (&Person, &MessageRecord),
    ) -> Result<bool, MailError> {
        let now = mail.inner.clock.now();
        let mut failed = self.failed.clone();
        if let Some((rule, Target::Folder(folder))) = self.decision.goes_to
            && folder != filed.folder
        {
            failed.push(rule);
        }
        for &(rule, folder) in &self.decision.copies {
            match tx.folder(owner.id, folder)? {
                Some(folder) => drop(file_copy(tx, owner.id, filed, folder.id, now)?),
                None => failed.push(rule),
            }
        }
        for (rule, ready) in self.ready.iter().cloned() {
            if or_told(ready.put(tx))?.is_none() {
                failed.push(rule);
            }
        }
        for (rule, to) in &self.decision.redirects {
            match or_told(mail.redirected(owner, (arriving, reading.line_end), to))? {
                Some(submission) => tx.add_submission(&submission)?,
                None => failed.push(*rule),
            }
        }
        if let Some(Reply { absence, ready }) = self.reply.clone()
            && tx.tell_once(owner.id, absence.to.as_str(), absence.period)?
        {
            or_told(ready.put(tx))?;
        }
        for rule in &failed {
            tx.mark_message_rule(owner.id, *rule)?;
        }
        Ok(self.decision.removes_for_good() && !self.decision.is_held_back && failed.is_empty())
    }
}
