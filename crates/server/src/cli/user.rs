//! `restante user`.

use super::Register;
use clap::{Args, Subcommand};

/// What to do with people.
#[derive(Debug, Args)]
pub struct UserCommand {
    /// Where.
    #[command(flatten)]
    pub register: Register,
    /// What.
    #[command(subcommand)]
    pub deed: User,
}

/// Deeds on people. USER is an address or an id.
#[derive(Debug, Subcommand)]
pub enum User {
    /// Give somebody a mailbox, or several people one
    Add(NewUser),
    /// Give a person one more address, or take one away
    #[command(subcommand)]
    Alias(Alias),
    /// Let nobody in as this person, until enabled; mail still arrives
    Disable {
        /// Address or id
        user: String,
    },
    /// Let this person in again
    Enable {
        /// Address or id
        user: String,
    },
    /// List people
    List,
    /// Set a person's password, read from the first line of standard input; whoever is signed in must sign in anew
    Password {
        /// Address or id
        user: String,
        /// Make one, and print it this once
        #[arg(long, conflicts_with = "remove")]
        generate: bool,
        /// Take it away: then nobody signs in as this person
        #[arg(long)]
        remove: bool,
    },
    /// Show a person
    Show {
        /// Address or id
        user: String,
    },
    /// Change how a person is called; what is not named stays
    Update {
        /// Address or id
        user: String,
        /// How.
        #[command(flatten)]
        names: Names,
    },
}

/// Somebody who gets a mailbox.
#[derive(Debug, Args)]
pub struct NewUser {
    /// The name to sign in with, also the primary address: one of the server's domain
    #[arg(value_name = "UPN")]
    pub user_principal_name: String,
    /// The id, a GUID, as it is at another issuer whose tokens are taken [default: a new one]
    #[arg(long, value_name = "GUID")]
    pub id: Option<String>,
    /// How the person is called.
    #[command(flatten)]
    pub names: Names,
    /// One more address of the server's domain; may be repeated
    #[arg(long = "alias", value_name = "ADDR")]
    pub aliases: Vec<String>,
    /// A mailbox of several: nobody signs in as it, others are granted it
    #[arg(long)]
    pub shared: bool,
}

/// How a person is called.
#[derive(Debug, Clone, Args)]
pub struct Names {
    /// Name for show [default: the other two, or what stands before the @]
    #[arg(long, value_name = "NAME")]
    pub display_name: Option<String>,
    /// Given name
    #[arg(long, value_name = "NAME")]
    pub given_name: Option<String>,
    /// Surname
    #[arg(long, value_name = "NAME")]
    pub surname: Option<String>,
}

/// Deeds on a person's other addresses.
#[derive(Debug, Subcommand)]
pub enum Alias {
    /// Add one
    Add {
        /// Address or id
        user: String,
        /// The new address, one of the server's domain
        address: String,
    },
    /// Remove one
    Remove {
        /// Address or id
        user: String,
        /// Which
        address: String,
    },
}
