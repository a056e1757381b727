//! Brings rows: what the one end has otherwise or not at all goes at the other, then what is missing there comes. So a move
//! that broke off goes on where it was, and one of a store that is served follows what happens there.

use super::ends::End;
use super::octets;
use super::tables::{BLOB, Cells, Table, all_values};
use super::{Move, Step};
use crate::db::ReadTx;
use crate::error::StoreError;
use crate::model::condition::FieldValue;
use sha2::{Digest as _, Sha256};
use std::collections::HashSet;

/// How many rows a table has, and a digest of them all in whatever order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Sum {
    pub(super) rows: u64,
    pub(super) digest: [u8; 32],
}

impl Move {
    /// Removes the rows that don't stand so at the end that is left; answers how many.
    pub(super) fn remove_others(&self, from: &ReadTx<'_>, table: &Table) -> Result<u64, StoreError> {
        if table.refers {
            // What it refers to may have to go; it is brought anew.
            self.to.doing(|tx| tx.execute(&format!("DELETE FROM {}", table.name), &[]))?;
            return Ok(0);
        }
        let (mut last, mut removed) = (None, 0);
        while let Some(page) = next_page(&self.to.reading(), table, &mut last)? {
            let keys: Vec<Cells> = page.iter().map(|row| table.key_of(row)).collect();
            let standing: HashSet<Vec<u8>> = rows_among(from, table, &keys)?.iter().map(encoded).collect();
            let is_other = |(row, key): (Cells, Cells)| (!standing.contains(&encoded(&row))).then_some(key);
            let others: Vec<Cells> = page.into_iter().zip(keys).filter_map(is_other).collect();
            removed += others.len() as u64;
            remove(&self.to, table, &others)?;
        }
        Ok(removed)
    }

    /// Adds the rows that are missing; answers how many.
    pub(super) fn add_missing(&self, from: &ReadTx<'_>, table: &Table) -> Result<u64, StoreError> {
        let of = from.row(&format!("SELECT count(*) FROM {}", table.name), &[], |row| row.integer(0))?.unwrap_or_default();
        let (mut last, mut done, mut added) = (None, 0, 0);
        let key = table.only_key();
        while let Some(page) = next_page(from, table, &mut last)? {
            done += page.len() as u64;
            let keys: Vec<Cells> = page.iter().map(|row| table.key_of(row)).collect();
            let there: HashSet<Vec<u8>> = rows_among(&self.to.reading(), &key, &keys)?.iter().map(encoded).collect();
            let is_missing = |(row, key): (Cells, Cells)| (!there.contains(&encoded(&key))).then_some(row);
            let missing: Vec<Cells> = page.into_iter().zip(keys).filter_map(is_missing).collect();
            added += self.add(from, table, &missing)?;
            self.told(Step::Rows { table: table.name.clone(), done, of: of.unsigned_abs() });
        }
        Ok(if table.refers { 0 } else { added })
    }

    fn add(&self, from: &ReadTx<'_>, table: &Table, rows: &[Cells]) -> Result<u64, StoreError> {
        if table.name == BLOB {
            return self.add_octets(from, rows);
        }
        if !rows.is_empty() {
            insert(&self.to, table, rows)?;
        }
        Ok(rows.len() as u64)
    }
}

/// Adds rows, all or none.
pub(super) fn insert(to: &End, table: &Table, rows: &[Cells]) -> Result<(), StoreError> {
    to.doing(|tx| in_lengths(rows).try_for_each(|some| tx.execute(&table.insert(some.len()), &all_values(some)).map(drop)))
}

fn remove(to: &End, table: &Table, keys: &[Cells]) -> Result<(), StoreError> {
    if keys.is_empty() {
        return Ok(());
    }
    if table.name == BLOB {
        return octets::remove(to, table, keys);
    }
    to.doing(|tx| in_lengths(keys).try_for_each(|some| tx.execute(&table.delete(some.len()), &all_values(some)).map(drop)))
}

/// Slices of so few different lengths that the statements for them can all be kept prepared.
fn in_lengths(mut rows: &[Cells]) -> impl Iterator<Item = &[Cells]> {
    std::iter::from_fn(move || {
        let length = 1 << rows.len().checked_ilog2()?;
        let (some, rest) = rows.split_at(length);
        rows = rest;
        Some(some)
    })
}

/// The rows behind a key, which becomes that of the last of them; nothing behind the last of all.
pub(super) fn next_page(tx: &ReadTx<'_>, table: &Table, last: &mut Option<Cells>) -> Result<Option<Vec<Cells>>, StoreError> {
    let values = last.as_slice();
    let page = tx.rows(&table.page(values.is_empty()), &all_values(values), |row| table.read_row(row))?;
    *last = page.last().map(|row| table.key_of(row));
    Ok(last.is_some().then_some(page))
}

/// The rows that have one of these keys.
pub(super) fn rows_among(tx: &ReadTx<'_>, table: &Table, keys: &[Cells]) -> Result<Vec<Cells>, StoreError> {
    let mut found = Vec::new();
    for some in in_lengths(keys) {
        found.extend(tx.rows(&table.among(some.len()), &all_values(some), |row| table.read_row(row))?);
    }
    Ok(found)
}

/// The sum of a table.
pub(super) fn sum(tx: &ReadTx<'_>, table: &Table) -> Result<Sum, StoreError> {
    let (mut last, mut sum) = (None, Sum::default());
    while let Some(page) = next_page(tx, table, &mut last)? {
        for row in &page {
            sum.rows += 1;
            let digest = Sha256::digest(encoded(row));
            sum.digest.iter_mut().zip(digest).for_each(|(sum, octet)| *sum ^= octet);
        }
    }
    Ok(sum)
}

/// Octets that no other row has: for each cell its kind, its length, and what is in it.
fn encoded(row: &Cells) -> Vec<u8> {
    let mut out = Vec::new();
    let mut put = |kind: u8, octets: &[u8]| {
        out.push(kind);
        out.extend((octets.len() as u64).to_be_bytes());
        out.extend(octets);
    };
    for cell in row {
        match cell {
            None => put(0, &[]),
            Some(FieldValue::Integer(integer)) => put(1, &integer.to_be_bytes()),
            Some(FieldValue::Octets(octets)) => put(2, octets),
            Some(FieldValue::Text(text)) => put(3, text.as_bytes()),
            Some(FieldValue::WellKnown(name)) => put(3, name.as_str().as_bytes()),
        }
    }
    out
}
