//! Certificates of others from a directory, over LDAP (RFC 4511): userCertificate (RFC 4523 §2.1) and userSMIMECertificate
//! (RFC 2798 §2.8).

use crate::config::LdapConfig;
use crate::key_fetch::client_config;
use anyhow::{Context, ensure};
use futures::FutureExt;
use futures::future::BoxFuture;
use ldap3::{LdapConnAsync, LdapConnSettings, Scope, SearchEntry, SearchOptions, ldap_escape};
use mailbox::{Certificate, Directory};
use rustls::ClientConfig;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// How long it may take to connect, and to answer.
const PATIENCE: Duration = Duration::from_secs(5);
/// Entries that are looked at: an address is one person's.
const ENTRIES: i32 = 4;
const CERTIFICATE: &str = "userCertificate;binary";
const SMIME_CERTIFICATE: &str = "userSMIMECertificate;binary";

/// A directory, and how it is asked.
pub(crate) struct LdapDirectory {
    config: LdapConfig,
    tls: Arc<ClientConfig>,
}

impl fmt::Debug for LdapDirectory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.config.fmt(f)
    }
}

impl LdapDirectory {
    /// # Errors
    /// Where the authorities can't be read.
    pub(crate) fn new(config: LdapConfig) -> anyhow::Result<LdapDirectory> {
        let tls = Arc::new(client_config(config.ca.as_deref())?);
        Ok(LdapDirectory { config, tls })
    }

    async fn ask(&self, address: &str) -> anyhow::Result<Vec<Vec<u8>>> {
        let LdapConfig { url, base, filter, bind, .. } = &self.config;
        let starts_tls = url.starts_with("ldap://") && !is_on_this_machine(url);
        let settings = LdapConnSettings::new().set_conn_timeout(PATIENCE).set_starttls(starts_tls).set_config(self.tls.clone());
        let (connection, mut ldap) =
            LdapConnAsync::with_settings(settings, url).await.context("the directory can't be reached")?;
        let driven = tokio::spawn(async move { connection.drive().await });
        if let Some((name, password)) = bind {
            ldap.with_timeout(PATIENCE)
                .simple_bind(name, password)
                .await?
                .success()
                .context("the directory refuses the password")?;
        }
        // What stands in an address is never part of the filter (RFC 4515 §3).
        let filter = filter.replace("{address}", &ldap_escape(address));
        let options = SearchOptions::new().sizelimit(ENTRIES);
        let wanted = vec![CERTIFICATE, SMIME_CERTIFICATE];
        let found =
            ldap.with_timeout(PATIENCE).with_search_options(options).search(base, Scope::Subtree, &filter, wanted).await?;
        ensure!(found.1.rc == 0 || found.1.rc == 4, "the directory answers {}", found.1.rc);
        let certificates = found.0.into_iter().flat_map(|entry| certificates(SearchEntry::construct(entry))).collect();
        let _ = ldap.unbind().await; // it has answered
        driven.abort();
        Ok(certificates)
    }
}

impl Directory for LdapDirectory {
    fn certificates<'d>(&'d self, address: &'d str) -> BoxFuture<'d, Result<Vec<Vec<u8>>, String>> {
        async move { self.ask(address).await.map_err(|error| format!("{error:#}")) }.boxed()
    }
}

fn is_on_this_machine(url: &str) -> bool {
    let host = url.trim_start_matches("ldap://").split(['/', '?']).next().unwrap_or_default();
    let host = host.rsplit_once(':').map_or(host, |(host, _)| host);
    matches!(host, "localhost" | "127.0.0.1" | "[::1]")
}

/// The certificates of an entry: as they are, or within the signature by which their holder vouches for them.
fn certificates(entry: SearchEntry) -> Vec<Vec<u8>> {
    let mut attributes = entry.bin_attrs;
    let mut of = |name: &str| {
        let short = name.trim_end_matches(";binary");
        let full = attributes.remove(name).unwrap_or_default();
        [full, attributes.remove(short).unwrap_or_default()].concat()
    };
    let signed = of(SMIME_CERTIFICATE).into_iter().flat_map(|cms| Certificate::of_signers(&cms)).map(|one| one.to_der());
    let signed: Vec<_> = signed.collect();
    of(CERTIFICATE).into_iter().chain(signed).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_text_is_for_this_machine_alone() {
        for url in ["ldap://localhost", "ldap://127.0.0.1:389/", "ldap://[::1]:389"] {
            assert!(is_on_this_machine(url), "{url}");
        }
        for url in ["ldap://localhost.example", "ldap://10.0.0.1", "ldap://example.com:389"] {
            assert!(!is_on_this_machine(url), "{url}");
        }
    }
}
