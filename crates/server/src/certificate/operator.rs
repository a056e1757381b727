//! The operator's certificate: two files that something else renews. They are looked at while the server runs, and what is
//! new in them counts from the next handshake on. A pair that does not fit is refused, and the one before it stays.

use super::provider;
use anyhow::{Context, ensure};
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::ServerCertVerifier;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::sign::CertifiedKey;
use rustls::{CertificateError, RootCertStore};
use std::fs;
use std::net::{IpAddr, Ipv4Addr};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;
use store::Clock;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;
use tokio::time::{MissedTickBehavior, interval};

/// Between two looks at the files.
const LOOK: Duration = Duration::from_secs(2);
/// Seconds before its end when the operator is warned, and between two warnings.
const NEAR: i64 = 14 * DAY;
const DAY: i64 = 24 * 60 * 60;

/// Where a certificate and its key are, in PEM.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CertificateFiles {
    /// The certificate, and behind it those that lead to a CA (RFC 8446 §4.4.2).
    pub certificate: PathBuf,
    /// Its private key: PKCS #8, PKCS #1 or SEC 1, not encrypted.
    pub key: PathBuf,
}

impl CertificateFiles {
    /// Whether a server could use them.
    ///
    /// # Errors
    /// Where a file can't be read or holds something else, or the key is not the certificate's.
    pub(crate) fn check(&self) -> anyhow::Result<()> {
        self.read(&provider()).map(drop)
    }

    fn read(&self, provider: &CryptoProvider) -> anyhow::Result<CertifiedKey> {
        let CertificateFiles { certificate, key } = self;
        let chain: Vec<CertificateDer<'static>> = CertificateDer::pem_slice_iter(&octets(certificate)?)
            .collect::<Result<_, _>>()
            .with_context(|| format!("{} holds no certificates in PEM", certificate.display()))?;
        ensure!(!chain.is_empty(), "{} holds no certificate in PEM", certificate.display());
        let private = PrivateKeyDer::from_pem_slice(&octets(key)?)
            .with_context(|| format!("{} holds no private key in PEM that can be used without a password", key.display()))?;
        CertifiedKey::from_der(chain, private, provider).with_context(|| {
            format!(
                "the certificate in {} and the private key in {} can't be used together",
                certificate.display(),
                key.display()
            )
        })
    }

    fn states(&self) -> [Option<FileState>; 2] {
        [&self.certificate, &self.key].map(|path| FileState::of(path))
    }
}

fn octets(path: &Path) -> anyhow::Result<Vec<u8>> {
    fs::read(path).with_context(|| format!("{} can't be read", path.display()))
}

/// By what a file is seen to be another: tools write anew, rename, or turn a symbolic link.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct FileState {
    modified: (i64, i64),
    length: u64,
    place: (u64, u64),
}

impl FileState {
    fn of(path: &Path) -> Option<FileState> {
        let is = fs::metadata(path).ok()?;
        Some(FileState { modified: (is.mtime(), is.mtime_nsec()), length: is.len(), place: (is.dev(), is.ino()) })
    }
}

/// The operator's certificate as it is now.
pub(crate) struct OperatorCertificate {
    files: CertificateFiles,
    clock: Arc<dyn Clock>,
    provider: Arc<CryptoProvider>,
    current: RwLock<Arc<CertifiedKey>>,
    /// How the files were before they were read first: what is renewed before anybody watches is seen too.
    opened: [Option<FileState>; 2],
}

impl OperatorCertificate {
    /// Reads it for the first time.
    ///
    /// # Errors
    /// As [`CertificateFiles::check`].
    pub(crate) fn open(files: CertificateFiles, clock: Arc<dyn Clock>) -> anyhow::Result<OperatorCertificate> {
        let (provider, opened) = (provider(), files.states());
        let current = RwLock::new(Arc::new(files.read(&provider)?));
        warn_of_readers(&files.key);
        let opened = OperatorCertificate { files, clock, provider, current, opened };
        opened.warn_of_time();
        Ok(opened)
    }

