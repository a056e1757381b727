//! `restante smime`: sign, encrypt, verify, decrypt and look at messages by hand.

mod input;
mod report;

use anyhow::{Context, bail};
use clap::{Args, Subcommand, ValueEnum};
use input::{Input, Outcome, Passphrases};
use mime::Message;
use smime::{Cipher, Encryption, HeaderProtection, Opened, Protection, Signing, Status, With, open, protect};
use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

/// The most octets that a compressed layer may hold: a thousandth of them may make all of it, and it is in memory once.
const MAX_OCTETS: u64 = 1 << 30;

/// What to do with a message.
#[derive(Debug, Args)]
pub struct SmimeCommand {
    #[command(subcommand)]
    deed: Deed,
}

#[derive(Debug, Subcommand)]
enum Deed {
    /// Decrypt a message and write what is within; exit 0 if every encrypted layer could be opened
    Decrypt {
        #[command(flatten)]
        reading: Reading,
        #[command(flatten)]
        outcome: Outcome,
    },
    /// Encrypt a message for the holders of certificates; with a key, sign it first
    Encrypt {
        #[command(flatten)]
        input: Input,
        #[command(flatten)]
        outcome: Outcome,
        #[command(flatten)]
        keys: Keys,
        /// When it is, instead of now (RFC 3339)
        #[arg(long, value_name = "RFC3339")]
        at: Option<jiff::Timestamp>,
        /// Certificate of a recipient, in PEM or DER; several times for several
        #[arg(long, value_name = "CERT", required = true)]
        to: Vec<PathBuf>,
        /// How the content is encrypted; CBC is what all can read, and nobody can tell what was changed in it
        #[arg(long, value_enum, default_value_t = CipherName::Aes256Cbc)]
        cipher: CipherName,
        /// Give the key to RSA recipients by RSAES-OAEP, which not all can read
        #[arg(long)]
        oaep: bool,
        #[command(flatten)]
        header: Header,
    },
    /// Draw the layers of a message, and its parts
    Inspect(Reading),
    /// Sign a message
    Sign {
        #[command(flatten)]
        input: Input,
        #[command(flatten)]
        outcome: Outcome,
        #[command(flatten)]
        keys: Keys,
        /// Enclose the text in the signature, instead of putting the signature beside it
        #[arg(long)]
        opaque: bool,
        /// Sign by RSASSA-PSS, where the key is RSA
        #[arg(long)]
        pss: bool,
        /// When it is, instead of now (RFC 3339)
        #[arg(long, value_name = "RFC3339")]
        at: Option<jiff::Timestamp>,
        #[command(flatten)]
        header: Header,
    },
    /// Tell who signed a message and what it is worth; exit 0 only where it is valid
    Verify {
        #[command(flatten)]
        reading: Reading,
        #[command(flatten)]
        outcome: Outcome,
    },
}

/// A message to be opened, and with what.
#[derive(Debug, Args)]
struct Reading {
    #[command(flatten)]
    input: Input,
    #[command(flatten)]
    keys: Keys,
    /// Certificates to be trusted, in PEM or DER
    #[arg(long, value_name = "PEM")]
    ca: Vec<PathBuf>,
    /// Revocation list, in PEM or DER
    #[arg(long, value_name = "FILE")]
    crl: Vec<PathBuf>,
    /// What a responder answered about a certificate (OCSP), in DER
    #[arg(long, value_name = "FILE")]
    ocsp: Vec<PathBuf>,
    /// When it is, instead of now (RFC 3339)
    #[arg(long, value_name = "RFC3339")]
    at: Option<jiff::Timestamp>,
    /// Print the verdict as JSON
    #[arg(long)]
    json: bool,
}

/// Private keys.
#[derive(Debug, Args)]
struct Keys {
    /// Certificate that belongs to --key, in PEM, those of who vouches for it behind it
    #[arg(long, value_name = "PEM")]
    cert: Vec<PathBuf>,
    /// Private key, in PEM
    #[arg(long, value_name = "PEM")]
    key: Vec<PathBuf>,
    /// Private key and certificate in one PKCS#12; several times for several
    #[arg(long, value_name = "FILE")]
    p12: Vec<PathBuf>,
    #[command(flatten)]
    passphrases: Passphrases,
}

