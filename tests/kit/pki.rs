//! Keys and certificates that the `openssl` program makes: an authority, one beneath it, and people.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use tempfile::TempDir;

/// The passphrase of every PKCS#12.
pub const PASSPHRASE: &str = "open sesame";

/// An authority in a folder of its own.
pub struct Pki {
    home: TempDir,
}

/// Somebody with a key.
#[derive(Debug, Clone)]
pub struct Holder {
    /// The name of the files, and of the address before its `@`.
    pub name: String,
    /// Certificate, in PEM.
    pub cert: PathBuf,
    /// Certificate with the intermediate's behind it, in PEM.
    pub chain: PathBuf,
    /// Private key, in PEM.
    pub key: PathBuf,
    /// All of it.
    pub p12: PathBuf,
    /// The same with the ciphers of the last century: what Windows writes, and all that gpgsm 2.2 reads.
    pub old_p12: PathBuf,
}

/// What a certificate is to say.
pub struct Wanted<'w> {
    /// `openssl genpkey` takes it.
    pub algorithm: &'w [&'w str],
    /// Who: the address of the certificate.
    pub address: &'w str,
    /// keyUsage, as `openssl` writes it.
    pub usage: &'w str,
    /// extendedKeyUsage.
    pub extended: &'w str,
    /// Its first day is so many days before today, its last so many behind that.
    pub days: i32,
}

/// RSA of 2048 bits.
pub const RSA: &[&str] = &["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"];
/// A key that signs by RSASSA-PSS alone.
pub const RSA_PSS: &[&str] = &["-algorithm", "RSA-PSS", "-pkeyopt", "rsa_keygen_bits:2048"];
/// NIST's curves.
pub const P256: &[&str] = &["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"];
/// As above.
pub const P384: &[&str] = &["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-384"];
/// As above.
pub const P521: &[&str] = &["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-521"];
/// Edwards' curve.
pub const ED25519: &[&str] = &["-algorithm", "ED25519"];

impl Pki {
    /// Makes an authority, and one beneath it.
    pub fn new() -> Pki {
        let pki = Pki { home: tempfile::tempdir().expect("a folder can be made") };
        pki.key("root", RSA);
        let root = "basicConstraints=critical,CA:TRUE";
        let usage = "keyUsage=critical,keyCertSign,cRLSign";
        pki.openssl(&[
            "req", "-x509", "-new", "-key", "root.key", "-subj", "/CN=Root", "-days", "3650", "-addext", root, "-addext", usage,
            "-out", "root.pem",
        ]);
        pki.key("inter", RSA);
        pki.issue("inter", "/CN=Intermediate", &format!("{root},pathlen:0\n{usage}\n"), "root", "3650");
        pki
    }

    /// The authority's certificate.
    pub fn root(&self) -> PathBuf {
        self.at("root.pem")
    }

    /// The certificate of the one beneath it.
    pub fn intermediate(&self) -> PathBuf {
        self.at("inter.pem")
    }

    /// A file in its folder.
    pub fn at(&self, name: &str) -> PathBuf {
        self.home.path().join(name)
    }

    /// Somebody who may sign and be written to, at `NAME@smime.example`.
    pub fn person(&self, name: &str, algorithm: &[&str]) -> Holder {
        let usage = "digitalSignature,keyEncipherment,keyAgreement";
        let usage = if algorithm.contains(&"EC") { "digitalSignature,keyAgreement" } else { usage };
        let usage = if algorithm == ED25519 || algorithm == RSA_PSS { "digitalSignature" } else { usage };
        let usage = if algorithm == RSA { "digitalSignature,keyEncipherment" } else { usage };
        let address = format!("{name}@smime.example");
        self.holder(name, &Wanted { algorithm, address: &address, usage, extended: "emailProtection", days: 365 })
    }

    /// Somebody, as wanted.
    pub fn holder(&self, name: &str, wanted: &Wanted<'_>) -> Holder {
        self.key(name, wanted.algorithm);
        let extensions = format!(
            "basicConstraints=CA:FALSE\nkeyUsage=critical,{}\nextendedKeyUsage={}\nsubjectAltName=email:{}\nsubjectKeyIdentifier=hash\n",
            wanted.usage, wanted.extended, wanted.address
        );
        self.issue(name, &format!("/CN={name}"), &extensions, "inter", &wanted.days.to_string());
        let [cert, chain, key, p12] = ["pem", "chain", "key", "p12"].map(|kind| self.at(&format!("{name}.{kind}")));
        let both = [fs::read(&cert), fs::read(self.intermediate())].map(|pem| pem.expect("a certificate can be read")).concat();
        fs::write(&chain, both).expect("a chain can be written");
        let holder = Holder { name: name.to_owned(), cert, chain, key, p12, old_p12: self.at(&format!("{name}.old.p12")) };
        self.export(name, &[], &holder.p12);
        self.export_old(&holder);
        holder
    }

