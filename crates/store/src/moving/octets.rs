//! Brings octets: those that stand in rows with their rows, and those that stand in files or objects one by one, some at a time.
//! All of them are digested on the way, and again where they came to stand.

use super::Move;
use super::ends::End;
use super::rows::{self, next_page, rows_among};
use super::tables::{BLOB, Cells, Table, all_values};
use crate::blobs::{Blob, Digest, Places, Spool, Standing, former_place};
use crate::db::ReadTx;
use crate::error::StoreError;
use crate::model::condition::FieldValue;
use std::io::Write;
use std::sync::Arc;
use std::thread;
use tokio::runtime::Handle;

/// Rows with their octets in them that are brought in one deed: they have up to 256 KiB each.
const TOGETHER: usize = 64;
/// Files or objects that are read, or brought, at a time.
const AT_ONCE: usize = 8;

/// Octets as a row of the end that is left names them.
struct Named {
    digest: Digest,
    size: u64,
    standing: Standing,
}

impl Move {
    /// Brings the octets of these rows; answers how many. Where the store is served, what went meanwhile is passed over.
    pub(super) fn add_octets(&self, from: &ReadTx<'_>, rows: &[Cells]) -> Result<u64, StoreError> {
        let mut brought = 0;
        for some in rows.chunks(TOGETHER) {
            let mut placed = Vec::new();
            let mut in_rows: Vec<Cells> = Vec::new();
            for named in self.standing(from, some)? {
                match named {
                    Named { digest, size, standing: Standing::InRow(octets) } => {
                        demand(digest, size, (Digest::of(&octets), octets.len() as u64))?;
                        let size = i64::try_from(size).unwrap_or(i64::MAX);
                        let cells =
                            [FieldValue::Octets(digest.0.to_vec()), FieldValue::Integer(size), FieldValue::Octets(octets)];
                        in_rows.push(cells.into_iter().map(Some).chain([None]).collect());
                    }
                    at_place => placed.push(at_place),
                }
            }
            if !in_rows.is_empty() {
                rows::insert(&self.to, &self.blob_rows, &in_rows)?;
            }
            brought += in_rows.len() as u64 + self.add_placed(&placed)?;
        }
        Ok(brought)
    }

    fn add_placed(&self, placed: &[Named]) -> Result<u64, StoreError> {
        let mut brought = 0;
        for some in placed.chunks(AT_ONCE) {
            let (handle, from, to) = (&self.handle, &self.from.places, &self.to.places);
            let mut blobs = Vec::new();
            for (named, blob) in some.iter().zip(at_once(some, |named| bring(handle, from, to, named))) {
                match blob {
                    Err(StoreError::Corrupt(_)) if self.is_gone(named)? => {} // a later round finds its row otherwise too
                    blob => blobs.push(blob?),
                }
            }
            self.to.doing(|tx| blobs.iter().try_for_each(|blob| tx.put_blob(blob)))?;
            brought += blobs.len() as u64;
        }
        Ok(brought)
    }

    /// Whether octets went while they were looked for, as they may where the store is served.
    fn is_gone(&self, named: &Named) -> Result<bool, StoreError> {
        match (self.from.reading().blob(&named.digest), &named.standing) {
            (Err(StoreError::NotFound), _) => Ok(true),
            (Ok(Standing::At(now)), Standing::At(then)) => Ok(now != *then),
            (Ok(_), _) => Ok(true),
            (Err(error), _) => Err(error),
        }
    }

    /// Where the octets of these rows stand, and those that stand in them.
    fn standing(&self, tx: &ReadTx<'_>, rows: &[Cells]) -> Result<Vec<Named>, StoreError> {
        let keys: Vec<Cells> = rows.iter().map(|row| self.blob_rows.key_of(row)).collect();
        rows_among(tx, &self.blob_rows, &keys)?.into_iter().map(named).collect()
    }

