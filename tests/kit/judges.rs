//! Programs of others that know S/MIME: they say what our messages are worth, and make some that we must be able to read.

mod gpgsm;
mod nss;
mod openssl;

pub use gpgsm::Gpgsm;
pub use nss::Nss;
pub use openssl::OpenSsl;

use crate::pki::Holder;
use std::path::Path;

/// One of them. Files are messages with their headers; what comes out is what was signed or encrypted.
pub trait Judge {
    /// Its name.
    fn name(&self) -> &'static str;
    /// Checks a signature, up to the authority that it trusts, and gives what is signed.
    ///
    /// # Errors
    /// What it says against it.
    fn verify(&self, message: &Path) -> Result<Vec<u8>, String>;
    /// Decrypts.
    ///
    /// # Errors
    /// What it says.
    fn decrypt(&self, message: &Path, holder: &Holder) -> Result<Vec<u8>, String>;
    /// Signs an entity: a message.
    ///
    /// # Errors
    /// What it says.
    fn sign(&self, entity: &Path, holder: &Holder, pss: bool) -> Result<Vec<u8>, String>;
    /// Encrypts an entity: a message.
    ///
    /// # Errors
    /// What it says, or that it doesn't know the cipher.
    fn encrypt(&self, entity: &Path, holder: &Holder, cipher: &str, oaep: bool) -> Result<Vec<u8>, String>;
}

/// The structure of a message that is one, or the signature of a multipart/signed, in DER; and what that is over.
pub(crate) fn taken_apart(message: &[u8]) -> (Vec<u8>, Option<Vec<u8>>) {
    let text = String::from_utf8_lossy(message);
    let (header, body) = text.split_once("\r\n\r\n").expect("a message has a header");
    let Some((_, boundary)) = header.split_once("boundary=\"") else {
        return (crate::decode_base64(&body.replace("\r\n", "")), None);
    };
    let delimiter = format!("--{}", boundary.split('"').next().expect("a boundary ends"));
    let mut parts = body.split(delimiter.as_str()).skip(1);
    let signed = parts.next().expect("what is signed");
    let signed = signed.strip_prefix("\r\n").and_then(|part| part.strip_suffix("\r\n")).expect("lines");
    let signature = parts.next().expect("the signature").split_once("\r\n\r\n").expect("a header").1;
    (crate::decode_base64(&signature.replace("\r\n", "")), Some(signed.as_bytes().to_vec()))
}

/// A structure as a message.
pub(crate) fn as_message(der: &[u8]) -> Vec<u8> {
    let head = "MIME-Version: 1.0\r\nContent-Type: application/pkcs7-mime; name=\"smime.p7m\"\r\nContent-Transfer-Encoding: base64\r\n\r\n";
    let text = crate::base64(der);
    let lines: Vec<&str> = (0..text.len()).step_by(76).map(|at| &text[at..text.len().min(at + 76)]).collect();
    format!("{head}{}\r\n", lines.join("\r\n")).into_bytes()
}

/// What a program wrote, or what it said where it failed.
pub(crate) fn written(output: std::process::Output, out: &Path) -> Result<Vec<u8>, String> {
    match output.status.success() {
        true => std::fs::read(out).map_err(|error| error.to_string()),
        false => Err(format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
            .trim()
            .to_owned()),
    }
}

/// A path as an argument.
pub(crate) fn text(path: &Path) -> &str {
    path.to_str().expect("paths of tests are text")
}
