//! Rows of octets.

use crate::blobs::{Blob, Digest, Standing, former_place, is_former};
use crate::db::{ReadTx, WriteTx, values};
use crate::error::StoreError;

impl ReadTx<'_> {
    /// The octets of a blob, or their place.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] where no row has this digest.
    pub(crate) fn blob(&self, digest: &Digest) -> Result<Standing, StoreError> {
        self.row("SELECT octets, place FROM blob WHERE digest = $1", values![&digest.0], |row| {
            Ok(match (row.optional_octets(0)?, row.optional_text(1)?) {
                (Some(octets), _) => Standing::InRow(octets),
                (None, place) => Standing::At(place.unwrap_or_else(|| former_place(digest))),
            })
        })?
        .ok_or(StoreError::NotFound)
    }

    /// Whether a row names this place.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub(crate) fn names_place(&self, place: &str) -> Result<bool, StoreError> {
        let found = match is_former(place) {
            Some(digest) => self.row(
                "SELECT 1 FROM blob WHERE digest = $1 AND octets IS NULL AND place IS NULL",
                values![&digest.0],
                |row| row.integer(0),
            )?,
            None => self.row("SELECT 1 FROM blob WHERE place = $1", values![place], |row| row.integer(0))?,
        };
        Ok(found.is_some())
    }
}

impl WriteTx<'_> {
    /// Makes a row for octets, unless there is one. Where they stand in a place, they are there before the row that names it.
    ///
    /// # Errors
    /// [`StoreError::Database`], [`StoreError::Io`].
    pub fn put_blob(&mut self, blob: &Blob) -> Result<(), StoreError> {
        while !self.finds_blob(blob)? && !self.adds_blob(blob)? {} // another deed was faster; its row may be gone again
        Ok(())
    }

    /// Whether there is a row for octets; it stays until this deed is over. Then a place of their own is one too many.
    fn finds_blob(&mut self, blob: &Blob) -> Result<bool, StoreError> {
        let sql = "SELECT place FROM blob WHERE digest = $1 /*pg FOR KEY SHARE */";
        let Some(standing) = self.row(sql, values![&blob.digest.0], |row| row.optional_text(0))? else { return Ok(false) };
        if let Some(second) = blob.named_place().filter(|place| standing.as_ref() != Some(place)) {
            self.touched.released.push(second);
            self.touched.named.extend(blob.to_settle());
        }
        Ok(true)
    }

    /// Whether the row is made; not where there is one by now.
    fn adds_blob(&mut self, blob: &Blob) -> Result<bool, StoreError> {
        let place = blob.name()?;
        self.touched.named.extend(blob.to_settle());
        let octets = place.is_none().then_some(&blob.octets[..]);
        let made = self.execute(
            "INSERT INTO blob (digest, size, octets, place) VALUES ($1, $2, $3, $4) ON CONFLICT (digest) DO NOTHING",
            values![&blob.digest.0, size(blob.octets.len()), octets, place.as_deref()],
        )?;
        Ok(made == 1)
    }

    /// Removes octets that no row names any more; what stands in a place goes after the commit.
    pub(crate) fn release_blob(&mut self, digest: &Digest) -> Result<(), StoreError> {
        // What others are naming now is named once they are done: a statement sees what was there when it began.
        self.lock("SELECT 1 FROM blob WHERE digest = $1 FOR UPDATE", values![&digest.0])?;
        let place = self.row(
            "DELETE FROM blob WHERE digest = $1
             AND NOT EXISTS (SELECT 1 FROM message m WHERE m.blob = $1)
             AND NOT EXISTS (SELECT 1 FROM outbox o WHERE o.blob = $1)
             AND NOT EXISTS (SELECT 1 FROM upload_session u WHERE u.blob = $1)
             AND NOT EXISTS (SELECT 1 FROM upload_part p WHERE p.blob = $1)
             RETURNING CASE WHEN octets IS NULL THEN 1 ELSE 0 END, place",
            values![&digest.0],
            |row| Ok(row.flag(0)?.then_some(row.optional_text(1)?)),
        )?;
        if let Some(place) = place.flatten() {
            self.touched.released.push(place.unwrap_or_else(|| former_place(digest)));
        }
        Ok(())
    }
}

fn size(octets: usize) -> i64 {
    i64::try_from(octets).unwrap_or(i64::MAX)
}
