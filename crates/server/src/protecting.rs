//! S/MIME as the settings have it: the master key, who is trusted, and where certificates are looked up.

use crate::config::{self, SmimeConfig};
use crate::directory::LdapDirectory;
use anyhow::Context;
use identity::Secrets;
use mailbox::{Directory, MasterKey, Protecting, Trust};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The master key of development mode.
pub(crate) const OF_DEVELOPMENT: &str = "smime.key";

/// What the settings come to; in development mode a master key is among the secrets.
///
/// # Errors
/// Where a file can't be read, or holds something else.
pub(crate) async fn protecting(config: &SmimeConfig, development: Option<&Secrets>) -> anyhow::Result<Protecting> {
    let mut made = None;
    if let Some(secrets) = development.filter(|_| config.master_key_file.is_none()) {
        let make = || Ok::<_, anyhow::Error>(MasterKey::generate()?.as_bytes().to_vec());
        made = Some(secrets.kept_in_file(OF_DEVELOPMENT, make).await?.0);
    }
    let directory =
        config.ldap.clone().map(|ldap| Ok::<_, anyhow::Error>(Arc::new(LdapDirectory::new(ldap)?) as Arc<dyn Directory>));
    Ok(Protecting {
        master_key: master_key(config.master_key_file.as_deref().or(made.as_deref()))?,
        trust: Arc::new(trust(config)?),
        cipher: config.cipher,
        header: config.header,
        rules: config.rules.clone(),
        directory: directory.transpose()?,
    })
}

/// The master key: that of the environment, else that of the file, where there is one.
///
/// # Errors
/// Where it can't be read, or is none.
pub(crate) fn master_key(file: Option<&Path>) -> anyhow::Result<Option<MasterKey>> {
    if let Some(text) = config::smime_master_key() {
        return MasterKey::parse(&text).map(Some).context("RESTANTE_SMIME_MASTER_KEY");
    }
    let Some(file) = file else { return Ok(None) };
    let name = file.display();
    let text = fs::read_to_string(file).with_context(|| format!("the master key {name} can't be read"))?;
    MasterKey::parse(&text).map(Some).with_context(|| format!("{name}"))
}

/// The file of development mode's master key, where there is one.
pub(crate) fn of_development(dir: &Path) -> Option<PathBuf> {
    Some(dir.join(OF_DEVELOPMENT)).filter(|file| file.exists())
}

fn trust(config: &SmimeConfig) -> anyhow::Result<Trust> {
    let read = |file: &Path| fs::read(file).with_context(|| format!("{} can't be read", file.display()));
    let mut trust = Trust::default();
    for file in &config.trust {
        trust.add_roots(&read(file)?).with_context(|| format!("smime.trust: {}", file.display()))?;
    }
    for file in &config.crls {
        trust.add_crl(&read(file)?).with_context(|| format!("smime.crls: {}", file.display()))?;
    }
    Ok(trust)
}