    pub(super) fn current(&self) -> Arc<CertifiedKey> {
        self.current.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Whether it is a certificate for this name, as clients compare names (RFC 9525 §6.3).
    pub(crate) fn is_for(&self, name: &str) -> bool {
        let current = self.current();
        let parsed = current.end_entity_cert().ok().and_then(|der| ParsedCertificate::try_from(der).ok());
        let (Some(parsed), Ok(name)) = (parsed, ServerName::try_from(name)) else { return false };
        rustls::client::verify_server_name(&parsed, &name).is_ok()
    }

    /// Reads it anew. Where that fails, the one before stays.
    fn reload(&self) {
        match self.files.read(&self.provider) {
            Ok(read) => {
                *self.current.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(read);
                warn_of_readers(&self.files.key);
                self.warn_of_time();
                tracing::info!("the certificate changed; new connections are shown the new one");
            }
            Err(error) => tracing::error!("the certificate changed and can't be used, so the one before it stays: {error:#}"),
        }
    }

    /// Says so where clients won't take it for long, or not now: what should renew it may have failed in silence.
    fn warn_of_time(&self) {
        let (file, now) = (self.files.certificate.display(), self.clock.now().seconds());
        if let Some(error) = self.out_of_time(now) {
            tracing::warn!(%error, "clients refuse the certificate in {file}");
        } else if self.out_of_time(now + NEAR).is_some() {
            tracing::warn!("the certificate in {file} ends within {} days", NEAR / DAY);
        }
    }

    /// What a client says that looks at its dates at this second, if it won't have it. Dates come before anything else in
    /// proving a chain, so who signed it doesn't matter here.
    fn out_of_time(&self, seconds: i64) -> Option<CertificateError> {
        let current = self.current();
        let shown = current.end_entity_cert().ok()?;
        let mut roots = RootCertStore::empty();
        roots.add(shown.clone()).ok()?;
        let verifier = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), self.provider.clone()).build().ok()?;
        let at = UnixTime::since_unix_epoch(Duration::from_secs(seconds.unsigned_abs()));
        match verifier.verify_server_cert(shown, &[], &ServerName::from(IpAddr::V4(Ipv4Addr::LOCALHOST)), &[], at) {
            Err(rustls::Error::InvalidCertificate(
                error @ (CertificateError::Expired
                | CertificateError::ExpiredContext { .. }
                | CertificateError::NotValidYet
                | CertificateError::NotValidYetContext { .. }),
            )) => Some(error),
            _ => None,
        }
    }

    /// Reads it anew whenever its files change, and on SIGHUP, until `stop` turns true.
    pub(crate) async fn watch(self: Arc<Self>, mut stop: watch::Receiver<bool>) {
        let mut hang_up = signal(SignalKind::hangup())
            .inspect_err(
                |error| tracing::warn!(%error, "SIGHUP can't be heard; the files of the certificate are looked at all the same"),
            )
            .ok();
        let mut looks = interval(LOOK);
        looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut warned = self.clock.now().seconds();
        let mut watched = Watched::new(self.opened);
        loop {
            tokio::select! {
                _ = stop.wait_for(|&stop| stop) => return,
                _ = looks.tick() => {
                    if watched.has_changed(self.files.states()) {
                        self.reload();
                    }
                    if self.clock.now().seconds() >= warned + DAY {
                        warned = self.clock.now().seconds();
                        self.warn_of_time();
                    }
                }
                Some(()) = heard(hang_up.as_mut()) => {
                    watched = Watched::new(self.files.states());
                    self.reload();
                }
            }
        }
    }
}

async fn heard(signal: Option<&mut tokio::signal::unix::Signal>) -> Option<()> {
    match signal {
        Some(signal) => signal.recv().await,
        None => std::future::pending().await,
    }
}

/// What was last read of the files, and what was last seen. Whoever writes two files writes one first: what is new counts
/// when it is seen twice.
struct Watched {
    read: [Option<FileState>; 2],
    seen: [Option<FileState>; 2],
}

impl Watched {
    fn new(states: [Option<FileState>; 2]) -> Watched {
        Watched { read: states, seen: states }
    }

    /// Whether to read the files, which are so now. They then count as read, whatever comes of it: an error is told once.
    fn has_changed(&mut self, states: [Option<FileState>; 2]) -> bool {
        let settled = states == self.seen;
        self.seen = states;
        if !settled || states == self.read {
            return false;
        }
        self.read = states;
        true
    }
}

fn warn_of_readers(key: &Path) {
    if fs::metadata(key).is_ok_and(|is| is.permissions().mode() & 0o077 != 0) {
        tracing::warn!("{} can be read by others than its owner; chmod 600 makes it its owner's alone", key.display());
    }
}

#[cfg(test)]
mod tests;
