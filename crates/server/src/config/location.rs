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

/// Where one end of a move is: `sqlite:DIRECTORY` or `postgres://…`, or what a file of settings says.
///
/// # Errors
/// [`ConfigErrors`], as [`location`].
pub fn end_of_move(end: &cli::End<'_>, scratch: &Path) -> Result<Location, ConfigErrors> {
    let one = |error| ConfigErrors(vec![error]);
    let raw = end.config.map(read).transpose().map_err(one)?.unwrap_or_default();
    let said = end.place.or(raw.store.url.as_deref()).unwrap_or("sqlite:");
    let blobs = end.blobs.or(raw.blobs.url.as_deref()).unwrap_or("files:");
    let (rows, dir) = match said.strip_prefix("sqlite:").filter(|dir| !dir.is_empty()) {
        Some(dir) => (Rows::Sqlite, Some(Path::new(dir))),
        None => (Rows::parse(said).map_err(|why| one(format!("--{} is \"{}\"; {why}.", end.name, redacted(said))))?, end.data),
    };
    let octets = Octets::parse(blobs).map_err(|why| one(format!("--{}-blobs is \"{}\"; {why}.", end.name, redacted(blobs))))?;
    let dir = match dir {
        Some(dir) => dir,
        None if rows.are_shared() && octets != Octets::Files => scratch,
        None => return Err(one(format!("where is the data directory? Say sqlite:DIRECTORY, or --{}-data.", end.name))),
    };
    Ok(Location { dir: dir.to_owned(), rows, octets })
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
    fn an_end_of_a_move_is_a_directory_or_a_database() {
        let scratch = Path::new("scratch");
        let end = |place, blobs, data: Option<&'static str>| {
            end_of_move(&cli::End { name: "to", place: Some(place), blobs, config: None, data: data.map(Path::new) }, scratch)
        };
        let found = end("sqlite:/var/mail", None, None).expect("a location");
        assert_eq!(found, Location::from(Path::new("/var/mail")));
        let found = end("postgres://h/d", Some("s3://b"), None).expect("a location");
        assert_eq!((found.dir.as_path(), found.rows.are_shared()), (scratch, true));
        assert_eq!(end("postgres://h/d", None, Some("d")).expect("a location").dir, Path::new("d"));
        for (place, blobs) in
            [("sqlite:", None), ("postgres://h/d", None), ("mysql://u:s3cret@h", None), ("sqlite:d", Some("nope"))]
        {
            let ConfigErrors(errors) = end(place, blobs, None).expect_err("refused");
            assert!(errors.len() == 1 && !errors[0].contains("s3cret"), "{errors:?}");
        }
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
