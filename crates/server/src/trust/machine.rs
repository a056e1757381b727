//! The store of CAs of a machine of Debian's kind (update-ca-certificates(8)): a folder for what its administrator adds, and
//! a program that makes of it what OpenSSL and GnuTLS read.

use super::LocalCa;
use anyhow::{Context, ensure};
use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use store::Digest;

/// A machine's store.
pub(super) struct Machine {
    pub(super) folder: PathBuf,
    pub(super) update: PathBuf,
}

impl Machine {
    /// This machine's, if it is Debian's kind.
    pub(super) fn debian() -> Machine {
        Machine { folder: "/usr/local/share/ca-certificates".into(), update: "/usr/sbin/update-ca-certificates".into() }
    }

    /// Has the machine trust a CA; says what was done.
    ///
    /// # Errors
    /// Where the CA is without limits, the machine of another kind, or somebody else must do it.
    pub(super) fn install(&self, ca: &LocalCa) -> anyhow::Result<String> {
        ca.demand_limits()?;
        self.demand_debian()?;
        let added = self.place(&ca.dir);
        let pem = fs::read(&ca.file)?;
        identity::replace_file(&added, &pem, 0o644).map_err(|error| refused(error, &added, "--install", &ca.dir))?;
        self.update()?;
        Ok(format!(
            "This machine trusts {} now, as {}.\nPrograms that run must be started anew. Node.js, Java, Firefox and Python's \
             requests have a list of their own: `restante trust` says how to tell them.\n",
            ca.file.display(),
            added.display()
        ))
    }

    /// Has the machine trust the CA of a data directory no more; says what was done.
    ///
    /// # Errors
    /// Where the machine is of another kind, or somebody else must do it.
    pub(super) fn remove(&self, dir: &Path) -> anyhow::Result<String> {
        self.demand_debian()?;
        let added = self.place(dir);
        match fs::remove_file(&added) {
            Ok(()) => {}
            Err(error) if error.kind() == ErrorKind::NotFound => {
                return Ok(format!("This machine was not told to trust the CA of {}.\n", dir.display()));
            }
            Err(error) => return Err(refused(error, &added, "--remove", dir)),
        }
        self.update()?;
        let name = added.file_stem().unwrap_or_default().display();
        Ok(format!(
            "This machine trusts the CA of {} no more; {} is gone.\nWhere Debian's Java is installed it keeps a copy: \
             keytool -delete -cacerts -storepass changeit -alias debian:{name}.pem\n",
            dir.display(),
            added.display()
        ))
    }

    /// One file for each data directory, so that a CA that was made anew takes the place of the one before.
    pub(super) fn place(&self, dir: &Path) -> PathBuf {
        let name = Digest::of(dir.as_os_str().as_encoded_bytes()).to_hex();
        self.folder.join(format!("restante-{}.crt", name.get(..12).unwrap_or_default()))
    }

    fn demand_debian(&self) -> anyhow::Result<()> {
        ensure!(
            self.update.exists() && self.folder.is_dir(),
            "this machine has no {} and {}, as Debian's package ca-certificates has; `restante trust` says what to do elsewhere",
            self.update.display(),
            self.folder.display()
        );
        Ok(())
    }

    fn update(&self) -> anyhow::Result<()> {
        let name = self.update.display();
        // What it prints goes to the person who asked, beside what we say.
        // Without --fresh it sees neither a file that is gone nor one that is another now.
        let ended = Command::new(&self.update).arg("--fresh").stdin(Stdio::null()).stdout(io::stderr()).status();
        let ended = ended.with_context(|| format!("{name} can't be started"))?;
        ensure!(ended.success(), "{name} ended with {ended}");
        Ok(())
    }
}

/// Why a file could not be changed; only the administrator may.
fn refused(error: io::Error, file: &Path, flag: &str, dir: &Path) -> anyhow::Error {
    if error.kind() == ErrorKind::PermissionDenied {
        return anyhow::anyhow!("only root may do this; run: sudo restante trust {flag} --data {}", dir.display());
    }
    anyhow::Error::new(error).context(format!("{} can't be changed", file.display()))
}
