//! `[smime]`: who is trusted, what the rules are, where certificates are looked up.

use super::raw::{RawLdap, RawSmime, RawSmimeRule};
use super::relay::secret;
use mailbox::{Cipher, HeaderProtection, Pattern, Protection, Rule, WithoutCertificate};
use std::fmt;
use std::path::{Path, PathBuf};

/// How a person is found in a directory.
const FILTER: &str = "(mail={address})";

/// What is signed, encrypted and opened.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SmimeConfig {
    /// Where the master key is.
    pub master_key_file: Option<PathBuf>,
    /// The files of those who may vouch for signers.
    pub trust: Vec<PathBuf>,
    /// The files of revocation lists.
    pub crls: Vec<PathBuf>,
    /// By which cipher is encrypted.
    pub cipher: Cipher,
    /// What becomes of the header of what is encrypted.
    pub header: HeaderProtection,
    /// What is done without being asked for.
    pub rules: Vec<Rule>,
    /// Where certificates are looked up.
    pub ldap: Option<LdapConfig>,
}

/// A directory, and how it is asked.
#[derive(Clone, PartialEq, Eq)]
pub struct LdapConfig {
    /// The server.
    pub url: String,
    /// Below which entry people stand.
    pub base: String,
    /// How a person is found; `{address}` is the address.
    pub filter: String,
    /// As whom it is asked, and the password.
    pub bind: Option<(String, String)>,
    /// A file in PEM of those who may vouch for the server.
    pub ca: Option<PathBuf>,
}

impl fmt::Debug for LdapConfig {
    /// The password is never written.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} below {}", self.url, self.base)
    }
}

/// The settings; `from` is the folder in which paths begin. What is wrong is noted.
pub(super) fn smime(raw: &RawSmime, from: &Path, errors: &mut Vec<String>) -> SmimeConfig {
    let files = |files: &[PathBuf]| files.iter().map(|file| from.join(file)).collect();
    SmimeConfig {
        master_key_file: raw.master_key_file.as_ref().map(|file| from.join(file)),
        trust: files(&raw.trust),
        crls: files(&raw.crls),
        cipher: raw.cipher.as_deref().map_or_else(Cipher::default, |name| cipher(name, errors)),
        header: if raw.hide_subject.unwrap_or(true) { HeaderProtection::Baseline } else { HeaderProtection::Copied },
        rules: raw.rules.iter().map(|one| rule(one, errors)).collect(),
        ldap: raw.ldap.as_ref().and_then(|one| ldap(one, from, errors)),
    }
}

fn cipher(name: &str, errors: &mut Vec<String>) -> Cipher {
    match name {
        "aes128-cbc" => Cipher::Aes128Cbc,
        "aes128-gcm" => Cipher::Aes128Gcm,
        "aes256-cbc" => Cipher::Aes256Cbc,
        "aes256-gcm" => Cipher::Aes256Gcm,
        other => {
            errors.push(format!("smime.cipher is \"{other}\"; it must be aes128-cbc, aes128-gcm, aes256-cbc or aes256-gcm."));
            Cipher::default()
        }
    }
}

fn rule(raw: &RawSmimeRule, errors: &mut Vec<String>) -> Rule {
    let mut pattern = |name: &str, said: &Option<String>| {
        let text = said.as_ref()?;
        let read = Pattern::parse(text);
        if read.is_none() {
            errors.push(format!("\"{text}\" is no {name} of smime.rules; it must be an address or a domain."));
        }
        read
    };
    let (sender, recipient) = (pattern("sender", &raw.sender), pattern("recipient", &raw.recipient));
    let without_certificate = match raw.without_certificate.as_deref() {
        None | Some("refuse") => WithoutCertificate::Refuse,
        Some("clear") => WithoutCertificate::Clear,
        Some(other) => {
            errors.push(format!("smime.rules.without_certificate is \"{other}\"; it must be refuse or clear."));
            WithoutCertificate::Refuse
        }
    };
    Rule { sender, recipient, protection: Protection { sign: raw.sign, encrypt: raw.encrypt }, without_certificate }
}

fn ldap(raw: &RawLdap, from: &Path, errors: &mut Vec<String>) -> Option<LdapConfig> {
    if !raw.url.starts_with("ldap://") && !raw.url.starts_with("ldaps://") {
        errors.push(format!("smime.ldap.url is \"{}\"; it must be such as ldaps://ldap.example.com.", raw.url));
    }
    let filter = raw.filter.clone().unwrap_or_else(|| FILTER.to_owned());
    if !filter.contains("{address}") {
        errors.push(format!("smime.ldap.filter is \"{filter}\"; {{address}} must stand in it."));
    }
    let bind = match (&raw.bind_dn, &raw.password_file) {
        (Some(name), Some(file)) => Some((name.clone(), secret(file, from, errors)?)),
        (None, None) => None,
        _ => {
            errors.push("smime.ldap.bind_dn and password_file must be said together, or neither.".to_owned());
            None
        }
    };
    let ca = raw.ca.as_ref().map(|file| from.join(file));
    Some(LdapConfig { url: raw.url.clone(), base: raw.base.clone(), filter, bind, ca })
}
