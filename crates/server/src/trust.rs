//! `restante trust`: how clients are told to trust the local CA, and on Debian, telling the whole machine.

mod how;
mod machine;

use crate::cli;
use anyhow::{Context, bail, ensure};
use machine::Machine;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use std::fs;
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use store::Digest;

/// The identifier of name constraints (RFC 5280 §4.2.1.10), as it stands in a certificate.
const NAME_CONSTRAINTS: [u8; 5] = [0x06, 0x03, 0x55, 0x1d, 0x1e];

/// The local CA of a data directory.
struct LocalCa {
    /// The data directory, whole.
    dir: PathBuf,
    file: PathBuf,
    /// The certificate.
    der: Vec<u8>,
}

/// `restante trust`: prints how clients come to trust the CA, or tells this machine to, or no more.
///
/// # Errors
/// Where there is no CA yet, this machine is not Debian's kind, or its store of CAs can't be changed.
pub fn run(flags: &cli::Trust) -> anyhow::Result<ExitCode> {
    let machine = Machine::debian();
    let text = if flags.remove {
        let dir = fs::canonicalize(&flags.data).with_context(|| format!("{} can't be had", flags.data.display()))?;
        machine.remove(&dir)?
    } else {
        let ca = LocalCa::open(&flags.data)?;
        if flags.install { machine.install(&ca)? } else { how::explain(&ca) }
    };
    std::io::stdout().write_all(text.as_bytes())?;
    Ok(ExitCode::SUCCESS)
}

impl LocalCa {
    fn open(data: &Path) -> anyhow::Result<LocalCa> {
        let dir = fs::canonicalize(data).unwrap_or_else(|_| data.to_owned()); // the file's error says why
        let file = dir.join("tls/ca.pem");
        let pem = match fs::read(&file) {
            Err(error) if error.kind() == ErrorKind::NotFound => {
                bail!("there is no CA in {} yet; it is made when a server first starts there", data.display())
            }
            read => read.with_context(|| format!("{} can't be read", file.display()))?,
        };
        let der = CertificateDer::from_pem_slice(&pem).with_context(|| format!("{} holds no certificate", file.display()))?;
        Ok(LocalCa { dir, file, der: der.to_vec() })
    }

    /// By which people compare two copies: SHA-256, as `openssl x509 -fingerprint -sha256` prints it.
    fn fingerprint(&self) -> String {
        let octets: Vec<String> = Digest::of(&self.der).0.iter().map(|octet| format!("{octet:02X}")).collect();
        octets.join(":")
    }

    /// Whether it speaks for its server's names alone. Earlier versions made CAs that could speak for any.
    fn is_limited(&self) -> bool {
        self.der.windows(NAME_CONSTRAINTS.len()).any(|octets| octets == NAME_CONSTRAINTS)
    }

    /// Demands that a whole machine may trust it.
    fn demand_limits(&self) -> anyhow::Result<()> {
        let folder = self.dir.join("tls");
        ensure!(
            self.is_limited(),
            "this CA is of an earlier version and could speak for any server; stop the server, delete {}, start it again, and \
             trust the CA that it makes then",
            folder.display()
        );
        Ok(())
    }
}

#[cfg(test)]
mod tests;
