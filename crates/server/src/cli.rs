//! What may stand on the command line. Values are read as text here and judged in [`crate::config`], so that all that is
//! wrong is said at once.

mod app;
mod grant;
mod key;
mod queue;
mod user;

pub use app::{App, AppCommand, AppSettings, AppUpdate, Clearable, Credential, NewAppFlags};
pub use grant::{Grant, GrantCommand, Right};
pub use key::{KeyCommand, KeyDeed};
pub use queue::{Queue, QueueCommand, Which};
pub use user::{Alias, NewUser, User, UserCommand};

use clap::{Args, Parser, Subcommand};
use client::smime::SmimeCommand;
use std::path::PathBuf;

/// Where the data directory is unless something else is said.
pub const DEFAULT_DATA: &str = "restante-data";

/// The mail part of Microsoft Graph v1.0 on your own machine.
#[derive(Debug, Parser)]
#[command(name = "restante", version)]
pub struct Cli {
    /// What to do; `serve` where nothing is said.
    #[command(subcommand)]
    pub command: Option<Command>,
}

/// What the binary does.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Register apps: what they may do, their secrets, what narrows them
    App(AppCommand),
    /// Verify what must always hold in a data directory, also beside a running server: a line a finding, exit 0 or 1
    Check(Store),
    /// Grant people rights on others' addresses and mailboxes, and take them back
    Grant(GrantCommand),
    /// Give mailboxes keys of S/MIME, and take them away
    Key(KeyCommand),
    /// Look at mail on its way, hold it, let it go, try it again, give it up
    Queue(QueueCommand),
    /// Start the server (also what happens without a subcommand)
    Serve(ServeFlags),
    /// Sign, encrypt, verify, decrypt and look at messages in files
    Smime(SmimeCommand),
    /// Print a bearer token for a person
    Token(Token),
    /// Explain how clients come to trust the local CA, or have this machine trust it
    Trust(Trust),
    /// Register people and shared mailboxes
    User(UserCommand),
}

impl Default for Command {
    fn default() -> Command {
        Command::Serve(ServeFlags::default())
    }
}

/// The settings of a server that may be given on the command line. They go before those of the file.
#[derive(Debug, Default, Clone, Args)]
pub struct ServeFlags {
    /// Data directory [default: ./restante-data]
    #[arg(long, value_name = "DIR")]
    pub data: Option<PathBuf>,
    /// Address for HTTP; port 0 takes a free one [default: 127.0.0.1:8025]
    #[arg(long, value_name = "ADDR")]
    pub http: Option<String>,
    /// Address for HTTPS; port 0 takes a free one [default: 127.0.0.1:8443]
    #[arg(long, value_name = "ADDR")]
    pub https: Option<String>,
    /// Address for SMTP; port 0 takes a free one [default: 127.0.0.1:2525]
    #[arg(long, value_name = "ADDR")]
    pub smtp: Option<String>,
    /// Settings in TOML; without it, development mode
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
}

/// Which data directory.
#[derive(Debug, Clone, Args)]
pub struct Store {
    /// Data directory
    #[arg(long, value_name = "DIR", default_value = DEFAULT_DATA)]
    pub data: PathBuf,
}

/// Which data directory, and how to tell what was done there.
#[derive(Debug, Clone, Args)]
pub struct Register {
    /// Data directory
    #[arg(long, value_name = "DIR", default_value = DEFAULT_DATA, global = true)]
    pub data: PathBuf,
    /// Answer in JSON
    #[arg(long, global = true)]
    pub json: bool,
}

/// Whose CA, and what to do about it.
#[derive(Debug, Clone, Args)]
pub struct Trust {
    /// Where
    #[command(flatten)]
    pub store: Store,
    /// Have this machine trust it (Debian and its kind; needs root)
    #[arg(long, conflicts_with = "remove")]
    pub install: bool,
    /// Have this machine trust it no more
    #[arg(long)]
    pub remove: bool,
}

/// A token for whom and for what.
#[derive(Debug, Clone, Args)]
pub struct Token {
    /// Where
    #[command(flatten)]
    pub store: Store,
    /// For whom: a userPrincipalName
    #[arg(long, value_name = "UPN")]
    pub user: String,
    /// What it is good for, names joined by spaces
    #[arg(long, value_name = "SCOPES", default_value = identity::Scopes::ALL_DELEGATED)]
    pub scope: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_said_is_serve_with_nothing_said() {
        <Cli as clap::CommandFactory>::command().debug_assert();
        let command = Cli::parse_from(["restante"]).command.unwrap_or_default();
        let Command::Serve(flags) = command else { panic!("{command:?}") };
        assert!(flags.data.is_none() && flags.http.is_none() && flags.https.is_none() && flags.config.is_none());
    }

    #[test]
    fn a_token_is_good_for_all_mail_unless_told_otherwise() {
        let told = Cli::parse_from(["restante", "token", "--data", "d", "--user", "u", "--scope", "Mail.Send"]).command;
        assert!(matches!(told, Some(Command::Token(token)) if token.scope == "Mail.Send" && token.store.data.ends_with("d")));
        let untold = Cli::parse_from(["restante", "token", "--user", "u"]).command;
        assert!(matches!(untold, Some(Command::Token(token)) if token.scope == identity::Scopes::ALL_DELEGATED));
    }
}
