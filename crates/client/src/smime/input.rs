//! Files and pipes: what is read, and where it goes.

use anyhow::Context;
use bytes::Bytes;
use clap::Args;
use encodify::base64;
use mime::Message;
use smime::{Certificate, Key, Spool, Trust};
use std::fs::{self, File, OpenOptions, Permissions};
use std::io::{self, BufWriter, Read, Seek, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use tempfile::NamedTempFile;

/// The variable that has the passphrase of private keys.
const PASSPHRASE: &str = "RESTANTE_P12_PASSPHRASE";
/// Octets from which on a layer stands in a file.
const IN_FILE_FROM: usize = 256 * 1024;

/// What is read.
#[derive(Debug, Args)]
pub(super) struct Input {
    /// The message; - is the standard input
    #[arg(value_name = "FILE", default_value = "-")]
    file: PathBuf,
}

/// What is written.
#[derive(Debug, Args)]
pub(super) struct Outcome {
    /// Where the outcome goes, instead of the standard output
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Write the outcome in base64, as Microsoft Graph takes messages in MIME
    #[arg(long)]
    base64: bool,
}

/// The passphrase of private keys.
#[derive(Debug, Args)]
pub(super) struct Passphrases {
    /// File with the passphrase of private keys, instead of the variable RESTANTE_P12_PASSPHRASE
    #[arg(long, value_name = "FILE")]
    passphrase_file: Option<PathBuf>,
}

impl Passphrases {
    #[allow(clippy::disallowed_methods, reason = "it stands in no configuration, and in no list of processes")]
    pub(super) fn read(&self) -> anyhow::Result<String> {
        match &self.passphrase_file {
            Some(file) => {
                let text = fs::read_to_string(file).with_context(|| file.display().to_string())?;
                Ok(text.trim_end_matches(['\r', '\n']).to_owned())
            }
            None => Ok(std::env::var(PASSPHRASE).unwrap_or_default()),
        }
    }
}

impl Input {
    pub(super) fn message(&self) -> anyhow::Result<Message> {
        let octets = if self.file == Path::new("-") {
            let mut octets = Vec::new();
            io::stdin().lock().read_to_end(&mut octets).context("the standard input")?;
            octets
        } else {
            read(&self.file)?
        };
        Ok(Message::parse(Bytes::from(octets)))
    }
}

impl Outcome {
    pub(super) fn is_file(&self) -> bool {
        self.out.is_some()
    }

    pub(super) fn output(&self) -> anyhow::Result<Output> {
        let place = match &self.out {
            None => Place::Pipe(Box::new(io::stdout().lock())),
            Some(file) if file.exists() && !file.is_file() => Place::Pipe(Box::new(OpenOptions::new().write(true).open(file)?)),
            Some(file) => Place::File(beside(file).with_context(|| file.display().to_string())?, file.clone()),
        };
        Ok(Output { out: BufWriter::with_capacity(IN_FILE_FROM, place), rest: self.base64.then(Vec::new) })
    }
}

/// A file in the same folder: what fails leaves the one that is there as it was.
fn beside(file: &Path) -> io::Result<NamedTempFile> {
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    tempfile::Builder::new().permissions(Permissions::from_mode(0o666)).tempfile_in(folder) // less the umask
}

enum Place {
    /// A file that gets its name when it is whole.
    File(NamedTempFile, PathBuf),
    Pipe(Box<dyn Write>),
}

impl Write for Place {
    fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
        match self {
            Place::File(file, _) => file.write(octets),
            Place::Pipe(pipe) => pipe.write(octets),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Place::File(file, _) => file.flush(),
            Place::Pipe(pipe) => pipe.flush(),
        }
    }
}

/// Where the outcome goes.
pub(super) struct Output {
    out: BufWriter<Place>,
    /// Octets that don't fill a group of three yet, where base64 is written.
    rest: Option<Vec<u8>>,
}

impl Output {
    pub(super) fn finish(mut self) -> io::Result<()> {
        if let Some(rest) = &self.rest {
            self.out.write_all(base64::STANDARD.encode(rest).as_bytes())?;
        }
        self.out.flush()?;
        match self.out.into_inner().map_err(io::IntoInnerError::into_error)? {
            Place::File(file, name) => file.persist(name).map(|_| ()).map_err(|error| error.error),
            Place::Pipe(_) => Ok(()),
        }
    }
}

impl Write for Output {
    fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
        let Some(rest) = &mut self.rest else { return self.out.write(octets) };
        rest.extend_from_slice(octets);
        let whole = rest.len() / 3 * 3;
        self.out.write_all(base64::STANDARD.encode(&rest[..whole]).as_bytes())?;
        rest.drain(..whole);
        Ok(octets.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

/// A layer's octets: in memory while they are few, then in a file without a name.
#[derive(Default)]
pub(super) struct Spooled {
    memory: Vec<u8>,
    file: Option<File>,
}

impl Write for Spooled {
    fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
        if self.file.is_none() && self.memory.len() + octets.len() > IN_FILE_FROM {
            let mut file = tempfile::tempfile()?;
            file.write_all(&std::mem::take(&mut self.memory))?;
            self.file = Some(file);
        }
        match &mut self.file {
            Some(file) => file.write_all(octets)?,
            None => self.memory.extend_from_slice(octets),
        }
        Ok(octets.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Spool for Spooled {
    fn finish(self: Box<Self>) -> io::Result<Bytes> {
        let Some(mut file) = self.file else { return Ok(self.memory.into()) };
        let mut octets = Vec::with_capacity(usize::try_from(file.stream_position()?).unwrap_or_default());
        file.rewind()?;
        file.read_to_end(&mut octets)?;
        Ok(octets.into())
    }
}

fn read(file: &Path) -> anyhow::Result<Vec<u8>> {
    fs::read(file).with_context(|| file.display().to_string())
}

/// The certificates in a file.
pub(super) fn certificates(file: &Path) -> anyhow::Result<Vec<Certificate>> {
    Certificate::read(&read(file)?).with_context(|| file.display().to_string())
}

/// A key in a PKCS#12.
pub(super) fn pkcs12(file: &Path, passphrase: &str) -> anyhow::Result<Key> {
    Key::from_pkcs12(&read(file)?, passphrase).with_context(|| file.display().to_string())
}

/// A key in PEM, with its certificate.
pub(super) fn pem_key(certificate: &Path, key: &Path, passphrase: &str) -> anyhow::Result<Key> {
    Key::from_pem(&read(certificate)?, &read(key)?, passphrase).with_context(|| key.display().to_string())
}

/// Whom to trust.
pub(super) fn trust(roots: &[PathBuf], crls: &[PathBuf], ocsp: &[PathBuf]) -> anyhow::Result<Trust> {
    let mut trust = Trust::default();
    for file in roots {
        trust.add_roots(&read(file)?).with_context(|| file.display().to_string())?;
    }
    for file in crls {
        trust.add_crl(&read(file)?).with_context(|| file.display().to_string())?;
    }
    for file in ocsp {
        trust.add_ocsp(&read(file)?).with_context(|| file.display().to_string())?;
    }
    Ok(trust)
}
