//! HTTPS without buying anything: a certificate below the local CA, made when it is needed and never written down.

use super::authority::{Authority, DAY, LIFE, Leaf, Names};
use super::provider;
use identity::Secrets;
use rustls::crypto::CryptoProvider;
use rustls::sign::CertifiedKey;
use std::path::Path;
use std::sync::{Arc, PoisonError, RwLock};
use store::Clock;

/// Days before its end when another takes its place.
const SPARE: i64 = 30;
const _: () = assert!(SPARE < LIFE);

/// The certificate below the local CA. Another is made when its end comes near: a server may run for years.
pub(crate) struct LocalCertificate {
    authority: Authority,
    names: Names,
    provider: Arc<CryptoProvider>,
    clock: Arc<dyn Clock>,
    leaf: RwLock<Leaf>,
}

impl LocalCertificate {
    /// A certificate for these names by the CA in `tls`, which is made where there is none.
    ///
    /// # Errors
    /// Where the file system or the store fails, the key of the CA can't be read, or no certificate can be made.
    pub(crate) async fn open(secrets: &Secrets, names: Names, clock: Arc<dyn Clock>) -> anyhow::Result<LocalCertificate> {
        let authority = Authority::open(secrets, &names, clock.now()).await?;
        let provider = provider();
        let leaf = RwLock::new(authority.issue(&names, &provider, clock.now())?);
        Ok(LocalCertificate { authority, names, provider, clock, leaf })
    }

    /// The file of the CA that clients are to trust.
    pub(crate) fn ca(&self) -> &Path {
        self.authority.pem()
    }

    /// Whether it is a certificate for this name.
    pub(super) fn is_for(&self, name: &str) -> bool {
        self.names.dns.iter().any(|known| known.eq_ignore_ascii_case(name))
    }

    pub(super) fn current(&self) -> Arc<CertifiedKey> {
        let now = self.clock.now();
        let leaf = self.leaf.read().unwrap_or_else(PoisonError::into_inner);
        if now.seconds() < leaf.end.seconds() - SPARE * DAY {
            return leaf.key.clone();
        }
        drop(leaf);
        let mut leaf = self.leaf.write().unwrap_or_else(PoisonError::into_inner);
        match self.authority.issue(&self.names, &self.provider, now) {
            Ok(issued) => *leaf = issued,
            Err(error) => tracing::error!(%error, "the certificate nears its end and no other could be made"),
        }
        leaf.key.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fake_clock::FakeClock;

    #[tokio::test]
    async fn a_certificate_is_kept_until_thirty_days_before_its_end() {
        let dir = tempfile::tempdir().expect("temporary directory");
        let clock = FakeClock::at_noon();
        let opened = LocalCertificate::open(&dir.path().into(), Names::with(&[], &[]), clock.clone()).await;
        let local = opened.expect("certificate");
        let first = local.current();
        clock.advance((LIFE - SPARE) * DAY - 1);
        assert!(Arc::ptr_eq(&first, &local.current()), "one second before, the same");
        clock.advance(1);
        let second = local.current();
        assert!(!Arc::ptr_eq(&first, &second), "then another");
        assert!(Arc::ptr_eq(&second, &local.current()), "which is kept in turn");
    }
}
