//! Brings secrets, which stand in files of the data directory where one node alone serves a store, and in rows where several may.

use super::ends::End;
use super::{Move, Secret};
use crate::clock::{Clock, SystemClock};
use crate::db::values;
use crate::error::StoreError;
use std::fs::{self, File};
use std::io::{ErrorKind, Write};
use std::os::unix::fs::OpenOptionsExt;

impl Move {
    /// Brings those that are there.
    pub(super) fn bring_secrets(&self) -> Result<(), StoreError> {
        for Secret { name, mode } in self.secrets {
            if let Some(octets) = read(&self.from, name)? {
                write(&self.to, name, &octets, *mode)?;
            }
        }
        Ok(())
    }
}

fn read(end: &End, name: &str) -> Result<Option<Vec<u8>>, StoreError> {
    if end.is_shared() {
        return end.reading().secret(name);
    }
    match fs::read(end.location.dir.join(name)) {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        read => Ok(Some(read?)),
    }
}

fn write(end: &End, name: &str, octets: &[u8], mode: u32) -> Result<(), StoreError> {
    if end.is_shared() {
        let now = SystemClock.now();
        let sql = "INSERT INTO secret (name, octets, created_date_time) VALUES ($1, $2, $3)
                   ON CONFLICT (name) DO UPDATE SET octets = excluded.octets";
        return end.doing(|tx| tx.execute(sql, values![name, octets, now.0])).map(drop);
    }
    let file = end.location.dir.join(name);
    file.parent().map(fs::create_dir_all).transpose()?;
    let beside = file.with_extension("new");
    let mut opened = File::options().create(true).truncate(true).write(true).mode(mode).open(&beside)?;
    opened.write_all(octets)?;
    opened.sync_all()?;
    Ok(fs::rename(beside, file)?)
}
