//! A message signed and encrypted on its way out: one for those whom its header names and its sender, one of his own for each
//! who is hidden, and one as it was for those who can't read the others.

use super::keys::unsealed;
use super::opening::failed;
use super::{Decision, Protecting, WithoutCertificate};
use crate::Mailbox;
use crate::error::{MailError, SmimeRefusal};
use crate::generated::standing_before;
use crate::submit::Outgoing;
use bytes::Bytes;
use mime::{AddrSpec, Cuts, Message, pieces};
use smime::{Certificate, Cipher, Encryption, HeaderProtection, Key, Kind, Signing};
use std::collections::HashSet;
use std::io::{BufWriter, Write};
use std::time::Duration;
use store::{Blob, Digest, Protection, ReadTx, Spool, StoreError};

/// How long a send waits for the directory, however many of its recipients are looked up there.
const PATIENCE: Duration = Duration::from_secs(60);
/// What is made for those who are hidden, as a multiple of the largest message.
const MOST_HIDDEN: u64 = 8;

/// A message as it stands before it is protected.
pub(crate) struct Unprotected<'u> {
    pub(crate) message: &'u Message,
    pub(crate) blob: Digest,
    /// The fields that it lacks.
    pub(crate) before: &'u str,
    /// What was asked for.
    pub(crate) asked: Protection,
    /// Whether the sender keeps a copy.
    pub(crate) keeps_copy: bool,
}

/// A message that is protected.
#[derive(Clone)]
pub(crate) struct Protected {
    /// What the sender keeps.
    pub(crate) copy: Blob,
    /// It, parsed.
    pub(crate) message: Message,
    /// What goes out, and to whom; at least one, each for somebody.
    pub(crate) variants: Vec<Variant>,
}

/// Octets that go to some of the recipients.
#[derive(Clone)]
pub(crate) struct Variant {
    pub(crate) octets: Octets,
    /// Which, by their places in the envelope.
    pub(crate) recipients: Vec<usize>,
}

/// Which octets go out.
#[derive(Clone)]
pub(crate) enum Octets {
    /// Those that were given, with what stands before them.
    Given { blob: Digest, before: String, cuts: String },
    /// Those that were made of them.
    Made(Blob),
}

/// What is to be made.
struct Plan {
    signer: Option<Key>,
    /// For whom the sender's copy and that of those who are named is encrypted; nobody where it isn't.
    certificates: Vec<Certificate>,
    named: Vec<usize>,
    hidden: Vec<(usize, Certificate)>,
    clear: Vec<usize>,
}

impl Mailbox {
    /// Signs and encrypts a message as its sender asked for, and as the rules say; nothing where neither says anything.
    ///
    /// # Errors
    /// [`MailError::Smime`] where a key or a certificate is missing; [`MailError::Store`].
    pub(crate) async fn protected(&self, given: Unprotected<'_>, outgoing: &Outgoing) -> Result<Option<Protected>, MailError> {
        if self.mail.inner.options.protecting.rules.is_empty() && given.asked == Protection::default() {
            return Ok(None);
        }
        let decisions = self.decisions(&given, outgoing);
        if decisions.iter().all(|decision| decision.protection == Protection::default()) {
            return Ok(None);
        }
        let whole = self.whole(&given, &outgoing.cuts).await?;
        let plan = tokio::time::timeout(PATIENCE, self.plan(&given, &whole, outgoing, &decisions)).await;
        let plan = plan.map_err(|_| SmimeRefusal::NoDirectory)??;
        if plan.signer.is_none() && plan.certificates.is_empty() && plan.hidden.is_empty() {
            return Ok(None); // nobody has a certificate, and the rules let it go
        }
        // Whoever is hidden gets octets of his own: a large message to many of them would fill the disk by one request.
        let hidden = (plan.hidden.len() as u64).saturating_mul(whole.octets().len() as u64);
        if hidden > MOST_HIDDEN.saturating_mul(self.mail.inner.options.max_message_octets) {
            let why = "so large a message can't be encrypted for each of so many who are hidden";
            return Err(SmimeRefusal::Failed(why.to_owned()).into());
        }
        let made = self.made(plan, whole, &given, &outgoing.cuts).await?;
        Ok(Some(made))
    }

