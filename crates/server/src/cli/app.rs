//! `restante app`.

use super::Register;
use clap::{Args, Subcommand, ValueEnum};
use std::path::PathBuf;

/// What to do with apps.
#[derive(Debug, Args)]
pub struct AppCommand {
    /// Where.
    #[command(flatten)]
    pub register: Register,
    /// What.
    #[command(subcommand)]
    pub deed: App,
}

/// Deeds on apps. APP is a client id or a name.
#[derive(Debug, Subcommand)]
pub enum App {
    /// Register an app; without permissions it may do nothing
    Add(NewAppFlags),
    /// Let an app sign with a certificate, or no longer
    #[command(subcommand)]
    Certificate(Credential<CertificateFile>),
    /// Let an app in no more, until it is enabled
    Disable {
        /// Client id or name
        app: String,
    },
    /// Let an app in again
    Enable {
        /// Client id or name
        app: String,
    },
    /// Explain what an app may do, and what it has used of that
    Explain {
        /// Client id or name
        app: String,
    },
    /// List apps
    List,
    /// Forget an app with its secrets and what people let it do
    Remove {
        /// Client id or name
        app: String,
    },
    /// Give an app a secret, or take one away
    #[command(subcommand)]
    Secret(Credential<NoFile>),
    /// Show an app
    Show {
        /// Client id or name
        app: String,
    },
    /// Change an app; what is not named stays
    Update(AppUpdate),
}

/// An app that is to be registered.
#[derive(Debug, Args)]
pub struct NewAppFlags {
    /// Name for show; no other app has it
    pub name: String,
    /// The client id that it has at another issuer whose tokens are taken [default: a new GUID]
    #[arg(long, value_name = "ID")]
    pub client_id: Option<String>,
    /// What it may do.
    #[command(flatten)]
    pub settings: AppSettings,
    /// Make a secret, which is printed once
    #[arg(long)]
    pub secret: bool,
    /// Until when the secret is good, such as 2027-12-31 [default: for ever]
    #[arg(long, value_name = "DATE", requires = "secret")]
    pub secret_expires: Option<String>,
}

/// Changes to an app.
#[derive(Debug, Args)]
pub struct AppUpdate {
    /// Client id or name
    pub app: String,
    /// Another name for show
    #[arg(long, value_name = "NAME")]
    pub name: Option<String>,
    /// What is different; a list replaces the whole list that was there.
    #[command(flatten)]
    pub settings: AppSettings,
    /// Take a limit away, or all permissions or redirect URIs of a kind; may be repeated
    #[arg(long, value_name = "WHAT")]
    pub clear: Vec<Clearable>,
}

/// What an app may do, and what narrows it.
#[derive(Debug, Clone, Default, Args)]
pub struct AppSettings {
    /// What it may do for itself, such as Mail.Send; may be repeated, as all lists here
    #[arg(long = "application-permission", value_name = "PERMISSION")]
    pub application_permissions: Vec<String>,
    /// What it may do for people who agree, such as Mail.Read
    #[arg(long = "delegated-permission", value_name = "PERMISSION")]
    pub delegated_permissions: Vec<String>,
    /// Where codes may be sent when people sign in
    #[arg(long = "redirect-uri", value_name = "URI")]
    pub redirect_uris: Vec<String>,
    /// Whether people may sign in through it where it can't keep a secret: on a phone, in a shell
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    pub public_client: Option<bool>,
    /// Limit: the only mailboxes that it may open
    #[arg(long = "mailbox", value_name = "ADDR")]
    pub mailboxes: Vec<String>,
    /// Limit: the only addresses that may stand in From and Sender of what it sends
    #[arg(long, value_name = "ADDR")]
    pub from: Vec<String>,
    /// Limit: the only domains to which it may send
    #[arg(long = "recipient-domain", value_name = "DOMAIN")]
    pub recipient_domains: Vec<String>,
    /// Limit: how many messages it may send in sixty seconds
    #[arg(long, value_name = "N")]
    pub sends_per_minute: Option<i64>,
}

/// What can be taken away whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Clearable {
    /// All of them.
    ApplicationPermission,
    /// All of them.
    DelegatedPermission,
    /// The limit.
    From,
    /// The limit.
    Mailbox,
    /// The limit.
    RecipientDomain,
    /// All of them.
    RedirectUri,
    /// The limit.
    SendsPerMinute,
}

/// Deeds on what an app proves itself with.
#[derive(Debug, Subcommand)]
pub enum Credential<F: Args> {
    /// Add one
    Add {
        /// Client id or name
        app: String,
        /// What else is needed.
        #[command(flatten)]
        with: F,
        /// Until when it is good, such as 2027-12-31 [default: for ever, or to the certificate's own end]
        #[arg(long, value_name = "DATE")]
        expires: Option<String>,
    },
    /// Remove one, at once
    Remove {
        /// Client id or name
        app: String,
        /// Its keyId, as `show` tells it
        key_id: String,
    },
}

/// A secret is made here.
#[derive(Debug, Args)]
pub struct NoFile {}

/// A certificate is the app's own.
#[derive(Debug, Args)]
pub struct CertificateFile {
    /// The certificate in PEM, of an RSA key; the private key stays with the app
    pub file: PathBuf,
}
