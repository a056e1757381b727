//! Secrets that all nodes of one store have in common.

use crate::clock::Timestamp;
use crate::db::{ReadTx, WriteTx, values};
use crate::error::StoreError;

impl ReadTx<'_> {
    /// The secret of this name.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub fn secret(&self, name: &str) -> Result<Option<Vec<u8>>, StoreError> {
        self.row("SELECT octets FROM secret WHERE name = $1", values![name], |row| row.octets(0))
    }
}

impl WriteTx<'_> {
    /// Puts a secret in the place of the one that stands, or where none stands; answers whether it still was so, since nodes
    /// that start together all try.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub fn replace_secret(
        &mut self,
        name: &str,
        standing: Option<&[u8]>,
        octets: &[u8],
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let rows = match standing {
            Some(standing) => {
                let sql = "UPDATE secret SET octets = $1, created_date_time = $2 WHERE name = $3 AND octets = $4";
                self.execute(sql, values![octets, now.0, name, standing])?
            }
            None => {
                let sql = "INSERT INTO secret (name, octets, created_date_time) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING";
                self.execute(sql, values![name, octets, now.0])?
            }
        };
        Ok(rows == 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Store;

    #[tokio::test]
    async fn of_several_who_make_a_secret_one_has_made_it() {
        let dir = tempfile::tempdir().expect("temporary directory");
        let store = Store::serve(dir.path()).expect("store");
        let replace = |standing: Option<&'static [u8]>, octets: &'static [u8]| {
            store.write::<_, StoreError>(move |tx| tx.replace_secret("seed", standing, octets, Timestamp(1)))
        };
        assert!(replace(None, b"one").await.expect("written"));
        assert!(!replace(None, b"two").await.expect("written"), "there is one");
        assert!(!replace(Some(b"two"), b"three").await.expect("written"), "another stands there");
        assert!(replace(Some(b"one"), b"two").await.expect("written"));
        let read = store.read::<_, StoreError>(|tx| Ok((tx.secret("seed")?, tx.secret("none")?))).await.expect("read");
        assert_eq!(read, (Some(b"two".to_vec()), None));
    }
}
