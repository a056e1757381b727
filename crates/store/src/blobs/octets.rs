//! Where large octets are kept: as files of the data directory, or as objects that all nodes share, named by one URL.

mod clouds;

pub(super) use clouds::Clouds;

use crate::error::StoreError;
use crate::location::redacted;
use clouds::{CloudUrl, Pair};
use object_store::local::LocalFileSystem;
use object_store::{BackoffConfig, ObjectStore, RetryConfig};
use std::borrow::Cow;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use url::Url;

/// A URL as it was understood.
pub(super) struct Place {
    pub(super) store: Arc<dyn ObjectStore>,
    pub(super) options: Options,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Options {
    /// Octets that the copies in the data directory may have together.
    pub(super) cache_bytes: u64,
    /// How long to wait for an answer, and how long to try again.
    pub(super) timeout: Duration,
}

/// Looks whether a URL names a place for octets: `s3://BUCKET/PREFIX`, `gs://BUCKET/PREFIX` at Google, `az://CONTAINER/PREFIX` at
/// Azure, or `file:///DIRECTORY` for a directory that all nodes have mounted. Options stand in its query: `endpoint`, `region`,
/// `account`, `allow_http`, … as the scheme has them; `cache_bytes` and `timeout_seconds` for all. Credentials don't: they come
/// from the environment, as the cloud's own tools have it.
///
/// # Errors
/// [`StoreError::Setting`], with what is wrong with it.
pub(crate) fn check_url(url: &str) -> Result<(), StoreError> {
    Place::parse(url, Clouds::from_env()).map(drop)
}

/// Whether two such URLs name the same place: the same bucket and prefix, of the same account and endpoint.
pub(crate) fn is_same_place(one: &str, other: &str) -> bool {
    let told = |url: &str| {
        let url = Url::parse(url).ok()?;
        let said = |wanted| url.query_pairs().find(|(name, _)| name == wanted).map(|(_, value)| value.into_owned());
        let path = url.path().trim_matches('/').to_owned();
        Some((url.scheme().to_owned(), url.host_str().map(str::to_owned), path, said("endpoint"), said("account")))
    };
    told(one) == told(other)
}

impl Place {
    /// Reads a URL; what it doesn't say of a cloud is as it was told before.
    pub(super) fn parse(text: &str, clouds: Clouds) -> Result<Place, StoreError> {
        let url = Url::parse(text).map_err(|error| wrong(text, &error))?;
        let mut options = Options { cache_bytes: CACHE_BYTES, timeout: TIMEOUT };
        let own = url.query_pairs().filter_map(|(name, value)| options.take(text, &name, &value).transpose());
        let rest: Vec<_> = own.collect::<Result<_, _>>()?;
        if !url.username().is_empty() || url.password().is_some() {
            return Err(wrong(
                text,
                &"credentials don't stand here: they are read from the environment, such as AWS_ACCESS_KEY_ID",
            ));
        }
        if url.fragment().is_some() {
            return Err(wrong(text, &"it has a fragment"));
        }
        if url.scheme() == "file" {
            return Ok(Place { store: directory(text, &url, &rest)?, options });
        }
        let named = CloudUrl { text, url: &url, options: &rest };
        let store = clouds.objects(&named, options.timeout)?;
        let unknown = || wrong(text, &format!("\"{}\" is none of s3, gs, az and file", url.scheme()));
        Ok(Place { store: store.ok_or_else(unknown)?, options })
    }
}

impl Options {
    /// Takes an option that is ours; answers one that isn't.
    fn take<'u>(&mut self, url: &str, name: &Cow<'u, str>, value: &Cow<'u, str>) -> Result<Option<Pair<'u>>, StoreError> {
        let number = || value.parse::<u64>().map_err(|error| wrong(url, &format!("{name}={value}: {error}")));
        match name.as_ref() {
            "cache_bytes" => self.cache_bytes = number()?,
            "timeout_seconds" => match number()? {
                0 => return Err(wrong(url, &"timeout_seconds=0 leaves no time for any answer")),
                seconds => self.timeout = Duration::from_secs(seconds),
            },
            _ => return Ok(Some((name.clone(), value.clone()))),
        }
        Ok(None)
    }
}

/// A directory that all nodes have mounted.
fn directory(text: &str, url: &Url, options: &[Pair<'_>]) -> Result<Arc<dyn ObjectStore>, StoreError> {
    if let Some((key, _)) = options.first() {
        return Err(wrong(text, &format!("\"{key}\" is none of its options: cache_bytes, timeout_seconds")));
    }
    let path = url.to_file_path().map_err(|()| wrong(text, &"it names no directory of this machine"))?;
    // One that isn't there may not be mounted: made, it would be another.
    if path == Path::new("/") || !path.is_dir() {
        return Err(wrong(text, &"there is no such directory"));
    }
    let store = LocalFileSystem::new_with_prefix(path).map_err(|error| wrong(text, &error))?;
    Ok(Arc::new(store.with_fsync(true)))
}

fn retries(timeout: Duration) -> RetryConfig {
    let backoff = BackoffConfig { init_backoff: Duration::from_millis(100), max_backoff: Duration::from_secs(2), base: 2.0 };
    RetryConfig { backoff, max_retries: 20, retry_timeout: timeout }
}

fn wrong(url: &str, why: &dyn std::fmt::Display) -> StoreError {
    StoreError::Setting(format!("{}: {why}", redacted(url)))
}

const CACHE_BYTES: u64 = 10 * 1024 * 1024 * 1024;
const TIMEOUT: Duration = Duration::from_secs(10);
/// How long a connection may take to come about.
const CONNECT: Duration = Duration::from_secs(5);
/// How long one request may take in all, while it goes on.
const WHOLE: Duration = Duration::from_secs(600);

#[cfg(test)]
mod tests {
    use super::*;
    use object_store::aws::AmazonS3Builder;
    use object_store::azure::MicrosoftAzureBuilder;
    use object_store::gcp::{GoogleCloudStorageBuilder, GoogleConfigKey};

    /// Nobody in particular: whose credentials this machine has is nothing to a test.
    fn open_google() -> GoogleCloudStorageBuilder {
        GoogleCloudStorageBuilder::new().with_config(GoogleConfigKey::SkipSignature, "true")
    }

    fn parse(text: &str) -> Result<Options, String> {
        let clouds = Clouds { google: open_google(), ..Clouds::default() };
        Place::parse(text, clouds).map(|place| place.options).map_err(|error| error.to_string())
    }

    #[test]
    fn a_url_says_where_octets_stand() {
        let options = parse("s3://mail/some/prefix?endpoint=http://127.0.0.1:9000&region=eu-1").expect("a URL");
        assert_eq!(options, Options { cache_bytes: CACHE_BYTES, timeout: TIMEOUT });
        let options =
            parse("s3://mail?region=eu-1&cache_bytes=5&timeout_seconds=3&server_side_encryption=AES256").expect("a URL");
        assert_eq!(options, Options { cache_bytes: 5, timeout: Duration::from_secs(3) });
        parse("s3://mail?endpoint=http://[::1]:9000").expect("this machine");
        parse("s3://mail?endpoint=http://localhost").expect("this machine");
        parse("s3://mail?endpoint=https://storage.example").expect("encrypted");
        parse("s3://mail?endpoint=http://storage.example&allow_http=true").expect("it is said that it may");
        parse("gs://mail/some/prefix?cache_bytes=5").expect("Google's");
        parse("gs://mail?endpoint=http://127.0.0.1:9000").expect("this machine");
        parse("az://mail/some/prefix?account=house").expect("Azure's");
        parse("az://mail?account=house&endpoint=http://127.0.0.1:10000/house").expect("this machine");
        parse("az://mail?account=house&endpoint=http://storage.example&allow_http=true").expect("it is said that it may");
        let dir = tempfile::tempdir().expect("temporary directory");
        parse(&format!("file://{}?cache_bytes=7", dir.path().display())).expect("a directory");
    }

    #[test]
    fn what_the_url_says_outdoes_the_environment() {
        let told = |key: &str| {
            let s3 = AmazonS3Builder::new().with_config(key.parse().expect("a key"), "http://storage.example");
            Place::parse("s3://mail?endpoint=https://storage.example", Clouds { s3, ..Clouds::default() }).map(|_| ())
        };
        told("aws_endpoint_url").expect("encrypted");
        told("aws_endpoint_url_s3").expect("encrypted");
        let clouds = Clouds {
            s3: AmazonS3Builder::new().with_endpoint("http://storage.example"),
            google: open_google().with_base_url("http://storage.example"),
            azure: MicrosoftAzureBuilder::new().with_account("house").with_endpoint("http://storage.example".to_owned()),
        };
        for url in ["s3://mail", "gs://mail", "az://mail"] {
            let told = Place::parse(url, clouds.clone()).err().expect("what only the environment says is looked at too");
            assert!(told.to_string().contains("isn't on this machine"), "{url}: {told}");
        }
    }

    #[test]
    fn credentials_that_cannot_be_read_are_not_shown() {
        let key = GoogleConfigKey::ServiceAccountKey;
        let google = GoogleCloudStorageBuilder::new().with_config(key, "\"{\\\"private_key\\\": \\\"secret\\\"}\"");
        let told = Place::parse("gs://mail", Clouds { google, ..Clouds::default() }).err().expect("it is none").to_string();
        assert!(told.contains("can't be read") && !told.contains("secret"), "{told}");
    }

    #[test]
    fn what_is_wrong_with_a_url_is_told() {
        let wrong = [
            ("mail", "mail: relative URL without a base"),
            ("ftp://mail", "\"ftp\" is none of s3, gs, az and file"),
            ("gs:///prefix", "it names no bucket"),
            ("gs://mail?region=eu-1", "\"region\" is none of its options: cache_bytes, timeout_seconds, endpoint, allow_http"),
            ("gs://mail?endpoint=http://storage.example", "isn't on this machine: unencrypted, it needs allow_http=true"),
            ("az://mail", "ccount"),
            ("az://mail?access_key=c2VjcmV0", "\"access_key\" is none of its options"),
            ("az://mail?account=house&endpoint=http://storage.example", "isn't on this machine: unencrypted"),
            ("s3:///prefix", "it names no bucket"),
            ("s3://mail:9000/prefix", "a host and port stand in its option \"endpoint\""),
            (
                "s3://mail?access_key_id=who",
                "\"access_key_id\" is none of its options: cache_bytes, timeout_seconds, endpoint, region",
            ),
            ("s3://who:secret@mail", "s3://who:***@mail: credentials don't stand here"),
            ("s3://mail?endpoint=https://who:secret@storage.example", "its endpoint names a user"),
            ("s3://mail?endpoint=http%3A%2F%2Fwho%3Asecret%40storage.example", "its endpoint names a user"),
            ("s3://mail#part", "it has a fragment"),
            ("s3://mail?cache_bytes=10G", "cache_bytes=10G: invalid digit"),
            ("s3://mail?timeout_seconds=0", "leaves no time"),
            ("s3://mail?endpoint=storage.example", "endpoint=storage.example: relative URL"),
            ("s3://mail?endpoint=ftp://storage.example", "\"ftp\" is neither \"https\" nor \"http\""),
            ("s3://mail?endpoint=http://storage.example", "isn't on this machine: unencrypted, it needs allow_http=true"),
            ("s3://mail?endpoint=http://127.0.0.1.storage.example", "isn't on this machine"),
            ("s3://mail?unsigned_payload=perhaps", "perhaps"),
            ("s3://mail?checksum_algorithm=none", "none"),
            ("s3://mail/a//b", "a//b"),
            ("file://elsewhere/octets", "it names no directory of this machine"),
            ("file:///", "there is no such directory"),
            ("file:///tmp?region=eu-1", "\"region\" is none of its options"),
            ("file:///proc/octets", "file:///proc/octets: there is no such directory"),
        ];
        for (text, why) in wrong {
            let told = parse(text).err().unwrap_or_else(|| panic!("{text} is taken"));
            assert!(told.contains(why), "{text}: {told}");
            assert!(!told.contains("secret") && !told.contains("c2VjcmV0"), "{told}");
        }
    }
}
