//! Files that hold secrets: whole or not there, whatever happens, and never readable for longer than they should be.

use std::fs::{self, File, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::Path;

/// Puts a file in the place of what is there: a reader sees the old one or the new one, also after a crash. `mode` is its
/// Unix permissions, such as `0o600`.
///
/// # Errors
/// What the file system says; the old file is then still there.
pub fn replace_file(path: &Path, octets: &[u8], mode: u32) -> io::Result<()> {
    let unfinished = path.with_extension("new");
    let mut file = File::options().write(true).create(true).truncate(true).mode(mode).open(&unfinished)?;
    file.set_permissions(Permissions::from_mode(mode))?; // one left by a crash keeps its own, and a umask takes some away
    file.write_all(octets)?;
    file.sync_all()?;
    fs::rename(&unfinished, path)?;
    path.parent().map(|folder| File::open(folder)?.sync_all()).transpose()?;
    Ok(())
}
