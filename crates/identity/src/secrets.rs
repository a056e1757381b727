//! What a server makes up once and keeps: where one node alone serves its store, in files of the data directory, so that a copy
//! of the database gives no token away; where several may, in the store, so that all of them know the same.

use crate::error::KeyError;
use crate::file::replace_file;
use std::fs;
use std::path::{Path, PathBuf};
use store::{Store, StoreError, Timestamp};

/// Permissions of a file that its owner alone reads.
pub(crate) const OWNERS_ALONE: u32 = 0o600;

/// Where secrets stand, each by a name that is a path below the data directory.
#[derive(Clone)]
pub enum Secrets {
    /// In files of this data directory.
    Files(PathBuf),
    /// In a store that other nodes use too.
    Store {
        /// The store.
        store: Store,
        /// The data directory, for copies that people of this machine read.
        dir: PathBuf,
        /// When those are made that are not there.
        now: Timestamp,
    },
}

impl Secrets {
    /// Whether other nodes know them too.
    pub fn are_shared(&self) -> bool {
        matches!(self, Secrets::Store { .. })
    }

    /// The secret of this name, made by `make` where there is none. Nodes that start together get the same.
    ///
    /// # Errors
    /// What `make` answers, and [`KeyError`].
    pub async fn kept<E: From<KeyError>>(&self, name: &str, make: impl Fn() -> Result<Vec<u8>, E>) -> Result<Vec<u8>, E> {
        self.revised(name, OWNERS_ALONE, |standing| if standing.is_none() { make().map(Some) } else { Ok(None) }).await
    }

    /// The same, and a file of this machine that has it.
    ///
    /// # Errors
    /// What `make` answers, and [`KeyError`].
    pub async fn kept_in_file<E: From<KeyError>>(
        &self,
        name: &str,
        make: impl Fn() -> Result<Vec<u8>, E>,
    ) -> Result<(PathBuf, Vec<u8>), E> {
        let octets = self.kept(name, make).await?;
        self.write_file(name, &octets, OWNERS_ALONE)?;
        Ok((self.file(name), octets))
    }

    /// Has these octets stand in the file of this name.
    ///
    /// # Errors
    /// [`KeyError::Io`].
    pub fn write_file(&self, name: &str, octets: &[u8], mode: u32) -> Result<(), KeyError> {
        let file = self.file(name);
        if fs::read(&file).is_ok_and(|standing| standing == octets) {
            return Ok(());
        }
        file.parent().map(fs::create_dir_all).transpose()?;
        Ok(replace_file(&file, octets, mode)?)
    }

    /// The secret of this name, after `revise` has seen the one that stands, if one does: what it answers takes its place. It is
    /// called until nobody came in between. `mode` are the Unix permissions of a file.
    ///
    /// # Errors
    /// What `revise` answers, and [`KeyError`].
    pub async fn revised<E: From<KeyError>>(
        &self,
        name: &str,
        mode: u32,
        revise: impl Fn(Option<&[u8]>) -> Result<Option<Vec<u8>>, E>,
    ) -> Result<Vec<u8>, E> {
        loop {
            let standing = self.read(name).await?;
            let Some(revised) = revise(standing.as_deref())? else { return Ok(standing.unwrap_or_default()) };
            if self.replace(name, mode, standing, revised.clone()).await? {
                return Ok(revised);
            }
        }
    }

    /// Where the file of this name is, or its copy.
    pub fn file(&self, name: &str) -> PathBuf {
        match self {
            Secrets::Files(dir) | Secrets::Store { dir, .. } => dir.join(name),
        }
    }

    async fn read(&self, name: &str) -> Result<Option<Vec<u8>>, KeyError> {
        match self {
            Secrets::Files(_) => match fs::read(self.file(name)) {
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
                read => Ok(Some(read?)),
            },
            Secrets::Store { store, .. } => {
                let name = name.to_owned();
                Ok(store.read::<_, StoreError>(move |tx| tx.secret(&name)).await?)
            }
        }
    }

