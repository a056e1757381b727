//! Keys and certificates of S/MIME.

use crate::clock::Timestamp;
use crate::db::{ReadTx, Row, WriteTx, values};
use crate::error::StoreError;
use crate::ids::MailboxId;
use crate::model::smime::{CertificateSource, SmimeCertificate, SmimeKey};

const KEY: &str = "SELECT fingerprint, certificate, sealed, added_date_time, not_after FROM smime_key";
const CERTIFICATE: &str = "SELECT address, fingerprint, certificate, source, added_date_time, not_after FROM smime_certificate";

impl ReadTx<'_> {
    /// A mailbox's keys, those that are valid longest first.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub fn smime_keys(&self, mailbox: MailboxId) -> Result<Vec<SmimeKey>, StoreError> {
        self.rows(&format!("{KEY} WHERE mailbox = $1 ORDER BY not_after DESC, fingerprint"), values![&mailbox.0], key)
    }

    /// Whose keys' certificates end before a time, and when they do.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub fn smime_keys_ending(&self, before: Timestamp) -> Result<Vec<(MailboxId, SmimeKey)>, StoreError> {
        let sql = "SELECT fingerprint, certificate, sealed, added_date_time, not_after, mailbox FROM smime_key
             WHERE not_after < $1 ORDER BY not_after";
        self.rows(sql, values![before.0], |row| Ok((MailboxId(row.fixed(5)?), key(row)?)))
    }

    /// Certificates of others that a mailbox knows for an address in any case, or for all; those that are valid longest first.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub fn smime_certificates(&self, mailbox: MailboxId, address: Option<&str>) -> Result<Vec<SmimeCertificate>, StoreError> {
        let order = "ORDER BY address, not_after DESC, fingerprint";
        match address {
            Some(address) => {
                let sql = format!("{CERTIFICATE} WHERE mailbox = $1 AND address = $2 {order}");
                self.rows(&sql, values![&mailbox.0, &address.to_lowercase()], certificate)
            }
            None => self.rows(&format!("{CERTIFICATE} WHERE mailbox = $1 {order}"), values![&mailbox.0], certificate),
        }
    }

    /// How many certificates of others a mailbox knows; no more than `most` are counted.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub fn count_smime_certificates(&self, mailbox: MailboxId, most: usize) -> Result<usize, StoreError> {
        let sql = "SELECT count(*) FROM (SELECT 1 FROM smime_certificate WHERE mailbox = $1 LIMIT $2) AS known";
        let most = i64::try_from(most).unwrap_or(i64::MAX);
        let count = self.row(sql, values![&mailbox.0, most], |row| row.integer(0))?;
        Ok(count.and_then(|count| usize::try_from(count).ok()).unwrap_or_default())
    }

    /// Whether a mailbox shows what is encrypted for its owner as it was before that.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub fn shows_opened(&self, mailbox: MailboxId) -> Result<bool, StoreError> {
        let shows = self.row("SELECT shows_opened FROM mailbox WHERE id = $1", values![&mailbox.0], |row| row.flag(0))?;
        Ok(shows.unwrap_or(false))
    }
}

impl WriteTx<'_> {
    /// Keeps a key; one with the same certificate is replaced.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub fn add_smime_key(&mut self, mailbox: MailboxId, key: &SmimeKey) -> Result<(), StoreError> {
        self.execute(
            "INSERT INTO smime_key (mailbox, fingerprint, certificate, sealed, added_date_time, not_after)
             VALUES ($1, $2, $3, $4, $5, $6)
             ON CONFLICT (mailbox, fingerprint) DO UPDATE SET sealed = excluded.sealed",
            values![&mailbox.0, &key.fingerprint, &key.certificate[..], &key.sealed[..], key.added_date_time.0, key.not_after.0],
        )?;
        Ok(())
    }

    /// Throws a key away. Answers whether there was one.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub fn remove_smime_key(&mut self, mailbox: MailboxId, fingerprint: &[u8; 32]) -> Result<bool, StoreError> {
        let sql = "DELETE FROM smime_key WHERE mailbox = $1 AND fingerprint = $2";
        Ok(self.execute(sql, values![&mailbox.0, fingerprint])? > 0)
    }

    /// Keeps a certificate of somebody else; one that is there already stays as it is.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub fn add_smime_certificate(&mut self, mailbox: MailboxId, one: &SmimeCertificate) -> Result<(), StoreError> {
        self.execute(
            "INSERT INTO smime_certificate (mailbox, address, fingerprint, certificate, source, added_date_time, not_after)
             VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (mailbox, address, fingerprint) DO NOTHING",
            values![
                &mailbox.0,
                &one.address.to_lowercase(),
                &one.fingerprint,
                &one.certificate[..],
                one.source.as_str(),
                one.added_date_time.0,
                one.not_after.0
            ],
        )?;
        Ok(())
    }

    /// Throws a certificate of somebody else away. Answers whether there was one.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub fn remove_smime_certificate(&mut self, mailbox: MailboxId, fingerprint: &[u8; 32]) -> Result<bool, StoreError> {
        let sql = "DELETE FROM smime_certificate WHERE mailbox = $1 AND fingerprint = $2";
        Ok(self.execute(sql, values![&mailbox.0, fingerprint])? > 0)
    }

    /// Says whether a mailbox shows what is encrypted for its owner as it was before that.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub fn set_shows_opened(&mut self, mailbox: MailboxId, shows: bool) -> Result<(), StoreError> {
        self.execute("UPDATE mailbox SET shows_opened = $1 WHERE id = $2", values![shows, &mailbox.0])?;
        Ok(())
    }
}

fn key(row: &Row<'_>) -> Result<SmimeKey, StoreError> {
    Ok(SmimeKey {
        fingerprint: row.fixed(0)?,
        certificate: row.octets(1)?,
        sealed: row.octets(2)?,
        added_date_time: Timestamp(row.integer(3)?),
        not_after: Timestamp(row.integer(4)?),
    })
}

fn certificate(row: &Row<'_>) -> Result<SmimeCertificate, StoreError> {
    let word = row.text(3)?;
    Ok(SmimeCertificate {
        address: row.text(0)?,
        fingerprint: row.fixed(1)?,
        certificate: row.octets(2)?,
        source: CertificateSource::parse(&word).ok_or_else(|| StoreError::Corrupt(format!("the source {word:?}")))?,
        added_date_time: Timestamp(row.integer(4)?),
        not_after: Timestamp(row.integer(5)?),
    })
}
