//! `restante app`, `user` and `grant`: the deeds of [`identity::Registry`] from the command line, also beside a running server,
//! and what is told of them. All that is judged is judged there.

mod apps;
mod explain;
mod grants;
mod people;

pub use apps::app;
pub use grants::grant;
pub use people::user;

use crate::admin;
use crate::cli::Register;
use crate::tenant::Tenant;
use anyhow::Context;
use identity::{Keys, Registry};
use serde::Serialize;
use std::fmt::Write as _;
use std::io::Write as _;
use std::sync::Arc;
use store::SystemClock;

/// The register of a data directory, and its tenant.
fn open(at: &Register) -> anyhow::Result<(Registry, Tenant)> {
    let store = admin::open(&at.store)?;
    let tenant = Tenant::of(&Keys::open(&at.store.data)?);
    Ok((Registry::new(store, Arc::new(SystemClock), tenant.client_id.to_string()), tenant))
}

/// Prints what was done: for scripts as the admin API answers it, else for people.
pub(crate) fn tell(at: &Register, answer: &impl Serialize, text: &str) -> anyhow::Result<()> {
    let told = if at.json { serde_json::to_string_pretty(answer)? + "\n" } else { text.to_owned() };
    std::io::stdout().write_all(told.as_bytes()).context("what was done could not be printed")
}

/// Lines of a name and what it is, below each other.
fn lines(rows: &[(&str, String)]) -> String {
    let width = rows.iter().map(|(name, _)| name.len()).max().unwrap_or_default();
    rows.iter().fold(String::new(), |mut text, (name, value)| {
        let _ = writeln!(text, "  {name:width$}   {value}"); // a String takes all
        text
    })
}

/// A list on one line.
fn listed(items: &[String]) -> String {
    if items.is_empty() { "none".to_owned() } else { items.join(", ") }
}

/// What stands behind the name of somebody or something that may not come in.
fn state(account_enabled: bool) -> &'static str {
    if account_enabled { "" } else { " (disabled)" }
}