/// What becomes of the header (RFC 9788).
#[derive(Debug, Args)]
struct Header {
    /// What becomes of the header fields
    #[arg(long, value_enum, default_value_t = HeaderName::Baseline)]
    header: HeaderName,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum HeaderName {
    /// Protected; the subject of what is encrypted can be read only within
    Baseline,
    /// Protected, and all of it outside too
    Copied,
    /// Left outside
    None,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
#[allow(clippy::enum_variant_names, reason = "their names")]
enum CipherName {
    /// AES-128 in CBC mode
    Aes128Cbc,
    /// AES-128 in GCM mode
    Aes128Gcm,
    /// AES-256 in CBC mode
    Aes256Cbc,
    /// AES-256 in GCM mode
    Aes256Gcm,
}

impl From<CipherName> for Cipher {
    fn from(name: CipherName) -> Cipher {
        match name {
            CipherName::Aes128Cbc => Cipher::Aes128Cbc,
            CipherName::Aes128Gcm => Cipher::Aes128Gcm,
            CipherName::Aes256Cbc => Cipher::Aes256Cbc,
            CipherName::Aes256Gcm => Cipher::Aes256Gcm,
        }
    }
}

impl From<Header> for HeaderProtection {
    fn from(header: Header) -> HeaderProtection {
        match header.header {
            HeaderName::Baseline => HeaderProtection::Baseline,
            HeaderName::Copied => HeaderProtection::Copied,
            HeaderName::None => HeaderProtection::None,
        }
    }
}

/// Does it.
///
/// # Errors
/// What can't be read or written, and keys that can't be used.
pub fn run(command: SmimeCommand) -> anyhow::Result<ExitCode> {
    match command.deed {
        Deed::Sign { input, outcome, keys, opaque, pss, at, header } => {
            let keys = keys.read()?;
            let key = keys.first().context("nothing to sign with: give --p12, or --cert and --key")?;
            let signing = Signing { key, opaque, pss, now: seconds(at) };
            sealed((&input, &outcome), Some(signing), None, header)
        }
        Deed::Encrypt { input, outcome, keys, at, to, cipher, oaep, header } => {
            let keys = keys.read()?;
            let signing = keys.first().map(|key| Signing { key, opaque: false, pss: false, now: seconds(at) });
            let mut certificates = Vec::new();
            for file in &to {
                // The first is the recipient's; what follows it vouches for it.
                certificates.extend(input::certificates(file)?.into_iter().next());
            }
            let encryption = Encryption { to: &certificates, cipher: cipher.into(), oaep };
            sealed((&input, &outcome), signing, Some(encryption), header)
        }
        Deed::Verify { reading, outcome } => verify(&reading, &outcome),
        Deed::Decrypt { reading, outcome } => decrypt(&reading, &outcome),
        Deed::Inspect(reading) => inspect(&reading),
    }
}

fn sealed(
    (input, outcome): (&Input, &Outcome),
    sign: Option<Signing<'_>>,
    encrypt: Option<Encryption<'_>>,
    header: Header,
) -> anyhow::Result<ExitCode> {
    let message = input.message()?;
    let boundary = format!("=_{}", uuid::Uuid::now_v7().simple());
    let protection = Protection { sign, encrypt, header: header.into(), boundary: &boundary };
    let mut out = outcome.output()?;
    protect(&message, protection, &mut out).map_err(|error| anyhow::anyhow!("{}", report::told(&error)))?;
    out.finish()?;
    Ok(ExitCode::SUCCESS)
}

fn opened(reading: &Reading) -> anyhow::Result<Opened> {
    let keys = reading.keys.read()?;
    let trust = input::trust(&reading.ca, &reading.crl, &reading.ocsp)?;
    let with = With { keys: &keys, trust: &trust, now: seconds(reading.at), max_octets: MAX_OCTETS };
    Ok(open(reading.input.message()?, with, &mut || Ok(Box::new(input::Spooled::default())))?)
}

fn verify(reading: &Reading, outcome: &Outcome) -> anyhow::Result<ExitCode> {
    let opened = opened(reading)?;
    if outcome.is_file() {
        write(&opened.content, outcome)?;
    }
    print(&report::verdict(&opened.verdict, reading.json)?)?;
    Ok(code(opened.verdict.status == Status::Valid))
}

fn decrypt(reading: &Reading, outcome: &Outcome) -> anyhow::Result<ExitCode> {
    let opened = opened(reading)?;
    let verdict = &opened.verdict;
    if let Some(layer) = verdict.layers.iter().find(|layer| layer.status == Status::Undecryptable) {
        bail!("{}", layer.reason.as_deref().unwrap_or("it can't be decrypted"));
    }
    if !verdict.layers.iter().any(|layer| layer.opened_for.is_some()) {
        let broken = verdict.layers.iter().find(|layer| layer.status == Status::Invalid && layer.covers.is_none());
        bail!("{}", broken.and_then(|layer| layer.reason.as_deref()).unwrap_or("it is not encrypted"));
    }
    write(&opened.content, outcome)?;
    let told = report::verdict(verdict, reading.json)?;
    if outcome.is_file() {
        print(&told)?;
    } else {
        eprint!("{told}"); // the output is the content's
    }
    Ok(ExitCode::SUCCESS)
}

fn inspect(reading: &Reading) -> anyhow::Result<ExitCode> {
    let opened = opened(reading)?;
    let told = if reading.json { report::verdict(&opened.verdict, true)? } else { report::tree(&opened) };
    print(&told)?;
    Ok(ExitCode::SUCCESS)
}

fn write(content: &Message, outcome: &Outcome) -> anyhow::Result<()> {
    let mut out = outcome.output()?;
    out.write_all(content.octets())?;
    Ok(out.finish()?)
}

/// What can't be printed is not always a failure: who reads may have seen enough.
fn print(text: &str) -> anyhow::Result<()> {
    match std::io::stdout().write_all(text.as_bytes()) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => Err(error.into()),
        _ => Ok(()),
    }
}

fn code(good: bool) -> ExitCode {
    if good { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn seconds(at: Option<jiff::Timestamp>) -> i64 {
    at.unwrap_or_else(jiff::Timestamp::now).as_second()
}

impl Keys {
    fn read(&self) -> anyhow::Result<Vec<smime::Key>> {
        if self.cert.len() != self.key.len() {
            bail!("--cert and --key belong together: as many of the one as of the other");
        }
        let passphrase = self.passphrases.read()?;
        let pairs = self.cert.iter().zip(&self.key).map(|(cert, key)| input::pem_key(cert, key, &passphrase));
        self.p12.iter().map(|file| input::pkcs12(file, &passphrase)).chain(pairs).collect()
    }
}
