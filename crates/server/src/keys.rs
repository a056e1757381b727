//! `restante key`: keys of S/MIME from the command line, also beside a running server. What is judged is judged in `mailbox`.

use crate::admin;
use crate::cli::{KeyCommand, KeyDeed, Register};
use crate::protecting::master_key;
use crate::queue::mail_of;
use crate::register::tell;
use anyhow::{Context, anyhow};
use mailbox::{HeldKey, Mail, Protecting};
use serde_json::{Value, json};
use std::fs;
use std::path::Path;
use std::process::ExitCode;
use store::{Digest, MailboxId, Person, ReadTx, StoreError};

/// `restante key`
///
/// # Errors
/// Where the deed is refused, or the store can't be opened.
pub async fn run(command: KeyCommand) -> anyhow::Result<ExitCode> {
    let at = &command.register;
    match command.deed {
        KeyDeed::Add { user, pkcs12, passphrase_file, master_key_file } => {
            let master = master_key(master_key_file.as_deref(), Some(&at.store.data))?;
            let (mail, person) = open(at, &user, Protecting { master_key: master, ..Protecting::default() }).await?;
            let octets = fs::read(&pkcs12).with_context(|| format!("{} can't be read", pkcs12.display()))?;
            let key = mail.keep_key(person, octets, passphrase(passphrase_file.as_deref())?).await?;
            tell(at, &told(&key), &format!("The mailbox has the key. {}", line(&key)))?;
        }
        KeyDeed::List { user } => {
            let (mail, person) = open(at, &user, Protecting::default()).await?;
            let keys = mail.keys_of(person.id).await?;
            tell(at, &keys.iter().map(told).collect::<Vec<_>>(), &keys.iter().map(line).collect::<String>())?;
        }
        KeyDeed::Remove { user, fingerprint } => {
            let (mail, person) = open(at, &user, Protecting::default()).await?;
            let named = Digest::from_hex(&fingerprint).ok_or_else(|| anyhow!("\"{fingerprint}\" is no SHA-256"))?;
            mail.throw_key_away(person.id, named.0).await.context("the mailbox has no such key")?;
            tell(at, &json!({"id": fingerprint}), "The key is gone.\n")?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

async fn open(at: &Register, user: &str, protecting: Protecting) -> anyhow::Result<(Mail, Person)> {
    let store = admin::open(&at.store)?;
    let (name, id) = (user.to_owned(), uuid::Uuid::try_parse(user).ok());
    let look = move |tx: &ReadTx<'_>| {
        let person = match id {
            Some(id) => tx.person(MailboxId(*id.as_bytes()))?,
            None => tx.person_by_address(&name)?,
        };
        Ok((person, tx.domain()?.unwrap_or_default()))
    };
    let (person, domain) = store.read::<_, StoreError>(look).await?;
    let person = person.with_context(|| format!("there is nobody named {user} here"))?;
    Ok((mail_of(store, domain, protecting), person))
}

fn passphrase(file: Option<&Path>) -> anyhow::Result<String> {
    let Some(file) = file else { return Ok(crate::config::p12_passphrase()) };
    let text = fs::read_to_string(file).with_context(|| format!("{} can't be read", file.display()))?;
    Ok(text.trim_end_matches(['\r', '\n']).to_owned())
}

fn told(key: &HeldKey) -> Value {
    let certificate = &key.certificate;
    json!({
        "id": certificate.fingerprint(),
        "addresses": certificate.addresses(),
        "subject": certificate.subject(),
        "algorithm": certificate.key_algorithm(),
        "notAfter": date(certificate.validity().1),
        "isEnding": key.is_ending,
    })
}

fn line(key: &HeldKey) -> String {
    let certificate = &key.certificate;
    let ending = if key.is_ending { " (it ends soon, or has ended)" } else { "" };
    let addresses = certificate.addresses().join(", ");
    let until = date(certificate.validity().1);
    format!("{}\n  {addresses}, {}, until {until}{ending}\n", certificate.fingerprint(), certificate.key_algorithm())
}

fn date(seconds: i64) -> String {
    jiff::Timestamp::from_second(seconds).unwrap_or_default().to_string()
}
