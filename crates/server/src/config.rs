//! Settings: what may be written ([`RawConfig`]), and what it comes to ([`Config`]). This is the only room that reads a
//! file of settings or the environment; all others are told.

mod issuers;
mod raw;
mod relay;
mod resolve;

pub use crate::certificate::CertificateFiles;
pub use crate::hosts::Hosts;
pub use issuers::IssuerConfig;
pub use raw::{
    RawConfig, RawDkim, RawDns, RawGraphRelay, RawIncoming, RawIssuer, RawLimits, RawListen, RawRelay, RawSubmission, RawTls,
};
pub use relay::{DkimConfig, GraphRelay, RelayConfig};
pub use resolve::{Address, Config, ConfigErrors, SubmissionConfig, load, resolve};

/// What to log, in the words of `tracing_subscriber::EnvFilter`: the variable `RESTANTE_LOG`.
#[allow(clippy::disallowed_methods, reason = "this is the room that reads the environment")]
pub fn log_filter() -> Option<String> {
    std::env::var("RESTANTE_LOG").ok().filter(|text| !text.trim().is_empty())
}
