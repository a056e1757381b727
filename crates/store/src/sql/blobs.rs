//! Rows of octets.

use crate::blobs::{Blob, Digest};
use crate::db::{ReadTx, WriteTx, values};
use crate::error::StoreError;

impl ReadTx<'_> {
    /// The octets of a blob; `None` where they stand in a file.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] where no row has this digest.
    pub(crate) fn blob(&self, digest: &Digest) -> Result<Option<Vec<u8>>, StoreError> {
        self.row("SELECT octets FROM blob WHERE digest = $1", values![&digest.0], |row| row.optional_octets(0))?
            .ok_or(StoreError::NotFound)
    }
}

impl ReadTx<'_> {
    /// Whether a row names this blob.
    pub(crate) fn names_blob(&self, digest: &Digest) -> Result<bool, StoreError> {
        Ok(self.row("SELECT 1 FROM blob WHERE digest = $1", values![&digest.0], |row| row.integer(0))?.is_some())
    }
}

impl WriteTx<'_> {
    /// Makes a row for octets, unless there is one. Their file, where they stand in one, is in its place before the row.
    ///
    /// # Errors
    /// [`StoreError::Database`], [`StoreError::Io`].
    pub fn put_blob(&mut self, blob: &Blob) -> Result<(), StoreError> {
        loop {
            // Whoever removes a row that nobody names waits for those who are naming it.
            let kept = "SELECT 1 FROM blob WHERE digest = $1 /*pg FOR KEY SHARE*/";
            if self.row(kept, values![&blob.digest.0], |row| row.integer(0))?.is_some() {
                return Ok(());
            }
            blob.name_file()?;
            let octets = (!blob.in_file()).then_some(&blob.octets[..]);
            let added = self.execute(
                "INSERT INTO blob (digest, size, octets) VALUES ($1, $2, $3) ON CONFLICT (digest) DO NOTHING",
                values![&blob.digest.0, size(blob.octets.len()), octets],
            )?;
            if added == 1 {
                return Ok(()); // else somebody else was faster, and it is his that is kept
            }
        }
    }

    /// Removes octets that no row names any more; their file, where they stand in one, goes after the commit.
    pub(crate) fn release_blob(&mut self, digest: &Digest) -> Result<(), StoreError> {
        // What others are naming now is named once they are done: a statement sees what was there when it began.
        self.lock("SELECT 1 FROM blob WHERE digest = $1 FOR UPDATE", values![&digest.0])?;
        let in_file = self.row(
            "DELETE FROM blob WHERE digest = $1
             AND NOT EXISTS (SELECT 1 FROM message m WHERE m.blob = $1)
             AND NOT EXISTS (SELECT 1 FROM outbox o WHERE o.blob = $1)
             AND NOT EXISTS (SELECT 1 FROM upload_session u WHERE u.blob = $1)
             RETURNING CASE WHEN octets IS NULL THEN 1 ELSE 0 END",
            values![&digest.0],
            |row| row.flag(0),
        )?;
        if in_file == Some(true) {
            self.touched.released.push(*digest);
        }
        Ok(())
    }
}

fn size(octets: usize) -> i64 {
    i64::try_from(octets).unwrap_or(i64::MAX)
}
