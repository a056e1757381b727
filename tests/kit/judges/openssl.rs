//! The `openssl` program.

use super::{Judge, text, written};
use crate::pki::{Holder, Pki, run};
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// `openssl cms`.
pub struct OpenSsl {
    root: PathBuf,
    intermediate: PathBuf,
    home: TempDir,
}

impl OpenSsl {
    /// One that trusts an authority.
    pub fn new(pki: &Pki) -> OpenSsl {
        let home = tempfile::tempdir().expect("a folder can be made");
        OpenSsl { root: pki.root(), intermediate: pki.intermediate(), home }
    }

    fn cms(&self, arguments: &[&str]) -> Result<Vec<u8>, String> {
        let out = self.home.path().join("out");
        let arguments = [&["cms"], arguments, &["-out", "out"]].concat();
        written(run("openssl", &arguments, self.home.path()), &out)
    }
}

impl Judge for OpenSsl {
    fn name(&self) -> &'static str {
        "OpenSSL"
    }

    fn verify(&self, message: &Path) -> Result<Vec<u8>, String> {
        self.cms(&["-verify", "-in", text(message), "-CAfile", text(&self.root)])
    }

    fn decrypt(&self, message: &Path, holder: &Holder) -> Result<Vec<u8>, String> {
        self.cms(&["-decrypt", "-in", text(message), "-recip", text(&holder.cert), "-inkey", text(&holder.key)])
    }

    fn sign(&self, entity: &Path, holder: &Holder, pss: bool) -> Result<Vec<u8>, String> {
        let pss: &[&str] = if pss { &["-keyopt", "rsa_padding_mode:pss"] } else { &[] };
        let signer = ["-signer", text(&holder.cert), "-inkey", text(&holder.key), "-certfile", text(&self.intermediate)];
        self.cms(&[&["-sign", "-in", text(entity), "-binary", "-crlfeol", "-md", "sha256"], &signer[..], pss].concat())
    }

    fn encrypt(&self, entity: &Path, holder: &Holder, cipher: &str, oaep: bool) -> Result<Vec<u8>, String> {
        let oaep: &[&str] = if oaep { &["-keyopt", "rsa_padding_mode:oaep"] } else { &[] };
        let cipher = format!("-{cipher}");
        self.cms(&[&["-encrypt", "-in", text(entity), "-binary", &cipher, "-recip", text(&holder.cert)], oaep].concat())
    }
}
