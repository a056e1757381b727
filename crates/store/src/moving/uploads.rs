//! Brings what has come of uploads that aren't whole: a file that grows where octets stand in files, parts that rows name where
//! nodes share them.

use super::Move;
use super::ends::End;
use crate::blobs::{Blob, Digest, Places, Spool, Standing};
use crate::db::values;
use crate::error::StoreError;
use crate::ids::{MailboxId, UploadId};
use bytes::Bytes;
use std::fs::File;
use std::io::{ErrorKind, Read, Write};

/// Octets that are taken at a time.
const PIECE: usize = 1024 * 1024;

impl Move {
    /// Brings what has come. Parts that rows name came with these; where they stand otherwise now, they are made anew of all that
    /// has come.
    pub(super) fn bring_uploads(&self) -> Result<(), StoreError> {
        for (mailbox, id) in under_way(&self.from)? {
            match (self.from.shares_octets(), self.to.shares_octets()) {
                (true, true) => {}
                (true, false) => self.grow(mailbox, id)?,
                (false, true) => self.name_part(mailbox, id)?,
                (false, false) => self.copy(id)?,
            }
        }
        Ok(())
    }

    fn copy(&self, id: UploadId) -> Result<(), StoreError> {
        let Some(mut from) = grown(&self.from.places, id)? else { return Ok(()) };
        let mut to = File::create(self.to.places.files.upload_path(id))?;
        std::io::copy(&mut from, &mut to)?;
        Ok(to.sync_all()?)
    }

    /// Makes a growing file of parts.
    fn grow(&self, mailbox: MailboxId, id: UploadId) -> Result<(), StoreError> {
        let mut file = File::create(self.to.places.files.upload_path(id))?;
        for (size, octets) in parts(&self.to, mailbox, id)? {
            file.write_all(octets.get(..size).unwrap_or(&octets))?;
        }
        file.sync_all()?;
        self.to.doing(|tx| tx.remove_upload_parts(mailbox, id, 0))
    }

    /// Makes one part of a growing file.
    fn name_part(&self, mailbox: MailboxId, id: UploadId) -> Result<(), StoreError> {
        let come = self.come(id)?;
        self.to.doing(|tx| {
            tx.remove_upload_parts(mailbox, id, 0)?;
            come.as_ref().map_or(Ok(()), |blob| tx.put_upload_part(mailbox, id, 0, blob))
        })
    }

    /// What has come of an upload that grows, as octets of the other end.
    fn come(&self, id: UploadId) -> Result<Option<Blob>, StoreError> {
        let Some(mut file) = grown(&self.from.places, id)? else { return Ok(None) };
        let (mut spool, mut piece) = (Spool::new(self.to.places.clone()), vec![0; PIECE]);
        loop {
            match file.read(&mut piece)? {
                0 => break,
                size => spool.write_all(piece.get(..size).unwrap_or_default())?,
            }
        }
        if spool.size() == 0 { Ok(None) } else { self.handle.block_on(spool.finish()).map(Some) }
    }
}

/// The sessions that wait for octets.
fn under_way(end: &End) -> Result<Vec<(MailboxId, UploadId)>, StoreError> {
    let sql = "SELECT mailbox, id FROM upload_session WHERE blob IS NULL AND attachment IS NULL";
    end.reading().rows(sql, &[], |row| Ok((MailboxId(row.fixed(0)?), UploadId(row.fixed(1)?))))
}

fn grown(places: &Places, id: UploadId) -> Result<Option<File>, StoreError> {
    match File::open(places.files.upload_path(id)) {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        opened => Ok(Some(opened?)),
    }
}

/// The parts of an upload in order: octets, and how many of them count.
fn parts(end: &End, mailbox: MailboxId, id: UploadId) -> Result<Vec<(usize, Bytes)>, StoreError> {
    let sql = "SELECT size, blob FROM upload_part WHERE mailbox = $1 AND session = $2 ORDER BY start";
    let reading = end.reading();
    let named = reading.rows(sql, values![&mailbox.0, &id.0], |row| Ok((row.integer(0)?, Digest(row.fixed(1)?))))?;
    let octets_of = |(size, digest): (i64, Digest)| {
        let octets = match reading.blob(&digest)? {
            Standing::At(place) => end.places.map(&place)?,
            Standing::InRow(octets) => octets.into(),
        };
        Ok((usize::try_from(size).unwrap_or_default(), octets))
    };
    named.into_iter().map(octets_of).collect()
}
