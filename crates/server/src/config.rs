//! Settings: what may be written ([`RawConfig`]), and what it comes to ([`Config`]). This is the only room that reads a
//! file of settings or the environment; all others are told.

mod issuers;
mod location;
mod notifications;
mod raw;
mod relay;
mod resolve;
mod smime;

pub use crate::certificate::CertificateFiles;
pub use crate::hosts::Hosts;
pub use issuers::IssuerConfig;
pub use location::{end_of_move, location};
pub use notifications::NotificationsConfig;
pub use raw::{
    RawBlobs, RawConfig, RawDkim, RawDns, RawGraphRelay, RawIncoming, RawIssuer, RawLdap, RawLimits, RawListen, RawNotifications,
    RawRelay, RawSmime, RawSmimeRule, RawStore, RawSubmission, RawTls,
};
pub use relay::{DkimConfig, GraphRelay, RelayConfig};
pub use resolve::{Address, Config, ConfigErrors, SubmissionConfig, load, resolve};
pub use smime::{LdapConfig, SmimeConfig};

/// What to log, in the words of `tracing_subscriber::EnvFilter`: the variable `RESTANTE_LOG`.
#[allow(clippy::disallowed_methods, reason = "this is the room that reads the environment")]
pub fn log_filter() -> Option<String> {
    std::env::var("RESTANTE_LOG").ok().filter(|text| !text.trim().is_empty())
}

/// Where rows stand as the environment has it: the variable `RESTANTE_STORE_URL`.
#[allow(clippy::disallowed_methods, reason = "this is the room that reads the environment")]
fn store_url() -> Option<String> {
    std::env::var("RESTANTE_STORE_URL").ok().filter(|text| !text.trim().is_empty())
}

/// Where octets stand as the environment has it: the variable `RESTANTE_BLOBS_URL`.
#[allow(clippy::disallowed_methods, reason = "this is the room that reads the environment")]
fn blobs_url() -> Option<String> {
    std::env::var("RESTANTE_BLOBS_URL").ok().filter(|text| !text.trim().is_empty())
}

/// The master key of S/MIME as the environment has it: the variable `RESTANTE_SMIME_MASTER_KEY`.
#[allow(clippy::disallowed_methods, reason = "this is the room that reads the environment")]
pub fn smime_master_key() -> Option<String> {
    std::env::var("RESTANTE_SMIME_MASTER_KEY").ok().filter(|text| !text.trim().is_empty())
}

/// The passphrase of a PKCS#12 as the environment has it: the variable `RESTANTE_P12_PASSPHRASE`.
#[allow(clippy::disallowed_methods, reason = "this is the room that reads the environment")]
pub fn p12_passphrase() -> String {
    std::env::var("RESTANTE_P12_PASSPHRASE").unwrap_or_default()
}
