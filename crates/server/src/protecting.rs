//! S/MIME as the settings have it: the master key, who is trusted, and where certificates are looked up.

use crate::config::{self, SmimeConfig};
use crate::directory::LdapDirectory;
use anyhow::Context;
use mailbox::{Directory, MasterKey, Protecting, Trust};
use std::fs;
use std::path::Path;
use std::sync::Arc;

/// The master key of development mode.
const OF_DEVELOPMENT: &str = "smime.key";

/// What the settings come to; `dir` is the data directory of a server in development mode.
///
/// # Errors
/// Where a file can't be read, or holds something else.
pub(crate) fn protecting(config: &SmimeConfig, development: Option<&Path>) -> anyhow::Result<Protecting> {
    if let Some(dir) = development.filter(|_| config.master_key_file.is_none()) {
        make_master_key(&dir.join(OF_DEVELOPMENT))?;
    }
    let directory =
        config.ldap.clone().map(|ldap| Ok::<_, anyhow::Error>(Arc::new(LdapDirectory::new(ldap)?) as Arc<dyn Directory>));
    Ok(Protecting {
        master_key: master_key(config.master_key_file.as_deref(), development)?,
        trust: Arc::new(trust(config)?),
        cipher: config.cipher,
        header: config.header,
        rules: config.rules.clone(),
        directory: directory.transpose()?,
    })
}

/// The master key: that of the environment, else that of the file, else that of development mode, where there is one.
///
/// # Errors
/// Where it can't be read, or is none.
pub(crate) fn master_key(file: Option<&Path>, dir: Option<&Path>) -> anyhow::Result<Option<MasterKey>> {
    if let Some(text) = config::smime_master_key() {
        return MasterKey::parse(&text).map(Some).context("RESTANTE_SMIME_MASTER_KEY");
    }
    let made = dir.map(|dir| dir.join(OF_DEVELOPMENT)).filter(|file| file.exists());
    let Some(file) = file.or(made.as_deref()) else { return Ok(None) };
    let name = file.display();
    let text = fs::read_to_string(file).with_context(|| format!("the master key {name} can't be read"))?;
    MasterKey::parse(&text).map(Some).with_context(|| format!("{name}"))
}

/// Makes a key file, readable by its owner alone, unless there is one. It is there whole or not at all: what is sealed under half
/// a key could be opened by none.
fn make_master_key(file: &Path) -> anyhow::Result<()> {
    if file.exists() {
        return Ok(());
    }
    let made = identity::replace_file(file, MasterKey::generate()?.as_bytes(), 0o600);
    made.with_context(|| format!("{} can't be made", file.display()))
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