    /// What is done for each recipient. What the client has signed or encrypted itself no rule signs or encrypts again; what he
    /// has only signed, a rule may encrypt.
    fn decisions(&self, given: &Unprotected<'_>, outgoing: &Outgoing) -> Vec<Decision> {
        let sender = AddrSpec::parse(outgoing.authors.first());
        let protecting = &self.mail.inner.options.protecting;
        let outermost = smime::outermost(given.message);
        let is_encrypted = matches!(outermost, Some(Kind::Enveloped | Kind::AuthEnveloped));
        let decide = |recipient| {
            let mut decision = protecting.decide(sender.as_ref(), recipient, given.asked);
            decision.protection.sign &= given.asked.sign || outermost.is_none();
            decision.protection.encrypt &= given.asked.encrypt || !is_encrypted;
            decision
        };
        outgoing.envelope.forward_paths.iter().map(decide).collect()
    }

    /// The message with the fields that it lacks, and without Bcc, in one piece.
    async fn whole(&self, given: &Unprotected<'_>, cuts: &str) -> Result<Message, MailError> {
        let message = given.message;
        let before = standing_before(given.before.to_owned(), message.opening(), message.line_end());
        let cuts = Cuts::parse(cuts).ok_or_else(|| StoreError::Corrupt(format!("cuts {cuts:?}")))?;
        let own = pieces(message.octets(), &cuts);
        let before = Some(Bytes::from(before)).filter(|fields| !fields.is_empty());
        Ok(Message::parse(self.mail.in_one_piece(before.into_iter().chain(own).collect()).await?))
    }

    async fn plan(
        &self,
        given: &Unprotected<'_>,
        whole: &Message,
        outgoing: &Outgoing,
        decisions: &[Decision],
    ) -> Result<Plan, MailError> {
        let from = outgoing.authors.first().to_owned();
        let (owner, master) = (self.owner.id, self.mail.inner.options.protecting.master_key.clone());
        let look = move |tx: &ReadTx<'_>| unsealed(tx, owner, master.as_ref());
        let keys: Vec<Key> = self.store().read::<_, StoreError>(look).await?;
        let signs = decisions.iter().any(|decision| decision.protection.sign);
        let signer = signs.then(|| self.signer(&keys, &from)).transpose()?;
        let mut plan = Plan { signer, certificates: Vec::new(), named: Vec::new(), hidden: Vec::new(), clear: Vec::new() };
        let names: HashSet<String> =
            ["To", "Cc"].iter().flat_map(|field| whole.addresses(field)).filter_map(|a| folded(&a.address)).collect();
        let mut missing = Vec::new();
        for (at, (recipient, decision)) in outgoing.envelope.forward_paths.iter().zip(decisions).enumerate() {
            let wanted = decision.protection.encrypt;
            let certificate = if wanted { self.certificate_for(recipient.as_str()).await? } else { None };
            match certificate {
                None if wanted && decision.without_certificate == WithoutCertificate::Refuse => {
                    missing.push(recipient.as_str().to_owned());
                }
                None => plan.clear.push(at),
                Some(certificate) if names.contains(&recipient.folded()) => {
                    plan.named.push(at);
                    add(&mut plan.certificates, certificate);
                }
                Some(certificate) => plan.hidden.push((at, certificate)),
            }
        }
        if !missing.is_empty() {
            return Err(SmimeRefusal::NoCertificate(missing).into());
        }
        if !plan.certificates.is_empty() || !plan.hidden.is_empty() {
            match self.own_certificate(&keys) {
                Some(own) => add(&mut plan.certificates, own),
                None if given.keeps_copy => return Err(SmimeRefusal::NoCertificate(vec![from]).into()),
                None => {}
            }
        }
        Ok(plan)
    }

    /// The key by which this address signs: of several, the one whose certificate is valid longest.
    fn signer(&self, keys: &[Key], from: &str) -> Result<Key, MailError> {
        let now = self.now().seconds();
        let may = |key: &&Key| {
            let certificate = key.certificate();
            certificate.may_sign() && certificate.is_for(from) && certificate.is_valid_at(now)
        };
        keys.iter().find(may).cloned().ok_or_else(|| SmimeRefusal::NoKey(from.to_owned()).into())
    }

