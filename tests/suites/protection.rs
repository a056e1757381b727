//! S/MIME by API and by policy: the server signs, encrypts and opens, and the `openssl` program says what that is worth.

mod by_api;
mod by_client;
mod by_policy;
mod directory;
mod followed;
mod given_away;
mod keys;
mod on_the_road;

use kit::{Answer, Holder, Judge, OpenSsl, PASSPHRASE, Person, Pki, RSA, Server, Wanted, address, base64, recipients};
use serde_json::{Value, json};
use std::fs;
use std::path::PathBuf;
use tempfile::TempDir;

/// An authority, people with keys of it, and a server that trusts it.
struct Stage {
    pki: Pki,
    server: Server,
    folder: TempDir,
    openssl: OpenSsl,
}

impl Stage {
    /// With these lines behind `[smime]`.
    async fn new(settings: &str) -> Stage {
        Stage::with(Pki::new(), "", settings).await
    }

    async fn with(pki: Pki, before: &str, settings: &str) -> Stage {
        let root = pki.root();
        let config = format!("development = true\n{before}\n[smime]\ntrust = [\"{}\"]\n{settings}\n", root.display());
        let server = Server::with_config(&config).await;
        let openssl = OpenSsl::new(&pki);
        Stage { pki, server, folder: tempfile::tempdir().expect("a folder can be made"), openssl }
    }

    /// A key for somebody here, which his mailbox gets.
    async fn with_key(&self, name: &str) -> Holder {
        let holder = holder(&self.pki, name, &address(name));
        give_key(&self.server.person(name), &holder).await.demand(201);
        holder
    }

    fn file(&self, name: &str, octets: &[u8]) -> PathBuf {
        let path = self.folder.path().join(name);
        fs::write(&path, octets).expect("a file can be written");
        path
    }

    /// What `openssl` finds signed in a message that it verifies.
    fn verified(&self, octets: &[u8]) -> String {
        let verified = self.openssl.verify(&self.file("verify.eml", octets));
        text(&verified.unwrap_or_else(|error| panic!("openssl: {error}\n{}", String::from_utf8_lossy(octets))))
    }

    /// What `openssl` decrypts.
    fn decrypted(&self, octets: &[u8], holder: &Holder) -> Result<Vec<u8>, String> {
        self.openssl.decrypt(&self.file("decrypt.eml", octets), holder)
    }

    /// What is signed within what is encrypted for somebody.
    fn decrypted_and_verified(&self, octets: &[u8], holder: &Holder) -> String {
        let within = self.decrypted(octets, holder);
        self.verified(&within.unwrap_or_else(|error| panic!("openssl: {error}")))
    }
}

/// Somebody who signs and reads what is encrypted, at an address.
fn holder(pki: &Pki, name: &str, address: &str) -> Holder {
    let usage = "digitalSignature,keyEncipherment";
    pki.holder(name, &Wanted { algorithm: RSA, address, usage, extended: "emailProtection", days: 365 })
}

async fn give_key(person: &Person, holder: &Holder) -> Answer {
    let pkcs12 = base64(&fs::read(&holder.p12).expect("a PKCS#12 can be read"));
    person.post_json("restante.smime/keys", &json!({"pkcs12": pkcs12, "passphrase": PASSPHRASE})).await
}

async fn give_certificate(person: &Person, holder: &Holder) -> Answer {
    let pem = fs::read_to_string(&holder.cert).expect("a certificate can be read");
    person.post_json("restante.smime/certificates", &json!({"certificate": pem})).await
}

fn message(subject: &str, to: &[&str]) -> Value {
    json!({"subject": subject, "body": {"contentType": "text", "content": format!("Text of {subject}.")}, "toRecipients": recipients(to)})
}

fn text(octets: &[u8]) -> String {
    String::from_utf8_lossy(octets).into_owned()
}

/// The octets of the only message in somebody's Inbox, and its id.
async fn only(person: &Person) -> (Vec<u8>, String) {
    let inbox = kit::until("a message arrives", async || Some(person.inbox().await).filter(|inbox| !inbox.is_empty())).await;
    assert_eq!(inbox.len(), 1, "{inbox:?}");
    let id = inbox[0]["id"].as_str().expect("an id").to_owned();
    (person.value(&id).await.to_vec(), id)
}

/// How many recipients a structure names, by `openssl`.
fn recipient_infos(stage: &Stage, octets: &[u8]) -> usize {
    let file = stage.file("print.eml", octets);
    let printed = std::process::Command::new("openssl").args(["cms", "-cmsout", "-print", "-in"]).arg(&file).output();
    let printed = text(&printed.expect("openssl can be started").stdout);
    printed.matches("d.issuerAndSerialNumber").count()
}
