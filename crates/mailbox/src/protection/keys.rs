//! The keys of a mailbox: put here, used here, and never to be had again.

use crate::error::{Kind, MailError, SmimeRefusal};
use crate::opened::may_be_encrypted;
use crate::{Mail, Mailbox};
use mime::Message;
use smime::{Certificate, Key, MasterKey, SmimeError};
use std::time::Duration;
use store::{MailboxId, Person, ReadTx, SmimeKey, StoreError, Timestamp, WriteTx};

/// Before its end a certificate is warned of, in microseconds: thirty days.
const WARNED_BEFORE: i64 = 30 * 24 * 60 * 60 * 1_000_000;

/// PKCS#12 that are read at once: each says itself how much work its passphrase makes.
pub(crate) const READ_AT_ONCE: usize = 2;
/// How long one waits for others.
const READING: Duration = Duration::from_secs(10);
/// The most keys of a mailbox: each message that is opened is tried with all of them.
const MOST: usize = 100;
/// The most octets of a PKCS#12.
const MOST_OCTETS: usize = 256 * 1024;

/// A key of a mailbox, by what may be told of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeldKey {
    /// The certificate.
    pub certificate: Certificate,
    /// When the key came here.
    pub added_date_time: Timestamp,
    /// Whether the certificate ends soon, or has.
    pub is_ending: bool,
}

/// What a mailbox does with S/MIME.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Policy {
    /// Whether what is encrypted for its owner is shown as it was before that.
    pub shows_opened: bool,
    /// Whether keys can be kept here: the operator has set a master key.
    pub keeps_keys: bool,
}