    /// Reads all octets of the end that was filled, where they came to stand, and brings those again that an accident there has
    /// taken or changed; answers how many octets there are.
    pub(super) fn demand_octets(&self) -> Result<u64, StoreError> {
        let table = self.tables.iter().find(|table| table.name == BLOB);
        let table = table.ok_or_else(|| StoreError::Corrupt("there is no table of octets".to_owned()))?;
        let (octets, wrong) = self.digest_all(table)?;
        if wrong.is_empty() {
            return Ok(octets);
        }
        for some in wrong.chunks(AT_ONCE) {
            remove(&self.to, table, some)?;
        }
        self.add_missing(&self.from.reading(), table)?;
        match self.digest_all(table)? {
            (octets, wrong) if wrong.is_empty() => Ok(octets),
            (_, wrong) => Err(StoreError::Corrupt(format!("{} blobs are not at their new place as they were", wrong.len()))),
        }
    }

    /// How many octets there are, and the keys of those that are not what they are called.
    fn digest_all(&self, table: &Table) -> Result<(u64, Vec<Cells>), StoreError> {
        let (mut last, mut octets, mut wrong) = (None, 0, Vec::new());
        while let Some(page) = next_page(&self.to.reading(), table, &mut last)? {
            for some in page.chunks(AT_ONCE) {
                let named = self.standing(&self.to.reading(), some)?;
                let places = &self.to.places;
                let found = at_once(&named, |named| match &named.standing {
                    Standing::At(place) => places.digest(place),
                    Standing::InRow(octets) => Ok((Digest::of(octets), octets.len() as u64)),
                });
                for (named, found) in named.iter().zip(found) {
                    match found {
                        Ok(found) if found == (named.digest, named.size) => octets += named.size,
                        Ok(_) | Err(StoreError::Corrupt(_)) => {
                            wrong.push(vec![Some(FieldValue::Octets(named.digest.0.to_vec()))])
                        }
                        Err(error) => return Err(error),
                    }
                }
            }
        }
        Ok((octets, wrong))
    }
}

/// Removes octets with their rows.
pub(super) fn remove(to: &End, table: &Table, keys: &[Cells]) -> Result<(), StoreError> {
    to.doing(|tx| {
        let sql = format!("{} RETURNING place", table.delete(keys.len()));
        let places = tx.rows(&sql, &all_values(keys), |row| row.optional_text(0))?;
        tx.touched.released.extend(places.into_iter().flatten());
        Ok(())
    })
}

fn named(row: Cells) -> Result<Named, StoreError> {
    let corrupt = || StoreError::Corrupt("a row of octets".to_owned());
    let [Some(FieldValue::Octets(digest)), Some(FieldValue::Integer(size)), octets, place] =
        <[_; 4]>::try_from(row).map_err(|_| corrupt())?
    else {
        return Err(corrupt());
    };
    let digest = Digest(digest.try_into().map_err(|_| corrupt())?);
    let standing = match (octets, place) {
        (Some(FieldValue::Octets(octets)), _) => Standing::InRow(octets),
        (None, Some(FieldValue::Text(place))) => Standing::At(place),
        _ => Standing::At(former_place(&digest)),
    };
    Ok(Named { digest, size: size.unsigned_abs(), standing })
}

/// Brings what stands in a place to one of the other end.
fn bring(handle: &Handle, from: &Places, to: &Arc<Places>, named: &Named) -> Result<Blob, StoreError> {
    let Standing::At(place) = &named.standing else { return Err(StoreError::Stopped) };
    let take = |spool: &mut Spool, octets: &[u8]| Ok(spool.write_all(octets)?);
    let spool = from.pour(place, Spool::new(to.clone()), take)?;
    let blob = handle.block_on(spool.finish())?;
    demand(named.digest, named.size, (blob.digest, blob.octets.len() as u64))?;
    Ok(blob)
}

fn demand(digest: Digest, size: u64, found: (Digest, u64)) -> Result<(), StoreError> {
    if found == (digest, size) {
        return Ok(());
    }
    Err(StoreError::Corrupt(format!("blob {}: its octets are not what they were", digest.to_hex())))
}

/// Does the same with each, all at once.
fn at_once<T: Sync, R: Send>(each: &[T], work: impl Fn(&T) -> Result<R, StoreError> + Sync) -> Vec<Result<R, StoreError>> {
    thread::scope(|scope| {
        let begun: Vec<_> = each.iter().map(|one| scope.spawn(|| work(one))).collect();
        begun.into_iter().map(|one| one.join().unwrap_or(Err(StoreError::Stopped))).collect()
    })
}
