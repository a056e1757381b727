//! `restante key`.

use super::Register;
use clap::{Args, Subcommand};
use std::path::PathBuf;

/// What to do with keys of S/MIME.
#[derive(Debug, Args)]
pub struct KeyCommand {
    /// Where.
    #[command(flatten)]
    pub register: Register,
    /// What.
    #[command(subcommand)]
    pub deed: KeyDeed,
}

/// Deeds on keys. USER is an address or an id.
#[derive(Debug, Subcommand)]
pub enum KeyDeed {
    /// Give a mailbox a key to sign, encrypt and decrypt with
    Add {
        /// Whose
        user: String,
        /// A PKCS#12 with the key, its certificate and those that lead to its CA
        pkcs12: PathBuf,
        /// The file of the passphrase [default: the variable RESTANTE_P12_PASSPHRASE]
        #[arg(long, value_name = "FILE")]
        passphrase_file: Option<PathBuf>,
        /// The file of the master key [default: the variable RESTANTE_SMIME_MASTER_KEY, else that of development mode]
        #[arg(long, value_name = "FILE")]
        master_key_file: Option<PathBuf>,
    },
    /// List the keys of a mailbox, by what may be told of them
    List {
        /// Whose
        user: String,
    },
    /// Throw a key away; what was encrypted for it alone can't be read here any more
    Remove {
        /// Whose
        user: String,
        /// The SHA-256 of its certificate, as the list has it
        fingerprint: String,
    },
}
