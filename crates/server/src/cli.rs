//! What may stand on the command line. Values are read as text here and judged in [`crate::config`], so that all that is
//! wrong is said at once.

mod app;
mod grant;
mod key;
mod moving;
mod queue;
mod subscription;
mod user;

pub use app::{App, AppCommand, AppSettings, AppUpdate, Clearable, Credential, NewAppFlags};
pub use grant::{Grant, GrantCommand, Right};
pub use key::{KeyCommand, KeyDeed};
pub use moving::{End, MoveCommand};
pub use queue::{Queue, QueueCommand, Which};
pub use subscription::{SubscriptionCommand, SubscriptionDeed};
pub use user::{Alias, NewUser, User, UserCommand};

use clap::{Args, Parser, Subcommand};
use client::smime::SmimeCommand;
use std::fmt;
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
    /// Move a store to another place, from SQLite to PostgreSQL or back: exit 3 until it is ended
    Move(MoveCommand),
    /// Look at mail on its way, hold it, let it go, try it again, give it up
    Queue(QueueCommand),
    /// Start the server (also what happens without a subcommand)
    Serve(ServeFlags),
    /// Sign, encrypt, verify, decrypt and look at messages in files
    Smime(SmimeCommand),
    /// Look at who has himself told of changes, and end that
    Subscription(SubscriptionCommand),
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
    /// Where rows and octets stand
    #[command(flatten)]
    pub at: At,
}

/// Where rows and octets stand.
#[derive(Default, Clone, Args)]
pub struct At {
    /// A database of PostgreSQL instead of SQLite in the data directory: postgres://USER@HOST/DATABASE
    #[arg(long, value_name = "URL", global = true)]
    pub store: Option<String>,
    /// Object storage instead of files in the data directory: s3://BUCKET/PREFIX?endpoint=…
    #[arg(long, value_name = "URL", global = true)]
    pub blobs: Option<String>,
}

impl fmt::Debug for At {
    /// No password is shown.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", [&self.store, &self.blobs].map(|url| url.as_deref().map(store::redacted)))
    }
}

/// Which store.
#[derive(Debug, Clone, Args)]
pub struct Store {
    /// Data directory
    #[arg(long, value_name = "DIR", default_value = DEFAULT_DATA, global = true)]
    pub data: PathBuf,
    /// The server's settings, where they say that rows or octets stand elsewhere
    #[arg(long, value_name = "FILE", global = true)]
    pub config: Option<PathBuf>,
    /// Where rows and octets stand
    #[command(flatten)]
    pub at: At,
}

/// Which store, and how to tell what was done there.
#[derive(Debug, Clone, Args)]
pub struct Register {
    /// Where
    #[command(flatten)]
    pub store: Store,
    /// Answer in JSON
    #[arg(long, global = true)]
    pub json: bool,
}

/// Whose CA, and what to do about it.
#[derive(Debug, Clone, Args)]
pub struct Trust {
    /// Data directory
    #[arg(long, value_name = "DIR", default_value = DEFAULT_DATA)]
    pub data: PathBuf,
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
        assert!(flags.at.store.is_none() && flags.at.blobs.is_none());
    }

    #[test]
    fn a_token_is_good_for_all_mail_unless_told_otherwise() {
        let told = Cli::parse_from(["restante", "token", "--data", "d", "--user", "u", "--scope", "Mail.Send"]).command;
        assert!(matches!(told, Some(Command::Token(token)) if token.scope == "Mail.Send" && token.store.data.ends_with("d")));
        let untold = Cli::parse_from(["restante", "token", "--user", "u"]).command;
        assert!(matches!(untold, Some(Command::Token(token)) if token.scope == identity::Scopes::ALL_DELEGATED));
    }

    #[test]
    fn the_store_may_be_named_behind_any_command_and_shows_no_password() {
        let url = "postgres://ada:s3cret@h/d";
        for words in [&["check"][..], &["queue", "list"], &["user", "list"], &["serve"], &["token", "--user", "u"]] {
            let command = Cli::parse_from([&["restante"], words, &["--store", url, "--data", "d"]].concat()).command;
            let shown = format!("{command:?}");
            assert!(shown.contains("postgres://ada:***@h/d") && !shown.contains("s3cret"), "{shown}");
        }
    }
}
