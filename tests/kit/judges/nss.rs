//! Mozilla's NSS.

use super::{Judge, as_message, taken_apart, text, written};
use crate::pki::{Holder, PASSPHRASE, Pki, run};
use std::fs;
use std::path::Path;
use std::process::Output;
use tempfile::TempDir;

/// `cmsutil`, with keys of its own.
pub struct Nss {
    home: TempDir,
}

impl Nss {
    /// One that trusts an authority and knows holders.
    pub fn new(pki: &Pki, holders: &[&Holder]) -> Nss {
        let nss = Nss { home: tempfile::tempdir().expect("a folder can be made") };
        nss.done("certutil", &["-N", "-d", ".", "--empty-password"]);
        nss.done("certutil", &["-A", "-d", ".", "-n", "root", "-t", "CTu,CTu,CTu", "-i", text(&pki.root())]);
        nss.done("certutil", &["-A", "-d", ".", "-n", "inter", "-t", ",,", "-i", text(&pki.intermediate())]);
        for holder in holders {
            nss.done("pk12util", &["-i", text(&holder.p12), "-d", ".", "-W", PASSPHRASE, "-K", ""]);
        }
        nss
    }

    fn done(&self, program: &str, arguments: &[&str]) {
        let output: Output = run(program, arguments, self.home.path());
        assert!(output.status.success(), "{program} {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    }

    fn cmsutil(&self, arguments: &[&str]) -> Result<Vec<u8>, String> {
        let out = self.home.path().join("out");
        let _ = fs::remove_file(&out);
        let arguments = [arguments, &["-d", ".", "-o", "out"]].concat();
        written(run("cmsutil", &arguments, self.home.path()), &out)
    }

    fn file(&self, name: &str, octets: &[u8]) {
        fs::write(self.home.path().join(name), octets).expect("a file can be written");
    }
}

impl Judge for Nss {
    fn name(&self) -> &'static str {
        "NSS"
    }

    fn verify(&self, message: &Path) -> Result<Vec<u8>, String> {
        let (der, signed) = taken_apart(&fs::read(message).expect("a message can be read"));
        self.file("der", &der);
        match signed {
            Some(signed) => {
                self.file("signed", &signed);
                self.cmsutil(&["-D", "-i", "der", "-c", "signed", "-u", "5"]).map(|_| signed)
            }
            None => self.cmsutil(&["-D", "-i", "der", "-u", "5"]),
        }
    }

    fn decrypt(&self, message: &Path, _: &Holder) -> Result<Vec<u8>, String> {
        let (der, _) = taken_apart(&fs::read(message).expect("a message can be read"));
        self.file("der", &der);
        self.cmsutil(&["-D", "-i", "der"])
    }

    fn sign(&self, entity: &Path, holder: &Holder, pss: bool) -> Result<Vec<u8>, String> {
        if pss {
            return Err("makes none".to_owned());
        }
        let arguments = ["-S", "-i", text(entity), "-N", &holder.name, "-H", "SHA256", "-G", "-Y", "NONE"];
        self.cmsutil(&arguments).map(|der| as_message(&der))
    }

    fn encrypt(&self, entity: &Path, holder: &Holder, cipher: &str, oaep: bool) -> Result<Vec<u8>, String> {
        if oaep || !cipher.ends_with("-cbc") {
            return Err("doesn't know it".to_owned());
        }
        let address = format!("{}@smime.example", holder.name);
        self.cmsutil(&["-E", "-i", text(entity), "-r", &address]).map(|der| as_message(&der))
    }
}
