//! OpenLDAP's server, as a directory of people and their certificates.

use super::{at, folder, free_port, until_reached};
use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use tempfile::TempDir;

/// Below which entry people stand.
pub const BASE: &str = "dc=smime,dc=example";
/// As whom it may be asked, and the password.
pub const READER: (&str, &str) = ("cn=reader,dc=smime,dc=example", "let me read");

/// A directory that runs.
pub struct Slapd {
    home: TempDir,
    address: SocketAddr,
    child: Child,
}

impl Slapd {
    /// Starts one that knows these people: a name, an address, and the file of a certificate in PEM. Nobody is answered who
    /// doesn't say who he is.
    pub async fn start(people: &[(&str, &str, &Path)]) -> Slapd {
        let home = folder();
        fs::create_dir(home.path().join("data")).expect("a folder can be made");
        fs::write(home.path().join("slapd.conf"), settings(home.path())).expect("settings can be written");
        fs::write(home.path().join("people.ldif"), ldif(people)).expect("people can be written");
        let at_home = |name: &str| home.path().join(name);
        let added =
            Command::new("/usr/sbin/slapadd").arg("-f").arg(at_home("slapd.conf")).arg("-l").arg(at_home("people.ldif")).output();
        let added = added.expect("slapadd can be started; ./test installs it");
        assert!(added.status.success(), "slapadd: {}", String::from_utf8_lossy(&added.stderr));
        let address = at(free_port());
        let child = Command::new("/usr/sbin/slapd")
            .args(["-d", "0", "-h", &format!("ldap://{address}"), "-f"])
            .arg(at_home("slapd.conf"))
            .stderr(Stdio::null())
            .spawn()
            .expect("slapd can be started; ./test installs it");
        until_reached(address).await;
        Slapd { home, address, child }
    }

    /// Where it answers.
    pub fn url(&self) -> String {
        format!("ldap://{}", self.address)
    }

    /// A file with the password of the one who may ask.
    pub fn password_file(&self) -> PathBuf {
        let file = self.home.path().join("password");
        fs::write(&file, format!("{}\n", READER.1)).expect("a password can be written");
        file
    }
}

impl Drop for Slapd {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn settings(home: &Path) -> String {
    let schemas = ["core", "cosine", "inetorgperson"].map(|name| format!("include /etc/ldap/schema/{name}.schema\n")).concat();
    format!(
        "{schemas}modulepath /usr/lib/ldap\nmoduleload back_mdb\nrequire authc\ndatabase mdb\nsuffix \"{BASE}\"\n\
         directory {}\nrootdn \"{}\"\nrootpw \"{}\"\n",
        home.join("data").display(),
        READER.0,
        READER.1
    )
}

fn ldif(people: &[(&str, &str, &Path)]) -> String {
    let mut text = format!("dn: {BASE}\nobjectClass: dcObject\nobjectClass: organization\no: smime\ndc: smime\n\n");
    for (name, address, certificate) in people {
        let pem = fs::read_to_string(certificate).expect("a certificate can be read");
        let der: String =
            pem.lines().skip_while(|line| !line.starts_with("-----BEGIN")).filter(|line| !line.starts_with("--")).collect();
        text += &format!(
            "dn: cn={name},{BASE}\nobjectClass: inetOrgPerson\ncn: {name}\nsn: {name}\nmail: {address}\nuserCertificate;binary:: {der}\n\n"
        );
    }
    text
}
