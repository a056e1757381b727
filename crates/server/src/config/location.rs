//! `[store]` and `[blobs]`: where rows and octets stand. The command line goes first, then the environment, then the file.

use super::raw::RawConfig;
use super::resolve::{ConfigErrors, read};
use crate::cli;
use std::path::Path;
use store::{Location, Octets, Rows, redacted};

/// Where the store is, for commands beside the server: of the file of settings they read no more than that.
///
/// # Errors
/// [`ConfigErrors`]: the file can't be read or is no TOML of the known shape, and all that is wrong with the addresses.
pub fn location(at: &cli::Store) -> Result<Location, ConfigErrors> {
    let raw = at.config.as_deref().map(read).transpose().map_err(|error| ConfigErrors(vec![error]))?.unwrap_or_default();
    let mut errors = Vec::new();
    let location = of(&raw, &at.at, &at.data, &mut errors);
    if errors.is_empty() { Ok(location) } else { Err(ConfigErrors(errors)) }
}

/// What is said of it; where that is none, an error is noted and the default stands in.
pub(super) fn of(raw: &RawConfig, flags: &cli::At, dir: &Path, errors: &mut Vec<String>) -> Location {
    Location {
        dir: dir.to_owned(),
        rows: said("store.url", [&flags.store, &super::store_url(), &raw.store.url], Rows::parse, errors).unwrap_or(Rows::Sqlite),
        octets: said("blobs.url", [&flags.blobs, &super::blobs_url(), &raw.blobs.url], Octets::parse, errors)
            .unwrap_or(Octets::Files),
    }
}

fn said<T>(
    name: &str,
    from: [&Option<String>; 3],
    parse: impl FnOnce(&str) -> Result<T, String>,
    errors: &mut Vec<String>,
) -> Option<T> {
    let text = from.into_iter().flatten().next()?;
    parse(text).map_err(|why| errors.push(format!("{name} is \"{}\"; {why}.", redacted(text)))).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::PathBuf;

    fn at(config: Option<PathBuf>, store: Option<&str>) -> cli::Store {
        let at = cli::At { store: store.map(str::to_owned), blobs: None };
        cli::Store { data: "d".into(), config, at }
    }

    #[test]
    fn the_command_line_goes_before_the_file_of_which_no_more_is_read() {
        let dir = tempfile::tempdir().expect("temporary directory");
        let file = dir.path().join("restante.toml");
        let text = "[store]\nurl = 'postgres://u:p@h/file'\n[blobs]\nurl = 's3://b'\n[tls]\ncertificate = 'none.pem'\n";
        std::fs::write(&file, text).expect("write");
        let found = location(&at(Some(file.clone()), None)).expect("location");
        assert_eq!(found.rows, Rows::Postgres { url: "postgres://u:p@h/file".to_owned() });
        assert_eq!((found.octets, found.dir), (Octets::Objects { url: "s3://b".to_owned() }, PathBuf::from("d")));
        let found = location(&at(Some(file), Some("postgres://h/said"))).expect("location");
        assert_eq!(found.rows, Rows::Postgres { url: "postgres://h/said".to_owned() });
        assert_eq!(location(&at(None, None)).expect("location"), Location::from(Path::new("d")));
    }

    #[test]
    fn what_is_wrong_is_told_without_the_password() {
        let ConfigErrors(errors) = location(&at(None, Some("mysql://ada:s3cret@h/d"))).expect_err("refused");
        assert_eq!(errors.len(), 1, "{errors:?}");
        assert!(errors[0].starts_with("store.url is \"mysql://ada:***@h/d\"; it must be"), "{errors:?}");
    }

    #[test]
    fn the_settings_show_no_password() {
        let raw: RawConfig = toml::from_str("development = true\n[store]\nurl = 'postgres://u:s3cret@h/d'").expect("TOML");
        assert!(!format!("{raw:?}").contains("s3cret"), "{raw:?}");
        let config = super::super::resolve(Some(raw), &cli::ServeFlags::default()).expect("config");
        assert!(!format!("{config:?}").contains("s3cret"), "{config:?}");
        assert_eq!(config.location.to_string(), "at postgres://u:***@h/d");
    }
}