    fn own_certificate(&self, keys: &[Key]) -> Option<Certificate> {
        let now = self.now().seconds();
        keys.iter().map(Key::certificate).find(|one| one.may_encrypt() && one.is_valid_at(now)).cloned()
    }

    /// Makes what is planned, on a thread that may wait for it.
    async fn made(&self, plan: Plan, whole: Message, given: &Unprotected<'_>, cuts: &str) -> Result<Protected, MailError> {
        let Plan { signer, certificates, named, hidden, clear } = plan;
        let Protecting { cipher, header, .. } = self.mail.inner.options.protecting;
        let making = Making { whole, signer, boundary: self.boundary_seed(), now: self.now().seconds(), cipher, header };
        let is_signed_alone = certificates.is_empty() && hidden.is_empty();
        let main = match certificates.is_empty() && !hidden.is_empty() {
            true => None,
            false => Some(self.make(&making, certificates).await?),
        };
        let mut variants = Vec::new();
        for (at, certificate) in hidden {
            let own = self.make(&making, vec![certificate]).await?;
            variants.push(Variant { octets: Octets::Made(own), recipients: vec![at] });
        }
        match (&main, &making.signer) {
            _ if clear.is_empty() => {}
            (Some(main), _) if is_signed_alone => {
                variants.push(Variant { octets: Octets::Made(main.clone()), recipients: clear })
            }
            (_, Some(_)) => {
                let signed = self.make(&making, Vec::new()).await?;
                variants.push(Variant { octets: Octets::Made(signed), recipients: clear });
            }
            (_, None) => {
                let octets = Octets::Given { blob: given.blob, before: given.before.to_owned(), cuts: cuts.to_owned() };
                variants.push(Variant { octets, recipients: clear });
            }
        }
        if let Some(main) = main.as_ref().filter(|_| !named.is_empty()) {
            variants.insert(0, Variant { octets: Octets::Made(main.clone()), recipients: named });
        }
        let first_made = || variants.iter().find_map(|variant| variant.octets.made().cloned());
        let copy = main.or_else(first_made).ok_or(StoreError::Stopped)?; // one of them was made, or nothing was planned
        Ok(Protected { message: Message::parse(copy.octets.clone()), copy, variants })
    }

    async fn make(&self, making: &Making, certificates: Vec<Certificate>) -> Result<Blob, MailError> {
        let (making, spool) = (making.clone(), self.mail.spool());
        let made = tokio::task::spawn_blocking(move || making.write(&certificates, spool)).await;
        Ok(made.map_err(|_| StoreError::Stopped)??.finish().await?)
    }
}

#[derive(Clone)]
struct Making {
    whole: Message,
    signer: Option<Key>,
    boundary: String,
    now: i64,
    cipher: Cipher,
    header: HeaderProtection,
}

impl Making {
    fn write(&self, certificates: &[Certificate], spool: Spool) -> Result<Spool, MailError> {
        let sign = self.signer.as_ref().map(|key| Signing { key, opaque: false, pss: false, now: self.now });
        let encrypt = Encryption { to: certificates, cipher: self.cipher, oaep: false };
        let protection = smime::Protection {
            sign,
            encrypt: (!certificates.is_empty()).then_some(encrypt),
            header: self.header,
            boundary: &self.boundary,
        };
        let mut out = BufWriter::new(spool);
        smime::protect(&self.whole, protection, &mut out).map_err(failed)?;
        out.flush().map_err(StoreError::Io)?;
        Ok(out.into_inner().map_err(|error| StoreError::Io(error.into_error()))?)
    }
}

impl Octets {
    pub(crate) fn made(&self) -> Option<&Blob> {
        match self {
            Octets::Given { .. } => None,
            Octets::Made(blob) => Some(blob),
        }
    }
}

fn add(certificates: &mut Vec<Certificate>, one: Certificate) {
    if !certificates.contains(&one) {
        certificates.push(one);
    }
}

fn folded(address: &str) -> Option<String> {
    AddrSpec::parse(address).map(|address| address.folded())
}