impl Mailbox {
    /// What the mailbox does with S/MIME.
    ///
    /// # Errors
    /// [`MailError::Store`].
    pub async fn smime_policy(&self) -> Result<Policy, MailError> {
        let owner = self.owner.id;
        let shows_opened = self.store().read::<_, StoreError>(move |tx: &ReadTx<'_>| tx.shows_opened(owner)).await?;
        Ok(Policy { shows_opened, keeps_keys: self.mail.inner.options.protecting.master_key.is_some() })
    }

    /// Says whether what is encrypted for its owner is shown as it was before that. Rows of messages that are there already
    /// stay as they are; their texts are shown so from now on.
    ///
    /// # Errors
    /// [`MailError::Store`].
    pub async fn show_opened(&self, shows: bool) -> Result<(), MailError> {
        let owner = self.owner.id;
        Ok(self.store().write::<_, StoreError>(move |tx: &mut WriteTx<'_>| tx.set_shows_opened(owner, shows)).await?)
    }

    /// The keys of the mailbox, those that are valid longest first.
    ///
    /// # Errors
    /// [`MailError::Store`].
    pub async fn smime_keys(&self) -> Result<Vec<HeldKey>, MailError> {
        self.mail.keys_of(self.owner.id).await
    }

    /// Keeps a key that comes as a PKCS#12.
    ///
    /// # Errors
    /// As [`Mail::keep_key`].
    pub async fn add_smime_key(&self, pkcs12: Vec<u8>, passphrase: String) -> Result<HeldKey, MailError> {
        self.mail.keep_key(self.owner.clone(), pkcs12, passphrase).await
    }

    /// Throws a key away. What was encrypted for it alone can't be read here any more.
    ///
    /// # Errors
    /// [`MailError::NotFound`], [`MailError::Store`].
    pub async fn remove_smime_key(&self, fingerprint: [u8; 32]) -> Result<(), MailError> {
        self.mail.throw_key_away(self.owner.id, fingerprint).await
    }
}

impl Mail {
    /// The keys of a mailbox, those that are valid longest first.
    ///
    /// # Errors
    /// [`MailError::Store`].
    pub async fn keys_of(&self, mailbox: MailboxId) -> Result<Vec<HeldKey>, MailError> {
        let found = self.inner.store.read::<_, StoreError>(move |tx: &ReadTx<'_>| tx.smime_keys(mailbox)).await?;
        found.iter().map(|key| held(key, self.inner.clock.now())).collect()
    }

    /// Throws a key of a mailbox away.
    ///
    /// # Errors
    /// [`MailError::NotFound`], [`MailError::Store`].
    pub async fn throw_key_away(&self, mailbox: MailboxId, fingerprint: [u8; 32]) -> Result<(), MailError> {
        let deed = move |tx: &mut WriteTx<'_>| tx.remove_smime_key(mailbox, &fingerprint);
        match self.inner.store.write::<_, StoreError>(deed).await? {
            true => Ok(()),
            false => Err(MailError::NotFound(Kind::Key)),
        }
    }

    /// Keeps a key of somebody that comes as a PKCS#12.
    ///
    /// # Errors
    /// [`MailError::Smime`]: no master key is set, it can't be opened, or its certificate is for none of the addresses that he
    /// may send from; [`MailError::QuotaExceeded`]; [`MailError::Store`].
    pub async fn keep_key(&self, owner: Person, pkcs12: Vec<u8>, passphrase: String) -> Result<HeldKey, MailError> {
        let master = self.inner.options.protecting.master_key.clone().ok_or(SmimeRefusal::NoMasterKey)?;
        if pkcs12.len() > MOST_OCTETS {
            return Err(SmimeRefusal::Unusable("the PKCS#12 has more than 256 KiB".to_owned()).into());
        }
        let permit = tokio::time::timeout(READING, self.inner.key_reading.clone().acquire_owned()).await;
        let permit = permit.map_err(|_| SmimeRefusal::Failed("other keys are being read; try again".to_owned()))?;
        let read = tokio::task::spawn_blocking(move || {
            let _permit = permit; // until it is read, however long its maker lets that take
            Key::from_pkcs12(&pkcs12, &passphrase)
        });
        let key = read.await.map_err(|_| StoreError::Stopped)?.map_err(unusable)?;
        let certificate = key.certificate().clone();
        let now = self.inner.clock.now();
        let kept = sealed(&key, owner.id, &master, now)?;
        let told = held(&kept, now)?;
        let deed = move |tx: &mut WriteTx<'_>| {
            let addresses = certificate.addresses();
            let his = |any, address: &String| Ok::<_, StoreError>(any || tx.may_send_as(owner.id, address)?);
            if !addresses.iter().try_fold(false, his)? {
                return Err(MailError::Smime(SmimeRefusal::ForSomebodyElse(addresses)));
            }
            let others = tx.smime_keys(owner.id)?.into_iter().filter(|key| key.fingerprint != kept.fingerprint);
            if others.count() >= MOST {
                return Err(MailError::QuotaExceeded("keys"));
            }
            Ok(tx.add_smime_key(owner.id, &kept)?)
        };
        self.inner.store.write_in(owner.id, deed).await?;
        Ok(told)
    }

    /// Warns, in the log, of keys whose certificates end soon; now and each day, until `stop`.
    pub async fn warn_of_ends_until(&self, stop: impl Future<Output = ()>) {
        const EACH: Duration = Duration::from_secs(24 * 60 * 60);
        let mut stop = std::pin::pin!(stop);
        loop {
            let before = Timestamp(self.inner.clock.now().0.saturating_add(WARNED_BEFORE));
            match self.inner.store.read::<_, StoreError>(move |tx: &ReadTx<'_>| tx.smime_keys_ending(before)).await {
                Ok(ending) => ending.iter().for_each(warn_of),
                Err(error) => tracing::error!(%error, "the ends of certificates could not be looked at"),
            }
            tokio::select! {
                () = &mut stop => return,
                () = tokio::time::sleep(EACH) => {}
            }
        }
    }
}

fn warn_of((mailbox, key): &(MailboxId, SmimeKey)) {
    let ends = jiff::Timestamp::from_second(key.not_after.seconds()).unwrap_or_default();
    tracing::warn!(
        mailbox = %uuid::Uuid::from_bytes(mailbox.0),
        fingerprint = %store::Digest(key.fingerprint).to_hex(),
        %ends,
        "a certificate of S/MIME ends soon, or has ended: whoever it is for wants a new one"
    );
}

pub(super) fn unusable(error: SmimeError) -> MailError {
    match error {
        SmimeError::Key(why) => SmimeRefusal::Unusable(why).into(),
        other => SmimeRefusal::Failed(other.to_string()).into(),
    }
}

/// Until when a certificate is valid.
pub(super) fn not_after(certificate: &Certificate) -> Timestamp {
    Timestamp(certificate.validity().1.saturating_mul(1_000_000))
}

/// The SHA-256 of a certificate.
pub(super) fn fingerprint(certificate: &Certificate) -> [u8; 32] {
    store::Digest::of(&certificate.to_der()).0
}

fn sealed(key: &Key, mailbox: MailboxId, master: &MasterKey, now: Timestamp) -> Result<SmimeKey, MailError> {
    let certificate = key.certificate();
    let fingerprint = fingerprint(certificate);
    Ok(SmimeKey {
        fingerprint,
        certificate: certificate.to_der(),
        sealed: key.seal(master, &about(mailbox, &fingerprint)).map_err(unusable)?,
        added_date_time: now,
        not_after: not_after(certificate),
    })
}

/// What a sealed key is bound to.
fn about(mailbox: MailboxId, fingerprint: &[u8; 32]) -> Vec<u8> {
    [&mailbox.0[..], fingerprint].concat()
}

fn held(key: &SmimeKey, now: Timestamp) -> Result<HeldKey, MailError> {
    Ok(HeldKey {
        certificate: read(&key.certificate)?,
        added_date_time: key.added_date_time,
        is_ending: key.not_after.0.saturating_sub(WARNED_BEFORE) < now.0,
    })
}

/// A certificate that a row holds.
pub(super) fn read(der: &[u8]) -> Result<Certificate, StoreError> {
    let read = Certificate::read(der).ok().and_then(|mut read| read.pop());
    read.ok_or_else(|| StoreError::Corrupt("a certificate can't be read".to_owned()))
}

/// A mailbox's keys, ready for use. One that can't be opened is told to the log, and the others are used.
pub(crate) fn unsealed(tx: &ReadTx<'_>, mailbox: MailboxId, master: Option<&MasterKey>) -> Result<Vec<Key>, StoreError> {
    let Some(master) = master else { return Ok(Vec::new()) };
    let keys = tx.smime_keys(mailbox)?;
    let opened = keys.iter().filter_map(|key| {
        let opened = Key::unseal(&key.sealed, master, &about(mailbox, &key.fingerprint));
        opened
            .inspect_err(
                |error| tracing::error!(%error, mailbox = %uuid::Uuid::from_bytes(mailbox.0), "a key of S/MIME can't be used"),
            )
            .ok()
    });
    Ok(opened.collect())
}

impl Mail {
    /// The keys by which a mailbox shows what is encrypted for its owner; none where it doesn't, or where the message isn't.
    pub(crate) fn showing_keys(&self, tx: &ReadTx<'_>, mailbox: MailboxId, message: &Message) -> Result<Vec<Key>, StoreError> {
        let master = self.inner.options.protecting.master_key.as_ref();
        match may_be_encrypted(message) && master.is_some() && tx.shows_opened(mailbox)? {
            true => unsealed(tx, mailbox, master),
            false => Ok(Vec::new()),
        }
    }
}
