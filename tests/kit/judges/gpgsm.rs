//! GnuPG's S/MIME, with a home and an agent of its own.

use super::{Judge, as_message, taken_apart, text, written};
use crate::pki::{Holder, PASSPHRASE, Pki, run};
use std::fs::{self, File};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Output};
use tempfile::TempDir;

/// `gpgsm`.
pub struct Gpgsm {
    home: TempDir,
}

impl Gpgsm {
    /// One that trusts an authority and knows holders: those whose keys it can take.
    pub fn new(pki: &Pki, holders: &[&Holder]) -> Gpgsm {
        let home = tempfile::tempdir().expect("a folder can be made");
        fs::set_permissions(home.path(), fs::Permissions::from_mode(0o700)).expect("a folder can be closed");
        let gpgsm = Gpgsm { home };
        let settings = "disable-crl-checks\ndisable-dirmngr\nbatch\nno-secmem-warning\n";
        fs::write(gpgsm.home.path().join("gpgsm.conf"), settings).expect("settings can be written");
        fs::write(gpgsm.home.path().join("gpg-agent.conf"), "allow-loopback-pinentry\n").expect("settings can be written");
        fs::write(gpgsm.home.path().join("passphrase"), PASSPHRASE).expect("a passphrase can be written");
        let fingerprint =
            run("openssl", &["x509", "-in", text(&pki.root()), "-noout", "-fingerprint", "-sha1"], gpgsm.home.path());
        let fingerprint = String::from_utf8_lossy(&fingerprint.stdout).trim().rsplit('=').next().expect("one").replace(':', "");
        fs::write(gpgsm.home.path().join("trustlist.txt"), format!("{fingerprint} S relax\n")).expect("trust can be written");
        for cert in [pki.root(), pki.intermediate()] {
            gpgsm.run(&["--import", text(&cert)]);
        }
        holders.iter().for_each(|holder| gpgsm.take_key(pki, holder));
        gpgsm
    }

    /// gpgsm 2.2 can't read about one in fifty of the files that others can, and says that the passphrase is wrong: the same key
    /// with other salts it takes.
    fn take_key(&self, pki: &Pki, holder: &Holder) {
        let import = ["--pinentry-mode", "loopback", "--passphrase-fd", "0", "--import", text(&holder.old_p12)];
        let mut said = String::new();
        for _ in 0..5 {
            said = String::from_utf8_lossy(&self.run(&import).stderr).into_owned();
            if said.contains("secret keys imported: 1") {
                return;
            }
            pki.export_old(holder);
        }
        panic!("gpgsm takes no key of {}: {said}", holder.name);
    }

    fn run(&self, arguments: &[&str]) -> Output {
        let home = self.home.path();
        let mut command = Command::new("gpgsm");
        let passphrase = File::open(home.join("passphrase")).expect("the passphrase is there");
        command.arg("--homedir").arg(home).args(["--batch", "--yes"]).args(arguments).current_dir(home).stdin(passphrase);
        command.output().expect("gpgsm can be started; ./test installs it")
    }

    fn out(&self, arguments: &[&str]) -> Result<Vec<u8>, String> {
        let secret = ["--pinentry-mode", "loopback", "--passphrase-fd", "0", "--output", "out"];
        written(self.run(&[&secret[..], arguments].concat()), &self.home.path().join("out"))
    }

    fn file(&self, name: &str, octets: &[u8]) {
        fs::write(self.home.path().join(name), octets).expect("a file can be written");
    }
}

impl Drop for Gpgsm {
    fn drop(&mut self) {
        let _ = Command::new("gpgconf").arg("--homedir").arg(self.home.path()).args(["--kill", "all"]).output();
    }
}

impl Judge for Gpgsm {
    fn name(&self) -> &'static str {
        "gpgsm"
    }

    fn verify(&self, message: &Path) -> Result<Vec<u8>, String> {
        let (der, signed) = taken_apart(&fs::read(message).expect("a message can be read"));
        self.file("der", &der);
        let Some(signed) = signed else { return self.out(&["--verify", "der"]) };
        self.file("out", &signed);
        written(self.run(&["--verify", "der", "out"]), &self.home.path().join("out"))
    }

    fn decrypt(&self, message: &Path, _: &Holder) -> Result<Vec<u8>, String> {
        let (der, _) = taken_apart(&fs::read(message).expect("a message can be read"));
        self.file("der", &der);
        self.out(&["--decrypt", "der"])
    }

    fn sign(&self, entity: &Path, holder: &Holder, pss: bool) -> Result<Vec<u8>, String> {
        if pss {
            return Err("makes none".to_owned());
        }
        let user = format!("{}@smime.example", holder.name);
        self.out(&["--local-user", &user, "--sign", text(entity)]).map(|der| as_message(&der))
    }

    fn encrypt(&self, entity: &Path, holder: &Holder, cipher: &str, oaep: bool) -> Result<Vec<u8>, String> {
        if oaep || !cipher.ends_with("-cbc") {
            return Err("doesn't know it".to_owned());
        }
        let cipher = cipher.replace("aes-", "AES").replace("-cbc", "");
        let user = format!("{}@smime.example", holder.name);
        let arguments = ["--cipher-algo", &cipher, "--recipient", &user, "--encrypt", text(entity)];
        self.out(&arguments).map(|der| as_message(&der))
    }
}