    /// Answers whether the other one stood there still.
    async fn replace(&self, name: &str, mode: u32, standing: Option<Vec<u8>>, octets: Vec<u8>) -> Result<bool, KeyError> {
        match self {
            Secrets::Files(_) => {
                self.write_file(name, &octets, mode)?; // one process has the directory
                Ok(true)
            }
            Secrets::Store { store, now, .. } => {
                let (name, now) = (name.to_owned(), *now);
                let deed = move |tx: &mut store::WriteTx<'_>| tx.replace_secret(&name, standing.as_deref(), &octets, now);
                Ok(store.write::<_, StoreError>(deed).await?)
            }
        }
    }
}

impl From<&Path> for Secrets {
    fn from(dir: &Path) -> Secrets {
        Secrets::Files(dir.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Keys;
    use std::os::unix::fs::PermissionsExt;

    fn shared(store: &Store, dir: &Path) -> Secrets {
        Secrets::Store { store: store.clone(), dir: dir.to_owned(), now: Timestamp(1) }
    }

    #[tokio::test]
    async fn nodes_that_start_together_make_the_same_keys() {
        let (home, [one, other]) =
            (tempfile::tempdir().expect("a directory"), [(); 2].map(|()| tempfile::tempdir().expect("a directory")));
        let store = Store::serve(home.path()).expect("a store");
        let opened = [one.path(), other.path()].map(|dir| {
            let secrets = shared(&store, dir);
            tokio::spawn(async move { Keys::of(&secrets).await.expect("keys") })
        });
        let mut keys = Vec::new();
        for each in opened {
            keys.push(each.await.expect("it ends"));
        }
        assert_eq!(keys[0].derive("tenant"), keys[1].derive("tenant"));
        assert_eq!(keys[0].signing_pem, keys[1].signing_pem);
        for dir in [&one, &other] {
            assert!(!dir.path().join("keys").exists(), "no node has a copy of its own");
        }
        let alone = Keys::of(&Secrets::from(one.path())).await.expect("keys");
        assert_ne!(alone.derive("tenant"), keys[0].derive("tenant"));
        assert_eq!(alone.derive("tenant"), Keys::open(one.path()).expect("keys").derive("tenant"));
    }

    #[tokio::test]
    async fn a_copy_for_people_is_its_owners_alone_and_follows() {
        let [home, dir] = [(); 2].map(|()| tempfile::tempdir().expect("a directory"));
        let store = Store::serve(home.path()).expect("a store");
        for secrets in [shared(&store, dir.path()), Secrets::from(dir.path())] {
            let make = || Ok::<_, KeyError>(b"made".to_vec());
            let (file, octets) = secrets.kept_in_file("keys/app.pem", make).await.expect("kept");
            assert_eq!((fs::read(&file).expect("read"), &octets[..]), (octets.clone(), &b"made"[..]));
            assert_eq!(fs::metadata(&file).expect("there").permissions().mode() & 0o777, OWNERS_ALONE);
        }
        fs::write(dir.path().join("keys/app.pem"), "another's").expect("write");
        let never = || -> Result<Vec<u8>, KeyError> { panic!("it is there") };
        let (file, _) = shared(&store, dir.path()).kept_in_file("keys/app.pem", never).await.expect("kept");
        assert_eq!(fs::read(file).expect("read"), b"made", "what all nodes know goes before what lies here");
    }

    #[tokio::test]
    async fn a_revision_sees_what_stands() {
        let home = tempfile::tempdir().expect("a directory");
        let store = Store::serve(home.path()).expect("a store");
        for secrets in [shared(&store, home.path()), Secrets::from(home.path())] {
            let grow = |standing: Option<&[u8]>| {
                let standing = standing.unwrap_or_default();
                Ok::<_, KeyError>((standing.len() < 2).then(|| [standing, b"x"].concat()))
            };
            for expected in [&b"x"[..], b"xx", b"xx"] {
                assert_eq!(secrets.revised("names", 0o644, grow).await.expect("revised"), expected);
            }
        }
    }
}