    /// Writes the PKCS#12 with old ciphers anew, with other salts.
    pub(crate) fn export_old(&self, holder: &Holder) {
        self.export(&holder.name, &["-legacy"], &holder.old_p12);
    }

    fn export(&self, name: &str, how: &[&str], file: &Path) {
        let [key, cert] = ["key", "pem"].map(|kind| format!("{name}.{kind}"));
        let password = format!("pass:{PASSPHRASE}");
        let what = ["pkcs12", "-export", "-inkey", &key, "-in", &cert, "-certfile", "inter.pem", "-name", name];
        let file = file.to_str().expect("paths of tests are text");
        self.openssl(&[&what, how, &["-passout", &password, "-out", file]].concat());
    }

    /// Revokes a certificate: the list of the one beneath the authority names it.
    pub fn revoke(&self, holder: &Holder) -> PathBuf {
        self.keep_books();
        let cert = format!("{}.pem", holder.name);
        self.openssl(&["ca", "-config", "ca.cnf", "-revoke", &cert]);
        self.openssl(&["ca", "-config", "ca.cnf", "-gencrl", "-out", "crl.pem"]);
        self.at("crl.pem")
    }

    /// What the one beneath the authority answers about a certificate (OCSP), in DER: that it is good, or was revoked.
    pub fn answer(&self, holder: &Holder, is_good: bool) -> PathBuf {
        self.keep_books();
        let [cert, response] = ["pem", "ocsp"].map(|kind| format!("{}.{kind}", holder.name));
        self.openssl(&["ca", "-config", "ca.cnf", if is_good { "-valid" } else { "-revoke" }, &cert]);
        let books = ["ocsp", "-index", "index.txt", "-CA", "inter.pem", "-rsigner", "inter.pem", "-rkey", "inter.key"];
        let asked = ["-issuer", "inter.pem", "-cert", &cert, "-ndays", "7", "-noverify", "-respout", &response];
        self.openssl(&[&books[..], &asked].concat());
        self.at(&response)
    }

    fn keep_books(&self) {
        let settings = "[ca]\ndefault_ca=d\n[d]\ndatabase=index.txt\ncertificate=inter.pem\nprivate_key=inter.key\ndefault_md=sha256\ndefault_crl_days=30\n";
        fs::write(self.at("ca.cnf"), settings).expect("settings can be written");
        fs::write(self.at("index.txt"), "").expect("an index can be written");
    }

    fn key(&self, name: &str, algorithm: &[&str]) {
        self.openssl(&[&["genpkey"], algorithm, &["-out", &format!("{name}.key")]].concat());
    }

    fn issue(&self, name: &str, subject: &str, extensions: &str, issuer: &str, days: &str) {
        fs::write(self.at("extensions"), extensions).expect("extensions can be written");
        let [key, request, cert] = ["key", "csr", "pem"].map(|kind| format!("{name}.{kind}"));
        let [ca, ca_key] = ["pem", "key"].map(|kind| format!("{issuer}.{kind}"));
        self.openssl(&["req", "-new", "-key", &key, "-subj", subject, "-out", &request]);
        self.openssl(&[
            "x509",
            "-req",
            "-in",
            &request,
            "-CA",
            &ca,
            "-CAkey",
            &ca_key,
            "-CAcreateserial",
            "-days",
            days,
            "-sha256",
            "-extfile",
            "extensions",
            "-out",
            &cert,
        ]);
    }

    fn openssl(&self, arguments: &[&str]) {
        let output = run("openssl", arguments, self.home.path());
        assert!(output.status.success(), "openssl {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    }
}

impl Default for Pki {
    fn default() -> Self {
        Pki::new()
    }
}

/// Runs a program in a folder to its end.
pub(crate) fn run(program: &str, arguments: &[&str], folder: &Path) -> Output {
    let output = Command::new(program).args(arguments).current_dir(folder).output();
    output.unwrap_or_else(|error| panic!("{program} can't be started ({error}); ./test installs it"))
}
