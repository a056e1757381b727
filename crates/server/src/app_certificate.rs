//! The certificate of the development app: with it an app proves itself as it would to Microsoft, by a signature in place of
//! a secret. Made on first start and kept in one file with its key, as libraries of Azure read them.

use anyhow::Context;
use identity::Secrets;
use rcgen::{CertificateParams, DnType, KeyPair, PKCS_RSA_SHA256, RsaKeySize};
use std::path::PathBuf;

/// By what name both are kept.
pub(crate) const FILE: &str = "keys/app.pem";

/// A certificate and its key.
pub(crate) struct AppCertificate {
    /// Where both stand, in PEM.
    pub(crate) file: PathBuf,
    /// The public key: an `RSAPublicKey` in DER.
    pub(crate) public_key: Vec<u8>,
}

impl AppCertificate {
    /// The certificate, made where there is none. Its file is readable by its owner alone.
    ///
    /// # Errors
    /// Where the file system or the store fails, or what is there can't be read.
    pub(crate) async fn open(secrets: &Secrets) -> anyhow::Result<AppCertificate> {
        let (file, octets) = secrets.kept_in_file(FILE, || Ok::<_, anyhow::Error>(made()?.into_bytes())).await?;
        let key = std::str::from_utf8(&octets).map_err(anyhow::Error::from).and_then(|text| Ok(KeyPair::from_pem(text)?));
        let key = key.with_context(|| format!("{} can't be read", file.display()))?;
        Ok(AppCertificate { file, public_key: key.public_key_raw().to_vec() })
    }
}

/// A key, then a certificate for it that it signed itself. Its dates are rcgen's, which nobody looks at: the key counts.
fn made() -> anyhow::Result<String> {
    let key = KeyPair::generate_rsa_for(&PKCS_RSA_SHA256, RsaKeySize::_2048)?; // libraries sign with RS256 or PS256 alone
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, "Restante development app");
    let certificate = params.self_signed(&key)?;
    Ok(format!("{}{}", key.serialize_pem(), certificate.pem()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::os::unix::fs::PermissionsExt;

    #[tokio::test]
    async fn the_key_stays_and_is_its_owners_alone() {
        let dir = tempfile::tempdir().expect("temporary directory");
        let secrets = Secrets::from(dir.path());
        let first = AppCertificate::open(&secrets).await.expect("made");
        let mode = fs::metadata(&first.file).expect("there").permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        assert_eq!(AppCertificate::open(&secrets).await.expect("read").public_key, first.public_key);
        let text = fs::read_to_string(&first.file).expect("read");
        assert!(text.contains("BEGIN PRIVATE KEY") && text.contains("BEGIN CERTIFICATE"));
    }
}
